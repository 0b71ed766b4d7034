"""Drawing finished results. A figure function computes nothing and returns its Axes."""

from churnlib.figures.accounts import accounts_by_month as accounts_by_month
from churnlib.figures.accounts import ratios_by_month as ratios_by_month
from churnlib.figures.accounts import total_against_months as total_against_months
from churnlib.figures.figure_style import GROUPS as GROUPS
from churnlib.figures.figure_style import LANGUAGES as LANGUAGES
from churnlib.figures.figure_style import Label as Label
from churnlib.figures.figure_style import caption as caption
from churnlib.figures.figure_style import export as export
from churnlib.figures.figure_style import languages as languages
from churnlib.figures.figure_style import outputs as outputs
from churnlib.figures.figure_style import publish as publish
from churnlib.figures.figure_style import style as style
from churnlib.figures.fonts import FONT as FONT
from churnlib.figures.fonts import width as width
from churnlib.figures.margins import evidence_frontier as evidence_frontier
from churnlib.figures.margins import power as power
from churnlib.figures.margins import ranges as ranges
from churnlib.figures.models import forest as forest
from churnlib.figures.models import forest_parts as forest_parts
from churnlib.figures.mosaic_plot import mosaic as mosaic
from churnlib.figures.samples import found_by_size as found_by_size
from churnlib.figures.survey import per_year_of_age as per_year_of_age
from churnlib.figures.survey import shares as shares
from churnlib.figures.survey import shares_by_group as shares_by_group
from churnlib.figures.verdict_tiles import verdicts as verdicts
