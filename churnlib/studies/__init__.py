"""A published study held against itself: checks, repairs, claims, verdicts."""

from churnlib.studies.checks import audit_thesis as audit_thesis
from churnlib.studies.checks import thesis_sheets as thesis_sheets
from churnlib.studies.plausible_margins import census as census
from churnlib.studies.plausible_margins import plausibility as plausibility
from churnlib.studies.plausible_margins import sayings as sayings
from churnlib.studies.thesis import Claim as Claim
from churnlib.studies.thesis import PrintedTable as PrintedTable
from churnlib.studies.thesis import printed_table as printed_table
from churnlib.studies.thesis import published_frequencies as published_frequencies
from churnlib.studies.thesis import statements as statements
from churnlib.studies.verdicts import Verdict as Verdict
from churnlib.studies.verdicts import claims as claims
from churnlib.studies.verdicts import exhibit_entries as exhibit_entries
from churnlib.studies.verdicts import exhibits as exhibits
from churnlib.studies.verdicts import verdict as verdict
