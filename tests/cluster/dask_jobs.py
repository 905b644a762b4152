"""What the tests on Dask share: how many processes their one cluster has, and a limit of time."""

import signal
from contextlib import contextmanager

PROCESSES = 3


@contextmanager
def within(seconds):
    """TimeoutError in the main thread if the block takes longer."""

    def late(*_):
        raise TimeoutError(f"not done within {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
