"""The kernel of synchronous elastic averaging: p workers and a centre, with or without momentum."""

from __future__ import annotations

import numpy as np
from numba import boolean, float64, int64

from stalegrad.engine.blocks import BLOCK
from stalegrad.engine.compiled.build import BLOCK_FUNCTION, TABLE, helper, kernel
from stalegrad.engine.compiled.driver import DRIVER, add_scaled, copy, fill, look_ahead
from stalegrad.engine.compiled.laws import DRAW_FUNCTION, room
from stalegrad.engine.compiled.moments import record

CENTRE, AVERAGE, DOUBLE_AVERAGE, LOCAL = range(4)
"""What is recorded, in the order of `stalegrad.algorithms.elastic_state.OBSERVABLES`."""


@helper
def pull(x, centre, alpha):
    """x - alpha (x - centre), in place."""
    for i in range(x.shape[0]):
        for p in range(BLOCK):
            x[i, p] -= alpha * (x[i, p] - centre[i, p])


@helper
def descend(x, centre, slope, total, eta, alpha):
    """The Jacobi step of a worker; `total` collects x - centre before it."""
    for i in range(x.shape[0]):
        for p in range(BLOCK):
            gap = x[i, p] - centre[i, p]
            total[i, p] += gap
            x[i, p] -= eta * slope[i, p] + alpha * gap


@helper
def descend_after_pull(x, centre, slope, total, eta):
    """The gradient step of a worker that was pulled before; `total` collects x - centre after it."""
    for i in range(x.shape[0]):
        for p in range(BLOCK):
            x[i, p] -= eta * slope[i, p]
            total[i, p] += x[i, p] - centre[i, p]


@helper
def swing(x, v, centre, slope, total, eta, alpha, momentum):
    """v' = momentum v - eta slope, x' = x + v' - alpha (x - centre); `total` collects x - centre before it."""
    for i in range(x.shape[0]):
        for p in range(BLOCK):
            gap = x[i, p] - centre[i, p]
            total[i, p] += gap
            v[i, p] = momentum * v[i, p] - eta * slope[i, p]
            x[i, p] += v[i, p] - alpha * gap


@helper
def remember(double_average, centre, k):
    """(k double_average + centre) / (k + 1), in place."""
    for i in range(centre.shape[0]):
        for p in range(BLOCK):
            double_average[i, p] = (k * double_average[i, p] + centre[i, p]) / (k + 1.0)


@helper
def average(local, mean):
    """Mean over the workers."""
    for i in range(mean.shape[0]):
        for p in range(BLOCK):
            mean[i, p] = 0.0
    for worker in range(local.shape[0]):
        add_scaled(mean, 1.0 / local.shape[0], local[worker])


@helper
def holds(names, wanted):
    """Whether `wanted` is among the names."""
    found = False
    for n in range(len(names)):
        found = found or names[n] == wanted
    return found


@helper
def look(names, parts, seen):
    """The observables, one below the other in `seen`; `parts` holds all of them."""
    d = parts.shape[1]
    for n in range(len(names)):
        for i in range(d):
            for p in range(BLOCK):
                seen[n * d + i, p] = parts[names[n], i, p]


@helper
def begin(local, velocity, start, local0, nothing):
    """Workers at the start, or at the rows of local0 if it has any; velocities 0."""
    for i in range(local.shape[0]):
        if len(local0) > 0:
            fill(local[i], local0[i])
        else:
            fill(local[i], start)
    for i in range(velocity.shape[0]):
        fill(velocity[i], nothing)


@kernel(
    *DRIVER, BLOCK_FUNCTION, DRAW_FUNCTION, TABLE,
    TABLE, int64[::1], int64, int64, float64, float64, float64, float64, float64, boolean,
)  # fmt: skip
def elastic_gradient(
    seed, first_path, n_paths, start, sums, kept, final, stop, gradient, draw, table,
    local0, names, n_workers, n_steps, eta, alpha, beta, momentum, lookahead, gauss_seidel,
):  # fmt: skip
    """The rules of `stalegrad.algorithms.elastic`, for n_paths paths; gradients at x + lookahead v."""
    d, moving = len(start), momentum != 0.0
    local, velocity = np.empty((n_workers, d, BLOCK)), np.empty((n_workers if moving else 0, d, BLOCK))
    parts, total = np.empty((4, d, BLOCK)), np.empty((d, BLOCK))
    centre, mean, double_average = parts[CENTRE], parts[AVERAGE], parts[DOUBLE_AVERAGE]
    read, slope, z = np.empty((d, BLOCK)), np.empty((d, BLOCK)), np.empty((table.shape[1], BLOCK))
    work = np.empty((d * len(names), BLOCK))
    seen = np.empty((d * len(names), BLOCK)) if len(names) > 1 else parts[names[0]]
    nothing = np.zeros(d)
    tape, words, normals = room()
    averages, remembers, follows = holds(names, AVERAGE), holds(names, DOUBLE_AVERAGE), holds(names, LOCAL)
    for block in range(0, n_paths, BLOCK):
        path, number = first_path + np.uint64(block), np.uint64(0)
        tape[0] = np.uint64(0)
        begin(local, velocity, start, local0, nothing)
        fill(centre, start)
        fill(double_average, start)
        for k in range(n_steps + 1):
            if averages:
                average(local, mean)
            if follows:
                copy(local[0], parts[LOCAL], 0)
            if len(names) > 1:
                look(names, parts, seen)
            record(seen, k, block, n_paths, sums, kept, work)
            if stop[0] or k == n_steps:
                break
            if remembers:
                remember(double_average, centre, k)
            fill(total, nothing)
            for i in range(n_workers):
                x = local[i]
                draw(z, table, number, tape, words, normals, seed, path)
                number += np.uint64(1)
                if gauss_seidel:
                    pull(x, centre, alpha)
                    gradient(x, z, slope)
                    descend_after_pull(x, centre, slope, total, eta)
                elif moving:
                    look_ahead(x, velocity[i], lookahead, read)
                    gradient(read, z, slope)
                    swing(x, velocity[i], centre, slope, total, eta, alpha, momentum)
                else:
                    gradient(x, z, slope)
                    descend(x, centre, slope, total, eta, alpha)
            add_scaled(centre, beta / n_workers, total)
        copy(seen, final, block)
