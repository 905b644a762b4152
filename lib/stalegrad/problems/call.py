"""Running a block function's machine code from Python; imported at first use, because it loads numba."""

from __future__ import annotations

import numba
from numba import types

from stalegrad.engine.compiled.build import BLOCK_FUNCTION, TABLE


@numba.njit(types.void(BLOCK_FUNCTION, TABLE, TABLE, TABLE), cache=True)
def call(compiled, x, z, out):
    """`compiled(x, z, out)`: what a kernel runs, while calling a `BlockFunction` runs its Python source."""
    compiled(x, z, out)
