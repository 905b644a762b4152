"""The rules (1) to (5) and the laws of the data, by hand."""

import numpy as np
import pytest

import stalegrad as sg
from stalegrad.algorithms.pca import PCADraw, at_rest, pca_step

LAM = [4.0, 3.0, 2.0, 1.0]
CENTRES = [[1.0, 0.0], [-1.0, 2.0], [0.0, 1.0]]


@pytest.mark.claim("PCA-1", "definition")
def test_the_risk_is_the_average_of_the_losses(check):
    problem = sg.problems.quadratic(centres=CENTRES)
    theta = np.array([0.3, -0.7])
    losses = [0.5 * np.sum((theta - np.array(c)) ** 2) for c in CENTRES]
    spread = 0.5 * np.sum(np.var(CENTRES, axis=0))
    value = 0.5 * np.sum((theta - np.mean(CENTRES, axis=0)) ** 2) + spread
    check("average of the losses", np.mean(losses), value, 1e-12)
    check("its gradient", problem.mean_gradient(theta), theta - np.mean(CENTRES, axis=0), 1e-12)


@pytest.mark.claim("PCA-2", "definition")
def test_momentum_sgd_is_the_heavy_ball(check):
    """Mean path of the process on a quadratic: theta'' = theta' - eta (theta' - c) + mu (theta' - theta); mu = 0 is SGD."""
    problem = sg.problems.quadratic(centres=CENTRES)
    centre, start = np.mean(CENTRES, axis=0), np.array([2.0, -1.0])
    for mu in (0.0, 0.8):
        mean = sg.moments.of(sg.msgd(problem, eta=0.1, momentum=mu), start, n_steps=12).mean
        before, now, expected = start, start, [start]
        for _ in range(12):
            before, now = now, now - 0.1 * (now - centre) + mu * (now - before)
            expected.append(now)
        check(f"mean path, mu = {mu}", mean, np.array(expected), 1e-11)


@pytest.mark.claim("PCA-3", "definition")
@pytest.mark.claim("PCA-5", "definition")
def test_only_the_gradient_is_delayed(check):
    """(5) is (3) with the gradient -(1 - w w^T) x x^T w at the delayed read w."""
    rng, eta, mu = np.random.default_rng(5), 0.02, 0.7
    points = [np.array([0.6, 0.0, 0.8, 0.0])] * 4
    state = at_rest(3, points[0][:, None])
    for tau in (0, 1, 3, 2, 3, 0):
        x, w = rng.normal(size=4), points[-1 - tau]
        gradient = -(np.eye(4) - np.outer(w, w)) @ np.outer(x, x) @ w
        points.append(points[-1] - eta * gradient + mu * (points[-1] - points[-2]))
        state = pca_step(eta, mu, state, PCADraw(np.array([tau]), x[:, None]))
        check(f"after a read {tau} old", state.v[:, 0], points[-1], 1e-13)


@pytest.mark.claim("PCA-A2", "definition")
def test_which_data_are_bounded(check):
    for law, bounded in (("gaussian", False), ("uniform", True), ("signs", True)):
        data = sg.problems.streaming_data(LAM, law=law)
        assert np.isfinite(data.bound) == bounded
    check("C_d of signs, squared: the trace", data.bound**2, sum(LAM), 1e-12)
    check("fourth moments alpha_1i^2", data.alpha2[0, 1:], 4.0 * np.array(LAM[1:]), 1e-12)
