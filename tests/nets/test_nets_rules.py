"""The training driver's rules are the library's own: same events, same data rows, same numbers."""

import math

import numpy as np
import pytest

import stalegrad as sg

torch = pytest.importorskip("torch", reason="needs the extra nets: make env EXTRAS=nets")

from stalegrad.algorithms.sampled import gradient  # noqa: E402
from stalegrad.engine.streams import Tape  # noqa: E402
from stalegrad.nets.analytic import Analytic, as_events  # noqa: E402
from stalegrad.nets.driver import plan, train  # noqa: E402
from stalegrad.nets.spec import Spec  # noqa: E402
from stalegrad.nets.timetable import Clock, from_schedule  # noqa: E402

PROBLEM = sg.problems.double_well()
STEPS, WORKERS, ETA, ALPHA, DELTA, MOVING = 120, 3, 0.05, 0.3, 0.6, 0.1
SCHEDULES = {
    "random": sg.schedule.random(),
    "round robin": sg.schedule.round_robin(),
    "queue": sg.schedule.queue(speeds=[1.0, 2.0, 3.0]),
}
SAME = {"atol": 1e-13, "rtol": 0.0}
"""Rounding: the values are of order 1, and some hundred operations of double precision separate the two routes at most."""


def driven(spec: Spec, events, objective=None):
    """Observed variables after each event, the start first."""
    objective = objective or Analytic(PROBLEM, [0.7], as_events(events))
    return train(spec, objective, events, np.array([0.0, *events.time])).snapshots


def of_library(process, n_steps=STEPS, start=0.7):
    return sg.simulate(process, start, n_paths=1, n_steps=n_steps, seed=0).mean


PARALLEL = {
    "easgd": ({"alpha": ALPHA}, lambda period, schedule: sg.async_easgd(PROBLEM, ETA, ALPHA, WORKERS, period, schedule)),
    "eamsgd": ({"alpha": ALPHA, "momentum": DELTA}, lambda period, schedule: sg.async_eamsgd(PROBLEM, ETA, ALPHA, DELTA, WORKERS, period, schedule)),
    "downpour": ({}, lambda period, schedule: sg.downpour(PROBLEM, ETA, WORKERS, period, schedule)),
}


@pytest.mark.claim("EASGD-ALG1", "definition")
@pytest.mark.claim("EASGD-ALG2", "definition")
@pytest.mark.claim("EASGD-ALG3", "definition")
@pytest.mark.parametrize("period", [1, 4])
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("method", PARALLEL)
def test_parallel_methods_are_those_of_the_library(method, schedule, period):
    fields, process = PARALLEL[method]
    spec = Spec(method, ETA, n_workers=WORKERS, period=period, **fields)
    events = from_schedule(SCHEDULES[schedule], WORKERS, STEPS, period=period)
    centre = driven(spec, events)["centre"][:, 0].numpy()
    known = of_library(process(period, SCHEDULES[schedule]))[:, 0]
    np.testing.assert_allclose(centre, known, **SAME)
    assert np.ptp(known) > 0.01


@pytest.mark.parametrize("method", PARALLEL)
def test_a_wrong_rate_would_show(method):
    fields, process = PARALLEL[method]
    spec = Spec(method, 1.0001 * ETA, n_workers=WORKERS, period=4, **fields)
    events = from_schedule(SCHEDULES["random"], WORKERS, STEPS, period=4)
    centre = driven(spec, events)["centre"][:, 0].numpy()
    assert abs(centre - of_library(process(4, SCHEDULES["random"]))[:, 0]).max() > 1e-7


@pytest.mark.claim("EASGD-ALG4", "definition")
@pytest.mark.claim("EASGD-ALG5", "definition")
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_momentum_downpour(schedule):
    spec = Spec("mdownpour", ETA, n_workers=WORKERS, momentum=DELTA)
    centre = driven(spec, from_schedule(SCHEDULES[schedule], WORKERS, STEPS, period=1))["centre"][:, 0].numpy()
    np.testing.assert_allclose(centre, of_library(sg.mdownpour(PROBLEM, ETA, DELTA, WORKERS, SCHEDULES[schedule]))[:, 0], **SAME)


@pytest.mark.claim("EASGD-ALG-A1", "definition")
@pytest.mark.claim("EASGD-ALG-A2", "definition")
def test_averages_of_downpour():
    schedule = SCHEDULES["random"]
    spec = Spec("downpour", ETA, n_workers=WORKERS, period=4, moving=MOVING)
    seen = driven(spec, from_schedule(schedule, WORKERS, STEPS, period=4))
    plain = of_library(sg.adownpour(PROBLEM, ETA, WORKERS, 4, schedule))
    moving = of_library(sg.mvadownpour(PROBLEM, ETA, MOVING, WORKERS, 4, schedule))
    np.testing.assert_allclose(seen["average"].numpy(), plain, **SAME)
    np.testing.assert_allclose(seen["moving_average"].numpy(), moving, **SAME)


@pytest.mark.claim("EASGD-ALG-A3", "definition")
@pytest.mark.claim("EASGD-ALG-A4", "definition")
def test_sgd_and_its_averages():
    spec = Spec("sgd", ETA, moving=MOVING)
    seen = driven(spec, from_schedule(sg.schedule.round_robin(), 1, STEPS))
    np.testing.assert_allclose(seen["x"].numpy(), of_library(sg.averaged_sgd(PROBLEM, ETA, observe="x")), **SAME)
    np.testing.assert_allclose(seen["average"].numpy(), of_library(sg.averaged_sgd(PROBLEM, ETA)), **SAME)
    np.testing.assert_allclose(seen["moving_average"].numpy(), of_library(sg.moving_average_sgd(PROBLEM, ETA, MOVING)), **SAME)


@pytest.mark.claim("EASGD-ALG-A5", "definition")
def test_msgd_is_nesterov():
    seen = driven(Spec("msgd", ETA, momentum=DELTA), from_schedule(sg.schedule.round_robin(), 1, STEPS))
    np.testing.assert_allclose(seen["x"].numpy(), of_library(sg.nesterov(PROBLEM, ETA, DELTA)), **SAME)


def test_heavy_ball_of_one_worker():
    seen = driven(Spec("heavy_ball", ETA, momentum=DELTA), from_schedule(sg.schedule.round_robin(), 1, STEPS, period=1))
    np.testing.assert_allclose(seen["centre"].numpy(), of_library(sg.msgd(PROBLEM, ETA, DELTA)), **SAME)


class Drawn(Analytic):
    """The problem, with data rows as a process of the delayed family draws them."""

    def __init__(self, process, events):
        super().__init__(PROBLEM, [0.7], as_events(events))
        self.draw = process.draw

    def row(self, seed, worker, step):
        path, number = self.place(seed, worker, step)
        return self.draw(Tape(seed, np.array([path], np.uint64)), number).z[0]


@pytest.mark.claim("PCA-3", "definition")
@pytest.mark.parametrize("p", [2, 5])
def test_heavy_ball_of_workers_in_turn_is_asynchronous_msgd(p):
    events = from_schedule(sg.schedule.round_robin(), p, STEPS, period=1)
    process = sg.async_msgd(PROBLEM, ETA, DELTA, sg.constant(p - 1))
    seen = driven(Spec("heavy_ball", ETA, n_workers=p, momentum=DELTA), events, Drawn(process, events))["centre"].numpy()
    np.testing.assert_allclose(seen, of_library(process), **SAME)


class Streaming:
    """Streaming PCA as an objective: minus the Oja direction of (PCA-5), with the datum of the event."""

    dim = 4

    def __init__(self, data, start, place):
        self.data, self.x0, self.place = data, torch.tensor(start, dtype=torch.float64), place

    def start(self, seed):
        return self.x0

    def gradients(self, x, keys):
        rows = []
        for w, key in zip(x.numpy(), keys):
            path, number = self.place(*map(int, key))
            datum = self.data.rows(Tape(0, np.array([path], np.uint64)), number, 1)[0][:, 0]
            rows.append(-(datum - w * (datum @ w)) * (datum @ w))
        return torch.tensor(np.array(rows))


@pytest.mark.claim("PCA-5", "definition")
def test_asynchronous_heavy_ball_reads_what_is_p_minus_1_updates_old():
    """p workers in turn are Liu's rule with the constant delay p - 1."""
    p, eta, mu, start = 5, 0.01, 0.7, [0.6, 0.8, 0.0, 0.0]
    data = sg.problems.streaming_data([4.0, 3.0, 2.0, 1.0])
    events = from_schedule(sg.schedule.round_robin(), p, STEPS, period=1)
    spec = Spec("heavy_ball", eta, n_workers=p, momentum=mu)
    seen = driven(spec, events, Streaming(data, start, as_events(events)))["centre"].numpy()
    known = of_library(sg.streaming_pca(data, eta, mu, sg.constant(p - 1), observe="h"), start=start)
    np.testing.assert_allclose(seen, known, **SAME)
    other = of_library(sg.streaming_pca(data, eta, mu, sg.constant(p), observe="h"), start=start)
    assert abs(seen - other).max() > 1e-4


def algorithm(spec: Spec, events) -> list[float]:
    """Algorithms 1 to 3 line by line, one event after the other, with the rate of each worker's own clock."""
    place, centre, centres = as_events(events), 0.7, [0.7]
    local, velocity, push = ([value] * spec.n_workers for value in (0.7, 0.0, 0.0))
    for i, t in zip(events.worker, events.step):
        eta, x = spec.rates(int(t), 1)[0], local[i]
        row = PROBLEM.law.rows(Tape(spec.seed, np.array([0], np.uint64)), place(0, int(i), int(t))[1], 1)[0]

        def slope(point, row=row):
            return float(gradient(PROBLEM, np.array([[point]]), row)[0, 0])

        if spec.method == "downpour":
            if t % spec.period == 0:
                centre, push[i] = centre + push[i], 0.0
                x = centre
            move = -eta * slope(x)
            local[i], push[i] = x + move, push[i] + move
        else:
            pull = spec.moving_rate * (x - centre) if t % spec.period == 0 else 0.0
            velocity[i] = spec.momentum * velocity[i] - eta * slope(x + spec.momentum * velocity[i])
            local[i], centre = x - pull + velocity[i], centre + pull
        centres.append(centre)
    return centres


@pytest.mark.parametrize("method", PARALLEL)
def test_decay_cuts_communication_and_early_stops(method):
    """What the library's processes do not have, against the pseudo-code line by line."""
    clock = Clock(shape=2.0, speeds=(1.0, 2.0, 0.5), communication=0.5, server=0.2, stop=(1000, 30, 1000))
    fields = {"n_workers": WORKERS, "period": 3, "decay": 0.02, "cuts": ((20, 0.5), (40, 0.2)), "clock": clock, "n_steps": 60}
    spec = Spec(method, ETA, **fields, **PARALLEL[method][0])
    events = plan(spec)
    assert np.bincount(events.worker)[1] == 30 and events.waiting > 0.0
    np.testing.assert_allclose(driven(spec, events)["centre"][:, 0].numpy(), algorithm(spec, events), **SAME)


def test_the_plan_of_a_spec_is_used():
    """With constant services the spec alone gives the library's round robin, looked at as often as it says."""
    spec = Spec("easgd", ETA, n_workers=WORKERS, period=2, alpha=ALPHA, n_steps=40, evaluations=8, clock=Clock(shape=math.inf))
    seen = train(spec, Analytic(PROBLEM, [0.7], as_events(plan(spec)))).snapshots["centre"][:, 0].numpy()
    known = of_library(sg.async_easgd(PROBLEM, ETA, ALPHA, WORKERS, 2, sg.schedule.round_robin()))[:, 0]
    np.testing.assert_allclose(seen, known[:: 5 * WORKERS], **SAME)
