"""Block functions: the compiled form in which a problem enters the engine.

The kernels advance `BLOCK` paths at a time, in arrays laid out `[dimension][path]`. They meet a
problem only as *block functions*, all of one signature::

    function(x, z, out)        # float64 C-contiguous x (d, B), z (rows, columns), out (rows, B)

| role              | `z`                                          | writes for every path, at its `x`                |
|-------------------|----------------------------------------------|--------------------------------------------------|
| `gradient`        | (m, B), column p = the data row drawn by p   | (d, B): grad f(x; z)                             |
| `mean_gradient`   | `problem.summary`, the same for all paths    | (d, B): grad F(x)                                |
| `second_moment`   | `problem.summary`                            | (d d, B): (1/n) sum_i grad f_i grad f_i^T, by rows |
| `hessian_gradient`| `problem.summary`                            | (d, B): (Hess F)(x) grad F(x)                    |

`problem.summary` is any two-dimensional table the problem likes (its data, or averages of it). It is
an argument, so a block function closes over nothing, and is compiled once and kept on disk.
A block function must fill `out` completely, must not write to `x` or `z`, and must not assume a width B.

A kernel calls it through a pointer (numba's first-class functions), so a reader's own problem needs
no new compilation of the engine. Write plain loops, dimension outside, path inside, and `x * x * x`
for powers: that is what the compiler turns into vector instructions.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cached_property

BLOCK = 128
"""Paths in a block: their state stays in the first-level cache for small dimensions."""

LANES = 8
"""Partial sums in which a sum over paths is kept, whatever the width of the machine's vectors."""


class BlockFunction:
    """A plain function `(x, z, out)` and, on demand, its machine code (`.compiled`).

    Calling it runs the Python source, on NumPy arrays of numbers or of sympy expressions.
    """

    def __init__(self, function: Callable, cache: bool = False):
        self.function, self.cache = function, cache
        self.__doc__, self.__module__ = function.__doc__, function.__module__
        self.__qualname__ = self.__name__ = function.__qualname__

    def __call__(self, x, z, out):
        self.function(x, z, out)

    @cached_property
    def compiled(self):
        """The pointer that kernels take; compiled, or loaded from disk, at first use."""
        from stalegrad.engine.compiled.build import compile_block_function

        return compile_block_function(self.function, self.cache)

    def __reduce__(self):
        home = sys.modules.get(self.__module__)
        if getattr(home, self.__name__, None) is self:
            return self.__name__
        return BlockFunction, (self.function, self.cache)


def block_function(function: Callable | None = None, *, cache: bool = False):
    """Make `function(x, z, out)` a `BlockFunction`; a decorator, with or without arguments.

    `cache=True` keeps the machine code on disk: for functions of a module that close over nothing.

    >>> import numpy as np
    >>> @block_function
    ... def gradient(x, z, out):
    ...     for i in range(x.shape[0]):
    ...         for p in range(x.shape[1]):
    ...             out[i, p] = x[i, p] - z[i, p]
    >>> out = np.empty((1, 2))
    >>> gradient(np.array([[1.0, 2.0]]), np.array([[1.0, 1.0]]), out)
    >>> out.tolist()
    [[0.0, 1.0]]
    """
    if function is None:
        return lambda f: BlockFunction(f, cache)
    return BlockFunction(function, cache)
