r"""Exact moments: mean and second moment at every step and at infinity, without Monte Carlo.

For problems with linear gradients (`quadratic`, `least_squares`, `noisy_quadratic`, `gamma_quadratic`) the first two moments
of every algorithm and of every limit obey a closed linear recursion. For delayed gradients and for the limits its matrix
is written down; for all other processes it is found by running their readable step on basis states (`traced`).
For the limits, `of`, `stationary` and `spectral_radius` speak of the Euler-Maruyama scheme that `simulate` runs;
`exact_limit` and `decay_rate` of the limit itself. `delay` holds linear delay equations.

Claims: SME-exact-moments, SME-self-consistent, SME-best-mu, SME-F4, EASGD-async-easgd, EASGD-tree-moments.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.linalg import expm

from stalegrad.engine.checks import process_or_limit, schedule, start_point, whole
from stalegrad.moments import delay, delay_scheme, models, traced
from stalegrad.moments.quadratic import best_mu, exact_moments, figure4, self_consistent
from stalegrad.moments.system import Array, Moments, System, abscissa, along, fixed_point, radius

__all__ = [
    "Moments",
    "best_mu",
    "decay_rate",
    "delay",
    "exact_limit",
    "exact_moments",
    "figure4",
    "of",
    "self_consistent",
    "spectral_radius",
    "stationary",
]


def of(model, start, n_steps: int = 1000) -> Moments:
    """Exact moments of the iterate at steps 0 .. n_steps.

    Parameters
    ----------
    model : process or limit
        On a problem with linear component gradients. A limit stands for its Euler-Maruyama scheme.
    start : float or array (d,)
        The start, and the past before it.
    n_steps : int

    Returns
    -------
    Moments
        `mean` (n_steps + 1, dim) and `second_moment` (n_steps + 1, dim, dim) of what the process observes, d numbers for
        each name. For the limits in (M, P) of (2.5) these are the moments of M.

    Raises
    ------
    ValueError
        For a problem whose moments do not close, or an impossible start or number of steps.
    """
    n_steps = whole(n_steps, "n_steps", 0)
    begin = start_point(start, process_or_limit(model).problem.dim)
    if not models.is_written(model):
        return traced.of(model, models.linear(model), begin, n_steps)
    if not models.is_limit(model) and delay_scheme.is_needed(described := models.discrete(model)):
        return delay_scheme.of(described, begin, n_steps)
    step, batch = _stepper(model, begin)
    if batch.ndim == 0:
        system = step(float(batch))
        return along(system, system.matrix, n_steps)
    system, noiseless = step(1.0), step(np.inf).matrix
    batches = schedule(batch, n_steps, "batch")
    # A step is affine in 1/B: what does not depend on the batch, and noise that is divided by it.
    matrices = [noiseless + (system.matrix - noiseless) / size for size in batches]
    return along(system, matrices, n_steps)


def exact_limit(model, start, times) -> Moments:
    """Moments of a limit itself, in continuous time, at the given times.

    Parameters
    ----------
    model : limit
    start : float or array (d,)
    times : array (n,), each at least 0
        In the limit's own time; step k of the algorithm is at k * model.dt.

    Returns
    -------
    Moments
        `mean` (n, d) and `second_moment` (n, d, d).

    Raises
    ------
    ValueError
        For impossible times; for a delay equation (`sdde`) whose delay is random, or whose rates, noise or history change.
    """
    process_or_limit(model)
    times = np.atleast_1d(np.asarray(times, dtype=float))
    if not np.all(np.isfinite(times) & (times >= 0)):
        raise ValueError(f"times = {times} must be finite and at least 0")
    if models.is_delayed(model):
        return models.delayed(model).at(start_point(start, model.problem.dim), times)
    limit, batch = models.limit(model)
    system = limit.with_batch(_constant(batch)).flow(start_point(start, model.problem.dim))
    return system.moments(np.array([expm(time * system.matrix) @ system.start for time in times]))


def stationary(model) -> Moments:
    """Moments that every start reaches in the long run: `mean` (dim,), `second_moment` (dim, dim).

    A limit stands for its Euler-Maruyama scheme. With a cycle, as in round robin or with a communication period, they are
    averages over its phases. Moments that do not exist are infinite, with a RuntimeWarning.
    """
    if not models.is_written(process_or_limit(model)):
        return traced.stationary(model, models.linear(model))
    return fixed_point(_one_step(model), 1.0, lambda matrix: radius(matrix) < 1.0)


def spectral_radius(model) -> float:
    """Spectral radius of one step on second moments (without means): below 1, the second moment converges.

    It is that of the whole state, with all workers; with a cycle, the geometric mean over its steps.
    """
    if not models.is_written(process_or_limit(model)):
        return traced.spectral_radius(model, models.linear(model))
    return radius(_one_step(model).second_order())


def decay_rate(model) -> float:
    """Rate at which second moments approach their stationary values.

    Per step, -log of the spectral radius, for an algorithm; per unit of its own time for a limit (multiply by `dt` to
    compare).
    """
    if models.is_delayed(process_or_limit(model)):
        return -2.0 * models.delayed(model).exponent()
    if models.is_limit(model):
        limit, batch = models.limit(model)
        return -abscissa(limit.with_batch(_constant(batch)).flow(np.zeros(model.problem.dim)).second_order())
    with np.errstate(divide="ignore"):
        return float(-np.log(spectral_radius(model)))


def _one_step(model) -> System:
    step, batch = _stepper(model, np.zeros(model.problem.dim))
    return step(_constant(batch))


def _stepper(model, start: Array) -> tuple[Callable[[float], System], Array]:
    """One step as a system for any batch size, and the model's own batch size or schedule."""
    if models.is_limit(model):
        limit, batch = models.limit(model)
        return lambda size: limit.with_batch(size).euler(start), batch
    described = models.discrete(model)
    if described.rates is not None:
        raise ValueError("learning rates that change have no stationary law or spectral radius; leave out rates, or use moments.of")
    return lambda size: described.rule.system(start, size, described.shared), described.batch


def _constant(batch: Array) -> float:
    if batch.ndim:
        raise ValueError("a schedule of batch sizes has no stationary law or rate; take a constant batch, or use moments.of")
    return float(batch)
