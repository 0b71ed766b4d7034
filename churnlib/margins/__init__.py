"""What two published margins force, allow and exclude."""

from churnlib.margins.allowed import Attainable as Attainable
from churnlib.margins.allowed import Bounds as Bounds
from churnlib.margins.allowed import attainable as attainable
from churnlib.margins.allowed import bounds as bounds
from churnlib.margins.allowed import count_tables as count_tables
from churnlib.margins.allowed import enumerate_tables as enumerate_tables
from churnlib.margins.constraints import AtLeast as AtLeast
from churnlib.margins.constraints import AtMost as AtMost
from churnlib.margins.constraints import BarHeight as BarHeight
from churnlib.margins.constraints import Constraint as Constraint
from churnlib.margins.constraints import ContradictionError as ContradictionError
from churnlib.margins.constraints import Count as Count
from churnlib.margins.constraints import PrintedShare as PrintedShare
from churnlib.margins.constraints import StructuralZero as StructuralZero
