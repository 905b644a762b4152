"""The kernel of asynchronous elastic averaging: in every step one worker of each path acts, with or without momentum."""

from __future__ import annotations

import numpy as np
from numba import boolean, float64, int64

from stalegrad.engine.blocks import BLOCK
from stalegrad.engine.compiled.build import BLOCK_FUNCTION, TABLE, helper, kernel
from stalegrad.engine.compiled.driver import DRIVER, copy, fill
from stalegrad.engine.compiled.elastic import average, look, look_ahead
from stalegrad.engine.compiled.laws import DRAW_FUNCTION, room
from stalegrad.engine.compiled.moments import record
from stalegrad.engine.compiled.philox import FOUR, HALF, draw_words
from stalegrad.engine.streams import SCHEDULE

CENTRE, AVERAGE, LOCAL = range(3)
"""What is recorded, in the order of `stalegrad.algorithms.turns.OBSERVABLES`."""

WIDTH = np.uint64(BLOCK)


@helper
def choose_worker(worker, words, k, n_workers, in_turn, seed, path):
    """Who acts in step k of every path: k mod p, or word k of the stream of schedules scaled to 0, ..., p - 1."""
    row = np.uint64(k) % FOUR
    if in_turn:
        for p in range(BLOCK):
            worker[p] = np.uint64(k % n_workers)
    else:
        if row == np.uint64(0):
            draw_words(words, seed, path, np.uint64(k) // FOUR, np.uint64(SCHEDULE))
        for p in range(BLOCK):
            worker[p] = (np.uint64(words[row, p]) * np.uint64(n_workers)) >> HALF


@helper
def gather(flat, worker, d, own):
    """The rows (d, BLOCK) of each path's worker in a flat (workers, d, BLOCK)."""
    for i in range(np.uint64(d)):
        for p in range(WIDTH):
            own[i, p] = flat[(worker[p] * np.uint64(d) + i) * WIDTH + p]


@helper
def scatter(own, worker, d, flat):
    """The rows back to their places."""
    for i in range(np.uint64(d)):
        for p in range(WIDTH):
            flat[(worker[p] * np.uint64(d) + i) * WIDTH + p] = own[i, p]


@helper
def tick(clock, worker, period, rate, alpha):
    """`rate` is alpha where the worker's period begins, else 0; `clock` counts its local steps modulo the period."""
    for p in range(WIDTH):
        place = worker[p] * WIDTH + p
        rate[p] = alpha if clock[place] == 0 else 0.0
        clock[place] = clock[place] + 1 if clock[place] + 1 < period else 0


@helper
def exchange(x, v, centre, slope, rate, eta, momentum):
    """v' = momentum v - eta slope, x' = x + v' - rate (x - centre), centre' = centre + rate (x - centre).

    Where the rate is 0 nothing is exchanged, not even a worker that has diverged (0 times which is no number).
    """
    for i in range(x.shape[0]):
        for p in range(BLOCK):
            pull = rate[p] * (x[i, p] - centre[i, p]) if rate[p] != 0.0 else 0.0
            v[i, p] = momentum * v[i, p] - eta * slope[i, p]
            x[i, p] += v[i, p] - pull
            centre[i, p] += pull


@kernel(
    *DRIVER, BLOCK_FUNCTION, DRAW_FUNCTION, TABLE,
    int64[::1], int64, int64, int64, boolean, float64, float64, float64,
)  # fmt: skip
def one_worker_a_step(
    seed, first_path, n_paths, start, sums, kept, final, stop, gradient, draw, table,
    names, n_workers, n_steps, period, in_turn, eta, alpha, momentum,
):  # fmt: skip
    """The rules of `stalegrad.algorithms.asynchronous`, for n_paths paths."""
    d, nothing = len(start), np.zeros(len(start))
    local, velocity = np.empty((n_workers, d, BLOCK)), np.zeros((n_workers if momentum != 0.0 else 1, d, BLOCK))
    flat, flat_velocity = local.reshape(-1), velocity.reshape(-1)
    parts = np.empty((3, d, BLOCK))
    centre, mean, first = parts[CENTRE], parts[AVERAGE], parts[LOCAL]
    x, v, read, slope = np.empty((d, BLOCK)), np.empty((d, BLOCK)), np.empty((d, BLOCK)), np.empty((d, BLOCK))
    clock, worker, rate = np.empty(n_workers * BLOCK, np.int64), np.empty(BLOCK, np.uint64), np.empty(BLOCK)
    z, turns = np.empty((table.shape[1], BLOCK)), np.empty((4, BLOCK), np.uint32)
    seen, work = np.empty((d * len(names), BLOCK)), np.empty((d * len(names), BLOCK))
    tape, words, normals = room()
    averages = (names == AVERAGE).any()
    for block in range(0, n_paths, BLOCK):
        path = first_path + np.uint64(block)
        tape[0] = np.uint64(0)
        clock[:] = 0
        velocity[:] = 0.0
        fill(centre, start)
        for i in range(n_workers):
            fill(local[i], start)
        for k in range(n_steps + 1):
            if averages:
                average(local, mean)
            copy(local[0], first, 0)
            look(names, parts, seen)
            record(seen, k, block, n_paths, sums, kept, work)
            if stop[0] or k == n_steps:
                break
            choose_worker(worker, turns, k, n_workers, in_turn, seed, path)
            tick(clock, worker, period, rate, alpha)
            gather(flat, worker, d, x)
            draw(z, table, np.uint64(k), tape, words, normals, seed, path)
            if momentum != 0.0:
                gather(flat_velocity, worker, d, v)
                look_ahead(x, v, momentum, read)
                gradient(read, z, slope)
            else:
                fill(v, nothing)  # else 0 times what another worker or path has left there
                gradient(x, z, slope)
            exchange(x, v, centre, slope, rate, eta, momentum)
            scatter(x, worker, d, flat)
            if momentum != 0.0:
                scatter(v, worker, d, flat_velocity)
        copy(seen, final, block)
