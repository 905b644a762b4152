"""Section 4.2: the energy function, the steps of its proof, both bounds, and the comparisons of rates."""

import numpy as np
import pytest
import sympy as sp
from scipy.stats import norm

from stalegrad.theory import formula
from stalegrad.theory.sdde import energy as en
from stalegrad.theory.sdde import rates
from stalegrad.theory.sdde.symbols import D, L, delta, eps, l, lam, mu, t, tau, trace

y, G = en.distance, en.delayed_gradient


@pytest.mark.claim("SDDE-T4.2", "proved")
def test_first_line_of_the_proof_by_ito():
    assert sp.simplify(en.energy_rate(en.energy()) - en.printed_energy_rate()) == 0
    assert sp.simplify(en.energy().subs(t, 1)) == 0  # whatever X(1) is


@pytest.mark.claim("SDDE-T4.2", "proved")
def test_printed_last_step_closes_if_the_delay_estimate_is_granted():
    """Printed: L^2D^2 theta/(mu^2 t) + LD^2/(mu t) + delta Tr/(2 mu^2 t) - C/t <= 0; the slack is nonnegative term by term."""
    level = en.DELAYED.printed * (t - 1) / sp.log(t) / 2
    left = L**2 * D**2 * tau / mu**2 + L * D**2 / mu + delta * trace / (2 * mu**2)
    slack = sp.expand(sp.simplify(2 * mu**2 * (level - left)))
    assert all(term.is_nonnegative for term in sp.Add.make_args(slack))


@pytest.mark.claim("SDDE-T4.2", "counterexample")
def test_no_solution_through_time_zero():
    """From a constant past xi, X(tau) - X(0+) = -F'(xi)/mu int_0^tau ds/s."""
    assert sp.integrate(1 / (mu * t), (t, 0, 1)) == sp.oo


@pytest.mark.claim("SDDE-T4.2", "counterexample")
def test_delay_estimate_is_too_small_for_the_drift(check):
    """ln(t/(t-theta)) > theta/t; on F = mu x^2/2, t = 1.5 and theta = 1/2, X = 1 - ln t has moved by more than allowed."""
    share = sp.Symbol("s", positive=True)
    assert sp.series(-sp.log(1 - share) - share, share, 0, 3).removeO() == share**2 / 2
    moved, allowed = np.log(1.5), 0.5 / 1.5
    check("movement of X from t = 1 to 1.5, past and x* - x0 of size 1", moved, float(en.drift_part(0.5).subs(t, 1.5)), 1e-12)
    assert moved > 1.2 * allowed


@pytest.mark.claim("SDDE-T4.2", "counterexample")
def test_delay_estimate_leaves_out_the_noise():
    """Mean |noise part| over theta = 0.1 at t = 2, LD/mu = 0.1, sqrt(delta Tr)/mu = 1: far above LD theta/(mu t)."""
    spread = np.sqrt(float(en.noise_part(0.1).subs(t, 2)))
    assert spread * np.sqrt(2 / np.pi) > 20 * 0.1 * 0.1 / 2


@pytest.mark.claim("SDDE-T4.2", "counterexample")
def test_no_ball_holds_a_gaussian_path(check):
    """tau = 0, F = mu x^2/2, constant noise: X(t) is normal with mean x0/t and variance delta Tr (t-1)/(mu t)^2."""
    drift, spread = -y / t, delta * trace / (mu * t) ** 2
    variance = delta * trace * (t - 1) / (mu * t) ** 2
    assert sp.simplify(sp.diff(variance, t) - 2 * sp.diff(drift, y) * variance - spread) == 0
    deviation = float(sp.sqrt(variance.subs({delta: 0.05, trace: 4, mu: 2, t: 2})))
    for radius in (1.0, 2.0):
        outside = norm.sf(radius, 0.5, deviation) + norm.cdf(-radius, 0.5, deviation)
        assert outside > 0
    check("deviation at t = 2", deviation, np.sqrt(0.05 * 4 / 16), 1e-12)


@pytest.mark.claim("SDDE-T4.2", "counterexample")
def test_a_ball_around_the_start_allows_twice_the_distance():
    """F = L x^2/2, x* = 0, x_0 = D: |X - x_0| <= D holds for X = 2 D, where the last step of the proof needs G y <= L D^2."""
    start, point = D, 2 * D
    assert sp.simplify(sp.Abs(point - start) - D) == 0
    product = (G * y).subs({G: L * point, y: point})
    assert sp.simplify(product / (L * D**2)) == 4
    printed = en.DELAYED.printed * (t - 1) / sp.log(t) / 2  # its part without delta, delay and noise is L D^2/mu
    assert sp.simplify((printed - L * D**2 / mu).subs({tau: 0, delta: 0, trace: 0})) == 0


@pytest.mark.claim("SDDE-T4.2", "proved")
def test_corrected_constants():
    """(t-1) ln(t/max(1,t-tau)) <= tau (1 + ln(1+tau)) and (t-1)^2 (1/max(1,t-tau) - 1/t) <= tau (1+tau).

    With u = t - tau >= 1: (u-1) ln(1+tau/u) <= (u-1) tau/u <= tau, and tau ln(1+tau/u) <= tau ln(1+tau);
    (t-1)^2 tau/(t u) <= tau (t-1)/u = tau ((u-1)/u + tau/u). With t <= 1 + tau: (t-1) ln t <= tau ln(1+tau), (t-1)^3/t <= tau^2.
    """
    w = sp.Symbol("w", nonnegative=True)  # u = 1 + w, t = 1 + w + tau
    left = tau * (1 + tau) * (1 + w + tau) * (1 + w) - (w + tau) ** 2 * tau
    assert all(term.is_nonnegative for term in sp.Add.make_args(sp.expand(left)))
    assert sp.simplify((w + tau) ** 2 * (1 / (1 + w) - 1 / (1 + w + tau)) - (w + tau) ** 2 * tau / ((1 + w) * (1 + w + tau))) == 0
    times = 1 + np.geomspace(1e-4, 1e4, 400)
    for delay in np.geomspace(0.01, 100, 25):
        first = np.maximum(1.0, times - delay)
        assert np.all((times - 1) * np.log(times / first) <= delay * (1 + np.log(1 + delay)))
        assert np.all((times - 1) ** 2 * (1 / first - 1 / times) <= delay * (1 + delay))
        # A planted, smaller constant is broken by the same grid: the supremum is at least tau.
        assert np.any((times - 1) * np.log(times / first) > 0.9 * delay)


@pytest.mark.claim("SDDE-T4.2", "proved")
def test_corrected_bound_makes_the_energy_fall():
    """dE/dt <= v/t - v/2 + (LD/mu) E|X(t) - X(t-theta)| (t-1)/t + delta Tr/(2 mu^2 t) - C/t, each part at its largest, times t."""
    level = sp.simplify(formula("SDDE-T4.2").expr * (t - 1) / sp.log(t)) / 2
    moved = L * D / mu * tau * (1 + sp.log(1 + tau)) + sp.sqrt(delta * trace) / mu * sp.sqrt(tau * (1 + tau))
    parts = D**2 + L * D / mu * moved + delta * trace / (2 * mu**2)
    assert sp.simplify(sp.expand(level - parts)) == 0


@pytest.mark.claim("SDDE-C4.3", "proved")
def test_corollary_and_the_energy_without_logarithm():
    """Without delay G y >= mu y^2. Printed: dE/dt <= 0 with level (delta+1)H/(2 mu^2). Ours: t^2 y^2, an equality for G = mu y."""
    printed = sp.simplify(en.DELAYED.printed.subs(tau, 0) - formula("SDDE-C4.3").expr)
    assert printed == 0
    rate = en.energy_rate(t**2 * y**2)
    slack = sp.simplify(rate - (delta * trace / mu**2 - 2 * t * y * (G - mu * y) / mu))
    assert slack == 0
    solution = (en.start + delta * trace * (t - 1) / mu**2) / t**2
    assert sp.simplify(solution - en.NO_LOGARITHM) == 0


@pytest.mark.claim("SDDE-C4.3", "proved")
def test_the_corollarys_own_energy_falls_inside_the_ball():
    """With G y = mu y^2 + p, p >= 0: dE/dt = y^2 (1/t - 1/2) - p (t-1)/(mu t) + ...; y^2/t <= LD^2/(mu t) since mu <= L."""
    p = sp.Symbol("p", nonnegative=True)
    rate = en.energy_rate(en.energy()).subs(G, (mu * y**2 + p) / y)
    expected = y**2 * (1 / t - sp.Rational(1, 2)) - p * (t - 1) / (mu * t) + (t - 1) * delta * trace / (2 * mu**2 * t**2) - en.LEVEL / t
    assert sp.simplify(rate - expected) == 0
    level = sp.simplify(formula("SDDE-C4.3").expr * (t - 1) / sp.log(t)) / 2
    slack = sp.expand(2 * mu**2 * (level - L * D**2 / mu - delta * trace / (2 * mu**2)))
    assert all(term.is_nonnegative for term in sp.Add.make_args(slack))


@pytest.mark.claim("SDDE-C4.3", "counterexample")
def test_ratio_to_the_known_rate_has_no_bound():
    ours = rates.IN_ITERATIONS.subs({l: 0})
    ratio = sp.simplify(ours / rates.RAKHLIN)
    assert sp.limit(ratio.subs({delta: sp.Rational(1, 10), rates.H: 1, mu: 1}), rates.k, sp.oo) == sp.oo
    assert sp.limit(ratio / sp.log(delta * rates.k), rates.k, sp.oo) == sp.simplify((delta + 1) / (4 * delta))
    free = en.NO_LOGARITHM.subs(t, delta * rates.k)
    assert sp.limit(sp.simplify(free * rates.k), rates.k, sp.oo) == trace / mu**2


@pytest.mark.claim("SDDE-linear-speedup", "proved")
def test_bound_at_most_doubles_under_the_condition():
    ratio = (rates.H + 2 * L**2 * D**2 * tau) / rates.H
    assert sp.simplify(ratio.subs(tau, rates.H / (2 * L**2 * D**2))) == 2


@pytest.mark.claim("SDDE-linear-speedup", "counterexample")
def test_condition_holds_for_any_delay_at_a_small_unit_of_time():
    condition = rates.speedup_condition()
    assert sp.limit(condition, delta, 0) == 0
    numbers = {L: 2, D: 4, mu: 2, trace: 4, l: 1000}
    assert float(condition.subs({**numbers, delta: 1})) > 100 > 1 > float(condition.subs({**numbers, delta: sp.Rational(1, 1000)}))


@pytest.mark.claim("SDDE-linear-speedup", "counterexample")
def test_bound_needs_more_iterations_than_the_delay_over_eps():
    """At k = m l/eps the bound over eps grows like ln(1/eps) for every m."""
    at = rates.IN_ITERATIONS.subs({rates.k: 7 * l / eps, delta: 1, L: 1, D: 1, mu: 1, rates.H: 2})
    assert sp.limit(at.subs(l, 10) / eps, eps, 0, "+") == sp.oo


@pytest.mark.claim("SDDE-rate-comparison", "proved")
def test_rate_in_iterations_is_time_over_eta():
    found = formula("SDDE-rate-comparison")
    assert sp.simplify(found.expr["SDDE"] * rates.STEP - rates.TIME) == 0
    ratio = found.expr["SDDE"] / found.expr["Recht"]
    assert sp.limit(ratio.subs({lam: 1, l: 10}), eps, 0, "+") == sp.Rational(1, 2)
    assert sp.limit((found.expr["SDDE"] / found.expr["Zheng"]).subs({lam: 1, eps: sp.Rational(1, 10)}), l, sp.oo) == sp.oo


@pytest.mark.claim("SDDE-rate-comparison", "exact")
def test_slower_than_zheng_from_a_delay_on(check):
    """l^2 ln(1/eps)/(2 lam eps) > l/eps exactly for l > 2 lam/ln(1/eps)."""
    at = 2 * 1.0 / np.log(1 / 0.01)
    found = formula("SDDE-rate-comparison").numeric(eps=0.01, l=np.array([at, 1.0, 10.0]), lam=1.0)
    assert np.all(found["SDDE"] > found["Zheng"])
    check("main term at the crossing", found["SDDE"][0] - at, found["Zheng"][0], 1e-9)
