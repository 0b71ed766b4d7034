"""A published study held against itself: checks, repairs, claims, verdicts."""

from churnlib.audit.checks import audit_thesis as audit_thesis
from churnlib.audit.checks import thesis_sheets as thesis_sheets
from churnlib.audit.plausible_margins import census as census
from churnlib.audit.plausible_margins import plausibility as plausibility
from churnlib.audit.plausible_margins import sayings as sayings
from churnlib.audit.thesis import Claim as Claim
from churnlib.audit.thesis import PrintedTable as PrintedTable
from churnlib.audit.thesis import printed_table as printed_table
from churnlib.audit.thesis import published_frequencies as published_frequencies
from churnlib.audit.thesis import statements as statements
from churnlib.audit.verdicts import Verdict as Verdict
from churnlib.audit.verdicts import claims as claims
from churnlib.audit.verdicts import exhibit_entries as exhibit_entries
from churnlib.audit.verdicts import exhibits as exhibits
from churnlib.audit.verdicts import verdict as verdict
