"""The book, built once for all tests of its pages, and the browser that looks at it."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from companion import settings
from companion.book import build
from companion.book.places import Book

LIMIT = 1200
"""Seconds that a script in the browser may take; on a machine of its own none takes a tenth of that."""


@pytest.fixture(scope="session")
def book():
    """The built book."""
    for name in build.NEEDED:
        pytest.importorskip(name, reason="needs the extra book: make env EXTRAS=book")
    made = Book(settings.here())
    if shutil.which("npm") is None and not (made.vendor / "mathjax").is_dir():
        pytest.skip("needs npm, which fetches MathJax: apt-get install nodejs npm")
    build.build(made.project)
    return made


@pytest.fixture(scope="session")
def node_browser():
    """A function that runs a script of this folder on what it is given as JSON, in Debian's chromium, and returns what the script reports."""
    node, chromium = shutil.which("node"), shutil.which("chromium")
    if node is None or chromium is None or shutil.which("npm") is None:
        pytest.skip("needs a browser and Node.js: apt-get install chromium nodejs npm")
    packages = build.node_packages(Book(settings.here()), "prod")

    def run(script, **asked):
        given = {"packages": str(packages), "chromium": chromium, **asked}
        command = [node, str(Path(__file__).with_name(script)), json.dumps(given)]
        found = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
        assert found.returncode == 0, found.stderr
        return json.loads(found.stdout)

    return run
