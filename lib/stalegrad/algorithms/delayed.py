"""What the stochastic gradient algorithms have in common: past, random choices, and the kernel.

The readable rules in the files beside this one are functions ``step(state, draw)``. They take what is
random from `draw` and the past from ``state.past``, and do arithmetic only. So a rule can be traced: give
it a state whose entries are sympy symbols in arrays (d, 1), and as ``past`` any object with

- ``read(tau)``, which returns the symbols that stand for x_{k - tau}, and
- ``push(x)``, which returns the past of the next step,

and a `Draw` with a symbolic data row.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from stalegrad.algorithms.sampled import position, step_condition
from stalegrad.engine.alias import AliasTable
from stalegrad.engine.checks import objective, schedule
from stalegrad.engine.process import Process
from stalegrad.engine.rates import Rates, rated
from stalegrad.engine.streams import Tape


class Past(NamedTuple):
    """What the workers may still read; before step 0 every read is x_0."""

    values: tuple[np.ndarray, ...]
    """x_k, x_{k-1}, ... (d, paths), at most `longest` + 1 of them."""
    longest: int

    def read(self, tau: np.ndarray) -> np.ndarray:
        """x_{k - tau} (d, paths) for one staleness a path (paths,)."""
        oldest = len(self.values) - 1
        return np.stack(self.values)[np.minimum(tau, oldest), :, np.arange(len(tau))].T

    def push(self, x: np.ndarray) -> Past:
        """The past one step later."""
        return Past((x, *self.values[: self.longest]), self.longest)


class State(NamedTuple):
    """x_k and what can be read."""

    x: np.ndarray
    """(d, paths)"""
    past: Past


class Draw(NamedTuple):
    """What is random in one step; the first axis is the sample of the batch."""

    tau: np.ndarray
    """(batch, paths) staleness of the read."""
    z: np.ndarray
    """(batch, m, paths) data rows of the components, f_gamma(x) = f(x; z)."""
    rate: float = 1
    """Factor u_k of the learning rate."""


@dataclass(frozen=True)
class Choices:
    """How a step reads the tape of words: for each sample of the batch, its staleness and its component."""

    data: np.ndarray
    """(n, m), row i is the data of component i."""
    table: AliasTable
    """Law of the staleness."""
    batch: int | np.ndarray
    """Batch size, or one a step."""
    one_read: bool
    """Whether the samples of a batch share one staleness."""
    rates: Rates | None = None
    """Factors u_k of the learning rate."""

    def draw(self, tape: Tape, k: int) -> Draw:
        """The draws of step k.

        A staleness takes a word, but for a law on a single value. A component takes a word of its own if there are
        more than two, or if no staleness was drawn for the sample; otherwise the last bit of the staleness word.
        """
        sizes = [self._size(i) for i in range(k + 1)]
        first = sum(self._words(size) for size in sizes[:-1])
        words = iter(tape.words(first, self._words(sizes[-1])))
        n, n_paths = np.uint64(len(self.data)), len(tape.paths)
        taus, rows = [], []
        tau = np.full(n_paths, self.table.longest)
        for j in range(sizes[-1]):
            component = np.zeros(n_paths, np.uint64)
            fresh = self._draws_staleness(j)
            if fresh:
                word = next(words)
                tau = self.table.draw(word >> np.uint64(1))
            if n == 2 and fresh:
                component = word & np.uint64(1)
            elif n > 1:
                component = next(words) * n >> np.uint64(32)
            taus.append(tau)
            rows.append(self.data[component].T)
        return Draw(np.array(taus), np.array(rows), 1 if self.rates is None else self.rates(k))

    def _size(self, k: int) -> int:
        return int(self.batch if np.ndim(self.batch) == 0 else self.batch[k])

    def _draws_staleness(self, j: int) -> bool:
        return self.table.index_bits > 0 and (j == 0 or not self.one_read)

    def _words(self, size: int) -> int:
        n, fresh = len(self.data), sum(self._draws_staleness(j) for j in range(size))
        return fresh + (0 if n == 1 else size - fresh if n == 2 else size)


def frozen_past(longest: int, x0: np.ndarray) -> State:
    """x_k = x_0 for k <= 0."""
    return State(x0, Past((x0,), longest))


def finite_rows(problem) -> np.ndarray:
    """The data of a problem with components, or an error."""
    if not objective(problem).n_components:
        raise ValueError(f"{problem!r} has no components to draw: this algorithm needs a finite sum; sgd, msgd, nesterov and easgd take any law")
    return problem.data


def delayed_process(
    name: str,
    problem,
    parameters: dict,
    choices: Choices,
    step,
    *,
    eta: float,
    dt: float,
    init=None,
    momentum: float = 0.0,
) -> Process:
    """A process of this family, whose readable rule is `step`."""
    longest = choices.table.longest
    return Process(
        name=name,
        problem=problem,
        parameters=parameters,
        dt=dt,
        init=init or partial(frozen_past, longest),
        draw=choices.draw,
        step=step,
        observe=position,
        kernel=("delayed", "delayed_gradient"),
        arguments=partial(_arguments, problem, choices, longest, eta, momentum),
        stability=step_condition(problem, eta, momentum, ", and the less the staler the reads" if longest > 0 else ""),
    )


def _arguments(problem, choices: Choices, longest: int, eta: float, momentum: float, n_steps: int) -> tuple:
    batches = schedule(choices.batch, n_steps, "batch").astype(np.int64)
    return (
        problem.blocks.gradient.compiled,
        np.ascontiguousarray(problem.data, float),
        choices.table.entries,
        choices.table.index_bits,
        longest,
        rated(eta, choices.rates, n_steps) / batches,
        batches,
        momentum,
        choices.one_read,
    )
