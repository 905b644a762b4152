"""Sums over the paths of a block, in an order that no machine's vector width changes.

A sum over a block is kept as LANES partial sums, entry p in lane p mod LANES; the driver adds these at
the end. The additions are spelled out as vector instructions, because a compiler may not reorder a sum by
itself, and would add number by number.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from stalegrad.engine.blocks import BLOCK, LANES
from stalegrad.engine.compiled.build import helper

ONE, POWERS = np.uint64(1), np.uint64(3)
VECTOR = ir.VectorType(ir.DoubleType(), LANES)


def _vectors(context, builder, array_type, array) -> list:
    """Pointers to the entries of an array of BLOCK or LANES numbers, LANES at a time."""
    data = context.make_array(array_type)(context, builder, array).data
    starts = range(0, BLOCK, LANES)
    return [builder.bitcast(builder.gep(data, [ir.Constant(ir.IntType(64), p)]), VECTOR.as_pointer()) for p in starts]


def _load(builder, pointers) -> list:
    return [builder.load(pointer, align=8) for pointer in pointers]


def _add(builder, terms, pointer):
    """Add the sum of all vectors, in pairs, to the one at `pointer`."""
    while len(terms) > 1:
        terms = [builder.fadd(a, b) for a, b in zip(terms[::2], terms[1::2])]
    builder.store(builder.fadd(builder.load(pointer, align=8), terms[0]), pointer, align=8)


@intrinsic
def add_powers(typingctx, x, first, second, fourth):
    """Add the sums over paths of x, x^2 and x^4 to the partial sums `first`, `second` and `fourth`."""

    def codegen(context, builder, signature, args):
        sources, *targets = (_vectors(context, builder, t, a) for t, a in zip(signature.args, args))
        values = _load(builder, sources)
        squares = [builder.fmul(v, v) for v in values]
        fourths = [builder.fmul(v, v) for v in squares]
        for terms, target in zip((values, squares, fourths), targets):
            _add(builder, terms, target[0])
        return context.get_dummy_value()

    return types.void(x, first, second, fourth), codegen


@intrinsic
def add_product(typingctx, x, y, sums):
    """Add the sum over paths of x y to the partial sums `sums`."""

    def codegen(context, builder, signature, args):
        xs, ys, target = (_vectors(context, builder, t, a) for t, a in zip(signature.args, args))
        _add(builder, [builder.fmul(a, b) for a, b in zip(_load(builder, xs), _load(builder, ys))], target[0])
        return context.get_dummy_value()

    return types.void(x, y, sums), codegen


@helper
def record(x, k, block, n_paths, sums, kept, seen):
    """Add the moments of step k over the paths asked for, and store the paths where `kept` has room for them.

    The moments are those of x_i, x_i^2, x_i^4 and x_i x_j (j < i), for i = 0, 1, ...; `seen` (d, BLOCK) is room to work in.
    """
    d, q, present = x.shape[0], np.uint64(0), n_paths - block
    if present < BLOCK:
        for i in range(d):
            for p in range(BLOCK):
                seen[i, p] = x[i, p] if p < present else 0.0
    counted = x if present >= BLOCK else seen
    for i in range(d):
        add_powers(counted[i], sums[k, q], sums[k, q + ONE], sums[k, q + ONE + ONE])
        q += POWERS
        for j in range(i):
            add_product(counted[i], counted[j], sums[k, q])
            q += ONE
    if kept.shape[0] > 0:
        for i in range(d):
            for p in range(BLOCK):
                kept[k, i, block + p] = x[i, p]
