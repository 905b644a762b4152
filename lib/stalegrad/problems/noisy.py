"""The thesis' two models of a stochastic gradient: a quadratic with additive noise, and one with a random curvature."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from stalegrad.engine.blocks import BlockFunction, block_function
from stalegrad.engine.checks import positive
from stalegrad.engine.square_root import square_root
from stalegrad.problems.base import Blocks, Problem
from stalegrad.problems.laws import Gamma, Normal


def noisy_quadratic(h=1.0, sigma: float | None = None, minimum=0.0, covariance=None) -> Problem:
    r"""A quadratic whose gradient is seen with additive Gaussian noise, $g(x) = A (x - x^*) - \xi$, $\xi \sim N(0, \Sigma)$.

    The noise is drawn afresh for every gradient, by every worker. The data row of a gradient is $z = A x^* + \xi$, so that
    $g(x) = A x - z$; with the minimum at 0 it is the noise itself.

    Parameters
    ----------
    h : float or array (d, d)
        Curvature h > 0, or a symmetric positive definite matrix A.
    sigma : float, optional
        Standard deviation of the noise in each coordinate, at least 0; 1 if neither it nor `covariance` is given.
    minimum : float or array (d,)
        x*; it fixes the dimension where h is a number.
    covariance : array (d, d), optional
        $\Sigma$, symmetric positive semidefinite, in place of sigma^2 times the identity.

    Raises
    ------
    ValueError
        For a curvature that is not positive definite, a covariance that is not semidefinite, a negative sigma, both sigma
        and covariance, or shapes that do not fit.

    Notes
    -----
    Claims EASGD-3.1, EASGD-5.1 and EASGD-5.2. One step of `sgd` reads $x_{t+1} = x_t - \eta (h x_t - \xi_t)$. Its limit is the
    Ornstein-Uhlenbeck process $dX = -h X dt + \sqrt\eta \sigma dB$, which is `sdde(problem, eta, none())`; `sme_sgd` keeps one order more in
    the drift, $h + \eta h^2 / 2$ for h.
    Reference: Zhang, Sections 3.1 and 5.1.

    Examples
    --------
    >>> problem = noisy_quadratic(h=2.0, sigma=3.0)
    >>> problem.mean_gradient([1.0]), problem.gradient_covariance([1.0])
    (array([2.]), array([[9.]]))
    """
    A, at = _shapes(h, minimum)
    noise = _covariance(sigma, covariance, len(at))
    gradient = _scaled_gradient(float(A[0, 0])) if _is_isotropic(A) else _matrix_gradient(tuple(map(tuple, A.tolist())))
    return Problem(
        name="noisy_quadratic",
        dim=len(at),
        data=np.empty((0, len(at))),
        summary=np.vstack([A @ at, A, noise]),
        blocks=Blocks(gradient, _mean_gradient, _second_moment, _hessian_gradient),
        recipe=(noisy_quadratic, (h, sigma, minimum, covariance)),
        components=lambda x, z: 0.5 * np.einsum("ip,ij,jp->p", x, A, x) - (z * x).sum(axis=0),
        minimisers=at[None, :],
        curvature=float(np.linalg.eigvalsh(A)[-1]),
        law=Normal(A @ at, square_root(noise[:, :, None])[:, :, 0]),
    )


def gamma_quadratic(lam: float, omega: float) -> Problem:
    r"""A parabola whose curvature is random, $f(x; u) = \frac12 u^2 x^2$ with $u^2 \sim \Gamma(\lambda, \omega)$.

    A gradient is $u^2 x$ with mean $\frac\lambda\omega x$ and variance $\frac\lambda{\omega^2} x^2$: multiplicative noise, which
    vanishes at the minimum. $\lambda = \frac12, \omega = \frac1{2 s^2}$ is the regression on an input u ~ N(0, s^2).

    Parameters
    ----------
    lam : float
        Shape $\lambda > 0$ of the Gamma law.
    omega : float
        Rate $\omega > 0$: mean lam / omega, variance lam / omega^2.

    Raises
    ------
    ValueError
        For a shape or rate that is not positive and finite.

    Notes
    -----
    Claims EASGD-5.22 and EASGD-5.23 (the thesis leaves the factor 1/2 to the rate). The limit of `sgd` on it is the geometric
    Brownian motion $dX = -h X dt + \sqrt{\eta \lambda} / \omega\, X dB$ with $h = \lambda / \omega$, which is `sdde(problem, eta, none())`;
    `sme_sgd` keeps one order more in the drift, $h + \eta h^2 / 2$ for h. Reference: Zhang, Section 5.2.

    Examples
    --------
    >>> problem = gamma_quadratic(lam=0.5, omega=0.5)
    >>> problem.mean_gradient([2.0]), problem.gradient_covariance([2.0])
    (array([2.]), array([[8.]]))
    """
    lam = positive(lam, "lam", "the shape of a Gamma law must be positive and finite")
    omega = positive(omega, "omega", "the rate of a Gamma law must be positive and finite")
    law = Gamma(lam, omega)
    return Problem(
        name="gamma_quadratic",
        dim=1,
        data=np.empty((0, 1)),
        summary=np.array([[law.mean[0], law.second_moment[0, 0]]]),
        blocks=Blocks(_product, _mean_product, _second_product, _squared_product),
        recipe=(gamma_quadratic, (lam, omega)),
        components=lambda x, z: 0.5 * z[0] * x[0] ** 2,
        minimisers=np.zeros((1, 1)),
        curvature=law.mean[0],
        law=law,
    )


def _shapes(h, minimum) -> tuple[np.ndarray, np.ndarray]:
    """A (d, d) and the minimum (d,), or an error."""
    A, at = np.array(h, dtype=float), np.atleast_1d(np.array(minimum, dtype=float))
    if at.ndim != 1 or not np.isfinite(at).all():
        raise ValueError(f"minimum={minimum} must be one finite point, shape (d,)")
    if A.ndim == 0:
        A = positive(h, "h", "a curvature must be positive and finite") * np.eye(len(at))
    at = np.full(len(A), at[0]) if len(at) == 1 else at
    if A.shape != (len(at), len(at)):
        raise ValueError(f"h has shape {A.shape} and minimum {at.shape}: for a minimum (d,) give one curvature or a matrix (d, d)")
    if not np.isfinite(A).all() or not np.array_equal(A, A.T) or np.linalg.eigvalsh(A)[0] <= 0.0:
        raise ValueError(f"h={A.tolist()} is not a curvature: the matrix must be finite, symmetric and positive definite")
    return A, at


def _covariance(sigma, covariance, d: int) -> np.ndarray:
    """Sigma (d, d), or an error."""
    if covariance is None:
        sigma = 1.0 if sigma is None else float(sigma)
        if not 0.0 <= sigma < np.inf:
            raise ValueError(f"sigma={sigma} is no standard deviation: give a finite number, 0 or more")
        return sigma**2 * np.eye(d)
    if sigma is not None:
        raise ValueError(f"sigma={sigma} and covariance are both given: give one of them")
    noise = np.array(covariance, dtype=float, ndmin=2)
    if noise.shape != (d, d):
        raise ValueError(f"covariance has shape {noise.shape}, but the problem has dimension {d}: give shape ({d}, {d})")
    if not np.isfinite(noise).all() or not np.array_equal(noise, noise.T) or np.linalg.eigvalsh(noise)[0] < -1e-12 * np.abs(noise).max():
        raise ValueError(f"covariance={noise.tolist()} is none: it must be finite, symmetric and positive semidefinite")
    return noise


def _is_isotropic(A: np.ndarray) -> bool:
    return np.array_equal(A, A[0, 0] * np.eye(len(A)))


@lru_cache(maxsize=64)
def _scaled_gradient(h: float) -> BlockFunction:
    """h x - z; compiled once a curvature (and kept on disk)."""

    @block_function(cache=True)
    def gradient(x, z, out):
        for j in range(x.shape[0]):
            for p in range(x.shape[1]):
                out[j, p] = h * x[j, p] - z[j, p]

    return gradient


@lru_cache(maxsize=64)
def _matrix_gradient(A: tuple) -> BlockFunction:
    """A x - z; compiled once a matrix (and kept on disk)."""

    @block_function(cache=True)
    def gradient(x, z, out):
        d, width = x.shape
        for j in range(d):
            for p in range(width):
                out[j, p] = -z[j, p]
            for k in range(d):
                slope = A[j][k]
                for p in range(width):
                    out[j, p] += slope * x[k, p]

    return gradient


@block_function(cache=True)
def _mean_gradient(x, summary, out):
    """A x - A x*; summary rows: A x*, then A, then Sigma."""
    d, width = x.shape
    for j in range(d):
        for p in range(width):
            out[j, p] = -summary[0, j]
        for k in range(d):
            slope = summary[1 + j, k]
            for p in range(width):
                out[j, p] += slope * x[k, p]


@block_function(cache=True)
def _second_moment(x, summary, out):
    d, width = x.shape
    for j in range(d):
        for k in range(d):
            for p in range(width):
                first, second = -summary[0, j], -summary[0, k]
                for i in range(d):
                    first += summary[1 + j, i] * x[i, p]
                    second += summary[1 + k, i] * x[i, p]
                out[j * d + k, p] = first * second + summary[1 + d + j, k]


@block_function(cache=True)
def _hessian_gradient(x, summary, out):
    d, width = x.shape
    for j in range(d):
        for p in range(width):
            out[j, p] = 0.0
            for k in range(d):
                slope = -summary[0, k]
                for i in range(d):
                    slope += summary[1 + k, i] * x[i, p]
                out[j, p] += summary[1 + j, k] * slope


@block_function(cache=True)
def _product(x, z, out):
    for p in range(x.shape[1]):
        out[0, p] = z[0, p] * x[0, p]


@block_function(cache=True)
def _mean_product(x, summary, out):
    """E z x; summary: E z, E z^2."""
    first = summary[0, 0]
    for p in range(x.shape[1]):
        out[0, p] = first * x[0, p]


@block_function(cache=True)
def _second_product(x, summary, out):
    second = summary[0, 1]
    for p in range(x.shape[1]):
        out[0, p] = second * x[0, p] * x[0, p]


@block_function(cache=True)
def _squared_product(x, summary, out):
    first = summary[0, 0]
    for p in range(x.shape[1]):
        out[0, p] = first * first * x[0, p]
