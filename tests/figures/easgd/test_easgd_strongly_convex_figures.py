"""Numbers behind the figures of section 3.2, and the objective on which more workers stop helping."""

import numpy as np
import pytest

import stalegrad as sg
from stalegrad.figures.easgd import strongly_convex as figure
from stalegrad.theory.easgd import strongly_convex as sc

AT = {"mu": 0.04, "L": 1.0, "eta": 0.2, "alpha": 0.1, "beta": 0.4, "p": 8, "sigma": 1.0}


@pytest.mark.claim("EASGD-T3.2.1", "exact")
def test_recursion_bounds_the_exact_errors_at_every_step(check):
    exact = figure.quadratic_errors(AT, np.array([3.0, 3.0]), 400)
    bounds = figure.bounds(AT, exact[0], 400)
    assert np.all(exact <= bounds["sharp"] * (1 + 1e-12)) and np.all(bounds["sharp"] <= bounds["printed"] * (1 + 1e-12))
    check("fixed point, recursion against formula", figure.bounds(AT, exact[0], 3000)["sharp"][-1, 2], figure.sharp_level(AT), 1e-9)


@pytest.mark.claim("EASGD-T3.2.1", "reproduced")
def test_exact_errors_by_the_process():
    """4,000 paths of EASGD itself; family-wise error 1e-4 over six numbers. With the noise not halved it is rejected."""
    problem = sg.problems.noisy_quadratic(h=np.diag([AT["mu"], AT["L"]]), covariance=0.5 * np.eye(2))
    process = sg.easgd(problem, AT["eta"], AT["alpha"], AT["beta"], n_workers=AT["p"], observe=("average", "local", "centre"))
    run = sg.simulate(process, [3.0, 3.0], n_paths=4000, n_steps=60, seed=0, keep="final")
    squares = (np.asarray(run.final).reshape(4000, 3, 2) ** 2).sum(axis=2)
    error = squares.std(axis=0) / np.sqrt(4000)
    exact = figure.quadratic_errors(AT, np.array([3.0, 3.0]), 60)[60]
    wrong = figure.quadratic_errors({**AT, "sigma": 2.0}, np.array([3.0, 3.0]), 60)[60]
    assert sg.evidence.z_test(squares.mean(axis=0), error, exact).agrees(1e-4)
    assert not sg.evidence.z_test(squares.mean(axis=0), error, wrong).agrees(1e-4)


@pytest.mark.claim("EASGD-3.2-stationary", "exact")
def test_quadratic_level_is_below_the_bound(check):
    level = figure.quadratic_level(AT, AT["mu"])
    assert level < figure.sharp_level(AT) < figure.printed_level(AT)
    check("1/p on a quadratic", figure.quadratic_level({**AT, "p": 80}, AT["mu"]), level / 10, 1e-12)


@pytest.mark.claim("EASGD-3.2-stationary", "counterexample")
def test_on_the_kinked_parabola_workers_stop_helping(check):
    """What the section asks for: the stationary law has E F'(x) = 0, so its mean is off the minimum, whatever p."""
    x, weight = figure.kinked_law({**AT, "alpha": 0.0}, 0.0)
    check("stationary mean of the slope", weight @ figure.kinked_slope(x, AT["mu"], AT["L"]), 0.0, 1e-9)
    one, many = figure.kinked_levels(AT, [1, 10_000])
    assert many > 0.45 * one
    small = {**AT, "eta": 0.05}
    few, floor = figure.kinked_levels(small, [1, np.inf])
    share = float(sc.FLOOR_SHARE.subs(sc.s, np.sqrt(AT["mu"] / AT["L"])))
    check("share that stays for p to infinity, small eta", floor / few, share, 2e-3)
    for point in ({**AT, "alpha": 0.0, "p": 10_000}, {**AT, "alpha": 0.0, "p": 1}):
        assert figure.kinked_levels(AT, point["p"]) < figure.sharp_level(point)


@pytest.mark.claim("EASGD-3.2-stationary", "counterexample")
def test_kinked_floor_by_simulation():
    """EASGD with 200 workers on the kinked parabola, 20 runs: mean squared error of the centre against the computed floor.

    Tolerance fixed before: 15 %, for the 1/p still left (about 2 % here) and four standard errors of 20 runs (about 8 %).
    """
    rng = np.random.default_rng(5)
    local, centre = np.full((200, 20), -0.5), np.full(20, -0.5)
    record = []
    for step in range(1200):
        pull = AT["alpha"] * (local - centre)
        slope = figure.kinked_slope(local, AT["mu"], AT["L"])
        local, centre = local - AT["eta"] * (slope + rng.normal(size=local.shape)) - pull, centre + AT["beta"] * (local.mean(axis=0) - centre)
        if step >= 400:
            record.append(centre**2)
    floor, level = figure.kinked_floor(AT), np.mean(record)
    assert level == pytest.approx(floor, rel=0.15)
    assert abs(figure.kinked_floor({**AT, "alpha": 0.2}) / level - 1) > 0.15


def test_levels_over_workers_and_coupling():
    over = figure.against_workers(AT, np.array([1, 100]))
    assert over["quadratic"][1] == pytest.approx(over["quadratic"][0] / 100, rel=1e-6)
    rest = figure.against_coupling(AT, np.array([0.1, 0.5]))
    assert np.all(rest["kinked"] < rest["sharp"]) and np.all(rest["sharp"] < rest["printed"])
