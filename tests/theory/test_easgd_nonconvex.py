"""Section 5.3: all critical points of two workers on two wells, their kinds, and which of them EASGD stays at."""

from functools import partial

import numpy as np
import pytest
import sympy as sp

import stalegrad as sg
from stalegrad.algorithms.elastic import easgd_step
from stalegrad.theory.easgd import nonconvex as nc
from stalegrad.theory.easgd.nonconvex import MIXED, SPLIT, well, x, y, z
from stalegrad.theory.easgd.symbols import eta, rho
from stalegrad.theory.elastic_trace import Noise, trace

WELL = Noise(lambda u, xi: u**3 - u, (sp.S.Zero, sp.S.Zero))
EQUATIONS = list(nc.CRITICAL.expr.values())
VARIABLES = (x, y, z)
GRID = np.linspace(0.01, 1.5, 150)


def numerator(expr):
    return sp.numer(sp.together(expr))


@pytest.mark.claim("EASGD-5.36", "proved")
@pytest.mark.claim("EASGD-5.37", "proved")
@pytest.mark.claim("EASGD-5.38", "proved")
def test_derivatives_of_the_objective():
    gradient = [sp.diff(nc.OBJECTIVE.expr, variable) for variable in VARIABLES]
    assert [sp.expand(a - b) for a, b in zip(gradient, nc.GRADIENT.expr.values(), strict=True)] == [0, 0, 0]
    centre = sp.solve(gradient[2], z)
    assert centre == [x / 2 + y / 2]
    assert [sp.expand(part.subs(z, centre[0]) - equation) for part, equation in zip(gradient, EQUATIONS)] == [0, 0]
    assert sp.expand(sp.hessian(nc.OBJECTIVE.expr, VARIABLES) - nc.HESSIAN.expr) == sp.zeros(3)


@pytest.mark.claim("EASGD-5.35", "proved")
@pytest.mark.claim("EASGD-5.36", "proved")
def test_easgd_descends_this_objective():
    """One step of EASGD with alpha = eta rho and beta = 2 alpha, traced: x - eta times the gradient."""
    traced = trace(easgd_step, (eta, eta * rho, 2 * eta * rho), WELL, 2)
    names = dict(zip(traced.order, VARIABLES, strict=True))
    for symbol, slope in zip(traced.order, nc.GRADIENT.expr.values(), strict=True):
        assert sp.expand(traced.update[symbol].subs(names) - (names[symbol] - eta * slope)) == 0


@pytest.mark.claim("EASGD-5.35", "refutes")
def test_the_middle_of_one_well_is_a_maximum_and_not_a_saddle():
    u = sp.Symbol("u", real=True)
    assert sp.diff(well(u), u).subs(u, 0) == 0 and sp.diff(well(u), u, 2).subs(u, 0) == -1
    sample = np.linspace(-0.5, 0.5, 101)
    assert (well(sample[sample != 0]) < well(0)).all()


@pytest.mark.claim("EASGD-5.37", "proved")
@pytest.mark.claim("EASGD-5.39", "proved")
def test_nine_critical_points_and_no_more():
    """The cubic parts x^3, y^3 share no zero but the origin, so there are nine by Bezout; eliminating y gives the nine values of x."""
    eliminated = sp.factor_list(sp.resultant(*EQUATIONS, y), x)
    product = sp.prod(factor**power for factor, power in eliminated[1])
    mixed = x**4 - (1 - rho / 2) * x**2 + rho**2 / 4
    assert all(power == 1 for _, power in eliminated[1])
    ratio = sp.cancel(product / (x * (x - 1) * (x + 1) * (x**2 - 1 + rho) * mixed))
    assert not ratio.has(x)
    signs = [(1, 1), (1, -1), (-1, 1), (-1, -1)]
    for a, b in signs:
        total, gap = a * (MIXED[x] + MIXED[y]), b * (MIXED[x] - MIXED[y])
        point = {x: (total + gap) / 2, y: (total - gap) / 2}
        assert [sp.simplify(sp.expand(equation.subs(point))) for equation in EQUATIONS] == [0, 0]
        assert sp.simplify(sp.expand(mixed.subs(x, point[x]))) == 0
    for point in ({x: 0, y: 0}, {x: 1, y: 1}, {x: -1, y: -1}, SPLIT, {x: SPLIT[y], y: SPLIT[x]}):
        assert [sp.expand(equation.subs(point)) for equation in EQUATIONS] == [0, 0]


@pytest.mark.claim("EASGD-5.39", "refutes")
def test_a_rational_critical_point_that_is_neither_equal_nor_opposite():
    point = {x: sp.Rational(16, 19), y: -sp.Rational(5, 19), rho: sp.Rational(160, 361)}
    assert [equation.subs(point) for equation in EQUATIONS] == [0, 0]
    assert (x**2 + y**2 - 1 + rho / 2).subs(point) == 0 and (x * y + rho / 2).subs(point) == 0
    found = sg.claim("EASGD-5.39").value(rho=160 / 361)
    assert min(np.hypot(a - 16 / 19, b + 5 / 19) for a, b in found) < 1e-15
    printed = sg.claim("EASGD-5.39").printed(rho=160 / 361)
    assert len(printed) == 5 and min(np.hypot(a - 16 / 19, b + 5 / 19) for a, b in printed) > 0.3


@pytest.mark.claim("EASGD-5.39", "proved")
def test_mixed_points_are_real_up_to_two_thirds_where_they_meet_the_split_ones():
    assert sp.expand((MIXED[x] + MIXED[y]) ** 2 - (1 - 3 * rho / 2)) == 0
    assert sp.expand((MIXED[x] - MIXED[y]) ** 2 - (1 + rho / 2)) == 0
    edge = sp.Rational(2, 3)
    assert all(sp.simplify((MIXED[variable] - SPLIT[variable]).subs(rho, edge)) == 0 for variable in (x, y))
    assert [len(sg.claim("EASGD-5.39").value(rho=value)) for value in (0.0, 0.3, 0.6666, 2 / 3, 0.9, 1.0, 5.0)] == [9, 9, 9, 5, 5, 3, 3]


@pytest.mark.claim("EASGD-5.39", "exact")
@pytest.mark.parametrize("penalty", [0.1, 0.5, 0.8, 1.3])
def test_critical_points_against_eigenvalues_of_the_eliminated_polynomial(penalty, check):
    polynomial = sp.Poly(sp.resultant(*(equation.subs(rho, sp.Rational(str(penalty))) for equation in EQUATIONS), y), x)
    roots = np.roots([float(value) for value in polynomial.all_coeffs()])
    real = np.sort(roots[np.abs(roots.imag) < 1e-9].real)
    check(f"x of all critical points, rho = {penalty}", [a for a, _ in sg.claim("EASGD-5.39").value(rho=penalty)], real, 1e-7)


@pytest.mark.claim("EASGD-5.38", "proved")
@pytest.mark.claim("EASGD-F5.20", "proved")
@pytest.mark.claim("EASGD-rho-range", "proved")
def test_eigenvalues_at_the_split_point():
    growth = sp.Symbol("growth")
    characteristic = nc.HESSIAN.expr.subs(SPLIT).charpoly(growth).as_expr()
    assert sp.expand(characteristic - (growth - 2 + 2 * rho) * (growth**2 - 2 * growth + 4 * rho - 6 * rho**2)) == 0
    assert sp.expand((growth**2 - 2 * growth + 4 * rho - 6 * rho**2).subs(growth, nc.SMALLEST.expr)) == 0
    # 2 - 2 rho >= 1 - root, since (1 - 2 rho)^2 <= 6 rho^2 - 4 rho + 1; and the root is below 1 exactly for 0 < rho < 2/3.
    assert sp.expand(6 * rho**2 - 4 * rho + 1 - (1 - 2 * rho) ** 2) == 2 * rho**2
    positive = sp.solveset(1 - (6 * rho**2 - 4 * rho + 1) > 0, rho, sp.S.Reals)
    assert positive == sp.Interval.open(0, sp.Rational(2, 3))
    assert sp.solve(sp.diff(nc.SMALLEST.expr, rho), rho) == [sp.Rational(1, 3)]
    assert sp.simplify(nc.SMALLEST.expr.subs(rho, sp.Rational(1, 3)) - (1 - 1 / sp.sqrt(3))) == 0


@pytest.mark.claim("EASGD-F5.20", "exact")
@pytest.mark.claim("EASGD-rho-range", "exact")
def test_smallest_eigenvalue_numerically(check):
    grid = np.append(GRID[GRID < 1], 1.0)
    apart = np.sqrt(1 - grid)
    direct = np.linalg.eigvalsh(nc.HESSIAN.numeric(x=apart, y=-apart, rho=grid))[:, 0]
    closed = sg.claim("EASGD-F5.20").value(rho=grid)
    check("smallest eigenvalue over rho", closed, direct, 1e-14)
    assert np.array_equal(direct > 1e-9, grid < 2 / 3)
    check("at rho = 0, 2/3 and 1", [sg.claim("EASGD-F5.20").value(rho=value) for value in (0.0, 2 / 3, 1.0)], [0.0, 0.0, 1 - np.sqrt(3)], 1e-15)


def test_kinds_of_all_critical_points():
    """By exact determinants of the Hessian with the centre eliminated, and by counting eigenvalues."""
    reduced = sp.hessian(nc.OBJECTIVE.expr.subs(z, (x + y) / 2), (x, y))
    assert sp.factor(sp.expand(reduced.subs(MIXED).det()) - (rho + 2) * (3 * rho - 2) / 2) == 0
    assert reduced.subs({x: 0, y: 0}).eigenvals() == {sp.Integer(-1): 1, rho - 1: 1}
    assert reduced.subs({x: 1, y: 1}).eigenvals() == {sp.Integer(2): 1, rho + 2: 1}
    for value in GRID:
        expected = {"consensus": {0}, "top": {2 if value < 1 else 1}, "split": {0 if value < 2 / 3 else 1}, "mixed": {1}}
        found = {}
        for point in nc.critical_points(value):
            found.setdefault(point.kind, set()).add(point.index)
        assert found == {kind: index for kind, index in expected.items() if kind in found}


@pytest.mark.claim("EASGD-rho-range", "proved")
def test_the_landscape_of_the_average_and_the_barrier():
    """With x, y = m ± r the objective is convex in r^2; its lowest value over r is quartic in m."""
    m, square = sp.symbols("m square", real=True)
    state = {x: m + sp.sqrt(square), y: m - sp.sqrt(square), z: m}
    energy = sp.expand(nc.OBJECTIVE.expr.subs(state, simultaneous=True))
    assert sp.diff(energy, square, 2) == 1
    lowest = sp.solve(sp.diff(energy, square), square)[0]
    assert sp.expand(lowest - (1 - rho - 3 * m**2)) == 0
    (inner, condition), (outer, _) = nc.VALLEY.args
    assert sp.expand(energy.subs(square, lowest) - inner.subs(nc.average, m)) == 0
    assert sp.expand(energy.subs(square, 0) - outer.subs(nc.average, m)) == 0
    assert sp.expand((condition.rhs - condition.lhs).subs(nc.average, m) - lowest) == 0
    # The quartic term is negative: at rho = 2/3 the split point is no minimum any more.
    assert sp.expand(inner.subs(rho, sp.Rational(2, 3)) - sp.Rational(4, 9)) == -4 * nc.average**4
    barrier = nc.OBJECTIVE.expr.subs(z, (x + y) / 2)
    assert sp.simplify(sp.expand(barrier.subs(MIXED) - barrier.subs(SPLIT)) - nc.BARRIER) == 0


def two_workers(penalty, rate, start, centre, n_steps):
    """Workers and centre after a noiseless run of EASGD with the elastic symmetry."""
    u = sp.Symbol("u")
    problem = sg.problems.from_sympy([well(u)], [u])
    process = sg.easgd(problem, rate, rate * penalty, 2 * rate * penalty, 2, observe=("local", "centre"), local0=[[start[0]], [start[1]]])
    return sg.simulate(process, centre, n_paths=1, n_steps=n_steps, keep="final").final[0]


@pytest.mark.claim("EASGD-rho-range", "exact")
@pytest.mark.claim("EASGD-5.35", "exact")
@pytest.mark.parametrize(("penalty", "trapped"), [(0.2, True), (0.6, True), (0.65, True), (0.68, False), (0.8, False), (0.95, False)])
def test_easgd_stays_split_below_two_thirds_and_leaves_above(penalty, trapped, check):
    apart = np.sqrt(1 - penalty)
    local, centre = two_workers(penalty, 0.1, (apart + 0.01, -apart), 0.0, 8000)
    check(f"worker 1 and centre, rho = {penalty}", [local, centre], [apart, 0.0] if trapped else [1.0, 1.0], 1e-6)


def test_opposite_starts_stay_opposite():
    """x = -y, z = 0 is invariant: without noise even an unstable split point attracts the state x = 1, y = -1."""
    local, centre = two_workers(0.8, 0.1, (1.0, -1.0), 0.0, 200)
    assert local == pytest.approx(np.sqrt(0.2), abs=1e-3) and centre == 0.0
    local, centre = two_workers(1.2, 0.1, (1.0, -1.0), 0.0, 2000)
    assert abs(local) < 1e-6 and centre == 0.0


@pytest.mark.claim("EASGD-5.38", "exact")
def test_largest_step_at_the_split_point(check):
    """The traced step linearised at the split point is 1 - eta H; it is stable up to 2 over the largest eigenvalue."""
    traced = trace(easgd_step, (eta, eta * rho, 2 * eta * rho), WELL, 2)
    names = dict(zip(traced.order, VARIABLES, strict=True))
    linear = sp.Matrix([traced.update[symbol].subs(names) for symbol in traced.order]).jacobian(VARIABLES)
    assert sp.expand(linear - (sp.eye(3) - eta * nc.HESSIAN.expr)) == sp.zeros(3)
    at = sp.lambdify((eta, rho), linear.subs(SPLIT))
    limit = sp.lambdify(rho, nc.LARGEST_STEP)
    for penalty in (0.1, 1 / 3, 0.6):
        for share, stays in ((0.999, True), (1.001, False)):
            assert (np.abs(np.linalg.eigvals(at(share * limit(penalty), penalty))).max() < 1) == stays
    check("largest step at rho -> 0 and at 2/3", [limit(0.0), limit(2 / 3)], [1.0, 1.0], 1e-12)


@pytest.mark.parametrize("moving_rates", [0.3, 1.0, 5.0])
def test_other_moving_rates_of_the_centre_change_speed_and_not_stability(moving_rates):
    """beta = 2 alpha r scales the centre's row of H by r > 0; the number of unstable directions stays."""
    scale = np.diag([1.0, 1.0, moving_rates])
    for value in GRID:
        for point in nc.critical_points(value):
            hessian = nc.HESSIAN.numeric(x=point.x, y=point.y, rho=value)
            if abs(np.linalg.eigvalsh(hessian)).min() > 1e-6:
                assert np.sum(np.linalg.eigvals(scale @ hessian).real < 0) == point.index


def settle(points, penalty, n_steps=6000, rate=0.1):
    """Gradient descent of p workers with the centre at their average; states are columns."""
    for _ in range(n_steps):
        points = points - rate * (points**3 - points + penalty * (points - points.mean(axis=0)))
    return points


@pytest.mark.parametrize(("k", "p"), [(1, 2), (1, 3), (1, 4), (2, 4), (2, 5), (3, 8)])
def test_thresholds_for_more_workers(k, p):
    edge = nc.split_threshold(k, p)
    signs = np.r_[-np.ones(k), np.ones(p - k)][:, None]
    nudge = 1e-3 * np.cos(np.arange(p))[:, None]
    for share, stays in ((0.97, True), (1.03, False)):
        end = settle(signs + nudge, share * edge)
        assert (end.min() < 0 < end.max()) == stays


def test_minima_of_five_workers_are_the_stable_splits():
    """From 300 random states, fixed before looking: at rho = 0.4 every end is a consensus or a split 2 : 3."""
    penalty = 0.4
    assert nc.split_threshold(1, 5) < penalty < nc.split_threshold(2, 5)
    end = settle(np.random.default_rng(0).uniform(-1.5, 1.5, (5, 300)), penalty)
    minority = np.minimum((end > 0).sum(axis=0), (end < 0).sum(axis=0))
    assert set(minority) == {0, 2}
    split = end[:, minority == 2]
    for column in split.T:
        few, many = sorted((column[column < 0], column[column > 0]), key=len)
        assert np.ptp(few) < 1e-6 and np.ptp(many) < 1e-6
        assert nc.split_penalty(-few[0] / many[0], 2 / 5) == pytest.approx(penalty, abs=1e-5)


def test_split_penalty_solves_the_equations():
    s, q, u = sp.symbols("s q u", positive=True)
    penalty, v = nc.split_penalty(s, q), -s * u
    first = u**2 - 1 + penalty * q * (1 + s)  # divided by u
    second = v**2 - 1 + penalty * (1 - q) * (1 + 1 / s)  # divided by v
    size = sp.solve(first, u**2)[0]
    assert sp.simplify(second.subs(u, sp.sqrt(size))) == 0
    stationary = sp.numer(sp.together(sp.diff(penalty, s)))
    assert sp.expand(stationary - ((1 - q) * (1 - 2 * s) + 2 * q * s**3 - q * s**4)) == 0
    assert nc.split_threshold(1, 10**6) == pytest.approx(0.25, abs=1e-6)
    assert sp.limit(nc.split_penalty(s, sp.Rational(1, 2)), s, 1) == sp.Rational(2, 3)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (partial(nc.critical_points, -0.1), "rho = -0.1 must be at least 0"),
        (partial(nc.critical_points, float("nan")), "must be finite"),
        (partial(nc.split_threshold, 0, 3), "k = 0 of p = 3"),
        (partial(nc.split_threshold, 1.5, 3), "whole numbers"),
    ],
)
def test_bad_arguments_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_values_refuse_what_is_out_of_range():
    with pytest.raises(ValueError, match="rho <= 1"):
        sg.claim("EASGD-F5.20").value(rho=1.2)
    with pytest.raises(ValueError, match="at least 0"):
        sg.claim("EASGD-5.39").value(rho=-1.0)
