r"""Asynchronous elastic averaging: workers that talk to the master one at a time, every `period` local steps.

The pseudo-code of a worker reads, with its clock $t^i$ from 0::

    x <- x^i
    if period divides t^i:
        a) x^i    <- x^i    - alpha (x - centre)
        b) centre <- centre + alpha (x - centre)
    x^i <- x^i - eta g(x)        (Algorithm 1)
    t^i <- t^i + 1

`x` keeps the value from before the exchange: (a), (b) and the gradient all use it, and (b) uses the centre from before it.
So one step is a map of Jacobi form in the pair (x^i, centre), and the exchange conserves their sum. The first exchange,
at clock 0, is part of it. An exchange is one event: no other worker reaches the master between the read of the centre and
the push of the difference. (If all p workers read before any pushed, their exchanges would be one synchronous step.)
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from stalegrad.algorithms.sampled import gradients
from stalegrad.algorithms.turns import OBSERVABLES, Turn, by_turns, copies, due, new_clock, of, put, ticked
from stalegrad.engine.checks import finite, positive, signed_fraction, whole
from stalegrad.engine.process import Process
from stalegrad.schedule import Random, RoundRobin, Schedule, round_robin


class AsyncState(NamedTuple):
    """Workers, master and clocks."""

    local: np.ndarray
    """(p, d, paths) local variables x^i."""
    centre: np.ndarray
    """(d, paths)"""
    clock: np.ndarray
    """(p, paths) local steps made, t^i; whole numbers."""


class AsyncMomentumState(NamedTuple):
    """The same with a velocity for every worker."""

    local: np.ndarray
    """(p, d, paths)"""
    velocity: np.ndarray
    """(p, d, paths)"""
    centre: np.ndarray
    """(d, paths)"""
    clock: np.ndarray
    """(p, paths)"""


def async_easgd(problem, eta: float, alpha: float, n_workers: int, period: int = 1, schedule: Schedule | None = None, observe="centre") -> Process:
    r"""Asynchronous EASGD (Algorithm 1): one step is a local step of one worker.

    With x the local variable of the acting worker before the step: where `period` divides its clock,
    $x^i \leftarrow x - \alpha (x - \tilde x) - \eta\, g(x)$ and $\tilde x \leftarrow \tilde x + \alpha (x - \tilde x)$;
    otherwise $x^i \leftarrow x - \eta\, g(x)$.

    Parameters
    ----------
    problem : Problem
        The objective; every local step draws a data row.
    eta : float
        Learning rate, positive.
    alpha : float
        Moving rate, any finite number: the share of its distance to the centre that a worker gives up in an exchange, and
        the centre takes up.
    n_workers : int
        p >= 1.
    period : int
        Communication period tau >= 1, in local steps.
    schedule : schedule
        Who acts: `sg.schedule.random()` (default), `round_robin()`, `queue(...)`; with `synchronous()` all workers act in
        every step, which for period 1 is `easgd` with beta = p alpha.
    observe : str or tuple of str
        "centre", "average" (spatial, of the local variables), "local" (the first worker).

    Raises
    ------
    ValueError
        For a rate that is not positive, a moving rate that is not finite, a period or a number of workers below 1, a
        schedule that is none or has other speeds than workers, or something unknown to observe.

    Notes
    -----
    Claim EASGD-ALG1. Random and round-robin schedules have a compiled kernel; the others run the reference. p steps of
    round robin differ from one synchronous step in terms of order alpha^2: worker j sees a centre that the workers before
    it have moved. One step stands for the time dt = eta / p. Reference: Zhang, Section 2.2.

    Examples
    --------
    >>> import stalegrad as sg
    >>> problem = sg.problems.noisy_quadratic()
    >>> process = sg.async_easgd(problem, 0.1, alpha=0.2, n_workers=4, period=10, schedule=sg.schedule.round_robin())
    >>> sg.simulate(process, 1.0, n_paths=100, n_steps=20).mean.shape
    (21, 1)
    """
    values = positive(eta, "eta"), finite(alpha, "alpha"), whole(period, "period", 1)
    parameters = dict(zip(("eta", "alpha", "period"), values, strict=True))
    step = partial(async_easgd_step, problem, *values)
    return _process("async_easgd", problem, parameters, schedule, n_workers, _together, step, observe, unit=values[0])


def async_eamsgd(
    problem, eta: float, alpha: float, momentum: float, n_workers: int, period: int = 1, schedule: Schedule | None = None, observe="centre"
) -> Process:
    r"""Asynchronous EAMSGD (Algorithm 2): `async_easgd` with Nesterov's momentum in the local steps.

    $v^i \leftarrow \delta v^i - \eta\, g(x + \delta v^i)$, and $x^i \leftarrow x + v^i$ plus the exchange; the gradient is
    looked for ahead of x, the value before the exchange.

    Parameters
    ----------
    problem, eta, alpha, n_workers, period, schedule, observe
        As in `async_easgd`.
    momentum : float
        The thesis' delta, in (-1, 1); at 0 it is `async_easgd`.

    Raises
    ------
    ValueError
        As `async_easgd`, and for a momentum outside (-1, 1).

    Notes
    -----
    Claim EASGD-ALG2. Reference: Zhang, Section 2.3.

    Examples
    --------
    >>> import stalegrad as sg
    >>> sg.async_eamsgd(sg.problems.noisy_quadratic(), 0.04, alpha=0.2, momentum=0.9, n_workers=4).dt
    0.05
    """
    values = positive(eta, "eta"), finite(alpha, "alpha"), signed_fraction(momentum, "momentum"), whole(period, "period", 1)
    parameters = dict(zip(("eta", "alpha", "momentum", "period"), values, strict=True))
    step = partial(async_eamsgd_step, problem, *values)
    return _process("async_eamsgd", problem, parameters, schedule, n_workers, _at_rest, step, observe, unit=math.sqrt(values[0]))


def round_robin_easgd(problem, eta: float, alpha: float, n_workers: int, observe="centre") -> Process:
    r"""EASGD in the round-robin scheme, (3.55) and (3.56): worker t mod p acts at time t and exchanges with the centre.

    It is `async_easgd` with period 1 and the round-robin schedule; parameters and errors are described there. (3.55) has
    the gradient of F; with `noisy_quadratic(sigma=0)` so has this.

    Notes
    -----
    Claims EASGD-3.55 and EASGD-3.56. Reference: Zhang, Section 3.3.

    Examples
    --------
    >>> import stalegrad as sg
    >>> process = sg.round_robin_easgd(sg.problems.noisy_quadratic(sigma=0.0), 0.1, alpha=0.5, n_workers=2)
    >>> sg.simulate(process, 1.0, n_paths=1, n_steps=2).mean[:, 0].round(6).tolist()
    [1.0, 1.0, 1.0]
    """
    return async_easgd(problem, eta, alpha, n_workers, 1, round_robin(), observe)


def async_easgd_step(problem, eta, alpha, period: int, state: AsyncState, draw: Turn) -> AsyncState:
    """Lines (a) and (b) where the period divides the clock, and the gradient step; all from the old x and centre."""
    x = of(state.local, draw.worker)
    pull = _pull(alpha, period, x, state, draw)
    local = x - pull - eta * gradients(problem, x, draw.z)
    return AsyncState(put(state.local, draw.worker, local), state.centre + pull.sum(axis=0), ticked(state.clock, draw.worker))


def async_eamsgd_step(problem, eta, alpha, momentum, period: int, state: AsyncMomentumState, draw: Turn) -> AsyncMomentumState:
    """v' = momentum v - eta grad f(x + momentum v; z), x' = x + v', and the exchange at the old x."""
    x, v = of(state.local, draw.worker), of(state.velocity, draw.worker)
    pull = _pull(alpha, period, x, state, draw)
    velocity = momentum * v - eta * gradients(problem, x + momentum * v, draw.z)
    return AsyncMomentumState(
        local=put(state.local, draw.worker, x - pull + velocity),
        velocity=put(state.velocity, draw.worker, velocity),
        centre=state.centre + pull.sum(axis=0),
        clock=ticked(state.clock, draw.worker),
    )


def _pull(alpha, period: int, x: np.ndarray, state, draw: Turn) -> np.ndarray:
    """alpha (x - centre) for those whose period is over, else 0 (active, d, paths)."""
    return alpha * np.where(due(state.clock, draw.worker, period), x - state.centre, 0)


def _together(n_workers: int, x0: np.ndarray) -> AsyncState:
    return AsyncState(copies(n_workers, x0), x0, new_clock(n_workers, x0))


def _at_rest(n_workers: int, x0: np.ndarray) -> AsyncMomentumState:
    local = copies(n_workers, x0)
    return AsyncMomentumState(local, 0.0 * local, x0, new_clock(n_workers, x0))


def _process(name, problem, parameters: dict, schedule, n_workers, init, step, observe, unit: float) -> Process:
    process = by_turns(
        name,
        problem,
        parameters,
        schedule,
        n_workers,
        init=init,
        step=step,
        observe=observe,
        known=OBSERVABLES,
        unit=unit,
        stability="Reduce eta or alpha, or take the momentum nearer to 0.",
    )
    if not isinstance(process.parameters["schedule"], Random | RoundRobin):
        return process
    arguments = partial(_arguments, problem, process.parameters)
    return replace(process, kernel=("server", "one_worker_a_step"), arguments=arguments)


def _arguments(problem, parameters, n_steps: int) -> tuple:
    return (
        problem.blocks.gradient.compiled,
        problem.law.compiled,
        problem.law.table,
        np.array([list(OBSERVABLES).index(which) for which in parameters["observe"]]),
        parameters["n_workers"],
        n_steps,
        parameters["period"],
        isinstance(parameters["schedule"], RoundRobin),
        parameters["eta"],
        parameters["alpha"],
        parameters.get("momentum", 0.0),
    )
