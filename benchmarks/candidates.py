"""The rows of the table: which function computes which workload, and how the row is described."""

from importlib import import_module
from typing import NamedTuple

from benchmarks import delayed, elastic, pca


class Candidate(NamedTuple):
    """A row. `needs` names the distributions to install; `kind` is "ours", "limit", "library" or "by hand"."""

    workload: str
    key: str
    kind: str
    description: str
    module: str
    function: str
    needs: tuple[str, ...] = ()

    @property
    def id(self):
        return f"{self.workload}:{self.key}"

    def prepare(self, workload):
        """The program ``run(seed) -> (mean, second_moment)``, or for the limit ``run(seed) -> None``."""
        return getattr(import_module(f"benchmarks.peers.{self.module}"), self.function)(workload)


JAX = ("jax",)
DIFFRAX = ("jax", "diffrax")
TORCHSDE = ("torch", "torchsde")

CANDIDATES = [
    Candidate("W1", "limit", "limit", "drawing the same numbers with SIMD Philox, nothing else", "draws", "w1"),
    Candidate("W1", "stalegrad", "ours", "stalegrad.simulate", "own", "simulate"),
    Candidate("W1", "numpy", "library", "NumPy, its geometric and integers, tuned blocks", "numpy_blocks", "w1"),
    Candidate("W1", "numpy-by-hand", "by hand", "NumPy, cheaper draws of the same laws", "numpy_blocks", "w1_by_hand"),
    Candidate("W1", "jax", "library", "JAX jit, its geometric and randint", "jax_scan", "w1", JAX),
    Candidate("W1", "jax-by-hand", "by hand", "JAX jit, both draws from one word", "jax_scan", "w1_by_hand", JAX),
    Candidate("W1", "jax-single", "by hand", "the same in single precision", "jax_scan", "w1_single", JAX),
    Candidate("W2", "limit", "limit", "drawing the same numbers with SIMD Philox, nothing else", "draws", "w2"),
    Candidate("W2", "stalegrad", "ours", "stalegrad.simulate", "own", "simulate"),
    Candidate("W2", "numpy", "library", "NumPy, standard_normal, tuned blocks", "numpy_blocks", "w2"),
    Candidate("W2", "jax", "library", "JAX jit, lax.scan, random.normal", "jax_scan", "w2", JAX),
    Candidate("W2", "jax-single", "by hand", "the same in single precision", "jax_scan", "w2_single", JAX),
    Candidate("W2", "diffrax", "library", "diffrax Euler, vmap over paths", "diffrax_euler", "w2", DIFFRAX),
    Candidate("W2", "diffrax-by-hand", "by hand", "diffrax Euler, all paths in one state", "diffrax_euler", "w2_by_hand", DIFFRAX),
    Candidate("W2", "torchsde", "library", "torchsde sdeint, default Brownian motion", "torchsde_euler", "w2", TORCHSDE),
    Candidate("W2", "torchsde-by-hand", "by hand", "torchsde sdeint, step given in advance", "torchsde_euler", "w2_by_hand", TORCHSDE),
]

for _name, _workload in delayed.WORKLOADS.items():
    _kind = "random" if _workload.is_random else "constant"
    CANDIDATES += [
        Candidate(_name, "limit", "limit", f"drawing the same numbers with SIMD Philox, nothing else; {_kind} delay", "draws", "w3"),
        Candidate(_name, "stalegrad", "ours", "stalegrad.simulate", "own", "simulate"),
        Candidate(_name, "numpy", "library", "NumPy, standard_normal, tuned blocks", "numpy_delayed", "w3"),
        Candidate(_name, "jax", "library", "JAX jit, lax.scan, random.normal", "jax_scan", "w3", JAX),
        Candidate(_name, "jax-single", "by hand", "the same in single precision", "jax_scan", "w3_single", JAX),
    ]

for _name, _workload in pca.WORKLOADS.items():
    _size = f"d = {_workload.dim}, tau = {_workload.tau}, {_workload.n_paths} replicas"
    CANDIDATES += [
        Candidate(_name, "limit", "limit", f"drawing the same normals, nothing else; {_size}", "draws", "w4"),
        Candidate(_name, "stalegrad", "ours", "stalegrad.simulate", "own", "simulate"),
        Candidate(_name, "numpy", "library", "NumPy, standard_normal, tuned blocks", "numpy_pca", "w4"),
    ]

for _name, _workload in elastic.WORKLOADS.items():
    _size = f"p = {_workload.n_workers}, shape {_workload.shape:g}, {_workload.n_steps} steps"
    CANDIDATES += [
        Candidate(_name, "limit", "limit", f"drawing the same gammas, nothing else; {_size}", "draws", "w5"),
        Candidate(_name, "stalegrad", "ours", "stalegrad.simulate", "own", "simulate"),
        Candidate(_name, "numpy", "library", "NumPy, standard_gamma, tuned blocks", "numpy_elastic", "w5"),
    ]
    if _workload.shape == 0.5:
        CANDIDATES += [Candidate(_name, "numpy-by-hand", "by hand", "NumPy, half a squared normal", "numpy_elastic", "w5_by_hand")]

BY_ID = {candidate.id: candidate for candidate in CANDIDATES}


def chosen(names):
    """The rows named as ``W1``, ``W1:jax`` or ``jax`` (``W3``, ``W4`` and ``W5`` are all rows of them); all of them if none is named."""
    for name in names:
        if not any(name in _names(row) for row in CANDIDATES):
            raise ValueError(f"{name!r} is no row of the benchmark; choose from {', '.join(BY_ID)}")
    return [row for row in CANDIDATES if not names or _names(row) & set(names)]


def _names(row):
    return {row.id, row.workload, row.workload.split("-")[0], row.key}
