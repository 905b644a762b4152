"""Covariance of delayed gradients, and sums of exponentials: the numbers behind the figures of sections 2.2 and A."""

import itertools

import numpy as np
import pytest

from stalegrad.figures.sme import memory
from stalegrad.problems import double_well
from stalegrad.staleness import constant, geometric, mixture


def test_reads_are_averages_over_every_draw():
    """Every staleness and component of step k, enumerated, with the past frozen at x_0."""
    problem, mu, alpha, k = double_well(), 0.6, 0.5, 3
    path = np.array([0.1, 0.4, -0.2, 0.7])
    draws = []
    for lag, i in itertools.product(range(200), range(2)):
        gradient = problem.component_gradient(path[max(k - lag, 0)][None], i)[0]
        draws.append(((1 - mu) * mu**lag / 2, gradient))
    weights, gradients = np.array(draws).T
    mean = weights @ gradients
    found = memory.reads(problem, path, geometric(mu), alpha)
    assert found.y[k] == pytest.approx(-alpha * mean, abs=1e-12)
    assert found.Sigma[k] == pytest.approx(weights @ (gradients - mean) ** 2, abs=1e-12)
    assert found.sampling + found.delay == pytest.approx(found.Sigma, abs=1e-12)


@pytest.mark.parametrize("mu", [0.01, 0.5, 0.95])
def test_exact_excess_has_a_closed_form(mu):
    """Sigma = s2 / (1 - 2 mu h^2 / (w (2 (1 + mu) - h w))) with w = 1 - mu, from the fixed point by hand."""
    h, w = 0.1, 1.0 - mu
    assert memory.exact_excess(h, mu) == pytest.approx(1 / (1 - 2 * mu * h**2 / (w * (2 * (1 + mu) - h * w))) - 1, rel=1e-9)


def test_closures_differ_in_the_factor_and_the_printed_one_may_not_exist():
    found = memory.stationary_excess(0.02, np.array([1e-4, 0.5]))
    assert np.isnan(found["printed"][0]) and np.isfinite(found["continuous"]).all() and np.isfinite(found["forward"]).all()
    for name, factor in (("printed", 2.0), ("continuous", 1.0), ("forward", 0.5)):
        assert found[name][1] == pytest.approx(1 / (1 - factor * 0.02**2 / (2 * 0.5)) - 1, rel=1e-9)


def test_distance_bounds_count_the_exponentials():
    assert memory.distance_bounds(constant(3), 5) == pytest.approx([1, 1, 1, 1, 0, 0], abs=1e-12)
    one, two = geometric(0.8), mixture([0.5, 0.5], [0.3, 0.9])
    assert memory.distance_bounds(one, 2)[0] > 0.1 > 1e-8 > memory.distance_bounds(one, 2)[1]
    assert memory.distance_bounds(two, 2)[1] > 0.01 > 1e-8 > memory.distance_bounds(two, 2)[2]
