"""Advice against brute-force optima on problems that it has not seen: within 5 % of the best rate.

The problems are fixed by one seed (`brute_force.problems`). A negative control: rules of thumb that ignore the delays, the noise or the range of
curvatures miss more than 5 % on the same problems.
"""

import math

import numpy as np
import pytest

import brute_force
from stalegrad.advice import Situation, elastic, search
from stalegrad.advice.modes import Mode, Setting

LARGEST_SHORTFALL = 0.05
PROBLEMS = brute_force.problems(7)
ELASTIC = brute_force.problems(2)


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


@pytest.mark.parametrize("problem", ELASTIC, ids=lambda problem: problem.name)
def test_elastic_rates_are_within_five_percent_of_the_best(problem):
    situation = Situation(
        (problem.least, problem.largest), problem.eta, batch=problem.batch, relative_noise=problem.relative, n_workers=problem.workers
    )
    found = elastic.least(situation, free_eta=False)
    reached = brute_force.elastic_factor(problem, problem.eta, found["alpha"], found["beta"])
    assert reached == pytest.approx(found["factor"], abs=1e-6)
    assert brute_force.shortfall(reached, brute_force.best_elastic(problem, free_eta=False)) < LARGEST_SHORTFALL


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


def test_target_and_budget_are_within_five_percent_of_the_best():
    """Steps to a target and error after a budget, exact, against a fine scan of the learning rate: the search goes by leading factors only."""
    from stalegrad.advice.asynchronous import bought, goal_of
    from stalegrad.staleness import constant, geometric

    cases = [
        (Situation((0.3, 3.0), 0.05, noise=1.0, staleness=geometric(0.8), start=2.0, target=0.05), "steps to target"),
        (Situation((1.0, 2.0), 0.05, noise=1.0, relative_noise=0.5, staleness=constant(3), start=2.0, target=0.02), "steps to target"),
        (Situation((0.3, 3.0), 0.05, noise=1.0, staleness=geometric(0.8), start=2.0, budget=1000), "error after the budget"),
    ]
    for situation, name in cases:
        best, _ = search.best_eta(situation.modes, situation.setting, situation.law, goal_of(situation))
        scan = [bought(situation, Setting(eta))[name]["advised"] for eta in best.eta * np.geomspace(0.3, 3.0, 47)]
        assert bought(situation, best)[name]["advised"] <= 1.05 * min(scan)
