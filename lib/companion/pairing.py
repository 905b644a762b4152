"""Pairs: each notebook (ipynb, with outputs) and its text (MyST Markdown, where authors write) say the same."""

from __future__ import annotations

import jupytext
from jupytext.config import load_jupytext_configuration_file
from nbformat import NotebookNode

from companion.files import write
from companion.notebook import dumps, loads, with_outputs_of, without_outputs
from companion.settings import LIBRARY, Project

TEXT = "md:myst"
# The same settings that JupyterLab's save reads, so that both write the same bytes.
CONFIGURATION = load_jupytext_configuration_file(str(LIBRARY.parent / "pyproject.toml"))


def to_notebook(text: str) -> NotebookNode:
    """The notebook, without outputs, that a text describes."""
    return without_outputs(jupytext.reads(text, fmt=TEXT, config=CONFIGURATION))


def to_text(notebook: NotebookNode) -> str:
    """The text of a notebook's inputs."""
    return jupytext.writes(without_outputs(notebook), fmt=TEXT, config=CONFIGURATION)


def read(project: Project, name: str) -> NotebookNode:
    """The inputs of notebook `name`, from its text."""
    return to_notebook(project.source(name).read_text(encoding="utf-8"))


def differences(project: Project, names: list[str]) -> list[str]:
    """What is out of step, a sentence each."""
    found = []
    for name in names:
        text, path = project.source(name).read_text(encoding="utf-8"), project.notebook(name)
        label = path.relative_to(project.root)
        if to_text(to_notebook(text)) != text:
            found.append(f"{project.source(name).relative_to(project.root)} is not in the form that a save gives it")
        if not path.exists():
            found.append(f"{label} is missing")
        elif dumps(without_outputs(loads(path.read_text(encoding="utf-8")))) != dumps(to_notebook(text)):
            found.append(f"{label} and its text in notebooks/src differ")
    lone = sorted(
        path.relative_to(project.root)
        for path in project.notebooks.rglob("*.ipynb")
        if ".ipynb_checkpoints" not in path.parts and path.relative_to(project.notebooks).with_suffix("").as_posix() not in project.names()
    )
    return found + [f"{path} has no text in notebooks/src" for path in lone]


def refresh(project: Project, name: str, executed: NotebookNode | None = None) -> None:
    """Write both halves from the text; outputs come from `executed`, else stay with the code cells that did not change."""
    path, inputs = project.notebook(name), read(project, name)
    if executed is None and path.exists():
        executed = loads(path.read_text(encoding="utf-8"))
    write(path, dumps(with_outputs_of(inputs, executed or inputs)))
    write(project.source(name), to_text(inputs))
