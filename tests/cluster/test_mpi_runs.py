"""Real runs by MPI follow the library's rules: their logs, replayed, lead through the same values."""

import json
import os
import pty
import re
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

pytest.importorskip("mpi4py", reason='needs the extra cluster: make env EXTRAS="cluster"')

from mpi_jobs import PATIENCE, assert_sound, assert_tree_sound, completed, files, replay  # noqa: E402
from stalegrad.cluster.settings import process_of, settings_of  # noqa: E402
from stalegrad.cluster.trace import read_trace  # noqa: E402
from stalegrad.engine.process import reference_paths  # noqa: E402


def test_one_worker_makes_the_librarys_run(tmp_path):
    words = "eamsgd --eta 0.05 --alpha 0.3 --momentum 0.5 --period 3 --steps 40 --seed 7".split()
    code, result, err = completed(*words, *files(tmp_path), n=2)
    assert (code, err) == (0, "")
    process = process_of(settings_of({name: result.get(name) for name in "algorithm processes problem eta alpha momentum period".split()}))
    path = reference_paths(process, 1.0, 40, [0], seed=7)[0]
    assert result["centre"] == path[-1].tolist()
    trace = read_trace(tmp_path / "trace.jsonl")
    assert trace["centre"].tolist() == path[trace["clock"] + 1].tolist()


@pytest.mark.parametrize(("n", "words"), [(4, "easgd --period 4 --alpha 0.2 --eta 0.05"), (3, "downpour --period 2 --eta 0.02")])
def test_a_log_replayed_by_the_library_gives_the_same_centres(tmp_path, n, words):
    code, result, err = completed(*words.split(), "--steps", 200, *files(tmp_path), n=n)
    assert (code, err) == (0, "")
    log = assert_sound(result, tmp_path)
    # Negative control: with two of the updates exchanged the centres are others, for a while.
    assert np.abs(replay(result, swapped(log)) - replay(result, log)).max() > 1e-6


def test_a_tree_replayed_from_its_logs_gives_the_same_values(tmp_path):
    code, result, err = completed("eamsgd-tree", "--scheme", "up-down:2,3", "--eta", 0.02, "--steps", 150, "--latency", 0.001, *files(tmp_path), n=7)
    assert (code, err) == (0, "")
    nodes = result["each_node"]
    taken = sum(node["updates"] + node["messages_after_the_end"] for node in nodes)
    assert taken == sum(node["messages_sent"] for node in nodes)
    assert [node["local_steps"] for node in nodes[3:]] == [150] * 4 and all(node["updates"] for node in nodes)
    assert_tree_sound(result, tmp_path)


def test_the_command_starts_a_run_and_writes_its_result(tmp_path):
    words = f"run asgd --engine mpi -n 3 --problem double-well --steps 20 --service 0.001 --speeds 1,2 --out {tmp_path / 'result.json'}"
    done = subprocess.run([sys.executable, "-m", "stalegrad.cli", *words.split()], capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == json.loads((tmp_path / "result.json").read_text())
    assert json.loads(done.stdout)["updates"] == 40


def test_a_terminal_is_shown_how_far_the_run_is_and_the_run_is_the_same(tmp_path):
    words = f"run easgd --engine mpi -n 2 --steps 300 --service 0.002 --seed 3 --trace {tmp_path / 'trace.jsonl'}"
    shows_bars = {name: value for name, value in os.environ.items() if name != "TQDM_DISABLE"}
    results, shown = [], []
    for terminal in (True, False):
        ours, theirs = pty.openpty() if terminal else os.pipe()
        command = [sys.executable, "-m", "stalegrad.cli", *words.split()]
        done = subprocess.Popen(command, env=shows_bars, stdout=subprocess.PIPE, stderr=theirs, text=True)
        os.close(theirs)
        shown.append(b"".join(iter(partial(read_or_end, ours), b"")).decode())
        results.append((json.loads(done.communicate(timeout=PATIENCE)[0]), (tmp_path / "trace.jsonl").read_text()))
        assert done.returncode == 0
        os.close(ours)
    # Between none and all of the updates, more than one state was seen; a pipe sees nothing.
    assert len(set(re.findall(r"(\d+)/300 ", shown[0]))) >= 3 and "updates/s" in shown[0]
    assert shown[1] == ""
    assert results[0][1] == results[1][1] and results[0][0]["centre"] == results[1][0]["centre"]


def read_or_end(file):
    """What comes next; nothing when the other end of a terminal, or of a pipe, is closed."""
    try:
        return os.read(file, 65536)
    except OSError:
        return b""


@pytest.mark.parametrize("size", [1, 2])
def test_a_world_of_another_size_is_refused(tmp_path, size):
    code, result, err = completed("easgd", *files(tmp_path), n=3, size=size)
    assert (code, result) == (2, None)
    assert f"the MPI world has {size} process" in err and "processes=3 were asked for" in err and "mpiexec" in err
    assert ("starts jobs of one process" in err) == (size == 1)
    assert list(tmp_path.iterdir()) == []


def test_wrong_input_is_told_once(tmp_path):
    code, result, err = completed("easgd", "--eta", "-1", n=2)
    assert (code, result) == (2, None)
    assert err.count("stalegrad: ") == 1 and "eta" in err
    code, result, err = completed("easgd", "--resume", "--checkpoint", tmp_path / "none.ckpt", n=2)
    assert (code, result) == (2, None)
    assert "nothing to resume" in err and err.count("stalegrad: ") == 1
    code, result, err = completed("easgd", "--log", tmp_path, n=2)
    assert (code, result) == (2, None)
    assert f"--log {tmp_path} is a folder" in err and err.count("\n") == 1


def swapped(log):
    """The log with two neighbouring updates of different workers in the middle exchanged."""
    k = next(k for k in range(len(log) // 2, len(log) - 1) if log.worker[k] != log.worker[k + 1])
    order = np.arange(len(log))
    order[[k, k + 1]] = order[[k + 1, k]]
    return type(log)(log.meta, log.id[order], log.worker[order], log.read, log.write, log.t_read, log.t_write)
