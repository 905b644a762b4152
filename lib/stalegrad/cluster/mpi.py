"""Real asynchronous runs by MPI: ``mpiexec -n 5 python -m stalegrad.cluster.mpi easgd -n 5 --eta 0.1 ...``.

All processes run this module with the same words; `stalegrad run ... --engine mpi` starts them on one machine, a cluster's
own `mpiexec` on many (files of a run then belong on a file system that they share). Process 0 prints the result as JSON.

A process that cannot go on, as with a log on a full disk, ends all of them: what was checkpointed can be resumed.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from typing import NoReturn

from stalegrad.cluster.options import add_arguments
from stalegrad.cluster.progress import say
from stalegrad.cluster.record import RunStopped, report
from stalegrad.cluster.settings import Settings, settings_of
from stalegrad.files import check_written

try:
    from mpi4py import MPI
except (ImportError, RuntimeError) as error:
    raise ImportError('real runs by MPI need mpi4py and an MPI library: make env EXTRAS="cluster"') from error


class Refused(Exception):
    """Every process refuses the run; the text is for process 0 to print."""


class _Parser(argparse.ArgumentParser):
    """A parser that raises, since only one process shall tell what is wrong."""

    def error(self, message):
        raise ValueError(message)


def main(argv: list[str] | None = None) -> int:
    """One process of a run; the exit status is 0, or 2 for wrong input, or 1 for a run that had to stop."""
    comm = MPI.COMM_WORLD
    try:
        settings = agreed(comm, lambda: _settings(argv))
        check_world(comm.size, settings)
        result = _run(comm, settings)
    except Refused as refusal:
        if comm.rank == 0:
            say(str(refusal))
        return 2
    except RunStopped as stopped:
        say(str(stopped))
        _end_all(comm)
    except Exception:
        traceback.print_exc()
        _end_all(comm)
    try:
        if result is not None:
            report(result, settings.out)
    except RunStopped as stopped:
        say(str(stopped))
        return 1
    return 0


def _end_all(comm: MPI.Comm) -> NoReturn:
    """End all processes with status 1. All is said: what the MPI library would say of its own end goes nowhere."""
    sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    comm.Abort(1)
    raise SystemExit(1)


def agreed(comm: MPI.Comm, make):
    """What `make` gives on every process; if it fails on one, all refuse with the first message."""
    made, told = None, ""
    try:
        made = make()
    except (ValueError, OSError, RunStopped) as error:
        told = str(error)
    refusals = [text for text in comm.allgather(told) if text]
    if refusals:
        raise Refused(refusals[0])
    return made


def check_world(size: int, settings: Settings) -> None:
    """Refuse a world of another size than asked for.

    Jobs of one process are what a foreign `mpiexec` starts: it does not know the MPI library of mpi4py.
    """
    if size == settings.processes:
        return
    library = " ".join(MPI.Get_library_version().splitlines()[0].split())
    why = f"; an mpiexec that does not belong to {library}, the library of mpi4py, starts jobs of one process" if size == 1 else ""
    raise Refused(
        f"the MPI world has {size} process{'es' * (size > 1)}, but processes={settings.processes} were asked for{why}: "
        f"start {settings.processes} by the mpiexec that came with mpi4py's library, with the same number after its -n"
    )


def _run(comm: MPI.Comm, settings: Settings) -> dict | None:
    from stalegrad.cluster import mpi_server, mpi_tree

    engine = mpi_tree if settings.is_tree else mpi_server
    return engine.run(comm, settings, lambda make: agreed(comm, make))


def _settings(argv: list[str] | None) -> Settings:
    parser = _Parser(prog="python -m stalegrad.cluster.mpi", description=__doc__.splitlines()[0])
    add_arguments(parser)
    settings = settings_of(vars(parser.parse_args(argv)))
    check_written(settings)
    return settings


if __name__ == "__main__":
    sys.exit(main())
