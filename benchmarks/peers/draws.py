"""The limit: the random numbers of a workload as the kernels draw them, and nothing done with them."""

import numba
import numpy as np

from stalegrad import geometric
from stalegrad.engine.alias import alias_table
from stalegrad.engine.blocks import BLOCK
from stalegrad.engine.compiled.build import OPTIONS
from stalegrad.engine.compiled.delayed import draw_staleness
from stalegrad.engine.compiled.philox import next_normal, next_word

ONE = np.uint64(1)


def w1(workload):
    """Staleness and component of every step."""
    table = alias_table(geometric(workload.mu).table)
    bits = np.uint64(table.index_bits)
    tau, component = np.empty(BLOCK, np.uint64), np.empty(BLOCK, np.uint64)

    def run(seed):
        _choices(np.uint64(seed), workload.n_paths, workload.n_steps, table.entries, bits, tau, component)

    return run


def w2(workload):
    """One standard normal a step."""
    normals = np.empty((4, BLOCK))

    def run(seed):
        _normals(np.uint64(seed), workload.n_paths, workload.n_steps, normals)

    return run


@numba.njit(**OPTIONS)
def _choices(seed, n_paths, n_steps, entries, index_bits, tau, component):
    words, tape = np.empty((4, BLOCK), np.uint32), np.zeros(1, np.uint64)
    index, entry = np.empty(BLOCK, np.uint64), np.empty(BLOCK, np.uint64)
    for block in range(0, n_paths, BLOCK):
        tape[0] = np.uint64(0)
        for _ in range(n_steps):
            word = next_word(tape, words, seed, np.uint64(block))
            draw_staleness(word, entries, index_bits, index, entry, tau)
            for p in range(BLOCK):
                component[p] = np.uint64(word[p]) & ONE


@numba.njit(**OPTIONS)
def _normals(seed, n_paths, n_steps, normals):
    words, tape = np.empty((4, BLOCK), np.uint32), np.zeros(1, np.uint64)
    for block in range(0, n_paths, BLOCK):
        tape[0] = np.uint64(0)
        for _ in range(n_steps):
            next_normal(tape, normals, words, seed, np.uint64(block))
