"""The one driver: many paths of a process, in parallel, with results that depend on the seed alone."""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np

from stalegrad.engine.blocks import BLOCK, LANES
from stalegrad.engine.checks import process_or_limit, start_point, whole
from stalegrad.engine.ensemble import Ensemble, moment_count, provenance
from stalegrad.engine.process import Process
from stalegrad.engine.readable import run_reference

UNIT = 1024
"""Paths whose moments are summed together; the sums of units are added in the order of the paths."""

CHUNK_WORK = 2**22
"""Path-steps in a task, about: enough to hide what a task costs, little enough to share out and to stop."""

KEEP = ("moments", "final", "paths")


class DivergenceWarning(RuntimeWarning):
    """Some paths left the range of floating-point numbers."""


class Chunk(NamedTuple):
    """What a task simulates: `n_paths` paths from `first_path` on."""

    first_path: int
    n_paths: int


class ChunkResult(NamedTuple):
    """What a task returns."""

    chunk: Chunk
    sums: np.ndarray
    """(units, n_steps + 1, moments)"""
    final: np.ndarray
    """(d, n_paths)"""
    paths: np.ndarray | None
    """(n_steps + 1, d, n_paths), if kept"""


def simulate(
    process,
    start,
    n_paths: int = 5000,
    n_steps: int = 1000,
    seed: int = 0,
    keep: str = "moments",
    threads: int | None = None,
    map: Callable[[Callable, Iterable], Iterable] | None = None,
    first_path: int = 0,
) -> Ensemble:
    """Simulate independent paths of an algorithm or a limit.

    Path i of seed s uses the random numbers of (s, i) alone, so the result is the same, bit for bit, for any
    `threads` and `map`, and `first_path=i, n_paths=1` repeats path i by itself. Paths of an algorithm and of
    its limit with the same seed share seeds, not noise: an algorithm draws whole numbers, a limit normals; only `sgd` on
    `noisy_quadratic` and its limit draw the same normals.

    Parameters
    ----------
    process : Process or SDE
        From `sgd`, `asgd`, `msgd`, ...; a limit (`sme_asgd`, ...) is stepped by Euler-Maruyama with its own dt.
    start : float or array (d,)
        x_0, and the past before it.
    n_paths, n_steps : int
        At least 1.
    seed : int
        In [0, 2^64).
    keep : {"moments", "final", "paths"}
        What is stored beside the moments of every step: nothing, the last point of each path, or all points.
    threads : int, optional
        Threads; by default the environment variable STALEGRAD_THREADS, or else the number of processors.
    map : callable, optional
        Runs the tasks instead of threads: like the built-in `map`, results in order. For a Dask client,
        ``stalegrad.cluster.dask_map.dask_map(client)``.
    first_path : int
        Index of the first path.

    Returns
    -------
    Ensemble

    Raises
    ------
    ValueError
        For a start that is not finite or has another dimension than the problem, for fewer than one path or
        step, an unknown `keep`, a seed out of range, or a schedule that is shorter than the run.

    Warns
    -----
    DivergenceWarning
        When paths overflow or become NaN; `Ensemble.diverged` counts them.

    Examples
    --------
    >>> import stalegrad as sg
    >>> process = sg.sgd(sg.problems.quadratic([[1.0], [-1.0]]), eta=0.1)
    >>> run = sg.simulate(process, 2.0, n_paths=2000, n_steps=10)
    >>> bool(abs(run.mean[-1, 0] - 2.0 * 0.9**10) < 5 * run.standard_error[-1, 0])
    True
    """
    process = _as_process(process)
    point = start_point(start, process.problem.dim)
    n_paths, n_steps = whole(n_paths, "n_paths", 1), whole(n_steps, "n_steps", 1)
    seed, first_path = whole(seed, "seed", 0), whole(first_path, "first_path", 0)
    if seed >= 2**64 or first_path + n_paths > 2**63:
        raise ValueError(f"seed={seed} must be below 2^64, and first_path={first_path} + n_paths at most 2^63")
    if keep not in KEEP:
        raise ValueError(f"keep={keep!r} is unknown: give one of {', '.join(KEEP)}")
    n_threads = thread_count(threads)
    process.arguments(n_steps)  # refuses a schedule that is too short

    stop = np.zeros(1, np.uint8)
    task = partial(run_chunk, process, point, n_steps, seed, keep == "paths", stop)
    chunks = _chunks(first_path, n_paths, n_steps * process.dim)
    results = _threaded(task, chunks, n_threads, stop) if map is None else map(task, chunks)
    collected = _collect(results, len(chunks), n_paths, n_steps, process.dim, keep)
    facts = provenance(process, point, n_paths, n_steps, seed, first_path)
    ensemble = Ensemble.from_sums(*collected, n_paths=n_paths, dt=process.dt, facts=facts)
    if ensemble.diverged:
        warnings.warn(
            f"{ensemble.diverged} of {n_paths} paths of {process} diverged. {_remedy(process, point)}".rstrip(),
            DivergenceWarning,
            stacklevel=2,
        )
    return ensemble


def _as_process(model) -> Process:
    """A process as it is, a limit as its scheme."""
    if isinstance(model, Process):
        return model
    return process_or_limit(model).discretised()


def _remedy(process: Process, point: np.ndarray) -> str:
    """What to try: another start where the gradient does not exist there, else what the process knows of its stability."""
    mean_gradient = getattr(process.problem, "mean_gradient", None)  # streaming data have none
    if mean_gradient is None or np.isfinite(mean_gradient(point)).all():
        return process.stability
    return f"The gradient is not finite at the start {point.tolist()}: start where the objective is defined."


def run_chunk(process: Process, start, n_steps: int, seed: int, keep_paths: bool, stop, chunk: Chunk) -> ChunkResult:
    """Simulate the paths of one chunk, unit by unit; a task, so it can be sent to another process."""
    function, arguments = _advance(process, n_steps)
    d, width = process.dim, -(-chunk.n_paths // BLOCK) * BLOCK
    lanes = np.empty((n_steps + 1, moment_count(d), LANES))
    final, kept = np.empty((d, min(UNIT, width))), np.empty((n_steps + 1 if keep_paths else 0, d, min(UNIT, width)))
    sums, finals, paths = [], [], []
    for first in range(0, chunk.n_paths, UNIT):
        here = min(UNIT, chunk.n_paths - first)
        lanes.fill(0.0)
        path = np.uint64(chunk.first_path + first)
        function(np.uint64(seed), path, here, start, lanes, kept, final, stop, *arguments)
        sums.append(_sum_lanes(lanes))
        finals.append(final[:, :here].copy())
        paths.append(kept[:, :, :here].copy())
    all_paths = np.concatenate(paths, axis=2) if keep_paths else None
    return ChunkResult(chunk, np.array(sums), np.concatenate(finals, axis=1), all_paths)


def _advance(process: Process, n_steps: int) -> tuple[Callable, tuple]:
    """What advances the paths of a unit, and what it takes after the driver's arguments."""
    if process.kernel is None:
        return run_reference, (process, n_steps)
    module, name = process.kernel
    return getattr(importlib.import_module(f"stalegrad.engine.compiled.{module}"), name), process.arguments(n_steps)


def _sum_lanes(lanes: np.ndarray) -> np.ndarray:
    """Sum over the last axis in pairs, an order that no machine changes; lane by lane, because that axis is short."""
    parts = list(np.moveaxis(lanes, -1, 0))
    with np.errstate(invalid="ignore", over="ignore"):
        while len(parts) > 1:
            half = len(parts) // 2
            parts = [a + b for a, b in zip(parts[:half], parts[half:], strict=True)]
    return parts[0]


def _chunks(first_path: int, n_paths: int, work_per_path: int) -> list[Chunk]:
    size = UNIT * max(1, CHUNK_WORK // (UNIT * work_per_path))
    return [Chunk(first_path + i, min(size, n_paths - i)) for i in range(0, n_paths, size)]


def _threaded(task, chunks, n_threads: int, stop: np.ndarray) -> Iterator[ChunkResult]:
    """Results in order, from a pool with a few tasks ahead; on any exception the kernels are told to stop."""
    pool, waiting = ThreadPoolExecutor(n_threads), deque()
    try:
        for chunk in chunks:
            waiting.append(pool.submit(task, chunk))
            if len(waiting) > 2 * n_threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BaseException:
        stop[0] = 1
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _collect(results, n_chunks: int, n_paths: int, n_steps: int, d: int, keep: str):
    """Add the sums of units in order, and put the paths in their places: (sums, final, paths, diverged)."""
    total = np.zeros((n_steps + 1, moment_count(d)))
    final = np.empty((n_paths, d)) if keep != "moments" else None
    paths = np.empty((n_paths, n_steps + 1, d)) if keep == "paths" else None
    diverged = done = 0
    for result in _progress(results, n_chunks):
        places = slice(done, done + result.chunk.n_paths)
        done = places.stop
        with np.errstate(invalid="ignore", over="ignore"):
            for unit in result.sums:
                total += unit
        diverged += int((~np.isfinite(result.final).all(axis=0)).sum())
        if final is not None:
            final[places] = result.final.T
        if paths is not None:
            paths[places] = np.moveaxis(result.paths, 2, 0)
    return total, final, paths, diverged


def _progress(results, n_chunks: int):
    """A progress bar, on a terminal, for work of more than two seconds."""
    if n_chunks < 2 or not sys.stderr.isatty():
        return results
    from tqdm import tqdm

    return tqdm(results, total=n_chunks, delay=2.0, unit="chunk", leave=False)


def thread_count(threads: int | None) -> int:
    """`threads`, or else the variable STALEGRAD_THREADS, or else the number of processors."""
    if threads is not None:
        return whole(threads, "threads", 1)
    setting = os.environ.get("STALEGRAD_THREADS")
    if setting is None:
        return os.cpu_count() or 1
    if not setting.isdecimal() or int(setting) < 1:
        raise ValueError(f"STALEGRAD_THREADS={setting!r} must be a whole number, 1 or more")
    return int(setting)
