r"""Local steps of many workers at once.

A *segment* is what a worker does between two moments at which it talks to somebody: a number of local steps that depend on nobody
else. Segments of one kind, from any workers of any runs, are computed together: their points are the rows of one matrix, and
step s of all of them is one call for stacked gradients. Longer segments go on when shorter ones are done.

| kind | a local step, with g the gradient of the step's mini-batch |
|---|---|
| plain | $x \leftarrow x - \eta_t\, g(x)$ |
| summed | the same, and $v \leftarrow v - \eta_t\, g$ |
| nesterov | $v \leftarrow \delta v - \eta_t\, g(x + \delta v)$, $x \leftarrow x + v$ |
| averaged | $z_j \leftarrow (1 - a_j) z_j + a_j x$ for each average, then as plain |

The first step may also take off the elastic pull, $\alpha (x - \tilde x)$ with the x from before the step. Every operation acts on each row alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from stalegrad.nets.extra import torch

Tensor = torch.Tensor


class Segment(NamedTuple):
    """Local steps of one worker that depend on nobody else."""

    kind: str
    """A name of the table above."""
    x: Tensor
    """(D,) where they begin."""
    key: tuple[int, int, int]
    """(seed, worker, clock) of the first mini-batch; the clock counts on."""
    rates: np.ndarray
    """(steps,) learning rates."""
    pull: Tensor | None = None
    """(D,) taken off x in the first step."""
    velocity: Tensor | None = None
    """(D,) v of a nesterov segment."""
    momentum: float = 0.0
    averages: tuple[Tensor, ...] = ()
    """(D,) each, of an averaged segment."""
    weights: np.ndarray | None = None
    """(averages, steps) a_j."""


class Moved(NamedTuple):
    """A segment's end."""

    x: Tensor
    """(D,)"""
    v: Tensor | None = None
    """(D,) velocity, or sum of the moves."""
    averages: tuple[Tensor, ...] = ()


def advance(objective, segments: Sequence[Segment]) -> list[Moved]:
    """The ends of segments of any kinds, in their order."""
    ends: list[Moved | None] = [None] * len(segments)
    for kind, compute in KINDS.items():
        chosen = [i for i, segment in enumerate(segments) if segment.kind == kind]
        chosen.sort(key=lambda i: -len(segments[i].rates))
        if chosen:
            for i, end in zip(chosen, compute(objective, [segments[i] for i in chosen]), strict=True):
                ends[i] = end
    return ends


class _Batch:
    """Stacked segments of one kind, the longest first: points, keys and rates of step s of the rows still active."""

    def __init__(self, segments: Sequence[Segment]):
        self.x = torch.stack([segment.x for segment in segments])
        self.first = np.array([segment.key for segment in segments], dtype=np.int64)
        self.lengths = np.array([len(segment.rates) for segment in segments])
        rates = np.zeros((len(segments), self.lengths[0]))
        for row, segment in zip(rates, segments, strict=True):
            row[: len(segment.rates)] = segment.rates
        self.rates = torch.as_tensor(rates, dtype=self.x.dtype, device=self.x.device)

    def steps(self):
        """For each step: its number, the count of active rows, their keys, and minus their rates (rows, 1)."""
        ahead = np.array([0, 0, 1])
        for s in range(self.lengths[0]):
            n = int((self.lengths > s).sum())
            yield s, n, self.first[:n] + s * ahead, -self.rates[:n, s : s + 1]


def _plain(objective, segments: Sequence[Segment]) -> list[Moved]:
    batch = _Batch(segments)
    x = batch.x
    for s, n, keys, rates in batch.steps():
        gradients = objective.gradients(x[:n], keys)
        if s == 0:
            _take_off(x, segments)
        x[:n].addcmul_(gradients, rates)
    return [Moved(row) for row in x.unbind()]


def _summed(objective, segments: Sequence[Segment]) -> list[Moved]:
    batch = _Batch(segments)
    x, total = batch.x, torch.zeros_like(batch.x)
    for _, n, keys, rates in batch.steps():
        moves = objective.gradients(x[:n], keys) * rates
        x[:n].add_(moves)
        total[:n].add_(moves)
    return [Moved(*rows) for rows in zip(x.unbind(), total.unbind())]


def _nesterov(objective, segments: Sequence[Segment]) -> list[Moved]:
    batch = _Batch(segments)
    x, v = batch.x, torch.stack([segment.velocity for segment in segments])
    momentum = torch.tensor([[segment.momentum] for segment in segments], dtype=x.dtype, device=x.device)
    for s, n, keys, rates in batch.steps():
        ahead = v[:n].mul_(momentum[:n]) + x[:n]
        v[:n].addcmul_(objective.gradients(ahead, keys), rates)
        if s == 0:
            _take_off(x, segments)
        x[:n].add_(v[:n])
    return [Moved(*rows) for rows in zip(x.unbind(), v.unbind())]


def _averaged(objective, segments: Sequence[Segment]) -> list[Moved]:
    batch = _Batch(segments)
    x, steps = batch.x, batch.lengths[0]
    averages = [torch.stack(rows) for rows in zip(*(segment.averages for segment in segments))]
    weights = np.zeros((len(averages), len(segments), steps))
    for i, segment in enumerate(segments):
        weights[:, i, : len(segment.rates)] = segment.weights
    weights = torch.as_tensor(weights, dtype=x.dtype, device=x.device)
    for s, n, keys, rates in batch.steps():
        for average, weight in zip(averages, weights):
            average[:n].lerp_(x[:n], weight[:n, s : s + 1])
        x[:n].addcmul_(objective.gradients(x[:n], keys), rates)
    rows = zip(*(average.unbind() for average in averages))
    return [Moved(end, None, kept) for end, kept in zip(x.unbind(), rows)]


def _take_off(x: Tensor, segments: Sequence[Segment]) -> None:
    if any(segment.pull is not None for segment in segments):
        x.sub_(torch.stack([torch.zeros_like(segment.x) if segment.pull is None else segment.pull for segment in segments]))


KINDS = {"plain": _plain, "summed": _summed, "nesterov": _nesterov, "averaged": _averaged}
