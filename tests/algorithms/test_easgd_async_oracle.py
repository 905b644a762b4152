"""The compiled kernel of asynchronous EASGD and EAMSGD against the readable rules, path by path."""

import numpy as np
import pytest

import stalegrad as sg
from stalegrad.engine.process import reference_paths

FIRST, N_PATHS, N_STEPS, SEED = 2**32 - 40, 131, 50, 11
"""More than a block of paths, and no multiple of one; their indices cross the border of two words."""
WATCH = ("average", "centre", "local")
PROBLEMS = {
    "noise": (sg.problems.noisy_quadratic(h=0.8, sigma=2.0), 1.0),
    "noise in two dimensions": (sg.problems.noisy_quadratic([[1.0, 0.2], [0.2, 0.5]], covariance=[[1.0, -0.5], [-0.5, 2.0]]), [1.0, -2.0]),
    "gamma": (sg.problems.gamma_quadratic(1.5, 2.0), 1.0),
    "components": (sg.problems.quadratic(np.random.default_rng(3).normal(size=(5, 3)), curvature=1.3), [1.0, 0.0, 2.0]),
    "quartic": (sg.problems.quartic(), 0.5),
}


def processes(problem, schedule, period, p):
    return (
        sg.async_easgd(problem, 0.05, 0.2, p, period, schedule, observe=WATCH),
        sg.async_eamsgd(problem, 0.03, 0.2, 0.7, p, period, schedule, observe=WATCH),
    )


def distance(process, start, other=None):
    run = sg.simulate(process, start, N_PATHS, N_STEPS, SEED, keep="paths", first_path=FIRST)
    return np.abs(run.paths - reference_paths(other or process, start, N_STEPS, FIRST + np.arange(N_PATHS, dtype=np.uint64), SEED)).max()


@pytest.mark.parametrize("schedule", [sg.schedule.random(), sg.schedule.round_robin()], ids=lambda s: s.name)
@pytest.mark.parametrize("name", PROBLEMS)
def test_kernel_and_rule_agree(name, schedule):
    problem, start = PROBLEMS[name]
    for process in processes(problem, schedule, 3, 4):
        assert process.kernel == ("server", "one_worker_a_step")
        assert distance(process, start) < 1e-13


@pytest.mark.parametrize(("p", "period"), [(1, 1), (2, 7), (5, 1), (64, 2)])
def test_kernel_and_rule_agree_for_workers_and_periods(p, period):
    for process in processes(*PROBLEMS["noise"][:1], sg.schedule.random(), period, p):
        assert distance(process, 1.0) < 1e-13


def test_other_schedules_run_the_rule_itself():
    for schedule in (sg.schedule.queue(), sg.schedule.synchronous()):
        assert all(process.kernel is None for process in processes(PROBLEMS["noise"][0], schedule, 1, 3))


def test_the_comparison_sees_an_error_of_one_part_in_a_million():
    for right, wrong in zip(
        processes(PROBLEMS["noise"][0], sg.schedule.random(), 2, 3), processes(PROBLEMS["noise"][0], sg.schedule.random(), 3, 3), strict=True
    ):
        assert distance(right, 1.0, wrong) > 1e-3  # another period
    near = sg.async_easgd(PROBLEMS["noise"][0], 0.05, 0.2 * (1 + 1e-6), 3, 2, observe=WATCH)
    assert distance(processes(PROBLEMS["noise"][0], sg.schedule.random(), 2, 3)[0], 1.0, near) > 1e-9
