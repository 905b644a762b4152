"""DOWNPOUR and MDOWNPOUR: the pseudo-code line by line, its ambiguous lines, and the algorithms they are equal to."""

import numpy as np
import pytest
import sympy as sp

import stalegrad as sg
from easgd_programs import Downpour, MomentumDownpour, run
from easgd_symbols import PROBLEM, clocks, delta, eta, g, one, row, same, turn
from stalegrad.algorithms.downpour import DownpourState, MomentumDownpourState, downpour_step, mdownpour_step
from stalegrad.algorithms.elastic import gauss_seidel_step
from stalegrad.algorithms.elastic_state import ElasticState
from stalegrad.algorithms.momentum import MomentumState, nesterov_step
from stalegrad.algorithms.sampled import Draw
from stalegrad.engine.process import reference_paths
from stalegrad.engine.streams import Tape

START, N_STEPS, SEED, H = 3.0, 60, 4, 1.3
NOISY = sg.problems.noisy_quadratic(h=H, sigma=0.7)
SCHEDULES = [sg.schedule.random(), sg.schedule.round_robin(), sg.schedule.queue([1.0, 2.5, 0.7])]
WATCH = ("centre", "local", "average")


def data(path: int) -> np.ndarray:
    return NOISY.law.rows(Tape(SEED, np.array([path], np.uint64)), 0, N_STEPS)[:, 0, 0]


def acting(schedule, path: int) -> np.ndarray:
    return sg.schedule.events(schedule, 3, N_STEPS, seed=SEED, first_path=path).worker[:, 0]


def by_program(program, schedule, path: int):
    z = data(path)
    seen = run(program, START, 3, acting(schedule, path), lambda x, k: H * x - z[k])
    return np.array([(centre, local[0], np.mean(local)) for centre, local in seen])


def by_process(process, path: int):
    return reference_paths(process, START, N_STEPS, np.array([path], np.uint64), SEED)[0]


@pytest.mark.claim("EASGD-ALG3", "definition")
@pytest.mark.parametrize("period", [1, 4])
@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: s.name)
def test_algorithm_3_line_by_line(schedule, period):
    """With the two gradient lines as one gradient; read as two it is another process."""
    process = sg.downpour(NOISY, 0.1, 3, period, schedule, observe=WATCH)
    assert np.abs(by_process(process, 7) - by_program(Downpour(0.1, period), schedule, 7)).max() < 1e-13
    assert np.abs(by_process(process, 7) - by_program(Downpour(0.1, period, literal=True), schedule, 7)).max() > 1e-2


@pytest.mark.claim("EASGD-ALG4", "definition")
@pytest.mark.claim("EASGD-ALG5", "definition")
@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: s.name)
def test_algorithms_4_and_5_line_by_line(schedule):
    process = sg.mdownpour(NOISY, 0.05, 0.8, 3, schedule, observe=WATCH)
    assert np.abs(by_process(process, 7) - by_program(MomentumDownpour(0.05, 0.8), schedule, 7)).max() < 1e-13
    assert np.abs(by_process(process, 7) - by_program(MomentumDownpour(0.05, 0.79), schedule, 7)).max() > 1e-3


@pytest.mark.claim("EASGD-ALG3", "proved")
@pytest.mark.claim("EASGD-6.1", "proved")
@pytest.mark.parametrize("p", [1, 2, 3])
def test_the_synchronous_rule_of_period_1_is_6_1_one_push_late(p):
    """centre + sum v^i follows (6.1), x^i' = c - eta g(c), c' = c + sum (x^i' - c), for any gradient; so does Gauss-Seidel EASGD (1, p)."""
    c = one("c")
    start = DownpourState(row("x", p), row("v", p), c - row("v", p).sum(axis=0), clocks(*(1,) * p))  # c: the centre once all is pushed
    end = downpour_step(PROBLEM, eta, 1, start, turn(*range(p)))
    local = np.array([c - eta * g(c[0, 0], z) for z in turn(*range(p)).z[:, 0, 0]])
    assert same(end.local, local) and same(end.centre + end.push.sum(axis=0), c + (local - c).sum(axis=0))
    unified = gauss_seidel_step(PROBLEM, eta, 1, p, ElasticState(row("x", p), c, c, 0), Draw(turn(*range(p)).z))
    assert same(unified.local, local) and same(unified.centre, end.centre + end.push.sum(axis=0))


@pytest.mark.claim("EASGD-ALG3", "counterexample")
def test_two_gradients_in_a_row_are_not_6_1():
    """One worker, period 1, F = h x^2/2: c is multiplied by 1 - s (1 - s) with s = eta h, stable for s < 1; (6.1) has 1 - s, stable for s < 2."""
    s = sp.Symbol("s", positive=True)
    seen = run(Downpour(s, 1, literal=True), sp.S.One, 1, [0, 0], lambda x, k: x)
    factor = sp.expand(seen[2][0])
    assert factor == 1 - s + s**2
    assert sp.solveset(sp.Abs(factor) < 1, s, sp.Interval.open(0, 4)) == sp.Interval.open(0, 1)
    assert run(Downpour(s, 1), sp.S.One, 1, [0, 0], lambda x, k: x)[2][0] == 1 - s


@pytest.mark.claim("EASGD-ALG3", "exact")
@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: s.name)
def test_with_period_1_the_centre_is_asgd_with_the_staleness_of_the_queue(schedule, check):
    """A worker pushes the gradient at the centre that it read when it acted last: c_(k+1) = c_k - eta g(c_(k - tau), z of then)."""
    z, who = data(2), acting(schedule, 2)
    c, last = [START], {}
    for k, i in enumerate(who):
        c.append(c[k] if i not in last else c[k] - 0.1 * (H * c[last[i] + 1] - z[last[i]]))
        last[i] = k
    got = by_process(sg.downpour(NOISY, 0.1, 3, 1, schedule), 2)[:, 0]
    check("centre of DOWNPOUR against ASGD", got, c, 1e-13)


@pytest.mark.claim("EASGD-ALG4", "proved")
@pytest.mark.claim("EASGD-ALG5", "proved")
def test_with_one_worker_mdownpour_is_nesterov_in_the_same_variables():
    """For any gradient: the worker holds x + delta v, so its gradient is Nesterov's, and (v, x) move alike."""
    v, x = one("v"), one("x")
    end = mdownpour_step(PROBLEM, eta, delta, MomentumDownpourState((x + delta * v)[None], v, x), turn(0))
    nesterov = nesterov_step(PROBLEM, eta, delta, MomentumState(x, v), turn(0))
    assert same(end.velocity, nesterov.v) and same(end.centre, nesterov.x)
    assert same(end.local[0], nesterov.x + delta * nesterov.v)  # so the next step starts alike


def test_with_two_workers_mdownpour_is_not_nesterov():
    v, x = one("v"), one("x")
    start = MomentumDownpourState(np.concatenate([(x + delta * v)[None], row("y", 1)]), v, x)
    nesterov = nesterov_step(PROBLEM, eta, delta, MomentumState(x, v), turn(1))
    assert not same(mdownpour_step(PROBLEM, eta, delta, start, turn(1)).centre, nesterov.x)


def gradients_received(worker: tuple, master: tuple, turns: int = 40) -> int:
    """What the master gets when two endless loops send each other messages, and a receive waits until there is one."""
    loops, mail, place, got = {"worker": worker, "master": master}, {"worker": 0, "master": 0}, {"worker": 0, "master": 0}, 0
    for _ in range(turns):
        for me, other in (("worker", "master"), ("master", "worker")):
            sending = loops[me][place[me] % 2] == "send"
            if sending:
                mail[other] += 1
            elif mail[me]:
                mail[me] -= 1
                got += me == "master"
            else:
                continue
            place[me] += 1
    return got


@pytest.mark.claim("EASGD-ALG4", "counterexample")
@pytest.mark.claim("EASGD-ALG5", "counterexample")
def test_as_printed_worker_and_master_wait_for_each_other():
    """Worker: receive, compute, send. Master: receive, update, send. Nobody sends first."""
    assert gradients_received(worker=("receive", "send"), master=("receive", "send")) == 0
    assert gradients_received(worker=("send", "receive"), master=("receive", "send")) > 10  # the initial x^i = centre is the first message
    assert gradients_received(worker=("receive", "send"), master=("send", "receive")) > 10  # or the master sends before it receives


def test_several_gradients_in_a_step_are_taken_one_after_the_other():
    start = MomentumDownpourState(row("x", 3), one("v"), one("c"))
    together = mdownpour_step(PROBLEM, eta, delta, start, turn(0, 1, 2))
    for worker in range(3):
        start = mdownpour_step(PROBLEM, eta, delta, start, turn(worker))
    assert same(together.local, start.local) and same(together.velocity, start.velocity) and same(together.centre, start.centre)
