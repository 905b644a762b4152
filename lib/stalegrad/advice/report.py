"""Advice as data: lines, each with its claims, what it assumes, what it buys and whether a simulation confirms it; and as text."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from stalegrad.claims import claim
from stalegrad.claims.jsonable import jsonable

WIDTH = 118
UNASKED = (
    "not shown: elastic averaging (EASGD), which is not known to beat the best asynchronous SGD here, in transient and long-run variance, with as "
    "many gradients; --elastic, or alpha and beta if it is what runs, shows it (in Python as_text(everything=True))."
)
MEANINGS = {
    "corrected": "Corrected: the printed form is wrong, the right one is used.",
    "qualified": "Qualified: it holds under a condition that the paper leaves out.",
    "scaled": "Scaled: put to a test at a smaller size than the paper's.",
}


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
    unasked : tuple of str
        Topics of lines, and refusals, that are not printed unless asked for: `as_text(everything=True)`.
    """

    situation: object
    lines: tuple[Line, ...]
    refusals: tuple[str, ...]
    unasked: tuple[str, ...] = ()

    def line(self, topic: str) -> Line:
        """The line on a topic; ValueError where there is none."""
        for found in self.lines:
            if found.topic == topic:
                return found
        raise ValueError(f"no advice on {topic!r}; there is advice on {', '.join(line.topic for line in self.lines) or 'nothing'}: see the refusals")

    def table(self) -> list[tuple[str, str, str, str]]:
        """Rows (topic, advice, claims with status, check)."""
        return [(line.topic, line.text, _claims(line), _outcome(line.check)) for line in self.lines]

    def as_dict(self) -> dict:
        """For JSON; all lines, asked for or not."""
        found = {"lines": [line.as_dict() for line in self.lines], "refusals": list(self.refusals), "notes": list(self.situation.notes)}
        return found | {"unasked": list(self.unasked)}

    def as_text(self, everything: bool = False) -> str:
        """For reading: lines with numbers for what they assume, then these assumptions, each once.

        Parameters
        ----------
        everything : bool
            Whether to print what was not asked for and wins nothing, too.
        """
        hidden = () if everything else self.unasked
        lines = [line for line in self.lines if line.topic not in hidden]
        assumed = list(dict.fromkeys(text for line in lines for text in line.assumes))
        parts = [_block(f"note: {note}", "") for note in self.situation.notes]
        for line in lines:
            parts += _line(line, [assumed.index(text) + 1 for text in line.assumes])
        parts += [_block(f"refused: {reason}", "") for reason in self.refusals if reason not in hidden]
        parts += [_block(UNASKED, "")] * any(line.topic in hidden for line in self.lines)
        parts += ["", "Assumed:", *(_block(f"{number}. {text}", "  ") for number, text in enumerate(assumed, 1))] if assumed else []
        return "\n".join([*parts, *_legend(lines)])

    def __str__(self) -> str:
        return self.as_text()


def _line(line: Line, assumptions: list[int]) -> list[str]:
    numbers = f"; assumes {', '.join(map(str, assumptions))}" if assumptions else ""
    found = [_block(f"{line.topic}: {line.text}", ""), _block(f"rests on {_claims(line)}{numbers}", "    ")]
    return found + ([_block(f"simulation: {_outcome(line.check)}", "    ")] if line.check else [])


def _claims(line: Line) -> str:
    return ", ".join(f"{id_} ({status})" for id_, status in line.statuses.items())


def _legend(lines: list[Line]) -> list[str]:
    """What the statuses mean that are not plain praise, and how to read a claim."""
    used = {status for line in lines for status in line.statuses.values()}
    meanings = [text for status, text in MEANINGS.items() if status in used]
    if not lines:
        return []
    return ["", _block(f"A claim in full: stalegrad show {lines[0].claims[0]}. {' '.join(meanings)}".rstrip(), "")]


def _outcome(check: Check | None) -> str:
    if check is None:
        return ""
    wanted = check.numbers.get("paths that would settle it")
    more = f"; about {wanted} paths would settle it (--paths {wanted}, in Python paths={wanted})" if wanted else ""
    return f"{check.verdict}; {check.what}{more}"


def _block(text: str, indent: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ")
