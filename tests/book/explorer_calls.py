"""Calls of the explorers' JavaScript by node, without a page."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "book" / "interactive"
NEEDS_NODE = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js: apt-get install nodejs")


def call(calls, folder=FOLDER):
    """Results of (name, arguments) in one process; numbers that are not finite come back as such."""
    request = json.dumps(calls).replace("Infinity", '"Infinity"')
    done = subprocess.run(["node", Path(__file__).with_name("explorers.js"), folder], input=request, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return [_numbers(found) for found in json.loads(done.stdout)]


def _numbers(found):
    if isinstance(found, dict):
        return {name: _numbers(value) for name, value in found.items()}
    if isinstance(found, list):
        return [_numbers(value) for value in found]
    return float(found) if found in ("Infinity", "-Infinity", "NaN") else found


def assert_close(found, expected, tolerance=1e-9):
    """Equal to a relative tolerance of the largest of the expected numbers; infinities match only infinities of the same sign."""
    found, expected = np.asarray(found, dtype=float), np.asarray(expected, dtype=float)
    finite = np.isfinite(expected)
    assert found.shape == expected.shape
    assert np.array_equal(found[~finite], expected[~finite])
    largest = np.abs(expected[finite]).max(initial=0.0)
    assert np.abs(found[finite] - expected[finite]).max(initial=0.0) <= tolerance * largest
