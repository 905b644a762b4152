r"""Which model describes asynchronous SGD where: stationary level and decay on a quadratic, for two laws of the delay.

One mode of curvature a. Steps are counted in units of the curvature, :math:`h=a\eta`, time in iterations, and levels in units of
:math:`\eta s^2/(2a)`, with :math:`s^2` the variance of one gradient; then h and the mean delay l decide everything. A model knows the
delay by its mean alone: SME-ASGD and momentum take the geometric law with that mean, :math:`\mu=l/(1+l)`, the SDDE a constant delay.

Claims used: SME-self-consistent, SME-exact-moments, SDDE-stationary-variance, SDDE-T4.1.
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from scipy.optimize import brentq

from stalegrad.moments import delay
from stalegrad.moments.quadratic import decay_per_step
from stalegrad.moments.spectra import spectral_radius_of
from stalegrad.theory import formula
from stalegrad.theory.sme import quadratic as sme
from stalegrad.theory.sme import symbols

Array = np.ndarray
LAWS = ("geometric", "constant")
TOLERANCE = 0.1
"""A model describes the algorithm where its relative error is at most this."""


def momentum_of(mean):
    r"""Parameter :math:`\mu` of the geometric law with this mean delay, and the momentum that it begets.

    >>> momentum_of(19.0)
    0.95
    """
    return mean / (1.0 + mean)


def exact_levels(h: Array, mean: Array) -> dict[str, Array]:
    """Stationary second moment of the algorithm for either law, closed form; inf where there is none.

    Parameters
    ----------
    h, mean : float or array
        Step in units of the curvature, positive; mean delay, at least 0. They are broadcast.
    """
    h, mean = np.broadcast_arrays(np.asarray(h, float), np.asarray(mean, float))
    return {"geometric": _geometric_level(h, mean), "constant": constant_level(h, mean)}


def constant_level(h: Array, lag: Array) -> Array:
    r"""Stationary variance with a constant delay l, in units of :math:`\eta s^2/(2a)`; inf where there is none.

    .. math:: \frac{1+\sin\psi}{\cos\psi\,\cos(\theta/2)}, \qquad \sin\frac\theta2=\frac h2, \quad \psi=(2l+1)\frac\theta2<\frac\pi2 .

    Notes
    -----
    The autocovariances obey :math:`\gamma_{j+1}-\gamma_j=-h\gamma_{l-j}` for j = 0 .. l. Differencing once more gives
    :math:`\gamma_{j+1}-(2-h^2)\gamma_j+\gamma_{j-1}=0`, so that :math:`\gamma_j=C\cos(j\theta+\tfrac\pi4-\tfrac\psi2)`; and
    :math:`2h\gamma_l-h^2\gamma_0=\eta^2s^2` gives C.

    Examples
    --------
    >>> round(float(constant_level(0.5, 0)), 12) == round(1 / (1 - 0.5 / 2), 12)
    True
    """
    h, lag = np.broadcast_arrays(np.asarray(h, float), np.asarray(lag, float))
    half = np.arcsin(np.minimum(h / 2.0, 1.0))
    psi = (2.0 * lag + 1.0) * half
    with np.errstate(divide="ignore", invalid="ignore"):
        level = (1.0 + np.sin(psi)) / (np.cos(psi) * np.cos(half))
    return np.where(psi < np.pi / 2.0, level, np.inf)


def model_levels(h: Array, mean: Array) -> dict[str, Array]:
    """The same as each model has it; inf where the model has no stationary law. `sdde-half` is the SDDE with half an iteration more."""
    h, mean = np.broadcast_arrays(np.asarray(h, float), np.asarray(mean, float))
    return {
        "sme-asgd": _sme_level(h, mean),
        "sdde": _sdde_level(h, mean),
        "sdde-half": _sdde_level(h, mean + 0.5),
        "msgd": _momentum_level(h, mean),
        "sme-sgd": 1.0 / (1.0 + h / 2.0),
    }


def exact_rates(h: Array, mean: Array) -> dict[str, Array]:
    """Decay of the second moment per iteration, -log of the spectral radius, for either law; at most 0 where the algorithm is unstable.

    Parameters
    ----------
    h : array (nh,)
    mean : array of int (nm,)
        Mean delays, at least 1; whole numbers, as a constant delay is.

    Returns
    -------
    dict of array (nm, nh)
    """
    grid, means = np.meshgrid(h, mean)
    return {
        "geometric": decay_per_step(1.0, grid, momentum_of(means)),
        "constant": np.array([-2.0 * np.log(spectral_radius_of(_companions(np.asarray(h), int(lag)))) for lag in mean]),
    }


def model_rates(h: Array, mean: Array) -> dict[str, Array]:
    """The same as each model has it, broadcast; at most 0 where the model is unstable."""
    h, mean = np.broadcast_arrays(np.asarray(h, float), np.asarray(mean, float))
    mu = momentum_of(mean)
    heavy_ball = np.stack([np.stack([1.0 + mu - h * (1.0 - mu), -mu], axis=-1), np.stack([np.ones_like(h), np.zeros_like(h)], axis=-1)], axis=-2)
    return {
        "sme-asgd": _sme_rate(h, mu),
        "sdde": -2.0 * delay.characteristic_exponent(h, mean),
        "sdde-half": -2.0 * delay.characteristic_exponent(h, mean + 0.5),
        "msgd": -2.0 * np.log(spectral_radius_of(heavy_ball)),
        "sme-sgd": 2.0 * h * (1.0 + h / 2.0),
    }


def relative_error(model: Array, exact: Array, exact_is_stable: Array, model_is_stable: Array) -> Array:
    """model / exact - 1; NaN where the algorithm is unstable, inf where only the model is."""
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.where(model_is_stable, model / exact - 1.0, np.inf)
    return np.where(exact_is_stable, error, np.nan)


def level_errors(h: Array, mean: Array) -> dict[tuple[str, str], Array]:
    """Relative error (nm, nh) of the level of each model under each law, by (law, model)."""
    grid, means = np.meshgrid(h, mean)
    exact, models = exact_levels(grid, means), model_levels(grid, means)
    return {
        (law, name): relative_error(level, exact[law], np.isfinite(exact[law]), np.isfinite(level)) for law in LAWS for name, level in models.items()
    }


def rate_errors(h: Array, mean: Array) -> dict[tuple[str, str], Array]:
    """The same for the decay of the second moment per iteration."""
    exact, models = exact_rates(h, mean), model_rates(*np.meshgrid(h, mean))
    return {(law, name): relative_error(rate, exact[law], exact[law] > 0.0, rate > 0.0) for law in LAWS for name, rate in models.items()}


def safe_step(h: Array, mean: Array, error: Array, edge: Array, share: float = 0.8) -> float:
    """The largest step of the grid h up to which |error| (nm, nh) is within `TOLERANCE` for every mean delay, looking only below `share` of the edge.

    Near the edge of stability levels grow without bound, and no model has the edge right.
    """
    inside = np.asarray(h) < share * np.asarray(edge)[:, None]
    wrong = np.any(inside & ~(np.abs(error) <= TOLERANCE), axis=0)
    first = int(np.argmax(wrong)) if wrong.any() else len(h)
    if first == 0:
        raise ValueError(f"the error exceeds {TOLERANCE} at the smallest step, h = {h[0]}: begin the grid lower")
    return float(h[first - 1])


LIMITING = {
    "level": {
        "geometric": lambda x: 1.0 + x,
        "constant": lambda x: (1.0 + np.sin(x)) / np.cos(x),
        "no delay": lambda x: 1.0,
    },
    "rate": {
        "geometric": lambda x: (1.0 - np.emath.sqrt(1.0 - 4.0 * x).real) / (2.0 * x),
        "constant": lambda x: -delay.characteristic_exponent(x, 1.0) / x,
        "no delay": lambda x: 1.0,
    },
}
r"""Level, and decay in units of 2h, as :math:`h\to0` with the mean delay in time, :math:`x=hl`, held fixed.

That of the geometric law is SME-ASGD's own limit, that of a constant delay the SDDE."""


def first_departure(quantity: str, law: str, model: str, tolerance: float = TOLERANCE) -> float:
    """The smallest x = h l at which, for h -> 0, the limiting form `model` is off by `tolerance` for the law `law`.

    Examples
    --------
    >>> round(first_departure("level", "geometric", "no delay"), 6)
    0.111111
    """
    own, other = LIMITING[quantity][law], LIMITING[quantity][model]

    def excess(x):
        return abs(other(x) / own(x) - 1.0) - tolerance

    grid = np.linspace(1e-3, 1.5, 3000)
    first = int(np.argmax(excess(grid) > 0.0))
    if first == 0:
        raise ValueError(f"model={model!r} does not leave law={law!r} by tolerance={tolerance} for x in (0.001, 1.5]; take another pair")
    return brentq(excess, grid[first - 1], grid[first])


def edges(mean: Array) -> dict[str, Array]:
    """Largest stable h: of the algorithm under each law, of SME-ASGD, of the SDDE and of momentum SGD."""
    mean = np.asarray(mean, float)
    curve = 2.0 * mean * (1.0 + mean)
    return {
        "geometric": (np.sqrt(1.0 + 8.0 * curve * (1.0 + 2.0 * mean)) - 1.0) / (2.0 * curve),
        "constant": 2.0 * np.sin(np.pi / (2.0 * (2.0 * mean + 1.0))),
        "sme-asgd": np.sqrt(2.0 * mean) / (1.0 + mean),
        "sdde": np.pi / (2.0 * mean),
        "msgd": 2.0 * (1.0 + 2.0 * mean),
    }


def _geometric_level(h: Array, mean: Array) -> Array:
    numerator, stability = sp.fraction(sme.ASGD_STATIONARY["x2"])
    over, under = (_broadcast(part)(h, momentum_of(mean)) for part in (numerator, stability))
    with np.errstate(divide="ignore"):
        return np.where(under > 0.0, over / under * 2.0 / h, np.inf)


def _sme_level(h: Array, mean: Array) -> Array:
    return formula("SME-self-consistent").numeric(eta=h, mu=momentum_of(mean), a=1.0, s2=1.0)["x2"] * 2.0 / h


def _sdde_level(h: Array, mean: Array) -> Array:
    return formula("SDDE-stationary-variance").numeric(a=h, tau=mean, sigma2=2.0 * h)


def _momentum_level(h: Array, mean: Array) -> Array:
    r"""Heavy ball with :math:`\eta'=\eta(1-\mu)`: :math:`1/(1-h/(2(1+2l)))`."""
    slack = 1.0 - h / (2.0 * (1.0 + 2.0 * mean))
    return np.where(slack > 0.0, 1.0 / slack, np.inf)


def _sme_rate(h: Array, mu: Array) -> Array:
    """SME-ASGD whose Sigma follows (2.12): the largest real part of the eigenvalues of its moment system, per iteration."""
    matrix, _ = sme.closed_moments()
    entries = [np.broadcast_to(_broadcast(entry * symbols.dt)(h, mu), h.shape) for entry in matrix]
    system = np.stack(entries, axis=-1).reshape(*h.shape, *matrix.shape)
    return -np.linalg.eigvals(system).real.max(axis=-1)


def _broadcast(expression: sp.Expr):
    """A function of arrays (h, mu) from an expression in eta, mu, a and s2, at a = s2 = 1."""
    return sp.lambdify((symbols.eta, symbols.mu), expression.subs({symbols.a: 1, symbols.s2: 1}), "numpy")


def _companions(h: Array, lag: int) -> Array:
    """Companion matrices (nh, l + 1, l + 1) of z^(l+1) - z^l + h, for l of at least 1."""
    matrices = np.zeros((len(h), lag + 1, lag + 1))
    matrices[:, 0, 0], matrices[:, 0, -1] = 1.0, -h
    matrices[:, 1:, :-1] = np.eye(lag)
    return matrices
