"""Where a limit stops describing its algorithm, against formulas by hand and by two routes."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import stalegrad as sg
from stalegrad.study.validity import Departure, Validity

A, S2 = 2.0, 4.0
PROBLEM = sg.problems.quadratic([[1.0], [-1.0]], curvature=A)
ETAS = [0.02, 0.05, 0.1, 0.2, 0.4]
N_PATHS, NOISE = 16384, 0.05
"""Noise of a simulated distance: five of its largest standard errors, sqrt(2 / 16384) of a mean, sqrt(1 / 16384) of a deviation."""


def sgd(eta):
    return sg.sgd(PROBLEM, eta)


def by_hand(eta: float, n: int, slope) -> tuple[float, float]:
    """Distances of SGD on the quadratic and of dX = -b X dt + sqrt(eta S2) dB with b = slope(eta)."""
    k = np.arange(1, n + 1)
    q, b = 1.0 - A * eta, slope(eta)
    means = q**k, np.exp(-b * eta * k)
    deviations = np.sqrt(eta**2 * S2 * (1 - q ** (2 * k)) / (1 - q * q)), np.sqrt(eta * S2 * (1 - np.exp(-2 * b * eta * k)) / (2 * b))
    spread = np.sqrt((means[0] - 1.0) ** 2 + deviations[0] ** 2).max()
    return np.abs(means[0] - means[1]).max() / spread, np.abs(deviations[0] - deviations[1]).max() / deviations[0].max()


@pytest.mark.claim("SME-3.3", "definition")
def test_distances_of_sgd_and_its_equation_by_hand():
    found = sg.validity(sgd, {"SME-SGD": lambda eta: sg.sme_sgd(PROBLEM, eta)}, {"eta": ETAS}, 1.0, 40).departures["SME-SGD"]
    expected = np.array([by_hand(eta, 40, lambda eta: A * (1 + eta * A / 2)) for eta in ETAS]).T
    np.testing.assert_allclose([found.mean, found.deviation], expected, rtol=1e-9)
    assert set(found.routes) == {"equation"} and not np.any(found.mean_error)
    wrong = np.array([by_hand(eta, 40, lambda eta: A) for eta in ETAS]).T
    assert (np.abs(found.mean / wrong[0] - 1) > 0.1).all()  # the plain equation, without the correction, is told apart


def test_up_to_is_where_the_hand_computed_distances_pass_the_tolerance():
    distances = np.array([max(by_hand(eta, 40, lambda eta: A * (1 + eta * A / 2))) for eta in ETAS])
    for tolerance in (0.5 * distances.min(), 1.1 * distances[1], 1.1 * distances.max()):
        found = sg.validity(sgd, {"SME-SGD": lambda eta: sg.sme_sgd(PROBLEM, eta)}, {"eta": ETAS}, 1.0, 40, tolerance)
        inside = np.flatnonzero(distances > tolerance)
        expected = ETAS[-1] if not len(inside) else (ETAS[inside[0] - 1] if inside[0] else None)
        assert found.up_to() == {"SME-SGD": expected}


@pytest.mark.parametrize("route", ["equation", "scheme"])
def test_a_limit_is_right_as_the_rate_goes_to_0(route):
    limits = {"own": lambda eta: sg.sme_asgd(PROBLEM, eta, 0.8), "no delay": lambda eta: sg.sme_sgd(PROBLEM, eta)}
    eta = np.array([0.001, 0.002, 0.004])
    found = sg.validity(
        lambda eta: sg.asgd(PROBLEM, eta, sg.geometric(0.8)), limits, {"eta": eta}, 1.0, lambda eta: round(2 / eta), route=route
    ).departures
    for kind in ("mean", "deviation"):
        own, other = getattr(found["own"], kind), getattr(found["no delay"], kind)
        assert sg.evidence.order_of_convergence(eta, own).order == pytest.approx(1.0, abs=0.15)
        assert (own < 0.4 * other).all()


def test_simulation_agrees_with_exact_moments_and_tells_a_wrong_noise():
    def algorithm(eta):
        return sg.asgd(PROBLEM, eta, sg.geometric(0.8))

    limits = {"SME-ASGD": lambda eta: sg.sme_asgd(PROBLEM, eta, 0.8), "wrong": lambda eta: sg.sme_asgd(PROBLEM, eta, 0.8, batch=2)}
    exact, sampled = (
        sg.validity(algorithm, limits, {"eta": [0.01, 0.02]}, 1.0, 100, route=route, n_paths=N_PATHS, seed=11).departures
        for route in ("scheme", "simulation")
    )
    for limit in limits:
        for kind in ("mean", "deviation"):
            assert (np.abs(getattr(exact[limit], kind) - getattr(sampled[limit], kind)) < NOISE).all()
    assert (exact["wrong"].deviation - sampled["SME-ASGD"].deviation > NOISE).all()
    assert 0.0 < sampled["SME-ASGD"].deviation_error.max() < NOISE / 3


def test_an_objective_without_closed_moments_is_simulated():
    problem = sg.problems.quartic()
    found = sg.validity(
        lambda eta: sg.sgd(problem, eta),
        {"SME-SGD": lambda eta: sg.sme_sgd(problem, eta)},
        {"eta": [0.001, 0.04]},
        1.0,
        lambda eta: round(0.3 / eta),
        n_paths=4096,
    )
    assert set(found.departures["SME-SGD"].routes) == {"simulation"}
    assert found.departures["SME-SGD"].mean[1] > 3 * found.departures["SME-SGD"].mean[0]


def test_a_random_delay_has_its_scheme_alone():
    found = sg.validity(
        lambda eta: sg.asgd(PROBLEM, eta, sg.uniform(0, 3)),
        {"SDDE": lambda eta: sg.sdde(PROBLEM, eta, sg.uniform(0, 3)), "constant": lambda eta: sg.sdde(PROBLEM, eta, 2)},
        {"eta": [0.01, 0.02]},
        1.0,
        50,
    )
    assert (found.departures["SDDE"].routes, found.departures["constant"].routes) == (("scheme",) * 2, ("equation",) * 2)


def test_a_past_beyond_stability_is_no_number():
    limits = {"stable": lambda eta: sg.sme_asgd(PROBLEM, eta, 0.5), "unstable": lambda eta: sg.sdde(PROBLEM, 30 * eta, 2)}
    found = sg.validity(lambda eta: sg.asgd(PROBLEM, eta, sg.geometric(0.5)), limits, {"eta": [0.1, 50.0]}, 1.0, 2000, route="scheme")
    assert np.isnan(found.departures["stable"].mean[1]) and np.isinf(found.departures["unstable"].mean[0])
    assert not found.holds("stable")[1] and found.up_to()["unstable"] is None


def test_gaps_and_errors_count():
    def departure(mean, error):
        zero = np.zeros(4)
        return Departure(np.array(mean), np.array(error), zero, zero, ("simulation",) * 4)

    limits = {
        "gap": departure([0.01, 0.2, 0.01, 0.01], [0.0] * 4),
        "unsure": departure([0.01, 0.05, 0.09, 0.01], [0.0, 0.02, 0.02, 0.0]),
        "never": departure([np.nan, 0.0, 0.0, 0.0], [0.0] * 4),
        "always": departure([0.0] * 4, [0.0] * 4),
    }
    assert Validity("eta", np.array([1.0, 2.0, 3.0, 4.0]), limits, 0.1).up_to() == {"gap": 1.0, "unsure": 2.0, "never": None, "always": 4.0}


def test_the_picture_has_a_line_for_each_limit():
    found = sg.validity(
        sgd,
        {"SME-SGD": lambda eta: sg.sme_sgd(PROBLEM, eta), "SDDE": lambda eta: sg.sdde(PROBLEM, eta, 0)},
        {"eta": np.geomspace(0.01, 0.3, 4)},
        1.0,
        20,
    )
    fig = found.plot()
    assert [text.get_text() for text in fig.legends[0].get_texts()] == ["SME-SGD", "SDDE"]
    assert [ax.get_xscale() for ax in fig.axes] == ["log", "log"]
    plt.close(fig)


LIMIT = {"SME-SGD": lambda eta: sg.sme_sgd(PROBLEM, eta)}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"axis": {"eta": [0.1]}}, "at least two"),
        ({"axis": {"eta": [0.1, 0.2], "mu": [0.1, 0.2]}}, "must name 1 axis"),
        ({"limits": {}}, "must be a dict of functions"),
        ({"limits": LIMIT["SME-SGD"]}, "must be a dict of functions"),
        ({"limits": {"x": lambda eta: None}}, "must return a process or a limit"),
        ({"limits": {"x": lambda eta: sg.sme_sgd(sg.problems.quadratic([[1.0, 2.0]]), eta)}}, "dimension 2"),
        ({"n_steps": 0}, "n_steps"),
        ({"n_steps": lambda eta: 0.5}, "n_steps"),
        ({"tolerance": 0.0}, "tolerance"),
        ({"route": "guess"}, "route='guess'"),
        ({"n_paths": 100}, "multiple of 16"),
        ({"start": [1.0, 2.0]}, "start"),
    ],
)
def test_what_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        sg.validity(**{"algorithm": sgd, "limits": LIMIT, "axis": {"eta": [0.1, 0.2]}, "start": 1.0, "n_steps": 10} | given)


def test_a_route_that_is_not_open_is_refused():
    problem = sg.problems.quartic()
    with pytest.raises(ValueError, match="moments do not close"):
        sg.validity(lambda eta: sg.sgd(problem, eta), {"x": lambda eta: sg.sme_sgd(problem, eta)}, {"eta": [0.01, 0.02]}, 1.0, 10, route="equation")


def test_a_known_limit_has_the_line_of_the_house_and_no_other_limit_takes_it():
    nothing = Departure(*(np.array([0.1, 0.2]),) * 4, routes=("equation",) * 2)
    fig = Validity("eta", np.array([0.1, 0.2]), dict.fromkeys(["SDDE", "SME-SGD", "SME-ASGD", "own"], nothing), 0.1).plot()
    drawn = {bars.get_label(): bars[0].get_color() for bars in fig.axes[0].containers}
    for name in ("sme-sgd", "sme-asgd"):
        assert drawn[name.upper()] == sg.plot.line(name)["color"]
    assert len(set(drawn.values())) == 4
    plt.close(fig)
