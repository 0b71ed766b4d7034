"""Running the notebooks, and the commands."""

from churnlib.workflow.command import Command as Command
from churnlib.workflow.command import jobs_option as jobs_option
from churnlib.workflow.command import json_option as json_option
from churnlib.workflow.command import print_json as print_json
from churnlib.workflow.exhibit_listing import exhibit_list as exhibit_list
from churnlib.workflow.exhibit_listing import exhibits_of_run as exhibits_of_run
from churnlib.workflow.pipeline import NotebookError as NotebookError
from churnlib.workflow.pipeline import notebooks as notebooks
from churnlib.workflow.pipeline import reproduce as reproduce
from churnlib.workflow.store import explained as explained
from churnlib.workflow.student import write_student_copy as write_student_copy
from churnlib.workflow.terminal import Lines as Lines
from churnlib.workflow.terminal import console as console
from churnlib.workflow.terminal import exhibit_table as exhibit_table
from churnlib.workflow.verification import verify as verify
