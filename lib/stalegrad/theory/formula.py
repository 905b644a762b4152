"""A closed formula with its claim id: rendered for the reader, evaluated for the user."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module

import numpy as np
import sympy as sp

Expression = sp.Basic | Mapping[str, sp.Basic]


def _largest(terms, axis):
    return functools.reduce(np.maximum, terms)


def _lambert(value, branch=0):
    from scipy.special import lambertw  # slow to import, and one formula needs it

    found = lambertw(value, branch)
    # At its branch point -1/e, to the last bit, scipy answers NaN.
    return np.where(np.isnan(found) & (np.abs(np.e * value + 1.0) < 1e-12), -1.0, found)


# sympy prints Max as amax of a tuple, which does not broadcast; emath's root is complex where it has to be.
_MODULES = [{"sqrt": np.emath.sqrt, "amax": _largest, "LambertW": _lambert}, "numpy"]
_LATEX_NAMES = {
    "gamma": r"\gamma",
    "Vz": "V_z",
    "eta_prime": r"\eta'",
    "momentum": r"\mu'",
    "drawn": r"\nabla f_{\gamma_k}(x_{k-\tau_k})",
    "force": r"\nabla f",
    "Sigma_sample": r"\Sigma^{\mathrm{sample}}",
    "Sigma_read": r"\Sigma^{\mathrm{read}}",
    "m_before": "m_{k-1}",
    "Y_before": "y_{k-1}",
    "s2": "s^2",
    "G": r"\tfrac{1}{n}\textstyle\sum_i\nabla f_i\nabla f_i^T",
    "g": r"\nabla f(X)",
    "slope": r"\max|\nabla f|",
    "x2": r"E[X^2]",
    "y2": r"E[Y^2]",
    "xy": r"E[XY]",
    "lam": r"\lambda",
    "alpha": r"\alpha",
    "delta": r"\delta",
}
PAPERS = ("SME", "EASGD", "SDDE", "PCA")
"""Keys of the papers; the formulas of one are registered as its package of the same name is imported, when one of them is asked for."""
_REGISTRY: dict[str, Formula] = {}


def _positive(value: np.ndarray) -> bool:
    return bool(np.all(value > 0))


def _non_negative(value: np.ndarray) -> bool:
    return bool(np.all(value >= 0))


def _at_least_one(value: np.ndarray) -> bool:
    return bool(np.all(value >= 1))


def _probability(value: np.ndarray) -> bool:
    return bool(np.all((value >= 0) & (value < 1)))


DOMAINS: dict[str, Callable[[np.ndarray], bool]] = {
    "positive": _positive,
    "at least 0": _non_negative,
    "in [0, 1)": _probability,
    "at least 1": _at_least_one,
    "a number": lambda _: True,
}
"""The rules that an argument may have to keep, by the words of the error message."""

_USUAL = {
    **dict.fromkeys(("eta", "eta_prime", "gamma", "a", "T", "h", "lam", "omega"), "positive"),
    **dict.fromkeys(("Sigma", "Sigma_sample", "Sigma_read", "s2", "u", "t", "Vz", "sigma"), "at least 0"),
    **dict.fromkeys(("mu", "momentum"), "in [0, 1)"),
}


def check_domain(domains: Mapping[str, str] | None = None, **values) -> None:
    """Raise ValueError for a parameter outside its domain (eta > 0, 0 <= mu < 1, ...).

    `domains` gives names rules of their own, from `DOMAINS`. Names without a rule only have to be numbers that are finite.
    """
    rules = {**_USUAL, **(domains or {})}
    for name, value in values.items():
        try:
            array = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            raise ValueError(f"{name} = {value!r} is not a number; pass a number or an array of numbers") from None
        if not np.all(np.isfinite(array)):
            raise ValueError(f"{name} = {value!r} must be finite; pass a finite number")
        rule = rules.get(name, "a number")
        if not DOMAINS[rule](array):
            raise ValueError(f"{name} = {value!r} must be {rule}; choose a value in that range")


@dataclass(frozen=True)
class Formula:
    """One closed formula of a paper.

    Attributes
    ----------
    id : str
        Claim id, for example ``"SME-4.4"``.
    expr : sympy expression, sympy matrix, or dict of name -> expression
        The formula as this library holds it to be right.
    arguments : tuple of str
        Names of the free symbols, in the order a reader would write them.
    defaults : mapping
        Values of the arguments that may be left out.
    printed : same type as `expr`, optional
        The printed form, only where it differs.
    lhs : str
        Left-hand side in LaTeX, for display.
    where : mapping of symbol -> expression
        Shorthands that `expr` and `printed` use, inserted in this order; displayed after the formula.
    requires : tuple of (callable, str)
        Conditions on several arguments at once: a predicate over the dict of values and the rule in words.
    names : mapping of str -> str
        LaTeX of symbols that this formula shows in its own way.
    domains : mapping of str -> str
        Rules of `DOMAINS` for arguments whose name has another rule, or none, by default.
    """

    id: str
    expr: Expression
    arguments: tuple[str, ...]
    defaults: Mapping[str, float] = field(default_factory=dict)
    printed: Expression | None = None
    lhs: str = ""
    where: Mapping[sp.Symbol, sp.Basic] = field(default_factory=dict)
    requires: tuple[tuple[Callable[[Mapping], bool], str], ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    domains: Mapping[str, str] = field(default_factory=dict)

    def latex(self, printed: bool = False) -> str:
        """LaTeX of the formula, or of its printed form."""
        expr = self._printed_form() if printed else self.expr
        if isinstance(expr, Mapping):
            rows = (rf"{_label(name)} &= {self._rendered(part)}" for name, part in expr.items())
            body = r"\begin{aligned}" + r" \\ ".join(rows) + r"\end{aligned}"
        else:
            body = f"{self.lhs} = {self._rendered(expr)}" if self.lhs else self._rendered(expr)
        shorthands = (rf",\quad {sp.latex(symbol)} = {self._rendered(self.where[symbol])}" for symbol in self._used(expr))
        return body + "".join(shorthands)

    def _used(self, expr: Expression) -> list[sp.Symbol]:
        """Shorthands that occur in an expression or in a shorthand that does, in their order."""
        parts = list(expr.values()) if isinstance(expr, Mapping) else [expr]
        used = []
        for symbol, meaning in self.where.items():
            if any(symbol in part.free_symbols for part in parts):
                used.append(symbol)
                parts.append(meaning)
        return used

    def _rendered(self, expr: sp.Basic) -> str:
        shown = {**_LATEX_NAMES, **self.names}
        return sp.latex(expr, symbol_names={s: shown[s.name] for s in expr.free_symbols if s.name in shown})

    def written_out(self, expr: sp.Basic) -> sp.Basic:
        """An expression with this formula's shorthands inserted."""
        for symbol, meaning in self.where.items():
            expr = expr.subs(symbol, meaning)
        return expr

    def numeric(self, **values):
        """Value at the given arguments: float, complex, array, or a dict of these.

        Formulas broadcast over arrays of arguments; a matrix then has shape (..., rows, columns).

        Raises
        ------
        ValueError
            For an unknown, missing or inadmissible argument.

        Examples
        --------
        >>> from stalegrad.theory import formula
        >>> round(formula("SME-4.4").numeric(Sigma=4.0, eta=0.01, mu=0.95, u=0.0), 12)
        0.014
        """
        return self._compiled(self._check(values))

    def numeric_printed(self, **values):
        """Value of the printed form; ValueError where no printed form differs."""
        return self._compiled_printed(self._check(values))

    def _printed_form(self) -> Expression:
        if self.printed is None:
            raise ValueError(f"{self.id} has no printed form that differs; use the formula itself")
        return self.printed

    @functools.cached_property
    def _compiled(self) -> Callable[[Mapping], object]:
        return self._function_of(self.expr)

    @functools.cached_property
    def _compiled_printed(self) -> Callable[[Mapping], object]:
        return self._function_of(self._printed_form())

    def _function_of(self, expr: Expression) -> Callable[[Mapping], object]:
        """A function of checked arguments by name: inserting the shorthands and compiling takes longer than many evaluations."""
        if isinstance(expr, Mapping):
            parts = {name: self._function_of(part) for name, part in expr.items()}
            return lambda values: {name: part(values) for name, part in parts.items()}
        explicit = self.written_out(expr)
        if isinstance(explicit, sp.MatrixBase):
            entries = [self._scalar(entry) for entry in explicit]

            def matrix(values: Mapping) -> np.ndarray:
                found = [entry(values) for entry in entries]
                return np.stack(found, axis=-1).reshape(*np.shape(found[0]), *explicit.shape)

            return matrix
        scalar = self._scalar(explicit)

        def number(values: Mapping):
            found = scalar(values)
            return found if found.ndim else found.item()

        return number

    def _scalar(self, expr: sp.Basic) -> Callable[[Mapping], np.ndarray]:
        """A function whose values have the shape of the arguments."""
        by_name = {symbol.name: symbol for symbol in expr.free_symbols}
        ordered = [by_name.get(name, sp.Symbol(name)) for name in self.arguments]
        function = sp.lambdify(ordered, expr, modules=_MODULES)

        def scalar(values: Mapping) -> np.ndarray:
            with np.errstate(all="ignore"):
                found = np.asarray(function(*values.values()))
            return np.broadcast_to(found, np.shape(next(iter(values.values()), 0.0)))

        return scalar

    def _check(self, values: Mapping) -> dict:
        unknown = sorted(set(values) - set(self.arguments))
        if unknown:
            raise ValueError(f"{self.id} has no argument {unknown[0]!r}; it takes {', '.join(self.arguments)}")
        merged = {**self.defaults, **values}
        missing = [name for name in self.arguments if name not in merged]
        if missing:
            raise ValueError(f"{self.id} needs {', '.join(missing)}; pass {missing[0]}=...")
        check_domain(self.domains, **merged)
        arrays = np.broadcast_arrays(*(np.asarray(merged[name], dtype=float) for name in self.arguments))
        merged = {name: array[()] for name, array in zip(self.arguments, arrays, strict=True)}
        for holds, rule in self.requires:
            if not np.all(holds(merged)):
                given = ", ".join(f"{name} = {value}" for name, value in merged.items())
                raise ValueError(f"{self.id} at {given} breaks the rule {rule}; change the arguments accordingly")
        return merged


def _label(name: str) -> str:
    """A name in a dict as LaTeX: a known symbol, a plain word, or LaTeX already."""
    if name in _LATEX_NAMES:
        return _LATEX_NAMES[name]
    if name.isalpha() and len(name) > 3:
        return rf"\text{{{name}}}"
    return sp.latex(sp.Symbol(name)) if name.replace("_", "").isalnum() else name


def register(entry: Formula) -> Formula:
    """Put a formula into the table under its id; ids are unique."""
    if entry.id in _REGISTRY:
        raise ValueError(f"formula {entry.id} is registered twice; keep one")
    _REGISTRY[entry.id] = entry
    return entry


def find(claim_id: str) -> Formula | None:
    """The formula registered under a claim id, or None."""
    paper = claim_id.partition("-")[0]
    if paper in PAPERS:
        import_module(f"stalegrad.theory.{paper.lower()}")
    return _REGISTRY.get(claim_id)


def formula(claim_id: str) -> Formula:
    """The formula registered under a claim id; ValueError lists the ids if there is none."""
    found = find(claim_id)
    if found is None:
        raise ValueError(f"no formula under {claim_id!r}; known ids: {', '.join(sorted(formulas()))}")
    return found


def formulas() -> dict[str, Formula]:
    """All formulas by id."""
    for paper in PAPERS:
        import_module(f"stalegrad.theory.{paper.lower()}")
    return dict(_REGISTRY)
