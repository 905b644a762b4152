"""Loads the plugin that turns marked tests into evidence, and pytester to test that plugin."""

pytest_plugins = ["stalegrad.claims.pytest_plugin", "pytester"]
