"""Loads the plugin that turns marked tests into evidence, and pytester to test that plugin."""

import signal
from functools import cache

import pytest

from companion import extras
from companion.notebook import loads

pytest_plugins = ["stalegrad.claims.pytest_plugin", "pytester"]


def pytest_configure(config):
    """Ctrl-C is tested: a shell's background job starts with it ignored, and so would every process that the tests start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """Notebooks whose outputs cannot be compared here are skipped, with the remedy."""
    for item in items:
        if item.path.suffix == ".ipynb" and (reason := _incomparable(item.path)):
            item.add_marker(pytest.mark.skip(reason=reason))


@cache
def _incomparable(path):
    return extras.incomparable(loads(path.read_text(encoding="utf-8")))
