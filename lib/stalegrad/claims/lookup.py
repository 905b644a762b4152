"""One claim, with everything known about it, looked up by its id."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property

from stalegrad.claims import ids, ledger, status
from stalegrad.claims.report import Evidence


@dataclass(frozen=True)
class Claim:
    """A numbered statement of one of the papers; get one with `claim(id)`."""

    id: str

    @cached_property
    def verdict(self) -> status.Verdict:
        """Ledger entry, evidence and status, read from the committed files."""
        return _verdicts()[self.id]

    @property
    def statement(self) -> str:
        """What the row states, in our own words."""
        return self.verdict.statement

    @property
    def status(self) -> str:
        """Computed status, one of `stalegrad.claims.status.STATUSES`."""
        return self.verdict.status

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The tests that bear on the claim, with outcome and recorded numbers."""
        return self.verdict.evidence

    @property
    def latex(self) -> str:
        """The formula as LaTeX, in its corrected form; empty where the claim is no formula."""
        formula = _formula(self.id)
        return formula.latex() if formula else ""

    @property
    def plain(self) -> str:
        """The formula as plain text; empty where the claim is no formula."""
        formula = _formula(self.id)
        return _plain(formula.expr) if formula else ""

    @property
    def arguments(self) -> dict:
        """Names of the arguments that `value` takes, with their defaults (None: to be given)."""
        return _values().arguments(self.id)

    def value(self, **arguments):
        """Value of the claim's formula, or of the computation that stands for it.

        Parameters
        ----------
        **arguments
            By the names in `arguments`.

        Raises
        ------
        ValueError
            For an unknown, missing or impossible argument, or a claim without a value.
        """
        return _values().value(self.id, arguments)

    def printed(self, **arguments):
        """Value of the form printed in the paper, where that form is wrong.

        Raises
        ------
        ValueError
            As for `value`, and where the printed form is the right one.
        """
        return _values().printed(self.id, arguments)

    @property
    def has_printed(self) -> bool:
        """Whether there is a printed form to evaluate that differs from `value`."""
        return _values().has_printed(self.id)


def claim(id: str) -> Claim:
    """The claim with this id.

    Parameters
    ----------
    id : str
        Such as "SME-4.4"; case, spaces, brackets and dashes do not count, so "sme (4.4)" is the same. `stalegrad claims` lists all of them.

    Raises
    ------
    ValueError
        If there is no such id; names the nearest ones.

    Examples
    --------
    >>> round(claim("SME-4.4").value(Sigma=4.0, eta=0.01, mu=0.95, u=0.0), 12)
    0.014
    """
    rows = ledger.read_inventory()
    if (known := ids.found(id, rows)) is None:
        raise ValueError(ids.unknown(id, rows))
    return Claim(known)


def _plain(expr) -> str:
    if hasattr(expr, "items"):
        return "; ".join(f"{name} = {part}" for name, part in expr.items())
    return re.sub(r"\\operatorname\{(\w+)\}\\(\w+)", r"\1(\2)", str(expr))


@cache
def _verdicts() -> dict[str, status.Verdict]:
    return {verdict.row.id: verdict for verdict in status.table().verdicts}


# Imported when they are asked for: verdicts alone must not load sympy, and formulas alone not the engine.


def _formula(id_: str):
    from stalegrad.theory.formula import find

    return find(id_)


def _values():
    from stalegrad.claims import values

    return values
