"""The exact critical delay, against eigenvalues of the recursion, and beside the paper's bound."""

import numpy as np
import pytest
import sympy as sp

import stalegrad as sg
from stalegrad.evidence import order_of_convergence
from stalegrad.theory.pca import diffusion, recursion, stability
from stalegrad.theory.pca.stability import inertia, step, z

LAM = [4.0, 3.0, 2.0, 1.0]


def at(tau):
    return np.eye(tau + 1)[tau]


@pytest.mark.claim("PCA-critical-delay", "proved")
def test_modulus_and_direction_on_the_circle():
    """|z-1|^2 |z-mu|^2 is y ((1-mu)^2 + mu y), and Re[z/(z-1) + z/(z-mu)] - 1 is positive: roots only leave as h grows."""
    omega, mu = sp.symbols("omega mu", real=True)
    y = 2 - 2 * sp.cos(omega)
    on = sp.exp(sp.I * omega)
    modulus = sp.expand((on - 1) * (1 / on - 1) * (on - mu) * (1 / on - mu))
    assert sp.simplify((modulus - y * ((1 - mu) ** 2 + mu * y)).rewrite(sp.exp).expand()) == 0
    half = sp.simplify((on / (on - 1) + (1 / on) / (1 / on - 1)).rewrite(sp.exp)) / 2
    assert sp.simplify(half - sp.Rational(1, 2)) == 0
    # Re z/(z-mu) = (1 - mu c) / (1 - 2 mu c + mu^2), and this less 1/2 is (1 - mu^2) / (2 (1 - 2 mu c + mu^2)) > 0.
    c = sp.Symbol("c")
    assert sp.simplify((1 - mu * c) / (1 - 2 * mu * c + mu**2) - sp.Rational(1, 2) - (1 - mu**2) / (2 * (1 - 2 * mu * c + mu**2))) == 0


@pytest.mark.claim("PCA-critical-delay", "exact")
@pytest.mark.parametrize("mu", [0.0, 0.3, 0.7, 0.9, 0.97])
@pytest.mark.parametrize("h", [0.02, 0.2, 0.9, 1.9])
def test_last_stable_delay_by_eigenvalues(h, mu, check):
    last = stability.last_stable(h, mu)
    radii = [stability.radius(h, mu, at(tau)) for tau in range(last + 4)]
    assert all(radius < 1 for radius in radii[: last + 1]) and all(radius >= 1 - 1e-12 for radius in radii[last + 1 :])
    check("number of stable delays", sum(radius < 1 - 1e-12 for radius in radii), last + 1, 0)
    omega, delay = stability.crossing(h, mu)
    on = np.exp(1j * omega)
    check("root on the circle", abs((on - 1) * (on - mu) * on ** (delay - 1) + h), 0.0, 1e-12)


def test_characteristic_polynomial_is_that_of_the_recursion():
    for tau in (0, 1, 2, 5):
        polynomial = sp.Poly(stability.characteristic(tau).subs({step: sp.Rational(1, 5), inertia: sp.Rational(1, 2)}), z)
        coefficients = [float(c) for c in polynomial.all_coeffs()]
        assert np.poly(stability.recursion(0.2, 0.5, at(tau))) == pytest.approx(coefficients, abs=1e-12)


@pytest.mark.claim("PCA-critical-delay", "exact")
def test_value_at_the_setting_of_figure_1(check):
    """Norm first: with the delay one beyond, the norm of the recursion without noise leaves 1 and the direction stays."""
    for mu, last in ((0.7, 115), (0.8, 74), (0.85, 53), (0.9, 32), (0.95, 13)):
        found = sg.claim("PCA-critical-delay").value(eta=0.0005, momentum=mu, lam=LAM)
        assert found["mode"] == "radial" and found["last_stable"] == last
        inside, outside = (stability.radius(0.0005 * 8.0, mu, at(tau)) for tau in (last, last + 1))
        assert inside < 1 < outside
    for tau, spread in ((32, 0.0), (40, 0.3)):
        path = recursion.mean_path([0.999, 0.02, 0.0, 0.0], LAM, 0.0005, 0.9, tau, 40_000)[-3000:]
        norm = np.linalg.norm(path, axis=1)
        assert (np.ptp(norm) > spread) if spread else (np.ptp(norm) < 1e-3)
        check(f"sine of the angle, tau = {tau}", np.abs(path[:, 1] / norm).max(), 0.0, 1e-6)


@pytest.mark.claim("PCA-critical-delay", "reproduced")
def test_beyond_the_edge_the_norm_oscillates_with_the_root_of_the_distance():
    amplitude = []
    distances = []
    for tau in (404, 416, 440):
        norm = np.abs(recursion.mean_path([1.01, 0.0], [4.0, 3.0], 0.0005, 0.0, tau, 60_000)[-4000:, 0])
        amplitude.append(np.ptp(norm) / 2)
        distances.append(tau / stability.critical(0.004, 0.0) - 1)
    assert abs(order_of_convergence(distances, amplitude).order - 0.5) < 0.15


@pytest.mark.claim("PCA-R11", "exact")
@pytest.mark.claim("PCA-R11", "refutes")
def test_scaling_of_the_critical_delay(check):
    """First powers of 1/eta and of 1 - mu; the printed bound has the powers 1/2 and 2."""
    etas = np.array([1e-4, 1e-5, 1e-6])
    delays = [sg.claim("PCA-critical-delay").value(eta=eta, momentum=0.7, lam=LAM)["tau"] for eta in etas]
    check("order in eta", order_of_convergence(etas, delays).order, -1.0, 0.01)
    frictions = np.array([0.4, 0.2, 0.1])
    delays = np.array([sg.claim("PCA-critical-delay").value(eta=1e-7, momentum=1 - w, lam=LAM)["tau"] for w in frictions])
    check("order in 1 - mu", order_of_convergence(frictions, delays).order, 1.0, 0.01)
    check("tau_c eta / (1 - mu)", delays * 1e-7 / frictions, np.pi / 16, 1e-4)
    h = 8e-4
    expansion = np.pi / 2 * (1 - 0.7) / h - (1 + 0.7) / (2 * (1 - 0.7))
    check("second term", stability.critical(h, 0.7), expansion, 0.02)


@pytest.mark.claim("PCA-R11", "refutes")
@pytest.mark.claim("PCA-L4", "counterexample")
def test_limit_law_holds_far_above_the_printed_delay(check):
    """tau = eta^{-3/4} / 8: the variance tends to that of (8), while tau over eta^{-1/2} grows; at eta tau fixed it does not."""
    ratios, excess = [], []
    for eta in (1e-3, 1e-4, 1e-5):
        tau = round(eta**-0.75 / 8)
        limit = sg.claim("PCA-T5").value(eta=eta, momentum=0.5, gap=1.0, alpha2=12.0)
        ratios.append(sg.claim("PCA-delayed-variance").value(eta=eta, momentum=0.5, gap=1.0, alpha2=12.0, tau=tau) / limit - 1)
        excess.append(tau * eta**0.5)
    assert ratios[0] > ratios[1] > ratios[2] > 0 and excess[2] > 2 * excess[0]
    check("excess at eta = 1e-5", ratios[2], 0.0, 0.02)
    fixed = [
        sg.claim("PCA-delayed-variance").value(eta=eta, momentum=0.5, gap=1.0, alpha2=12.0, tau=round(0.25 / eta)) * 0.5 * 2 / (eta * 12)
        for eta in (1e-3, 5e-4)
    ]
    check("eta tau = 1/4", fixed, (1 + np.sin(0.5)) / np.cos(0.5), 0.01)


@pytest.mark.claim("PCA-L4", "counterexample")
def test_limit_law_holds_for_long_random_delays_too(check):
    """Uniform on 0 .. 2m with m = eta^{-3/4}/8, curvature 1, no momentum: the level is 1 + eta (m + 1/2) times that of the limit, to first order."""
    problem = sg.problems.quadratic([[1.0], [-1.0]], curvature=1.0)
    for eta, mean in ((1e-2, 4), (1e-3, 22)):
        level = sg.moments.stationary(sg.asgd(problem, eta, sg.uniform(0, 2 * mean))).second_moment.item()
        first = eta * (mean + 0.5)
        check(f"eta = {eta:g}, mean delay {mean}: excess over that of (8)", level / (eta / 2) - 1, first, first**2)


@pytest.mark.claim("PCA-L4", "proved")
def test_the_delay_error_of_the_drift_telescopes():
    """sum_{j=0}^{n} [M_{j-tau} - M_j] keeps tau terms at either end, for any sequence M."""
    for tau, n in ((1, 6), (3, 10), (5, 12)):
        values = dict(zip(range(-tau, n + 1), sp.symbols(f"M0:{tau + n + 1}"), strict=True))
        whole = sum(values[j - tau] - values[j] for j in range(n + 1))
        assert sp.expand(whole - sum(values[-j] - values[n + 1 - j] for j in range(1, tau + 1))) == 0


@pytest.mark.claim("PCA-R7", "proved")
def test_geometric_delay_is_momentum_in_the_mean():
    """(z-1) = -h (1-p) z / (z-p), and momentum p with step (1-p) h: one polynomial."""
    p, h = sp.symbols("p h", positive=True)
    delay = (z - 1) * (z - p) + h * (1 - p) * z
    lags = sp.Symbol("l", integer=True, nonnegative=True)
    ratio = sp.Symbol("q", positive=True)
    read = (1 - p) * sp.summation(ratio**lags, (lags, 0, sp.oo)).args[0][0].subs(ratio, p / z)
    assert sp.simplify((z - 1 + h * read) * (z - p) - delay) == 0
    assert sp.simplify(stability.characteristic(0).subs({inertia: p, step: (1 - p) * h}) - delay) == 0


@pytest.mark.claim("PCA-critical-delay", "exact")
def test_geometric_delays_of_any_mean_are_stable_at_small_steps(check):
    """(z-1)(z-mu)(z-p) + h (1-p) z^2: for mu h < (1-mu)^2 no p in [0, 1) is unstable; beyond, p near 1 is."""
    for mu, factor, stable in ((0.7, 0.98, True), (0.7, 1.02, False), (0.9, 0.98, True), (0.9, 1.02, False)):
        h = factor * (1 - mu) ** 2 / mu
        radii = [np.abs(np.roots(np.polyadd(np.poly([1.0, mu, p]), [h * (1 - p), 0.0, 0.0]))).max() for p in 1 - np.logspace(-5, 0, 60)]
        assert bool(max(radii) < 1) == stable
    law = sg.geometric(0.9)
    lagged = stability.radius(0.02, 0.5, law.table)
    direct = np.abs(np.roots(np.polyadd(np.poly([1.0, 0.5, 0.9]), [0.002, 0.0, 0.0]))).max()
    check("radius by the law and by the cubic", lagged, direct, 1e-6)


@pytest.mark.claim("PCA-critical-delay", "exact")
def test_uniform_delays_bear_a_mean_half_pi_times_as_large():
    """On 0 .. 2m, small h: s + h (1 - exp(-2ms)) / (2ms) has a root on the axis at 2 m omega = pi, so h m = pi^2/4 = (pi/2)(pi/2)."""
    h = 0.05
    for factor, stable in ((0.96, True), (1.04, False)):
        width = round(2 * factor * np.pi**2 / 4 / h)
        assert bool(stability.radius(h, 0.0, np.full(width + 1, 1 / (width + 1))) < 1) == stable


@pytest.mark.claim("PCA-R7", "counterexample")
def test_at_a_saddle_momentum_speeds_up_and_constant_delay_slows_down():
    rates = [stability.escape_rate(1e-3, mu, tau, 1.0) for mu, tau in ((0.0, 0), (0.5, 0), (0.0, 200), (0.0, 400))]
    assert rates[1] > 1.9 * rates[0] and rates[0] > 1.1 * rates[2] > 1.1 * rates[3]


def test_no_delay_is_stable_at_large_steps():
    with pytest.raises(ValueError, match="smaller eta"):
        sg.claim("PCA-critical-delay").value(eta=1.0, momentum=0.5, lam=LAM)
    assert stability.last_stable(2.0, 0.0) == -1 and stability.last_stable(1.99, 0.0) == 0
    assert diffusion.delayed_variance(1.0, 0.0, 1.0, 1.0, 1) == np.inf
