r"""Exact moments of the linear delay equation :math:`dX(t) = -a\,X(t-\tau)\,dt + \sqrt{\sigma^2}\,dB` (SDDE-7), and of its scheme.

With the fundamental solution r of `delay_flow` and a past frozen at :math:`x_0`,

.. math:: E X(t) = x_0\,r(t+\tau), \qquad \mathrm{Var}\,X(t) = \sigma^2\int_0^t r(s)^2\,ds .

In d dimensions :math:`dX = -A\,X(t-\tau)\,dt + \Sigma^{1/2}dB` with a symmetric A, as a Hessian is, is solved in its eigenvectors.
Here `sigma2` and `Sigma` are variances of the driving noise per unit of time; `ou_moments`, `constant_delay` and `figure1` speak of an
algorithm with rate eta, and take the variance of one of its gradients.

Claims: SDDE-T4.1, SDDE-stationary-variance, SDDE-ou-solution, SDDE-F1.
"""

from __future__ import annotations

import math
import warnings

import numpy as np

from stalegrad.engine.checks import finite, positive, whole
from stalegrad.moments.delay_flow import fundamental, overlap, times_of
from stalegrad.moments.delay_roots import (
    characteristic_exponent,
    characteristic_exponent_of,
    characteristic_roots,
    characteristic_roots_of,
    critical_delay,
    delay_length,
    oscillation_delay,
)
from stalegrad.moments.delay_window import constant_delay, noise_level

__all__ = [
    "characteristic_exponent",
    "characteristic_exponent_of",
    "characteristic_roots",
    "characteristic_roots_of",
    "constant_delay",
    "covariance",
    "critical_delay",
    "figure1",
    "fundamental",
    "mean_path",
    "oscillation_delay",
    "ou_moments",
    "overlap",
    "stationary_covariance",
    "stationary_variance",
    "variance",
]

Array = np.ndarray

FIGURE1 = {"eta": 0.005, "curvature": 2.0, "delay": 10, "start": 4.0}
"""Section 5: F(x) = (x + 1)^2 / 2 + (x - 1)^2 / 2 = x^2 + 1, so that F'(x) = 2 x."""


def mean_path(a: float, tau: float, x0: float, t, past: float | None = None):
    r"""Mean of X(t), equal to `x0` at time 0 and to `past` before (by default the same).

    The solution that is 1 on [-tau, 0] is r(t + tau), so that the mean is :math:`(x_0-\xi)\,r(t) + \xi\,r(t+\tau)`.

    Parameters
    ----------
    a, tau : float
        Rate and delay (at least 0).
    x0, past : float
        Start, and the constant history.
    t : float or array
        Times, at least 0.

    Examples
    --------
    >>> mean_path(1.0, 1.0, 4.0, [0.0, 0.5, 1.0]).tolist()
    [4.0, 2.0, 0.0]
    """
    t, x0 = times_of(t), finite(x0, "x0")
    past = x0 if past is None else finite(past, "past")
    if delay_length(tau) == 0.0:
        return x0 * fundamental(a, tau, t)
    return (x0 - past) * fundamental(a, tau, t) + past * fundamental(a, tau, t + tau)


def variance(a: float, tau: float, sigma2: float, t):
    r"""Variance of X(t) from a start without noise: :math:`\sigma^2\int_0^t r(s)^2 ds`.

    Parameters
    ----------
    a, tau : float
        Rate and delay (at least 0).
    sigma2 : float
        Variance of the driving noise per unit of time, at least 0.
    t : float or array
        Times, at least 0.

    Examples
    --------
    >>> round(float(variance(1.0, 1.0, 3.0, 1.0)), 9)
    3.0
    """
    return noise_level(sigma2) * overlap(a, a, tau, t)


def stationary_variance(a: float, tau: float, sigma2: float) -> float:
    r"""Variance in the long run (claim SDDE-stationary-variance).

    .. math:: \sigma^2\int_0^\infty r(s)^2\,ds = \frac{\sigma^2}{2a}\,\frac{1+\sin a\tau}{\cos a\tau}, \qquad 0 < a\tau < \pi/2.

    Parameters
    ----------
    a, tau : float
        Rate and delay (at least 0).
    sigma2 : float
        Variance of the driving noise per unit of time, at least 0.

    Returns
    -------
    float
        Infinite, with a RuntimeWarning, where the equation is not stable.

    Examples
    --------
    >>> stationary_variance(2.0, 0.0, 3.0)
    0.75
    """
    return float(stationary_covariance(finite(a, "a"), tau, noise_level(sigma2))[0, 0])


def stationary_covariance(A, tau: float, Sigma) -> Array:
    r"""Covariance (d, d) in the long run for a symmetric matrix A (d, d) and noise covariance Sigma (d, d).

    Between eigenvectors with rates a and b, with :math:`\omega = \sqrt{ab}`,

    .. math:: \int_0^\infty r_a r_b\,ds = \frac{\cos\omega\tau}{a + b - 2\omega\sin\omega\tau} .

    For a = b this is :math:`(1+\sin a\tau)/(2a\cos a\tau)`.

    Notes
    -----
    :math:`K(s) = \int_0^\infty r_a(t) r_b(t+s)\,dt` obeys K'(s) = -b K(s - tau) for s > 0 and K'(s) = a K(s + tau) for s < 0, so that
    K'' = -ab K on [0, tau]; the integral of d(r_a r_b) gives a K(tau) + b K(-tau) = 1.

    Examples
    --------
    >>> import numpy as np
    >>> stationary_covariance(np.diag([1.0, 3.0]), 0.0, np.ones((2, 2))).round(6).tolist()
    [[0.5, 0.25], [0.25, 0.166667]]
    """
    rates, vectors, noise = _eigen(A, Sigma)
    tau = delay_length(tau)
    if rates.min() <= 0.0 or rates.max() * tau >= math.pi / 2.0:
        warnings.warn(
            f"no stationary variance: it needs rates a > 0 with a tau < pi/2, not {rates.tolist()} with tau = {tau}; inf is returned",
            RuntimeWarning,
            stacklevel=3,
        )
        return np.full(noise.shape, np.inf)
    omega = np.sqrt(np.multiply.outer(rates, rates))
    integrals = np.cos(omega * tau) / (np.add.outer(rates, rates) - 2.0 * omega * np.sin(omega * tau))
    return vectors @ (noise * integrals) @ vectors.T


def covariance(A, tau: float, Sigma, t) -> Array:
    r"""Covariance of X(t) for a symmetric matrix A (d, d) and noise covariance Sigma: (d, d), or (times, d, d) for an array of times.

    >>> import numpy as np
    >>> covariance(np.diag([1.0, 3.0]), 0.0, np.eye(2), 50.0).round(6).tolist()
    [[0.5, 0.0], [0.0, 0.166667]]
    """
    rates, vectors, noise = _eigen(A, Sigma)
    integrals = np.array([[overlap(a, b, tau, t) for b in rates] for a in rates])
    return np.einsum("ip,jq,pq,pq...->...ij", vectors, vectors, noise, integrals)


def ou_moments(a, eta: float, sigma2, x0, t: float) -> dict:
    r"""Moments of SGD's limit :math:`dX = -a X dt + \sqrt{\eta\sigma^2}\,dB`, an Ornstein-Uhlenbeck process (claim SDDE-ou-solution).

    .. math:: E X(t) = e^{-at}x_0, \qquad \mathrm{Var}\,X(t) = \eta\sigma^2\,\frac{1-e^{-2at}}{2a} .

    Parameters
    ----------
    a : float or array (d, d)
        Curvature, or a symmetric matrix; the minimum is at 0.
    eta : float
        Learning rate of SGD, positive.
    sigma2 : float or array (d, d)
        Variance, or covariance matrix, of one gradient.
    x0 : float or array (d,)
    t : float
        Time, at least 0; step k of SGD is at time k eta.

    Returns
    -------
    dict
        "mean" and "variance": numbers, or arrays (d,) and (d, d).

    Examples
    --------
    >>> {name: round(value, 6) for name, value in ou_moments(2.0, 0.5, 4.0, 1.0, 1.0).items()}
    {'mean': 0.135335, 'variance': 0.490842}
    """
    rates, vectors, _ = _eigen(a, sigma2)
    start = np.atleast_1d(np.asarray(x0, float))
    if start.shape != (len(rates),) or not np.isfinite(start).all():
        raise ValueError(f"x0={x0} must be a finite point of dimension {len(rates)}, as a is")
    spread = positive(eta, "eta") * covariance(a, 0.0, sigma2, times_of(t))
    mean = vectors @ (np.exp(-rates * t) * (vectors.T @ start))
    if np.ndim(a) == 0:
        return {"mean": float(mean[0]), "variance": float(spread[0, 0])}
    return {"mean": mean, "variance": spread}


def figure1(model: str, k: int, sigma2: float, scheme: str = "exact") -> dict[str, float]:
    r"""Exact mean and variance of one curve of Figure 1 at step k (claim SDDE-F1).

    F(x) = (x + 1)^2 / 2 + (x - 1)^2 / 2 as printed, so F'(x) = 2 x; eta = delta = 0.005, x_0 = 4, delay l = 10.

    Parameters
    ----------
    model : "asgd", "sdde", "sgd" or "sde"
        ASGD whose first ten steps are SGD; the delay equation (6) with history 4, at time k eta; SGD; its limit (8) at time k eta.
    k : int
        Step.
    sigma2 : float
        Variance of one stochastic gradient, which the paper leaves out; the limits are driven by eta sigma2 per unit of time. It is 4 if
        one component of the average of (x + 1)^2 and (x - 1)^2, which F is, is drawn: its gradient is 2 x + 2 or 2 x - 2. The gradient
        x + 1 or x - 1 of one printed summand would have variance 1, but the mean x, half of F'.
    scheme : "exact" or "euler"
        For the two limits: the limit itself, or its Euler-Maruyama scheme (5), which the figure draws.

    Examples
    --------
    >>> {name: round(value, 6) for name, value in figure1("sdde", 100, sigma2=4.0).items()}
    {'mean': 1.316177, 'variance': 0.004921}
    """
    if scheme not in ("exact", "euler"):
        raise ValueError(f"scheme = {scheme!r} must be 'exact' or 'euler'")
    k, sigma2 = whole(k, "k", 0), noise_level(sigma2)
    eta, a, delay, start = FIGURE1.values()
    lags = {"asgd": delay, "sdde": delay, "sgd": 0, "sde": 0}
    if model not in lags:
        raise ValueError(f"model = {model!r} is none of {', '.join(map(repr, lags))}; choose one of these")
    if model in ("sdde", "sde") and scheme == "exact":
        tau, t = lags[model] * eta, k * eta
        return {"mean": float(mean_path(a, tau, start, t)), "variance": float(variance(a, tau, eta * sigma2, t))}
    synchronous = delay if model == "asgd" else 0
    mean, spread = constant_delay(a, eta, lags[model], sigma2, start, k, synchronous)
    return {"mean": float(mean[-1]), "variance": float(spread[-1])}


def _eigen(A, Sigma) -> tuple[Array, Array, Array]:
    """Eigenvalues and eigenvectors of A, and Sigma in these."""
    A, Sigma = np.atleast_2d(np.asarray(A, float)), np.atleast_2d(np.asarray(Sigma, float))
    if A.ndim != 2 or A.shape[0] != A.shape[1] or not np.isfinite(A).all() or not np.allclose(A, A.T):
        raise ValueError(f"the matrix of rates must be finite, square and symmetric, as a Hessian is, not {A.tolist()}")
    if Sigma.shape == (1, 1):
        Sigma = Sigma * np.eye(len(A))
    if Sigma.shape != A.shape or not np.allclose(Sigma, Sigma.T) or not np.linalg.eigvalsh(Sigma)[0] >= -1e-12 * np.abs(Sigma).max():
        raise ValueError(f"the noise must have a covariance matrix of shape {A.shape}, symmetric and semidefinite, not {Sigma.tolist()}")
    rates, vectors = np.linalg.eigh(A)
    return rates, vectors, vectors.T @ Sigma @ vectors
