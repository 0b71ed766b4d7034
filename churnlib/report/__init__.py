"""Text tables as Word, LaTeX and HTML, and the written reports."""

from churnlib.report.docx_styles import open_document as open_document
from churnlib.report.html_report import captions as captions
from churnlib.report.html_report import index_page as index_page
from churnlib.report.html_report import notebook_page as notebook_page
from churnlib.report.html_report import write_page as write_page
from churnlib.report.manifest import Entry as Entry
from churnlib.report.manifest import check_manifest as check_manifest
from churnlib.report.manifest import read_manifest as read_manifest
from churnlib.report.survey_report import write_survey_report as write_survey_report
from churnlib.report.table_export import publish_table as publish_table
from churnlib.report.thesis_report import RUN as RUN
from churnlib.report.thesis_report import gather as gather
from churnlib.report.thesis_report import write_all as write_all
from churnlib.report.thesis_report import write_report as write_report
from churnlib.report.typeset import shown as shown
