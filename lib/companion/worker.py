"""Executes one notebook in a process of its own: `python -m companion.worker JOB.json`.

The runner holds the other end of this process's standard input. When that closes, however the runner ended,
the notebook's kernel is stopped and the process ends, so nothing is left running.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path

GRACE = 3.0
UNTOUCHED = "nbval-skip"
"""Tag of cells that only a reader runs: sliders talk to the page, and without one the kernel may wait for ever."""


def main(job_file: str) -> int:
    """Execute the job; 0 if it worked, 1 if a cell failed (the job's `failure` file then names cell and error)."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    threading.Thread(target=_end_with_runner, daemon=True).start()
    # Imported after the watch has begun: these take a second.
    import papermill

    from companion.files import write_json

    job = json.loads(Path(job_file).read_text(encoding="utf-8"))
    try:
        papermill.execute_notebook(
            job["input"],
            job["output"],
            job["parameters"],
            kernel_name="python3",
            language="python",
            progress_bar=False,
            cwd=job["folder"],
            skip_cells_with_tag=UNTOUCHED,
        )
    except papermill.PapermillExecutionError as error:
        failure = {"cell": error.exec_count, "error": f"{error.ename}: {error.evalue}"}
    except Exception as error:  # a kernel that does not start, or that dies
        failure = {"cell": started(Path(job["output"])), "error": f"{type(error).__name__}: {error}"}
    else:
        return 0
    write_json(Path(job["failure"]), failure)
    return 1


def started(path: Path) -> int | None:
    """Number of the code cell that was running when a notebook was last saved."""
    from companion.notebook import loads

    if not path.exists():
        return None
    cells = [cell for cell in loads(path.read_text(encoding="utf-8")).cells if cell.cell_type == "code"]
    return min(len(cells), 1 + sum(cell.execution_count is not None for cell in cells))


def _end_with_runner() -> None:
    os.read(0, 1)  # not sys.stdin: a thread that waits there breaks the interpreter's own ending
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(GRACE)
    os._exit(143)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
