"""EAMSGD with additive noise: (5.20), (5.21), the best alpha, and the stationary variance that the thesis leaves out."""

import numpy as np
import pytest
import sympy as sp
from scipy.linalg import solve_discrete_lyapunov
from sympy.polys.matrices import DomainMatrix

import stalegrad as sg
from easgd_additive_checks import characteristic, random_rates, vanishes
from stalegrad.algorithms.elastic import eamsgd_step
from stalegrad.evidence import z_test
from stalegrad.moments import additive_noise
from stalegrad.moments.spectra import spectral_radius_of
from stalegrad.theory import elastic_trace
from stalegrad.theory.easgd import additive_eamsgd as m
from stalegrad.theory.easgd import additive_elastic
from stalegrad.theory.easgd.additive import UNIT_NOISE, delta_h, eta_h
from stalegrad.theory.easgd.symbols import alpha, beta, delta, eta, h, p, sigma, z

FACTORS = m.FACTORS.expr


def written(expr):
    """N, J, w and k in terms of the rates."""
    for symbol in (m.N, m.J, m.w, m.k):
        expr = expr.subs(symbol, m.STATIONARY.where[symbol])
    return expr


@pytest.mark.claim("EASGD-5.20", "proved")
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_drift_traced(workers):
    traced = elastic_trace.trace(eamsgd_step, elastic_trace.EAMSGD, elastic_trace.ADDITIVE, workers)
    assert vanishes(elastic_trace.drift(traced) - m.drift_matrix(workers))


@pytest.mark.claim("EASGD-5.21", "proved")
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_factors_of_the_determinant(workers):
    """det(M_p - z) = u^(p-1) v; for more workers each adds a row block of the same bordered form."""
    determinant = (-1) ** (2 * workers + 1) * characteristic(m.drift_matrix(workers))
    assert vanishes(determinant - FACTORS["u"] ** (workers - 1) * FACTORS["v"])


@pytest.mark.claim("EASGD-5.21", "refutes")
def test_printed_sign_of_delta(check):
    """The trace of a worker's block is 1 - eta_h - alpha + delta_h. Printed with minus; the printed v, at beta = 0, contradicts it."""
    assert vanishes(FACTORS["u"] - m.WORKER.charpoly(z).as_expr())
    in_shorthands = {delta: delta_h, eta: eta_h}
    u, v = (part.subs(in_shorthands, simultaneous=True) for part in (m.FACTORS.printed["u"], m.FACTORS.printed["v"]))
    assert vanishes(v - FACTORS["v"]) and vanishes(v.subs(beta, 0) - (1 - z) * FACTORS["u"])
    assert vanishes(u - FACTORS["u"] - 2 * delta_h * z)
    # Complex roots have the same modulus with either sign; real ones do not, and the printed sign would call stable rates of Figure 5.8 unstable.
    point = {eta_h: 1.4, alpha: -0.8, delta_h: -0.99 * 0.4}
    right, wrong = (np.abs(np.roots([float(c) for c in sp.Poly(each.subs(point), z).all_coeffs()])).max() for each in (FACTORS["u"], u))
    check("roots of u against the worker's block", right, np.abs(np.linalg.eigvals(np.array(m.WORKER.subs(point), dtype=float))).max(), 1e-9)
    assert right < 1 < wrong


@pytest.mark.claim("EASGD-5.21", "counterexample")
def test_the_letters_of_the_printed_factors_matter(check):
    """Read with delta for delta_h and eta for eta_h = eta h, as printed, they are not the eigenvalues, even for h = 1."""
    printed = m.FACTORS.printed["v"].subs({eta: 0.5, alpha: 0.2, beta: 0.9, delta: 0.8})
    radius = np.abs(np.roots([float(c) for c in sp.Poly(printed, z).all_coeffs()])).max()
    right = additive_noise.averages_radius(0.5, 0.2, 0.9, 0.8)
    averages = np.array(m.REDUCED.subs({eta_h: 0.5, alpha: 0.2, beta: 0.9, delta_h: 0.4}), dtype=float)
    check("radius of v with delta_h", right, np.abs(np.linalg.eigvals(averages)).max(), 1e-12)
    assert abs(radius - right) > 0.1


@pytest.mark.claim("EASGD-5.21", "proved")
def test_the_cubic_is_irreducible():
    """No factor of lower degree in z over the rational functions of eta_h, alpha, beta, delta_h; it splits at alpha = 0 and beta = 0."""
    _, factors = sp.factor_list(sp.expand(FACTORS["v"]))
    assert len(factors) == 1 and sp.degree(factors[0][0], z) == 3
    assert vanishes(FACTORS["v"].subs(alpha, 0) - (1 - beta - z) * FACTORS["u"].subs(alpha, 0))


@pytest.mark.claim("EASGD-F5.8", "exact")
def test_map_of_figure_8_for_several_numbers_of_workers(check):
    rate, pull = np.meshgrid(np.linspace(0.05, 1.95, 16), np.linspace(-0.95, 0.95, 16))
    radius = additive_noise.momentum_drift_radius(rate, pull)
    for workers in (3, 5):
        at = sp.lambdify((eta_h, alpha, delta_h), m.drift_matrix(workers).subs(beta, additive_noise.BETA))
        matrices = np.array([at(e, a, additive_noise.MOMENTUM * (1 - e)) for e, a in zip(rate.ravel(), pull.ravel(), strict=True)], dtype=float)
        check(f"p = {workers} against p = 2", spectral_radius_of(matrices).reshape(rate.shape), radius, 1e-5)
    largest_root = [max(np.abs(np.roots(_coefficients(FACTORS[name], 0.5, 0.3))).max() for name in "uv")]
    check("by the roots of u and v", [sg.claim("EASGD-F5.8").value(eta=0.5, alpha=0.3)], largest_root, 1e-9)


def _coefficients(expr, rate, pull):
    point = {eta_h: rate, alpha: pull, beta: 0.9, delta_h: 0.99 * (1 - rate)}
    return [float(c) for c in sp.Poly(expr.subs(point), z).all_coeffs()]


@pytest.mark.claim("EASGD-eamsgd-optimal", "exact")
def test_best_alpha_changes_sign(check):
    """beta = 0.9, delta = 0.99: the best alpha goes from 0.9 through 0 near eta = 0.99 to below -1; at eta = 1 (delta_h = 0) it is that of EASGD."""
    rates = np.array([0.001, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.985, 0.992, 1.05, 1.1, 1.3, 1.5])
    found = [sg.claim("EASGD-eamsgd-optimal").value(eta=rate) for rate in rates]
    pull = np.array([value["alpha"] for value in found])
    assert np.all(np.diff(pull) < 0) and np.all(pull[rates < 0.99] > 0) and np.all(pull[rates > 0.99] < 0)
    grid = np.linspace(-1.5, 1.5, 3001)
    for rate, value in zip(rates, found, strict=True):
        radius = additive_noise.momentum_drift_radius(rate, grid)
        assert radius.min() > value["sp"] - 1e-6
        check(f"best alpha on a plain grid, eta = {rate}", value["alpha"], grid[radius.argmin()], 2e-3)
    check("at eta = 1, the optimum of EASGD", sg.claim("EASGD-eamsgd-optimal").value(eta=1.0)["alpha"], -((1 - np.sqrt(0.9)) ** 2), 1e-4)


@pytest.mark.claim("EASGD-F5.8", "counterexample")
def test_best_alpha_does_not_always_rise_as_eta_falls(check):
    """It rises with eta between 0.674 and 0.711, where a worker's pair u and the averages' pair of v have equal moduli; and again near 1."""
    rates = np.linspace(0.674, 0.711, 8)
    pull = np.array([additive_noise.best_alpha(rate)["alpha"] for rate in rates])
    assert np.all(np.diff(pull) > 1e-3)
    near_one = np.array([additive_noise.best_alpha(rate)["alpha"] for rate in (0.998, 1.0, 1.002, 1.005)])
    assert np.all(np.diff(near_one) > 5e-4)
    for rate, value in zip(rates, pull, strict=True):
        moduli = [np.sort(np.abs(np.roots(_coefficients(FACTORS[name], rate, value))))[-2:] for name in "uv"]
        check(f"two moduli of u and two of v at the best alpha, eta = {rate:.3f}", moduli[0], moduli[1], 1e-4)


@pytest.mark.claim("EASGD-eamsgd-stationary", "proved")
def test_stationary_variance_solves_the_lyapunov_equation():
    """S = A S A' + b b' for the averages of v and x and the centre, b = (1, 1, 0): six unknowns, solved symbolically."""
    names = sp.symbols("s0:6")
    S = sp.Matrix(3, 3, lambda i, j: names[{(0, 0): 0, (0, 1): 1, (0, 2): 2, (1, 1): 3, (1, 2): 4, (2, 2): 5}[min(i, j), max(i, j)]])
    injected = sp.Matrix([1, 1, 0])
    residue = m.REDUCED * S * m.REDUCED.T + injected * injected.T - S
    system = sp.linear_eq_to_matrix([sp.expand(residue[i, j]) for i in range(3) for j in range(i, 3)], names)
    field = sp.QQ.frac_field(alpha, beta, delta_h, eta_h)
    A, b = (DomainMatrix.from_Matrix(part).convert_to(field) for part in system)
    solved = dict(zip(names, A.lu_solve(b).to_Matrix(), strict=True))
    for name, entry in (("y2", S[1, 1]), ("x2", S[2, 2])):
        above, below = sp.fraction(sp.together(written(m.STATIONARY.expr[name]) * p / UNIT_NOISE))
        found_above, found_below = sp.fraction(sp.together(solved[entry]))
        assert sp.expand(above * found_below - below * found_above) == 0


@pytest.mark.claim("EASGD-eamsgd-stationary", "proved")
def test_stationary_variance_against_the_trace():
    """The moments of the averages of the traced step for symbolic p, solved in rational numbers at three sets of rates."""
    system = elastic_trace.moment_system(eamsgd_step, elastic_trace.EAMSGD, elastic_trace.ADDITIVE).part("fkdeca")
    for numbers in ((1, 2, 9, 9, 3, 2, 4), (13, -3, 7, -5, 1, 1, 2), (6, 1, 12, 3, 2, 5, 7)):
        rates = dict(zip((eta, alpha, beta, delta), (sp.Rational(number, 10) for number in numbers[:4]), strict=True))
        point = rates | dict(zip((h, sigma, p), numbers[4:], strict=True))
        solved = (sp.eye(6) - system.matrix.subs(point)).LUsolve(system.constant.subs(point))
        for name, letter in (("y2", "d"), ("x2", "a")):
            assert m.STATIONARY.written_out(m.STATIONARY.expr[name]).subs(point) == solved["fkdeca".index(letter)]


@pytest.mark.claim("EASGD-eamsgd-stationary", "proved")
def test_denominators_are_edges_of_stability_and_no_momentum_is_easgd():
    three = m.REDUCED.charpoly(z)
    c2, c1, c0 = three.all_coeffs()[1:]
    assert vanishes(written(m.N) + three.as_expr().subs(z, -1))
    assert vanishes(written(m.J) - (1 - c0**2 - c1 + c0 * c2))
    assert vanishes(three.as_expr().subs(z, 1) - beta * eta_h)
    for name in ("y2", "x2"):
        assert vanishes(written(m.STATIONARY.expr[name]).subs(delta_h, 0) - additive_elastic.STATIONARY[name])
    # The centre is below the average exactly if (1 - beta)(1 + delta_h - delta_h k) > 0: at delta = 0 this is beta < 1.
    difference = written(m.STATIONARY.expr["y2"] - m.STATIONARY.expr["x2"])
    assert vanishes(difference - written(2 * (1 - beta) * (1 + delta_h - delta_h * m.k) / (m.N * m.J)) * UNIT_NOISE / p)


@pytest.mark.claim("EASGD-eamsgd-stationary", "exact")
@pytest.mark.parametrize("workers", [1, 2, 5])
def test_stationary_variance_of_all_workers_numerically(workers, check):
    """Covariance of all 2 p + 1 variables from a Lyapunov solver, at random stable rates: h = 2, sigma = 3."""
    rng = np.random.default_rng(3)
    at = sp.lambdify((eta_h, alpha, beta, delta_h), m.drift_matrix(workers))
    compared = 0
    for rate, pull, push, momentum in random_rates(rng, 60):
        matrix = np.array(at(rate, pull, push, momentum * (1 - rate)), dtype=float)
        if spectral_radius_of(matrix) > 0.95:
            continue
        injected = np.zeros((2 * workers + 1, workers))
        for worker in range(workers):
            injected[2 * worker : 2 * worker + 2, worker] = rate / 2.0 * 3.0
        covariance = solve_discrete_lyapunov(matrix, injected @ injected.T)
        average = np.array([*[0.0, 1.0 / workers] * workers, 0.0])
        value = sg.claim("EASGD-eamsgd-stationary").value(eta=rate / 2.0, alpha=pull, beta=push, delta=momentum, h=2.0, sigma=3.0, p=workers)
        expected = np.array([average @ covariance @ average, covariance[-1, -1]])
        check(f"y2, x2 in units of y2, case {compared}", np.array(list(value.values())) / expected[0], expected / expected[0], 1e-8)
        compared += 1
    assert compared > 10


@pytest.mark.claim("EASGD-eamsgd-stationary", "reproduced")
def test_stationary_variance_simulated():
    """100,000 paths of 120 steps, radius 0.87 per step; error rate 1e-4. Control: the level without momentum's lookahead is rejected."""
    process = sg.eamsgd(sg.problems.noisy_quadratic(), 0.2, 0.3, 0.6, momentum=0.9, n_workers=3, observe=("average", "centre"))
    run = sg.simulate(process, 0.0, n_paths=100_000, n_steps=120, seed=1)
    claim = sg.claim("EASGD-eamsgd-stationary")
    point = {"eta": 0.2, "alpha": 0.3, "beta": 0.6, "h": 1.0, "sigma": 1.0, "p": 3}
    value, other = claim.value(delta=0.9, **point), claim.value(delta=0.85, **point)
    for column, name in enumerate(("y2", "x2")):
        seen = run.second_moment[120, column, column], run.second_moment_standard_error[120, column]
        assert z_test(*seen, value[name]).agrees(1e-4) and not z_test(*seen, other[name]).agrees(1e-4)


@pytest.mark.claim("EASGD-eamsgd-stationary", "exact")
def test_unstable_differences_leave_the_averages_finite(check):
    """alpha = -0.7, eta = 0.1, delta = 0: workers drift apart by 1.6 a step, the averages have a level; beyond their own edge there is none."""
    point = {"eta": 0.1, "beta": 0.9, "delta": 0.0, "h": 1.0, "sigma": 1.0, "p": 4}
    value = sg.claim("EASGD-eamsgd-stationary").value(alpha=-0.7, **point)
    assert additive_noise.momentum_drift_radius(0.1, -0.7, 0.9, 0.0) > 1.5 and np.isfinite(value["x2"])
    check("the level is that of EASGD", value["x2"], sg.claim("EASGD-5.14").value(eta=0.1, alpha=-0.7, beta=0.9, h=1.0, sigma=1.0, p=4)["x2"], 1e-14)
    assert sg.claim("EASGD-eamsgd-stationary").value(alpha=-1.2, **point) == {"y2": np.inf, "x2": np.inf}
