"""Start a real run by MPI on this machine, and leave nothing running."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from stalegrad.cluster.settings import Settings, words

PATIENCE = 5.0
"""Seconds that mpiexec has to end its processes."""


def mpiexec() -> str:
    """The mpiexec that belongs to mpi4py: the one beside this Python, else the first on the path.

    Raises
    ------
    ValueError
        If mpi4py or an mpiexec is missing.
    """
    beside = Path(sys.executable).with_name("mpiexec")
    found = str(beside) if beside.exists() else shutil.which("mpiexec")
    if find_spec("mpi4py") is None or found is None:
        raise ValueError('engine mpi needs mpi4py and an MPI library: make env EXTRAS="cluster"')
    return found


def launch(settings: Settings) -> int:
    """Run `stalegrad.cluster.mpi` with these settings; returns its exit status, and its output goes where ours goes.

    On a terminal the server shows how far it is: it cannot see by itself that mpiexec hands its output to one.
    Stopped by Ctrl-C or SIGTERM, it ends all processes first.
    """
    settings = replace(settings, progress=settings.progress or sys.stderr.isatty())
    command = [mpiexec(), "-n", str(settings.processes), sys.executable, "-m", "stalegrad.cluster.mpi", *words(settings)]
    job = subprocess.Popen(command, env=one_thread_each(), start_new_session=True)
    with _ended(job):
        return job.wait()


def one_thread_each() -> dict[str, str]:
    """The environment, with one thread a process unless it says otherwise, and the width of the terminal."""
    return {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "COLUMNS": str(shutil.get_terminal_size().columns), **os.environ}


@contextmanager
def _ended(job: subprocess.Popen):
    """Whatever happens inside, the job has ended afterwards."""

    def stop(number, _):
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        if job.poll() is None:
            job.terminate()
            try:
                job.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                job.kill()
                job.wait()
