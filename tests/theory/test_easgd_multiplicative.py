"""Gamma noise, mini-batch SGD and momentum SGD of section 5.2: derived, checked over the full range, and corrected."""

import numpy as np
import pytest
import sympy as sp
from scipy import integrate, optimize, special, stats

import stalegrad as sg
from stalegrad.algorithms.momentum import nesterov_step
from stalegrad.moments import gamma_noise
from stalegrad.theory import elastic_trace, formula
from stalegrad.theory.easgd import multiplicative as mult
from stalegrad.theory.easgd.symbols import delta, eta, lam, omega, p
from stalegrad.theory.trace import expect, moment_map

LAWS = [(0.5, 0.5), (1.0, 1.0), (2.0, 2.0), (0.1, 3.0), (10.0, 0.7)]
MAPS = {0.5: "EASGD-F5.10", 1.0: "EASGD-F5.11", 2.0: "EASGD-F5.12"}
DRAW = {mult.xi: (mult.u1, mult.u2)}


def gamma_moment(order: int) -> sp.Expr:
    """E xi^order from the Laplace transform (1 + s/omega)^-lam."""
    s = sp.Symbol("s")
    return (-1) ** order * sp.diff((1 + s / omega) ** -lam, s, order).subs(s, 0)


@pytest.mark.claim("EASGD-5.22", "definition")
@pytest.mark.claim("EASGD-5.23", "definition")
def test_objective_and_gradient(check):
    u = sp.Symbol("u", real=True)
    loss = (mult.x * u) ** 2
    assert sp.expand(formula("EASGD-5.23").expr - (mult.x - eta * sp.diff(loss, mult.x) / 2).subs(u**2, mult.xi)) == 0
    assert sp.simplify(gamma_moment(1) - mult.MOMENTS[mult.u1]) == 0
    assert sp.simplify(gamma_moment(2) - mult.MOMENTS[mult.u2]) == 0
    spread = 1.7  # a Gaussian input with this deviation has u^2 ~ Gamma(1/2, rate 1/(2 spread^2))
    at = np.array([0.1, 1.0, 5.0])
    square = stats.chi2(1, scale=spread**2).pdf(at)
    check("density of the square of a Gaussian input", gamma_noise.density(at, 0.5, 1 / (2 * spread**2)), square, 1e-12)
    check("E (xu)^2 at x = 2", sg.claim("EASGD-5.22").value(x=2.0, lam=0.5, omega=1 / (2 * spread**2)), 4 * spread**2, 1e-12)


@pytest.mark.claim("EASGD-5.22", "counterexample")
def test_the_update_uses_half_the_gradient(check):
    """The full gradient of (5.22) is 2 u^2 x: a step with it at rate eta is (5.23) at rate 2 eta, stable only up to omega/(lam + 1)."""
    full = mult.x - eta * 2 * mult.xi * mult.x
    assert sp.expand(full - formula("EASGD-5.23").expr.subs(eta, 2 * eta)) == 0
    rate = formula("EASGD-5.26").numeric(eta=2 * np.array([0.499, 0.501]), lam=1.0, omega=1.0)
    check("with the full gradient the edge is at half the rate", np.sign(rate - 1), [-1, 1], 0)


@pytest.mark.claim("EASGD-5.24", "proved")
def test_mini_batch_of_gammas_is_a_gamma():
    """By the Laplace transform: the mean of p draws has ((1 + s/(p omega))^-lam)^p, that of Gamma(p lam, p omega)."""
    s = sp.Symbol("s", positive=True)
    law = formula("EASGD-5.24").expr
    batch = p * sp.log((1 + (s / p) / omega) ** -lam)
    claimed = sp.log((1 + s / law["rate"]) ** -law["shape"])
    assert sp.simplify(sp.expand_log(batch - claimed, force=True)) == 0
    assert sp.simplify(law["shape"] / law["rate"] - law["mean"]) == 0
    assert sp.simplify(law["shape"] / law["rate"] ** 2 - law["variance"]) == 0


@pytest.mark.claim("EASGD-5.25", "proved")
@pytest.mark.claim("EASGD-5.26", "proved")
def test_rate_of_the_second_moment():
    square = formula("EASGD-5.25").expr
    assert sp.expand(square - formula("EASGD-5.23").expr ** 2) == 0
    averaged = expect(square, DRAW).subs(mult.MOMENTS).subs({lam: p * lam, omega: p * omega}, simultaneous=True)
    assert sp.simplify(averaged / mult.x**2 - mult.RATE.expr) == 0
    in_p = sp.diff(mult.RATE.expr, p)
    assert sp.simplify(in_p + eta**2 * lam / (p * omega) ** 2) == 0  # negative: the rate falls with p, for every eta
    assert sp.simplify(sp.limit(mult.RATE.expr, p, sp.oo) - (1 - eta * lam / omega) ** 2) == 0


@pytest.mark.claim("EASGD-5.27", "proved")
@pytest.mark.claim("EASGD-minibatch-optimal", "proved")
def test_optimal_rate_of_mini_batch_sgd():
    best = formula("EASGD-minibatch-optimal").expr
    assert sp.simplify(sp.diff(mult.RATE.expr, eta).subs(eta, best["eta"])) == 0
    assert sp.simplify(sp.diff(mult.RATE.expr, eta, 2) - 2 * lam * (p * lam + 1) / (p * omega**2)) == 0  # positive: a minimum
    assert sp.simplify(mult.RATE.expr.subs(eta, best["eta"]) - best["sp"]) == 0
    assert best["eta"] == formula("EASGD-5.27").expr
    assert sp.limit(best["sp"], p, sp.oo) == 0  # at its best rate mini-batch SGD does not saturate


@pytest.mark.claim("EASGD-minibatch-optimal", "exact")
@pytest.mark.parametrize(("shape", "rate"), LAWS)
def test_optimal_rate_on_a_grid(shape, rate, check):
    for size in (1, 3, 16):
        best = sg.claim("EASGD-minibatch-optimal").value(lam=shape, omega=rate, p=size)
        grid = np.linspace(0, 3, 30001)[1:] * best["eta"]
        values = formula("EASGD-5.26").numeric(eta=grid, lam=shape, omega=rate, p=size)
        check(f"best eta, p = {size}", grid[values.argmin()] / best["eta"], 1.0, 1e-4)
        check(f"lowest rate, p = {size}", values.min(), best["sp"], 1e-8)


@pytest.mark.claim("EASGD-5.24", "exact")
@pytest.mark.parametrize("shape", [0.5, 1.0, 2.0])
def test_almost_sure_convergence_and_exploding_variance(shape, check):
    """Beyond 2 omega/(lam + 1) E x^2 grows, yet paths go to zero up to where E log|1 - eta xi| = 0; the GBM goes to zero always."""
    edge = 2 * shape / (shape + 1)
    between = gamma_noise.growth_along_a_path(1.2 * edge, shape, shape)
    assert formula("EASGD-5.26").numeric(eta=1.2 * edge, lam=shape, omega=shape) > 1 and between < 0
    assert gamma_noise.growth_along_a_path(4.0, shape, shape) > 0
    crossing = optimize.brentq(gamma_noise.growth_along_a_path, edge, 4.0, args=(shape, shape))
    check("rate from which paths grow", crossing, {0.5: 2.42, 1.0: 2.68, 2.0: 2.66}[shape], 0.005)
    exponential = [-np.exp(-1 / rate) * special.expi(1 / rate) for rate in (0.3, 1.0, 4.0)]
    check("E log|1 - eta xi|, lam = 1", [gamma_noise.growth_along_a_path(rate, 1.0, 1.0) for rate in (0.3, 1.0, 4.0)], exponential, 1e-10)


@pytest.mark.claim("EASGD-5.24", "counterexample")
def test_the_diffusion_limit_is_stable_where_the_chain_is_not():
    """E X^2 of the GBM grows at -2 lam/omega + eta lam/(p omega^2): unstable from 2 p omega on, against 2 p omega/(p lam + 1)."""
    gbm = -2 * lam / omega + eta * lam / (p * omega**2)
    assert sp.simplify(gbm.subs(eta, 2 * p * omega)) == 0
    assert sp.simplify(mult.RATE.expr.subs(eta, 2 * p * omega / (p * lam + 1)) - 1) == 0
    assert sp.simplify((mult.RATE.expr - 1) / eta - gbm - eta * lam**2 / omega**2) == 0  # what the limit drops
    along_a_path = -lam / omega - eta * lam / (2 * p * omega**2)
    assert along_a_path.is_negative  # the limit goes to zero almost surely for every eta; the chain does not


@pytest.mark.claim("EASGD-F5.9", "exact")
@pytest.mark.parametrize(("shape", "rate"), LAWS)
def test_density_integrates_to_one(shape, rate, check):
    def total(of):
        near = integrate.quad(lambda r: of(r ** (1 / shape)) * r ** (1 / shape - 1) / shape, 0, 1)[0]
        return near + integrate.quad(of, 1, np.inf)[0]

    check("total mass", total(lambda at: gamma_noise.density(at, shape, rate)), 1.0, 1e-8)
    closed = sp.lambdify((mult.xi, lam, omega), mult.DENSITY.expr, modules="scipy")
    check("closed form at 0.7", closed(0.7, shape, rate), gamma_noise.density(0.7, shape, rate), 1e-12)


@pytest.mark.claim("EASGD-F5.9", "refutes")
def test_printed_normaliser_is_right_only_for_equal_parameters(check):
    ratio = sp.lambdify((lam, omega), sp.simplify(mult.DENSITY.printed / mult.DENSITY.expr), modules="scipy")
    check("mass of the printed density, lam = omega = 0.5", ratio(0.5, 0.5), 1.0, 1e-14)
    check("mass of the printed density, lam = 0.5, omega = 3", ratio(0.5, 3.0), np.sqrt(np.pi) / 2, 1e-14)
    assert sg.claim("EASGD-F5.9").value(lam=2.0, xi=0.3) == pytest.approx(4 * 0.3 * np.exp(-0.6), rel=1e-12)


@pytest.mark.claim("EASGD-5.28", "definition")
def test_momentum_step_is_the_reference_step():
    traced = elastic_trace_of_nesterov()
    assert all(sp.expand(traced[symbol] - moved) == 0 for symbol, moved in mult.MSGD_UPDATE.items())
    assert list(formula("EASGD-5.28").expr.values()) == list(mult.MSGD_UPDATE.values())


def elastic_trace_of_nesterov() -> dict:
    """Symbols through the reference step of `sg.nesterov`."""
    from types import SimpleNamespace

    def block(symbol):
        return np.array([[symbol]], dtype=object)

    state = SimpleNamespace(x=block(mult.x), v=block(mult.v))
    moved = nesterov_step(elastic_trace.MULTIPLICATIVE.problem, eta, delta, state, SimpleNamespace(z=[block(mult.xi)]))
    return {mult.v: moved.v[0, 0], mult.x: moved.x[0, 0]}


@pytest.mark.claim("EASGD-5.29", "proved")
@pytest.mark.claim("EASGD-5.30", "proved")
def test_second_moments_of_momentum_sgd():
    squares = dict(zip(mult.MSGD_MONOMIALS, formula("EASGD-5.29").expr.values(), strict=True))
    for monomial, square in squares.items():
        assert sp.expand(monomial.subs(mult.MSGD_UPDATE, simultaneous=True) - square) == 0
    matrix, constant = moment_map(mult.MSGD_UPDATE, mult.MSGD_MONOMIALS, DRAW)
    assert (matrix - mult.MSGD.expr).expand() == sp.zeros(3) and constant == sp.zeros(3, 1)


@pytest.mark.claim("EASGD-5.30", "exact")
@pytest.mark.claim("EASGD-F5.10", "exact")
@pytest.mark.claim("EASGD-F5.11", "exact")
@pytest.mark.claim("EASGD-F5.12", "exact")
@pytest.mark.claim("EASGD-F5.14", "exact")
def test_matrix_of_a_mini_batch_and_without_momentum(check):
    plain = formula("EASGD-5.26").numeric(eta=0.3, lam=0.5, omega=0.5)
    check("without momentum the radius is the rate of SGD", gamma_noise.msgd_radius(0.3, 0.0, 0.5, 0.5), plain, 1e-14)
    two = formula("EASGD-5.26").numeric(eta=0.3, lam=0.5, omega=0.5, p=2)
    check("Figure 5.11 at delta = 0 is a mini-batch of 2", sg.claim("EASGD-F5.11").value(eta=0.3, delta=0.0), two, 1e-14)
    four = formula("EASGD-5.26").numeric(eta=0.3, lam=0.5, omega=0.5, p=4)
    check("Figure 5.12 at delta = 0 is a mini-batch of 4", sg.claim("EASGD-F5.12").value(eta=0.3, delta=0.0), four, 1e-14)
    check("Figure 5.10 at delta = 0", sg.claim("EASGD-F5.10").value(eta=0.3, delta=0.0), plain, 1e-14)
    check("Figure 5.14 at the same law", sg.claim("EASGD-F5.14").value(eta=0.3, delta=0.0, lam=0.5, omega=0.5), plain, 1e-14)


@pytest.mark.claim("EASGD-msgd-slows", "proved")
def test_no_momentum_beats_the_best_rate_of_sgd():
    """(5.30) maps covariances to covariances, and takes that of x alone to at least `bound` times itself: a rank-one surplus.

    So its spectral radius is at least 1 - u1^2/u2 = 1/(lam + 1) for all eta and every real delta, and SGD reaches that.
    """
    bound = formula("EASGD-msgd-slows").expr["bound"]
    surplus = mult.position_alone() - bound * sp.diag(0, 1)
    assert sp.simplify(surplus.det()) == 0  # and both diagonal entries are squares, so it is positive semidefinite:
    assert surplus[0, 0] == eta**2 * mult.u2
    assert sp.simplify(surplus[1, 1] - (eta * mult.u2 - mult.u1) ** 2 / mult.u2) == 0
    assert sp.simplify(bound.subs(mult.MOMENTS) - 1 / (lam + 1)) == 0
    assert sp.simplify(formula("EASGD-minibatch-optimal").expr["sp"].subs(p, 1) - 1 / (lam + 1)) == 0


@pytest.mark.claim("EASGD-msgd-slows", "proved")
def test_which_sign_of_momentum_helps():
    """At delta = 0 the matrix has one non-zero eigenvalue, the rate; its derivative in delta vanishes at SGD's best eta alone."""
    z = sp.Symbol("z")
    polynomial = mult.MSGD.expr.charpoly(z).as_expr()
    at = {delta: 0, z: 1 - 2 * eta * mult.u1 + eta**2 * mult.u2}
    slope = sp.simplify(-polynomial.diff(delta).subs(at) / polynomial.diff(z).subs(at))
    assert sp.expand(slope - formula("EASGD-msgd-slows").expr["slope"]) == 0
    assert sp.solve(slope, eta) == [mult.u1 / mult.u2]
    assert formula("EASGD-msgd-slows").expr["eta"] == mult.u1 / mult.u2


@pytest.mark.claim("EASGD-msgd-slows", "proved")
def test_negative_momentum_widens_the_range_of_stability():
    """At delta = -1/2 the determinant of 1 - M vanishes at eta = 3 omega/(lam + 1) and nowhere below.

    The leading eigenvalue of a map of covariances is real and positive, so it passes 1 there and not before.
    """
    share = sp.Symbol("s", positive=True)
    matrix = mult.MSGD.written_out(mult.MSGD.expr).subs({delta: -sp.Rational(1, 2), eta: share * omega / (lam + 1)})
    determinant = (sp.eye(3) - matrix).det()
    assert sp.simplify(determinant - lam * share * (3 - share) / (2 * (lam + 1))) == 0
    for shape in (0.1, 0.5, 2.0, 10.0):
        inside, outside = (gamma_noise.msgd_radius(edge * shape / (shape + 1), -0.5, shape, shape) for edge in (2.99, 3.01))
        assert inside < 1 < outside


@pytest.mark.claim("EASGD-sp-msgd", "exact")
@pytest.mark.claim("EASGD-msgd-slows", "exact")
@pytest.mark.parametrize(("shape", "rate"), LAWS)
def test_joint_optimum_of_rate_and_momentum(shape, rate, check):
    """Over all eta and -1 < delta < 1 nothing on the grid lies below 1/(lam + 1), and the optimum has no momentum."""
    best = rate / (shape + 1)
    steps, momenta = np.linspace(0, 2.5, 251)[1:] * best, np.linspace(-0.99, 0.99, 199)
    radius = gamma_noise.msgd_radius(steps[None, :], momenta[:, None], shape, rate)
    row, column = np.unravel_index(radius.argmin(), radius.shape)
    check("lowest radius", radius[row, column], 1 / (shape + 1), 1e-12)
    check("its rate and momentum", [steps[column] / best, momenta[row]], [1.0, 0.0], 1e-12)
    assert np.all(radius >= 1 / (shape + 1) - 1e-9)


@pytest.mark.claim("EASGD-sp-msgd", "reproduced")
def test_printed_rates_of_momentum_sgd(check):
    found = [sg.claim("EASGD-F5.13").value(lam=shape, delta=0.0) for shape in (0.5, 1.0, 2.0)]
    check("sp(M) at eta = 1/3, 1/2, 2/3 and delta = 0", found, [0.6667, 0.5, 0.3333], 0.5e-4)
    momenta = np.linspace(-0.99, 0.99, 199)
    for shape in (0.5, 1.0, 2.0):
        curve = gamma_noise.msgd_radius(shape / (shape + 1), momenta, shape, shape)
        check(f"lowest point of the curve lam = {shape:g}", momenta[curve.argmin()], 0.0, 1e-12)


@pytest.mark.parametrize("shape", [pytest.param(shape, marks=pytest.mark.claim(id_, "reproduced")) for shape, id_ in MAPS.items()])
def test_minimum_of_the_map_is_at_the_optimal_rate_without_momentum(shape, check):
    """What the text reads off Figures 5.10 to 5.12, on their axes: eta in (0, 1), delta in (-1, 1)."""
    found = gamma_noise.lowest_near(lambda rate, momentum: gamma_noise.msgd_radius(rate, momentum, shape, shape), (1e-3, 1.0), (-0.999, 0.999))
    check("lowest radius on the map", found.sp, 1 / (shape + 1), 1e-10)
    check("radius at the best rate without momentum", sg.claim(MAPS[shape]).value(eta=shape / (shape + 1), delta=0.0), found.sp, 1e-10)


@pytest.mark.claim("EASGD-F5.13", "refutes")
def test_rate_in_the_caption_is_not_the_best_one(check):
    """lam/(omega + 1) is omega/(lam + 1) only where lam = omega, since lam (lam + 1) grows; elsewhere it may even diverge."""
    assert sp.factor(lam * (lam + 1) - omega * (omega + 1)) == (lam - omega) * (lam + omega + 1)
    shape, rate = 2.0, 0.5
    caption, best = shape / (rate + 1), formula("EASGD-5.27").numeric(lam=shape, omega=rate)
    check("radius at omega/(lam + 1)", gamma_noise.msgd_radius(best, 0.0, shape, rate), 1 / (shape + 1), 1e-12)
    assert gamma_noise.msgd_radius(caption, 0.0, shape, rate) > 1


@pytest.mark.claim("EASGD-F5.13", "exact")
def test_curves_of_figure_5_13_are_cuts_through_the_maps(check):
    for shape, map_id in MAPS.items():
        for momentum in (-0.7, 0.0, 0.6):
            cut = sg.claim(map_id).value(eta=shape / (shape + 1), delta=momentum)
            check(f"lam = {shape:g}, delta = {momentum:g}", sg.claim("EASGD-F5.13").value(lam=shape, delta=momentum), cut, 1e-14)


@pytest.mark.claim("EASGD-F5.14", "exact")
def test_radius_depends_on_slope_and_shape(check):
    """Only eta/omega and lam count: the same slope lam/omega means different things for different lam."""
    check("eta and omega scale together", gamma_noise.msgd_radius(0.1, 0.9, 3.0, 2.0), gamma_noise.msgd_radius(0.5, 0.9, 3.0, 10.0), 1e-13)


def helps(momentum, shape, slope, rate=0.1):
    """Whether this momentum lowers the radius at shape and slope lam/omega."""
    return gamma_noise.msgd_radius(rate, momentum, shape, shape / slope) < gamma_noise.msgd_radius(rate, 0.0, shape, shape / slope)


@pytest.mark.claim("EASGD-msgd-slows", "exact")
@pytest.mark.claim("EASGD-F5.14", "counterexample")
def test_small_slope_is_not_the_whole_condition(check):
    """A little momentum helps exactly where omega > eta (lam + 1). For delta = 0.9, eta = 0.1 the edge in the slope rises to 1 with lam."""
    for shape in (0.5, 2.0, 50.0):
        edge = shape / (0.1 * (shape + 1))  # slope at which omega = eta (lam + 1)
        assert helps(0.01, shape, 0.97 * edge) and not helps(0.01, shape, 1.03 * edge)
        assert not helps(-0.01, shape, 0.97 * edge) and helps(-0.01, shape, 1.03 * edge)
    at_one_slope = [bool(helps(0.9, shape, 0.6)) for shape in (0.5, 1.0, 50.0)]
    check("slope 0.6: momentum 0.9 helps at lam = 0.5, 1, 50", at_one_slope, [False, True, True], 0)
    assert not helps(0.9, 50.0, 1.02)
