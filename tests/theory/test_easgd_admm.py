"""Round-robin ADMM: its updates from the Lagrangian, its maps, where it is stable, and the run of Figure 3.3."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp
from sympy.polys.matrices import DomainMatrix

import stalegrad as sg
from stalegrad.algorithms.admm import ADMMState, admm_step
from stalegrad.algorithms.turns import Turn
from stalegrad.moments.spectra import spectral_radius_of
from stalegrad.theory.easgd import round_robin as rr
from stalegrad.theory.easgd.symbols import eta, rho, z
from stalegrad.theory.elastic_trace import Noise

PARABOLA = Noise(lambda x, xi: x, (sp.S.Zero, sp.S.Zero)).problem
UNSTABLE = "EASGD-3.3-admm-unstable"
k, w = sp.symbols("k w", positive=True)


def column(symbols):
    return np.array(symbols, dtype=object).reshape(-1, 1, 1)


def states(p):
    """(lambda^i), (x^i), centre, and all of them in the order of the thesis."""
    multipliers, local, centre = sp.symbols(f"l1:{p + 1}"), sp.symbols(f"x1:{p + 1}"), sp.Symbol("c")
    return multipliers, local, centre, sp.Matrix([s for pair in zip(multipliers, local, strict=True) for s in pair] + [centre])


def stepped(p, turns):
    multipliers, local, centre, _ = states(p)
    state = ADMMState(column(multipliers), column(local), np.array([[centre]], dtype=object))
    for worker in range(turns):
        state = admm_step(PARABOLA, eta, rho, state, Turn(np.array([[worker]]), np.array([[[sp.S.Zero]]], dtype=object)))
    return sp.Matrix([s for pair in zip(state.multiplier.ravel(), state.local.ravel(), strict=True) for s in pair] + [state.centre[0, 0]])


def printed_maps():
    """F_1, F_2, F_3 of worker 1 for p = 2."""
    first, second, third = sp.eye(5), sp.eye(5), sp.eye(5)
    first[0, 1], first[0, 4] = -1, 1
    pull = eta * rho / (1 + eta * rho)
    second[1, 0], second[1, 1], second[1, 4] = pull, (1 - eta) / (1 + eta * rho), pull
    half = sp.Rational(1, 2)
    third[4, :] = sp.Matrix([[-half, half, -half, half, 0]])
    return first, second, third


def vanishes(matrix):
    return all(sp.cancel(entry) == 0 for entry in sp.Matrix(matrix))


@pytest.mark.claim("EASGD-3.51", "proved")
@pytest.mark.claim("EASGD-3.52", "proved")
@pytest.mark.claim("EASGD-3.53", "proved")
@pytest.mark.claim("EASGD-3.54", "proved")
def test_updates_from_the_lagrangian():
    """Dual ascent with step rho, then the minimiser in x^i of the linearised Lagrangian, then its minimiser in the centre.

    Multipliers in (3.51) are rho times those of the updates; both quadratics are convex in what is minimised.
    """
    multipliers, local, centre, _ = states(3)
    new, slope, ahead = sp.symbols("x_new g l_new")

    def lagrangian(losses, multipliers, local, centre):
        pulls = (-rho * m * (x - centre) + rho / 2 * (x - centre) ** 2 for m, x in zip(multipliers, local, strict=True))
        return sum(losses) + sum(pulls)

    losses = [sp.Function("F")(x) for x in local]
    ascent = multipliers[0] + sp.diff(lagrangian(losses, multipliers, local, centre), multipliers[0]) / rho
    assert sp.expand(ascent - (multipliers[0] - (local[0] - centre))) == 0
    linearised = slope * (new - local[0]) + (new - local[0]) ** 2 / (2 * eta)
    in_x = lagrangian([linearised], [ahead], [new], centre)
    (best,) = sp.solve(sp.diff(in_x, new), new)
    assert sp.simplify(best - (local[0] - eta * slope + eta * rho * (ahead + centre)) / (1 + eta * rho)) == 0
    assert sp.simplify(sp.diff(in_x, new, 2) - 1 / eta - rho) == 0
    in_centre = lagrangian([], multipliers, local, centre)
    (best,) = sp.solve(sp.diff(in_centre, centre), centre)
    assert sp.expand(best - sum(x - m for x, m in zip(local, multipliers, strict=True)) / 3) == 0


@pytest.mark.claim("EASGD-ALG-A6", "definition")
@pytest.mark.claim("EASGD-3.52", "definition")
@pytest.mark.claim("EASGD-3.53", "definition")
@pytest.mark.claim("EASGD-3.54", "definition")
@pytest.mark.parametrize("p", [1, 2, 3])
def test_sweep_is_that_of_the_algorithm(p):
    assert vanishes(sp.Matrix(rr.admm_sweep(p, eta, rho)) * states(p)[3] - stepped(p, p))


@pytest.mark.claim("EASGD-3.52", "proved")
@pytest.mark.claim("EASGD-3.53", "proved")
@pytest.mark.claim("EASGD-3.54", "proved")
def test_printed_maps_for_two_workers():
    first, second, third = printed_maps()
    assert vanishes(third * second * first - sp.Matrix(rr.admm_sweep(2, eta, rho, turns=1)))


@pytest.mark.claim("EASGD-F3.2", "proved")
@pytest.mark.parametrize("p", [1, 2, 3])
def test_characteristic_polynomial(p):
    """det(z - turn with renumbering) is z/(1 + eta rho) times the closed polynomial; the power p of that turn is the sweep."""
    order = [2 * ((i + 1) % p) + part for i in range(p) for part in (0, 1)] + [2 * p]
    turn = sp.Matrix(rr.admm_sweep(p, eta, rho, turns=1))[order, :]
    exact = DomainMatrix.from_Matrix(turn).convert_to(sp.QQ.frac_field(eta, rho))
    coefficients = [exact.domain.to_sympy(each) for each in exact.charpoly()]
    found = sum(each * z**power for power, each in enumerate(reversed(coefficients)))
    assert sp.cancel(found - rr.admm_characteristic(p) * z / (1 + eta * rho)) == 0
    at = {eta: sp.Rational(1, 7), rho: sp.Rational(5, 3)}
    assert vanishes(turn.subs(at) ** p - sp.Matrix(rr.admm_sweep(p, at[eta], at[rho])))


@pytest.mark.claim("EASGD-F3.2", "exact")
@pytest.mark.parametrize("p", [3, 8])
def test_radius_two_ways(p, check):
    """Eigenvalues of the sweep against roots of the polynomial, all over the figure's axes."""
    for rate, penalty in [(1e-4, 0.5), (1e-3, 2.5), (2e-3, 9.0), (5e-3, 0.02), (9.9e-3, 6.0)]:
        coefficients = sp.Poly(sp.expand(rr.admm_characteristic(p).subs({eta: rate, rho: penalty})), z).all_coeffs()
        roots = np.abs(np.roots([float(c) for c in coefficients])).max() ** p
        check(f"eta = {rate}, rho = {penalty}", sg.claim("EASGD-F3.2").value(p=p, eta=rate, rho=penalty), roots, 1e-9)


@pytest.mark.claim("EASGD-3.54", "exact")
def test_one_turn_is_stable_for_every_penalty():
    """The simple condition: Jury's for the quadratic. At 1 it is positive; at -1 it asks eta (2 - 1/p) <= 4 - 2/p + eta rho (1 + 1/p)."""
    p = sp.Symbol("p", positive=True)
    polynomial = (z - 1 + 1 / p) * (z - 1 + eta) + eta * rho * z * (z - 1 / p)
    assert sp.simplify(polynomial.subs(p, 3) - rr.admm_turn_characteristic(3)) == 0
    assert sp.simplify(polynomial.subs(z, 1) - eta / p - eta * rho * (1 - 1 / p)) == 0
    assert sp.simplify(polynomial.subs(z, -1) - (4 - 2 / p + eta * rho * (1 + 1 / p) - eta * (2 - 1 / p))) == 0
    assert sp.simplify(polynomial.subs(z, 0) - (1 - 1 / p) * (1 - eta)) == 0  # the product of the roots, below 1 + eta rho
    for workers in (2, 3, 8):
        rates, penalties = np.geomspace(1e-4, 2, 20)[:, None], np.geomspace(1e-4, 1e4, 30)
        assert spectral_radius_of(rr.admm_sweep(workers, rates, penalties, turns=1)).max() <= 1 + 1e-9
        too_large = 1.001 * (2 + 0.1 * (1 + 1 / workers) / (2 - 1 / workers))
        assert spectral_radius_of(rr.admm_sweep(workers, too_large, 0.1 / too_large, turns=1)) > 1


def routh(p, rate, penalty):
    """Number of eigenvalues of the sweep outside the unit circle, in exact arithmetic: sign changes of Routh's array."""
    poly = sp.Poly(sp.expand(rr.admm_characteristic(p).subs({eta: rate, rho: penalty})), z)
    n = poly.degree()
    moved = sum((sp.Poly((1 + w) ** j * (1 - w) ** (n - j), w) * c for j, c in enumerate(poly.all_coeffs()[::-1])), sp.Poly(0, w))
    coefficients = [Fraction(int(c.p), int(c.q)) for c in moved.all_coeffs()]
    upper, lower = coefficients[0::2], coefficients[1::2]
    column = [upper[0]]
    while lower:
        column.append(lower[0])
        below = [upper[j + 1] - upper[0] / lower[0] * (lower[j + 1] if j + 1 < len(lower) else 0) for j in range(len(upper) - 1)]
        upper, lower = lower, below
    return sum(a * b < 0 for a, b in zip(column, column[1:], strict=False))


@pytest.mark.claim(UNSTABLE, "proved")
@pytest.mark.parametrize("p", [3, 8])
def test_unstable_at_the_caption_s_parameters(p):
    """eta = 1/1000, rho = 5/2 as fractions: one complex pair outside the unit circle for p = 3, one for p = 8, none at eta = 1/100."""
    rate, penalty = sp.Rational(1, 1000), sp.Rational(5, 2)
    assert routh(p, rate, penalty) == 2
    assert routh(p, sp.Rational(1, 100), penalty) == 0


@pytest.mark.claim(UNSTABLE, "exact")
def test_one_and_two_workers_are_always_stable():
    """Hurwitz's conditions after z = (1+w)/(1-w), for 0 < eta <= 2 and k = eta rho > 0: it takes three workers."""
    polynomials = [rr.admm_characteristic(p).subs(rho, k / eta) for p in (1, 2)]
    ones, twos = (sp.Poly(sp.cancel(f.subs(z, (1 + w) / (1 - w)) * (1 - w) ** d), w).all_coeffs() for f, d in zip(polynomials, (2, 4), strict=True))
    assert [sp.expand(a - b) for a, b in zip(ones, (2 * k + 2 - eta, 2 * (k + 1), eta), strict=True)] == [0] * 3
    assert [sp.expand(a - b) for a, b in zip(twos, (k, 3 * eta + 5 * k, 7 * k + 12 - 5 * eta, eta + 3 * k + 4, eta), strict=True)] == [0] * 5
    a4, a3, a2, a1, a0 = twos
    hurwitz = sp.Poly(sp.expand(a1 * (a3 * a2 - a4 * a1) - a3**2 * a0), k)
    by_power = dict(zip((3, 2, 1, 0), hurwitz.all_coeffs(), strict=True))
    assert by_power[3] == 96 and sp.expand(by_power[2] - (296 - 8 * eta)) == 0
    assert sp.expand(by_power[1] - (224 + 144 * eta - 80 * eta**2)) == 0  # concave in eta: 224 at 0, 192 at 2
    assert sp.expand(by_power[0] - 24 * eta * (2 - eta) * (3 + eta)) == 0
    rates, penalties = np.geomspace(1e-4, 1.99, 25)[:, None], np.geomspace(1e-3, 1e3, 30)
    assert max(spectral_radius_of(rr.admm_sweep(p, rates, penalties)).max() for p in (1, 2)) < 1


@pytest.mark.claim(UNSTABLE, "exact")
@pytest.mark.parametrize("p", [3, 4, 8])
def test_edge_of_the_unstable_region(p, check):
    """On the closed curve a mode has modulus 1; the region inside is bounded, both in eta and in eta rho."""
    angle = np.linspace(0.96, 1, 4001)[1:-1] * 2 * np.pi / p
    rate, penalty = rr.admm_edge(p, angle)
    on = (rate > 0) & (penalty > 0) & (rate < 2)
    some = np.flatnonzero(on)[:: max(1, on.sum() // 20)]
    radius = spectral_radius_of(rr.admm_sweep(p, rate[some], penalty[some] / rate[some]))
    check("spectral radius on the edge", radius, 1.0, 1e-7)
    beyond = 1.02 * rate[on].max()
    penalties = np.geomspace(1e-6, 1.0, 200)
    assert spectral_radius_of(rr.admm_sweep(p, beyond, penalties / beyond)).max() < 1
    inside = 0.5 * rate[on].max()
    assert spectral_radius_of(rr.admm_sweep(p, inside, penalties / inside)).max() > 1


@pytest.mark.claim(UNSTABLE, "counterexample")
def test_not_only_and_not_always_at_a_small_penalty(check):
    """p = 3, eta = 0.001: unstable for rho between 0.077 and 7.24 only; eta = 0.003: for no rho; eta = 0.0001: still at rho = 70."""
    radius = sg.claim("EASGD-F3.2").value
    for edge, inside in ((0.07705, 1), (7.2443, -1)):
        low, high = edge * (1 - 0.002), edge * (1 + 0.002)
        assert (radius(p=3, eta=0.001, rho=high) - radius(p=3, eta=0.001, rho=low)) * inside > 0
        assert (radius(p=3, eta=0.001, rho=high) > 1) != (radius(p=3, eta=0.001, rho=low) > 1)
    penalties = np.geomspace(1e-3, 1e4, 400)
    assert spectral_radius_of(rr.admm_sweep(3, 0.003, penalties)).max() < 1
    assert radius(p=3, eta=1e-4, rho=70.0) > 1 > radius(p=3, eta=1e-4, rho=100.0)


def centre_to_sixty_digits(t):
    """Figure 3.3 at a multiple of three turns, with 60 digits."""
    with mpmath.workdps(60):
        sweep = mpmath.matrix(sp.Matrix(rr.admm_sweep(3, sp.Rational(1, 1000), sp.Rational(5, 2))).tolist())
        return float((sweep ** (t // 3) * mpmath.matrix([0, 1000] * 3 + [1000]))[6])


@pytest.mark.claim("EASGD-F3.3", "exact")
@pytest.mark.parametrize("t", [0, 3, 3000, 15000, 30000, 60000])
def test_figure_is_dynamics_not_rounding(t, check):
    exact = centre_to_sixty_digits(t)
    check(f"centre at t = {t}", sg.claim("EASGD-F3.3").value(t=t), exact, 1e-9 * max(1.0, abs(exact)))


@pytest.mark.claim("EASGD-F3.3", "exact")
def test_figure_by_the_process(check):
    process = sg.admm(sg.problems.noisy_quadratic(sigma=0.0), eta=0.001, rho=2.5, n_workers=3)
    run = sg.simulate(process, 1000.0, n_paths=1, n_steps=3001)
    for t in (1, 2, 3, 1000, 3001):
        check(f"centre at t = {t}", run.mean[t, 0], sg.claim("EASGD-F3.3").value(t=t), 1e-8)


@pytest.mark.claim(UNSTABLE, "counterexample")
@pytest.mark.claim("EASGD-F3.3", "exact")
def test_growth_is_exponential_and_predictable(check):
    """One complex pair carries the late run: from two values of the centre a sweep apart, all later ones follow. That is not chaos."""
    modes = np.linalg.eigvals(rr.admm_sweep(3, 0.001, 2.5))
    growing = modes[np.abs(modes).argmax()]
    check("modulus a sweep", abs(growing), 1.00097, 5e-6)
    check("turns in a period", 3 * 2 * np.pi / abs(np.angle(growing)), 344.18, 0.005)
    start, horizon = 60_000, 30_000
    first, second = (rr.admm_centre(t) for t in (start, start + 3))
    for _ in range(2, horizon // 3 + 2):
        first, second = second, 2 * growing.real * second - abs(growing) ** 2 * first
    check("centre at t = 90,003 foretold, over its value", second / rr.admm_centre(start + horizon + 3), 1.0, 1e-6)


@pytest.mark.claim("EASGD-F3.3", "exact")
def test_start_contains_the_growing_mode(check):
    """Its share of the centre at t = 0 is 4.5e-5: small, but thirteen orders above rounding; it is not the rounding that grows."""
    values, vectors = np.linalg.eig(rr.admm_sweep(3, 0.001, 2.5))
    parts = np.linalg.solve(vectors, rr.admm_start(3, 1000.0)) * vectors[-1]
    growing = np.abs(values) > 1
    check("amplitude of the growing pair", 2 * np.abs(parts[growing][0]), 0.0448, 5e-5)
    check("amplitude of the slow decay", np.abs(parts[np.argmin(np.abs(values - 0.999))]), 1000.33, 0.005)


@pytest.mark.parametrize(
    ("id_", "wrong", "rule"),
    [
        ("EASGD-F3.3", {"t": -1}, "0 or more"),
        ("EASGD-F3.2", {"p": 3, "eta": 0.0, "rho": 1.0}, "positive"),
        ("EASGD-F3.2", {"p": 3, "eta": 0.1, "rho": -1.0}, "at least 0"),
    ],
)
def test_bad_parameters(id_, wrong, rule):
    with pytest.raises(ValueError, match=rule):
        sg.claim(id_).value(**wrong)
