"""Tests of agreement: is a computed number what it should be, and at which error rate?

For authors of tests and notebooks. Sizes and tolerances are fixed before looking;
a test over many numbers states its family-wise error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy


@dataclass(frozen=True)
class Comparison:
    """One number beside its expected value, or the worst of many in units of its tolerance."""

    value: float
    expected: float
    tolerance: float
    count: int = 1

    @property
    def agrees(self) -> bool:
        """Whether |value - expected| <= tolerance; false for NaN."""
        return bool(abs(self.value - self.expected) <= self.tolerance)

    def recorded(self) -> dict:
        """Rounded numbers for the evidence report."""
        numbers = {name: rounded(getattr(self, name), self.tolerance) for name in ("value", "expected", "tolerance")}
        return numbers | ({"count": self.count} if self.count > 1 else {})

    def __str__(self) -> str:
        numbers = self.recorded()
        shown = {name: f"{float(number):.6g}" for name, number in numbers.items()}
        if self.count > 1:
            return f"largest deviation of {self.count} numbers is {shown['value']} tolerances (expected at most 1)"
        return f"{shown['value']} (expected {shown['expected']} ± {shown['tolerance']})"


def compare(value, expected, tolerance) -> Comparison:
    """Set `value` beside `expected`; all three may be arrays that broadcast.

    Raises
    ------
    ValueError
        If the tolerance is negative or not finite: such a test cannot fail, or cannot pass.
    """
    value, expected, tolerance = (_numbers(x) for x in (value, expected, tolerance))
    if not (np.all(np.isfinite(tolerance)) and np.all(tolerance >= 0)):
        raise ValueError(f"tolerance is {tolerance}; it must be finite and not negative: give the largest deviation allowed")
    if value.size == expected.size == tolerance.size == 1 and not (np.iscomplexobj(value) or np.iscomplexobj(expected)):
        return Comparison(value.item(), expected.item(), tolerance.item())
    deviation = np.abs(value - expected)
    if deviation.size == 0:
        raise ValueError("nothing to compare: value and expected are empty; pass at least one number")
    with np.errstate(divide="ignore", invalid="ignore"):
        units = np.where(deviation == 0, 0.0, deviation / tolerance)
    return Comparison(float(np.max(units)), 0.0, 1.0, units.size)


def _numbers(value) -> np.ndarray:
    array = np.asarray(value)
    return array.astype(complex if np.iscomplexobj(array) else float)


def rounded(value: float, tolerance: float) -> float | str:
    """`value` to six digits, but no finer than a hundredth of the tolerance.

    What the tolerance calls noise is not shown, so the last bits of another
    processor change neither report nor notebook.
    """
    if not math.isfinite(value):
        return str(value)
    if value == 0:
        return 0.0
    place = math.floor(math.log10(abs(value))) - 5
    if tolerance > 0:
        place = max(place, math.floor(math.log10(tolerance)) - 2)
    # Short decimals such as 0.125 sit on a rounding edge, where the last bit would decide: step off it.
    return round(value * (1 + 1e-9), -place) + 0.0


def check(label: str, value, expected, tolerance) -> None:
    """Assert |value - expected| <= tolerance, then print one verdict line.

    For notebooks: the digits printed do not depend on the last bits of the result.

    Examples
    --------
    >>> check("stationary second moment", 0.0123401, 0.0124, 0.0005)
    stationary second moment: 0.01234 (expected 0.0124 ± 0.0005) ok
    """
    comparison = compare(value, expected, tolerance)
    if not comparison.agrees:
        raise AssertionError(f"{label}: {comparison} does not agree")
    print(f"{label}: {comparison} ok")


@dataclass(frozen=True)
class Verdict:
    """Outcome of a statistical test: its statistic and two-sided p-value."""

    statistic: float
    p_value: float

    def agrees(self, error_rate: float) -> bool:
        """Whether the test accepts agreement at this chance of a false alarm."""
        if not 0 < error_rate < 1:
            raise ValueError(f"error_rate is {error_rate}; it must lie in (0, 1): choose it before looking, e.g. 1e-4")
        return bool(self.p_value >= error_rate)


def z_test(value, standard_error, expected, expected_error=0.0) -> Verdict:
    """Compare means, counting the standard errors of *both* sides.

    Arrays are tested entry by entry; the statistic is the largest |z|, the p-value
    is Bonferroni's over all entries (entries may be dependent).

    Examples
    --------
    >>> z_test(0.91, 0.01, 0.9034, 0.0042).agrees(0.01)
    True
    """
    sides = np.asarray(standard_error, float), np.asarray(expected_error, float)
    error = np.hypot(*sides)
    if not (np.all(np.isfinite(error)) and np.all(error > 0) and all(np.all(side >= 0) for side in sides)):
        raise ValueError("standard errors are zero, negative or not finite; a z-test needs a positive one on at least one side")
    z = np.abs(np.asarray(value, float) - np.asarray(expected, float)) / error
    return bonferroni([Verdict(float(each), math.erfc(each / math.sqrt(2))) for each in np.ravel(z)])


def proportion_test(count: int, n: int, expected: float, expected_n: float = math.inf) -> Verdict:
    """Score test of `count` out of `n` against a fraction seen in `expected_n` trials.

    The default `expected_n = inf` takes `expected` as exact.

    Examples
    --------
    >>> proportion_test(4550, 5000, 0.9034, 5000).agrees(0.01)
    True
    """
    if not (0 <= count <= n and n > 0 and 0 < expected < 1 and expected_n > 0):
        raise ValueError(
            f"count={count}, n={n}, expected={expected}, expected_n={expected_n}: "
            "need 0 <= count <= n, n > 0, 0 < expected < 1, expected_n > 0; give counts and a fraction"
        )
    weight = n / (n + expected_n)
    pooled = weight * count / n + (1 - weight) * expected
    error = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / expected_n))
    return z_test(count / n, error, expected)


def ks_test(sample, other) -> Verdict:
    """Kolmogorov-Smirnov test of a sample against a distribution function or a second sample."""
    result = scipy.stats.kstest(np.ravel(sample), other if callable(other) else np.ravel(other))
    return Verdict(float(result.statistic), float(result.pvalue))


def bonferroni(verdicts) -> Verdict:
    """One verdict for a family of tests: the worst statistic, p-value times their number."""
    verdicts = list(verdicts)
    if not verdicts:
        raise ValueError("no verdicts given; a family of tests has at least one")
    if any(math.isnan(verdict.p_value) for verdict in verdicts):
        return Verdict(math.nan, 0.0)
    worst = min(verdicts, key=lambda verdict: verdict.p_value)
    return Verdict(worst.statistic, min(1.0, len(verdicts) * worst.p_value))


@dataclass(frozen=True)
class Order:
    """Fitted order of convergence with its confidence interval."""

    order: float
    low: float
    high: float


def order_of_convergence(h, error, confidence: float = 0.95) -> Order:
    """Slope of log(error) against log(h), by least squares, with Student's interval.

    Examples
    --------
    >>> fit = order_of_convergence([0.1, 0.05, 0.025], [0.01, 0.0025, 0.000625])
    >>> round(fit.order, 6)
    2.0
    """
    h, error = np.asarray(h, float), np.asarray(error, float)
    if h.shape != error.shape or h.ndim != 1 or len(np.unique(h)) < 3:
        raise ValueError(f"h has shape {h.shape}, error {error.shape}: need at least three different step sizes, one error each")
    if not (np.all(h > 0) and np.all(error > 0) and np.all(np.isfinite(h * error))):
        raise ValueError("step sizes and errors must be positive and finite: their logarithms are fitted")
    fit = scipy.stats.linregress(np.log(h), np.log(error))
    reach = float(scipy.special.stdtrit(len(h) - 2, (1 + confidence) / 2) * fit.stderr)
    return Order(float(fit.slope), float(fit.slope) - reach, float(fit.slope) + reach)
