"""Fixtures of the tests of the build machinery."""

import pytest

from tiny_project import make_project


@pytest.fixture
def project(tmp_path):
    """A project of two tiny notebooks, with nothing built."""
    return make_project(tmp_path)
