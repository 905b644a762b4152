"""Laws of the staleness tau: how many updates pass between the read and the write of a gradient.

One frozen value, `Staleness`, holds the probabilities of tau = 0 .. max; the constructors `none`, `constant`,
`geometric`, `uniform`, `empirical`, `from_samples` and `mixture` make it. A law with infinite support is cut
where its tail is at most `TAIL`; the law knows the exact pmf, tail and mean, and states the bias of the cut.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from stalegrad.engine.checks import real

TAIL = 2.0**-31
"""Largest probability that may be cut from an infinite support: what a 31-bit uniform number can resolve."""

LONGEST = 2**24
"""Most lags a simulated law may have: every path keeps a history of this length."""


@dataclass(frozen=True, eq=False)
class Staleness:
    r"""The law of the staleness $\tau$.

    The law is a table on 0 .. len(finite) - 1 (`finite`), or a mixture
    $P(\tau = l) = \sum_j w_j (1 - \mu_j) \mu_j^l$ of geometric laws (`weights`, `mus`).

    Attributes
    ----------
    name : str
        How the law was made, for tables and saved files.
    finite : ndarray or None
        Probabilities of 0 .. max of a law of finite support.
    weights, mus : tuples of float
        Mixture of geometric laws, where the support is infinite.
    table : ndarray
        Probabilities of tau = 0 .. max as simulated: the cut law, renormalised.
    """

    name: str
    finite: np.ndarray | None = None
    weights: tuple[float, ...] = ()
    mus: tuple[float, ...] = ()
    table: np.ndarray = field(init=False, repr=False)

    def __post_init__(self):
        table = self.finite if self.finite is not None else self.pmf(np.arange(self._cut()))
        table = table / table.sum()
        table.setflags(write=False)
        object.__setattr__(self, "table", table)

    def pmf(self, lag):
        """P(tau = lag), exact (of the law before it is cut); an array for an array of lags."""
        lag = _lags(lag)
        if self.finite is not None:
            inside = lag < len(self.finite)
            return np.where(inside, self.finite[np.where(inside, lag, 0)], 0.0)[()]
        return sum(w * (1.0 - mu) * mu ** lag.astype(float) for w, mu in zip(self.weights, self.mus, strict=True))[()]

    def tail(self, lag):
        """P(tau >= lag), exact (of the law before it is cut); an array for an array of lags."""
        lag = _lags(lag)
        if self.finite is not None:
            above = np.append(np.cumsum(self.finite[::-1])[::-1], 0.0)
            return above[np.minimum(lag, len(self.finite))][()]
        return sum(w * mu ** lag.astype(float) for w, mu in zip(self.weights, self.mus, strict=True))[()]

    @property
    def mean(self) -> float:
        """E tau, exact (of the law before it is cut)."""
        if self.finite is not None:
            return float(np.arange(len(self.finite)) @ self.finite)
        return math.fsum(w * mu / (1.0 - mu) for w, mu in zip(self.weights, self.mus, strict=True))

    @property
    def max(self) -> int:
        """Largest staleness that is simulated."""
        return len(self.table) - 1

    @property
    def truncation_bias(self) -> float:
        """P(tau > max), the probability that was cut: at most 2^-31. The simulated law is at this total variation distance."""
        return 0.0 if self.finite is not None else float(self.tail(self.max + 1))

    def __repr__(self) -> str:
        return self.name

    def _cut(self) -> int:
        """Smallest L with P(tau >= L) <= TAIL."""
        low, high = 1, 1
        while self.tail(high) > TAIL:
            low, high = high, 2 * high
            if high > LONGEST:
                raise ValueError(
                    f"{self.name} reaches back more than {LONGEST} updates with probability {self.tail(high):.2g}: "
                    "no such history can be kept; take mu further from 1"
                )
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self.tail(middle) > TAIL else (low, middle)
        return high


def none() -> Staleness:
    """No staleness, tau = 0: synchronous SGD.

    >>> none().mean
    0.0
    """
    return Staleness("none()", finite=np.ones(1))


def constant(lag: int) -> Staleness:
    """Every gradient is `lag` updates old.

    >>> constant(3).pmf([2, 3]).tolist()
    [0.0, 1.0]
    """
    lag = _lag(lag, "lag")
    table = np.zeros(lag + 1)
    table[lag] = 1.0
    return Staleness(f"constant({lag})", finite=table)


def geometric(mu: float) -> Staleness:
    r"""Geometric staleness, $P(\tau = l) = (1 - \mu) \mu^l$ for l = 0, 1, ... (claim SME-A1).

    The mean is mu / (1 - mu). Simulation uses the law cut at the smallest L with mu^L <= 2^-31, renormalised;
    `geometric(0)` is `none()`.

    Parameters
    ----------
    mu : float
        In [0, 1).

    Examples
    --------
    >>> law = geometric(0.95)
    >>> round(law.mean, 9), law.max, law.truncation_bias < 2**-31
    (19.0, 418, True)
    """
    mu = _rate(mu, "mu")
    return none() if mu == 0.0 else Staleness(f"geometric({mu})", weights=(1.0,), mus=(mu,))


def uniform(low: int, high: int) -> Staleness:
    """Uniform on low, low + 1, ..., high (both included).

    >>> uniform(1, 3).mean
    2.0
    """
    low, high = _lag(low, "low"), _lag(high, "high")
    if high < low:
        raise ValueError(f"uniform({low}, {high}) is empty: low must not exceed high")
    table = np.zeros(high + 1)
    table[low:] = 1.0 / (high + 1 - low)
    return Staleness(f"uniform({low}, {high})", finite=table)


def empirical(counts) -> Staleness:
    """A law from its histogram: counts[l] (or any weights) says how often tau = l was seen, l = 0, 1, ...

    For a list of observed delays use `from_samples`.

    >>> empirical([1, 0, 3]).pmf([0, 1, 2]).tolist()
    [0.25, 0.0, 0.75]
    """
    table = np.array(counts, dtype=float)
    if table.ndim != 1 or table.size == 0:
        raise ValueError(f"counts has shape {table.shape}: give one number for each lag 0, 1, ...")
    if not np.isfinite(table).all() or (table < 0).any():
        raise ValueError(f"counts contains {table[~(np.isfinite(table) & (table >= 0))][0]}: counts must be finite and not negative")
    if not table.any():
        raise ValueError("counts are all zero and cannot be normalised: at least one must be positive")
    table = np.trim_zeros(table, "b") / table.max()
    return Staleness(f"empirical({len(table)} lags)", finite=table / table.sum())


def from_samples(lags) -> Staleness:
    """The law of observed delays: each of the given lags is equally likely.

    >>> from_samples([0, 2, 2, 2]).pmf([0, 1, 2]).tolist()
    [0.25, 0.0, 0.75]
    """
    lags = np.asarray(lags)
    if lags.size == 0:
        raise ValueError("lags is empty: give at least one observed delay")
    return empirical(np.bincount(_lags(lags).ravel()))


def mixture(weights, mus) -> Staleness:
    r"""A mixture of geometric laws, $P(\tau = l) = \sum_j w_j (1 - \mu_j) \mu_j^l$ (claim SME-embedding).

    Parameters
    ----------
    weights : sequence of float
        w_j >= 0, summing to 1 (to 1e-9).
    mus : sequence of float
        mu_j in [0, 1), one for each weight.

    Examples
    --------
    >>> round(mixture([0.5, 0.5], [0.0, 0.9]).mean, 12)
    4.5
    """
    weights = np.array(weights, dtype=float, ndmin=1)
    mus = [_rate(mu, "mu") for mu in np.atleast_1d(np.array(mus, dtype=float))]
    if weights.ndim != 1 or len(weights) != len(mus):
        raise ValueError(f"{weights.size} weights and {len(mus)} mus: give one weight for each mu")
    if not (weights >= 0).all() or not abs(weights.sum() - 1.0) <= 1e-9:
        raise ValueError(f"weights={weights.tolist()} must not be negative and must sum to 1 (they sum to {weights.sum()})")
    weights = weights / weights.sum()
    return Staleness(f"mixture({weights.tolist()}, {mus})", weights=tuple(weights.tolist()), mus=tuple(mus))


def _rate(mu, name: str) -> float:
    mu = real(mu, name)
    if not 0.0 <= mu < 1.0:
        raise ValueError(f"{name}={mu} must lie in [0, 1): {name} = 0 is no staleness, at 1 the mean delay is infinite")
    return mu


def _lag(value, name: str) -> int:
    lag = _lags(value, name)
    if lag.ndim:
        raise ValueError(f"{name}={value} must be one whole number, not a list")
    return int(lag)


def _lags(values, name: str = "lag") -> np.ndarray:
    """`values` as integers >= 0, or an error that names the first that is not."""
    values = np.asarray(values)
    numbers = values.astype(float)
    bad = ~(np.isfinite(numbers) & (numbers >= 0) & (numbers == np.floor(numbers)))
    if bad.any():
        raise ValueError(f"{name}={numbers[bad].ravel()[0]} must be a whole number of updates, 0 or more")
    return values.astype(np.int64)
