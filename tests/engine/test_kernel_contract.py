"""What every kernel promises the driver: a path owes nothing to its neighbours, sums have one order, and a stop is heard."""

from dataclasses import replace

import numpy as np
import pytest

import stalegrad as sg
from stalegrad.engine.blocks import BLOCK, LANES, block_function
from stalegrad.engine.process import reference_paths
from stalegrad.engine.simulate import UNIT, Chunk, run_chunk
from stalegrad.problems.base import Blocks

N_STEPS, SEED = 30, 4
EDGE = 5.0**0.5  # no sum of short decimals


@block_function
def fragile_gradient(x, z, out):
    """x - z, and no number beyond EDGE."""
    for i in range(x.shape[0]):
        for p in range(x.shape[1]):
            out[i, p] = np.nan if x[i, p] > EDGE else x[i, p] - z[i, p]


@block_function
def fragile_mean(x, z, out):
    """x, and no number beyond EDGE."""
    for i in range(x.shape[0]):
        for p in range(x.shape[1]):
            out[i, p] = np.nan if x[i, p] > EDGE else x[i, p]


def fragile(base):
    """The same objective, with a gradient that some paths do not survive."""
    return replace(base, blocks=Blocks(fragile_gradient, fragile_mean, base.blocks.second_moment, base.blocks.hessian_gradient))


TWO, FIVE = (fragile(sg.problems.quadratic(np.linspace(-3.0, 3.0, n)[:, None])) for n in (2, 5))
NOISY = fragile(sg.problems.noisy_quadratic(sigma=2.0))
LAW = sg.geometric(0.8)
MODELS = {
    "asgd": sg.asgd(TWO, 0.3, LAW),
    "msgd": sg.msgd(FIVE, 0.1, 0.7),
    "sgd, a law": sg.sgd(NOISY, 0.4),
    "nesterov": sg.nesterov(FIVE, 0.2, 0.5),
    "easgd": sg.easgd(NOISY, 0.4, 0.1, 0.3, 3, observe=("centre", "double_average")),
    "easgd_gauss_seidel": sg.easgd_gauss_seidel(NOISY, 0.4, 0.1, 0.3, 3, observe=("centre", "local")),
    "eamsgd": sg.eamsgd(NOISY, 0.3, 0.1, 0.3, 0.4, 3, observe="average"),
    "async_easgd": sg.async_easgd(NOISY, 0.6, 0.1, 3, 4, observe=("centre", "local")),
    "async_eamsgd": sg.async_eamsgd(NOISY, 0.4, 0.1, 0.4, 3, 4, observe=("centre", "local")),
    "streaming_pca": sg.streaming_pca(sg.problems.streaming_data([2.0, 1.0]), 0.28, observe="error"),
    "sme_sgd": sg.sme_sgd(FIVE, 0.3),
    "sme_msgd": sg.sme_msgd(FIVE, 0.1, 0.5),
    "sme_asgd": sg.sme_asgd(FIVE, 0.2, 0.5),
    "sme_asgd_mixture": sg.sme_asgd_mixture(FIVE, 0.2, [0.5, 0.5], [0.3, 0.6]),
    "sdde": sg.sdde(FIVE, 0.25, sg.uniform(0, 2)),
}
EACH = pytest.mark.parametrize("name", MODELS)


def start(model):
    return model.problem.leading if hasattr(model.problem, "leading") else 0.5


def paths_of(model, n_paths, first_path=0):
    with np.errstate(all="ignore"):
        return sg.simulate(model, start(model), n_paths, N_STEPS, SEED, keep="paths", first_path=first_path).paths


@EACH
@pytest.mark.filterwarnings("ignore::stalegrad.DivergenceWarning")
def test_a_path_that_diverges_leaves_its_neighbours_alone(name):
    """The second block beside the first, whose paths lie in the same memory, and by itself: the same bits."""
    together, alone = paths_of(MODELS[name], 2 * BLOCK), paths_of(MODELS[name], BLOCK, BLOCK)
    died = ~np.isfinite(together).all(axis=(1, 2))
    assert (died[:BLOCK] & np.isfinite(alone).all(axis=(1, 2))).any()  # or nothing was put to the test
    assert np.array_equal(together[BLOCK:], alone, equal_nan=True)


@EACH
@pytest.mark.filterwarnings("ignore::stalegrad.DivergenceWarning", "ignore::RuntimeWarning")
def test_a_path_is_lost_when_the_rule_loses_it(name):
    """No number turns into none a step earlier, or in a column more, than by the readable rule."""
    model = MODELS[name]
    process = model if hasattr(model, "step") else model.discretised()
    expected = reference_paths(process, start(model), N_STEPS, np.arange(BLOCK, dtype=np.uint64), SEED)
    assert np.array_equal(np.isfinite(paths_of(model, BLOCK)), np.isfinite(expected))


@EACH
def test_a_kernel_that_is_told_to_stop_makes_no_step(name):
    """Only the start is recorded; without the word to stop, every step is."""
    model = MODELS[name]
    process = model if hasattr(model, "step") else model.discretised()
    point = np.atleast_1d(np.asarray(start(model), float))
    for stop, recorded in ((1, 1), (0, N_STEPS + 1)):
        result = run_chunk(process, point, N_STEPS, SEED, False, np.full(1, stop, np.uint8), Chunk(0, BLOCK))
        written = (result.sums[0] != 0.0).any(axis=1)
        assert written[-1] == (stop == 0) and written.sum() <= recorded


def in_order(x):
    """Sum over paths (paths, steps, d): vectors of LANES in pairs of pairs within a block, blocks in order; lanes in pairs; units in order."""
    total = 0.0
    for unit in (x[first : first + UNIT] for first in range(0, len(x), UNIT)):
        blocks = np.zeros((-(-len(unit) // BLOCK) * BLOCK, *x.shape[1:]))
        blocks[: len(unit)] = unit
        lanes = 0.0
        for vectors in blocks.reshape(-1, BLOCK // LANES, LANES, *x.shape[1:]):
            while len(vectors) > 1:
                vectors = vectors[0::2] + vectors[1::2]
            lanes = lanes + vectors[0]
        while len(lanes) > 1:
            lanes = lanes[: len(lanes) // 2] + lanes[len(lanes) // 2 :]
        total = total + lanes[0]
    return total


@pytest.mark.parametrize("n_paths", [BLOCK, UNIT + BLOCK + 3])
def test_sums_over_paths_have_one_order_to_the_last_bit(n_paths):
    """The order that is stated is the one that is taken; another changes last bits. (Sums of products may also be fused, so means are compared.)"""
    objective = sg.problems.quadratic(np.random.default_rng(3).normal(size=(4, 3)))
    r = sg.simulate(sg.asgd(objective, 0.1, LAW), [1.0, -2.0, 0.5], n_paths, 20, SEED, keep="paths")
    assert np.array_equal(r.mean, in_order(r.paths) / n_paths)
    assert not np.array_equal(r.mean, in_order(np.roll(r.paths, 1, axis=0)) / n_paths)
