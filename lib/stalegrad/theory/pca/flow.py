r"""Sections 2 and 3.1: the mean field :math:`M(v)=\Sigma v-(v^T\Sigma v)v`, its stationary points, the flow (7), and what (6) is made of.

Points are in the basis of the eigenvectors: :math:`\Sigma=\mathrm{diag}(\lambda_1,\dots,\lambda_d)`.
"""

from __future__ import annotations

import numpy as np
import sympy as sp

from stalegrad.theory.formula import Formula, check_domain, register
from stalegrad.theory.pca import symbols
from stalegrad.theory.pca.symbols import momentum, t

_i, _j, _d = sp.symbols("i j d", integer=True, positive=True)
_start, _lam = sp.IndexedBase("H_0"), sp.IndexedBase("lambda")

SOLUTION = register(
    Formula(
        "PCA-ode-solution",
        _start[_i]
        * sp.exp(_lam[_i] * t / (1 - momentum))
        / sp.sqrt(1 + sp.Sum(_start[_j] ** 2 * (sp.exp(2 * _lam[_j] * t / (1 - momentum)) - 1), (_j, 1, _d))),
        (),
        lhs="H_i(t)",
        names={**symbols.NAMES, "lambda": r"\lambda"},
    )
)
r"""For any start. On the sphere, where :math:`\sum_jH_j(0)^2=1`, the terms 1 and -1 cancel and the paper's form is left."""


def field(h, lam):
    r"""M(h) = Lambda h - (h^T Lambda h) h (claims PCA-4, PCA-7).

    Parameters
    ----------
    h : array (d, ...) or sympy column
        Points in the basis of the eigenvectors.
    lam : sequence (d,)

    Examples
    --------
    >>> field(np.array([0.6, 0.8]), [4.0, 3.0]).round(4).tolist()
    [0.384, -0.288]
    """
    if isinstance(h, sp.MatrixBase):
        pulled = sp.diag(*lam) * h
        return pulled - (h.T * pulled)[0] * h
    h = np.asarray(h, dtype=float)
    pulled = np.reshape(lam, (-1,) + (1,) * (h.ndim - 1)) * h
    return pulled - (h * pulled).sum(axis=0) * h


def rates(lam, at: int = 1) -> np.ndarray:
    r"""Curvatures of the flow at :math:`e_j`: eigenvalues of :math:`-DM(e_j)`, mode i along :math:`e_i` (claim PCA-A1).

    Mode j is radial, :math:`2\lambda_j`; mode i is tangent, :math:`\lambda_j-\lambda_i`, negative where :math:`e_j` is a saddle.

    Parameters
    ----------
    lam : sequence (d,)
    at : int
        j, from 1 to d.

    Examples
    --------
    >>> rates([4, 3, 2, 1]).tolist(), rates([4, 3, 2, 1], at=2).tolist()
    ([8.0, 1.0, 2.0, 3.0], [-1.0, 6.0, 1.0, 2.0])
    """
    lam = symbols.spectrum(lam)
    if not (isinstance(at, (int, np.integer)) and 1 <= at <= len(lam)):
        raise ValueError(f"at = {at!r} is no eigenvector; choose a whole number from 1 to {len(lam)}")
    found = lam[at - 1] - lam
    found[at - 1] = 2.0 * lam[at - 1]
    return found


def solution(H0, lam, momentum, t, printed: bool = False) -> np.ndarray:
    """The flow (7) from any start at time t = k eta (claims PCA-7, PCA-ode-solution).

    Parameters
    ----------
    H0 : sequence (d,)
        The start in the basis of the eigenvectors. It need not lie on the sphere.
    lam : sequence (d,)
        Eigenvalues of Sigma, positive, in the order of the coordinates.
    momentum : float
        In [0, 1).
    t : float or array (n,)
        Time, at least 0; one unit is 1 / eta iterations.
    printed : bool
        As printed, without the term for a start off the sphere: always of length 1.

    Returns
    -------
    ndarray (d,) or (n, d)

    Raises
    ------
    ValueError
        For arguments outside their ranges, or lists of different lengths.

    Examples
    --------
    >>> solution([-0.6, 0.8], [4.0, 3.0], 0.5, [0.0, 20.0]).round(6).tolist()
    [[-0.6, 0.8], [-1.0, 0.0]]
    """
    check_domain({"lam": "positive"}, H0=H0, lam=lam, momentum=momentum, t=t)
    start, lam, time = np.asarray(H0, float), np.asarray(lam, float), np.asarray(t, float)[..., None] / (1.0 - momentum)
    if start.ndim != 1 or start.shape != lam.shape:
        raise ValueError(f"H0 has shape {start.shape} and lam {lam.shape}; give one start and one eigenvalue for each coordinate")
    if not start.any():
        return np.zeros_like(start * time)
    # All exponents are taken relative to the largest one that the start excites, so that none overflows.
    top = lam[start != 0].max()
    decaying = np.where(start != 0, np.exp((np.minimum(lam, top) - top) * time), 0.0)
    rest = 0.0 if printed else (1.0 - start @ start) * np.exp(-2.0 * top * time)
    return start * decaying / np.sqrt(rest + ((start * decaying) ** 2).sum(axis=-1, keepdims=True))


def limit_of_the_flow(H0, lam) -> np.ndarray:
    """Where the flow ends: the part of H0 in the leading eigenspace that it touches, made a unit vector (claim PCA-ode-solution).

    Examples
    --------
    >>> limit_of_the_flow([-0.1, 0.5, 0.5], [4.0, 3.0, 3.0]).tolist()
    [-1.0, 0.0, 0.0]
    """
    start, lam = np.asarray(H0, float), np.asarray(lam, float)
    if not start.any():
        return start
    part = np.where(lam == lam[start != 0].max(), start, 0.0)
    return part / np.linalg.norm(part)


def decomposition(points, reads, samples, covariance, momentum: float, printed: bool = False) -> dict[str, np.ndarray]:
    r"""The three parts of the last displacement of a path, :math:`(v_{k+1}-v_k)/\eta=m_{k+1}+\beta_k+\epsilon_k` (claim PCA-6).

    Parameters
    ----------
    points : array (k + 1, d)
        The points :math:`v_0,\dots,v_k`; only the printed form uses them.
    reads : array (k + 1, d)
        The delayed reads :math:`v_{i-\tau_i}`.
    samples : array (k + 1, d, d)
        :math:`\Sigma_i=X_iX_i^T`.
    covariance : array (d, d)
        Sigma.
    momentum : float
    printed : bool
        As printed: the quadratic form in beta_k is taken at the point v_i, not at the read.

    Returns
    -------
    dict
        "m", "beta", "epsilon", each (d,).

    Notes
    -----
    The path starts at rest before its first step, :math:`v_{-1}=v_0`, and its first sample is number 0.

    Examples
    --------
    >>> one = np.array([[0.6, 0.8]])
    >>> parts = decomposition(one, one, np.array([np.diag([2.0, 0.0])]), np.diag([1.0, 0.5]), 0.9)
    >>> sum(parts.values()).round(4).tolist()
    [0.768, -0.576]
    """
    points, reads, samples = (np.asarray(part, dtype=float) for part in (points, reads, samples))
    weights = momentum ** np.arange(len(reads) - 1, -1, -1.0)
    noise = samples - covariance
    mean = _pull(covariance, reads, reads)
    formed = points if printed else reads
    noises = np.concatenate([_pull(noise[:-1], reads[:-1], formed[:-1]), _pull(noise[-1:], reads[-1:], reads[-1:])])
    return {"m": weights @ mean, "beta": weights[:-1] @ noises[:-1], "epsilon": noises[-1]}


def _pull(matrices, reads, formed):
    """A w - (u^T A u) w for each read w and the point u in its quadratic form."""
    pulled = np.einsum("...ij,...j->...i", matrices, reads)
    return pulled - np.einsum("...i,...ij,...j->...", formed, matrices, formed)[..., None] * reads
