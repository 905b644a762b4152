"""Notebooks that need more than the locked environment: tags on their cells say what.

`needs-nets` names an extra of pyproject.toml. Without it the notebook is neither executed nor compared. `data-fashion-mnist` names a
data set: without it the notebook runs on what it falls back to, but its outputs are not compared with the committed ones.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # importing it takes a second
    from nbformat import NotebookNode

NEEDS, DATA = "needs-", "data-"
MODULES = {"nets": ("torch", "sklearn"), "cluster": ("mpi4py", "distributed")}
"""Modules by which an extra is recognised."""
FILES = {"fashion-mnist": "train-images-idx3-ubyte.gz"}
"""A file by which a data set is recognised."""


def named(notebook: NotebookNode, kind: str = NEEDS) -> list[str]:
    """What the tags of a notebook's cells ask for: extras, or with `DATA` data sets."""
    tags = {tag for cell in notebook.cells for tag in cell.metadata.get("tags", [])}
    return sorted(tag.removeprefix(kind) for tag in tags if tag.startswith(kind))


def lacking(extras: list[str]) -> str:
    """Why a notebook that needs `extras` is left out: those that are not installed, and the remedy; empty if all are."""
    missing = [name for name in extras if any(find_spec(module) is None for module in MODULES[name])]
    return f'needs the extra {", ".join(missing)}: make env EXTRAS="{" ".join(missing)}"' if missing else ""


def incomparable(notebook: NotebookNode) -> str:
    """Why a notebook's outputs are not compared here; empty if they are."""
    absent = [name for name in named(notebook, DATA) if not (folder(name) / FILES[name]).exists()]
    return lacking(named(notebook)) or (f"needs the data set {', '.join(absent)}, as its Debian package installs it" if absent else "")


def folder(name: str) -> Path:
    """Where a data set is looked for: below STALEGRAD_DATA, or else where Debian's package puts it."""
    return Path(os.environ.get("STALEGRAD_DATA") or "/usr/share/datasets", name)
