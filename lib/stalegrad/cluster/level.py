r"""The level that a real run keeps once its start is forgotten: means of the centre over the second half of its updates.

With n updates in all and $\tilde x_k$ the centre after update k, they are the means over $n/2 < k \le n$ of $\tilde x_k$, of its square in
each coordinate, and of the objective value $F(\tilde x_k)$. Long runs, and centres of many coordinates, are thinned to every 2^j-th k.
"""

from __future__ import annotations

import numpy as np

MOST_CENTRES, MOST_NUMBERS = 2**14, 2**22
"""What is kept in memory at most: 16,384 centres, of 32 MiB together (but always 4 centres)."""


class Level:
    """Keeps centres of a run whose length is not known, evenly spaced: when there are too many, every other one goes.

    Examples
    --------
    >>> level = Level()
    >>> for k in range(1, 7):
    ...     level.append(k, np.array([float(k)]))
    >>> level.told(6)["second_half_mean"], level.told(6)["second_half_updates"]
    (array([5.]), [4, 6])
    """

    def __init__(self) -> None:
        self.every = 1
        self._kept: dict[int, np.ndarray] = {}

    def append(self, version: int, centre: np.ndarray) -> None:
        """Take the centre (d,) after update number `version`."""
        if version % self.every:
            return
        self._kept[version] = centre.copy()
        if len(self._kept) > max(4, min(MOST_CENTRES, MOST_NUMBERS // centre.size)):
            self.every *= 2
            self._kept = {k: kept for k, kept in self._kept.items() if k % self.every == 0}

    def told(self, last: int, objective=None) -> dict:
        """The means over the second half of the updates 1, ..., `last`; nothing if none of them was seen.

        Parameters
        ----------
        last : int
            n, the number of the last update.
        objective : callable, optional
            F, of points (d, B).

        Returns
        -------
        dict
            `second_half_mean` and `second_half_second_moment` (d,), `second_half_value` if F is given, and `second_half_updates`, the numbers
            [first, last] of the updates they are over: a run that was resumed after its half has seen the later ones alone.
        """
        chosen = [k for k in self._kept if 2 * k > last]
        if not chosen:
            return {}
        centres = np.array([self._kept[k] for k in chosen])
        with np.errstate(over="ignore", invalid="ignore"):
            means = {"second_half_mean": centres.mean(axis=0), "second_half_second_moment": (centres**2).mean(axis=0)}
            if objective is not None:
                means["second_half_value"] = float(np.mean(objective(centres.T)))
        return means | {"second_half_updates": [chosen[0], chosen[-1]]}
