"""The alternating direction method of multipliers, with one gradient step in place of the inner minimisation."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np

from stalegrad.algorithms.elastic_state import average
from stalegrad.algorithms.sampled import gradients
from stalegrad.algorithms.turns import OBSERVABLES, Turn, by_turns, copies, of, put
from stalegrad.engine.checks import positive
from stalegrad.engine.process import Process
from stalegrad.schedule import Schedule, round_robin


class ADMMState(NamedTuple):
    """Workers, multipliers and centre."""

    multiplier: np.ndarray
    """(p, d, paths) lambda^i, in units of the penalty."""
    local: np.ndarray
    """(p, d, paths) x^i."""
    centre: np.ndarray
    """(d, paths)"""


def admm(problem, eta: float, rho: float, n_workers: int, schedule: Schedule | None = None, observe="centre") -> Process:
    r"""Linearised ADMM, (3.52) to (3.54): one step is that of one worker, in turn.

    The acting worker makes $\lambda^i \leftarrow \lambda^i - (x^i - \tilde x)$, then
    $x^i \leftarrow (x^i - \eta\, g(x^i) + \eta\rho (\lambda^i + \tilde x)) / (1 + \eta\rho)$ with the new multiplier; then
    $\tilde x \leftarrow \frac1p \sum_j (x^j - \lambda^j)$ over all workers.

    Parameters
    ----------
    problem : Problem
        The objective; every step draws a data row.
    eta, rho : float
        Learning rate and penalty, positive.
    n_workers : int
        p >= 1.
    schedule : schedule
        Who acts: `sg.schedule.round_robin()` (default), as in the thesis, or any other.
    observe : str or tuple of str
        "centre", "average" (spatial, of the local variables), "local" (the first worker).

    Raises
    ------
    ValueError
        For a rate or a penalty that is not positive, fewer than one worker, a schedule that is none or has other speeds than
        workers, or something unknown to observe.

    Notes
    -----
    Claims EASGD-3.51 to EASGD-3.54 and EASGD-ALG-A6. The multipliers are divided by the penalty and start at 0; $\tilde x$ starts
    at the common x. In the round-robin scheme it can diverge (claim EASGD-3.3-admm-unstable). One step stands for the time
    dt = eta / p. Reference: Zhang, Section 3.3.

    Examples
    --------
    >>> import stalegrad as sg
    >>> process = sg.admm(sg.problems.noisy_quadratic(sigma=0.0), eta=0.001, rho=2.5, n_workers=3)
    >>> sg.simulate(process, 1000.0, n_paths=1, n_steps=3).mean[:, 0].round(2).tolist()
    [1000.0, 999.67, 999.45, 999.3]
    """
    values = positive(eta, "eta"), positive(rho, "rho", "a penalty must be positive and finite")
    return by_turns(
        "admm",
        problem,
        dict(zip(("eta", "rho"), values, strict=True)),
        round_robin() if schedule is None else schedule,
        n_workers,
        init=without_force,
        step=partial(admm_step, problem, *values),
        observe=observe,
        known=OBSERVABLES,
        unit=values[0],
        stability="In the round-robin scheme ADMM can diverge at small eta too: change the penalty rho, or use round_robin_easgd.",
    )


def admm_step(problem, eta, rho, state: ADMMState, draw: Turn) -> ADMMState:
    """Multipliers and local variables of those who act, then the centre from all."""
    x, centre = of(state.local, draw.worker), state.centre
    multiplier = of(state.multiplier, draw.worker) - (x - centre)
    moved = (x - eta * gradients(problem, x, draw.z) + eta * rho * (multiplier + centre)) / (1 + eta * rho)
    multipliers, local = put(state.multiplier, draw.worker, multiplier), put(state.local, draw.worker, moved)
    return ADMMState(multipliers, local, average(local - multipliers))


def without_force(n_workers: int, x0: np.ndarray) -> ADMMState:
    """All at x0 (d, paths), multipliers 0."""
    local = copies(n_workers, x0)
    return ADMMState(0.0 * local, local, x0)
