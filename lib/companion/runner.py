"""`make figures`: finds the notebooks whose results are not there, and has them executed.

Only what is executed needs the notebook libraries, which take two seconds to import; so finding out that there
is nothing to do takes a fraction of that.
"""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

from companion import extras, rebuild
from companion.files import clear_aside, digest_of, read_json, write_json
from companion.settings import Project

LIMIT = 1800.0


@dataclass
class Outcome:
    """What a run did."""

    executed: list[str] = field(default_factory=list)
    current: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    """Notebooks that need an extra which is not installed, and the remedy."""


def run(project: Project, names: list[str], parameters: dict, force: bool = False, limit: float = LIMIT) -> Outcome:
    """Execute the notebooks `names` that are not up to date, or all of them with `force`.

    Raises
    ------
    ValueError
        If a parameter is not one of a notebook's own; nothing has run then.
    """
    with alone(project):
        tidy(project)
        known: rebuild.Imports = {}
        without = {name: reason for name in names if (reason := left_out(project, name))}
        states = {name: rebuild.state(project, code_cells(project, name), parameters, known) for name in names if name not in without}
        wanted = {name: state for name, state in states.items() if force or not up_to_date(project, name, state)}
        outcome = Outcome(current=[name for name in states if name not in wanted], left_out=without)
        if wanted:
            from companion import execution

            execution.execute(project, wanted, parameters, limit, outcome)
    return outcome


def code_cells(project: Project, name: str) -> list[str]:
    """Code of the notebook `name`."""
    return _text(project, name)["cells"]


def left_out(project: Project, name: str) -> str:
    """Why the notebook `name` cannot run here: an extra that is not installed, and the remedy; else empty."""
    return extras.lacking(_text(project, name)["needs"])


def _text(project: Project, name: str) -> dict:
    """What a notebook's text says: its code ("cells") and the extras that it needs; remembered for as long as the text stays the same."""
    text, memory = digest_of(project.source(name)), project.build / "code" / f"{name}.json"
    known = read_json(memory, {})
    if known.get("text") != text or "needs" not in known:
        from companion import notebook, pairing

        read = pairing.read(project, name)
        known = {"text": text, "cells": notebook.code(read), "needs": extras.named(read)}
        write_json(memory, known)
    return known


def record(project: Project, name: str) -> Path:
    """File that says what the last good run of a notebook was of, and the digest of each file that it drew."""
    return project.build / "state" / f"{name}.json"


def executed(project: Project, name: str) -> Path:
    """The notebook as its last good run left it."""
    return project.build / "executed" / f"{name}.ipynb"


def up_to_date(project: Project, name: str, state: str) -> bool:
    """Whether the last good run was of this `state` and its figures are still what it drew."""
    last = read_json(record(project, name), {})
    files = {project.figures / file: digest for file, digest in last.get("files", {}).items()}
    there = executed(project, name).exists() and all(path.exists() for path in files)
    return last.get("state") == state and there and all(digest_of(path) == digest for path, digest in files.items())


@contextlib.contextmanager
def alone(project: Project):
    """One run at a time in a project; a second waits."""
    project.build.mkdir(parents=True, exist_ok=True)
    with (project.build / "lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another run is under way; this one waits for it", file=sys.stderr)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def tidy(project: Project) -> None:
    """Clear what an interrupted run left, and the figures of notebooks that are gone."""
    shutil.rmtree(project.build / "running", ignore_errors=True)
    clear_aside(project.figures)
    known, records = project.names(), project.build / "state"
    for path in records.rglob("*.json"):
        if path.relative_to(records).with_suffix("").as_posix() not in known:
            for file in read_json(path, {}).get("files", {}):
                (project.figures / file).unlink(missing_ok=True)
            path.unlink()
