r"""Theorems 5 and 9: the linear equations around the optimum and the saddles, and the delayed recursion itself, exactly.

With :math:`u=(h-e_j)/\sqrt\eta` mode i has drift :math:`-\frac{r}{1-\mu}U` and noise :math:`\frac{\alpha}{1-\mu}`, with the curvature
:math:`r=\lambda_j-\lambda_i` and :math:`\alpha^2=E[Y_i^2Y_j^2]`, :math:`Y=Q^TX`.
"""

from __future__ import annotations

import numpy as np
import sympy as sp

from stalegrad.theory.formula import Formula, check_domain, register
from stalegrad.theory.pca import symbols
from stalegrad.theory.pca.stability import critical
from stalegrad.theory.pca.symbols import U, alpha2, eta, gap, momentum, t

_shared = {"names": {**symbols.NAMES, "gap": r"(\lambda_1-\lambda_i)"}, "domains": symbols.POSITIVE}

OPTIMUM = register(
    Formula(
        "PCA-8",
        {"drift": -gap * U / (1 - momentum), "diffusion": sp.sqrt(alpha2) / (1 - momentum)},
        ("U", "momentum", "gap", "alpha2"),
        **_shared,
    )
)

STATIONARY = register(
    Formula("PCA-T5", eta * alpha2 / (2 * (1 - momentum) * gap), ("eta", "momentum", "gap", "alpha2"), lhs=r"\eta\,E\,U_\infty^2", **_shared)
)
"""Stationary variance of h_i, i not 1, by the limit."""

WITHOUT_DELAY = STATIONARY.expr / (1 - eta * gap / (2 * (1 + momentum)))
"""The same for the momentum recursion itself at delay 0, whatever the step size."""

SADDLE = register(
    Formula(
        "PCA-T9",
        {
            "drift": gap * U / (1 - momentum),
            "diffusion": sp.sqrt(alpha2) / (1 - momentum),
            "variance": alpha2 / (2 * (1 - momentum) * gap) * (sp.exp(2 * gap * t / (1 - momentum)) - 1),
        },
        ("U", "t", "momentum", "gap", "alpha2"),
        defaults={"U": 0.0},
        names={**symbols.NAMES, "gap": r"(\lambda_i-\lambda_j)"},
        domains=symbols.POSITIVE,
    )
)
"""Around a saddle e_j, a coordinate i with a larger eigenvalue; the variance is that at time t from U = 0."""


def delayed_variance(eta: float, momentum: float, gap: float, alpha2: float, tau: int) -> float:
    r"""Stationary variance of :math:`u_{k+1}=(1+\mu)u_k-\mu u_{k-1}-\eta g\,u_{k-\tau}+\eta\xi_k`, exact (claim PCA-delayed-variance).

    Parameters
    ----------
    eta, momentum : float
        Step size, and the paper's mu in [0, 1).
    gap : float
        Curvature g of the mode, lambda_1 - lambda_i.
    alpha2 : float
        Variance of xi.
    tau : int
        Delay in iterations; infinite variance from the critical delay on.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        For arguments outside their ranges.

    Notes
    -----
    The autocovariances :math:`c_0,c_1,\dots` solve the recursion's own linear equations (Yule and Walker).

    Examples
    --------
    >>> round(delayed_variance(0.01, 0.5, 2.0, 3.0, 0), 9) == round(0.015 / (1 - 0.02 / 3), 9)
    True
    """
    check_domain({**symbols.POSITIVE, "tau": "at least 0"}, eta=eta, momentum=momentum, gap=gap, alpha2=alpha2, tau=tau)
    if int(tau) != tau:
        raise ValueError(f"tau = {tau!r} must be a whole number of iterations; round it")
    h, tau = eta * gap, int(tau)
    if h >= 2.0 * (1.0 + momentum) or tau >= critical(h, momentum):
        return float("inf")
    return float(autocovariances(h, momentum, tau)[0] * eta**2 * alpha2)


def autocovariances(h: float, momentum: float, tau: int) -> np.ndarray:
    """Autocovariances at lags 0, 1, ... of the recursion driven by noise of variance 1, (max(tau, 1) + 2,).

    Examples
    --------
    >>> autocovariances(1.0, 0.0, 0).tolist()
    [1.0, 0.0, 0.0]
    """
    matrix = np.eye(max(tau, 1) + 2)
    lags = np.arange(len(matrix))
    # Row j: c_j = (1 + mu) c_{j-1} - mu c_{j-2} - h c_{j-1-tau}, and c_{-l} = c_l; the noise enters row 0 only.
    for back, weight in ((1, 1.0 + momentum), (2, -momentum), (tau + 1, -h)):
        np.subtract.at(matrix, (lags, np.abs(lags - back)), weight)
    return np.linalg.solve(matrix, (lags == 0).astype(float))
