"""A reader's own objective, from a gradient she wrote."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import numpy as np

from stalegrad.engine.blocks import BlockFunction, block_function
from stalegrad.engine.checks import whole
from stalegrad.problems.base import Problem, checked_table
from stalegrad.problems.check import check_gradient, points_as_block

ONE_POINT = "if it is written for one point, x (d,) and z (m,), give finite_sum(pointwise(gradient), ...)"


def finite_sum(gradient: Callable, data, dim: int, objective: Callable | None = None, points=None) -> Problem:
    r"""A problem $F(x) = \frac1n \sum_i f(x; z_i)$ from the gradient of f and the data rows $z_i$.

    The gradient has one of two forms, with x of shape (d, B), z of shape (m, B) (column p is the row that path p drew):

    - `gradient(x, z, out)` fills out (d, B): plain loops that numba can compile, the fast form. `exp`, `log` and `tanh` of
      `stalegrad.problems.functions` run on vectors of paths, those of `math` do not;
    - `gradient(x, z)` returns an array (d, B): NumPy that numba can compile (in seconds). Its temporaries cost time.

    A gradient at one point, x of shape (d,), z of shape (m,), with `if`, `math` or `A @ x` in it, is made one of many by `pointwise`.

    Averages over the components are sums over all rows of data; (Hess F) grad F, which only the second-order SGD limit
    (SME-3.3) needs, uses central differences. Where closed forms are known, build a `Problem` with them directly.

    Parameters
    ----------
    gradient : function, compiled by numba or not
    data : array (n, m)
    dim : int
        d >= 1.
    objective : function, optional
        NumPy function (x (d, B), z (m, B)) -> (B,), the values f(x; z); the gradient is checked against it.
    points : array (k, d), optional
        Where to check; needed if f is not defined everywhere.

    Raises
    ------
    ValueError
        If the gradient cannot be compiled, has the wrong shape, is not finite, or is not the objective's gradient (the
        message names component, point, expected and obtained value), and for data that are not a finite table.

    Notes
    -----
    Claim SME-1.1. Compiled, `x ** -2` fails at 0, and then nothing is written; `1.0 / (x * x)` is infinite there, and counted as divergence.

    Examples
    --------
    >>> def gradient(x, z, out):
    ...     for p in range(x.shape[1]):
    ...         out[0, p] = x[0, p] - z[0, p]
    >>> problem = finite_sum(gradient, [[1.0], [3.0]], dim=1, objective=lambda x, z: 0.5 * (x[0] - z[0])**2)
    >>> problem.mean_gradient([0.0])
    array([-2.])
    """
    from stalegrad.problems.sums import from_gradient  # loads numba

    dim, data = whole(dim, "dim", 1), checked_table(data, "data")
    block = _as_block(gradient, data, points_as_block(dim, points))
    _require_compiles(block)
    problem = Problem(
        name="finite_sum",
        dim=dim,
        data=data,
        summary=data,
        blocks=from_gradient(block),
        recipe=(finite_sum, (gradient, data, dim, objective, points)),
        components=objective,
    )
    check_gradient(problem, points)
    return problem


def pointwise(gradient: Callable) -> BlockFunction:
    r"""A gradient at one point as one at many, for `finite_sum`.

    Parameters
    ----------
    gradient : function
        (x (d,), z (m,)) -> d numbers, an array or a tuple; compiled by numba, so `math` and NumPy serve, and what is not known to numba
        does not. Its temporaries cost time: some ten times that of a loop over `out`.

    Raises
    ------
    ValueError
        For something that is no function of x and z.

    Notes
    -----
    Claim SME-1.1.

    Examples
    --------
    >>> def gradient(x, z):
    ...     slope = x[0] - z[0]
    ...     return np.array([slope if abs(slope) < 1.0 else np.sign(slope)])  # Huber's loss
    >>> finite_sum(pointwise(gradient), [[1.0], [6.0]], dim=1).mean_gradient([1.5])
    array([-0.25])
    """
    import numba

    from stalegrad.engine.compiled.build import OPTIONS

    function = _plain(gradient)
    if len(inspect.signature(function).parameters) != 2:
        raise ValueError("a pointwise gradient has two arguments, gradient(x, z), with x (d,) and z (m,)")
    compiled = numba.njit(**OPTIONS)(function)

    @block_function
    def at_each(x, z, out):
        here, row = np.empty(x.shape[0]), np.empty(z.shape[0])
        for p in range(x.shape[1]):
            for j in range(x.shape[0]):
                here[j] = x[j, p]
            for k in range(z.shape[0]):
                row[k] = z[k, p]
            slope = compiled(here, row)
            for j in range(x.shape[0]):
                out[j, p] = slope[j]

    return at_each


def _as_block(gradient: Callable, data, x) -> BlockFunction:
    """The gradient in the form `(x, z, out)`, once tried in Python for its shape."""
    from numba.core.errors import NumbaError

    function = _plain(gradient)
    form = len(inspect.signature(function).parameters)
    if form not in (2, 3):
        raise ValueError(f"gradient takes {form} arguments: it must be gradient(x, z, out), or gradient(x, z) returning an array")
    z = np.repeat(data[0][:, None], x.shape[1], axis=1)
    if form == 3:
        try:
            function(x.copy(), z, np.empty_like(x))
        except NumbaError as error:
            raise _not_compiled(error) from error
        except IndexError as error:
            raise ValueError(f"gradient reads or writes outside x {x.shape}, z {z.shape}, out {x.shape}: {error}") from error
        except TypeError as error:
            raise ValueError(f"gradient fails ({error}): it must fill out {x.shape}, or, pointwise, return a list of {len(x)} numbers") from error
        except (ArithmeticError, ValueError):
            pass  # Python's math raises where compiled code returns NaN or infinity; check_gradient names that
        return block_function(function)
    for block, rows in ((x, z), (x[:, :1], z[:, :1])):  # a width that happens to be d or m hides mistakes
        shape = _returned_shape(function, block, rows)
        if shape != block.shape:
            raise ValueError(f"gradient returns shape {shape} for x {block.shape} and z {rows.shape}: the shape of x is needed; {ONE_POINT}")
    return _returning(function)


def _returned_shape(function: Callable, x, z) -> tuple[int, ...]:
    """Shape of what `gradient(x, z)` returns for points (d, B), rows (m, B)."""
    with np.errstate(all="ignore"):  # a value that is not finite gets its own message
        try:
            return np.shape(function(x.copy(), z))
        except Exception as error:
            raise ValueError(f"gradient fails for arrays x {x.shape} and z {z.shape} ({type(error).__name__}: {error}); {ONE_POINT}") from error


def _returning(function: Callable) -> BlockFunction:
    import numba

    from stalegrad.engine.compiled.build import OPTIONS

    compiled = numba.njit(**OPTIONS)(function)

    @block_function
    def gradient(x, z, out):
        returned = compiled(x, z)
        for j in range(x.shape[0]):
            for p in range(x.shape[1]):
                out[j, p] = returned[j, p]

    return gradient


def _plain(gradient: Callable) -> Callable:
    """The Python function inside a block function, a numba function, or the function itself."""
    for attribute in ("function", "py_func", "__wrapped__"):
        if hasattr(gradient, attribute):
            return getattr(gradient, attribute)
    if not callable(gradient):
        raise ValueError(f"gradient={gradient!r} is not a function: give gradient(x, z, out)")
    return gradient


def _require_compiles(block: BlockFunction) -> None:
    from numba.core.errors import NumbaError

    try:
        block.compiled  # noqa: B018 - compiled at first use
    except NumbaError as error:
        raise _not_compiled(error) from error


def _not_compiled(error: Exception) -> ValueError:
    said = " ".join(line.strip() for line in str(error).splitlines() if line.strip() and "pipeline" not in line)
    return ValueError(
        "numba cannot compile the gradient: write plain loops over x.shape[0] and x.shape[1] with scalar arithmetic, or NumPy that numba "
        f"knows (np.stack((a, b)) for np.array([a, b]), say); {ONE_POINT}. It says: {said[:300]}"
    )
