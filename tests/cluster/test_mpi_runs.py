"""Real runs by MPI follow the library's rules: their logs, replayed, lead through the same values."""

import json
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("mpi4py", reason='needs the extra cluster: make env EXTRAS="cluster"')

from mpi_jobs import PATIENCE, assert_sound, completed, files, replay  # noqa: E402
from stalegrad.algorithms.sampled import gradient  # noqa: E402
from stalegrad.cluster.log import read_log  # noqa: E402
from stalegrad.cluster.settings import beside, process_of, settings_of  # noqa: E402
from stalegrad.cluster.trace import read_trace  # noqa: E402
from stalegrad.cluster.tree_node import place_of  # noqa: E402
from stalegrad.engine.process import reference_paths  # noqa: E402
from stalegrad.engine.streams import Tape  # noqa: E402


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
    logs = [read_log(beside(tmp_path / "run.jsonl", i)) for i in range(7)]
    traces = [read_trace(beside(tmp_path / "trace.jsonl", i)) for i in range(7)]
    assert all((log.lost, log.applied_twice, len(log)) == (0, 0, node["updates"]) for log, node in zip(logs, nodes, strict=True))
    values = replay_tree(result, logs, traces)
    for trace, value in zip(traces, values, strict=True):
        np.testing.assert_allclose(trace["centre"], value, rtol=0, atol=1e-12)


def test_the_command_starts_a_run_and_writes_its_result(tmp_path):
    words = f"run asgd --engine mpi -n 3 --problem double-well --steps 20 --service 0.001 --speeds 1,2 --out {tmp_path / 'result.json'}"
    done = subprocess.run([sys.executable, "-m", "stalegrad.cli", *words.split()], capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == json.loads((tmp_path / "result.json").read_text())
    assert json.loads(done.stdout)["updates"] == 40


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


def replay_tree(result, logs, traces):
    """The value (n, d) of each node after each of its updates, from who listened to whom when, and the data rows.

    A message of number k was sent at the beginning of its sender's local step k times the period of the link.
    """
    fields = "algorithm processes problem start eta alpha momentum degree scheme seed".split()
    settings = settings_of({name: result[name] for name in fields})
    problem, places = process_of(settings).problem, [place_of(i, settings) for i in range(settings.processes)]
    at_start = [[np.full(problem.dim, settings.start)] for _ in places]
    velocity = [np.zeros(problem.dim) for _ in places]
    after = [[] for _ in places]
    arrivals = [_by_clock(log, trace) for log, trace in zip(logs, traces, strict=True)]
    lasts = [node["local_steps"] for node in result["each_node"]]
    progress = True
    while progress:
        progress = False
        for i, place in enumerate(places):
            while (t := len(at_start[i]) - 1) < lasts[i]:
                sent = [(j, k * (places[j].up if j in place.children else places[j].down)) for j, k in arrivals[i].get(t, ())]
                if any(s >= len(at_start[j]) for j, s in sent):
                    break
                x = at_start[i][t]
                for j, s in sent:
                    x = x + settings.alpha * (at_start[j][s] - x)
                    after[i].append(x)
                if place.leaf is not None:
                    z = problem.law.rows(Tape(settings.seed, np.array([place.leaf], np.uint64)), t, 1)[0]
                    slope = gradient(problem, (x + settings.momentum * velocity[i])[:, None], z)[:, 0]
                    velocity[i] = settings.momentum * velocity[i] - settings.eta * slope
                    x = x + velocity[i]
                at_start[i].append(x)
                progress = True
    assert [len(values) - 1 for values in at_start] == lasts
    return after


def _by_clock(log, trace):
    found = {}
    for name, clock in zip(log.id.tolist(), trace["clock"].tolist(), strict=True):
        found.setdefault(clock, []).append(tuple(int(part) for part in name.split(":")))
    return found


def swapped(log):
    """The log with two neighbouring updates of different workers in the middle exchanged."""
    k = next(k for k in range(len(log) // 2, len(log) - 1) if log.worker[k] != log.worker[k + 1])
    order = np.arange(len(log))
    order[[k, k + 1]] = order[[k + 1, k]]
    return type(log)(log.meta, log.id[order], log.worker[order], log.read, log.write, log.t_read, log.t_write)
