"""The server of a real run with one centre, whatever carries its messages: parameter server, log, trace and checkpoints in one."""

from __future__ import annotations

import time

import numpy as np

from stalegrad.cluster.checkpoint import Checkpoints
from stalegrad.cluster.pace import Pace
from stalegrad.cluster.parameter_server import Exchange, Method, ParameterServer
from stalegrad.cluster.progress import Progress
from stalegrad.cluster.record import Record, described
from stalegrad.cluster.settings import Settings, evaluated, file_of
from stalegrad.engine.streams import BufferedTape


class Server:
    """The centre, with its log, trace and checkpoints.

    Parameters
    ----------
    settings : Settings
        The run; with `resume` the server goes on from its checkpoint.
    method : Method
        What a push does.
    start : array (d,)
        The centre's first value.

    Raises
    ------
    ValueError
        For a checkpoint that is missing, damaged or of another run.
    RunStopped
        If the log or the trace cannot be written, here or when a push is taken.
    """

    def __init__(self, settings: Settings, method: Method, start: np.ndarray):
        self.settings, self.centre = settings, ParameterServer(method, start, settings.workers)
        self.checkpoints = Checkpoints(file_of(settings.checkpoint, 0), settings.checkpoint_every, settings.described())
        self.before = 0.0
        if settings.resume:
            state = self.checkpoints.load()
            self.centre.restore(state)
            self.before = float(state["now"])
        self.begin()
        self.resumed_at = self.centre.version
        self.record = Record(settings, 0, self.resumed_at)
        if not settings.resume:
            self.checkpoints.save(self.centre.state(0.0))

    def begin(self) -> None:
        """Start the clock of the run."""
        self.began = time.monotonic() - self.before

    @property
    def now(self) -> float:
        """Seconds of the run, those before a resume included."""
        return time.monotonic() - self.began

    def take(self, worker: int, counter: int, sent: np.ndarray) -> np.ndarray:
        """Take a push (parts, d), write down the update, and give the answer (d,)."""
        answer, update = self.centre.push(worker, counter, sent, self.now)
        if update is not None:
            self.record.append(update, counter * self.settings.period, self.centre.centre)
        return answer

    def checkpoint_if_due(self) -> None:
        """Write a checkpoint where it is time for one."""
        if self.checkpoints.due:
            self.checkpoints.save(self.centre.state(self.now))

    def last_exchange(self, worker: int) -> Exchange | None:
        """What a worker needs to go on."""
        return self.centre.last_exchange(worker)

    def progress(self) -> Progress:
        """A bar of the updates, at the first of this run."""
        bar = Progress(self.settings.progress, updates_of(self.settings), "updates")
        bar.at(self.centre.version)
        return bar

    def finish(self) -> None:
        """Write the last checkpoint and close the files."""
        self.checkpoints.save(self.centre.state(self.now))
        self.record.close()

    def result(self, workers: list[dict]) -> dict:
        """What the run comes to, with what each worker says of itself: its `local` variable and the rest."""
        problem = self.centre.method.process.problem
        return described(self.settings) | {
            "steps": self.settings.steps,
            "centre": self.centre.centre,
            "average": np.mean([worker["local"] for worker in workers], axis=0),
            **evaluated(problem, self.centre.centre),
            **self.record.level.told(self.centre.version, getattr(problem, "objective", None)),
            "updates": self.centre.version,
            "updates_before_resume": self.resumed_at,
            "updates_lost_and_made_again": self.record.lost,
            "duplicates_refused": self.centre.refused,
            "checkpoints_written": self.checkpoints.written,
            "checkpoints_failed": self.checkpoints.failed,
            "seconds": self.now,
            "each_worker": [{name: worker[name] for name in worker if name != "local"} for worker in workers],
        }


def updates_of(settings: Settings) -> int:
    """Updates of the centre that a run comes to: every worker pushes at the local steps 0, period, 2 period, ..."""
    return settings.workers * -(-settings.steps // settings.period)


def pace_of(settings: Settings, worker: int, legs: int = 2) -> Pace:
    """The pace of one worker, by its speed."""
    speed = settings.speeds[worker] if worker < len(settings.speeds) else 1.0
    tape = BufferedTape(settings.seed, np.array([worker], np.uint64))
    return Pace(tape, settings.service / speed, settings.service_law, settings.service_shape, settings.latency, legs)
