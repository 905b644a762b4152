r"""Streaming PCA: the data $X=Q\Lambda^{1/2}\xi$ of a principal component that is looked for (Liu et al., (4)).

The d entries of $\xi$ are independent, of mean 0 and variance 1, so $E XX^T=\Sigma=Q\Lambda Q^T$ whatever their law; the law decides the
fourth moments. $Y=Q^TX$ are the data in the basis of the eigenvectors.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stalegrad.engine.streams import DATA, Tape, uniforms

Array = np.ndarray
SYMMETRY = 1e-10
"""Largest entry of Q^T Q - 1 of a matrix that counts as a rotation."""


@dataclass(frozen=True)
class Coordinate:
    """The law of one entry of xi."""

    kurtosis: float
    """E xi^4, the second moment being 1."""
    bound: float
    """Largest |xi|; infinite for the Gaussian law."""
    read: Callable[[Tape, int, int], Array]
    """(tape, first, count) -> entries number first, ..., (count, paths)."""
    drawer: str
    """Name of the machine code that draws the same entries, in `stalegrad.engine.compiled.streaming`."""


def _uniform(tape: Tape, first: int, count: int) -> Array:
    return math.sqrt(3.0) * (2.0 * uniforms(tape.words(first, count, DATA)) - 1.0)


def _signs(tape: Tape, first: int, count: int) -> Array:
    return 1.0 - 2.0 * (tape.words(first, count, DATA) >> np.uint64(31)).astype(float)


COORDINATES = {
    "gaussian": Coordinate(3.0, math.inf, Tape.normals, "draw_gaussian"),
    "uniform": Coordinate(9.0 / 5.0, math.sqrt(3.0), _uniform, "draw_uniform"),
    "signs": Coordinate(1.0, 1.0, _signs, "draw_signs"),
}
"""Standard normals (not bounded), uniform on [-sqrt 3, sqrt 3], and -1 or 1: of all laws that with the least fourth moment."""


@dataclass(frozen=True, eq=False)
class StreamingData:
    """A stream of independent data with a given covariance. Made by `streaming_data`, which documents it.

    Attributes
    ----------
    eigenvalues : ndarray (d,)
        lambda_1 > lambda_2 >= ... >= lambda_d > 0.
    rotation : ndarray (d, d) or None
        Q, whose columns are the eigenvectors v^1, ..., v^d; None for the unit matrix.
    law : str
        A name in `COORDINATES`.
    """

    eigenvalues: Array
    rotation: Array | None
    law: str

    def __repr__(self) -> str:
        turned = "" if self.rotation is None else ", rotated"
        shown = ", ".join(f"{value:g}" for value in self.eigenvalues[:4]) + (", ..." if self.dim > 4 else "")
        return f"StreamingData({self.law}, eigenvalues=[{shown}], dim={self.dim}{turned})"

    @property
    def name(self) -> str:
        """For tables and saved files."""
        return f"{self.law} stream"

    @property
    def dim(self) -> int:
        """d."""
        return len(self.eigenvalues)

    @property
    def linear(self) -> None:
        """The rule is of third order in v, so that no moments close."""
        return None

    @property
    def coordinate(self) -> Coordinate:
        """The law of the entries of xi."""
        return COORDINATES[self.law]

    @property
    def covariance(self) -> Array:
        """Sigma = Q Lambda Q^T (d, d)."""
        q = np.eye(self.dim) if self.rotation is None else self.rotation
        return (q * self.eigenvalues) @ q.T

    @property
    def leading(self) -> Array:
        """The optimum v^1 (d,), the other optimum being -v^1."""
        return np.eye(self.dim)[0] if self.rotation is None else self.rotation[:, 0]

    @property
    def alpha2(self) -> Array:
        r"""The paper's $\alpha_{ij}^2=E\,Y_i^2Y_j^2$ (d, d): lambda_i lambda_j, and the kurtosis of xi times that on the diagonal."""
        products = np.outer(self.eigenvalues, self.eigenvalues)
        return products + (self.coordinate.kurtosis - 1.0) * np.diag(np.diag(products))

    @property
    def bound(self) -> float:
        """C_d of Assumption 2: the smallest number with |X| <= C_d, infinite for the Gaussian law."""
        return self.coordinate.bound * math.sqrt(self.eigenvalues.sum())

    def to_eigenbasis(self, v) -> Array:
        """h = Q^T v for a point (d,) or for points (d, paths)."""
        return v if self.rotation is None else self.rotation.T @ v

    def rows(self, tape: Tape, first: int, count: int) -> Array:
        """Data number `first` on (count, d, paths); a datum takes the first d entries of as few calls of four as hold them."""
        entries = self.coordinate.read(tape, first * self.taken, count * self.taken).reshape(count, self.taken, -1)
        scaled = np.sqrt(self.eigenvalues)[:, None] * entries[:, : self.dim]
        return scaled if self.rotation is None else self.rotation @ scaled

    @property
    def compiled(self):
        """The machine code that draws the entries of xi."""
        from stalegrad.engine.compiled import laws, streaming  # loads numba: only when a kernel runs

        return laws.compiled(getattr(streaming, self.coordinate.drawer))

    @property
    def taken(self) -> int:
        """Entries of the tape that a datum takes, d rounded up to a multiple of four."""
        return -(-self.dim // 4) * 4

    @property
    def roots(self) -> Array:
        """Standard deviations of Y, followed by zeros (taken,), as the kernel takes them."""
        return np.pad(np.sqrt(self.eigenvalues), (0, self.taken - self.dim))


def streaming_data(eigenvalues, law: str = "gaussian", rotation=None) -> StreamingData:
    r"""Independent data $X=Q\Lambda^{1/2}\xi$ with covariance $\Sigma=Q\Lambda Q^T$, for streaming PCA (claims PCA-4, PCA-A1, PCA-A2).

    Parameters
    ----------
    eigenvalues : sequence of float
        lambda_1 > lambda_2 >= ... >= lambda_d > 0 (Assumption 1).
    law : {"gaussian", "uniform", "signs"}
        Law of the entries of xi: standard normal; uniform on [-sqrt 3, sqrt 3]; or -1 and 1, equally likely. The last two are bounded,
        as Assumption 2 demands; with "signs" |X|^2 is the trace of Sigma, always.
    rotation : array (d, d), optional
        Q, whose columns are the eigenvectors; the unit matrix by default.

    Raises
    ------
    ValueError
        For eigenvalues that are not positive, not in order or without a gap after the first; an unknown law; a matrix that is no rotation.

    References
    ----------
    Liu, Li, Shi, Zhou and Zhao (2018), Section 2.

    Examples
    --------
    >>> data = streaming_data([4.0, 3.0, 2.0, 1.0], law="uniform")
    >>> data.alpha2[0, :2].round(2).tolist(), round(data.bound, 2)
    ([28.8, 12.0], 5.48)
    """
    lam = _eigenvalues(eigenvalues)
    if law not in COORDINATES:
        raise ValueError(f"law={law!r} is unknown: give one of {', '.join(COORDINATES)}")
    return StreamingData(lam, None if rotation is None else _rotation(rotation, len(lam)), law)


def _eigenvalues(values) -> Array:
    lam = np.array(values, dtype=float)
    if lam.ndim != 1 or len(lam) == 0 or not np.isfinite(lam).all() or lam.min() <= 0.0:
        raise ValueError(f"eigenvalues={values} must be a list of positive finite numbers, one for each dimension")
    if (np.diff(lam) > 0.0).any() or (len(lam) > 1 and lam[0] == lam[1]):
        raise ValueError(f"eigenvalues={lam.tolist()} must fall, the first above the second, or no component is the leading one; sort them")
    lam.setflags(write=False)
    return lam


def _rotation(matrix, d: int) -> Array:
    q = np.array(matrix, dtype=float)
    if q.shape != (d, d):
        raise ValueError(f"rotation has shape {q.shape}, but there are {d} eigenvalues: give shape ({d}, {d})")
    if not np.abs(q.T @ q - np.eye(d)).max() <= SYMMETRY:
        raise ValueError("rotation has columns that are not orthonormal; take Q from numpy.linalg.eigh or numpy.linalg.qr")
    q.setflags(write=False)
    return q
