"""The energy of Theorem 4.2 along the equation, the bounds on quadratics, and what a delay costs with falling steps."""

import numpy as np
import pytest

import stalegrad as sg
from stalegrad.evidence import z_test
from stalegrad.figures.sdde import energy

DELTA = 0.05


def numbers(curvature, mu, tau, trace, start):
    """Arguments of the bounds; D twice the start, which holds these mean paths."""
    return {"delta": DELTA, "mu": mu, "L": curvature, "D": 2 * start, "tau": tau, "trace": trace}


SETTINGS = [(1.0, 1.0, 0.0, 1.0), (1.0, 1.0, 1.0, 1.0), (1.0, 1.0, 3.0, 1.0), (2.0, 1.0, 0.5, 4.0), (2.0, 1.0, 2.0, 0.0), (4.0, 2.0, 1.0, 100.0)]


@pytest.mark.claim("SDDE-T4.2", "exact")
@pytest.mark.parametrize(("curvature", "mu", "tau", "trace"), SETTINGS)
def test_mean_energy_falls_and_both_bounds_hold_from_one_on(curvature, mu, tau, trace, check):
    """Exact second moments of the scheme; F = curvature x^2/2 is strongly convex with any mu up to the curvature."""
    times, squares = energy.mean_square(curvature, mu, tau, trace, DELTA, 1.0, 21.0)
    held = numbers(curvature, mu, tau, trace, 1.0)
    level = energy.printed_level(**held)
    assert np.all(np.diff(energy.energy_of(times, squares, level)) < 0)
    for name, bound in energy.bounds(times[1:], held, 1.0).items():
        if name == "no logarithm" and tau > 0:
            continue
        slack = 1.0 + DELTA / times[1:] if name == "no logarithm" else 1.0
        assert np.all(squares[1:] <= bound * slack), name
    assert np.any(np.diff(energy.energy_of(times, squares, 1e-3 * level)) > 0)  # control: a level that is too low


@pytest.mark.claim("SDDE-T4.2", "exact")
@pytest.mark.parametrize("curvature", [1.0, 1.5, 2.0, 4.0])
def test_printed_bound_is_not_broken_without_noise(curvature, check):
    """mu = 1, D the largest distance on the path: at most half of the printed bound with delta -> 0, for delays from 0.5 to 10."""
    shares = []
    for tau in (0.5, 1.0, 2.0, 5.0, 10.0):
        path = sg.simulate(energy.equation(curvature, 1.0, round(tau / DELTA), 0.0, DELTA), 1.0, n_paths=1, n_steps=2000, seed=0).mean[:, 0]
        times, squares = 1.0 + DELTA * np.arange(2001), path**2
        bound = 2 * curvature * squares.max() * (1 + curvature * tau) * np.log(times[1:]) / (times[1:] - 1)
        shares.append((squares[1:] / bound).max())
    check("largest share of the bound", max(shares), 0.25, 0.25)


@pytest.mark.claim("SDDE-C4.3", "exact")
def test_no_logarithm_is_an_equality_for_the_quadratic(check):
    """Scheme with delta = 0.05 against the equation: relative difference of order delta/t."""
    times, squares = energy.mean_square(2.0, 2.0, 0.0, 4.0, DELTA, 3.0, 41.0)
    free = energy.bounds(times[1:], numbers(2.0, 2.0, 0.0, 4.0, 3.0), 3.0)["no logarithm"]
    check("at t = 41", squares[-1] / free[-1], 1.0, 2 * DELTA)
    at_rest = energy.mean_square(2.0, 2.0, 0.0, 4.0, DELTA, 0.0, 41.0)[1][-1]
    check("in iterations, from the optimum: mu^2 k E x^2 / Tr", at_rest * 4 * (41 / DELTA) / 4, 40 / 41, 2 * DELTA)


@pytest.mark.claim("SDDE-T4.2", "reproduced")
def test_simulated_energy_is_the_exact_one():
    """2,000 paths, tau = 1, at t = 2, 6 and 11; family-wise error rate 1e-3; control: the energy of the equation without delay."""
    setting = (1.0, 1.0, 1.0, 1.0)
    level = energy.printed_level(**numbers(*setting, 1.0))
    paths = energy.sample_energies(*setting, DELTA, 1.0, 11.0, level, 2000, seed=5)
    at = [20, 100, 200]
    times, squares = energy.mean_square(*setting, DELTA, 1.0, 11.0)
    expected = energy.energy_of(times, squares, level)[at]
    error = paths[at].std(axis=1) / np.sqrt(2000)
    assert z_test(paths[at].mean(axis=1), error, expected).agrees(1e-3)
    serial = energy.energy_of(times, energy.mean_square(1.0, 1.0, 0.0, 1.0, DELTA, 1.0, 11.0)[1], level)[at]
    assert not z_test(paths[at].mean(axis=1), error, serial).agrees(1e-3)


@pytest.mark.claim("SDDE-linear-speedup", "counterexample")
@pytest.mark.parametrize("lag", [1, 5, 20])
def test_a_sum_that_the_mean_keeps(lag, check):
    """x_{k+1} = x_k - x_{k-l}/k from a frozen past: k x_{k+1} less the sum of the last l values stays -l x_0, so x_k ~ -l x_0/k."""
    problem = sg.problems.quadratic([[0.0]], curvature=2.0)
    mean = sg.moments.of(sg.asgd(problem, 0.5, sg.constant(lag), rates=lambda k: 1.0 / k), 4.0, 300).mean[:, 0]
    path = np.r_[np.full(lag, 4.0), mean]  # path[i] is x_{i - lag + 1}
    kept = [k * path[k + lag] - path[k : k + lag].sum() for k in range(301)]
    check("kept sum", kept, np.full(301, -4.0 * lag), 1e-10)


@pytest.mark.claim("SDDE-linear-speedup", "counterexample")
@pytest.mark.parametrize("lag", [5, 20])
def test_a_delay_costs_a_term_of_second_order_far_beyond_the_condition(lag, check):
    """E x_k^2 = Tr/(mu^2 k) + O(1/k^2): k^2 times the excess settles. The condition, at delta = 1, is broken by a factor above 5."""
    mu, trace, start, n_steps = 2.0, 4.0, 4.0, 4000
    condition = 2 * mu**2 * start**2 * lag / (trace + 2 * mu * mu * start**2)
    assert condition > 4.5
    excess = energy.falling_steps(lag, trace, mu, start, n_steps)[1:] - trace / (mu**2 * np.arange(1, n_steps + 1))
    scaled = excess * np.arange(1, n_steps + 1) ** 2
    check("k^2 excess, step 2000 over 4000", scaled[1999] / scaled[3999], 1.0, 0.06)
    check("and its size, (l x_0)^2", scaled[3999] / (lag * start) ** 2, 1.0, 0.05)
    serial = energy.falling_steps(0, trace, mu, start, n_steps)[-1]
    check("without delay, mu^2 k E x^2 / Tr", serial * n_steps * mu**2 / trace, 1.0, 1e-9)
