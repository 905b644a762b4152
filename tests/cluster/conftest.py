"""The one Dask cluster of these tests: starting its processes takes longer than most of what they do."""

from contextlib import ExitStack

import pytest

from dask_jobs import PROCESSES, within
from stalegrad.cluster import dask_server


@pytest.fixture(scope="package")
def client():
    """A client of a cluster that is gone after the last test of this folder; a process that a test kills is started again."""
    with ExitStack() as stack:
        with within(120):
            client = stack.enter_context(dask_server.connected(PROCESSES))
        yield client
