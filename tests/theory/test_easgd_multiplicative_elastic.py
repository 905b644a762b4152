"""EASGD and EAMSGD under Gamma noise: moment matrices by trace and by all workers at once, limits for many workers."""

from types import SimpleNamespace

import numpy as np
import pytest
import sympy as sp

import stalegrad as sg
from stalegrad.algorithms.elastic import eamsgd_step, easgd_step
from stalegrad.moments import gamma_noise
from stalegrad.moments.spectra import spectral_radius_of
from stalegrad.theory import elastic_trace, formula
from stalegrad.theory.easgd import multiplicative_elastic as el
from stalegrad.theory.easgd.multiplicative import u1, u2
from stalegrad.theory.easgd.symbols import alpha, beta, p
from stalegrad.theory.trace import expect

RNG_SETTINGS = 40
DRAWS = {el.xi_i: (u1, u2), el.xi_j: (u1, u2)}


def is_zero(expr) -> bool:
    entries = list(expr) if isinstance(expr, sp.MatrixBase) else [expr]
    return all(sp.simplify(el.explicit(entry)) == 0 for entry in entries)


def traced(n_workers):
    """The reference step on symbols, and the symbols as this theory names them (average over the workers traced)."""
    found = elastic_trace.trace(easgd_step, elastic_trace.EASGD, elastic_trace.MULTIPLICATIVE, n_workers)
    workers = [own[0] for own in found.variables]
    names = {el.x_i: workers[0], el.x_j: workers[1], el.centre: found.centre, el.xi_i: found.drawn[0], el.xi_j: found.drawn[1]}
    return SimpleNamespace(found=found, workers=workers, named=lambda e: e.subs(names | {el.average: sum(workers) / len(workers)}, simultaneous=True))


@pytest.mark.claim("EASGD-5.31", "definition")
def test_step_is_the_reference_step():
    on = traced(3)
    worker, centre = (on.named(part) for part in formula("EASGD-5.31").expr.values())
    assert sp.expand(worker - on.found.update[on.workers[0]]) == 0
    assert sp.expand(centre - on.found.update[on.found.centre]) == 0


def products_after_a_step(on) -> dict:
    """The four products of (5.32) after a step, by squaring the reference step."""
    moved = on.found.update
    one, other, centre = moved[on.workers[0]], moved[on.workers[1]], moved[on.found.centre]
    return dict(zip(el.SQUARES.expr, (one**2, centre**2, centre * one, one * other), strict=True))


@pytest.mark.claim("EASGD-5.32", "proved")
def test_products_of_the_variables():
    on = traced(3)
    for name, product in products_after_a_step(on).items():
        assert sp.expand(on.named(el.SQUARES.expr[name]) - product) == 0, name


@pytest.mark.claim("EASGD-5.32", "refutes")
def test_printed_cross_product_misses_a_term():
    on = traced(3)
    wrong = {name: sp.expand(product - on.named(el.SQUARES.printed[name])) for name, product in products_after_a_step(on).items()}
    name = r"\tilde x_{t+1}x^i_{t+1}"
    assert [each for each, difference in wrong.items() if difference != 0] == [name]
    assert sp.expand(wrong[name] - alpha * beta * on.found.centre * sum(on.workers) / 3) == 0


@pytest.mark.claim("EASGD-5.33", "proved")
def test_expectations_for_workers_that_start_alike():
    """(5.32) averaged, with E x^i mean = b/p + (1 - 1/p) E x^i x^j and E mean^2 the same."""
    square, mutual, centred, with_centre = sp.symbols("b q a c")
    of_average = square / p + (1 - 1 / p) * mutual
    meaning = {el.x_i**2: square, el.centre**2: centred, el.centre * el.x_i: with_centre, el.centre * el.x_j: with_centre}
    meaning |= {el.centre * el.average: with_centre, el.x_i * el.average: of_average, el.average**2: of_average, el.x_i * el.x_j: mutual}
    rows = [sp.expand(expect(product, DRAWS)).subs(meaning) for product in el.SQUARES.expr.values()]
    state = sp.Matrix([square, centred, with_centre, mutual])
    assert is_zero(sp.Matrix(rows) - el.ALIKE.written_out(el.ALIKE.expr) * state)


@pytest.mark.claim("EASGD-5.34", "proved")
def test_matrix_by_trace_and_by_change_of_variables():
    matrix = el.EASGD.written_out(el.EASGD.expr)
    system = elastic_trace.moment_system(easgd_step, elastic_trace.EASGD, elastic_trace.MULTIPLICATIVE)
    assert system.letters == "abcd" and is_zero(system.matrix - matrix) and system.constant == sp.zeros(4, 1)
    # (a, b, c, d) from (b, a, c, q) with d = b/p + (1 - 1/p) q
    change = sp.Matrix([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [1 / p, 0, 0, 1 - 1 / p]])
    assert is_zero(change * el.ALIKE.written_out(el.ALIKE.expr) - matrix * change)


def all_workers(eta, alpha, beta, delta, p, lam, omega):
    """E (A kron A) for the whole state (v^1, x^1, ..., v^p, x^p, centre), written down by hand."""

    def one_step(draws):
        matrix = np.zeros((2 * p + 1, 2 * p + 1))
        matrix[-1, -1] = 1 - beta
        for worker, draw in enumerate(draws):
            v, x = 2 * worker, 2 * worker + 1
            matrix[v, [v, x]] = delta * (1 - eta * draw), -eta * draw
            matrix[x, [v, x, -1]] = delta * (1 - eta * draw), 1 - alpha - eta * draw, alpha
            matrix[-1, x] = beta / p
        return matrix

    mean, silent = one_step([lam / omega] * p), one_step([0.0] * p)
    total = np.kron(mean, mean)
    for worker in range(p):
        noise = one_step(np.eye(p)[worker]) - silent
        total += lam / omega**2 * np.kron(noise, noise)
    return total


def random_settings(p, positive_alpha):
    """Rates, moving rates and laws, stable and unstable."""
    rng = np.random.default_rng(5)
    lowest = {"eta": 0.01, "alpha": 0.0 if positive_alpha else -1.0, "beta": 0.0, "lam": 0.2, "omega": 0.5}
    highest = {"eta": 1.5, "alpha": 1.0, "beta": 1.9, "lam": 3.0, "omega": 3.0}
    for _ in range(RNG_SETTINGS):
        yield {name: rng.uniform(low, highest[name]) for name, low in lowest.items()} | {"p": p}


@pytest.mark.claim("EASGD-5.34", "exact")
@pytest.mark.parametrize("workers", [2, 3])
def test_nothing_is_lost_by_reducing_to_four_variables(workers, check):
    """Unlike (5.12): covariances are a cone, its leading eigenvector can be averaged over permutations of the workers."""
    settings = list(random_settings(workers, positive_alpha=False))
    full = [spectral_radius_of(all_workers(delta=0.0, **each)) for each in settings]
    reduced = [gamma_noise.easgd_radius(**each) for each in settings]
    check(f"radius of all {workers} workers at {RNG_SETTINGS} settings", reduced, full, 1e-9)
    assert max(full) > 1 > min(full)


@pytest.mark.claim("EASGD-5.34", "counterexample")
def test_one_worker_has_an_eigenvalue_too_many(check):
    """At p = 1 b = d always; b - d has the eigenvalue k^2, which can lead when alpha is negative."""
    at = {"eta": 0.7, "alpha": -0.85, "beta": 1.4, "lam": 2.4, "omega": 2.9}
    one = spectral_radius_of(all_workers(delta=0.0, p=1, **at))
    check("radius of (5.34), k^2", gamma_noise.easgd_radius(p=1, **at), (1 + 0.85 - 0.7 * 2.4 / 2.9) ** 2, 1e-12)
    assert one < 1 < gamma_noise.easgd_radius(p=1, **at)
    settings = [{**each, "beta": min(each["beta"], 1.0)} for each in random_settings(1, positive_alpha=True)]
    right = [spectral_radius_of(all_workers(delta=0.0, **each)) for each in settings]
    check("with alpha > 0 and beta <= 1 it never leads", [gamma_noise.easgd_radius(**each) for each in settings], right, 1e-9)


@pytest.mark.claim("EASGD-eamsgd-nine", "exact")
@pytest.mark.parametrize("workers", [2, 3])
def test_nine_variables_against_all_workers(workers, check):
    settings = list(random_settings(workers, positive_alpha=True))
    rng = np.random.default_rng(6)
    momenta = rng.uniform(-0.7, 0.95, len(settings))
    full = [spectral_radius_of(all_workers(delta=d, **each)) for d, each in zip(momenta, settings, strict=True)]
    nine = [sg.claim("EASGD-eamsgd-nine").value(delta=d, **each) for d, each in zip(momenta, settings, strict=True)]
    check(f"radius of all {workers} workers", nine, full, 1e-8)
    without_noise_term = [gamma_noise.eamsgd_radius(delta=d, **(each | {"p": each["p"] + 1})) for d, each in zip(momenta, settings, strict=True)]
    assert np.max(np.abs(np.subtract(without_noise_term, full))) > 1e-3  # a wrong number of workers is seen


@pytest.mark.claim("EASGD-eamsgd-nine", "exact")
def test_nine_variables_of_one_worker_are_six(check):
    """At p = 1 the variables d, f, k equal b, g, h; what is left has the radius of one worker and the centre."""
    matrix = elastic_trace.nine_variable_matrix(eamsgd_step)
    names = ("eta", "alpha", "beta", "delta", "p", "u1", "u2")
    by_name = {symbol.name: symbol for symbol in matrix.free_symbols}
    numeric = sp.lambdify([by_name[name] for name in names], matrix)
    six = np.zeros((9, 6))
    for column, letters in enumerate(("a", "bd", "c", "e", "fg", "hk")):
        six[["abcdefghk".index(letter) for letter in letters], column] = 1
    for each in random_settings(1, positive_alpha=False):
        moments = each["lam"] / each["omega"], each["lam"] * (each["lam"] + 1) / each["omega"] ** 2
        moved = numeric(each["eta"], each["alpha"], each["beta"], -0.3, 1.0, *moments) @ six
        reduced = np.linalg.pinv(six) @ moved
        check("after a step they are still equal", six @ reduced, moved, 1e-12)
        check("radius of one worker and the centre", spectral_radius_of(reduced), spectral_radius_of(all_workers(delta=-0.3, **each)), 1e-8)


@pytest.mark.claim("EASGD-eamsgd-nine", "proved")
def test_nine_variables_contain_easgd():
    """The trace for symbolic p: nine second moments close, and without momentum four of them are (5.34)."""
    matrix = elastic_trace.nine_variable_matrix(eamsgd_step)
    plain = matrix.subs(elastic_trace.delta, 0)
    assert matrix.shape == (9, 9)
    assert is_zero(plain[:4, :4] - el.EASGD.written_out(el.EASGD.expr)) and plain[:4, 4:] == sp.zeros(4, 5)


@pytest.mark.claim("EASGD-eamsgd-nine", "exact")
def test_both_signs_of_momentum_help_eamsgd(check):
    """At lam = omega = 0.5, beta = 0.9, p = 4, with the best eta and alpha for each delta: two valleys, the lower at delta < 0."""

    def best(momentum):
        def radius(rate, pull):
            return gamma_noise.eamsgd_radius(rate, pull, 0.9, momentum, 4, 0.5, 0.5)

        return gamma_noise.lowest_near(radius, (0.01, 1.0), (-0.3, 0.9), zooms=12).sp

    negative, none, positive, strong = (best(momentum) for momentum in (-0.5, 0.0, 0.6, 0.9))
    assert negative < positive - 0.004 < none - 0.02 < strong - 0.1
    alone = gamma_noise.lowest_near(lambda rate, pull: gamma_noise.easgd_radius(rate, pull, 0.9, 4, 0.5, 0.5), (0.01, 1.0), (-0.3, 0.9), zooms=12)
    check("no momentum is EASGD", none, alone.sp, 1e-9)


@pytest.mark.claim("EASGD-5.30", "exact")
@pytest.mark.claim("EASGD-5.34", "exact")
@pytest.mark.claim("EASGD-eamsgd-nine", "exact")
def test_radii_are_those_of_the_processes(check):
    """The exact moments of the processes that `simulate` runs, which share nothing with the closed matrices."""
    problem, at = sg.problems.gamma_quadratic(0.5, 0.5), {"eta": 0.38, "alpha": 0.15, "beta": 0.9}
    law = {"lam": 0.5, "omega": 0.5}
    easgd, eamsgd = sg.easgd(problem, **at, n_workers=6), sg.eamsgd(problem, **at, momentum=0.3, n_workers=3)
    check("EASGD, p = 6", sg.moments.spectral_radius(easgd), gamma_noise.easgd_radius(**at, p=6, **law), 1e-9)
    check("EAMSGD, p = 3", sg.moments.spectral_radius(eamsgd), gamma_noise.eamsgd_radius(**at, delta=0.3, p=3, **law), 1e-9)
    msgd = sg.nesterov(problem, 0.38, 0.3)
    check("MSGD", sg.moments.spectral_radius(msgd), gamma_noise.msgd_radius(0.38, 0.3, **law), 1e-9)
