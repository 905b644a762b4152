"""Trees of real processes that are killed: their checkpoints are of one moment, and a resume is a run that could have been."""

import json
import os
import signal

import numpy as np
import pytest

pytest.importorskip("mpi4py", reason='needs the extra cluster: make env EXTRAS="cluster"')

from mpi_jobs import SLOW, assert_tree_sound, checkpointed, completed, files, job, wait_until  # noqa: E402
from stalegrad.cluster.log import read_log  # noqa: E402
from stalegrad.cluster.settings import beside, settings_of  # noqa: E402
from stalegrad.cluster.tree_node import place_of  # noqa: E402

pytestmark = pytest.mark.skipif(not os.path.exists("/proc"), reason="finds the processes of a job in /proc")


def test_a_killed_tree_goes_on_from_one_moment(tmp_path):
    """A leaf, an inner node and the root are killed in turn. Then all logs together replay by Algorithm 6, to rounding: nothing of
    what was lost is in any value, and nothing is in it twice."""
    words = ("eamsgd-tree", "--momentum", 0.5, "--degree", 1, "--scheme", "up-down:1,2", "--steps", 250, *SLOW, *files(tmp_path))
    checkpoint, kept = tmp_path / "run.ckpt", [0, 0, 0]
    for victim in (2, 1, 0):
        with job(*words, *["--resume"] * any(kept), n=3) as running:
            running.wait_for(lambda kept=kept: min(versions(checkpoint)) >= min(kept) + 10)
            os.kill(running.ranks()[victim], signal.SIGKILL)
            code, result, _ = running.end()
            assert code != 0 and result is None
            wait_until(lambda running=running: not running.ranks())
        kept, before = versions(checkpoint), ids(tmp_path)
        assert all(len(names) >= version for names, version in zip(before, kept, strict=True))
    code, result, err = completed(*words, "--resume", n=3)
    assert (code, err) == (0, "")
    assert [node["updates_before_resume"] for node in result["each_node"]] == kept
    assert [node["updates_lost_and_made_again"] for node in result["each_node"]] == [len(b) - k for b, k in zip(before, kept, strict=True)]
    logs = assert_tree_sound(result, tmp_path)
    assert [log.id[:version].tolist() for log, version in zip(logs, kept, strict=True)] == [b[:k] for b, k in zip(before, kept, strict=True)]
    assert result["each_node"][2]["local_steps"] == 250


def test_every_checkpoint_of_a_tree_is_of_one_moment(tmp_path):
    checkpoint, found = tmp_path / "run.ckpt", {}
    words = ("easgd-tree", "--scheme", "up-down:1,3", "--steps", 400, "--service", 0.004, "--checkpoint-every", 0.02)
    with job(*words, "--checkpoint", checkpoint, n=7) as running:
        while running.process.poll() is None:
            if checkpoint.exists():
                with np.load(checkpoint) as file:
                    found[int(file["0.version"])] = {name: file[name] for name in file.files}
        code, result, err = running.end()
    assert (code, err) == (0, "")
    places = [place_of(i, settings_of(json.loads(str(file_about(found)))["run"])) for i in range(7)]
    snapshots = [found[version] for version in sorted(found)]
    # Of some forty, a machine that is busy elsewhere catches few before they are replaced.
    assert result["checkpoints_written"] >= len(snapshots) >= 5
    assert [orphans(places, one, one) for one in snapshots] == [0] * len(snapshots)
    # Negative control: with the inner nodes of the next snapshot, these have taken what their children, by this one, have not sent.
    mixed = [orphans(places, one, later) for one, later in zip(snapshots, snapshots[1:], strict=False)]
    assert sum(count > 0 for count in mixed) >= len(mixed) // 2


def orphans(places, of_senders, of_receivers):
    """Links of which the receiver has taken a message with a number that the sender has not come to."""
    count = 0
    for place in places:
        for sender, taken in zip(place.neighbours, of_receivers[f"{place.node}.taken"].tolist(), strict=True):
            period = places[sender].down if sender == place.parent else places[sender].up
            count += taken > of_senders[f"{sender}.said"] // period
    return count


def file_about(found):
    """The description in one of the checkpoints."""
    return next(iter(found.values()))["about"]


def versions(checkpoint):
    """Updates of each of three nodes in a checkpoint."""
    return [checkpointed(checkpoint, f"{i}.version") for i in range(3)]


def ids(folder):
    """Names of the updates in the log of each of three nodes."""
    return [read_log(beside(folder / "run.jsonl", i)).id.tolist() for i in range(3)]
