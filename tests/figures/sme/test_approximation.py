"""Numbers behind the figures of section 3."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import stalegrad as sg
from stalegrad import moments
from stalegrad.evidence import z_test
from stalegrad.figures.sme import approximation, bound

PARABOLA = sg.problems.quadratic(centres=[[1.0], [-1.0]], curvature=2.0)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_curves_are_sample_moments_with_their_standard_errors():
    n = 4000
    sample = np.random.default_rng(1).normal(2.0, 3.0, size=(n, 50))
    found = approximation.curves(sample)
    true = {"mean": 2.0, "second_moment": 13.0, "variance": 9.0}
    spread = {"mean": 3.0, "second_moment": np.sqrt(2 * 81 + 4 * 4 * 9), "variance": np.sqrt(2) * 9}
    for name in true:
        assert z_test(getattr(found, name), found.error[name], true[name]).agrees(1e-4)
        np.testing.assert_allclose(found.error[name], spread[name] / np.sqrt(n), rtol=0.15)
    assert not z_test(found.variance, found.error["variance"], 9.0 * 1.15).agrees(1e-4)


@pytest.mark.parametrize(("mu", "scheme", "model"), [(0.9, "exact", "sme-asgd"), (0.97, "euler", "euler"), (0.95, "exact", "sme-sgd")])
def test_largest_errors_agree_with_the_moments_of_single_steps(mu, scheme, model):
    found = approximation.largest_errors(PARABOLA, 0.01, 1.0, [mu], n_steps=60)
    name = "sme-sgd" if model == "sme-sgd" else "sme-asgd"
    steps = range(61)
    for moment in ("mean", "second_moment"):
        gaps = [abs(moments.figure4(name, mu, k, scheme)[moment] - moments.figure4("asgd", mu, k)[moment]) for k in steps]
        assert found[model][moment][0] == pytest.approx(max(gaps), rel=1e-9)


def test_simulated_curves_lie_on_the_exact_ones_and_not_on_those_of_another_mu():
    models = approximation.compared(PARABOLA, eta=0.01, mu=0.95)
    points = approximation.simulated(models, 1.0, n_paths=2000, n_steps=100, seed=5)
    for mu, agree in ((0.95, True), (0.9, False)):
        known = approximation.exact(approximation.compared(PARABOLA, eta=0.01, mu=mu), 1.0, n_steps=100)
        at = np.arange(10, 101, 10)
        verdict = z_test(points["asgd"].mean[at], points["asgd"].error["mean"][at], known["asgd"].mean[at])
        assert verdict.agrees(1e-4) is agree


def test_figures_name_every_curve_and_label_every_axis():
    models = approximation.compared(PARABOLA, eta=0.01, mu=0.9)
    points, known = approximation.simulated(models, 1.0, 50, 40, seed=0), approximation.exact(models, 1.0, 40)
    fig, numbers = approximation.draw_figure4({0.9: points}, {0.9: known})
    assert len(numbers) == 2 * 2 * len(models)
    assert all(ax.get_ylabel() for ax in fig.axes) and fig.axes[-1].get_xlabel() == "step k"
    fig, numbers = approximation.draw_figure5({"parabola": points})
    assert len(numbers) == 3 * len(models)


def test_distances_agree_with_independent_simulations():
    eta, mu, time, n_paths = 0.0025, 0.95, 0.5, 4000
    found = bound.distances(PARABOLA, np.array([eta]), mu, 1.0, time)
    limit = sg.sme_asgd(PARABOLA, eta, mu)
    n_steps = round(time / limit.dt)
    x = sg.simulate(sg.asgd(PARABOLA, eta, sg.geometric(mu)), 1.0, n_paths, n_steps, seed=1, keep="paths").paths[:, :, 0]
    X = sg.simulate(limit, 1.0, n_paths, n_steps, seed=2, keep="paths").paths[:, :, 0]
    gap = {"SME-ASGD, noise of its own": X - x, "stays at the start": 1.0 - x}
    for name, difference in gap.items():
        squares = difference[:, -1] ** 2
        value, error = squares.mean(), squares.std() / np.sqrt(n_paths)
        assert z_test(value, error, found[name][0] ** 2).agrees(1e-4)
        assert not z_test(value, error, found["SME-ASGD without noise"][0] ** 2).agrees(1e-4)


def test_the_bound_is_above_all_three_and_of_order_one():
    etas = 0.01 * 4.0 ** -np.arange(4)
    found = bound.distances(PARABOLA, etas, 0.95, 1.0, 1.0)
    assert all((found[name] < found["bound"]).all() for name in bound.LOOKS)
    np.testing.assert_allclose(found["bound"][:-1] / found["bound"][1:], 2.0)
    np.testing.assert_allclose(found["dt"], np.sqrt(etas * 0.05))
