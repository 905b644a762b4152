"""Options, checkpoints and the command of real runs: refusals before anything starts, files whole or not there."""

import argparse
import json
import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import gamma, kstest

from stalegrad import cli
from stalegrad.cluster import launch
from stalegrad.cluster.checkpoint import Checkpoints
from stalegrad.cluster.level import Level
from stalegrad.cluster.options import add_arguments
from stalegrad.cluster.pace import Pace
from stalegrad.cluster.settings import Settings, process_of, settings_of, words
from stalegrad.cluster.trace import TraceWriter, read_trace
from stalegrad.engine.simulate import simulate
from stalegrad.engine.streams import Tape


def command(capsys, *given):
    code = cli.main(["run", *given])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize(
    "given",
    [
        {"algorithm": "easgd", "processes": 3, "speeds": "1,0.3", "alpha": 0.1 + 0.2, "resume": True, "checkpoint": "a b.ckpt"},
        {"algorithm": "eamsgd-tree", "processes": 7, "scheme": "up-down:1,10", "eta": 1e-5},
        {"algorithm": "downpour", "processes": 2, "latency": 0.25, "service_law": "constant", "log": "x.jsonl"},
        {"algorithm": "asgd", "processes": 2, "service": 0.1, "service_law": "gamma", "service_shape": 16.0, "progress": True},
    ],
)
def test_settings_survive_the_command_line(given):
    settings = settings_of(given)
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert settings_of(vars(parser.parse_args(words(settings)))) == settings


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("adam --engine mpi", ["'adam'", "cannot be run for real", "easgd"]),
        ("sme-asgd --engine mpi", ["sme-asgd", "cannot be run for real", "downpour"]),
        ("easgd --engine mpi --eta 0", ["eta=0"]),
        ("easgd --engine mpi -n 1", ["processes=1", "2 or more"]),
        ("easgd --engine mpi --period 0", ["period=0"]),
        ("asgd --engine mpi --period 2", ["period=2", "downpour"]),
        ("easgd --engine mpi --mu 0.5", ["--mu", "no meaning for --engine mpi"]),
        ("easgd --engine mpi --address tcp://x", ["--address"]),
        ("easgd --engine mpi --momentum 0.5", ["momentum=0.5", "no meaning for easgd"]),
        ("easgd --engine mpi --speeds 1,2", ["speeds lists 2 workers, but there are 4"]),
        ("easgd --engine mpi -n 3 --speeds 1,fast", ["speeds='1,fast'"]),
        ("easgd --engine mpi --service -1", ["service=-1"]),
        ("easgd --engine mpi --latency inf", ["latency=inf"]),
        ("easgd --engine mpi --service-law gamma --service-shape 0", ["service_shape=0"]),
        ("easgd --engine mpi --service-shape 2", ["service_shape=2", "exponential law", "--service-law gamma"]),
        ("easgd --engine mpi --log same.jsonl --trace ./same.jsonl", ["log and trace are both", "a file of its own"]),
        ("easgd --engine mpi --log nowhere/run.jsonl", ["--log nowhere/run.jsonl", "mkdir -p nowhere"]),
        ("easgd --engine mpi --log /", ["--log / is a folder"]),
        ("easgd --engine dask --out /", ["--out / is a folder"]),
        ("easgd --progress", ["--progress", "easgd with --engine simulate"]),
        ("easgd --engine mpi --resume", ["--checkpoint"]),
        ("easgd --engine mpi --checkpoint-every 0", ["checkpoint_every=0"]),
        ("easgd --engine mpi --problem cubic", ["problem = 'cubic'", "double-well"]),
        ("easgd --engine mpi --problem nowhere:made", ["nowhere:made", "package.module:function"]),
        ("easgd --engine mpi --problem builtins:dict", ["builtins:dict", "dict"]),
        ("easgd-tree --engine mpi -n 6", ["processes=6", "give -n 7"]),
        ("easgd-tree --engine mpi --scheme 1,10", ["scheme='1,10'", "up-down"]),
        ("easgd-tree --engine mpi --scheme multiscale:1,1.5", ["multiscale:1,1.5"]),
        ("easgd-tree --engine dask", ["easgd-tree", "--engine mpi"]),
        ("adam", ["model = 'adam'", "sme-asgd", "easgd-tree"]),
        ("asgd -n 3", ["--processes", "asgd with --engine simulate"]),
        ("easgd --service 0.1", ["--service", "easgd with --engine simulate"]),
        ("easgd --mu 0.1", ["--mu", "easgd with --engine simulate"]),
    ],
)
def test_wrong_options_are_one_line_on_stderr_and_exit_2(capsys, given, told):
    code, out, err = command(capsys, *given.split())
    assert (code, out) == (2, "")
    assert err.count("\n") == 1 and all(part in err for part in told), err


def test_the_same_words_simulate_the_librarys_process(capsys):
    given = "easgd -n 4 --period 2 --alpha 0.2 --paths 50 --steps 30 --seed 3"
    code, out, _ = command(capsys, *given.split())
    process = process_of(settings_of({"algorithm": "easgd", "processes": 4, "period": 2, "alpha": 0.2}))
    assert code == 0 and process.parameters["n_workers"] == 3
    told, run = json.loads(out), simulate(process, 1.0, n_paths=50, n_steps=30, seed=3)
    assert told["mean"] == run.mean[-1].tolist()
    assert told["second_half_mean"] == run.mean[16:].mean(axis=0).tolist()
    assert told["second_half_second_moment"] == pytest.approx([run.second_moment[16:].mean()], rel=1e-14)


def test_without_mpi_the_remedy_is_named(capsys, monkeypatch):
    monkeypatch.setattr(launch, "find_spec", lambda name: None)
    code, out, err = command(capsys, "easgd", "--engine", "mpi")
    assert (code, out) == (2, "") and 'make env EXTRAS="cluster"' in err


def test_the_command_line_loads_nothing_for_its_options():
    program = "import stalegrad.commands.run, sys; print('numpy' in sys.modules, 'mpi4py' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_a_checkpoint_comes_back_and_belongs_to_its_run(tmp_path):
    described = Settings("easgd", 3, speeds=(1.0, 2.0)).described()
    checkpoints = Checkpoints(tmp_path / "run.ckpt", 30.0, described)
    with pytest.raises(ValueError, match="nothing to resume"):
        checkpoints.load()
    checkpoints.save({"centre": np.array([np.pi, np.inf])})
    assert checkpoints.load()["centre"].tolist() == [np.pi, np.inf] and checkpoints.written == 1
    other = Checkpoints(tmp_path / "run.ckpt", 30.0, {**described, "eta": 0.5})
    with pytest.raises(ValueError, match=r"eta=0.01, not 0.5: resume with the same settings"):
        other.load()
    whole = (tmp_path / "run.ckpt").read_bytes()
    for damaged in (b"", b"no checkpoint", whole[:-40]):
        (tmp_path / "run.ckpt").write_bytes(damaged)
        with pytest.raises(ValueError, match="is no checkpoint"):
            checkpoints.load()


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(tmp_path, monkeypatch, capsys):
    checkpoints = Checkpoints(tmp_path / "run.ckpt", 30.0, {})
    checkpoints.save({"version": np.array(1)})

    def full(self, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    checkpoints.save({"version": np.array(2)})
    assert (checkpoints.written, checkpoints.failed) == (1, 1) and checkpoints.load()["version"] == 1
    err = capsys.readouterr().err
    assert "No space left on device" in err and "the one before is kept and the run goes on" in err
    assert [file.name for file in tmp_path.iterdir()] == ["run.ckpt"]


def test_a_trace_is_cut_where_a_run_is_resumed_and_holds_what_diverged(tmp_path):
    path = tmp_path / "trace.jsonl"
    for keep, versions in ((0, (1, 2, 3)), (2, (3,))):
        trace = TraceWriter(path, keep)
        for version in versions:
            trace.append(version, 0, np.array([np.inf, -version]))
        trace.close()
    with path.open("a") as file:
        file.write('{"write": 4, "cl')
    found = read_trace(path)
    assert found["write"].tolist() == [1, 2, 3] and found["centre"].tolist() == [[np.inf, -v] for v in (1, 2, 3)]


def test_lateness_is_made_up_for_within_a_service(monkeypatch):
    pace = Pace(Tape(0, np.array([0], np.uint64)), service=1.0, law="constant")
    for now, before, ends in ((10.0, 10.0, 11.0), (10.4, 10.0, 11.0), (9.8, 10.0, 11.0), (13.0, 10.0, 14.0)):
        monkeypatch.setattr("time.monotonic", lambda now=now: now)
        assert pace.step_ends(0, before) == ends
    monkeypatch.setattr("time.monotonic", lambda: 10.5)
    assert Pace(Tape(0, np.array([0], np.uint64))).step_ends(0, 10.0) == 10.5


def test_service_times_have_their_mean():
    # 4,000 exponential times: the mean has relative standard error 1 / sqrt(4000); 4.5 of them hold but for 1 seed in 10^5.
    pace = Pace(Tape(1, np.array([2], np.uint64)), service=0.01, latency=0.02)
    services = np.array([pace.step_lasts(t) for t in range(4000)])
    messages = np.array([pace.message_takes(t, 1) for t in range(4000)])
    for drawn, mean in ((services, 0.01), (messages, 0.02)):
        assert abs(drawn.mean() / mean - 1.0) < 4.5 / np.sqrt(4000)
        assert abs(drawn.std() / mean - 1.0) < 4.5 * np.sqrt(2 / 4000)
    assert abs(np.corrcoef(services, messages)[0, 1]) < 4.5 / np.sqrt(4000)
    assert Pace(Tape(1, np.array([2], np.uint64)), service=0.01, law="constant").step_lasts(7) == 0.01
    assert Pace(Tape(1, np.array([2], np.uint64))).message_takes(0, 0) == 0.0


@pytest.mark.parametrize("shape", [0.5, 4.0])
def test_gamma_services_follow_their_law(shape):
    # Kolmogorov and Smirnov's test with 4,000 draws, at level 10^-5: it rejects from a distance of 0.039 on. The negative control is
    # twice the shape, whose distribution function is 0.08 away or more.
    pace = Pace(Tape(1, np.array([2], np.uint64)), service=0.01, law="gamma", shape=shape)
    drawn = np.array([pace.step_lasts(t) for t in range(4000)])
    assert kstest(drawn, gamma(shape, scale=0.01 / shape).cdf).pvalue > 1e-5
    assert kstest(drawn, gamma(2 * shape, scale=0.005 / shape).cdf).pvalue < 1e-5


def test_gamma_services_of_shape_1_are_the_exponential_ones():
    tape = Tape(1, np.array([2], np.uint64))
    gammas, exponentials = (Pace(tape, service=0.01, law=law, latency=0.1) for law in ("gamma", "exponential"))
    for t in range(20):
        assert gammas.step_lasts(t) == pytest.approx(exponentials.step_lasts(t), rel=1e-12)
        assert gammas.message_takes(t, 1) == exponentials.message_takes(t, 1)


def test_a_level_is_of_the_second_half_and_thinned_where_it_is_long(monkeypatch):
    level, walk = Level(), np.cumsum(np.random.default_rng(0).normal(size=(40_001, 2)), axis=0)
    for k in range(1, 40_001):
        level.append(k, walk[k])
    told = level.told(40_000, objective=lambda x: (x**2).sum(axis=0))
    assert level.every == 4 and told["second_half_updates"] == [20_004, 40_000]
    thinned = walk[20_004::4]
    np.testing.assert_allclose(told["second_half_mean"], thinned.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(told["second_half_second_moment"], (thinned**2).mean(axis=0), rtol=1e-12)
    assert told["second_half_value"] == pytest.approx((thinned**2).sum(axis=1).mean(), rel=1e-12)
    monkeypatch.setattr("stalegrad.cluster.level.MOST_NUMBERS", 12)
    wide = Level()
    for k in range(1, 41):
        wide.append(k, np.full(3, float(k)))
    assert wide.every == 16 and wide.told(40)["second_half_updates"] == [32, 32]
    assert Level().told(0) == {}
