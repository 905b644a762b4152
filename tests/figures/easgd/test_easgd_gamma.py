"""The numbers behind the figures of sections 5.2.1 and 5.2.2."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from stalegrad.figures import maps
from stalegrad.figures.easgd import gamma
from stalegrad.theory import formula


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.mark.claim("EASGD-F5.9", "exact")
def test_densities_concentrate_with_the_batch(check):
    """Pole at 0 for lam < 1, none beyond; the slope of log density at small xi is lam - 1."""
    xi = np.geomspace(1e-6, 30, 4000)
    _, numbers = gamma.draw_densities(xi)
    for batch in gamma.BATCHES:
        curve = numbers[f"p = {batch}"]
        check(f"slope near 0, p = {batch}", np.diff(np.log(curve[:2]))[0] / np.diff(np.log(xi[:2]))[0], batch / 2 - 1, 1e-4)
        mean, square = (np.trapezoid(curve * xi**power, xi) for power in (1, 2))
        check(f"variance, p = {batch}", square - mean**2, 2 / batch, 0.02)


def test_growth_of_moment_path_and_limit():
    etas = np.array([0.01, 0.8, 1.2, 2.6])
    found = gamma.growth(etas, 0.5)
    assert found["moment"][0] == pytest.approx(found["gbm moment"][0], rel=0.01) and found["path"][0] == pytest.approx(found["gbm path"][0], rel=0.02)
    assert np.all(found["path"] < found["moment"])  # Jensen
    # at 0.8 the chain's moment grows and the limit's does not; at 2.6 the chain's paths grow and the limit's do not
    assert found["moment"][1] > 0 > found["gbm moment"][1] and found["path"][3] > 0 > found["gbm path"][3]
    fig, numbers = gamma.draw_growth(etas, found, 0.5)
    assert set(numbers) == {"eta", *found}


def test_mini_batch_curves():
    sizes = np.array([1.0, 4.0, 100.0])
    _, numbers = gamma.draw_minibatch(sizes, 0.5, (0.05, 10.0))
    assert numbers["best"] == pytest.approx(1 / (1 + 0.5 * sizes))
    assert np.all(np.diff(numbers["fixed"]) < 0) and numbers["fixed"][-1] > (1 - 1 / 3) ** 2
    assert numbers["speedup, lam = 0.05"][1] > 3.5 and numbers["speedup, lam = 10"][1] < 1.6


def test_valley_of_the_map_passes_through_the_optimum():
    etas, deltas = np.linspace(0.1, 0.9, 81), np.linspace(-0.98, 0.98, 99)
    _, numbers = gamma.draw_momentum_map(1.0, etas, deltas)
    valley = gamma.valley(numbers["radius"], deltas)
    assert valley[np.argmin(np.abs(etas - 0.5))] == pytest.approx(0.0, abs=1e-12)
    assert np.all(valley[etas < 0.45] > 0) and np.all(valley[etas > 0.55] < 0)
    assert numbers["optimum"] == [0.5, 0.0, 0.5]


@pytest.mark.claim("EASGD-F5.14", "exact")
def test_where_momentum_helps(check):
    """Momentum 0.9 at eta = 0.1 wins on 0 < lam, omega < 100 nearly where lam < omega, at slopes below (1 - delta)/eta = 1."""
    axis = maps.grid(0, 100, 50)
    _, numbers = gamma.draw_laws(axis, axis)
    wins = numbers["eta = 0.1, delta = 0.9"] < numbers["eta = 0.1, delta = 0"]
    check("cells where momentum wins, against lam < omega", wins == (axis[:, None] < axis[None, :]), True, 0)
    plain = formula("EASGD-5.26").numeric(eta=1.0, lam=axis[:, None], omega=axis[None, :])
    check("first panel is the rate of SGD", numbers["eta = 1, delta = 0"], plain, 1e-10 * np.maximum(1.0, plain))


def test_the_cut_has_its_minimum_at_zero():
    deltas = np.linspace(-0.9, 0.9, 19)
    _, numbers = gamma.draw_cut(deltas, (0.5, 2.0))
    assert all(abs(deltas[numbers[f"lam = {shape:g}"].argmin()]) < 1e-12 for shape in (0.5, 2.0))
