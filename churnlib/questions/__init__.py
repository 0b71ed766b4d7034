"""What a question of each kind says: several answers, numbers, scales; weights; a first table."""

from churnlib.questions.correlation import correlations as correlations
from churnlib.questions.description import describe as describe
from churnlib.questions.group_differences import GroupComparison as GroupComparison
from churnlib.questions.group_differences import compare_groups as compare_groups
from churnlib.questions.group_differences import summary_of as summary_of
from churnlib.questions.independence import SMALL as SMALL
from churnlib.questions.independence import association as association
from churnlib.questions.independence import smallest_expected as smallest_expected
from churnlib.questions.multiple_response import MultipleResponse as MultipleResponse
from churnlib.questions.multiple_response import OptionComparison as OptionComparison
from churnlib.questions.multiple_response import compare_options as compare_options
from churnlib.questions.multiple_response import multiple_response as multiple_response
from churnlib.questions.reliability import Reliability as Reliability
from churnlib.questions.reliability import reliability as reliability
from churnlib.questions.weighting import rao_scott as rao_scott
from churnlib.questions.weighting import weighted_shares as weighted_shares
