"""`make figures` broken off or out of space: nothing is half written, nothing runs on, and the next run finishes."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from companion import nursery, runner
from companion.files import read_json
from tiny_project import companion, figures, finish, processes_of, start, text, wait_for


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_run_broken_off_leaves_nothing_behind_and_the_next_one_finishes(project, number):
    busy, ready = "import pathlib, time; pathlib.Path('../ready').touch(); time.sleep(60)", project.root / "ready"
    project.source("one").write_text(text("F1", 5, body=busy))
    process = start(project, "figures", "one")
    assert wait_for(ready.exists, 60), finish(process)
    process.send_signal(number)
    code, said = finish(process)
    if number != signal.SIGKILL:
        assert code == 130 and "nothing is half written" in said, said
    assert wait_for(lambda: not processes_of(project), 6), processes_of(project)
    assert not figures(project)

    project.source("one").write_text(text("F1", 5))
    assert runner.run(project, ["one"], {}).executed == ["one"]
    assert set(figures(project)) == {f"F1.{kind}" for kind in ("svg", "png", "csv", "json")}


def test_the_notebooks_process_is_stopped_where_ctrl_c_came_while_it_was_looked_after(monkeypatch):
    """Ctrl-C within `Popen.poll` may leave the process's lock taken: a wait without end would never return."""
    monkeypatch.setattr(nursery, "GRACE", 0.2)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], **pipes, start_new_session=True)
    with process._waitpid_lock:
        stopping = threading.Thread(target=nursery.stop, args=[process], daemon=True)
        stopping.start()
        stopping.join(10)
        assert not stopping.is_alive()
        assert wait_for(lambda: psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE, 5)
    assert process.wait() == -signal.SIGTERM


@pytest.mark.parametrize(
    ("victim", "said"),
    [(1, "was ended from outside with 1 of them to go"), (2, "its process ended with status -9"), (3, "cell In [2]: DeadKernelError")],
)
def test_what_is_killed_in_the_middle_is_named_and_leaves_nothing_behind(project, victim, said):
    """The notebooks' process, a worker, a kernel: each a child of the one before, the first a child of the runner."""
    above = ".parent()" * (3 - victim)
    project.source("one").write_text(text("F1", 5, body=f"import psutil, time\npsutil.Process(){above}.kill()\ntime.sleep(60)"))
    began = time.monotonic()
    code, printed = companion(project, "figures", "one")
    assert code == 1 and said in printed, printed
    assert time.monotonic() - began < 40, "the others did not go on to their end"
    assert wait_for(lambda: not processes_of(project), 6), processes_of(project)
    assert not figures(project)


def test_a_full_disk_while_figures_are_published(project, monkeypatch):
    real, full = os.replace, True

    def replace(source, target):
        if full and str(target).endswith("F1.png"):
            raise OSError(errno.ENOSPC, "No space left on device")
        real(source, target)

    monkeypatch.setattr("stalegrad.files.os.replace", replace)
    with pytest.raises(OSError, match="No space left"):
        runner.run(project, ["one"], {})
    assert not list(project.figures.glob(".*")), "no half-written file stays"
    assert not runner.record(project, "one").exists(), "what is not whole does not count as done"
    full = False
    assert runner.run(project, ["one"], {}).executed == ["one"]
    assert read_json(project.figures / "F1.json", {}) == {"digest": "3", "numbers": 1}
