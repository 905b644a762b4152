"""Section 5.1.3, (5.9) to (5.19): EASGD with additive noise, traced for p workers, solved, its stability and its optimal rate."""

import numpy as np
import pytest
import sympy as sp

import stalegrad as sg
from easgd_additive_checks import characteristic, random_rates, vanishes
from stalegrad.algorithms.elastic import easgd_step
from stalegrad.evidence import z_test
from stalegrad.moments import additive_noise
from stalegrad.moments.spectra import spectral_radius_of
from stalegrad.theory import formula
from stalegrad.theory.easgd import additive, additive_momentum
from stalegrad.theory.easgd import additive_elastic as e
from stalegrad.theory.easgd import additive_optimum as best
from stalegrad.theory.easgd.additive import delta_h, eta_h
from stalegrad.theory.easgd.symbols import alpha, beta, sigma, z
from stalegrad.theory.elastic_trace import ADDITIVE, EASGD, drift, moment_system, trace

RNG_POINTS = random_rates(np.random.default_rng(1), 4000)[:, :3].T


@pytest.mark.claim("EASGD-5.9", "proved")
@pytest.mark.claim("EASGD-5.10", "proved")
@pytest.mark.claim("EASGD-5.18", "proved")
@pytest.mark.parametrize("workers", [1, 2, 3, 4])
def test_updates_and_drift_traced(workers):
    traced = trace(easgd_step, EASGD, ADDITIVE, workers)
    names = [own[0] for own in traced.variables]
    average, noise = sum(names) / workers, sum(traced.drawn) / workers
    rule = formula("EASGD-5.9").expr
    for name, drawn in zip(names, traced.drawn, strict=True):
        moved = rule["x^i_{t+1}"].subs({additive.x: name, additive.xi: drawn, additive.centre: traced.centre})
        assert vanishes(traced.update[name] - moved)
    next_centre = rule[r"\tilde x_{t+1}"].subs({additive.y: average, additive.centre: traced.centre})
    assert vanishes(traced.update[traced.centre] - next_centre)
    next_average = formula("EASGD-5.10").expr["y_{t+1}"].subs({additive.y: average, additive.xi: noise, additive.centre: traced.centre})
    assert vanishes(sum(traced.update[name] for name in names) / workers - next_average)
    assert vanishes(drift(traced) - e.drift_matrix(workers))


@pytest.mark.claim("EASGD-5.11", "proved")
@pytest.mark.claim("EASGD-5.12", "proved")
def test_second_moments_for_every_number_of_workers():
    """For symbolic p: the moments of average and centre are closed, whatever the differences between workers do."""
    system = moment_system(easgd_step, EASGD, ADDITIVE).part("dca")
    assert vanishes(system.matrix - e.MATRIX) and vanishes(system.constant - e.CONSTANT)
    squares = [sp.expand(part) for part in formula("EASGD-5.11").expr.values()]
    monomials = (additive.y**2, additive.y * additive.centre, additive.centre**2)
    for row, square in enumerate(squares):
        polynomial = sp.Poly(square, additive.y, additive.centre, additive.xi)
        assert vanishes(sp.Matrix([[polynomial.coeff_monomial(monomial) for monomial in monomials]]) - e.MATRIX[row, :])
    assert vanishes(sp.Poly(squares[0], additive.xi).coeff_monomial(additive.xi**2) * sigma**2 - additive.UNIT_NOISE)


@pytest.mark.claim("EASGD-5.13", "proved")
@pytest.mark.claim("EASGD-5.14", "proved")
def test_stationary_moments_solve_the_system():
    level = sp.Matrix([e.STATIONARY[name] for name in ("y2", "yx", "x2")])
    assert vanishes(e.MATRIX * level + e.CONSTANT - level)
    assert formula("EASGD-5.13").expr == e.STATIONARY["y2"]


@pytest.mark.claim("EASGD-5.14", "reproduced")
def test_stationary_moments_simulated():
    """100,000 paths of 60 steps, radius 0.74 per step; error rate 1e-4. Control: the level for one worker more is rejected."""
    point = {"eta": 0.4, "alpha": -0.1, "beta": 1.3}
    process = sg.easgd(sg.problems.noisy_quadratic(sigma=2.0), **point, n_workers=3, observe=("average", "centre"))
    run = sg.simulate(process, 0.0, n_paths=100_000, n_steps=60, seed=1)
    value, other = (sg.claim("EASGD-5.14").value(**point, h=1.0, sigma=2.0, p=workers) for workers in (3, 4))
    for column, name in enumerate(("y2", "x2")):
        seen = run.second_moment[60, column, column], run.second_moment_standard_error[60, column]
        assert z_test(*seen, value[name]).agrees(1e-4) and not z_test(*seen, other[name]).agrees(1e-4)


@pytest.mark.claim("EASGD-easgd-variance", "proved")
def test_centre_below_average_exactly_for_beta_below_one():
    """The difference is 2 (1 - beta) over positive factors, in all of the stable region; the two agree at beta = 1."""
    difference = e.STATIONARY["y2"] - e.STATIONARY["x2"]
    assert vanishes(difference - 2 * (1 - beta) * additive.UNIT_NOISE / e.p / (e.FLIP * (1 - e.DETERMINANT)))


@pytest.mark.claim("EASGD-5.15", "proved")
def test_condition_is_necessary_and_sufficient():
    """Jury for the drift A of (y, centre): det(1 - A), det(1 + A) and 1 -+ det A positive. They are the four conditions, for eta_h > 0."""
    A = e.DRIFT
    assert vanishes(A.det() - e.DETERMINANT)
    assert vanishes((sp.eye(2) - A).det() - beta * eta_h)
    assert vanishes((sp.eye(2) + A).det() - e.FLIP)
    # The fourth is (1 + D)/(1 - D) > 0; its parts add up to 2, so they are positive together.
    assert vanishes(formula("EASGD-5.15").expr["fourth"] * (1 - e.DETERMINANT) - (1 + e.DETERMINANT))


@pytest.mark.claim("EASGD-5.15", "exact")
def test_condition_against_eigenvalues():
    """4,000 random rates, negative alpha and beta above 2 included: the four conditions hold exactly where (5.12) has radius below 1."""
    rate, pull, push = RNG_POINTS
    margins = formula("EASGD-5.15").numeric(eta=rate, alpha=pull, beta=push)
    stable = spectral_radius_of(formula("EASGD-5.12").numeric(eta=rate, alpha=pull, beta=push)["matrix"]) < 1
    assert np.array_equal(stable, np.min(list(margins.values()), axis=0) > 0)
    assert 500 < stable.sum() < 3500 and np.any(stable & (pull < 0)) and np.any(stable & (push > 2))


@pytest.mark.claim("EASGD-5.15", "proved")
def test_equivalence_with_the_condition_of_section_3():
    """For alpha, beta, eta_h > 0 the pair is real, and the distances of its roots from 1 have sum S and product beta eta_h.

    They lie in (0, 2) exactly if (2 - m1)(2 - m2) = the third margin and 4 - S are positive, which is (3.4).
    """
    S = alpha + beta + eta_h
    discriminant = e.DRIFT.trace() ** 2 - 4 * e.DRIFT.det()
    assert vanishes(discriminant - ((eta_h - beta) ** 2 + alpha**2 + 2 * alpha * (eta_h + beta)))
    assert vanishes(e.FLIP - (4 - 2 * S + beta * eta_h))
    rate, pull, push = np.abs(RNG_POINTS)
    by_margins = np.min(list(formula("EASGD-5.15").numeric(eta=rate, alpha=pull, beta=push).values()), axis=0) > 0
    by_section_3 = ((2 - push) * (2 - rate) > 2 * pull) & (pull + push + rate < 4)
    assert np.array_equal(by_margins, by_section_3) and by_margins.any()


@pytest.mark.claim("EASGD-5.15", "counterexample")
def test_for_negative_alpha_the_condition_of_section_3_is_not_enough(check):
    """alpha = -1.2, beta = 0.9, eta_h = 0.1 passes (2-b)(2-e) > 2a and a + b + e < 4, and diverges; (5.15) tells."""
    rates = {"eta": 0.1, "alpha": -1.2, "beta": 0.9}
    margins = formula("EASGD-5.15").numeric(**rates)
    assert margins["third"] > 0 and sum(rates.values()) < 4 and margins["fourth"] < 0
    check("radius of (5.12)", additive_noise.reduced_radius(**rates), 1.29, 1e-12)
    # Nor does (5.15) speak of the workers: at the rates of Figure 5.3 it holds, and differences of workers grow by 1.3 a step.
    safe = formula("EASGD-5.15").numeric(eta=0.1, alpha=-0.4, beta=0.9)
    assert min(safe.values()) > 0
    check("radius of (5.18)", additive_noise.drift_radius(0.1, -0.4), 1.3, 1e-12)


@pytest.mark.claim("EASGD-5.16", "proved")
def test_second_moment_eigenvalues_are_those_of_momentum_in_other_letters():
    product = sp.prod(z - root for root in e.SECOND_EIGENVALUES.expr.values())
    assert vanishes(sp.expand(product) - e.MATRIX.charpoly(z).as_expr())
    as_momentum = {eta_h: beta * eta_h, delta_h: e.DETERMINANT}
    assert vanishes(e.B_SECOND - additive_momentum.B.subs(as_momentum, simultaneous=True))


@pytest.mark.claim("EASGD-5.17", "proved")
@pytest.mark.claim("EASGD-easgd-reduced-optimal", "proved")
def test_reduced_optimum_follows_from_momentum():
    """alpha runs through all numbers, so D does, and momentum's optimum D = (sqrt(beta eta_h) - 1)^2 is reached at (5.17)."""
    r, q = sp.symbols("r q", positive=True)
    squares = {eta_h: r**2, beta: q**2}
    assert vanishes(sp.powdenest(e.DETERMINANT.subs(alpha, best.MEETING).subs(squares), force=True) - (q * r - 1) ** 2)
    assert vanishes(formula("EASGD-easgd-reduced-optimal").expr["sp"].subs(squares) - (q * r - 1) ** 2)
    assert vanishes(best.MEETING.subs(squares) + (q - r) ** 2)


@pytest.mark.claim("EASGD-easgd-reduced-optimal", "exact")
@pytest.mark.claim("EASGD-F5.2", "exact")
def test_reduced_optimum_by_brute_force(check):
    """beta eta_h up to 4, rates to 8: no alpha in [-16, 8] does better; nearest grid point at 0.002, radius within its square root's slope."""
    rate, push = np.random.default_rng(2).uniform([0.05, 0.05], [8.0, 2.5], (80, 2)).T
    rate = np.minimum(rate, 3.95 / push)
    pull = np.linspace(-16.0, 8.0, 6001)
    radius = additive_noise.reduced_radius(rate[:, None], pull, push[:, None])
    optimum = formula("EASGD-easgd-reduced-optimal").numeric(eta=rate, beta=push)
    assert np.all(radius.min(axis=1) > optimum["sp"] - 1e-9) and optimum["sp"].max() < 1
    check("least radius on the grid", radius.min(axis=1), optimum["sp"], 0.2)
    check("radius at (5.17)", additive_noise.reduced_radius(rate, optimum["alpha"], push), optimum["sp"], 1e-6)
    eigenvalues = spectral_radius_of(formula("EASGD-5.12").numeric(eta=rate, alpha=optimum["alpha"], beta=push)["matrix"])
    check("the same by eigenvalues of (5.12)", eigenvalues, optimum["sp"], 1e-3)
    check("Figure 5.2 at its optimum for eta = 0.4", sg.claim("EASGD-F5.2").value(eta=0.4, alpha=-0.1), 0.16, 1e-9)


@pytest.mark.claim("EASGD-5.18", "proved")
@pytest.mark.claim("EASGD-5.19", "proved")
@pytest.mark.parametrize("workers", [1, 2, 3, 5])
def test_determinant_recursion(workers):
    """det(M_p - z) = (e - z)^(p-1) [(1-beta-z)(e-z) - alpha beta], step by step as printed: beta' stays beta/p throughout."""
    e_z, share = 1 - alpha - eta_h - z, beta / workers
    value = 1 - beta - z
    for size in range(1, workers + 1):
        value = e_z * value - alpha * share * e_z ** (size - 1)
    pair = (1 - beta - z) * e_z - alpha * beta
    assert vanishes(value - e_z ** (workers - 1) * pair)
    assert vanishes((-1) ** (workers + 1) * characteristic(e.drift_matrix(workers)) - value)
    roots = list(e.FIRST_EIGENVALUES.expr.values())
    assert vanishes(sp.expand((z - roots[1]) * (z - roots[2])) - pair) and roots[0] == e_z + z


@pytest.mark.claim("EASGD-F5.6", "exact")
@pytest.mark.claim("EASGD-F5.2", "exact")
def test_maps_against_eigenvalues_for_several_numbers_of_workers(check):
    """The map of p = 2 holds for 3 and 7 workers, not for one; without the differences the radius is the root of that of Figure 5.2."""
    rate, pull = np.meshgrid(np.linspace(0.05, 1.95, 24), np.linspace(-0.97, 0.97, 24))
    closed = additive_noise.drift_radius(rate, pull)
    for workers in (1, 2, 3, 7):
        at = sp.lambdify((eta_h, alpha, beta), e.drift_matrix(workers))
        matrices = np.array([at(*point, additive_noise.BETA) for point in zip(rate.ravel(), pull.ravel(), strict=True)], dtype=float)
        radius = spectral_radius_of(matrices).reshape(rate.shape)
        if workers == 1:
            check("p = 1, squared, against Figure 5.2", radius**2, additive_noise.reduced_radius(rate, pull), 1e-6)
            assert np.any(radius < closed - 0.1)
        else:
            check(f"p = {workers} against Figure 5.6", radius, closed, 1e-6)


@pytest.mark.claim("EASGD-F5.4", "exact")
@pytest.mark.claim("EASGD-F5.5", "exact")
@pytest.mark.parametrize(("figure", "rate"), [("EASGD-F5.4", 0.1), ("EASGD-F5.5", 1.5)])
def test_moduli_of_figures_4_and_5(figure, rate, check):
    for pull in (-0.9, -0.4, -0.05, 0.0, 0.3, 0.9):
        pair = np.linalg.eigvals(np.array([[1 - rate - pull, pull], [0.9, 0.1]]))
        value = sg.claim(figure).value(alpha=pull)
        check(f"abs z_2, z_3 at alpha = {pull}", sorted(value[1:]), sorted(np.abs(pair)), 1e-7)
        check(f"abs z_1 at alpha = {pull}", value[0], abs(1 - rate - pull), 1e-15)
