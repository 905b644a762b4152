"""One or two steps of each synchronous algorithm of the thesis, with its equations written out on numbers.

The numbers are whole halves and quarters where possible, so that what is expected can be read off; `near` allows rounding.
"""

import numpy as np
import pytest
import sympy as sp

import stalegrad as sg
from stalegrad.algorithms import elastic
from stalegrad.algorithms.elastic_state import ElasticMomentumState, ElasticState
from stalegrad.algorithms.momentum import MomentumState
from stalegrad.algorithms.sampled import Draw

H, XI = 2.0, (0.5, -1.0, 3.0)
ADDITIVE = sg.problems.noisy_quadratic(h=H)
GAMMA = sg.problems.gamma_quadratic(0.5, 0.5)
LOCAL, VELOCITY, CENTRE = (1.0, -2.0, 4.0), (0.5, 1.0, -1.0), 8.0
ETA, ALPHA, BETA, DELTA = 0.25, 0.125, 0.5, 0.75
AVERAGE = 1.0  # of LOCAL


def column(values):
    """Scalars of p workers as an array (p, 1, 1)."""
    return np.array(values, dtype=float)[:, None, None]


def state():
    return ElasticState(column(LOCAL), np.array([[CENTRE]]), np.array([[CENTRE]]), 0)


def momentum_state():
    return ElasticMomentumState(column(LOCAL), column(VELOCITY), np.array([[CENTRE]]), np.array([[CENTRE]]), 0)


def near(found, expected):
    return np.allclose(np.ravel(found), expected, rtol=0.0, atol=1e-14)


@pytest.mark.claim("EASGD-2.1", "definition")
@pytest.mark.claim("EASGD-2.2", "definition")
def test_easgd_is_gradient_descent_on_the_penalised_objective():
    """With alpha = eta rho and beta = p alpha: x - eta (g + rho (x - c)), c + eta rho sum (x - c)."""
    rho = 0.5
    moved = sg.easgd(ADDITIVE, ETA, ETA * rho, 3 * ETA * rho, 3).step(state(), Draw(column(XI)))
    assert near(moved.local, [x - ETA * (H * x - xi + rho * (x - CENTRE)) for x, xi in zip(LOCAL, XI)])
    assert near(moved.centre, [CENTRE + ETA * sum(rho * (x - CENTRE) for x in LOCAL)])


@pytest.mark.claim("EASGD-2.3", "definition")
@pytest.mark.claim("EASGD-2.4", "definition")
@pytest.mark.claim("EASGD-5.9", "definition")
def test_easgd_with_additive_noise():
    moved = sg.easgd(ADDITIVE, ETA, ALPHA, BETA, 3).step(state(), Draw(column(XI)))
    assert near(moved.local, [x - ETA * (H * x - xi) - ALPHA * (x - CENTRE) for x, xi in zip(LOCAL, XI)])
    assert near(moved.local, [1.5, 0.0, 3.25])
    assert near(moved.centre, [(1.0 - BETA) * CENTRE + BETA * AVERAGE]) and near(moved.centre, [4.5])


@pytest.mark.claim("EASGD-5.31", "definition")
def test_easgd_with_multiplicative_noise():
    xi = (0.5, 1.0, 3.0)
    moved = sg.easgd(GAMMA, ETA, ALPHA, BETA, 3).step(state(), Draw(column(xi)))
    assert near(moved.local, [x - ETA * u * x + ALPHA * (CENTRE - x) for x, u in zip(LOCAL, xi)])
    assert near(moved.centre, [CENTRE - BETA / 3 * sum(CENTRE - x for x in LOCAL)])


@pytest.mark.claim("EASGD-6.3", "definition")
def test_gauss_seidel_uses_what_was_computed_just_before():
    moved = sg.easgd_gauss_seidel(ADDITIVE, ETA, ALPHA, BETA, 3).step(state(), Draw(column(XI)))
    half = [x - ALPHA * (x - CENTRE) for x in LOCAL]
    local = [x - ETA * (H * x - xi) for x, xi in zip(half, XI)]
    assert near(moved.local, local)
    assert near(moved.centre, [CENTRE + BETA * (sum(local) / 3 - CENTRE)])


@pytest.mark.claim("EASGD-6.3", "definition")
def test_gauss_seidel_with_alpha_one_and_beta_p_restarts_workers_at_the_centre_and_adds_their_updates():
    """What the thesis says of synchronous DOWNPOUR: x = c - eta g(c), c' = c + sum (x - c)."""
    moved = sg.easgd_gauss_seidel(ADDITIVE, ETA, 1.0, 3.0, 3).step(state(), Draw(column(XI)))
    local = [CENTRE - ETA * (H * CENTRE - xi) for xi in XI]
    assert near(moved.local, local) and near(moved.centre, [CENTRE + sum(x - CENTRE for x in local)])


@pytest.mark.claim("EASGD-2.5", "definition")
def test_eamsgd_takes_its_gradient_ahead():
    moved = sg.eamsgd(ADDITIVE, ETA, ALPHA, BETA, DELTA, 3).step(momentum_state(), Draw(column(XI)))
    velocity = [DELTA * v - ETA * (H * (x + DELTA * v) - xi) for x, v, xi in zip(LOCAL, VELOCITY, XI)]
    assert near(moved.velocity, velocity)
    assert near(moved.local, [x + v - ALPHA * (x - CENTRE) for x, v in zip(LOCAL, velocity)])
    assert near(moved.centre, [4.5])


@pytest.mark.claim("EASGD-2.6", "definition")
@pytest.mark.claim("EASGD-ALG-A7", "definition")
def test_heavy_ball_takes_its_gradient_where_it_is():
    rho = ALPHA / ETA
    moved = sg.eamsgd_heavy_ball(ADDITIVE, ETA, ALPHA, BETA, DELTA, 3).step(momentum_state(), Draw(column(XI)))
    velocity = [DELTA * v - ETA * (H * x - xi) for x, v, xi in zip(LOCAL, VELOCITY, XI)]
    assert near(moved.velocity, velocity)
    assert near(moved.local, [x + v - ETA * rho * (x - CENTRE) for x, v in zip(LOCAL, velocity)])
    assert near(moved.centre, [4.5])


@pytest.mark.claim("EASGD-5.4", "definition")
@pytest.mark.claim("EASGD-ALG-A5", "definition")
def test_nesterov_with_additive_noise():
    x, v, xi = 1.0, 0.5, 0.75
    moved = sg.nesterov(ADDITIVE, ETA, DELTA).step(MomentumState(np.array([[x]]), np.array([[v]])), Draw(column([xi])))
    velocity = DELTA * v - ETA * (H * (x + DELTA * v) - xi)
    assert near(moved.v, [velocity]) and near(moved.x, [x + velocity])


@pytest.mark.claim("EASGD-5.28", "definition")
def test_nesterov_with_multiplicative_noise():
    x, v, xi = 1.0, 0.5, 0.75
    moved = sg.nesterov(GAMMA, ETA, DELTA).step(MomentumState(np.array([[x]]), np.array([[v]])), Draw(column([xi])))
    velocity = DELTA * v - ETA * xi * (x + DELTA * v)
    assert near(moved.v, [velocity]) and near(moved.x, [x + velocity])


def one_step(process, x, rows):
    """Of a process whose state at the start needs nothing but x."""
    return process.step(process.init(np.array([[x]])), Draw(column(rows)))


@pytest.mark.claim("EASGD-5.2", "definition")
@pytest.mark.claim("EASGD-5.23", "definition")
@pytest.mark.claim("EASGD-5.24", "definition")
def test_gradient_descent_on_both_models():
    x, xi = 3.0, (0.5, 1.0, 3.0)
    assert near(one_step(sg.sgd(ADDITIVE, ETA), x, xi[:1]).x, [x - ETA * (H * x - xi[0])])
    assert near(one_step(sg.sgd(GAMMA, ETA), x, xi[:1]).x, [x - ETA * xi[0] * x])
    assert near(one_step(sg.minibatch_sgd(GAMMA, ETA, 3), x, xi).x, [x - ETA * sum(xi) / 3 * x])


def test_the_double_average_is_that_of_the_steps_before():
    """z_{t+1} = (x_0 + ... + x_t) / (t + 1), and at the start the centre itself."""
    process = sg.easgd(ADDITIVE, ETA, ALPHA, BETA, 2, observe=("centre", "double_average"))
    paths = sg.simulate(process, 1.0, 5, 6, keep="paths").paths
    for t in range(6):
        assert np.allclose(paths[:, t + 1, 1], paths[:, : t + 1, 0].mean(axis=1), atol=1e-14)
    assert np.array_equal(paths[:, 0, 1], paths[:, 0, 0])


@pytest.mark.parametrize("which", ["easgd", "easgd_gauss_seidel"])
def test_two_steps_of_a_run_without_noise(which):
    """The kernel, from workers that start elsewhere than the centre, against a loop of scalars."""
    calm, local, centre, seen = sg.problems.noisy_quadratic(h=H, sigma=0.0), [1.0, -2.0], 8.0, [[8.0, -0.5]]
    for _ in range(2):
        if which == "easgd":
            average = sum(local) / 2
            local = [x - ETA * H * x - ALPHA * (x - centre) for x in local]
        else:
            local = [(1.0 - ETA * H) * (x - ALPHA * (x - centre)) for x in local]
            average = sum(local) / 2
        centre += BETA * (average - centre)
        seen.append([centre, sum(local) / 2])
    process = getattr(sg, which)(calm, ETA, ALPHA, BETA, 2, observe=("centre", "average"), local0=[[1.0], [-2.0]])
    assert np.allclose(sg.simulate(process, 8.0, 1, 2).mean, seen, atol=1e-14)


def test_momentum_zero_is_easgd_to_the_bit():
    plain = sg.simulate(sg.easgd(GAMMA, ETA, ALPHA, BETA, 3), 1.0, 200, 20).mean
    for algorithm in (sg.eamsgd, sg.eamsgd_heavy_ball):
        assert np.array_equal(sg.simulate(algorithm(GAMMA, ETA, ALPHA, BETA, 0.0, 3), 1.0, 200, 20).mean, plain)


def test_symbols_can_be_traced_through_the_rules():
    """Everything symbolic, two workers in one dimension: coefficients of the gradient's noise and of the pull."""
    eta, alpha, beta, delta, h, x1, x2, v1, v2, c, z1, z2 = sp.symbols("eta alpha beta delta h x1 x2 v1 v2 c z1 z2")

    class Stub:
        class blocks:
            @staticmethod
            def gradient(x, z, out):
                out[:] = h * x - z

    block = lambda *symbols: np.array(symbols, dtype=object)[:, None, None]  # noqa: E731
    begin = ElasticMomentumState(block(x1, x2), block(v1, v2), block(c)[0], block(c)[0], 0)
    moved = elastic.eamsgd_step(Stub, eta, alpha, beta, delta, begin, Draw(block(z1, z2)))
    expected = x1 + delta * v1 - eta * (h * (x1 + delta * v1) - z1) - alpha * (x1 - c)
    assert sp.expand(moved.local[0, 0, 0] - expected) == 0
    assert sp.expand(moved.centre[0, 0] - (c + beta * ((x1 + x2) / 2 - c))) == 0
    pulled = elastic.gauss_seidel_step(Stub, eta, alpha, beta, ElasticState(begin.local, begin.centre, begin.centre, 0), Draw(block(z1, z2)))
    assert sp.expand(pulled.local[1, 0, 0] - ((1 - eta * h) * (x2 - alpha * (x2 - c)) + eta * z2)) == 0


BAD = {
    "negative eta": (dict(eta=-0.1), "eta=-0.1.*positive"),
    "infinite alpha": (dict(alpha=float("inf")), "alpha=inf.*finite"),
    "beta that is no number": (dict(beta=float("nan")), "beta=nan.*finite"),
    "no workers": (dict(n_workers=0), "n_workers=0.*1 or more"),
    "half a worker": (dict(n_workers=2.5), "n_workers=2.5.*whole"),
    "unknown observable": (dict(observe="median"), "observe='median'.*centre, average, double_average, local"),
    "one unknown of two": (dict(observe=("centre", "mean")), "observe=.*centre, average"),
    "nothing to observe": (dict(observe=()), "one or more of"),
    "local0 for too many": (dict(local0=[[1.0]] * 4), "local0 has shape \\(4, 1\\).*\\(3, 1\\)"),
    "local0 in a row": (dict(local0=[1.0, 2.0, 3.0]), "local0 has shape \\(3,\\).*shape \\(3, 1\\)"),
    "local0 not finite": (dict(local0=np.nan), "local0=nan must be finite"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_refused(what):
    changes, message = BAD[what]
    options = dict(eta=0.1, alpha=0.1, beta=0.3, n_workers=3) | changes
    for algorithm, more in ((sg.easgd, {}), (sg.easgd_gauss_seidel, {}), (sg.eamsgd, {"momentum": 0.5}), (sg.eamsgd_heavy_ball, {"momentum": 0.5})):
        with pytest.raises(ValueError, match=message):
            algorithm(ADDITIVE, **options, **more)


@pytest.mark.parametrize("momentum", [1.0, -1.0, 2.0, float("nan")])
def test_a_momentum_of_one_is_refused(momentum):
    for make in (lambda: sg.nesterov(ADDITIVE, 0.1, momentum), lambda: sg.eamsgd(ADDITIVE, 0.1, 0.1, 0.3, momentum, 3)):
        with pytest.raises(ValueError, match="between -1 and 1"):
            make()


def test_a_run_that_diverges_names_the_condition():
    process = sg.easgd(sg.problems.noisy_quadratic(h=1.0), 1.5, 1.0, 1.8, 4)
    with pytest.warns(sg.DivergenceWarning, match="EASGD-3.4.*here 0.1 > 2 and 0.7 > 1"):
        assert sg.simulate(process, 1.0, 10, 5000).diverged == 10


def test_an_algorithm_that_draws_components_says_that_a_law_has_none():
    with pytest.raises(ValueError, match="no components to draw.*finite sum"):
        sg.asgd(GAMMA, 0.1, sg.none())
