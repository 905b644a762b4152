"""Building the site: fetch what it serves, prepare what Sphinx reads, run Sphinx; each only where something changed."""

from __future__ import annotations

import contextlib
import fcntl
import json
import shutil
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from companion import files, settings
from companion.book.places import Book, write_all

MATHJAX = ("tex-svg-full.js", "ui/lazy.js")
SOURCES = ("lib/**/*", "tests/**/*.py", "docs/**/*", "notebooks/**/*.ipynb", "notebooks/src/**/*.md", "*.md", "CITATION.cff", "pyproject.toml")
NEEDED = ("sphinx", "myst_nb", "sphinx_book_theme")


def build(project: settings.Project) -> Path:
    """Make the site; its first page.

    Raises
    ------
    ValueError
        If a tool is missing, or Sphinx finds a fault: a broken link or reference, a picture without alternative text.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise ValueError(f"the book needs the extra book ({', '.join(missing)} missing): make env EXTRAS=book, or make book")
    book = Book(project)
    with alone(book.folder / "lock"):
        stamp, first = book.folder / "built-of", book.html / "index.html"
        state = state_of(project)
        if not (first.is_file() and stamp.is_file() and stamp.read_text() == state):
            stamp.unlink(missing_ok=True)
            fetch_mathjax(book)
            prepare(book)
            render(book)
            files.write(stamp, state)
    return first


def state_of(project: settings.Project) -> str:
    """Digest of everything that the site is made from."""
    made_from = sorted({path for pattern in SOURCES for path in project.root.glob(pattern) if path.is_file() and "__pycache__" not in path.parts})
    named = (f"{path.relative_to(project.root).as_posix()} {files.digest_of(path)}" for path in made_from)
    return files.digest(*named, *(version(name) for name in ("sphinx", "myst-nb", "sphinx-book-theme")), sys.version)


def fetch_mathjax(book: Book) -> None:
    """Put MathJax where the site takes it from; npm brings it once, and checks it against the committed digest."""
    stamp = files.digest_of(book.written / "package-lock.json")
    targets, kept = [book.vendor / "mathjax" / name for name in MATHJAX], book.folder / "vendored"
    if all(path.is_file() for path in targets) and kept.is_file() and kept.read_text() == stamp:
        return
    packages = node_packages(book, "dev")
    for name, target in zip(MATHJAX, targets, strict=True):
        files.write(target, (packages / "mathjax" / "es5" / name).read_bytes())
    files.write(kept, stamp)


def node_packages(book: Book, omit: str) -> Path:
    """Folder with the Node packages that docs/book/package-lock.json pins, less those for `omit`: "dev" or "prod".

    The site needs one package, the tests of it another.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise ValueError("npm is not there, and MathJax is fetched by it once; install Node.js (Debian: apt-get install nodejs npm)")
    folder, lock = book.folder / f"node-without-{omit}", (book.written / "package-lock.json").read_bytes()
    ready = folder / f"ready-{files.digest(lock)[:16]}"
    with alone(folder / "lock"):
        if not ready.exists():
            for stamp in folder.glob("ready-*"):
                stamp.unlink()
            for name in ("package.json", "package-lock.json"):
                files.write(folder / name, (book.written / name).read_bytes())
            command = [npm, "ci", f"--omit={omit}", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            found = subprocess.run(command, cwd=folder, capture_output=True, text=True)
            if found.returncode:
                raise ValueError(f"npm could not fetch the packages of {book.written / 'package-lock.json'}: {found.stderr.strip()}")
            ready.touch()
    return folder / "node_modules"


@contextlib.contextmanager
def alone(path: Path):
    """Hold the lock on `path`; a second process waits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def prepare(book: Book) -> None:
    """Write what Sphinx reads; a file whose content stays keeps its time stamp, by which Sphinx knows it."""
    interactive = book.written / "interactive"
    beside = [path for path in interactive.rglob("*") if path.is_file() and path.suffix != ".md"]
    write_all(book.extra, {f"interactive/{path.relative_to(interactive).as_posix()}": path.read_bytes() for path in beside})
    if write_all(book.source, sources(book)):
        # Sphinx keeps the page of a source that is gone.
        shutil.rmtree(book.html, ignore_errors=True)
        shutil.rmtree(book.folder / "doctrees", ignore_errors=True)


def sources(book: Book) -> dict[str, str | bytes]:
    """Everything that Sphinx reads, by file name."""
    from companion.book import chapters, claims, notebooks, reference
    from stalegrad.claims import generate, ledger, status

    project, table = book.project, status.table()
    shown = {name: notebooks.read(project, name) for name in project.names() if project.notebook(name).is_file()}
    reading = claims.Reading(
        texts={name: project.source(name).read_text(encoding="utf-8") for name in shown},
        titles={name: notebooks.title(notebook) for name, notebook in shown.items()},
        questions={name: notebooks.question(notebook) for name, notebook in shown.items()},
        figures=[figure for name, notebook in shown.items() for figure in notebooks.figures(name, notebook)],
        ids=tuple(ledger.read_inventory()),
    )
    made: dict[str, str | bytes] = {
        **{f"notebooks/{name}.ipynb": json.dumps(notebooks.prepared(notebook, reading.claim_of)) for name, notebook in shown.items()},
        **{f"claims/{name}": text for name, text in claims.pages(table, reading).items()},
        **{f"api/{name}": text for name, text in reference.pages().items()},
        **chapters.pages(book, table, reading),
        **{page: (project.root / page).read_text(encoding="utf-8") for page in chapters.PROJECT_PAGES if (project.root / page).is_file()},
        **interactive(book, reading.figures),
    }
    return made | {"docs/errata.md": generate.errata(table)}


def interactive(book: Book, figures) -> dict[str, str | bytes]:
    """The pages that compute in the browser, and the figures, named by id, that stand there for readers without scripts."""
    pages = {f"interactive/{path.name}": path.read_text(encoding="utf-8") for path in sorted((book.written / "interactive").glob("*.md"))}
    text = "".join(pages.values())
    return {**pages, **{f"interactive/{figure.id}.png": figure.png for figure in figures if f"{figure.id}.png" in text}}


def render(book: Book) -> None:
    """Run Sphinx, for which a warning is a fault."""
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-q", "-W", "-j", "2", "-c", book.written, "-d", book.folder / "doctrees"]
    found = subprocess.run([*map(str, command), str(book.source), str(book.html)], env=settings.variables(book.project), cwd=book.project.root)
    if found.returncode:
        # What was read with a warning would pass in silence the next time.
        shutil.rmtree(book.folder / "doctrees", ignore_errors=True)
        raise ValueError("the book has faults: see the warnings above")
