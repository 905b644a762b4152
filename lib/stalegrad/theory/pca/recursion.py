r"""The recursion (5) without noise: every :math:`X_kX_k^T` replaced by its mean. It shows what delay and momentum do by themselves."""

from __future__ import annotations

import numpy as np

from stalegrad.theory.formula import check_domain
from stalegrad.theory.pca.flow import field, solution


def mean_path(start, lam, eta: float, momentum: float, tau: int, n_steps: int) -> np.ndarray:
    r""":math:`h_{k+1}=h_k+\mu(h_k-h_{k-1})+\eta M(h_{k-\tau})` from a past at rest (claims PCA-5, PCA-critical-delay).

    Parameters
    ----------
    start : sequence (d,)
        In the basis of the eigenvectors; on or off the sphere.
    lam : sequence (d,)
    eta, momentum : float
    tau : int
        Delay in iterations.
    n_steps : int

    Returns
    -------
    ndarray (n_steps + 1, d)
        Steps 0 .. n_steps; values that overflow are infinite or NaN.

    Raises
    ------
    ValueError
        For parameters outside their ranges.

    Examples
    --------
    >>> abs(mean_path([0.6, 0.8], [4.0, 3.0], 0.01, 0.5, 5, 2000)[-1]).round(6).tolist()
    [1.0, 0.0]
    """
    check_domain({"lam": "positive", "tau": "at least 0"}, start=start, lam=lam, eta=eta, momentum=momentum, tau=tau)
    lam, tau = np.asarray(lam, float), int(tau)
    path = np.empty((tau + 1 + n_steps, len(lam)))
    path[: tau + 1] = start
    with np.errstate(over="ignore", invalid="ignore"):
        for k in range(tau, tau + n_steps):
            before = path[k - 1] if k > tau else path[k]
            path[k + 1] = path[k] + momentum * (path[k] - before) + eta * field(path[k - tau], lam)
    return path[tau:]


def norm_excess(lam, start, eta: float, momentum: float, tau: int, time) -> np.ndarray:
    r"""First order in eta of :math:`|h|^2-1` along the flow, at the times `time` (n,), evenly spaced from 0 (claim PCA-L1).

    It solves :math:`\frac{1-\mu}2\dot q=-(h^T\Lambda h)\,q+\frac{\eta|M(h)|^2}{(1-\mu)^2}\left[\frac{1+\mu}2+(1-\mu)\tau\right]`, q(0) = 0.

    Examples
    --------
    >>> bool(norm_excess([2.0, 1.0], [1.0, 0.0], 0.01, 0.5, 10, np.linspace(0.0, 1.0, 11)).max() == 0.0)
    True
    """
    h = solution(start, lam, momentum, time).T
    pull = 2.0 / (1.0 - momentum) * (np.reshape(lam, (-1, 1)) * h**2).sum(axis=0)
    push = 2.0 * eta * (field(h, lam) ** 2).sum(axis=0) / (1.0 - momentum) ** 3 * (0.5 * (1.0 + momentum) + (1.0 - momentum) * tau)
    spacing, excess = np.diff(time), np.zeros(len(time))
    for k, dt in enumerate(spacing):  # trapezoidal rule
        known = (1.0 - 0.5 * dt * pull[k]) * excess[k] + 0.5 * dt * (push[k] + push[k + 1])
        excess[k + 1] = known / (1.0 + 0.5 * dt * pull[k + 1])
    return excess
