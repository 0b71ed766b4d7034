"""Counting on the engine that holds the data; frequency tables and cross-tables."""

from churnlib.tables.cell_counts import Tally as Tally
from churnlib.tables.cell_counts import resolve_labels as resolve_labels
from churnlib.tables.counting import counts as counts
from churnlib.tables.counting import crosstab as crosstab
from churnlib.tables.counting import frequencies as frequencies
from churnlib.tables.counting import origin_of as origin_of
from churnlib.tables.counting import people_of as people_of
from churnlib.tables.cross_table import Crosstab as Crosstab
from churnlib.tables.cross_table import deviations as deviations
from churnlib.tables.frequency_table import FrequencyTable as FrequencyTable
from churnlib.tables.frequency_table import binomial_test as binomial_test
from churnlib.tables.frequency_table import whole_counts as whole_counts
from churnlib.tables.frequency_table import wilson as wilson
