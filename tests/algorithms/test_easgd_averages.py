"""Time averages, Nesterov's and the heavy-ball rule, and ADMM: what each line computes."""

import numpy as np
import pytest
import sympy as sp

import stalegrad as sg
from easgd_symbols import PROBLEM, alpha, beta, delta, eta, g, one, rho, row, same, turn
from stalegrad.algorithms.admm import ADMMState, admm_step
from stalegrad.algorithms.averaged import averaged
from stalegrad.algorithms.elastic import heavy_ball_step
from stalegrad.algorithms.elastic_state import ElasticMomentumState
from stalegrad.algorithms.momentum import MomentumState, nesterov_step
from stalegrad.algorithms.sampled import Draw

NOISY = sg.problems.noisy_quadratic(h=1.3, sigma=0.7)
START, N_STEPS, SEED = 3.0, 50, 6


def paths(process, n_paths=3, n_steps=N_STEPS):
    return sg.simulate(process, START, n_paths, n_steps, SEED, keep="paths").paths


def constant_average(x: np.ndarray, rate: float) -> np.ndarray:
    """Weights a (1-a)^j on x_{t-1-j}, and (1-a)^t on the start, written as one sum (paths, steps)."""
    z = []
    for t in range(x.shape[1]):
        weights = rate * (1 - rate) ** np.arange(t)[::-1]
        z.append((1 - rate) ** t * x[:, 0] + (weights * x[:, :t]).sum(axis=1))
    return np.array(z).T


def plain_average(x: np.ndarray) -> np.ndarray:
    """Mean of x_0, ..., x_{t-1}; x_0 at t = 0 (paths, steps)."""
    sums = np.cumsum(x, axis=1)[:, :-1] / np.arange(1, x.shape[1])
    return np.concatenate([x[:, :1], sums], axis=1)


@pytest.mark.claim("EASGD-ALG-A3", "definition")
def test_averaged_sgd_averages_all_earlier_iterates_but_not_the_last():
    x = paths(sg.sgd(NOISY, 0.1))[:, :, 0]
    got = paths(sg.averaged_sgd(NOISY, 0.1, observe=("x", "time_average")))
    assert np.abs(got[:, :, 0] - x).max() < 1e-14 and np.abs(got[:, :, 1] - plain_average(x)).max() < 1e-13
    with_last = np.cumsum(x, axis=1) / np.arange(1, N_STEPS + 2)
    assert np.abs(got[:, :, 1] - with_last).max() > 1e-2


@pytest.mark.claim("EASGD-ALG-A4", "definition")
@pytest.mark.parametrize("rate", [0.05, 1.0])
def test_moving_average_sgd_weights_the_past_geometrically(rate):
    x = paths(sg.sgd(NOISY, 0.1))[:, :, 0]
    got = paths(sg.moving_average_sgd(NOISY, 0.1, rate))[:, :, 0]
    assert np.abs(got - constant_average(x, rate)).max() < 1e-13
    assert np.abs(got - constant_average(x, 0.99 * rate)).max() > 1e-3


@pytest.mark.claim("EASGD-ALG-A3", "proved")
@pytest.mark.claim("EASGD-ALG-A1", "proved")
def test_the_rate_1_over_t_plus_1_forgets_z_0_and_makes_the_plain_average():
    z, x = sp.Symbol("z_0"), sp.symbols("x_0:6")
    for t, value in enumerate(x):
        z = averaged(z, value, 1 / sp.Integer(t + 1))
        assert sp.expand(z - sum(x[: t + 1]) / sp.Integer(t + 1)) == 0


PUSHES = [(period, schedule) for period in (1, 3) for schedule in (sg.schedule.random(), sg.schedule.synchronous())]


def centre_before_pushes(period: int, schedule) -> list[np.ndarray]:
    """Per path: the centre before each push; and the number of pushes made by every step."""
    process = sg.downpour(NOISY, 0.1, 2, period, schedule)
    centre = paths(process)[:, :, 0]
    who = sg.schedule.events(schedule, 2, N_STEPS, 3, seed=SEED).worker.reshape(N_STEPS, -1, 3)
    found = []
    for path in range(3):
        clock, before, made = [0, 0], [], [0]
        for k in range(N_STEPS):
            pushed = any(clock[i] % period == 0 for i in who[k, :, path])
            before += [centre[path, k]] if pushed else []
            made.append(len(before))
            for i in who[k, :, path]:
                clock[i] += 1
        found.append((np.array(before), np.array(made)))
    return found


@pytest.mark.claim("EASGD-ALG-A1", "definition")
@pytest.mark.parametrize(("period", "schedule"), PUSHES)
def test_adownpour_averages_the_centre_over_the_masters_clock(period, schedule):
    got = paths(sg.adownpour(NOISY, 0.1, 2, period, schedule))[:, :, 0]
    for z, (before, made) in zip(got, centre_before_pushes(period, schedule)):
        assert np.abs(z - np.append(before[0], np.cumsum(before) / np.arange(1, len(before) + 1))[made]).max() < 1e-13


@pytest.mark.claim("EASGD-ALG-A2", "definition")
@pytest.mark.parametrize(("period", "schedule"), PUSHES)
def test_mvadownpour_moves_the_average_over_the_masters_clock(period, schedule):
    got = paths(sg.mvadownpour(NOISY, 0.1, 0.2, 2, period, schedule))[:, :, 0]
    for z, (before, made) in zip(got, centre_before_pushes(period, schedule)):
        moving = constant_average(np.append(before, 0.0)[None], 0.2)[0]
        assert np.abs(z - moving[made]).max() < 1e-13


@pytest.mark.claim("EASGD-ALG-A1", "exact")
def test_adownpour_with_one_worker_is_averaged_sgd_that_counts_the_start_twice(check):
    """The first push is empty but moves the master's clock: t z_t of ADOWNPOUR is x_0 + (t - 1) z_(t-1) of averaged SGD."""
    averaged_sgd = paths(sg.averaged_sgd(NOISY, 0.1))[:, :, 0]
    got = paths(sg.adownpour(NOISY, 0.1, 1))[:, :, 0]
    t = np.arange(1, N_STEPS + 1)
    check("ADOWNPOUR of one worker", got[:, 1:], (START + (t - 1) * averaged_sgd[:, :-1]) / t, 1e-13)


@pytest.mark.claim("EASGD-ALG-A5", "definition")
def test_nesterov_looks_ahead():
    x, v, z = one("x"), one("v"), sp.Symbol("z_1")
    end = nesterov_step(PROBLEM, eta, delta, MomentumState(x, v), turn(0))
    velocity = delta * v[0, 0] - eta * g(x[0, 0] + delta * v[0, 0], z)
    assert same(end.v, np.array([[velocity]])) and same(end.x, np.array([[x[0, 0] + velocity]]))
    run = sg.simulate(sg.nesterov(sg.problems.noisy_quadratic(sigma=0.0), 0.1, 0.5), 1.0, 1, 2)
    assert np.allclose(run.mean[:, 0], [1.0, 0.9, 0.9 - 0.05 - 0.1 * 0.85], atol=1e-15)


@pytest.mark.claim("EASGD-ALG-A7", "definition")
def test_heavy_ball_eamsgd_takes_the_gradient_where_it_stands():
    p = 2
    x, v, c = row("x", p), row("v", p), one("c")
    end = heavy_ball_step(PROBLEM, eta, alpha, beta, delta, ElasticMomentumState(x, v, c, c, 0), Draw(turn(0, 1).z))
    velocity = np.array([delta * v[i] - eta * g(x[i, 0, 0], sp.Symbol(f"z_{i + 1}")) for i in range(p)])
    assert same(end.velocity, velocity) and same(end.local, x + velocity - alpha * (x - c))
    assert same(end.centre, (1 - beta) * c + beta * x.sum(axis=0) / p)


def parabola(x, z, out):
    out[...] = x


@pytest.mark.claim("EASGD-ALG-A6", "proved")
@pytest.mark.claim("EASGD-3.52", "definition")
@pytest.mark.claim("EASGD-3.53", "definition")
@pytest.mark.claim("EASGD-3.54", "definition")
@pytest.mark.parametrize("p", [1, 2, 3])
def test_admm_is_the_printed_product_of_three_maps(p):
    """F_3 F_2 F_1 on (lambda^1, x^1, ..., lambda^p, x^p, centre) for F = x^2/2, for every active worker."""
    multiplier, x, c = row("l", p), row("x", p), one("c")
    s = sp.Matrix([entry for i in range(p) for entry in (multiplier[i, 0, 0], x[i, 0, 0])] + [c[0, 0]])
    quadratic = type(PROBLEM)(blocks=type(PROBLEM)(gradient=parabola))
    for i in range(p):
        first, second, third = sp.eye(2 * p + 1), sp.eye(2 * p + 1), sp.eye(2 * p + 1)
        first[2 * i, :] = first[2 * i, :] - sp.eye(2 * p + 1)[2 * i + 1, :] + sp.eye(2 * p + 1)[2 * p, :]
        second[2 * i + 1, :] = sp.zeros(1, 2 * p + 1)
        second[2 * i + 1, 2 * i], second[2 * i + 1, 2 * p] = [eta * rho / (1 + eta * rho)] * 2
        second[2 * i + 1, 2 * i + 1] = (1 - eta) / (1 + eta * rho)
        third[2 * p, :] = sp.Matrix([[(-1) ** (j + 1) * sp.Rational(1, p) for j in range(2 * p)] + [0]])
        expected = third * second * first * s
        end = admm_step(quadratic, eta, rho, ADMMState(multiplier, x, c), turn(i))
        got = [entry for j in range(p) for entry in (end.multiplier[j, 0, 0], end.local[j, 0, 0])] + [end.centre[0, 0]]
        assert all(sp.simplify(a - b) == 0 for a, b in zip(got, expected, strict=True))


@pytest.mark.claim("EASGD-ALG-A6", "proved")
@pytest.mark.claim("EASGD-3.51", "definition")
def test_admm_steps_solve_the_linearised_saddle_point_problem():
    """x minimises the linearised F - lambda (x - c) + rho/2 (x - c)^2 + (x - x_t)^2/(2 eta), c minimises its sum, lambda ascends by rho."""
    p = 2
    multiplier, x, c = row("l", p), row("x", p), one("c")
    end = admm_step(PROBLEM, eta, rho, ADMMState(multiplier, x, c), turn(0))
    y, centre, slope = sp.symbols("y centre slope")
    force = rho * end.multiplier  # the thesis divides lambda by rho
    assert sp.expand(force[0, 0, 0] - (rho * multiplier[0, 0, 0] - rho * (x[0, 0, 0] - c[0, 0]))) == 0
    local = slope * y - force[0, 0, 0] * (y - c[0, 0]) + rho / 2 * (y - c[0, 0]) ** 2 + (y - x[0, 0, 0]) ** 2 / (2 * eta)
    moved = end.local[0, 0, 0].subs(g(x[0, 0, 0], sp.Symbol("z_1")), slope)
    assert sp.simplify(sp.diff(local, y).subs(y, moved)) == 0
    total = sum(-force[i, 0, 0] * (end.local[i, 0, 0] - centre) + rho / 2 * (end.local[i, 0, 0] - centre) ** 2 for i in range(p))
    assert sp.simplify(sp.diff(total, centre).subs(centre, end.centre[0, 0])) == 0
