"""From an export and a codebook to a clean survey, with an account of every row."""

from churnlib.survey.answer_text import as_text as as_text
from churnlib.survey.answer_values import item_scores as item_scores
from churnlib.survey.answer_values import resolved as resolved
from churnlib.survey.codebook import Codebook as Codebook
from churnlib.survey.codebook import column_of as column_of
from churnlib.survey.codebook import columns_of as columns_of
from churnlib.survey.codebook_draft import draft as draft
from churnlib.survey.codebook_file import load_codebook as load_codebook
from churnlib.survey.file_formats import optional as optional
from churnlib.survey.levels import LabelError as LabelError
from churnlib.survey.levels import Level as Level
from churnlib.survey.levels import Variable as Variable
from churnlib.survey.readers import read_answers as read_answers
from churnlib.survey.survey import Survey as Survey
from churnlib.survey.survey import clean as clean
from churnlib.survey.survey import rwm_1988 as rwm_1988
from churnlib.survey.synthesis import Scenario as Scenario
from churnlib.survey.synthesis import load_scenarios as load_scenarios
from churnlib.survey.synthesis import synthesise as synthesise
