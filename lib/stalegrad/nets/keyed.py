"""Random words of a mini-batch, as a pure function of its key.

A batch is named by three whole numbers: seed of the run, worker, local step of that worker. Its random words are those of
Philox4x32-10 keyed by the seed, with counter (worker, step, group, stream): so a batch does not depend on what was drawn before,
on which other workers are computed beside it, or on how many threads there are. `streams.philox` is the readable form.

| stream | words                                              |
|--------|----------------------------------------------------|
| 16     | which images a batch holds                         |
| 17     | crops and flips                                    |
| 18     | dropout                                            |
| 19     | initial parameters; the worker is the layer        |
| 20     | restarts of the data loaders; the worker is the loader |
| 21     | order of the images that a worker has loaded       |
| 22     | order of a data set before it is split; synthetic data |

The streams of simulated paths (0 to 5 and 256 a + 2) are others, so a run may use one seed for both.
"""

from __future__ import annotations

import numpy as np
from numba import types

from stalegrad.engine.compiled.build import kernel
from stalegrad.engine.compiled.philox import philox

BATCH, CROP, DROPOUT, START, LOADER, SHUFFLE, SPLIT = 16, 17, 18, 19, 20, 21, 22

LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)


def as_keys(keys) -> np.ndarray:
    """`keys` as an array (n, 3) of (seed, worker, step); seeds of 2^63 and more must come as an array of unsigned numbers.

    Raises
    ------
    ValueError
        If a row is no triple of whole numbers, one is negative, or a worker or step needs more than 32 bits.
    """
    rows = np.asarray(keys)
    if rows.ndim != 2 or rows.shape[1] != 3 or rows.dtype.kind not in "iu":
        raise ValueError(f"keys of shape {rows.shape} and type {rows.dtype} name no batches: give rows (seed, worker, step) of whole numbers")
    negative = rows.size and rows.dtype.kind == "i" and rows.min() < 0
    if negative or (rows.size and rows[:, 1:].max() > LOW):
        raise ValueError("keys must not be negative, and worker and step stay below 2^32: count workers and steps from 0")
    return np.ascontiguousarray(rows, dtype=np.uint64)


def words(keys, count: int, stream: int) -> np.ndarray:
    """The first `count` words of a stream for every key (n, count), unsigned 32-bit.

    Examples
    --------
    >>> both = words([(0, 1, 5), (0, 2, 5)], 6, BATCH)
    >>> bool((words([(0, 2, 5)], 6, BATCH) == both[1]).all())
    True
    """
    rows = as_keys(keys)
    out = np.empty((len(rows), count), np.uint32)
    _fill(rows, np.uint64(stream), out)
    return out


def below(bound: int, keys, count: int, stream: int) -> np.ndarray:
    """Whole numbers of {0, ..., bound - 1} (n, count), one a word.

    The word times `bound`, without its low 32 bits: each number has its share of the 2^32 words to within one.
    """
    return (words(keys, count, stream).astype(np.int64) * bound) >> 32


@kernel(types.uint64[:, ::1], types.uint64, types.uint32[:, ::1])
def _fill(keys, stream, out):
    for i in range(keys.shape[0]):
        k0, k1 = keys[i, 0] & LOW, keys[i, 0] >> HALF
        for group in range((out.shape[1] + 3) // 4):
            four = philox(keys[i, 1], keys[i, 2], np.uint64(group), stream, k0, k1)
            for j in range(min(4, out.shape[1] - 4 * group)):
                out[i, 4 * group + j] = np.uint32(four[j])
