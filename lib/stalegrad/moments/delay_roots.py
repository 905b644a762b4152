r"""Characteristic roots of the linear delay equation :math:`x'(t) = -a\,x(t-\tau)`, by Lambert's W.

:math:`x = e^{\beta t}` solves it where :math:`\beta + a e^{-\beta\tau} = 0`, that is :math:`\beta\tau e^{\beta\tau} = -a\tau`: one root
:math:`\beta_k = W_k(-a\tau)/\tau` for each branch k of Lambert's function. In d dimensions a runs through the eigenvalues of the matrix.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import lambertw

from stalegrad.engine.checks import positive

Array = np.ndarray

NEAR = 1e-4
"""Distance of e z from -1 within which the series is used: its first term left out is then below 1e-15."""

SERIES = (-1.0, 1.0, -1.0 / 3.0, 11.0 / 72.0, -43.0 / 540.0, 769.0 / 17280.0, -221.0 / 8505.0, 680863.0 / 43545600.0)
"""Lambert's W about its branch point, in powers of sqrt(2 (e z + 1)); Corless and others (1996), (4.22)."""


def characteristic_roots(a: complex, tau: float, branches: int = 10) -> Array:
    r"""The roots :math:`W_k(-a\tau)/\tau` of :math:`\beta + a e^{-\beta\tau} = 0` for k = -branches .. branches.

    Parameters
    ----------
    a : complex
        Rate; for a matrix one of its eigenvalues.
    tau : float
        Delay, at least 0.
    branches : int
        How many branches on either side of the principal one.

    Returns
    -------
    ndarray of complex (2 branches + 1,)
        Largest real part first. For a real a > 1 / (e tau) every root comes with its conjugate, and one of the last two lacks its
        partner, which belongs to the next branch. Without a delay, or with a = 0, the only root is -a.

    Examples
    --------
    >>> characteristic_roots(1.0, 0.0)
    array([-1.+0.j])
    >>> import numpy as np
    >>> beta = characteristic_roots(1.0, 2.0)
    >>> bool(abs(beta + np.exp(-2.0 * beta)).max() < 1e-9)
    True
    """
    tau = delay_length(tau)
    if tau == 0.0 or a == 0:
        return np.array([-a], complex)
    roots = lambert(-a * tau, np.arange(-branches, branches + 1)) / tau
    return roots[np.argsort(-roots.real, kind="stable")]


def characteristic_roots_of(matrix, tau: float, branches: int = 10) -> Array:
    r"""The roots of :math:`\det(\beta I + A e^{-\beta\tau}) = 0` on the branches -branches .. branches (claim SDDE-T4.1).

    Parameters
    ----------
    matrix : array (d, d)
        A, real or complex; it need not be symmetric.
    tau : float
        Delay, at least 0.
    branches : int
        As in `characteristic_roots`.

    Returns
    -------
    ndarray of complex
        The roots of every eigenvalue of A, as often as it occurs; largest real part first.

    Examples
    --------
    >>> import numpy as np
    >>> characteristic_roots_of(np.diag([1.0, 2.0]), 0.0)
    array([-1.+0.j, -2.+0.j])
    """
    each = [characteristic_roots(a, tau, branches) for a in np.linalg.eigvals(np.atleast_2d(matrix))]
    roots = np.concatenate(each)
    return roots[np.argsort(-roots.real, kind="stable")]


def characteristic_exponent(a, tau):
    r"""V, the largest real part of the roots of :math:`\beta + a e^{-\beta\tau} = 0` (claim SDDE-T4.1).

    .. math:: V = \frac1\tau\,\mathrm{Re}\,W_0(-a\tau), \qquad V = -a \text{ for } \tau = 0.

    The principal branch has the largest real part of all, for every complex argument (Shinozaki and Mori, 2006). For a > 0
    V is negative while a tau < pi / 2, and least, -1 / tau, where a tau = 1 / e; above that solutions oscillate.

    Parameters
    ----------
    a : complex or array
        Rates, of any sign.
    tau : float or array
        Delays, at least 0.

    Returns
    -------
    float, or an array where a or tau is one

    Examples
    --------
    >>> [round(characteristic_exponent(1.0, tau), 6) for tau in (0.0, 0.5, 1.6)]
    [-1.0, -1.588047, 0.008196]
    """
    a, tau = np.asarray(a), delay_length(tau)
    with np.errstate(divide="ignore", invalid="ignore"):
        exponent = np.where(tau > 0.0, lambert(-a * tau, 0).real / tau, -np.real(a))[()]
    return float(exponent) if np.ndim(exponent) == 0 else exponent


def characteristic_exponent_of(matrix, tau: float) -> float:
    r"""V for :math:`\det(\beta I + A e^{-\beta\tau}) = 0`: the largest over the eigenvalues of A (d, d), real or complex.

    >>> import numpy as np
    >>> characteristic_exponent_of(np.diag([1.0, 2.0]), 0.0)
    -1.0
    """
    return float(np.max(characteristic_exponent(np.linalg.eigvals(np.atleast_2d(matrix)), tau)))


def critical_delay(a: float) -> float:
    r"""The delay from which on solutions no longer decay, :math:`\pi/(2a)`.

    >>> round(critical_delay(2.0), 6)
    0.785398
    """
    return math.pi / (2.0 * positive(a, "a", "without a delay only a positive rate is stable"))


def oscillation_delay(a: float) -> float:
    r"""The delay above which every solution oscillates, and at which V is least: :math:`1/(e a)`.

    >>> round(oscillation_delay(1.0), 6)
    0.367879
    """
    return 1.0 / (math.e * positive(a, "a", "without a delay only a positive rate is stable"))


def lambert(z, k) -> Array:
    r"""Lambert's W_k(z), also next to the branch point -1/e, where scipy's values lose half their digits or are NaN.

    There :math:`W = -1 + p - p^2/3 + \dots` with :math:`p = \pm\sqrt{2(ez+1)}`: + for k = 0, - for the branch that meets it.

    >>> lambert(-1.0 / math.e * (1.0 - 1e-10), [0, -1]).real.round(9).tolist()
    [-0.999985858, -1.000014142]
    """
    z, k = np.broadcast_arrays(np.asarray(z, complex) + 0.0, k)  # the cut belongs to the upper side, also for -0j
    neighbour = np.where(z.imag < 0.0, 1, -1)
    near = (np.abs(math.e * z + 1.0) < NEAR) & ((k == 0) | (k == neighbour))
    p = np.where(k == 0, 1.0, -1.0) * np.sqrt(2.0 * (math.e * z + 1.0))
    return np.where(near, np.polynomial.polynomial.polyval(p, SERIES), lambertw(z, k))


def delay_length(tau):
    """`tau`, one delay or an array of them, finite and not negative."""
    values = np.asarray(tau, float)
    if not np.all(np.isfinite(values) & (values >= 0.0)):
        raise ValueError(f"tau={tau} must be finite and at least 0: it is a time; 0 is no delay")
    return values if values.ndim else float(values)
