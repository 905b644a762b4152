"""Training in virtual time: exact order of events, gradients in large batches.

A run is a generator. It goes through the exchanges of its timetable in the order of time and keeps the segments that workers
are in the middle of. When an exchange needs the end of a segment, the run yields *all* segments under way, and is sent their ends. So
nothing is computed before it is needed, much is computed together, and the result is that of one event after the other. Many runs
go on side by side: what they wait for is one batch (`together`).

A run whose main variable is no longer finite when it is looked at ends there: it has diverged.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from stalegrad.nets.extra import torch
from stalegrad.nets.rules import RULES, Alone, Meeting
from stalegrad.nets.spec import Spec
from stalegrad.nets.stack import Moved, Segment, Tensor, advance
from stalegrad.nets.timetable import Timetable, timetable

Run = Generator[list[Segment], list[Moved], "Path"]
"""Yields segments, is sent their ends, returns what was seen."""


class Path(NamedTuple):
    """What was seen of a run."""

    snapshots: dict[str, Tensor]
    """(looks, D) of each observed variable, at the times of the evaluations; fewer looks where the run diverged."""
    diverged: float
    """Virtual time of the look that found the main variable not finite; infinity if none did."""


class Recorder:
    """Looks at the observed variables at given times."""

    def __init__(self, names: Sequence[str], times: np.ndarray):
        self.times, self.seen, self.diverged = times, {name: [] for name in names}, np.inf

    @property
    def done(self) -> bool:
        """Whether there is nothing more to see."""
        return self.looks == len(self.times) or self.diverged < np.inf

    @property
    def looks(self) -> int:
        """Looks so far."""
        return len(next(iter(self.seen.values())))

    def before(self, time: float, observed: Callable[[], dict[str, Tensor]]) -> bool:
        """Look at all times before `time`, at which something is about to happen; whether to go on."""
        while not self.done and self.times[self.looks] < time:
            values = observed()
            if not all(bool(value.isfinite().all()) for value in values.values()):
                self.diverged = float(self.times[self.looks])
                break
            for name, value in values.items():
                self.seen[name].append(value)
        return not self.done

    def path(self) -> Path:
        """What was seen."""
        return Path({name: torch.stack(values) for name, values in self.seen.items()}, self.diverged)


def plan(spec: Spec) -> Timetable:
    """The timetable of a spec that is no tree.

    >>> plan(Spec("easgd", eta=0.1, n_workers=2, period=10, n_steps=20)).exchange.dtype
    dtype('bool')
    """
    return timetable(spec.clock, spec.seed, spec.n_workers, float(spec.n_steps), spec.exchange_period)


def start(spec: Spec, objective, events: Timetable | None = None, times: np.ndarray | None = None) -> Run:
    """The run of a spec; `events` and `times` of looking replace those of the spec."""
    times = spec.times if times is None else times
    if spec.tree is not None:
        from stalegrad.nets.tree_run import tree_run

        return tree_run(spec, objective.start(spec.start), times)
    events = plan(spec) if events is None else events
    rule, recorder = RULES[spec.method](spec, objective.start(spec.start)), Recorder(spec.observed, times)
    return _alone(rule, events, recorder) if isinstance(rule, Alone) else _asynchronous(rule, spec.n_workers, events, recorder)


def _alone(rule: Alone, events: Timetable, recorder: Recorder) -> Run:
    """One worker: its segments end where it is looked at."""
    made = 0
    for time in recorder.times:
        until = int(np.searchsorted(events.time, time, side="right"))
        if until > made:
            (rule.now,) = yield [rule.segment(made, until - made)]
        made = until
        if not recorder.before(np.nextafter(time, np.inf), rule.observed):
            break
    return recorder.path()


def _asynchronous(rule, n_workers: int, events: Timetable, recorder: Recorder) -> Run:
    """Workers and a master."""
    under_way = {i: segment for i in range(n_workers) if (segment := rule.begin(i)) is not None}
    ended: dict[int, Moved] = {}
    for time, at in _meetings(events):
        if not recorder.before(time, rule.observed):
            break
        if at.worker in under_way:
            ends = yield list(under_way.values())
            ended.update(zip(under_way, ends, strict=True))
            under_way = {}
        segment = rule.meet(ended.pop(at.worker, None), at)
        if at.steps:
            under_way[at.worker] = segment
    recorder.before(np.inf, rule.observed)
    return recorder.path()


def _meetings(events: Timetable) -> Iterator[tuple[float, Meeting]]:
    """The exchanges; `steps` is 0 at the last one of each worker, after which nothing it does reaches the master."""
    which = np.flatnonzero(events.exchange)
    worker, clock = events.worker[which], events.step[which]
    steps = np.zeros(len(which), int)
    for i in np.unique(worker):
        mine = np.flatnonzero(worker == i)
        steps[mine[:-1]] = np.diff(clock[mine])
    for number, k in enumerate(which):
        yield float(events.time[k]), Meeting(int(worker[number]), int(clock[number]), number, int(steps[number]))


def together(objective, runs: Iterator[tuple[object, Run]], rows: int = 64) -> Iterator[tuple[object, Path]]:
    """Drive named runs of one objective side by side; give each path as it is ready.

    A new run is begun while fewer than `rows` segments are waited for. How runs are put together does not change their results.
    """
    runs, waiting = iter(runs), {}
    while True:
        while sum(len(segments) for _, segments in waiting.values()) < rows:
            entry = next(runs, None)
            if entry is None:
                break
            name, run = entry
            path = _proceed(name, run, None, waiting)
            if path is not None:
                yield name, path
        if not waiting:
            return
        entries, waiting = waiting, {}
        ends = iter(advance(objective, [segment for _, segments in entries.values() for segment in segments]))
        for name, (run, segments) in entries.items():
            path = _proceed(name, run, [next(ends) for _ in segments], waiting)
            if path is not None:
                yield name, path


def _proceed(name, run: Run, ends: list[Moved] | None, waiting: dict) -> Path | None:
    """Go on with a run to where it waits again, or to its end."""
    try:
        waiting[name] = run, run.send(ends)
    except StopIteration as stop:
        return stop.value
    return None


def train(spec: Spec, objective, events: Timetable | None = None, times: np.ndarray | None = None) -> Path:
    """One run by itself."""
    ((_, path),) = together(objective, iter([(spec, start(spec, objective, events, times))]))
    return path
