"""Files that are whole or not there."""

from __future__ import annotations

import os
from pathlib import Path

ASIDE = ".part"
"""Ending of what is not yet whole."""


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
    data = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}{ASIDE}")
    try:
        aside.write_bytes(data)
        os.replace(aside, path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
