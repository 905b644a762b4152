r"""Time averages: of the master's variable in DOWNPOUR, and of plain SGD.

All four follow $z_{t+1} = (1 - a_{t+1}) z_t + a_{t+1} \tilde x_t$ from $z_0 = \tilde x_0$. The rate $a_{t+1} = 1 / (t+1)$ makes
$z_t$ the plain average of $\tilde x_0, \dots, \tilde x_{t-1}$; the newest value is not in it. A constant rate weights
$\tilde x_{t-1-j}$ by $a (1-a)^j$, and keeps $(1-a)^t$ of the start. For DOWNPOUR, t is the master's clock: it counts the steps
in which something is pushed, the empty pushes of the first period among them.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np

from stalegrad.algorithms import elastic_state
from stalegrad.algorithms.downpour import downpour_step, nothing_pushed
from stalegrad.algorithms.sampled import Draw, draw_rows, gradient
from stalegrad.algorithms.turns import OBSERVABLES, Turn, by_turns, due
from stalegrad.engine.checks import finite, objective, positive, whole
from stalegrad.engine.process import Process
from stalegrad.schedule import Schedule


class AveragedDownpourState(NamedTuple):
    """A DOWNPOUR state, the average and the master's clock."""

    local: np.ndarray
    """(p, d, paths)"""
    push: np.ndarray
    """(p, d, paths)"""
    centre: np.ndarray
    """(d, paths)"""
    clock: np.ndarray
    """(p, paths)"""
    time_average: np.ndarray
    """(d, paths) z."""
    updates: np.ndarray
    """(paths,) the master's clock t; whole numbers."""


class AveragedState(NamedTuple):
    """An iterate, its average and the clock."""

    x: np.ndarray
    """(d, paths)"""
    time_average: np.ndarray
    """(d, paths) z."""
    updates: np.ndarray
    """(paths,) t; whole numbers."""


def _iterate(state: AveragedState) -> np.ndarray:
    return state.x


def _time_average(state) -> np.ndarray:
    return state.time_average


OF_DOWNPOUR = {"time_average": _time_average, **OBSERVABLES}
OF_SGD = {"time_average": _time_average, "x": _iterate}


def adownpour(problem, eta: float, n_workers: int, period: int = 1, schedule: Schedule | None = None, observe="time_average") -> Process:
    r"""ADOWNPOUR: `downpour`, with the average over time of its centre.

    $z_{t+1} = (1 - \frac1{t+1}) z_t + \frac1{t+1} \tilde x_t$, where t counts the pushes: the average of the centre before each
    of the first t pushes.

    Parameters
    ----------
    problem, eta, n_workers, period, schedule
        As in `downpour`.
    observe : str or tuple of str
        "time_average" (default), or what `downpour` observes.

    Raises
    ------
    ValueError
        As `downpour`.

    Notes
    -----
    Claim EASGD-ALG-A1. Reference: Zhang, Chapter 4.

    Examples
    --------
    >>> import stalegrad as sg
    >>> sg.adownpour(sg.problems.noisy_quadratic(), 0.1, n_workers=4).observed
    ('time_average',)
    """
    return _averaged_downpour("adownpour", problem, eta, period, {}, plain, n_workers, schedule, observe)


def mvadownpour(
    problem, eta: float, rate: float, n_workers: int, period: int = 1, schedule: Schedule | None = None, observe="time_average"
) -> Process:
    r"""MVADOWNPOUR: `downpour`, with a moving average of its centre, $z_{t+1} = (1 - a) z_t + a \tilde x_t$.

    Parameters
    ----------
    problem, eta, n_workers, period, schedule, observe
        As in `adownpour`.
    rate : float
        The moving rate a, the thesis' alpha, in (0, 1].

    Raises
    ------
    ValueError
        As `downpour`, and for a rate outside (0, 1].

    Notes
    -----
    Claim EASGD-ALG-A2. Reference: Zhang, Chapter 4.

    Examples
    --------
    >>> import stalegrad as sg
    >>> sg.mvadownpour(sg.problems.noisy_quadratic(), 0.1, rate=0.001, n_workers=4).name
    'mvadownpour'
    """
    rate = share(rate)
    return _averaged_downpour("mvadownpour", problem, eta, period, {"rate": rate}, partial(constant, rate), n_workers, schedule, observe)


def averaged_sgd(problem, eta: float, observe="time_average") -> Process:
    r"""Averaged SGD: plain SGD, with the average over time of its iterates, $z_{t+1} = (1 - \frac1{t+1}) z_t + \frac1{t+1} x_t$.

    The thesis calls it ASGD; `asgd` is asynchronous SGD.

    Parameters
    ----------
    problem : Problem
        The objective.
    eta : float
        Learning rate, positive.
    observe : str or tuple of str
        "time_average" (default), "x".

    Raises
    ------
    ValueError
        For a rate that is not positive, or something unknown to observe.

    Notes
    -----
    Claim EASGD-ALG-A3. One step stands for the time dt = eta. Reference: Zhang, Chapter 4.

    Examples
    --------
    >>> import stalegrad as sg
    >>> process = sg.averaged_sgd(sg.problems.noisy_quadratic(sigma=0.0), 0.5)
    >>> sg.simulate(process, 1.0, n_paths=1, n_steps=3).mean[:, 0].round(6).tolist()
    [1.0, 1.0, 0.75, 0.583333]
    """
    return _averaged_sgd("averaged_sgd", problem, eta, {}, plain, observe)


def moving_average_sgd(problem, eta: float, rate: float, observe="time_average") -> Process:
    r"""MVASGD: plain SGD, with a moving average of its iterates, $z_{t+1} = (1 - a) z_t + a x_t$.

    Parameters and errors are those of `averaged_sgd`; `rate` is the moving rate a, the thesis' alpha, in (0, 1].

    Notes
    -----
    Claim EASGD-ALG-A4. Reference: Zhang, Chapter 4.

    Examples
    --------
    >>> import stalegrad as sg
    >>> sg.moving_average_sgd(sg.problems.noisy_quadratic(), 0.1, rate=0.01).dt
    0.1
    """
    rate = share(rate)
    return _averaged_sgd("moving_average_sgd", problem, eta, {"rate": rate}, partial(constant, rate), observe)


def averaged_downpour_step(problem, eta, period: int, rate, state: AveragedDownpourState, draw: Turn) -> AveragedDownpourState:
    """A DOWNPOUR step; where something is pushed, the centre from before it enters the average at the rate of the master's clock."""
    pushed = due(state.clock, draw.worker, period).any(axis=(0, 1))
    entered = averaged(state.time_average, state.centre, rate(state.updates))
    return AveragedDownpourState(
        *downpour_step(problem, eta, period, state, draw),
        time_average=np.where(pushed, entered, state.time_average),
        updates=state.updates + pushed,
    )


def averaged_sgd_step(problem, eta, rate, state: AveragedState, draw: Draw) -> AveragedState:
    """x' = x - eta grad f(x; z); the old x enters the average."""
    x = state.x
    return AveragedState(
        x=x - eta * gradient(problem, x, draw.z[0]),
        time_average=averaged(state.time_average, x, rate(state.updates)),
        updates=state.updates + 1,
    )


def averaged(z: np.ndarray, x: np.ndarray, a) -> np.ndarray:
    """(1 - a) z + a x."""
    return (1 - a) * z + a * x


def plain(t: np.ndarray) -> np.ndarray:
    """The rate of the plain average, a_{t+1} = 1 / (t + 1)."""
    return 1 / (t + 1)


def constant(rate, t: np.ndarray):
    """The same rate at all times."""
    return rate


def share(rate) -> float:
    """A moving rate in (0, 1]."""
    number = finite(rate, "rate")
    if not 0.0 < number <= 1.0:
        raise ValueError(f"rate={rate} is no moving rate of an average: give a number above 0, at most 1")
    return number


def _averaged_downpour(name: str, problem, eta, period, more: dict, rate, n_workers, schedule, observe) -> Process:
    values = positive(eta, "eta"), whole(period, "period", 1)
    return by_turns(
        name,
        problem,
        dict(zip(("eta", "period"), values, strict=True)) | more,
        schedule,
        n_workers,
        init=_start_of_downpour,
        step=partial(averaged_downpour_step, problem, *values, rate),
        observe=observe,
        known=OF_DOWNPOUR,
        unit=values[0],
        stability="Reduce eta or the period: the pushes of all workers add up.",
    )


def _averaged_sgd(name: str, problem, eta, more: dict, rate, observe) -> Process:
    eta, observed = positive(eta, "eta"), elastic_state.observed_names(observe, OF_SGD)
    return Process(
        name=name,
        problem=problem,
        parameters={"eta": eta} | more | {"observe": observed},
        dt=eta,
        init=_start_of_sgd,
        draw=partial(draw_rows, objective(problem).law, 1),
        step=partial(averaged_sgd_step, problem, eta, rate),
        observe=partial(elastic_state.observe, observed, known=OF_SGD),
        stability="Reduce eta.",
        observed=observed,
    )


def _start_of_downpour(n_workers: int, x0: np.ndarray) -> AveragedDownpourState:
    return AveragedDownpourState(*nothing_pushed(n_workers, x0), time_average=x0, updates=_zero(x0))


def _start_of_sgd(x0: np.ndarray) -> AveragedState:
    return AveragedState(x0, x0, _zero(x0))


def _zero(x0: np.ndarray) -> np.ndarray:
    return np.zeros(x0.shape[1], int)
