"""Langevin limits: friction, temperature, equivalence, and where one temperature is not enough."""

import numpy as np
import pytest
import sympy as sp
from scipy.linalg import solve_continuous_lyapunov

from stalegrad.theory import formula
from stalegrad.theory.ito import ito_moments
from stalegrad.theory.sme import langevin as la
from stalegrad.theory.sme.iteration import eta_prime, force, momentum
from stalegrad.theory.sme.symbols import M, P, Sigma, X, Y, a, alpha, dt, eta, mu, u, vanishes


@pytest.mark.claim("SME-2.5", "proved")
@pytest.mark.claim("SME-temperature", "proved")
def test_gibbs_law_is_stationary_at_one_temperature_only():
    f = sp.Function("f")(M)
    theta = la.fluctuation_dissipation()
    assert sp.simplify(la.gibbs_residual(f).subs(la.temperature, theta)) == 0
    assert sp.simplify(la.gibbs_residual(f).subs(la.temperature, 2 * theta)) != 0


@pytest.mark.claim("SME-temperature", "proved")
def test_temperatures_of_both_algorithms():
    expected = formula("SME-temperature").expr
    assert vanishes(la.temperature_of(la.ASGD_LINEAR, P) - expected["asgd"])
    assert sp.simplify(la.temperature_of(la.MSGD, P) - expected["msgd"]) == 0


@pytest.mark.claim("SME-temperature", "counterexample")
def test_temperature_does_not_set_the_rate_of_convergence():
    """The drift of the moments holds no noise: the rate depends on friction and curvature alone."""
    for model, velocity, position in ((la.ASGD_LINEAR, P, M), (la.MSGD, P, X)):
        matrix, _ = ito_moments(model.drift, model.covariance, (position**2, velocity**2, position * velocity))
        assert Sigma not in matrix.free_symbols


@pytest.mark.claim("SME-2.5", "proved")
@pytest.mark.claim("SME-2.7", "proved")
@pytest.mark.claim("SME-2.11", "proved")
def test_noise_coefficients_match_the_variance_of_one_step():
    """Noise of one step: dt xi on P in (2.3), eta xi on X in (2.10), sqrt(eta') xi on P in (5.2)."""
    assert vanishes(la.noise_coefficient(dt**2 * Sigma) - la.ASGD_LINEAR.covariance[P, P])
    assert vanishes(la.noise_coefficient(eta**2 * Sigma) - la.ASGD_GENERAL.covariance[X, X])
    assert sp.simplify(eta_prime * Sigma / sp.sqrt(eta_prime) - la.MSGD.covariance[P, P]) == 0
    for claim_id, model, variable in (("SME-2.5", la.ASGD_LINEAR, P), ("SME-2.7", la.MSGD, P), ("SME-2.11", la.ASGD_GENERAL, X)):
        assert vanishes(formula(claim_id).expr["noise"] ** 2 - model.covariance[variable, variable])


@pytest.mark.claim("SME-2.5", "proved")
@pytest.mark.claim("SME-2.7", "proved")
@pytest.mark.claim("SME-2.11", "proved")
def test_drifts_as_registered_are_those_of_the_models():
    checks = (
        ("SME-2.5", la.ASGD_LINEAR, {P: "dP/dt", M: "dM/dt"}, a * M),
        ("SME-2.7", la.MSGD, {P: "dP/dt", X: "dX/dt"}, a * X),
        ("SME-2.11", la.ASGD_GENERAL, {Y: "dY/dt", X: "dX/dt"}, a * X),
    )
    for claim_id, model, names, gradient in checks:
        for variable, name in names.items():
            assert vanishes(formula(claim_id).expr[name].subs(force, gradient) - model.drift[variable])


@pytest.mark.claim("SME-linear-equivalence", "proved")
def test_general_equation_becomes_the_linear_one():
    changed = la.general_as_linear()
    assert set(changed.covariance) == set(la.ASGD_LINEAR.covariance)
    for variable in (M, P):
        assert vanishes(changed.drift[variable] - la.ASGD_LINEAR.drift[variable])
    assert vanishes(changed.covariance[P, P] - la.ASGD_LINEAR.covariance[P, P])


@pytest.mark.claim("SME-P1", "proved")
def test_matched_momentum_sgd_is_the_same_equation():
    matched = {momentum: mu, eta_prime: eta * (1 - mu), X: M}
    assert vanishes(la.MSGD.drift[P].subs(matched) - la.ASGD_LINEAR.drift[P])
    assert vanishes(la.MSGD.covariance[P, P].subs(matched) - la.ASGD_LINEAR.covariance[P, P])


@pytest.mark.claim("SME-P1", "counterexample")
def test_the_iterate_has_a_larger_variance_than_its_expected_read(check):
    model = la.ASGD_LINEAR
    matrix, constant = ito_moments(model.drift, model.covariance, (M**2, P**2, M * P))
    m2, p2, mp = -matrix.LUsolve(constant)
    assert vanishes(m2 - Sigma * eta / (2 * a))
    excess = m2 + 2 * alpha * mp + alpha**2 * p2 - m2
    assert vanishes(excess - Sigma * eta**2 / (2 * (1 - mu)))
    values = {Sigma: 4.0, eta: 0.01, mu: 0.95, a: 2.0}
    x2 = formula("SME-stationary").numeric(Sigma=4.0, eta=0.01, mu=0.95, a=2.0)["x2"]
    check("variance of X over variance of M, less one", x2 / float(m2.subs(values)) - 1.0, 2.0 * 0.01 / 0.05, 1e-12)


def _stationary(hessian, noise, friction=1.0):
    """Covariance of (m, p) for dm = p dt, dp = -H m - friction p + noise, from the Lyapunov equation."""
    d = len(hessian)
    drift = np.block([[np.zeros((d, d)), np.eye(d)], [-hessian, -friction * np.eye(d)]])
    spread = np.zeros((2 * d, 2 * d))
    spread[d:, d:] = noise
    return solve_continuous_lyapunov(drift, -spread)


@pytest.mark.claim("SME-2.5", "counterexample")
def test_noise_that_does_not_commute_with_the_hessian_has_no_gibbs_form(check):
    """Position and momentum are correlated: E m p^T is antisymmetric and not zero."""
    noise = np.array([[2.0, 1.0], [1.0, 1.0]])
    commuting = _stationary(np.diag([1.0, 1.0]), noise)
    check("E m p^T where noise and Hessian commute", commuting[:2, 2:], np.zeros((2, 2)), 1e-12)
    crossed = _stationary(np.diag([1.0, 3.0]), noise)[:2, 2:]
    check("symmetric part of E m p^T", crossed + crossed.T, np.zeros((2, 2)), 1e-12)
    # Off-diagonal Lyapunov equations by hand: E m1 p2 = s12 (h1 - h2) / ((h1 - h2)^2 + 2 (h1 + h2) k^2), friction k.
    check("E m1 p2 for Hessian diag(1, 3)", crossed[0, 1], -2.0 / (4.0 + 8.0), 1e-12)


@pytest.mark.claim("SME-3.3", "definition")
def test_second_order_drift_reproduces_one_step_of_sgd_to_second_order():
    """exp of the drift over one step against 1 - a eta: the difference is of third order."""
    rate = la.SGD.drift[X] / X
    mismatch = sp.series(sp.exp(rate * eta) - (1 - a * eta), eta, 0, 3).removeO()
    assert sp.simplify(mismatch) == 0


@pytest.mark.claim("SME-4.2", "refutes")
def test_printed_batch_noise_is_smaller_than_the_corrected_one(check):
    given = {"Sigma_sample": 1.0, "Sigma_read": 0.5, "eta": 0.01, "mu": 0.9, "u": 9.0}
    printed, corrected = formula("SME-4.2").numeric_printed(**given), formula("SME-4.2").numeric(**given)
    check("variance, corrected over printed", (corrected / printed) ** 2, 0.6 / 0.15, 1e-12)
    assert vanishes(formula("SME-4.2").expr.subs(u, 0) - formula("SME-4.2").printed.subs(u, 0))
