"""A published study held against itself: checks, repairs, claims, verdicts."""

from churnlib.studies.checks import CHECKS as CHECKS
from churnlib.studies.published import audit as audit
from churnlib.studies.published import audit_text as audit_text
from churnlib.studies.published import audit_thesis as audit_thesis
from churnlib.studies.published import census as census
from churnlib.studies.published import minor_assumptions as minor_assumptions
from churnlib.studies.published import plausibility as plausibility
from churnlib.studies.published import printed_table as printed_table
from churnlib.studies.published import published_frequencies as published_frequencies
from churnlib.studies.reading import EXAMPLE as EXAMPLE
from churnlib.studies.reading import load_study as load_study
from churnlib.studies.reading import new_study as new_study
from churnlib.studies.study import single_digit_changes as single_digit_changes
from churnlib.studies.study import typeset as typeset
from churnlib.studies.verdicts import claims as claims
from churnlib.studies.verdicts import exhibit_entries as exhibit_entries
from churnlib.studies.verdicts import exhibits as exhibits
