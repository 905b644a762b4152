"""Whole numbers from words, a block of paths at a time: staleness by an alias table, and rows of the data."""

from __future__ import annotations

import numpy as np

from stalegrad.engine.alias import WORD_BITS
from stalegrad.engine.blocks import BLOCK
from stalegrad.engine.compiled.build import helper
from stalegrad.engine.compiled.philox import HALF

ZERO, ONE = np.uint64(0), np.uint64(1)
WORD = np.uint64(WORD_BITS)


@helper
def draw_staleness(word, entries, index_bits, index, entry, tau):
    """tau of each path, from the upper 31 bits of its word, by the alias table."""
    rest_bits = WORD - index_bits
    rest_mask = (ONE << rest_bits) - ONE
    alias_mask = (ONE << index_bits) - ONE
    for p in range(BLOCK):
        index[p] = np.uint64(word[p]) >> (rest_bits + ONE)
    for p in range(BLOCK):
        entry[p] = entries[index[p]]
    for p in range(BLOCK):
        rest = (np.uint64(word[p]) >> ONE) & rest_mask
        tau[p] = index[p] if rest < entry[p] >> index_bits else entry[p] & alias_mask


@helper
def choose_row_of_two(word, data, z):
    """The data row of component 0 or 1, by the last bit of each word."""
    for r in range(z.shape[0]):
        zero, one = data[0, r], data[1, r]
        for p in range(BLOCK):
            z[r, p] = zero if np.uint64(word[p]) & ONE == ZERO else one


@helper
def choose_row(word, data, index, z):
    """The data row of a component that is uniform, off by less than n / 2^32 in probability."""
    n = np.uint64(len(data))
    for p in range(BLOCK):
        index[p] = (np.uint64(word[p]) * n) >> HALF
    for r in range(z.shape[0]):
        for p in range(BLOCK):
            z[r, p] = data[index[p], r]
