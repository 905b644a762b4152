"""Asynchronous stochastic gradient descent: gradients at parameters that were read some updates ago."""

from __future__ import annotations

import math
from functools import partial

from stalegrad.algorithms.delayed import Choices, Draw, State, delayed_process, finite_rows
from stalegrad.algorithms.sampled import gradient
from stalegrad.engine.alias import alias_table
from stalegrad.engine.checks import batch_sizes, positive
from stalegrad.engine.process import Process
from stalegrad.engine.rates import given, learning_rates


def asgd(problem, eta: float, staleness, rates=None) -> Process:
    r"""Asynchronous SGD, $x_{k+1} = x_k - \eta\,u_k \nabla f_{\gamma_k}(x_{k-\tau_k})$ (claims SME-2.1 and, with rates, SDDE-4).

    The staleness $\tau_k$ and the component $\gamma_k$ are drawn anew and independently in each step
    (claim SME-A1); before step 0 the past is frozen, $x_k = x_0$ for k < 0. One step stands for the time
    $dt = \sqrt{\eta / (1 + E\tau)}$, which is $\sqrt{\eta (1 - \mu)}$ for `geometric(mu)`.

    Parameters
    ----------
    problem : Problem
        The objective.
    eta : float
        Learning rate, positive.
    staleness : Staleness
        Law of the staleness: `geometric(mu)`, `constant(l)`, `uniform(low, high)`, `empirical(counts)`, ...
    rates : list, array or function of k, optional
        Factors u_1, u_2, ... of the learning rate, not negative; by default 1. The first step takes u_1, as in
        ``rates=lambda k: 1 / k``, which has no u_0.

    Raises
    ------
    ValueError
        For a rate that is not positive and finite, a staleness that is no law, or factors that are negative; from
        `simulate`, for a list of factors shorter than the run.

    References
    ----------
    An, Lu and Ying, Section 2; He, Meng, Chen, Ma and Liu, Section 3.1.

    Examples
    --------
    >>> import stalegrad as sg
    >>> problem = sg.problems.quadratic([[1.0], [-1.0]], curvature=2.0)
    >>> run = sg.simulate(sg.asgd(problem, eta=0.01, staleness=sg.geometric(0.95)), 1.0, n_paths=1000, n_steps=200)
    >>> run.mean.shape, run.diverged
    ((201, 1), 0)
    """
    eta, rates = positive(eta, "eta"), learning_rates(rates)
    parameters = {"eta": eta, "staleness": staleness} | given(rates)
    return _asynchronous("asgd", problem, parameters, 1, one_read=False)


def minibatch_asgd(problem, eta: float, staleness, batch, rates=None) -> Process:
    r"""Mini-batch ASGD, $x_{k+1} = x_k - \frac{\eta\,u_k}{B_k} \sum_{j=1}^{B_k} \nabla f_{\gamma_j}(x_{k-\tau_k})$ (claims SME-4.1, SDDE-4).

    One staleness per step: a worker reads once and evaluates its whole batch there. So the batch divides the
    sampling variance by $B_k = 1 + u_k$, but not the variance that the random read adds. The algorithm whose
    noise is divided as a whole, which SME-4.2 assumes, is `minibatch_asgd_separate_reads`.

    Parameters
    ----------
    problem : Problem
        The objective.
    eta : float
        Learning rate, positive.
    staleness : Staleness
        Law of the staleness.
    batch : int or array of int
        B_k, one size, or one a step; at least 1.
    rates : list, array or function of k, optional
        Factors u_1, u_2, ... of the learning rate, as in `asgd`.

    Raises
    ------
    ValueError
        For a rate that is not positive and finite, a staleness that is no law, a batch size that is not a
        whole number of at least 1, or factors that are negative; from `simulate`, for a schedule shorter than the run.

    References
    ----------
    An, Lu and Ying, Section 4; He, Meng, Chen, Ma and Liu, Section 3.1.

    Examples
    --------
    >>> import stalegrad as sg
    >>> problem = sg.problems.quadratic([[1.0], [-1.0]])
    >>> process = sg.minibatch_asgd(problem, 0.01, sg.geometric(0.9), batch=5)
    >>> round(process.dt, 9)
    0.031622777
    """
    eta, batch, rates = positive(eta, "eta"), batch_sizes(batch), learning_rates(rates)
    parameters = {"eta": eta, "staleness": staleness, "batch": batch} | given(rates)
    return _asynchronous("minibatch_asgd", problem, parameters, batch, one_read=True)


def minibatch_asgd_separate_reads(problem, eta: float, staleness, batch) -> Process:
    r"""Mini-batch ASGD, $x_{k+1} = x_k - \frac{\eta}{B_k} \sum_{j=1}^{B_k} \nabla f_{\gamma_j}(x_{k-\tau_{k,j}})$.

    Each sample has a staleness of its own: the update averages gradients of different workers. Given the
    past the terms are independent, so the whole noise is divided by B_k, as in claim SME-4.2; but SME-4.1
    prints one staleness, see `minibatch_asgd`, where parameters and errors are described.

    Examples
    --------
    >>> import stalegrad as sg
    >>> problem = sg.problems.quadratic([[1.0], [-1.0]])
    >>> sg.minibatch_asgd_separate_reads(problem, 0.01, sg.geometric(0.9), batch=5).name
    'minibatch_asgd_separate_reads'
    """
    eta, batch = positive(eta, "eta"), batch_sizes(batch)
    parameters = {"eta": eta, "staleness": staleness, "batch": batch}
    return _asynchronous("minibatch_asgd_separate_reads", problem, parameters, batch, one_read=False)


def asgd_step(problem, eta: float, state: State, draw: Draw) -> State:
    """x - eta u_k (average over the batch of grad f(x_{k - tau_j}; z_j))."""
    slopes = [gradient(problem, state.past.read(tau), z) for tau, z in zip(draw.tau, draw.z, strict=True)]
    x_next = state.x - eta * draw.rate / len(slopes) * sum(slopes)
    return State(x_next, state.past.push(x_next))


def _asynchronous(name: str, problem, parameters: dict, batch, one_read: bool) -> Process:
    eta, staleness, rates = parameters["eta"], parameters["staleness"], parameters.get("rates")
    if not hasattr(staleness, "table"):
        raise ValueError(f"staleness={staleness!r} is no law: give geometric(mu), constant(l), uniform(low, high), ...")
    choices = Choices(finite_rows(problem), alias_table(staleness.table), batch, one_read, rates)
    dt = math.sqrt(eta / (1.0 + staleness.mean))
    return delayed_process(name, problem, parameters, choices, partial(asgd_step, problem, eta), eta=eta, dt=dt)
