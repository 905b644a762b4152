"""What a notebook's process loads before its kernel starts."""

import subprocess
import sys

import pytest

from companion import settings

LOADED = "import papermill, sys; print('lark' in sys.modules)"


def test_no_grammar_of_addresses_is_built():
    """It takes a second of each process; without the line in `companion` it is there."""
    pytest.importorskip("rfc3987_syntax")
    found = [
        subprocess.run([sys.executable, "-c", first + LOADED], capture_output=True, text=True, check=True).stdout.strip()
        for first in ("import companion.worker; ", "")
    ]
    assert found == ["False", "True"]


def test_bytecode_of_the_library_is_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert "PYTHONDONTWRITEBYTECODE" not in settings.variables(settings.Project(tmp_path))
