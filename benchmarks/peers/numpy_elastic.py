"""W5 in NumPy: all workers of a block of replicas at once, buffers made once, ``out=`` everywhere, the fastest bit generator."""

from dataclasses import replace
from time import process_time

import numpy as np

BLOCKS = (25, 50, 100, 250, 500, 1_000, 2_500, 10_000)  # replicas in a block: the fastest on this machine is used
VARIABLES = 1_000, 250_000  # least and most local variables of a block that are tried


def w5(workload):
    """Gammas from ``Generator.standard_gamma``."""
    return _fastest_block(workload, lambda generator, xi: generator.standard_gamma(workload.shape, out=xi))


def w5_by_hand(workload):
    """Shape 1/2 as half a squared ``Generator.standard_normal``: the same law, cheaper."""

    def draw(generator, xi):
        generator.standard_normal(out=xi)
        np.multiply(xi, xi, out=xi)
        np.multiply(xi, 0.5, out=xi)

    return _fastest_block(workload, draw)


def _fastest_block(workload, draw):
    def time_of_a_replica(block):
        begin = process_time()
        _advance(replace(workload, n_paths=block), draw, block, seed=0)
        return (process_time() - begin) / block

    low, high = VARIABLES
    sizes = [size for size in BLOCKS if workload.n_paths % size == 0 and low <= size * workload.n_workers <= high]
    best = min(sizes, key=lambda size: min(time_of_a_replica(size), time_of_a_replica(size)))
    return lambda seed: _advance(workload, draw, best, seed)


def _advance(workload, draw, block, seed):
    generator = np.random.Generator(np.random.SFC64(seed))
    p, alpha, beta = workload.n_workers, workload.alpha, workload.beta
    sums = np.zeros((2, workload.n_steps + 1))
    local, xi = np.empty((p, block)), np.empty((p, block))
    centre, total, pull = np.empty(block), np.empty(block), np.empty(block)
    for _ in range(workload.n_paths // block):
        local[:], centre[:] = workload.start, workload.start
        for k in range(workload.n_steps + 1):
            sums[0, k] += centre.sum()
            sums[1, k] += centre @ centre
            if k == workload.n_steps:
                break
            draw(generator, xi)
            np.multiply(xi, -workload.eta / workload.shape, out=xi)
            np.add(xi, 1 - alpha, out=xi)
            np.add.reduce(local, axis=0, out=total)
            np.multiply(local, xi, out=local)
            np.multiply(centre, alpha, out=pull)
            np.add(local, pull, out=local)
            np.multiply(total, beta / p, out=total)
            np.multiply(centre, 1 - beta, out=centre)
            np.add(centre, total, out=centre)
    return sums / workload.n_paths
