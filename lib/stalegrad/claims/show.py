"""Verdicts as text for the terminal and as plain data for JSON."""

from __future__ import annotations

import shutil
from dataclasses import asdict

from stalegrad.claims import places, report
from stalegrad.claims.lookup import Claim
from stalegrad.claims.status import STATUSES, Table, Verdict


def as_dict(verdict: Verdict) -> dict:
    """One verdict as plain data; keys that do not apply are null."""
    erratum = verdict.entry.erratum if verdict.entry else None
    return {
        "id": verdict.row.id,
        "paper": verdict.row.paper,
        "kind": verdict.row.kind,
        "status": verdict.status,
        "at_scale": verdict.at_scale or None,
        "reason": verdict.reason or None,
        "statement": verdict.statement,
        "wants": verdict.entry.wants if verdict.entry else None,
        "evidence": [asdict(item) for item in verdict.evidence],
        "contradictions": list(verdict.contradictions),
        **{key: getattr(erratum, key, None) for key in ("printed", "corrected", "proof", "consequence")},
    }


def table(result: Table, chosen: list[Verdict], all_papers: bool) -> str:
    """The verdict table, then counts by status for each paper."""
    rows = [v for v in chosen if all_papers or v.row.paper in result.papers]
    return "\n".join([*_verdict_lines(rows), "", *summary_lines(result)])


def _verdict_lines(rows: list[Verdict]):
    if not rows:
        return
    width = max(len(v.row.id) for v in rows)
    room = shutil.get_terminal_size((120, 24)).columns - width - 24
    yield f"{'id':<{width}}  {'status':<10}  evidence  statement"
    for v in rows:
        text = one_line(v.statement)
        text = f"({v.reason}) {text}" if v.status == "open" and v.entry else text
        text = f"({v.at_scale}) {text}" if v.at_scale else text
        text = f"(wants {v.short_of}) {text}" if v.short_of else text
        shown = text if len(text) <= room else text[: max(room - 1, 0)] + "…"
        yield f"{v.row.id:<{width}}  {v.status:<10}  {len(v.evidence):>8}  {shown}".rstrip()


def summary_lines(result: Table):
    """Counts by status, a line a paper."""
    yield f"{'paper':<6} {'rows':>5}  " + "  ".join(STATUSES)
    for paper, counts in result.summary().items():
        cells = "  ".join(f"{counts[name]:>{len(name)}}" for name in STATUSES)
        yield f"{paper:<6} {sum(counts.values()):>5}  {cells}"
    for paper, found in result.at_scale().items():
        yield f"{paper} scaled: {counted(found)}"


def counted(found: dict[str, int]) -> str:
    """Counts in words, those of 0 left out.

    >>> counted({"not reproduced at this scale": 2, "protocol only": 0})
    '2 not reproduced at this scale'
    """
    return ", ".join(f"{n} {word}" for word, n in found.items() if n)


def one_line(text: str) -> str:
    """Text with its line breaks folded into spaces."""
    return " ".join(text.split())


def page(claim: Claim) -> str:
    """All about one claim: entry, formula, evidence, and where the id stands."""
    return "\n".join([*_entry_lines(claim.verdict), *_formula_lines(claim), *_evidence_lines(claim), *_place_lines(claim)])


def _entry_lines(verdict: Verdict):
    row, entry = verdict.row, verdict.entry
    yield f"{row.id}  ({row.kind} {row.label}, section {row.section})"
    because = verdict.reason or verdict.at_scale
    yield f"status: {verdict.status}" + (f" ({because})" if because else "")
    yield f"statement: {one_line(verdict.statement)}"
    if entry:
        yield from (f"assumes: {one_line(text)}" for text in entry.assumptions)
        yield from [f"uses: {', '.join(entry.uses)}"] * bool(entry.uses)
        yield f"wants: {entry.wants}"
        yield from [f"note: {one_line(entry.note)}"] * bool(entry.note)
        if entry.erratum:
            yield f"erratum: {entry.erratum.kind}"
            for key in ("printed", "corrected", "proof", "consequence"):
                yield f"  {key}: {one_line(getattr(entry.erratum, key))}"


def _formula_lines(claim: Claim):
    if claim.latex:
        yield f"formula: {claim.plain}"
        yield f"latex: {claim.latex}"
    if claim.arguments:
        shown = (f"{name}=..." if default is None else f"{name}={default}" for name, default in claim.arguments.items())
        both = " (the printed form too)" if claim.has_printed else ""
        yield f"value: stalegrad value {claim.id} {' '.join(shown)}{both}"


def _evidence_lines(claim: Claim):
    for item in claim.evidence:
        yield f"evidence: {item.kind}, {item.outcome}: {item.test}"
        for number in item.numbers:
            count = f", the worst of {number['count']} in units of its tolerance" if "count" in number else ""
            yield f"  {number['label']}: {number['value']} (expected {number['expected']} ± {number['tolerance']}{count})"


def _place_lines(claim: Claim):
    if root := report.source_tree():
        yield from places.lines(claim.id, [item.test for item in claim.evidence], root)
