"""Trends over the learning rate on synthetic traces, and fluctuations on a parabola."""

import numpy as np
import pytest

import stalegrad as sg
from stalegrad.figures.training import learning_rate
from stalegrad.nets.experiments import learning_rate as experiment
from stalegrad.nets.spec import Spec
from stalegrad.nets.trace import Trace


def trace(eta, seed, level, n_steps=2):
    spec = Spec("easgd", eta=eta, seed=seed, n_workers=16, period=10, n_steps=n_steps, evaluations=2)
    curve = np.array([1.0, level + 0.01 * seed, level + 0.02 * seed])
    return Trace(spec, spec.times, np.arange(3), np.arange(3), {(m, "centre"): curve for m in learning_rate.ZOOM}, {}, np.inf)


def valley():
    return [trace(eta, seed, (np.log10(eta) + 1) ** 2 + 0.1) for seed in (1, 0) for eta in (0.4, 0.1, 0.05, 0.8)]


def test_trend_finds_best_and_worst_and_compares_the_ends():
    found = learning_rate.trend(valley(), "test_error")
    assert found.rates.tolist() == [0.05, 0.1, 0.4, 0.8] and found.best == 0.1 and found.worst == 0.8
    assert found.largest.mean == pytest.approx((np.log10(0.8) + 1) ** 2 - (np.log10(0.05) + 1) ** 2)


def test_runs_are_grouped_by_rate_with_seeds_in_order():
    groups = learning_rate.by_rate(valley())
    assert [[run.spec.seed for run in runs] for runs in groups.values()] == [[0, 1]] * 4


def test_picture_has_a_curve_for_each_rate():
    fig, numbers = learning_rate.draw_rates({"EASGD": valley(), "EAMSGD": valley()})
    assert len(fig.axes) == 4 and len(numbers) == 1 + 2 * 2 * 4
    np.testing.assert_allclose(numbers[r"EASGD, test_error, $\eta=0.1$"][0], [1.0, 0.105, 0.11])


def test_fluctuations_are_the_stationary_variances():
    """EASGD as `sg.easgd` has it, and EAMSGD against simulated paths."""
    eta, alpha = 0.4, 0.9 / 16
    found = learning_rate.fluctuations([eta], 0.0, 16, alpha)[0, 1]
    assert found == pytest.approx(sg.moments.stationary(sg.easgd(sg.problems.noisy_quadratic(), eta, alpha, 0.9, 16)).second_moment[0, 0], rel=1e-9)
    process = sg.eamsgd(sg.problems.noisy_quadratic(), 0.05, alpha, 0.9, 0.9, 16)
    run = sg.simulate(process, 0.0, n_paths=4_000, n_steps=400, seed=3)
    error = run.second_moment_standard_error[-1].item()
    assert run.second_moment[-1].item() == pytest.approx(learning_rate.fluctuations([0.05], 0.9, 16, alpha)[0, 1], abs=4 * error)


def test_specs_share_everything_but_rate_and_seed():
    for runs in experiment.specs("quick", seed=3).values():
        assert len({spec.at(eta=1.0, seed=0) for spec in runs}) == 1 and {spec.seed for spec in runs} == {3, 4, 5, 6, 7}
