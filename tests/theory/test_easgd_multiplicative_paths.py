"""The moment matrices of section 5.2 against simulated paths: 1.2 million path-steps each.

Fixed beforehand: lam = omega = 2 and eta = 0.3, where six steps keep fourth moments moderate; 200,000 paths, six steps, seed 11;
all moments of the last step together at a family-wise error of 1e-4; every planted error must be rejected at 1e-9.
"""

import numpy as np
import pytest
import sympy as sp

import stalegrad as sg
from stalegrad.algorithms.elastic import eamsgd_step
from stalegrad.evidence import z_test
from stalegrad.theory import elastic_trace, formula

PATHS, STEPS, SEED = 200_000, 6, 11
SHAPE, ETA, ALPHA, BETA, DELTA, WORKERS = 2.0, 0.3, 0.2, 0.9, 0.5, 4
PROBLEM = sg.problems.gamma_quadratic(SHAPE, SHAPE)
LAW = {"lam": SHAPE, "omega": SHAPE}


def agree(products, expected):
    """Verdict on the means of `products`, arrays over paths, against exact moments."""
    errors = [product.std() / np.sqrt(len(product)) for product in products]
    return z_test([product.mean() for product in products], errors, expected)


def after(matrix, start):
    """Moments after the steps."""
    return np.linalg.matrix_power(matrix, STEPS) @ np.asarray(start, dtype=float)


@pytest.mark.claim("EASGD-5.30", "exact")
def test_momentum_sgd():
    paths = sg.simulate(sg.nesterov(PROBLEM, ETA, DELTA), 1.0, PATHS, STEPS, SEED, keep="paths").paths[:, :, 0]
    position, velocity = paths[:, -1], paths[:, -1] - paths[:, -2]
    products = velocity**2, position**2, velocity * position

    def exact(momentum):
        return after(formula("EASGD-5.30").numeric(eta=ETA, delta=momentum, **LAW), [0, 1, 0])

    assert agree(products, exact(DELTA)).agrees(1e-4)
    assert not agree(products, exact(0.97 * DELTA)).agrees(1e-9)


def elastic_products(process):
    """What (a, b, c, d) are the means of, with worker 1 for b."""
    centre, average, local = sg.simulate(process, 1.0, PATHS, STEPS, SEED, keep="final").final.T
    return centre**2, local**2, centre * average, average**2


OBSERVE = ("centre", "average", "local")


@pytest.mark.claim("EASGD-5.34", "exact")
def test_easgd():
    products = elastic_products(sg.easgd(PROBLEM, ETA, ALPHA, BETA, WORKERS, observe=OBSERVE))
    matrix = formula("EASGD-5.34").numeric(eta=ETA, alpha=ALPHA, beta=BETA, p=WORKERS, **LAW)
    assert agree(products, after(matrix, np.ones(4))).agrees(1e-4)
    short = matrix.copy()
    short[2, 2] -= ALPHA * BETA  # the term that the printed (5.32) misses
    assert not agree(products, after(short, np.ones(4))).agrees(1e-9)
    other = formula("EASGD-5.34").numeric(eta=ETA, alpha=ALPHA, beta=BETA, p=WORKERS + 1, **LAW)
    assert not agree(products, after(other, np.ones(4))).agrees(1e-9)


@pytest.mark.claim("EASGD-eamsgd-nine", "exact")
def test_eamsgd():
    products = elastic_products(sg.eamsgd(PROBLEM, ETA, ALPHA, BETA, DELTA, WORKERS, observe=OBSERVE))
    matrix = elastic_trace.nine_variable_matrix(eamsgd_step)
    point = {"eta": ETA, "alpha": ALPHA, "beta": BETA, "delta": DELTA, "p": WORKERS, "u1": 1.0, "u2": 1.0 + 1.0 / SHAPE}

    def exact(**changes):
        values = {symbol: (point | changes)[symbol.name] for symbol in matrix.free_symbols}
        return after(np.array(sp.Matrix(matrix).subs(values), dtype=float), [1, 1, 1, 1, 0, 0, 0, 0, 0])[:4]

    assert agree(products, exact()).agrees(1e-4)
    assert not agree(products, exact(delta=0.97 * DELTA)).agrees(1e-9)
    assert not agree(products, exact(p=WORKERS + 1)).agrees(1e-9)
