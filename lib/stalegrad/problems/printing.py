"""Sympy expressions printed as the source of block functions, and compiled; loads numba."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sympy
from sympy.printing.pycode import PythonCodePrinter

from stalegrad.engine.blocks import block_function
from stalegrad.problems import functions

FUNCTIONS = {"exp": "exp", "log": "log", "sin": "sin", "cos": "cos", "tanh": "tanh", "Abs": "abs", "sign": "sign"}
PLAIN = (sympy.Add, sympy.Mul, sympy.Pow, sympy.Symbol, sympy.Number, sympy.NumberSymbol, sympy.Piecewise)
CONDITIONS = (sympy.core.relational.Relational, sympy.logic.boolalg.Boolean, sympy.functions.elementary.piecewise.ExprCondPair)
NAMESPACE = {name: getattr(functions, name) for name in ("exp", "log", "sin", "cos", "tanh", "sqrt", "sign")}


class _Printer(PythonCodePrinter):
    """Python source with float constants (all digits) and calls to `stalegrad.problems.functions`."""

    def _print_Float(self, number):
        return repr(float(number))

    _print_Integer = _print_Rational = _print_NumberSymbol = _print_Float
    _print_Half = _print_Zero = _print_One = _print_NegativeOne = _print_Pi = _print_Exp1 = _print_Float

    def _print_Pow(self, power, **_):
        base, exponent = power.as_base_exp()
        if exponent == sympy.S.Half:
            return f"sqrt({self._print(base)})"
        if exponent == -sympy.S.Half:
            return f"(1.0/sqrt({self._print(base)}))"
        if exponent.is_Integer and exponent < 0:  # numba's own negative powers raise at 0, which a block function cannot
            return f"(1.0/({self._print(base**-exponent)}))"
        # a literal integer power is compiled to a chain of products
        return f"(({self._print(base)})**({int(exponent) if exponent.is_Integer else self._print(exponent)}))"

    def _print_Function(self, call):
        return f"{FUNCTIONS[call.func.__name__]}({self._print(call.args[0])})"

    _print_Abs = _print_sign = _print_log = _print_exp = _print_ExpBase = _print_Function


def require_supported(expression: sympy.Expr, shown: sympy.Expr | None = None) -> None:
    """Refuse what cannot be printed, by name; `shown` is the expression in the reader's own letters."""
    shown = expression if shown is None else shown
    for node in sympy.preorder_traversal(expression):
        if node.has(sympy.I) or node in (sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
            raise ValueError(f"{shown} is not a real finite expression: components must be real-valued")
        if isinstance(node, sympy.Function) and not isinstance(node, sympy.Piecewise):
            if node.func.__name__ not in FUNCTIONS:
                raise ValueError(
                    f"{node.func.__name__} in {shown} is not supported: use polynomials, sqrt and "
                    f"{', '.join(FUNCTIONS)}, or give a block function to finite_sum"
                )
        elif not isinstance(node, PLAIN + CONDITIONS):
            raise ValueError(f"{type(node).__name__} in {shown} is not supported: give a block function to finite_sum")


def print_block(name: str, results: Sequence[sympy.Expr], inputs: dict[str, Sequence[sympy.Symbol]]) -> str:
    """Source of a function that writes `results` (row by row) from tables whose rows are `inputs`.

    >>> u, c = sympy.symbols("u c", real=True)
    >>> print(print_block("gradient", [(u - c)**3], {"x": [u], "z": [c]}))
    def gradient(x, z, out):
        for p in range(x.shape[1]):
            x0 = x[0, p]
            z0 = z[0, p]
            out[0, p] = ((x0 - z0)**(3))
    """
    names = {symbol: sympy.Symbol(f"{table}{row}", real=True) for table, symbols in inputs.items() for row, symbol in enumerate(symbols)}
    renamed = [result.xreplace(names) for result in results]
    used = set().union(*(result.free_symbols for result in renamed))
    shared, finals = sympy.cse(renamed, symbols=sympy.numbered_symbols("t", real=True))
    printer = _Printer({"fully_qualified_modules": False})
    lines = [
        f"{names[symbol]} = {table}[{row}, p]" for table, symbols in inputs.items() for row, symbol in enumerate(symbols) if names[symbol] in used
    ]
    lines += [f"{symbol} = {printer.doprint(value)}" for symbol, value in shared]
    lines += [f"out[{row}, p] = {printer.doprint(value)}" for row, value in enumerate(finals)]
    head = f"def {name}({', '.join(inputs)}, out):\n    for p in range(x.shape[1]):\n"
    return head + "\n".join(f"        {line}" for line in lines)


def compile_source(name: str, source: str) -> Callable:
    """The Python function `name` of this source, with the elementary functions in reach."""
    scope = dict(NAMESPACE)
    exec(compile(source, f"<block function {name}>", "exec"), scope)
    return scope[name]


def block(name: str, results: Sequence[sympy.Expr], inputs: dict[str, Sequence[sympy.Symbol]]):
    """The block function of `print_block`."""
    return block_function(compile_source(name, print_block(name, results, inputs)))
