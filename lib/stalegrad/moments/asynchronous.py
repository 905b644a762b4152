r"""Asynchronous EASGD beside the synchronous model that stands for it (claim EASGD-async-easgd).

p steps of `async_easgd` with moving rate alpha are one step of `easgd` with the same alpha and beta = p alpha: in both every
worker exchanges once. What can be said for every schedule and every period:

.. math:: 0\le\alpha\le\frac{4-2\eta h}{4-\eta h}

suffices for stability, whatever p. For an exchange acts on the pair (x, centre) by a symmetric matrix of two rows, whose norm is
at most 1 exactly then, and a local step between exchanges multiplies x by 1 - eta h; no step of the means lengthens the vector of
all variables. The synchronous model adds up p pulls at the same centre, and needs alpha below about 2 / p.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from stalegrad.algorithms.asynchronous import async_easgd
from stalegrad.algorithms.elastic import easgd
from stalegrad.engine.checks import positive, whole
from stalegrad.moments import traced
from stalegrad.moments.components import linear_of
from stalegrad.problems import noisy_quadratic

Array = np.ndarray


def safe_alpha(step) -> float:
    """Largest alpha that is stable for every p, period and schedule, at step = eta h (in (0, 2)); exact for p = 1.

    >>> round(safe_alpha(0.1), 4)
    0.9744
    """
    step = positive(step, "step")
    if step >= 2.0:
        raise ValueError(f"step={step} is eta h: at 2 or more no local step contracts; take it below 2")
    return (4.0 - 2.0 * step) / (4.0 - step)


def largest_alpha(step: float, n_workers: int, schedule=None, period: int = 1) -> float:
    """Largest alpha up to which second moments are stable; without a schedule, that of the synchronous model.

    Parameters
    ----------
    step : float
        eta h, in (0, 2).
    n_workers : int
    schedule : schedule, optional
        That of `async_easgd`; None stands for `easgd` with beta = p alpha.
    period : int
        Communication period of `async_easgd`.

    Returns
    -------
    float
        The first alpha at which the spectral radius of the second moments reaches 1.

    Examples
    --------
    >>> import stalegrad as sg
    >>> round(largest_alpha(0.1, 4), 4), round(largest_alpha(0.1, 4, sg.schedule.random()), 4)
    (0.3958, 0.9882)
    """
    low, n_workers = 1e-3, whole(n_workers, "n_workers", 1)
    safe_alpha(step)
    problem = noisy_quadratic()
    linear = linear_of(problem)

    def excess(alpha: float) -> float:
        if schedule is None:
            process = easgd(problem, step, alpha, n_workers * alpha, n_workers)
        else:
            process = async_easgd(problem, step, alpha, n_workers, period, schedule)
        return traced.spectral_radius(process, linear) - 1.0

    grid = np.geomspace(low, 4.0, 80)
    unstable = next(i for i, alpha in enumerate(grid) if excess(alpha) >= 0.0)
    return float(brentq(excess, grid[unstable - 1], grid[unstable], xtol=1e-10))
