"""Where the book's parts lie, and what stands between them: anchors, sort order, writing only what changed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from companion.files import write
from companion.settings import Project


@dataclass(frozen=True)
class Book:
    """The folders of the book of a project."""

    project: Project

    @property
    def written(self) -> Path:
        """What authors write: configuration, cover, styles, interactive pages."""
        return self.project.root / "docs" / "book"

    @property
    def folder(self) -> Path:
        """What is made; may be deleted at any time."""
        return self.project.build / "book"

    @property
    def source(self) -> Path:
        """Pages as Sphinx reads them, laid out like the project so that links between its files hold."""
        return self.folder / "source"

    @property
    def extra(self) -> Path:
        """Files that the site has beside its pages."""
        return self.folder / "extra"

    @property
    def vendor(self) -> Path:
        """MathJax, as the site serves it."""
        return self.folder / "vendor"

    @property
    def html(self) -> Path:
        """The site."""
        return self.folder / "html"


def anchor(claim: str) -> str:
    """HTML id of a claim's section: what docutils makes of the heading."""
    return re.sub(r"[^a-z0-9]+", "-", claim.lower()).strip("-")


def by_section(name: str) -> list:
    """Sort key of a notebook: `3_10` after `3_9`, and appendices (`A_`) after all numbers."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"[_/.]", name)]


def write_all(folder: Path, files: dict[str, str | bytes]) -> bool:
    """Make `folder` hold exactly these files; one whose content stays is not touched. Whether a file had to go."""
    for name, content in files.items():
        path, data = folder / name, content if isinstance(content, bytes) else content.encode()
        if not path.is_file() or path.read_bytes() != data:
            write(path, data)
    gone = [path for path in folder.rglob("*") if path.is_file() and path.relative_to(folder).as_posix() not in files]
    for path in gone:
        path.unlink()
    return bool(gone)
