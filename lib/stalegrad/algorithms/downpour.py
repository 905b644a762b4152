r"""DOWNPOUR: workers that add up gradients, and push the sum to the master every `period` local steps.

The pseudo-code of a worker (Algorithm 3), with its clock $t^i$ from 0::

    if period divides t^i:
        centre <- centre + v^i
        x^i    <- centre
        v^i    <- 0
    x^i <- x^i - eta g(x^i)
    v^i <- v^i - eta g(x^i)
    t^i <- t^i + 1

The last two lines stand for one gradient, taken once, at the x^i from before both: so $v^i$ is the sum of what moved
$x^i$, as the text says and (6.1) needs. Read line by line the second g would be taken at the moved x^i. The push of the
first period is empty. A worker reads the centre right after its own push.
"""

from __future__ import annotations

import math
from functools import partial
from typing import NamedTuple

import numpy as np

from stalegrad.algorithms.sampled import gradients
from stalegrad.algorithms.turns import OBSERVABLES, Turn, by_turns, copies, due, new_clock, of, put, ticked
from stalegrad.engine.checks import positive, signed_fraction, whole
from stalegrad.engine.process import Process
from stalegrad.schedule import Schedule


class DownpourState(NamedTuple):
    """Workers, their unpushed sums, master and clocks."""

    local: np.ndarray
    """(p, d, paths) local variables x^i."""
    push: np.ndarray
    """(p, d, paths) sums v^i since the last push."""
    centre: np.ndarray
    """(d, paths)"""
    clock: np.ndarray
    """(p, paths) local steps made; whole numbers."""


class MomentumDownpourState(NamedTuple):
    """What the workers received, and the master."""

    local: np.ndarray
    """(p, d, paths) the points centre + momentum v that the workers received last."""
    velocity: np.ndarray
    """(d, paths) the master's v."""
    centre: np.ndarray
    """(d, paths)"""


def downpour(problem, eta: float, n_workers: int, period: int = 1, schedule: Schedule | None = None, observe="centre") -> Process:
    r"""DOWNPOUR (Algorithm 3): one step is a local step of one worker.

    Where `period` divides the clock of the acting worker, $\tilde x \leftarrow \tilde x + v^i$, $x^i \leftarrow \tilde x$ and
    $v^i \leftarrow 0$; then, with $g = g(x^i)$, $x^i \leftarrow x^i - \eta g$ and $v^i \leftarrow v^i - \eta g$.

    Parameters
    ----------
    problem : Problem
        The objective; every local step draws a data row.
    eta : float
        Learning rate, positive.
    n_workers : int
        p >= 1.
    period : int
        Communication period tau >= 1, in local steps.
    schedule : schedule
        Who acts: `sg.schedule.random()` (default), `round_robin()`, `queue(...)` or `synchronous()`; with the last, all pushes
        of a step reach the centre before it is read.
    observe : str or tuple of str
        "centre", "average" (spatial, of the local variables), "local" (the first worker).

    Raises
    ------
    ValueError
        For a rate that is not positive, a period or a number of workers below 1, a schedule that is none or has other
        speeds than workers, or something unknown to observe.

    Notes
    -----
    Claim EASGD-ALG3. With period 1 the centre follows ASGD whose staleness is that of the queue of workers; with the
    synchronous schedule too, (6.1), one step late because a push waits for the next period. One step stands for the time
    dt = eta / p. Reference: Zhang, Section 4.4.

    Examples
    --------
    >>> import stalegrad as sg
    >>> process = sg.downpour(sg.problems.noisy_quadratic(), 0.1, n_workers=4, period=5)
    >>> sg.simulate(process, 1.0, n_paths=100, n_steps=20).mean.shape
    (21, 1)
    """
    values = positive(eta, "eta"), whole(period, "period", 1)
    return by_turns(
        "downpour",
        problem,
        dict(zip(("eta", "period"), values, strict=True)),
        schedule,
        n_workers,
        init=nothing_pushed,
        step=partial(downpour_step, problem, *values),
        observe=observe,
        known=OBSERVABLES,
        unit=values[0],
        stability="Reduce eta or the period: the pushes of all workers add up.",
    )


def mdownpour(problem, eta: float, momentum: float, n_workers: int, schedule: Schedule | None = None, observe="centre") -> Process:
    r"""Momentum DOWNPOUR (Algorithms 4 and 5): Nesterov's momentum at the master, fed by gradients that are late.

    The gradient $g = g(x^i)$ of the acting worker arrives, taken at the point that it received last. The master makes
    $v \leftarrow \delta v - \eta g$ and $\tilde x \leftarrow \tilde x + v$, and sends the worker $x^i = \tilde x + \delta v$.

    Parameters
    ----------
    problem, eta, n_workers, schedule, observe
        As in `downpour`; with the synchronous schedule the master takes the gradients of a step one after the other.
    momentum : float
        The thesis' delta, in (-1, 1).

    Raises
    ------
    ValueError
        As `downpour`, and for a momentum outside (-1, 1).

    Notes
    -----
    Claims EASGD-ALG4 and EASGD-ALG5. With one worker it is `nesterov`, in the same variables. As printed, worker and master
    both begin by waiting for the other; here the worker's initial $x^i = \tilde x$ stands for the first message. One step
    stands for the time dt = sqrt(eta) / p. Reference: Zhang, Section 4.4.

    Examples
    --------
    >>> import stalegrad as sg
    >>> sg.mdownpour(sg.problems.noisy_quadratic(), 0.04, momentum=0.9, n_workers=4).dt
    0.05
    """
    values = positive(eta, "eta"), signed_fraction(momentum, "momentum")
    return by_turns(
        "mdownpour",
        problem,
        dict(zip(("eta", "momentum"), values, strict=True)),
        schedule,
        n_workers,
        init=first_message,
        step=partial(mdownpour_step, problem, *values),
        observe=observe,
        known=OBSERVABLES,
        unit=math.sqrt(values[0]),
        stability="Reduce eta, or take the momentum nearer to 0: late gradients act as momentum of their own.",
    )


def downpour_step(problem, eta, period: int, state: DownpourState, draw: Turn) -> DownpourState:
    """Push and read where the period divides the clock; then one gradient, added to x^i and to v^i."""
    now, v = due(state.clock, draw.worker, period), of(state.push, draw.worker)
    centre = state.centre + np.where(now, v, 0).sum(axis=0)
    x = np.where(now, centre, of(state.local, draw.worker))
    move = -eta * gradients(problem, x, draw.z)
    return DownpourState(
        local=put(state.local, draw.worker, x + move),
        push=put(state.push, draw.worker, np.where(now, 0, v) + move),
        centre=centre,
        clock=ticked(state.clock, draw.worker),
    )


def mdownpour_step(problem, eta, momentum, state: MomentumDownpourState, draw: Turn) -> MomentumDownpourState:
    """The master takes the gradients of the acting workers one after the other, and answers each."""
    late = gradients(problem, of(state.local, draw.worker), draw.z)
    velocity, centre, answers = state.velocity, state.centre, []
    for slope in late:
        velocity = momentum * velocity - eta * slope
        centre = centre + velocity
        answers.append(centre + momentum * velocity)
    return MomentumDownpourState(put(state.local, draw.worker, np.array(answers)), velocity, centre)


def nothing_pushed(n_workers: int, x0: np.ndarray) -> DownpourState:
    """All at x0 (d, paths), with empty sums."""
    local = copies(n_workers, x0)
    return DownpourState(local, 0.0 * local, x0, new_clock(n_workers, x0))


def first_message(n_workers: int, x0: np.ndarray) -> MomentumDownpourState:
    """Every worker has received the start x0 (d, paths); the master is at rest."""
    return MomentumDownpourState(copies(n_workers, x0), 0.0 * x0, x0)
