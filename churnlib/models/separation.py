"""Predictors that tell answers apart perfectly, so that no finite slope is the most likely."""

from __future__ import annotations

import numpy as np

from churnlib.models.design import GroupedData
from churnlib.models.likelihood import CumulativeLogit, Maximum

_MOVES = 1e-5  # in a direction whose largest part is about 1; less is rounding


class SeparationError(ValueError):
    """Some predictors tell answers apart perfectly, so that their slopes have no finite estimate.

    Parameters
    ----------
    slopes : tuple of str
        Those without one; a reference level, where it is what separates.
    """

    def __init__(self, slopes: tuple[str, ...]) -> None:
        verb = "tells" if len(slopes) == 1 else "together tell"
        super().__init__(
            f"{', '.join(slopes)} {verb} some answers apart perfectly, so that no finite estimate "
            "exists; combine levels until each has people with higher and with lower answers, or "
            "leave a predictor out"
        )
        self.slopes = slopes


def separating_direction(model: CumulativeLogit, best: Maximum) -> np.ndarray | None:
    """A direction in which the likelihood rises for ever, or None where its maximum is finite.

    Such a direction exists when the predictors separate the answers, wholly or in part: moving
    along it, no given answer becomes less probable and some become more so. A linear programme
    looks for it, where the climb ended on ground so flat that there may be one.

    References
    ----------
    Albert, A. & Anderson, J. A. (1984). On the existence of maximum likelihood estimates in
    logistic regression models. Biometrika 71, 1–10; the condition carries over to any concave
    likelihood of this form.
    """
    return None if best.converged and not best.is_flat else _direction(model)


def separating_slopes(
    data: GroupedData, model: CumulativeLogit, way: np.ndarray, scale: np.ndarray
) -> tuple[str, ...]:
    """Slopes that drive the answers apart, or the reference that all others move away from.

    Of several predictors those without which nothing separates; all where each does by itself.
    """
    places = {part.name: data.places(part.name) for part in data.predictors}
    needed = [name for name, at in places.items() if _direction(model.without(at)) is None]
    names: list[str] = []
    for part in data.predictors:
        if part.name in (needed or places):
            moves = way[places[part.name]]
            by_level = moves / scale[places[part.name]]
            if part.levels and len(moves) > 1 and np.ptp(by_level) < _MOVES:
                names.append(f"{part.name}={part.levels[0]}")
            else:
                names += [n for n, m in zip(part.slopes, moves, strict=True) if abs(m) > _MOVES]
    return tuple(names)


def _direction(model: CumulativeLogit) -> np.ndarray | None:
    from scipy.optimize import linprog

    # A given answer's upper edge must not fall and its lower edge must not rise.
    lower, upper = np.isfinite(model.below), np.isfinite(model.above)
    edges = np.vstack([model.upper[upper], -model.lower[lower]])
    # An edge may move to the wrong side by a tolerance: as small as can be, for numbers among which
    # one lies far out.
    way = linprog(
        -edges.mean(axis=0), -edges, np.zeros(len(edges)), bounds=(-1, 1),
        options={"primal_feasibility_tolerance": 1e-10},
    ).x  # fmt: skip
    moved = edges @ way
    return way if moved.max() > 1e-6 and moved.min() > -1e-9 * moved.max() else None
