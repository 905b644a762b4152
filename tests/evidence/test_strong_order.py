"""SME-strong-order, SME-T2: what the rate in Theorem 2 measures, with exact moments."""

import numpy as np
import pytest

import stalegrad as sg
from stalegrad.evidence import order_of_convergence

MU, HORIZON, START = 0.5, 1.0, 1.0
ETAS = 0.01 / 4.0 ** np.arange(6)


def state_at_horizon(model):
    """Mean and variance of the one coordinate at SME time HORIZON."""
    n_steps = round(HORIZON / np.sqrt(model.parameters["eta"] * (1 - MU)))
    exact = sg.moments.of(model, START, n_steps=n_steps)
    mean = exact.mean[-1, 0]
    return mean, exact.second_moment[-1, 0, 0] - mean**2


def distances(problem):
    """Root mean square distance at the horizon from ASGD to three processes that know nothing of its noise."""
    rows = []
    for eta in ETAS:
        mean, variance = state_at_horizon(sg.asgd(problem, eta=eta, staleness=sg.geometric(MU)))
        limit_mean, limit_variance = state_at_horizon(sg.sme_asgd(problem, eta=eta, mu=MU))
        rows.append(
            {
                "SME-ASGD, independent noise": np.sqrt((mean - limit_mean) ** 2 + variance + limit_variance),
                "equation without noise": np.sqrt((mean - limit_mean) ** 2 + variance),
                "constant process": np.sqrt((mean - START) ** 2 + variance),
            }
        )
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


@pytest.mark.claim("SME-strong-order", "counterexample")
def test_a_process_that_stays_at_the_start_has_order_one(square, check):
    """Orders in dt = sqrt(eta (1 - mu)); a tolerance of 0.1 is a tenth of an order over five halvings of dt."""
    dt = np.sqrt(ETAS * (1 - MU))
    order = {name: order_of_convergence(dt, d).order for name, d in distances(square).items()}
    check("order of the constant process", order["constant process"], 1.0, 0.1)
    check("order of the equation without noise", order["equation without noise"], 1.5, 0.1)
    check("order of SME-ASGD with independent noise", order["SME-ASGD, independent noise"], 1.5, 0.1)


@pytest.mark.claim("SME-strong-order", "exact")
def test_sme_asgd_is_at_least_of_order_one(square):
    """The printed rate is an upper bound that holds, with any coupling of the noises, on this problem."""
    dt = np.sqrt(ETAS * (1 - MU))
    assert order_of_convergence(dt, distances(square)["SME-ASGD, independent noise"]).order > 1.0


@pytest.mark.claim("SME-strong-order", "counterexample")
def test_order_one_half_where_the_coefficients_are_bounded(square, check):
    """With 1 - mu = eta, dt = eta: the regime in which friction and drift of (2.11) do not depend on eta."""

    def gap(eta):
        mu, n_steps = 1 - eta, round(HORIZON / eta)
        models = sg.asgd(square, eta=eta, staleness=sg.geometric(mu)), sg.sme_asgd(square, eta=eta, mu=mu)
        exact = [sg.moments.of(model, START, n_steps=n_steps) for model in models]
        means = [run.mean[-1, 0] for run in exact]
        return np.sqrt((means[0] - means[1]) ** 2 + sum(run.second_moment[-1, 0, 0] - m**2 for run, m in zip(exact, means)))

    etas = 0.01 / 2.0 ** np.arange(5)
    check("order of SME-ASGD at 1 - mu = eta", order_of_convergence(etas, np.array([gap(eta) for eta in etas])).order, 0.5, 0.1)


@pytest.mark.claim("SME-3.1", "exact")
@pytest.mark.claim("SME-T2", "exact")
def test_the_bound_holds_with_one_constant(square):
    """K_T = T G + c sqrt(T) with G = |f'| and c = sqrt(Sigma) at the start, for SME-ASGD and, as it happens, for the constant process."""
    constant = HORIZON * 2.0 + 2.0 * np.sqrt(HORIZON)
    bound = constant * np.sqrt(ETAS / (1 - MU))
    found = distances(square)
    assert np.all(found["SME-ASGD, independent noise"] <= bound)
    assert np.all(found["constant process"] <= bound)
    # control: a process that starts elsewhere does not satisfy it
    assert not np.all(found["constant process"] + 0.5 <= bound)
