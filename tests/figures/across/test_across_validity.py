"""Models of a delayed quadratic side by side: closed forms against the library's own moments, limits, edges, and the two pictures."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from stalegrad import moments
from stalegrad.algorithms.asgd import asgd
from stalegrad.algorithms.momentum import msgd
from stalegrad.figures.across import pictures, validity
from stalegrad.limits.sdde import sdde
from stalegrad.limits.sme import sme_sgd
from stalegrad.limits.sme_asgd import sme_asgd
from stalegrad.staleness import constant, geometric, uniform

ETA, LAG = 0.03, 4
H, MU = pictures.CURVATURE * ETA, LAG / (1 + LAG)
UNIT = ETA * pictures.SIGMA2 / (2 * pictures.CURVATURE)
PROBLEM = pictures.square()
ALGORITHMS = {"geometric": asgd(PROBLEM, ETA, geometric(MU)), "constant": asgd(PROBLEM, ETA, constant(LAG))}
MODELS = {
    "sme-asgd": sme_asgd(PROBLEM, ETA, MU),
    "sdde": sdde(PROBLEM, ETA, LAG),
    "msgd": msgd(PROBLEM, ETA * (1 - MU), MU),
    "sme-sgd": sme_sgd(PROBLEM, ETA),
}


@pytest.mark.parametrize("law", validity.LAWS)
def test_closed_forms_of_the_algorithm_are_its_exact_moments(law):
    model = ALGORITHMS[law]
    assert validity.exact_levels(H, LAG)[law] * UNIT == pytest.approx(moments.stationary(model).second_moment.item(), rel=1e-10)
    rate = validity.exact_rates(np.array([H]), np.array([LAG]))[law].item()
    assert rate == pytest.approx(moments.decay_rate(model), rel=1e-8)


@pytest.mark.parametrize("name", MODELS)
def test_closed_forms_of_the_models_are_their_exact_moments(name):
    model = MODELS[name]
    if name == "msgd":
        level, rate = moments.stationary(model), moments.decay_rate(model)
    else:  # 4000 steps: the slowest rate, 2 h, leaves e^(-480)
        level, rate = moments.exact_limit(model, 0.0, 4000 * model.dt), moments.decay_rate(model) * model.dt
    assert validity.model_levels(H, LAG)[name] * UNIT == pytest.approx(level.second_moment.item(), rel=1e-6)
    assert validity.model_rates(H, LAG)[name] == pytest.approx(rate, rel=1e-8)


@pytest.mark.parametrize("lag", [0, 1, 2, 7])
def test_level_with_a_constant_delay_against_a_solver_for_several_lags(lag):
    step = 0.4 * np.sin(np.pi / (4 * lag + 2))  # a fifth of the edge
    solved = moments.stationary(asgd(PROBLEM, step / pictures.CURVATURE, constant(lag))).second_moment.item()
    assert validity.constant_level(step, lag) * step / 2 == pytest.approx(solved, rel=1e-10)


def test_edges_are_where_the_exact_rates_change_sign():
    delays = np.array([1, 3, 20])
    for name, edge in validity.edges(delays).items():
        for share, sign in ((0.999, 1.0), (1.001, -1.0)):
            rates = [
                validity.exact_rates(np.array([share * h]), np.array([lag]))[name].item()
                if name in validity.LAWS
                else float(validity.model_rates(share * h, lag)[name])
                for h, lag in zip(edge, delays, strict=True)
            ]
            assert np.all(np.sign(rates) == sign), (name, share, rates)


def test_levels_are_infinite_just_where_rates_are_not_positive():
    h, mean = np.geomspace(0.01, 2.5, 40), np.array([1, 2, 5, 17])
    grids = np.meshgrid(h, mean)
    pairs = [(validity.exact_levels(*grids), validity.exact_rates(h, mean)), (validity.model_levels(*grids), validity.model_rates(*grids))]
    for levels, rates in pairs:
        for name, level in levels.items():
            assert np.array_equal(np.isfinite(level), rates[name] > 0.0), name


def test_to_first_order_only_the_mean_delay_counts():
    """Level 1 + h (l + 1/2) + O(h^2) for any law; the SDDE has l, SME-ASGD l + 1, and half an iteration more mends the SDDE."""
    h, lag = 1e-5, 6
    laws = {"constant": constant(lag), "geometric": geometric(lag / (1 + lag)), "uniform": uniform(0, 2 * lag)}
    slopes = {}
    for name, law in laws.items():
        model = asgd(PROBLEM, h / pictures.CURVATURE, law)
        slopes[name] = (moments.stationary(model).second_moment.item() / (h / 2) - 1) / h
    assert list(slopes.values()) == pytest.approx([lag + 0.5] * 3, abs=0.01)
    found = {name: (level - 1) / h for name, level in validity.model_levels(h, lag).items()}
    assert found == pytest.approx({"sme-asgd": lag + 1, "sdde": lag, "sdde-half": lag + 0.5, "msgd": 1 / (2 + 4 * lag), "sme-sgd": -0.5}, abs=0.01)
    steps = np.array([0.02, 0.01])
    error = validity.model_levels(steps, lag)["sdde-half"] / validity.exact_levels(steps, lag)["constant"] - 1
    assert error[0] / error[1] == pytest.approx(4.0, rel=0.1)


def test_each_law_has_its_own_limit_as_steps_shrink():
    """h -> 0 with h l fixed: level and rate tend to the limiting forms of the law itself, and not to those of the other.

    Two eigenvalues of the geometric law's second moments meet in the limit, so the rate is off by the order of sqrt(h) = 0.055.
    """
    lag, x = 400, 1.2
    h = x / lag
    exact = {"level": validity.exact_levels(h, lag), "rate": validity.exact_rates(np.array([h]), np.array([lag]))}
    for quantity, scale in (("level", 1.0), ("rate", 2 * h)):
        for law, other in (("geometric", "constant"), ("constant", "geometric")):
            value = np.asarray(exact[quantity][law]).item() / scale
            assert value == pytest.approx(validity.LIMITING[quantity][law](x), rel=0.08)
            assert value != pytest.approx(validity.LIMITING[quantity][other](x), rel=0.3)


def test_departures_are_where_the_limiting_error_is_a_tenth():
    x = validity.first_departure("level", "geometric", "constant")
    assert abs((1 + np.sin(x)) / np.cos(x) / (1 + x) - 1) == pytest.approx(0.1)
    assert validity.first_departure("level", "constant", "no delay") == pytest.approx(2 * np.arctan(1 / 0.9) - np.pi / 2)
    with pytest.raises(ValueError, match="another pair"):
        validity.first_departure("level", "constant", "constant")


def test_errors_tell_an_unstable_algorithm_from_an_unstable_model():
    h, mean = np.array([0.02, 0.2, 0.5]), np.array([19])
    errors = validity.level_errors(h, mean)
    assert np.isfinite(errors["geometric", "sdde"][0, 0]) and np.isposinf(errors["geometric", "sdde"][0, 1])
    assert np.isnan(errors["geometric", "sdde"][0, 2]) and np.isnan(errors["constant", "sdde"][0, 1])
    safe = validity.safe_step(h, mean, errors["geometric", "sdde"], validity.edges(mean)["geometric"])
    assert safe == 0.02
    with pytest.raises(ValueError, match="lower"):
        validity.safe_step(h[1:], mean, errors["geometric", "sdde"][:, 1:], validity.edges(mean)["geometric"])


def test_momentum_has_the_mean_of_the_expected_read():
    """x_k = (m_k - mu m_{k-1}) / (1 - mu) from momentum's mean is the mean of ASGD, but its level knows no delay."""
    found = pictures.paths(ETA, LAG, 60, 1)
    m, x = found["msgd"].mean[:, 0], found["geometric"].mean[:, 0]
    assert (m[1:] - MU * m[:-1]) / (1 - MU) == pytest.approx(x[1:], abs=1e-12)
    assert abs(m - x).max() > 0.1


def test_paths_agree_with_the_process_and_end_in_the_closed_forms():
    found = pictures.paths(ETA, LAG, 400, 100)
    direct = moments.of(ALGORITHMS["constant"], 1.0, 400)
    assert found["constant"].second_moment == pytest.approx(direct.second_moment[::100], rel=1e-10)
    levels = {**validity.exact_levels(H, LAG), **validity.model_levels(H, LAG)}
    for name, shown in found.items():
        assert shown.second_moment[-1].item() == pytest.approx(levels[name] * UNIT, rel=1e-6), name


def test_pictures_hold_what_they_show():
    steps = np.arange(0, 41, 10)
    fig, numbers = pictures.draw_paths(pictures.paths(ETA, LAG, 40, 10), steps, "a title")
    assert len(numbers) == 13 and len(fig.axes) == 4
    h, mean = np.geomspace(0.01, 1.0, 8), np.array([1, 5])
    maps, shown = pictures.draw_maps(h, mean, validity.level_errors(h, mean), "level", "error")
    assert len(maps.axes) == 9 and shown["sdde, constant"].shape == (2, 8)
    plt.close("all")


def test_rules_of_thumb_come_in_three_kinds():
    assert pictures.rule_of_thumb("level", "constant", "sdde") == ("h", 0.2)
    assert pictures.rule_of_thumb("rate", "constant", "sdde") is None
    assert pictures.rule_of_thumb("rate", "geometric", "msgd") is None
    assert pictures.rule_of_thumb("level", "geometric", "msgd") == ("x", pytest.approx(1 / 9))
