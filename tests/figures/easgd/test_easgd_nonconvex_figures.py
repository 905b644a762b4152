"""Numbers behind the figures of section 5.3."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from stalegrad.evidence import z_test
from stalegrad.figures.easgd import nonconvex as figures
from stalegrad.theory.easgd import nonconvex as theory


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.claim("EASGD-F5.20", "exact")
def test_figure_5_20(check):
    rho = np.linspace(0.0, 1.0, 101)
    fig, numbers = figures.draw_smallest(rho)
    assert np.array_equal(numbers["smallest"] > 1e-12, (rho > 0) & (rho < 2 / 3))
    assert (numbers["smallest"][:, None] <= numbers["others"] + 1e-12).all()
    check("where the curve is highest", rho[numbers["smallest"].argmax()], 1 / 3, 0.005)
    assert fig.axes[0].get_xlabel() and fig.axes[0].get_ylabel()


def test_branches_are_continuous_and_complete():
    rho = np.linspace(0.005, 1.4, 280)
    found = figures.branches(rho)
    counts = sum(np.isfinite(branch["x"]) for branch in found.values())
    assert np.array_equal(counts, np.where(rho < 2 / 3, 9, np.where(rho < 1, 5, 3)))
    for kind, places in {"mixed": 4, "split": 2, "consensus": 2, "top": 1}.items():
        assert sum(name.startswith(kind) for name in found) == places
    for branch in found.values():
        steps = np.abs(np.diff(branch["x"]))
        assert np.nanmax(steps) < 0.1
    _, numbers = figures.draw_branches(rho, found)
    assert len(numbers) == 1 + 3 * len(found)


def test_landscape_marks_every_critical_point_at_its_height():
    side = np.linspace(-1.4, 1.4, 141)
    _, numbers = figures.draw_landscape((0.3, 0.8), side)
    for penalty, count in ((0.3, 9), (0.8, 5)):
        points, height = numbers[f"points, rho = {penalty}"], numbers[f"height, rho = {penalty}"]
        assert len(points) == count
        for (a, b, _), known in zip(points, theory.critical_points(penalty), strict=True):
            row, column = np.abs(side - b).argmin(), np.abs(side - a).argmin()
            assert height[row, column] == pytest.approx(known.value, abs=5e-4)


def test_valley_is_the_lowest_of_a_scan():
    average = np.linspace(-1.1, 1.1, 45)
    fig, numbers = figures.draw_valley((0.2, 0.8), average, (3, 4))
    spread = np.linspace(0.0, 1.5, 3001)
    for penalty in (0.2, 0.8):
        x, y = average[:, None] + spread, average[:, None] - spread
        height = theory.OBJECTIVE.numeric(x=x, y=y, z=np.broadcast_to(average[:, None], x.shape), rho=penalty)
        np.testing.assert_allclose(numbers[f"valley, rho = {penalty:.3g}"], height.min(axis=1), atol=1e-6)
    assert numbers["threshold"][0] < 0.26 and numbers["threshold"][-1] == 2 / 3
    assert (np.diff(numbers["threshold"]) > 0).all()


def test_escape_times_agree_with_the_diffusion_and_not_with_a_hotter_one():
    """Steps of 0.02 shift the mean by some percent: a margin of 8% and 4 standard errors, fixed before looking; 25% more heat is seen."""
    penalty, temperature = 0.5, 0.02
    mean, error = figures.escapes(penalty, eta=0.02, temperature=temperature, beta=1.0, n_paths=1500, n_steps=5000, seed=11)
    expected, hotter = figures.exit_time(penalty, temperature), figures.exit_time(penalty, 1.25 * temperature)
    margin = 0.08 * expected / 4
    assert z_test(mean, np.hypot(error, margin), expected).agrees(1e-4)
    assert not z_test(mean, np.hypot(error, margin), hotter).agrees(1e-4)


def test_exit_time_converges_and_follows_the_barrier():
    coarse, fine = figures.exit_time(0.4, 0.02, n=81), figures.exit_time(0.4, 0.02, n=161)
    assert coarse == pytest.approx(fine, rel=0.01)
    temperatures = np.array([0.010, 0.012])
    slope = np.diff([np.log(figures.exit_time(0.3, heat)) for heat in temperatures]) / np.diff(1 / temperatures)
    assert slope[0] == pytest.approx((2 - 3 * 0.3) ** 2 / 16, rel=0.05)


def test_escape_figure_names_its_curves():
    curves = figures.escape_curves(np.array([0.5, 0.6]), 0.05, 0.02, n_paths=40, n_steps=1500, seed=0)
    fig, numbers = figures.draw_escapes(curves)
    assert numbers["fast"].shape == numbers["slow"].shape == (2, 2)
    assert fig.axes[0].get_legend() is not None
