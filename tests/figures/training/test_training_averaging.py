"""Exact errors of averages on a parabola, and the choice of curves, on synthetic traces."""

import numpy as np
import pytest

import stalegrad as sg
from stalegrad.figures.training import averaging, bands
from stalegrad.nets.experiments import averaging as experiment
from stalegrad.nets.experiments.discussion import length
from stalegrad.nets.spec import Spec
from stalegrad.nets.trace import Trace


def trace(method, eta, seed, curves, **more):
    """A run whose test and validation error is given for each variable."""
    spec = Spec(method, eta=eta, seed=seed, n_steps=2, evaluations=2, **more)
    seen = {(measure, name): np.array(values) for name, values in curves.items() for measure in bands.MEASURES}
    time = np.arange(3.0)
    return Trace(spec, time, time.astype(int), 0 * time.astype(int), seen, {}, np.inf)


def three(level):
    return {"x": [1.0, level, level], "average": [1.0, level / 2, level / 2], "moving_average": [1.0, 0.9, 0.9]}


def test_exact_errors_of_the_late_average_are_those_of_simulated_paths():
    """Paths of SGD, averaged from step m on by hand; an average from the start has another error (control)."""
    eta, start, n, m = 0.2, 2.0, 30, 10
    exact = averaging.exact_errors(eta, start, n, m, 0.1)
    paths = sg.simulate(sg.sgd(sg.problems.noisy_quadratic(), eta), start, n_paths=20_000, n_steps=n, seed=1, keep="paths").paths[:, :, 0]
    paths = paths if paths.shape[0] == 20_000 else paths.T
    squares = paths[:, m:n].mean(axis=1) ** 2
    error = squares.std() / np.sqrt(len(squares))
    assert squares.mean() == pytest.approx(exact["ASGD begun late"]["error"][-1], abs=4 * error)
    assert abs(squares.mean() - exact["ASGD"]["error"][-1]) > 20 * error


def test_bias_of_the_plain_average_in_closed_form():
    """The mean of x_0 (1 - eta)^k over k < t."""
    found = averaging.exact_errors(0.1, 3.0, 50, 10, 0.1)["ASGD"]["bias"]
    t = np.arange(1, 51)
    np.testing.assert_allclose(found[1:], (3.0 * (1 - 0.9**t) / (0.1 * t)) ** 2, rtol=1e-12)


def test_the_chosen_rate_is_the_one_with_the_smallest_error():
    runs = [trace("sgd", eta, seed, three(level + 0.01 * seed)) for eta, level in ((0.1, 0.5), (0.2, 0.3), (0.3, 0.4)) for seed in (0, 1)]
    fast = [trace("sgd", eta, seed, three(0.4), moving=0.01) for eta in (0.1, 0.2) for seed in (0, 1)]
    momentum = [trace("msgd", eta, seed, {"x": [1.0, 0.2, 0.6]}, momentum=0.9) for eta in (0.1, 0.2) for seed in (0, 1)]
    found = averaging.chosen({"sgd": runs, f"sgd, {experiment.MOVING[1]}": fast, "msgd": momentum})
    assert found["SGD"][0].eta == 0.2 and not found["SGD"][0].at_edge
    assert [run.spec.eta for run in found["ASGD"][1].traces] == [0.2, 0.2] and found["ASGD"][1].variable == "average"
    fig, numbers = bands.draw_measures({name: case for name, (_, case) in found.items()}, dict.fromkeys(bands.MEASURES, (0, 1)), "")
    assert len(fig.axes) == 3 and len(numbers) == 1 + 3 * len(found)
    np.testing.assert_allclose(numbers["test_error, ASGD"][0], [1.0, 0.1525, 0.1525])


def test_differences_at_a_time_are_paired():
    first, second = ([trace("msgd", 0.1, seed, {"x": [1.0, level + seed, 0.0]}) for seed in range(3)] for level in (0.2, 0.5))
    found = bands.difference_at(bands.Case(first, {}), bands.Case(second, {}), "test_error", 1.0)
    assert found.mean == pytest.approx(-0.3) and bands.verdict(found, "less", "more") == "less"
    with pytest.raises(ValueError, match="looked at"):
        bands.at(first[0], "test_error", 0.5)


def test_verdicts():
    words = [bands.verdict(bands.interval(values), "less", "more") for values in ([1.0, 1.1], [-1.0, 1.0], [-1.0, -1.1])]
    assert words == ["more", "no difference that the interval shows", "less"]


def test_cuts_are_at_looks_and_scale_with_the_run():
    for profile in ("quick", "paper"):
        for specs in experiment.cut_specs(profile).values():
            for spec in specs:
                assert all(time in spec.times for time, _ in spec.cuts)
                assert spec.rates(spec.n_steps - 1, 1)[0] == pytest.approx(spec.eta / 10)
    with pytest.raises(ValueError, match="profile"):
        length("huge")


def test_late_average_from_two_plain_averages():
    """The identity (n z_n - m z_m) / (n - m), on a float64 run looked at after every step; too early a look is refused."""
    pytest.importorskip("torch", reason="needs the extra nets: make env EXTRAS=nets")
    from stalegrad.nets.driver import train
    from stalegrad.nets.objectives import build

    spec = Spec("sgd", eta=0.3, objective="noisy_quadratic", n_steps=12, evaluations=12, clock=experiment.Clock(shape=np.inf))
    path = train(spec, build("noisy_quadratic")).snapshots
    late = experiment.late_average(path, np.arange(13), begin=5)
    np.testing.assert_allclose(late[1:, 0].numpy(), [path["x"][5:t, 0].mean() for t in range(6, 13)], rtol=1e-12)
    np.testing.assert_array_equal(late[0], path["x"][5])
    with pytest.raises(ValueError, match="looked at"):
        experiment.with_late_average([trace("sgd", 0.1, 0, three(0.5))], begin=7)
