"""Executes one notebook, in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

from companion import processes

GRACE = 3.0
POLL = 0.2
UNTOUCHED = "nbval-skip"
"""Tag of cells that only a reader runs: sliders talk to the page, and without one the kernel may wait for ever."""


def work(job: str) -> None:
    """Execute `input.ipynb` in the folder `job`, as its `job.json` says. Where a cell fails, the status is 1 and `failure.json` says which."""
    folder = Path(job)
    said = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    os.setsid()
    log = os.open(folder / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.environ.update(said["variables"])
    if processes.FORKS:
        from companion import forked

        forked.stand_by()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    threading.Thread(target=_end_with, args=[os.getppid()], daemon=True).start()
    sys.exit(_execute(folder, said["home"], said["parameters"]))


def _execute(folder: Path, home: str, parameters: dict) -> int:
    import papermill

    from companion.files import write_json

    output = folder / "output.ipynb"
    try:
        papermill.execute_notebook(
            folder / "input.ipynb",
            output,
            parameters,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            cwd=home,
            skip_cells_with_tag=UNTOUCHED,
        )
    except papermill.PapermillExecutionError as error:
        failure = {"cell": error.exec_count, "error": f"{error.ename}: {error.evalue}"}
    except Exception as error:  # a kernel that does not start, or that dies
        failure = {"cell": started(output), "error": f"{type(error).__name__}: {error}"}
    else:
        return 0
    write_json(folder / "failure.json", failure)
    return 1


def started(path: Path) -> int | None:
    """Number of the code cell that was running when a notebook was last saved."""
    from companion.notebook import loads

    if not path.exists():
        return None
    cells = [cell for cell in loads(path.read_text(encoding="utf-8")).cells if cell.cell_type == "code"]
    return min(len(cells), 1 + sum(cell.execution_count is not None for cell in cells))


def _end_with(parent: int) -> None:
    """End this process, and with it the kernel, soon after the process `parent` has, however that ended."""
    while os.getppid() == parent:
        time.sleep(POLL)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(143)
