"""Draws from a finite law by whole-number arithmetic, the same in NumPy and in the kernels.

A law on 0, ..., L-1 is rounded to whole multiples of 2^-31, once, by largest remainder, so each
probability is off by less than 2^-31. Walker's alias method, on a table of a power of two of
buckets, then maps each of the 2^31 values of a 31-bit word to an outcome, exactly as often as that.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

WORD_BITS = 31
LARGEST = 2**20


class AliasTable(NamedTuple):
    """Buckets: the first `threshold` words of a bucket mean its own index, the rest its alias."""

    entries: np.ndarray
    """Threshold and alias of each bucket, packed as threshold * buckets + alias, 32-bit unsigned."""
    index_bits: int
    """Binary logarithm of the number of buckets."""

    def draw(self, words: np.ndarray) -> np.ndarray:
        """The outcomes that 31-bit words stand for."""
        words = np.asarray(words, np.int64)
        rest_bits = WORD_BITS - self.index_bits
        index, rest = words >> rest_bits, words & ((1 << rest_bits) - 1)
        entry = self.entries.astype(np.int64)[index]
        return np.where(rest < entry >> self.index_bits, index, entry & ((1 << self.index_bits) - 1))

    def pmf(self) -> np.ndarray:
        """The probabilities drawn, multiples of 2^-31."""
        buckets = len(self.entries)
        threshold, alias = np.divmod(self.entries.astype(np.int64), buckets)
        counts = threshold + np.bincount(alias, (2**WORD_BITS // buckets) - threshold, buckets)
        return counts / 2.0**WORD_BITS

    @property
    def longest(self) -> int:
        """The largest outcome that is ever drawn."""
        return int(np.flatnonzero(self.pmf())[-1])


def alias_table(pmf) -> AliasTable:
    """The table of a law given as probabilities of 0, 1, 2, ...

    >>> table = alias_table([0.5, 0.25, 0.25])
    >>> table.pmf()[:3].tolist(), table.longest
    ([0.5, 0.25, 0.25], 2)
    """
    pmf = np.asarray(pmf, float)
    if len(pmf) > LARGEST:
        raise ValueError(f"a staleness law on {len(pmf)} values is too long; keep at most {LARGEST}")
    counts = np.trim_zeros(_whole_parts(pmf, 2**WORD_BITS), "b")
    index_bits = (len(counts) - 1).bit_length()
    buckets, capacity = 2**index_bits, 2 ** (WORD_BITS - index_bits)
    threshold, alias = _share_out(counts.tolist() + [0] * (buckets - len(counts)), capacity)
    return AliasTable((np.array(threshold) * buckets + np.array(alias)).astype(np.uint32), index_bits)


def _whole_parts(pmf: np.ndarray, total: int) -> np.ndarray:
    """Whole numbers proportional to `pmf` with sum `total`, by largest remainder."""
    exact = pmf / pmf.sum() * total
    parts = np.floor(exact).astype(np.int64)
    order = np.argsort(parts - exact, kind="stable")
    parts[order[: total - parts.sum()]] += 1
    return parts


def _share_out(counts: list[int], capacity: int) -> tuple[list[int], list[int]]:
    """Fill each bucket with its own outcome and, above a threshold, with one that has too many."""
    threshold, alias = [0] * len(counts), list(range(len(counts)))
    small = [i for i, count in enumerate(counts) if count < capacity]
    large = [i for i, count in enumerate(counts) if count > capacity]
    while small:
        poor, rich = small.pop(), large[-1]
        threshold[poor], alias[poor] = counts[poor], rich
        counts[rich] -= capacity - counts[poor]
        if counts[rich] <= capacity:
            large.pop()
            if counts[rich] < capacity:
                small.append(rich)
    return threshold, alias
