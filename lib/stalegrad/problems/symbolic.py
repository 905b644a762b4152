"""A reader's own objective, from sympy expressions of its components."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import sympy

from stalegrad.problems import linear
from stalegrad.problems.base import Array, Blocks, Problem, checked_table
from stalegrad.problems.template import common_form


def from_sympy(components, variables, data=None, data_symbols=None) -> Problem:
    r"""A problem from expressions: gradients are derived, printed as block functions, and compiled.

    Give either the components $f_1, \dots, f_n$ as a list of expressions in the variables, or one expression
    $f(x; z)$ in variables and data symbols, with the data rows $z_i$. Powers, sqrt, exp, log, sin, cos, tanh, Abs, Max,
    Min and Piecewise are understood.

    Parameters
    ----------
    components : list of sympy expressions, or one expression
    variables : list of sympy symbols
        x, in the order of its coordinates; treated as real.
    data : array (n, m), optional
        One row a component.
    data_symbols : list of sympy symbols, optional
        The m symbols that stand for the columns of `data`.

    Raises
    ------
    ValueError
        For no components, a symbol that is neither variable nor data, data that are not finite or have the wrong
        width, an expression that is not real, or a function that is not understood.

    Notes
    -----
    Claim SME-1.1. Components that differ in their numbers only become one expression with data. Where all are
    quadratic, `linear` holds their matrices and averages are closed forms (if cheaper than a sum over components).

    Examples
    --------
    >>> x, c = sympy.symbols("x c")
    >>> well = from_sympy([1 - 2 * sympy.exp(-(x - 1)**2), 1 - 2 * sympy.exp(-(x + 1)**2)], [x])
    >>> well.mean_gradient([0.0])
    array([0.])
    >>> from_sympy((x - c)**2, [x], data=[[1.0], [2.0], [6.0]], data_symbols=[c]).mean_gradient([0.0])
    array([-6.])
    """
    recipe = (from_sympy, (components, variables, data, data_symbols))
    variables = _symbols(variables, "variables")
    x = [sympy.Dummy(f"x{j}", real=True) for j in range(len(variables))]
    expression, z, table = _expression_and_data(components, dict(zip(variables, x, strict=True)), data, data_symbols)
    gradient = [sympy.diff(expression, symbol) for symbol in x]
    hessian = sympy.hessian(expression, x).replace(sympy.DiracDelta, lambda *_: sympy.S.Zero)  # kinks have measure 0
    return _assemble(expression, gradient, hessian, x, z, table, recipe)


def _assemble(expression, gradient, hessian, x, z, table: Array, recipe) -> Problem:
    H_b = _linear(gradient, hessian, x, z, table)
    blocks = _blocks(gradient, hessian, x, z)
    closed = H_b is not None and linear.pays(len(table), len(x))
    minimisers, curvature = linear.bowl(*H_b) if H_b is not None else (None, None)
    return Problem(
        name="from_sympy",
        dim=len(x),
        data=table,
        summary=linear.summary(*H_b) if closed else table,
        blocks=Blocks(blocks.gradient, *linear.AVERAGES) if closed else blocks,
        recipe=recipe,
        linear=H_b,
        components=_values(expression, x, z),
        minimisers=minimisers,
        curvature=curvature,
    )


def _expression_and_data(components, renaming: dict, data, data_symbols):
    """(f(x; z) in real dummies, data symbols, data table) for either way of giving the components."""
    from stalegrad.problems.printing import require_supported  # loads numba

    if isinstance(components, (list, tuple, sympy.MatrixBase)):
        if data is not None or data_symbols is not None:
            raise ValueError("a list of components takes no data: give one expression in variables and data symbols instead")
        expressions = [sympy.sympify(e) for e in components]
        if not expressions:
            raise ValueError("components is empty: a problem has at least one component")
    else:
        expressions = [sympy.sympify(components)]
    if (data is None) != (data_symbols is None):
        raise ValueError("data and data_symbols come together: one symbol for each column of data")
    if data is not None:
        symbols = _symbols(data_symbols, "data_symbols")
        if set(symbols) & set(renaming):
            raise ValueError(f"{(set(symbols) & set(renaming)).pop()} is both variable and data symbol: rename one")
        z = [sympy.Dummy(f"z{k}", real=True) for k in range(len(symbols))]
        renaming = renaming | dict(zip(symbols, z, strict=True))
    for e in expressions:
        _require_known(e, renaming)
    written = expressions
    expressions = [_piecewise(e.xreplace(renaming)) for e in expressions]
    for e, shown in zip(expressions, written, strict=True):
        require_supported(e, shown)
    if data is not None:
        return expressions[0], z, checked_table(data, "data", columns=len(z))
    template, z, rows = common_form(expressions)
    return template, z, checked_table(rows, "components")


def _piecewise(expression: sympy.Expr) -> sympy.Expr:
    """Max and Min as cases."""
    return expression.replace(lambda e: isinstance(e, (sympy.Max, sympy.Min)), lambda e: e.rewrite(sympy.Piecewise))


def _symbols(symbols, what: str) -> list[sympy.Symbol]:
    symbols = [symbols] if isinstance(symbols, sympy.Symbol) else list(symbols)
    strangers = [s for s in symbols if not isinstance(s, sympy.Symbol)]
    if not symbols or strangers or len(set(symbols)) < len(symbols):
        raise ValueError(f"{what}={symbols} must be a list of at least one sympy symbol, all different")
    return symbols


def _require_known(expression, known: dict) -> None:
    if not isinstance(expression, sympy.Expr):
        raise ValueError(f"{expression!r} is not a sympy expression: give expressions in {[str(s) for s in known]}")
    unknown = sorted(str(s) for s in expression.free_symbols - set(known))
    if unknown:
        raise ValueError(
            f"{', '.join(unknown)} in {expression} is neither variable nor data: the variables and data symbols are "
            f"{[str(s) for s in known]}; give it a value with .subs, or a column of data"
        )


def _blocks(gradient, hessian, x: list, z: list) -> Blocks:
    import numba

    from stalegrad.engine.compiled.build import OPTIONS
    from stalegrad.problems import printing, sums

    for entry in [*gradient, *hessian]:
        printing.require_supported(entry)
    direction = [sympy.Dummy(f"v{j}", real=True) for j in range(len(x))]
    along = list(hessian * sympy.Matrix(direction))
    source = printing.print_block("hessian_vector", along, {"x": x, "z": z, "v": direction})
    product = numba.njit(**OPTIONS)(printing.compile_source("hessian_vector", source))
    return sums.from_gradient(printing.block("gradient", gradient, {"x": x, "z": z}), product)


def _linear(gradient, hessian, x: list, z: list, table: Array) -> tuple[Array, Array] | None:
    """(H, b) with grad f_i(x) = H_i x - b_i, if no Hessian depends on x and no gradient has a kink."""
    entries = [sympy.expand(entry) for entry in hessian]
    kinks = set().union(*(g.atoms(sympy.Abs, sympy.sign, sympy.core.relational.Relational) for g in gradient))
    if any(e.free_symbols & set(x) for e in [*entries, *kinks]):
        return None
    at_zero = [sympy.expand(g).xreplace(dict.fromkeys(x, sympy.S.Zero)) for g in gradient]
    n, d = len(table), len(x)
    H = _columns(entries, z, table).reshape(n, d, d)
    b = -_columns(at_zero, z, table)
    return H, b


def _columns(expressions: Sequence, z: list, table: Array) -> Array:
    """The expressions in z at each row of the table: shape (n, len(expressions))."""
    function = sympy.lambdify(z, list(expressions), "numpy", cse=True)
    return np.stack([np.broadcast_to(column, len(table)) for column in function(*table.T)], axis=1).astype(float)


def _values(expression, x: list, z: list) -> Callable[[Array, Array], Array]:
    function = sympy.lambdify([*x, *z], expression, "numpy", cse=True)
    return lambda points, rows: np.broadcast_to(function(*points, *rows), points.shape[1])
