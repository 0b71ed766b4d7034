"""Running the notebooks, and the commands for a survey of one's own."""

from churnlib.workflow.notebook import NotebookError as NotebookError
from churnlib.workflow.notebook import notebooks as notebooks
from churnlib.workflow.notebook import write_student_copy as write_student_copy
from churnlib.workflow.own_survey import analyse as analyse
from churnlib.workflow.own_survey import check as check
from churnlib.workflow.own_survey import codebook as codebook
from churnlib.workflow.reproduction import reproduce as reproduce
from churnlib.workflow.reproduction import verify as verify
