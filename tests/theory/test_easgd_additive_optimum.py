"""The best alpha of the full system of EASGD, section 5.1.3: derived, searched by brute force, and compared with the printed rule."""

import numpy as np
import pytest
import sympy as sp

import stalegrad as sg
from easgd_additive_checks import vanishes
from stalegrad.moments import additive_noise
from stalegrad.moments.spectra import spectral_radius_of
from stalegrad.theory.easgd import additive_elastic as e
from stalegrad.theory.easgd import additive_optimum as best
from stalegrad.theory.easgd.additive import eta_h
from stalegrad.theory.easgd.symbols import alpha, beta, eta

WORKER = 1 - alpha - eta_h
PAIR = sp.Symbol("pair")
POLYNOMIAL = (1 - beta - PAIR) * (WORKER - PAIR) - alpha * beta
ALPHAS = np.linspace(-14.0, 6.0, 8001)
STEP = ALPHAS[1] - ALPHAS[0]


def random_rates(n: int) -> tuple[np.ndarray, np.ndarray]:
    """(eta, beta): half of them up to 2, where the thesis works, half up to 5; every piece of the answer gets dozens."""
    rng = np.random.default_rng(5)
    return np.concatenate([rng.uniform(0.02, 2.0, (n // 2, 2)), rng.uniform(0.02, 5.0, (n - n // 2, 2))]).T


def drift_of_three_workers(rate, pull, push) -> np.ndarray:
    """M_3 on broadcast rates."""
    rate, pull, push = np.broadcast_arrays(rate, pull, push)
    matrices = np.zeros((*rate.shape, 4, 4))
    for worker in range(3):
        matrices[..., worker, worker] = 1 - rate - pull
        matrices[..., worker, 3], matrices[..., 3, worker] = pull, push / 3
    matrices[..., 3, 3] = 1 - push
    return matrices


@pytest.mark.claim("EASGD-easgd-full-optimal", "proved")
def test_where_the_meeting_point_counts():
    """At (5.17), with r^2 = eta_h, q^2 = beta, s = q r: e = 1 + beta - 2 s and e^2 - P^2 = (beta - s)(beta + 2 - 3 s)."""
    r, q = sp.symbols("r q", positive=True)
    squares = {eta_h: r**2, beta: q**2}
    at_meeting = WORKER.subs(alpha, best.MEETING).subs(squares)
    assert vanishes(at_meeting - (1 + q**2 - 2 * q * r))
    excess = at_meeting**2 - (1 - q * r) ** 2
    assert vanishes(excess - (q**2 - q * r) * (q**2 + 2 - 3 * q * r))
    # s between beta and (beta + 2)/3 is eta_h between beta and EDGE.
    assert vanishes(best.EDGE.subs(squares) * q**2 - ((q**2 + 2) / 3) ** 2)


@pytest.mark.claim("EASGD-easgd-full-optimal", "proved")
def test_where_worker_and_pair_have_equal_moduli():
    """Equal eigenvalues only at alpha = 0; opposite ones at `REAL`; a complex pair of the same modulus at `COMPLEX`."""
    assert vanishes(POLYNOMIAL.subs(PAIR, WORKER) + alpha * beta)
    value = sp.Symbol("e")
    opposite = POLYNOMIAL.subs(PAIR, -WORKER).subs(alpha, 1 - eta_h - value)
    assert vanishes(opposite - (2 * value**2 + (2 - beta) * value - beta * (1 - eta_h)))
    assert sp.simplify(opposite.subs({value: best.REAL, eta_h: eta})) == 0
    product = e.DETERMINANT.subs(alpha, 1 - eta_h - value)
    assert vanishes(product - (value - beta * (1 - eta_h)))
    assert sp.simplify((product - value**2).subs({value: best.COMPLEX, eta_h: eta})) == 0


@pytest.mark.claim("EASGD-easgd-full-optimal", "exact")
def test_optimum_by_brute_force(check):
    """120 rates, 8,001 alphas in [-14, 6], eigenvalues of M_3: no alpha beats the formula, and its own radius is as said.

    Away from the meeting point radii change by at most a few times the distance in alpha, there by its square root: two grids
    of allowance, 3 sqrt(2.5e-3). Eigenvalues that meet are computed to 1e-7 or so.
    """
    rate, push = random_rates(120)
    least = np.array([spectral_radius_of(drift_of_three_workers(r, ALPHAS, b)).min() for r, b in zip(rate, push, strict=True)])
    optimum = additive_noise.full_optimum(rate, push)
    assert np.all(least > optimum["sp"] - 1e-6)
    check("least radius on the grid", least, optimum["sp"], 3 * np.sqrt(STEP))
    reached = spectral_radius_of(drift_of_three_workers(rate, optimum["alpha"], push))
    check("radius at the optimum, by eigenvalues", reached, optimum["sp"], 1e-6)
    assert np.all(optimum["alpha"] <= 0) and np.all(np.abs(optimum["alpha"]) < 13)


@pytest.mark.claim("EASGD-easgd-full-optimal", "refutes")
def test_printed_rule_fails_for_figures_5_and_7(check):
    """beta = 0.9, eta_h = 1.5: the printed alpha attains 0.4238, set by the worker's eigenvalue; 0.3367 is possible."""
    value, printed = (getattr(sg.claim("EASGD-easgd-full-optimal"), which)(eta=1.5, beta=0.9) for which in ("value", "printed"))
    roots = np.sqrt(0.9), np.sqrt(1.5)
    check("printed alpha", printed["alpha"], -((roots[0] - roots[1]) ** 2), 1e-14)
    for name, found in (("optimal", value), ("printed", printed)):
        eigenvalues = np.abs(np.linalg.eigvals(drift_of_three_workers(1.5, found["alpha"], 0.9)))
        check(f"radius at the {name} alpha", eigenvalues.max(), found["sp"], 1e-7)
    assert value["sp"] < printed["sp"] - 0.08
    check("the worker's eigenvalue there", additive_noise.moduli(printed["alpha"], 1.5)[0], printed["sp"], 1e-12)


@pytest.mark.claim("EASGD-easgd-full-optimal", "refutes")
def test_where_the_printed_rule_holds():
    """Exactly for eta_h < beta <= 2 - eta_h, and for beta < 1 with beta <= eta_h <= (beta + 2)^2/(9 beta); it never promises too little."""
    rate, push = random_rates(4000)
    optimum, printed = (additive_noise.full_optimum(rate, push, printed=which) for which in (False, True))
    edge = (push + 2) ** 2 / (9 * push)
    holds = ((rate < push) & (rate + push <= 2)) | ((push < 1) & (rate >= push) & (rate <= edge))
    loses = printed["sp"] > optimum["sp"] + 1e-9
    assert np.array_equal(holds, ~loses)
    assert np.all(printed["sp"] > optimum["sp"] - 1e-12) and 0.1 < loses.mean() < 0.9
    # Each of the four pieces of the answer is met by dozens of the rates.
    pieces = (rate - push) * (rate - edge) <= 0, rate > push, rate + push <= 2
    assert min(np.bincount(np.select(pieces, (0, 1, 2), 3))) > 36


@pytest.mark.claim("EASGD-easgd-full-optimal", "proved")
def test_best_learning_rate_for_beta_below_one():
    """Along the optimum the radius falls up to EDGE and rises beyond: 1 - eta, then 1 - s, then `-COMPLEX`; least is (1 - beta)/3."""
    q = sp.Symbol("q", positive=True)
    at_edge = {eta: best.EDGE.subs(beta, q**2), beta: q**2}
    assert vanishes(1 - (q**2 + 2) / 3 - (1 - q**2) / 3)
    # 1 + 4 beta (EDGE - 1) is the square of (5 - 2 beta)/3, which is positive for beta <= 1.
    assert vanishes((1 + 4 * beta * (eta - 1)).subs(at_edge) - ((5 - 2 * q**2) / 3) ** 2)
    assert vanishes(((5 - 2 * beta) / 3 - 1) / 2 - (1 - beta) / 3)


@pytest.mark.claim("EASGD-easgd-full-optimal", "exact")
def test_pieces_meet(check):
    """The optimal radius is continuous over the edges of its pieces."""
    for rate, push in ((0.4, 0.4), (1.3, 0.7), (0.5, 1.5), (1.6, 1.6), (1.0, 1.0)):
        around = additive_noise.full_optimum(np.array([rate - 1e-9, rate + 1e-9]), push)["sp"]
        check(f"radius on both sides of eta = {rate}, beta = {push}", around[0], around[1], 1e-8)
    for push in (0.5, 1.7):
        edge = float(best.EDGE.subs(beta, push))
        around = additive_noise.full_optimum(np.array([edge - 1e-9, edge + 1e-9]), push)["sp"]
        check(f"radius on both sides of EDGE at beta = {push}", around[0], around[1], 1e-8)


@pytest.mark.claim("EASGD-F5.6", "exact")
def test_figure_6_along_its_optimum(check):
    """beta = 0.9: the map's lowest point is eta = 2.9^2/8.1, with radius 1/30, and no point of a fine map is below it."""
    rate, pull = np.meshgrid(np.linspace(0.01, 1.99, 397), np.linspace(-0.995, 0.995, 399))
    radius = additive_noise.drift_radius(rate, pull)
    assert radius.min() > 1 / 30
    check("lowest point of the map", radius.min(), 1 / 30, 0.03)
    edge = 2.9**2 / 8.1
    optimum = additive_noise.full_optimum(edge, 0.9)
    check("radius at eta = 2.9^2/8.1", optimum["sp"], 1 / 30, 1e-9)
    check("by id", sg.claim("EASGD-F5.6").value(eta=edge, alpha=float(optimum["alpha"])), 1 / 30, 1e-7)


@pytest.mark.claim("EASGD-F5.5", "exact")
@pytest.mark.claim("EASGD-F5.4", "exact")
def test_best_alpha_of_figures_4_and_5(check):
    """The lowest point of the largest of the three curves: alpha = 0 at eta = 0.1, -0.163 (not -0.076) at eta = 1.5."""
    pull = np.linspace(-1.0, 1.0, 20001)
    for rate, expected in ((0.1, 0.0), (1.5, (-1 + np.sqrt(2.8)) / 2 - 0.5)):
        largest = np.max(additive_noise.moduli(pull, rate), axis=0)
        check(f"alpha of the least largest modulus, eta = {rate}", pull[largest.argmin()], expected, 2e-4)


def test_errors_name_the_rule():
    with pytest.raises(ValueError, match="beta = -0.9 must be positive"):
        sg.claim("EASGD-easgd-full-optimal").value(eta=1.5, beta=-0.9)
    with pytest.raises(ValueError, match="eta = 0.0 must be positive"):
        sg.claim("EASGD-easgd-full-optimal").value(eta=0.0, beta=0.9)
