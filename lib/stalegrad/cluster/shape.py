r"""Does a law fit the delays of a real run? A test of its shape, without the assumption that delays are independent.

The delays of a queue depend on one another (while one worker is slow the others are quick, and what one gains in version numbers
another loses), so that the usual chi-square test on them gives false alarms: for 8 equal memoryless workers nearly twice as many as
it says, for two workers three times. Here the run is cut into `BATCHES` pieces of equal length, long against the memory of the
queue; their averages are all but independent and normal, and Hotelling's test on them holds whatever the dependence inside a piece.

What is averaged is, for update t and cell j, $z_{tj} = 1\{\tau_t \in j\} - p_j(\hat m) - p_j'(\hat m)(\tau_t - \hat m)$: the last term
takes out the mean, which the fit has taken from the same delays. The average of z is observed minus fitted share. With the
covariance of independent z the same quadratic form is the chi-square statistic of Rao and Robson, whose degrees of freedom are exact
although the mean is estimated; its p-value is given only where the spread between pieces shows no dependence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import stats

Array = np.ndarray
BATCHES = 32
SHORTEST = 5
"""Least updates of each worker in a piece."""
MOST_CELLS = 8
LEAST_EXPECTED = 5
CHECK = 0.01
"""Error rate of the check that delays look independent."""
RESAMPLES = 1000


@dataclass(frozen=True, eq=False)
class Cells:
    """Delays grouped for the test: cell j is edges[j], ..., edges[j + 1] - 1, the last without end.

    Attributes
    ----------
    edges : ndarray (k,)
        First delay of each cell; the first is 0.
    share : ndarray (k,)
        Probability of each cell under the fitted law.
    slope : ndarray (k,)
        Its derivative with respect to the mean, if the fit has taken the mean from the data; else 0.
    """

    edges: Array
    share: Array
    slope: Array


@dataclass(frozen=True, eq=False)
class Shape:
    """How far the delays are from a fitted law.

    Attributes
    ----------
    edges, observed, fitted : ndarrays (k,)
        Cells and their shares.
    distance, radius : float
        Total variation distance over the cells, and the 95 % radius of its interval [distance - radius, distance + radius]; NaN where
        the run is too short for pieces.
    p_value : float
        Of Hotelling's test on the pieces; NaN where the run is too short.
    chi_square, degrees : float, int
        Statistic for independent delays and its degrees of freedom.
    dependence : float
        Variance between pieces over what independent delays have: 1 without dependence.
    p_independent : float
        Of the chi-square statistic; NaN where `dependence` is not compatible with 1.
    """

    edges: Array
    observed: Array
    fitted: Array
    distance: float
    radius: float
    p_value: float
    chi_square: float
    degrees: int
    dependence: float
    p_independent: float


def cells(tail: Callable[[Array], Array], slope: Callable[[Array], Array], n: int, ends: tuple[int, ...] = ()) -> Cells:
    """Cells of about equal probability, each expecting `LEAST_EXPECTED` of n delays or more, and what lies outside the support.

    Parameters
    ----------
    tail : callable
        lag -> P(tau >= lag), of the fitted law.
    slope : callable
        lag -> derivative of `tail` with respect to the mean.
    n : int
        Number of delays.
    ends : tuple of int
        The first delay of a bounded support and the first beyond it: a delay outside is expected never.

    Examples
    --------
    >>> cells(lambda lag: 0.5 ** np.asarray(lag), lambda lag: np.zeros(np.shape(lag)), 1000).edges.tolist()
    [0, 1, 2, 3]
    """
    least, edges, lag = max(1.0 / MOST_CELLS, LEAST_EXPECTED / n), [0], 1
    while tail(lag) >= least:
        if tail(edges[-1]) - tail(lag) >= least:
            edges.append(lag)
        lag += 1
    edges = np.unique([*edges, *ends])
    return Cells(edges, *(-np.diff(np.append(function(edges), 0.0)) for function in (tail, slope)))


def residuals(tau: Array, found: Cells, mean: float | Array) -> Array:
    """z of the module's rule (n, k)."""
    place = np.searchsorted(found.edges, tau, side="right") - 1
    inside = place[:, None] == np.arange(len(found.edges))
    return inside - found.share - np.outer(tau - mean, found.slope)


def examine(z: Array, found: Cells, n_workers: int) -> Shape:
    """The shape test on residuals z (n, k), in the order of the updates.

    Parameters
    ----------
    z : ndarray (n, k)
        Residuals; their average is observed minus fitted share.
    found : Cells
        The cells and their fitted shares.
    n_workers : int
        Workers of the run: a piece holds `SHORTEST` updates of each or more, else the run is too short and `p_value` is NaN.
    """
    n, k = z.shape
    off = z.mean(axis=0)
    pieces = z[n % BATCHES :].reshape(BATCHES, -1, k).mean(axis=1) if n >= BATCHES * SHORTEST * n_workers else None
    independent = z[:, 1:].T @ z[:, 1:] / n
    form, rank = _form(off[1:], independent)
    chi_square = n * form
    radius = p_value = dependence = p_independent = np.nan
    if pieces is not None:
        radius, p_value = _radius(pieces), _hotelling(off[1:], pieces[:, 1:])
        dependence, compatible = _dependence(pieces[:, 1:], independent, n // BATCHES)
        p_independent = float(stats.chi2.sf(chi_square, rank)) if compatible and rank else np.nan
    distance = float(np.abs(off).sum() / 2)
    return Shape(found.edges, off + found.share, found.share, distance, radius, p_value, chi_square, rank, dependence, p_independent)


def _hotelling(off: Array, pieces: Array) -> float:
    """p-value of the hypothesis that the pieces (BATCHES, d) have mean 0, given their average."""
    form, rank = _form(off, np.cov(pieces, rowvar=False).reshape(len(off), len(off)))
    if rank == 0 or np.isinf(form):
        return float(form == 0.0)
    return float(stats.f.sf(BATCHES * form * (BATCHES - rank) / (rank * (BATCHES - 1)), rank, BATCHES - rank))


def _form(off: Array, covariance: Array) -> tuple[float, int]:
    """(off^T C^-1 off, rank of C); infinite if `off` has a part where C has no spread at all."""
    sizes, axes = np.linalg.eigh(covariance)
    spread = sizes > 1e-12
    parts = axes.T @ off
    if np.abs(parts[~spread]).max(initial=0.0) > 1e-9:
        return np.inf, int(spread.sum())
    return float(np.sum(parts[spread] ** 2 / sizes[spread])), int(spread.sum())


def _dependence(pieces: Array, independent: Array, length: int) -> tuple[float, bool]:
    """(variance between pieces over that of independent delays, whether it is compatible with 1 at rate `CHECK`)"""
    freedom = (BATCHES - 1) * np.linalg.matrix_rank(independent, hermitian=True, tol=1e-12)
    if freedom == 0:
        return np.nan, False
    ratio = length * np.trace(np.linalg.pinv(independent, rcond=1e-12, hermitian=True) @ np.cov(pieces, rowvar=False).reshape(independent.shape))
    ratio *= (BATCHES - 1) / freedom
    low, high = stats.chi2.ppf([CHECK / 2, 1 - CHECK / 2], freedom) / freedom
    return float(ratio), bool(low <= ratio <= high)


def _radius(pieces: Array) -> float:
    """95 % quantile of the total variation distance between the average of the pieces and that of pieces drawn with replacement.

    The distance of the true shares from the fitted law differs from the observed one by no more than the error of the shares in total
    variation, so that the interval covers at least as often as it says.
    """
    errors = _resamples() @ pieces - pieces.mean(axis=0)
    return float(np.quantile(np.abs(errors).sum(axis=1) / 2, 0.95))


@cache
def _resamples() -> Array:
    """Weights of the pieces in averages over as many pieces drawn with replacement (RESAMPLES, BATCHES)."""
    return np.random.default_rng(0).multinomial(BATCHES, np.full(BATCHES, 1.0 / BATCHES), size=RESAMPLES) / BATCHES
