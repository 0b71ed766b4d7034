"""Statistics, cleaning and audit for a survey of bank customers and the thesis it came from."""

from churnlib.audit import audit_thesis as audit_thesis
from churnlib.codebook import Codebook as Codebook
from churnlib.codebook import load_codebook as load_codebook
from churnlib.levels import LabelError as LabelError
from churnlib.levels import Level as Level
from churnlib.levels import Variable as Variable
from churnlib.provenance import Marked as Marked
from churnlib.provenance import Origin as Origin
from churnlib.provenance import derived as derived
from churnlib.reported import Reported as Reported
from churnlib.reported import possible_counts as possible_counts
from churnlib.tables import FrequencyTable as FrequencyTable
from churnlib.tables import wilson as wilson
from churnlib.thesis import Claim as Claim
from churnlib.thesis import PrintedTable as PrintedTable
from churnlib.thesis import printed_table as printed_table
from churnlib.thesis import published_frequencies as published_frequencies
from churnlib.verdicts import Verdict as Verdict
from churnlib.verdicts import claims as claims
from churnlib.verdicts import exhibits as exhibits
from churnlib.verdicts import verdict as verdict
