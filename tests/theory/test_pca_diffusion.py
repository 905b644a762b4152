"""Equation (8), Theorems 5 and 9: stationary and transient variances, and the exact variance of the delayed recursion."""

import numpy as np
import pytest
import sympy as sp
from scipy.integrate import quad
from scipy.linalg import solve_discrete_lyapunov

import stalegrad as sg
from stalegrad.theory import formula
from stalegrad.theory.pca import diffusion, stability
from stalegrad.theory.pca.symbols import U, alpha2, eta, gap, momentum, t


@pytest.mark.claim("PCA-T5", "proved")
@pytest.mark.claim("PCA-8", "proved")
def test_stationary_variance_by_ito():
    """d E U^2 = 2 E[U drift] + diffusion^2 vanishes at T5's variance over eta."""
    drift, noise = (diffusion.OPTIMUM.expr[name] for name in ("drift", "diffusion"))
    level = diffusion.STATIONARY.expr / eta
    assert sp.simplify(2 * drift.coeff(U) * level + noise**2) == 0
    assert sp.simplify(2 * sp.diff(drift, U) * level + noise**2) == 0


@pytest.mark.claim("PCA-T9", "proved")
def test_variance_at_a_saddle_by_ito():
    saddle = diffusion.SADDLE.expr
    rate = 2 * sp.diff(saddle["drift"], U) * saddle["variance"] + saddle["diffusion"] ** 2
    assert sp.simplify(saddle["variance"].diff(t) - rate) == 0 and saddle["variance"].subs(t, 0) == 0


@pytest.mark.claim("PCA-T9", "counterexample")
def test_the_condition_excludes_the_printed_law():
    """Given |U| <= C up to t, E U^2 <= C^2; the printed equation passes this at a time that the formula gives."""
    at = {"momentum": 0.5, "gap": 1.0, "alpha2": 12.0}
    for C in (1.0, 10.0, 100.0):
        assert formula("PCA-T9").numeric(t=3.0 + np.log(C), **at)["variance"] > C**2


@pytest.mark.claim("PCA-T5", "counterexample")
def test_from_a_given_start_the_law_is_not_stationary(check):
    """From U = 0: the transient of the stable equation, which is T9's with a negative gap."""
    early = (alpha2 / (2 * (1 - momentum) * gap) * (1 - sp.exp(-2 * gap * t / (1 - momentum)))).subs({momentum: 0.5, gap: 1, alpha2: 12})
    level = (diffusion.STATIONARY.expr / eta).subs({momentum: 0.5, gap: 1, alpha2: 12})
    check("share of the stationary variance at t = 0.1", float((early / level).subs(t, 0.1)), 1 - np.exp(-0.4), 1e-12)
    mirrored = diffusion.SADDLE.expr["variance"].subs({gap: -sp.Symbol("gap", positive=True)}) - early
    assert abs(float(mirrored.subs({momentum: 0.5, sp.Symbol("gap", positive=True): 1, alpha2: 12, t: 0.1}))) < 1e-12


@pytest.mark.claim("PCA-T5", "proved")
@pytest.mark.claim("PCA-momentum-hurts", "proved")
def test_without_delay_in_closed_form():
    """The moments (E u^2, E u u') of u'' = (1+mu-h) u' - mu u + eta xi, stationary; and it rises with the momentum."""
    h, c0, c1 = sp.symbols("h c0 c1")
    a = 1 + momentum - h
    solved = sp.solve([c0 - (a**2 * c0 + momentum**2 * c0 - 2 * a * momentum * c1 + eta**2 * alpha2), c1 - (a * c0 - momentum * c1)], [c0, c1])[c0]
    assert sp.simplify(solved.subs(h, eta * gap) - diffusion.WITHOUT_DELAY) == 0
    s, m = sp.symbols("s m", positive=True)
    slope = sp.factor(sp.diff(sp.log(diffusion.WITHOUT_DELAY), momentum).subs({eta * gap: s, momentum: m}))
    # With 0 < s < 2 (1 + m): the derivative of the logarithm is 1/(1-m) + 1/(1+m) - 2/(2(1+m) - s), times what it takes.
    expected = 1 / (1 - m) + 1 / (1 + m) - 2 / (2 * (1 + m) - s)
    assert sp.simplify(slope.subs(eta, s / gap) - expected) == 0


@pytest.mark.claim("PCA-momentum-hurts", "exact")
def test_momentum_raises_the_noise_floor_of_figure_1(check):
    """Sum of the variances of the three tangent coordinates; Gaussian data, alpha_1i^2 = lambda_1 lambda_i."""
    floors = [
        sum(sg.claim("PCA-delayed-variance").value(eta=0.0005, momentum=mu, gap=4.0 - x, alpha2=4.0 * x, tau=0) for x in (3.0, 2.0, 1.0))
        for mu in (0.7, 0.8, 0.85, 0.9, 0.95)
    ]
    assert np.all(np.diff(floors) > 0)
    check("floor times 1 - mu, over that at 0.7", np.array(floors) * [0.3, 0.2, 0.15, 0.1, 0.05] / (0.3 * floors[0]), 1.0, 1e-3)


def by_lyapunov(h, mu, tau):
    matrix = stability.recursion(h, mu, np.eye(tau + 1)[tau])
    noise = np.zeros_like(matrix)
    noise[0, 0] = 1.0
    return solve_discrete_lyapunov(matrix, noise)[0, 0]


def by_spectrum(h, mu, tau):
    """(1/2 pi) times the integral of 1/|z^{-tau} P(z)|^2 over the unit circle."""

    def density(omega):
        on = np.exp(1j * omega)
        return 1.0 / abs((on - 1) * (on - mu) / on + h * on**-tau) ** 2 / np.pi

    return quad(density, 0.0, np.pi, limit=400, points=[stability.crossing(h, mu)[0]])[0]


@pytest.mark.claim("PCA-delayed-variance", "exact")
@pytest.mark.parametrize("h, mu, tau", [(0.1, 0.0, 0), (0.1, 0.5, 1), (0.05, 0.3, 7), (0.01, 0.8, 20), (0.3, 0.0, 4), (0.02, 0.9, 3)])
def test_three_routes_to_the_delayed_variance(h, mu, tau, check):
    gap, scale = 2.0, (h / 2.0) ** 2 * 3.0
    value = sg.claim("PCA-delayed-variance").value(eta=h / gap, momentum=mu, gap=gap, alpha2=3.0, tau=tau)
    check("Lyapunov equation", value / scale, by_lyapunov(h, mu, tau), 1e-7 * value / scale)
    check("spectral density", value / scale, by_spectrum(h, mu, tau), 1e-6 * value / scale)


@pytest.mark.claim("PCA-delayed-variance", "exact")
def test_closed_forms_that_it_contains(check):
    for mu in (0.0, 0.5, 0.95):
        closed = float(diffusion.WITHOUT_DELAY.subs({eta: 0.1, gap: 2, alpha2: 3, momentum: mu}))
        check(f"no delay, mu = {mu}", diffusion.delayed_variance(0.1, mu, 2.0, 3.0, 0), closed, 1e-11 * closed)
    # Without momentum the autocovariances are cosines: h = 2 sin(omega/2), phase s = (tau + 1/2)/2 - pi/(4 omega).
    h, tau = 0.05, 12
    omega = 2 * np.arcsin(h / 2)
    s = (tau + 0.5) / 2 - np.pi / (4 * omega)
    closed = np.cos(omega * s) / (2 * h * np.cos(omega * (tau - s)) - h**2 * np.cos(omega * s))
    check("no momentum", diffusion.delayed_variance(h, 0.0, 1.0, 1.0, tau) / h**2, closed, 1e-9 * closed)
    # Small steps at fixed x = eta tau gap / (1 - mu): the limit's variance times (1 + sin x) / cos x.
    found = diffusion.delayed_variance(1e-3, 0.5, 1.0, 1.0, 400) / (1e-3 / (2 * 0.5))
    check("x = 0.8", found, (1 + np.sin(0.8)) / np.cos(0.8), 0.03)


def test_infinite_from_the_critical_delay_on():
    last = stability.last_stable(0.02, 0.9)
    values = [diffusion.delayed_variance(0.01, 0.9, 2.0, 1.0, tau) for tau in (0, last // 2, last, last + 1)]
    assert values[0] < values[1] < values[2] < np.inf == values[3]
    with pytest.raises(ValueError, match="whole number"):
        diffusion.delayed_variance(0.01, 0.9, 2.0, 1.0, 1.5)
    with pytest.raises(ValueError, match="gap"):
        sg.claim("PCA-T5").value(eta=0.1, momentum=0.5, gap=-1.0, alpha2=1.0)
