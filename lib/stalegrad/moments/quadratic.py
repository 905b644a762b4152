r"""One quadratic mode: the numbers that the ledger asks for by plain parameters.

Component gradients are :math:`ax\mp s` with sampling variance :math:`s^2` (`s2`), the minimiser is 0.
"""

from __future__ import annotations

import warnings

import numpy as np
from scipy.linalg import expm
from scipy.optimize import minimize_scalar

from stalegrad.engine.checks import fraction, positive, start_point, whole
from stalegrad.moments import continuous
from stalegrad.moments.discrete import Memory, Rule
from stalegrad.moments.system import Array, Moments, fixed_point, radius

FIGURE4 = {"eta": 0.01, "a": 2.0, "s2": 4.0}
"""Figure 4: components (x - 1)^2 - 1 and (x + 1)^2 - 1, started at 1."""


def _checked(eta: float, mu: float, a: float, s2: float) -> tuple[float, float, float, float]:
    if not (np.isfinite(s2) and s2 >= 0.0):
        raise ValueError(f"s2={s2} is no variance: give a finite number, 0 or more")
    curvature = positive(a, "a", "the curvature must be positive and finite")
    return positive(eta, "eta"), fraction(mu, "mu"), curvature, float(s2)


def components(a: float, s2: float) -> tuple[Array, Array]:
    """(H, b) of two components with mean gradient a x and sampling variance s2."""
    return np.full((2, 1, 1), a), np.array([[np.sqrt(s2)], [-np.sqrt(s2)]])


def geometric_memory(mu: float) -> Memory:
    """Memory of the geometric staleness law."""
    return Memory(np.ones(1), np.array([mu]))


def exact_moments(eta: float, mu: float, a: float, s2: float, x0: float, k: int | str) -> dict[str, float]:
    r"""Exact mean and second moment of discrete ASGD (SME-2.1) on a quadratic after k steps (SME-exact-moments).

    Parameters
    ----------
    eta, mu, a, s2 : float
        Step size, staleness parameter, curvature, sampling variance of the gradient.
    x0 : float
        Start, and the past before it.
    k : int or "inf"
        Number of steps; "inf" asks for the stationary moments, which are infinite where they do not exist. A second moment beyond
        the largest float is infinite too.

    Examples
    --------
    >>> exact_moments(eta=0.01, mu=0.95, a=2.0, s2=4.0, x0=1.0, k=0)
    {'mean': 1.0, 'second_moment': 1.0}
    """
    eta, mu, a, s2 = _checked(eta, mu, a, s2)
    system = Rule(components(a, s2), eta, geometric_memory(mu)).system(start_point(x0, 1))
    if str(k) in ("inf", "Infinity"):
        return _scalars(fixed_point(system, 1.0, lambda matrix: radius(matrix) < 1.0))
    steps = whole(k, "k", 0)
    with np.errstate(over="ignore", invalid="ignore"):
        found = system.moments(np.linalg.matrix_power(system.matrix, steps) @ system.start)
        # The mean has a matrix of its own (the minimum is at 0), and stays finite longer where both diverge.
        mean = np.linalg.matrix_power(system.first_order(), steps) @ system.start[system.layout.means]
    second = found.second_moment.item()
    return {"mean": float(mean[0]), "second_moment": second if np.isfinite(second) else np.inf}


def self_consistent(eta: float, mu: float, a: float, s2: float, lag_factor: float | None = None) -> dict[str, float]:
    r"""Stationary :math:`\Sigma` and :math:`E X^2` of (2.11) when Sigma follows (2.12) (SME-self-consistent).

    Solved from the moment system; infinite, with a warning, where :math:`2\mu(1-\mu)\le a^2\eta^2`. `lag_factor`
    replaces the printed :math:`1/\mu`.

    Examples
    --------
    >>> round(self_consistent(eta=0.01, mu=0.95, a=2.0, s2=4.0)["Sigma"], 9)
    4.016913319
    """
    eta, mu, a, s2 = _checked(eta, mu, a, s2)
    if mu == 0.0 and lag_factor is None:
        warnings.warn("(2.12) divides by mu = 0: no stationary Sigma, inf is returned", RuntimeWarning, stacklevel=2)
        return {"Sigma": np.inf, "x2": np.inf}
    system = continuous.sme_asgd(components(a, s2), eta, mu, lag_factor=lag_factor).flow(np.zeros(1))
    x2 = _scalars(fixed_point(system, 0.0, lambda matrix: np.linalg.eigvals(matrix).real.max() < 0.0))["second_moment"]
    return {"Sigma": x2 * 2.0 / (eta * (eta / (1.0 - mu) + 1.0 / a)), "x2": x2}


def second_moment_map(a: float, eta: float, mu) -> Array:
    r"""One step of discrete ASGD on (E x^2, E xz, E z^2, E Q) without sampling noise: (..., 4, 4) for mu (...).

    z is the expected read and Q the second moment of a read, given the past. With h = a eta:
    :math:`x'^2=x^2-2h\,xz+h^2Q`, :math:`x'z'=\mu(xz-hz^2)+(1-\mu)x'^2`,
    :math:`z'^2=\mu^2z^2+2\mu(1-\mu)(xz-hz^2)+(1-\mu)^2x'^2`, :math:`Q'=\mu Q+(1-\mu)x'^2`.
    """
    h, mu = a * eta, np.asarray(mu, dtype=float)
    one, zero, fresh = np.ones_like(mu), np.zeros_like(mu), 1.0 - mu
    x2 = np.stack([one, -2.0 * h * one, zero, h**2 * one], axis=-1)
    cross = np.stack([zero, one, -h * one, zero], axis=-1)
    z2, read = np.eye(4)[2], np.eye(4)[3]
    m, f = mu[..., None], fresh[..., None]
    rows = [x2, m * cross + f * x2, m**2 * z2 + 2.0 * m * f * cross + f**2 * x2, m * read + f * x2]
    return np.stack(rows, axis=-2)


def decay_per_step(a: float, eta: float, mu) -> Array:
    """-log of the spectral radius of `second_moment_map`; shape of mu.

    At mu = 0 the map is E x'^2 = (1 - h)^2 E x^2, which is used as it stands: the other eigenvalues are defective
    zeros, of which a numerical solver makes noise.
    """
    mu = np.asarray(mu, dtype=float)
    radii = np.abs(np.linalg.eigvals(second_moment_map(a, eta, mu))).max(axis=-1)
    with np.errstate(divide="ignore"):
        return -np.log(np.where(mu == 0.0, (1.0 - a * eta) ** 2, radii))


def best_mu(a: float, eta: float) -> dict[str, float]:
    """The mu in [0, 1) with the fastest decay of E x^2 under discrete ASGD, and the rate per step (SME-best-mu).

    The rate has kinks where eigenvalues meet, and its maximum can be one: a grid, fine towards mu = 1, brackets the
    three best local maxima, each is refined by bounded search, the best of these and of the grid is returned.

    Examples
    --------
    >>> best = best_mu(a=2.0, eta=0.05)
    >>> bool(0 < best["mu"] < 1 and best["rate"] > 0)
    True
    """
    a, eta = positive(a, "a", "the curvature must be positive"), positive(eta, "eta")
    grid = np.union1d(np.linspace(0.0, 0.999, 4000), 1.0 - np.logspace(-3, -9, 600))
    rates = decay_per_step(a, eta, grid)
    padded = np.concatenate([[-np.inf], rates, [-np.inf]])
    peaks = np.flatnonzero((rates >= padded[:-2]) & (rates >= padded[2:]))
    best = (float(rates.max()), float(grid[rates.argmax()]))
    for peak in peaks[np.argsort(rates[peaks])[-3:]]:
        low, high = grid[max(peak - 1, 0)], grid[min(peak + 1, len(grid) - 1)]
        found = minimize_scalar(lambda mu: -decay_per_step(a, eta, mu), bounds=(low, high), options={"xatol": 1e-13})
        best = max(best, (float(-found.fun), float(found.x)))
    if best[0] <= 0.0:
        raise ValueError(f"a * eta = {a * eta}: no mu lets E x^2 decay; take a step size with a * eta < 2")
    return {"mu": best[1], "rate": best[0]}


def figure4(model: str, mu: float, k: int, scheme: str = "exact") -> dict[str, float]:
    """Exact mean and second moment of one curve of Figure 4 at step k (SME-F4).

    Parameters
    ----------
    model : "asgd", "sme-asgd" or "sme-sgd"
        Discrete ASGD; SME-ASGD (2.11)+(2.12) at time k sqrt(eta (1-mu)); SME-SGD (3.3) at time k eta.
    mu : float
        Staleness parameter; SME-SGD does not depend on it, and (2.12) needs it positive.
    k : int
        Step.
    scheme : "exact" or "euler"
        For the two limits: the limit itself, or its Euler-Maruyama scheme with one step for each step of ASGD.

    Examples
    --------
    >>> round(figure4("sme-sgd", mu=0.95, k=100)["mean"], 6)
    0.132655
    """
    eta, a, s2 = FIGURE4.values()
    if model == "asgd":
        return exact_moments(eta, mu, a, s2, 1.0, k)
    mu, k = fraction(mu, "mu"), whole(k, "k", 0)
    linear = components(a, s2)
    if model == "sme-asgd":
        if mu == 0.0:
            raise ValueError("mu = 0.0: (2.12) divides by mu; choose mu in (0, 1), or model='sme-sgd'")
        limit = continuous.sme_asgd(linear, eta, mu)
    elif model == "sme-sgd":
        limit = continuous.sme_sgd(linear, eta)
    else:
        raise ValueError(f"model = {model!r} is none of 'asgd', 'sme-asgd', 'sme-sgd'; choose one of these")
    if scheme not in ("exact", "euler"):
        raise ValueError(f"scheme = {scheme!r} must be 'exact' or 'euler'")
    return _scalars(_after(limit, np.ones(1), k, scheme))


def _after(limit: continuous.LinearLimit, start: Array, k: int, scheme: str) -> Moments:
    system = limit.flow(start) if scheme == "exact" else limit.euler(start)
    advance = expm(k * limit.dt * system.matrix) if scheme == "exact" else np.linalg.matrix_power(system.matrix, k)
    return system.moments(advance @ system.start)


def _scalars(moments: Moments) -> dict[str, float]:
    return {"mean": float(moments.mean[0]), "second_moment": float(moments.second_moment[0, 0])}
