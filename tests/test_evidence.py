"""Tests of agreement: their error rates on true and on planted cases, by closed forms where there are any."""

import math

import numpy as np
import pytest

from stalegrad.evidence import (
    Verdict,
    bonferroni,
    check,
    compare,
    ks_test,
    order_of_convergence,
    proportion_test,
    rounded,
    z_test,
)


def test_check_prints_one_line_whose_digits_survive_the_last_bits(capsys):
    for value in (0.0123401, 0.0123401 * (1 + 1e-15)):
        check("second moment", value, 0.0124, 0.0005)
    line = "second moment: 0.01234 (expected 0.0124 ± 0.0005) ok\n"
    assert capsys.readouterr().out == 2 * line


def test_check_of_arrays_names_the_largest_deviation(capsys):
    check("path", np.array([1.0, 2.003]), [1.0, 2.0], 0.01)
    assert capsys.readouterr().out == "path: largest deviation of 2 numbers is 0.3 tolerances (expected at most 1) ok\n"


@pytest.mark.parametrize(("value", "expected"), [(1.2, 1.0), (math.nan, 1.0), (math.inf, 1.0), ([1.0, 1.2], 1.0), (1 + 0.2j, 1.0)])
def test_check_prints_nothing_where_it_fails(capsys, value, expected):
    with pytest.raises(AssertionError, match="second moment: .*does not agree"):
        check("second moment", value, expected, 0.1)
    assert capsys.readouterr().out == ""


def test_exact_agreement_needs_no_tolerance():
    assert compare(2.0, 2.0, 0).agrees and compare([1.0, 2.0], [1.0, 2.0], 0).agrees
    assert not compare(2.0, 2.0 + 4e-16, 0).agrees and not compare([1.0, 2.0], [1.0, 2.0 + 4e-16], 0).agrees


@pytest.mark.parametrize("tolerance", [-1e-9, math.inf, math.nan])
def test_a_tolerance_that_decides_nothing_is_refused(tolerance):
    with pytest.raises(ValueError, match="must be finite and not negative"):
        compare(1.0, 1.0, tolerance)


def test_nothing_to_compare_is_refused():
    with pytest.raises(ValueError, match="nothing to compare"):
        compare([], [], 0.1)


@pytest.mark.parametrize(
    ("value", "tolerance", "expected"),
    [
        (0.123456789, 0.0, 0.123457),
        (0.123456789, 0.01, 0.1235),
        (3e-16, 1e-12, 0.0),
        (-3e-16, 1e-12, 0.0),
        (1234567.0, 0.0, 1234570.0),
        (math.inf, 1.0, "inf"),
        (0.0, 0.0, 0.0),
    ],
)
def test_rounding_keeps_six_digits_and_drops_noise(value, tolerance, expected):
    assert rounded(value, tolerance) == expected
    assert math.copysign(1, float(rounded(value, tolerance))) == 1


@pytest.mark.parametrize("value", [0.125, 2.5, 1.0000005, 0.1, 1 / 3])
def test_rounding_does_not_hang_on_the_last_bit(value):
    for tolerance in (0.0, 1e-4, 1.0, 50.0):
        near = {rounded(value * (1 + bit), tolerance) for bit in (-4e-16, 0.0, 4e-16)}
        assert len(near) == 1


def test_z_test_counts_both_sides():
    assert z_test(1.0, 0.3, 0.0, 0.4).statistic == pytest.approx(2.0)
    assert z_test(1.96, 1.0, 0.0).p_value == pytest.approx(0.05, abs=1e-4)
    assert not z_test(0.5, 0.1, 0.0).agrees(1e-4)
    assert z_test(0.5, 0.1, 0.0, 0.2).agrees(1e-4)


def test_z_test_of_many_numbers_keeps_the_family_wise_error():
    draws = np.random.default_rng(1).normal(size=(2000, 20))
    alarms = sum(not z_test(row, 1.0, 0.0).agrees(0.05) for row in draws)
    # Independent entries: 1 - (1 - 0.05/20)^20 = 0.0488; five standard errors of 2,000 trials are 0.024.
    assert abs(alarms / 2000 - 0.0488) < 0.024
    shifted = draws[0].copy()
    shifted[7] = 6.0
    assert not z_test(shifted, 1.0, 0.0).agrees(1e-4)


def test_z_test_takes_no_number_for_agreement_where_there_is_none():
    assert not z_test([0.0, math.nan], 1.0, 0.0).agrees(1e-9)
    for error in (0.0, -1.0, math.nan):
        with pytest.raises(ValueError, match="standard errors"):
            z_test(1.0, error, 1.0)


def test_proportions_by_hand():
    exact = proportion_test(60, 100, 0.5)
    assert exact.statistic == pytest.approx(2.0)
    two = proportion_test(60, 100, 0.5, 100)
    assert two.statistic == pytest.approx(0.1 / math.sqrt(0.55 * 0.45 * 0.02))


def test_proportions_reject_a_planted_shift_of_the_printed_size():
    assert proportion_test(4517, 5000, 0.9050, 5000).agrees(0.01)
    assert not proportion_test(4427, 5000, 0.9050, 5000).agrees(0.01)


@pytest.mark.parametrize("numbers", [(-1, 10, 0.5), (11, 10, 0.5), (1, 0, 0.5), (1, 10, 1.5), (1, 10, 0.5, 0)])
def test_impossible_proportions_are_refused(numbers):
    with pytest.raises(ValueError, match="give counts and a fraction"):
        proportion_test(*numbers)


def test_ks_accepts_the_law_and_rejects_a_wrong_scale():
    draws = np.random.default_rng(2).exponential(size=2000)
    assert ks_test(draws, lambda x: 1 - np.exp(-x)).agrees(1e-4)
    assert not ks_test(draws, lambda x: 1 - np.exp(-1.2 * x)).agrees(1e-4)
    other = np.random.default_rng(3).exponential(size=2000)
    assert ks_test(draws, other).agrees(1e-4)
    assert not ks_test(draws, 1.2 * other + 0.1).agrees(1e-4)


def test_bonferroni_multiplies_the_least_p_value():
    family = bonferroni([Verdict(1.0, 0.3), Verdict(2.0, 0.01), Verdict(0.1, 0.9)])
    assert (family.statistic, family.p_value) == (2.0, pytest.approx(0.03))
    assert bonferroni([Verdict(0.1, 0.9)] * 3).p_value == 1.0
    with pytest.raises(ValueError, match="no verdicts"):
        bonferroni([])


def test_error_rate_is_a_probability():
    with pytest.raises(ValueError, match="error_rate"):
        Verdict(0.0, 1.0).agrees(0)


def test_order_of_convergence_covers_the_truth_and_excludes_a_wrong_order():
    h = 0.5 ** np.arange(8)
    noisy = 3 * h**1.5 * np.exp(np.random.default_rng(4).normal(scale=0.05, size=8))
    fit = order_of_convergence(h, noisy, confidence=0.999)
    assert fit.low < 1.5 < fit.high
    assert not fit.low < 1.0 < fit.high and not fit.low < 2.0 < fit.high


@pytest.mark.parametrize(
    ("h", "error"),
    [([0.1, 0.2], [1, 2]), ([0.1, 0.1, 0.1], [1, 2, 3]), ([0.1, 0.2, 0.3], [1, 2]), ([0.1, 0.2, 0.3], [1, 0, 2])],
)
def test_a_fit_without_enough_data_is_refused(h, error):
    with pytest.raises(ValueError, match="step sizes"):
        order_of_convergence(h, error)
