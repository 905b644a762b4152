"""Evolution of the noise covariance, (5.1) and (2.12), and the covariance of a mini-batch."""

import numpy as np
import pytest
import sympy as sp

from stalegrad import moments
from stalegrad.theory import formula
from stalegrad.theory.sme import sigma
from stalegrad.theory.sme.symbols import eta, mu, vanishes


@pytest.mark.claim("SME-5.1", "proved")
@pytest.mark.parametrize("length", [1, 3])
def test_recursion_of_the_covariance(length):
    assert sigma.covariance_recursion(length) == 0


@pytest.mark.claim("SME-2.12", "proved")
def test_printed_evolution_is_the_backward_difference():
    assert vanishes(sigma.backward_rate() - sigma.CLOSURE.expr)


@pytest.mark.claim("SME-2.12", "counterexample")
def test_three_closures_differ_in_the_factor_of_the_lag():
    """1/mu for the backward difference, mu for the forward one, 1 in continuous time."""
    assert vanishes(sigma.backward_rate() - sigma.lag_form(1 / mu))
    assert vanishes(sigma.forward_rate() - sigma.lag_form(mu))
    assert vanishes(sigma.continuous_rate() - sigma.lag_form(1))
    assert sp.limit(sigma.CLOSURE.expr.subs({sigma.g: 1, sigma.G: 1, sigma.Y: 0, sigma.Sigma: 0, eta: 1}), mu, 0) == sp.oo


@pytest.mark.claim("SME-2.12", "counterexample")
def test_small_mu_loses_the_stationary_law_that_sgd_has(check):
    """At mu = 0.001, a eta = 0.1 the printed closure has no stationary moment; the algorithm and the closure 1 have."""
    given = {"eta": 0.1, "mu": 1e-3, "a": 1.0, "s2": 1.0}
    with pytest.warns(RuntimeWarning, match="no stationary second moment"):
        printed = moments.self_consistent(**given)
    assert printed["x2"] == np.inf
    algorithm = moments.exact_moments(**given, x0=0.0, k="inf")["second_moment"]
    closure = moments.self_consistent(**given, lag_factor=1.0)["x2"]
    # (2.11) is first order: relative errors of the order a eta are its own.
    check("stationary second moment, closure 1 over algorithm", closure / algorithm, 1.0, 0.1)


@pytest.mark.claim("SME-2.12", "exact")
def test_evolution_along_a_run_with_arbitrary_gradients(check):
    rate, share, steps = 0.05, 0.8, 30
    rng = np.random.default_rng(2)
    components = rng.normal(size=(steps, 2))
    g, G, scale = components.mean(axis=1), (components**2).mean(axis=1), np.sqrt(rate / (1 - share))

    def average(values, k):
        return (1 - share) * sum(share**lag * values[k - lag] for lag in range(k + 1)) + share ** (k + 1) * values[0]

    y = np.array([-scale * average(g, k) for k in range(steps)])
    cov = np.array([average(G, k) for k in range(steps)]) - (y / scale) ** 2
    common = {"eta": rate, "mu": share}
    step = formula("SME-5.1").numeric(Sigma=cov[:-1], Y_before=y[:-1], Y=y[1:], G=G[1:], **common)
    check("Sigma_k by (5.1)", step, cov[1:], 1e-12)
    slope = formula("SME-2.12").numeric(Sigma=cov[:-1], Y=y[1:], g=g[1:], G=G[1:], **common)
    check("backward difference of Sigma by (2.12)", slope, np.diff(cov) / np.sqrt(rate * (1 - share)), 1e-10)


@pytest.mark.claim("SME-4.2", "refutes")
@pytest.mark.claim("SME-4.2", "proved")
@pytest.mark.parametrize("batch", [2, 3])
def test_a_shared_staleness_draw_leaves_the_read_variance(batch):
    covariance, sampling, reads = sigma.batch_covariance(batch, shared=True)
    assert sp.expand(covariance - (sampling / batch + reads)) == 0
    assert sp.expand(covariance - (sampling + reads) / batch) != 0


@pytest.mark.claim("SME-4.2", "proved")
@pytest.mark.parametrize("batch", [2, 3])
def test_independent_staleness_divides_the_whole_covariance(batch):
    covariance, sampling, reads = sigma.batch_covariance(batch, shared=False)
    assert sp.expand(covariance - (sampling + reads) / batch) == 0
