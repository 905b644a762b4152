"""Condition (3.4), Lemma 3.1.4 and Corollary 3.1.1: where EASGD is stable, and what more workers or a smaller beta do."""

import numpy as np
import pytest
import sympy as sp

import stalegrad as sg
from stalegrad.algorithms.elastic import easgd_step
from stalegrad.theory import formula
from stalegrad.theory.easgd import quadratic as q
from stalegrad.theory.easgd.centre import centre_moments, local_variance, stable
from stalegrad.theory.easgd.symbols import alpha, beta, eta, h, p, sigma, z
from stalegrad.theory.elastic_trace import ADDITIVE, EASGD, drift, moment_system, trace

CROWDS = (1, 2, 3, 4, 10, 1000)
SIDE = np.linspace(-0.99, 3.01, 81)
STEP = sp.Symbol("k", positive=True)
"""eta h."""


def vanishes(expr) -> bool:
    entries = list(expr) if isinstance(expr, sp.MatrixBase) else [expr]
    return all(sp.cancel(sp.together(sp.expand(entry))) == 0 for entry in entries)


def conditions(rate, moving, workers):
    """The conditions of Lemma 3.1.4, h = 1."""
    return ((2 - rate) * (2 - moving) > 2 * moving / workers) & ((2 - rate) + (2 - moving) > moving / workers) & (rate > 0) & (moving > 0)


def blocks(A, rate, moving, workers) -> np.ndarray:
    """M of (3.22) for a matrix A."""
    one = np.eye(len(A))
    return np.block([[one - rate * A - moving / workers * one, moving / workers * one], [moving * one, (1 - moving) * one]])


@pytest.mark.claim("EASGD-3.4", "proved")
@pytest.mark.claim("EASGD-3.26", "proved")
def test_roots_by_their_sums_and_products():
    """1 - gamma and 1 - phi have sum a and product c^2; 1 + gamma and 1 + phi have sum 4 - a and product 4 - 2 a + c^2.

    Two real numbers are positive exactly if their sum and product are. So gamma < 1 asks for a > 0 with c^2 > 0, which is eta > 0
    and alpha > 0; and phi > -1 for the two conditions of the thesis.
    """
    gamma, phi = q.GAMMA, q.PHI
    assert vanishes((1 - gamma) + (1 - phi) - q.a) and vanishes((1 - gamma) * (1 - phi) - q.c2)
    assert vanishes((1 + gamma) + (1 + phi) - (4 - q.a)) and vanishes((1 + gamma) * (1 + phi) - (4 - 2 * q.a + q.c2))
    both = (4 - 2 * q.TRACE + q.PRODUCT) - ((2 - eta * h) * (2 - p * alpha) - 2 * alpha)
    assert vanishes(both) and vanishes((4 - q.TRACE) - ((2 - eta * h) + (2 - p * alpha) - alpha))
    polynomial = sp.expand((z - gamma) * (z - phi))
    assert vanishes(polynomial - formula("EASGD-3.26").expr)


@pytest.mark.claim("EASGD-3.4", "proved")
def test_roots_are_real_and_differ_for_every_alpha():
    """The discriminant is a sum of squares: zero only if alpha = 0 and eta h = 0, whatever the signs, for p > 0."""
    assert vanishes(q.TRACE**2 - 4 * q.PRODUCT - ((eta * h - (p - 1) * alpha) ** 2 + 4 * p * alpha**2))


@pytest.mark.claim("EASGD-3.4", "counterexample")
def test_positive_product_is_not_enough():
    """Both rates negative: c^2 > 0, but gamma > 1. The step from a > sqrt(a^2 - 4 c^2) to c^2 > 0 and back leaves out a > 0."""
    rate, factor, workers = -0.1, -0.1, 2
    assert rate * workers * factor > 0
    roots = formula("EASGD-3.4").numeric(eta=rate, alpha=factor, p=workers, h=1.0)
    assert roots["gamma"] > 1.3
    a, root = -0.4, np.sqrt(0.4**2 - 4 * 0.02)
    assert a**2 > root**2 and not a > root


@pytest.mark.claim("EASGD-3.4", "exact")
@pytest.mark.parametrize("workers", CROWDS)
def test_condition_on_a_grid_with_both_signs(workers):
    """Eigenvalues of the pair, the conditions, and Jury's criterion agree on 81 x 81 points of (-1, 3)^2; no other rates are stable."""
    rate, moving = SIDE[:, None], SIDE[None, :]
    matrices = np.empty((81, 81, 2, 2))
    factor = moving / workers
    matrices[..., 0, 0], matrices[..., 0, 1] = 1 - rate - factor, factor
    matrices[..., 1, 0], matrices[..., 1, 1] = moving, 1 - moving
    roots = np.linalg.eigvals(matrices)
    assert np.abs(roots.imag).max() == 0
    inside = np.abs(roots).max(axis=-1) < 1
    assert inside.any() and not inside.all()
    assert np.array_equal(inside, conditions(rate, moving, workers)) and np.array_equal(inside, stable(rate, factor, moving))
    # What the second condition adds is that both factors of the first are positive: x y > 2 alpha and x, y < 2 give x + y > 2 sqrt(x y) > alpha.
    assert np.array_equal(inside, ((2 - rate) * (2 - moving) > 2 * factor) & (rate > 0) & (rate < 2) & (moving > 0))


@pytest.mark.claim("EASGD-3.4", "proved")
@pytest.mark.parametrize("workers", [1, 2, 3, 5])
def test_all_the_workers_need_no_more_than_the_pair(workers):
    """The other p - 1 eigenvalues are 1 - alpha - eta h, where (3.26) is -p alpha^2: between its two roots."""
    matrix = drift(trace(easgd_step, EASGD, ADDITIVE, workers)).subs(beta, workers * alpha)
    pair = formula("EASGD-3.26").written_out(formula("EASGD-3.26").expr).subs(p, workers)
    extra = 1 - alpha - eta * h
    assert vanishes(matrix.charpoly(z).as_expr() - (z - extra) ** (workers - 1) * pair)
    assert vanishes(pair.subs(z, extra) + workers * alpha**2)


@pytest.mark.claim("EASGD-3.4", "exact")
@pytest.mark.parametrize("workers", [1, 4, 100])
def test_stable_share_of_the_square(workers, check):
    """Of the square 0 < eta h, beta < 2 the share 1 - ln(1 + p)/p is stable: 31 % for p = 1. Integral and count."""
    u = sp.Symbol("u", positive=True)  # u = 2 - eta h, and beta < 2 p u / (p u + 2)
    share = sp.integrate(2 * workers * u / (workers * u + 2), (u, 0, 2)) / 4
    assert sp.simplify(share - (1 - sp.log(1 + workers) / workers)) == 0
    middles = 2 * (np.arange(1000) + 0.5) / 1000
    counted = stable(middles[:, None], middles / workers, middles).mean()
    # A cell is counted wrongly only where the boundary crosses it: at most 2000 of the million cells.
    check("share of the square", counted, float(share), 2e-3)


# Lemma 3.1.4.


@pytest.mark.claim("EASGD-L3.1.4", "refutes")
def test_norm_exceeds_one_where_the_conditions_hold(check):
    """A = 1, p = 4, eta = 0.1, beta = 0.9: spectral radius 0.92, norm 1.15."""
    assert conditions(0.1, 0.9, 4)
    matrix = blocks(np.eye(1), 0.1, 0.9, 4)
    check("norm of M", np.linalg.norm(matrix, 2), np.sqrt(np.linalg.eigvalsh(matrix.T @ matrix).max()), 1e-12)
    assert np.linalg.norm(matrix, 2) > 1.14
    assert np.abs(np.linalg.eigvals(matrix)).max() < 0.93
    assert np.linalg.norm(matrix @ matrix, 2) < np.linalg.norm(matrix, 2)


@pytest.mark.claim("EASGD-L3.1.4", "proved")
def test_norm_in_which_the_lemma_is_true():
    """With the average weighted by sqrt(p), as p workers weigh it, M is symmetric: norm and spectral radius agree. For p = 1 it is the plain norm."""
    weights = sp.diag(sp.sqrt(p), 1)
    weighted = (weights * q.REDUCED * weights.inv()).subs(q.ELASTIC)
    assert vanishes(weighted - weighted.T)
    assert vanishes((q.REDUCED.subs(q.ELASTIC) - q.REDUCED.subs(q.ELASTIC).T).subs(p, 1))


@pytest.mark.claim("EASGD-L3.1.4", "exact")
@pytest.mark.parametrize("workers", CROWDS)
def test_conditions_are_those_of_the_spectral_radius(workers):
    """Three curvatures, A not diagonal: the conditions at the largest eigenvalue are sufficient, and necessary."""
    turn, _ = np.linalg.qr(np.array([[1.0, 2.0, 0.5], [0.0, 1.0, 3.0], [1.0, 0.0, 1.0]]))
    A = turn @ np.diag([0.05, 0.4, 1.0]) @ turn.T
    seen = set()
    for rate in np.linspace(0.07, 2.5, 12):
        for moving in np.linspace(0.05, 2.4, 12):
            matrix = blocks(A, rate, moving, workers)
            inside = np.abs(np.linalg.eigvals(matrix)).max() < 1
            assert inside == conditions(rate, moving, workers)
            weights = np.sqrt(np.repeat([workers, 1.0], 3))
            assert (np.linalg.norm(weights[:, None] * matrix / weights, 2) < 1) == inside
            seen.add(bool(inside))
    assert seen == {True, False}


@pytest.mark.claim("EASGD-L3.1.4", "proved")
def test_largest_curvature_decides():
    """Both factors of the first condition are positive, so it gets weaker as the curvature falls: slope of (2 - eta lambda)(2 - beta)."""
    curvature, least = sp.symbols("curvature least", positive=True)
    x, y = sp.symbols("x y", negative=True)  # were both factors negative, their sum could not exceed alpha > 0
    assert (x * y).is_positive and (x + y).is_negative
    assert vanishes(sp.diff((2 - eta * curvature) * (2 - beta), curvature) + eta * (2 - beta))
    assert vanishes((2 - eta * least) - (2 - eta * curvature) - eta * (curvature - least))


@pytest.mark.claim("EASGD-3.21", "proved")
@pytest.mark.claim("EASGD-3.22", "proved")
@pytest.mark.claim("EASGD-3.23", "proved")
@pytest.mark.claim("EASGD-3.24", "proved")
@pytest.mark.claim("EASGD-3.25", "proved")
@pytest.mark.claim("EASGD-3.26", "proved")
def test_eigenvalue_equation():
    """M - root on (y, centre), centre eliminated; 1 - beta is no eigenvalue, so nothing is lost by dividing."""
    y, root = sp.symbols("y lambda")
    average, centre = (q.REDUCED - root * sp.eye(2)) * sp.Matrix([y, beta * y / (root + beta - 1)])
    assert vanishes(centre)
    reduced = ((1 - alpha - root) + alpha * beta / (root + beta - 1) - eta * h) * y  # (3.24) and (3.25), with A y = h y
    assert vanishes(average - reduced)
    polynomial = formula("EASGD-3.26").written_out(formula("EASGD-3.26").expr).subs(z, root)
    assert vanishes((reduced / y * -(root + beta - 1)).subs(q.ELASTIC) - polynomial)
    assert vanishes((q.REDUCED - (1 - beta) * sp.eye(2)).det() + alpha * beta)
    # (3.22) is I - eta L with the L of the thesis, and L has the inverse printed there.
    L = sp.Matrix([[h + alpha / eta, -alpha / eta], [-beta / eta, beta / eta]])
    assert vanishes(sp.eye(2) - eta * L - q.REDUCED)
    inverse = sp.Matrix([[1 / h, alpha / (beta * h)], [1 / h, eta / beta + alpha / (beta * h)]])
    assert vanishes(L * inverse - sp.eye(2))


# Corollary 3.1.1.


@pytest.mark.claim("EASGD-C3.1.1", "proved")
def test_limit_of_many_workers():
    """(3.3) without the powers, its roots by their sum and product, then p to infinity at fixed beta."""
    forgotten = (q.gamma**2 / (1 - q.gamma**2) + q.phi**2 / (1 - q.phi**2) - 2 * q.gamma * q.phi / (1 - q.gamma * q.phi)) / (q.gamma - q.phi) ** 2
    short = (1 + q.gamma * q.phi) / ((1 - q.gamma**2) * (1 - q.phi**2) * (1 - q.gamma * q.phi))
    assert vanishes(forgotten - short)
    roots = {alpha: 2 - q.gamma - q.phi - eta * h - beta, h: (1 - q.gamma) * (1 - q.phi) / (eta * beta)}
    level = q.STATIONARY.expr * p / sigma**2
    assert vanishes(level.subs(alpha, roots[alpha]).subs(h, roots[h]) - beta**2 * eta**2 * short)
    many = sp.limit(sp.cancel((level / p * sigma**2 * p).subs(alpha, beta / p)), p, sp.oo)
    assert vanishes(many - q.CROWD.expr.args[0].expr)


@pytest.mark.claim("EASGD-C3.1.1", "exact")
@pytest.mark.parametrize(("rate", "moving"), [(0.1, 0.9), (1.5, 0.3), (0.02, 1.9), (1.0, 1.0)])
def test_limit_of_many_workers_numerically(rate, moving, check):
    workers = 10**9
    found = sg.claim("EASGD-L3.1.1").value(t="inf", p=workers, eta=rate, beta=moving, h=1.3, sigma=2.0, centre0=1.0, local0=0.0)
    limit = sg.claim("EASGD-C3.1.1").value(eta=rate, beta=moving, h=1.3, sigma=2.0)
    check("p E x^2, a billion workers", workers * found["mse"], limit, 1e-6 * limit)
    assert np.isinf(sg.claim("EASGD-C3.1.1").value(eta=1.6, beta=moving, h=1.3, sigma=2.0))


@pytest.mark.claim("EASGD-C3.1.1", "proved")
def test_stationary_error_falls_with_more_workers_and_with_smaller_beta():
    """Signs of the logarithmic derivatives over the whole stable region, p >= 1 real: each is a sum of positive terms.

    With s = eta h + beta + alpha - eta h beta in (0, 2) and D = 4 - 2 s - eta h beta in (0, 4 - 2 s), the level is alpha (2 - s)/(D s) up to a
    factor free of p. In alpha = beta/p: 1/alpha > 1/s, as s - alpha = 1 - (1 - eta h)(1 - beta) > 0, and 2/D > 1/(2 - s).
    In beta, with m = 1 + 1/p - eta h: 1/beta - m/s = eta h/(beta s) > 0; then (2 m + eta h)/D > m/(2 - s) if m >= 0, while for m < 0
    both -m/(2 - s) and 2 m + eta h = 2 + 2/p - eta h are positive.
    """
    s = STEP + beta + alpha - STEP * beta
    D = 4 - 2 * s - STEP * beta
    level = q.STATIONARY.expr.subs(h, STEP / eta)
    factor = sp.cancel(level.subs(p, beta / alpha) / (alpha * (2 - s) / (D * s)))
    assert not factor.has(alpha) and (sp.diff(s, alpha), sp.diff(D, alpha)) == (1, -2)  # so the slope is 1/alpha - 1/s - 1/(2 - s) + 2/D
    assert vanishes(s - alpha - (1 - (1 - STEP) * (1 - beta))) and vanishes(4 - 2 * s - D - STEP * beta)
    m, s, D = 1 + 1 / p - STEP, s.subs(alpha, beta / p), D.subs(alpha, beta / p)
    factor = sp.cancel(level.subs(alpha, beta / p) / (beta * (2 - s) / (D * s)))
    assert not factor.has(beta) and vanishes(sp.diff(s, beta) - m) and vanishes(sp.diff(D, beta) + 2 * m + STEP)
    assert vanishes(1 / beta - m / s - STEP / (beta * s)) and vanishes(2 * m + STEP - (2 + 2 / p - STEP))


@pytest.mark.claim("EASGD-C3.1.1", "exact")
def test_the_same_by_brute_force():
    """Every stable pair of 60 x 60 rates: the level rises along beta, and falls along p."""
    side = 2 * (np.arange(60) + 0.5) / 60
    levels = [centre_moments("inf", workers, side[:, None], side / workers, side)["variance"] for workers in CROWDS]
    for level in levels:
        with np.errstate(invalid="ignore"):
            rise = np.diff(level, axis=1)
        assert np.all(rise[np.isfinite(rise)] > 0)
    for fewer, more in zip(levels, levels[1:]):
        assert np.all(more[np.isfinite(more)] < fewer[np.isfinite(more)])


@pytest.mark.claim("EASGD-C3.1.1", "counterexample")
def test_smaller_beta_is_no_gain_at_a_given_step():
    """Start 1, sigma = 10, p = 1000, t = 100: the error falls and rises again as beta shrinks, towards the 1 of the start."""
    betas = np.array([0.9, 0.1, 0.01, 0.001])
    errors = centre_moments(100, 1000, 0.1, betas / 1000, betas, sigma=10.0)["mse"]
    assert errors[1] < errors[0] < errors[2] < errors[3] and errors[3] > 0.8
    limits = centre_moments("inf", 1000, 0.1, betas / 1000, betas, sigma=10.0)["mse"]
    assert np.all(np.diff(limits) < 0)


@pytest.mark.claim("EASGD-C3.1.1", "counterexample")
def test_more_workers_are_no_gain_at_every_step():
    """Little noise, eta = 0.4, beta = 1.5: at t = 4 the error is larger for 16 workers than for 4, as the bias overshoots; in the limit smaller."""
    crowd = np.array([4, 16])
    errors = centre_moments(4, crowd, 0.4, 1.5 / crowd, 1.5, sigma=0.1)["mse"]
    limits = centre_moments("inf", crowd, 0.4, 1.5 / crowd, 1.5, sigma=0.1)["mse"]
    assert errors[1] > 1.5 * errors[0] and limits[1] < limits[0] < errors[0]


@pytest.mark.claim("EASGD-C3.1.1", "counterexample")
def test_variance_of_a_local_variable_need_not_grow_with_the_workers(check):
    """Fixed beta: it falls at first (p = 1 to 3 at eta = 0.1, beta = 0.9), and for eta h > 1 for good, to that of plain SGD."""
    crowd = np.array([1, 2, 3])
    assert np.all(np.diff(local_variance(crowd, 0.1, 0.9 / crowd, 0.9)) < 0)
    crowd = np.array([2, 3, 10, 100, 10**4, 10**6])
    for rate, sign in ((0.3, 1), (1.5, -1)):
        levels = local_variance(crowd, rate, 0.5 / crowd, 0.5)
        assert np.all(sign * np.diff(levels[2:]) > 0)
        check(f"a million workers against plain SGD, eta h = {rate}", levels[-1], rate / (2 - rate), 1e-5)
        slope = -2 * 0.5 * (1 - rate) / (2 - rate) ** 2
        check(f"p times the distance from SGD, eta h = {rate}", 10**4 * (levels[-2] - rate / (2 - rate)), slope, 1e-3)


@pytest.mark.claim("EASGD-C3.1.1", "proved")
def test_stationary_moments_by_the_second_moment_map():
    """The traced map of second moments for symbolic p: its centre is `STATIONARY`, its worker that of SGD with a correction of order 1/p."""
    fixed = moment_system(easgd_step, EASGD, ADDITIVE).stationary()
    assert vanishes(fixed["a"] - q.STATIONARY.expr)
    worker = sp.cancel(fixed["b"].subs({alpha: beta / p, h: STEP / eta}) * (STEP / eta / sigma) ** 2)
    assert vanishes(sp.limit(worker, p, sp.oo) - STEP / (2 - STEP))
    correction = sp.limit(sp.cancel(p * (worker - STEP / (2 - STEP))), p, sp.oo)
    assert vanishes(correction + 2 * beta * (1 - STEP) / (2 - STEP) ** 2)
    for rate, moving, workers in ((0.1, 0.9, 3), (1.5, 0.5, 7)):
        value = worker.subs({STEP: rate, beta: moving, p: workers})
        assert local_variance(workers, rate, moving / workers, moving) == pytest.approx(float(value), rel=1e-12)
