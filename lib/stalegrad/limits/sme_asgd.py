"""The stochastic modified equation of ASGD with general gradients, batches, and mixtures of geometric staleness."""

from __future__ import annotations

import math
from functools import partial
from typing import NamedTuple

import numpy as np

from stalegrad import staleness as laws
from stalegrad.engine.checks import batch_sizes, fraction, objective, positive, schedule
from stalegrad.engine.square_root import square_root
from stalegrad.limits.sde import SDE
from stalegrad.limits.sme import apply


class StaleState(NamedTuple):
    """State of SME-ASGD; there is one Y and one S for each exponential of the staleness law."""

    x: np.ndarray
    """X (d, paths)."""
    y: np.ndarray
    """Y_j (parts, d, paths): minus alpha times the expected stale gradient under exponential j."""
    s: np.ndarray
    """S_j (parts, d, d, paths): covariance of the stale gradient under exponential j."""


def sme_asgd(problem, eta: float, mu: float, batch=None) -> SDE:
    r"""SME-ASGD for general gradients, claims SME-2.11 and SME-2.12, with a batch SME-4.2.

    .. math::
        dY &= -\nabla F(X)\,dt - \sqrt{\tfrac{1-\mu}{\eta}}\,Y\,dt, \\
        dX &= Y\,dt + \frac{\eta^{3/4}}{(1+u)^{1/2}(1-\mu)^{1/4}}\,\Sigma^{1/2}\,dB, \\
        d\Sigma &= -\sqrt{\tfrac{1-\mu}{\eta}}\,\Sigma\,dt
            + \sqrt{\tfrac{1-\mu}{\eta}}\Big(\tfrac1n\textstyle\sum_i \nabla f_i \nabla f_i^T
            + \tfrac{1-\mu}{\mu} \nabla F\,\nabla F^T\Big)dt
            + \tfrac{1-\mu}{\eta\mu}\Big(\sqrt{\tfrac{1-\mu}{\eta}}\,Y Y^T + \nabla F\,Y^T + Y\,\nabla F^T\Big)dt.

    The past is frozen at x_0: $Y_0 = -\alpha\nabla F(x_0)$ with $\alpha = \sqrt{\eta/(1-\mu)}$, and $\Sigma_0$ is
    the covariance of $\nabla f_\gamma(x_0)$. dt = sqrt(eta (1 - mu)).

    Parameters
    ----------
    problem : Problem
        The objective.
    eta : float
        Learning rate, positive.
    mu : float
        Parameter of the geometric staleness, in (0, 1).
    batch : int or array of int, optional
        Batch size 1 + u, one size, or one a step; by default 1.

    Raises
    ------
    ValueError
        For rates out of range; for mu = 0, where SME-2.12 divides by zero (use `sme_sgd`); for a batch size that
        is not a whole number of at least 1; from `simulate`, for a schedule shorter than the run.

    Notes
    -----
    With $C = \frac1n\sum_i \nabla f_i\nabla f_i^T - \nabla F\,\nabla F^T$ and $h = \nabla F + Y/\alpha$ the last
    equation reads $d\Sigma = \alpha^{-1}(-\Sigma + C + h h^T/\mu)\,dt$, so an Euler step of length
    dt = alpha (1 - mu) gives $\mu\Sigma + (1-\mu)(C + h h^T/\mu)$: Sigma stays positive semidefinite.

    References
    ----------
    An, Lu and Ying, Sections 2.2 and 4.

    Examples
    --------
    >>> import stalegrad as sg
    >>> limit = sg.sme_asgd(sg.problems.quadratic([[1.0], [-1.0]], curvature=2.0), eta=0.01, mu=0.96)
    >>> round(limit.dt, 12), sg.simulate(limit, 1.0, n_paths=100, n_steps=10).mean.shape
    (0.02, (11, 1))
    """
    eta, mu = positive(eta, "eta"), fraction(mu, "mu")
    sizes = 1 if batch is None else batch_sizes(batch)
    return _stale_sde("sme_asgd", problem, {"eta": eta, "mu": mu, "batch": sizes}, eta, [1.0], [mu], sizes)


def sme_asgd_mixture(problem, eta: float, weights, mus) -> SDE:
    r"""SME-ASGD for the staleness law $P(\tau=l) = \sum_j w_j (1-\mu_j)\mu_j^l$ (claim SME-embedding).

    Each exponential gets its own $y^j_k = -\alpha \sum_l (1-\mu_j)\mu_j^l \nabla F(x_{k-l})$, so that
    $y^j_k = \mu_j y^j_{k-1} - \alpha(1-\mu_j)\nabla F(x_k)$, and its own covariance $S_j$ of the stale gradient, which
    follows SME-2.12 with $\mu_j$. The expected stale gradient is $-\bar Y/\alpha$ with $\bar Y = \sum_j w_j Y_j$:

    .. math::
        dX &= \bar Y\,dt + \frac{\eta}{\sqrt{dt}}\,\Sigma^{1/2}\,dB, \qquad
        dY_j = -\tfrac{1-\mu_j}{dt}\,(\alpha\nabla F(X) + Y_j)\,dt, \\
        dS_j &= \tfrac{1-\mu_j}{dt}\,(-S_j + C + h_j h_j^T/\mu_j)\,dt, \qquad h_j = \nabla F + Y_j/\alpha, \\
        \Sigma &= \sum_j w_j \big(S_j + (Y_j-\bar Y)(Y_j-\bar Y)^T/\alpha^2\big),

    where C is the covariance of $\nabla f_\gamma(X)$, and Sigma follows from the law of total variance. Any time
    scale serves; $dt = \sqrt{\eta/(1+E\tau)}$ and $\alpha = \eta/dt$ make one exponential the same as `sme_asgd`.

    Parameters
    ----------
    problem : Problem
        The objective.
    eta : float
        Learning rate, positive.
    weights, mus : sequences of float
        w_j, not negative and with sum 1, and mu_j in (0, 1).

    Raises
    ------
    ValueError
        For rates out of range, weights that are no probabilities, or a mu_j of 0, where SME-2.12 divides by zero.

    References
    ----------
    An, Lu and Ying, Section 2, the remark on sums of exponentials; worked out here.

    Examples
    --------
    >>> import stalegrad as sg
    >>> problem = sg.problems.quadratic([[1.0], [-1.0]], curvature=2.0)
    >>> limit = sg.sme_asgd_mixture(problem, eta=0.01, weights=[0.5, 0.5], mus=[0.5, 0.95])
    >>> round(limit.dt, 6)
    0.030151
    """
    eta = positive(eta, "eta")
    law = laws.mixture(weights, mus)
    return _stale_sde("sme_asgd_mixture", problem, {"eta": eta, "weights": law.weights, "mus": law.mus}, eta, law.weights, law.mus, 1)


def frozen_past(problem, n_parts: int, alpha: float, x0: np.ndarray) -> StaleState:
    """X = x_0, Y_j = -alpha grad F(x_0), S_j = covariance of grad f_gamma(x_0)."""
    y = -alpha * problem.mean_gradient(x0)
    return StaleState(x0, np.stack([y] * n_parts), np.stack([problem.gradient_covariance(x0)] * n_parts))


def stale_drift(problem, weights, mus, eta: float, dt: float, state: StaleState, k: int) -> StaleState:
    """The three drifts, SME-2.12 term by term for each exponential."""
    alpha, g, second = eta / dt, problem.mean_gradient(state.x), problem.second_moment(state.x)
    dx = sum(w * y for w, y in zip(weights, state.y, strict=True))
    dy = [-(1.0 - mu) / dt * (alpha * g + y) for mu, y in zip(mus, state.y, strict=True)]
    ds = []
    for mu, y, s in zip(mus, state.y, state.s, strict=True):
        fresh = second + (1.0 - mu) / mu * outer(g, g)
        stale = outer(y, y) / alpha**2 + (outer(g, y) + outer(y, g)) / alpha
        ds.append((1.0 - mu) / dt * (-s + fresh + stale / mu))
    return StaleState(dx, np.stack(dy), np.stack(ds))


def stale_diffusion(weights, eta: float, dt: float, batch, state: StaleState, k: int, dB: np.ndarray) -> StaleState:
    """eta (dt (1 + u_k))^(-1/2) Sigma^(1/2) dB, in X only."""
    size = batch if np.ndim(batch) == 0 else batch[k]
    noise = eta / math.sqrt(dt * size) * apply(square_root(stale_covariance(weights, eta / dt, state)), dB)
    return StaleState(noise, 0.0 * state.y, 0.0 * state.s)


def stale_covariance(weights, alpha: float, state: StaleState) -> np.ndarray:
    """Sigma (d, d, paths), the covariance of a stale gradient: within exponentials, and between them."""
    mean = sum(w * y for w, y in zip(weights, state.y, strict=True))
    parts = zip(weights, state.y, state.s, strict=True)
    return sum(w * (s + outer(y - mean, y - mean) / alpha**2) for w, y, s in parts)


def outer(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a b^T, path by path (d, d, paths)."""
    return a[:, None] * b[None, :]


def _stale_sde(name: str, problem, parameters: dict, eta: float, weights, mus, batch) -> SDE:
    if min(mus) == 0.0:
        raise ValueError("mu=0: the covariance equation SME-2.12 divides by mu; without staleness use sme_sgd(problem, eta)")
    dt = math.sqrt(eta / (1.0 + sum(w * mu / (1.0 - mu) for w, mu in zip(weights, mus, strict=True))))
    return SDE(
        name=name,
        problem=objective(problem),
        parameters=parameters,
        dt=dt,
        start=partial(frozen_past, problem, len(mus), eta / dt),
        drift=partial(stale_drift, problem, weights, mus, eta, dt),
        diffusion=partial(stale_diffusion, weights, eta, dt, batch),
        kernel=("sme_asgd", "sme_asgd"),
        arguments=partial(_arguments, problem, eta, dt, weights, mus, batch),
    )


def _arguments(problem, eta: float, dt: float, weights, mus, batch, n_steps: int) -> tuple:
    shares = 1.0 / np.sqrt(schedule(batch, n_steps, "batch").astype(float))
    b = problem.blocks
    compiled = (b.mean_gradient.compiled, b.second_moment.compiled, problem.summary)
    return (*compiled, np.array(weights, float), np.array(mus, float), eta, dt, shares)
