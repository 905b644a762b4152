"""Theorem 3.2.1, step by step: identities in symbols, inequalities as sums of squares, and both on random convex functions."""

import numpy as np
import pytest
import sympy as sp

from stalegrad.algorithms.elastic import easgd_step
from stalegrad.theory.easgd import convex_proof as proof
from stalegrad.theory.easgd import convex_terms as terms
from stalegrad.theory.easgd import strongly_convex as sc
from stalegrad.theory.easgd.symbols import h
from stalegrad.theory.elastic_trace import ADDITIVE, EASGD, trace

TWINS = {"EASGD-3.41": "EASGD-3.38", "EASGD-3.43": "EASGD-3.42", "EASGD-3.35": "EASGD-3.36"}
"""Steps printed as a part, or with a shorter name, of another."""
SMALL = 1e-12


def claims(table, kind):
    """A test parameter for each step of a table, marked with its claim and with those that share its display."""
    ids = {id_: [id_, *(twin for twin, whole in TWINS.items() if whole == id_)] for id_ in table}
    return [pytest.param(id_, marks=[pytest.mark.claim(each, kind) for each in marked], id=id_) for id_, marked in ids.items()]


def symbolic_point(workers=2, dim=2):
    """All quantities free symbols; the gradients are tied to nothing, so what holds here holds for any function."""

    def block(name, *shape):
        return np.array(sp.symbols(f"{name}0:{np.prod(shape)}", real=True), dtype=object).reshape(shape)

    eta, alpha, beta, variance = sp.symbols("eta alpha beta v", positive=True)
    mu, L = sp.symbols("mu L", positive=True)
    x, slope, noise = (block(name, workers, dim) for name in "xgn")
    return terms.Point(x, block("c", dim), block("s", dim), slope, noise, eta, alpha, beta, mu, L, variance)


def vanish(expressions):
    return all(sp.cancel(sp.expand(each)) == 0 for each in np.ravel(np.asarray(expressions, dtype=object)))


def with_square_bounds(at):
    """mu and L as squares, so that the root of mu L is rational and an identity one of polynomials."""
    low, high = sp.symbols("a b", positive=True)
    return at._replace(mu=low**2, L=high**2)


def random_point(rng, workers=4, dim=3):
    """A random strongly convex, smooth F = mu/2 |x|^2 + sum of log cosh terms, tilted so that its minimum is 0."""
    rows, shifts = rng.normal(size=(5, dim)), rng.normal(size=5)
    mu = 10.0 ** rng.uniform(-3, 0)
    L = mu + np.linalg.eigvalsh(rows.T @ rows)[-1]
    alpha, beta = rng.uniform(0, 1, 2)
    eta = rng.uniform(0, 1) ** 0.3 * 2 * (1 - alpha) / (mu + L)
    x = 10.0 ** rng.uniform(-2, 1) * rng.normal(size=(workers, dim))
    slope = mu * x + (np.tanh(x @ rows.T + shifts) - np.tanh(shifts)) @ rows
    centre, noise = rng.normal(size=dim), rng.normal(size=(workers, dim))
    return terms.Point(x, centre, np.zeros(dim), slope, noise, eta, alpha, beta, mu, L, 2.0)


def kinked_point(alpha=0.3, mu=0.1, L=2.0):
    """F' = mu x to the left of 0 and L x to the right; two workers at -1 and 1, the centre where no step but (3.46) loses anything."""
    eta = 2 * (1 - alpha) / (mu + L)
    x, slope = np.array([[-1.0], [1.0]]), np.array([[-mu], [L]])
    centre = -eta * slope.mean(axis=0) / (1 - alpha)
    return terms.Point(x, centre, np.zeros(1), slope, np.zeros((2, 1)), eta, alpha, 0.5, mu, L, 0.0)


@pytest.mark.parametrize("id_", claims(proof.IDENTITIES, "proved"))
@pytest.mark.parametrize("shape", [(2, 2), (3, 1), (4, 1)])
def test_identities(id_, shape):
    left, right = proof.IDENTITIES[id_](symbolic_point(*shape))
    assert vanish(left - right)


@pytest.mark.parametrize("id_", claims(proof.SLACK, "proved"))
@pytest.mark.parametrize("shape", [(2, 2), (3, 1)])
def test_what_an_inequality_gives_away(id_, shape):
    at = with_square_bounds(symbolic_point(*shape))
    smaller, larger = proof.UPPER_BOUNDS[id_](at)
    assert vanish(larger - smaller - proof.SLACK[id_](at))


@pytest.mark.claim("EASGD-3.33", "proved")
def test_cauchy_schwarz_by_lagrange():
    at = symbolic_point(1, 3)
    slope, away = at.slope[0], at.local[0] - at.centre
    cross = np.cross(slope, away)
    assert vanish(terms.square(slope) * terms.square(away) - terms.dot(slope, away) ** 2 - terms.square(cross))


@pytest.mark.claim("EASGD-3.30", "proved")
def test_the_standard_inequality():
    """F - mu/2 |x|^2 is convex with an (L - mu)-Lipschitz gradient d = g - mu x, so <d, x> >= |d|^2/(L - mu); that is (3.30)."""
    at = symbolic_point(1, 2)
    lower, descent = proof.UPPER_BOUNDS["EASGD-3.30"](at)
    away = at.local - at.star
    d = at.slope - at.mu * away
    cocoercive = terms.dot(d, away) - terms.square(d) / (at.L - at.mu)
    assert vanish((at.mu + at.L) * (descent - lower) - (at.L - at.mu) * cocoercive)


@pytest.mark.parametrize("id_", claims(proof.UPPER_BOUNDS, "exact"))
def test_inequalities_on_random_functions(id_, check):
    rng = np.random.default_rng(0)
    worst = np.inf
    for _ in range(300):
        smaller, larger = proof.UPPER_BOUNDS[id_](random_point(rng))
        worst = min(worst, np.min((larger - smaller) / (1 + np.abs(larger))))
    check("smallest relative slack, no lower than rounding", min(worst, 0.0), 0.0, SMALL)


@pytest.mark.claim("EASGD-3.27", "definition")
@pytest.mark.claim("EASGD-3.28", "definition")
@pytest.mark.claim("EASGD-3.29", "proved")
def test_the_steps_are_those_of_the_algorithm():
    at = symbolic_point(3, 1)
    traced = trace(easgd_step, EASGD, ADDITIVE, 3)
    here = {own[-1]: x for own, x in zip(traced.variables, at.local[:, 0], strict=True)}
    here |= {traced.centre: at.centre[0]} | dict(zip(traced.drawn, at.noise[:, 0], strict=True))
    here |= {sc.eta: at.eta, sc.alpha: at.alpha, sc.beta: at.beta}
    linear = at._replace(slope=h * at.local)
    ours = [*terms.moved(linear, terms.one(linear))[:, 0], terms.moved_centre(linear)[0]]
    theirs = [traced.update[own[-1]] for own in traced.variables] + [traced.update[traced.centre]]
    assert vanish(np.array([sp.sympify(t).subs(here, simultaneous=True) for t in theirs]) - np.array(ours))


@pytest.mark.claim("EASGD-3.46", "proved")
def test_the_sharp_constant():
    """The best upper bound of <g, x> - mu L/(mu+L) |x|^2 - |g|^2/(mu+L) is (L-mu)^2/(4(mu+L)) |x|^2, met at g = (mu+L)/2 x."""
    g, x, mu, L = sp.symbols("g x mu L", positive=True)
    lost = (L - mu) ** 2 / (4 * (mu + L)) * x**2 - (g * x - mu * L / (mu + L) * x**2 - g**2 / (mu + L))
    assert vanish(lost - (g - (mu + L) / 2 * x) ** 2 / (mu + L))
    a, b = sp.symbols("a b", positive=True)  # roots of mu and L
    printed, sharp = (term.subs({sc.mu: a**2, sc.L: b**2}) for term in (sc.RATES[sc.gamma2], sc.SHARP_GAMMA2))
    assert vanish(sp.simplify(sharp / printed - (a + b) ** 2 / (4 * b**2)))


@pytest.mark.claim("EASGD-T3.2.1", "exact")
def test_the_sharp_constant_is_met_and_no_smaller_one_is_possible(check):
    """On the kinked parabola the recursion with the sharp gamma_2 is an equality: 1 % less, and it fails."""
    at = kinked_point()
    values = {sc.mu: at.mu, sc.L: at.L, sc.eta: at.eta}
    sharp, printed = float(sc.SHARP_GAMMA2.subs(values)), float(sc.RATES[sc.gamma2].subs(values))
    a, b = terms.square(terms.mean(at.local)), terms.mean(terms.square(at.local))
    rest = at.alpha * terms.square(at.centre)
    after = terms.error(at, terms.average(at))
    assert a == 0
    check("error of the average after the step, against its bound with the sharp constant", after, sharp * b + rest, SMALL)
    assert after > 0.99 * sharp * b + rest
    assert after < 0.9 * (printed * b) + rest


@pytest.mark.claim("EASGD-T3.2.1", "proved")
def test_rows_of_the_recursion():
    """The larger sides of (3.49), of (3.37) averaged over workers, and of (3.50) are the rows of the matrix."""
    at = symbolic_point(3, 1)
    y = terms.mean(at.local)
    before = sp.Matrix([terms.square(y - at.star), terms.mean(terms.square(at.local - at.star)), terms.square(at.centre - at.star)])
    larger = [proof.UPPER_BOUNDS[f"EASGD-{number}"](at)[1] for number in ("3.49", "3.37", "3.50")]
    larger[1] = terms.mean(larger[1])
    values = {sc.eta: at.eta, sc.alpha: at.alpha, sc.beta: at.beta, sc.mu: at.mu, sc.L: at.L, sc.p: 3, sc.sigma: sp.sqrt(at.variance)}
    rows = (sc.MATRIX * before + sc.CONSTANT).subs(sc.RATES).subs(values, simultaneous=True)
    assert vanish([row - each for row, each in zip(rows, larger, strict=True)])


@pytest.mark.claim("EASGD-T3.2.1", "exact")
def test_one_step_of_the_recursion_on_random_functions(check):
    """Three rows, given the state: E over the noise. Planted errors (gamma_2 halved, no noise, a larger gamma_1) are caught."""
    rng = np.random.default_rng(1)
    rows, planted = [], {"half": [], "quiet": [], "fast": []}
    for number in range(300):
        at = random_point(rng) if number % 2 else kinked_point(rng.uniform(0, 0.9), 10.0 ** rng.uniform(-3, 0), 1.0)
        before = np.array([terms.square(terms.mean(at.local)), terms.mean(terms.square(at.local)), terms.square(at.centre)])
        after = np.array([_average_after(at), _workers_after(at), terms.square(terms.moved_centre(at))])
        right = _recursion(at, *_rates(at)) @ before + _noise(at)
        rows.append(np.min((right - after) / (1 + right)))
        first, second = _rates(at)
        planted["half"].append(np.min(_recursion(at, first, second / 2) @ before + _noise(at) - after))
        planted["quiet"].append(np.min(_recursion(at, first, second) @ before + 0.0 * _noise(at) - after))
        planted["fast"].append(np.min(_recursion(at, 1.3 * first + 0.1 * at.eta, second) @ before + _noise(at) - after))
    check("smallest relative slack of the three rows", min(min(rows), 0.0), 0.0, SMALL)
    assert all(min(values) < -1e-6 for values in planted.values())


def _rates(at):
    return 2 * at.eta * terms.contraction(at), 2 * at.eta * at.L * terms.spread_share(at)


_matrix = sp.lambdify((sc.gamma1, sc.gamma2, sc.alpha, sc.beta), sc.MATRIX)


def _recursion(at, first, second):
    return _matrix(first, second, at.alpha, at.beta)


def _noise(at):
    return at.eta**2 * at.variance * np.array([1 / len(at.local), 1.0, 0.0])


def _average_after(at):
    return proof.UPPER_BOUNDS["EASGD-3.49"](at)[0]


def _workers_after(at):
    return terms.mean(proof.UPPER_BOUNDS["EASGD-3.37"](at)[0])


@pytest.mark.claim("EASGD-3.37", "proved")
@pytest.mark.claim("EASGD-3.49", "proved")
@pytest.mark.parametrize("mover", [terms.one, terms.average])
def test_noise_of_mean_zero_adds_its_mean_square(mover):
    """What noise changes is eta^2 |xi|^2 and a term linear in it, whose mean is 0 if the noise is independent of the state."""
    at = symbolic_point()
    noisy = mover(at)
    still = noisy._replace(noise=0 * noisy.noise)
    linear = 2 * at.eta * terms.dot(noisy.noise, terms.moved(at, still) - at.star)
    assert vanish(terms.error(at, noisy) - terms.error(at, still) - at.eta**2 * terms.square(noisy.noise) - linear)


@pytest.mark.claim("EASGD-3.49", "proved")
def test_variance_of_the_average_needs_independent_workers():
    """E |mean xi|^2 = sigma^2 / p uses that different workers' noise is uncorrelated; with a common noise it is sigma^2."""
    covariance = sp.Symbol("kappa")
    for workers in (1, 2, 5):
        total = sp.Matrix(workers, workers, lambda i, j: 1 if i == j else covariance)
        level = sum(total) / sp.Integer(workers) ** 2
        assert level.subs(covariance, 0) == sp.Rational(1, workers) and level.subs(covariance, 1) == 1


@pytest.mark.parametrize(("name", "wrong"), [("alpha", 1.2), ("eta", 3.0)])
def test_assumptions_are_needed(name, wrong):
    """Beyond alpha < 1 or the bound on eta, a gradient term of the wrong sign is left over and (3.37) can fail."""
    at = kinked_point(mu=1.0, L=1.0)._replace(**{name: wrong})
    assert terms.left_over(at) > 0 or at.alpha > 1
    x = np.array([[1.0], [1.0]])
    at = at._replace(local=x, slope=x, centre=np.array([-2.0 if name == "alpha" else 0.5]))
    smaller, larger = proof.UPPER_BOUNDS["EASGD-3.37"](at)
    assert np.all(smaller > larger)


def test_losses_add_up():
    rng = np.random.default_rng(2)
    for _ in range(20):
        at = random_point(rng)
        smaller, larger = proof.UPPER_BOUNDS["EASGD-3.49"](at)
        parts = proof.losses(at)
        assert min(parts.values()) >= -1e-9 and sum(parts.values()) == pytest.approx(larger - smaller, rel=1e-9)
