"""Problems of the library as objectives of the training driver: where theory and training meet."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from stalegrad.algorithms.sampled import gradient
from stalegrad.engine.checks import start_point
from stalegrad.engine.streams import Tape
from stalegrad.nets.extra import torch
from stalegrad.nets.timetable import Timetable

Place = Callable[[int, int, int], tuple[int, int]]
"""(seed, worker, step) -> (path, number) of the data row on the tape of the seed."""


class Analytic:
    """An `sg.problems` problem in the driver: gradients on one data row a step, in double precision.

    Parameters
    ----------
    problem : Problem
        The objective.
    x0 : array (d,)
        Start, for any seed.
    place : callable, optional
        Which row of the library's tapes a step takes; by default worker i has the path i, and its step t the row t.

    Notes
    -----
    `evaluate` gives F(x) as train and test loss (NaN where the problem has no values), and NaN for errors.

    Examples
    --------
    >>> import stalegrad as sg
    >>> objective = Analytic(sg.problems.noisy_quadratic(sigma=0.0), [1.0])
    >>> objective.gradients(torch.ones(2, 1, dtype=torch.float64), [(0, 0, 0), (0, 1, 0)]).tolist()
    [[1.0], [1.0]]
    """

    def __init__(self, problem, x0, place: Place = lambda seed, worker, step: (worker, step)):
        self.problem, self.dim, self.place = problem, problem.dim, place
        self.x0 = torch.as_tensor(start_point(x0, problem.dim))
        self.digest = f"{problem!r} from {self.x0.tolist()}"

    def start(self, seed: int):
        """x0 (d,), whatever the seed."""
        return self.x0

    def gradients(self, x, keys):
        """(n, d) gradients at the rows of x (n, d), each on the data row of its key."""
        rows = np.concatenate([self.row(*map(int, key)) for key in keys], axis=1)
        return torch.as_tensor(gradient(self.problem, x.numpy().T, rows).T)

    def row(self, seed: int, worker: int, step: int) -> np.ndarray:
        """The data row (m, 1) of a step."""
        path, number = self.place(seed, worker, step)
        return self.problem.law.rows(Tape(seed, np.array([path], np.uint64)), number, 1)[0]

    def evaluate(self, x) -> dict:
        """F at the rows of x (n, d)."""
        function = self.problem.objective
        nothing = torch.full((len(x),), torch.nan, dtype=torch.float64)
        loss = nothing if function is None else torch.as_tensor(np.asarray(function(x.numpy().T)))
        return {"train_loss": loss, "train_error": nothing, "test_loss": loss, "test_error": nothing}


def as_events(events: Timetable, path: int = 0) -> Place:
    """Number the data rows by events, as the library's processes do: event k takes row k of the path.

    >>> from stalegrad.nets.timetable import from_schedule
    >>> from stalegrad.schedule import round_robin
    >>> as_events(from_schedule(round_robin(), 2, 6))(0, 1, 2)
    (0, 5)
    """
    numbers = {(int(i), int(t)): k for k, (i, t) in enumerate(zip(events.worker, events.step))}
    return lambda seed, worker, step: (path, numbers[worker, step])
