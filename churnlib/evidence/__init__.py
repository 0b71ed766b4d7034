"""Where a number comes from, what a procedure returns, and the sentences that say it."""

from churnlib.evidence.origin import IS_CLONE as IS_CLONE
from churnlib.evidence.origin import LANGUAGES as LANGUAGES
from churnlib.evidence.origin import PROJECT as PROJECT
from churnlib.evidence.origin import Kind as Kind
from churnlib.evidence.origin import Marked as Marked
from churnlib.evidence.origin import Origin as Origin
from churnlib.evidence.origin import WithOrigin as WithOrigin
from churnlib.evidence.origin import derived as derived
from churnlib.evidence.origin import require_evidence as require_evidence
from churnlib.evidence.origin import resources as resources
from churnlib.evidence.origin import update_checksums as update_checksums
from churnlib.evidence.printed_number import Reported as Reported
from churnlib.evidence.printed_number import possible_counts as possible_counts
from churnlib.evidence.results import NAN as NAN
from churnlib.evidence.results import Estimate as Estimate
from churnlib.evidence.results import Test as Test
from churnlib.evidence.results import apa as apa
from churnlib.evidence.results import chi_square_result as chi_square_result
from churnlib.evidence.results import joined as joined
from churnlib.evidence.results import marked as marked
from churnlib.evidence.results import p_alone as p_alone
from churnlib.evidence.results import p_text as p_text
from churnlib.evidence.results import require_language as require_language
from churnlib.evidence.results import require_level as require_level
from churnlib.evidence.results import shown_html as shown_html
