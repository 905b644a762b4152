"""SME-oscillation: from which staleness on the mean of ASGD and of SME-ASGD oscillates."""

import numpy as np
import pytest
import sympy as sp

import stalegrad as sg

mu, h = sp.symbols("mu h", positive=True)

# One step of the mean of (x, z) on f = a x^2/2, h = a eta, z the expected read.
DISCRETE = sp.Matrix([[1, -h], [1 - mu, mu - (1 - mu) * h]])


def discriminant(matrix):
    return matrix.trace() ** 2 - 4 * matrix.det()


@pytest.mark.claim("SME-oscillation", "proved")
def test_threshold_of_the_algorithm():
    """The discriminant factors; its only sign change for mu, h in (0, 1) is at sqrt(mu) = (1 - h)/(1 + h)."""
    s = sp.symbols("s", positive=True)
    changes_sign = h * (1 + s) - (1 - s)
    keeps_sign = (1 + s) * ((1 + s) - h * (1 - s))  # positive for h < 1
    assert sp.expand(discriminant(DISCRETE).subs(mu, s**2) + (1 - s) * keeps_sign * changes_sign) == 0
    assert sp.solve(changes_sign, s) == [(1 - h) / (1 + h)]


@pytest.mark.claim("SME-oscillation", "proved")
def test_threshold_of_the_limit():
    """The first-moment matrix of SME-ASGD has complex roots if and only if mu > 1 - 4 a eta."""
    a, eta = sp.symbols("a eta", positive=True)
    kappa = sp.sqrt((1 - mu) / eta)
    limit = sp.Matrix([[-kappa, -a], [1, 0]])
    assert sp.simplify(discriminant(limit) * eta - (1 - mu - 4 * a * eta)) == 0


@pytest.mark.claim("SME-oscillation", "counterexample")
def test_first_panel_of_figure_4_does_not_oscillate():
    """At mu = 0.9 both means stay positive; at mu = 0.97 both cross zero; SME-SGD never does."""
    problem = sg.problems.quadratic(centres=[[1.0], [-1.0]], curvature=2.0)

    def lowest(model):
        return sg.moments.of(model, 1.0, n_steps=3000).mean.min()

    for level, crosses in [(0.9, False), (0.97, True)]:
        assert (lowest(sg.asgd(problem, eta=0.01, staleness=sg.geometric(level))) < 0) == crosses
        assert (lowest(sg.sme_asgd(problem, eta=0.01, mu=level)) < 0) == crosses
    assert lowest(sg.sme_sgd(problem, eta=0.01)) >= 0


@pytest.mark.claim("SME-oscillation", "counterexample")
def test_between_the_thresholds_only_the_limit_oscillates():
    """a eta = 0.02: 1 - 4 a eta = 0.92 < mu = 0.922 < ((1 - h)/(1 + h))^2."""
    roots = np.linalg.eigvals(np.array(DISCRETE.subs({mu: 0.922, h: 0.02}), dtype=float))
    assert np.isrealobj(roots) or np.all(roots.imag == 0)
    assert 1 - 4 * 0.02 < 0.922 < ((1 - 0.02) / (1 + 0.02)) ** 2
