"""What the figures of section 5.1 show: their numbers, and what they say in the texts beside them."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from stalegrad.figures import maps
from stalegrad.figures.easgd import additive as figures
from stalegrad.moments import additive_noise


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.claim("EASGD-F5.1", "exact")
def test_momentum_map():
    """On every column of the map the lowest cell is within a cell of the drawn optimum, or as low."""
    _, numbers = figures.draw_momentum()
    reached = additive_noise.momentum_radius(numbers["eta"], numbers["best delta"])
    assert np.all(numbers["radius"].min(axis=0) >= reached - 1e-7)
    assert np.all(np.diff(numbers["best delta"]) < 0)


@pytest.mark.claim("EASGD-F5.2", "exact")
def test_reduced_map():
    _, numbers = figures.draw_reduced()
    reached = additive_noise.reduced_radius(numbers["eta"], numbers["best alpha"])
    assert np.all(numbers["radius"].min(axis=0) >= reached - 1e-7) and np.all(numbers["best alpha"] <= 0)


@pytest.mark.claim("EASGD-F5.6", "exact")
def test_full_map():
    """The white curve is below every cell of its column; the printed one is above it outside 0.9 <= eta <= 1.038 on the right."""
    _, numbers = figures.draw_full()
    assert np.all(numbers["radius"].min(axis=0) >= numbers["best radius"] - 1e-7)
    above = numbers["printed radius"] > numbers["best radius"] + 1e-9
    assert np.array_equal(above, numbers["eta"] > 2.9**2 / 8.1)
    eta, alpha, _ = maps.lowest(numbers["eta"], numbers["alpha"], numbers["radius"])
    assert abs(eta - 2.9**2 / 8.1) < 0.05 and abs(alpha) < 0.05


@pytest.mark.claim("EASGD-F5.8", "exact")
def test_eamsgd_map():
    """Figure 5.8: no stable rate beyond eta = 1.51; coupling beats none at every eta below 1; from eta = 0.03 on
    EASGD without momentum beats both."""
    _, numbers = figures.draw_eamsgd()
    stable = numbers["eta"][(numbers["radius"] < 1).any(axis=0)]
    assert 1.48 < stable.max() < 1.52
    below = numbers["eta of the optimum"] < 0.99
    assert np.all(numbers["best radius"][below] < numbers["alone"][below])
    from_here = numbers["eta of the optimum"] > 0.03
    assert np.all(numbers["easgd"][from_here] < numbers["best radius"][from_here]) and numbers["easgd"][0] > numbers["best radius"][0]


@pytest.mark.claim("EASGD-F5.4", "exact")
@pytest.mark.claim("EASGD-F5.5", "exact")
@pytest.mark.parametrize("eta", [0.1, 1.5])
def test_marks_lie_on_the_largest_modulus(eta):
    _, numbers = figures.draw_moduli(eta)
    largest = np.max([numbers[name] for name in ("z_1", "z_2", "z_3")], axis=0)
    for mark in ("optimum", "printed"):
        alpha, radius = numbers[mark]
        assert abs(np.interp(alpha, numbers["alpha"], largest) - radius) < 5e-3
    assert abs(numbers["alpha"][largest.argmin()] - numbers["optimum"][0]) < 3e-3


def test_loss_of_the_printed_rule():
    """Zero at the rates of Figure 5.3, 0.087 at those of Figure 5.7, largest where beta is."""
    _, numbers = figures.draw_rule(40)
    axis, loss = numbers["axis"], numbers["loss"]
    assert loss[np.abs(axis - 0.9).argmin(), np.abs(axis - 0.1).argmin()] == 0.0
    assert 0.05 < loss[np.abs(axis - 0.9).argmin(), np.abs(axis - 1.5).argmin()] < 0.12
    assert axis[np.unravel_index(np.nanargmax(loss), loss.shape)[0]] == axis[-1] and np.nanmin(loss) == 0.0


@pytest.mark.claim("EASGD-msgd-variance", "exact")
def test_variance_curves_are_ordered_by_momentum():
    rates = np.linspace(0.01, 1.25, 50)
    _, numbers = figures.draw_variances((-0.5, 0.0, 0.5, 0.9), rates)
    ordered = np.stack([numbers[name] for name in ("-0.5", "0", "0.5", "0.9", "limit")])[:, np.abs(rates - 1) > 0.01]
    assert np.all(np.diff(ordered, axis=0) > 0)


@pytest.mark.claim("EASGD-5.3", "exact")
def test_batches_divide_the_variance():
    _, numbers = figures.draw_batches(np.linspace(0.01, 1.9, 20), (1, 4, 16))
    assert np.allclose(numbers["limit"] / numbers["exact"], 1 - numbers["eta"] / 2, rtol=1e-12)


@pytest.mark.claim("EASGD-eamsgd-stationary", "exact")
def test_eamsgd_levels_rise_with_momentum_at_small_rates():
    _, numbers = figures.draw_eamsgd_levels(np.linspace(0.01, 0.5, 20), 0.2, (0.0, 0.5, 0.9, 0.99), 4)
    levels = np.stack([numbers[f"x2, delta = {name}"] for name in ("0", "0.5", "0.9", "0.99")])
    assert np.all(np.diff(levels, axis=0) > 0) and np.all(numbers["y2, delta = 0"] > numbers["x2, delta = 0"])
