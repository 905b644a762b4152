"""Numbers behind the figures of sections 2 to 3.2."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

import stalegrad as sg
from stalegrad.figures.pca import landscape, paths, phases, variance
from stalegrad.theory.pca import flow, stability

matplotlib.use("Agg")
LAM = np.array([4.0, 3.0, 2.0, 1.0])


def drawn(fig, numbers, wanted):
    """The figure closes, and every named curve is among its numbers."""
    plt.close(fig)
    assert set(wanted) <= set(numbers)
    return numbers


def test_landscape_shows_objective_and_flow_lines():
    assert landscape.point(90.0, 0.0) == pytest.approx([0.0, 1.0, 0.0])
    numbers = drawn(*landscape.draw([3.0, 2.0, 1.0], [(80, 10), (100, 30)]), ("objective", "e_1", "line 1"))
    assert numbers["objective"].max() == pytest.approx(3.0) and numbers["objective"].min() == pytest.approx(1.0)
    # One line ends at longitude 0, the other at 180: the two optima.
    assert numbers["line 0"][:, -1] == pytest.approx([0.0, 0.0], abs=0.2)  # tan 80 exp(-8) is 0.11 degrees
    assert abs(numbers["line 1"][0, -1]) == pytest.approx(180.0, abs=0.2)
    assert numbers["e_1"][np.abs(numbers["r"] - 1.0).argmin()] == pytest.approx(0.0, abs=1e-12)


def test_paths_beside_the_flow_and_norms():
    start = np.array([0.5, 0.5, 0.5, 0.5])
    found = drawn(*paths.draw_flow(paths.beside_the_flow(start, 0.7, [(1e-3, 5), (1e-4, 20)], 0.5, seed=0, points=20)), ("flow", "time"))
    assert found["flow"][-1] == pytest.approx(flow.solution(start, LAM, 0.7, 0.5))
    for name in ("eta = 0.001, tau = 5", "eta = 0.0001, tau = 20"):
        assert found[name].shape == found["flow"].shape and found[name][0] == pytest.approx(start)
    excess = drawn(*paths.draw_norms(paths.norms(start, 2e-4, [(0.0, 0), (0.5, 10)], 2.0), 2e-4), ("mu = 0, tau = 0",))
    assert excess["mu = 0.5, tau = 10"].max() > 10 * excess["mu = 0, tau = 0"].max() > 0


@pytest.mark.claim("PCA-delayed-variance", "exact")
def test_floors_are_the_values(check):
    momenta = np.array([0.0, 0.5, 0.9])
    found = variance.floors(5e-4, 1.0, 12.0, momenta, 8.0)
    for mu, shown in zip(momenta, found["tau = 50"], strict=True):
        stable = 50 < stability.critical(0.004, mu)
        value = sg.claim("PCA-delayed-variance").value(eta=5e-4, momentum=mu, gap=1.0, alpha2=12.0, tau=50)
        assert stable == np.isfinite(shown)
        check(f"momentum {mu}", shown if stable else value, value, 1e-14)
    drawn(*variance.draw_floors(found, 1.0, 8.0), ("limit", "x", "law"))


@pytest.mark.claim("PCA-critical-delay", "exact")
def test_map_is_the_value(check):
    edges = variance.edges(LAM, np.array([0.0, 0.7, 0.95]), np.array([1e-4, 5e-4]))
    for column, mu in enumerate(edges["mu"]):
        for row, eta in enumerate(edges["eta"]):
            value = sg.claim("PCA-critical-delay").value(eta=eta, momentum=mu, lam=list(LAM))["tau"]
            check(f"eta = {eta}, mu = {mu}", edges["critical"][row, column], value, 1e-9 * value)
    drawn(*variance.draw_edges(edges, LAM, 5e-4), ("cut", "tangent", "bound", "printed"))


def test_norm_oscillates_only_beyond_the_edge():
    rows = variance.beyond(LAM, 0.01, (0.0,), np.array([0.8, 1.3]), n_steps=6000)["mu = 0"]
    drawn(*variance.draw_beyond({"mu = 0": rows}), ("mu = 0",))
    assert rows[0, 2] - rows[0, 1] < 1e-3 < 0.3 < rows[1, 2] - rows[1, 1]


def test_settling_shows_both_times():
    found = phases.settling((0.05,), 0.5, 0.006, 0.024)
    right, printed = found["times, share 0.05"]
    assert right - printed == pytest.approx(2 * np.log(2))
    at = np.array([printed, right])
    points = {"at": at, "share 0.05": phases.settling_paths(0.05, 0.5, 0.006, 0.024, at, 50, 0)}
    numbers = drawn(*phases.draw_settling(found, points), ("points share 0.05",))
    assert numbers["points share 0.05"][1] > 0.8


def test_crossing_and_escape():
    found = drawn(*phases.draw_crossing(phases.crossing(1e-3, 0.5, 0.1, 5, 0), 0.1), ("flow", "paths"))
    assert found["paths"].shape == (121, 5) and found["flow"][100] == pytest.approx(0.9)
    escapes = phases.escapes(1e-3, (0.5,), 0.02, np.array([0.2, 0.6]), 200, 0)
    rates = phases.escape_rates(1e-3, 1.0, np.array([0.0, 0.5]), np.array([0, 100]))
    numbers = drawn(*phases.draw_escape(escapes, rates, 1e-3), ("law, mu = 0.5", "algorithm, mu = 0.5", "delay"))
    assert numbers["momentum"][1] > 1.9 and numbers["delay"][1] < numbers["delay"][0]
    assert phases.escape(1e-3, 0.5, 0.02, escapes["T_1, mu = 0.5"])[0] == pytest.approx(0.7)
