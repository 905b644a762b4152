"""Section 3.1: what (5) and (6) keep of (4), the unit of time delta, and the limit law of a mini-batch."""

from itertools import combinations

import numpy as np
import pytest
import sympy as sp
from scipy.stats import binom, norm

import stalegrad as sg
from stalegrad.moments import delay
from stalegrad.theory import formula
from stalegrad.theory.ito import generator
from stalegrad.theory.sdde import approximation as ap
from stalegrad.theory.sdde.symbols import U, a, b, delta, eta, g, sigma, t, x, z

s = sp.Symbol("s", real=True)


@pytest.mark.claim("SDDE-1", "definition")
def test_objective_is_the_average_of_its_components(check):
    problem = sg.problems.quadratic(centres=[[1.0], [-1.0]], curvature=2.0)
    assert problem.n_components == 2
    average = np.mean([problem.component_gradient([0.7], i) for i in range(2)])
    check("gradient of F at 0.7", problem.mean_gradient([0.7]).item(), average, 1e-14)
    check("and of its printed form", average, (2 * (0.7 - 1) + 2 * (0.7 + 1)) / 2, 1e-14)


@pytest.mark.claim("SDDE-2", "definition")
@pytest.mark.claim("SDDE-3", "definition")
@pytest.mark.claim("SDDE-4", "definition")
@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_asgd_by_hand_without_noise(power, check):
    problem, lag, rate = sg.problems.quadratic(centres=[[0.0]], curvature=2.0), 3, 0.1
    process = sg.asgd(problem, rate, sg.constant(lag), rates=lambda k: k**-power)
    path = [1.5] * (lag + 1)
    for k in range(1, 13):
        path.append(path[-1] - rate * k**-power * 2.0 * path[-1 - lag])
    run = sg.simulate(process, 1.5, n_paths=1, n_steps=12, seed=0)
    check("path, u_k = k^-power", run.mean[:, 0], path[lag:], 1e-14)


@pytest.mark.claim("SDDE-5", "proved")
def test_normal_noise_has_the_mean_and_variance_of_a_step():
    step = sp.expand(formula("SDDE-5").expr)
    mean = step.subs(z, 0)
    square = sp.expand((step - mean) ** 2).subs(z**2, 1)
    assert sp.simplify(mean - (x - eta * U * g)) == 0
    assert sp.simplify(square - eta**2 * U**2 * sigma**2) == 0


@pytest.mark.claim("SDDE-6", "proved")
@pytest.mark.claim("SDDE-8", "proved")
def test_the_scheme_of_the_equation_is_the_algorithm_for_every_delta():
    limit = formula("SDDE-6").expr
    assert sp.simplify(ap.euler_step(limit["drift"], limit["diffusion"], delta) - formula("SDDE-5").expr) == 0
    half = ap.euler_step(limit["drift"], limit["diffusion"], delta / 2)
    assert sp.simplify(half - formula("SDDE-5").expr) != 0


@pytest.mark.claim("SDDE-6", "proved")
def test_factors_as_functions_of_time():
    k = sp.Symbol("k", positive=True)
    for name, power in (("1", 0), ("1/sqrt(k)", sp.Rational(1, 2)), ("1/k", 1)):
        assert sp.simplify(ap.FACTORS[name].subs(t, k * delta) - k**-power) == 0


@pytest.mark.claim("SDDE-6", "counterexample")
def test_delta_is_a_unit_of_time(check):
    limit = formula("SDDE-6").expr
    drift, diffusion = ap.in_iterations(limit["drift"], limit["diffusion"])
    assert sp.simplify(drift + eta * U * g) == 0 and sp.simplify(diffusion - eta * U * sigma) == 0
    # dX = -(eta/delta) a X(t - l delta) dt + (eta/sqrt delta) sigma dB at two values of delta: one stationary variance.
    levels = [delay.stationary_variance(0.1 / d * 2.0, 4 * d, (0.1 * 3.0) ** 2 / d) for d in (0.1, 0.001)]
    check("stationary variance at delta = 0.1 and 0.001", levels[0], levels[1], 1e-12)


@pytest.mark.claim("SDDE-6", "counterexample")
def test_falling_factors_cannot_start_at_zero():
    assert sp.integrate(ap.FACTORS["1/k"], (t, 0, delta)) == sp.oo
    for name in ("1/k", "1/sqrt(k)"):
        assert sp.simplify(ap.FACTORS[name].subs(t, delta / 4)) > 1  # outside [0, 1]


@pytest.mark.claim("SDDE-P3.1", "proved")
def test_scaled_difference_is_asymptotically_normal():
    scaled = ap.characteristic_function(s, scale=sp.sqrt(b))
    assert sp.limit(scaled.subs(s, 2), b, sp.oo) == sp.exp(-2)
    logarithm = sp.series(sp.log(sp.cos(s * z)), z, 0, 4).removeO()  # z = 1/sqrt b
    assert sp.simplify(sp.limit(logarithm / z**2, z, 0) + s**2 / 2) == 0


@pytest.mark.claim("SDDE-P3.1", "counterexample")
def test_the_difference_itself_has_no_normal_limit(check):
    """As b grows the law of the difference shrinks to a point, which is no N(0, Sigma/b); at b = 1 it is two atoms, far from N(0, 1)."""
    limit = sp.limit(ap.characteristic_function(sp.Integer(2)), b, sp.oo)
    assert limit == 1 and all(sp.exp(-(sp.Integer(2) ** 2) / (2 * sp.Integer(batch))) < limit for batch in (1, 10, 1000))
    check("Kolmogorov distance at b = 1", distance_to_normal(1), norm.cdf(1) - 0.5, 1e-12)


@pytest.mark.claim("SDDE-P3.1", "exact")
def test_distance_to_the_normal_law_falls_like_one_over_root_b(check):
    """Half of the largest atom, b even: about 1/sqrt(2 pi b)."""
    for batch in (16, 64, 256, 1024):
        check(f"b = {batch}", distance_to_normal(batch), 1 / np.sqrt(2 * np.pi * batch), 0.3 / batch)


def distance_to_normal(batch):
    """Kolmogorov distance of the standardised sum of `batch` fair signs from the normal law."""
    heads = np.arange(batch + 1)
    normal = norm.cdf((2 * heads - batch) / np.sqrt(batch))
    return max(np.abs(binom.cdf(heads, batch, 0.5) - normal).max(), np.abs(binom.cdf(heads - 1, batch, 0.5) - normal).max())


@pytest.mark.claim("SDDE-P3.1", "exact")
@pytest.mark.parametrize("batch", [1, 2, 4, 5])
def test_variance_without_replacement(batch, check):
    values = np.array([1.0, 2.0, 4.0, 7.0, 11.0])
    every = [np.mean(chosen) for chosen in combinations(values, batch)]
    check(f"b = {batch} of 5", np.var(every), float(ap.batch_variance(values.var(), 5, batch, replacement=False)), 1e-12)
    drawn = sg.moments.of(sg.minibatch_asgd(sg.problems.quadratic(centres=values[:, None]), 1.0, sg.constant(0), batch), 0.0, 1)
    spread = drawn.second_moment[1, 0, 0] - drawn.mean[1, 0] ** 2
    check(f"b = {batch}, with replacement", spread, float(ap.batch_variance(values.var(), 5, batch, replacement=True)), 1e-12)


@pytest.mark.claim("SDDE-7", "proved")
def test_linear_regression_has_the_printed_drift():
    n, d = 3, 2
    A = sp.Matrix(n, d, sp.symbols(f"A:{n * d}"))
    B, point = sp.Matrix(sp.symbols(f"B:{n}")), sp.Matrix(sp.symbols(f"x:{d}"))
    residual = A * point - B
    objective = (residual.T * residual)[0] / (2 * n)
    gradient = sp.Matrix([sp.diff(objective, each) for each in point])
    assert sp.expand(gradient - (A.T * A * point - A.T * B) / n) == sp.zeros(d, 1)


@pytest.mark.claim("SDDE-7", "counterexample")
def test_regression_noise_grows_with_the_state(check):
    """Features 1 and 3, targets 0: second moments grow for eta > 2 * 5 / 16, at any of which V = -5 < 0 without delay."""
    features = np.array([1.0, 3.0])
    problem = sg.problems.least_squares(features[:, None], np.zeros(2))
    slope, spread = np.mean(features**2), np.var(features**2)
    for point in (0.0, 1.0, 2.0):
        check(f"noise variance at x = {point:g}", problem.gradient_covariance(np.array([[point]])).item(), spread * point**2, 1e-12)
    growth = generator(x**2, {x: -a * x}, {(x, x): eta * sigma**2 * x**2})
    assert sp.simplify(growth - (-2 * a + eta * sigma**2) * x**2) == 0
    rate = sp.lambdify(eta, growth.subs({x: 1, a: slope, sigma: np.sqrt(spread)}))
    assert rate(0.6) < 0 < rate(0.65)
    assert delay.characteristic_exponent(slope, 0.0) == -slope


@pytest.mark.claim("SDDE-7", "counterexample")
@pytest.mark.parametrize("lag", [1, 3])
def test_second_moments_grow_though_the_exponent_is_negative(lag, check):
    """One feature of 10 among 100, the others 0, targets 0: a = 1 and Var(a_i^2) = 99.

    With the response r_k to a unit of noise, E x^2 solves a renewal equation with the kernel 99 eta^2 r_k^2, so it grows when
    the sum exceeds 1. The equation has the integral, eta 99 (1 + sin a tau)/(2 a cos a tau).
    """
    problem = sg.problems.least_squares(np.r_[10.0, np.zeros(99)][:, None], np.zeros(100))
    for eta_, grows in ((0.015, False), (0.025, True), (0.1, True)):
        response = [1.0]
        for k in range(4000):
            response.append(response[-1] - (eta_ * response[-1 - lag] if k >= lag else 0.0))
        kernel = 99 * eta_**2 * np.square(response).sum()
        limit = 99 * delay.stationary_variance(1.0, lag * eta_, eta_)
        for model in (sg.asgd(problem, eta_, sg.constant(lag)), sg.sdde(problem, eta_, lag)):
            assert (sg.moments.spectral_radius(model) > 1) == (kernel > 1) == (limit > 1) == grows
        assert delay.characteristic_exponent(1.0, lag * eta_) < -1
