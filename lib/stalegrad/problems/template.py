"""One expression with data in place of many expressions that differ in their numbers only.

`[(x - 1)**4 - 1, (x + 1)**4 - 1]` becomes `(x + z0)**4 - 1` with z0 in {-1, 1}: one piece of compiled code then serves
every component, at the cost of one. Expressions of different form become a choice by the component's index.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy


class _DifferentForm(Exception):
    """Two expressions differ in more than their numbers."""


def common_form(expressions: Sequence[sympy.Expr]) -> tuple[sympy.Expr, list[sympy.Symbol], list[list[float]]]:
    """(template, data symbols, data rows): substituting row i for the symbols gives back expressions[i].

    >>> x = sympy.Symbol("x", real=True)
    >>> common_form([2 * (x - 1)**2, 2 * (x + 1)**2])
    (2*(x + z0)**2, [z0], [[-1.0], [1.0]])
    """
    columns: dict[tuple, sympy.Symbol] = {}
    try:
        template = _merge(tuple(expressions), columns)
    except _DifferentForm:
        return _choice(expressions)
    if not columns:
        return template, [sympy.Symbol("z0", real=True)], [[0.0] for _ in expressions]
    rows = [[float(values[i]) for values in columns] for i in range(len(expressions))]
    return template, list(columns.values()), rows


def _merge(expressions: tuple, columns: dict) -> sympy.Expr:
    """The shared expression, with a symbol from `columns` wherever the numbers differ."""
    first = expressions[0]
    if all(e == first for e in expressions):
        return first
    if all(e.is_number for e in expressions):
        return columns.setdefault(expressions, sympy.Symbol(f"z{len(columns)}", real=True))
    if any(e.is_Add for e in expressions):
        return _merge_terms(expressions, columns, sympy.Add, "as_coeff_Add")
    if any(e.is_Mul for e in expressions):
        return _merge_terms(expressions, columns, sympy.Mul, "as_coeff_Mul")
    if any(e.func != first.func or not e.args or len(e.args) != len(first.args) for e in expressions):
        raise _DifferentForm
    if first.is_Pow and any(e.exp != first.exp for e in expressions):
        raise _DifferentForm  # a power that varies would be a slow and less exact general power
    return first.func(*(_merge(arguments, columns) for arguments in zip(*(e.args for e in expressions), strict=True)))


def _merge_terms(expressions: tuple, columns: dict, operation, split: str) -> sympy.Expr:
    """Merge sums (or products): the numbers with each other, then term by term in sympy's canonical order."""
    numbers, rests = zip(*(getattr(e, split)() for e in expressions), strict=True)
    terms = [operation.make_args(rest) for rest in rests]
    if len({len(t) for t in terms}) > 1:
        raise _DifferentForm
    ordered = [sorted(t, key=_shape) for t in terms]
    merged = [_merge(column, columns) for column in zip(*ordered, strict=True)]
    return operation(_merge(numbers, columns), *merged)


def _shape(term: sympy.Expr):
    """A sorting key that sees the form of a term before its numbers."""
    numberless = term.replace(lambda e: e.is_Number, lambda e: sympy.S.One)
    return numberless.sort_key(), term.sort_key()


def _choice(expressions: Sequence[sympy.Expr]) -> tuple[sympy.Expr, list[sympy.Symbol], list[list[float]]]:
    index = sympy.Symbol("z0", real=True)
    branches = [(e, sympy.Eq(index, i)) for i, e in enumerate(expressions[:-1])]
    template = sympy.Piecewise(*branches, (expressions[-1], True))
    return template, [index], [[float(i)] for i in range(len(expressions))]
