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

WIDTH, ONE_LANE, THREE_LANES = np.uint64(BLOCK), np.uint64(LANES), np.uint64(3 * LANES)
VECTOR = ir.VectorType(ir.DoubleType(), LANES)


def _vectors(context, builder, array_type, array, first, count) -> list:
    """Pointers to `count` numbers of an array from entry `first` on, LANES at a time."""
    if array_type.layout != "C":
        raise TypeError(f"moments are taken of C-contiguous blocks, not of {array_type}")
    data = builder.gep(context.make_array(array_type)(context, builder, array).data, [first])
    starts = range(0, count, LANES)
    return [builder.bitcast(builder.gep(data, [ir.Constant(ir.IntType(64), p)]), VECTOR.as_pointer()) for p in starts]


def _sums(builder, terms, pointers) -> list:
    """Sums of what `terms` makes of each vector, in pairs of pairs, depth first: few are held in registers at a time."""
    if len(pointers) == 1:
        return terms(pointers[0])
    half = len(pointers) // 2
    parts = (_sums(builder, terms, part) for part in (pointers[:half], pointers[half:]))
    return [builder.fadd(a, b) for a, b in zip(*parts)]


def _load(builder, pointer):
    return builder.load(pointer, align=8)


def _add(builder, value, pointer):
    builder.store(builder.fadd(_load(builder, pointer), value), pointer, align=8)


@intrinsic
def add_powers(typingctx, x, entry, sums, place):
    """Add the sums over paths of x, x^2 and x^4, the BLOCK numbers from `entry` on, to those from `place` on, LANES numbers each."""

    def codegen(context, builder, signature, args):
        types_, (x, entry, sums, place) = signature.args, args
        blocks = _vectors(context, builder, types_[0], x, entry, BLOCK)
        targets = _vectors(context, builder, types_[2], sums, place, 3 * LANES)

        def powers(pointer):
            value = _load(builder, pointer)
            square = builder.fmul(value, value)
            return value, square, builder.fmul(square, square)

        for total, target in zip(_sums(builder, powers, blocks), targets):
            _add(builder, total, target)
        return context.get_dummy_value()

    return types.void(x, types.uint64, sums, types.uint64), codegen


@intrinsic
def add_product(typingctx, x, first, second, sums, place):
    """Add the sum over paths of products, of the BLOCK numbers of x from `first` and from `second` on, to `sums`."""

    def codegen(context, builder, signature, args):
        types_, (x, first, second, sums, place) = signature.args, args
        pairs = list(zip(*(_vectors(context, builder, types_[0], x, entry, BLOCK) for entry in (first, second))))
        target = _vectors(context, builder, types_[3], sums, place, LANES)[0]

        def product(pointers):
            a, b = (_load(builder, pointer) for pointer in pointers)
            return [builder.fmul(a, b)]

        _add(builder, _sums(builder, product, pairs)[0], target)
        return context.get_dummy_value()

    return types.void(x, types.uint64, types.uint64, sums, types.uint64), codegen


@helper
def add_moments(x, k, sums):
    """Add the moments of a block to those of step k: x_i, x_i^2, x_i^4 and x_i x_j (j < i), for i = 0, 1, ..."""
    place = np.uint64(k * sums.shape[1] * LANES)
    for i in range(np.uint64(x.shape[0])):
        add_powers(x, i * WIDTH, sums, place)
        place += THREE_LANES
        for j in range(i):
            add_product(x, i * WIDTH, j * WIDTH, sums, place)
            place += ONE_LANE


@helper
def record(x, k, block, n_paths, sums, kept, seen):
    """Add the moments of step k over the paths asked for, and store the paths where `kept` has room for them.

    `seen` (d, BLOCK) is room to work in. No row of an array is passed on: each would count references, which costs more than a sum.
    """
    d, present = x.shape[0], n_paths - block
    if present < BLOCK:
        for i in range(d):
            for p in range(BLOCK):
                seen[i, p] = x[i, p] if p < present else 0.0
        add_moments(seen, k, sums)
    else:
        add_moments(x, k, sums)
    if kept.shape[0] > 0:
        for i in range(d):
            for p in range(BLOCK):
                kept[k, i, block + p] = x[i, p]
