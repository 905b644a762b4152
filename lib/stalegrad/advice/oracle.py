"""Curvature and noise of an objective that is known only by its gradients."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

from stalegrad.engine.checks import positive, start_point, whole

Array = np.ndarray
DENSE = 12
"""Dimension up to which the whole Hessian is formed: Lanczos needs room."""


def estimate_curvature(gradient: Callable[[Array], Array], x, step: float = 1e-4, tolerance: float = 1e-3, seed: int = 0) -> tuple[float, float]:
    r"""Least and largest curvature at x, by Lanczos on Hessian-vector products :math:`Hv\approx\frac{g(x+\epsilon v)-g(x-\epsilon v)}{2\epsilon}`.

    The gradient must be that of the whole objective, or of one fixed large sample: noise in it is divided by the step. Each product takes two
    gradients; the least curvature of an ill-conditioned Hessian takes many.

    Parameters
    ----------
    gradient : callable (d,) -> (d,)
    x : array (d,)
        Where; near the minimum.
    step : float
        Length of a difference, relative to 1 + |x|.
    tolerance : float
        Relative accuracy of the eigenvalues.
    seed : int
        Of the first vector of Lanczos.

    Returns
    -------
    (float, float)
        h_min, which may be negative, and h_max.

    Raises
    ------
    ValueError
        For a gradient of another shape, one that is not finite, or where Lanczos does not converge (the least curvature is too near to 0 to
        be told from it: give a bound of your own, such as the penalty).

    Examples
    --------
    >>> import numpy as np
    >>> tuple(round(h, 6) for h in estimate_curvature(lambda x: np.array([1.0, 10.0]) * x, np.zeros(2)))
    (1.0, 10.0)
    """
    x = np.atleast_1d(np.asarray(x, float))
    point, d = start_point(x, len(x)), len(x)
    length = positive(step, "step") * (1.0 + float(np.linalg.norm(point)))

    def product(v: Array) -> Array:
        v = np.ravel(v)
        norm = float(np.linalg.norm(v)) or 1.0
        ends = [np.asarray(gradient(point + sign * length / norm * v), float) for sign in (1.0, -1.0)]
        if any(end.shape != (d,) or not np.isfinite(end).all() for end in ends):
            raise ValueError(f"the gradient near x must be finite and of shape ({d},), not {ends[0].shape}: give gradient(x) of the whole objective")
        return (ends[0] - ends[1]) * (norm / (2.0 * length))

    if d <= DENSE:
        hessian = np.array([product(unit) for unit in np.eye(d)])
        values = np.linalg.eigvalsh(0.5 * (hessian + hessian.T))
        return float(values[0]), float(values[-1])
    operator, first = LinearOperator((d, d), matvec=product, dtype=float), np.random.default_rng(seed).standard_normal(d)
    try:
        ends = [eigsh(operator, k=1, which=which, v0=first, tol=tolerance, return_eigenvectors=False)[0] for which in ("SA", "LA")]
    except ArpackNoConvergence as error:
        raise ValueError(
            "Lanczos found no converged extreme curvature: the least one is too close to its neighbours or to 0; loosen tolerance, or give a "
            "lower bound that you know, such as the penalty"
        ) from error
    return float(ends[0]), float(ends[1])


def estimate_noise(gradient: Callable[[Array, int], Array], minimum, curvature: float, distance: float, n_samples: int = 2000) -> dict[str, float]:
    r"""Additive and relative noise of one gradient, :math:`\sigma^2 + c (h r)^2`, from draws at the minimum and at distance r from it.

    Parameters
    ----------
    gradient : callable (x (d,), number) -> (d,)
        The stochastic gradient of sample `number` = 0, 1, ...: fresh for each number.
    minimum : array (d,)
        Where the mean gradient vanishes, nearly.
    curvature : float
        h along the first coordinate, in which the distance is taken.
    distance : float
        r, positive.
    n_samples : int
        At each of the two points, 500 or more.

    Returns
    -------
    dict
        "noise" and "relative_noise", for `Situation`, the largest over coordinates and along the first one; "tail", Hill's estimate of the tail
        index of the norms at the minimum, from the largest twentieth. Up to 2 it means an infinite variance.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> found = estimate_noise(lambda x, number: x - rng.standard_normal(1), np.zeros(1), 1.0, 1.0, 4000)
    >>> bool(abs(found["noise"] - 1.0) < 0.1 and found["relative_noise"] < 0.2 and found["tail"] > 2.0)
    True
    """
    point = np.atleast_1d(np.asarray(minimum, float))
    n_samples, distance, curvature = whole(n_samples, "n_samples", 500), positive(distance, "distance"), positive(curvature, "curvature")
    away = point.copy()
    away[0] += distance
    here, there = (np.array([gradient(at, number + n_samples * turn) for number in range(n_samples)]) for turn, at in enumerate((point, away)))
    noise = float(here.var(axis=0, ddof=1).max())
    excess = float(there[:, 0].var(ddof=1) - here[:, 0].var(ddof=1))
    return {"noise": noise, "relative_noise": max(0.0, excess / (curvature * distance) ** 2), "tail": tail_index(np.linalg.norm(here, axis=1))}


def tail_index(sizes, share: float = 0.05) -> float:
    """Hill's estimate from the largest `share` of the sizes: P(size > s) falls like s to minus this power; infinite if they are all alike.

    >>> import numpy as np
    >>> bool(tail_index(np.random.default_rng(0).pareto(1.5, 20000) + 1.0) < 2.0)
    True
    """
    largest = np.sort(np.asarray(sizes, float))[::-1][: max(10, int(share * len(sizes)))]
    if largest[-1] <= 0.0:
        return math.inf
    mean = float(np.mean(np.log(largest[:-1] / largest[-1])))
    return 1.0 / mean if mean > 0.0 else math.inf
