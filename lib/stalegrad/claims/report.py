"""The evidence report: what the last full test run showed, and of which sources.

One JSON file, sorted, without time stamps or paths of a machine, so that two
runs of the same sources give the same bytes:

    {"format": ..., "digest": ..., "tests": {node id: {"claims": [[id, kind], ...],
     "numbers": [{"label", "value", "expected", "tolerance"}, ...], "outcome": ...}}}
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from stalegrad.claims import ids
from stalegrad.claims.ledger import FOLDER, KINDS, LedgerError
from stalegrad.files import write_aside

FORMAT = "stalegrad evidence 1"
COMMITTED = FOLDER / "evidence.json"
OUTCOMES = ("passed", "failed", "skipped")
SOURCES = ("lib/stalegrad/**/*.py", "lib/stalegrad/**/*.toml", "lib/stalegrad/**/*.csv", "tests/**/*.py", "requirements.lock")


@dataclass(frozen=True)
class Evidence:
    """One test that bears on one claim."""

    test: str
    kind: str
    outcome: str
    numbers: tuple[dict, ...] = ()


@dataclass(frozen=True)
class Report:
    """Evidence by claim id, and the digest of the sources it was computed from."""

    digest: str
    evidence: dict[str, tuple[Evidence, ...]]


def source_tree() -> Path | None:
    """Root of the project's checkout, or None where only the package is installed."""
    root = FOLDER.parents[2]
    return root if (root / "pyproject.toml").is_file() and (root / "tests").is_dir() else None


def source_digest(root: Path) -> str:
    """SHA-256 over names and contents of all files that evidence is computed from."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in SOURCES for path in root.glob(pattern)}):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return "sha256:" + digest.hexdigest()


def stale(report: Report, root: Path | None = None) -> bool:
    """Whether the sources at `root` (default: this checkout) differ from the report's."""
    root = root or source_tree()
    return root is not None and source_digest(root) != report.digest


def read(path: Path, known) -> Report:
    """Read a report; `known` are the ids of the inventory.

    Raises
    ------
    LedgerError
        If the file is no evidence report or names an id or kind that does not exist.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        if raw["format"] != FORMAT:
            raise ValueError(f"its format is {raw['format']!r}, not {FORMAT!r}")
        return Report(str(raw["digest"]), _by_claim(raw["tests"], known))
    except FileNotFoundError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"it has no {error}" if isinstance(error, KeyError) else error
        raise LedgerError(f"{path.name} is no evidence report: {reason}; `make accept` writes a new one") from error


def _by_claim(tests: dict, known) -> dict[str, tuple[Evidence, ...]]:
    evidence: dict[str, list[Evidence]] = {}
    for test, result in sorted(tests.items()):
        if result["outcome"] not in OUTCOMES:
            raise ValueError(f"{test} has the outcome {result['outcome']!r}, not one of {', '.join(OUTCOMES)}")
        for id_, kind in result["claims"]:
            if id_ not in known:
                raise ValueError(f"{test}: {ids.unknown(id_, known)}")
            if kind not in KINDS:
                raise ValueError(f"{test}: {kind!r} is no kind of evidence, of {', '.join(KINDS)}")
            evidence.setdefault(id_, []).append(Evidence(test, kind, result["outcome"], tuple(result["numbers"])))
    return {id_: tuple(items) for id_, items in evidence.items()}


def write(path: Path, tests: dict, digest: str) -> None:
    """Write a report of `tests` (node id -> claims, numbers, outcome)."""
    # One line per test: a change of one test shows as one changed line.
    lines = (f"  {json.dumps(test)}: {json.dumps(tests[test], sort_keys=True)}" for test in sorted(tests))
    head = f'{{\n "digest": {json.dumps(digest)},\n "format": {json.dumps(FORMAT)},\n "tests": {{\n'
    write_aside(path, head + ",\n".join(lines) + "\n }\n}\n")
