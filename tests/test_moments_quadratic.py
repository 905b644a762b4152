"""Exact moments of one quadratic mode: closed forms, stationary values, the curves of Figure 4, the best mu."""

import numpy as np
import pytest

from stalegrad import moments
from stalegrad.moments import continuous, quadratic
from stalegrad.moments.discrete import Memory, Rule
from stalegrad.theory import formula
from stalegrad.theory.sme import quadratic as theory
from stalegrad.theory.sme.symbols import a, eta, mu, s2


@pytest.mark.claim("SME-F4", "exact")
@pytest.mark.parametrize("k", [0, 1, 100, 1000])
def test_sme_sgd_is_an_ornstein_uhlenbeck_process(k, check):
    rate = 2.0 * (1 + 0.01 * 2.0 / 2)
    decay = np.exp(-rate * 0.01 * k)
    found = moments.figure4("sme-sgd", mu=0.95, k=k)
    check(f"mean, k = {k}", found["mean"], decay, 1e-12)
    check(f"second moment, k = {k}", found["second_moment"], decay**2 + 0.01 * 4.0 / (2 * rate) * (1 - decay**2), 1e-12)


@pytest.mark.claim("SME-F4", "exact")
def test_sme_asgd_flow_is_the_ito_system(check):
    """The matrix of `continuous` on (X^2, Y^2, XY, Sigma) against sympy's."""
    matrix, constant = theory.closed_moments()
    values = {eta: 0.01, mu: 0.95, a: 2.0, s2: 4.0}
    expected = np.array(matrix.subs(values), dtype=float)
    system = continuous.sme_asgd(quadratic.components(2.0, 4.0), 0.01, 0.95).flow(np.ones(1))
    # Packed order of S for (x, y, 1): xx, xy, x, yy, y, 1; then Sigma.
    places = [0, 3, 1, 6]
    check("drift of (X^2, Y^2, XY, Sigma)", system.matrix[np.ix_(places, places)], expected, 1e-10)
    check("constant", system.matrix[places, 5], np.array(constant.subs(values), dtype=float).ravel(), 1e-10)


@pytest.mark.claim("SME-F4", "exact")
@pytest.mark.parametrize("share", [0.9, 0.95, 0.97])
def test_sme_asgd_follows_both_moments_and_sme_sgd_does_not(share, check):
    """Largest distance over 1,000 steps, exact on both sides; the ratio is the claim."""

    def curve(model):
        return np.array([list(moments.figure4(model, share, k).values()) for k in range(0, 1000, 10)])

    asgd = curve("asgd")
    errors = {model: np.abs(curve(model) - asgd).max(axis=0) for model in ("sme-asgd", "sme-sgd")}
    assert np.all(4 * errors["sme-asgd"] < errors["sme-sgd"])
    check(f"largest error of the mean of SME-ASGD, mu = {share}", errors["sme-asgd"][0], 0.0, 0.02)


@pytest.mark.claim("SME-variance-underestimated", "exact")
@pytest.mark.parametrize("share", [0.5, 0.9, 0.97])
def test_sme_sgd_underestimates_the_stationary_variance_of_the_quadratic(share):
    exact = moments.exact_moments(0.01, share, 2.0, 4.0, 1.0, "inf")["second_moment"]
    ornstein = 0.01 * 4.0 / (2 * 2.0 * 1.01)
    assert ornstein < exact


@pytest.mark.claim("SME-exact-moments", "exact")
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_moments_reach_the_closed_stationary_form(share, check):
    values = {eta: 0.2, mu: share, a: 1.5, s2: 2.0}
    closed = float(theory.ASGD_STATIONARY["x2"].subs(values))
    solved = moments.exact_moments(0.2, share, 1.5, 2.0, x0=3.0, k="inf")
    late = moments.exact_moments(0.2, share, 1.5, 2.0, x0=3.0, k=5000)
    check("stationary second moment, solved", solved["second_moment"], closed, 1e-12)
    check("second moment after 5000 steps", late["second_moment"], closed, 1e-10)
    check("mean after 5000 steps", late["mean"], 0.0, 1e-10)


@pytest.mark.claim("SME-exact-moments", "exact")
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_no_stationary_moment_beyond_the_stability_limit(share):
    """The denominator of the closed form vanishes where the spectral radius is 1."""
    h = max(np.roots([2 * share, (1 - share) ** 2, -2 * (1 - share**2)]).real)
    inside, outside = (np.abs(np.linalg.eigvals(quadratic.second_moment_map(1.0, h * f, share))).max() for f in (0.999, 1.001))
    assert inside < 1 < outside
    with pytest.warns(RuntimeWarning, match="no stationary second moment"):
        assert moments.exact_moments(1.001 * h, share, 1.0, 1.0, 0.0, "inf")["second_moment"] == np.inf


@pytest.mark.claim("SME-exact-moments", "exact")
@pytest.mark.parametrize("k", [200, 1000])
@pytest.mark.filterwarnings("error")
def test_the_mean_may_decay_where_the_second_moment_overflows(k, check):
    """a eta = 10, mu = 0.95: the delayed reads make E x^2 grow beyond the largest float, while x' = x - 10 m, m' = mu m + (1 - mu) x' decays."""
    found, x, m = moments.exact_moments(5.0, 0.95, 2.0, 4.0, 1.0, k), 1.0, 1.0
    for _ in range(k):
        x -= 10.0 * m
        m = 0.95 * m + 0.05 * x
    check("mean", found["mean"], x, 1e-9 * 0.95 ** (k / 2))
    assert found["second_moment"] > 1e100 and (found["second_moment"] == np.inf) == (k == 1000)


@pytest.mark.claim("SME-self-consistent", "exact")
@pytest.mark.parametrize("share", [0.3, 0.9, 0.97])
def test_self_consistent_closed_form_and_solve(share, check):
    closed = formula("SME-self-consistent").numeric(eta=0.02, mu=share, a=2.0, s2=4.0)
    solved = moments.self_consistent(eta=0.02, mu=share, a=2.0, s2=4.0)
    check("Sigma", solved["Sigma"], closed["Sigma"], 1e-10)
    check("E X^2", solved["x2"], closed["x2"], 1e-12)


@pytest.mark.claim("SME-best-mu", "exact")
@pytest.mark.parametrize(("curvature", "rate"), [(2.0, 0.01), (1.0, 0.1), (1.0, 0.5), (1.0, 1.5)])
def test_best_mu_against_dense_scan_of_polynomial_roots(curvature, rate, check):
    """Second route: roots of the characteristic polynomial on a dense grid, no eigenvalue solver of matrices shared."""
    best = moments.best_mu(curvature, rate)
    grid = np.linspace(0.0, 0.999, 4001)
    radii = [np.abs(np.roots(np.poly(m))).max() for m in quadratic.second_moment_map(curvature, rate, grid)]
    scanned = -np.log(np.min(radii))
    assert best["rate"] >= scanned - 1e-6
    check(f"best mu, a eta = {curvature * rate}", best["mu"], grid[np.argmin(radii)], 2 * 0.999 / 4000)


@pytest.mark.claim("SME-5.5", "counterexample")
def test_the_algorithm_has_its_own_best_mu():
    """At a eta = 0.1 the rule (5.5) gives 0.6; the algorithm's second moment decays fastest elsewhere, and visibly faster there."""
    best, rule = moments.best_mu(1.0, 0.1), formula("SME-5.5").numeric(a=1.0, eta=0.1)
    at_rule = float(quadratic.decay_per_step(1.0, 0.1, rule))
    assert abs(best["mu"] - rule) > 0.02
    assert best["rate"] > 1.05 * at_rule


@pytest.mark.claim("SME-P1", "counterexample")
def test_discrete_algorithms_at_matched_parameters_differ(check):
    """Stationary second moments of ASGD(eta, mu) and heavy ball(eta (1-mu), mu): equal to leading order only for the read."""
    linear = quadratic.components(2.0, 4.0)
    asgd = Rule(linear, 0.01, quadratic.geometric_memory(0.95)).system(np.zeros(1))
    ball = Rule(linear, 0.01 * 0.05, Memory(np.ones(1), None), momentum=0.95).system(np.zeros(1))
    x2, m2, ball2 = (_stationary_entry(system, place) for system, place in ((asgd, 0), (asgd, 3), (ball, 0)))
    check("E m^2 of ASGD over E x^2 of heavy ball", m2 / ball2, 1.0, 0.02)
    assert x2 / ball2 > 1.35


def _stationary_entry(system, place):
    return np.linalg.matrix_power(system.matrix, 4000)[place] @ system.start


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: moments.exact_moments(0.01, 1.0, 2.0, 4.0, 1.0, 5), "mu=1.0 must lie in"),
        (lambda: moments.exact_moments(0.01, 0.9, 2.0, 4.0, 1.0, -1), "k=-1 is too small"),
        (lambda: moments.exact_moments(0.01, 0.9, 2.0, 4.0, float("nan"), 1), "start=nan must be finite"),
        (lambda: moments.figure4("adam", 0.9, 1), "model = 'adam'"),
        (lambda: moments.figure4("sme-asgd", 0.0, 1), "divides by mu"),
        (lambda: moments.figure4("sme-asgd", 0.9, 1, "milstein"), "scheme = 'milstein'"),
        (lambda: moments.best_mu(1.0, 2.5), "a \\* eta < 2"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
