"""What one process of a real run writes down: its updates, and the values they led to."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from stalegrad.claims.jsonable import jsonable
from stalegrad.cluster.log import LogWriter, host_facts, read_log
from stalegrad.cluster.parameter_server import Update
from stalegrad.cluster.settings import Settings, file_of
from stalegrad.cluster.trace import TraceWriter
from stalegrad.files import write_aside

PRINTED = 16
"""Numbers of a vector that is printed."""


class Record:
    """Log and trace of the server, or of a node of a tree, where they are asked for.

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
    """

    def __init__(self, settings: Settings, node: int, version: int):
        log, trace = file_of(settings.log, node), file_of(settings.trace, node)
        self.lost = _after(log, version) if settings.resume else 0
        """Updates that were logged and are not in the checkpoint."""
        about = described(settings) | ({"node": node} if settings.is_tree else {})
        self._log = LogWriter(log, about, keep=version if settings.resume and log.exists() else None) if log else None
        self._trace = TraceWriter(trace, version)

    def append(self, update: Update, clock: int, value: np.ndarray) -> None:
        """Write down an update, the local clock of who acted, and the value (d,) it led to."""
        if self._log is not None:
            self._log.append(*update)
        self._trace.append(update.write, clock, value)

    def close(self) -> None:
        """Close the files."""
        if self._log is not None:
            self._log.close()
        self._trace.close()


def described(settings: Settings) -> dict:
    """What describes a run, in its log and in its result."""
    return {"engine": settings.engine, "workers": settings.workers, **settings.described(), "host": host_facts()}


def report(result: dict, out: str) -> None:
    """Write the result to a file, if one is named, and print it; long vectors go to the file alone."""
    if out:
        write_aside(Path(out), json.dumps(jsonable(result), allow_nan=False) + "\n")
    short = {name: value for name, value in result.items() if not isinstance(value, np.ndarray) or value.size <= PRINTED}
    print(json.dumps(jsonable(short), allow_nan=False), flush=True)


def _after(log: Path | None, version: int) -> int:
    return max(0, len(read_log(log)) - version) if log is not None and log.exists() else 0
