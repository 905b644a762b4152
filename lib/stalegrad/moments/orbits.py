r"""Second moments of workers that are alike: one number for each kind of pair.

If a step treats its workers alike and they start alike, :math:`E\,x^ix^j` depends on whether i = j and on nothing else of i
and j. So the matrix S of second moments is known from few numbers, one for each orbit of pairs of variables under
permutations of the workers; with workers in different phases of their clocks, under permutations within a phase.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stalegrad.moments.affine import Variable
from stalegrad.moments.system import Array


class Orbits:
    """Pairs of variables that workers who are alike make equal.

    Parameters
    ----------
    variables : sequence of Variable
        A constant 1 is appended.
    classes : array (p,)
        Workers of the same class are alike.
    """

    def __init__(self, variables: Sequence[Variable], classes: Array):
        kinds = [(v.field, v.coordinate, classes[v.worker] if v.worker >= 0 else -1) for v in variables] + [("one",)]
        _, kind = np.unique([str(kind) for kind in kinds], return_inverse=True)
        worker = np.array([v.worker for v in variables] + [-1])
        same = (worker[:, None] == worker) & (worker[:, None] >= 0)
        low, high = np.minimum.outer(kind, kind), np.maximum.outer(kind, kind)
        codes = (low * len(kinds) + high) * 2 + same
        _, first, labels = np.unique(codes, return_index=True, return_inverse=True)
        self.labels = labels.reshape(codes.shape)
        """Orbit of each pair (N+1, N+1)."""
        self.sizes = np.bincount(self.labels.ravel())
        self.first = np.unravel_index(first, codes.shape)
        """A pair of each orbit: rows and columns."""

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def constant(self) -> int:
        """The orbit of the pair (1, 1)."""
        return self.labels[-1, -1]

    @property
    def means(self) -> Array:
        """The orbits of a variable and the 1."""
        return np.setdiff1d(self.labels[-1], [self.constant])

    def unpack(self, values: Array) -> Array:
        """Matrices (..., N+1, N+1) from one number for each orbit (..., K)."""
        return values[..., self.labels]

    def pack(self, matrices: Array) -> Array:
        """Averages over orbits (..., K) of matrices (..., N+1, N+1)."""
        flat = matrices.reshape(-1, self.labels.size)
        sums = [np.bincount(self.labels.ravel(), weights=matrix, minlength=len(self)) for matrix in flat]
        return (np.array(sums) / self.sizes).reshape(*matrices.shape[:-2], len(self))
