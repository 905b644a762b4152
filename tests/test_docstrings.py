"""Every example in a docstring runs, and prints what it says."""

import doctest
import importlib
from pathlib import Path

import numpy as np
import pytest

import stalegrad

HOME = Path(stalegrad.__file__).parent
NEEDS = {"stalegrad.nets": "torch", "stalegrad.figures.training": "torch", "stalegrad.cluster": "distributed"}
"""Where examples may need an extra, and what tells whether it is there."""


def with_examples():
    """Names of the modules with examples, from their texts: nothing is imported."""
    for path in sorted(HOME.rglob("*.py")):
        if ">>> " in path.read_text(encoding="utf-8"):
            yield ".".join(("stalegrad", *path.relative_to(HOME).with_suffix("").parts)).removesuffix(".__init__")


@pytest.mark.parametrize("name", list(with_examples()))
def test_examples(name, capsys):
    for package, needed in NEEDS.items():
        if name.startswith(package):
            pytest.importorskip(needed)
    with np.printoptions():
        failed, tried = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert tried > 0 and not failed, capsys.readouterr().out
