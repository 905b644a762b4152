"""How everything is compiled, and how compiled code is kept on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from types import CellType, FunctionType

import numba
from numba import types

OPTIONS = {"error_model": "numpy", "fastmath": {"contract"}}
"""IEEE arithmetic (NaN and infinity survive), except that a product and a sum may be fused."""

TABLE = types.Array(types.float64, 2, "C")
BLOCK_SIGNATURE = types.void(TABLE, TABLE, TABLE)
BLOCK_FUNCTION = types.FunctionType(BLOCK_SIGNATURE)

inlined = numba.njit(forceinline=True, **OPTIONS)
"""Decorator of functions used inside kernels and from Python; a call that is not inlined stops vectorisation."""

helper = numba.njit(forceinline=True, no_cpython_wrapper=True, no_cfunc_wrapper=True, **OPTIONS)
"""The same for functions that only kernels call; calling one from Python crashes. Compiled sooner."""


def _sources() -> str:
    """Digest of the modules of this folder."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


_SOURCES = CellType(_sources())


def stamped(function: Callable) -> Callable:
    """The same function, made to close over the digest of all sources here.

    numba files the code of a function under its own source and closure, not under the helpers inlined into
    it; so without the digest a changed helper would leave stale code on disk.
    """
    code = function.__code__
    code = code.replace(co_freevars=(*code.co_freevars, "sources"))
    stamped = FunctionType(code, function.__globals__, function.__name__, None, (*(function.__closure__ or ()), _SOURCES))
    stamped.__module__, stamped.__qualname__, stamped.__doc__ = function.__module__, function.__qualname__, function.__doc__
    return stamped


def compile_block_function(function: Callable, cache: bool):
    """The pointer to the machine code of `function(x, z, out)`."""
    return numba.cfunc(BLOCK_SIGNATURE, cache=cache, **OPTIONS)(stamped(function) if cache else function)


def kernel(*signature):
    """Decorator: compile at import for one signature, without the GIL, and keep the code on disk."""
    return lambda function: numba.njit(types.void(*signature), nogil=True, cache=True, no_cfunc_wrapper=True, **OPTIONS)(stamped(function))
