"""Statistics, cleaning and audit for a survey of bank customers and the thesis it came from."""

from churnlib.codebook import Codebook as Codebook
from churnlib.codebook import Level as Level
from churnlib.codebook import Variable as Variable
from churnlib.codebook import load_codebook as load_codebook
from churnlib.provenance import Origin as Origin
from churnlib.provenance import derived as derived
from churnlib.tables import FrequencyTable as FrequencyTable
