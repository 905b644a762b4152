"""Stochastic gradient descent with momentum."""

from __future__ import annotations

import math
from functools import partial
from typing import NamedTuple

import numpy as np

from stalegrad import staleness as laws
from stalegrad.algorithms.delayed import Choices, Draw, delayed_process
from stalegrad.algorithms.sampled import gradient, sampled_process
from stalegrad.engine.alias import alias_table
from stalegrad.engine.checks import fraction, objective, positive, signed_fraction
from stalegrad.engine.process import Process


class MomentumState(NamedTuple):
    """x_k and v_k, both (d, paths)."""

    x: np.ndarray
    v: np.ndarray


def msgd(problem, eta: float, momentum: float) -> Process:
    r"""Heavy-ball SGD, $v_{k+1} = \mu' v_k - \eta' \nabla f_{\gamma_k}(x_k)$, $x_{k+1} = x_k + v_{k+1}$ (claim SME-2.6).

    It starts with v_0 = 0. One step stands for the time $dt = \sqrt{\eta'}$. Other texts put the rate in
    front of v, or damp the gradient by 1 - momentum: that is another eta.

    Parameters
    ----------
    problem : Problem
        The objective.
    eta : float
        Learning rate, the paper's eta', positive.
    momentum : float
        The paper's mu', in [0, 1).

    Raises
    ------
    ValueError
        For a rate that is not positive and finite, or a momentum outside [0, 1).

    References
    ----------
    An, Lu and Ying, Section 2.1; Polyak (1964).

    Examples
    --------
    >>> import stalegrad as sg
    >>> process = sg.msgd(sg.problems.quadratic([[1.0], [-1.0]]), eta=0.0004, momentum=0.9)
    >>> process.dt
    0.02
    """
    eta, momentum = positive(eta, "eta"), fraction(momentum, "momentum")
    parameters = {"eta": eta, "momentum": momentum}
    step, dt = partial(msgd_step, problem, eta, momentum), math.sqrt(eta)
    if not objective(problem).n_components:
        return sampled_process("msgd", problem, parameters, 1, step, at_rest, dt=dt)
    choices = Choices(problem.data, alias_table(laws.none().table), 1, one_read=False)
    return delayed_process("msgd", problem, parameters, choices, step, eta=eta, dt=dt, init=at_rest, momentum=momentum)


def nesterov(problem, eta: float, momentum: float) -> Process:
    r"""SGD with Nesterov's momentum, $v_{t+1} = \delta v_t - \eta\, g_t(x_t + \delta v_t)$, $x_{t+1} = x_t + v_{t+1}$.

    The gradient is taken where the velocity alone would lead; `msgd` takes it at x_t. On a quadratic of curvature h the two
    differ by the momentum only: Nesterov's delta acts as $\delta (1 - \eta h)$ in the heavy ball. It starts with v_0 = 0. One step
    stands for the time dt = sqrt(eta).

    Parameters
    ----------
    problem : Problem
        The objective.
    eta : float
        Learning rate, positive.
    momentum : float
        The thesis' delta, in (-1, 1).

    Raises
    ------
    ValueError
        For a rate that is not positive and finite, or a momentum outside (-1, 1).

    Notes
    -----
    Claim EASGD-ALG-A5, the thesis' MSGD; EASGD-5.4 on `noisy_quadratic` and EASGD-5.28 on `gamma_quadratic`.

    References
    ----------
    Zhang, Distributed stochastic optimization for deep learning (thesis, 2016), Sections 5.1.2 and 5.2.2; Nesterov (1983).

    Examples
    --------
    >>> import stalegrad as sg
    >>> run = sg.simulate(sg.nesterov(sg.problems.noisy_quadratic(sigma=0.0), 0.1, momentum=0.5), 1.0, n_paths=1, n_steps=2)
    >>> run.mean[:, 0].round(4).tolist()
    [1.0, 0.9, 0.765]
    """
    eta, momentum = positive(eta, "eta"), signed_fraction(momentum, "momentum")
    parameters = {"eta": eta, "momentum": momentum}
    step = partial(nesterov_step, problem, eta, momentum)
    return sampled_process("nesterov", problem, parameters, 1, step, at_rest, dt=math.sqrt(eta), lookahead=momentum)


def at_rest(x0: np.ndarray) -> MomentumState:
    """v_0 = 0."""
    return MomentumState(x0, np.zeros_like(x0))


def msgd_step(problem, eta: float, momentum: float, state: MomentumState, draw: Draw) -> MomentumState:
    """v' = momentum v - eta grad f(x; z), x' = x + v'."""
    v = momentum * state.v - eta * gradient(problem, state.x, draw.z[0])
    return MomentumState(state.x + v, v)


def nesterov_step(problem, eta, momentum, state: MomentumState, draw) -> MomentumState:
    """v' = momentum v - eta grad f(x + momentum v; z), x' = x + v'."""
    v = momentum * state.v - eta * gradient(problem, state.x + momentum * state.v, draw.z[0])
    return MomentumState(state.x + v, v)
