"""Asynchronous EASGD and EAMSGD: the pseudo-code line by line, symbols through the steps, and what the text says of them."""

import numpy as np
import pytest
import sympy as sp

import stalegrad as sg
from easgd_programs import Easgd, run
from easgd_symbols import PROBLEM, alpha, beta, clocks, delta, eta, one, row, same, turn
from stalegrad.algorithms.asynchronous import AsyncMomentumState, AsyncState, async_eamsgd_step, async_easgd_step
from stalegrad.algorithms.elastic import eamsgd_step, easgd_step
from stalegrad.algorithms.elastic_state import ElasticMomentumState, ElasticState
from stalegrad.algorithms.sampled import Draw
from stalegrad.engine.process import reference_paths
from stalegrad.engine.streams import Tape

START, N_STEPS, SEED = 3.0, 60, 4
NOISY = sg.problems.noisy_quadratic(h=1.3, sigma=0.7)
SCHEDULES = {
    "random": sg.schedule.random(),
    "round_robin": sg.schedule.round_robin(),
    "queue": sg.schedule.queue([1.0, 2.5, 0.7]),
    "constant queue": sg.schedule.queue([1.0, 2.5, 0.7], "constant"),
}
WATCH = ("centre", "local", "average")


def by_program(program, schedule, path: int):
    """Centre, first worker and average from the pseudo-code on plain numbers."""
    tape = Tape(SEED, np.array([path], np.uint64))
    z = NOISY.law.rows(tape, 0, N_STEPS)[:, 0, 0]
    acting = sg.schedule.events(schedule, 3, N_STEPS, seed=SEED, first_path=path).worker[:, 0]
    seen = run(program, START, 3, acting, lambda x, k: 1.3 * x - z[k])
    return np.array([(centre, local[0], np.mean(local)) for centre, local in seen])


def by_process(process, path: int):
    return reference_paths(process, START, N_STEPS, np.array([path], np.uint64), SEED)[0]


@pytest.mark.claim("EASGD-ALG1", "definition")
@pytest.mark.parametrize("period", [1, 4])
@pytest.mark.parametrize("name", SCHEDULES)
def test_algorithm_1_line_by_line(name, period):
    process = sg.async_easgd(NOISY, 0.2, 0.3, 3, period, SCHEDULES[name], observe=WATCH)
    for path in (0, 7):
        assert np.abs(by_process(process, path) - by_program(Easgd(0.2, 0.3, period), SCHEDULES[name], path)).max() < 1e-13


@pytest.mark.claim("EASGD-ALG2", "definition")
@pytest.mark.parametrize("period", [1, 4])
@pytest.mark.parametrize("name", SCHEDULES)
def test_algorithm_2_line_by_line(name, period):
    process = sg.async_eamsgd(NOISY, 0.1, 0.3, 0.8, 3, period, SCHEDULES[name], observe=WATCH)
    for path in (0, 7):
        assert np.abs(by_process(process, path) - by_program(Easgd(0.1, 0.3, period, delta=0.8), SCHEDULES[name], path)).max() < 1e-13


def test_the_comparison_sees_which_value_a_line_reads():
    """The master's line with the worker's new x, as a careless reading has it, is far from the rule."""

    class NewX(Easgd):
        def loop(self, worker, master, g, k):
            x = worker.x
            worker.x = x - self.alpha * (x - master.centre)
            master.centre = master.centre + self.alpha * (worker.x - master.centre)
            worker.x = worker.x - self.eta * g(x, k)

    process = sg.async_easgd(NOISY, 0.2, 0.3, 3, observe=WATCH)
    assert np.abs(by_process(process, 0) - by_program(NewX(0.2, 0.3, 1), SCHEDULES["random"], 0)).max() > 1e-2


def state(p: int, *clock: int) -> AsyncState:
    return AsyncState(row("x", p), one("c")[0][None], clocks(*(clock or (0,) * p)))


def momentum_state(p: int, *clock: int) -> AsyncMomentumState:
    return AsyncMomentumState(row("x", p), row("v", p), one("c")[0][None], clocks(*(clock or (0,) * p)))


@pytest.mark.claim("EASGD-ALG2", "proved")
@pytest.mark.parametrize("clock", [0, 1])
def test_without_momentum_algorithm_2_is_algorithm_1(clock):
    """For any gradient; the velocity then is -eta g, and no later step reads it."""
    for worker in range(2):
        plain = async_easgd_step(PROBLEM, eta, alpha, 2, state(2, clock, 0), turn(worker))
        heavy = async_eamsgd_step(PROBLEM, eta, alpha, 0, 2, momentum_state(2, clock, 0), turn(worker))
        assert same(plain.local, heavy.local) and same(plain.centre, heavy.centre)
        assert np.array_equal(plain.clock, heavy.clock)


@pytest.mark.claim("EASGD-ALG1", "proved")
@pytest.mark.parametrize("p", [1, 2, 3])
def test_all_workers_at_once_are_the_synchronous_rule_with_elastic_symmetry(p):
    together = async_easgd_step(PROBLEM, eta, alpha, 1, state(p), turn(*range(p)))
    z = Draw(turn(*range(p)).z)
    jacobi = easgd_step(PROBLEM, eta, alpha, p * alpha, ElasticState(row("x", p), one("c"), one("c"), 0), z)
    assert same(together.local, jacobi.local) and same(together.centre, jacobi.centre)


@pytest.mark.claim("EASGD-ALG2", "proved")
@pytest.mark.parametrize("p", [1, 2, 3])
def test_all_workers_at_once_are_synchronous_eamsgd(p):
    together = async_eamsgd_step(PROBLEM, eta, alpha, delta, 1, momentum_state(p), turn(*range(p)))
    z = Draw(turn(*range(p)).z)
    start = ElasticMomentumState(row("x", p), row("v", p), one("c"), one("c"), 0)
    jacobi = eamsgd_step(PROBLEM, eta, alpha, p * alpha, delta, start, z)
    assert all(same(getattr(together, name), getattr(jacobi, name)) for name in ("local", "velocity", "centre"))


@pytest.mark.claim("EASGD-ALG1", "proved")
@pytest.mark.parametrize("period", [1, 3])
def test_an_exchange_conserves_the_sum_of_workers_and_centre(period):
    """Elastic symmetry: only the gradient moves the sum."""
    begin = state(3, 0, 0, 0)
    for worker in range(3):
        end = async_easgd_step(PROBLEM, eta, alpha, period, begin, turn(worker))
        change = (end.local.sum() + end.centre[0, 0]) - (begin.local.sum() + begin.centre[0, 0])
        slope = PROBLEM.blocks.gradient
        out = np.empty((1, 1), dtype=object)
        slope(begin.local[worker], turn(worker).z[0], out)
        assert sp.expand(change + eta * out[0, 0]) == 0


@pytest.mark.claim("EASGD-ALG1", "proved")
@pytest.mark.parametrize("p", [2, 3, 4])
def test_a_round_is_no_synchronous_step_and_the_difference_has_order_alpha_squared(p):
    """The centre after a round of p workers: (1-a)^p c + a sum_i (1-a)^(p-i) x^i; a synchronous step has (1 - p a) c + a sum_i x^i."""
    after = state(p)
    for worker in range(p):
        after = async_easgd_step(PROBLEM, eta, alpha, 1, after, turn(worker))
    x, c = state(p).local[:, 0, 0], state(p).centre[0, 0]
    exact = (1 - alpha) ** p * c + sum(alpha * (1 - alpha) ** (p - 1 - i) * x[i] for i in range(p))
    assert sp.expand(after.centre[0, 0] - exact) == 0
    gap = sp.Poly(sp.expand(exact - (c + alpha * sum(x - c))), alpha)
    second = -sum(x[j] - c for i in range(p) for j in range(i))
    assert gap.coeff_monomial(1) == gap.coeff_monomial(alpha) == 0
    assert sp.expand(gap.coeff_monomial(alpha**2) - second) == 0 != sp.expand(second)


@pytest.mark.claim("EASGD-ALG1", "definition")
def test_the_first_exchange_is_at_clock_0_and_then_every_period():
    """Two workers, no gradient: worker 1 acts alone, so the centre moves when its clock says."""
    begin = AsyncState(np.array([[[1.0]], [[9.0]]]), np.array([[0.0]]), clocks(0, 0))
    still = sg.problems.noisy_quadratic(h=1e-300, sigma=0.0)  # a gradient below rounding
    draw = type(turn(0))(worker=np.array([[0]]), z=np.zeros((1, 1, 1)))
    centres = [0.0]
    for _ in range(7):
        begin = async_easgd_step(still, 0.1, 0.25, 3, begin, draw)
        centres.append(float(begin.centre[0, 0]))
    assert [b != a for a, b in zip(centres, centres[1:])] == [True, False, False, True, False, False, True]
    assert centres[1] == 0.25 and begin.clock.ravel().tolist() == [7, 0]


@pytest.mark.claim("EASGD-3.55", "definition")
@pytest.mark.claim("EASGD-3.56", "definition")
@pytest.mark.parametrize("p", [1, 2, 3, 5])
def test_round_robin_easgd_is_the_printed_map(p):
    """Worker t mod p: x^i - eta F'(x^i) - alpha (x^i - c) and c + alpha (x^i - c), composed over two rounds, on F = x^2/2."""
    process = sg.round_robin_easgd(sg.problems.noisy_quadratic(sigma=0.0), 0.3, 0.4, p, observe=("centre", "local", "average"))
    start = 2.0
    s = np.full(p + 1, start)
    expected = [s]
    for t in range(2 * p):
        i, F = t % p, np.eye(p + 1)
        F[i, [i, p]], F[p, [i, p]] = (1 - 0.3 - 0.4, 0.4), (0.4, 1 - 0.4)
        s = F @ s
        expected.append(s)
    got = sg.simulate(process, start, 1, 2 * p).mean
    assert np.allclose(got, [(s[p], s[0], s[:p].mean()) for s in expected], rtol=0, atol=1e-14)


def test_beta_is_a_free_rate_of_the_synchronous_rule_only():
    """The asynchronous master knows alpha alone: without elastic symmetry the synchronous rule is another one."""
    jacobi = easgd_step(PROBLEM, eta, alpha, beta, ElasticState(row("x", 2), one("c"), one("c"), 0), Draw(turn(0, 1).z))
    together = async_easgd_step(PROBLEM, eta, alpha, 1, state(2), turn(0, 1))
    assert not same(jacobi.centre, together.centre)
