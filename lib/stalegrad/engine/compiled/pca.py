"""The kernel of streaming PCA by asynchronous momentum SGD; the readable form is `stalegrad.algorithms.pca`.

It works in the basis of the eigenvectors, where the rows of the data are independent, y_i = sqrt(lambda_i) xi_i. The ring holds
h_k = Q^T v_k in slot k mod length; it is long enough for h_{k+1}, h_k, h_{k-1} and the oldest read, so a constant delay reads it in place.
Rows come in fours, as the generator fills them; rows beyond d have lambda = 0 and stay 0.
"""

from __future__ import annotations

import math

import numpy as np
from numba import boolean, float64, int64, uint32

from stalegrad.engine.blocks import BLOCK
from stalegrad.engine.compiled.build import TABLE, helper, kernel
from stalegrad.engine.compiled.choices import ONE, ZERO, draw_staleness
from stalegrad.engine.compiled.driver import DRIVER, copy, fill
from stalegrad.engine.compiled.laws import DRAW_FUNCTION, room
from stalegrad.engine.compiled.moments import record
from stalegrad.engine.compiled.philox import next_word

ERROR, DISTANCE2, TAIL2, NORM2, COORDINATES = range(5)
"""What is recorded, in the order of `stalegrad.algorithms.pca.OBSERVABLES`."""

WIDTH = np.uint64(BLOCK)


@helper
def to_eigenbasis(rotation, v, rows):
    """Q^T v, followed by zeros."""
    h = np.zeros(rows)
    h[: len(v)] = v
    for i in range(rotation.shape[0]):
        h[i] = 0.0
        for j in range(rotation.shape[0]):
            h[i] += rotation[j, i] * v[j]
    return h


@helper
def gather_old(ring, slot_now, tau, index, read):
    """h_{k - tau} of each path, with h_k in slot_now."""
    slots, now, d = np.uint64(ring.shape[0]), np.uint64(slot_now), np.uint64(ring.shape[1])
    flat = ring.reshape(ring.size)
    for p in range(WIDTH):
        slot = now + slots - np.uint64(tau[p])
        slot = slot - slots if slot >= slots else slot
        index[p] = slot * d * WIDTH + p
    for i in range(read.shape[0]):
        first = np.uint64(i) * WIDTH
        for p in range(BLOCK):
            read[i, p] = flat[first + index[p]]


@helper
def project(xi, roots, w, first, share):
    """Add y_i w_i for i = first, ..., first + 3 to `share`, path by path; for the first four rows, begin with 0."""
    r0, r1, r2, r3 = roots[first], roots[first + 1], roots[first + 2], roots[first + 3]
    for p in range(BLOCK):
        pair = r0 * xi[first, p] * w[first, p] + r1 * xi[first + 1, p] * w[first + 1, p]
        four = pair + (r2 * xi[first + 2, p] * w[first + 2, p] + r3 * xi[first + 3, p] * w[first + 3, p])
        share[p] = four if first == 0 else share[p] + four


@helper
def move(h, before, w, xi, roots, share, momentum, eta, new):
    """new = h + momentum (h - before) + eta (y - w share) share, that is eta (1 - w w^T) y y^T w."""
    for i in range(xi.shape[0]):
        root = roots[i]
        for p in range(BLOCK):
            slope = share[p] * (root * xi[i, p] - w[i, p] * share[p])
            new[i, p] = h[i, p] + momentum * (h[i, p] - before[i, p]) + eta * slope


@helper
def look(h, d, names, tail2, seen):
    """The observables of h, one below the other in `seen`; `tail2` is room for h_2^2 + ... + h_d^2."""
    for p in range(BLOCK):
        tail2[p] = h[1, p] * h[1, p] + h[2, p] * h[2, p] + h[3, p] * h[3, p]
    for i in range(4, h.shape[0], 4):
        for p in range(BLOCK):
            first = h[i, p] * h[i, p] + h[i + 1, p] * h[i + 1, p]
            tail2[p] += first + (h[i + 2, p] * h[i + 2, p] + h[i + 3, p] * h[i + 3, p])
    row = 0
    for n in range(len(names)):
        if names[n] == COORDINATES:
            for i in range(d):
                for p in range(BLOCK):
                    seen[row, p] = h[i, p]
                row += 1
        else:
            measure(h[0], tail2, names[n], seen[row])
            row += 1


@helper
def measure(leading, tail2, name, out):
    """One number of each path, from h_1 and h_2^2 + ... + h_d^2."""
    if name == ERROR:
        for p in range(BLOCK):
            out[p] = tail2[p] / (leading[p] * leading[p] + tail2[p])
    elif name == DISTANCE2:
        for p in range(BLOCK):
            gap = math.fabs(leading[p]) - 1.0
            out[p] = tail2[p] + gap * gap
    elif name == TAIL2:
        for p in range(BLOCK):
            out[p] = tail2[p]
    else:
        for p in range(BLOCK):
            out[p] = leading[p] * leading[p] + tail2[p]


@kernel(
    *DRIVER, DRAW_FUNCTION, float64[::1],
    uint32[::1], int64, int64, boolean, int64[::1], TABLE, float64, float64, int64,
)  # fmt: skip
def streaming_pca(
    seed, first_path, n_paths, start, sums, kept, final, stop, draw, roots,
    entries, index_bits, longest, random, names, rotation, momentum, eta, n_steps,
):  # fmt: skip
    """(5) for n_paths paths. The delay is always `longest` unless it is random; without a rotation the table is empty."""
    d, rows, columns = len(start), len(roots), final.shape[0]
    first_h, nothing = to_eigenbasis(rotation, start, rows), np.empty((0, BLOCK))
    oldest = min(longest, n_steps)
    ring = np.empty((max(oldest, 1) + 2, rows, BLOCK))
    length = ring.shape[0]
    xi, read, share = np.empty((rows, BLOCK)), np.empty((rows, BLOCK)), np.empty(BLOCK)
    seen, work, tail2 = np.empty((columns, BLOCK)), np.empty((columns, BLOCK)), np.empty(BLOCK)
    tape, words, normals = room()
    choices, choice_words = np.zeros(1, np.uint64), np.empty((4, BLOCK), np.uint32)
    tau, index, entry = np.empty(BLOCK, np.uint32), np.empty(BLOCK, np.uint64), np.empty(BLOCK, np.uint32)
    for block in range(0, n_paths, BLOCK):
        path, before, now, group = first_path + np.uint64(block), length - 1, 0, np.uint64(0)
        choices[0] = ZERO
        for slot in range(length):
            fill(ring[slot], first_h)
        for k in range(n_steps + 1):
            look(ring[now], d, names, tail2, seen)
            record(seen, k, block, n_paths, sums, kept, work)
            if stop[0] or k == n_steps:
                break
            w = ring[now - oldest if now >= oldest else now - oldest + length]
            if random:
                draw_staleness(next_word(choices, choice_words, seed, path), entries, np.uint64(index_bits), index, entry, tau)
                for p in range(BLOCK):
                    tau[p] = min(tau[p], np.uint32(oldest))
                gather_old(ring, now, tau, index, read)
                w = read
            for i in range(0, rows, 4):
                draw(xi[i : i + 4], nothing, group, tape, words, normals, seed, path)
                project(xi, roots, w, i, share)
                group += ONE
            ahead = now + 1 if now + 1 < length else 0
            move(ring[now], ring[before], w, xi, roots, share, momentum, eta, ring[ahead])
            before, now = now, ahead
        copy(seen, final, block)
