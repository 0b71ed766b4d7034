"""Running the notebooks, and the commands."""

from churnlib.workflow.command import Command as Command
from churnlib.workflow.command import jobs_option as jobs_option
from churnlib.workflow.command import json_option as json_option
from churnlib.workflow.command import print_json as print_json
from churnlib.workflow.execution import NotebookError as NotebookError
from churnlib.workflow.exhibit_listing import exhibit_list as exhibit_list
from churnlib.workflow.reproduction import notebooks as notebooks
from churnlib.workflow.reproduction import reproduce as reproduce
from churnlib.workflow.student import write_student_copy as write_student_copy
from churnlib.workflow.terminal import Lines as Lines
from churnlib.workflow.terminal import console as console
from churnlib.workflow.terminal import exhibit_table as exhibit_table
from churnlib.workflow.verification import verify as verify
from churnlib.workflow.workspace import explained as explained
