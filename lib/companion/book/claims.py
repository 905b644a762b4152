"""The claims pages: one table of all rows, and a page a paper with everything known about each row."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from companion.book.notebooks import Figure
from companion.book.places import anchor, by_section
from stalegrad.claims import lookup, show
from stalegrad.claims.generate import RIGHT_FORM
from stalegrad.claims.status import STATUSES, Table, Verdict

KINDS = {"eq": "equation", "claim": "sentence", "number": "printed number", "beyond": "beyond the paper"}
INDEX = """\
# Claims

Every numbered statement of the papers, with the verdict that its tests give it. An id leads to everything known about it: formula, tests with
file and name, figures, notebooks, and, where the printed form fails or says too little, printed form, right form, proof and consequence.

```{{raw}} html
<details class="admonition"><summary>What the words mean</summary>
```

{words}

```{{raw}} html
</details>
<div id="claims-filter"></div>
```

{rows}
"""
WORDS = {
    "proved": "a symbolic identity, checked by sympy or in exact arithmetic",
    "exact": "numbers agree with an independent exact computation to rounding",
    "reproduced": "simulation agrees with the printed value or shape at a stated error rate",
    "scaled": "put to a test at a smaller scale; beside it stands whether it was reproduced there, and the entry says what was scaled",
    "corrected": "the printed form is refuted by a test, and the corrected form has evidence",
    "qualified": "holds only under a condition that the paper leaves out, or says less than it seems: a counterexample is shown",
    "definition": "implemented, and a test exercises it",
    "open": "no evidence; the entry says why",
}


@dataclass(frozen=True)
class Reading:
    """Where the claims are read about: the notebooks' texts, titles and questions by name, and the figures that they show."""

    texts: dict[str, str]
    titles: dict[str, str]
    questions: dict[str, str]
    figures: list[Figure]
    ids: tuple[str, ...]

    @cached_property
    def notebooks_naming(self) -> dict[str, list[str]]:
        """Notebooks that name an id, by id."""
        longest_first = sorted(self.ids, key=len, reverse=True)
        named = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest_first))})(?!\w|\.\w)")
        found: dict[str, list[str]] = {}
        for name in sorted(self.texts, key=by_section):
            for id_ in set(named.findall(self.texts[name])):
                found.setdefault(id_, []).append(name)
        return found

    @cached_property
    def claim_of(self) -> dict[str, str]:
        """The claim that a figure shows, by the figure's id: its own, or the one that its id begins with."""
        longest_first = sorted(self.ids, key=len, reverse=True)
        found = ((figure.id, next((id_ for id_ in longest_first if f"{figure.id}-".startswith(f"{id_}-")), None)) for figure in self.figures)
        return {figure: id_ for figure, id_ in found if id_}

    def of_section(self, paper: str, section: str) -> list[str]:
        """Notebooks about a section of a paper: about it, parts of it, or the part of the paper that it belongs to."""
        stem = f"{paper.lower()}/{section.replace('.', '_')}_"
        own = [name for name in self.texts if name.startswith(paper.lower() + "/")]
        inside = [name for name in own if name.startswith(stem)]
        around = [name for name in own if stem.startswith(re.match(r".*/(?:[0-9A-Z]+_)*", name)[0])]
        return sorted(inside or around, key=by_section)

    def of_claim(self, verdict: Verdict, used_by: list[str]) -> list[str]:
        """Notebooks that name a row, else those about its section, else those that name what it rests on or what rests on it."""
        related = [*(verdict.entry.uses if verdict.entry else ()), *used_by]
        around = dict.fromkeys(name for id_ in related for name in self.notebooks_naming.get(id_, ()))
        return self.notebooks_naming.get(verdict.row.id) or self.of_section(verdict.row.paper, verdict.row.section) or list(around)

    def figures_of(self, verdict: Verdict, notebooks: list[str]) -> tuple[str, list[Figure]]:
        """The figures that show a row, or those beside it: of the first of its notebooks that has some, its own paper's before others."""
        own = [figure for figure in self.figures if self.claim_of.get(figure.id) == verdict.row.id]
        for name in [] if own else sorted(notebooks, key=lambda name: not name.startswith(f"{verdict.row.paper.lower()}/")):
            beside = [figure for figure in self.figures if figure.notebook == name]
            if beside:
                return "Figures beside it", beside
        return "Figures", own


def pages(table: Table, reading: Reading) -> dict[str, str]:
    """Markdown of the pages by file name, in the folder of claims."""
    used_by: dict[str, list[str]] = {}
    for verdict in table.verdicts:
        for id_ in verdict.entry.uses if verdict.entry else ():
            used_by.setdefault(id_, []).append(verdict.row.id)
    papers = {paper: _paper(paper, table, reading, used_by) for paper in table.papers}
    entries = "\n".join(["```{toctree}", ":hidden:", "", *papers, "```"])
    words = "\n".join(f"[{word}]{{.status .status-{word}}}\n: {meaning}.\n" for word, meaning in WORDS.items())
    index = INDEX.format(words=words, rows=_rows(table)) + entries + "\n"
    return {"index.md": index, **{f"{paper}.md": text for paper, text in papers.items()}}


def summary(table: Table, claims: str) -> str:
    """Counts by status as an HTML table whose numbers lead to the rows; `claims` is the address of the claims page."""
    heads = "".join(f'<th scope="col">{head}</th>' for head in ("paper", "rows", *STATUSES))
    lines = ['<div class="scrolls"><table class="table ledger">', "<caption>Rows of the ledger by status</caption>"]
    lines += [f"<thead><tr>{heads}</tr></thead>", "<tbody>"]
    for paper, counts in table.summary().items():
        cells = [f'<a href="{claims}?paper={paper}">{sum(counts.values())}</a>']
        cells += [f'<a href="{claims}?paper={paper}&amp;status={status}">{n}</a>' if n else "0" for status, n in counts.items()]
        lines.append(f'<tr><th scope="row">{paper}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>')
    return "\n".join([*lines, "</tbody></table></div>"])


def _rows(table: Table) -> str:
    heads = ["| id | paper | kind | section | status | statement |", "|---|---|---|---|---|---|"]
    rows = [verdict for verdict in table.verdicts if verdict.row.paper in table.papers]
    return "\n".join(["::::{rst-class} claims-table", *heads, *map(_row, rows), "::::", ""])


def _row(verdict: Verdict) -> str:
    row, statement = verdict.row, show.one_line(verdict.statement).replace("|", r"\vert ")
    statement = f"*({verdict.at_scale})* {statement}" if verdict.at_scale else statement
    cells = (f"[{row.id}](#{anchor(row.id)})", row.paper, kind(row.kind), row.section, badge(verdict.status), statement)
    return f"| {' | '.join(cells)} |"


def kind(word: str) -> str:
    """What a row is, as a word for readers."""
    return KINDS.get(word, word)


def badge(status: str) -> str:
    """A status, coloured and in words."""
    return f"[{status}]{{.status .status-{status}}}"


def _paper(paper: str, table: Table, reading: Reading, used_by: dict[str, list[str]]) -> str:
    verdicts = [verdict for verdict in table.verdicts if verdict.row.paper == paper]
    sections = sorted({verdict.row.section for verdict in verdicts}, key=by_section)
    lines = [f"# {paper}: every row", "", f"{len(verdicts)} rows, by section. [All papers in one table](index.md).", ""]
    for section in sections:
        notebooks = reading.of_section(paper, section)
        lines += [f"## Section {section}", "", f"{_links(notebooks, reading)}" if notebooks else "", ""]
        for verdict in verdicts:
            if verdict.row.section == section:
                lines += [*_claim(verdict, reading, used_by.get(verdict.row.id, [])), ""]
    return "\n".join(lines)


def _claim(verdict: Verdict, reading: Reading, used_by: list[str]):
    row, entry, claim = verdict.row, verdict.entry, lookup.claim(verdict.row.id)
    yield from (f"({anchor(row.id)})=", f"### {row.id}", "", f"{badge(verdict.status)} {kind(row.kind)} {row.label}", "", verdict.statement, "")
    if claim.latex:
        yield from ("$$", claim.latex, "$$", "")
    if verdict.reason:
        yield f"- **Why open.** {show.one_line(verdict.reason)}"
    yield from [f"- **Outcome.** {verdict.at_scale}"] * bool(verdict.at_scale)
    if entry and entry.erratum:
        for name, key in (("Printed", "printed"), (RIGHT_FORM[entry.erratum.kind], "corrected"), ("Proof", "proof"), ("Consequence", "consequence")):
            yield f"- **{name}.** {show.one_line(getattr(entry.erratum, key))}"
    if entry:
        yield from [f"- **Assumes.** {'; '.join(map(show.one_line, entry.assumptions))}."] * bool(entry.assumptions)
        yield from [f"- **Rests on.** {_ids(entry.uses)}"] * bool(entry.uses)
        yield from [f"- **Note.** {show.one_line(entry.note)}"] * bool(entry.note and entry.note != verdict.reason)
    yield from [f"- **Used by.** {_ids(used_by)}"] * bool(used_by)
    yield from ["- **Tests.**", *_tests(verdict)] * bool(verdict.evidence)
    notebooks = reading.of_claim(verdict, used_by)
    shown, figures = reading.figures_of(verdict, notebooks)
    yield from [f"- **{shown}.** {', '.join(f'[{figure.id}](#{figure.label})' for figure in figures)}"] * bool(figures)
    yield from [f"- **Read in.** {_links(notebooks, reading)}"] * bool(notebooks)
    if claim.arguments:
        given = (name if default is None else f"{name}={default}" for name, default in claim.arguments.items())
        yield f"- **Value.** `stalegrad value {row.id} {' '.join(given)}`"


def _ids(ids) -> str:
    return ", ".join(f"`{id_}`" for id_ in ids)


def _tests(verdict: Verdict):
    cases = Counter((item.test.partition("[")[0], item.kind, item.outcome) for item in verdict.evidence)
    for (test, kind_, outcome), n in sorted(cases.items()):
        yield f"  - `{test}` ({kind_}, {outcome}{f', {n} cases' if n > 1 else ''})"


def _links(notebooks: list[str], reading: Reading) -> str:
    return ", ".join(f"[{reading.titles[name]}](../notebooks/{name}.ipynb)" for name in notebooks)
