"""What a notebook's results depend on, as one digest. Prose and time stamps are no part of it."""

from __future__ import annotations

import ast
import sys
from functools import cache
from pathlib import Path

from companion.files import digest, digest_of
from companion.settings import REPEATABLE, Project

Imports = dict[Path, frozenset[Path]]
"""What library files import, remembered between calls, for as long as no file changes."""


def state(project: Project, cells: list[str], parameters: dict, known: Imports | None = None) -> str:
    """Digest of the code `cells`, the library files that it imports (and they, in turn), data, parameters, lock and interpreter."""
    files = [*imported(cells, project.library, known), *data(project)]
    lock = digest_of(project.lock) if project.lock.exists() else ""
    settings = [f"{name}={value}" for name, value in sorted(REPEATABLE.items())]
    used = [f"{path.relative_to(project.root)} {digest_of(path)}" for path in files]
    given = [f"{name}={value!r}" for name, value in sorted(parameters.items())]
    return digest(*cells, *used, *given, *settings, lock, sys.version)


def data(project: Project) -> list[Path]:
    """Data files beside the notebooks."""
    return sorted(path for path in (project.notebooks / "data").rglob("*") if path.is_file())


def imported(cells: list[str], library: Path, known: Imports | None = None) -> list[Path]:
    """Files under `library` that the code imports, directly or through others, with the data files of their packages."""
    known = {} if known is None else known
    found: set[Path] = set()
    waiting = {path for cell in cells for path in _modules(_parsed(_without_magics(cell)), "", library)}
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            if path not in known:
                known[path] = _imports_of(path, library)
            waiting |= known[path]
    beside = {path for folder in {path.parent for path in found} for path in folder.iterdir() if path.is_file()}
    return sorted(found | {path for path in beside if path.suffix != ".py" and not path.name.startswith(".")})


def named(cells: list[str]) -> set[str]:
    """Dotted names that the import statements of code `cells` mention."""
    return {name for cell in cells for name in _names(_parsed(_without_magics(cell)), "")}


@cache
def _parsed(source: str | bytes) -> ast.Module:
    """The code's syntax tree; an empty one where it has an error, which executing it will show."""
    try:
        return ast.parse(source)
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])


def _imports_of(path: Path, library: Path) -> frozenset[Path]:
    tree = _parsed(path.read_bytes())
    parts = path.relative_to(library).with_suffix("").parts
    package = ".".join(parts[:-1])
    lazy = path.name == "__init__.py" and any(isinstance(node, ast.FunctionDef) and node.name == "__getattr__" for node in tree.body)
    # What a lazy package loads is decided while it runs: take all of it.
    return frozenset(_modules(tree, package, library) | (set(path.parent.rglob("*.py")) if lazy else set()))


def _modules(tree: ast.Module, package: str, library: Path) -> set[Path]:
    """Library files named by the import statements of a module that lies in `package`."""
    return {path for name in _names(tree, package) for path in _files(name, library)}


def _names(tree: ast.Module, package: str) -> set[str]:
    """What the import statements of a module that lies in `package` name: modules, and what may be modules or things in them."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            names |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return names


def _files(name: str, library: Path) -> list[Path]:
    """Files that importing the dotted `name` runs: each package's `__init__`, then the module."""
    files, folder = [], library
    for part in name.split("."):
        files += [path for path in (folder / f"{part}.py", folder / part / "__init__.py") if path.is_file()]
        folder /= part
    return files


def _without_magics(cell: str) -> str:
    """A cell's code, less IPython's own commands."""
    return "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in cell.splitlines())
