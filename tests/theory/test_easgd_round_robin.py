"""Round-robin EASGD: its maps, its characteristic polynomial, and the largest stable alpha for odd and even p."""

import numpy as np
import pytest
import sympy as sp

import stalegrad as sg
from stalegrad.algorithms.asynchronous import AsyncState, async_easgd_step
from stalegrad.algorithms.turns import Turn
from stalegrad.moments.spectra import spectral_radius_of
from stalegrad.theory.easgd import round_robin as rr
from stalegrad.theory.easgd.symbols import alpha, eta, z
from stalegrad.theory.elastic_trace import Noise

PARABOLA = Noise(lambda x, xi: x, (sp.S.Zero, sp.S.Zero)).problem
STABILITY = "EASGD-3.3-easgd-stability"
EDGE = 1e-7
"""How far to each side of a claimed edge the spectral radius is looked at."""


def turn_of(worker):
    return Turn(np.array([[worker]]), np.array([[[sp.S.Zero]]], dtype=object))


def column(symbols):
    return np.array(symbols, dtype=object).reshape(-1, 1, 1)


def renumbered(turn, own, p):
    """One turn, then everybody's number falls by one: the power p of it is a sweep."""
    order = [own * ((i + 1) % p) + k for i in range(p) for k in range(own)] + [own * p]
    return sp.Matrix(turn)[order, :]


def radius(p, eta, alpha):
    return spectral_radius_of(rr.easgd_sweep(p, eta, alpha))


@pytest.mark.claim("EASGD-3.55", "definition")
@pytest.mark.claim("EASGD-3.56", "definition")
@pytest.mark.parametrize("p", [1, 2, 3])
def test_sweep_is_that_of_the_algorithm(p):
    local, centre = sp.symbols(f"x1:{p + 1}"), sp.Symbol("c")
    state = AsyncState(column(local), np.array([[centre]], dtype=object), np.zeros((p, 1), int))
    for worker in range(p):
        state = async_easgd_step(PARABOLA, eta, alpha, 1, state, turn_of(worker))
    ours = sp.Matrix(rr.easgd_sweep(p, eta, alpha)) * sp.Matrix([*local, centre])
    assert (ours - sp.Matrix([*state.local.ravel(), *state.centre.ravel()])).applyfunc(sp.expand) == sp.zeros(p + 1, 1)


@pytest.mark.claim("EASGD-3.55", "proved")
@pytest.mark.claim("EASGD-3.56", "proved")
def test_printed_maps_for_two_workers():
    first = sp.Matrix([[1 - eta - alpha, 0, alpha], [0, 1, 0], [alpha, 0, 1 - alpha]])
    second = sp.Matrix([[1, 0, 0], [0, 1 - eta - alpha, alpha], [0, alpha, 1 - alpha]])
    assert (sp.Matrix(rr.easgd_sweep(2, eta, alpha, turns=1)) - first).applyfunc(sp.expand) == sp.zeros(3)
    assert (sp.Matrix(rr.easgd_sweep(2, eta, alpha)) - second * first).applyfunc(sp.expand) == sp.zeros(3)


@pytest.mark.claim(STABILITY, "proved")
@pytest.mark.parametrize("p", [1, 2, 3, 4])
def test_characteristic_polynomial(p):
    """Of one turn with renumbering, whose power p is the sweep."""
    turn = renumbered(rr.easgd_sweep(p, eta, alpha, turns=1), 1, p)
    assert sp.expand(turn.charpoly(z).as_expr() - rr.easgd_characteristic(p)) == 0
    power = (turn**p - sp.Matrix(rr.easgd_sweep(p, eta, alpha))).applyfunc(sp.expand)
    assert power == sp.zeros(p + 1)


@pytest.mark.claim(STABILITY, "proved")
def test_one_turn_is_stable_exactly_as_printed():
    """Jury's conditions for the 2 x 2 matrix: real eigenvalues, so its values at 1 and -1 and its trace decide."""
    polynomial = rr.PAIR.charpoly(z).as_expr()
    assert sp.expand(polynomial.subs(z, 1) - eta * alpha) == 0
    assert sp.expand(polynomial.subs(z, -1) - (4 - 2 * eta - alpha * (4 - eta))) == 0
    assert sp.expand(rr.PAIR.trace() - (2 - eta - 2 * alpha)) == 0
    # For 0 < eta < 2 and alpha >= 0 the trace is below 2; it is above -2, since (4-2 eta)/(4-eta) < (4-eta)/2 <=> eta^2 - 4 eta + 8 > 0.
    assert sp.discriminant(eta**2 - 4 * eta + 8, eta) < 0


@pytest.mark.claim(STABILITY, "proved")
def test_no_edge_below_the_printed_alpha():
    """1/alpha = 1/(1-z) + 1/(q-z^p) at an eigenvalue; on the unit circle its real part is at most (4-eta)/(4-2 eta).

    The real part falls as cos(p theta) rises, so it is largest where z^p = -1; then alpha is the printed one, and z has to
    be real, since 1/(q-z^p) is, so z = -1 and p is odd. So: below the printed alpha every p is stable; at it, odd p has the
    eigenvalue -1 and even p has none on the circle.
    """
    q, power, cosine, size = sp.symbols("q Z c alpha0")
    characteristic = (power - q + size) * (z - 1 + size) - size**2
    assert sp.simplify(characteristic.subs(size, 1 / (1 / (1 - z) + 1 / (q - power)))) == 0
    inverse = sp.Rational(1, 2) + (q - cosine) / (1 - 2 * q * cosine + q**2)
    assert sp.simplify(sp.diff(inverse, cosine) + (1 - q**2) / (1 - 2 * q * cosine + q**2) ** 2) == 0
    assert sp.simplify((inverse * (4 - 2 * eta) / (4 - eta)).subs({cosine: -1}).subs(q, 1 - eta) - 1) == 0
    angle = sp.Symbol("theta", real=True)
    assert sp.simplify(sp.re(1 / (1 - sp.exp(sp.I * angle))).rewrite(sp.cos) - sp.Rational(1, 2)) == 0


@pytest.mark.claim(STABILITY, "exact")
@pytest.mark.parametrize("p", range(1, 9))
def test_largest_alpha_is_the_edge(p, check):
    """Stable just below, unstable just above; no gap below and no return above, on a grid up to alpha = 6."""
    for rate in (0.05, 0.4, 1.0, 1.6, 1.95):
        edge = sg.claim(STABILITY).value(p=p, eta=rate)
        below, above = radius(p, rate, edge * (1 - EDGE)), radius(p, rate, edge * (1 + EDGE))
        assert below < 1 < above
        assert radius(p, rate, np.linspace(0.002, 0.999, 100) * edge).max() < 1
        assert radius(p, rate, edge + np.linspace(0.002, 6, 300)).min() > 1
        check(f"spectral radius at the edge, eta = {rate}", radius(p, rate, edge), 1.0, 1e-7)


@pytest.mark.claim(STABILITY, "refutes")
@pytest.mark.parametrize("p", [2, 4, 6, 8])
def test_even_numbers_of_workers_are_stable_beyond_the_printed_alpha(p, check):
    printed, right = sg.claim(STABILITY).printed(p=p, eta=1.0), sg.claim(STABILITY).value(p=p, eta=1.0)
    check("printed", printed, 2 / 3, 1e-15)
    assert right > printed * 1.002
    assert radius(p, 1.0, (printed + right) / 2) < 1 - 1e-4


@pytest.mark.claim(STABILITY, "exact")
@pytest.mark.parametrize("p", [1, 3, 5, 7])
def test_odd_numbers_of_workers_are_not(p, check):
    for rate in (0.3, 1.0, 1.7):
        printed = sg.claim(STABILITY).printed(p=p, eta=rate)
        check(f"p = {p}, eta = {rate}", sg.claim(STABILITY).value(p=p, eta=rate), printed, 1e-14)
        mode = np.linalg.eigvals(rr.easgd_sweep(p, rate, printed)).real.min()
        check("eigenvalue at the printed alpha", mode, -1.0, 1e-9)


@pytest.mark.claim(STABILITY, "proved")
def test_two_workers_in_closed_form(check):
    """Jury's condition 1 - a0^2 = a1 - a0 a2 of the cubic is the edge."""
    a2, a1, a0 = sp.Poly(sp.expand(rr.easgd_characteristic(2)), z).all_coeffs()[1:]
    edge = (1 - a0**2 - a1 + a0 * a2).subs(alpha, rr.TWO_WORKERS)
    assert sp.simplify(sp.expand(edge)) == 0
    closed = sp.lambdify(eta, rr.TWO_WORKERS)
    rates = np.linspace(0.01, 1.99, 34)
    check("closed form against the root", closed(rates), [rr.largest_alpha(2, rate) for rate in rates], 1e-10)
    gain = closed(rates) / ((4 - 2 * rates) / (4 - rates)) - 1
    check("largest gain over the printed alpha", gain.max(), 0.0607, 5e-4)


@pytest.mark.claim(STABILITY, "exact")
@pytest.mark.parametrize("p", range(1, 9))
def test_outside_the_range_nothing_is_stable(p):
    """Negative alpha: the polynomial is eta alpha < 0 at z = 1. eta > 2: seen on a grid, alpha = 0 included."""
    assert sp.expand(rr.easgd_characteristic(p).subs(z, 1) - eta * alpha) == 0
    rates, movings = np.linspace(2.02, 8, 25)[:, None], np.linspace(0, 6, 61)
    assert radius(p, rates, movings).min() > 1
    assert radius(p, np.linspace(0.1, 1.9, 19)[:, None], -np.linspace(0.01, 3, 60)).min() > 1


@pytest.mark.claim(STABILITY, "exact")
def test_ends_of_the_range(check):
    """At eta = 2 only alpha = 0; as eta goes to 0, alpha up to 1."""
    for p in (1, 2, 3, 4):
        check(f"eta = 2, p = {p}", sg.claim(STABILITY).value(p=p, eta=2), 0.0, 0.0)
        check(f"eta = 1e-6, p = {p}", sg.claim(STABILITY).value(p=p, eta=1e-6), 1.0, 1e-6)
        check(f"radius at eta = 2, alpha = 0, p = {p}", radius(p, 2.0, 0.0), 1.0, 1e-12)


@pytest.mark.claim(STABILITY, "exact")
def test_a_run_of_the_process(check):
    """p = 2 at an alpha between the printed and the right edge dies out; p = 3 at the same alpha blows up."""
    problem, between = sg.problems.noisy_quadratic(sigma=0.0), 0.69
    ends = {}
    for p in (2, 3):
        run = sg.simulate(sg.round_robin_easgd(problem, 1.0, alpha=between, n_workers=p), 1.0, n_paths=1, n_steps=300 * p)
        ends[p] = abs(run.mean[-1, 0])
        power = np.linalg.matrix_power(rr.easgd_sweep(p, 1.0, between), 300) @ np.ones(p + 1)
        check(f"centre after 300 sweeps, p = {p}, against the matrix", run.mean[-1, 0] / power[-1], 1.0, 1e-9)
    assert ends[2] < 1e-3 < 1e3 < ends[3]


@pytest.mark.parametrize(
    ("wrong", "rule"), [({"p": 0}, "1 or more"), ({"p": 1.5}, "whole"), ({"eta": 2.1}, "at most 2"), ({"eta": -1.0}, "positive")]
)
def test_bad_parameters(wrong, rule):
    with pytest.raises(ValueError, match=rule):
        sg.claim(STABILITY).value(**{"p": 2, "eta": 1.0, **wrong})
