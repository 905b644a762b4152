"""Where a claim stands in the source tree: the sections of notebooks that treat it, its formula, its tests, everything else."""

from __future__ import annotations

import re
from pathlib import Path

SEARCHED = ("lib", "tests", "notebooks", "docs", "benchmarks")
SUFFIXES = {".py", ".toml", ".md", ".ipynb"}
TEXTS = Path("notebooks/src")
GENERATED = ("notebooks/90_claims.ipynb", "notebooks/src/90_claims.md", "docs/errata.md")
"""Lists of many claims, which say nothing about this one that the page does not."""


def places(id_: str, root: Path) -> list[Path]:
    """Source files that name the id itself, not a longer one that begins like it."""
    files = sorted(path for folder in SEARCHED for path in (root / folder).rglob("*") if path.suffix in SUFFIXES)
    return [path for path in files if ".ipynb_checkpoints" not in path.parts and _named(id_).search(path.read_text("utf-8", "replace"))]


def lines(id_: str, tests: list[str], root: Path):
    """What to read and run for a claim: notebooks with their sections, the formula, a command for its tests, and every other place.

    Parameters
    ----------
    id_ : str
        The claim.
    tests : list of str
        The tests that bear on it, as in the evidence report.
    root : Path
        The source tree.

    Yields
    ------
    str
        A line each, file names relative to `root`.
    """
    found = [path.relative_to(root) for path in places(id_, root)]
    paper = id_.partition("-")[0].lower()
    texts = [path for path in found if path.is_relative_to(TEXTS) and path.as_posix() not in GENERATED]
    for path in sorted(texts, key=lambda path: (paper not in path.parts, path)):
        notebook = "notebooks" / path.relative_to(TEXTS).with_suffix(".ipynb")
        sections = ", ".join(f'"{name}"' for name in headings(id_, (root / path).read_text("utf-8")))
        yield f"notebook: {notebook.as_posix()}, {sections}"
    formulas = [path for path in found if path.is_relative_to("lib/stalegrad/theory")]
    yield from (f"formula in: {path.as_posix()}" for path in formulas)
    files = list(dict.fromkeys(test.partition("::")[0] for test in tests))
    if files:
        yield f"run its tests: python -m pytest {' '.join(files)}"
    shown = {*texts, *formulas, *(Path(file) for file in files)}
    others = [path for path in found if path not in shown and path.suffix != ".ipynb" and path.as_posix() not in GENERATED]
    yield from (f"stands in: {path.as_posix()}" for path in others)


def headings(id_: str, text: str) -> list[str]:
    """Headings of the sections of a notebook's text that name the id, in order; code and prose both count.

    Examples
    --------
    >>> headings("SME-4.9", "# Batches\\n\\n## The law\\n\\nSME-4.9\\n\\n## Try it\\n")
    ['The law']
    """
    parts = re.split(r"^#{1,2} (.*)$", text, flags=re.MULTILINE)
    return [name.strip() for name, body in zip(parts[1::2], parts[2::2], strict=True) if _named(id_).search(body)]


def _named(id_: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){re.escape(id_)}(?!\w|\.\w)")
