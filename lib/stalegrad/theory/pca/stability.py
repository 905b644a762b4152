r"""Linear stability of the delayed momentum recursion, exact (claim PCA-critical-delay).

Near a stationary point the mean of a mode with curvature r follows
:math:`u_{k+1}=(1+\mu)u_k-\mu u_{k-1}-h\,u_{k-\tau}` with :math:`h=\eta r`, so

.. math:: (z-1)(z-\mu)z^{\tau-1}=-h.

On :math:`z=e^{i\omega}` the modulus gives :math:`y\,[(1-\mu)^2+\mu y]=h^2` for :math:`y=4\sin^2(\omega/2)`, which has one positive root; the
argument then gives the delay. Roots only leave the circle as h grows: along a root :math:`d\log|z|/d\log h` has the sign of
:math:`\tfrac12+\tfrac{1-\mu\cos\omega}{|z-\mu|^2}+\tau-1>0`. So the recursion is stable exactly below `critical`.
"""

from __future__ import annotations

import math

import numpy as np
import sympy as sp
from scipy.optimize import brentq

from stalegrad.theory.formula import check_domain
from stalegrad.theory.pca.flow import rates

Array = np.ndarray
z, step, inertia = sp.symbols("z h mu", positive=True)


def characteristic(tau: int) -> sp.Expr:
    r"""Polynomial of a mode: :math:`(z-1)(z-\mu)z^{\tau-1}+h`, times z for tau = 0."""
    power = z ** (tau - 1) if tau else 1
    return (z - 1) * (z - inertia) * power + step * (1 if tau else z)


def crossing(h, momentum) -> tuple[Array, Array]:
    r"""Angle :math:`\omega` at which a root stands on the unit circle, and the delay for which it does; arrays broadcast.

    Parameters
    ----------
    h : float or array
        eta times the curvature of the mode, positive and at most 2 (1 + momentum).
    momentum : float or array
        In [0, 1).

    Examples
    --------
    >>> omega, tau = crossing(0.02, 0.0)
    >>> bool(abs(omega * (2 * tau + 1) - np.pi) < 1e-12)
    True
    """
    check_domain(h=h, momentum=momentum)
    h, mu = np.asarray(h, float), np.asarray(momentum, float)
    if np.any(h > 2.0 * (1.0 + mu)):
        raise ValueError(f"eta times the curvature = {h} must be at most 2 (1 + momentum): no delay is stable, not even 0; take a smaller eta")
    # The positive root of mu y^2 + (1 - mu)^2 y - h^2, in the form that does not cancel.
    y = 2.0 * h**2 / ((1.0 - mu) ** 2 + np.sqrt((1.0 - mu) ** 4 + 4.0 * mu * h**2))
    omega = 2.0 * np.arcsin(np.minimum(np.sqrt(y) / 2.0, 1.0))
    angle = np.arctan2(np.sin(omega), np.cos(omega) - mu)
    return omega, 0.5 + (0.5 * np.pi - angle) / omega


def critical(h, momentum):
    """The delay at which a mode loses stability, a real number; whole delays below it are stable.

    For small h it is (pi/2) (1 - momentum) / h - (1 + momentum) / (2 (1 - momentum)).

    Examples
    --------
    >>> round(float(critical(0.004, 0.9)), 2)
    32.58
    """
    return crossing(h, momentum)[1]


def last_stable(h, momentum) -> int:
    """Largest whole delay with all roots inside the circle; -1 if there is none.

    Examples
    --------
    >>> last_stable(1.0, 0.0), last_stable(0.999, 0.0)
    (0, 1)
    """
    # At a whole number the root stands on the circle, which is not stable; rounding may put it on either side.
    delay = float(critical(h, momentum))
    return math.ceil(delay - 1e-9 * max(1.0, delay)) - 1


def critical_delay(eta: float, momentum: float, lam) -> dict:
    """The delay at which the mean dynamics loses stability at the optimum (claim PCA-critical-delay).

    Parameters
    ----------
    eta : float
        Step size.
    momentum : float
        In [0, 1).
    lam : sequence of float
        Eigenvalues, lambda_1 > lambda_2 >= ... > 0.

    Returns
    -------
    dict
        "tau", the real number at which a root reaches the unit circle; "mode", "radial" or "tangent", the first to do so; "last_stable",
        the largest whole delay that is stable.

    Raises
    ------
    ValueError
        For parameters outside their ranges, or where no delay is stable because eta is too large.

    Notes
    -----
    The radial mode has the largest curvature, 2 lambda_1 > lambda_1 - lambda_d, and larger curvatures bear less delay: it always goes first.

    Examples
    --------
    >>> found = critical_delay(0.0005, 0.9, [4, 3, 2, 1])
    >>> round(found["tau"], 2), found["mode"], found["last_stable"]
    (32.58, 'radial', 32)
    """
    check_domain(eta=eta, momentum=momentum)
    curvatures = rates(lam)
    delays = critical(eta * curvatures, momentum)
    first = int(np.argmin(delays))
    return {
        "tau": float(delays[first]),
        "mode": "radial" if first == 0 else "tangent",
        "last_stable": last_stable(eta * curvatures[first], momentum),
    }


def recursion(h: float, momentum: float, probabilities) -> Array:
    """Companion matrix of the mean of a mode under independent delays with P(tau = l) = probabilities[l].

    State :math:`(u_k,u_{k-1},\\dots)`; a constant delay is a law on one value.

    Examples
    --------
    >>> recursion(0.1, 0.5, [1.0]).tolist()
    [[1.4, -0.5], [1.0, 0.0]]
    """
    weights = np.atleast_1d(np.asarray(probabilities, float))
    matrix = np.eye(max(len(weights), 2), k=-1)
    matrix[0, : len(weights)] = -h * weights
    matrix[0, :2] += (1.0 + momentum, -momentum)
    return matrix


def radius(h: float, momentum: float, probabilities) -> float:
    """Spectral radius of `recursion`: the factor by which the mean of a mode shrinks or grows each step, in the end.

    Examples
    --------
    >>> radius(0.004, 0.9, np.eye(34)[32]) < 1 < radius(0.004, 0.9, np.eye(34)[33])
    True
    """
    return float(np.abs(np.linalg.eigvals(recursion(h, momentum, probabilities))).max())


def escape_rate(eta: float, momentum: float, tau: int, gap: float) -> float:
    r"""Rate per unit of time t = k eta at which the mean leaves a saddle, :math:`\log(z)/\eta` with the real root z > 1 (claim PCA-T9).

    As eta goes to 0 at fixed tau it is gap / (1 - momentum); a delay makes it smaller.

    Examples
    --------
    >>> round(escape_rate(1e-6, 0.5, 0, 1.0), 4), escape_rate(0.01, 0.5, 50, 1.0) < 1.5
    (2.0, True)
    """
    check_domain({"gap": "positive", "tau": "at least 0"}, eta=eta, momentum=momentum, tau=tau, gap=gap)
    h, tau = eta * gap, int(tau)
    # On z > 1 the left side rises from 0, and is at least (z - 1) (1 - momentum).
    root = brentq(lambda z: (z - 1.0) * (z - momentum) * z ** (tau - 1.0) - h, 1.0, 1.0 + 2.0 * h / (1.0 - momentum), xtol=1e-15)
    return math.log(root) / eta
