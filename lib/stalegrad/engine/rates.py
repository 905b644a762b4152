"""Learning rates that change with the step: the factors u_k of the rate eta u_k."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Rates:
    """Factors u_1, u_2, ... as a list, or a function of k that is also asked between whole numbers.

    The first step takes u_1: u_k = 1/k has no u_0.
    """

    values: np.ndarray | Callable

    @property
    def name(self) -> str:
        """For tables and saved files."""
        if callable(self.values):
            return getattr(self.values, "__name__", "a function")
        return f"{len(self.values)} rates"

    def of(self, n_steps: int, parts: int = 1) -> np.ndarray:
        """u for n_steps steps, `parts` of which make one step of the algorithm: step j is at k = 1 + j / parts.

        Raises
        ------
        ValueError
            For a list that is shorter than the run, or a factor that is negative or not finite.
        """
        steps = np.arange(n_steps)
        if callable(self.values):
            return _checked(np.array([self.values(1.0 + j / parts) for j in steps], float).reshape(n_steps))
        needed = -(-n_steps // parts)
        if len(self.values) < needed:
            raise ValueError(f"rates lists {len(self.values)} factors for {needed} steps: give at least one a step, or fewer steps")
        return self.values[steps // parts]

    def __call__(self, k: int) -> float:
        """The factor of step k = 0, 1, ..., which is u_{k+1}."""
        return self.values(1.0 + k) if callable(self.values) else self.values[k]


def learning_rates(rates) -> Rates | None:
    """`rates` as a value; None stays None.

    >>> learning_rates([1.0, 0.5]).of(2).tolist(), learning_rates(lambda k: 1 / k).of(4)[-1]
    ([1.0, 0.5], np.float64(0.25))
    """
    if rates is None or isinstance(rates, Rates):
        return rates
    if callable(rates):
        return Rates(rates)
    values = np.array(rates, float)
    if values.ndim != 1 or len(values) == 0:
        raise ValueError(f"rates has shape {values.shape}: give a list u_1, u_2, ... of factors of eta, or a function of k = 1, 2, ...")
    values = _checked(values)
    values.setflags(write=False)
    return Rates(values)


def rated(eta: float, rates: Rates | None, n_steps: int):
    """eta u_k for each step, or eta alone where it does not change."""
    return eta if rates is None else eta * rates.of(n_steps)


def given(rates: Rates | None) -> dict:
    """The parameter of a process, where there is one."""
    return {} if rates is None else {"rates": rates}


def _checked(values: np.ndarray) -> np.ndarray:
    bad = ~(np.isfinite(values) & (values >= 0.0))
    if bad.any():
        k = int(np.flatnonzero(bad)[0])
        raise ValueError(f"rates: factor number {k + 1} is {values[k]}; factors of eta must be finite and at least 0")
    return values
