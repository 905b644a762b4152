"""Stochastic gradient descent with momentum."""

from __future__ import annotations

import math
from functools import partial
from typing import NamedTuple

import numpy as np

from stalegrad import staleness as laws
from stalegrad.algorithms.delayed import Choices, Draw, delayed_process, gradient
from stalegrad.engine.alias import alias_table
from stalegrad.engine.checks import fraction, positive
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
    return delayed_process(
        "msgd",
        problem,
        {"eta": eta, "momentum": momentum},
        Choices(problem.data, alias_table(laws.none().table), 1, one_read=False),
        partial(msgd_step, problem, eta, momentum),
        eta=eta,
        dt=math.sqrt(eta),
        init=at_rest,
        momentum=momentum,
    )


def at_rest(x0: np.ndarray) -> MomentumState:
    """v_0 = 0."""
    return MomentumState(x0, np.zeros_like(x0))


def msgd_step(problem, eta: float, momentum: float, state: MomentumState, draw: Draw) -> MomentumState:
    """v' = momentum v - eta grad f(x; z), x' = x + v'."""
    v = momentum * state.v - eta * gradient(problem, state.x, draw.z[0])
    return MomentumState(state.x + v, v)
