"""Section 6.2: DOWNPOUR among its neighbours, in learning rate and moving rate."""

import numpy as np
import pytest
import sympy as sp

import stalegrad as sg
from stalegrad.theory.easgd import unified as un
from stalegrad.theory.easgd.symbols import beta, eta


@pytest.mark.claim("EASGD-6.2-downpour", "proved")
def test_printed_examples_and_limits():
    one, nine_tenths = sp.S.One, sp.Rational(9, 10)
    edges = {sp.Rational(n, 400) for n in range(1, 101)}
    assert {value for value in edges if one in un.stable_moving_rates(value, 16)} == {value for value in edges if value < sp.Rational(1, 8)}
    assert [case.beta.contains(16) for case in un.CASES].count(False) == 8  # two cases reach beta = 16: number 4, and 10 at eta < 1/4 only
    assert sp.solveset(nine_tenths > un.LOWER_ROOT.subs(beta, 16), eta, sp.Interval.open(0, sp.Rational(1, 4))) == sp.S.EmptySet
    workers, load = sp.symbols("workers load", positive=True)
    for bound in (un.LOWER_ROOT, un.UPPER_ROOT):
        assert sp.limit(bound.subs({eta: load / workers, beta: workers}), workers, sp.oo) == 1
    width = sp.simplify(un.UPPER_ROOT - un.LOWER_ROOT - (2 - beta * eta / 2) / ((1 - eta) * (beta - 1)))
    assert width == 0


@pytest.mark.claim("EASGD-6.2-downpour", "exact")
@pytest.mark.parametrize("lever", [2.5, 4.0, 5.0, 16.0, 100.0])
def test_stable_learning_rates_against_a_scan(lever, check):
    grid = np.arange(1, 40_000) / 40_000 * 1.2
    for pull in np.concatenate([1 + np.array([-1.1, -0.9, -0.3, 0.0, 0.3, 1.0, 1.2, 3.0]) / (lever - 1), [0.5, 1.5]]):
        found = grid[un.stable(grid, pull, lever, 2)]
        assert np.array_equal(found, grid[un.stable(grid, pull, lever)])
        expected = sg.claim("EASGD-6.2-downpour").value(alpha=pull, beta=lever)
        assert bool(expected) == bool(len(found))
        if expected:
            check(f"learning rates at alpha = {pull:.3f}, beta = {lever}", [found[0], found[-1]], expected, 6e-5)
        if lever > 4:
            low, high = un.downpour_neighbours(lever)
            assert bool(expected) == (low < pull < high)


@pytest.mark.claim("EASGD-6.2-downpour", "counterexample")
def test_downpour_needs_half_of_the_printed_rate_and_is_no_singleton(check):
    """On the unit quadratic DOWNPOUR multiplies the centre by 1 - p eta, so eta < 2/p; 4/p is out of reach at alpha = 1."""
    for n_workers in (3, 16, 100):
        assert un.stable(1.999 / n_workers, 1.0, n_workers) and not un.stable(2.001 / n_workers, 1.0, n_workers)
        check(f"radius at eta = 3/p, p = {n_workers}", un.radius(3 / n_workers, 1.0, n_workers), 2.0, 1e-12)
    assert un.stable(0.2, 1.05, 16.0, 16) and not un.stable(0.2, 1.0, 16.0, 16)
    low, high = un.downpour_neighbours(16.0)
    check("alpha that some learning rate stabilises, beta = 16", [low, high], [14 / 15, 49 / 45], 1e-12)


@pytest.mark.claim("EASGD-6.2-downpour", "exact")
def test_beyond_a_learning_rate_of_two_the_pull_must_be_strong():
    """There alpha must exceed c_2 > (eta - 2)/(eta - 1), its limit as beta goes to 0."""
    assert sp.simplify(un.LOWER_ROOT.subs(beta, 0) - (eta - 2) / (eta - 1)) == 0
    grid = np.random.default_rng(3).uniform(0, 1, (3, 50_000)) * [[8.0], [3.0], [2.0]] + [[2.0], [0.0], [0.0]]
    calm = un.stable(*grid)
    assert calm.any() and (grid[1][calm] > ((grid[0] - 2) / (grid[0] - 1))[calm]).all()
