"""Which training images a batch holds: with replacement, or by the thesis' data loaders.

A sampler is a function of keys (n, 3), rows (seed, worker, step), that returns indices (n, batch): pure, so the order in which
batches are asked for does not matter.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from stalegrad.engine.checks import whole
from stalegrad.nets.keyed import BATCH, LOADER, SHUFFLE, as_keys, below, words

Sampler = Callable[[np.ndarray], np.ndarray]


def with_replacement(n_images: int, batch: int) -> Sampler:
    """Every image of every batch uniform on all `n_images`, independently (thesis, Section 6.1.2).

    Examples
    --------
    >>> with_replacement(55_000, 4)([(0, 0, 0)]).shape
    (1, 4)
    """
    whole(n_images, "n_images", 1)
    whole(batch, "batch", 1)
    return lambda keys: below(n_images, keys, batch, BATCH)


def thesis_sampler(n_images: int, batch: int, n_workers: int, loaders: int = 8, chunk: int = 512, starts=None, fractions: bool = False) -> Sampler:
    r"""Batches from `loaders` cyclic readers that serve chunks in turn (thesis, Section 4.1, data prefetching).

    A worker asks each of the k loaders for a chunk of c consecutive images, shuffles the k c images and cuts them into batches
    of b; when they are used up it asks again. Every loader runs through its file, the whole data set or a k-th of it; at its end it goes
    on from an address uniform on {0, ..., s}, where s is the size of the file modulo b. So a pass holds every image of the file once, but
    for those before its address.

    Parameters
    ----------
    n_images, batch, n_workers : int
        Size N of the data set, size b of a batch, number p of workers.
    loaders, chunk : int
        k and c; the thesis takes 8 and, for CIFAR-10, 512, for ImageNet 64. b must divide k c.
    starts : sequence of int, optional
        First address of each loader in its file; by default N l / k for loader l, or 0 where files are fractions.
    fractions : bool
        Whether the file of loader l holds the images from N l / k to N (l + 1) / k only (ImageNet), and not all of them (CIFAR-10).

    Raises
    ------
    ValueError
        For sizes below 1, a file with fewer than b images, b that does not divide k c, or addresses outside the files.

    Notes
    -----
    Three things that the text leaves open. *Where the loaders begin*: all at 0, they would send the same images, and a batch would
    hold each about k times b / (k c) times over; so they begin evenly spread. *A chunk at the end of the data*: it goes on from the new
    address. *Whose request comes first*: with equal workers, request r of worker i is number r p + i, in which
    form a batch is a function of its key; for unequal ones it is an idealisation.

    Examples
    --------
    >>> draw = thesis_sampler(1000, batch=16, n_workers=4, loaders=2, chunk=32)
    >>> draw([(0, 3, 7), (0, 0, 2)]).shape
    (2, 16)
    """
    for value, name in ((n_images, "n_images"), (batch, "batch"), (n_workers, "n_workers"), (loaders, "loaders"), (chunk, "chunk")):
        whole(value, name, 1)
    if (loaders * chunk) % batch:
        raise ValueError(f"batch={batch} does not divide loaders * chunk = {loaders * chunk}: choose it so, as no image is left over")
    edges = np.arange(loaders + 1) * n_images // loaders
    begin, size = (edges[:-1], np.diff(edges)) if fractions else (np.zeros(loaders, int), np.full(loaders, n_images))
    if size.min() < batch:
        raise ValueError(f"batch={batch} is more than the {size.min()} images of a loader's file: take a smaller batch, or fewer loaders")
    first = edges[:-1] - begin if starts is None else np.asarray(starts)
    if first.shape != (loaders,) or first.min() < 0 or (first >= size).any():
        raise ValueError(f"starts={starts} must give one address from 0 to {size.min() - 1} for each of {loaders} loaders")
    batches = loaders * chunk // batch

    @lru_cache(maxsize=4 * n_workers)
    def requested(seed: int, worker: int, request: int) -> np.ndarray:
        number = request * n_workers + worker
        images = np.concatenate([begin[k] + loader_stream(size[k], batch, int(first[k]), seed, k, number * chunk, chunk) for k in range(loaders)])
        order = np.argsort(words([(seed, worker, request)], len(images), SHUFFLE)[0], kind="stable")
        return images[order].reshape(batches, batch)

    def draw(keys) -> np.ndarray:
        rows = as_keys(keys)
        if rows.size and rows[:, 1].max() >= n_workers:
            raise ValueError(f"worker {rows[:, 1].max()} has no place in the queue of {n_workers}: give n_workers above every worker's number")
        return np.stack([requested(seed, worker, step // batches)[step % batches] for seed, worker, step in rows.tolist()])

    return draw


def loader_stream(n_images: int, batch: int, start: int, seed: int, loader: int, first: int, count: int) -> np.ndarray:
    """Images number `first`, ..., `first + count - 1` that a loader sends when it begins at the address `start`."""
    rest = n_images % batch
    wanted = first + count - (n_images - start)
    passes = max(0, -(-wanted // (n_images - rest)))
    begin = np.concatenate([[start], below(rest + 1, [(seed, loader, 0)], passes, LOADER)[0]])
    ends = np.cumsum(n_images - begin)
    position = np.arange(first, first + count)
    row = np.searchsorted(ends, position, side="right")
    return position - ends[row] + n_images
