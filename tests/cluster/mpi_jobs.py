"""Real MPI jobs for the tests: started, watched, hurt, and always cleaned up; and the replay of what they logged."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from pathlib import Path

import numpy as np

import stalegrad as sg
from stalegrad.algorithms.sampled import gradient
from stalegrad.algorithms.turns import Turn
from stalegrad.cluster import launch
from stalegrad.cluster.log import read_log
from stalegrad.cluster.settings import beside, problem_of, process_of, settings_of, start_of
from stalegrad.cluster.trace import read_trace
from stalegrad.cluster.tree_node import place_of
from stalegrad.engine.streams import Tape

PATIENCE = 60.0
"""Seconds that anything may take before the test fails; far above what it takes."""
SLOW = ("--service", 0.004, "--service-law", "constant", "--checkpoint-every", 0.1)
"""Slow enough to be hurt while it runs."""


class Job:
    """A running mpiexec."""

    def __init__(self, words, n, size, module):
        self.token = uuid.uuid4().hex
        command = [launch.mpiexec(), "-n", str(size or n), sys.executable, "-m", module, *words, "-n", str(n)]
        env = marked(self.token)
        self.process = subprocess.Popen(
            command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL, start_new_session=True
        )

    def ranks(self):
        """Process id of every rank that is alive."""
        return alive(self.token)

    def end(self):
        """(exit status, result or None, what it said on stderr) when the job is over."""
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, json.loads(out) if out.strip().startswith("{") else None, err

    def wait_for(self, condition):
        """Wait until the condition holds while the job runs."""

        def holds():
            assert self.process.poll() is None, self.process.communicate()
            return condition()

        wait_until(holds)


def wait_until(condition):
    """Wait until the condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def marked(token):
    """The environment of a job: its mark, and this folder for problems of its own."""
    return launch.one_thread_each() | {"STALEGRAD_TEST_JOB": token, "PYTHONPATH": str(Path(__file__).parent)}


def wide():
    """A problem whose checkpoints are much larger than a log."""
    return sg.problems.quadratic(np.stack([np.ones(5000), -np.ones(5000)]), curvature=2.0)


def alive(token):
    """{rank: process id} of the processes with this mark in their environment."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                variables = (entry / "environ").read_bytes().split(b"\0")
                running = b"(zombie)" not in (entry / "status").read_bytes()
            except OSError:
                continue
            if f"STALEGRAD_TEST_JOB={token}".encode() in variables and running:
                ranks = [int(name[9:]) for name in variables if name.startswith(b"PMI_RANK=")]
                found |= {rank: int(entry.name) for rank in ranks}
    return found


@contextmanager
def job(*words, n, size=None, module="stalegrad.cluster.mpi"):
    """A job that is gone afterwards, stopped processes included."""
    running = Job([str(word) for word in words], n, size, module)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.process.kill()
        for pid in running.ranks().values():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        running.process.communicate(timeout=PATIENCE)


def completed(*words, n, size=None, module="stalegrad.cluster.mpi"):
    """Exit status, result and stderr of a job that is left alone."""
    with job(*words, n=n, size=size, module=module) as running:
        return running.end()


def files(folder):
    """Options that make a run write everything."""
    return "--log", folder / "run.jsonl", "--trace", folder / "trace.jsonl", "--checkpoint", folder / "run.ckpt"


def checkpointed(path, name="version"):
    """Updates in a checkpoint, or another of its numbers; 0 if there is none yet."""
    if not path.exists():
        return 0
    with np.load(path) as state:
        return int(state[name])


def expected_updates(result):
    """Updates that the workers of a run with one centre make in all."""
    return result["workers"] * -(-result["steps"] // result["period"])


def replay(result, log):
    """Centres (n, d) after each logged update, by the library's process for all workers, in the logged order.

    Between two exchanges nobody sees a worker's local steps: they are made right after its exchange.
    """
    settings = settings_of({name: result.get(name) for name in ("algorithm processes problem start eta alpha momentum period seed").split()})
    process, steps = process_of(settings), result["steps"]
    state = process.init(start_of(settings, process.problem)[:, None])
    centres = []
    for worker, name in zip(log.worker.tolist(), log.id.tolist(), strict=True):
        first = int(name.split(":")[1]) * settings.period
        for t in range(first, min(first + settings.period, steps)):
            z = process.problem.law.rows(Tape(settings.seed, np.array([worker], np.uint64)), t, 1)
            state = process.step(state, Turn(np.array([[worker]]), z))
            if t == first:
                centres.append(state.centre[:, 0])
    return np.array(centres)


def assert_sound(result, folder):
    """Nothing lost, nothing twice, and the library's rules lead through the same centres."""
    log, trace = read_log(folder / "run.jsonl"), read_trace(folder / "trace.jsonl")
    assert (log.lost, log.applied_twice, log.note) == (0, 0, "")
    assert len(log) == result["updates"] == expected_updates(result) and log.write.tolist() == list(range(1, len(log) + 1))
    counters = {worker: [name for name, who in zip(log.id, log.worker, strict=True) if who == worker] for worker in range(result["workers"])}
    assert all(names == [f"{worker}:{k}" for k in range(len(names))] for worker, names in counters.items())
    centres = replay(result, log)
    np.testing.assert_allclose(trace["centre"], centres, rtol=0, atol=1e-12)
    np.testing.assert_allclose(result["centre"], centres[-1], rtol=0, atol=1e-12)
    assert_level(result, trace, seen_from=result["updates_before_resume"] + 1)
    return log


def assert_level(result, trace, seen_from):
    """The means over the second half are those of the trace."""
    n = len(trace["write"])
    first = max(n // 2 + 1, seen_from)
    half = trace["centre"][first - 1 :]
    assert result["second_half_updates"] == [first, n]
    np.testing.assert_allclose(result["second_half_mean"], half.mean(axis=0), rtol=0, atol=1e-12)
    np.testing.assert_allclose(result["second_half_second_moment"], (half**2).mean(axis=0), rtol=0, atol=1e-12)
    objective = problem_of(result["problem"]).objective
    np.testing.assert_allclose(result["second_half_value"], np.mean([objective(x) for x in half]), rtol=0, atol=1e-12)


def assert_tree_sound(result, folder):
    """The same for a tree: replayed from who listened to whom, its nodes go through the same values. Returns the logs."""
    nodes = result["each_node"]
    logs = [read_log(beside(folder / "run.jsonl", i)) for i in range(len(nodes))]
    traces = [read_trace(beside(folder / "trace.jsonl", i)) for i in range(len(nodes))]
    for log, node in zip(logs, nodes, strict=True):
        assert (log.lost, log.applied_twice, log.note, len(log)) == (0, 0, "", node["updates"]) and node["duplicates_refused"] == 0
    for trace, value in zip(traces, replay_tree(result, logs, traces), strict=True):
        np.testing.assert_allclose(trace["centre"], value, rtol=0, atol=1e-12)
    assert_level(result, traces[0], seen_from=nodes[0]["updates_before_resume"] + 1)
    return logs


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
    arrivals = [by_clock(log, trace) for log, trace in zip(logs, traces, strict=True)]
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


def by_clock(log, trace):
    found = {}
    for name, clock in zip(log.id.tolist(), trace["clock"].tolist(), strict=True):
        found.setdefault(clock, []).append(tuple(int(part) for part in name.split(":")))
    return found
