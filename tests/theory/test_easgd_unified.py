"""Section 6.2: Gauss-Seidel EASGD and DOWNPOUR by trace; the stability theorem, exactly, and what it leaves out."""

import itertools
from functools import partial

import numpy as np
import pytest
import sympy as sp

import stalegrad as sg
from stalegrad.algorithms.elastic import easgd_step, gauss_seidel_step
from stalegrad.moments.spectra import spectral_radius_of
from stalegrad.theory.easgd import unified as un
from stalegrad.theory.easgd.symbols import alpha, beta, eta, p
from stalegrad.theory.elastic_trace import EASGD, Noise, drift, trace

ANY = Noise(np.vectorize(un.slope, otypes=[object]), (sp.S.Zero, sp.S.One))
UNIT = Noise(lambda x, xi: x, (sp.S.Zero, sp.S.Zero))
RATIONAL = [sp.Rational(n, 8) for n in (1, 3, 8, 9, 12, 15, 16, 17, 24, 31, 32, 40)]


def as_printed(law, traced, n_workers):
    """Next local variables and centre by a registered law, on the symbols of a trace."""
    own = [symbols[0] for symbols in traced.variables]
    local, halves = [], []
    for symbol, noise in zip(own, traced.drawn, strict=True):
        here = {un.before: symbol, un.centre: traced.centre, un.drawn: noise}
        halves.append(law.expr.get(r"x^{i}_{t+1/2}", un.before).subs(here))
        local.append(law.expr[r"x^{i}_{t+1}"].subs({un.half: halves[-1]}).subs(here))
    # The sum's term is linear in the worker's variable, so p times the term at the average is the sum.
    averages = {un.before: sum(own) / n_workers, un.after: sum(local) / n_workers}
    centre = law.expr[r"\tilde{x}_{t+1}"].subs(p, n_workers).doit().subs(averages).subs(un.centre, traced.centre)
    return [*local, centre]


@pytest.mark.claim("EASGD-6.2", "proved")
@pytest.mark.claim("EASGD-6.3", "proved")
@pytest.mark.parametrize("n_workers", [1, 2, 3])
@pytest.mark.parametrize(("law", "step"), [(un.JACOBI, easgd_step), (un.GAUSS_SEIDEL, gauss_seidel_step)])
def test_laws_are_those_of_the_algorithms(law, step, n_workers):
    traced = trace(step, EASGD, ANY, n_workers)
    for symbol, expected in zip(traced.order, as_printed(law, traced, n_workers), strict=True):
        assert sp.simplify(traced.update[symbol] - sp.expand(expected)) == 0


@pytest.mark.claim("EASGD-6.1", "proved")
@pytest.mark.claim("EASGD-6.3", "proved")
@pytest.mark.parametrize("n_workers", [1, 2, 5])
def test_downpour_is_the_gauss_seidel_form_with_alpha_1_and_beta_p(n_workers):
    """For any gradient, any local variables and any noise; with beta = p + 1 it is not."""
    traced = trace(gauss_seidel_step, (eta, 1, n_workers), ANY, n_workers)
    expected = as_printed(un.DOWNPOUR, traced, n_workers)
    assert [sp.simplify(traced.update[symbol] - value) for symbol, value in zip(traced.order, expected)] == [0] * (n_workers + 1)
    other = trace(gauss_seidel_step, (eta, 1, n_workers + 1), ANY, n_workers)
    assert sp.simplify(other.update[other.centre] - expected[-1]) != 0


@pytest.mark.claim("EASGD-6.1", "exact")
def test_algorithm_3_pushes_a_step_later(check):
    """Synchronous DOWNPOUR of period 1 follows (6.1) on the same draws, one step late: its first push is empty."""
    problem, rate, n_workers = sg.problems.noisy_quadratic(h=1.5), 0.1, 3
    run = sg.simulate(sg.downpour(problem, rate, n_workers, schedule=sg.schedule.synchronous()), 1.0, n_paths=5, n_steps=21, seed=3, keep="paths")
    law = sg.simulate(sg.easgd_gauss_seidel(problem, rate, 1.0, n_workers, n_workers), 1.0, n_paths=5, n_steps=20, seed=3, keep="paths")
    check("centre of Algorithm 3 at step k + 1, and of (6.1) at step k", run.paths[:, 1:], law.paths, 1e-12)
    in_turn = sg.simulate(sg.downpour(problem, rate, n_workers, schedule=sg.schedule.round_robin()), 1.0, n_paths=5, n_steps=60, seed=3, keep="paths")
    assert np.abs(in_turn.paths[:, 3::3] - run.paths[:, 1:21]).max() > 1e-3  # one after the other the workers read other centres


@pytest.mark.claim("EASGD-6.4", "proved")
@pytest.mark.claim("EASGD-6.5", "proved")
@pytest.mark.claim("EASGD-6.6", "proved")
def test_reduced_system_and_its_roots():
    reduced = sg.theory.formula("EASGD-6.4").expr
    matrix = sp.Matrix(list(reduced.values())).jacobian([un.average, un.middle])
    assert sp.expand(matrix - un.MATRIX.expr) == sp.zeros(2)
    assert sp.expand(drift(trace(gauss_seidel_step, EASGD, UNIT, 1)) - un.MATRIX.expr) == sp.zeros(2)
    roots = un.ROOTS.expr
    assert sp.expand(un.MATRIX.expr.trace() - 2 * roots["b"]) == 0
    assert sp.expand(un.MATRIX.expr.det() - roots["c"]) == 0
    assert sp.expand(2 * roots["b"] - (roots["c"] + 1 - beta * eta)) == 0


@pytest.mark.claim("EASGD-6.4", "proved")
@pytest.mark.claim("EASGD-T6.2.1", "proved")
@pytest.mark.parametrize("n_workers", [1, 2, 3, 4])
def test_all_workers_add_one_eigenvalue(n_workers):
    growth = sp.Symbol("growth")
    whole = drift(trace(gauss_seidel_step, EASGD, UNIT, n_workers)).charpoly(growth).as_expr()
    reduced = un.MATRIX.expr.charpoly(growth).as_expr()
    assert sp.expand(whole - reduced * (growth - un.DIFFERENCE) ** (n_workers - 1)) == 0


@pytest.mark.claim("EASGD-L6.2.1", "proved")
@pytest.mark.claim("EASGD-6.7", "proved")
def test_lemma_on_two_roots():
    """Real roots: the two last conditions are products of distances to 1 and -1. Complex ones: the squared modulus is c."""
    first, second, real, imaginary = sp.symbols("z1 z2 re im", real=True)
    b, c = (first + second) / 2, first * second
    assert sp.expand(c - 2 * b + 1 - (1 - first) * (1 - second)) == 0
    assert sp.expand(c + 2 * b + 1 - (1 + first) * (1 + second)) == 0
    # Both products positive and |c| < 1: neither root can be beyond 1 or -1, since then both were, on one side, and c > 1.
    b, c = real, real**2 + imaginary**2
    assert sp.expand(c - 2 * b + 1 - ((1 - real) ** 2 + imaginary**2)) == 0
    assert sp.expand(c + 2 * b + 1 - ((1 + real) ** 2 + imaginary**2)) == 0
    # 1 + c is half the sum of both products, so -1 < c says nothing new.
    c, b = un.c, un.b
    assert sp.expand((c - 2 * b + 1) + (c + 2 * b + 1) - 2 * (1 + c)) == 0


@pytest.mark.claim("EASGD-L6.2.1", "exact")
@pytest.mark.claim("EASGD-6.7", "exact")
def test_lemma_on_a_grid_with_its_borders():
    for n, m in itertools.product(range(-20, 21), range(-20, 21)):
        b, c = sp.Rational(n, 8), sp.Rational(m, 8)
        squared = b * b - c
        inside = c < 1 if squared < 0 else abs(b) < 1 and squared < (1 - abs(b)) ** 2
        assert bool(un.INSIDE.expr.subs({un.b: b, un.c: c})) == inside
    assert sg.claim("EASGD-6.7").value(b=[0.0, 1.0, 0.9], c=[0.5, 1.0, 0.85]).tolist() == [True, False, True]


@pytest.mark.claim("EASGD-L6.2.1", "refutes")
def test_modulus_of_complex_roots_is_the_root_of_c():
    modulus = np.abs(np.roots([1.0, 0.0, 0.25]))
    assert modulus == pytest.approx([0.5, 0.5]) and modulus[0] != pytest.approx(0.25**2)


def borders(bounds):
    """The curves in the plane of eta and beta on which two of the bounds of alpha meet or one has a pole."""
    found = {beta - 1, beta - 2, beta * eta - 4, beta * (2 + eta) - 4, eta - 1, eta - 2, eta - 4}
    for first, second in itertools.combinations(bounds, 2):
        for part in sp.fraction(sp.together(first - second)):
            found |= {factor for factor, _ in sp.factor_list(part)[1]}
    return {sp.expand(curve) for curve in found if curve.free_symbols}


def between(values):
    """The positive numbers given, one in every gap and one beyond."""
    cuts = sorted({value for value in values if value > 0})
    return sorted([*cuts, *[(a + b) / 2 for a, b in zip([sp.S.Zero, *cuts], cuts)], cuts[-1] + 1])


def cells(bounds):
    """A rational point (eta, beta) in every cell of the plane in which the bounds keep their order."""
    curves = borders(bounds)
    bent = [sp.Poly(curve, beta) for curve in curves if curve.has(beta)]
    assert all(curve.degree() == 1 for curve in bent)
    special = {root for curve in curves if not curve.has(beta) for root in sp.real_roots(curve, eta)}
    special |= {root for curve in bent if curve.LC().has(eta) for root in sp.real_roots(curve.LC(), eta)}
    for one, two in itertools.combinations(bent, 2):
        crossing = sp.resultant(one, two)
        special |= set(sp.real_roots(crossing, eta)) if crossing.has(eta) else set()
    assert {value for value in special if value > 0} == {1, 2, 4}
    for value in between(special):
        at = [sp.Poly(curve.as_expr().subs(eta, value), beta) for curve in bent]
        yield from ((value, height) for height in between({-curve.nth(0) / curve.nth(1) for curve in at if curve.degree() == 1}))


def positive_where(conditions, at):
    """The set of alpha > 0 at which expressions linear in alpha are all positive."""
    found = sp.Interval.open(0, sp.oo)
    for condition in conditions:
        slope, level = (sp.Poly(condition.subs(at), alpha).nth(power) for power in (1, 0))
        if slope == 0:
            found = found if level > 0 else sp.S.EmptySet
        else:
            found = found.intersect(sp.Interval.open(-level / slope, sp.oo) if slope > 0 else sp.Interval.open(-sp.oo, -level / slope))
    return found


_c = un.ROOTS.expr["c"]
JURY = (1 - _c, 1 + _c, 2 * (_c + 1) - beta * eta)
DIFFERENCES = (1 - un.DIFFERENCE, 1 + un.DIFFERENCE)
_REDUCED = (sp.S.Zero, un.LOWER_ROOT, un.UPPER_ROOT)


@pytest.mark.claim("EASGD-T6.2.1", "proved")
def test_theorem_in_every_cell():
    """All borders are lines in beta that cross at eta = 1, 2, 4, so one rational point a cell proves it for all alpha, eta, beta > 0."""
    points = list(cells(_REDUCED))
    assert len(points) > 50
    for value, height in points:
        expected = positive_where(JURY, {eta: value, beta: height})
        assert un.stable_moving_rates(value, height) == expected, (value, height)


def test_theorem_for_all_workers_in_every_cell():
    """The same with |(1-eta)(1-alpha)| < 1; the theorem of the thesis, planted instead, fails."""
    bounds = (*_REDUCED, 1 + 1 / (1 - eta), 1 - 1 / (1 - eta))
    wrong = 0
    for value, height in cells(bounds):
        expected = positive_where((*JURY, *DIFFERENCES), {eta: value, beta: height})
        assert un.stable_moving_rates(value, height, un.CASES_ALL_WORKERS) == expected, (value, height)
        wrong += un.stable_moving_rates(value, height) != expected
    assert wrong > 10


@pytest.mark.claim("EASGD-T6.2.1", "exact")
@pytest.mark.parametrize("n_workers", [1, 3])
def test_stability_against_eigenvalues_far_out(n_workers, check):
    """100,000 points, each rate log-uniform from 0.002 to 150."""
    rates = np.exp(np.random.default_rng(7).uniform(-6, 5, (3, 100_000)))
    closed, direct = un.radius(*rates, n_workers), spectral_radius_of(un.MATRIX.numeric(**dict(zip(("eta", "alpha", "beta"), rates))))
    if n_workers > 1:
        direct = np.maximum(direct, np.abs((1 - rates[0]) * (1 - rates[1])))
    check("spectral radius, two routes, largest relative difference", np.max(np.abs(closed / direct - 1)), 0.0, 1e-9)
    clear = np.abs(direct - 1) > 1e-9
    assert np.array_equal(un.stable(*rates, n_workers)[clear], (direct < 1)[clear])


@pytest.mark.claim("EASGD-T6.2.1", "exact")
@pytest.mark.claim("EASGD-6.5", "exact")
def test_values_and_traced_matrices_of_three_workers(check):
    matrix = sp.lambdify(EASGD, drift(trace(gauss_seidel_step, EASGD, UNIT, 3)))
    for rates in ((0.1, 0.3, 0.9), (1.5, 0.2, 1.9), (3.0, 0.9, 0.2), (0.05, 1.0, 16.0), (0.5, 10.0, 1.0)):
        whole = np.abs(np.linalg.eigvals(matrix(*rates))).max()
        check(f"eta, alpha, beta = {rates}, three workers", un.radius(*rates, n_workers=3), whole, 1e-9)
        value = sg.claim("EASGD-T6.2.1").value(**dict(zip(("eta", "alpha", "beta"), rates)))
        check("  their average and centre", value["sp"], spectral_radius_of(un.MATRIX.numeric(**dict(zip(("eta", "alpha", "beta"), rates)))), 1e-12)
        assert value["stable"] == (value["sp"] < 1)


@pytest.mark.claim("EASGD-T6.2.1", "counterexample")
@pytest.mark.claim("EASGD-6.2-downpour", "counterexample")
def test_workers_drift_apart_where_their_average_converges(check):
    """beta = 1, 0 < eta < 2, "alpha > 0 works well": the average does, at alpha = 4; two workers that differ do not."""
    rates = {"eta": 0.5, "alpha": 4.0, "beta": 1.0}
    assert sg.claim("EASGD-T6.2.1").value(**rates) == {"sp": 0.5, "stable": True}
    assert un.radius(**rates, n_workers=2) == 1.5
    problem = sg.problems.quadratic([[0.0]])
    run = sg.simulate(
        sg.easgd_gauss_seidel(problem, **rates, n_workers=2, observe=("centre", "local"), local0=[[1.0], [-1.0]]),
        0.0,
        n_paths=1,
        n_steps=20,
        keep="paths",
    )
    check("centre after 20 steps", run.paths[0, -1, 0], 0.0, 1e-6)
    check("worker 1 after 20 steps, in units of 1.5^20", run.paths[0, -1, 1] / 1.5**20, 1.0, 1e-9)


@pytest.mark.claim("EASGD-6.3", "counterexample")
def test_three_contractive_steps_need_not_contract():
    """alpha, beta and eta in (0, 2) suffice if eta <= 1 or beta <= 1, for any number of workers; not beyond."""
    assert not un.stable(1.5, 1.0, 1.5) and not un.stable(1.9, 1.0, 1.9)
    rates = np.random.default_rng(1).uniform(0, 2, (3, 20_000))
    safe = (rates[0] <= 1) | (rates[2] <= 1)
    assert un.stable(*rates, 2)[safe].all() and not un.stable(*rates)[~safe].all()
    for value, height in itertools.product(RATIONAL, RATIONAL):
        if value < 2 and height < 2 and (value <= 1 or height <= 1):
            assert sp.Interval.open(0, 2).is_subset(un.stable_moving_rates(value, height, un.CASES_ALL_WORKERS))


@pytest.mark.claim("EASGD-6.3", "exact")
def test_gauss_seidel_is_stable_wherever_jacobi_is():
    """The Jacobi form needs eta, beta < 2 and 2 alpha < (2-eta)(2-beta); the Gauss-Seidel form is then stable too, and far beyond."""
    matrix = drift(trace(easgd_step, EASGD, UNIT, 1))
    trace_, determinant = matrix.trace(), matrix.det()
    assert sp.expand(1 + determinant + trace_ - 2 * (un.JACOBI_LIMIT - alpha)) == 0
    assert sp.expand(1 + determinant - trace_ - beta * eta) == 0
    rates = np.random.default_rng(2).uniform(0, 3, (3, 50_000))
    direct = spectral_radius_of(np.moveaxis(np.array(sp.lambdify(EASGD, list(matrix))(*rates)).reshape(2, 2, -1), -1, 0)) < 1
    rule = (rates[0] < 2) & (rates[2] < 2) & (2 * rates[1] < (2 - rates[0]) * (2 - rates[2]))
    assert np.array_equal(direct, rule)
    seidel = un.stable(*rates, 2)
    assert seidel[rule].all() and seidel.sum() > 3 * rule.sum()
    for value, height in itertools.product(RATIONAL, RATIONAL):
        if value < 2 and height < 2:
            limit = un.JACOBI_LIMIT.subs({eta: value, beta: height})
            assert sp.Interval.open(0, limit).is_subset(un.stable_moving_rates(value, height, un.CASES_ALL_WORKERS))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (partial(sg.claim("EASGD-T6.2.1").value, eta=-0.1, alpha=1.0, beta=1.0), "eta = -0.1 must be positive"),
        (partial(sg.claim("EASGD-T6.2.1").value, eta=0.1, alpha=0.0, beta=1.0), "alpha = 0.0 must be positive"),
        (partial(sg.claim("EASGD-6.2-downpour").value, alpha=1.0, beta=2.0), "beta > 2"),
        (partial(un.downpour_neighbours, 4.0), "beta > 4"),
    ],
)
def test_bad_arguments_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
