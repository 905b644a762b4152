"""Stochastic gradient descent, one sample or a batch at a time."""

from __future__ import annotations

from functools import partial

from stalegrad import staleness as laws
from stalegrad.algorithms.delayed import Choices, Draw, State, delayed_process, frozen_past
from stalegrad.algorithms.sampled import gradient, sampled_process
from stalegrad.engine.alias import alias_table
from stalegrad.engine.checks import batch_sizes, objective, positive
from stalegrad.engine.process import Process
from stalegrad.engine.rates import given, learning_rates


def sgd(problem, eta: float, rates=None) -> Process:
    r"""Stochastic gradient descent, $x_{k+1} = x_k - \eta\,u_k \nabla f_{\gamma_k}(x_k)$.

    $\gamma_k$ is uniform on the components. One step stands for the time dt = eta.

    Parameters
    ----------
    problem : Problem
        The objective; on `noisy_quadratic` and `gamma_quadratic` this is (5.2) and (5.23) of the thesis.
    eta : float
        Learning rate, positive.
    rates : list, array or function of k, optional
        Factors u_1, u_2, ... of the learning rate, not negative; by default 1. The first step takes u_1.

    Raises
    ------
    ValueError
        For a rate that is not positive and finite, or factors that are negative; from `simulate`, for a list of factors
        shorter than the run.

    References
    ----------
    An, Lu and Ying, Section 1 (`asgd` without staleness); He, Meng, Chen, Ma and Liu, Section 3.1, for the factors u_k.

    Examples
    --------
    >>> import stalegrad as sg
    >>> sg.sgd(sg.problems.quadratic([[1.0], [-1.0]]), eta=0.1).dt
    0.1
    """
    eta, rates = positive(eta, "eta"), learning_rates(rates)
    return _synchronous("sgd", problem, {"eta": eta} | given(rates), 1)


def minibatch_sgd(problem, eta: float, batch) -> Process:
    r"""Mini-batch SGD, $x_{k+1} = x_k - \frac{\eta}{B_k} \sum_{j=1}^{B_k} \nabla f_{\gamma_j}(x_k)$.

    Samples are drawn with replacement. One step stands for the time dt = eta.

    Parameters
    ----------
    problem : Problem
        The objective.
    eta : float
        Learning rate, positive.
    batch : int or array of int
        B_k, one size, or one a step; at least 1.

    Raises
    ------
    ValueError
        For a rate that is not positive and finite, or a batch size that is not a whole number of at least 1; from
        `simulate`, for a schedule shorter than the run.

    Examples
    --------
    >>> import stalegrad as sg
    >>> problem = sg.problems.quadratic([[1.0], [-1.0]])
    >>> run = sg.simulate(sg.minibatch_sgd(problem, 0.1, batch=[1, 2, 4]), 1.0, n_paths=100, n_steps=3)
    >>> run.mean.shape
    (4, 1)
    """
    eta, batch = positive(eta, "eta"), batch_sizes(batch)
    parameters = {"eta": eta, "batch": batch}
    return _synchronous("minibatch_sgd", problem, parameters, batch)


def sgd_step(problem, eta: float, state: State, draw: Draw) -> State:
    """x - eta u_k (average over the batch of grad f(x; z))."""
    x = state.x
    slopes = [gradient(problem, x, z) for z in draw.z]
    x_next = x - eta * draw.rate / len(slopes) * sum(slopes)
    return State(x_next, state.past.push(x_next))


def _synchronous(name: str, problem, parameters: dict, batch) -> Process:
    eta, rates = parameters["eta"], parameters.get("rates")
    step = partial(sgd_step, problem, eta)
    if not objective(problem).n_components:
        return sampled_process(name, problem, parameters, batch, step, partial(frozen_past, 0), dt=eta)
    choices = Choices(problem.data, alias_table(laws.none().table), batch, one_read=False, rates=rates)
    return delayed_process(name, problem, parameters, choices, step, eta=eta, dt=eta)
