"""Drawing finished results. A figure function computes nothing and returns its Axes."""

from churnlib.canvas import GROUPS as GROUPS
from churnlib.canvas import LANGUAGES as LANGUAGES
from churnlib.canvas import Label as Label
from churnlib.canvas import caption as caption
from churnlib.canvas import export as export
from churnlib.canvas import publish as publish
from churnlib.canvas import style as style
from churnlib.draw_accounts import accounts_by_month as accounts_by_month
from churnlib.draw_accounts import churn_rate as churn_rate
from churnlib.draw_accounts import ratios_by_month as ratios_by_month
from churnlib.draw_accounts import total_against_months as total_against_months
from churnlib.draw_margins import evidence_frontier as evidence_frontier
from churnlib.draw_margins import power as power
from churnlib.draw_margins import ranges as ranges
from churnlib.draw_margins import sliders as sliders
from churnlib.draw_models import forest as forest
from churnlib.draw_mosaic import mosaic as mosaic
from churnlib.draw_samples import found_by_size as found_by_size
from churnlib.draw_survey import census as census
from churnlib.draw_survey import flow_of_rows as flow_of_rows
from churnlib.draw_survey import per_year_of_age as per_year_of_age
from churnlib.draw_survey import shares as shares
from churnlib.draw_survey import shares_by_group as shares_by_group
from churnlib.draw_verdicts import verdicts as verdicts
from churnlib.markup import publish_table as publish_table
from churnlib.typeset import shown as shown
