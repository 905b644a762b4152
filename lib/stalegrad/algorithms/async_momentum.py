"""Asynchronous heavy-ball SGD: the server keeps the velocity, gradients are taken at parameters that were read some updates ago."""

from __future__ import annotations

import math
from functools import partial
from typing import NamedTuple

import numpy as np

from stalegrad.algorithms.delayed import Choices, Draw, Past, delayed_process, finite_rows
from stalegrad.algorithms.sampled import gradient
from stalegrad.engine.alias import alias_table
from stalegrad.engine.checks import batch_sizes, fraction, positive
from stalegrad.engine.process import Process


class AsyncMomentumState(NamedTuple):
    """x_k, v_k and what can be read."""

    x: np.ndarray
    """(d, paths)"""
    v: np.ndarray
    """(d, paths)"""
    past: Past


def async_msgd(problem, eta: float, momentum: float, staleness, batch=1) -> Process:
    r"""Async-MSGD (claim PCA-3), with batches.

    $v_{k+1} = \mu v_k - \frac{\eta}{B_k} \sum_{j=1}^{B_k} \nabla f_{\gamma_j}(x_{k-\tau_k})$ and $x_{k+1} = x_k + v_{k+1}$: the batch
    shares one read. The past is frozen at x_0, and v_0 = 0. At momentum 0 it is `minibatch_asgd`; without staleness and with batch 1 it is
    `msgd`. One step stands for the time dt = sqrt(eta / (1 + E tau)), as in `asgd`.

    Parameters
    ----------
    problem : Problem
        The objective, a finite sum.
    eta : float
        Learning rate, positive.
    momentum : float
        The paper's mu, in [0, 1).
    staleness : Staleness
        Law of tau_k, drawn anew and independently in each step.
    batch : int or array of int
        B_k, one size, or one a step; at least 1.

    Raises
    ------
    ValueError
        For a rate, momentum or batch out of range, a staleness that is no law, or a problem without components.

    References
    ----------
    Liu, Li, Shi, Zhou and Zhao, Towards understanding acceleration tradeoff between momentum and asynchrony in nonconvex stochastic
    optimization (2018), Section 2.

    Examples
    --------
    >>> import stalegrad as sg
    >>> process = async_msgd(sg.problems.quadratic([[1.0], [-1.0]]), 0.01, 0.5, sg.constant(3))
    >>> sg.simulate(process, 1.0, n_paths=100, n_steps=5).mean.shape
    (6, 1)
    """
    eta, momentum, batch = positive(eta, "eta"), fraction(momentum, "momentum"), batch_sizes(batch)
    if not hasattr(staleness, "table"):
        raise ValueError(f"staleness={staleness!r} is no law: give geometric(mu), constant(l), uniform(low, high), ...")
    choices = Choices(finite_rows(problem), alias_table(staleness.table), batch, one_read=True)
    return delayed_process(
        "async_msgd",
        problem,
        {"eta": eta, "momentum": momentum, "staleness": staleness, "batch": batch},
        choices,
        partial(async_msgd_step, problem, eta, momentum),
        eta=eta,
        dt=math.sqrt(eta / (1.0 + staleness.mean)),
        init=partial(_at_rest, staleness.max),
        momentum=momentum,
    )


def async_msgd_step(problem, eta: float, momentum: float, state: AsyncMomentumState, draw: Draw) -> AsyncMomentumState:
    """v' = momentum v - eta (average over the batch of grad f(x_{k - tau}; z_j)), x' = x + v'."""
    slopes = [gradient(problem, state.past.read(tau), z) for tau, z in zip(draw.tau, draw.z, strict=True)]
    v = momentum * state.v - eta / len(slopes) * sum(slopes)
    x = state.x + v
    return AsyncMomentumState(x, v, state.past.push(x))


def _at_rest(longest: int, x0: np.ndarray) -> AsyncMomentumState:
    return AsyncMomentumState(x0, np.zeros_like(x0), Past((x0,), longest))
