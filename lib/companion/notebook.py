"""One form for a notebook: the same content gives the same bytes, whoever ran or saved it."""

from __future__ import annotations

from collections import Counter

import nbformat
from nbformat import NotebookNode

from companion.files import digest

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {"name": "python", "pygments_lexer": "ipython3"}
WIDGET = "application/vnd.jupyter.widget-view+json"
KEPT_METADATA = ("mystnb", "tags")


def normalise(notebook: NotebookNode) -> NotebookNode:
    """A copy without time stamps, papermill's and widgets' traces; cell ids follow from content, counts from position.

    Kept of a cell's metadata are `tags` and `mystnb`: the same that the text half of a pair keeps.
    """
    seen: Counter = Counter()
    cells, executed = [], 0
    for cell in notebook.cells:
        source = cell.source.rstrip()
        key = (cell.cell_type, source)
        seen[key] += 1
        clean = {
            "cell_type": cell.cell_type,
            "id": digest(*key, str(seen[key]))[:12],
            "metadata": {name: cell.metadata[name] for name in KEPT_METADATA if cell.metadata.get(name)},
            "source": source,
        }
        if cell.cell_type == "code":
            ran = cell.execution_count is not None
            executed += ran
            clean["execution_count"] = executed if ran else None
            clean["outputs"] = _outputs(cell.outputs, clean["execution_count"])
        cells.append(clean)
    metadata = {"kernelspec": KERNEL, "language_info": LANGUAGE}
    return nbformat.from_dict({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def _outputs(outputs: list[NotebookNode], count: int | None) -> list[dict]:
    clean: list[dict] = []
    for output in map(dict, outputs):
        last = clean[-1] if clean else {}
        if output["output_type"] == "stream" and last.get("name") == output["name"]:
            last["text"] += output["text"]  # how a stream is cut into pieces is chance
            continue
        if "data" in output:
            # A widget's model id is random and its state is not stored; its text stays.
            output["data"] = {kind: value for kind, value in output["data"].items() if kind != WIDGET}
            if not output["data"]:
                continue
        if "execution_count" in output:
            output["execution_count"] = count
        clean.append(output)
    return clean


def without_outputs(notebook: NotebookNode) -> NotebookNode:
    """A normalised copy of the inputs alone."""
    bare = normalise(notebook)
    for cell in bare.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return bare


def with_outputs_of(inputs: NotebookNode, executed: NotebookNode) -> NotebookNode:
    """The cells of `inputs` with the outputs that equal code cells have in `executed`."""
    merged = without_outputs(inputs)
    known = {cell.id: cell for cell in normalise(executed).cells if cell.cell_type == "code"}
    for cell in merged.cells:
        if cell.id in known:
            cell.outputs, cell.execution_count = known[cell.id].outputs, known[cell.id].execution_count
    return normalise(merged)


def code(notebook: NotebookNode) -> list[str]:
    """Sources of the code cells."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def dumps(notebook: NotebookNode) -> str:
    """The notebook's one text."""
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def loads(text: str) -> NotebookNode:
    """Read a notebook."""
    return nbformat.reads(text, as_version=4)
