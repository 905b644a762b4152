"""Kernels that make whole numbers and sums of draws, at the words and block borders where an error of one would show."""

import numba
import numpy as np
import pytest

from stalegrad.engine.alias import WORD_BITS, alias_table
from stalegrad.engine.blocks import BLOCK
from stalegrad.engine.compiled.build import OPTIONS
from stalegrad.engine.compiled.choices import choose_row, draw_staleness
from stalegrad.engine.compiled.gamma import repeat
from stalegrad.engine.draws import sum_choices, sum_gammas, sum_normals
from stalegrad.engine.streams import ATTEMPT, GAMMAS, Tape

N_PATHS = 2 * BLOCK + 5
TAPE = Tape(2**40 + 3, np.arange(3 * BLOCK, dtype=np.uint64))


@numba.njit(**OPTIONS)
def staleness_of(word, entries, index_bits):
    index, entry, tau = np.empty(BLOCK, np.uint64), np.empty(BLOCK, np.uint64), np.empty(BLOCK, np.uint64)
    draw_staleness(word, entries, np.uint64(index_bits), index, entry, tau)
    return tau


@numba.njit(**OPTIONS)
def rows_of(word, data):
    index, z = np.empty(BLOCK, np.uint64), np.empty((data.shape[1], BLOCK))
    choose_row(word, data, index, z)
    return z


@numba.njit(**OPTIONS)
def repeated(drawn, row, shape, seed, group):
    d = shape - 1.0 / 3.0
    proposed, waiting = np.empty(BLOCK), np.empty(BLOCK, np.uint32)
    repeat(drawn, row, proposed, waiting, 1.0 / np.sqrt(9.0 * d), d, seed, np.uint64(0), group)
    return drawn


class SecondAttempts(Tape):
    """A tape on which the first attempt of a rejection method is the second of others."""

    def call(self, group, stream):
        return super().call(group, stream + ATTEMPT * (stream >= GAMMAS))


def padded(words):
    """As one block of words."""
    return np.resize(np.asarray(words, np.uint64), BLOCK).astype(np.uint32)


@pytest.mark.parametrize("pmf", [[0.5, 0.125, 0.375], 0.3 * 0.7 ** np.arange(12), [0.1, 0.9]], ids=len)
def test_a_bucket_is_split_exactly_at_its_threshold(pmf):
    """The last word below each threshold, the threshold itself, and the ends of each bucket; the lowest bit is another's."""
    table = alias_table(pmf)
    rest_bits = WORD_BITS - table.index_bits
    firsts = np.arange(len(table.entries)) << rest_bits
    thresholds = firsts + (table.entries.astype(np.int64) >> table.index_bits)
    words = np.concatenate([firsts, thresholds - 1, thresholds, firsts + 2**rest_bits - 1]).clip(0, 2**WORD_BITS - 1)
    for lowest in (0, 1):
        tau = staleness_of(padded(2 * words + lowest), table.entries, table.index_bits)[: len(words)]
        assert np.array_equal(tau, table.draw(words))


@pytest.mark.parametrize("n", [3, 7, 100])
def test_a_row_is_split_exactly_where_it_should_be(n):
    """Row i belongs to the words from ceil(i 2^32 / n) on, up to the next."""
    firsts = [-(-(i * 2**32) // n) for i in range(n)]
    for shift, expected in ((0, np.arange(n)), (-1, np.arange(n) - 1)):
        words = [first + shift for first in firsts if first + shift >= 0]
        drawn = rows_of(padded(words), np.arange(n, dtype=float)[:, None])[0, : len(words)]
        assert np.array_equal(drawn, expected[-len(words) :])
    assert rows_of(padded([2**32 - 1]), np.arange(n, dtype=float)[:, None])[0, 0] == n - 1


@pytest.mark.parametrize("n", [1, 2, 3])
def test_sums_of_choices_over_several_blocks(n):
    pmf, per_step = 0.3 * 0.7 ** np.arange(12), 1 if n <= 2 else 2
    words = TAPE.words(0, 5 * per_step)
    component = {1: 0 * words, 2: words & np.uint64(1)}.get(n, words[1::per_step] * np.uint64(n) >> np.uint64(32))
    expected = (alias_table(pmf).draw(words[::per_step] >> np.uint64(1)) + component).sum(axis=0)
    assert np.array_equal(sum_choices(pmf, n, N_PATHS, 5, TAPE.seed), expected)


def test_sums_of_normals_over_several_blocks():
    """5 numbers: neither a whole call nor a whole number of calls."""
    assert np.allclose(sum_normals(5, N_PATHS, TAPE.seed), TAPE.normals(0, 5).sum(axis=0), rtol=0, atol=1e-13)


@pytest.mark.parametrize("shape", [0.5, 3.0, 0.3, 7.3])
def test_sums_of_gammas_over_several_blocks(shape):
    expected = sum(TAPE.gammas(shape, number) for number in range(5))
    assert np.allclose(sum_gammas(shape, 5, N_PATHS, TAPE.seed), expected, rtol=1e-13)


@pytest.mark.parametrize("count", [1, 31, 32, 33, 64, 65, 97, BLOCK])
@pytest.mark.parametrize("row", [0, 1])
def test_any_number_of_paths_may_have_to_draw_again(row, count):
    """By chance hardly one path in twenty has to; here `count` of a block have, spread over it."""
    shape, group = 1.3, 5
    expected = SecondAttempts(*TAPE).gammas(shape, 2 * group + row)[:BLOCK]
    again = np.arange(BLOCK) * 37 % BLOCK < count
    drawn = repeated(np.where(again, -1.0, 2.0), row, shape, np.uint64(TAPE.seed), np.uint64(group))
    assert np.allclose(drawn, np.where(again, expected, 2.0), rtol=1e-13)
