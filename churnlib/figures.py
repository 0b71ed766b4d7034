"""Drawing finished results. A figure function computes nothing and returns its Axes."""

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
from churnlib.draw_models import forest as forest
from churnlib.draw_mosaic import mosaic as mosaic
from churnlib.draw_samples import found_by_size as found_by_size
from churnlib.draw_survey import flow_of_rows as flow_of_rows
from churnlib.draw_survey import shares as shares
from churnlib.draw_survey import shares_by_group as shares_by_group
from churnlib.typeset import publish_table as publish_table
from churnlib.typeset import shown as shown
