"""What the figures of the delay equations draw, at small sizes."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from stalegrad import plot
from stalegrad.figures.sdde import energy, error, figure1, noise, rates, roots


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def complete(fig, numbers, panels):
    """Every number is real, every panel labelled, and the digest can be taken."""
    assert len(fig.axes) == panels and all(ax.get_xlabel() for ax in fig.axes)
    assert all(np.asarray(values).dtype.kind == "f" or np.asarray(values).dtype.kind == "i" for values in numbers.values())
    assert len(plot.digest(numbers)) == 12


def test_error_against_iterations_batch_and_delay():
    fixed = {"K": 80, "b": 4, "lag": 5}
    values = {"K": np.array([20, 40]), "b": np.array([1, 4]), "lag": np.array([0, 5, 20])}
    sweeps = {name: (each, error.sweep(name, each, fixed)) for name, each in values.items()}
    fig, numbers = error.draw(sweeps, fixed)
    complete(fig, numbers, 3)
    # The bound of Theorem 3.2 leaves the axes as the delay grows; its logarithm is kept.
    assert numbers["lag log10 theorem 3.2"][-1] > 6 > numbers["lag log10 theorem 3.2"][0]


def test_roots_and_exponent():
    lengths = np.linspace(0.1, 1.6, 9)
    found = {length: roots.roots_at(length, 2) for length in (0.2, 1.0)}
    assert all(np.abs(values.imag.sum()) < 1e-9 for values in found.values())
    for length, values in found.items():
        np.testing.assert_allclose(values + length * np.exp(-values), 0.0, atol=1e-9)
    algorithms = {10: roots.per_time(lengths, 10)}
    complete(*roots.draw_roots(lengths, found, lengths, algorithms), 2)


def test_radius_of_one_lag_and_of_none_beyond():
    assert roots.radius(0.5, 2) == pytest.approx(np.abs(np.roots([1, -1, 0, 0.5])).max())
    assert roots.radius(1.0, 1) == pytest.approx(1.0)


def test_levels_are_infinite_where_the_algorithm_diverges():
    lengths = np.array([0.5, 1.52])
    found = roots.levels(lengths, 10)
    assert found[0] > 1 and np.isinf(found[1])
    equation = roots.equation_levels(lengths)
    assert np.all(np.isfinite(equation))
    complete(*roots.draw_levels(lengths, equation, {10: found}), 1)


def test_figure_1():
    paths = figure1.one_path_each(4.0, 40, seed=0)
    assert all(values.shape == (41,) and values[0] == 4.0 for values in paths.values())
    complete(*figure1.draw_paths(paths), 2)
    found, at = figure1.exact(4.0, 60), np.array([0, 30, 60])
    complete(*figure1.draw_moments(found, figure1.sample(4.0, at, 50, seed=0), at), 2)


def test_asgd_paths_by_hand_without_noise():
    paths = figure1.asgd_paths(0.0, 12, 2, seed=0)[:, 0]
    expected = [4.0]
    for k in range(12):
        expected.append(expected[-1] - 0.01 * expected[k if k < 10 else k - 10])
    np.testing.assert_allclose(paths, expected, rtol=1e-14)


def iterations_by_window(eps, eta, lag):
    """First step from which on E x^2 <= eps, a = sigma^2 = x_0 = 1, by the covariance of the last lag + 1 iterates."""
    step = np.eye(lag + 1, k=-1)
    step[0, 0] = 1.0
    step[0, lag] -= eta
    second, levels = np.ones((lag + 1, lag + 1)), [1.0]
    for _ in range(int(20 / eta)):
        second = step @ second @ step.T
        second[0, 0] += eta**2
        levels.append(second[0, 0])
    return np.flatnonzero(np.array(levels) > eps)[-1] + 1


def test_rates():
    eps, lags = 0.1, np.array([1, 3])
    found = rates.compare(eps, lags)
    fig, numbers = rates.draw(lags, found, eps)
    complete(fig, numbers, 1)
    by_window = [iterations_by_window(eps, eps / lag**2, lag) for lag in lags]
    assert found["exact"].tolist() == by_window
    assert found["advised"].tolist() == [iterations_by_window(eps, rates.advised_step(eps, int(lag)), lag) for lag in lags]
    assert by_window != [iterations_by_window(eps, eps / lag**2, lag + 1) for lag in lags]  # another delay is told apart
    np.testing.assert_allclose(found["Recht"], lags**2 * np.log(1 / eps) / eps, rtol=1e-12)
    np.testing.assert_allclose(found["Zheng"], lags / eps, rtol=1e-12)
    np.testing.assert_allclose(found["SDDE"], lags + lags**2 * np.log(1 / eps) / (2 * eps), rtol=1e-12)
    assert all(np.array_equal(numbers[name], found[name]) for name in found if name in numbers)


def test_energy():
    numbers = {"delta": 0.1, "mu": 1.0, "L": 1.0, "D": 2.0, "tau": 1.0, "trace": 1.0}
    curves = {tau: energy.mean_square(1.0, 1.0, tau, 1.0, 0.1, 1.0, 3.0) for tau in (0.0, 1.0)}
    level = energy.printed_level(**numbers)
    assert level == pytest.approx(1.1 * (1 + 8 + 8) / 2)
    paths = energy.sample_energies(1.0, 1.0, 1.0, 1.0, 0.1, 1.0, 3.0, level, 2, seed=0)
    limits = energy.bounds(curves[0.0][0][1:], numbers, 1.0)
    complete(*energy.draw(curves, limits, dict.fromkeys(curves, level), paths, 1.0), 3)
    assert energy.used(np.e, 2.0, np.e - 1.0) == pytest.approx(1.0)


def test_noise_of_a_batch():
    assert noise.distance(4) == pytest.approx(3 / 16, abs=1e-12)  # half of the middle atom
    complete(*noise.draw((1, 4, 16), np.arange(1, 9)), 2)
