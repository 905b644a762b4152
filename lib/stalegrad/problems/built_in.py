"""The objectives of the papers: isotropic quadratics, a convex quartic, a double well."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from stalegrad.engine.blocks import block_function
from stalegrad.engine.checks import real
from stalegrad.problems import quartics
from stalegrad.problems.base import Blocks, Problem, checked_table

TWO_CENTRES = checked_table([[1.0], [-1.0]], "centres")


def quadratic(centres, curvature: float = 1.0) -> Problem:
    r"""Isotropic quadratic components $f_i(x) = \frac a2 |x - c_i|^2$, up to constants.

    The mean gradient is $a (x - \bar c)$, the gradient covariance $a^2 \mathrm{Cov}(c)$ everywhere.

    Parameters
    ----------
    centres : array (n, d)
        c_i, one row a component.
    curvature : float
        a > 0.

    Raises
    ------
    ValueError
        For a curvature that is not positive and finite, or centres that are not a finite (n, d) table.

    Notes
    -----
    Claim SME-F4: `quadratic([[1.0], [-1.0]], curvature=2.0)` has the gradients of (x-1)^2 - 1 and (x+1)^2 - 1.
    Claim SME-F6: 100 components of curvature 1. Reference: An, Lu and Ying, Sections 3 and 4.

    Examples
    --------
    >>> problem = quadratic([[1.0], [-1.0]], curvature=2.0)
    >>> problem.mean_gradient([1.0]), problem.gradient_covariance([1.0])
    (array([2.]), array([[4.]]))
    """
    centres = checked_table(centres, "centres")
    curvature = real(curvature, "curvature")
    if not (curvature > 0 and np.isfinite(curvature)):
        raise ValueError(f"curvature={curvature} must be positive and finite: the components must have a minimum")
    n, d = centres.shape
    mean = centres.mean(axis=0)
    return Problem(
        name="quadratic",
        dim=d,
        data=centres,
        summary=np.vstack([mean, (centres - mean).T @ (centres - mean) / n]),
        blocks=_quadratic_blocks(curvature),
        recipe=(quadratic, (centres, curvature)),
        linear=(np.broadcast_to(curvature * np.eye(d), (n, d, d)), curvature * centres),
        components=lambda x, z: 0.5 * curvature * ((x - z) ** 2).sum(axis=0),
        minimisers=mean[None, :],
        curvature=curvature,
    )


def quartic() -> Problem:
    r"""The convex quartic $F(x) = x^4 + 6 x^2$, components $(x - 1)^4 - 1$ and $(x + 1)^4 - 1$.

    Its gradients are Lipschitz only on bounded sets, so assumption SME-A1 does not hold for it.

    Notes
    -----
    Claim SME-F5, left. Reference: An, Lu and Ying, Figure 5.

    Examples
    --------
    >>> quartic().mean_gradient([1.0])
    array([16.])
    """
    return Problem(
        name="quartic",
        dim=1,
        data=TWO_CENTRES,
        summary=TWO_CENTRES,
        blocks=quartics.BLOCKS,
        recipe=(quartic, ()),
        components=lambda x, z: (x[0] - z[0]) ** 4 - 1.0,
        minimisers=np.zeros((1, 1)),
        curvature=12.0,
    )


def double_well() -> Problem:
    r"""The double well $F(x) = 1 - e^{-(x-1)^2} - e^{-(x+1)^2}$, components $1 - 2 e^{-(x \mp 1)^2}$.

    F' vanishes where $x = \tanh 2x$: at 0, a local maximum, and at the two minimisers, about -0.9575 and 0.9575.

    Notes
    -----
    Claims SME-F5 (right) and SME-fig5-argmin. Reference: An, Lu and Ying, Figure 5.

    Examples
    --------
    >>> double_well().minimisers.round(4).tolist()
    [[-0.9575], [0.9575]]
    """
    from scipy.optimize import brentq  # takes as long to load as all the rest

    from stalegrad.problems import wells  # loads numba, for the vector exponential

    bottom = brentq(lambda x: np.tanh(2.0 * x) - x, 0.5, 1.0, xtol=1e-15)
    return Problem(
        name="double well",
        dim=1,
        data=TWO_CENTRES,
        summary=TWO_CENTRES,
        blocks=wells.BLOCKS,
        recipe=(double_well, ()),
        components=lambda x, z: 1.0 - 2.0 * np.exp(-((x[0] - z[0]) ** 2)),
        minimisers=np.array([[-bottom], [bottom]]),
        curvature=float(sum(2.0 * (1.0 - 2.0 * u * u) * np.exp(-u * u) for u in (bottom - 1.0, bottom + 1.0))),
    )


@lru_cache(maxsize=64)
def _quadratic_blocks(a: float) -> Blocks:
    """Compiled once a curvature (and kept on disk); summary rows: mean of c, then covariance of c."""

    @block_function(cache=True)
    def gradient(x, z, out):
        for j in range(x.shape[0]):
            for p in range(x.shape[1]):
                out[j, p] = a * (x[j, p] - z[j, p])

    @block_function(cache=True)
    def mean_gradient(x, summary, out):
        for j in range(x.shape[0]):
            mean = summary[0, j]
            for p in range(x.shape[1]):
                out[j, p] = a * (x[j, p] - mean)

    @block_function(cache=True)
    def second_moment(x, summary, out):
        d = x.shape[0]
        for j in range(d):
            for k in range(d):
                mean_j, mean_k = summary[0, j], summary[0, k]
                covariance = summary[1 + j, k]
                for p in range(x.shape[1]):
                    out[j * d + k, p] = a * a * ((x[j, p] - mean_j) * (x[k, p] - mean_k) + covariance)

    @block_function(cache=True)
    def hessian_gradient(x, summary, out):
        for j in range(x.shape[0]):
            mean = summary[0, j]
            for p in range(x.shape[1]):
                out[j, p] = a * a * (x[j, p] - mean)

    return Blocks(gradient, mean_gradient, second_moment, hessian_gradient)
