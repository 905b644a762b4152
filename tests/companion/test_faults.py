"""`make figures` broken off or out of space: nothing is half written, nothing runs on, and the next run finishes."""

import errno
import os
import signal
import subprocess
import sys
import threading

import psutil
import pytest

from companion import processes, runner
from companion.files import read_json
from tiny_project import figures, finish, processes_of, start, text, wait_for


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


def test_a_worker_is_stopped_where_ctrl_c_came_while_it_was_looked_after(monkeypatch):
    """Ctrl-C within `Popen.poll` may leave the process's lock taken: a wait without end would never return."""
    monkeypatch.setattr(processes, "GRACE", 0.2)
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], stdin=subprocess.PIPE, start_new_session=True)
    with process._waitpid_lock:
        stopping = threading.Thread(target=processes.stop, args=[process], daemon=True)
        stopping.start()
        stopping.join(10)
        assert not stopping.is_alive()
        assert wait_for(lambda: psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE, 5)
    assert process.wait() == -signal.SIGTERM


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
