"""Loads the plugin that turns marked tests into evidence, and pytester to test that plugin."""

import signal

pytest_plugins = ["stalegrad.claims.pytest_plugin", "pytester"]


def pytest_configure(config):
    """Ctrl-C is tested: a shell's background job starts with it ignored, and so would every process that the tests start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
