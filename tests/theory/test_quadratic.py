"""Moment systems, eigenvalues and stationary values of sections 4 and B, derived and computed."""

import numpy as np
import pytest
import sympy as sp
from scipy.linalg import expm

from stalegrad.theory import formula
from stalegrad.theory.ito import ito_moments
from stalegrad.theory.sme import quadratic as q
from stalegrad.theory.sme.symbols import X, a, alpha, eta, kappa, mu, retention, tidy, u, vanishes

POINT = {"eta": 0.01, "mu": 0.95, "a": 2.0}


@pytest.mark.claim("SME-4.3", "proved")
@pytest.mark.claim("SME-5.3", "proved")
@pytest.mark.claim("SME-5.4", "proved")
def test_second_moment_system_by_ito():
    matrix, constant = q.second_moments()
    assert vanishes(matrix - q.SECOND)
    assert vanishes(constant.subs(u, 0) - formula("SME-5.4").expr["constant"])
    assert vanishes(constant - formula("SME-5.4").expr["constant"] / (1 + u))
    names = [q.x2, q.y2, q.xy]
    rows = list(formula("SME-5.3").expr.values())
    assert vanishes(matrix * sp.Matrix(names) + constant.subs(u, 0) - sp.Matrix(rows))


@pytest.mark.claim("SME-4.3", "exact")
def test_printed_matrix_for_the_square(check):
    k = np.sqrt(0.05 / 0.01)
    printed = -np.array([[0, 0, -2], [0, 2 * k, 4], [2, -1, k]])
    check("drift matrix for f = x^2", formula("SME-4.3").numeric(eta=0.01, mu=0.95), printed, 1e-14)


@pytest.mark.claim("SME-first-moment", "proved")
def test_first_moments():
    assert vanishes(q.first_moments() - q.FIRST)
    for root in formula("SME-first-moment").expr.values():
        assert vanishes(q.characteristic(q.FIRST).subs(q.growth, root))
    # Trace -kappa < 0 and determinant a > 0: both real parts are negative (Routh-Hurwitz).
    assert q.FIRST.trace() == -kappa and q.FIRST.det() == a


@pytest.mark.claim("SME-second-moment-eigenvalues", "proved")
@pytest.mark.claim("SME-4.3", "proved")
def test_second_moment_eigenvalues_are_all_roots():
    roots = list(formula("SME-second-moment-eigenvalues").expr.values())
    product = sp.prod(q.growth - root for root in roots)
    assert vanishes(sp.expand(product) - q.characteristic(q.SECOND))


@pytest.mark.claim("SME-second-moment-eigenvalues", "exact")
@pytest.mark.claim("SME-first-moment", "exact")
@pytest.mark.parametrize("share", [0.5, 0.9, 0.97])
def test_eigenvalues_numerically(share, check):
    point = {**POINT, "mu": share}
    for claim_id, matrix in (
        ("SME-second-moment-eigenvalues", formula("SME-5.4").numeric(Sigma=1.0, **point)["matrix"]),
        ("SME-first-moment", np.array(q.FIRST.subs({eta: 0.01, mu: share, a: 2.0}), dtype=float)),
    ):
        closed = np.poly(list(formula(claim_id).numeric(**point).values()))
        check(f"polynomial of {claim_id}, mu = {share}", closed, np.poly(matrix), 1e-11)


@pytest.mark.claim("SME-stationary", "proved")
@pytest.mark.claim("SME-4.4", "proved")
def test_stationary_moments():
    x2, y2, xy = q.stationary(*q.second_moments())
    expected = q.STATIONARY.expr
    for value, name in ((x2, "x2"), (y2, "y2"), (xy, "xy")):
        assert vanishes(value.subs(u, 0) - expected[name])
    assert vanishes(x2 - q.STATIONARY_BATCH.expr)


@pytest.mark.claim("SME-stationary", "exact")
@pytest.mark.claim("SME-4.4", "exact")
def test_stationary_moments_numerically(check):
    system = formula("SME-5.4").numeric(Sigma=4.0, **POINT)
    x2, y2, xy = np.linalg.solve(system["matrix"], -system["constant"].ravel())
    closed = formula("SME-stationary").numeric(Sigma=4.0, **POINT)
    check("stationary E X^2, E Y^2, E XY", [closed["x2"], closed["y2"], closed["xy"]], [x2, y2, xy], 1e-15)
    check("z_infinity", formula("SME-4.4").numeric(Sigma=4.0, **POINT), x2, 1e-15)


@pytest.mark.claim("SME-self-consistent", "proved")
def test_self_consistent_covariance():
    x2, _, _, fixed = q.stationary(*q.closed_moments())
    closed = formula("SME-self-consistent").expr
    assert vanishes(fixed - closed["Sigma"].args[0].expr)
    assert vanishes(x2 - closed["x2"].args[0].expr)


@pytest.mark.claim("SME-self-consistent", "proved")
def test_existence_condition_is_the_determinant():
    """The 4 x 4 system is cooperative (noise feeds Sigma, Sigma feeds noise): it is stable until its determinant vanishes."""
    matrix, _ = q.closed_moments()
    gain = a**2 * eta**2 / (2 * mu * (1 - mu))
    assert vanishes(tidy(matrix.det()) - 4 * a * kappa**2 * (1 - gain))
    at = sp.lambdify((eta, mu, a), matrix)
    for share in (0.02, 0.3, 0.9, 0.99):
        edge = np.sqrt(2 * share * (1 - share))
        inside, outside = (np.linalg.eigvals(at(edge * f, share, 1.0)).real.max() for f in (0.99, 1.01))
        assert inside < 0 < outside


@pytest.mark.claim("SME-self-consistent", "exact")
def test_rate_with_moving_covariance_is_not_lambda_plus(check):
    """With Sigma following (2.12) E X^2 decays more slowly than the const-Sigma eigenvalue says."""
    matrix, _ = q.closed_moments()
    slowest = np.linalg.eigvals(np.array(matrix.subs({eta: 0.1, mu: 0.6, a: 1.0}), dtype=float)).real.max()
    constant = np.real(formula("SME-second-moment-eigenvalues").numeric(eta=0.1, mu=0.6, a=1.0)["lambda_+"])
    assert slowest > constant + 1e-3
    roots = np.roots([float(c) for c in sp.Poly(q.characteristic(matrix.subs({eta: 0.1, mu: 0.6, a: 1.0})), q.growth).all_coeffs()])
    check("slowest rate, eigenvalues against roots of the polynomial", slowest, roots.real.max(), 1e-9)


@pytest.mark.claim("SME-5.5", "proved")
def test_best_mu_of_the_moment_system_per_step_and_per_time():
    """In w = 1 - mu: the per-step rate falls while roots are real and equals w while they are not; the maximum is at w = 4 a eta.

    Per unit of time the rate is kappa - sqrt(kappa^2 - 4 a), falling in kappa, then kappa, rising: the same place.
    """
    per_step = q.per_step_rate().subs(mu, 1 - retention)
    slope = sp.diff(per_step, retention)
    beyond = sp.Symbol("beyond", positive=True)
    at = slope.subs(retention, 4 * a * eta * (1 + beyond))
    assert sp.simplify(at - (1 - (1 + 2 * beyond) / (2 * sp.sqrt(beyond * (1 + beyond))))) == 0
    assert sp.simplify((1 + 2 * beyond) ** 2 - 4 * beyond * (1 + beyond)) == 1  # so the slope is negative
    assert sp.simplify(per_step.subs(retention, 4 * a * eta) - 4 * a * eta) == 0


@pytest.mark.claim("SME-5.5", "exact")
@pytest.mark.parametrize(("curvature", "rate"), [(2.0, 0.01), (1.0, 0.1), (3.0, 0.2)])
def test_best_mu_on_a_grid(curvature, rate, check):
    grid = np.linspace(0.0, 0.9999, 20001)
    slow = np.real(formula("SME-second-moment-eigenvalues").numeric(eta=rate, mu=grid, a=curvature)["lambda_+"])
    expected = formula("SME-5.5").numeric(a=curvature, eta=rate)
    check("best mu per unit of time", grid[slow.argmin()], expected, 1e-4)
    check("best mu per step", grid[(slow * np.sqrt(rate * (1 - grid))).argmin()], expected, 1e-4)


@pytest.mark.claim("SME-5.5", "counterexample")
def test_beyond_the_largest_step_nothing_is_lost_per_iteration(check):
    """For given mu and eta above (1-mu)/(4a) the rate per iteration is 1 - mu, whatever eta: the step is not a maximum per step."""
    share, curvature = 0.9, 2.0
    steps = (1 - share) / (4 * curvature) * np.array([1.01, 2.0, 10.0])
    slow = np.real(formula("SME-second-moment-eigenvalues").numeric(eta=steps, mu=share, a=curvature)["lambda_+"])
    check("decay per iteration beyond the largest step", -slow * np.sqrt(steps * (1 - share)), [1 - share] * 3, 1e-12)


@pytest.mark.claim("SME-5.5", "counterexample")
@pytest.mark.claim("SME-oscillation", "counterexample")
def test_algorithm_does_not_oscillate_in_the_gap():
    """Discriminant (1 + mu - (1-mu) h)^2 - 4 mu of the discrete mean, h = a eta."""
    h, root = sp.symbols("h sqrt_mu", positive=True)
    discriminant = (1 + root**2 - (1 - root**2) * h) ** 2 - 4 * root**2
    edge = (1 - root) / (1 + root)
    assert sp.simplify(discriminant.subs(h, edge)) == 0
    assert sp.simplify(q.critical_mu(edge) - root**2) == 0
    assert sp.factor(edge - (1 - root**2) / 4 - (1 - root) * (3 + root) * (1 - root) / (4 * (1 + root))) == 0
    share, step = 0.9, 0.0255  # between (1-mu)/4 = 0.025 and (1-sqrt mu)/(1+sqrt mu) = 0.0263
    limit = np.linalg.eigvals(np.array([[-np.sqrt(0.1 / step), -1.0], [1.0, 0.0]]))
    algorithm = np.linalg.eigvals(np.array([[1.0, -step], [0.1, share - 0.1 * step]]))
    assert np.abs(limit.imag).max() > 0.1
    assert np.abs(algorithm.imag).max() == 0.0
    beyond = np.linalg.eigvals(np.array([[1.0, -0.027], [0.1, share - 0.1 * 0.027]]))
    assert np.abs(beyond.imag).max() > 0.0


@pytest.mark.claim("SME-oscillation", "proved")
def test_thresholds_of_oscillation():
    assert vanishes((kappa**2 - 4 * a).subs(mu, 1 - 4 * a * eta))
    for share, oscillates in ((0.9, False), (0.95, True), (0.97, True)):
        roots = formula("SME-first-moment").numeric(eta=0.01, mu=share, a=2.0)
        assert isinstance(roots["lambda_1"], complex) == oscillates
        assert (share > q.critical_mu(0.02)) == oscillates


@pytest.mark.claim("SME-4.3", "exact")
def test_second_moment_tends_to_its_stationary_value_not_to_zero(check):
    """What decays at the rate of the largest eigenvalue is the distance from z_infinity."""
    point = {"eta": 0.01, "mu": 0.8, "a": 2.0}
    system = formula("SME-5.4").numeric(Sigma=4.0, **point)
    level = np.linalg.solve(system["matrix"], -system["constant"].ravel())
    start, slowest = np.array([1.0, 0.2, -0.4]), formula("SME-second-moment-eigenvalues").numeric(**point)["lambda_+"]
    gaps = [(expm(system["matrix"] * time) @ (start - level))[0] for time in (8.0, 9.0)]
    check("log of the ratio of two late distances", np.log(gaps[1] / gaps[0]), slowest, 1e-6)
    assert level[0] > 0.01


def test_moments_that_do_not_close_are_named():
    with pytest.raises(ValueError, match=r"X\*\*3"):
        ito_moments({X: -(X**2)}, {}, (X**2,))


def test_lag_variance_of_the_stationary_law():
    """E (Y/alpha + a X)^2 at the stationary moments is a^2 Sigma eta^2 / (2 (1-mu)): the gain of the feedback."""
    x2, y2, xy = (q.STATIONARY.expr[name] for name in ("x2", "y2", "xy"))
    lag = y2 / alpha**2 + 2 * a * xy / alpha + a**2 * x2
    assert vanishes(lag - a**2 * q.Sigma * eta**2 / (2 * (1 - mu)))
