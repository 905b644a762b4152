"""The ledger: what each numbered statement of the four papers says, as data.

`inventory.csv` lists every id. A paper that has been worked through has one entry per
inventory row, in a TOML file named by its key (`SME.toml`) or in several, one a chapter (`EASGD_3.toml`). An entry
holds no verdict: `stalegrad.claims.status` computes it from evidence.
"""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from pathlib import Path

from stalegrad.claims import ids

FOLDER = Path(__file__).parent
POSITIVE = ("proved", "exact", "reproduced", "scaled", "definition")
NEGATIVE = ("refutes", "counterexample")
BESIDE = ("absent", "protocol")
"""At a smaller scale: what is printed does not show; the printed set-up ran, but nothing printed is decided by it."""
KINDS = POSITIVE + NEGATIVE + BESIDE
REPRODUCED, PARTLY, NOT, PROTOCOL = "reproduced at this scale", "partly reproduced at this scale", "not reproduced at this scale", "protocol only"
AT_SCALE = (REPRODUCED, PARTLY, NOT, PROTOCOL)
"""What became of a row that was put to a test at a smaller scale; the first sentence of its note."""
ERRATA = ("corrected", "qualified")

ENTRY_KEYS = {"statement", "assumptions", "uses", "wants", "note", "erratum"}
ERRATUM_KEYS = ("kind", "printed", "corrected", "proof", "consequence")


class LedgerError(ValueError):
    """The ledger, or a report joined with it, breaks one of its rules."""


@dataclass(frozen=True)
class Row:
    """One line of the inventory: where the statement stands in its paper."""

    id: str
    kind: str
    label: str
    section: str
    statement: str

    @property
    def paper(self) -> str:
        """Key of the paper, the part of the id before the first hyphen."""
        return self.id.split("-", 1)[0]


@dataclass(frozen=True)
class Erratum:
    """A printed form that is wrong (`corrected`) or says less than it seems (`qualified`)."""

    kind: str
    printed: str
    corrected: str
    proof: str
    consequence: str


@dataclass(frozen=True)
class Entry:
    """What we say about one row, and the kind of evidence that would settle it."""

    id: str
    statement: str
    wants: str
    assumptions: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    note: str = ""
    erratum: Erratum | None = None


@dataclass(frozen=True)
class Ledger:
    """Inventory rows in their order, and the entries of the papers worked through."""

    rows: dict[str, Row]
    entries: dict[str, Entry]
    papers: tuple[str, ...]

    @property
    def missing(self) -> list[str]:
        """Rows of a paper with a ledger file that have no entry in it."""
        return [row.id for row in self.rows.values() if row.paper in self.papers and row.id not in self.entries]


def load(folder: Path = FOLDER) -> Ledger:
    """Read `inventory.csv` and every `<paper key>.toml` or `<paper key>_<part>.toml` in `folder`.

    Raises
    ------
    LedgerError
        All broken rules at once, each with file, id, rule and remedy.
    """
    rows = read_inventory(folder / "inventory.csv")
    keys = list(dict.fromkeys(row.paper for row in rows.values()))
    entries: dict[str, Entry] = {}
    problems: list[str] = []
    papers = []
    for path in sorted(folder.glob("*.toml")):
        key = path.stem.partition("_")[0]
        if key not in keys:
            problems.append(f"{path.name}: no paper has the key {key!r}; name the file by one of {', '.join(keys)}")
            continue
        papers.append(key)
        for id_, raw in _parse(path).items():
            found = list(_problems(id_, raw, key, rows))
            if id_ in entries:
                found.append("has an entry in another file already; keep one")
            problems += [f"{path.name}: {id_}: {problem}" for problem in found]
            if not found:
                entries[id_] = _entry(id_, raw)
    if problems:
        raise LedgerError("\n".join(problems))
    return Ledger(rows, entries, tuple(key for key in keys if key in papers))


def read_inventory(path: Path = FOLDER / "inventory.csv") -> dict[str, Row]:
    """Rows of the inventory by id, in the order of the file."""
    with open(path, newline="", encoding="utf-8") as lines:
        rows = [Row(line["id"], line["kind"], line["label"], line["section"], line["statement"]) for line in csv.DictReader(lines)]
    return {row.id: row for row in rows}


def _parse(path: Path) -> dict:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise LedgerError(f"{path.name}: not valid TOML: {error}; mend the file at that line") from error


def _problems(id_, raw, paper, rows):
    """Yield every rule that the raw entry breaks, with its remedy."""
    if id_ not in rows:
        yield f"{ids.unknown(id_, rows)}; rename or remove the entry"
    elif rows[id_].paper != paper:
        yield f"belongs to {rows[id_].paper}; move it to {rows[id_].paper}.toml"
    if not isinstance(raw, dict):
        yield "an entry is a table; write keys such as statement and wants under it"
        return
    for key in sorted(set(raw) - ENTRY_KEYS):
        yield f"unknown key {key!r}; keys are {', '.join(sorted(ENTRY_KEYS))}"
    if not _text(raw.get("statement")):
        yield "statement is missing or empty; say in your own words what the row states"
    if raw.get("wants") not in POSITIVE:
        yield f"wants is {raw.get('wants')!r}; it must be one of {', '.join(POSITIVE)}"
    if raw.get("wants") == "scaled" and not _text(raw.get("note")):
        yield "wants 'scaled' but does not say what is scaled; write it in note"
    elif raw.get("wants") == "scaled" and "erratum" not in raw and at_scale(str(raw["note"])) is None:
        yield f"wants 'scaled', so its note must begin with what became of it: {', '.join(f'{word.capitalize()}.' for word in AT_SCALE)}"
    if "note" in raw and not _text(raw["note"]):
        yield "note is not a text; write a sentence or remove it"
    for key in ("assumptions", "uses"):
        value = raw.get(key, [])
        if not (isinstance(value, list) and all(_text(item) for item in value)):
            yield f"{key} is {value!r}; it must be a list of texts"
        elif key == "uses":
            yield from (f"uses: {ids.unknown(other, rows)}" for other in value if other not in rows)
    if "erratum" in raw:
        yield from _erratum_problems(raw["erratum"])


def _erratum_problems(raw):
    if not isinstance(raw, dict):
        yield f"erratum is {raw!r}; it must be a table with the keys {', '.join(ERRATUM_KEYS)}"
        return
    for key in sorted(set(raw) - set(ERRATUM_KEYS)):
        yield f"erratum has the unknown key {key!r}; keys are {', '.join(ERRATUM_KEYS)}"
    if raw.get("kind") not in ERRATA:
        yield f"erratum kind is {raw.get('kind')!r}; it must be one of {', '.join(ERRATA)}"
    for key in ERRATUM_KEYS[1:]:
        if not _text(raw.get(key)):
            yield f"erratum has no {key!r}; an erratum states {', '.join(ERRATUM_KEYS[1:])}"


def at_scale(note: str) -> str | None:
    """Which of `AT_SCALE` a note begins with, followed by more; None for none of them.

    >>> at_scale("Protocol only. Another data set.")
    'protocol only'
    """
    return next((word for word in AT_SCALE if note.startswith(f"{word.capitalize()}. ")), None)


def _text(value) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _entry(id_, raw) -> Entry:
    erratum = raw.get("erratum")
    return Entry(
        id=id_,
        statement=raw["statement"].strip(),
        wants=raw["wants"],
        assumptions=tuple(raw.get("assumptions", ())),
        uses=tuple(raw.get("uses", ())),
        note=raw.get("note", "").strip(),
        erratum=erratum and Erratum(**{key: erratum[key].strip() for key in ERRATUM_KEYS}),
    )
