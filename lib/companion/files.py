"""Files of the build: whole or not there, and their digests."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from stalegrad.files import ASIDE
from stalegrad.files import write_aside as write

__all__ = ["ASIDE", "clear_aside", "digest", "digest_of", "read_json", "write", "write_json"]


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
