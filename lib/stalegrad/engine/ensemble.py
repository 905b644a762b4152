"""The result of a simulation."""

from __future__ import annotations

import io
import json
import platform
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from stalegrad.files import write_aside

FORMAT = "stalegrad ensemble 1"


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Moments of many paths at every step, and, if asked for, the paths.

    d counts the recorded columns: those of x, or of everything that the process observes, in the order of `facts["observed"]`.

    Attributes
    ----------
    mean : ndarray (n_steps + 1, d)
        Average of x_k over the paths.
    second_moment : ndarray (n_steps + 1, d, d)
        Average of x_k x_k^T.
    fourth_moment : ndarray (n_steps + 1, d)
        Average of the fourth power of each coordinate.
    final : ndarray (n_paths, d) or None
        Last points.
    paths : ndarray (n_paths, n_steps + 1, d) or None
        All points.
    n_paths : int
        Number of paths.
    diverged : int
        Paths whose last point is not finite; the moments then are not finite either.
    dt : float
        Time that one step stands for.
    facts : dict
        Where the numbers came from: process, parameters, start, seed, versions.
    """

    mean: np.ndarray
    second_moment: np.ndarray
    fourth_moment: np.ndarray
    final: np.ndarray | None
    paths: np.ndarray | None
    n_paths: int
    diverged: int
    dt: float
    facts: dict[str, Any]

    @classmethod
    def from_sums(cls, sums, final, paths, diverged: int, *, n_paths: int, dt: float, facts: dict) -> Ensemble:
        """From the sums over paths of x_i, x_i^2, x_i^4 and x_i x_j (j < i), i = 0, 1, ... (n_steps + 1, moments)"""
        averages = sums / n_paths
        d = dimension(sums.shape[1])
        mean, fourth = np.empty((len(sums), d)), np.empty((len(sums), d))
        second = np.empty((len(sums), d, d))
        column = 0
        for i in range(d):
            mean[:, i], second[:, i, i], fourth[:, i] = averages[:, column : column + 3].T
            second[:, i, :i] = second[:, :i, i] = averages[:, column + 3 : column + 3 + i]
            column += 3 + i
        return cls(mean, second, fourth, final, paths, n_paths, diverged, dt, facts)

    def __repr__(self) -> str:
        n_steps, d = len(self.mean) - 1, self.mean.shape[1]
        return f"Ensemble({self.facts['process']}: {self.n_paths} paths, {n_steps} steps, dim={d}, diverged={self.diverged})"

    @property
    def time(self) -> np.ndarray:
        """Time of each step, dt k (n_steps + 1,)."""
        return self.dt * np.arange(len(self.mean))

    @property
    def covariance(self) -> np.ndarray:
        """Unbiased covariance over the paths (n_steps + 1, d, d); NaN for a single path."""
        with np.errstate(invalid="ignore", over="ignore"):
            spread = self.second_moment - self.mean[:, :, None] * self.mean[:, None, :]
        return spread * self._unbiased()

    @property
    def standard_error(self) -> np.ndarray:
        """Standard error of `mean` (n_steps + 1, d)."""
        variance = np.diagonal(self.covariance, axis1=1, axis2=2)
        return np.sqrt(np.maximum(variance, 0.0) / self.n_paths)

    @property
    def second_moment_standard_error(self) -> np.ndarray:
        """Standard error of the diagonal of `second_moment` (n_steps + 1, d)."""
        second = np.diagonal(self.second_moment, axis1=1, axis2=2)
        with np.errstate(invalid="ignore", over="ignore"):
            variance = (self.fourth_moment - second**2) * self._unbiased()
        return np.sqrt(np.maximum(variance, 0.0) / self.n_paths)

    def percentile(self, q) -> np.ndarray:
        """Percentiles over the paths: at every step (n_steps + 1, d) where paths were kept, else of the last points (d,).

        A list of q adds a first axis. Raises ValueError when only moments were kept.
        """
        points = self.paths if self.paths is not None else self._final("percentile")
        if not ((np.asarray(q) >= 0) & (np.asarray(q) <= 100)).all():
            raise ValueError(f"q={q} holds no percentiles: give numbers from 0 to 100")
        return np.percentile(points, q, axis=0)

    def histogram(self, bins=50, coordinate: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Density and bin edges of one coordinate of the last points that are finite (as `numpy.histogram`)."""
        points = self._final("histogram")
        if not 0 <= coordinate < points.shape[1]:
            raise ValueError(f"coordinate={coordinate} is not there: the points have {points.shape[1]}, counted from 0")
        values = points[:, coordinate]
        return np.histogram(values[np.isfinite(values)], bins=bins, density=True)

    def to_xarray(self):
        """The same as an `xarray.Dataset` with dimensions step, i, j (and path), coordinate time, and `facts` as attributes."""
        import xarray

        variables = {
            "mean": (("step", "i"), self.mean),
            "second_moment": (("step", "i", "j"), self.second_moment),
            "standard_error": (("step", "i"), self.standard_error),
            "second_moment_standard_error": (("step", "i"), self.second_moment_standard_error),
        }
        if self.final is not None:
            variables["final"] = (("path", "i"), self.final)
        if self.paths is not None:
            variables["paths"] = (("path", "step", "i"), self.paths)
        attributes = {name: value if isinstance(value, (int, float)) else str(value) for name, value in self.facts.items()}
        return xarray.Dataset(variables, {"time": ("step", self.time)}, attributes)

    def save(self, path) -> None:
        """Write one `.npz` file, aside and then renamed: an interrupted save leaves no half-written file."""
        arrays = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "facts"}
        arrays = {name: value for name, value in arrays.items() if value is not None}
        content = io.BytesIO()
        np.savez_compressed(content, format=FORMAT, facts=json.dumps(self.facts), **arrays)
        write_aside(Path(path), content.getvalue())

    @classmethod
    def load(cls, path) -> Ensemble:
        """Read what `save` wrote; ValueError for a file that is damaged or something else."""
        try:
            with Path(path).open("rb") as handle:
                if not zipfile.is_zipfile(handle):
                    raise ValueError("it is no npz archive")
                handle.seek(0)
                found = dict(np.load(handle, allow_pickle=False))
            if str(found.pop("format")) != FORMAT:
                raise ValueError("another format")
            facts = json.loads(str(found.pop("facts")))
            optional = {"final": None, "paths": None}
            numbers = {"n_paths": int(found.pop("n_paths")), "diverged": int(found.pop("diverged"))}
            return cls(**optional | found | numbers | {"dt": float(found.pop("dt")), "facts": facts})
        except FileNotFoundError:
            raise
        except (OSError, EOFError, KeyError, TypeError, ValueError, AttributeError, zipfile.BadZipFile) as problem:
            raise ValueError(f"{path} is damaged or was not written by Ensemble.save: {problem}; simulate again") from problem

    def _unbiased(self) -> float:
        return self.n_paths / (self.n_paths - 1) if self.n_paths > 1 else float("nan")

    def _final(self, what: str) -> np.ndarray:
        if self.final is None:
            raise ValueError(f'{what} needs the points of each path: simulate with keep="final" or keep="paths"')
        return self.final


def moment_count(d: int) -> int:
    """Moments recorded a step: d means, d (d + 1) / 2 second and d fourth moments."""
    return 2 * d + d * (d + 1) // 2


def dimension(n_moments: int) -> int:
    """The d with n_moments = moment_count(d)."""
    return next(d for d in range(n_moments + 1) if moment_count(d) >= n_moments)


def provenance(process, start: np.ndarray, n_paths: int, n_steps: int, seed: int, first_path: int) -> dict[str, Any]:
    """Everything that fixes the numbers of a run, ready for JSON."""
    import numba

    return {
        "process": process.name,
        "problem": repr(process.problem),
        "parameters": {name: _plain(value) for name, value in process.parameters.items()},
        "start": start.tolist(),
        "observed": list(process.observed),
        "n_paths": n_paths,
        "n_steps": n_steps,
        "seed": seed,
        "first_path": first_path,
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "numba": numba.__version__},
    }


def _plain(value):
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, (int, float, str, list, tuple, type(None))) else str(value)
