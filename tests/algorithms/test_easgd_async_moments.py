"""Simulated asynchronous EASGD and EAMSGD against exact moments, from matrices written down here for every state of the clocks."""

from collections import defaultdict
from itertools import product

import numpy as np
import pytest

import stalegrad as sg
from stalegrad.evidence import bonferroni, z_test

ERROR_RATE = 1e-4
N_PATHS, N_STEPS, SEED = 40_000, 60, 21
"""2.4 million path-steps for each process: moments are known to half a percent, the planted errors move them by more."""
H, SIGMA, START, P, MOMENTUM = 1.0, 1.0, 2.0, 2, 0.6
NOISY = sg.problems.noisy_quadratic(h=H, sigma=SIGMA)


def maps(eta, alpha, momentum):
    """For each worker, exchanging or not: matrix and noise vector on (x^1, ..., x^p, v^1, ..., v^p, centre)."""
    found = {}
    for i, exchanging in product(range(P), (False, True)):
        x, v, c = i, P + i, 2 * P
        a = alpha if exchanging else 0.0
        F, b = np.eye(2 * P + 1), np.zeros(2 * P + 1)
        F[v, [x, v]] = -eta * H, momentum * (1 - eta * H)
        F[x, [x, v, c]] = 1 - eta * H - a, momentum * (1 - eta * H), a
        F[c, [x, c]] = a, 1 - a
        b[[x, v]] = eta * SIGMA
        found[i, exchanging] = F, b
    return found


def exact_moments(eta, alpha, momentum, period, in_turn):
    """Mean and second moment of the centre in every step: sums over the clocks, each with its probability in the moments."""
    steps = maps(eta, alpha, momentum)
    start = np.array([START] * P + [0.0] * P + [START])
    states = {(0,) * P: (1.0, start, np.outer(start, start))}
    seen = [(START, START**2)]
    for k in range(N_STEPS):
        after = defaultdict(lambda: [0.0, np.zeros(2 * P + 1), np.zeros((2 * P + 1, 2 * P + 1))])
        for clock, (weight, mean, second) in states.items():
            for i in [k % P] if in_turn else range(P):
                F, b = steps[i, clock[i] == 0]
                share = 1.0 if in_turn else 1.0 / P
                target = after[tuple((t + (j == i)) % period for j, t in enumerate(clock))]
                target[0] += share * weight
                target[1] += share * F @ mean
                target[2] += share * (F @ second @ F.T + weight * np.outer(b, b))
        states = after
        seen.append((sum(m[-1] for _, m, _ in states.values()), sum(s[-1, -1] for _, _, s in states.values())))
    return np.array(seen).T


def agreement(process, moments):
    """Verdict on all steps, mean and second moment; the first exchange finds all at the start, so its step is certain."""
    run = sg.simulate(process, START, N_PATHS, N_STEPS, SEED)
    moved = run.standard_error[:, 0] > 0
    pairs = (
        (run.mean[:, 0], run.standard_error[:, 0], moments[0]),
        (run.second_moment[:, 0, 0], run.second_moment_standard_error[:, 0], moments[1]),
    )
    assert all(np.allclose(value[~moved], expected[~moved], rtol=1e-12) for value, _, expected in pairs)
    return bonferroni(z_test(value[moved], error[moved], expected[moved]) for value, error, expected in pairs)


def process(eta, alpha, momentum, period, in_turn):
    schedule = sg.schedule.round_robin() if in_turn else sg.schedule.random()
    if momentum == 0.0:
        return sg.async_easgd(NOISY, eta, alpha, P, period, schedule)
    return sg.async_eamsgd(NOISY, eta, alpha, momentum, P, period, schedule)


CASES = list(product([0.0, MOMENTUM], [1, 3], [False, True]))


@pytest.mark.claim("EASGD-ALG1", "exact")
@pytest.mark.claim("EASGD-ALG2", "exact")
@pytest.mark.parametrize(("momentum", "period", "in_turn"), CASES)
def test_simulation_has_the_exact_moments(momentum, period, in_turn):
    arguments = 0.2, 0.3, momentum, period, in_turn
    assert agreement(process(*arguments), exact_moments(*arguments)).agrees(ERROR_RATE)


@pytest.mark.parametrize(("momentum", "period", "in_turn"), CASES)
def test_planted_errors_are_rejected_at_the_same_size(momentum, period, in_turn):
    """A moving rate 10% off, another period, another momentum."""
    model = process(0.2, 0.3, momentum, period, in_turn)
    for wrong in ((0.2, 0.33, momentum, period), (0.2, 0.3, momentum, period + 1), (0.2, 0.3, momentum + 0.1, period)):
        assert not agreement(model, exact_moments(*wrong, in_turn)).agrees(ERROR_RATE)


def test_the_synchronous_rule_is_no_exact_model_of_the_asynchronous_one():
    """p steps of a random worker beside one synchronous step with beta = p alpha: the second moments of the centre differ."""
    asynchronous = exact_moments(0.2, 0.3, 0.0, 1, in_turn=False)[1, ::P]
    run = sg.simulate(sg.easgd(NOISY, 0.2, 0.3, P * 0.3, P), START, N_PATHS, N_STEPS // P, SEED)
    moved = slice(2, None)  # the first step of the centre has no noise
    assert not z_test(run.second_moment[moved, 0, 0], run.second_moment_standard_error[moved, 0], asynchronous[moved]).agrees(ERROR_RATE)
