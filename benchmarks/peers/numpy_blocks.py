"""NumPy: blocks of paths, buffers made once, ``out=`` everywhere, draws for many steps at a time, the fastest bit generator."""

from functools import partial
from math import log
from time import process_time

import numpy as np

CHUNK = 40  # steps drawn at a time
SLOTS = 11 * CHUNK  # ring of past iterates; a staleness beyond it has probability μ^440 < 2e-10
BLOCKS = (640, 1_280, 2_560, 5_120)  # paths in a block: the fastest on this machine is used


def w1(workload):
    """Staleness from ``Generator.geometric``, component from ``Generator.integers``."""
    return _fastest_block(_w1, partial(_library_draws, workload), workload)


def w1_by_hand(workload):
    """Staleness as the integer part of an exponential, 8 components from a random byte: the same laws, cheaper."""
    return _fastest_block(_w1, partial(_cheap_draws, workload), workload)


def w2(workload):
    """Euler-Maruyama with ``Generator.standard_normal``."""
    return _fastest_block(_w2, None, workload)


def _fastest_block(advance, draws, workload):
    def cpu_time(block):
        begin = process_time()
        advance(workload, draws, block, seed=0)
        return process_time() - begin

    sizes = [size for size in BLOCKS if workload.n_paths % size == 0]
    best = min(sizes, key=lambda size: min(cpu_time(size), cpu_time(size)))
    return lambda seed: advance(workload, draws, best, seed)


def _generator(seed):
    return np.random.Generator(np.random.SFC64(seed))


def _library_draws(workload, generator, staleness, kick):
    np.subtract(generator.geometric(1 - workload.mu, staleness.shape), 1, out=staleness)
    np.multiply(generator.integers(0, 2, kick.shape, dtype=np.uint8), 4 * workload.eta, out=kick)


def _cheap_draws(workload, generator, staleness, kick):
    generator.standard_exponential(out=kick)
    np.multiply(kick, -1 / log(workload.mu), out=staleness, casting="unsafe")
    signs = np.unpackbits(np.frombuffer(generator.bytes(kick.size // 8), np.uint8))
    np.multiply(signs.reshape(kick.shape), 4 * workload.eta, out=kick)


def _w1(workload, draw, block, seed):
    generator = _generator(seed)
    sums = np.zeros((2, workload.n_steps + 1))
    past = np.empty((SLOTS, block))  # x_k lies in row (k - 1) mod SLOTS
    index = np.empty((CHUNK, block), np.int64)
    kick = np.empty((CHUNK, block))
    read = np.empty(block)
    paths = np.arange(block)
    for _ in range(workload.n_paths // block):
        past[:] = workload.start
        x = past[-1]
        for first in range(0, workload.n_steps, CHUNK):
            rows = past[first % SLOTS : first % SLOTS + CHUNK]
            draw(generator, index, kick)
            np.subtract(kick, 2 * workload.eta, out=kick)  # 2 η c_γ
            newest = np.arange(CHUNK)[:, None] + (first % SLOTS - 1)
            np.subtract(newest, index, out=index)
            np.multiply(index, block, out=index)
            np.add(index, paths, out=index)
            for j in range(CHUNK):
                np.take(past, index[j], out=read, mode="wrap")
                np.multiply(read, -2 * workload.eta, out=read)
                np.add(read, kick[j], out=read)
                x = np.add(x, read, out=rows[j])
            steps = slice(first + 1, first + CHUNK + 1)
            sums[0, steps] += rows.sum(axis=1)
            sums[1, steps] += np.einsum("kp,kp->k", rows, rows)
    return _means(sums, workload)


def _w2(workload, _, block, seed):
    generator = _generator(seed)
    mu, dt, friction = workload.mu, workload.dt, workload.friction
    noise_scale = workload.noise * dt**0.5
    sums = np.zeros((2, workload.n_steps + 1))
    normals = np.empty((CHUNK, block))
    rows = np.empty((CHUNK, block))
    w = np.empty(block)
    for _ in range(workload.n_paths // block):
        start, y, sigma = (np.full(block, value) for value in workload.sde_start)
        x = start
        for first in range(0, workload.n_steps, CHUNK):
            generator.standard_normal(out=normals)
            np.multiply(normals, noise_scale, out=normals)
            for normal, row in zip(normals, rows):
                step = np.sqrt(sigma, out=row)
                np.multiply(step, normal, out=step)
                np.add(step, x, out=step)
                np.multiply(x, 2 / friction, out=w)
                np.add(w, y, out=w)  # (∇f(X) + friction Y) / friction
                np.multiply(y, dt, out=normal)
                x = np.add(step, normal, out=row)
                np.multiply(w, dt * friction, out=normal)
                np.subtract(y, normal, out=y)
                np.multiply(w, w, out=w)
                np.multiply(w, (1 - mu) * friction**2 / mu, out=w)
                np.add(w, 4 * (1 - mu), out=w)
                np.multiply(sigma, mu, out=sigma)
                np.add(sigma, w, out=sigma)
            np.copyto(start, x)
            x = start
            steps = slice(first + 1, first + CHUNK + 1)
            sums[0, steps] += rows.sum(axis=1)
            sums[1, steps] += np.einsum("kp,kp->k", rows, rows)
    return _means(sums, workload)


def _means(sums, workload):
    moments = sums / workload.n_paths
    moments[:, 0] = workload.start, workload.start**2
    return moments
