"""Real MPI jobs that are killed, stopped, slowed down and out of disk: updates lost 0, duplicates applied 0."""

import os
import resource
import signal
import subprocess
import sys
import uuid

import numpy as np
import pytest

pytest.importorskip("mpi4py", reason='needs the extra cluster: make env EXTRAS="cluster"')

from mpi_jobs import PATIENCE, alive, assert_sound, completed, expected_updates, files, job, marked, wait_until  # noqa: E402
from stalegrad.cluster.log import read_log  # noqa: E402
from stalegrad.cluster.server import pace_of  # noqa: E402
from stalegrad.cluster.settings import beside, settings_of  # noqa: E402

pytestmark = pytest.mark.skipif(not os.path.exists("/proc"), reason="finds the processes of a job in /proc")
SLOW = ("--service", 0.004, "--service-law", "constant", "--checkpoint-every", 0.1)
"""Slow enough to be hurt while it runs."""


def checkpointed(path):
    """Updates in a checkpoint; 0 if there is none yet."""
    if not path.exists():
        return 0
    with np.load(path) as state:
        return int(state["version"])


def updates(folder):
    """Names of the logged updates."""
    return read_log(folder / "run.jsonl").id.tolist()


def test_a_killed_process_ends_the_job_and_the_run_is_resumed(tmp_path):
    words = ("eamsgd", "--momentum", 0.5, "--eta", 0.005, "--period", 2, "--steps", 300, *SLOW, *files(tmp_path))
    kept = 0
    for resume, victim in (((), 2), (("--resume",), 0)):
        with job(*words, *resume, n=3) as running:
            running.wait_for(lambda least=kept + 30: checkpointed(tmp_path / "run.ckpt") >= least)
            os.kill(running.ranks()[victim], signal.SIGKILL)
            code, result, _ = running.end()
            assert code != 0 and result is None
            wait_until(lambda running=running: not running.ranks())
        before, kept = updates(tmp_path), checkpointed(tmp_path / "run.ckpt")
    code, result, err = completed(*words, "--resume", "--steps", 320, n=3)
    assert (code, err) == (0, "") and result["steps"] == 320
    log = assert_sound(result, tmp_path)
    assert log.id[:kept].tolist() == before[:kept]
    assert result["updates_before_resume"] == kept >= 60
    assert result["updates_lost_and_made_again"] == len(before) - kept
    assert result["duplicates_refused"] == 0


def test_a_killed_tree_is_resumed(tmp_path):
    words = ("easgd-tree", "--degree", 1, "--scheme", "up-down:1,2", "--steps", 200, *SLOW, *files(tmp_path))
    with job(*words, n=3) as running:
        running.wait_for(lambda: min(checkpointed(beside(tmp_path / "run.ckpt", i)) for i in range(3)) >= 10)
        os.kill(running.ranks()[2], signal.SIGKILL)
        assert running.end()[0] != 0
    kept = [checkpointed(beside(tmp_path / "run.ckpt", i)) for i in range(3)]
    code, result, err = completed(*words, "--resume", n=3)
    assert (code, err) == (0, "")
    for node, version in zip(result["each_node"], kept, strict=True):
        log = read_log(beside(tmp_path / "run.jsonl", node["node"]))
        assert (log.lost, log.applied_twice, len(log)) == (0, 0, node["updates"])
        assert node["updates_before_resume"] == version < node["updates"]
    assert result["each_node"][2]["local_steps"] == 200


def test_a_stalled_worker_holds_up_nobody(tmp_path):
    with job("asgd", "--eta", 0.002, "--steps", 250, *SLOW, *files(tmp_path), n=3) as running:
        running.wait_for(lambda: (tmp_path / "run.jsonl").exists() and len(updates(tmp_path)) >= 30)
        stopped = running.ranks()[1]
        os.kill(stopped, signal.SIGSTOP)
        wait_until(lambda: state_of(stopped) == "T")
        first = len(updates(tmp_path))
        running.wait_for(lambda: len(updates(tmp_path)) >= first + 100)
        meanwhile = updates(tmp_path)[first + 1 :]
        os.kill(stopped, signal.SIGCONT)
        code, result, err = running.end()
    assert (code, err) == (0, "")
    # A push of the stopped worker may have been under way when it was stopped.
    assert sum(name.startswith("0:") for name in meanwhile) <= 1
    log = assert_sound(result, tmp_path)
    assert log.tau[log.worker == 0].max() >= 90


def test_a_slow_network_loses_nothing(tmp_path):
    code, result, err = completed("downpour", "--eta", 0.005, "--period", 2, "--steps", 120, "--latency", 0.005, *files(tmp_path), n=3)
    assert (code, err) == (0, "")
    assert_sound(result, tmp_path)
    settings = settings_of({name: result[name] for name in "algorithm processes latency seed".split()})
    for worker, facts in enumerate(result["each_worker"]):
        pace = pace_of(settings, worker)
        held = sum(pace.message_takes(t, leg) for t in range(0, 120, 2) for leg in (0, 1))
        assert facts["seconds_in_exchanges"] > held > 0.3


def test_a_repeated_push_is_refused(tmp_path):
    code, result, err = completed("easgd", "--period", 2, "--steps", 60, *files(tmp_path), n=3, module="mpi_twice")
    assert (code, err) == (0, "")
    assert result["duplicates_refused"] == result["updates"] == expected_updates(result)
    assert_sound(result, tmp_path)


def test_a_full_disk_keeps_the_last_checkpoint_and_the_run_goes_on(tmp_path):
    checkpoint, words = tmp_path / "run.ckpt", ("easgd", "--problem", "mpi_jobs:wide", "--steps", 200, *SLOW, *files(tmp_path)[:2])
    with job(*words, "--checkpoint", checkpoint, n=2) as running:
        running.wait_for(lambda: checkpointed(checkpoint) >= 10)
        # As on a disk with room for the log and not for a checkpoint.
        resource.prlimit(running.ranks()[0], resource.RLIMIT_FSIZE, (60_000, 60_000))
        code, result, err = running.end()
    assert code == 0 and result["checkpoints_failed"] >= 1
    assert "warning: checkpoint" in err and "the one before is kept and the run goes on" in err
    assert 10 <= checkpointed(checkpoint) < result["updates"] == len(updates(tmp_path)) == 200
    assert sorted(file.name for file in tmp_path.iterdir()) == ["run.ckpt", "run.jsonl"]


def test_a_stopped_command_leaves_nothing_running(tmp_path):
    token = uuid.uuid4().hex
    words = f"run easgd --engine mpi -n 2 --steps 100000 --service 0.01 --log {tmp_path / 'run.jsonl'}"
    command = [sys.executable, "-m", "stalegrad.cli", *words.split()]
    started = subprocess.Popen(command, env=marked(token), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: (tmp_path / "run.jsonl").exists() and len(updates(tmp_path)) > 0)
        assert len(alive(token)) == 2
        started.terminate()
        assert started.wait(PATIENCE) == 128 + signal.SIGTERM
        wait_until(lambda: not alive(token))
    finally:
        started.kill()
        for pid in alive(token).values():
            os.kill(pid, signal.SIGKILL)


def state_of(pid):
    """Letter of the state of a process: T for stopped."""
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()[0]
