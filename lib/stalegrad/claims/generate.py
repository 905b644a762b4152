"""Pages made from the ledger: `docs/errata.md` and the summary in `README.md`.

`python -m stalegrad.claims.generate` writes them, `--check` only compares.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from pathlib import Path

from stalegrad.claims import report, show, status
from stalegrad.claims.ledger import LedgerError
from stalegrad.claims.status import STATUSES, Table, Verdict
from stalegrad.files import write_aside

BEGIN, END = "<!-- ledger:begin -->", "<!-- ledger:end -->"
ERRATA_HEAD = """\
# Errata

Printed statements that are wrong (*corrected*) or that hold only under a condition left out, or say less than they
seem (*qualified*). Built from the ledger and the evidence report by `make accept`; edit the ledger, not this page.
"""
RIGHT_FORM = {"corrected": "Corrected", "qualified": "What holds"}


def pages(result: Table, root: Path) -> dict[Path, str]:
    """Content of every generated page, by path."""
    readme = root / "README.md"
    return {root / "docs" / "errata.md": errata(result), readme: _with_summary(readme, summary(result))}


def errata(result: Table) -> str:
    """The errata page: printed, right form, proof, consequence and evidence of each erratum."""
    found = [verdict for verdict in result.verdicts if verdict.entry and verdict.entry.erratum]
    return "\n".join([ERRATA_HEAD, *(_erratum(verdict) for verdict in found)])


def _erratum(verdict: Verdict) -> str:
    row, erratum = verdict.row, verdict.entry.erratum
    standing = verdict.status if verdict.status != "open" else f"open, {verdict.reason}"
    return f"""\
## {row.id}: {standing}

{row.paper}, section {row.section}, {row.kind} {row.label}. {verdict.statement}

- **Printed.** {erratum.printed}
- **{RIGHT_FORM[erratum.kind]}.** {erratum.corrected}
- **Proof.** {erratum.proof}
- **Consequence.** {erratum.consequence}
- **Evidence.** {_evidence(verdict)}
"""


def _evidence(verdict: Verdict) -> str:
    cases = Counter((item.test.partition("[")[0], item.kind) for item in verdict.evidence if item.outcome == "passed")
    named = (f"`{test}` ({kind}{f', {n} cases' if n > 1 else ''})" for (test, kind), n in sorted(cases.items()))
    return "; ".join(named) or "none yet"


def summary(result: Table) -> str:
    """Counts by status, a row a paper, as a Markdown table; below it, what became of the scaled rows."""
    lines = ["| paper | rows | " + " | ".join(STATUSES) + " |", "|---|" + "---:|" * (1 + len(STATUSES))]
    for paper, counts in result.summary().items():
        lines.append(f"| `{paper}` | {sum(counts.values())} | " + " | ".join(str(counts[name]) for name in STATUSES) + " |")
    scaled = "; ".join(f"`{paper}` {show.counted(found)}" for paper, found in result.at_scale().items())
    return "\n".join([*lines, *["", f"A scaled row was put to a test at a smaller scale. Of them: {scaled}."] * bool(scaled)])


def _with_summary(readme: Path, table: str) -> str:
    text = readme.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise LedgerError(f"{readme.name} must hold {BEGIN} and {END} once each; put them where the summary belongs")
    between = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    return between.sub(lambda _: f"{BEGIN}\n\n{table}\n\n{END}", text)


def outdated(wanted: dict[Path, str]) -> list[Path]:
    """Pages whose content on disk is not what the ledger makes of them."""
    return [path for path, text in wanted.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]


def main(argv: list[str] | None = None) -> int:
    """Write the pages, or with `--check` name those that are out of date (exit status 1)."""
    parser = argparse.ArgumentParser(prog="python -m stalegrad.claims.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a page is out of date")
    arguments = parser.parse_args(argv)
    root = report.source_tree()
    if root is None:
        print("generated pages belong to a checkout of the project; run this from one", file=sys.stderr)
        return 2
    try:
        wanted = pages(status.table(), root)
    except LedgerError as error:
        print(error, file=sys.stderr)
        return 1
    late = outdated(wanted)
    for path in late:
        if not arguments.check:
            write_aside(path, wanted[path])
        verb = "is out of date: run `make accept`" if arguments.check else "written"
        print(f"{path.relative_to(root).as_posix()} {verb}")
    return 1 if late and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
