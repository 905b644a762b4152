"""The result: statistics against their definitions, and files that are whole or refused."""

import numpy as np
import pytest

import stalegrad as sg

PROCESS = sg.asgd(sg.problems.quadratic([[1.0, 0.0], [-1.0, 0.5]]), 0.1, sg.geometric(0.5))
START = [1.0, -1.0]


def run(keep="paths", **options):
    return sg.simulate(PROCESS, START, **({"n_paths": 300, "n_steps": 6, "seed": 2} | options), keep=keep)


def test_covariance_and_standard_errors_are_the_textbook_ones():
    r = run()
    expected = np.array([np.cov(r.paths[:, k].T) for k in range(7)])
    assert np.allclose(r.covariance, expected, atol=1e-13)
    assert np.allclose(r.standard_error, r.paths.std(axis=0, ddof=1) / 300**0.5, atol=1e-13)
    assert np.allclose(r.second_moment_standard_error, (r.paths**2).std(axis=0, ddof=1) / 300**0.5, atol=1e-13)
    assert np.isnan(run(n_paths=1).standard_error).all()


def test_standard_errors_are_honest():
    """The spread of 60 independent means over the stated error: chi-square with 60 degrees, both tails of 1e-6."""
    runs = [run("moments", seed=seed, n_paths=400) for seed in range(60)]
    for value, error in (("mean", "standard_error"), ("second_moment", "second_moment_standard_error")):
        values = np.array([getattr(r, value)[-1].ravel()[0] for r in runs])
        stated = np.mean([getattr(r, error)[-1, 0] for r in runs])
        assert 20.0 < 59 * (values.std(ddof=1) / stated) ** 2 < 130.0
        assert 59 * (values.std(ddof=1) / (0.5 * stated)) ** 2 > 130.0


def test_time_percentiles_and_histogram():
    r = run()
    assert np.allclose(r.time, PROCESS.dt * np.arange(7))
    assert np.array_equal(r.percentile([10, 90]), np.percentile(r.paths, [10, 90], axis=0))
    assert np.array_equal(run("final").percentile(50), np.median(r.final, axis=0))
    density, edges = r.histogram(bins=20, coordinate=1)
    assert (density * np.diff(edges)).sum() == pytest.approx(1.0)


def test_impossible_percentiles_and_coordinates_are_named():
    final = run("final")
    for q in (101, [50, -1], np.nan):
        with pytest.raises(ValueError, match="holds no percentiles: give numbers from 0 to 100"):
            final.percentile(q)
    for coordinate in (-1, 2):
        with pytest.raises(ValueError, match=f"coordinate={coordinate} is not there: the points have 2"):
            final.histogram(coordinate=coordinate)


@pytest.mark.parametrize("what", ["percentile", "histogram"])
def test_points_that_were_not_kept_are_asked_for(what):
    with pytest.raises(ValueError, match='keep="final" or keep="paths"'):
        getattr(run("moments"), what)(5)


@pytest.mark.parametrize("keep", ["moments", "final", "paths"])
def test_a_saved_ensemble_comes_back_whole(keep, tmp_path):
    r = run(keep)
    r.save(tmp_path / "run.npz")
    back = sg.Ensemble.load(tmp_path / "run.npz")
    for name in ("mean", "second_moment", "fourth_moment", "final", "paths", "n_paths", "diverged", "dt", "facts"):
        assert np.array_equal(getattr(back, name), getattr(r, name)), name
    assert back.facts["parameters"] == {"eta": 0.1, "staleness": "geometric(0.5)"}
    assert [file.name for file in tmp_path.iterdir()] == ["run.npz"]


def test_a_damaged_or_foreign_file_is_refused(tmp_path):
    run().save(tmp_path / "good.npz")
    content = (tmp_path / "good.npz").read_bytes()
    np.savez(tmp_path / "foreign.npz", mean=np.zeros(3))
    np.savez(tmp_path / "pickled.npz", format=np.array([{}], dtype=object))
    np.save(tmp_path / "array.npy", np.zeros(3))
    damaged = {"cut.npz": content[: len(content) // 2], "text.npz": b"no archive", "empty.npz": b""}
    damaged["changed.npz"] = content[:400] + bytes(200) + content[600:]
    for name, data in damaged.items():
        (tmp_path / name).write_bytes(data)
    for name in (*damaged, "foreign.npz", "pickled.npz", "array.npy"):
        with pytest.raises(ValueError, match=f"{name} is damaged or was not written by Ensemble.save"):
            sg.Ensemble.load(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        sg.Ensemble.load(tmp_path / "absent.npz")


def test_a_failing_save_leaves_the_old_file(tmp_path, monkeypatch):
    target = tmp_path / "run.npz"
    target.write_bytes(b"old")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        run().save(target)
    assert target.read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 1


def test_labelled_results():
    data = run().to_xarray()
    assert data["paths"].dims == ("path", "step", "i")
    assert float(data["mean"].isel(step=0, i=0)) == 1.0
    assert data.attrs["process"] == "asgd" and data.attrs["seed"] == 2
