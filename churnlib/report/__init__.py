"""Text tables as Word, LaTeX and HTML, and the written reports."""

from churnlib.report.document import open_document as open_document
from churnlib.report.manifest import MANIFEST as MANIFEST
from churnlib.report.manifest import Entry as Entry
from churnlib.report.manifest import check_manifest as check_manifest
from churnlib.report.manifest import read_manifest as read_manifest
from churnlib.report.pages import pages as pages
from churnlib.report.pages import write_html as write_html
from churnlib.report.report_text import report_words as report_words
from churnlib.report.survey_analysis import SurveyAnalysis as SurveyAnalysis
from churnlib.report.survey_analysis import analyse_survey as analyse_survey
from churnlib.report.survey_analysis import default_response as default_response
from churnlib.report.survey_analysis import require_people as require_people
from churnlib.report.survey_report import write_survey_report as write_survey_report
from churnlib.report.text_table import display_table as display_table
from churnlib.report.text_table import publish_table as publish_table
from churnlib.report.thesis_report import RUN as RUN
from churnlib.report.thesis_report import collect_exhibits as collect_exhibits
from churnlib.report.thesis_report import write_all as write_all
from churnlib.report.thesis_report import write_report as write_report
