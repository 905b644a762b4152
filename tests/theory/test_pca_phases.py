"""The times of the three phases: each derived again, with the probability that holds at it; and the counts N."""

import math

import numpy as np
import pytest
import sympy as sp
from scipy.stats import norm

import stalegrad as sg
from stalegrad.theory.pca import flow, phases
from stalegrad.theory.pca.symbols import delta2, eps, eta, gap, momentum, phi

w = sp.Symbol("w", positive=True)
LAM = [4.0, 3.0, 2.0, 1.0]


def same(left, right) -> bool:
    return sp.simplify(sp.expand_log((left - right).subs(momentum, 1 - w), force=True)) == 0


def mean_at(T):
    """Largest mean of the sum of H_i^2 over i >= 2 at T, by (8)."""
    decay = sp.exp(-2 * gap * T / (1 - momentum))
    return delta2 * decay + eta * phi / (2 * (1 - momentum) * gap)


@pytest.mark.claim("PCA-P6", "proved")
def test_markov_needs_a_quarter_of_epsilon():
    """The mean is a sum of H_i(0)^2 exp(..) + noise (1 - exp(..)), each at most what `mean_at` has."""
    assert sp.simplify(mean_at(phases.T3.expr) - eps / 4) == 0
    longer = phases.T3.expr - phases.T3.printed
    assert same(longer, (1 - momentum) / gap * sp.log(2))


@pytest.mark.claim("PCA-P6", "refutes")
def test_printed_time_has_a_mean_near_epsilon_and_a_probability_near_a_half(check):
    noise = eta * phi / ((1 - momentum) * gap)
    assert sp.simplify(mean_at(phases.T3.printed) - (eps - sp.Rational(3, 2) * noise)) == 0
    for share, bound in ((0.05, 0.65), (0.01, 0.57), (0.0005, 0.52)):
        at = {"eta": share * 0.1 * 1e-3 / 12.0, "momentum": 0.9, "gap": 1.0, "delta2": 0.02, "eps": 1e-3}
        given = {"eta": at["eta"], "momentum": 0.9, "lam": [4.0, 3.0], "delta2": 0.02, "eps": 1e-3, "phi": 12.0}
        short, long = sg.claim("PCA-P6").printed(**given), sg.claim("PCA-P6").value(**given)
        assert phases.within(short, alpha2=12.0, **at) < bound < 0.75 < phases.within(long, alpha2=12.0, **at)
    # Two routes to that probability: the normal law, and its limit for small noise.
    check("small noise", phases.within(short, alpha2=12.0, **at), norm.cdf(math.sqrt(2 * 0.0005)), 1e-3)


@pytest.mark.claim("PCA-P6", "refutes")
@pytest.mark.parametrize("ratio, most", [(1.2, 0.76), (2.0, 0.68), (4.0, 0.65)])
def test_the_printed_time_is_short_for_starts_near_epsilon_too(ratio, most):
    """delta^2 over eps, as the two are of one order: at noise 0.05 below `most`, and near 1/2 at noise 1e-5, which is well below 3/4 for each."""
    for share, bound in ((0.05, most), (1e-5, 0.53)):
        at = {"eta": share * 0.1 * 1e-3 / 12.0, "momentum": 0.9, "gap": 1.0, "delta2": ratio * 1e-3, "eps": 1e-3}
        short = sg.claim("PCA-P6").printed(eta=at["eta"], momentum=0.9, lam=[4.0, 3.0], delta2=at["delta2"], eps=1e-3, phi=12.0)
        assert 0.5 < phases.within(short, alpha2=12.0, **at) < bound


@pytest.mark.claim("PCA-P8", "proved")
def test_the_flow_takes_twice_the_printed_time():
    """From H_1^2 = delta^2 in d = 2; elsewhere H_i^2 / H_1^2 falls faster, as lambda_i <= lambda_2."""
    ratio = (1 - delta2) / delta2
    decay = sp.exp(-2 * gap * phases.T2.expr / (1 - momentum))
    assert sp.simplify(ratio * decay * ratio - 1) == 0
    printed = sp.exp(-2 * gap * phases.T2.printed / (1 - momentum))
    assert sp.simplify(ratio * printed - 1) == 0


@pytest.mark.claim("PCA-P8", "refutes")
def test_at_the_printed_time_the_flow_is_half_way(check):
    for momentum_, small in ((0.0, 0.01), (0.8, 1e-4)):
        given = {"momentum": momentum_, "lam": [4.0, 3.0], "delta2": small}
        start = np.sqrt([small, 1.0 - small])
        half = flow.solution(start, [4.0, 3.0], momentum_, sg.claim("PCA-P8").printed(**given))
        whole = flow.solution(start, [4.0, 3.0], momentum_, sg.claim("PCA-P8").value(**given))
        check("H_1^2 at the printed time", half[0] ** 2, 0.5, 1e-10)
        check("H_1^2 at twice that", whole[0] ** 2, 1.0 - small, 1e-10)


@pytest.mark.claim("PCA-P8", "proved")
def test_in_more_dimensions_the_time_is_enough():
    start = np.sqrt([0.01, 0.3, 0.29, 0.4])
    T = sg.claim("PCA-P8").value(momentum=0.5, lam=LAM, delta2=0.01, eta=0.001)
    assert flow.solution(start, LAM, 0.5, T)[0] ** 2 > 0.99
    # Phase I as printed may end without H_1: then no time is enough.
    assert flow.solution(np.sqrt([1e-30, 0.9, 0.1, 0.0]), LAM, 0.5, T)[0] ** 2 < 1e-20


@pytest.mark.claim("PCA-P10", "proved")
def test_escape_time_solves_the_normal_law():
    """sqrt(eta Var U(T_1)) times the quantile is delta, for every argument."""
    variance = sg.theory.formula("PCA-T9").expr["variance"].subs(sp.Symbol("t", nonnegative=True), phases.T1.expr)
    assert sp.simplify((eta * variance * phases.quantile**2 - delta2).subs(momentum, 1 - w)) == 0


@pytest.mark.claim("PCA-P10", "exact")
@pytest.mark.parametrize("nu", [0.05, 0.3, 0.9])
def test_escape_probability_at_that_time(nu, check):
    given = {"eta": 0.001, "momentum": 0.8, "delta2": 0.02, "alpha2": 12.0}
    T = sg.claim("PCA-P10").value(lam=LAM, nu=nu, **given)
    spread = math.sqrt(0.001 * sg.claim("PCA-T9").value(t=T, momentum=0.8, gap=1.0, alpha2=12.0)["variance"])
    check("P(|H_1| < delta)", 1 - 2 * norm.sf(math.sqrt(0.02) / spread), nu, 1e-12)
    # Another tail, Phi^{-1}(1 - nu/2), would be seen.
    assert abs(2 * norm.cdf(norm.ppf(1 - nu / 2)) - 1 - nu) > 0.05


@pytest.mark.claim("PCA-P10", "counterexample")
def test_the_stable_coordinates_alone_meet_the_printed_event():
    """Gaussian data, alpha_2i^2 = lambda_2 lambda_i: the stationary E[H_3^2 + H_4^2] around e_2 against delta^2 = eta."""
    for eta_ in (1e-3, 1e-5):
        kept = sum(sg.claim("PCA-T5").value(eta=eta_, momentum=0.8, gap=3.0 - x, alpha2=3.0 * x) for x in (2.0, 1.0))
        assert kept > 10 * eta_


@pytest.mark.claim("PCA-P8", "refutes")
def test_the_step_of_phases_one_and_two_leaves_a_noise_floor_above_epsilon(check):
    """eta phi / (2 (1-mu) g) over epsilon, with the constant 1 in eta."""
    floor = eta * phi / (2 * (1 - momentum) * gap) / eps
    steps = phases.conventions()
    assert sp.simplify(floor.subs(eta, steps["III"]) - sp.Rational(1, 2)) == 0
    assert sp.simplify(floor.subs(eta, steps["I and II"]) - 1 / (2 * (1 - momentum))) == 0
    check("mu = 0.9", float(floor.subs(eta, steps["I and II"]).subs(momentum, 0.9)), 5.0, 1e-12)


@pytest.mark.claim("PCA-P6", "proved")
@pytest.mark.claim("PCA-P8", "proved")
@pytest.mark.claim("PCA-P10", "proved")
def test_counts_of_rounds():
    """The printed N of each phase, up to its constant, with the step size that the proposition states; L is the logarithm."""
    L, (g, c), steps = sp.Symbol("L", positive=True), (phases.gamma, phases.pace), phases.conventions()
    half, time = sp.Rational(1, 2), (1 - momentum) / (2 * gap) * L
    cases = [
        (half, "III", c * phi ** (half + g) / (2 * ((1 - momentum) * gap) ** (half * 3 + g) * eps ** (half + g)) * L),
        (1, "I and II", c * phi**g / (2 * (1 - momentum) * gap ** (1 + g) * eps**g) * L),
        (half, "I and II", c * phi ** (half + g) / (2 * (1 - momentum) * gap ** (3 * half + g) * eps ** (half + g)) * L),
    ]
    for exponent, phase, printed in cases:
        ratio = (phases.rounds(time, exponent).subs(eta, steps[phase]) / printed).subs(momentum, 1 - w)
        assert sp.simplify(sp.expand_log(sp.log(ratio), force=True)) == 0
    # With one step size for all, that of phase III, phases I and II carry more powers of 1/(1 - mu).
    for exponent, power in ((1, g), (half, half + g)):
        ratio = phases.rounds(time, exponent).subs(eta, steps["III"]) / phases.rounds(time, exponent).subs(eta, steps["I and II"])
        assert sp.simplify(sp.expand_log(sp.log(ratio.subs(momentum, 1 - w)) + power * sp.log(w), force=True)) == 0


@pytest.mark.claim("PCA-P8", "exact")
@pytest.mark.parametrize(("exponent", "power"), [(0.5, 0.2), (1.0, 0.7)])
def test_counts_of_rounds_as_numbers(exponent, power, check):
    given = {"eta": 0.0005, "momentum": 0.7}
    tau = phases.paper_delay(**given, rate=4.0, power=power, exponent=exponent)
    symbolic = phases.rounds(sp.Integer(2), sp.Rational(exponent)).subs({eta: 0.0005, momentum: 0.7, phases.pace: 4.0, phases.gamma: power})
    check("N at T = 2", phases.n_rounds(2.0, 0.0005, tau), float(symbolic), 1e-9 * float(symbolic))
    updates = phases.n_rounds(sg.claim("PCA-P8").value(**given, lam=LAM, delta2=0.1), 0.0005, 1)
    check("N_2 without speed-up, in updates", updates, 0.3 * np.log(9.0) / 0.0005, 1e-9)
    for wrong in ({"power": exponent + 0.1}, {"power": 0.0}, {"rate": -1.0}, {"momentum": 1.0}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            phases.paper_delay(**{**given, "rate": 4.0, "power": power, "exponent": exponent, **wrong})
    with pytest.raises(ValueError, match="tau"):
        phases.n_rounds(1.0, 0.1, 0)


@pytest.mark.claim("PCA-R7", "proved")
@pytest.mark.claim("PCA-R7", "counterexample")
def test_the_speed_up_is_the_delay_itself():
    """The ratio of the two printed counts is 1/tau, identically; at gamma = 1/2 it does not depend on eta or epsilon."""
    g, c, half = phases.gamma, phases.pace, sp.Rational(1, 2)
    asynchronous = c * phi ** (half + g) / (gap ** (3 * half + g) * eps ** (half + g))
    momentum_sgd = phi / (eps * gap**2)
    delay = phases.delay_bound().subs({momentum: 0, eta: eps * gap / phi})
    assert sp.simplify(sp.expand_log(sp.log(asynchronous / momentum_sgd * delay), force=True)) == 0
    assert sp.simplify((asynchronous / momentum_sgd).subs(g, half) - c) == 0
    # Per update, T/eta, momentum drops out with phase III's step: no difference is left.
    count = ((1 - momentum) / (2 * gap) / eta).subs(eta, phases.conventions()["III"])
    assert sp.simplify(count - phi / (2 * eps * gap**2)) == 0


def test_input_is_refused():
    with pytest.raises(ValueError, match="noise floor"):
        sg.claim("PCA-P6").value(eta=0.1, momentum=0.9, lam=LAM, delta2=0.1, eps=0.01, phi=1.0)
    with pytest.raises(ValueError, match="delta2"):
        sg.claim("PCA-P8").value(momentum=0.9, lam=LAM, delta2=1.5)
    with pytest.raises(ValueError, match="nu"):
        sg.claim("PCA-P10").value(eta=0.1, momentum=0.9, lam=LAM, delta2=0.1, nu=1.0, alpha2=1.0)
    with pytest.raises(ValueError, match="list of numbers"):
        sg.claim("PCA-P10").value(eta=0.1, momentum=0.9, lam=["a"], delta2=0.1, nu=0.5, alpha2=1.0)
