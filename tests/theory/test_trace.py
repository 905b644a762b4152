"""The one-step map of discrete ASGD by tracing symbols, against the matrices written by hand."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import sympy as sp

from stalegrad import problems
from stalegrad.algorithms.asgd import asgd_step
from stalegrad.algorithms.momentum import msgd_step
from stalegrad.moments import quadratic as hand
from stalegrad.theory import trace
from stalegrad.theory.sme import iteration as it
from stalegrad.theory.sme import quadratic as q
from stalegrad.theory.sme.symbols import a, eta, mu, s2


def _gradient(x, z, out):
    out[:] = a * (x - z)


QUADRATIC = SimpleNamespace(blocks=SimpleNamespace(gradient=_gradient))
"""A problem with a symbolic curvature: component gradients a (x - c)."""

ASGD = partial(asgd_step, QUADRATIC, eta)
POINTS = [(0.1, 0.7, 2.0), (0.01, 0.95, 2.0), (0.5, 0.2, 1.0), (0.3, 0.0, 1.5)]


@pytest.mark.claim("SME-exact-moments", "exact")
@pytest.mark.parametrize(("rate", "share", "curvature"), POINTS)
def test_traced_matrix_is_the_one_written_by_hand(rate, share, curvature, check):
    matrix, constant = trace.asgd_moments(ASGD)
    traced = np.array(matrix.subs({eta: rate, mu: share, a: curvature}), dtype=float)
    check("traced second-moment map", traced, hand.second_moment_map(curvature, rate, share), 1e-14)
    injected = np.array(constant.subs({eta: rate, mu: share, a: curvature, trace.spread: 4.0 / curvature**2}), dtype=float).ravel()
    f = 1 - share
    check("traced noise", injected, 4.0 * rate**2 * np.array([1.0, f, f**2, f]), 1e-15)


@pytest.mark.claim("SME-exact-moments", "proved")
def test_stationary_moments_of_the_algorithm_in_closed_form():
    matrix, constant = trace.asgd_moments(ASGD)
    x2, _, z2, read2 = (sp.eye(4) - matrix).LUsolve(constant.subs(trace.spread, s2 / a**2))
    assert sp.simplify(x2 - q.ASGD_STATIONARY["x2"]) == 0
    assert sp.simplify(s2 + a**2 * (read2 - z2) - q.ASGD_STATIONARY["Sigma"]) == 0


@pytest.mark.claim("SME-exact-moments", "proved")
def test_synchronous_case_is_sgd():
    """At mu = 0: x' = (1 - h) x + eta xi, E x^2 = eta^2 s2 / (1 - (1 - h)^2)."""
    sgd = eta**2 * s2 / (1 - (1 - a * eta) ** 2)
    assert sp.simplify(q.ASGD_STATIONARY["x2"].subs(mu, 0) - sgd) == 0


@pytest.mark.claim("SME-self-consistent", "proved")
def test_read_variance_vanishes_with_mu_in_the_algorithm_and_blows_up_in_the_printed_closure():
    """Leading order in h = a eta of Sigma/s2 - 1: mu/(1 - mu^2) h^2 against h^2/(2 mu (1 - mu)); equal only at mu -> 1."""
    h = sp.Symbol("h", positive=True)

    def leading(sigma):
        return sp.simplify(sp.series((sigma / s2).subs(a, h / eta), h, 0, 3).removeO().coeff(h, 2))

    algorithm = leading(q.ASGD_STATIONARY["Sigma"])
    printed = leading(q.SELF_CONSISTENT.expr["Sigma"].args[0].expr)
    assert sp.simplify(algorithm - mu / (1 - mu**2)) == 0
    assert sp.simplify(printed - 1 / (2 * mu * (1 - mu))) == 0
    assert sp.limit(printed / algorithm, mu, 1) == 1
    assert sp.limit(algorithm, mu, 0) == 0 and sp.limit(printed, mu, 0) == sp.oo


def test_means_of_the_algorithm():
    assert sp.simplify(trace.asgd_means(ASGD) - sp.Matrix([[1, -a * eta], [1 - mu, mu - (1 - mu) * a * eta]])) == sp.zeros(2)


def test_momentum_matches_the_mean_but_not_the_variance():
    """Heavy ball with momentum mu and eta (1-mu): the same characteristic polynomial of the mean."""
    update = trace.heavy_ball_update(partial(msgd_step, QUADRATIC, eta * (1 - mu), mu))
    matrix, _ = trace.moment_map(update, (trace.x, trace.v), trace.ROW)
    assert sp.expand(matrix.charpoly().as_expr() - trace.asgd_means(ASGD).charpoly().as_expr()) == 0


@pytest.mark.claim("SME-2.6", "definition")
def test_traced_heavy_ball_is_the_registered_rule():
    x, v, momentum, rate = it.x, it.v, it.momentum, it.eta_prime
    update = trace.heavy_ball_update(partial(msgd_step, QUADRATIC, rate, momentum))
    registered = [e.subs(it.drawn, a * (x - trace.row)) for e in it.HEAVY_BALL.expr.values()]
    assert sp.expand(update[trace.v] - registered[0].subs({x: trace.x, v: trace.v})) == 0
    assert sp.expand(update[trace.x] - registered[1].subs({x: trace.x, v: trace.v})) == 0


@pytest.mark.claim("SME-2.1", "definition")
def test_traced_asgd_is_the_registered_rule():
    moved, _ = trace.trace(ASGD)
    assert sp.expand(moved - it.ASGD.expr.subs(it.drawn, a * (trace.read - trace.row)).subs(it.x, trace.x)) == 0


def test_traced_heavy_ball_moments_against_the_matrix_by_hand():
    matrix, _ = trace.heavy_ball_moments(partial(msgd_step, QUADRATIC, eta, mu))
    by_hand = hand.Rule(hand.components(1.5, 1.0), 0.2, hand.Memory(np.ones(1), None), momentum=0.7)
    places = [0, 1, 3]  # packed order of S for (x, v, 1): xx, xv, x, vv, v, 1
    traced = np.array(matrix.subs({eta: 0.2, mu: 0.7, a: 1.5}), dtype=float)
    assert np.allclose(by_hand.matrix()[np.ix_(places, places)], traced, rtol=0, atol=1e-14)


def test_a_built_in_problem_can_be_traced():
    problem = problems.quadratic([[1.0], [-1.0]], curvature=2.0)
    matrix, _ = trace.asgd_moments(partial(asgd_step, problem, eta))
    expected, _ = trace.asgd_moments(ASGD)
    assert sp.simplify(matrix - expected.subs(a, 2)) == sp.zeros(4)


def test_errors_name_what_is_missing():
    with pytest.raises(ValueError, match="higher moment"):
        trace.expect(trace.row**3, trace.ROW)
    with pytest.raises(ValueError, match="do not close"):
        trace.moment_map(trace.asgd_update(ASGD), (trace.x**2,), {**trace.READ, **trace.ROW})
