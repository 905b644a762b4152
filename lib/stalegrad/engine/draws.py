"""Sums of draws, path by path, by the kernels' own generators.

What a simulation draws, and nothing else: `tests` compare these with the readable `streams`, and the
benchmark takes them as the limit of speed. Numbers of paths are rounded up to whole blocks.
"""

from __future__ import annotations

import numpy as np

from stalegrad.engine.alias import alias_table
from stalegrad.engine.blocks import BLOCK
from stalegrad.engine.checks import positive


def sum_choices(pmf, n_components: int, n_paths: int, n_steps: int, seed: int = 0, first_path: int = 0) -> np.ndarray:
    """Sum over steps of staleness (a law on more than one value) and component, for each path: what ASGD draws."""
    from stalegrad.engine.compiled import draws

    table, out = alias_table(pmf), _room(n_paths)
    draws.sum_choices(np.uint64(seed), np.uint64(first_path), n_steps, table.entries, table.index_bits, n_components, out)
    return out


def sum_normals(n_draws: int, n_paths: int, seed: int = 0, first_path: int = 0) -> np.ndarray:
    """Sum of the first normals of each path: what an Euler-Maruyama scheme draws, d of them a step."""
    from stalegrad.engine.compiled import draws

    out = _room(n_paths)
    draws.sum_normals(np.uint64(seed), np.uint64(first_path), n_draws, out)
    return out


def sum_gammas(shape: float, n_draws: int, n_paths: int, seed: int = 0, first_path: int = 0) -> np.ndarray:
    """Sum of the first gamma draws of each path, scale 1."""
    from stalegrad.engine.compiled import draws, laws

    shape, out = positive(shape, "shape", "a gamma shape must be positive and finite"), _room(n_paths)
    draw, table = laws.compiled(laws.gamma_drawer(shape)), np.array([[shape], [1.0]])
    draws.sum_rows(np.uint64(seed), np.uint64(first_path), n_draws, draw, table, out)
    return out


def _room(n_paths: int) -> np.ndarray:
    return np.zeros(-(-n_paths // BLOCK) * BLOCK)
