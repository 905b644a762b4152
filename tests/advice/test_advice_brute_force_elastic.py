"""Elastic rates against brute force on unseen problems, synchronous and in turns, at the eta of now and with eta free: within 5 % of the best rate.

A negative control: the usual rates beta = 0.9, alpha = beta / p miss more on each of these problems.
"""

import math

import numpy as np
import pytest

import brute_force
import brute_force_elastic
import stalegrad as sg
from stalegrad.advice import Situation, elastic, turns

LARGEST_SHORTFALL = 0.05
PROBLEMS = brute_force.problems(4)


def situation_of(problem):
    return Situation((problem.least, problem.largest), problem.eta, batch=problem.batch, relative_noise=problem.relative, n_workers=problem.workers)


def objective(h, relative, batch=1):
    if relative == 0.0:
        return sg.problems.noisy_quadratic(h)
    return sg.problems.gamma_quadratic(batch / relative, batch / relative / h)


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.name)
@pytest.mark.parametrize("free_eta", [False, True], ids=["eta of now", "eta free"])
@pytest.mark.parametrize("in_turns", [False, True], ids=["synchronous", "in turns"])
def test_elastic_rates_are_within_five_percent_of_the_best(problem, free_eta, in_turns):
    """In turns a factor stands for p of them, as many gradients as a synchronous step has."""
    found = (turns if in_turns else elastic).least(situation_of(problem), free_eta)
    power = problem.workers if in_turns else 1
    reached = float(brute_force_elastic.factors(problem, found["eta"], found["alpha"], found.get("beta", 1.0), in_turns)[0])
    assert reached**power == pytest.approx(found["factor"], abs=1e-6)
    missed = brute_force.shortfall(reached, brute_force_elastic.best(problem, free_eta, in_turns))
    assert -0.01 < missed < LARGEST_SHORTFALL
    at = np.array([[found["eta"]], [found["alpha"]], [found.get("beta", 1.0)]])
    inside = [brute_force_elastic.factors_at(problem, h, *at, in_turns)[0] for h in problem.curvatures(9)]
    assert max(inside) <= reached * (1.0 + 1e-9), "the worst curvature is an outermost one"


@pytest.mark.parametrize("in_turns", [False, True], ids=["synchronous", "in turns"])
def test_usual_rates_miss_by_more(in_turns):
    for problem in PROBLEMS:
        best = brute_force_elastic.best(problem, True, in_turns)
        usual = float(brute_force_elastic.factors(problem, problem.eta, 0.9 / problem.workers, 0.9, in_turns)[0])
        assert usual >= 1.0 or brute_force.shortfall(usual, best) > LARGEST_SHORTFALL, problem.name


@pytest.mark.parametrize("relative", [0.0, 0.7])
@pytest.mark.parametrize("p", [2, 5])
def test_brute_force_and_four_moments_are_those_of_the_traced_processes(relative, p):
    """Three routes: covariances of the whole state, the closed map of four moments, and the equations that are read off the processes."""
    problem = brute_force.Unseen("one", 1.3, 1.3, relative, 1, sg.none(), p, 0.2)
    eta, alpha, beta = 0.2, 0.3, 0.8
    traced = [
        sg.moments.spectral_radius(process)
        for process in (sg.easgd(objective(1.3, relative), eta, alpha, beta, p), sg.async_easgd(objective(1.3, relative), eta, alpha, p))
    ]
    brute = [float(brute_force_elastic.factors(problem, eta, alpha, beta, in_turns)[0]) for in_turns in (False, True)]
    assert brute == pytest.approx(traced, abs=1e-9)
    assert float(turns.factor(situation_of(problem), eta, alpha)) == pytest.approx(traced[1] ** p, abs=1e-9)
    assert float(turns.factor(situation_of(problem), eta, 1.1 * alpha)) != pytest.approx(traced[1] ** p, abs=1e-4), "a negative control"


@pytest.mark.parametrize("relative", [0.0, 0.7])
def test_level_in_turns_is_where_the_exact_moments_settle(relative):
    situation = Situation((1.3, 1.3), 0.2, noise=0.5, relative_noise=relative, n_workers=3)
    mode = situation.modes[0]
    process = sg.async_easgd(sg.advice.confirm.mode_problem(mode), 0.2, 0.3, 3)
    settled = sg.moments.of(process, 1.0, 600).second_moment[-1, 0, 0]
    assert turns.level(situation, mode, 0.2, 0.3) == pytest.approx(settled, rel=1e-6)


def test_in_turns_is_said_with_its_check():
    situation = Situation((1.0, 3.0), eta=0.02, noise=1.0, n_workers=4, alpha=0.2)
    edge, _, free = turns.lines(situation, 0.2)
    assert "0 < alpha < " in edge.text and "mean squared error is stable" in edge.text
    assert free.check.verdict == "confirms it" and free.gain["variance in the long run"]["advised"] > 0.0
    assert "a step stands for 4 turns, 4 gradients" in free.text
    off = {"eta": free.value["eta"], "alpha": free.value["alpha"], "factor": 0.9}
    exact = turns.check(situation, off).numbers["exact advised"]
    assert exact != pytest.approx(free.check.numbers["exact advised"], rel=1e-6), "it lasts longer at a slower factor"


def test_no_stable_rate_is_said():
    lines = {line.topic: line for line in elastic.lines(Situation((1.0, 1.0), eta=0.9, relative_noise=3.0, n_workers=2, alpha=0.2))}
    assert "GROWS" in lines["elastic stability"].text
    for topic in ("asynchronous elastic rate", "elastic rates"):
        assert "stable at eta = 0.9" in lines[topic].text and "take a smaller eta" in lines[topic].text and lines[topic].check is None
        assert math.isfinite(lines[f"{topic} and eta"].gain["steps per factor e"]["advised"])
