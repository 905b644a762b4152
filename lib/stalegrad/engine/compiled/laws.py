"""Data rows by their law, a block of paths at a time; the readable form is `stalegrad.problems.laws`.

Each law is one function `draw(z, table, number, tape, words, normals, seed, path)` that fills z (m, BLOCK) with row
`number` of every path. Rows are drawn in order, from a tape that starts at 0. Kernels take it as a pointer, so they are
compiled without the generators, and a law is compiled once for all of them.
"""

from __future__ import annotations

from functools import cache

import numba
import numpy as np
from numba import types, uint32, uint64

from stalegrad.engine.blocks import BLOCK
from stalegrad.engine.compiled.build import OPTIONS, TABLE, helper, stamped
from stalegrad.engine.compiled.choices import choose_row
from stalegrad.engine.compiled.driver import fill
from stalegrad.engine.compiled.gamma import next_any, next_whole
from stalegrad.engine.compiled.philox import next_normal, next_word
from stalegrad.engine.streams import WHOLE_SHAPES

SIGNATURE = types.void(TABLE, TABLE, uint64, uint64[::1], types.Array(uint32, 2, "C"), TABLE, uint64, uint64)
DRAW_FUNCTION = types.FunctionType(SIGNATURE)


def draw_rows(z, table, number, tape, words, normals, seed, path):
    """A row of a table, each as likely; the last row of `words` is room for their numbers."""
    if len(table) > 1:
        choose_row(next_word(tape, words, seed, path), table, words[4], z)
    else:
        fill(z, table[0])


def draw_normal(z, table, number, tape, words, normals, seed, path):
    """Location in row 0 of the table, plus the factor below it times standard normals."""
    fill(z, table[0])
    for j in range(z.shape[0]):
        n = next_normal(tape, normals, words, seed, path)
        for i in range(z.shape[0]):
            share = table[1 + i, j]
            for p in range(BLOCK):
                z[i, p] += share * n[p]


def draw_half_gamma(z, table, number, tape, words, normals, seed, path):
    """A gamma of shape 1/2; the table holds shape and scale."""
    n, half = next_normal(tape, normals, words, seed, path), 0.5 * table[1, 0]
    for p in range(BLOCK):
        z[0, p] = n[p] * n[p] * half


def draw_whole_gamma(z, table, number, tape, words, normals, seed, path):
    """A gamma of shape 1, 2, 3 or 4."""
    next_whole(z[0], table[0, 0], table[1, 0], tape, words, seed, path)


def draw_any_gamma(z, table, number, tape, words, normals, seed, path):
    """A gamma of any shape."""
    next_any(z[0], table[0, 0], normals, words, seed, path, number)
    for p in range(BLOCK):
        z[0, p] *= table[1, 0]


@helper
def room():
    """What a tape needs: its counter (to be set to 0), words of a call and a row beside them, normals of a call."""
    return np.empty(1, np.uint64), np.empty((5, BLOCK), np.uint32), np.empty((4, BLOCK))


def gamma_drawer(shape: float):
    """Which of the functions above draws a gamma of this shape."""
    return draw_half_gamma if shape == 0.5 else draw_whole_gamma if shape in WHOLE_SHAPES else draw_any_gamma


@cache
def compiled(function):
    """The pointer that kernels take for one of the functions above; compiled, or loaded from disk, at first use."""
    return numba.cfunc(SIGNATURE, cache=True, **OPTIONS)(stamped(function))
