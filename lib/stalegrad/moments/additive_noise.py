r"""Numbers of section 5.1, additive noise: spectral radii of its maps, stationary values, exact moments of its figures.

Claims: EASGD-F5.1 to EASGD-F5.8, EASGD-5.7, EASGD-5.14, EASGD-easgd-full-optimal, EASGD-eamsgd-optimal,
EASGD-eamsgd-stationary. Reference: Zhang, Section 5.1. The radius of a second-moment matrix is the square of that of the drift
of the same variables; which one a map shows is as its caption says. Where eigenvalues have closed forms these are used: at the optima
two or three eigenvalues meet, and a numerical solver loses half or two thirds of its digits there.
"""

from __future__ import annotations

import functools

import numpy as np

from stalegrad.engine.checks import finite, whole
from stalegrad.moments.spectra import spectral_radius_of
from stalegrad.theory import formula

Array = np.ndarray
BETA, MOMENTUM = 0.9, 0.99
"""Moving rate of the centre in Figures 5.2 to 5.8, and momentum in Figure 5.8."""
NOISE, WORKERS = 1e-2, 4
"""Standard deviation of the noise and number of workers in Figures 5.3 and 5.7."""
SMALL_RATE, LARGE_RATE = 0.1, 1.5
"""Learning rate of Figures 5.3 and 5.4, and of Figures 5.5 and 5.7."""
_ZOOMS, _POINTS = 6, 121


def _largest(eigenvalues: dict) -> Array:
    return functools.reduce(np.maximum, map(np.abs, eigenvalues.values()))


def momentum_radius(eta, delta) -> Array:
    """Radius of the second moments (5.6) of momentum SGD, h = 1 (Figure 5.1); arguments broadcast.

    Examples
    --------
    >>> momentum_radius(0.25, 1 / 3).round(6).item()
    0.25
    """
    return _largest(formula("EASGD-5.8").numeric(eta=eta, delta=delta))


def reduced_radius(eta, alpha, beta=BETA) -> Array:
    """Radius of the second moments (5.12) of average and centre, h = 1 (Figure 5.2); arguments broadcast.

    Examples
    --------
    >>> reduced_radius(0.4, -0.1, 0.9).round(6).item()  # the optimum of (5.17): (sqrt(0.36) - 1)^2
    0.16
    """
    return _largest(formula("EASGD-5.16").numeric(eta=eta, alpha=alpha, beta=beta))


def drift_radius(eta, alpha, beta=BETA) -> Array:
    """Radius of the drift M_p of (5.18), p > 1 workers and centre, h = 1 (Figure 5.6); arguments broadcast.

    Examples
    --------
    >>> drift_radius(0.25, 0.0, 0.9).round(6).item()
    0.75
    """
    return _largest(formula("EASGD-5.19").numeric(eta=eta, alpha=alpha, beta=beta))


def momentum_drift_radius(eta, alpha, beta=BETA, delta=MOMENTUM) -> Array:
    """Radius of the drift M_p of (5.20), p > 1 workers with velocities and centre, h = 1 (Figure 5.8); arguments broadcast.

    Examples
    --------
    >>> momentum_drift_radius(0.25, 0.0, 0.9, 0.0).round(6).item()
    0.75
    """
    return spectral_radius_of(formula("EASGD-5.20").numeric(eta=eta, alpha=alpha, beta=beta, delta=delta))


def moduli(alpha, eta: float, beta: float = BETA) -> list:
    """[abs z1, abs z2, abs z3] of (5.19), h = 1 (Figures 5.4 and 5.5); arrays for an array of `alpha`."""
    return [np.abs(value) for value in formula("EASGD-5.19").numeric(eta=eta, alpha=alpha, beta=beta).values()]


def full_optimum(eta, beta, printed: bool = False) -> dict[str, Array]:
    """Rate alpha at which the radius of M_p, p > 1, is least over all real alpha, and that radius "sp"; h = 1, arguments broadcast.

    With `printed`, the printed rule and the radius that it attains.

    Examples
    --------
    >>> best, rule = full_optimum(1.5, 0.9), full_optimum(1.5, 0.9, printed=True)
    >>> [round(float(found[name]), 4) for found in (best, rule) for name in ("alpha", "sp")]
    [-0.1633, 0.3367, -0.0762, 0.4238]
    """
    optimum = formula("EASGD-easgd-full-optimal")
    found = (optimum.numeric_printed if printed else optimum.numeric)(eta=eta, beta=beta)
    return {name: np.real(value) for name, value in found.items()}


def best_alpha(eta: float, beta: float = BETA, delta: float = MOMENTUM) -> dict[str, float]:
    """The same for EAMSGD, by search: {"alpha", "sp"} of the least radius of (5.20) over alpha in (-4, 4), h = 1.

    Examples
    --------
    >>> found = best_alpha(0.5)
    >>> round(found["alpha"], 2), round(found["sp"], 3)
    (0.5, 0.629)
    """
    low, high = -4.0, 4.0
    for _ in range(_ZOOMS):
        alpha = np.linspace(low, high, _POINTS)
        radius = momentum_drift_radius(eta, alpha, beta, delta)
        at, step = int(radius.argmin()), alpha[1] - alpha[0]
        low, high = alpha[at] - 2.0 * step, alpha[at] + 2.0 * step
    return {"alpha": float(alpha[at]), "sp": float(radius[at])}


def momentum_stationary(eta, delta, h, sigma) -> dict[str, float]:
    """(5.7): "v2", "vx", "x2"; where momentum SGD is unstable, squares are infinite and the cross moment is NaN."""
    values = formula("EASGD-5.7").numeric(eta=eta, delta=delta, h=h, sigma=sigma)
    radius = momentum_radius(np.multiply(eta, h), delta)
    return _or_divergent(values, radius)


def elastic_stationary(eta, alpha, beta, h, sigma, p) -> dict[str, float]:
    """(5.14): "y2", "yx", "x2"; where the pair of average and centre is unstable, squares are infinite and the cross moment is NaN."""
    values = formula("EASGD-5.14").numeric(eta=eta, alpha=alpha, beta=beta, h=h, sigma=sigma, p=p)
    return _or_divergent(values, reduced_radius(np.multiply(eta, h), alpha, beta))


def eamsgd_stationary(eta, alpha, beta, delta, h, sigma, p) -> dict[str, float]:
    """Stationary "y2" of the spatial average and "x2" of the centre of EAMSGD, infinite where their system is unstable.

    Differences between the workers do not enter: where they alone are unstable, the values are finite.

    Examples
    --------
    >>> found = eamsgd_stationary(eta=0.1, alpha=0.2, beta=0.9, delta=0.9, h=1.0, sigma=1.0, p=4)
    >>> print(f"{found['y2']:.4f} {found['x2']:.4f}")
    0.0516 0.0510
    """
    values = formula("EASGD-eamsgd-stationary").numeric(eta=eta, alpha=alpha, beta=beta, delta=delta, h=h, sigma=sigma, p=p)
    return _or_divergent(values, averages_radius(np.multiply(eta, h), alpha, beta, delta))


def averages_radius(eta, alpha, beta, delta) -> Array:
    """Radius of the drift of (average velocity, average, centre), h = 1: the factor v of (5.21), without the differences."""
    eta, alpha, beta, delta = np.broadcast_arrays(eta, alpha, beta, delta)
    momentum, zero, one = delta * (1.0 - eta), np.zeros(eta.shape), np.ones(eta.shape)
    rows = [[momentum, -eta, zero], [momentum, one - eta - alpha, alpha], [zero, beta, one - beta]]
    return spectral_radius_of(np.moveaxis(np.array([[np.asarray(entry, dtype=float) for entry in row] for row in rows]), (0, 1), (-2, -1)))


def _or_divergent(values: dict, radius: Array) -> dict:
    divergent = {name: np.inf if name.endswith("2") else np.nan for name in values}
    return {name: np.where(radius < 1.0, value, divergent[name])[()] for name, value in values.items()}


def centre_second_moment(alpha: float, t: int, eta: float) -> float:
    """Exact E centre_t^2 of EASGD in the setting of Figures 5.3 and 5.7, when the centre and all workers start at 1.

    h = 1, sigma = 0.01, p = 4, beta = 0.9. Computed from (5.12), a closed system: differences between workers, stable or not, do not
    act on the centre.

    Raises
    ------
    ValueError
        If t is not a whole number, at least 0, or alpha is not finite.

    Examples
    --------
    >>> centre_second_moment(0.225, 0, eta=0.1), round(centre_second_moment(0.225, 2, eta=0.1), 4)
    (1.0, 0.8281)
    """
    t, step = whole(t, "t", 0), _figure_step(alpha, eta)
    with np.errstate(over="ignore", invalid="ignore"):  # divergence is a result
        return float((np.linalg.matrix_power(step, t) @ np.ones(4))[2])


def centre_second_moments(alpha: float, n_steps: int, eta: float) -> Array:
    """`centre_second_moment` at steps 0, ..., n_steps."""
    step, moments = _figure_step(alpha, eta), [np.ones(4)]
    for _ in range(n_steps):
        moments.append(step @ moments[-1])
    return np.array(moments)[:, 2]


def _figure_step(alpha: float, eta: float) -> Array:
    """(5.12) with its constant as a last column."""
    system = formula("EASGD-5.12").numeric(eta=eta, alpha=finite(alpha, "alpha"), beta=BETA, sigma=NOISE, p=WORKERS)
    step = np.zeros((4, 4))
    step[:3, :3], step[:3, 3:], step[3, 3] = system["matrix"], system["constant"], 1.0
    return step


def spread(alpha: float, n_steps: int, eta: float) -> Array:
    r"""Standard deviation of a worker from the spatial average in that setting: :math:`d_{t+1}=(1-\alpha-\eta)d_t+\eta(\xi^i_t-\bar\xi_t)`."""
    powers = (1.0 - alpha - eta) ** (2.0 * np.arange(n_steps))
    total = np.concatenate([[0.0], np.cumsum(powers)])
    return eta * NOISE * np.sqrt((1.0 - 1.0 / WORKERS) * total)
