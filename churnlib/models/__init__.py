"""Ordinal and binary models on counts."""

from churnlib.models.fits import Fit as Fit
from churnlib.models.fits import LogitFit as LogitFit
from churnlib.models.fits import OrdinalFit as OrdinalFit
from churnlib.models.ordinal_tests import found_in_samples as found_in_samples
from churnlib.models.ordinal_tests import parallel_lines as parallel_lines
from churnlib.models.regression import LinearFit as LinearFit
from churnlib.models.regression import SeparationError as SeparationError
from churnlib.models.regression import linear_model as linear_model
from churnlib.models.regression import logit as logit
from churnlib.models.regression import ordinal_logit as ordinal_logit
