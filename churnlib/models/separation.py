"""Whether predictors tell answers apart perfectly, so that no finite slope is the most likely."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from churnlib.models.likelihood import CumulativeLogit, Maximum, flat


def escape(model: CumulativeLogit, found: Maximum) -> np.ndarray | None:
    """A direction in which the likelihood rises for ever, or None where its maximum is finite.

    Such a direction exists when the predictors separate the answers, wholly or in part: moving
    along it, no given answer becomes less probable and some become more so. A linear programme
    looks for it, where the climb ended on ground so flat that there may be one.

    Returns
    -------
    ndarray, shape (free,), or None

    References
    ----------
    Albert, A. & Anderson, J. A. (1984). On the existence of maximum likelihood estimates in
    logistic regression models. Biometrika 71, 1–10; the condition carries over to any concave
    likelihood of this form.
    """
    return None if found.converged and not flat(found) else _way_out(model)


def drivers(model: CumulativeLogit, blocks: Mapping[str, list[int]]) -> list[str]:
    """Which blocks of free parameters separate the answers: those without which nothing does.

    Parameters
    ----------
    blocks : mapping of str to list of int
        Places of the parameters that belong together.

    Returns
    -------
    list of str
        All blocks where several separate by themselves.
    """
    needed = [name for name, places in blocks.items() if _way_out(model.without(places)) is None]
    return needed or list(blocks)


def _way_out(model: CumulativeLogit) -> np.ndarray | None:
    from scipy.optimize import linprog

    z = model.signed
    cuts, size = model.counts.shape[1] - 1, z.shape[1]
    part = model.restriction.reshape(cuts, size, -1)
    seen = model.counts > 0
    # A given answer's upper edge must not fall and its lower edge must not rise.
    rows = [z[seen[:, j]] @ part[j] for j in range(cuts)]
    rows += [-z[seen[:, j + 1]] @ part[j] for j in range(cuts)]
    edges = np.vstack(rows)
    # An edge may move to the wrong side by a tolerance: as small as can be, for numbers among which
    # one lies far out.
    way = linprog(
        -edges.mean(axis=0), -edges, np.zeros(len(edges)), bounds=(-1, 1),
        options={"primal_feasibility_tolerance": 1e-10},
    ).x  # fmt: skip
    moved = edges @ way
    return way if moved.max() > 1e-6 and moved.min() > -1e-9 * moved.max() else None
