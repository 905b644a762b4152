"""Verdicts, computed by joining the ledger with the last evidence report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stalegrad.claims import ledger, report
from stalegrad.claims.ledger import AT_SCALE, BESIDE, NOT, PARTLY, POSITIVE, PROTOCOL, REPRODUCED, Entry, Ledger, Row
from stalegrad.claims.report import Evidence, Report

STATUSES = ("proved", "exact", "reproduced", "scaled", "corrected", "qualified", "definition", "open")


@dataclass(frozen=True)
class Verdict:
    """Status of one row, why it is open if it is, and what contradicts its entry."""

    row: Row
    entry: Entry | None
    evidence: tuple[Evidence, ...]
    status: str
    reason: str = ""
    contradictions: tuple[str, ...] = ()

    @property
    def statement(self) -> str:
        """The ledger's own words, or the inventory's where there is no entry."""
        return self.entry.statement if self.entry else self.row.statement

    @property
    def short_of(self) -> str:
        """The kind of evidence the entry wants, if what there is is weaker; else empty."""
        best = strongest(self.evidence)
        if self.entry is None or self.status == "open" or best is None:
            return ""
        return self.entry.wants if POSITIVE.index(best) > POSITIVE.index(self.entry.wants) else ""

    @property
    def at_scale(self) -> str:
        """One of `AT_SCALE` for a row of status "scaled", by the kinds of its passing tests; else empty."""
        if self.status != "scaled":
            return ""
        passing = _passing(self.evidence)
        if "scaled" in passing:
            return PARTLY if "absent" in passing else REPRODUCED
        return NOT if "absent" in passing else PROTOCOL


@dataclass(frozen=True)
class Table:
    """All verdicts in the order of the inventory, and what fails the build."""

    verdicts: tuple[Verdict, ...]
    missing: tuple[str, ...]
    papers: tuple[str, ...]
    notice: str = ""

    @property
    def problems(self) -> list[str]:
        """Missing entries and contradictions, one sentence each."""
        missing = [f"{id_} has no entry; add one to {id_.split('-', 1)[0]}.toml" for id_ in self.missing]
        return missing + [f"{v.row.id}: {text}" for v in self.verdicts for text in v.contradictions]

    def summary(self) -> dict[str, dict[str, int]]:
        """Number of rows by status, for each paper that has a ledger."""
        counts = {paper: dict.fromkeys(STATUSES, 0) for paper in self.papers}
        for verdict in self.verdicts:
            if verdict.row.paper in counts:
                counts[verdict.row.paper][verdict.status] += 1
        return counts

    def at_scale(self) -> dict[str, dict[str, int]]:
        """Number of rows of status "scaled" by what became of them, for each paper that has such rows."""
        found = [(verdict.row.paper, verdict.at_scale) for verdict in self.verdicts if verdict.at_scale and verdict.row.paper in self.papers]
        return {paper: {word: found.count((paper, word)) for word in AT_SCALE} for paper in dict.fromkeys(paper for paper, _ in found)}


def table(folder: Path = ledger.FOLDER, report_path: Path = report.COMMITTED) -> Table:
    """Join the ledger in `folder` with the report; light enough for a command line.

    Raises
    ------
    LedgerError
        If a ledger file or the report breaks a rule.
    """
    book = ledger.load(folder)
    found, notice = _report(report_path, book)
    verdicts = tuple(judge(row, book.entries.get(id_), found.evidence.get(id_, ())) for id_, row in book.rows.items())
    return Table(verdicts, tuple(book.missing), book.papers, notice)


def _report(path: Path, book: Ledger) -> tuple[Report, str]:
    try:
        found = report.read(path, book.rows)
    except FileNotFoundError:
        return Report("", {}), f"there is no evidence report {path.name}; `make accept` writes it"
    if report.stale(found):
        return found, f"the evidence in {path.name} is stale: sources or tests changed since; `make accept` renews it"
    return found, ""


def strongest(evidence) -> str | None:
    """Strongest positive kind among the passing tests, or None."""
    passing = _passing(evidence)
    return next((kind for kind in POSITIVE if kind in passing), None)


def _passing(evidence) -> set[str]:
    """Kinds of the passing tests."""
    return {item.kind for item in evidence if item.outcome == "passed"}


def judge(row: Row, entry: Entry | None, evidence: tuple[Evidence, ...]) -> Verdict:
    """Status of one row from its entry and the tests that name it."""
    contradictions = tuple(_contradictions(entry, evidence))
    status, reason = _status(entry, evidence)
    if contradictions:
        status, reason = "open", "evidence contradicts the entry"
    return Verdict(row, entry, evidence, status, reason, contradictions)


def _contradictions(entry, evidence):
    erratum = entry.erratum.kind if entry and entry.erratum else None
    for item in evidence:
        if item.outcome == "failed":
            yield f"{item.test} ({item.kind}) fails; mend the test, the code or the entry"
        elif item.outcome == "passed" and item.kind == "refutes" and erratum != "corrected":
            yield f"{item.test} refutes the printed form, but the entry has no erratum of kind corrected; add it"
        elif item.outcome == "passed" and item.kind == "counterexample" and erratum is None:
            yield f"{item.test} gives a counterexample, but the entry has no erratum; add it"


def _status(entry, evidence) -> tuple[str, str]:
    if entry is None:
        return "open", "no ledger entry yet"
    passing = _passing(evidence)
    best = strongest(evidence)
    kind = entry.erratum.kind if entry.erratum else None
    if kind == "corrected" and "refutes" not in passing:
        return "open", "no passing test refutes the printed form"
    if kind == "corrected" and best is None:
        return "open", "no passing test supports the corrected form"
    if kind == "qualified" and "counterexample" not in passing:
        return "open", "no passing test shows the counterexample"
    if kind:
        return kind, ""
    if best in (None, "definition") and passing & set(BESIDE):
        return "scaled", ""
    if best is None:
        return "open", entry.note or "no passing test names it"
    return best, ""
