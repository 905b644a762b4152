"""The log of a real run: written line by line, read after a kill, continued after a checkpoint."""

import gzip
import json
import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from stalegrad.cluster.log import LogWriter, host_facts, read_log


def written(path, n=5, keep=None, name="1:{}"):
    with LogWriter(path, {"algorithm": "asgd"}, keep) as log:
        for k in range(log.count, log.count + n):
            log.append(name.format(k), worker=1, read=max(0, k - 2), write=k + 1, t_read=0.1 * k, t_write=0.1 * k + 0.05)
    return path


def test_what_is_written_is_read(tmp_path):
    log = read_log(written(tmp_path / "run.jsonl"))
    assert log.meta == {"algorithm": "asgd"}
    assert log.tau.tolist() == [0, 1, 2, 2, 2]
    assert log.id.tolist() == ["1:0", "1:1", "1:2", "1:3", "1:4"]
    np.testing.assert_allclose(log.t_write - log.t_read, 0.05)
    assert (log.lost, log.applied_twice, log.note, len(log), log.workers.tolist()) == (0, 0, "", 5, [1])
    assert log.first.tolist() == [True, False, False, False, False]
    assert log.after(2).tau.tolist() == [2, 2, 2]


def test_a_compressed_log_is_read(tmp_path):
    path = written(tmp_path / "run.jsonl")
    packed = tmp_path / "run.jsonl.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert read_log(packed).id.tolist() == read_log(path).id.tolist()


def test_a_line_is_on_disk_before_the_next_is_written(tmp_path):
    with LogWriter(tmp_path / "run.jsonl", {}) as log:
        log.append("0:0", 0, 0, 1, 0.0, 0.1)
        assert len(read_log(tmp_path / "run.jsonl")) == 1


def test_a_torn_last_line_is_dropped_with_a_note(tmp_path):
    path = written(tmp_path / "run.jsonl")
    path.write_bytes(path.read_bytes()[:-9])
    log = read_log(path)
    assert len(log) == 4 and "torn" in log.note


def test_the_log_of_a_killed_process_is_readable(tmp_path):
    program = """
        import sys, time
        from stalegrad.cluster.log import LogWriter
        with LogWriter(sys.argv[1], {"algorithm": "asgd"}) as log:
            for k in range(10**6):
                log.append(f"0:{k}", 0, k, k + 1, 0.0, 0.0)
                if k == 50:
                    print("under way", flush=True)
                time.sleep(1e-4)
    """
    path = tmp_path / "run.jsonl"
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(program), str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"under way\n"
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=20)
    log = read_log(path)
    assert len(log) >= 51 and log.lost == 0 and log.applied_twice == 0


def test_a_resumed_run_drops_what_followed_its_checkpoint(tmp_path):
    path = written(tmp_path / "run.jsonl")
    written(path, n=2, keep=3, name="2:{}")
    log = read_log(path)
    assert log.meta == {"algorithm": "asgd"}
    assert log.id.tolist() == ["1:0", "1:1", "1:2", "2:3", "2:4"]
    assert log.write.tolist() == [1, 2, 3, 4, 5]
    with pytest.raises(ValueError, match="keep=6 .* it has 5"):
        LogWriter(path, {}, keep=6)
    assert len(read_log(path)) == 5


def test_lost_and_doubled_updates_are_counted(tmp_path):
    with LogWriter(tmp_path / "run.jsonl", {}) as log:
        for id, write in (("0:0", 1), ("1:0", 2), ("0:0", 3), ("1:1", 6)):
            log.append(id, 0, 0, write, 0.0, 0.0)
    log = read_log(tmp_path / "run.jsonl")
    assert log.applied_twice == 1
    assert log.lost == 2


def test_an_empty_run_has_a_log(tmp_path):
    log = read_log(written(tmp_path / "run.jsonl", n=0))
    assert len(log) == 0 and log.lost == 0
    with pytest.raises(ValueError, match="leaves no update"):
        log.after(0)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda lines: [], "is no log of updates"),
        (lambda lines: lines[1:], "is no log of updates"),
        (lambda lines: ["[1]", *lines], "is no log of updates"),
        (lambda lines: [lines[0][:-1], *lines[1:]], "line 1 is damaged"),
        (lambda lines: [*lines[:3], lines[3][:20], *lines[4:]], "line 4 is damaged"),
        (lambda lines: [*lines[:2], json.dumps({"update": 1})], "line 3 has update: an update has at least worker, read, write"),
        (lambda lines: [*lines[:2], json.dumps({"read": 1, "worker": 0})], "line 3 has read, worker: .*; add write"),
        (lambda lines: [*lines, lines[-1].replace('"read": 2', '"read": 5')], "reads version 5 and writes 5"),
        (lambda lines: [*lines, lines[-1].replace('"read": 2', '"read": 2.5')], "read=2.5"),
        (lambda lines: [*lines, lines[-1].replace('"read": 2', '"read": "two"')], "read='two'"),
        (lambda lines: [*lines, lines[-1].replace('"worker": 1', '"worker": true')], "worker=True, which is no int"),
        (lambda lines: [*lines, lines[-1].replace('"t_read": 0.4', '"t_read": "now"')], "t_read='now', which is no float"),
        (lambda lines: ['{"log": "stalegrad updates 2"}', *lines[1:]], "is no log of updates"),
        (lambda lines: [json.dumps({"comment": "stalegrad updates 1"}), *lines[1:]], "is no log of updates"),
    ],
)
def test_damage_is_named(tmp_path, damage, message):
    path = written(tmp_path / "run.jsonl")
    path.write_text("".join(line + "\n" for line in damage(path.read_text().splitlines())))
    with pytest.raises(ValueError, match=message):
        read_log(path)


def test_a_log_of_another_program_is_read(tmp_path):
    """Order, spaces, further fields and whole numbers for times do not matter; who read and wrote which version is enough."""
    whole = read_log(written(tmp_path / "run.jsonl"))
    head, *updates = (json.loads(line) for line in (tmp_path / "run.jsonl").read_text().splitlines())
    own = [{"note": "mine", **head}, *({"loss": 0.5, "t_read": 0, **{name: u[name] for name in ("write", "read", "worker")}} for u in updates)]
    (tmp_path / "own.jsonl").write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in own))
    log = read_log(tmp_path / "own.jsonl")
    assert log.meta == {"note": "mine", "algorithm": "asgd"}
    assert log.tau.tolist() == whole.tau.tolist() and log.worker.tolist() == whole.worker.tolist()
    assert log.id.tolist() == [f"1:{k}" for k in range(5)] and log.applied_twice == 0 and log.first.tolist() == [True] + [False] * 4
    assert log.t_read.dtype == float and log.t_read.tolist() == [0.0] * 5 and np.isnan(log.t_write).all()


def test_a_description_must_be_json(tmp_path):
    with pytest.raises(ValueError, match="description of the run cannot be written as JSON"):
        LogWriter(tmp_path / "run.jsonl", {"eta": float("nan")})
    assert not (tmp_path / "run.jsonl").exists()


def test_host_facts_hold_no_names():
    facts = json.dumps(host_facts())
    assert os.uname().nodename not in facts
    assert {"processors", "system", "machine", "versions"} == set(host_facts())
