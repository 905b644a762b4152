r"""Section 3.1 in numbers: exact moments of the centre, of a local variable and of the double average, for every t.

The closed forms (3.2) and (3.3) divide by :math:`(\gamma-\phi)^2` and by :math:`1-\gamma^2`: exact, but of no use in floating
point near equal roots and on the boundary of stability. Here the pair (average of the workers, centre) is carried through t
steps by repeated doubling instead. Covariances are sums of squares, so nothing cancels, whatever the roots: equal, complex, unstable.
"""

from __future__ import annotations

import math

import numpy as np

from stalegrad.theory.easgd.quadratic import STATIONARY
from stalegrad.theory.easgd.symbols import WORKERS
from stalegrad.theory.formula import check_domain, formula

Array = np.ndarray


def stable(eta, alpha, beta, h=1.0):
    r"""Whether both roots of (3.26) lie inside the unit disc, for any real rates; broadcasts (EASGD-3.4).

    Jury's conditions on :math:`\lambda^2-(2-a)\lambda+1-a+c^2`: :math:`c^2>0`, :math:`4-2a+c^2>0`, :math:`0<a-c^2<2`.

    Examples
    --------
    >>> bool(stable(eta=1.0, alpha=0.9, beta=0.9)), bool(stable(eta=1.0, alpha=0.09, beta=0.9))
    (False, True)
    """
    rate = np.multiply(eta, h)
    trace, product = rate + alpha + beta, rate * beta
    return (product > 0) & (4 - 2 * trace + product > 0) & (trace - product > 0) & (trace - product < 2)


def centre_moments(t, p, eta, alpha, beta, h=1.0, sigma=1.0, centre0=1.0, local0=1.0) -> dict:
    r"""Bias, variance and mean squared error of the centre at step t, exact (EASGD-3.2, EASGD-3.3, EASGD-L3.1.1).

    .. math:: y_{t+1}=y_t-\eta(hy_t-\bar\xi_t)+\alpha(\tilde x_t-y_t),\qquad \tilde x_{t+1}=\tilde x_t+\beta(y_t-\tilde x_t)

    with :math:`V[\bar\xi_t]=\sigma^2/p`. Elastic averaging is `alpha` = `beta` / `p`, but any real rates are taken.

    Parameters
    ----------
    t : int or "inf"
        Step.
    p, eta, alpha, beta, h, sigma : float or array
        Workers, rates, curvature, standard deviation of the noise of one gradient; they broadcast.
    centre0, local0 : float
        Starts of the centre and of the average of the local variables, measured from the minimum.

    Returns
    -------
    dict
        ``bias``, ``variance``, ``mse``: arrays of the broadcast shape. Infinite at t = "inf" where there is no finite limit,
        and where a finite step is beyond the range of floating point.

    Raises
    ------
    ValueError
        For a step that is no whole number, fewer than one worker, values that are no finite numbers.

    References
    ----------
    Zhang, Lemma 3.1.1.

    Examples
    --------
    >>> centre_moments(2, p=4, eta=0.5, alpha=0.225, beta=0.9)["bias"].round(12)
    np.float64(0.55)
    """
    steps = whole_step(t)
    check_domain(WORKERS, p=p, eta=eta, alpha=alpha, beta=beta, h=h, sigma=sigma, centre0=centre0, local0=local0)
    p, eta, alpha, beta, h, sigma = (np.asarray(x, dtype=float) for x in np.broadcast_arrays(p, eta, alpha, beta, h, sigma))
    if steps == math.inf:
        bias, spread = _limits(p, eta, alpha, beta, h, sigma, centre0, local0)
    else:
        drift = formula("EASGD-3.22").numeric(eta=eta, alpha=alpha, beta=beta, h=h)
        bias, spread = _at(steps, drift, (eta * sigma) ** 2 / p, centre0, local0)
    with np.errstate(over="ignore"):
        return {"bias": bias, "variance": spread, "mse": bias**2 + spread}


def _at(steps: int, drift: Array, injected: Array, centre0: float, local0: float) -> tuple[Array, Array]:
    """Bias and variance of the centre after a finite number of steps."""
    noise = injected[..., None, None] * np.diag([1.0, 0.0])
    power, covariance = carried(drift, noise, steps)
    return _applied(power, np.array([local0, centre0]))[..., 1], covariance[..., 1, 1]


def _limits(p, eta, alpha, beta, h, sigma, centre0, local0) -> tuple[Array, Array]:
    """Bias and variance as t grows: a centre with beta = 0 never moves, and without noise or error there is nothing to grow."""
    settled, frozen = stable(eta, alpha, beta, h), beta == 0
    at_rest = centre0 == 0 and local0 == 0
    bias = np.where(settled | at_rest, 0.0, np.where(frozen, centre0, np.inf))
    level = STATIONARY.numeric(p=p, eta=eta, alpha=alpha, beta=beta, h=h, sigma=sigma)
    return bias[()], np.where(frozen | (sigma == 0), 0.0, np.where(settled, level, np.inf))[()]


def carried(drift: Array, noise: Array, steps: int) -> tuple[Array, Array]:
    r"""The power :math:`A^t` and the covariance :math:`\sum_{n<t}A^nQ(A^n)^T` that noise Q builds up in t steps, by doubling.

    Parameters
    ----------
    drift, noise : array (..., n, n)
        A and Q.
    steps : int
        t, at least 0.

    Returns
    -------
    power, covariance : array (..., n, n)
        Infinite where a diverging map leaves the range of floating point.
    """
    power = np.broadcast_to(np.eye(drift.shape[-1]), drift.shape)
    covariance = np.zeros(np.broadcast_shapes(drift.shape, noise.shape))
    with np.errstate(over="ignore", invalid="ignore"):
        for digit in f"{steps:b}":
            covariance = covariance + power @ covariance @ power.swapaxes(-1, -2)
            power = power @ power
            if digit == "1":
                covariance = drift @ covariance @ drift.swapaxes(-1, -2) + noise
                power = drift @ power
    return _or_infinite(power), _or_infinite(covariance)


def _applied(power: Array, start: Array) -> Array:
    """What t steps make of a start."""
    with np.errstate(over="ignore", invalid="ignore"):
        return _or_infinite(power @ start)


def _or_infinite(value: Array) -> Array:
    """inf for the NaN that inf - inf leaves."""
    return np.where(np.isnan(value), np.inf, value)


def local_variance(p, eta, alpha, beta, h=1.0, sigma=1.0):
    r"""Stationary variance of one local variable: that of the average, and that of the distance from it; broadcasts.

    The distances :math:`x^i-y` are driven by the factor :math:`1-\alpha-\eta h` alone, with noise of variance
    :math:`\eta^2\sigma^2(1-1/p)`. Infinite where the centre or the distances are unstable.

    Examples
    --------
    >>> local_variance(p=[1, 3, 1000], eta=0.1, alpha=[0.9, 0.3, 0.0009], beta=0.9).round(4)
    array([0.0364, 0.0239, 0.0522])
    """
    check_domain(WORKERS, p=p, eta=eta, alpha=alpha, beta=beta, h=h, sigma=sigma)
    p, eta, alpha, beta, h, sigma = (np.asarray(x, dtype=float) for x in np.broadcast_arrays(p, eta, alpha, beta, h, sigma))
    drift, factor = formula("EASGD-3.22").numeric(eta=eta, alpha=alpha, beta=beta, h=h), 1 - alpha - eta * h
    squared = np.einsum("...ij,...kl->...ikjl", drift, drift).reshape(*eta.shape, 4, 4)
    settled = stable(eta, alpha, beta, h) & (np.abs(factor) < 1)
    system = np.where(settled[..., None, None], np.eye(4) - squared, np.eye(4))
    average = np.linalg.solve(system, np.eye(4)[:, :1])[..., 0, 0] / p
    distance = (1 - 1 / p) / np.where(settled, 1 - factor**2, 1.0)
    return np.where(settled, (eta * sigma) ** 2 * (average + distance), np.inf)[()]


def double_average(t, p, eta, alpha, beta, curvature, covariance, centre0=0.0, local0=0.0) -> dict[str, Array]:
    r"""Mean and covariance of the double average :math:`z_t=\frac1t\sum_{k<t}\tilde x_k`, exact at every t (EASGD-L3.1.2, EASGD-L3.1.3).

    Parameters
    ----------
    t : int
        Number of centres averaged, at least 1.
    p, eta, alpha, beta : float
        Workers and rates.
    curvature, covariance : array (n, n)
        A of (3.1) and the covariance of the noise of one gradient.
    centre0, local0 : float or array (n,)
        Starts of the centre and of the average of the local variables, constants measured from the minimum.

    Returns
    -------
    dict
        ``mean`` (n,) and ``covariance`` (n, n).

    Raises
    ------
    ValueError
        For a t that is no whole number of at least 1, fewer than one worker, rates that are no numbers.

    References
    ----------
    Zhang, (3.13), Lemmas 3.1.2 and 3.1.3.

    Examples
    --------
    >>> (10**6 * double_average(10**6, 4, 0.1, 0.225, 0.9, np.eye(1), np.eye(1))["covariance"]).round(4)
    array([[0.25]])
    """
    steps = whole_step(t)
    if not 1 <= steps < math.inf:
        raise ValueError(f"t = {t!r} centres cannot be averaged; give a whole number of at least 1")
    check_domain(WORKERS, p=p, eta=eta, alpha=alpha, beta=beta)
    n, one = len(curvature), np.eye(len(curvature))
    zero = np.zeros((n, n))
    drift = np.block([[one - eta * np.asarray(curvature) - alpha * one, alpha * one, zero], [beta * one, (1 - beta) * one, zero], [zero, one, one]])
    noise = np.zeros((3 * n, 3 * n))
    noise[:n, :n] = eta**2 / p * np.asarray(covariance)
    power, spread = carried(drift, noise, steps)
    start = np.concatenate([np.broadcast_to(local0, n), np.broadcast_to(centre0, n), np.zeros(n)])
    return {"mean": _applied(power, start)[2 * n :] / steps, "covariance": spread[2 * n :, 2 * n :] / steps**2}


def whole_step(t):
    """t as an int, or infinity for "inf"; ValueError for anything else."""
    if isinstance(t, str) and t == "inf":
        return math.inf
    if isinstance(t, str) or not np.isfinite(t) or t != int(t) or t < 0:
        raise ValueError(f'the step t = {t!r} is no whole number of at least 0; give one, or "inf"')
    return int(t)
