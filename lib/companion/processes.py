"""A few worker processes at a time, each under a time limit; none outlives the call."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

POLL = 0.05
GRACE = 5.0


@dataclass(frozen=True)
class Job:
    """A command, its environment and the file that takes what it prints."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path


@dataclass(frozen=True)
class Ended:
    """How a job ended; `code` is None where the time limit was reached."""

    name: str
    code: int | None
    seconds: float


def run(jobs: Iterable[Job], at_once: int, limit: float, finished: Callable[[Ended], None]) -> None:
    """Run all jobs, `at_once` at a time, and call `finished` as each ends. Whatever is raised, all are stopped first."""
    waiting, running = deque(jobs), {}
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                job = waiting.popleft()
                running[_start(job)] = (job, time.monotonic())
            time.sleep(POLL)
            for process, (job, began) in list(running.items()):
                seconds, over = time.monotonic() - began, process.poll() is not None
                if over or seconds > limit:
                    stop(process)
                    del running[process]
                    finished(Ended(job.name, process.returncode if over else None, seconds))
    finally:
        for process in running:
            stop(process)


def _start(job: Job) -> subprocess.Popen:
    job.log.parent.mkdir(parents=True, exist_ok=True)
    with job.log.open("wb") as log:
        # A session of its own: Ctrl-C reaches the runner alone, which then stops the whole group.
        return subprocess.Popen(job.command, env=job.environment, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)


def stop(process: subprocess.Popen) -> None:
    """End a process and its group: asked first, so that it can stop its kernel, then killed.

    No wait is without end: Ctrl-C may have come within `process.poll`, between taking the process's lock and the part that gives it back.
    """
    if process.poll() is None:
        _signal(process, signal.SIGTERM)
        _wait(process)
    _signal(process, signal.SIGKILL)
    _wait(process)
    process.stdin.close()


def _wait(process: subprocess.Popen) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(GRACE)


def _signal(process: subprocess.Popen, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
