"""The exact second moments that advice rests on, against the library's moment equations and against simulation."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq

import stalegrad as sg
from stalegrad.advice import course, modes, search
from stalegrad.advice.course import Course, error_after, steps_to
from stalegrad.advice.modes import Mode, Setting, is_stable, level, mean_radius, radius
from stalegrad.engine.process import reference_paths
from stalegrad.moments.discrete import Memory, Rule
from stalegrad.moments.system import fixed_point
from stalegrad.moments.system import radius as matrix_radius
from stalegrad.theory.pca import stability

LAWS = [sg.none(), sg.constant(4), sg.geometric(0.8), sg.uniform(0, 6), sg.mixture([0.5, 0.5], [0.3, 0.9])]
SETTINGS = [Setting(0.03, 0.0, 1), Setting(0.03, 0.6, 3)]


def rule_of(mode, setting, law):
    """The same mode by the library's packed moment equations."""
    spread = np.sqrt(mode.relative)
    H = np.repeat(mode.h * np.array([1.0 + spread, 1.0 - spread]), 2)[:, None, None]
    b = np.sqrt(mode.noise) * np.array([[1.0], [-1.0], [1.0], [-1.0]])
    rule = Rule((H, b), setting.eta, Memory.of(law), setting.momentum)
    return rule.system(np.ones(1), setting.batch, shared=True)


@pytest.mark.parametrize("law", LAWS, ids=repr)
@pytest.mark.parametrize("eta", [0.003, 0.03, 0.1])
def test_sums_along_eigenvectors_and_over_steps_agree(law, eta, monkeypatch):
    mode, settings = Mode(2.0, relative=0.7), [Setting(eta, momentum, 2) for momentum in (0.0, 0.5, 0.9)]
    found = [radius(mode, setting, law) for setting in settings]
    monkeypatch.setattr(modes, "SKEW", 0.0)
    assert found == pytest.approx([radius(mode, setting, law) for setting in settings], rel=0.0, abs=1e-9)


@pytest.mark.parametrize("law", LAWS, ids=repr)
@pytest.mark.parametrize("relative", [0.0, 0.7])
@pytest.mark.parametrize("setting", SETTINGS, ids=["plain", "momentum and batch"])
def test_factor_level_and_course_are_those_of_the_moment_equations(law, relative, setting):
    mode = Mode(2.0, noise=1.5, relative=relative)
    system = rule_of(mode, setting, law)
    assert radius(mode, setting, law) == pytest.approx(matrix_radius(system.second_order()), abs=1e-7)
    expected = fixed_point(system, 1.0, lambda matrix: matrix_radius(matrix) < 1.0).second_moment[0, 0]
    assert level(mode, setting, law) == pytest.approx(expected, rel=1e-9)
    edge = brentq(lambda log: radius(mode, replace(setting, eta=np.exp(log)), law) - 1.0, np.log(0.01), np.log(2.0))
    assert [is_stable(mode, replace(setting, eta=share * np.exp(edge)), law) for share in (0.2, 0.99999, 1.00001, 5.0)] == [True, True, False, False]
    after = system.moments(np.linalg.matrix_power(system.matrix, 57) @ system.start).second_moment[0, 0]
    assert error_after(mode, setting, law, 1.0, 57) == pytest.approx(after, rel=1e-9)


def test_closed_factors():
    """EASGD-minibatch-optimal, (5.3) and the edge of PCA-critical-delay."""
    best = sg.claim("EASGD-minibatch-optimal").value(lam=0.5, omega=0.5, p=3.0)
    assert radius(Mode(1.0, relative=2.0), Setting(best["eta"], batch=3), sg.none()) == pytest.approx(best["sp"], abs=1e-9)
    assert radius(Mode(3.0), Setting(0.1), sg.none()) == pytest.approx(0.49, abs=1e-12)
    for delay in (0, 1):
        last = stability.last_stable(0.05, 0.5) + delay
        assert (mean_radius(Mode(1.0), Setting(0.05, 0.5), sg.constant(last)) < 1.0) == (delay == 0)


def test_long_window_and_powers_take_the_same_course(monkeypatch):
    """Stepping, jumping by powers, and the continuation by the leading factor."""
    mode, setting, law = Mode(1.0, 0.5, 0.2), Setting(0.05), sg.uniform(0, 5)
    jumped = error_after(mode, setting, law, 2.0, 400)
    monkeypatch.setattr(course, "SMALL", 1)
    assert error_after(mode, setting, law, 2.0, 400) == pytest.approx(jumped, rel=1e-10)
    monkeypatch.setattr(course, "STEPPED", 200)
    assert error_after(mode, setting, law, 2.0, 400) == pytest.approx(jumped, rel=1e-6)


def test_batches_along_a_run():
    """Against the moments of mini-batch ASGD with a schedule."""
    law, sizes = sg.geometric(0.7), np.array([1] * 10 + [3] * 5 + [8] * 4)
    problem = sg.problems.quadratic([[0.5], [-0.5]], curvature=2.0)
    exact = sg.moments.of(sg.minibatch_asgd(problem, 0.05, law, sizes), 1.5, len(sizes)).second_moment[-1, 0, 0]
    assert Course(Mode(2.0, noise=1.0), Setting(0.05), law, 1.5).along(sizes) == pytest.approx(exact, rel=1e-12)


def test_steps_to_a_target_is_the_first_step_at_which_it_is_met():
    mode, setting, law = Mode(1.0, 0.1), Setting(0.05), sg.geometric(0.5)
    steps = int(steps_to(mode, setting, law, 1.0, 0.05))
    assert error_after(mode, setting, law, 1.0, steps) <= 0.05 < error_after(mode, setting, law, 1.0, steps - 1)
    assert steps_to(mode, setting, law, 1.0, 0.9 * level(mode, setting, law)) == np.inf


def test_a_target_that_is_met_at_the_start_must_be_kept():
    swinging, unstable = (Mode(1.0), Setting(0.25, 0.5), sg.geometric(0.8)), (Mode(1.0), Setting(3.0), sg.none())
    errors = Course(*swinging, 1.0).errors(100)
    assert steps_to(*swinging, 1.0, 1.0) == np.flatnonzero(errors > 1.0)[-1] + 1 > 1
    assert steps_to(*swinging, 1.0, 1.5) == 0.0 and errors.max() < 1.5
    assert steps_to(*unstable, 1.0, 2.0) == search.Goal(1.0, 2.0)(unstable[:1], *unstable[1:]) == np.inf


@pytest.mark.claim("PCA-3", "definition")
@pytest.mark.parametrize("law", [sg.constant(3), sg.geometric(0.6)], ids=repr)
@pytest.mark.parametrize("batch", [1, 3])
def test_async_msgd_kernel_is_the_readable_rule(law, batch):
    problem = sg.problems.quadratic([[1.0, 0.0], [-1.0, 2.0], [0.5, 1.0]], curvature=1.5)
    process = sg.async_msgd(problem, 0.05, 0.7, law, batch)
    run = sg.simulate(process, [1.0, -1.0], n_paths=70, n_steps=30, seed=3, keep="paths")
    paths = np.arange(70)
    assert run.paths == pytest.approx(reference_paths(process, [1.0, -1.0], 30, paths, seed=3), rel=1e-12, abs=1e-13)


def test_async_msgd_at_its_ends_is_asgd_and_msgd():
    problem, law = sg.problems.quadratic([[1.0], [-1.0]]), sg.geometric(0.6)
    same = {"start": 1.0, "n_paths": 50, "n_steps": 40, "seed": 1, "keep": "final"}
    still, moving = sg.async_msgd(problem, 0.1, 0.0, law), sg.async_msgd(problem, 0.1, 0.5, sg.none())
    assert np.array_equal(sg.simulate(still, **same).final, sg.simulate(sg.asgd(problem, 0.1, law), **same).final)
    assert np.array_equal(sg.simulate(moving, **same).final, sg.simulate(sg.msgd(problem, 0.1, 0.5), **same).final)
    with pytest.raises(ValueError, match="no law"):
        sg.async_msgd(problem, 0.1, 0.5, 3)
