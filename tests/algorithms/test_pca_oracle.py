"""Streaming PCA: the kernel, which works in the basis of the eigenvectors, against the readable rule, which does not; path by path.

131 paths straddle a block and the border of the two words of a path's index.
"""

import numpy as np
import pytest

import stalegrad as sg
from stalegrad.algorithms.pca import OBSERVABLES
from stalegrad.engine.process import reference_paths

FIRST, N_PATHS, N_STEPS, SEED = 2**32 - 40, 131, 25, 11
DELAYS = {
    "none": sg.none(),
    "constant": sg.constant(3),
    "longer than the run": sg.constant(60),
    "uniform": sg.uniform(0, 6),
    "random, longer than the run": sg.geometric(0.97),
}


def stream(d, law="gaussian"):
    """Eigenvalues d, ..., 1 and a rotation without pattern."""
    rotation = np.linalg.qr(np.random.default_rng(d).normal(size=(d, d)))[0]
    return sg.problems.streaming_data(np.arange(d, 0, -1.0), law, rotation)


def distance(process, other=None):
    """Largest distance between the kernel's paths and those of the rule (of `other`)."""
    start = np.roll(process.problem.leading, 1)
    run = sg.simulate(process, start, N_PATHS, N_STEPS, SEED, keep="paths", first_path=FIRST)
    expected = reference_paths(other or process, start, N_STEPS, FIRST + np.arange(N_PATHS, dtype=np.uint64), SEED)
    assert np.isfinite(expected).all() and np.ptp(expected) > 0.1
    return np.abs(run.paths - expected).max()


@pytest.mark.parametrize("d", [1, 2, 4, 5])
@pytest.mark.parametrize("law", ["gaussian", "uniform", "signs"])
def test_each_law_of_the_data_in_each_dimension(law, d):
    assert distance(sg.streaming_pca(stream(d, law), 0.01, 0.6, DELAYS["constant"], tuple(OBSERVABLES))) < 1e-12


@pytest.mark.parametrize("delay", DELAYS)
def test_each_law_of_the_delay(delay):
    assert distance(sg.streaming_pca(stream(4), 0.01, 0.6, DELAYS[delay], ("h", "error"))) < 1e-12


@pytest.mark.parametrize("changed", [dict(eta=0.01 * (1 + 1e-6)), dict(momentum=0.6 + 1e-6), dict(staleness=sg.constant(4))], ids=str)
def test_the_comparison_sees_a_small_error(changed):
    right = dict(eta=0.01, momentum=0.6, staleness=DELAYS["constant"], observe="h")
    assert distance(sg.streaming_pca(stream(4), **right), sg.streaming_pca(stream(4), **right | changed)) > 1e-9


def test_observables_alone_are_their_columns_beside_the_others():
    start = stream(5).leading
    everything = sg.simulate(sg.streaming_pca(stream(5), 0.01, observe=tuple(OBSERVABLES)), start, 300, 20, keep="final").final
    for column, name in enumerate(list(OBSERVABLES)[:-1]):
        alone = sg.simulate(sg.streaming_pca(stream(5), 0.01, observe=name), start, 300, 20, keep="final").final
        assert np.array_equal(alone[:, 0], everything[:, column])


def test_bits_do_not_depend_on_threads_or_on_the_other_paths():
    process = sg.streaming_pca(stream(4), 0.01, 0.6, DELAYS["uniform"], "h")
    start = process.problem.leading
    one, three = (sg.simulate(process, start, 2100, 30, keep="final", threads=n) for n in (1, 3))
    assert np.array_equal(one.mean, three.mean)
    assert np.array_equal(sg.simulate(process, start, 1, 30, keep="final", first_path=2050).final[0], one.final[2050])
