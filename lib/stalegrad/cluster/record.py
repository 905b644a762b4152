"""What one process of a real run writes down: its updates, and the values they led to."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from stalegrad.claims.jsonable import jsonable
from stalegrad.cluster.level import Level
from stalegrad.cluster.log import LogWriter, host_facts, read_log
from stalegrad.cluster.parameter_server import Update
from stalegrad.cluster.settings import Settings, file_of
from stalegrad.cluster.trace import TraceWriter
from stalegrad.files import write_aside

PRINTED = 16
"""Numbers of a vector that is printed."""


class RunStopped(RuntimeError):
    """A run cannot go on; the text says why, and what to do."""


class Record:
    """Log and trace of the server, or of a node of a tree, where they are asked for; and the level of what it records.

    Parameters
    ----------
    settings : Settings
        The run.
    node : int
        Number of the process.
    version : int
        Updates to keep of what was written; those after them were lost with the process, and will be made again.

    Raises
    ------
    ValueError
        For a log to continue that is damaged, or shorter than `version`.
    RunStopped
        If a file cannot be written, here or later, as on a full disk. A log with an update missing would be of another run: it ends with
        its last whole line, and the run with the checkpoint from before.
    """

    def __init__(self, settings: Settings, node: int, version: int):
        log, trace = file_of(settings.log, node), file_of(settings.trace, node)
        self._settings, self.level = settings, Level()
        self.lost = _after(log, version) if settings.resume else 0
        """Updates that were logged and are not in the checkpoint."""
        about = described(settings) | ({"node": node} if settings.is_tree else {})
        with self._written():
            self._log = LogWriter(log, about, keep=version if settings.resume and log.exists() else None) if log else None
            self._trace = TraceWriter(trace, version)

    def append(self, update: Update, clock: int, value: np.ndarray) -> None:
        """Write down an update, the local clock of who acted, and the value (d,) it led to."""
        with self._written():
            if self._log is not None:
                self._log.append(*update)
            self._trace.append(update.write, clock, value)
        self.level.append(update.write, value)

    @contextmanager
    def _written(self):
        try:
            yield
        except OSError as error:
            raise RunStopped(f"{error.filename} cannot be written ({error.strerror}): make room there, then {remedy(self._settings)}") from error

    def close(self) -> None:
        """Close the files."""
        if self._log is not None:
            self._log.close()
        self._trace.close()


def described(settings: Settings) -> dict:
    """What describes a run, in its log and in its result."""
    return {"engine": settings.engine, "workers": settings.workers, **settings.described(), "host": host_facts()}


def remedy(settings: Settings) -> str:
    """What to do when a run has ended too early."""
    return f"resume from {settings.checkpoint} with --resume" if settings.checkpoint else "start again, with --checkpoint so that it can be resumed"


def report(result: dict, out: str) -> None:
    """Print the result, and write it to a file, if one is named; long vectors go to the file alone.

    Raises
    ------
    RunStopped
        If the file cannot be written.
    """
    short = {name: value for name, value in result.items() if not isinstance(value, np.ndarray) or value.size <= PRINTED}
    print(json.dumps(jsonable(short), allow_nan=False), flush=True)
    if out:
        try:
            write_aside(Path(out), json.dumps(jsonable(result), allow_nan=False) + "\n")
        except OSError as error:
            raise RunStopped(f"{out} cannot be written ({error.strerror}): the run is complete, and its result is what was printed") from error


def _after(log: Path | None, version: int) -> int:
    return max(0, len(read_log(log)) - version) if log is not None and log.exists() else 0
