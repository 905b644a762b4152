"""The objective of a network as a problem of the library, so that real runs train it by the same rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from stalegrad.engine.streams import Tape


@dataclass(frozen=True, eq=False)
class Keys:
    """Data rows that name a mini-batch: (run seed, worker, local step), with the worker as the path of the tape."""

    def rows(self, tape: Tape, first: int, count: int) -> np.ndarray:
        """Rows number `first` on (count, 3, paths).

        >>> Keys().rows(Tape(7, np.array([2], np.uint64)), first=5, count=1)[0, :, 0].tolist()
        [7, 2, 5]
        """
        paths = tape.paths.astype(np.int64)
        return np.stack([np.stack([np.full_like(paths, tape.seed), paths, np.full_like(paths, first + i)]) for i in range(count)])


class NetworkGradient:
    """A block function: gradients of the objective on the mini-batches that the rows name."""

    def __init__(self, objective):
        self.objective = objective

    def __call__(self, x: np.ndarray, z: np.ndarray, out: np.ndarray) -> None:
        """Write the gradients at x (d, paths), on the batches z (3, paths), to `out`."""
        import torch

        points = torch.as_tensor(x.T).to(self.objective.start(0).dtype)
        out[:] = self.objective.gradients(points, z.T.astype(np.int64)).numpy().T


@dataclass(frozen=True)
class NetworkBlocks:
    """The one block function that an algorithm needs."""

    gradient: NetworkGradient


@dataclass(frozen=True)
class NetworkProblem:
    """What an algorithm takes as its problem: gradients are the objective's, everything else of the iteration is in double precision."""

    objective: Any
    blocks: NetworkBlocks
    dim: int
    law: Keys
    name: str = "network"
    curvature: None = None

    def start(self, seed: int) -> np.ndarray:
        """The common initial point (d,) of a seed."""
        return self.objective.start(seed).numpy().astype(float)

    def evaluate(self, x: np.ndarray) -> dict[str, float]:
        """Loss and error of each part of the data at x (d,)."""
        import torch

        point = torch.as_tensor(x).to(self.objective.start(0).dtype)
        return {name: float(value) for name, value in self.objective.evaluate(point[None]).items()}


def as_problem(objective) -> NetworkProblem:
    """An objective of `stalegrad.nets` as a problem of `stalegrad.algorithms`.

    Examples
    --------
    >>> as_problem(type("Anything", (), {"dim": 3})()).dim
    3
    """
    return NetworkProblem(objective, NetworkBlocks(NetworkGradient(objective)), objective.dim, Keys())
