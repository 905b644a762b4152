r"""Moments of the discrete rules on components with linear gradients, :math:`\nabla f_i(x)=H_ix-b_i`.

Given the past, one read r of a stale iterate has mean :math:`\bar z` and second moment R; both are linear in what
the state remembers. One step then needs

.. math:: \mathrm{Cov}[\nabla f_\gamma(r)] = E_i[G_i\tilde RG_i^T]-\bar G\,E[\tilde z\tilde z^T]\,\bar G^T,
          \qquad G_i=(H_i,-b_i),\ \tilde r=(r,1),

and the second moments close. Two kinds of memory:

- a window of past iterates, for a staleness law on finitely many lags;
- for a mixture :math:`\sum_jw_j(1-\mu_j)\mu_j^l` the averages :math:`z_j\leftarrow\mu_jz_j+(1-\mu_j)x`, and
  :math:`Q_j\leftarrow\mu_jQ_j+(1-\mu_j)xx^T` beside them. For one geometric law and d = 1 the second moments are four
  numbers, :math:`E x^2, E xz, E z^2, E Q`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stalegrad.moments.system import Array, Layout, System, packed_start


@dataclass(frozen=True)
class Memory:
    r"""What the state remembers of the past, and how reads follow from it.

    Attributes
    ----------
    weights : ndarray (J,)
        Weights of the remembered vectors in the expected read.
    rates : ndarray (J,) or None
        :math:`\mu_j` of the averages; None for a window of past iterates.
    """

    weights: Array
    rates: Array | None

    @classmethod
    def of(cls, law) -> Memory:
        """Memory of a `stalegrad.staleness` law."""
        if law.finite is not None:
            return cls(np.asarray(law.finite, dtype=float), None)
        return cls(np.asarray(law.weights, dtype=float), np.asarray(law.mus, dtype=float))


class Rule:
    r"""Linear recursion :math:`x'=x-\eta\,\bar\nabla` (or heavy ball) with stale reads, as an operator on moments.

    The state is s = (x, velocity if any, remembered vectors); in a window, lag 0 is x itself and is not stored twice.
    """

    def __init__(self, linear: tuple[Array, Array], eta: float, memory: Memory, momentum: float | None = None):
        H, b = (np.asarray(part, dtype=float) for part in linear)
        gradients = np.concatenate([H, -b[..., None]], axis=2)
        self.dim, self.memory, self.eta = H.shape[1], memory, eta
        self.moving = momentum is not None
        self.momentum = momentum or 0.0
        self.gradient = gradients.mean(axis=0)
        self.products = np.einsum("nij,nlk->iljk", gradients, gradients) / len(H)
        stored = len(memory.weights) - (memory.rates is None)
        self.layout = Layout(self.dim * (1 + self.moving + stored), () if memory.rates is None else (self.dim,) * stored)
        self.read = self._read()
        self.mean, self.inject = self._mean_map(eta)
        self.still = self._mean_map(0.0)[0]

    def _block(self, index: int) -> slice:
        return slice(index * self.dim, (index + 1) * self.dim)

    def _remembered(self, j: int) -> slice:
        """Place of the j-th remembered vector in s."""
        if self.memory.rates is None:
            return self._block(j + self.moving if j else 0)
        return self._block(1 + self.moving + j)

    def _read(self) -> Array:
        r"""Matrix of the expected read, :math:`\tilde z=(\bar z,1)` from :math:`\tilde s`."""
        read = np.zeros((self.dim + 1, self.layout.state + 1))
        for j, weight in enumerate(self.memory.weights):
            read[: self.dim, self._remembered(j)] += weight * np.eye(self.dim)
        read[-1, -1] = 1.0
        return read

    def _mean_map(self, eta: float) -> tuple[Array, Array]:
        """Expected step of s with 1 appended, and where a gradient's noise enters; both are affine in eta."""
        size, identity, x = self.layout.state + 1, np.eye(self.dim), self._block(0)
        step, inject = np.zeros((size, size)), np.zeros((size, self.dim))
        step[-1, -1] = 1.0
        step[x, x] += identity
        step[x] -= eta * self.gradient @ self.read
        inject[x] = -eta * identity
        if self.moving:
            v = self._block(1)
            step[x, v] += self.momentum * identity
            step[v] = step[x]
            step[v, x] -= identity
            inject[v] = inject[x]
        for j in range(len(self.memory.weights)):
            place = self._remembered(j)
            if self.memory.rates is not None:
                fresh = 1.0 - self.memory.rates[j]
                step[place] = fresh * step[x]
                step[place, place] += self.memory.rates[j] * identity
                inject[place] = fresh * inject[x]
            elif j:
                step[place, self._remembered(j - 1)] = identity
        return step, inject

    def _read_second(self, full: Array, extras: list[Array]) -> Array:
        r"""Second moment of one read with 1 appended, :math:`E[\tilde r\tilde r^T]`."""
        expected = self.read @ full @ self.read.T
        if self.memory.rates is not None:
            expected[..., :-1, :-1] = sum(w * Q for w, Q in zip(self.memory.weights, extras, strict=True))
            return expected
        expected[..., :-1, :-1] = 0.0
        for j, weight in enumerate(self.memory.weights):
            if weight == 0.0:
                continue
            place = self._remembered(j)
            expected[..., :-1, :-1] += weight * full[..., place, place]
        return expected

    def advance(self, full: Array, extras: list[Array], batch: float = 1.0, shared: bool = False, rate: float = 1.0):
        r"""One step of (S, Q_1, ..., Q_J).

        A batch of B samples with staleness of their own divides the whole covariance by B; with one `shared` draw of
        the staleness only the sampling part is divided (claim SME-4.2). `rate` is a factor of eta in this step.
        """
        second, g = self._read_second(full, extras), self.gradient
        expected = g @ self.read @ full @ self.read.T @ g.T
        given_read = g @ second @ g.T
        raw = np.einsum("iljk,...jk->...il", self.products, second, optimize=True)
        noise = (raw - given_read) / batch + given_read - expected if shared else (raw - expected) / batch
        mean = self.mean if rate == 1.0 else self.still + rate * (self.mean - self.still)
        moved = mean @ full @ mean.T + rate**2 * self.inject @ noise @ self.inject.T
        if self.memory.rates is None:
            return moved, []
        fresh = moved[..., : self.dim, : self.dim]
        return moved, [mu * Q + (1.0 - mu) * fresh for mu, Q in zip(self.memory.rates, extras, strict=True)]

    def matrix(self, batch: float = 1.0, shared: bool = False) -> Array:
        """The step as a matrix on packed moments."""
        return self.layout.matrix_of(lambda full, extras: self.advance(full, extras, batch, shared))

    def begin(self, start: Array) -> tuple[Array, list[Array]]:
        """s and the second moments beside it for a past frozen at `start` (d,), with velocity zero."""
        state = np.tile(start, self.layout.state // self.dim)
        if self.moving:
            state[self._block(1)] = 0.0
        return state, [np.outer(start, start)] * len(self.layout.extras)

    def system(self, start: Array, batch: float = 1.0, shared: bool = False) -> System:
        """Moments from a past frozen at `start` (d,), with velocity zero."""
        return System(self.layout, self.matrix(batch, shared), packed_start(self.layout, *self.begin(start)), self.dim)
