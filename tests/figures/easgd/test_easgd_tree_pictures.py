"""Figures 6.1 and 6.2 are drawn from the tree process: its timetable, its values, its averaging."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import stalegrad as sg
from stalegrad.figures.easgd import tree_pictures as figures


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.claim("EASGD-F6.2", "definition")
def test_timetables_of_both_schemes():
    ticks = np.arange(40)
    slow, fast = ticks % 10 == 0, np.ones(40, dtype=bool)
    found = figures.timetable(sg.multiscale(1, 10), 3, 40)
    assert np.array_equal(found.up, [slow, slow, fast]) and np.array_equal(found.down, [slow, slow, fast])
    found = figures.timetable(sg.up_down(1, 10), 3, 40)
    assert np.array_equal(found.up, [fast] * 3) and np.array_equal(found.down, [slow] * 3)


@pytest.mark.claim("EASGD-F6.1", "definition")
def test_run_of_all_levels_is_that_of_the_driver(check):
    process = sg.easgd_tree(sg.problems.noisy_quadratic(), 0.1, 0.3, 2, 2, sg.multiscale(1, 4), observe=("root", "leaf_average", "leaf"))
    levels = figures.values_of_levels(process, 3.0, 20, seed=5)
    assert [values.shape for values in levels] == [(21, 1), (21, 2), (21, 4)]
    run = sg.simulate(process, 3.0, n_paths=1, n_steps=20, seed=5, keep="paths").paths[0]
    check("root, leaves on average, first leaf", np.stack([levels[0][:, 0], levels[2].mean(axis=1), levels[2][:, 0]], axis=1), run, 1e-12)


@pytest.mark.claim("EASGD-F6.1", "definition")
def test_root_moves_only_when_it_hears_its_children():
    process = sg.easgd_tree(sg.problems.noisy_quadratic(), 0.1, 0.3, 2, 3, sg.multiscale(1, 5))
    fig, numbers = figures.draw_behaviour(process, 3.0, 32, seed=1)
    root = numbers["run, root"][:, 0]
    moved = np.flatnonzero(np.diff(root) != 0)
    assert set(moved) <= set(numbers["heard"]) and len(moved) >= 4
    assert numbers["run, leaves"].shape == (33, 8)


@pytest.mark.claim("EASGD-F6.2", "definition")
def test_averaging_without_gradients_ends_in_agreement():
    """A chain of two nodes with both periods 1 by hand; a longer run ends with all levels alike, between 0 and 1."""
    news = figures.spread_of_news(sg.multiscale(1, 1), 0.25, degree=1, depth=1, n_ticks=2)
    np.testing.assert_allclose(news, [[0.0, 1.0], [0.25, 0.75], [0.375, 0.625]], atol=1e-15)
    late = figures.spread_of_news(sg.up_down(1, 10), 0.3, degree=2, depth=3, n_ticks=1500)[-1]
    assert np.ptp(late) < 1e-6 and 0 < late[0] < 1
    fig, numbers = figures.draw_schemes({"one": sg.multiscale(1, 10), "two": sg.up_down(1, 10)}, 2, 21, 0.3, 2, 30)
    assert len(numbers) == 2 * (2 * 2 + 1)
