"""Workers: forked where that is safe, started anew where it is not, and stopped in any case."""

import os
import sys
import threading
import time
from pathlib import Path

import pytest

from companion import processes


def tell(file):
    """Note whether this process has what its parent had imported and set."""
    Path(file).write_text(str(getattr(sys, "set_by_the_parent", False)))


def wait(_):
    """Work that takes too long."""
    os.setsid()
    time.sleep(60)


def run(work, jobs, limit=60.0, parent=None):
    """How the jobs end."""
    ended = []
    processes.run(work, jobs, 2, limit, ended.append, os.getppid() if parent is None else parent)
    return ended


@pytest.mark.parametrize(("system", "threads", "shared"), [(True, True, "True"), (True, False, "False"), (False, True, "False")])
def test_forked_from_a_process_of_one_thread_only(monkeypatch, tmp_path, system, threads, shared):
    monkeypatch.setattr(sys, "set_by_the_parent", True, raising=False)
    monkeypatch.setattr(processes, "FORKS", system)
    monkeypatch.setattr(processes, "_has_one_thread", lambda: threads)
    (ended,) = run(tell, [str(tmp_path / "said")])
    assert ended.code == 0 and (tmp_path / "said").read_text() == shared


def test_threads_are_counted():
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    assert not processes._has_one_thread()
    over.set()
    thread.join()


def test_limit_and_parent(monkeypatch):
    began = time.monotonic()
    assert [(ended.job, ended.code) for ended in run(wait, ["a", "b"], limit=1.0)] == [("a", None), ("b", None)]
    assert run(wait, ["a"], parent=0) == [], "the runner has ended: nothing begins"
    assert time.monotonic() - began < 30
