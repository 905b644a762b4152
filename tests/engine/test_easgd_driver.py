"""The driver with several observables, with data that follow a law, and with processes that have no kernel."""

import pickle
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

import stalegrad as sg
from stalegrad.engine import simulate as driver
from stalegrad.engine.streams import BufferedTape, Tape

PROBLEM = sg.problems.noisy_quadratic([[2.0, 0.5], [0.5, 1.0]], sigma=0.5)
KERNEL = sg.easgd(PROBLEM, 0.1, 0.1, 0.3, 3, observe=("centre", "double_average"))
READABLE = replace(KERNEL, kernel=None)
GAMMA = sg.easgd(sg.problems.gamma_quadratic(1.5, 2.0), 0.1, 0.1, 0.3, 3, observe=("average", "local"))
MODELS = pytest.mark.parametrize("model", [KERNEL, READABLE, GAMMA], ids=["normal", "no kernel", "gamma"])


def run(model, n_paths=2500, n_steps=6, **options):
    return sg.simulate(model, [1.0, -1.0][: model.problem.dim], n_paths, n_steps, seed=4, **options)


def same_bits(a, b):
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in ("mean", "second_moment", "fourth_moment"))


@MODELS
@pytest.mark.parametrize(("threads", "work"), [(1, 1), (2, 2**14), (3, 1), (1, 2**30)])
def test_threads_and_chunks_do_not_change_a_bit(model, threads, work, monkeypatch):
    expected = run(model, threads=1)
    monkeypatch.setattr(driver, "CHUNK_WORK", work)
    assert same_bits(expected, run(model, threads=threads))


@MODELS
@pytest.mark.parametrize("path", [0, 127, 1024, 1299])
def test_a_path_is_repeated_alone(model, path):
    all_paths = run(model, n_paths=1300, keep="paths").paths
    assert np.array_equal(run(model, n_paths=1, first_path=path, keep="paths").paths[0], all_paths[path])


@MODELS
@pytest.mark.parametrize("n_paths", [1, 127, 1025])
def test_moments_are_those_of_the_paths(model, n_paths):
    r = run(model, n_paths=n_paths, keep="paths")
    assert r.paths.shape == (n_paths, 7, len(model.observed) * model.problem.dim)
    assert np.allclose(r.mean, r.paths.mean(axis=0), atol=1e-14)
    assert np.allclose(r.second_moment, np.einsum("nki,nkj->kij", r.paths, r.paths) / n_paths, atol=1e-14)
    assert np.allclose(r.fourth_moment, (r.paths**4).mean(axis=0), atol=1e-13)
    assert np.array_equal(r.final, r.paths[:, -1])


@pytest.mark.parametrize("model", [KERNEL, GAMMA], ids=["normal", "gamma"])
def test_a_process_without_a_kernel_gives_the_same_moments_to_rounding(model):
    fast, readable = run(model), run(replace(model, kernel=None))
    assert np.allclose(fast.mean, readable.mean, atol=1e-13) and np.allclose(fast.second_moment, readable.second_moment, atol=1e-12)


def test_a_process_without_a_kernel_diverges_and_is_counted():
    model = replace(sg.sgd(sg.problems.noisy_quadratic(h=30.0), 0.1), kernel=None)
    with pytest.warns(sg.DivergenceWarning, match="10 of 10 paths"):
        result = sg.simulate(model, 1.0, 10, 1500)
    assert result.diverged == 10 and np.isfinite(result.mean[10]).all() and not np.isfinite(result.mean[-1]).any()


@MODELS
def test_models_can_be_sent_to_other_processes(model):
    assert same_bits(run(model), run(pickle.loads(pickle.dumps(model))))
    with ProcessPoolExecutor(1) as pool:
        assert same_bits(run(model), run(model, map=pool.map))


def test_what_was_observed_is_on_record(tmp_path):
    ensemble = run(KERNEL, n_paths=10)
    assert ensemble.facts["observed"] == ["centre", "double_average"] and ensemble.facts["start"] == [1.0, -1.0]
    ensemble.save(tmp_path / "run.npz")
    loaded = sg.Ensemble.load(tmp_path / "run.npz")
    assert loaded.mean.shape == (7, 4) and same_bits(loaded, ensemble)


def test_a_tape_that_remembers_gives_the_same_numbers():
    plain, buffered = Tape(5, np.arange(3, dtype=np.uint64)), BufferedTape(5, np.arange(3, dtype=np.uint64))
    for number in (0, 1, 2, 30, 3, 1, 100):
        assert np.array_equal(plain.words(number, 3), buffered.words(number, 3))
        assert np.array_equal(plain.normals(number, 2), buffered.normals(number, 2))
        assert np.array_equal(plain.gammas(1.5, number), buffered.gammas(1.5, number))
