"""The timetable: against the library's schedules, an event-by-event simulation, and the laws of the services."""

import heapq
import math

import numpy as np
import pytest
from scipy import stats

from stalegrad import schedule
from stalegrad.nets.timetable import Clock, _independent, _served, due, from_schedule, service_times, timetable

HORIZON = 200.0
UNEVEN = Clock(shape=4.0, speeds=(1.0, 2.0, 0.5), communication=0.75)
SERIAL = Clock(shape=4.0, communication=0.5, server=0.4)


def one_after_the_other(clock: Clock, n_workers: int, period: int, horizon: float):
    """The docstring's story told event by event: (time, worker, step, exchange), and seconds in the master's queue."""
    services = service_times(clock, 0, n_workers, 2000)
    agenda = [(services[i, 0], i, "ends", 0) for i in range(n_workers)]
    heapq.heapify(agenda)
    free, told, waited = 0.0, [], 0.0
    while agenda:
        time, i, what, t = heapq.heappop(agenda)
        if time > horizon + 10.0:
            break
        if what == "ends" and t % period == 0:
            heapq.heappush(agenda, (time + clock.communication / 2, i, "arrives", t))
            continue
        back = time
        if what == "arrives":
            begin = max(time, free) if clock.server else time
            free = begin + clock.server
            if free <= horizon:
                waited += begin - time
            time, back = free, free + clock.communication / 2
        told.append((time, i, t, what == "arrives"))
        heapq.heappush(agenda, (back + services[i, t + 1], i, "ends", t + 1))
    return sorted(entry for entry in told if entry[0] <= horizon), waited


@pytest.mark.parametrize("clock, period", [(UNEVEN, 1), (UNEVEN, 5), (SERIAL, 1), (SERIAL, 3)])
def test_against_the_story_event_by_event(clock, period):
    told, waited = one_after_the_other(clock, 3, period, HORIZON)
    plan = timetable(clock, 0, 3, HORIZON, period)
    assert len(plan.time) == len(told)
    np.testing.assert_allclose(plan.time, [entry[0] for entry in told], rtol=1e-12)
    assert list(zip(plan.worker, plan.step, plan.exchange)) == [entry[1:] for entry in told]
    assert plan.waiting == pytest.approx(waited, rel=1e-9)
    assert (plan.waiting > 0.0) == (clock.server > 0.0)


def test_constant_services_are_round_robin():
    plan = timetable(Clock(shape=math.inf), 0, 5, 20.0, period=4)
    known = schedule.events(schedule.round_robin(), n_workers=5, n_steps=100)
    assert plan.worker.tolist() == known.worker[:, 0].tolist()
    assert plan.exchange.tolist() == from_schedule(schedule.round_robin(), 5, 100, period=4).exchange.tolist()


def test_constant_services_and_speeds_are_the_queue():
    plan = timetable(Clock(shape=math.inf, speeds=(2.0, 1.0, 4.0)), 0, 3, 30.0)
    known = schedule.events(schedule.queue(speeds=[2.0, 1.0, 4.0], law="constant"), n_workers=3, n_steps=len(plan.time))
    assert plan.worker.tolist() == known.worker[:, 0].tolist()
    np.testing.assert_allclose(plan.time, known.time[:, 0], rtol=1e-12)


@pytest.mark.parametrize("shape", [0.5, 1.0, 16.0])
def test_services_follow_the_gamma_law(shape):
    """Kolmogorov-Smirnov at the level 0.001 with 4 x 5,000 draws; a shape 15 % off is refused at the same size."""
    drawn = service_times(Clock(shape=shape, speeds=(1.0, 2.0, 3.0, 4.0)), 1, 4, 5_000) * np.array([[1.0], [2.0], [3.0], [4.0]])
    assert stats.kstest(drawn.ravel(), stats.gamma(shape, scale=1.0 / shape).cdf).pvalue > 0.001
    assert stats.kstest(drawn.ravel(), stats.gamma(1.15 * shape, scale=1.0 / (1.15 * shape)).cdf).pvalue < 0.001


def test_a_service_time_depends_on_seed_worker_and_step_only():
    few, many = service_times(Clock(), 3, 2, 10), service_times(Clock(), 3, 5, 40)
    np.testing.assert_array_equal(few, many[:2, :10])
    assert not np.array_equal(few, service_times(Clock(), 4, 2, 10))


def test_a_shorter_run_is_the_beginning_of_a_longer_one():
    short, long = (timetable(SERIAL, 0, 4, horizon, 2) for horizon in (50.0, 150.0))
    n = len(short.time)
    for column in ("worker", "step", "time", "exchange"):
        np.testing.assert_array_equal(getattr(short, column), getattr(long, column)[:n])
    assert (long.time[n:] > 50.0).all()


def test_a_serial_master_that_needs_no_time_keeps_nobody_waiting():
    services = service_times(UNEVEN, 0, 3, 100)
    for one, other in zip(_served(UNEVEN, services, 3), _independent(UNEVEN, services, 3)):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


def test_a_serial_master_serves_one_at_a_time():
    """Twenty workers could each make an exchange every 1.9 s or so; the master manages one in 0.4 s."""
    plan = timetable(SERIAL, 0, 20, HORIZON, 1)
    assert np.diff(plan.time).min() >= SERIAL.server - 1e-9
    assert 0.98 * HORIZON / SERIAL.server < len(plan.time) <= HORIZON / SERIAL.server


def test_seconds_add_up():
    """Worker 0 alone: up to its last exchange it has computed, travelled, waited and been served, and nothing else."""
    clock = Clock(shape=4.0, communication=0.5, server=0.4)
    plan = timetable(clock, 0, 1, HORIZON, 1)
    assert plan.time[-1] == pytest.approx(plan.computing + plan.communicating + plan.waiting - clock.communication / 2)


def test_workers_that_stop():
    plan = timetable(Clock(shape=4.0, stop=(10, 1000, 0)), 0, 3, 50.0, 4)
    made = np.bincount(plan.worker, minlength=3)
    assert made[0] == 10 and made[2] == 0 and 30 < made[1] < 70


def test_exchanges_are_where_the_period_divides_the_clock():
    plan = timetable(UNEVEN, 0, 3, HORIZON, 5)
    np.testing.assert_array_equal(plan.exchange, plan.step % 5 == 0)
    assert not timetable(UNEVEN, 0, 3, HORIZON).exchange.any()
    assert due(5, 2).tolist() == [True, False, True, False, True]


@pytest.mark.parametrize(
    "make, says",
    [
        (lambda: Clock(shape=0.0), "shape=0.0"),
        (lambda: Clock(speeds=(1.0, -1.0)), r"speeds\[1\]"),
        (lambda: Clock(communication=-1.0), "communication"),
        (lambda: Clock(server=math.inf), "server"),
        (lambda: Clock(stop=(-1,)), r"stop\[0\]"),
        (lambda: timetable(Clock(speeds=(1.0,)), 0, 2, 10.0), "speeds lists 1"),
        (lambda: timetable(Clock(), 0, 1000, 10_000.0), "local steps"),
    ],
)
def test_what_is_refused(make, says):
    with pytest.raises(ValueError, match=says):
        make()
