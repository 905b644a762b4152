"""What the thesis leaves open: asynchronous EASGD in moments, and the root of an EASGD Tree."""

import numpy as np
import pytest
import sympy as sp

import stalegrad as sg
from stalegrad.figures.easgd import asynchrony
from stalegrad.moments.asynchronous import largest_alpha, safe_alpha
from stalegrad.moments.tree import root
from stalegrad.theory import formula
from stalegrad.theory.easgd.open_questions import RANDOM_WORKER
from stalegrad.theory.easgd.symbols import alpha, eta, h, p, sigma

NOISY = sg.problems.noisy_quadratic()


@pytest.mark.claim("EASGD-async-easgd", "exact")
@pytest.mark.parametrize("n_workers", [1, 2, 3, 8, 32])
def test_variance_of_the_centre_with_random_workers(n_workers, check):
    problem = sg.problems.noisy_quadratic(h=1.5, sigma=2.0)
    for rate, pull in ((0.1, 0.3), (0.8, 0.5), (1.1, 0.02)):
        closed = sg.claim("EASGD-async-easgd").value(eta=rate, alpha=pull, h=1.5, sigma=2.0, p=n_workers)
        exact = sg.moments.stationary(sg.async_easgd(problem, rate, pull, n_workers)).second_moment[0, 0]
        check(f"p = {n_workers}, eta = {rate}, alpha = {pull}", closed, exact, 1e-11)


@pytest.mark.claim("EASGD-async-easgd", "proved")
def test_closed_form_solves_the_moment_equations():
    """Own and crossed moments of two workers and the centre, after a step by worker 1, by worker 2, or by another."""
    x1, x2, x3, c, xi = sp.symbols("x1 x2 x3 c xi")
    own, crossed, pull, square = sp.symbols("own crossed pull square")
    meaning = {x1**2: own, x2**2: own, x3**2: own, x1 * x2: crossed, x1 * x3: crossed, x2 * x3: crossed, c**2: square}
    meaning |= {x * c: pull for x in (x1, x2, x3)}

    def mean(expr):
        total = sp.S.Zero
        for powers, coefficient in sp.Poly(sp.expand(expr), x1, x2, x3, c, xi).terms():
            monomial = sp.prod(symbol**power for symbol, power in zip((x1, x2, x3, c), powers[:4], strict=True))
            if powers[4] == 0:
                total += coefficient * meaning[monomial]
            elif powers[4] == 2:
                total += coefficient * sigma**2
        return total

    def after(expr):
        steps = [{x: x - eta * (h * x - xi) - alpha * (x - c), c: c + alpha * (x - c)} for x in (x1, x2, x3)]
        weights = (1 / p, 1 / p, 1 - 2 / p)
        return sum(weight * mean(expr.subs(step, simultaneous=True)) for weight, step in zip(weights, steps, strict=True))

    system = [sp.expand(after(monomial) - mean(monomial)) for monomial in (x1**2, x1 * x2, x1 * c, c**2)]
    solved = sp.linsolve(system, own, crossed, pull, square)
    assert sp.simplify(next(iter(solved))[3] - RANDOM_WORKER.expr) == 0


@pytest.mark.claim("EASGD-async-easgd", "proved")
def test_limits_of_the_variance():
    s = sp.Symbol("s", positive=True)
    variance = RANDOM_WORKER.expr.subs({h: 1, sigma: 1, eta: s})
    slow = sp.cancel((variance / s).subs(s, 0))
    assert sp.cancel(slow - 1 / (2 * (p + 1))) == 0, "slow workers: eta sigma^2 / (2 h (p + 1)) as in the synchronous model, any alpha"
    crowd = sp.limit(variance.subs({s: sp.Rational(1, 10), alpha: sp.Rational(1, 5)}), p, sp.oo)
    assert crowd > sp.Rational(1, 1000), "alpha fixed: more workers do not take the variance to 0"


@pytest.mark.claim("EASGD-async-easgd", "exact")
def test_where_the_synchronous_model_misleads(check):
    """Variance within a few per cent for few workers; up to a quarter too small for many; stability off by a factor of p."""
    variance = asynchrony.by_workers()
    ratio = variance["random"] / variance["synchronous"]
    few = ratio[: asynchrony.WORKERS.index(4) + 1]
    assert np.abs(few - 1.0).max() < 0.03
    s, b = asynchrony.STEP, asynchrony.BETA
    limit = (2 + b - s) * (b + s - b * s) * (4 - 2 * b - 2 * s + b * s) / (2 * (2 * b + 2 * s - b * s - s**2) * (2 - b - s + b * s))
    many = (
        formula("EASGD-async-easgd").numeric(eta=s, alpha=b / 1e6, p=1e6)
        / formula("EASGD-5.14").numeric(eta=s, alpha=b / 1e6, beta=b, p=1e6, h=1.0, sigma=1.0)["x2"]
    )
    check("ratio of the variances for many workers, alpha = 0.9/p", many, limit, 1e-5)
    for n in (4, 16):
        check(f"largest alpha of the model, p = {n}", largest_alpha(s, n), 2 * (2 - s) / (n * (2 - s) + 2), 1e-8)
        assert largest_alpha(s, n, sg.schedule.random()) > safe_alpha(s) > 2.0 / n


@pytest.mark.claim("EASGD-async-easgd", "proved")
def test_an_exchange_contracts_up_to_the_safe_alpha():
    """The symmetric map M of (x^i, centre): I - M and I + M are positive definite exactly for 0 < alpha < (4 - 2s)/(4 - s)."""
    s = eta * h
    exchange = sp.Matrix([[1 - s - alpha, alpha], [alpha, 1 - alpha]])
    assert exchange.is_symmetric()
    assert sp.expand((sp.eye(2) - exchange).det() - s * alpha) == 0
    assert sp.expand((sp.eye(2) + exchange).det() - (4 - 2 * s - (4 - s) * alpha)) == 0
    # Both determinants positive, and below the bound alpha < 1, so the entry 2 - alpha is too: positive definite.
    assert sp.cancel(1 - (4 - 2 * s) / (4 - s) - s / (4 - s)) == 0


@pytest.mark.claim("EASGD-async-easgd", "exact")
@pytest.mark.parametrize("step", [0.1, 1.0, 1.7])
def test_safe_alpha_is_safe_for_every_order_and_period(step):
    """No step of the means is longer than 1 in the Euclidean norm up to the bound, and the bound is exact for one worker."""
    bound = safe_alpha(step)
    for pull in np.linspace(0.0, bound, 7):
        assert np.linalg.norm([[1 - step - pull, pull], [pull, 1 - pull]], 2) <= 1 + 1e-12
    assert np.linalg.norm([[1 - step - 1.02 * bound, 1.02 * bound], [1.02 * bound, 1 - 1.02 * bound]], 2) > 1
    assert largest_alpha(step, 1, sg.schedule.random()) == pytest.approx(bound, abs=1e-8)
    for schedule, p_tau in ((sg.schedule.random(), (3, 2)), (sg.schedule.round_robin(), (3, 3))):
        assert sg.moments.spectral_radius(sg.async_easgd(NOISY, step, 0.999 * bound, *p_tau, schedule)) < 1


@pytest.mark.claim("EASGD-async-easgd", "exact")
def test_long_periods(check):
    limits = asynchrony.long_periods(2)
    unit = asynchrony.of_one_worker() / 2
    for schedule, limit in ((sg.schedule.round_robin(), "asynchronous"), (sg.schedule.synchronous(), "synchronous")):
        process = sg.async_easgd(NOISY, asynchrony.STEP, asynchrony.BETA / 2, 2, 150, schedule)
        check(f"period 150, {schedule.name}", asynchrony.variance(process) / unit, limits[limit], 1e-6)


TREES = [
    (2, 1, sg.multiscale(1, 1)),
    (2, 2, sg.multiscale(1, 10)),
    (3, 2, sg.up_down(2, 3)),
    (2, 3, sg.multiscale(2, 4)),
    (16, 1, sg.up_down(1, 10)),
    (1, 3, sg.multiscale(1, 2)),
]


@pytest.mark.claim("EASGD-tree-moments", "exact")
@pytest.mark.parametrize(("degree", "depth", "scheme"), TREES, ids=[f"{d}, {n}, {s.name}" for d, n, s in TREES])
def test_one_variable_per_level_is_the_whole_tree(degree, depth, scheme, check):
    problem = sg.problems.noisy_quadratic(h=1.5, sigma=2.0)
    levels = root(0.1, 0.3, degree, depth, scheme, h=1.5, sigma=2.0)
    process = sg.easgd_tree(problem, 0.1, 0.3, degree, depth, scheme)
    check("variance of the root, levels against all nodes", levels.variance, sg.moments.stationary(process).second_moment[0, 0], 1e-13)
    check("rate", levels.rate, sg.moments.spectral_radius(process), 1e-10)


@pytest.mark.claim("EASGD-tree-moments", "reproduced")
def test_root_of_a_tree_against_simulation(check):
    scheme, n_paths = sg.multiscale(1, 2), 4000
    process = sg.easgd_tree(NOISY, 0.3, 0.3, 2, 2, scheme)
    final = sg.simulate(process, 0.0, n_paths=n_paths, n_steps=120, seed=5, keep="final").final.ravel()
    path = sg.moments.of(process, 0.0, 120).second_moment[-1, 0, 0]
    error = np.sqrt(2.0 / n_paths) * path
    assert abs(final.var() - path) < 5 * error
    average = 0.3 / 1.7 / 4
    assert abs(final.var() - average) > 5 * error, "the sample tells the root from the average of four workers"


@pytest.mark.claim("EASGD-tree-moments", "exact")
def test_weights_of_the_children(check):
    """A parent that listens to its children in turn gives them weights that differ: fewer leaves' worth than there are."""
    for d, pull in ((2, 0.3), (16, 0.9 / 17)):
        weights = pull * (1 - pull) ** np.arange(d)[::-1]
        value = sg.claim("EASGD-tree-moments").value(alpha=pull, d=d, depth=2)
        check(f"pull of {d} children", value["up"], weights.sum(), 1e-13)
        check("leaves' worth", value["leaves"], (weights.sum() ** 2 / (weights**2).sum()) ** 2, 1e-9)
        assert value["leaves"] < d**2


@pytest.mark.claim("EASGD-tree-moments", "exact")
@pytest.mark.parametrize("degree", [2, 5])
def test_fresh_messages_reduce_the_variance_by_the_same_factor_for_any_degree(degree, check):
    """Slow exchange: a parent is an exponential average of independent values, alpha / (2 - alpha) of their variance."""
    unit, factor = 0.1 / 1.9, formula("EASGD-tree-moments").numeric(alpha=0.3, d=degree, depth=1)["fresh"]
    check("depth 1", root(0.1, 0.3, degree, 1, sg.multiscale(300, 300)).variance / unit, factor, 1e-8)
    check("depth 2", root(0.1, 0.3, degree, 2, sg.multiscale(200, 40_000)).variance / unit, factor**2, 1e-8)


@pytest.mark.claim("EASGD-tree-moments", "exact")
def test_lag_of_the_root_against_a_moving_minimum(check):
    """Means of the tree in steps, by hand, with the minimum a tick further at every tick."""
    scheme, d, depth, pull, step = sg.up_down(1, 2), 2, 2, 0.3, 0.2
    values = [np.zeros(d**level) for level in range(depth + 1)]
    lags = []
    for tick in range(400):
        old, new = [v.copy() for v in values], []
        for level, nodes in enumerate(values):
            x = nodes.copy()
            if level > 0 and tick % 2 == 0:
                x += pull * (np.repeat(old[level - 1], d) - x)
            if level < depth:
                for j in range(d):
                    x += pull * (old[level + 1][j::d] - x)
            new.append(x)
        new[-1] -= step * (new[-1] - tick)
        values = new
        lags.append(tick + 1 - values[0][0])
    check("lag in ticks", root(step, pull, d, depth, scheme).lag, np.mean(lags[-200:]), 1e-9)


@pytest.mark.parametrize(
    ("values", "message"),
    [((0.1, 1.2, 2, 2), "outside"), ((-0.1, 0.3, 2, 2), "eta"), ((0.1, 0.3, 0, 2), "degree"), ((0.1, 0.3, 2, 0), "depth")],
)
def test_impossible_trees(values, message):
    with pytest.raises(ValueError, match=message):
        root(*values, sg.multiscale(1, 2))


def test_unstable_tree():
    assert root(5.0, 0.3, 2, 2, sg.multiscale(1, 2)).variance == np.inf


def test_impossible_steps():
    with pytest.raises(ValueError, match="below 2"):
        safe_alpha(2.0)
