"""log, exp, cos and sin of the kernels against exact values, where they are hardest to get right.

The unit in the last place is that of the exact value, not of its rounding, so it is never the larger of two.
"""

import math

import mpmath as mp
import numba
import numpy as np
import pytest

from stalegrad.engine.compiled import vectormath
from stalegrad.engine.compiled.build import OPTIONS
from stalegrad.engine.streams import uniforms

DIGITS = 60
RANDOM = np.random.default_rng(3)
EDGES = [n + shift for n in (0, *(2**b for b in (1, 8, 28, 29, 30, 31, 32)), 3 * 2**29, 3 * 2**30, 5 * 2**29, 7 * 2**29) for shift in (-1, 0, 1)]
"""Words next to the multiples of an eighth of a turn, where the reduced argument is 0 or largest, and both ends."""
WORST = [522764327, 523797607]
"""The worst words for the cosine (1.47 units) and the sine (0.77) of at most an eighth of a turn, of all 2^29, where products are fused with sums."""
WORDS = np.array([n for n in EDGES if 0 <= n < 2**32] + WORST + RANDOM.integers(0, 2**32, 400).tolist(), np.uint64)
SMALLEST = 2.0**-1022


@numba.njit(**OPTIONS)
def compiled_log(x):
    return np.array([vectormath.log(v) for v in x])


@numba.njit(**OPTIONS)
def compiled_exp(x):
    return np.array([vectormath.exp(v) for v in x])


@numba.njit(**OPTIONS)
def compiled_cos_sin(words):
    return [vectormath.cos_sin(w) for w in words]


def neighbours(values, count=2):
    """The numbers, and `count` doubles on either side of each."""
    rows = [np.asarray(values, float)]
    for towards in (-math.inf, math.inf):
        row = rows[0]
        for _ in range(count):
            row = np.nextafter(row, towards)
            rows.append(row)
    return np.concatenate(rows)


def units(value, exact):
    """Distance from the exact value in units of its last place; where that is 0, nothing but 0 is at no distance."""
    if exact == 0:
        return 0.0 if value == 0.0 else math.inf
    return float(abs(mp.mpf(float(value)) - exact) / mp.mpf(2) ** max(mp.frexp(exact)[1] - 53, -1074))


def worst(values, exact, arguments):
    with mp.workdps(DIGITS):
        return max(units(value, exact(x)) for value, x in zip(values, arguments, strict=True))


def log_arguments():
    """Uniforms of the generator, products of four, powers of two times sqrt 1/2 (ends of the range of f) and 1 (where log is 0), both ends."""
    powers = 2.0 ** np.array([-1022.0, -132, -33, -32, -2, -1, 0, 1, 2, 52, 1023])
    ends = neighbours(np.concatenate([powers, math.sqrt(0.5) * powers[1:]]), 4)
    near_one = 1.0 + np.array([s * 2.0**-b for b in (2, 3, 5, 9, 20, 33, 51) for s in (-1, 1)])
    drawn = uniforms(np.concatenate([WORDS, [2**32 * math.sqrt(0.5)]]).astype(np.uint64))
    worst_seen = float.fromhex("0x1.69c1d838dc65dp-1")  # 0.99 units, the worst of 10^8 just below sqrt 1/2
    products = uniforms(RANDOM.integers(0, 2**32, (4, 200))).prod(axis=0)
    every = np.concatenate(
        [ends[ends >= SMALLEST], near_one, drawn, products, [worst_seen, uniforms(0) ** 4, 1.7e308], RANDOM.uniform(0.7, 1.42, 400)]
    )
    return every[np.isfinite(every)]


def exp_arguments():
    """Both sides of every kind of border: halfway between multiples of log 2, subnormal, zero, largest; and at random."""
    halves = (np.array([-1074, -1023, -1022, -500, -2, -1, 0, 1, 500, 1023]) - 0.5) * math.log(2.0)
    borders = [0.0, 1e-300, -1e-17, -708.3964185322641, -744.4400719213812, -745.1332191019411, 709.0, 709.5]
    worst_seen = float.fromhex("0x1.9250323e79df2p+5")  # 0.98 units, the worst of 10^8
    below = 709.782712893384 - np.array([0.0, 1e-9, 1e-3])
    return np.concatenate(
        [neighbours(halves), neighbours(borders), below, [worst_seen], RANDOM.uniform(-745.0, 709.0, 400), RANDOM.uniform(-1.0, 1.0, 200)]
    )


def test_log_is_within_one_unit_in_the_last_place():
    arguments = log_arguments()
    assert worst(compiled_log(arguments), mp.log, arguments) <= 1.0


def test_exp_is_within_one_unit_in_the_last_place():
    arguments = exp_arguments()
    assert worst(compiled_exp(arguments), mp.exp, arguments) <= 1.0


def test_exp_at_the_ends_of_its_range():
    assert compiled_exp(np.array([-np.inf, -800.0, -745.2, 0.0, 709.8, 800.0, np.inf])).tolist() == [0.0, 0.0, 0.0, 1.0, np.inf, np.inf, np.inf]
    assert np.isnan(compiled_exp(np.array([np.nan]))[0])


def test_cos_and_sin_are_within_one_and_a_half_units_in_the_last_place():
    cosines, sines = np.array(compiled_cos_sin(WORDS)).T
    assert worst(cosines, lambda word: mp.cospi(mp.mpf(int(word)) / 2**31), WORDS) <= 1.5
    assert worst(sines, lambda word: mp.sinpi(mp.mpf(int(word)) / 2**31), WORDS) <= 1.5


def test_right_angles_are_exact():
    quarter_turns = np.arange(4, dtype=np.uint64) << np.uint64(30)
    assert np.array_equal(compiled_cos_sin(quarter_turns), [(1, 0), (0, 1), (-1, 0), (0, -1)])


@pytest.mark.parametrize("function, exact, arguments", [(compiled_log, mp.log, log_arguments()), (compiled_exp, mp.exp, exp_arguments())])
def test_the_measure_sees_two_units(function, exact, arguments):
    """Every value moved by two doubles is beyond one unit, whatever it was."""
    moved = np.nextafter(np.nextafter(function(arguments), np.inf), np.inf)
    with mp.workdps(DIGITS):
        assert min(units(value, exact(x)) for value, x in zip(moved, arguments, strict=True) if np.isfinite(value) and exact(x) != 0) >= 1.0
