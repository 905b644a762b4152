r"""Moments of the limits on components with linear gradients, :math:`\nabla f_i(x)=H_ix-b_i`.

Every limit is linear with a noise covariance that is linear in second moments: the state moves as
:math:`d\tilde s=L\tilde s\,dt+\text{noise}`, the noise covariance per unit of time is
:math:`J D(S,\Sigma)J^T`, and :math:`\Sigma` may follow an equation of its own. One description gives both

- `euler`: one step of the Euler-Maruyama scheme, :math:`S'=(I+\Delta tL)S(I+\Delta tL)^T+\Delta tJDJ^T`;
- `flow`: the limit itself, :math:`\dot S=LS+SL^T+JDJ^T`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from stalegrad.moments.system import Array, Layout, Operator, System, packed_start


@dataclass(frozen=True)
class LinearLimit:
    r"""A limit on a problem with linear gradients.

    Attributes
    ----------
    drift : ndarray (D+1, D+1)
        L, with a zero last row.
    inject : ndarray (D+1, d)
        J, where noise enters.
    covariance : callable (S, extras) -> (..., d, d)
        D, per unit of time.
    rates : callable (S, extras) -> list of (..., d, d)
        Rates of change of the covariances that have memory, `extras`; an empty list where there are none.
    state, extras : callables start -> ndarray, list of ndarray
        s and the covariances at time 0, for a past frozen at `start`.
    dt : float
        Step of the Euler scheme.
    dim : int
        d; the iterate is the first d entries of s.
    """

    drift: Array
    inject: Array
    covariance: Callable[[Array, list[Array]], Array]
    rates: Callable[[Array, list[Array]], list[Array]]
    state: Callable[[Array], Array]
    extras: Callable[[Array], list[Array]]
    dt: float
    dim: int

    def _noise(self, full: Array, extras: list[Array]) -> Array:
        return self.inject @ self.covariance(full, extras) @ self.inject.T

    def _euler(self, full: Array, extras: list[Array]):
        step = np.eye(len(self.drift)) + self.dt * self.drift
        moved = step @ full @ step.T + self.dt * self._noise(full, extras)
        rates = self.rates(full, extras)
        return moved, [extra + self.dt * rate for extra, rate in zip(extras, rates, strict=True)]

    def _flow(self, full: Array, extras: list[Array]):
        return self.drift @ full + full @ self.drift.T + self._noise(full, extras), self.rates(full, extras)

    def _system(self, operator: Operator, start: Array) -> System:
        extras = self.extras(start)
        layout = Layout(len(self.drift) - 1, (self.dim,) * len(extras))
        return System(layout, layout.matrix_of(operator), packed_start(layout, self.state(start), extras), self.dim)

    def euler(self, start: Array) -> System:
        """Moments of the Euler-Maruyama scheme with step `dt`."""
        return self._system(self._euler, start)

    def flow(self, start: Array) -> System:
        """Moments in continuous time; the matrix is the rate of change."""
        return self._system(self._flow, start)

    def with_batch(self, batch: float) -> LinearLimit:
        """The same limit with its noise covariance divided by `batch` (4.2)."""
        return replace(self, covariance=lambda full, extras: self.covariance(full, extras) / batch)


def _no_rates(full: Array, extras: list[Array]) -> list[Array]:
    return []


def _no_extras(start: Array) -> list[Array]:
    return []


class Gradients:
    """Averages over components with linear gradients, as operators on S."""

    def __init__(self, linear: tuple[Array, Array]):
        H, b = (np.asarray(part, dtype=float) for part in linear)
        gradients = np.concatenate([H, -b[..., None]], axis=2)
        self.dim = H.shape[1]
        self.hessian = H.mean(axis=0)
        self.mean = gradients.mean(axis=0)
        centred = gradients - self.mean
        self._spread = np.einsum("nij,nlk->iljk", centred, centred) / len(H)

    @property
    def is_additive(self) -> bool:
        """Whether the sampling covariance is the same at every point."""
        moving = self._spread[:, :, : self.dim]
        return bool(np.abs(moving).max() <= 1e-14 * np.abs(self._spread).max())

    def on(self, place: slice, size: int) -> Array:
        """Matrix of the mean gradient at the block `place` of s, from s with 1 appended."""
        matrix = np.zeros((self.dim, size))
        matrix[:, place] = self.hessian
        matrix[:, -1] = self.mean[:, -1]
        return matrix

    def sampling_covariance(self, full: Array, place: slice) -> Array:
        """E of the covariance over components of the gradient at block `place`."""
        index = [*range(place.start, place.stop), full.shape[-1] - 1]
        return np.einsum("iljk,...jk->...il", self._spread, full[..., index, :][..., :, index], optimize=True)

    def at(self, point: Array) -> tuple[Array, Array]:
        """Mean gradient and sampling covariance at a point."""
        full = np.append(point, 1.0)
        return self.mean @ full, self.sampling_covariance(np.outer(full, full), slice(0, self.dim))


def sme_sgd(linear, eta: float) -> LinearLimit:
    r"""(3.3): drift :math:`-(I+\tfrac\eta2H)\nabla F`, noise :math:`\eta\Sigma(X)`, time :math:`\Delta t=\eta`."""
    model = Gradients(linear)
    d, x = model.dim, slice(0, model.dim)
    drift = np.zeros((d + 1, d + 1))
    drift[x] = -(np.eye(d) + eta / 2 * model.hessian) @ model.on(x, d + 1)

    def covariance(full, extras):
        return eta * model.sampling_covariance(full, x)

    return LinearLimit(drift, np.eye(d + 1, d), covariance, _no_rates, np.copy, _no_extras, eta, d)


def sme_msgd(linear, eta: float, momentum: float) -> LinearLimit:
    r"""(2.7) for (X, P), noise on P, time :math:`\Delta t=\sqrt{\eta'}`."""
    dt = np.sqrt(eta)
    return _langevin(Gradients(linear), (1.0 - momentum) / dt, dt, None)


def sme_asgd_linear(linear, eta: float, mu: float, Sigma: Array | None = None) -> LinearLimit:
    r"""(2.5) for (M, P), noise on P, time :math:`\Delta t=\sqrt{\eta(1-\mu)}`.

    :math:`\Sigma` is constant, or the sampling covariance at M if none is given.
    """
    return _langevin(Gradients(linear), np.sqrt((1.0 - mu) / eta), np.sqrt(eta * (1.0 - mu)), Sigma)


def _langevin(model: Gradients, friction: float, dt: float, Sigma: Array | None) -> LinearLimit:
    d, x, p = model.dim, slice(0, model.dim), slice(model.dim, 2 * model.dim)
    drift, inject = np.zeros((2 * d + 1, 2 * d + 1)), np.zeros((2 * d + 1, d))
    drift[x, p] = inject[p] = np.eye(d)
    drift[p] = -model.on(x, 2 * d + 1)
    drift[p, p] -= friction * np.eye(d)

    def covariance(full, extras):
        if Sigma is None:
            return dt * model.sampling_covariance(full, x)
        return dt * full[..., -1:, -1:] * np.reshape(Sigma, (d, d))

    def at_rest(start):
        return np.concatenate([start, np.zeros(d)])

    return LinearLimit(drift, inject, covariance, _no_rates, at_rest, _no_extras, dt, d)


def sme_asgd(linear, eta: float, mu: float, lag_factor: float | None = None) -> LinearLimit:
    r"""(2.11) with (2.12) for (X, Y, Sigma); :math:`\Delta t=\sqrt{\eta(1-\mu)}`.

    (2.12) is :math:`\dot\Sigma=\kappa[\mathrm{Cov}_i(X)-\Sigma+\tfrac1\mu hh^T]` with the lag
    :math:`h=Y/\alpha+\nabla F(X)`. `lag_factor` replaces :math:`1/\mu`: 1 is the closure in continuous time.
    """
    return sme_asgd_mixture(linear, eta, (1.0,), (mu,), None if lag_factor is None else (lag_factor,))


def sme_asgd_mixture(linear, eta: float, weights, mus, lag_factors=None) -> LinearLimit:
    r"""The same with one (Y_j, S_j) for each exponential of the staleness law (SME-embedding).

    With :math:`\bar Y=\sum_jw_jY_j`, the noise has :math:`\Sigma=\sum_jw_j(S_j+(Y_j-\bar Y)(Y_j-\bar Y)^T/\alpha^2)`.
    """
    model = Gradients(linear)
    d, n = model.dim, len(weights)
    size = (1 + n) * d + 1
    dt = np.sqrt(eta / (1.0 + sum(w * mu / (1.0 - mu) for w, mu in zip(weights, mus, strict=True))))
    alpha, x = eta / dt, slice(0, d)
    factors = [1.0 / mu for mu in mus] if lag_factors is None else lag_factors
    force = model.on(x, size)
    part = [np.eye(d, size, (1 + j) * d) for j in range(n)]
    mean = sum(w * Y for w, Y in zip(weights, part, strict=True))
    drift = np.zeros((size, size))
    drift[x] = mean
    for mu, Y in zip(mus, part, strict=True):
        drift += (1.0 - mu) / dt * Y.T @ (-alpha * force - Y)

    def covariance(full, extras):
        between = [S + (Y - mean) @ full @ (Y - mean).T / alpha**2 for Y, S in zip(part, extras, strict=True)]
        return eta**2 / dt * sum(w * B for w, B in zip(weights, between, strict=True))

    def rates(full, extras):
        sampling = model.sampling_covariance(full, x)
        lags = [factor * (force + Y / alpha) @ full @ (force + Y / alpha).T for factor, Y in zip(factors, part, strict=True)]
        return [(1.0 - mu) / dt * (sampling - S + lag) for mu, S, lag in zip(mus, extras, lags, strict=True)]

    def frozen(start):
        return np.concatenate([start, *[-alpha * model.at(start)[0]] * n])

    return LinearLimit(drift, np.eye(size, d), covariance, rates, frozen, lambda start: [model.at(start)[1]] * n, dt, d)
