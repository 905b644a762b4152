"""Sections 5.1.1 and 5.1.2: SGD and momentum SGD with additive noise, traced, solved, minimised."""

from functools import partial

import numpy as np
import pytest
import sympy as sp

import stalegrad as sg
from easgd_additive_checks import vanishes, written
from stalegrad.algorithms.momentum import nesterov_step
from stalegrad.algorithms.sgd import sgd_step
from stalegrad.evidence import z_test
from stalegrad.moments import additive_noise
from stalegrad.moments.spectra import spectral_radius_of
from stalegrad.theory import formula
from stalegrad.theory.easgd import additive
from stalegrad.theory.easgd import additive_momentum as m
from stalegrad.theory.easgd.additive import delta_h, eta_h
from stalegrad.theory.easgd.symbols import delta, eta, h, p, sigma
from stalegrad.theory.elastic_trace import ADDITIVE
from stalegrad.theory.trace import heavy_ball_update, moment_map, row, trace, v, x

NOISE = {row: (sp.S.Zero, sigma**2)}
GRID = np.linspace(0.02, 3.98, 100)


@pytest.mark.claim("EASGD-5.1", "counterexample")
@pytest.mark.claim("EASGD-5.1", "proved")
@pytest.mark.claim("EASGD-5.2", "proved")
def test_the_update_descends_half_the_objective_over_the_curvature():
    """The step uses h x - xi. The printed objective has the slope 2 h (h x - xi), so its mean slope is 2 h times too large."""
    moved, _ = trace(partial(sgd_step, ADDITIVE.problem, eta))
    used = sp.expand((x - moved) / eta)
    assert vanishes(moved - formula("EASGD-5.2").expr.subs({additive.x: x, additive.xi: row}))
    mean_slope = used.subs(row, 0)
    assert vanishes(sp.diff(formula("EASGD-5.1").expr.subs(additive.x, x), x) - mean_slope)
    assert vanishes(sp.diff(formula("EASGD-5.1").printed.subs(additive.x, x), x) - 2 * h * mean_slope)
    loss = (h * x - row) ** 2
    assert vanishes(sp.diff(loss / (2 * h), x) - used) and not vanishes(sp.diff(loss, x) - used)


@pytest.mark.claim("EASGD-5.1", "exact")
def test_what_the_factor_does_to_the_largest_step(check):
    """Gradient descent on the printed objective is unstable from eta h^2 = 1 on, the update as printed from eta h = 2 on."""
    slope = sp.diff(formula("EASGD-5.1").printed, additive.x) / additive.x
    for curvature in (0.5, 1.0, 3.0):
        check(f"largest step for the printed objective, h = {curvature}", 2.0 / float(slope.subs(h, curvature)), 1.0 / curvature**2, 1e-15)


@pytest.mark.claim("EASGD-5.3", "proved")
@pytest.mark.claim("EASGD-5.2", "proved")
def test_second_moment_and_stationary_variance_of_sgd():
    moved, _ = trace(partial(sgd_step, ADDITIVE.problem, eta))
    matrix, constant = moment_map({x: moved}, (x**2,), NOISE)
    assert vanishes(formula("EASGD-5.3").expr - (matrix[0] * additive.x2 + constant[0]))
    assert vanishes((constant[0] / (1 - matrix[0])) / p - additive.STATIONARY)


@pytest.mark.claim("EASGD-5.2", "proved")
def test_ornstein_uhlenbeck_is_the_limit_of_small_steps():
    """Its Euler step of size eta is (5.2) itself; its stationary variance is smaller by the factor 1 - eta h / 2."""
    assert vanishes(additive.OU_STATIONARY / additive.STATIONARY.subs(p, 1) - (1 - eta * h / 2))
    assert sp.limit(additive.STATIONARY.subs(p, 1) / additive.OU_STATIONARY, eta, 0) == 1


@pytest.mark.claim("EASGD-5.3", "reproduced")
def test_batch_divides_the_variance_and_leaves_the_bias():
    """100,000 paths of 40 steps; error rate 1e-4. Control: the level of another batch size is rejected at the same sample size."""
    problem = sg.problems.noisy_quadratic(h=2.0, sigma=3.0)
    for batch, wrong in ((1, 2), (5, 4)):
        run = sg.simulate(sg.minibatch_sgd(problem, 0.3, batch), 1.0, n_paths=100_000, n_steps=40, seed=1)
        level, other = (float(additive.STATIONARY.subs({eta: 0.3, h: 2.0, sigma: 3.0, p: size})) for size in (batch, wrong))
        seen = run.second_moment[40, 0], run.second_moment_standard_error[40, 0]
        assert z_test(*seen, level).agrees(1e-4) and not z_test(*seen, other).agrees(1e-4)
        assert z_test(run.mean[3, 0], run.standard_error[3, 0], (1 - 0.6) ** 3).agrees(1e-4)
        assert not z_test(run.mean[3, 0], run.standard_error[3, 0], (1 - 0.3) ** 3).agrees(1e-4)


@pytest.mark.claim("EASGD-5.4", "proved")
@pytest.mark.claim("EASGD-5.5", "proved")
@pytest.mark.claim("EASGD-5.6", "proved")
def test_momentum_traced():
    update = heavy_ball_update(partial(nesterov_step, ADDITIVE.problem, eta, delta))
    names = {additive.x: x, additive.v: v, additive.xi: row}
    rule, squares = formula("EASGD-5.4").expr, list(formula("EASGD-5.5").expr.values())
    assert vanishes(update[v] - rule["v_{t+1}"].subs(names)) and vanishes(update[x] - rule["x_{t+1}"].subs(names))
    products = (update[v] ** 2, update[v] * update[x], update[x] ** 2)
    assert all(vanishes(product - written(square).subs(names)) for product, square in zip(products, squares, strict=True))
    matrix, constant = moment_map(update, (v**2, v * x, x**2), NOISE)
    assert vanishes(matrix - m.MATRIX) and vanishes(constant - formula("EASGD-5.6").expr["constant"])


@pytest.mark.claim("EASGD-5.7", "proved")
def test_stationary_moments_solve_the_system():
    level = sp.Matrix([m.STATIONARY.expr[name] for name in ("v2", "vx", "x2")])
    assert vanishes(m.MATRIX * level + formula("EASGD-5.6").expr["constant"] - level)


@pytest.mark.claim("EASGD-5.7", "exact")
@pytest.mark.parametrize(("rate", "momentum"), [(0.1, 0.9), (0.7, -0.5), (1.3, -0.9), (2.5, -0.4), (3.5, -0.33)])
def test_stationary_moments_by_iteration(rate, momentum, check):
    """h = 2, sigma = 3: 4,000 steps of (5.6) from rest at 1, against the closed form."""
    system = formula("EASGD-5.6").numeric(eta=rate / 2.0, delta=momentum, h=2.0, sigma=3.0)
    moments = np.array([[0.0], [0.0], [1.0]])
    for _ in range(4000):
        moments = system["matrix"] @ moments + system["constant"]
    value = sg.claim("EASGD-5.7").value(eta=rate / 2.0, delta=momentum, h=2.0, sigma=3.0)
    check("E v^2, E vx, E x^2", list(value.values()), moments[:, 0], 1e-9 * moments.max())


@pytest.mark.claim("EASGD-5.7", "reproduced")
def test_stationary_variance_simulated():
    """100,000 paths of 60 steps at a radius below 0.7 per step; error rate 1e-4. Control: the heavy ball's level is rejected."""
    run = sg.simulate(sg.nesterov(sg.problems.noisy_quadratic(h=2.0, sigma=3.0), 0.2, 0.8), 0.0, n_paths=100_000, n_steps=60, seed=1)
    seen = run.second_moment[60, 0], run.second_moment_standard_error[60, 0]
    level = sg.claim("EASGD-5.7").value(eta=0.2, delta=0.8, h=2.0, sigma=3.0)["x2"]
    heavy = float(m.heavy_ball_variance(0.8).subs({eta_h: 0.4, eta: 0.2, sigma: 3.0}))
    assert z_test(*seen, level).agrees(1e-4) and not z_test(*seen, heavy).agrees(1e-4)


@pytest.mark.claim("EASGD-5.7", "counterexample")
def test_a_positive_variance_does_not_mean_stability(check):
    """At delta_h = 2, eta_h = 7 the formulas for E v^2 and E x^2 are positive, and M has the eigenvalue (2 + sqrt 2)^2: nothing converges."""
    point = {delta_h: 2, eta_h: 7, eta: 7, sigma: 1}
    assert m.STATIONARY.expr["x2"].subs(point) > 0 and m.STATIONARY.expr["v2"].subs(point) > 0
    radius = np.abs(np.linalg.eigvals(np.array(m.MATRIX.subs(point), dtype=float))).max()
    check("radius of M at delta_h = 2, eta_h = 7", radius, (2 + np.sqrt(2)) ** 2, 1e-9)
    # What decides is that the three values are a covariance: its determinant is positive exactly with the gap.
    unit = {eta: 1, sigma: 1}
    v2, vx, x2 = (m.STATIONARY.expr[name].subs(unit) for name in ("v2", "vx", "x2"))
    assert vanishes((v2 * x2 - vx**2) - m.GAP / (eta_h * ((1 - delta_h) * m.GAP) ** 2))


@pytest.mark.claim("EASGD-5.7", "exact")
def test_region_of_stability():
    """-1 < delta_h < 1 and 0 < eta_h < 2 (1 + delta_h), point by point against eigenvalues."""
    rate, momentum = np.meshgrid(np.linspace(-0.55, 4.55, 52), np.linspace(-1.55, 1.55, 32))
    matrices = np.moveaxis(np.array(sp.lambdify((eta_h, delta_h), m.MATRIX)(rate, momentum)), (0, 1), (-2, -1))
    stable = np.abs(np.linalg.eigvals(matrices)).max(axis=-1) < 1
    assert np.array_equal(stable, (np.abs(momentum) < 1) & (rate > 0) & (rate < 2 * (1 + momentum))) and 0 < stable.sum() < stable.size


@pytest.mark.claim("EASGD-5.7", "exact")
def test_where_there_is_no_level_squares_are_infinite():
    value = sg.claim("EASGD-5.7").value(eta=1.5, delta=0.9, h=1.0, sigma=1.0)
    assert value["x2"] == value["v2"] == np.inf and np.isnan(value["vx"])


@pytest.mark.claim("EASGD-msgd-variance", "proved")
def test_momentum_raises_the_variance_exactly_if_it_is_positive():
    """The excess over SGD has the sign of delta (1 - eta_h)^2 (1 + delta): for every stable rate but eta_h = 1, not only below 1."""
    ratio = m.VARIANCE_RATIO.expr
    x2 = m.STATIONARY.expr["x2"]
    assert vanishes(ratio - x2 / x2.subs(delta_h, 0))
    excess = (ratio - 1) * (1 - delta_h) * m.GAP / 2
    assert vanishes(excess - delta_h * (1 + delta_h - eta_h))
    assert vanishes(excess - delta * (1 - eta_h) ** 2 * (1 + delta))


@pytest.mark.claim("EASGD-5.8", "proved")
def test_eigenvalues_are_squares_and_product_of_the_drift():
    letter = sp.Symbol("letter")
    product = sp.prod(letter - root for root in m.EIGENVALUES.expr.values())
    assert vanishes(sp.expand(product) - m.MATRIX.charpoly(letter).as_expr())
    trace_ = 1 - eta_h + delta_h
    assert vanishes(2 * m.B - (trace_**2 - 2 * delta_h))
    # b + |delta_h| for delta_h >= 0 is a square, for delta_h < 0 a sum of positive terms: b < -sqrt(c) never happens.
    assert vanishes(2 * (m.B + delta_h) - trace_**2)
    negative = sp.Symbol("negative", positive=True)
    assert vanishes((2 * (m.B - delta_h)).subs(delta_h, -negative) - ((1 - eta_h) ** 2 + 2 * negative * (1 + eta_h) + negative**2))


@pytest.mark.claim("EASGD-5.8", "counterexample")
def test_real_and_complex_eigenvalues_touch_at_delta_h_equal_eta_h_less_one(check):
    """There b = |delta_h| for eta_h < 1, against 'b > sqrt(c) whenever delta_h < (sqrt(eta_h) - 1)^2', and b = -|delta_h| for eta_h > 1."""
    assert vanishes(m.B.subs(delta_h, eta_h - 1) - (1 - eta_h))
    value = formula("EASGD-5.8").numeric(eta=0.4, delta=-1.0)
    check("z_1, z_2, z_3 at eta_h = 0.4, delta_h = -0.6", np.real(list(value.values())), [-0.6, 0.6, 0.6], 1e-7)
    assert -0.6 < (np.sqrt(0.4) - 1) ** 2
    # Zero momentum: z_2 = 0, against 'z_2 > 0'.
    assert formula("EASGD-5.8").numeric(eta=0.4, delta=0.0)["z_2"] == 0.0


@pytest.mark.claim("EASGD-msgd-optimal", "proved")
def test_the_larger_root_falls_until_the_roots_meet():
    """Each step of the printed proof, and one that needs no cases.

    With d = delta_h the roots of the drift are (a -+ R)/2, a = 1 - eta_h + d, R^2 = a^2 - 4 d; dR/dd = (a - 2)/R.
    2 d|root|/dd = sign(a) + (a - 2)/R is negative: for a >= 0 because R^2 - (2 - a)^2 = -4 eta_h < 0, for a < 0 in both terms.
    """
    trace_ = 1 - eta_h + delta_h
    discriminant = trace_**2 - 4 * delta_h
    assert vanishes(discriminant - (2 - trace_) ** 2 + 4 * eta_h)
    assert vanishes(sp.diff(discriminant, delta_h) - 2 * (trace_ - 2))
    root = sp.Symbol("root", positive=True)
    at_square = {eta_h: root**2}
    assert vanishes((discriminant - (delta_h - (root - 1) ** 2) * (delta_h - (root + 1) ** 2)).subs(at_square))
    # a < 2 as long as delta_h <= (root - 1)^2: 2 - a >= 2 root.
    assert vanishes(2 - trace_.subs({delta_h: (root - 1) ** 2, eta_h: root**2}) - 2 * root)
    # Beyond the complex range a > 2, and the larger root rises: 2 - a <= -2 root from delta_h = (root + 1)^2 on.
    assert vanishes(2 - trace_.subs({delta_h: (root + 1) ** 2, eta_h: root**2}) + 2 * root)
    # The printed inequality for eta_h < delta_h, squared: it comes down to eta_h (1 + w)^2 > 0 with w = delta_h - eta_h.
    w = delta_h - eta_h
    squared = ((delta_h / w - m.B) ** 2 - (m.B**2 - delta_h**2)) * w**2 / delta_h
    assert vanishes(squared - eta_h * (1 + w) ** 2)


@pytest.mark.claim("EASGD-msgd-optimal", "proved")
def test_optimal_momentum_is_admissible_for_every_rate():
    """delta = (1 - r)/(1 + r), r = sqrt(eta_h): inside (-1, 1), with the printed delta_h, without 0/0 at eta_h = 1; SGD is slower by (1 + r)^2."""
    root = sp.Symbol("root", positive=True)
    best = {name: value.subs(eta_h, root**2) for name, value in m.OPTIMAL.expr.items()}
    assert vanishes(best["delta"] * (1 - root**2) - best["delta_h"])
    assert vanishes(1 - best["delta"] ** 2 - 4 * root / (1 + root) ** 2)
    assert vanishes((1 - root**2) ** 2 - best["sp"] * (1 + root) ** 2)


@pytest.mark.claim("EASGD-msgd-optimal", "exact")
@pytest.mark.claim("EASGD-F5.1", "exact")
def test_optimal_momentum_by_brute_force(check):
    """Over delta in (-1, 1), rates up to 4: no point of the grid is better than the formula, and eigenvalues confirm its radius.

    Near the meeting point the radius grows like a square root of the distance, 0.0005 at most: |difference| < 2 sqrt(5e-4) here.
    """
    momentum = np.linspace(-0.9995, 0.9995, 2001)
    radius = additive_noise.momentum_radius(GRID[:, None], momentum)
    best = formula("EASGD-msgd-optimal").numeric(eta=GRID)
    assert np.all(radius.min(axis=1) > best["sp"] - 1e-6)
    check("least radius on the grid", radius.min(axis=1), best["sp"], 2 * np.sqrt(5e-4))
    check("radius at the optimum", additive_noise.momentum_radius(GRID, best["delta"]), best["sp"], 1e-6)
    assert np.all(best["delta"][GRID > 1] < 0) and np.all(best["delta"][GRID < 1] > 0) and best["sp"].max() < 1


@pytest.mark.claim("EASGD-F5.1", "exact")
def test_map_of_figure_1_against_the_closed_roots(check):
    rate, momentum = np.meshgrid(np.linspace(0.01, 1.99, 40), np.linspace(-0.99, 0.99, 40))
    closed = np.abs(list(formula("EASGD-5.8").numeric(eta=rate, delta=momentum).values())).max(axis=0)
    eigenvalues = spectral_radius_of(formula("EASGD-5.6").numeric(eta=rate, delta=momentum)["matrix"])
    check("radius of (5.6), eigenvalues against closed roots", eigenvalues, closed, 1e-6)
    check("and the map", additive_noise.momentum_radius(rate, momentum), closed, 1e-15)
    check("one value by id", sg.claim("EASGD-F5.1").value(eta=0.36, delta=0.25), 0.16, 1e-6)


@pytest.mark.claim("EASGD-msgd-limit", "proved")
def test_variance_as_momentum_tends_to_one():
    x2 = m.STATIONARY.expr["x2"].subs(delta_h, 1 - eta_h).subs(eta_h, eta * h)
    assert vanishes(x2 - m.LIMIT.printed.subs(eta_h, eta * h))
    assert vanishes(m.GAP.subs(delta_h, 1 - eta_h) - (4 - 3 * eta_h))
    # The heavy ball, whose momentum does not shrink with the curvature, has no bound.
    assert sp.limit(m.heavy_ball_variance(delta).subs({eta: sp.Rational(1, 2), eta_h: sp.Rational(1, 2), sigma: 1}), delta, 1, "-") == sp.oo


@pytest.mark.claim("EASGD-msgd-limit", "counterexample")
def test_the_bound_needs_small_rates_and_does_not_vanish_with_them(check):
    """At eta_h = 1.4 the variance passes any bound already at delta = 3/4, and as eta tends to 0 half of sigma^2/h^2 remains."""
    edge = 1 - 1e-9
    value = sg.claim("EASGD-5.7").value(eta=1.4, delta=0.75 * edge, h=1.0, sigma=1.0)["x2"]
    assert value > 1e7 and sg.claim("EASGD-5.7").value(eta=1.4, delta=0.76, h=1.0, sigma=1.0)["x2"] == np.inf
    assert sg.claim("EASGD-msgd-limit").value(eta=1.4) == np.inf and sg.claim("EASGD-msgd-limit").printed(eta=1.4) < 0
    check("limit at eta = 1e-6, in sigma^2/h^2", sg.claim("EASGD-msgd-limit").value(eta=1e-6), 0.5, 1e-6)
    check("SGD at eta = 1e-6", sg.claim("EASGD-5.7").value(eta=1e-6, delta=0.0, h=1.0, sigma=1.0)["x2"], 5e-7, 1e-12)
