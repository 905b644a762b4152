"""Real runs on a disk that is full: under a checkpoint they go on, under a log they end in one line and can be resumed."""

import os
import resource

import numpy as np
import pytest

pytest.importorskip("mpi4py", reason='needs the extra cluster: make env EXTRAS="cluster"')

from mpi_jobs import SLOW, assert_sound, checkpointed, completed, files, job, wait_until  # noqa: E402
from stalegrad.cluster.lines import Lines  # noqa: E402
from stalegrad.cluster.log import read_log  # noqa: E402
from stalegrad.cluster.record import RunStopped, report  # noqa: E402
from stalegrad.cluster.settings import beside  # noqa: E402
from stalegrad.cluster.trace import read_trace  # noqa: E402

pytestmark = pytest.mark.skipif(not os.path.exists("/proc"), reason="finds the processes of a job in /proc")


def room(pid, size):
    """Let no file of this process grow beyond so many bytes, as on a disk that is full then."""
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, most))


def logged(path):
    """Updates in a log; 0 if there is none yet."""
    return len(read_log(path)) if path.exists() else 0


@pytest.fixture
def little_room():
    yield lambda size: room(os.getpid(), size)
    room(os.getpid(), resource.RLIM_INFINITY)


def test_a_full_disk_keeps_the_last_checkpoint_and_the_run_goes_on(tmp_path):
    checkpoint, words = tmp_path / "run.ckpt", ("easgd", "--problem", "mpi_jobs:wide", "--steps", 200, *SLOW, *files(tmp_path)[:2])
    with job(*words, "--checkpoint", checkpoint, n=2) as running:
        running.wait_for(lambda: checkpointed(checkpoint) >= 10)
        # As on a disk with room for the log and not for a checkpoint.
        room(running.ranks()[0], 60_000)
        code, result, err = running.end()
    assert code == 0 and result["checkpoints_failed"] >= 1
    assert "warning: checkpoint" in err and "the one before is kept and the run goes on" in err
    assert 10 <= checkpointed(checkpoint) < result["updates"] == logged(tmp_path / "run.jsonl") == 200
    assert sorted(file.name for file in tmp_path.iterdir()) == ["run.ckpt", "run.jsonl"]


def test_a_full_disk_under_the_log_ends_the_run_in_one_line_and_it_is_resumed(tmp_path):
    log, checkpoint = tmp_path / "run.jsonl", tmp_path / "run.ckpt"
    words = ("easgd", "--period", 2, "--steps", 300, *SLOW, *files(tmp_path))
    with job(*words, n=3) as running:
        running.wait_for(lambda: checkpointed(checkpoint) >= 20 and log.stat().st_size > 2 * checkpoint.stat().st_size)
        room(running.ranks()[0], log.stat().st_size + 1050)
        code, result, err = running.end()
        wait_until(lambda: not running.ranks())
    assert (code, result) == (1, None)
    assert err == f"stalegrad: {log} cannot be written (File too large): make room there, then resume from {checkpoint} with --resume\n"
    before, kept = read_log(log), checkpointed(checkpoint)
    assert before.note == "" and before.lost == 0 and len(before) >= kept >= 20
    assert len(read_trace(tmp_path / "trace.jsonl")["write"]) in (len(before), len(before) + 1)
    code, result, err = completed(*words, "--resume", n=3)
    assert (code, err) == (0, "") and result["updates_before_resume"] == kept
    assert_sound(result, tmp_path)


def test_a_full_disk_under_the_log_of_a_node_ends_the_tree(tmp_path):
    log = beside(tmp_path / "run.jsonl", 1)
    with job("easgd-tree", "--degree", 1, "--scheme", "up-down:1,1", "--steps", 2000, *SLOW, "--log", tmp_path / "run.jsonl", n=2) as running:
        running.wait_for(lambda: logged(log) >= 10)
        room(running.ranks()[1], log.stat().st_size + 250)
        code, result, err = running.end()
        wait_until(lambda: not running.ranks())
    assert (code, result) == (1, None)
    assert (
        err
        == f"stalegrad: {log} cannot be written (File too large): make room there, then start again, with --checkpoint so that it can be resumed\n"
    )
    assert read_log(log).note == ""


def test_a_line_is_there_as_a_whole_or_not_at_all(tmp_path, little_room):
    lines = Lines(tmp_path / "lines.txt", ["first"])
    little_room(20)
    lines.append("second")
    for _ in range(2):
        with pytest.raises(OSError, match="File too large") as caught:
            lines.append("third, too long")
        assert caught.value.filename == str(tmp_path / "lines.txt")
        # A line after the missing one would hide that it is missing.
        little_room(10_000)
    lines.close()
    assert (tmp_path / "lines.txt").read_text() == "first\nsecond\n"


def test_a_result_that_cannot_be_written_is_printed(tmp_path, capsys, little_room):
    little_room(5)
    with pytest.raises(RunStopped, match=r"result.json cannot be written \(File too large\): the run is complete"):
        report({"updates": 3, "long": np.zeros(100)}, str(tmp_path / "result.json"))
    assert capsys.readouterr().out == '{"updates": 3}\n' and list(tmp_path.iterdir()) == []
