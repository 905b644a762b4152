"""Sections 4 and 4.1: Ornstein-Uhlenbeck moments, roots, stability, stationary variance and the bound of Theorem 4.1."""

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import quad, quad_vec
from scipy.linalg import expm, solve_continuous_lyapunov

import stalegrad as sg
from stalegrad.moments import delay
from stalegrad.theory import formula
from stalegrad.theory.ito import ito_moments
from stalegrad.theory.sdde import moment_estimate as me
from stalegrad.theory.sdde.symbols import a, eta, sigma2, t, tau, x, x0


@pytest.mark.claim("SDDE-ou-solution", "proved")
def test_scalar_solution_by_ito():
    matrix, constant = ito_moments({x: -a * x}, {(x, x): eta * sigma2}, (x, x**2))
    mean, variance = formula("SDDE-ou-solution").expr.values()
    second = variance + mean**2
    assert sp.simplify(sp.diff(mean, t) - matrix[0, 0] * mean) == 0 and mean.subs(t, 0) == x0
    assert sp.simplify(sp.diff(second, t) - matrix[1, 1] * second - constant[1]) == 0 and variance.subs(t, 0) == 0


@pytest.mark.claim("SDDE-ou-solution", "exact")
def test_solution_in_three_dimensions(check):
    """Covariance eta int e^{-As} G G^T e^{-As} ds, by quadrature, by Lyapunov's equation and by the library's moments."""
    A = np.array([[2.0, 0.5, 0.0], [0.5, 1.0, 0.3], [0.0, 0.3, 0.7]])
    G = np.array([[1.0, 0.0, 0.2], [0.4, 0.8, 0.0], [0.0, 0.1, 0.5]])
    rate, time = 0.1, 1.7
    integral = rate * quad_vec(lambda s: expm(-A * s) @ G @ G.T @ expm(-A * s), 0, time)[0]
    late = solve_continuous_lyapunov(A, rate * G @ G.T)
    check("quadrature, Lyapunov", integral, late - expm(-A * time) @ late @ expm(-A * time), 1e-9)
    found = delay.ou_moments(A, rate, G @ G.T, [1.0, 2.0, 3.0], time)
    check("library's covariance", found["variance"], integral, 1e-9)
    check("library's mean", found["mean"], expm(-A * time) @ [1.0, 2.0, 3.0], 1e-12)


@pytest.mark.claim("SDDE-ou-solution", "counterexample")
def test_the_printed_inequality_depends_on_the_norm(check):
    """A = 2 I, G = I in three dimensions: E|X - EX|^2 equals the bound with Frobenius' norm, is 3 times that with the operator norm."""
    rate, time, d = 0.1, 1.0, 3
    total = np.trace(delay.ou_moments(2 * np.eye(d), rate, np.eye(d), np.zeros(d), time)["variance"])
    for order, times in (("fro", 1), (2, d)):
        bound = quad(lambda s, order=order: np.linalg.norm(np.exp(-2 * s) * np.sqrt(rate) * np.eye(d), order) ** 2, 0, time)[0]
        check(f"E|X - EX|^2 over the bound, norm {order}", total / bound, times, 1e-9)


@pytest.mark.claim("SDDE-T4.1", "exact")
@pytest.mark.parametrize("length", [0.05, 0.3, np.exp(-1), 0.5, 1.0, 1.5, 1.57, 1.6, 4.0])
def test_exponent_against_a_discretised_operator(length, check):
    """Eigenvalues of d/ds on [-1, 0] with the condition at 0 collocated at Chebyshev points (a root of size sqrt(eps) where it is double)."""
    rates = np.linalg.eigvals(delay_operator(length, 60)).real.max()
    tolerance = 2e-6 if length == np.exp(-1) else 1e-10
    check(f"V at a tau = {length:.3g}", formula("SDDE-T4.1").numeric(a=length, tau=1.0), rates, tolerance)
    check("in units of time", formula("SDDE-T4.1").numeric(a=3.0, tau=length / 3.0), 3.0 / length * rates, 30 * tolerance / length)


def delay_operator(length, n):
    """Chebyshev collocation of the generator of x' = -length x(t - 1)."""
    points = np.cos(np.pi * np.arange(n + 1) / n)
    weights = np.r_[2.0, np.ones(n - 1), 2.0] * (-1.0) ** np.arange(n + 1)
    gaps = points[:, None] - points + np.eye(n + 1)
    matrix = np.outer(weights, 1 / weights) / gaps
    matrix -= np.diag(matrix.sum(axis=1))
    matrix *= 2.0
    matrix[0] = 0.0
    matrix[0, -1] = -length
    return matrix


@pytest.mark.claim("SDDE-T4.1", "exact")
def test_formula_and_library_agree(check):
    grid = np.linspace(0.0, 3.0, 61)
    check("V", formula("SDDE-T4.1").numeric(a=0.8, tau=grid), [delay.characteristic_exponent(0.8, each) for each in grid], 1e-11)
    check("no delay", sg.claim("SDDE-T4.1").value(a=0.8, tau=0.0), -0.8, 0.0)


@pytest.mark.claim("SDDE-T4.1", "proved")
def test_stability_and_oscillation_boundaries():
    """beta = i omega solves the equation at a tau = pi/2; beta = -1/tau is a double root at a tau = 1/e."""
    beta = sp.Symbol("beta")
    equation = beta + a * sp.exp(-beta * tau)
    edge = equation.subs({beta: sp.I * a, tau: me.CRITICAL / a})
    assert sp.simplify(edge) == 0
    double = {beta: -1 / tau, a: me.OSCILLATION / tau}
    assert sp.simplify(equation.subs(double)) == 0 and sp.simplify(sp.diff(equation, beta).subs(double)) == 0


@pytest.mark.claim("SDDE-T4.1", "exact")
def test_exponent_is_negative_exactly_below_the_boundary_and_lowest_at_the_double_root(check):
    lengths = np.linspace(0.001, 3.0, 6000)
    found = formula("SDDE-T4.1").numeric(a=1.0, tau=lengths)
    assert np.array_equal(found < 0, lengths < np.pi / 2)
    check("lowest V", found.min(), -np.e, 2e-2)
    check("at a tau", lengths[found.argmin()], np.exp(-1), 1e-3)


@pytest.mark.claim("SDDE-T4.1", "counterexample")
def test_fewer_data_than_dimensions_give_an_exponent_of_zero(check):
    features = np.array([[1.0, 2.0, 0.5], [0.3, -1.0, 1.0]])
    check("V of A^T A / n, n = 2, d = 3", delay.characteristic_exponent_of(features.T @ features / 2, 0.1), 0.0, 1e-12)


@pytest.mark.claim("SDDE-T4.1", "counterexample")
@pytest.mark.parametrize("lag", [1, 2, 10, 50])
def test_algorithm_diverges_where_the_exponent_is_negative(lag, check):
    """Between 2 sin(pi/(4l+2)) and pi/(2l)."""
    low, high = float(me.discrete_threshold(lag)), np.pi / (2 * lag)
    check("spectral radius at ASGD's own threshold", radius(low, lag), 1.0, 1e-9)
    between = (low + high) / 2
    assert formula("SDDE-T4.1").numeric(a=between, tau=float(lag)) < 0 < radius(between, lag) - 1
    assert radius(0.99 * low, lag) < 1


@pytest.mark.claim("SDDE-T4.1", "counterexample")
def test_a_diverging_run_where_the_exponent_is_negative(check):
    """a eta = 0.152, l = 10: V < 0, and the library's second moments grow, at the square of the mean's radius."""
    problem = sg.problems.quadratic(centres=[[0.0]], curvature=1.0)
    squared = sg.moments.spectral_radius(sg.asgd(problem, 0.152, sg.constant(10)))
    check("growth of second moments", squared, radius(0.152, 10) ** 2, 1e-9)
    assert formula("SDDE-T4.1").numeric(a=0.152, tau=10.0) < 0 < squared - 1


def radius(step, lag):
    """Spectral radius of x_{k+1} = x_k - step x_{k-lag}: largest root of z^{l+1} - z^l + step."""
    return np.abs(np.roots([1.0, -1.0, *[0.0] * (lag - 1), step])).max() if lag > 1 else np.abs(np.roots([1.0, -1.0, step])).max()


@pytest.mark.claim("SDDE-T4.1", "counterexample")
def test_constant_has_no_bound_at_the_double_root():
    """At a tau = 1/e, r(t) e^{-Vt} grows linearly; at a tau = 0.2 it settles."""
    times = np.array([20.0, 40.0, 80.0])
    for length, grows in ((np.exp(-1), True), (0.2, False)):
        exponent = formula("SDDE-T4.1").numeric(a=length, tau=1.0)
        scaled = delay.fundamental(length, 1.0, times) * np.exp(-exponent * times)
        ratios = scaled[1:] / scaled[:-1]
        assert np.all(ratios > 1.9) if grows else np.allclose(ratios, 1.0, atol=1e-6)


@pytest.mark.claim("SDDE-T4.1", "exact")
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("length", [0.1, 0.3, 0.5, 1.2])
def test_bound_of_the_theorem_with_its_own_constant(length, share, check):
    """E|X - x*|^2 <= c^2/lam^2 {|xi|^2 (a + lam)^2 + lam s2} e^{2 lam tau} e^{-2 lam t} + c^2 s2/(2 lam), c = sup |r| e^{lam t}."""
    rate, start, noise = 1.0, 3.0, 0.2
    lam = -share * formula("SDDE-T4.1").numeric(a=rate, tau=length)
    times = np.linspace(0.0, 30.0 * length, 400)
    c = np.abs(delay.fundamental(rate, length, times) * np.exp(lam * times)).max()
    second = delay.mean_path(rate, length, start, times) ** 2 + delay.variance(rate, length, noise, times)
    early = c**2 / lam**2 * (start**2 * (rate + lam) ** 2 + lam * noise) * np.exp(2 * lam * (length - times))
    bound = early + c**2 * noise / (2 * lam)
    check("largest share of the bound", (second / bound).max(), 0.5, 0.5)


@pytest.mark.claim("SDDE-T4.1", "proved")
def test_step_from_the_mean_to_the_printed_constant():
    """lam + a (e^{lam tau} - 1) <= (lam + a) e^{lam tau}: the difference is lam (e^{lam tau} - 1) + a."""
    lam = sp.Symbol("lam", positive=True)
    gap = (lam + a) * sp.exp(lam * tau) - (lam + a * (sp.exp(lam * tau) - 1))
    assert sp.simplify(gap - lam * (sp.exp(lam * tau) - 1) - a) == 0
    s = sp.Symbol("s", real=True)
    history = sp.integrate(sp.exp(-lam * (t - tau - s)), (s, -tau, 0))
    assert sp.simplify(history - sp.exp(-lam * t) * (sp.exp(lam * tau) - 1) / lam) == 0


@pytest.mark.claim("SDDE-stationary-variance", "proved")
def test_stationary_covariance_solves_its_equation():
    found = me.stationary_covariance()
    at = found.subs(me.lag, tau - me.lag)
    assert sp.simplify(sp.expand_trig(sp.diff(found, me.lag) + a * at)) == 0
    printed = me.STATIONARY.expr.args[0].expr
    assert sp.simplify(found.subs(me.lag, 0) - printed) == 0


@pytest.mark.claim("SDDE-stationary-variance", "exact")
@pytest.mark.parametrize("length", [0.0, 0.01, 0.4, 1.0, 1.5])
def test_stationary_variance_by_its_spectrum(length, check):
    """(1/pi) int_0^oo sigma2/|i omega + a e^{-i omega tau}|^2 d omega, cut where the tail is sigma2/(pi omega)."""
    rate, cut = 2.0, 4000.0

    def density(frequency):
        return 1 / np.abs(1j * frequency + rate * np.exp(-1j * frequency * length / rate)) ** 2

    near = quad(density, 0, 10, limit=2000, points=[rate])[0] + quad(density, 10, cut, limit=4000)[0]
    found = sg.claim("SDDE-stationary-variance").value(a=rate, tau=length / rate, sigma2=3.0)
    check(f"a tau = {length}", found, 3.0 / np.pi * (near + 1 / cut), 1e-6 * found)


@pytest.mark.claim("SDDE-stationary-variance", "exact")
@pytest.mark.parametrize("length", [0.0, 0.3, 1.2, 1.55])
def test_stationary_variance_is_that_of_the_library(length, check):
    found = sg.claim("SDDE-stationary-variance").value(a=0.7, tau=length / 0.7, sigma2=1.3)
    check("formula against moments", found, delay.stationary_variance(0.7, length / 0.7, 1.3), 1e-10 * found)


def test_no_stationary_variance_beyond_the_boundary():
    assert sg.claim("SDDE-stationary-variance").value(a=1.0, tau=1.6, sigma2=1.0) == np.inf
    for name, value in (("tau", -0.1), ("sigma2", -1.0), ("a", 0.0)):
        with pytest.raises(ValueError, match=name):
            sg.claim("SDDE-stationary-variance").value(**{"a": 1.0, "tau": 0.1, "sigma2": 1.0, name: value})


@pytest.mark.claim("SDDE-stationary-variance", "exact")
def test_algorithm_tends_to_the_equation_as_the_delay_in_steps_grows(check):
    """At fixed a tau = 1 the stationary variance of ASGD with l = 4, 8, 16 tends to that of the equation at order 1/l."""
    problem = sg.problems.quadratic(centres=[[1.0], [-1.0]], curvature=1.0)
    errors = []
    for lag in (4, 8, 16):
        step = 1.0 / lag
        exact = sg.moments.stationary(sg.asgd(problem, step, sg.constant(lag))).second_moment.item()
        errors.append(exact / formula("SDDE-stationary-variance").numeric(a=1.0, tau=1.0, sigma2=step) - 1)
    check("ratios of successive relative errors", np.array(errors[:-1]) / errors[1:], [2.0, 2.0], 0.5)
