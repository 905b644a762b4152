"""Files that are whole or not there: written aside, then renamed."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

ASIDE = ".part"


def write(path: Path, content: str | bytes) -> None:
    """Write `content` beside `path`, then rename; a failure leaves what was there."""
    data = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}{ASIDE}")
    try:
        aside.write_bytes(data)
        os.replace(aside, path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def write_json(path: Path, value) -> None:
    """Write `value` as sorted JSON."""
    write(path, json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def read_json(path: Path, default):
    """The value in `path`, or `default` where there is no such file or it is no JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return default


def clear_aside(folder: Path) -> None:
    """Remove what a killed process left half written in `folder`."""
    for path in folder.glob(f".*{ASIDE}"):
        path.unlink(missing_ok=True)


def digest(*parts: str | bytes) -> str:
    """SHA-256 of the parts, each set off by its length."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(b"%d:" % len(data) + data)
    return total.hexdigest()


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    return digest(path.read_bytes())
