"""Real runs on Dask: the library's numbers, and what a killed, stalled, slow or repeating process does to them."""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("distributed", reason="needs the extra cluster: make env EXTRAS=cluster")

import stalegrad as sg
from companion import environment
from dask_jobs import PROCESSES, within
from mpi_jobs import assert_sound
from stalegrad.claims.models import problem
from stalegrad.cluster import dask_server
from stalegrad.cluster.log import read_log
from stalegrad.cluster.record import RunStopped
from stalegrad.cluster.settings import settings_of


def settings(tmp_path, **given):
    default = {"algorithm": "asgd", "processes": PROCESSES, "engine": "dask", "steps": 100, "eta": 0.02, "log": str(tmp_path / "run.jsonl")}
    return settings_of(default | {"trace": str(tmp_path / "trace.jsonl")} | given)


def completed(client, chosen, seconds=40):
    client.wait_for_workers(PROCESSES, timeout=seconds)
    with within(seconds):
        return dask_server.run_on(client, chosen)


def once_under_way(chosen, action, updates=40):
    """Call `action` in a thread once the log has this many updates."""

    def watch():
        until = time.monotonic() + 30
        while time.monotonic() < until:
            if os.path.exists(chosen.log) and len(read_log(chosen.log)) >= updates:
                return action()
            time.sleep(0.02)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


def process_of(client, address):
    return client.run(os.getpid, workers=[address])[address]


@pytest.mark.parametrize("algorithm", ["asgd", "easgd"])
def test_with_one_worker_it_is_the_process_of_the_library(client, tmp_path, algorithm):
    chosen = settings(tmp_path, algorithm=algorithm, processes=2, steps=60, **({"period": 3, "alpha": 0.3} if algorithm == "easgd" else {}))
    result = completed(client, chosen)
    one = {"asgd": lambda p: sg.downpour(p, 0.02, n_workers=1), "easgd": lambda p: sg.async_easgd(p, 0.02, 0.3, n_workers=1, period=3)}[algorithm]
    expected = sg.simulate(one(problem("quadratic")), 1.0, n_paths=1, n_steps=60, keep="final").final[0]
    np.testing.assert_allclose(result["centre"], expected, rtol=0, atol=1e-12)
    assert_sound(result, tmp_path)


@pytest.mark.parametrize("algorithm", ["asgd", "easgd", "eamsgd", "downpour"])
def test_the_log_replayed_gives_the_centre(client, tmp_path, algorithm):
    chosen = settings(tmp_path, algorithm=algorithm, service=0.002, **({} if algorithm == "asgd" else {"period": 4}))
    result = completed(client, chosen)
    log = assert_sound(result, tmp_path)
    assert log.workers.tolist() == [0, 1]
    assert (result["duplicates_refused"], result["workers_started_again"]) == (0, 0)


def test_a_killed_worker_loses_nothing_on_the_server(client, tmp_path):
    chosen = settings(tmp_path, service=0.01)
    client.wait_for_workers(PROCESSES, timeout=40)
    _, others = dask_server.places(client, chosen)
    pid = process_of(client, others[0])
    once_under_way(chosen, lambda: os.kill(pid, signal.SIGKILL))
    result = completed(client, chosen)
    assert result["workers_started_again"] >= 1
    assert_sound(result, tmp_path)


def test_a_stalled_worker_is_waited_for(client, tmp_path):
    chosen = settings(tmp_path, service=0.01)
    client.wait_for_workers(PROCESSES, timeout=40)
    _, others = dask_server.places(client, chosen)
    pid = process_of(client, others[0])

    def stall():
        os.kill(pid, signal.SIGSTOP)
        time.sleep(1.0)
        os.kill(pid, signal.SIGCONT)

    once_under_way(chosen, stall)
    log = assert_sound(completed(client, chosen), tmp_path)
    assert np.diff(np.sort(log.t_write[log.worker == log.worker[log.tau.argmax()]])).max() > 0.8
    assert log.tau.max() > 20


def test_a_slow_network_changes_nothing_but_the_order(client, tmp_path):
    chosen = settings(tmp_path, steps=40, latency=0.02)
    result = completed(client, chosen)
    log = assert_sound(result, tmp_path)
    assert result["seconds"] > 40 * 2 * 0.02 * 0.5
    assert log.tau[10:].mean() == pytest.approx(1.0, abs=0.25)


def test_a_killed_server_ends_the_run_and_a_resume_loses_only_what_followed_the_checkpoint(client, tmp_path):
    chosen = settings(tmp_path, service=0.01, checkpoint=str(tmp_path / "run.npz"), checkpoint_every=0.2)
    client.wait_for_workers(PROCESSES, timeout=40)
    home, _ = dask_server.places(client, chosen)
    pid = process_of(client, home)
    once_under_way(chosen, lambda: os.kill(pid, signal.SIGKILL), updates=60)
    with pytest.raises(dask_server.ProcessLost, match="resume from .*run.npz with --resume"):
        completed(client, chosen)
    logged = len(read_log(chosen.log))
    result = completed(client, replace(chosen, resume=True))
    assert_sound(result, tmp_path)
    assert result["updates_before_resume"] + result["updates_lost_and_made_again"] == logged
    assert result["updates_before_resume"] > 0


def test_a_full_disk_under_the_log_ends_the_run_and_a_resume_goes_on(client, tmp_path):
    chosen = settings(tmp_path, service=0.01, checkpoint=str(tmp_path / "run.npz"), checkpoint_every=0.1)
    client.wait_for_workers(PROCESSES, timeout=40)
    home, _ = dask_server.places(client, chosen)
    pid = process_of(client, home)
    most = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
    once_under_way(chosen, lambda: resource.prlimit(pid, resource.RLIMIT_FSIZE, (os.path.getsize(chosen.log) + 1050, most)))
    try:
        with pytest.raises(RunStopped, match=r"run.jsonl cannot be written \(File too large\): make room there, then resume from .*run.npz"):
            completed(client, chosen)
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))
    assert read_log(chosen.log).note == ""
    result = completed(client, replace(chosen, resume=True))
    assert result["updates_before_resume"] > 0
    assert_sound(result, tmp_path)


def test_a_server_that_missed_a_line_takes_no_more_pushes(tmp_path):
    most = resource.getrlimit(resource.RLIMIT_FSIZE)
    centre = dask_server.Centre(settings(tmp_path))
    valid, _ = centre.join(0)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (os.path.getsize(tmp_path / "run.jsonl") + 10, most[1]))
        with pytest.raises(RunStopped, match="start again, with --checkpoint"):
            centre.push(0, valid, 0, np.array([[0.5]]))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)
    with pytest.raises(RunStopped, match="run.jsonl"):
        centre.push(0, valid, 1, np.array([[0.5]]))


def test_progress_follows_the_version_of_the_server(client, tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(dask_server.Progress, "at", lambda _, done: shown.append(done))
    completed(client, settings(tmp_path, steps=100, service=0.02, progress=True))
    # Looked at every half second of two seconds or more; the last look may be before the last update.
    assert len(set(shown)) >= 3 and shown == sorted(shown) and shown[-1] <= 200
    looks = len(shown)
    completed(client, settings(tmp_path, steps=5))
    assert len(shown) == looks


def centre_of(tmp_path):
    return dask_server.Centre(settings(tmp_path, log=""))


def test_a_push_that_comes_twice_is_taken_once(tmp_path):
    centre = centre_of(tmp_path)
    valid, last = centre.join(0)
    assert last is None and not centre.complete()
    first = centre.push(0, valid, 0, np.array([[0.5]]))
    assert centre.server.centre.centre == pytest.approx(1.5)
    np.testing.assert_array_equal(centre.push(0, valid, 0, np.array([[0.5]])), first)
    assert centre.server.centre.centre == pytest.approx(1.5)
    assert (centre.server.centre.version, centre.server.centre.refused) == (1, 1)


def test_the_task_that_lost_its_worker_to_another_cannot_push(tmp_path):
    centre = centre_of(tmp_path)
    old, _ = centre.join(0)
    centre.push(0, old, 0, np.array([[0.5]]))
    new, last = centre.join(0)
    assert last.counter == 0 and last.sent.item() == 0.5
    centre.push(0, new, 1, np.array([[0.25]]))
    assert centre.push(0, old, 1, np.array([[9.0]])) is None
    assert centre.push(0, old, 2, np.array([[9.0]])) is None
    assert centre.server.centre.centre == pytest.approx(1.75)
    assert (centre.outdated, centre.server.centre.version) == (2, 2)


def test_a_push_that_skips_one_is_an_error(tmp_path):
    centre = centre_of(tmp_path)
    valid, _ = centre.join(0)
    with pytest.raises(ValueError, match="one between them is lost"):
        centre.push(0, valid, 1, np.array([[0.5]]))


def test_too_few_threads_are_refused_before_anything_starts(client, tmp_path):
    chosen = settings(tmp_path, processes=PROCESSES + 1)
    with pytest.raises(ValueError, match=f"give -n {PROCESSES} or less"):
        dask_server.run_on(client, chosen)
    assert not (tmp_path / "run.jsonl").exists()


def test_a_tree_and_a_silent_address_are_refused(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="has no centre"):
        dask_server.run(settings(tmp_path, algorithm="easgd-tree", processes=7))
    monkeypatch.setattr(dask_server, "START_UP", 1)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{unused.getsockname()[1]}"
        with within(20), pytest.raises(ValueError, match="does not answer"):
            dask_server.run(settings(tmp_path), address)


def test_an_address_is_used(client, tmp_path):
    chosen = settings(tmp_path, steps=20)
    with within(40):
        assert_sound(dask_server.run(chosen, client.scheduler.address), tmp_path)


def test_the_command_starts_a_cluster_and_closes_it(tmp_path):
    """By the script of the environment, which the processes of a cluster load again: it must not run twice."""
    script, log = tmp_path / "stalegrad", tmp_path / "run.jsonl"
    script.write_text(environment.SCRIPT.format(python=sys.executable))
    words = ["run", "asgd", "--engine", "dask", "-n", "2", "--steps", "20", "--log", str(log)]
    done = subprocess.run([sys.executable, str(script), *words], capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["engine"] == "dask"
    assert len(read_log(log)) == 20
