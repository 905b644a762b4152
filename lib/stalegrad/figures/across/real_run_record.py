"""Records the real runs that the notebook "a real run meets the theory" reads; needs the extra `cluster`.

``python -m stalegrad.figures.across.real_run_record FOLDER [NAME ...]`` makes four long runs by MPI and, of two kinds, 24 short ones on Dask, on this
machine, in about five minutes, and writes for each kind the log of the long run and a small file with what is needed of the centres.
"""

from __future__ import annotations

import gzip
import io
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from scipy.linalg import hadamard

from stalegrad.files import write_aside
from stalegrad.problems import quadratic

N_WORKERS = 8
SERVICE = 0.05
"""Mean seconds of a padded local step."""
DIM = 63
RUNS = {
    "exponential": {"eta": 0.2, "service": SERVICE},
    "constant": {"eta": 0.1, "service": SERVICE, "service_law": "constant"},
    "one slow": {"eta": 0.1, "service": SERVICE, "speeds": (*[1.0] * (N_WORKERS - 1), 0.2)},
    "unpadded": {"eta": 0.1},
}
"""Options of the long runs; `N_WORKERS` workers each."""
LONG, SHORT = 320, 40
"""Local steps of each worker in a long and in a short run."""
REPEATED = ("exponential", "constant")
REPEATS, SHOWN = 24, 120
"""Short runs, and updates of each that are kept: far fewer than would let a worker come to its end."""


def problem():
    r"""F(x) = |x|^2 / 2 + const in 63 dimensions whose noise is uncorrelated, of variance 1 each: 63 measurements of one run.

    The components are 1/2 |x - c_i|^2, where the 64 centres c_i are the rows of a Hadamard matrix without its first column.
    """
    return quadratic(hadamard(DIM + 1)[:, 1:].astype(float))


def record(folder: Path, name: str) -> None:
    """Make the runs of one name, and write the log of the long one and what is kept of the centres."""
    kept = {}
    with tempfile.TemporaryDirectory() as scratch:
        log, centre = _long(RUNS[name], Path(scratch))
        kept["squares"] = (centre**2).mean(axis=1).astype(np.float32)
        if name in REPEATED:
            means, delays = _short(RUNS[name], Path(scratch))
            kept |= {"means": means.astype(np.float32), "delays": np.bincount(delays)}
    file = io.BytesIO()
    np.savez_compressed(file, **kept)
    log_file, kept_file = files(folder, name)
    write_aside(log_file, gzip.compress(log, mtime=0))
    write_aside(kept_file, file.getvalue())


def files(folder: Path, name: str) -> tuple[Path, Path]:
    """(log, what is kept of the centres) of the runs of that name"""
    stem = name.replace(" ", "_")
    return folder / f"{stem}.jsonl.gz", folder / f"{stem}.npz"


def _given(options: dict, steps: int, scratch: Path):
    from stalegrad.cluster.settings import settings_of

    files = {"log": str(scratch / "run.jsonl"), "trace": str(scratch / "trace.jsonl"), "out": str(scratch / "result.json")}
    common = {"algorithm": "asgd", "processes": N_WORKERS + 1, "problem": f"{__spec__.name}:problem", "steps": steps}
    return settings_of(common | files | options)


def _long(options: dict, scratch: Path) -> tuple[bytes, np.ndarray]:
    """(log, centres (n, d)) of a long run by MPI"""
    from stalegrad.cluster.launch import launch
    from stalegrad.cluster.trace import read_trace

    settings = _given(options, LONG, scratch)
    if launch(settings):
        raise RuntimeError(f"the run with {json.dumps(options)} failed")
    return Path(settings.log).read_bytes(), read_trace(settings.trace)["centre"]


def _short(options: dict, scratch: Path) -> tuple[np.ndarray, np.ndarray]:
    """Several short runs on Dask: average over the coordinates at the start and after each gradient (runs, SHOWN + 1); all their delays."""
    from dataclasses import replace

    from stalegrad.cluster.dask_server import connected, run_on
    from stalegrad.cluster.log import read_log
    from stalegrad.cluster.trace import read_trace

    settings, means, delays = _given(options, SHORT, scratch), [], []
    with connected(N_WORKERS + 1) as client:
        for repeat in range(REPEATS):
            run_on(client, replace(settings, seed=1 + repeat))
            log, centre = read_log(settings.log), read_trace(settings.trace)["centre"]
            means.append(np.append(settings.start, centre.mean(axis=1)[~log.first])[: SHOWN + 1])
            delays.append(log.tau[2 * N_WORKERS : SHOWN + N_WORKERS])
    return np.array(means), np.concatenate(delays)


if __name__ == "__main__":
    for chosen in sys.argv[2:] or RUNS:
        record(Path(sys.argv[1]), chosen)
