r"""The log of a real run: who read which version of the centre, and which version the update made.

A log is JSON Lines. The first line describes the run (algorithm, parameters, versions); every other line is one update::

    {"update": 17, "id": "2:5", "worker": 2, "read": 14, "write": 18, "t_read": 0.0312, "t_write": 0.0401}

The centre starts as version 0 and each update makes the next version, so that the staleness of an update is the number of
updates by others between its read and its write, $\tau$ = write - 1 - read. Every line is handed to the system at once: a run
that is killed leaves all its updates, save perhaps a torn last line, which the reader drops and mentions. Times are seconds since
the run began, by the clock of whoever keeps the log. Reading a log needs numpy alone.

A log that another program has written may leave out `update`, `id` and the times, hold them in any order, and hold more.
"""

from __future__ import annotations

import gzip
import json
import os
import platform
from collections import Counter
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from stalegrad.cluster.lines import Lines

FORMAT = "stalegrad updates 1"
FIELDS = {"update": int, "id": str, "worker": int, "read": int, "write": int, "t_read": float, "t_write": float}
"""What the line of an update holds."""
NEEDED = ("worker", "read", "write")
"""What the line of an update holds at least: the delay, and whose it is."""


class LogWriter:
    """Writes the log of a run, a line an update; a context manager.

    Parameters
    ----------
    path : path
        File to write; what was there is replaced.
    meta : dict
        What describes the run, ready for JSON: algorithm, parameters, seed, `host_facts()`.
    keep : int, optional
        Continue the log at `path`: keep its description and its first `keep` updates and drop later ones. For a run that is
        resumed from a checkpoint made after `keep` updates; `meta` then is not used.

    Raises
    ------
    ValueError
        For a description that is no JSON, or a log to continue that is damaged or shorter than `keep`.
    OSError
        If the file cannot be written, at the start or later, as on a full disk; it then ends with the last whole line.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "run.jsonl"
    >>> with LogWriter(path, {"algorithm": "asgd", "workers": 2}) as log:
    ...     log.append("0:0", worker=0, read=0, write=1, t_read=0.0, t_write=0.1)
    ...     log.append("1:0", worker=1, read=0, write=2, t_read=0.0, t_write=0.2)
    >>> read_log(path).tau.tolist()
    [0, 1]
    """

    def __init__(self, path, meta: dict, keep: int | None = None):
        self.path = Path(path)
        self.count = keep or 0
        if keep is None:
            lines = [_json({"log": FORMAT, **meta}, "the description of the run")]
        else:
            lines = _first_lines(self.path, keep)
        self._lines = Lines(self.path, lines)

    def append(self, id: str, worker: int, read: int, write: int, t_read: float, t_write: float) -> None:
        """Write one update; `id` is its name, such as "2:5" for the sixth update of worker 2."""
        values = self.count, id, worker, read, write, round(t_read, 6), round(t_write, 6)
        self._lines.append(json.dumps({name: make(value) for (name, make), value in zip(FIELDS.items(), values, strict=True)}))
        self.count += 1

    def close(self) -> None:
        """Close the file; a second time does nothing."""
        self._lines.close()

    def __enter__(self) -> LogWriter:
        return self

    def __exit__(self, *_) -> None:
        self.close()


@dataclass(frozen=True, eq=False)
class Log:
    """A run as it was logged.

    Attributes
    ----------
    meta : dict
        What describes the run.
    id : ndarray (n,) of str
        Names of the updates.
    worker, read, write : ndarrays (n,) of int
        Who made the update, the version that it read, the version that it made.
    t_read, t_write : ndarrays (n,) of float
        When, in seconds since the run began.
    note : str
        Empty, or what had to be left out.
    """

    meta: dict
    id: np.ndarray
    worker: np.ndarray
    read: np.ndarray
    write: np.ndarray
    t_read: np.ndarray
    t_write: np.ndarray
    note: str = ""

    def __len__(self) -> int:
        return len(self.write)

    def __repr__(self) -> str:
        return f"Log({self.meta.get('algorithm', 'a run')}: {len(self)} updates by {len(self.workers)} workers)"

    @property
    def tau(self) -> np.ndarray:
        """Staleness of each update, write - 1 - read (n,)."""
        return self.write - 1 - self.read

    @property
    def first(self) -> np.ndarray:
        """Which updates are the first of their worker; with period 1 those of `asgd` and `downpour` hold nothing yet (n,)."""
        return np.array([name.endswith(":0") for name in self.id], dtype=bool)

    @property
    def workers(self) -> np.ndarray:
        """Numbers of the workers that made an update, in order."""
        return np.unique(self.worker)

    @property
    def applied_twice(self) -> int:
        """Updates that entered the centre although one of the same name had; 0 in a sound run."""
        return len(self) - len(np.unique(self.id))

    @property
    def lost(self) -> int:
        """Versions up to the last that no line accounts for; 0 in a sound run with one centre."""
        return int(self.write.max(initial=0)) - len(np.unique(self.write))

    def after(self, first: int) -> Log:
        """The log without its first updates, for laws of the run once it is under way.

        At the start all workers read version 0, so the first delays grow from 0.
        """
        if not 0 <= first < len(self):
            raise ValueError(f"first={first} leaves no update: the log has {len(self)}; give a number from 0 to {len(self) - 1}")
        return self.part(first, len(self))

    def part(self, first: int, end: int) -> Log:
        """Updates first, ..., end - 1."""
        names = ("id", "worker", "read", "write", "t_read", "t_write")
        return Log(self.meta, *(getattr(self, name)[first:end] for name in names), note=self.note)


def read_log(path) -> Log:
    """Read the log of a run, finished or killed; a file that ends in ".gz" is decompressed.

    An update without `id` is named by its worker and its turn, as in "2:5"; times that are left out are nan.

    Raises
    ------
    ValueError
        For a file that is no log, a damaged line that is not the last, or versions that cannot be (a write before its read).
    """
    head, updates, torn = _parsed(Path(path))
    turns = Counter()
    for update in updates:
        update.setdefault("id", f"{update['worker']}:{turns[update['worker']]}")
        turns[update["worker"]] += 1
    columns = {name: np.array([update.get(name, np.nan) for update in updates], dtype=make) for name, make in FIELDS.items() if name != "update"}
    log = Log(head, **columns, note="the last line was torn and is left out" if torn else "")
    wrong = (log.read < 0) | (log.tau < 0)
    if wrong.any():
        k = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            f"{path}: update {k} reads version {log.read[k]} and writes {log.write[k]}; a write comes after its read: record the run again"
        )
    return log


def host_facts() -> dict:
    """Of this machine and its software what bears on a run, without names: processors, system, versions.

    >>> sorted(host_facts())
    ['machine', 'processors', 'system', 'versions']
    """
    versions = {"python": platform.python_version(), "numpy": np.__version__}
    for package in ("mpi4py", "distributed", "torch"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {"processors": os.cpu_count(), "system": platform.system(), "machine": platform.machine(), "versions": versions}


def _parsed(path: Path) -> tuple[dict, list[dict], bool]:
    """(description, updates, whether a torn last line was dropped)"""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    lines = content.decode(errors="replace").split("\n")
    torn = lines.pop() != ""
    if not lines or FORMAT not in lines[0] or _line(lines[0], 1, path).get("log") != FORMAT:
        raise ValueError(f"{path} is no log of updates: its first line must hold {json.dumps({'log': FORMAT})}; see stalegrad staleness --help")
    head, *updates = [_line(text, number, path) for number, text in enumerate(lines, 1)]
    del head["log"]
    for number, update in enumerate(updates, 2):
        _check(update, f"{path}, line {number}")
    return head, updates, torn


def _check(update: dict, where: str) -> None:
    """ValueError if the line of an update lacks something, or holds it in another type; a whole number is a time, too."""
    if missing := [name for name in NEEDED if name not in update]:
        raise ValueError(f"{where} has {', '.join(update) or 'nothing'}: an update has at least {', '.join(NEEDED)}; add {', '.join(missing)}")
    for name, make in FIELDS.items():
        value = update.get(name, make())
        if type(value) is not make and not (make is float and type(value) is int):
            raise ValueError(f"{where} has {name}={value!r}, which is no {make.__name__}: write it as one")


def _line(text: str, number: int, path: Path) -> dict:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ValueError(f"{path}, line {number} is damaged ({text[:40]!r}): only the last line of a killed run may be; record the run again")
    return found


def _first_lines(path: Path, keep: int) -> list[str]:
    head, updates, _ = _parsed(path)
    if not 0 <= keep <= len(updates):
        raise ValueError(f"keep={keep} updates of {path} cannot be kept: it has {len(updates)}; resume from an earlier checkpoint")
    return [json.dumps(line) for line in ({"log": FORMAT, **head}, *updates[:keep])]


def _json(value: dict, what: str) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as problem:
        raise ValueError(f"{what} cannot be written as JSON: {problem}; give numbers, words, lists and dictionaries") from problem
