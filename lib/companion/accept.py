"""`make accept`: the author's command. Refreshes what is committed but computed, and shows what changed."""

from __future__ import annotations

import difflib
import subprocess
import sys
from pathlib import Path

from companion import manifest, pairing, runner
from companion.book.chapters import COVER_FIGURE
from companion.files import write
from companion.notebook import loads
from companion.settings import Project, variables

EVIDENCE = Path("lib/stalegrad/claims/evidence.json")
PAGES = (Path("docs/errata.md"), Path("README.md"))


def accept(project: Project, names: list[str]) -> int:
    """Refresh the notebooks `names` and their figures; for no names everything: evidence, notebooks, manifest, pages.

    Evidence comes first, since notebooks show verdicts; pages last. What fails is reported, and nothing of the
    failing step is written.

    Raises
    ------
    ValueError
        If a notebook needs an extra that is not installed.
    """
    left_out = {name: reason for name in project.chosen(names) if (reason := runner.left_out(project, name))}
    if left_out:
        raise ValueError("\n".join(f"notebook {name} {reason}" for name, reason in left_out.items()))
    before = _contents(project)
    failed = 0 if names else _evidence(project)
    failed = failed or _notebooks(project, names)
    if not names and not failed:
        failed = _command(project, sys.executable, "-m", "stalegrad.claims.generate")
        _cover(project)
    print("\n".join(changes(before, _contents(project))))
    return failed


def _cover(project: Project) -> None:
    """Bring the README's picture up to date: the one figure that is committed as such."""
    figure = project.figures / f"{COVER_FIGURE}.png"
    if figure.exists():
        write(project.root / "docs" / "cover.png", figure.read_bytes())


def changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """A line for each changed file, with the number of lines that came and went."""
    lines = []
    for name in sorted({*before, *after}):
        old, new = before.get(name, "").splitlines(), after.get(name, "").splitlines()
        if old != new:
            marks = [line[0] for line in difflib.unified_diff(old, new, n=0) if not line.startswith(("+++", "---"))]
            lines.append(f"changed: {name} | +{marks.count('+')} -{marks.count('-')} lines")
    return lines or ["nothing changed"]


def _contents(project: Project) -> dict[str, str]:
    files = [project.root / path for path in (EVIDENCE, *PAGES)] + [project.manifest]
    for name in project.names():
        files += [project.notebook(name), project.source(name)]
    return {path.relative_to(project.root).as_posix(): path.read_text(encoding="utf-8") for path in files if path.exists()}


def _evidence(project: Project) -> int:
    """Run the tests that bear on a claim. Others wait for `make test`: some compare with what is about to be refreshed."""
    aside = project.build / "evidence.json"
    parallel = ("-q", "-n", "2", "--dist", "loadfile")
    failed = _command(project, sys.executable, "-m", "pytest", *parallel, "tests", "-m", "claim", f"--evidence={aside}")
    if not failed:
        write(project.root / EVIDENCE, aside.read_bytes())
    return failed


def _notebooks(project: Project, names: list[str]) -> int:
    chosen = project.chosen(names)
    outcome = runner.run(project, chosen, {})
    for failure in outcome.failures:
        print(f"FAILED {failure}", file=sys.stderr)
    if outcome.failures:
        return 1
    for name in chosen:
        pairing.refresh(project, name, loads(runner.executed(project, name).read_text(encoding="utf-8")))
    manifest.accept(project.manifest, project.figures, kept=bool(names))
    return 0


def _command(project: Project, *command: str) -> int:
    environment = variables(project, STALEGRAD_FIGURES=str(project.build / "test-figures"))
    return subprocess.run(command, cwd=project.root, env=environment).returncode
