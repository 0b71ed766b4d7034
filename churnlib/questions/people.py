"""The people of a survey or of a DataFrame, with the variables that are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from churnlib.survey import Survey


def people_with(data: Any, variables: Sequence[str]) -> pd.DataFrame:
    """Return the columns of these variables.

    Raises
    ------
    TypeError
        If the data are neither a survey nor a pandas DataFrame.
    KeyError
        If there is no such variable.
    """
    frame = data.frame if isinstance(data, Survey) else data
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"data are a Survey or a pandas DataFrame, given {type(data).__name__}")
    for name in variables:
        if name not in frame:
            raise KeyError(f"there is no variable {name!r}; there are {', '.join(map(str, frame))}")
    return frame[list(variables)]


def numbers_with(data: Any, variable: str) -> pd.Series:
    """Return the numbers of a variable.

    Raises
    ------
    TypeError, KeyError
        As `people_with`.
    ValueError
        If it holds no numbers.
    """
    column = people_with(data, [variable])[variable]
    if isinstance(data, Survey):
        numeric = data.codebook[variable].kind in {"number", "scale"}
    else:
        numeric = is_numeric_dtype(column) and not is_bool_dtype(column)
    if not numeric:
        raise ValueError(
            f'{variable!r} holds no numbers; in the codebook say kind = "number", or make it an '
            "item of a scale"
        )
    return column.astype(float)
