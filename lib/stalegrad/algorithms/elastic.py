"""Elastic averaging: p workers that step by themselves, tied by springs to a centre; every step moves all of them.

Symbols of the thesis: local variables $x^i$ (``local``), centre $\\tilde x$ (``centre``), moving rates alpha and beta,
momentum delta. alpha = eta rho is the share of its distance to the centre that a worker gives up in a step, beta the share
of its distance to the spatial average that the centre gives up. With beta = p alpha, the elastic symmetry, each worker
and the centre pull at each other with the same force; the algorithms take any alpha and beta.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from stalegrad.algorithms import elastic_state as states
from stalegrad.algorithms.elastic_state import ElasticMomentumState, ElasticState, average, moved
from stalegrad.algorithms.sampled import Draw, draw_rows, gradients
from stalegrad.engine.checks import finite, objective, positive, signed_fraction, whole
from stalegrad.engine.process import Process


def easgd(problem, eta: float, alpha: float, beta: float, n_workers: int, observe="centre", local0=None) -> Process:
    r"""Synchronous elastic averaging SGD, in Jacobi form.

    $x^i_{t+1} = x^i_t - \eta\, g^i_t(x^i_t) - \alpha (x^i_t - \tilde x_t)$ and
    $\tilde x_{t+1} = (1 - \beta) \tilde x_t + \beta \frac1p \sum_i x^i_t$: all right-hand sides are of time t.

    Parameters
    ----------
    problem : Problem
        The objective; every worker draws its own data row in every step.
    eta : float
        Learning rate, positive.
    alpha, beta : float
        Moving rates of the local variables and of the centre, any finite numbers. Elastic symmetry is beta = p alpha, with
        alpha = eta rho for a penalty rho.
    n_workers : int
        p >= 1.
    observe : str or tuple of str
        What is recorded: "centre"; "average", the spatial average of the local variables; "double_average",
        $z_t = \frac1t \sum_{k<t} \tilde x_k$ (and $z_0 = \tilde x_0$); "local", worker 1. The columns follow this order.
    local0 : float or array (d,) or (p, d), optional
        Start of the local variables, if it is not that of the centre.

    Raises
    ------
    ValueError
        For a rate that is not finite, eta not positive, fewer than one worker, something unknown to observe, or a local0
        that fits neither one worker nor all.

    Notes
    -----
    Claims EASGD-2.1 to EASGD-2.4; EASGD-5.9 on `noisy_quadratic`, EASGD-5.31 on `gamma_quadratic`. With h the largest
    curvature, the means are stable only if (2 - eta h)(2 - beta) > 2 alpha and (2 - eta h) + (2 - beta) > alpha
    (EASGD-3.4, where alpha = beta / p). One step stands for the time dt = eta.

    References
    ----------
    Zhang, Distributed stochastic optimization for deep learning (thesis, 2016), Section 2.1.

    Examples
    --------
    >>> import stalegrad as sg
    >>> process = sg.easgd(sg.problems.noisy_quadratic(), 0.1, alpha=0.1, beta=0.4, n_workers=4, observe=("centre", "average"))
    >>> sg.simulate(process, 1.0, n_paths=100, n_steps=5).mean.shape
    (6, 2)
    """
    stability = _mean_condition(problem, eta, alpha, beta)
    return _elastic("easgd", easgd_step, problem, eta, alpha, beta, n_workers, observe, local0, stability)


def easgd_gauss_seidel(problem, eta: float, alpha: float, beta: float, n_workers: int, observe="centre", local0=None) -> Process:
    r"""Synchronous elastic averaging SGD in Gauss-Seidel form: every part uses what was computed just before.

    $x^i_{t+1/2} = x^i_t - \alpha (x^i_t - \tilde x_t)$, then $x^i_{t+1} = x^i_{t+1/2} - \eta\, g^i(x^i_{t+1/2})$, then
    $\tilde x_{t+1} = \tilde x_t + \beta (\frac1p \sum_i x^i_{t+1} - \tilde x_t)$. With alpha = 1 and beta = p it is synchronous
    DOWNPOUR. Parameters and errors are those of `easgd`.

    Notes
    -----
    Claim EASGD-6.3. Reference: Zhang, Section 6.2.

    Examples
    --------
    >>> import stalegrad as sg
    >>> sg.easgd_gauss_seidel(sg.problems.noisy_quadratic(), 0.1, alpha=0.1, beta=0.4, n_workers=4).name
    'easgd_gauss_seidel'
    """
    stability = "On quadratics it is stable for alpha and beta between 0 and 2 if eta times the curvature is at most 1; reduce them."
    return _elastic("easgd_gauss_seidel", gauss_seidel_step, problem, eta, alpha, beta, n_workers, observe, local0, stability)


def eamsgd(problem, eta: float, alpha: float, beta: float, momentum: float, n_workers: int, observe="centre", local0=None) -> Process:
    r"""Elastic averaging SGD with Nesterov's momentum in the local variables, none in the centre.

    $v^i_{t+1} = \delta v^i_t - \eta\, g^i(x^i_t + \delta v^i_t)$, $x^i_{t+1} = x^i_t + v^i_{t+1} - \alpha (x^i_t - \tilde x_t)$,
    $\tilde x_{t+1} = \tilde x_t + \beta (\frac1p \sum_i x^i_t - \tilde x_t)$, from $v^i_0 = 0$.

    Parameters
    ----------
    problem, eta, alpha, beta, n_workers, observe, local0
        As in `easgd`.
    momentum : float
        The thesis' delta, in (-1, 1); at 0 it is `easgd`.

    Raises
    ------
    ValueError
        As `easgd`, and for a momentum outside (-1, 1).

    Notes
    -----
    Claims EASGD-2.5 and, for the drift of its means, EASGD-5.20. One step stands for the time dt = sqrt(eta). Reference:
    Zhang, Sections 2.3 and 5.1.3.

    Examples
    --------
    >>> import stalegrad as sg
    >>> sg.eamsgd(sg.problems.noisy_quadratic(), 0.04, 0.1, 0.4, momentum=0.9, n_workers=4).dt
    0.2
    """
    return _elastic_momentum("eamsgd", eamsgd_step, problem, eta, alpha, beta, momentum, n_workers, observe, local0)


def eamsgd_heavy_ball(problem, eta: float, alpha: float, beta: float, momentum: float, n_workers: int, observe="centre", local0=None) -> Process:
    r"""Elastic averaging SGD with heavy-ball momentum: `eamsgd` with the gradient taken at $x^i_t$.

    $v^i_{t+1} = \delta v^i_t - \eta\, g^i(x^i_t)$; everything else, parameters and errors are those of `eamsgd`.

    Notes
    -----
    Claims EASGD-2.6 and EASGD-ALG-A7. Reference: Zhang, Section 2.3.

    Examples
    --------
    >>> import stalegrad as sg
    >>> sg.eamsgd_heavy_ball(sg.problems.noisy_quadratic(), 0.04, 0.1, 0.4, momentum=0.9, n_workers=4).name
    'eamsgd_heavy_ball'
    """
    return _elastic_momentum("eamsgd_heavy_ball", heavy_ball_step, problem, eta, alpha, beta, momentum, n_workers, observe, local0)


def easgd_step(problem, eta, alpha, beta, state: ElasticState, draw: Draw) -> ElasticState:
    """x^i' = x^i - eta grad f(x^i; z^i) - alpha (x^i - centre), centre' = centre + beta (average - centre)."""
    local, centre = state.local, state.centre
    return moved(
        state,
        local=local - eta * gradients(problem, local, draw.z) - alpha * (local - centre),
        centre=centre + beta * (average(local) - centre),
    )


def gauss_seidel_step(problem, eta, alpha, beta, state: ElasticState, draw: Draw) -> ElasticState:
    """The elastic pull, then the gradients where it led, then the centre after the workers."""
    centre = state.centre
    half = state.local - alpha * (state.local - centre)
    local = half - eta * gradients(problem, half, draw.z)
    return moved(state, local=local, centre=centre + beta * (average(local) - centre))


def eamsgd_step(problem, eta, alpha, beta, momentum, state: ElasticMomentumState, draw: Draw) -> ElasticMomentumState:
    """v^i' = momentum v^i - eta grad f(x^i + momentum v^i; z^i), x^i' = x^i + v^i' - alpha (x^i - centre)."""
    ahead = state.local + momentum * state.velocity
    return _with_momentum(alpha, beta, state, momentum * state.velocity - eta * gradients(problem, ahead, draw.z))


def heavy_ball_step(problem, eta, alpha, beta, momentum, state: ElasticMomentumState, draw: Draw) -> ElasticMomentumState:
    """v^i' = momentum v^i - eta grad f(x^i; z^i), x^i' = x^i + v^i' - alpha (x^i - centre)."""
    return _with_momentum(alpha, beta, state, momentum * state.velocity - eta * gradients(problem, state.local, draw.z))


def _with_momentum(alpha, beta, state: ElasticMomentumState, velocity) -> ElasticMomentumState:
    local, centre = state.local, state.centre
    return moved(
        state,
        local=local + velocity - alpha * (local - centre),
        velocity=velocity,
        centre=centre + beta * (average(local) - centre),
    )


def _elastic(name, rule, problem, eta, alpha, beta, n_workers, observe, local0, stability) -> Process:
    rates = {"eta": positive(eta, "eta"), "alpha": finite(alpha, "alpha"), "beta": finite(beta, "beta")}
    return _process(name, rule, problem, rates, n_workers, observe, local0, ElasticState, dt=eta, stability=stability)


def _elastic_momentum(name, rule, problem, eta, alpha, beta, momentum, n_workers, observe, local0) -> Process:
    rates = {"eta": positive(eta, "eta"), "alpha": finite(alpha, "alpha"), "beta": finite(beta, "beta")}
    rates["momentum"] = signed_fraction(momentum, "momentum")
    stability = "Reduce eta, alpha or beta, or take the momentum nearer to 0."
    return _process(name, rule, problem, rates, n_workers, observe, local0, ElasticMomentumState, dt=math.sqrt(eta), stability=stability)


def _process(name, rule, problem, rates: dict, n_workers, observe, local0, state, *, dt: float, stability: str) -> Process:
    p = whole(n_workers, "n_workers", 1)
    observed = states.observed_names(observe)
    points = states.local_start(local0, p, objective(problem).dim)
    return Process(
        name=name,
        problem=problem,
        parameters=rates | {"n_workers": p, "observe": observed, "local0": points},
        dt=dt,
        init=partial(states.at_rest, state, p, points),
        draw=partial(draw_rows, problem.law, p),
        step=partial(rule, problem, *rates.values()),
        observe=partial(states.observe, observed),
        kernel=("elastic", "elastic_gradient"),
        arguments=partial(_arguments, name, problem, rates, p, observed, points),
        stability=stability,
        observed=observed,
    )


def _arguments(name: str, problem, rates: dict, p: int, observed: tuple, points, n_steps: int) -> tuple:
    momentum = rates.get("momentum", 0.0)
    return (
        problem.blocks.gradient.compiled,
        problem.law.compiled,
        problem.law.table,
        np.empty((0, problem.dim)) if points is None else points,
        np.array([list(states.OBSERVABLES).index(which) for which in observed]),
        p,
        n_steps,
        *(rates[which] for which in ("eta", "alpha", "beta")),
        momentum,
        momentum if name == "eamsgd" else 0.0,
        name == "easgd_gauss_seidel",
    )


def _mean_condition(problem, eta, alpha, beta) -> str:
    """The message of a diverging run: (3.4) at the problem's largest curvature."""
    if objective(problem).curvature is None:
        return "Reduce eta, alpha or beta."
    left = 2.0 - eta * problem.curvature, 2.0 - beta
    return (
        "Near the minimum (EASGD-3.4) asks for (2 - eta h)(2 - beta) > 2 alpha and (2 - eta h) + (2 - beta) > alpha, "
        f"and noise in the curvature for more: here {left[0] * left[1]:.3g} > {2.0 * alpha:.3g} and "
        f"{left[0] + left[1]:.3g} > {alpha:.3g}; reduce eta, alpha or beta."
    )
