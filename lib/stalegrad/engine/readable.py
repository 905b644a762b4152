"""Processes without a compiled kernel: the driver's unit of work, done by the readable rule.

It has the arguments of a kernel and the same effect: the same random numbers, moments summed over the same units, and
every path the same whoever its neighbours are.
"""

from __future__ import annotations

import numpy as np

from stalegrad.engine.blocks import BLOCK
from stalegrad.engine.process import Process
from stalegrad.engine.streams import BufferedTape


def run_reference(seed, first_path, n_paths: int, start, sums, kept, final, stop, process: Process, n_steps: int) -> None:
    """Advance n_paths paths; fill lane 0 of `sums`, and `kept` and `final`, as the kernels do."""
    width = -(-n_paths // BLOCK) * BLOCK
    tape = BufferedTape(int(seed), first_path + np.arange(width, dtype=np.uint64))
    with np.errstate(all="ignore"):  # divergence is a result
        state = process.init(np.repeat(start[:, None], width, axis=1))
        for k in range(n_steps + 1):
            x = process.observe(state)
            sums[k, :, 0] = power_sums(x[:, :n_paths])
            if len(kept):
                kept[k, :, :width] = x
            if stop[0] or k == n_steps:
                break
            state = process.step(state, process.draw(tape, k))
    final[:, :width] = x


def power_sums(x: np.ndarray) -> np.ndarray:
    """Sums over paths of x_i, x_i^2, x_i^4 and x_i x_j (j < i), for i = 0, 1, ..."""
    squares = x * x
    rows = []
    for i in range(len(x)):
        rows += [x[i].sum(), squares[i].sum(), (squares[i] * squares[i]).sum(), *(x[:i] * x[i]).sum(axis=1)]
    return np.array(rows)
