"""Files that are whole or not there, and files to be written, looked at before anything is computed."""

from __future__ import annotations

import errno
import os
from pathlib import Path

ASIDE = ".part"
"""Ending of what is not yet whole."""

WRITTEN = {"out": "result.json", "log": "run.jsonl", "trace": "trace.jsonl", "checkpoint": "run.ckpt"}
"""Options that name a file to write, each with a name to suggest."""


def write_aside(path: Path, content: str | bytes) -> None:
    """Write `content` beside `path`, then rename; a failure leaves what was there.

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "verdicts.txt"
    >>> write_aside(target, "proved")
    >>> target.read_text()
    'proved'
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise FileExistsError(errno.EEXIST, "it is no ordinary file, which renaming would do away with", str(path))
    data = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}{ASIDE}")
    try:
        aside.write_bytes(data)
        os.replace(aside, path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def check_written(arguments) -> None:
    """ValueError if a file of these parsed options cannot be written: a folder, or in a folder that is not there or is locked.

    A folder that is not there is an error, not made: a slip of the pen would leave a run's log where nobody looks for it.
    """
    for option, example in WRITTEN.items():
        if name := getattr(arguments, option, None):
            _check(f"--{option} {name}", Path(name), example)


def _check(given: str, path: Path, example: str) -> None:
    if path.is_dir():
        raise ValueError(f"{given} is a folder: name a file in it, such as {path / example}")
    if path.exists() and not path.is_file():
        raise ValueError(f"{given} is no ordinary file: name a new one, such as {example}")
    folder = path.parent
    if not folder.exists():
        raise ValueError(f"{given} cannot be written, there is no folder {folder}: correct the name, or make the folder first (mkdir -p {folder})")
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise ValueError(f"{given} cannot be written into {folder}: it is no folder, or not yours to write to; name a file somewhere else")
