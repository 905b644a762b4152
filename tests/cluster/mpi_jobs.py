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
from stalegrad.algorithms.turns import Turn
from stalegrad.cluster import launch
from stalegrad.cluster.log import read_log
from stalegrad.cluster.settings import process_of, settings_of, start_of
from stalegrad.cluster.trace import read_trace
from stalegrad.engine.streams import Tape

PATIENCE = 60.0
"""Seconds that anything may take before the test fails; far above what it takes."""


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
    return log
