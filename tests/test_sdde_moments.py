"""Exact moments of linear delay equations: roots, flow, stationary values, the scheme, and Figure 1; each by two routes."""

import math
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from scipy.linalg import expm

import stalegrad as sg
from stalegrad.moments import delay
from stalegrad.moments.delay_flow import LARGEST, overlap
from stalegrad.moments.delay_roots import lambert

RATES_AND_DELAYS = [(1.0, 0.05), (1.0, math.exp(-1.0)), (2.0, 0.5), (1.0, 1.5), (1.0, 2.5), (-0.5, 1.0), (3.0, 0.0)]


A_SYMMETRIC = np.array([[2.0, 0.5, 0.0], [0.5, 1.0, 0.3], [0.0, 0.3, 0.7]])
A_TURNING = np.array([[1.0, 1.5, 0.2], [-1.5, 1.0, 0.0], [0.4, 0.0, 0.6]])


def collocated_roots(a, tau, n=40):
    """Eigenvalues of the operator x -> x' on [-tau, 0] with x'(0) = -A x(-tau), A number or matrix, by Chebyshev collocation (Breda and others)."""
    a = np.atleast_2d(a)
    d = len(a)
    grid = np.cos(np.pi * np.arange(n + 1) / n)
    weights = np.where((np.arange(n + 1) == 0) | (np.arange(n + 1) == n), 2.0, 1.0) * (-1.0) ** np.arange(n + 1)
    gaps = grid[:, None] - grid[None, :] + np.eye(n + 1)
    derivative = np.outer(weights, 1.0 / weights) / gaps
    derivative -= np.diag(derivative.sum(axis=1))
    operator = np.kron(2.0 / tau * derivative.astype(complex), np.eye(d))
    operator[:d] = 0.0
    operator[:d, -d:] = -a
    return np.linalg.eigvals(operator)


@pytest.mark.claim("SDDE-T4.1", "exact")
@pytest.mark.parametrize(("a", "tau"), [pair for pair in RATES_AND_DELAYS if pair[1]] + [(1.0 + 2.0j, 0.7)])
def test_the_roots_are_the_eigenvalues_of_the_delay_operator(a, tau, check):
    roots, found = delay.characteristic_roots(a, tau), collocated_roots(a, tau)
    double = a * tau == pytest.approx(math.exp(-1.0))
    for root in roots[:4]:
        check(f"root {root:.3g}", np.abs(found - root).min(), 0.0, 1e-5 if double else 1e-8)
    check("V", delay.characteristic_exponent(a, tau), found.real.max(), 1e-5 if double else 1e-9)


@pytest.mark.claim("SDDE-T4.1", "exact")
@pytest.mark.parametrize("matrix", [A_SYMMETRIC, A_TURNING], ids=["symmetric", "with complex eigenvalues"])
@pytest.mark.parametrize("tau", [0.1, 0.4, 1.0])
def test_the_roots_in_three_dimensions_are_those_of_the_operator(matrix, tau, check):
    """The operator acts on curves in three dimensions and knows no eigenvalue of the matrix."""
    roots, found = delay.characteristic_roots_of(matrix, tau), collocated_roots(matrix, tau)
    found = found[np.argsort(-found.real)]
    check("nine leading roots", [np.abs(found - root).min() for root in roots[:9]], np.zeros(9), 1e-7)
    check("and no other", [np.abs(roots - root).min() for root in found[:9]], np.zeros(9), 1e-7)
    check("V", delay.characteristic_exponent_of(matrix, tau), found[0].real, 1e-8)


@pytest.mark.claim("SDDE-T4.1", "exact")
def test_roots_next_to_the_branch_point(check):
    """W e^W = z on both sides of -1/e and from it, where the condition number is 1 / distance: W is checked by its square."""
    for offset in (0.0, 1e-14, 1e-10, 1e-6, 0.9e-4, 1.1e-4, 1e-2):
        for sign in (1.0, -1.0, 1.0j, -1.0j):
            z = complex(-math.exp(-1.0) * (1.0 + sign * offset))
            W = lambert(z, np.array([0, 1 if z.imag < 0.0 else -1]))
            check("W e^W", W * np.exp(W), z, 1e-15)
            check("sum", W.sum(), -2.0 - 2.0 / 3.0 * 2.0 * (math.e * z + 1.0), 0.7 * offset**2 + 1e-15)


@pytest.mark.claim("SDDE-T4.1", "exact")
def test_the_principal_branch_leads():
    """Every branch k of W on a grid of complex arguments: the real part of none exceeds that of k = 0."""
    grid = [r * np.exp(1j * angle) for r in (1e-3, 0.2, math.exp(-1.0), 1.0, 2.0, 30.0) for angle in np.linspace(-np.pi, np.pi, 25)]
    for a in grid:
        roots = delay.characteristic_roots(a, 1.0, branches=30)
        assert np.abs(roots + a * np.exp(-roots)).max() < 1e-9 * (1.0 + abs(a)) ** 2
        assert delay.characteristic_exponent(a, 1.0) >= roots.real.max() - 1e-7


@pytest.mark.claim("SDDE-T4.1", "exact")
def test_boundaries_of_stability_and_oscillation(check):
    a = 2.5
    critical, turning = delay.critical_delay(a), delay.oscillation_delay(a)
    check("V at a tau = pi/2", delay.characteristic_exponent(a, critical), 0.0, 1e-14)
    assert delay.characteristic_exponent(a, 0.999 * critical) < 0.0 < delay.characteristic_exponent(a, 1.001 * critical)
    check("V at a tau = 1/e", delay.characteristic_exponent(a, turning), -1.0 / turning, 1e-6 / turning)
    assert np.all(delay.characteristic_exponent(a, turning * np.array([0.5, 0.9, 1.1, 2.0])) * turning > -1.0)
    leading = [delay.characteristic_roots(a, factor * turning)[0] for factor in (0.99, 1.01)]
    assert leading[0].imag == 0.0 and leading[1].imag != 0.0
    below, above = (delay.fundamental(a, factor * turning, np.linspace(0.0, 120.0 * turning, 4000)) for factor in (0.99, 1.05))
    assert below.min() > 0.0 > above.min()


def polynomial_of(a, tau, t):
    """r(t) = sum_n (-a)^n (t - n tau)^n / n! in exact fractions."""
    a, tau, t = Fraction(a), Fraction(tau), Fraction(t)
    return float(sum((-a) ** n * (t - n * tau) ** n / math.factorial(n) for n in range(int(t / tau) + 1)))


@pytest.mark.claim("SDDE-7", "exact")
@pytest.mark.parametrize(("a", "tau"), [(1, Fraction(1, 4)), (3, Fraction(1, 2)), (-1, Fraction(1, 3))])
def test_the_fundamental_solution_is_the_sum_of_the_method_of_steps(a, tau, check):
    times = [Fraction(k, 7) for k in range(1, 60)]
    expected = np.array([polynomial_of(a, tau, t) for t in times])
    check("r", delay.fundamental(a, float(tau), [float(t) for t in times]), expected, 1e-12 * np.maximum(1.0, np.abs(expected)))


@pytest.mark.claim("SDDE-7", "exact")
def test_many_delays_at_once(check):
    """Two million intervals by doubling, and a delay that is almost none."""
    check("small delay", delay.fundamental(1.0, 1e-6, 2.0), math.exp(delay.characteristic_exponent(1.0, 1e-6) * 2.0) / (1.0 - 1e-6), 1e-9)
    times = np.sort(np.random.default_rng(0).uniform(0.0, 40.0, 50))
    roots = delay.characteristic_roots(2.0, 0.6, 200)
    series = [(np.exp(roots * t) / (1.0 + 0.6 * roots)).sum().real for t in times[times > 5.0]]
    check("sum over the roots", delay.fundamental(2.0, 0.6, times[times > 5.0]), np.array(series), 1e-10)
    alone = [float(delay.variance(2.0, 0.6, 1.0, t)) for t in times]
    check("one time or many", delay.variance(2.0, 0.6, 1.0, times), np.array(alone), 1e-13)


@pytest.mark.claim("SDDE-stationary-variance", "proved")
def test_the_stationary_integral_from_its_equations():
    """K(s) = alpha cos ws + beta sin ws on [0, tau] with K'(tau) = -b K(0) and a K(tau) + b K(-tau) = 1, where K(-tau) = -K'(0) / b."""
    a, b, tau, alpha, beta, s = sp.symbols("a b tau alpha beta s", positive=True)
    w = sp.sqrt(a * b)
    K = alpha * sp.cos(w * s) + beta * sp.sin(w * s)
    slope = sp.diff(K, s)
    conditions = [slope.subs(s, tau) + b * K.subs(s, 0), a * K.subs(s, tau) - slope.subs(s, 0) - 1]
    solved = sp.solve(conditions, [alpha, beta], dict=True)[0][alpha]
    assert sp.simplify(solved - sp.cos(w * tau) / (a + b - 2 * w * sp.sin(w * tau))) == 0
    same = solved.subs(b, a)
    assert sp.simplify(same - (1 + sp.sin(a * tau)) / (2 * a * sp.cos(a * tau))) == 0


@pytest.mark.claim("SDDE-stationary-variance", "exact")
@pytest.mark.parametrize(("a", "b", "tau"), [(1.0, 1.0, 0.0), (1.0, 1.0, 0.3), (2.0, 2.0, 0.7), (1.0, 2.5, 0.4), (0.3, 2.0, 0.7)])
def test_the_stationary_integral_is_the_limit_of_the_flow(a, b, tau, check):
    if a == b:
        closed = delay.stationary_variance(a, tau, 3.0)
    else:
        closed = 3.0 * delay.stationary_covariance(np.diag([a, b]), tau, np.ones((2, 2)))[0, 1]
    check("variance", closed, 3.0 * overlap(a, b, tau, 400.0), 1e-11)
    assert abs(closed - 3.0 * overlap(a, b, 1.1 * tau + 0.01, 400.0)) > 1e-3


@pytest.mark.claim("SDDE-stationary-variance", "exact")
def test_the_scheme_s_stationary_variance_tends_to_it(check):
    """Steps tau / l with l = 10 and 20: extrapolation of an error of first order leaves less than a fifth of their difference."""
    found = []
    for lag in (10, 20):
        limit = sg.sdde(sg.problems.noisy_quadratic(h=2.0, sigma=1.5), 0.3, 2, substeps=lag // 2)
        found.append(sg.moments.stationary(limit).second_moment[0, 0])
    expected = delay.stationary_variance(2.0, 0.6, 0.3 * 1.5**2)
    check("extrapolated", 2.0 * found[1] - found[0], expected, 0.2 * abs(found[1] - found[0]))
    assert abs(found[0] - found[1]) > 0.01 * expected


def test_no_stationary_variance_beyond_the_boundary():
    for a, tau in ((1.0, math.pi / 2.0), (1.0, 2.0), (-1.0, 0.1)):
        with pytest.warns(RuntimeWarning, match="a tau < pi/2"):
            assert delay.stationary_variance(a, tau, 1.0) == math.inf
    assert delay.stationary_variance(1.0, math.pi / 2.0 - 1e-6, 1.0) > 1e5


@pytest.mark.claim("SDDE-ou-solution", "exact")
def test_the_ornstein_uhlenbeck_process(check):
    A, S, x0, eta, t = np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([[1.0, 0.3], [0.3, 2.0]]), np.array([1.0, -2.0]), 0.1, 0.7
    values = delay.ou_moments(A, eta, S, x0, t)
    noise = np.zeros((2, 2))
    nodes, weights = np.polynomial.legendre.leggauss(20)
    for node, weight in zip(0.5 * t * (nodes + 1.0), 0.5 * t * weights):
        noise += weight * expm(-A * node) @ S @ expm(-A * node).T
    check("mean", values["mean"], expm(-A * t) @ x0, 1e-13)
    check("covariance", values["variance"], eta * noise, 1e-13)
    one = delay.ou_moments(2.0, eta, 4.0, 3.0, t)
    check("scalar", np.array(list(one.values())), [3.0 * math.exp(-2.0 * t), eta * 4.0 * (1.0 - math.exp(-4.0 * t)) / 4.0], 1e-14)


LEAST_SQUARES = sg.problems.least_squares(np.random.default_rng(3).normal(size=(6, 2)), np.random.default_rng(4).normal(size=6))


@pytest.mark.claim("SDDE-7", "exact")
@pytest.mark.parametrize("parameters", [{"delay": 2}, {"delay": 2, "history": [0.5, -1.0]}, {"delay": 0}], ids=["frozen", "history", "no delay"])
def test_the_limit_is_what_the_scheme_tends_to(parameters, check):
    """Two dimensions, a matrix of noise, a minimum off the origin. Errors of the scheme are of first order in the step; extrapolation from 10
    and 20 substeps leaves a second order, less than a fifth of the difference between the two."""
    common = {"eta": 0.1, "delta": 0.5, "batch": 2, "Sigma": np.array([[1.0, 0.4], [0.4, 0.5]])} | parameters
    start, updates, schemes = [2.0, 1.0], 6, []
    for substeps in (10, 20):
        moments = sg.moments.of(sg.sdde(LEAST_SQUARES, substeps=substeps, **common), start, updates * substeps)
        schemes.append((moments.mean[-1], moments.second_moment[-1]))
    limit = sg.moments.exact_limit(sg.sdde(LEAST_SQUARES, **common), start, [0.0, updates * 0.5])
    check("start", limit.second_moment[0], np.outer(start, start), 1e-12)
    for name, value, coarse, fine in zip(("mean", "second moment"), limit, *schemes, strict=True):
        check(name, value[1], 2.0 * fine - coarse, 0.2 * np.abs(fine - coarse).max())
        assert np.abs(fine - coarse).max() > 1e-3
    assert sg.moments.decay_rate(sg.sdde(LEAST_SQUARES, **common)) > 0.0


@pytest.mark.claim("SDDE-6", "exact")
def test_a_window_of_covariances_for_random_delays_and_long_ones(check):
    """Random delay by hand in one dimension: E of x_{k+1}^2 given the window, against the general rule; and 60 lags against one window."""
    objective, law, eta = sg.problems.noisy_quadratic(h=1.0), sg.empirical([1, 2, 1]), 0.4
    joint = np.full((3, 3), 4.0)
    for _ in range(30):
        reads = joint @ law.table
        newest = joint[0, 0] - 2 * eta * reads[0] + eta**2 * (np.diag(joint) @ law.table + 1.0)
        row = joint[0] - eta * law.table @ joint
        joint = np.block([[np.array([[newest]]), row[None, :2]], [row[:2, None], joint[:2, :2]]])
    check("random", sg.moments.of(sg.sdde(objective, eta, law), 2.0, 30).second_moment[-1, 0, 0], joint[0, 0], 1e-12)
    mean, variance = delay.constant_delay(1.0, 0.01, 60, 1.0, 2.0, 130)
    moments = sg.moments.of(sg.sdde(objective, 0.01, 60), 2.0, 130)
    check("long", moments.second_moment[:, 0, 0], mean**2 + variance, 1e-12)


def test_simulated_moments_and_planted_errors():
    """4,000 paths, mean and variance at step 100 within 4.5 standard errors (false alarm below 2e-5); a delay of 8 for 10, or a noise
    variance 25 % too large, which must show by 8.9 of them, is beyond."""
    objective = sg.problems.noisy_quadratic(h=2.0, sigma=2.0)
    run = sg.simulate(sg.sdde(objective, 0.05, 10), 4.0, 4000, 100, keep="final")
    x = run.final[:, 0]

    def deviations(lag, sigma2):
        mean, variance = (path[-1] for path in delay.constant_delay(2.0, 0.05, lag, sigma2, 4.0, 100))
        return np.abs([(x.mean() - mean) / math.sqrt(variance / len(x)), (x.var() - variance) / (variance * math.sqrt(2.0 / len(x)))])

    assert deviations(10, 4.0).max() < 4.5
    assert deviations(8, 4.0).max() > 10.0 and deviations(10, 5.0).max() > 4.5


@pytest.mark.claim("SDDE-F1", "exact")
def test_figure_1_by_noise_and_impulse(check):
    """ASGD is linear: its variance is the sum of squared responses to each noise, computed one by one; the first ten steps read x_k."""
    eta, k, n = 0.005, 60, 61

    def path(x0, kick):
        x = [x0]
        for j in range(k):
            x.append(x[-1] - eta * 2.0 * x[j if j < 10 else j - 10] - (eta if j == kick else 0.0))
        return x[-1]

    asgd = delay.figure1("asgd", k, sigma2=3.0)
    check("mean", asgd["mean"], path(4.0, None), 1e-12)
    check("variance", asgd["variance"], 3.0 * sum(path(0.0, j) ** 2 for j in range(n)), 1e-15)
    frozen = delay.figure1("sdde", k, 3.0, scheme="euler")
    check("scheme", frozen["mean"], sg.moments.of(sg.sdde(sg.problems.noisy_quadratic(h=2.0), eta, 10), 4.0, k).mean[-1, 0], 1e-12)
    assert abs(frozen["mean"] - asgd["mean"]) > 1e-3  # ten steps of SGD are not a past frozen at 4


@pytest.mark.claim("SDDE-F1", "exact")
def test_figure_1_limits(check):
    """The equations themselves at time k eta: SDE in closed form; SDDE by its scheme with finer and finer steps."""
    sde, t = delay.figure1("sde", 300, 4.0), 300 * 0.005
    check("SDE", np.array(list(sde.values())), [4.0 * math.exp(-2.0 * t), 0.02 * (1.0 - math.exp(-4.0 * t)) / 4.0], 1e-14)
    sgd = delay.figure1("sgd", 300, 4.0)
    check("SGD mean", sgd["mean"], 4.0 * 0.99**300, 1e-13)
    check("SGD variance", sgd["variance"], 1e-4 * (1.0 - 0.99**600) / (1.0 - 0.99**2), 1e-15)
    fine = []
    for substeps in (2, 4):
        moments = sg.moments.of(sg.sdde(sg.problems.noisy_quadratic(h=2.0, sigma=2.0), 0.005, 10, substeps=substeps), 4.0, 60 * substeps)
        fine.append([moments.mean[-1, 0], moments.second_moment[-1, 0, 0] - moments.mean[-1, 0] ** 2])
    sdde = delay.figure1("sdde", 60, 4.0)
    check("SDDE", np.array(list(sdde.values())), 2.0 * np.array(fine[1]) - fine[0], [1e-4, 1e-6])
    assert abs(sdde["mean"] - fine[0][0]) > 1e-3


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: delay.characteristic_exponent(1.0, -1.0), "tau=-1.0 must be finite and at least 0"),
        (lambda: delay.critical_delay(0.0), "a=0.0"),
        (lambda: delay.fundamental(LARGEST, 2.0, 1.0), "a tau = 200"),
        (lambda: delay.mean_path(1.0, 1.0, 1.0, -1.0), "t=-1.0 must be finite"),
        (lambda: delay.stationary_variance(1.0, 1.0, -2.0), "sigma2=-2.0 is a variance"),
        (lambda: delay.covariance([[1.0, 2.0], [0.0, 1.0]], 1.0, np.eye(2), 1.0), "symmetric"),
        (lambda: delay.ou_moments(np.eye(2), 0.1, np.eye(3), [1.0, 1.0], 1.0), "covariance matrix of shape"),
        (lambda: delay.ou_moments(np.eye(2), 0.1, 1.0, 1.0, 1.0), "x0=1.0 must be a finite point of dimension 2"),
        (lambda: delay.figure1("adam", 1, 1.0), "model = 'adam'"),
        (lambda: delay.figure1("sde", 1, 1.0, scheme="heun"), "scheme = 'heun'"),
        (lambda: sg.moments.exact_limit(sg.sdde(LEAST_SQUARES, 0.1, 2), [0.0, 0.0], 1.0), "depends on the point"),
        (lambda: sg.moments.exact_limit(sg.sdde(LEAST_SQUARES, 0.1, sg.uniform(0, 2)), [0.0, 0.0], 1.0), "is random"),
        (lambda: sg.moments.exact_limit(sg.sdde(LEAST_SQUARES, 0.1, 2, rates=[1.0]), [0.0, 0.0], 1.0), "rates that change"),
        (lambda: sg.moments.exact_limit(sg.sdde(LEAST_SQUARES, 0.1, 2, Sigma=np.eye(2), history=lambda s: [s, s]), [0.0, 0.0], 1.0), "history"),
        (lambda: sg.moments.of(sg.sdde(LEAST_SQUARES, 0.1, sg.uniform(0, 2), substeps=2), [0.0, 0.0], 1), "lasts for 2 steps"),
        (lambda: sg.moments.of(sg.sdde(LEAST_SQUARES, 0.1, 1500), [0.0, 0.0], 1), "shorter staleness window"),
        (lambda: sg.moments.of(sg.sdde(sg.problems.double_well(), 0.1, 2), 0.0, 1), "no linear gradients"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
