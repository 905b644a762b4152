"""Advice against brute-force optima on problems that it has not seen: within 5 % of the best rate.

The problems are fixed by one seed (`brute_force.problems`). A negative control: rules of thumb that ignore the delays, the noise or the range of
curvatures miss more than 5 % on the same problems. Runs to a target or with a budget are in `test_advice_brute_force_runs`, elastic averaging in
`test_advice_brute_force_elastic`.
"""

import math
from dataclasses import replace

import numpy as np
import pytest

import brute_force
import stalegrad as sg
from stalegrad.advice import Situation, asynchronous, search
from stalegrad.advice.modes import Mode, Setting

LARGEST_SHORTFALL = 0.05
PROBLEMS = brute_force.problems(7)


def advised(problem, momentum):
    modes = [Mode(h, 0.0, problem.relative) for h in (problem.least, problem.largest)]
    find = search.best_pair if momentum else search.best_eta
    return find(modes, Setting(problem.eta, 0.0, problem.batch), problem.law, search.Goal())[0]


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
@pytest.mark.parametrize("momentum", [False, True], ids=["eta", "eta and momentum"])
def test_rate_and_momentum_are_within_five_percent_of_the_best(problem, momentum):
    """Judged on nine curvatures of the range, brute force optimised on the two at its ends, which bound all nine."""
    found = advised(problem, momentum)
    ends, inside = (brute_force.factor(problem, found.eta, found.momentum, n) for n in (2, 9))
    assert inside <= ends * (1.0 + 1e-9)
    missed = brute_force.shortfall(inside, brute_force.best(problem, momentum)[2])
    assert missed < LARGEST_SHORTFALL
    assert missed > -0.01, "brute force should not be beaten by more than its own tolerance"


def test_rules_of_thumb_miss_by_more():
    """The rate that is best without delay or noise, half of the largest stable one, and 1 / (e h l) for a constant delay at the largest h."""
    misses = {"best without delay": [], "half the edge": [], "one curvature": []}
    for problem in PROBLEMS:
        modes = [Mode(h, 0.0, problem.relative) for h in (problem.least, problem.largest)]
        best = brute_force.factor(problem, advised(problem, False).eta, 0.0)
        edge = search.edge(modes, Setting(problem.eta, 0.0, problem.batch), problem.law)
        rates = {
            "best without delay": 2.0 / (problem.least + problem.largest),
            "half the edge": 0.5 * edge,
            "one curvature": 1.0 / (math.e * problem.largest * max(problem.law.mean, 1.0 / math.e)),
        }
        for name, eta in rates.items():
            factor = brute_force.factor(problem, eta, 0.0)
            misses[name].append(brute_force.shortfall(factor, best) if factor < 1.0 else 1.0)
    for name, missed in misses.items():
        assert np.max(missed) > LARGEST_SHORTFALL, name
        assert np.mean(np.array(missed) > LARGEST_SHORTFALL) > 0.5, name


def largest_delays(problem):
    """(constant, geometric mean) up to which the squared mean radius, and with drawn curvatures the second moments, stay below 1; by bisection."""

    def stable(law):
        with_law = replace(problem, law=law)
        return brute_force.factor(with_law, problem.eta, 0.0) < 1.0 if problem.relative else means_decay(law)

    def means_decay(law):
        roots = [np.abs(np.linalg.eigvals(companion(problem.eta * h, law.max))).max() for h in (problem.least, problem.largest)]
        return max(roots) < 1.0

    constant = 0
    while stable(sg.constant(constant)):
        constant += 1
    low, high = 0.0, 1e4
    for _ in range(40):
        mean = 0.5 * (low + high)
        fits = brute_force.factor(replace(problem, law=sg.geometric(mean / (1.0 + mean))), problem.eta, 0.0) < 1.0
        low, high = (mean, high) if fits else (low, mean)
    return constant - 1, low


def companion(step, delay):
    """x_{k+1} = x_k - step x_{k-delay} on (x_k, ..., x_{k-delay})."""
    matrix = np.eye(delay + 1, k=-1)
    matrix[0, 0] = 1.0
    matrix[0, delay] -= step
    return matrix


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
def test_largest_delay_is_the_largest(problem):
    """The constant one exactly, the mean of a geometric one to a thousandth. A negative control: what is given is no common 1 / (e eta h)."""
    situation = Situation((problem.least, problem.largest), problem.eta, batch=problem.batch, relative_noise=problem.relative)
    found, (constant, mean) = asynchronous.delay(situation)[0].value, largest_delays(problem)
    assert found["constant"] == constant
    assert found["geometric mean"] == pytest.approx(mean, rel=1e-3)
    assert abs(1.0 / (math.e * problem.eta * problem.largest) - constant) > LARGEST_SHORTFALL * constant
