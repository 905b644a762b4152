"""Second-moment systems for any number of workers, against the step written out for 1, 2, 3 and 4 of them."""

from types import SimpleNamespace

import pytest
import sympy as sp
from sympy import QQ

from stalegrad.algorithms.elastic import eamsgd_step, easgd_step, gauss_seidel_step, heavy_ball_step
from stalegrad.theory import elastic_trace as et
from stalegrad.theory.easgd.symbols import alpha, beta, delta, eta, h, p, sigma

CASES = {
    "jacobi": (easgd_step, et.EASGD),
    "gauss-seidel": (gauss_seidel_step, et.EASGD),
    "nesterov": (eamsgd_step, et.EAMSGD),
    "heavy ball": (heavy_ball_step, et.EAMSGD),
}
NOISES = {"additive": et.ADDITIVE, "multiplicative": et.MULTIPLICATIVE}
RATES = {eta: sp.Rational(1, 7), alpha: sp.Rational(-2, 5), beta: sp.Rational(3, 2), delta: sp.Rational(2, 3)}
NUMBERS = RATES | {h: sp.Rational(3, 2), sigma: 2, et.u1: sp.Rational(3, 2), et.u2: sp.Rational(11, 3)}
"""Numbers for the traces with several workers: rational, so that identities are exact, and of both signs."""
IN_NUMBERS = {
    "additive": et.Noise(lambda x, xi: NUMBERS[h] * x - xi, (0, NUMBERS[sigma] ** 2)),
    "multiplicative": et.Noise(lambda x, xi: xi * x, (NUMBERS[et.u1], NUMBERS[et.u2])),
}


def averages(workers, centre):
    """The letters of the thesis from the variables (v^i, x^i), or (x^i,), of all workers; elements of any ring."""
    n = len(workers)
    x, v = [own[-1] for own in workers], [own[0] for own in workers]

    def mean(values):
        return sum(values[1:], values[0]) * QQ(1, n)

    letters = {"a": centre**2, "b": mean([s**2 for s in x]), "c": centre * mean(x), "d": mean(x) ** 2}
    if len(workers[0]) == 2:
        letters |= {"e": centre * mean(v), "f": mean(v) ** 2, "g": mean([s**2 for s in v])}
        letters |= {"h": mean([s * w for s, w in zip(x, v, strict=True)]), "k": mean(x) * mean(v)}
    return letters


def holds_for_all_workers(system, step, numbers, noise, n_workers):
    """Whether one step of every average, averaged over the draws, is what the system says: an identity of polynomials over Q.

    The workers need not be alike: no symmetry of their start is used.
    """
    traced = et.trace(step, numbers, noise, n_workers)
    polynomials = sp.ring([*traced.order, *traced.drawn], QQ)[0]
    after = {symbol: polynomials.from_expr(moved) for symbol, moved in traced.update.items()}
    before = averages([[polynomials.from_expr(s) for s in own] for own in traced.variables], polynomials.from_expr(traced.centre))
    moved = averages([[after[s] for s in own] for own in traced.variables], after[traced.centre])
    point = NUMBERS | {p: n_workers}
    for row, letter in enumerate(system.letters):
        right = polynomials.from_expr(system.constant[row].subs(point))
        for column, other in enumerate(system.letters):
            right += QQ.from_sympy(system.matrix[row, column].subs(point)) * before[other]
        if drawn_out(moved[letter], noise, n_workers) - right != 0:
            return False
    return True


def drawn_out(polynomial, noise, n_workers):
    """The mean over the last n_workers generators, of which the first two moments are given."""
    moments = [QQ(1), *(QQ.from_sympy(sp.sympify(moment)) for moment in noise.moments)]
    mean = polynomial.ring.zero
    for powers, coefficient in polynomial.terms():
        kept = (*powers[:-n_workers], *(0,) * n_workers)
        mean += polynomial.ring.term_new(kept, coefficient * sp.prod([moments[power] for power in powers[-n_workers:]]))
    return mean


def with_numbers(parameters):
    """The rates as numbers; the trace still knows whether there is a velocity."""
    return [NUMBERS[s] for s in parameters]


@pytest.mark.claim("EASGD-eamsgd-nine", "proved")
@pytest.mark.claim("EASGD-5.34", "proved")
@pytest.mark.claim("EASGD-5.12", "proved")
@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("case", CASES)
def test_system_for_any_p_is_that_of_all_workers(case, noise):
    step, parameters = CASES[case]
    system = et.moment_system(step, parameters, NOISES[noise])
    for n_workers in (1, 2, 3, 4):
        assert holds_for_all_workers(system, _bind(step, parameters), parameters, IN_NUMBERS[noise], n_workers)


def _bind(step, parameters):
    """The step at the numbers, whatever symbols it is given for its parameters."""
    return lambda problem, *rest: step(problem, *with_numbers(parameters), *rest[len(parameters) :])


def test_the_identity_can_fail():
    """Negative control: the system of p = 3 is not that of p = 4, and the order of the steps matters."""
    step, parameters = CASES["jacobi"]
    system = et.moment_system(step, parameters, et.ADDITIVE)
    three = et.MomentSystem(system.letters, system.matrix.subs(p, 3), system.constant.subs(p, 3))
    assert not holds_for_all_workers(three, _bind(step, parameters), parameters, IN_NUMBERS["additive"], 4)
    assert not holds_for_all_workers(system, _bind(gauss_seidel_step, parameters), parameters, IN_NUMBERS["additive"], 3)


@pytest.mark.claim("EASGD-5.18", "proved")
@pytest.mark.claim("EASGD-5.20", "proved")
@pytest.mark.parametrize("case", CASES)
def test_only_the_multiplicity_of_the_drift_depends_on_p(case):
    """det(M_p - z) = u(z)^(p-1) v(z) with the same u and v for p = 1, 2, 3: (5.21)."""
    step, parameters = CASES[case]
    z = sp.Symbol("z")
    one, two, three = (sp.Poly(et.drift(et.trace(step, parameters, et.ADDITIVE, n)).charpoly(z).as_expr(), z) for n in (1, 2, 3))
    u, rest = sp.div(two, one)
    assert rest.is_zero
    assert (three - u**2 * one).is_zero


@pytest.mark.claim("EASGD-eamsgd-stationary", "proved")
def test_stationary_moments_of_eamsgd_solve_the_system():
    """The closed form, put back into the six averages that close, and its limits."""
    moments = et.eamsgd_stationary(eamsgd_step)
    averages_only = et.moment_system(eamsgd_step, et.EAMSGD, et.ADDITIVE).part("fkdeca")
    point = {**NUMBERS, alpha: sp.Rational(1, 5), p: 4}
    matrix, constant = averages_only.matrix.subs(point), averages_only.constant.subs(point)
    solved = dict(zip("fkdeca", (sp.eye(6) - matrix).LUsolve(constant), strict=True))
    e = point[eta] * point[h]
    short = {et.eta_h: e, et.delta_h: point[delta] * (1 - e), alpha: point[alpha], beta: point[beta]}
    unit = point[eta] ** 2 * 4 / sp.Integer(4)
    assert sp.simplify(unit * moments["y2"].subs(short) - solved["d"]) == 0
    assert sp.simplify(unit * moments["x2"].subs(short) - solved["a"]) == 0
    s, d = et.eta_h, et.delta_h
    nesterov = (1 + d) / (s * (1 - d) * (2 * (1 + d) - s))
    assert sp.cancel(moments["y2"].subs(alpha, 0) - nesterov) == 0, "no pull: every worker runs (5.4), with variance (5.7)"


def test_workers_that_meet_directly_are_refused():
    def gossip(problem, eta, alpha, beta, state, draw):
        return SimpleNamespace(local=state.local - alpha * (state.local - state.local[::-1]), centre=state.centre)

    with pytest.raises(ValueError, match="otherwise than through the centre"):
        et.moment_system(gossip, et.EASGD, et.ADDITIVE)


def test_a_centre_that_prefers_a_worker_is_refused():
    def favourite(problem, eta, alpha, beta, state, draw):
        return SimpleNamespace(local=state.local, centre=state.centre + beta * (state.local[0] - state.centre))

    with pytest.raises(ValueError, match="share 1/p"):
        et.moment_system(favourite, et.EASGD, et.ADDITIVE)


def test_part_of_a_system_must_be_closed():
    system = et.moment_system(easgd_step, et.EASGD, et.MULTIPLICATIVE)
    with pytest.raises(ValueError, match="depend on others"):
        system.part("dca")
