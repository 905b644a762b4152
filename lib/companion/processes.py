"""A few worker processes at a time, each under a time limit; none outlives the call."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from multiprocessing.process import BaseProcess

POLL = 0.05
GRACE = 5.0
FORKS = sys.platform == "linux"
"""Whether a process may go on as two; elsewhere the system's own libraries do not survive it."""


@dataclass(frozen=True)
class Ended:
    """How a job ended; `code` is None where the time limit was reached."""

    job: str
    code: int | None
    seconds: float


def run(work: Callable[[str], None], jobs: Iterable[str], at_once: int, limit: float, finished: Callable[[Ended], None], parent: int) -> None:
    """Call `work` with each of the jobs in a process of its own, `at_once` at a time, and `finished` as each ends.

    Ends when the process `parent` has. Whatever is raised, all workers are stopped first.
    """
    context = multiprocessing.get_context("fork" if FORKS and _has_one_thread() else "spawn")
    waiting, running = deque(jobs), {}
    try:
        while (waiting or running) and os.getppid() == parent:
            while waiting and len(running) < at_once:
                job = waiting.popleft()
                process = context.Process(target=work, args=[job])
                process.start()
                running[process] = (job, time.monotonic())
            time.sleep(POLL)
            for process, (job, began) in list(running.items()):
                seconds, over = time.monotonic() - began, process.exitcode is not None
                if over or seconds > limit:
                    stop([process])
                    del running[process]
                    finished(Ended(job, process.exitcode if over else None, seconds))
    finally:
        stop(running)


def _has_one_thread() -> bool:
    """A fork has but the thread that made it, and would wait for ever for what another one held."""
    return len(os.listdir("/proc/self/task")) == 1


def stop(processes: Collection[BaseProcess]) -> None:
    """End processes and the groups that they lead: asked first, so that they can stop their kernels, then killed."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in processes:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, number)
        for process in processes:
            process.join(GRACE)
