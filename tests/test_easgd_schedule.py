"""Schedules: who acts and when; laws of the draws, independence of threads and chunks, bad input."""

import numpy as np
import pytest
from scipy import stats

import stalegrad as sg
from stalegrad.engine.streams import Tape
from stalegrad.schedule import checked, events, queue, random, round_robin, synchronous

ERROR_RATE = 1e-4
N_WORKERS, N_STEPS, N_PATHS = 3, 400, 200
"""40,000 pairs of events; the queues of the negative control are further from uniform pairs than these can hide."""


def pair_test(done) -> float:
    """p-value of the hypothesis that successive workers are independent and uniform; pairs are taken apart from each other."""
    pairs = done.worker[::2] * N_WORKERS + done.worker[1::2]
    return stats.chisquare(np.bincount(pairs.ravel(), minlength=N_WORKERS**2)).pvalue


def test_round_robin_and_synchronous_by_hand():
    turn = events(round_robin(), n_workers=3, n_steps=7, n_paths=2)
    assert turn.worker[:, 0].tolist() == [0, 1, 2, 0, 1, 2, 0] and (turn.worker[:, 0] == turn.worker[:, 1]).all()
    assert np.allclose(turn.time[:3, 0], [1 / 3, 2 / 3, 1.0])
    together = events(synchronous(), n_workers=3, n_steps=2, n_paths=4)
    assert together.worker.shape == (2, 3, 4) and together.time[:, 0].tolist() == [1.0, 2.0]


@pytest.mark.parametrize("schedule", [random(), queue()], ids=["random", "memoryless queue"])
def test_a_memoryless_queue_and_the_random_schedule_have_the_same_law(schedule):
    assert pair_test(events(schedule, N_WORKERS, N_STEPS, N_PATHS)) > ERROR_RATE


@pytest.mark.parametrize("schedule", [round_robin(), queue([1.02, 1.0, 1.0], "constant"), queue([1.1, 1.0, 1.0])])
def test_the_pair_test_sees_another_schedule(schedule):
    assert pair_test(events(schedule, N_WORKERS, N_STEPS, N_PATHS)) < ERROR_RATE


def test_a_queue_of_equal_constant_times_is_round_robin():
    done = events(queue(law="constant"), n_workers=5, n_steps=60)
    assert np.array_equal(done.worker, events(round_robin(), n_workers=5, n_steps=60).worker)
    assert done.time[:, 0].tolist() == [float(k // 5 + 1) for k in range(60)]


def test_constant_times_finish_where_arithmetic_says():
    """Worker i finishes its n-th service at n / speed; ties go to the lowest index, in exact arithmetic too."""
    speeds = [3.0, 7.0, 1.0]
    done = events(queue(speeds, "constant"), n_workers=3, n_steps=110)
    expected = sorted((n / speed, i) for i, speed in enumerate(speeds) for n in range(1, 80))[:110]
    assert [(time, worker) for time, worker in zip(done.time[:, 0], done.worker[:, 0])] == expected


def test_exponential_services_are_unit_exponentials_over_the_speed():
    """Times between the acts of one worker are its services: exponential with mean 1 / speed, and worked at all speeds at once."""
    speeds, n_steps, n_paths = np.array([0.5, 2.0]), 60, 400
    done = events(queue(speeds), n_workers=2, n_steps=n_steps, n_paths=n_paths)
    assert (np.diff(done.time, axis=0) >= 0).all()
    gaps = np.diff(done.time, axis=0, prepend=0.0) * speeds.sum()  # between any two events: rate = the sum of the speeds
    assert stats.kstest(gaps.ravel(), "expon").pvalue > ERROR_RATE
    # A scale 10% off moves the law by 0.1 / e = 0.037; the 24,000 gaps alone reach 0.0144 once in 10,000 times.
    assert stats.kstest(gaps.ravel() * 1.1, "expon").pvalue < ERROR_RATE
    fast, n_events = int((done.worker == 1).sum()), done.worker.size  # memoryless: each event is the fast worker's with chance 4/5
    assert stats.binomtest(fast, n_events, 0.8).pvalue > ERROR_RATE > stats.binomtest(fast, n_events, 0.78).pvalue


@pytest.mark.parametrize("schedule", [random(), queue(), queue([1.0, 2.0, 3.0])])
def test_events_depend_on_seed_path_and_step_alone(schedule):
    done = events(schedule, n_workers=3, n_steps=150, n_paths=20, seed=5)
    alone = events(schedule, n_workers=3, n_steps=150, n_paths=1, seed=5, first_path=13)
    assert np.array_equal(done.worker[:, 13], alone.worker[:, 0]) and np.array_equal(done.time[:, 13], alone.time[:, 0])
    assert not np.array_equal(done.worker, events(schedule, n_workers=3, n_steps=150, n_paths=20, seed=6).worker)
    tape = Tape(5, np.arange(20, dtype=np.uint64))
    for k in (140, 3, 149, 64, 63, 0):  # asked in any order
        assert np.array_equal(schedule.workers(tape, k, 3)[0], done.worker[k])


@pytest.mark.parametrize("schedule", [random(), queue([1.0, 2.0, 3.0])])
def test_a_simulation_does_not_depend_on_threads_and_chunks(schedule):
    process = sg.async_easgd(sg.problems.noisy_quadratic(), 0.1, 0.3, n_workers=3, period=2, schedule=schedule)
    whole = sg.simulate(process, 1.0, 2100, 30, seed=3, keep="paths", threads=1)
    shared = sg.simulate(process, 1.0, 2100, 30, seed=3, keep="paths", threads=2)
    alone = sg.simulate(process, 1.0, 1, 30, seed=3, keep="paths", first_path=2050)
    assert np.array_equal(whole.paths, shared.paths) and np.array_equal(whole.mean, shared.mean)
    assert np.array_equal(whole.paths[2050], alone.paths[0])


def test_a_simulation_runs_the_events_that_are_listed():
    """Without noise the local variable of worker 1 moves exactly when it acts."""
    for schedule in (random(), round_robin(), queue([1.0, 4.0])):
        process = sg.async_easgd(sg.problems.noisy_quadratic(sigma=0.0), 0.1, 0.0, n_workers=2, schedule=schedule, observe="local")
        paths = sg.simulate(process, 1.0, 5, 40, seed=9, keep="paths").paths[:, :, 0]
        acted = events(schedule, 2, 40, 5, seed=9).worker == 0
        assert np.array_equal((np.diff(paths, axis=1) != 0).T, acted)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: queue(law="normal"), "law='normal' is unknown: give one of exponential, constant"),
        (lambda: queue([1.0, 0.0]), r"speeds\[1\]=0.0 is not usable.*above 0"),
        (lambda: checked(queue([1.0, 2.0]), 3), "speeds lists 2 workers, but n_workers=3: give one speed a worker"),
        (lambda: checked("random", 3), "schedule='random' is no schedule: give round_robin"),
        (lambda: checked(random(), 0), "n_workers=0 is too small: it must be 1 or more"),
        (lambda: checked(random(), 2.0), "n_workers=2.0 must be a whole number"),
        (lambda: checked(random(), 10**6), "n_workers=1000000 is too many"),
        (lambda: events(random(), 2, 0), "n_steps=0 is too small"),
    ],
)
def test_bad_input_names_value_rule_and_remedy(make, message):
    with pytest.raises(ValueError, match=message):
        make()
