"""What a question of each kind says: several answers, numbers, scales; weights; a first table."""

from churnlib.questions.description import SMALL as SMALL
from churnlib.questions.description import MultipleResponse as MultipleResponse
from churnlib.questions.description import OptionComparison as OptionComparison
from churnlib.questions.description import Reliability as Reliability
from churnlib.questions.description import association as association
from churnlib.questions.description import compare_options as compare_options
from churnlib.questions.description import describe as describe
from churnlib.questions.description import multiple_response as multiple_response
from churnlib.questions.description import reliability as reliability
from churnlib.questions.description import smallest_expected as smallest_expected
from churnlib.questions.numbers import GroupComparison as GroupComparison
from churnlib.questions.numbers import compare_groups as compare_groups
from churnlib.questions.numbers import correlations as correlations
from churnlib.questions.numbers import summary_of as summary_of
from churnlib.questions.people import rao_scott as rao_scott
from churnlib.questions.people import weighted_shares as weighted_shares
