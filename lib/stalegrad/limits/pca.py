"""The linear equations of streaming PCA around the optimum and the saddles (Liu et al., Theorems 5 and 9)."""

from __future__ import annotations

import numpy as np

from stalegrad.engine.checks import fraction, positive, whole
from stalegrad.limits.sdde import SDDE, sdde
from stalegrad.problems.quadratic_model import diagonal
from stalegrad.problems.streaming import StreamingData


def pca_diffusion(data: StreamingData, eta: float, momentum: float = 0.0, around: int = 1, substeps: int = 1, grid=None) -> SDDE:
    r"""What `streaming_pca` does near the eigenvector j = `around`, in the other coordinates $h_i$ of $h = Q^T v$ (claims PCA-8, PCA-T5, PCA-T9).

    .. math:: dX_i = -\frac{\lambda_j-\lambda_i}{1-\mu}\,X_i\,dt + \sqrt\eta\,\frac{\alpha_{ij}}{1-\mu}\,dB_i,\qquad \alpha_{ij}^2 = E[Y_i^2Y_j^2],

    for i = 1, ..., d without j, in that order. The paper's $U = X/\sqrt\eta$ obeys the same equation without the factor $\sqrt\eta$. One step of the
    algorithm stands for the time dt = eta. Around j = 1 every coordinate settles; around a saddle those with larger eigenvalues leave, and the
    equation holds only until they are no longer small. Delays far below the critical one do not enter: for them ask
    `theory.pca.diffusion.delayed_variance`.

    Parameters
    ----------
    data : StreamingData
        From `problems.streaming_data`. Its coordinates $Y_i$ are independent, so $\alpha_{ij}^2=\lambda_i\lambda_j$ whatever their law.
    eta : float
        Step size, positive.
    momentum : float
        The paper's mu, in [0, 1).
    around : int
        j, from 1 to d: 1 is the optimum, the others are saddles.
    substeps, grid : int
        As in `sdde`.

    Raises
    ------
    ValueError
        For data of another kind, or a number out of its range.

    References
    ----------
    Liu, Li, Shi, Zhou and Zhao (2018), Theorems 5 and 9.

    Examples
    --------
    >>> import stalegrad as sg
    >>> limit = sg.pca_diffusion(sg.problems.streaming_data([4.0, 3.0]), eta=0.0005, momentum=0.9)
    >>> floor = sg.claim("PCA-T5").value(eta=0.0005, momentum=0.9, gap=1.0, alpha2=12.0)
    >>> bool(abs(sg.moments.exact_limit(limit, 0.0, 5.0).second_moment.item() / floor - 1.0) < 1e-9)
    True
    """
    if not isinstance(data, StreamingData):
        raise ValueError(f"data={data!r} is no stream of data: give problems.streaming_data(...)")
    momentum, around = fraction(momentum, "momentum"), whole(around, "around", 1)
    if around > data.dim:
        raise ValueError(f"around={around} must be at most d = {data.dim}, the number of eigenvectors")
    eta, j = positive(eta, "eta"), around - 1
    curvatures, alpha2 = (np.delete(row, j) for row in (data.eigenvalues[j] - data.eigenvalues, data.alpha2[j]))
    # A step of eta / (1 - mu) that stands for the time eta brings both factors 1 / (1 - mu).
    return sdde(diagonal(curvatures), eta / (1.0 - momentum), 0, delta=eta, Sigma=np.diag(alpha2), substeps=substeps, grid=grid)
