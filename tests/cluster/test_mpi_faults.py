"""Real MPI jobs that are killed, stopped, slowed down and out of disk: updates lost 0, duplicates applied 0."""

import os
import signal
import subprocess
import sys
import uuid

import pytest

pytest.importorskip("mpi4py", reason='needs the extra cluster: make env EXTRAS="cluster"')

from mpi_jobs import PATIENCE, SLOW, alive, assert_sound, checkpointed, completed, expected_updates, files, job, marked, wait_until  # noqa: E402
from stalegrad.cluster.log import read_log  # noqa: E402
from stalegrad.cluster.server import pace_of  # noqa: E402
from stalegrad.cluster.settings import settings_of  # noqa: E402

pytestmark = pytest.mark.skipif(not os.path.exists("/proc"), reason="finds the processes of a job in /proc")


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
