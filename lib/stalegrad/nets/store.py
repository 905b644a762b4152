"""Runs that were made are kept: a file a run, named by everything that it depends on.

The key joins the spec, the code that computes (without comments and docstrings), the data and the version of torch. The folder is
`STALEGRAD_RUNS`, else `stalegrad/runs` in the user's cache. A file is written aside and renamed, so it is whole or not there: a
killed job goes on where it was. While a process computes a run it holds a lock on it, which the system takes away when it dies.
"""

from __future__ import annotations

import ast
import hashlib
import io
import json
import os
from collections.abc import Iterable
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import numpy as np

from stalegrad.files import write_aside

try:
    import fcntl
except ModuleNotFoundError:  # no POSIX: two processes may compute the same run, and the second rename wins
    fcntl = None

NETS = Path(__file__).parent
NOT_COMPUTING = {"__init__", "cifar", "compare", "store", "trace"}
COMPUTING = (
    *sorted(file for file in NETS.glob("*.py") if file.stem not in NOT_COMPUTING),
    NETS.parent / "engine" / "streams.py",
)
"""The files that a run's numbers come from, but for the compiled Philox, which its published answers pin down."""


def default_folder() -> Path:
    """Where runs are kept."""
    if folder := os.environ.get("STALEGRAD_RUNS"):
        return Path(folder)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stalegrad" / "runs"


def code_digest(files: Iterable[Path]) -> str:
    """SHA-256 of what the files compute: their syntax without comments, layout and docstrings.

    >>> len(code_digest([Path(__file__)]))
    64
    """
    total = hashlib.sha256()
    for file in files:
        total.update(f"{file.name}\n{ast.dump(_without_docstrings(ast.parse(file.read_text(encoding='utf-8'))))}\n".encode())
    return total.hexdigest()


def _without_docstrings(tree: ast.AST) -> ast.AST:
    for node in ast.walk(tree):
        if isinstance(body := getattr(node, "body", None), list):
            node.body = [line for line in body if not (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))]
    return tree


@lru_cache(maxsize=1)
def _own_code() -> str:
    return code_digest(COMPUTING)


class Store:
    """A folder of runs.

    Parameters
    ----------
    folder : Path, optional
        By default `default_folder()`.

    Examples
    --------
    >>> import tempfile
    >>> store = Store(Path(tempfile.mkdtemp()))
    >>> store.save("abc", {"loss": np.ones(2)}, {"eta": 0.1})
    >>> arrays, facts = store.load("abc")
    >>> arrays["loss"].tolist(), facts, store.load("abd")
    ([1.0, 1.0], {'eta': 0.1}, None)
    """

    def __init__(self, folder: Path | str | None = None):
        self.folder = default_folder() if folder is None else Path(folder)

    def key(self, spec, data: str, version: str) -> str:
        """The name of a run: of its spec, data, version of torch, and the code."""
        return hashlib.sha256(" ".join((spec.digest, data, version, _own_code())).encode()).hexdigest()[:40]

    def path(self, key: str) -> Path:
        """Its file."""
        return self.folder / f"{key}.npz"

    def save(self, key: str, arrays: dict[str, np.ndarray], facts: dict) -> None:
        """Keep a run: named arrays, and facts that JSON can hold."""
        whole = io.BytesIO()
        np.savez(whole, __facts__=np.array(json.dumps(facts)), **arrays)
        write_aside(self.path(key), whole.getvalue())

    def load(self, key: str) -> tuple[dict[str, np.ndarray], dict] | None:
        """What was kept, or None."""
        try:
            with np.load(self.path(key), allow_pickle=False) as kept:
                arrays = dict(kept)
        except FileNotFoundError:
            return None
        except Exception as broken:
            raise ValueError(f"{self.path(key)} is no run of this store ({broken}): delete it, and the run is made again") from broken
        return arrays, json.loads(str(arrays.pop("__facts__")))

    @contextmanager
    def lock(self, key: str, wait: bool):
        """Hold the right to compute a run; gives whether it was got. Without `wait` it is not, while another process has it."""
        if fcntl is None:
            yield True
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{key}.lock"
        with path.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
                return
            try:
                yield True
            finally:
                path.unlink(missing_ok=True)  # who waits for it still finds the run, or makes it again
