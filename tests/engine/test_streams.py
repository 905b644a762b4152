"""Random numbers: published known answers, goodness of fit, independence, and a planted error for each test.

Every p-value is exact or at least valid for the sample size used. `LEVEL` is the chance of a false alarm of one test; with
fewer than 100 of them the whole battery raises one on fewer than 1 of 10,000 choices of `SEEDS`.
"""

import numpy as np
import pytest
from scipy import stats

from stalegrad.engine.alias import alias_table
from stalegrad.engine.streams import Tape, box_muller, philox, uniforms

LEVEL = 1e-6
SEEDS = (0, 1, 2**63 + 12345)
PATHS = np.arange(4096, dtype=np.uint64)
DRAWS = 64

KNOWN_ANSWERS = [  # Random123 1.14, kat_vectors: counter, key, words
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


def words(text):
    return [int(word, 16) for word in text.split()]


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN_ANSWERS)
def test_philox_gives_the_published_answers(counter, key, expected):
    assert philox(words(counter), words(key)).tolist() == words(expected)


def test_a_tape_does_not_depend_on_how_it_is_read():
    tape = Tape(5, PATHS[:3])
    whole = tape.words(0, 11)
    assert np.array_equal(np.concatenate([tape.words(0, 5), tape.words(5, 0), tape.words(5, 6)]), whole)
    assert np.array_equal(Tape(5, PATHS[2:3]).words(0, 11), whole[:, 2:])


def uniform_p(u):
    """Smaller p-value, doubled, of Kolmogorov-Smirnov and of a chi-square test on 256 cells."""
    counts = np.histogram(u, bins=256, range=(0.0, 1.0))[0]
    return 2.0 * min(stats.kstest(u.ravel(), "uniform").pvalue, stats.chisquare(counts.ravel()).pvalue)


def normal_p(z):
    return 2.0 * min(stats.kstest(z.ravel(), "norm").pvalue, stats.chi2.cdf((z**2).sum(), z.size) * 2.0, stats.chi2.sf((z**2).sum(), z.size) * 2.0)


def correlation_p(a, b):
    """Two-sided p-value of the correlation of two independent samples."""
    return stats.pearsonr(a.ravel(), b.ravel()).pvalue


@pytest.mark.parametrize("seed", SEEDS)
def test_uniforms_fit(seed):
    for stream in (0, 1, 2):
        assert uniform_p(uniforms(Tape(seed, PATHS).words(0, DRAWS, stream))) > LEVEL


@pytest.mark.parametrize("seed", SEEDS)
def test_every_bit_of_a_word_is_fair(seed):
    drawn = Tape(seed, PATHS).words(0, DRAWS)
    ones = [int((drawn >> np.uint64(bit) & np.uint64(1)).sum()) for bit in range(32)]
    assert 32 * min(stats.binomtest(count, drawn.size).pvalue for count in ones) > LEVEL


def test_a_bias_of_two_percent_in_the_uniforms_is_rejected():
    assert uniform_p(uniforms(Tape(0, PATHS).words(0, DRAWS)) ** 1.02) < LEVEL


@pytest.mark.parametrize("seed", SEEDS)
def test_normals_fit(seed):
    assert normal_p(Tape(seed, PATHS).normals(0, DRAWS)) > LEVEL


def test_normals_one_percent_too_wide_are_rejected():
    assert normal_p(1.01 * Tape(0, PATHS).normals(0, DRAWS)) < LEVEL


def test_no_word_makes_a_normal_infinite():
    extremes = np.array([[0, 2**32 - 1], [0, 2**31], [0, 2**32 - 1], [2**30, 1]])
    assert np.abs(box_muller(extremes)).max() < 6.77


def staleness_p(tau, mu):
    """Chi-square against the geometric law, its tail beyond the 200 first values in one cell."""
    pmf = (1.0 - mu) * mu ** np.arange(200)
    counts = np.bincount(np.minimum(tau.ravel(), 200), minlength=201)
    return stats.chisquare(counts, tau.size * np.append(pmf, mu**200)).pvalue


@pytest.mark.parametrize("seed", SEEDS)
def test_geometric_staleness_fits(seed):
    table = alias_table(0.05 * 0.95 ** np.arange(419))
    drawn = Tape(seed, PATHS).words(0, DRAWS)
    assert staleness_p(table.draw(drawn >> np.uint64(1)), 0.95) > LEVEL


def test_geometric_staleness_of_another_mu_is_rejected():
    table = alias_table(0.052 * 0.948 ** np.arange(419))
    assert staleness_p(table.draw(Tape(0, PATHS).words(0, DRAWS) >> np.uint64(1)), 0.95) < LEVEL


def test_staleness_and_component_of_one_word_are_independent():
    table = alias_table(0.5 ** np.arange(1, 32))
    drawn = Tape(0, PATHS).words(0, DRAWS)
    tau, component = np.minimum(table.draw(drawn >> np.uint64(1)), 8), drawn & np.uint64(1)
    counts = stats.contingency.crosstab(tau.ravel(), component.ravel()).count
    assert stats.chi2_contingency(counts).pvalue > LEVEL
    wrong = stats.contingency.crosstab(tau.ravel(), (drawn >> np.uint64(31)).ravel()).count
    assert stats.chi2_contingency(wrong).pvalue < LEVEL


@pytest.mark.parametrize("shape", [0.5, 1.0, 3.0, 0.3, 1.5, 7.3])
def test_gammas_fit(shape):
    drawn = np.array([Tape(1, PATHS).gammas(shape, number) for number in range(16)])
    assert stats.kstest(drawn.ravel(), "gamma", args=(shape,)).pvalue > LEVEL


@pytest.mark.parametrize("shape", [0.5, 3.0, 7.3])
def test_gammas_of_a_shape_four_percent_off_are_rejected(shape):
    drawn = np.array([Tape(1, PATHS).gammas(shape, number) for number in range(16)])
    assert stats.kstest(drawn.ravel(), "gamma", args=(1.04 * shape,)).pvalue < LEVEL


NEIGHBOURS = {
    "paths": lambda u: (u[:, :-1], u[:, 1:]),
    "steps": lambda u: (u[:-1], u[1:]),
    "words of a call": lambda u: (u[0::4], u[3::4]),
    "steps, a call apart": lambda u: (u[:-4], u[4:]),
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("which", NEIGHBOURS)
def test_neighbours_are_uncorrelated(which, seed):
    a, b = NEIGHBOURS[which](uniforms(Tape(seed, PATHS).words(0, DRAWS)))
    assert correlation_p(a, b) > LEVEL
    assert correlation_p((a - 0.5) ** 2, (b - 0.5) ** 2) > LEVEL


def test_streams_and_seeds_are_uncorrelated():
    first = uniforms(Tape(0, PATHS).words(0, DRAWS, 0))
    for seed, stream in ((0, 1), (0, 2), (1, 0), (2**32, 0)):
        assert correlation_p(first, uniforms(Tape(seed, PATHS).words(0, DRAWS, stream))) > LEVEL


def test_a_correlation_of_two_percent_is_rejected():
    u = uniforms(Tape(0, PATHS).words(0, DRAWS))
    assert correlation_p(u[:-1], u[1:] + 0.02 * u[:-1]) < LEVEL


def test_sums_over_paths_and_over_steps_have_the_variance_of_independent_draws():
    """Chi-square of normalised sums: dependence that pairs do not show would widen or narrow them."""
    z = Tape(0, PATHS).normals(0, DRAWS)
    for axis, terms in ((0, DRAWS), (1, len(PATHS))):
        total = (z.sum(axis=axis) ** 2 / terms).sum()
        freedom = z.size // terms
        assert 2.0 * min(stats.chi2.cdf(total, freedom), stats.chi2.sf(total, freedom)) > LEVEL
