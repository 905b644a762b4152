"""A process that executes a batch of notebooks: `python -m companion.nursery`, with the batch as JSON on standard input.

It imports what the notebooks import, once; each of them then gets a worker and a kernel that are forked and not started
anew, which saves seconds for each. How each ends is a line of JSON on standard output.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from companion import processes, worker
from companion.settings import Project, variables

NEEDED = ("papermill", "ipykernel.debugger", "companion.forked")
GRACE = 15.0


@contextlib.contextmanager
def started(project: Project) -> Iterator[subprocess.Popen]:
    """The process, waiting for its batch; it is there no more at the end, whatever is raised."""
    command = [sys.executable, "-P", "-m", __name__]
    # A session of its own: Ctrl-C reaches the runner alone, which then stops this process.
    process = subprocess.Popen(command, env=variables(project), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        yield process
    finally:
        stop(process)


def ends(process: subprocess.Popen, jobs: list[str], modules: list[str], at_once: int, limit: float) -> Iterator[processes.Ended]:
    """Have the jobs done, with `modules` imported ahead, and tell how each has ended, as it does.

    Raises
    ------
    ChildProcessError
        If the process has ended before its jobs.
    """
    with process.stdin as pipe:
        json.dump({"jobs": jobs, "modules": modules, "at_once": at_once, "limit": limit, "parent": os.getpid()}, pipe)
    waiting = set(jobs)
    for line in process.stdout:
        ended = processes.Ended(**json.loads(line))
        waiting.remove(ended.job)
        yield ended
    if waiting:
        raise ChildProcessError(
            f"the notebooks' process was ended from outside with {len(waiting)} of them to go; the same command goes on from here"
        )


def stop(process: subprocess.Popen) -> None:
    """End the process: asked first, so that it can stop its workers, then killed, upon which they end by themselves.

    No wait is without end: Ctrl-C may have come within `process.poll`, between taking the process's lock and the part that gives it back.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
            break
    for pipe in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):
            pipe.close()


def main() -> int:
    """Execute the batch; 0 whatever becomes of the notebooks, 1 where there is none."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # What an import prints must not get between the lines that the runner reads.
    reports = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    load(NEEDED)  # while the runner prepares the batch
    said = sys.stdin.read()
    if not said:
        return 1  # the runner has ended
    batch = json.loads(said)
    load(batch["modules"])
    gc.freeze()  # what is never collected is not written to, and stays shared

    def finished(ended: processes.Ended) -> None:
        print(json.dumps(asdict(ended)), file=reports, flush=True)

    processes.run(worker.work, batch["jobs"], batch["at_once"], batch["limit"], finished, batch["parent"])
    return 0


def load(modules: Iterable[str]) -> None:
    """Import modules for those that will be forked; one that cannot be imported is for its notebook to tell."""
    for module in modules if processes.FORKS else ():
        with contextlib.suppress(Exception):
            importlib.import_module(module)


if __name__ == "__main__":
    sys.exit(main())
