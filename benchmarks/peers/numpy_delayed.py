"""W3 in NumPy: blocks of paths, buffers made once, ``out=`` everywhere, draws for many steps at a time, the fastest bit generator."""

from dataclasses import replace
from time import process_time

import numpy as np

from benchmarks.delayed import LAG

CHUNK = 40  # steps drawn at a time, for a random delay
BLOCKS = (128, 256, 512, 1_024, 2_560, 5_120)  # paths in a block: the fastest on this machine is used


def w3(workload):
    """Delays from ``Generator.integers``, noise from ``Generator.standard_normal``."""
    advance = _random if workload.is_random else _constant

    def time_of_a_path(block):
        few = replace(workload, n_paths=block)
        begin = process_time()
        advance(few, block, seed=0)
        return (process_time() - begin) / block

    sizes = [size for size in BLOCKS if workload.n_paths % size == 0]
    best = min(sizes, key=lambda size: min(time_of_a_path(size), time_of_a_path(size)))
    return lambda seed: advance(workload, best, seed)


def _constant(workload, block, seed):
    """With l = 10, the next 11 iterates read what is known: all their moves at once, then their sums one by one."""
    generator, size = np.random.Generator(np.random.SFC64(seed)), LAG + 1
    steps, sums = _sums(workload, size)
    past, moves = np.empty((size, block)), np.empty((size, block))
    for _ in range(workload.n_paths // block):
        past[:] = workload.start
        for first in range(1, steps, size):
            generator.standard_normal(out=moves)
            np.subtract(moves, past, out=moves)
            np.multiply(moves, 2 * workload.eta, out=moves)
            x = past[-1].copy()
            for move, row in zip(moves, past):
                x = np.add(x, move, out=row)
            _record(sums, first, past)
    return _means(sums, workload)


def _random(workload, block, seed):
    generator = np.random.Generator(np.random.SFC64(seed))
    steps, sums = _sums(workload, CHUNK)
    past = np.empty((CHUNK + workload.longest, block))  # the latest iterates of the chunk before, and this chunk
    noise, read, paths = np.empty((CHUNK, block)), np.empty(block), np.arange(block)
    newest = np.arange(workload.longest - 1, workload.longest - 1 + CHUNK)[:, None]
    for _ in range(workload.n_paths // block):
        past[:] = workload.start
        x = past[-1].copy()
        for first in range(1, steps, CHUNK):
            generator.standard_normal(out=noise)
            np.multiply(noise, 2 * workload.eta, out=noise)
            index = newest - generator.integers(0, workload.longest, (CHUNK, block), np.uint8, endpoint=True)
            np.multiply(index, block, out=index)
            np.add(index, paths, out=index)
            past[: workload.longest] = past[CHUNK:]
            rows = past[workload.longest :]
            for move, at, row in zip(noise, index, rows):
                np.take(past, at, out=read, mode="wrap")
                np.multiply(read, -2 * workload.eta, out=read)
                np.add(read, move, out=read)
                x = np.add(x, read, out=row)
            _record(sums, first, rows)
    return _means(sums, workload)


def _sums(workload, size):
    """First step that is not computed, a whole number of chunks from 1, and room for the sums."""
    steps = 1 + size * -(-workload.n_steps // size)
    return steps, np.zeros((2, steps))


def _record(sums, first, rows):
    steps = slice(first, first + len(rows))
    sums[0, steps] += rows.sum(axis=1)
    sums[1, steps] += np.einsum("kp,kp->k", rows, rows)


def _means(sums, workload):
    moments = sums[:, : workload.n_steps + 1] / workload.n_paths
    moments[:, 0] = workload.start, workload.start**2
    return moments
