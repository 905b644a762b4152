"""The recursion of Theorem 3.2.1: eigenvalues, conditions, fixed point, and how far it is from what it bounds."""

import numpy as np
import pytest
import sympy as sp

import stalegrad as sg
from stalegrad.theory import formula
from stalegrad.theory.easgd import strongly_convex as sc
from stalegrad.theory.easgd.symbols import L, alpha, beta, eta, h, mu, p, sigma

POINT = {"mu": 0.1, "L": 1.0, "eta": 0.2, "alpha": 0.3, "beta": 0.5, "p": 4, "sigma": 2.0}
a, b = sp.symbols("a b", positive=True)
SQUARES = {mu: a**2, L: b**2}
"""Curvatures by their roots, so that everything is rational."""


def vanishes(expr):
    return all(sp.simplify(each) == 0 for each in sp.Matrix([expr]))


def admissible(rng):
    """Random parameters under the conditions of the theorem."""
    low, moving, rate = 10.0 ** rng.uniform(-3, 0), rng.uniform(0, 0.95), rng.uniform(0.02, 1)
    largest = 2 * (1 - moving) / (low + 1.0)
    return {"mu": low, "L": 1.0, "eta": rng.uniform(0.05, 1) * largest, "alpha": moving, "beta": rate, "p": int(rng.integers(1, 30)), "sigma": 1.5}


@pytest.mark.claim("EASGD-3.2-stationary", "proved")
def test_eigenvalues_are_all_roots():
    w = sp.Symbol("w")
    product = sp.prod(w - root for root in sc.EIGENVALUES.values())
    assert vanishes(sp.expand(product) - sc.MATRIX.charpoly(w).as_expr())
    root = (alpha + beta + sc.gamma1) ** 2 - 4 * beta * sc.gamma1
    assert vanishes(root - (alpha + sc.gamma1 - beta) ** 2 - 4 * alpha * beta)  # so all three are real


@pytest.mark.claim("EASGD-3.2-stationary", "proved")
def test_fixed_point():
    level = sp.Matrix([formula("EASGD-3.2-stationary").expr[name] for name in "abc"])
    assert vanishes(sc.MATRIX * level + sc.CONSTANT - level)
    assert vanishes((sp.eye(3) - sc.MATRIX).det() - beta * sc.gamma1 * (alpha + sc.gamma1 + sc.gamma2))  # so it is the only one
    assert sc.written_out(level).subs(mu, L).applyfunc(sp.simplify) == sp.Matrix([1, p * (alpha / p + eta * L) / (alpha + eta * L), 1]).applyfunc(
        lambda term: sp.simplify(term * eta * sigma**2 / (p * L))
    )


@pytest.mark.claim("EASGD-T3.2.1", "exact")
@pytest.mark.claim("EASGD-3.2-stationary", "exact")
def test_fixed_point_is_the_limit_of_the_recursion(check):
    system = formula("EASGD-T3.2.1").numeric(**POINT)
    state = np.array([50.0, 60.0, 70.0])
    for _ in range(2000):
        state = system["matrix"] @ state + system["constant"].ravel()
    found = sg.claim("EASGD-T3.2.1").value(**POINT)
    check("a, b, c after 2,000 steps", [found["a"], found["b"], found["c"]], state, 1e-12)


@pytest.mark.claim("EASGD-3.2-stationary", "proved")
def test_of_the_three_conditions_on_eta_one_implies_the_others():
    """lambda_1 >= 0 is stricter than the theorem's bound on eta, (b-a)^3 (3b+a) >= 0, and that one implies lambda_3 > -1."""
    theorem, from_third = 2 * (1 - alpha) / (mu + L), (mu + L) / (mu * L) * (1 - alpha / (2 - beta))
    assert vanishes((1 / sc.NON_NEGATIVE_RATE - 1 / theorem).subs(SQUARES) - (b - a) ** 3 * (3 * b + a) / (2 * (1 - alpha) * (a**2 + b**2)))
    assert vanishes(sc.written_out(sc.EIGENVALUES["lambda_1"]).subs(SQUARES).subs(eta, sc.NON_NEGATIVE_RATE.subs(SQUARES)))
    w = sp.Symbol("w")
    cubic = sp.cancel(sc.MATRIX.charpoly(w).as_expr() / (w - sc.EIGENVALUES["lambda_1"]))
    at_minus_one = sp.factor(sc.written_out(cubic.subs(w, -1)))
    assert vanishes(at_minus_one.subs(eta, from_third))
    # (mu+L)^2 >= 2 mu L and alpha/(2-beta) <= alpha: the theorem's eta stays below.
    assert vanishes(from_third - theorem - (1 - alpha) * (mu**2 + L**2) / (mu * L * (mu + L)) - (mu + L) / (mu * L) * alpha * (1 - beta) / (2 - beta))


@pytest.mark.claim("EASGD-3.2-stationary", "exact")
def test_printed_special_cases_of_the_conditions(check):
    at = {alpha: 0.3, L: 2.0}
    check("largest eta at mu = L", sc.NON_NEGATIVE_RATE.subs(at | {mu: 2.0}), 0.7 / 2.0, 1e-15)
    check("largest eta at mu = 0", sc.NON_NEGATIVE_RATE.subs(at).subs(mu, 0), 0.7 / 4.0, 1e-15)


@pytest.mark.claim("EASGD-3.2-stationary", "counterexample")
def test_at_mu_zero_nothing_contracts():
    """The thesis gives a condition on eta at mu = 0; there lambda_2 = 1, and the fixed point is infinite."""
    assert vanishes(sc.written_out(sc.EIGENVALUES["lambda_2"]).subs(mu, 0).subs(beta, sp.Rational(1, 2)).subs(alpha, sp.Rational(1, 4)) - 1)
    levels = [sg.claim("EASGD-T3.2.1").value(**{**POINT, "mu": low})["c"] for low in (1e-3, 1e-6)]
    assert levels[1] > 500 * levels[0]


@pytest.mark.claim("EASGD-3.2-stationary", "counterexample")
def test_spectral_norm_is_not_what_matters():
    """Every condition holds and the spectral radius is below 1, but the spectral norm is above it."""
    matrix = formula("EASGD-T3.2.1").numeric(**{**POINT, "beta": 0.9})["matrix"]
    assert matrix.min() >= 0
    assert np.abs(np.linalg.eigvals(matrix)).max() < 0.99
    assert np.linalg.norm(matrix, 2) > 1.05


@pytest.mark.claim("EASGD-3.2-stationary", "counterexample")
def test_there_are_oscillations():
    """mu = L: all conditions hold, yet the mean of EASGD itself has an eigenvalue below zero: the centre overshoots every other step."""
    drift = np.array([[1 - 0.1 - 0.5, 0.5], [1.0, 0.0]])  # (y, centre) at eta h = 0.1, alpha = 0.5, beta = 1
    assert float(sc.NON_NEGATIVE_RATE.subs({mu: 1, L: 1, alpha: 0.5})) > 0.1
    assert np.linalg.eigvals(drift).min() < -0.5
    third = sc.written_out(sc.EIGENVALUES["lambda_3"]).subs({mu: 1, L: 1, eta: 0.1, alpha: 0.5, beta: 1})
    assert float(third) == pytest.approx(np.linalg.eigvals(drift).min())
    state = np.array([1.0, -1.0])
    signs = [np.sign((state := drift @ state)[1]) for _ in range(6)]
    assert len({*signs[:2]}) == 2


def test_the_printed_recursion_can_only_be_iterated_where_no_entry_is_negative():
    """Inside the theorem's range lambda_1 can be negative, and below -1: iterated, the recursion would diverge."""
    matrix = formula("EASGD-T3.2.1").numeric(mu=0.01, L=1.0, eta=1.9, alpha=0.0, beta=0.5, p=4, sigma=1.0)["matrix"]
    assert matrix[0, 0] < -1 and np.abs(np.linalg.eigvals(matrix)).max() > 1


@pytest.mark.claim("EASGD-3.2-stationary", "proved")
def test_with_the_sharp_constant_no_further_condition_is_needed():
    """gamma_1 + gamma_2 = eta (mu+L)/2: the first entry is not negative exactly where the theorem holds; and the level is lower."""
    assert vanishes(sc.RATES[sc.gamma1] + sc.SHARP_GAMMA2 - eta * (mu + L) / 2)
    rise = sp.diff(formula("EASGD-3.2-stationary").expr["c"], sc.gamma2)
    expected = (1 - 1 / p) * (alpha + sc.gamma1) / (sc.gamma1 * (alpha + sc.gamma1 + sc.gamma2) ** 2) * eta**2 * sigma**2
    assert vanishes(rise - expected)


@pytest.mark.claim("EASGD-T3.2.1", "exact")
def test_bound_holds_on_every_quadratic(check):
    """Exact stationary errors for curvatures between mu and L stay below both fixed points, all over the theorem's range."""
    rng = np.random.default_rng(3)
    ratios = []
    for _ in range(200):
        at = admissible(rng)
        bound, sharp = sg.claim("EASGD-T3.2.1").value(**at), sharp_level(**at)
        assert sharp <= bound["c"] * (1 + 1e-12)
        for share in (0.0, 0.3, 1.0):
            y2, _, x2 = stationary(at["mu"] + share * (at["L"] - at["mu"]), at)
            ratios += [y2 / sharp, x2 / sharp]
    check("largest exact error over its bound, at most 1", max(*ratios, 1.0), 1.0, 1e-12)
    assert max(ratios) > 0.3


ORDER = (mu, L, eta, alpha, beta, p, sigma)
sharp_level = sp.lambdify(ORDER, sc.SHARP_STATIONARY["c"].subs(sc.RATES))
exact_map = sp.lambdify((h, *ORDER[2:]), sc.errors_on_a_quadratic(h))


def stationary(curvature, at):
    matrix, constant = exact_map(curvature, *(at[s.name] for s in ORDER[2:]))
    return np.linalg.solve(np.eye(3) - matrix, constant).ravel()


@pytest.mark.claim("EASGD-T3.2.1", "exact")
def test_without_coupling_half_of_the_bound_is_reached(check):
    """mu = L, alpha = 0: the exact error of the average is 1/(2 - eta h) of its bound, whatever p."""
    at = {"mu": 1.0, "L": 1.0, "eta": 0.2, "alpha": 0.0, "beta": 0.5, "p": 7, "sigma": 1.3}
    check("ratio", stationary(1.0, at)[0] / sg.claim("EASGD-T3.2.1").value(**at)["a"], 1 / 1.8, 1e-12)


@pytest.mark.claim("EASGD-3.2-stationary", "counterexample")
def test_on_quadratics_workers_always_help(check):
    """mu << L: of the bound a share gamma_2/(alpha+gamma_1+gamma_2) stays for any p; the exact errors fall like 1/p."""
    at = {**POINT, "mu": 1e-3, "eta": 0.1, "alpha": 0.02}
    one, many = ({**at, "p": n} for n in (1, 100))
    bounds = [sg.claim("EASGD-T3.2.1").value(**each)["c"] for each in (one, many)]
    assert bounds[1] > 0.8 * bounds[0]
    for curvature in (at["mu"], at["L"]):
        check(f"exact errors, h = {curvature}", 100 * stationary(curvature, many)[2] / stationary(curvature, one)[2], 1.0, 1e-9)


@pytest.mark.claim("EASGD-3.2-stationary", "proved")
def test_floor_of_the_kinked_parabola():
    """Half a normal law on each side: E x and E x^2 by integration, and their share."""
    left, right = sp.symbols("l r", positive=True)  # standard deviations of the two halves
    x = sp.Symbol("x", real=True)

    def integral(power):
        down = sp.integrate(x**power * sp.exp(-(x**2) / (2 * left**2)), (x, -sp.oo, 0))
        return down + sp.integrate(x**power * sp.exp(-(x**2) / (2 * right**2)), (x, 0, sp.oo))

    mass, first, second = (integral(power) for power in (0, 1, 2))
    assert vanishes((first**2 / (mass * second)).subs(right, left * sc.s) - sc.FLOOR_SHARE)


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({"mu": 2.0}, "mu <= L"),
        ({"eta": 1.5}, "eta <= "),
        ({"alpha": 1.0}, r"\[0, 1\)"),
        ({"beta": 0.0}, "positive"),
        ({"beta": 1.1}, "beta <= 1"),
        ({"p": 0}, "at least 1"),
    ],
)
def test_bad_parameters(wrong, rule):
    with pytest.raises(ValueError, match=rule):
        sg.claim("EASGD-T3.2.1").value(**{**POINT, **wrong})
