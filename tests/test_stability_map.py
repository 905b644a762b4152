"""Maps of stability, exact and measured."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import stalegrad as sg
from stalegrad.figures.across import validity as closed
from stalegrad.study.stability import StabilityMap

PROBLEM = sg.problems.quadratic([[1.0], [-1.0]], curvature=2.0)


@pytest.mark.claim("SME-self-consistent", "definition")
def test_the_edge_for_geometric_staleness_is_the_closed_form():
    mu = np.array([0.2, 0.5, 0.9])
    found = sg.stability_map(lambda eta, mu: sg.asgd(PROBLEM, eta, sg.geometric(mu)), {"eta": np.linspace(0.1, 1.1, 101), "mu": mu})
    assert found.exact and not found.standard_error.any() and found.radius.shape == (3, 101)
    expected = closed.edges(mu / (1 - mu))["geometric"] / 2.0
    np.testing.assert_allclose(found.edge(), expected, atol=1e-3)  # a cell is 1e-2 wide, and the radius nearly straight in it
    half = sg.stability_map(lambda eta, mu: sg.asgd(PROBLEM, 2 * eta, sg.geometric(mu)), {"eta": np.linspace(0.05, 0.55, 101), "mu": mu})
    assert (np.abs(half.edge() - expected) > 0.05).all()  # another algorithm has another edge


def test_every_cell_is_the_process_of_its_own_parameters():
    found = sg.stability_map(lambda eta, lag: sg.asgd(PROBLEM, eta, sg.constant(int(lag))), {"eta": [0.1, 0.2, 0.4], "lag": [0, 3]})
    expected = [[sg.moments.spectral_radius(sg.asgd(PROBLEM, eta, sg.constant(lag))) for eta in found.x] for lag in (0, 3)]
    np.testing.assert_array_equal(found.radius, expected)


@pytest.mark.claim("SME-exact-moments", "definition")
@pytest.mark.parametrize("eta", [0.01, 0.05, 0.2, 0.5])
def test_measured_growth_is_the_spectral_radius_where_the_linear_part_is_not_random(eta):
    process = sg.asgd(PROBLEM, eta, sg.constant(3))
    found, expected = sg.growth(process, 1.0, n_paths=16), sg.moments.spectral_radius(process)
    assert found.factor == pytest.approx(expected, rel=2e-3)  # the fitted slope of an oscillation over some hundred steps
    assert found.factor != pytest.approx(sg.moments.spectral_radius(sg.asgd(PROBLEM, 1.1 * eta, sg.constant(3))), rel=2e-3)


def test_with_a_random_staleness_typical_growth_is_below_that_of_mean_squares():
    process = sg.asgd(PROBLEM, 0.2, sg.geometric(0.5))
    found = sg.growth(process, 1.0)
    assert 0.0 < found.standard_error < 0.02 and found.factor + 5 * found.standard_error < sg.moments.spectral_radius(process)


def test_growth_of_one_dimensional_sgd_is_the_mean_logarithm():
    """SGD on two curvatures: log of the squared distance grows by the mean of 2 log |1 - eta a|."""
    problem = sg.problems.least_squares([[1.0], [2.0]], [0.5, -0.5])  # curvatures 1 and 4
    found = sg.growth(sg.sgd(problem, 0.1), 1.0, n_paths=4096, n_steps=40)
    expected = np.exp(np.log([0.9, 0.6]).sum())
    assert abs(found.factor - expected) < 5 * found.standard_error
    assert abs(found.factor - (0.9**2 + 0.6**2) / 2) > 5 * found.standard_error  # the growth of the mean square
    assert found.standard_error < 0.005


@pytest.mark.parametrize(("eta", "stable"), [(0.05, True), (0.3, False)])
def test_growth_of_a_quartic_tells_stable_from_divergent(eta, stable):
    """From 0 the quartic's curvature is 12 and more: eta below 1/6 is needed even without noise."""
    found = sg.growth(sg.sgd(sg.problems.quartic(), eta), 0.0, n_paths=64, n_steps=200)
    assert (found.factor < 1.0) == stable


def test_runs_that_meet_at_once_have_no_growth():
    assert sg.growth(sg.sgd(PROBLEM, 0.5), 1.0, n_paths=16).factor == 0.0


def test_an_objective_of_ones_own_is_measured():
    map_ = sg.stability_map(
        lambda eta, lag: sg.asgd(sg.problems.quartic(), eta, sg.constant(int(lag))), {"eta": [0.01, 0.4], "lag": [0, 2]}, n_paths=32, n_steps=100
    )
    assert not map_.exact and (map_.radius[:, 0] < 1).all() and (map_.radius[:, 1] >= 1).all()


def test_edges_by_hand():
    radius = np.array([[0.5, 0.9, 1.1], [0.2, 0.3, 0.4], [1.2, 0.5, 0.4], [0.5, np.inf, 0.5]])
    edges = StabilityMap(("a", "b"), np.array([1.0, 2.0, 4.0]), np.arange(4.0), radius, np.zeros((4, 3)), True).edge()
    np.testing.assert_allclose(edges, [3.0, np.inf, -np.inf, 1.0])


def test_the_picture_shows_both_axes():
    found = sg.stability_map(
        lambda eta, mu: sg.asgd(PROBLEM, eta, sg.geometric(mu)), {"eta": np.geomspace(0.01, 1.5, 8), "mu": np.linspace(0, 0.9, 4)}
    )
    fig = found.plot()
    ax = fig.axes[0]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_xscale(), ax.get_yscale()) == ("eta", "mu", "log", "linear")
    fig, ax = plt.subplots()
    assert found.plot(ax) is fig
    plt.close("all")


@pytest.mark.parametrize(
    ("family", "axes", "message"),
    [
        (lambda a, b: None, {"eta": [0.1, 0.2]}, "must name 2 axes"),
        (lambda a, b: None, [0.1, 0.2], "must name 2 axes"),
        (lambda a, b: None, {"eta": [0.2, 0.1], "mu": [0.1, 0.2]}, "increasing order"),
        (lambda a, b: None, {"eta": [0.2], "mu": [0.1, 0.2]}, "at least two"),
        (lambda a, b: None, {"eta": [0.1, 0.2], "mu": [0.1, 0.2]}, "must return a process or a limit"),
        (3, {"eta": [0.1, 0.2], "mu": [0.1, 0.2]}, "is no function"),
        (lambda a, b: sg.asgd(PROBLEM, a, sg.geometric(b)), {"eta": [0.1, 0.2], "mu": [0.5, 1.5]}, "mu"),
    ],
)
def test_what_a_map_refuses(family, axes, message):
    with pytest.raises(ValueError, match=message):
        sg.stability_map(family, axes)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"n_paths": 20}, "multiple of 8"),
        ({"n_paths": 8}, "n_paths"),
        ({"n_steps": 4}, "n_steps"),
        ({"offset": 0.0}, "offset"),
        ({"start": [1.0, 2.0]}, "start"),
    ],
)
def test_what_growth_refuses(given, message):
    with pytest.raises(ValueError, match=message):
        sg.growth(sg.sgd(sg.problems.quartic(), 0.01), **given)


def test_a_start_is_needed_where_no_minimiser_is_known():
    problem = sg.problems.finite_sum(lambda x, z: x - z, [[1.0]], 1)
    with pytest.raises(ValueError, match="give start="):
        sg.growth(sg.sgd(problem, 0.01))
