"""Stochastic modified equations of SGD, of SGD with momentum, and of ASGD with linear gradients."""

from __future__ import annotations

import math
from functools import partial
from typing import NamedTuple

import numpy as np

from stalegrad.engine.checks import fraction, objective, positive
from stalegrad.engine.square_root import square_root
from stalegrad.limits.sde import SDE


class Position(NamedTuple):
    """X (d, paths)."""

    x: np.ndarray


class Phase(NamedTuple):
    """Position X (or the expected read M) and momentum P, both (d, paths)."""

    x: np.ndarray
    p: np.ndarray


def sme_sgd(problem, eta: float) -> SDE:
    r"""SME-SGD, $dX = -\nabla(F + \frac\eta4 |\nabla F|^2)\,dt + (\eta\,\Sigma(X))^{1/2}\,dB$ (claim SME-3.3).

    $\Sigma(x)$ is the covariance of $\nabla f_\gamma(x)$ over a uniform component. dt = eta.

    Parameters
    ----------
    problem : Problem
        The objective.
    eta : float
        Learning rate of the SGD that it follows, positive.

    Raises
    ------
    ValueError
        For a rate that is not positive and finite.

    References
    ----------
    An, Lu and Ying, Section 3; Li, Tai and E (2017).

    Examples
    --------
    >>> import stalegrad as sg
    >>> limit = sg.sme_sgd(sg.problems.quadratic([[1.0], [-1.0]]), eta=0.1)
    >>> sg.simulate(limit, 1.0, n_paths=100, n_steps=10).mean.shape
    (11, 1)
    """
    eta = positive(eta, "eta")
    return SDE(
        name="sme_sgd",
        problem=objective(problem),
        parameters={"eta": eta},
        dt=eta,
        start=Position,
        drift=partial(overdamped_drift, problem, eta),
        diffusion=partial(overdamped_diffusion, problem, eta),
        kernel=("overdamped", "overdamped"),
        arguments=partial(_overdamped_arguments, problem, eta),
    )


def overdamped_drift(problem, eta: float, state: Position, k: int) -> Position:
    """-(grad F + eta/2 Hess F grad F)."""
    return Position(-problem.mean_gradient(state.x) - eta / 2.0 * problem.hessian_gradient(state.x))


def overdamped_diffusion(problem, eta: float, state: Position, k: int, dB: np.ndarray) -> Position:
    """(eta Sigma(X))^(1/2) dB."""
    return Position(math.sqrt(eta) * apply(square_root(problem.gradient_covariance(state.x)), dB))


def sme_msgd(problem, eta: float, momentum: float) -> SDE:
    r"""SME-MSGD, $dP = -\nabla F(X)\,dt - \frac{1-\mu'}{\sqrt{\eta'}} P\,dt + \sigma(X)\,\eta'^{1/4}\,dB$, $dX = P\,dt$ (claim SME-2.7).

    $\sigma\sigma^T$ is the covariance of $\nabla f_\gamma(X)$; P = v / sqrt(eta') starts at 0. dt = sqrt(eta').

    Parameters
    ----------
    problem : Problem
        The objective.
    eta, momentum : float
        The paper's eta' (positive) and mu' (in [0, 1)), as in `msgd`.

    Raises
    ------
    ValueError
        For a rate that is not positive and finite, or a momentum outside [0, 1).

    References
    ----------
    An, Lu and Ying, Section 2.1 and Appendix A.

    Examples
    --------
    >>> import stalegrad as sg
    >>> sg.sme_msgd(sg.problems.quadratic([[1.0], [-1.0]]), eta=0.0004, momentum=0.9).dt
    0.02
    """
    eta, momentum = positive(eta, "eta"), fraction(momentum, "momentum")
    dt = math.sqrt(eta)
    parameters = {"eta": eta, "momentum": momentum}
    return _langevin("sme_msgd", problem, parameters, friction=(1.0 - momentum) / dt, dt=dt, sigma=None)


def sme_asgd_linear(problem, eta: float, mu: float, Sigma=None) -> SDE:
    r"""SME-ASGD for linear gradients (claim SME-2.5).

    .. math:: dP = -\nabla F(M)\,dt - \sqrt{\tfrac{1-\mu}{\eta}}\,P\,dt + \sigma\,(\eta(1-\mu))^{1/4}\,dB, \qquad dM = P\,dt.

    M stands for the expected read $m_k = \sum_l (1-\mu)\mu^l x_{k-l}$, not for $x_k$; it starts at x_0 and P
    at 0 (frozen past). dt = sqrt(eta (1 - mu)).

    Parameters
    ----------
    problem : Problem
        The objective; the derivation of the paper needs components with linear gradients.
    eta : float
        Learning rate, positive.
    mu : float
        Parameter of the geometric staleness, in [0, 1).
    Sigma : float or array (d, d), optional
        The constant $\Sigma = \sigma\sigma^T$. By default the covariance of $\nabla f_\gamma(M)$, which leaves
        out the variance that the random read adds.

    Raises
    ------
    ValueError
        For rates out of range, or a Sigma of another shape, not symmetric or with a negative variance.

    References
    ----------
    An, Lu and Ying, Section 2.1.

    Examples
    --------
    >>> import stalegrad as sg
    >>> problem = sg.problems.quadratic([[1.0], [-1.0]], curvature=2.0)
    >>> round(sg.sme_asgd_linear(problem, eta=0.01, mu=0.96, Sigma=4.0).dt, 12)
    0.02
    """
    eta, mu = positive(eta, "eta"), fraction(mu, "mu")
    sigma = None if Sigma is None else constant_root(Sigma, problem.dim)
    parameters = {"eta": eta, "mu": mu, "Sigma": None if Sigma is None else np.array(Sigma, float)}
    friction, dt = math.sqrt((1.0 - mu) / eta), math.sqrt(eta * (1.0 - mu))
    return _langevin("sme_asgd_linear", problem, parameters, friction=friction, dt=dt, sigma=sigma)


def at_rest(x0: np.ndarray) -> Phase:
    """P = 0."""
    return Phase(x0, np.zeros_like(x0))


def langevin_drift(problem, friction: float, state: Phase, k: int) -> Phase:
    """(P, -grad F(X) - friction P)."""
    return Phase(state.p, -problem.mean_gradient(state.x) - friction * state.p)


def langevin_diffusion(problem, dt: float, sigma, state: Phase, k: int, dB: np.ndarray) -> Phase:
    """(0, sigma dt^(1/2) dB): the factors (eta (1 - mu))^(1/4) and eta'^(1/4) are both dt^(1/2)."""
    root = square_root(problem.gradient_covariance(state.x)) if sigma is None else sigma
    return Phase(0.0 * state.x, math.sqrt(dt) * apply(root, dB))


def apply(root: np.ndarray, dB: np.ndarray) -> np.ndarray:
    """root dB, path by path; `root` (d, d, paths) or (d, d, 1)."""
    return (root * dB[None, :, :]).sum(axis=1)


def _langevin(name: str, problem, parameters: dict, *, friction: float, dt: float, sigma) -> SDE:
    return SDE(
        name=name,
        problem=objective(problem),
        parameters=parameters,
        dt=dt,
        start=at_rest,
        drift=partial(langevin_drift, problem, friction),
        diffusion=partial(langevin_diffusion, problem, dt, sigma),
        kernel=("langevin", "langevin"),
        arguments=partial(_langevin_arguments, problem, sigma, friction, dt),
    )


def constant_root(Sigma, dim: int) -> np.ndarray:
    """A root (d, d, 1) of a constant covariance."""
    matrix = np.array(Sigma, float, ndmin=2)
    if matrix.shape != (dim, dim):
        raise ValueError(f"Sigma has shape {np.shape(Sigma)}, but the problem has dimension {dim}: give ({dim}, {dim})")
    least = np.linalg.eigvalsh(matrix)[0] if np.isfinite(matrix).all() else np.nan
    if not np.allclose(matrix, matrix.T) or not least >= -1e-12 * np.abs(matrix).max():
        raise ValueError(f"Sigma={Sigma} is no covariance: it must be finite, symmetric, and without negative eigenvalues")
    return square_root(matrix[:, :, None])


def _overdamped_arguments(problem, eta: float, n_steps: int) -> tuple:
    b = problem.blocks
    return (b.mean_gradient.compiled, b.second_moment.compiled, b.hessian_gradient.compiled, problem.summary, eta, n_steps)


def _langevin_arguments(problem, sigma, friction: float, dt: float, n_steps: int) -> tuple:
    b, factor = problem.blocks, np.zeros(0) if sigma is None else sigma.ravel()
    return (b.mean_gradient.compiled, b.second_moment.compiled, problem.summary, factor, friction, dt, n_steps)
