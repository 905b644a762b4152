"""The limit: the random numbers of a workload as the kernels draw them, and nothing done with them."""

import numba
import numpy as np

from benchmarks.delayed import law
from stalegrad import geometric
from stalegrad.engine.alias import alias_table
from stalegrad.engine.blocks import BLOCK
from stalegrad.engine.compiled.build import OPTIONS
from stalegrad.engine.compiled.choices import draw_staleness
from stalegrad.engine.compiled.gamma import next_any, next_whole
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


def w2(workload, per_step=1):
    """One standard normal a step, or `per_step` of them."""
    normals = np.empty((4, BLOCK))

    def run(seed):
        _normals(np.uint64(seed), workload.n_paths, workload.n_steps * per_step, normals)

    return run


def w3(workload):
    """One standard normal a step, and a delay where it is random."""
    if not workload.is_random:
        return w2(workload)
    table = alias_table(law(workload).table)
    bits, normals, tau = np.uint64(table.index_bits), np.empty((4, BLOCK)), np.empty(BLOCK, np.uint32)

    def run(seed):
        _delays_and_normals(np.uint64(seed), workload.n_paths, workload.n_steps, table.entries, bits, tau, normals)

    return run


def w4(workload):
    """One standard normal for every dimension and step."""
    return w2(workload, per_step=workload.dim)


def w5(workload):
    """One gamma for every worker and step."""
    n_draws = workload.n_steps * workload.n_workers
    drawn, normals, words = np.empty(BLOCK), np.empty((4, BLOCK)), np.empty((5, BLOCK), np.uint32)

    def run(seed):
        if workload.shape == 0.5:
            _half_gammas(np.uint64(seed), workload.n_paths, n_draws, drawn, normals, words)
        elif workload.closed_form:
            _whole_gammas(np.uint64(seed), workload.n_paths, n_draws, workload.shape, drawn, words)
        else:
            _any_gammas(np.uint64(seed), workload.n_paths, n_draws, workload.shape, drawn, normals, words)

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


@numba.njit(**OPTIONS)
def _delays_and_normals(seed, n_paths, n_steps, entries, index_bits, tau, normals):
    words, tape = np.empty((4, BLOCK), np.uint32), np.zeros(1, np.uint64)
    choices, choice_tape = np.empty((4, BLOCK), np.uint32), np.zeros(1, np.uint64)
    index, entry = np.empty(BLOCK, np.uint32), np.empty(BLOCK, np.uint32)
    for block in range(0, n_paths, BLOCK):
        tape[0] = choice_tape[0] = np.uint64(0)
        for _ in range(n_steps):
            word = next_word(choice_tape, choices, seed, np.uint64(block))
            draw_staleness(word, entries, index_bits, index, entry, tau)
            next_normal(tape, normals, words, seed, np.uint64(block))


@numba.njit(**OPTIONS)
def _half_gammas(seed, n_paths, n_draws, drawn, normals, words):
    tape = np.zeros(1, np.uint64)
    for block in range(0, n_paths, BLOCK):
        tape[0] = np.uint64(0)
        for _ in range(n_draws):
            z = next_normal(tape, normals, words, seed, np.uint64(block))
            for p in range(BLOCK):
                drawn[p] = 0.5 * z[p] * z[p]


@numba.njit(**OPTIONS)
def _whole_gammas(seed, n_paths, n_draws, shape, drawn, words):
    tape = np.zeros(1, np.uint64)
    for block in range(0, n_paths, BLOCK):
        tape[0] = np.uint64(0)
        for _ in range(n_draws):
            next_whole(drawn, shape, 1.0, tape, words, seed, np.uint64(block))


@numba.njit(**OPTIONS)
def _any_gammas(seed, n_paths, n_draws, shape, drawn, normals, words):
    for block in range(0, n_paths, BLOCK):
        for number in range(np.uint64(n_draws)):
            next_any(drawn, shape, normals, words, seed, np.uint64(block), number)
