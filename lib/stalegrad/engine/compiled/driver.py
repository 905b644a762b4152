"""What all kernels share: the driver's arguments, and moving blocks about."""

from __future__ import annotations

from numba import float64, int64, types, uint8, uint64

from stalegrad.engine.blocks import BLOCK
from stalegrad.engine.compiled.build import TABLE, helper

CUBE = types.Array(float64, 3, "C")

DRIVER = (uint64, uint64, int64, float64[::1], CUBE, CUBE, TABLE, uint8[::1])
"""seed, first_path, n_paths, start (d,), sums (steps + 1, moments, LANES), kept (steps + 1 or 0, d, paths), final (d, paths), stop.

`kept` and `final` are as wide as whole blocks. A kernel ends soon after another thread sets stop[0].
"""


@helper
def fill(table, values):
    """Row i of `table` becomes values[i]."""
    for i in range(table.shape[0]):
        for p in range(BLOCK):
            table[i, p] = values[i]


@helper
def copy(table, out, block):
    """Columns block, block + 1, ... of `out` become `table`."""
    for i in range(table.shape[0]):
        for p in range(BLOCK):
            out[i, block + p] = table[i, p]


@helper
def add(slope, total):
    """total + slope, in place."""
    for i in range(total.shape[0]):
        for p in range(BLOCK):
            total[i, p] += slope[i, p]


@helper
def advance(x, v, total, momentum, rate):
    """v' = momentum v - rate total, x' = x + v'."""
    for i in range(x.shape[0]):
        for p in range(BLOCK):
            v[i, p] = momentum * v[i, p] - rate * total[i, p]
            x[i, p] += v[i, p]


@helper
def look_ahead(x, v, share, read):
    """x + share v."""
    for i in range(x.shape[0]):
        for p in range(BLOCK):
            read[i, p] = x[i, p] + share * v[i, p]


@helper
def add_scaled(x, share, total):
    """x + share total, in place."""
    for i in range(x.shape[0]):
        for p in range(BLOCK):
            x[i, p] += share * total[i, p]
