"""The control problem in sympy: minimum, value function, schedule; the printed forms refuted."""

import numpy as np
import pytest
import sympy as sp

from stalegrad.theory import formula
from stalegrad.theory.sme import hjb
from stalegrad.theory.sme.symbols import u


def _zero(expr) -> bool:
    """Zero to 30 digits at random points where every symbol has its sign.

    sympy does not combine the roots of products by itself; an identity of these forms that is false differs at a random point.
    """
    rng = np.random.default_rng(5)
    for _ in range(8):
        draw = {s: sp.Float(rng.uniform(0.2, 2.0), 50) * (-1 if s.is_negative else 1) for s in sorted(expr.free_symbols, key=str)}
        if abs(sp.N(expr.subs(draw), 40)) > 1e-30:
            return False
    return True


def _explicit(expr):
    return expr.subs(hjb.critical, hjb.CRITICAL)


@pytest.mark.claim("SME-4.8", "proved")
@pytest.mark.claim("SME-4.9", "proved")
def test_minimiser_and_minimum_by_calculus():
    best, minimum = hjb.derive_minimum()
    assert _zero(best - (sp.sqrt(hjb.GAIN) - 1))
    assert _zero(minimum - hjb.INTERIOR)
    assert sp.simplify((hjb.drift(u) * hjb.Vz + hjb.price * u).subs(u, 0) - hjb.BOUNDARY) == 0
    assert sp.diff(hjb.drift(u) * hjb.Vz, u, 2).subs({u: 1, hjb.Vz: 1}).is_positive  # convex: the root is the minimum


def test_sentence_before_the_minimiser_drops_a_term_that_does_not_matter():
    """The two minima it equates differ by Re(lambda) z V_z, which does not depend on u: the minimiser is the same."""
    complete = hjb.drift(u) * hjb.Vz + hjb.price * u
    stated = -hjb.Vz * hjb.rate * hjb.level / (1 + u) + hjb.price * u
    assert sp.simplify(complete - stated - hjb.rate * hjb.z * hjb.Vz) == 0


@pytest.mark.claim("SME-4.9", "refutes")
def test_printed_minimum_misses_the_root_and_is_discontinuous():
    printed = hjb.rate * hjb.z * hjb.Vz - hjb.price
    assert _zero(hjb.INTERIOR - printed - 2 * hjb.price * sp.sqrt(hjb.GAIN))
    at_edge = {hjb.Vz: -hjb.price / (hjb.rate * hjb.level)}
    assert sp.simplify((hjb.INTERIOR - hjb.BOUNDARY).subs(at_edge)) == 0
    assert sp.simplify((printed - hjb.BOUNDARY).subs(at_edge)) == -2 * hjb.price


@pytest.mark.claim("SME-4.9", "refutes")
@pytest.mark.claim("SME-4.9", "exact")
@pytest.mark.parametrize("gamma", [1e-7, 1e-5, 1e-3])
def test_minimum_over_a_fine_grid(gamma, check):
    given = {"eta": 0.02, "mu": 0.9, "Sigma": 0.5}
    extra = np.concatenate([[0.0], np.geomspace(1e-6, 1e4, 400001)])
    bracket = list(formula("SME-4.7").numeric(z=0.3, Vz=0.8, u=extra, t=0, T=1, gamma=gamma, **given).values())[0]
    right = formula("SME-4.9").numeric(z=0.3, Vz=0.8, gamma=gamma, **given)
    check(f"minimised Hamiltonian, gamma = {gamma}", right, bracket.min(), 1e-9 * abs(right))
    if formula("SME-4.8").numeric(Vz=0.8, gamma=gamma, **given) > 0:
        wrong = formula("SME-4.9").numeric_printed(z=0.3, Vz=0.8, gamma=gamma, **given)
        assert abs(wrong - bracket.min()) > 1e-6 * abs(right)


@pytest.mark.claim("SME-4.10", "proved")
@pytest.mark.claim("SME-4.7", "proved")
def test_value_solves_the_equation_and_its_branches_join():
    assert _zero(hjb.residual(hjb.VALUE_CONSTANT, hjb.BOUNDARY))
    assert _zero(hjb.residual(hjb.VALUE_EARLY, hjb.BOUNDARY))
    assert _zero(_explicit(hjb.residual(hjb.VALUE_LATE, hjb.INTERIOR)))
    for branch in (hjb.VALUE_CONSTANT, hjb.VALUE_LATE):
        assert sp.simplify(branch.subs(hjb.t, hjb.T) - hjb.z) == 0
    join = {hjb.t: hjb.T - hjb.SWITCH}
    assert _zero(_explicit((hjb.VALUE_EARLY - hjb.VALUE_LATE).subs(join)))
    cheapest = {hjb.gamma: hjb.CRITICAL}
    assert _zero((_explicit(hjb.VALUE_EARLY) - hjb.VALUE_CONSTANT).subs(cheapest))


@pytest.mark.claim("SME-4.10", "proved")
def test_value_by_integration_along_characteristics():
    early, late = hjb.derive_value()
    assert _zero(_explicit(early - hjb.VALUE_EARLY))
    assert _zero(_explicit(late - hjb.VALUE_LATE))


@pytest.mark.claim("SME-4.10", "refutes")
def test_printed_value_violates_the_equation():
    printed = hjb.z * sp.exp(hjb.rate * (hjb.T - hjb.t)) - hjb.price * (hjb.T - hjb.t)
    assert not _zero(_explicit(hjb.residual(printed, hjb.INTERIOR)))
    given = {"z": 0.0, "t": 0.0, "T": 10.0, "eta": 0.02, "mu": 0.9, "Sigma": 0.1, "gamma": 1e-7}
    assert formula("SME-4.10").numeric_printed(**given) < 0 < formula("SME-4.10").numeric(**given)


@pytest.mark.claim("SME-4.7", "refutes")
def test_boundary_condition_at_zero_contradicts_the_solution(check):
    at_zero = hjb.VALUE_CONSTANT.subs(hjb.z, 0)
    assert sp.simplify(at_zero - hjb.level * (1 - sp.exp(hjb.rate * (hjb.T - hjb.t)))) == 0
    given = {"z": 0.0, "Vz": 1.0, "u": 0.0, "t": 0.0, "T": 10.0, "eta": 0.02, "mu": 0.9, "Sigma": 0.1, "gamma": 1.0}
    right, printed = formula("SME-4.7").numeric(**given)["V(0,t)"], formula("SME-4.7").numeric_printed(**given)["V(0,t)"]
    check("V(0, 0) far from the end, gamma > gamma*", right, 0.1 * 0.02 / 2 * (0.2 + 0.5), 1e-12)
    assert printed == 0.0 and right > 0.0


@pytest.mark.claim("SME-4.11", "proved")
def test_schedule_is_the_minimiser_at_the_slope_of_the_value():
    slope = sp.exp(hjb.rate * (hjb.T - hjb.t))
    for branch in (hjb.VALUE_CONSTANT, hjb.VALUE_EARLY, hjb.VALUE_LATE):
        assert sp.simplify(sp.diff(branch, hjb.z) - slope) == 0
    late = sp.sqrt(hjb.critical / hjb.gamma) * sp.exp(hjb.rate * (hjb.T - hjb.t) / 2) - 1
    assert _zero(_explicit(late - (sp.sqrt(hjb.GAIN.subs(hjb.Vz, slope)) - 1)))
    assert _zero(_explicit(late.subs(hjb.t, hjb.T - hjb.SWITCH)))


@pytest.mark.claim("SME-4.11", "exact")
@pytest.mark.parametrize("gamma", [1e-8, 1e-6, 1e-2])
def test_schedule_equals_minimiser_along_time(gamma, check):
    given = {"eta": 0.02, "mu": 0.9, "Sigma": 0.1, "gamma": gamma}
    T, t = 8.0, np.linspace(0.0, 8.0, 81)
    rate = -np.sqrt(0.1 / 0.02)
    check(
        "u* along time",
        formula("SME-4.11").numeric(t=t, T=T, **given),
        formula("SME-4.8").numeric(Vz=np.exp(rate * (T - t)), **given),
        1e-9 * max(1.0, gamma**-0.5),
    )


@pytest.mark.claim("SME-4.5", "definition")
@pytest.mark.claim("SME-4.6", "definition")
def test_constraint_relaxes_to_the_stationary_value():
    given = {"eta": 0.02, "mu": 0.9, "Sigma": 0.1, "a": 2.0}
    for extra in (0.0, 3.0):
        level = formula("SME-4.4").numeric(u=extra, **given)
        assert abs(formula("SME-4.5").numeric(z=level, u=extra, **given)) < 1e-15
        assert formula("SME-4.5").numeric(z=2 * level, u=extra, **given) < 0
