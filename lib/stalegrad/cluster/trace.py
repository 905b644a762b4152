"""The trace of a real run: the centre, or the value of a node, after every update; JSON Lines that grow with the run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from stalegrad.claims.jsonable import jsonable
from stalegrad.cluster.lines import Lines


class TraceWriter:
    """Writes `{"write": version, "clock": local steps made by who acted, "centre": [...]}` for every update.

    Parameters
    ----------
    path : path or None
        File to write; None writes nothing.
    keep : int
        Lines to keep of what is there, for a run that is resumed.
    """

    def __init__(self, path: Path | None, keep: int = 0):
        self._lines = None
        if path is not None:
            self._lines = Lines(path, path.read_text().splitlines()[:keep] if keep and path.exists() else [])

    def append(self, version: int, clock: int, centre: np.ndarray) -> None:
        """Write the centre (d,) that has this version."""
        if self._lines is not None:
            self._lines.append(json.dumps(jsonable({"write": version, "clock": clock, "centre": centre})))

    def close(self) -> None:
        """Close the file."""
        if self._lines is not None:
            self._lines.close()


def read_trace(path) -> dict[str, np.ndarray]:
    """Columns `write` (n,), `clock` (n,) and `centre` (n, d) of a trace; a torn last line is left out.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "trace.jsonl"
    >>> trace = TraceWriter(path)
    >>> trace.append(1, 0, np.array([0.5]))
    >>> read_trace(path)["centre"]
    array([[0.5]])
    """
    whole_lines = Path(path).read_text().split("\n")[:-1]
    rows = [json.loads(line) for line in whole_lines]
    columns = {"write": int, "clock": int, "centre": float}
    return {name: np.array([row[name] for row in rows], dtype=make) for name, make in columns.items()}
