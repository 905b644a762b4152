"""Advice as data: lines, each with its claims, what it assumes, what it buys and whether a simulation confirms it; and as text."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from stalegrad.claims import claim
from stalegrad.claims.jsonable import jsonable

WIDTH = 118


@dataclass(frozen=True)
class Check:
    """A quick simulation on the numbers of the situation.

    Attributes
    ----------
    what : str
        What was run.
    agrees : bool
        Whether the simulated errors are those of the exact moments, within 4 standard errors.
    gains : bool or None
        Whether the advised setting has the smaller error: True or False where the paired difference is more than 3 standard errors from 0, None
        where it is not, or where no setting is compared.
    numbers : dict
        Simulated errors with standard errors, exact errors, steps.
    compares : bool
        Whether two settings are compared.
    """

    what: str
    agrees: bool
    gains: bool | None
    numbers: dict
    compares: bool = True

    @property
    def verdict(self) -> str:
        """One of "confirms it", "contradicts it", "cannot see it"."""
        if not self.agrees or self.gains is False:
            return "contradicts it"
        return "cannot see it" if self.compares and self.gains is None else "confirms it"


@dataclass(frozen=True)
class Line:
    """One piece of advice.

    Attributes
    ----------
    topic : str
        Such as "stability" or "momentum".
    text : str
        The advice, in a sentence or two.
    value : dict
        Its numbers by name.
    claims : tuple of str
        Ids of the claims it rests on.
    assumes : tuple of str
        What it takes for granted.
    gain : dict
        What it buys against the setting of now: iterations, gradients, errors, by name.
    check : Check or None
        The simulation, where there is one.
    """

    topic: str
    text: str
    value: dict
    claims: tuple[str, ...]
    assumes: tuple[str, ...] = ()
    gain: dict | None = None
    check: Check | None = None

    @property
    def statuses(self) -> dict[str, str]:
        """Computed status of each claim."""
        return {id_: claim(id_).status for id_ in self.claims}

    def as_dict(self) -> dict:
        """For JSON."""
        found = {"topic": self.topic, "text": self.text, "value": self.value, "claims": self.statuses, "assumes": list(self.assumes)}
        found["gain"] = self.gain or {}
        found["check"] = None if self.check is None else {"what": self.check.what, "verdict": self.check.verdict, **self.check.numbers}
        return jsonable(found)


@dataclass(frozen=True)
class Advice:
    """Everything that can be said of a situation, and what cannot, with the reason.

    Attributes
    ----------
    situation : Situation
    lines : tuple of Line
    refusals : tuple of str
        What is not answered, and why.
    """

    situation: object
    lines: tuple[Line, ...]
    refusals: tuple[str, ...]

    def line(self, topic: str) -> Line:
        """The line on a topic; ValueError where there is none."""
        for found in self.lines:
            if found.topic == topic:
                return found
        raise ValueError(f"no advice on {topic!r}; there is advice on {', '.join(line.topic for line in self.lines) or 'nothing'}: see the refusals")

    def table(self) -> list[tuple[str, str, str, str]]:
        """Rows (topic, advice, claims with status, check)."""
        return [
            (line.topic, line.text, ", ".join(f"{id_} ({status})" for id_, status in line.statuses.items()), _outcome(line.check))
            for line in self.lines
        ]

    def as_dict(self) -> dict:
        """For JSON."""
        return {"lines": [line.as_dict() for line in self.lines], "refusals": list(self.refusals), "notes": list(self.situation.notes)}

    def __str__(self) -> str:
        parts = [f"note: {note}" for note in self.situation.notes]
        for line, (topic, text, rests, outcome) in zip(self.lines, self.table(), strict=True):
            parts.append(_block(f"{topic}: {text}", ""))
            parts.append(_block(f"rests on {rests}", "    "))
            parts.append(_block(f"assumes {'; '.join(line.assumes)}", "    ")) if line.assumes else None
            parts.append(_block(f"simulation: {outcome}", "    ")) if outcome else None
        parts += [_block(f"refused: {reason}", "") for reason in self.refusals]
        return "\n".join(parts)


def _outcome(check: Check | None) -> str:
    if check is None:
        return ""
    return f"{check.verdict}; {check.what}"


def _block(text: str, indent: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ")
