r"""The root of an EASGD Tree with additive noise: one variable for each level.

A node listens to its d children in turn, so it keeps :math:`q^d` of itself, :math:`q=1-\alpha`, and child j gets the weight
:math:`\alpha q^{d-j}`. With :math:`w_j=\alpha q^{d-j}/(1-q^d)` let :math:`y_0` be the root and :math:`y_l` the average over
level l in which a node has the product of the :math:`w_j` on its path as weight. All nodes of a level do the same, so the
averages close, exactly: in one tick

.. math:: y_l'=\kappa_l\,[y_l+\alpha(y_{l-1}-y_l)]+(1-\kappa_l)\,y_{l+1},\qquad\kappa_l=q^d,

with the pull of the parent and of the children in those ticks in which they send; leaves then make a gradient step with
noise of variance :math:`\sigma^2/n^D`, where :math:`n=1/\sum_jw_j^2=\frac{(2-\alpha)(1-q^d)}{\alpha(1+q^d)}\le d`. A tree of
any degree is a chain of nodes with a stronger pull upwards and fewer than :math:`d^D` leaves' worth of averaging.

Claim EASGD-tree-moments. Messages without delay, as in `stalegrad.algorithms.tree`. Reference: Zhang, Section 6.1.1.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np
from scipy.linalg import solve_discrete_lyapunov

from stalegrad.engine.checks import finite, positive, whole
from stalegrad.moments.system import radius
from stalegrad.theory import formula

Array = np.ndarray


class Root(NamedTuple):
    """What a tree does in the long run, on average over the ticks of a cycle.

    Attributes
    ----------
    variance : float
        Stationary variance of the root; infinite where there is none.
    rate : float
        Modulus by which second moments of the level averages shrink in a tick: 1 or more, they grow.
    lag : float
        Ticks by which the mean of the root trails a minimum that moves at constant speed.
    """

    variance: float
    rate: float
    lag: float


def level_maps(eta: float, alpha: float, degree: int, depth: int, scheme, h: float = 1.0) -> list[Array]:
    """The maps (depth + 1, depth + 1) of (y_0, ..., y_depth) in the ticks of a cycle."""
    links = scheme.links(depth)
    cycle = math.lcm(*(period for link in links for period in link))
    return [_tick(eta * h, alpha, degree, links, tick) for tick in range(cycle)]


def _tick(step: float, alpha: float, degree: int, links, tick: int) -> Array:
    levels = len(links) + 1
    matrix = np.eye(levels)
    for level in range(levels):
        row = np.eye(levels)[level]
        if level > 0 and tick % links[level - 1][1] == 0:
            row = (1.0 - alpha) * row + alpha * np.eye(levels)[level - 1]
        if level < len(links) and tick % links[level][0] == 0:
            kept = (1.0 - alpha) ** degree
            row = kept * row + (1.0 - kept) * np.eye(levels)[level + 1]
        matrix[level] = row
    matrix[-1] *= 1.0 - step
    return matrix


def root(eta: float, alpha: float, degree: int, depth: int, scheme, h: float = 1.0, sigma: float = 1.0) -> Root:
    """Variance, rate and lag of the root of `easgd_tree` on `noisy_quadratic(h, sigma)`.

    Parameters
    ----------
    eta, alpha, degree, depth, scheme
        As in `stalegrad.algorithms.tree.easgd_tree`; alpha in (0, 1).
    h, sigma : float
        Curvature and standard deviation of a gradient's noise.

    Raises
    ------
    ValueError
        For a rate, curvature or noise that is not positive, a moving rate outside (0, 1), or a degree or depth below 1.

    Examples
    --------
    >>> import stalegrad as sg
    >>> tree = root(0.1, alpha=0.3, degree=2, depth=2, scheme=sg.multiscale(1, 10))
    >>> round(tree.variance, 6), round(tree.rate, 4), round(tree.lag, 1)
    (0.004694, 0.9093, 33.7)
    """
    eta, h, alpha = positive(eta, "eta"), positive(h, "h"), finite(alpha, "alpha")
    degree, depth = whole(degree, "degree", 1), whole(depth, "depth", 1)
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"alpha={alpha} is outside (0, 1), where a message is averaged; take for example 0.9 / (degree + 1)")
    maps = level_maps(eta, alpha, degree, depth, scheme, h)
    whole_cycle = functools.reduce(lambda done, matrix: matrix @ done, maps)
    rate = radius(whole_cycle) ** (2.0 / len(maps))
    if rate >= 1.0:
        return Root(np.inf, rate, np.inf)
    leaves = formula("EASGD-tree-moments").numeric(alpha=alpha, d=degree, depth=depth)["leaves"]
    noise = np.zeros((depth + 1, depth + 1))
    noise[-1, -1] = (eta * sigma) ** 2 / leaves
    covariance, lag = np.zeros_like(noise), np.zeros(depth + 1)
    for matrix in maps:
        covariance, lag = matrix @ covariance @ matrix.T + noise, matrix @ lag + 1.0
    covariance = solve_discrete_lyapunov(whole_cycle, covariance)
    lag = np.linalg.solve(np.eye(depth + 1) - whole_cycle, lag)
    variances, lags = [], []
    for matrix in maps:
        variances.append(covariance[0, 0])
        lags.append(lag[0])
        covariance, lag = matrix @ covariance @ matrix.T + noise, matrix @ lag + 1.0
    return Root(float(np.mean(variances)), rate, float(np.mean(lags)))
