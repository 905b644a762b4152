"""An objective as its quadratic model at a point, with which exact moments close, and one given by its curvatures."""

from __future__ import annotations

import numpy as np

from stalegrad.engine.blocks import block_function
from stalegrad.problems import linear
from stalegrad.problems.base import Array, Blocks, Problem

STEP = float(np.cbrt(np.finfo(float).eps))


def linearised(problem: Problem, at=None) -> Problem:
    r"""Component gradients to first order about a point, $\nabla f_i(x) \approx \nabla f_i(x_*) + \mathrm{Hess}\,f_i(x_*)(x - x_*)$.

    What exact moments, spectral radii and stability maps say of it holds for the objective itself as long as the iterates stay near the point.

    Parameters
    ----------
    problem : Problem
        An objective with components.
    at : float or array (d,), optional
        The point; by default a known minimiser. It should be one: elsewhere the iterates leave.

    Raises
    ------
    ValueError
        For an objective without components, an unknown or impossible point, or one at which a gradient is not finite.

    Notes
    -----
    Claims SME-1.1 and SME-exact-moments. Hessians are central differences of the compiled gradients, made symmetric: about ten digits.

    Examples
    --------
    >>> import stalegrad as sg
    >>> well = sg.problems.linearised(sg.problems.double_well(), at=sg.problems.double_well().minimisers[1])
    >>> bool(abs(well.curvature - sg.problems.double_well().curvature) < 1e-8)
    True
    >>> round(sg.moments.stationary(sg.sgd(well, eta=0.01)).mean.item(), 4)
    0.9575
    """
    if not problem.n_components:
        raise ValueError(f"{problem!r} has no components to linearise; its moments may close as it is")
    point = _point(problem, at)
    d, h = problem.dim, STEP * np.maximum(1.0, np.abs(point))
    around = point[:, None] + np.hstack([np.zeros((d, 1)), np.diag(h), -np.diag(h)])
    values = np.array([problem.component_gradient(around, i) for i in range(problem.n_components)])
    if not np.isfinite(values).all():
        raise ValueError(f"a component of {problem.name!r} has no finite gradient near at={point.tolist()}: give another point")
    slopes = (values[:, :, 1 : d + 1] - values[:, :, d + 1 :]) / (around[:, 1 : d + 1] - around[:, d + 1 :]).diagonal()
    H = 0.5 * (slopes + slopes.transpose(0, 2, 1))
    return _from_linear(f"{problem.name} near {np.round(point, 6).tolist()}", H, H @ point - values[:, :, 0], (linearised, (problem, point)))


def diagonal(curvatures) -> Problem:
    r"""One component $f(x) = \frac12\sum_i a_i x_i^2$ with curvatures $a_i$ of any sign (d,): a bowl, or a saddle.

    Notes
    -----
    Claims PCA-T5 and PCA-T9.

    Examples
    --------
    >>> diagonal([1.0, -2.0]).mean_gradient([3.0, 3.0]).tolist()
    [3.0, -6.0]
    """
    curvatures = np.asarray(curvatures, float)
    return _from_linear(f"diagonal {curvatures.tolist()}", np.diag(curvatures)[None], np.zeros((1, len(curvatures))), (diagonal, (curvatures,)))


def _point(problem: Problem, at) -> Array:
    if at is None and problem.minimisers is None:
        raise ValueError(f"no minimiser of {problem.name!r} is known: give at=")
    point = np.atleast_1d(np.array(problem.minimisers[0] if at is None else at, dtype=float))
    if point.shape != (problem.dim,) or not np.isfinite(point).all():
        raise ValueError(f"at={at} must be {problem.dim} finite numbers")
    return point


def _from_linear(name: str, H: Array, b: Array, recipe) -> Problem:
    """The problem with component gradients H_i x - b_i."""
    from stalegrad.problems.sums import from_gradient  # loads numba

    n, d, _ = H.shape
    data = np.concatenate([H.reshape(n, d * d), b], axis=1)
    closed = linear.pays(n, d)
    minimisers, curvature = linear.bowl(H, b)
    return Problem(
        name=name,
        dim=d,
        data=data,
        summary=linear.summary(H, b) if closed else data,
        blocks=Blocks(gradient, *linear.AVERAGES) if closed else from_gradient(gradient),
        recipe=recipe,
        linear=(H, b),
        components=_values,
        minimisers=minimisers,
        curvature=curvature,
    )


def _values(x: Array, z: Array) -> Array:
    d = len(x)
    H, b = z[: d * d].reshape(d, d, -1), z[d * d :]
    return 0.5 * (x * (H * x).sum(axis=1)).sum(axis=0) - (b * x).sum(axis=0)


@block_function(cache=True)
def gradient(x, z, out):
    d, width = x.shape
    for j in range(d):
        for p in range(width):
            out[j, p] = -z[d * d + j, p]
        for k in range(d):
            for p in range(width):
                out[j, p] += z[j * d + k, p] * x[k, p]
