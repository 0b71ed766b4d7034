"""Running the notebooks, and the commands."""

from churnlib.workflow.commands import exhibit_list as exhibit_list
from churnlib.workflow.commands import explained as explained
from churnlib.workflow.notebook import NotebookError as NotebookError
from churnlib.workflow.notebook import notebooks as notebooks
from churnlib.workflow.notebook import write_student_copy as write_student_copy
from churnlib.workflow.reproduction import reproduce as reproduce
from churnlib.workflow.verification import verify as verify
