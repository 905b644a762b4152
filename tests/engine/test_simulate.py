"""The driver: the same bits however the work is shared out, bad input, divergence, and interruption."""

import _thread
import pickle
import threading
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

import stalegrad as sg
from stalegrad.engine import simulate as driver
from stalegrad.engine.blocks import block_function
from stalegrad.problems.base import Blocks

PROBLEM = sg.problems.quadratic([[1.0, 0.0], [-1.0, 0.5], [0.3, 0.3]], curvature=1.5)
START = [1.0, -1.0]
PROCESS = sg.asgd(PROBLEM, 0.1, sg.geometric(0.8))
LIMIT = sg.sme_asgd(PROBLEM, 0.1, 0.8)
MODELS = pytest.mark.parametrize("model", [PROCESS, LIMIT], ids=["asgd", "sme_asgd"])


def run(model=PROCESS, n_paths=5000, n_steps=20, **options):
    return sg.simulate(model, START, n_paths, n_steps, seed=4, **options)


def same_bits(a, b):
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in ("mean", "second_moment", "fourth_moment"))


@MODELS
@pytest.mark.parametrize("threads", [2, 3, 7])
def test_threads_do_not_change_a_bit(model, threads, monkeypatch):
    monkeypatch.setattr(driver, "CHUNK_WORK", 2**14)
    assert same_bits(run(model, threads=1), run(model, threads=threads))


@MODELS
@pytest.mark.parametrize("work", [1, 2**16, 2**30])
def test_chunks_do_not_change_a_bit(model, work, monkeypatch):
    expected = run(model)
    monkeypatch.setattr(driver, "CHUNK_WORK", work)
    assert same_bits(expected, run(model))


@MODELS
def test_map_does_not_change_a_bit(model):
    assert same_bits(run(model), run(model, map=map))


def test_tasks_can_be_sent_to_other_processes():
    with ProcessPoolExecutor(1) as pool:
        assert same_bits(run(), run(map=pool.map))


def test_the_environment_sets_the_threads(monkeypatch):
    monkeypatch.setenv("STALEGRAD_THREADS", "3")
    assert driver.thread_count(None) == 3
    monkeypatch.setenv("STALEGRAD_THREADS", "many")
    with pytest.raises(ValueError, match="STALEGRAD_THREADS='many'"):
        run()


@MODELS
@pytest.mark.parametrize("path", [0, 127, 1024, 1299])
def test_a_path_is_repeated_alone(model, path):
    all_paths = run(model, n_paths=1300, keep="paths").paths
    assert np.array_equal(run(model, n_paths=1, first_path=path, keep="paths").paths[0], all_paths[path])


@pytest.mark.parametrize("d", [3, 5])
def test_each_pair_of_coordinates_has_a_moment_of_its_own(d):
    """With two coordinates there is only one pair, and nothing to mistake it for."""
    objective = sg.problems.quadratic(np.random.default_rng(d).normal(size=(4, d)))
    r = sg.simulate(sg.asgd(objective, 0.1, sg.geometric(0.5)), np.arange(1.0, d + 1.0), n_paths=300, n_steps=5, keep="paths")
    assert np.allclose(r.second_moment, np.einsum("nki,nkj->kij", r.paths, r.paths) / 300, atol=1e-13)


@MODELS
@pytest.mark.parametrize("n_paths", [1, 127, 129, 1025])
def test_moments_are_those_of_the_paths(model, n_paths):
    r = run(model, n_paths=n_paths, keep="paths")
    assert np.allclose(r.mean, r.paths.mean(axis=0), atol=1e-14)
    assert np.allclose(r.second_moment, np.einsum("nki,nkj->kij", r.paths, r.paths) / n_paths, atol=1e-14)
    assert np.allclose(r.fourth_moment, (r.paths**4).mean(axis=0), atol=1e-13)
    assert np.array_equal(r.final, r.paths[:, -1])


@MODELS
def test_what_is_kept_does_not_change_the_moments(model):
    moments, final, paths = (run(model, keep=keep) for keep in ("moments", "final", "paths"))
    assert same_bits(moments, final) and same_bits(moments, paths)
    assert moments.final is None and final.paths is None
    assert np.array_equal(final.final, paths.final)


def test_seeds_differ_and_repeat():
    assert same_bits(run(), run())
    assert not np.array_equal(run().mean, sg.simulate(PROCESS, START, 5000, 20, seed=5).mean)


BAD = {
    "NaN start": (dict(start=[np.nan, 1.0]), "must be finite"),
    "wrong dimension": (dict(start=[1.0, 2.0, 3.0]), "start has shape \\(3,\\).*dimension 2"),
    "a number for two dimensions": (dict(start=1.0), "start has shape"),
    "no paths": (dict(n_paths=0), "n_paths=0"),
    "no steps": (dict(n_steps=0), "n_steps=0"),
    "half a path": (dict(n_paths=2.5), "n_paths=2.5.*whole"),
    "negative seed": (dict(seed=-1), "seed=-1"),
    "large seed": (dict(seed=2**64), "below 2\\^64"),
    "unknown keep": (dict(keep="all"), "keep='all' is unknown: give one of moments, final, paths"),
    "no threads": (dict(threads=0), "threads=0"),
    "negative path": (dict(first_path=-1), "first_path=-1"),
    "path beyond the last": (dict(first_path=2**64 - 10), "first_path"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_refused_before_anything_runs(what, monkeypatch):
    monkeypatch.setattr(driver, "run_chunk", None)
    changes, message = BAD[what]
    with pytest.raises(ValueError, match=message):
        sg.simulate(**({"process": PROCESS, "start": START, "n_paths": 10, "n_steps": 3} | changes))


def test_something_that_is_no_process_is_refused():
    with pytest.raises(ValueError, match="neither a process nor a limit"):
        sg.simulate(PROBLEM, START)


def test_divergence_is_counted_and_named():
    process = sg.sgd(sg.problems.quadratic([[1.0], [-1.0]], curvature=30.0), eta=0.1)
    with pytest.warns(sg.DivergenceWarning, match="10 of 10 paths.*eta \\* curvature = 3 must be below 2"):
        result = sg.simulate(process, 1.0, 10, 2000)
    assert result.diverged == 10
    assert np.isfinite(result.mean[10]).all() and not np.isfinite(result.mean[-1]).any()


@block_function
def nan_above_one(x, z, out):
    for i in range(x.shape[0]):
        for p in range(x.shape[1]):
            out[i, p] = np.nan if x[i, p] > 1.0 else x[i, p] - z[i, p]


def test_a_gradient_that_returns_nan_is_counted_not_a_crash():
    from dataclasses import replace

    base = sg.problems.quadratic([[3.0], [-3.0]])
    blocks = base.blocks
    objective = replace(base, blocks=Blocks(nan_above_one, blocks.mean_gradient, blocks.second_moment, blocks.hessian_gradient))
    with pytest.warns(sg.DivergenceWarning):
        result = sg.simulate(sg.sgd(objective, 0.5), 0.5, 1000, 20, keep="final")
    assert 0 < result.diverged == np.isnan(result.final).sum()


@pytest.mark.parametrize("model", [PROCESS, LIMIT], ids=["asgd", "sme_asgd"])
def test_control_c_stops_a_long_run_at_once(model):
    """The run would take minutes; the kernels stop within a step of being told."""
    before = threading.active_count()
    timer = threading.Timer(0.5, _thread.interrupt_main)
    run(model, n_paths=10)
    timer.start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        sg.simulate(model, START, n_paths=2**22, n_steps=20_000, threads=1)
    assert time.monotonic() - started < 3.0
    assert threading.active_count() <= before + 1


def test_processes_and_limits_can_be_pickled():
    for model in (PROCESS, LIMIT):
        assert same_bits(run(pickle.loads(pickle.dumps(model))), run(model))
