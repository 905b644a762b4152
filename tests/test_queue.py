"""Does a queue of workers give the staleness that SME-A1 assumes? Its marginal law yes, its independence no.

The queue: M workers; whoever delivers the next gradient is uniform over the workers, independently of the past
(memoryless service), and at once reads the new iterate. The worker of update k, who last delivered at update j,
read after j, so tau_k = k - 1 - j.
"""

from collections import Counter
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from scipy import stats

from stalegrad import moments
from stalegrad.algorithms.asgd import asgd
from stalegrad.algorithms.downpour import mdownpour
from stalegrad.problems import quadratic
from stalegrad.schedule import random
from stalegrad.staleness import geometric

WINDOW = 7
"""Deliveries that are enumerated; staleness of WINDOW - 2 and more is one class, None."""


def staleness_of(deliveries, k: int):
    """tau of update k for a sequence of workers, or None if its read lies before the sequence."""
    earlier = [j for j in range(k) if deliveries[j] == deliveries[k]]
    return k - 1 - earlier[-1] if earlier else None


def joint_law(n_workers: int) -> dict:
    """Exact probabilities of (tau of the last but one, tau of the last update), over all equally likely deliveries."""
    sequences = product(range(n_workers), repeat=WINDOW)
    counts = Counter((staleness_of(s, WINDOW - 2), staleness_of(s, WINDOW - 1)) for s in sequences)
    return {pair: Fraction(count, n_workers**WINDOW) for pair, count in counts.items()}


@pytest.mark.claim("SME-A1", "definition")
@pytest.mark.parametrize("n_workers", [2, 3, 4])
def test_marginal_law_of_the_queue_is_geometric(n_workers):
    mu = 1 - Fraction(1, n_workers)
    joint = joint_law(n_workers)
    for lag in range(WINDOW - 2):
        assert sum(p for (first, _), p in joint.items() if first == lag) == (1 - mu) * mu**lag
        assert sum(p for (_, second), p in joint.items() if second == lag) == (1 - mu) * mu**lag


@pytest.mark.claim("SME-A1", "counterexample")
@pytest.mark.parametrize("n_workers", [2, 3, 4])
def test_successive_staleness_in_the_queue_is_dependent(n_workers):
    """tau_k = l and tau_{k+1} = l + 1 would be one worker who read once and delivered twice."""
    mu = 1 - Fraction(1, n_workers)
    joint = joint_law(n_workers)
    for lag in range(WINDOW - 2):
        independent = (1 - mu) ** 2 * mu ** (2 * lag + 1)
        assert joint.get((lag, lag + 1), Fraction(0)) == 0 < independent


N_WORKERS, N_UPDATES, LARGEST = 20, 200_000, 40


def simulated_queue(rng) -> np.ndarray:
    """Staleness of successive updates of 20 workers, once every worker has read at least once."""
    deliveries = rng.integers(N_WORKERS, size=N_UPDATES + 2_000)
    last, taus = np.full(N_WORKERS, -1), np.empty(len(deliveries), dtype=int)
    for k, worker in enumerate(deliveries):
        taus[k], last[worker] = k - 1 - last[worker], k
    return taus[2_000:]  # 20 (19/20)^2000 < 1e-43 is the chance that a worker is still missing


def marginal_p_value(taus, mu: float) -> float:
    """Chi-square of the histogram, lags from LARGEST on as one class; every 200th draw, which are nearly independent."""
    thinned = np.minimum(taus[::200], LARGEST)
    law = geometric(mu)
    expected = np.append(law.pmf(np.arange(LARGEST)), law.tail(LARGEST)) * len(thinned)
    groups = np.arange(LARGEST + 1) // 6
    observed = np.bincount(groups[thinned], minlength=groups[-1] + 1)
    return stats.chisquare(observed, np.bincount(groups, weights=expected)).pvalue


def successors_p_value(taus) -> float:
    """Poisson probability of so few pairs (l, l + 1), l < 20, if draws were independent with mu = 0.95."""
    law = geometric(1 - 1 / N_WORKERS)
    lags = np.arange(20)
    pairs = taus[:-1], taus[1:]
    count = int(((pairs[0] < 20) & (pairs[1] == pairs[0] + 1)).sum())
    return stats.poisson.cdf(count, (len(taus) - 1) * float((law.pmf(lags) * law.pmf(lags + 1)).sum()))


@pytest.mark.claim("SME-A1", "counterexample")
def test_simulated_queue(check):
    """Family-wise error 2e-6: two comparisons that must pass, at 1e-6 each; their negative controls must fail."""
    rng = np.random.default_rng(2018)
    queue = simulated_queue(rng)
    independent = rng.geometric(1 / N_WORKERS, size=N_UPDATES) - 1
    assert marginal_p_value(queue, 0.95) > 1e-6
    assert marginal_p_value(queue, 0.90) < 1e-6, "negative control: the test must see a wrong mu"
    assert successors_p_value(independent) > 1e-6
    assert successors_p_value(queue) < 1e-6
    check("pairs (l, l + 1) in the queue", int((queue[1:] == queue[:-1] + 1).sum()), 0, 0)


def level_of_the_queue(n_workers: int, h: float) -> float:
    """Stationary E x^2 over eta^2 s^2 of x' = x - h w_i - eta s xi with w_i' = x', i uniform over the workers' reads w.

    The workers are alike, so E x^2, E x w_i, E w_i^2 and E w_i w_j for i and j apart are enough.
    """
    p = 1.0 / n_workers
    fresh, crossed = np.array([1.0, -2 * h, h * h, 0.0]), np.array([0.0, 1.0, 0.0, -h])
    step = np.array([fresh, p * fresh + (1 - p) * crossed, p * fresh + (1 - p) * np.eye(4)[2], 2 * p * crossed + (1 - 2 * p) * np.eye(4)[3]])
    return np.linalg.solve(np.eye(4) - step, [1.0, p, p, 0.0])[0]


@pytest.mark.claim("SME-A1", "counterexample")
@pytest.mark.parametrize(("h", "lower"), [(0.05, 0.0067), (0.2, 0.0637)])
def test_the_queue_has_a_lower_level_than_independent_draws(h, lower, check):
    """Curvature 1, so that h is the step; eight workers; additive noise of variance 1."""
    level = level_of_the_queue(8, h)
    signs = quadratic([[1.0], [-1.0]])
    queue = mdownpour(signs, h, 0.0, 8, random())
    check("by the library", moments.of(queue, 0.0, 800).second_moment[-1].item(), h * h * level, 1e-9)
    independent = moments.stationary(asgd(signs, h, geometric(7 / 8))).second_moment.item()
    check("relative difference", 1.0 - h * h * level / independent, lower, 5e-5)
