"""Notebooks as the book shows them: each figure alone in a cell, with its alternative text, a caption and an anchor."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from dataclasses import dataclass
from io import BytesIO

from companion.book.places import anchor
from companion.settings import Project

QUESTION = "**Question.**"
THUMBNAIL = (640, 360)
SAVED = re.compile(r"^(\S+): (\d+) numbers, digest ([0-9a-f]{12})\n?", flags=re.MULTILINE)


@dataclass(frozen=True)
class Figure:
    """A figure that a notebook shows."""

    id: str
    notebook: str
    alt: str
    png: bytes

    @property
    def label(self) -> str:
        """Name by which pages refer to the figure."""
        return label(self.id)


def label(figure: str) -> str:
    """Name by which pages refer to the figure with this id."""
    return f"figure-{anchor(figure)}"


def read(project: Project, name: str) -> dict:
    """The committed notebook `name`."""
    return json.loads(project.notebook(name).read_text(encoding="utf-8"))


def title(notebook: dict) -> str:
    """The first heading."""
    texts = ("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    return next(line[2:].strip() for text in texts for line in text.splitlines() if line.startswith("# "))


def question(notebook: dict) -> str:
    """The paragraph that begins with **Question.**, without that word; empty where there is none."""
    texts = ("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    paragraphs = (" ".join(part.split()) for text in texts for part in text.split("\n\n"))
    return next((part.removeprefix(QUESTION).strip() for part in paragraphs if part.startswith(QUESTION)), "")


def thumbnail(png: bytes) -> bytes:
    """A small copy of a picture, for pages that show many."""
    from PIL import Image

    picture, out = Image.open(BytesIO(png)).convert("RGB"), BytesIO()
    picture.thumbnail(THUMBNAIL)
    picture.save(out, "png", optimize=True)
    return out.getvalue()


def figures(name: str, notebook: dict) -> list[Figure]:
    """The figures of a notebook, in order.

    Raises
    ------
    ValueError
        If one has no alternative text.
    """
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", []) if _png(output)]
    if not all(map(_alt, outputs)):
        raise ValueError(f"a figure of notebook {name} has no alternative text; draw it with plot.save, which asks for it")
    return [Figure(_figure_id(output), name, _alt(output), b64decode(_png(output))) for output in outputs]


def prepared(notebook: dict, claim_of: dict[str, str]) -> dict:
    """A copy for Sphinx. `claim_of` names the claim that a figure shows, by the figure's id."""
    cells = [piece for cell in notebook["cells"] for piece in _pieces(cell, claim_of)]
    return {**notebook, "cells": cells}


def _pieces(cell: dict, claim_of: dict[str, str]) -> list[dict]:
    """The cell, cut so that a figure is the only output of its piece: alternative text and caption belong to cells."""
    if not any(map(_png, cell.get("outputs", []))):
        return [cell]
    saved = {found[1]: f"{found[2]} numbers, digest `{found[3]}`" for output in cell["outputs"] for found in SAVED.finditer(_text(output))}
    pieces = [{**cell, "outputs": []}]
    for output in map(_without_saved, cell["outputs"]):
        if _png(output):
            pieces.append(_continued(cell, len(pieces), [output], _look(output, saved, claim_of)))
        elif "text" not in output or output["text"]:
            if "mystnb" in pieces[-1]["metadata"]:
                pieces.append(_continued(cell, len(pieces), [], {}))
            pieces[-1]["outputs"].append(output)
    return pieces


def _continued(cell: dict, number: int, outputs: list[dict], metadata: dict) -> dict:
    """A piece of `cell` that shows outputs alone; a cell without any code would be left out."""
    return {**cell, "id": f"{cell['id']}-{number}", "source": "#", "outputs": outputs, "metadata": {"tags": ["remove-input"], **metadata}}


def _look(output: dict, saved: dict[str, str], claim_of: dict[str, str]) -> dict:
    """Cell metadata by which myst-nb gives the figure its alternative text, caption and anchor."""
    figure = _figure_id(output)
    claim = claim_of.get(figure)
    named = f"[{figure}](#{anchor(claim)})" if claim else figure
    caption = f"{named}: {saved[figure]}" if figure in saved else named
    return {"mystnb": {"image": {"alt": _alt(output)}, "figure": {"name": label(figure), "caption": caption}}}


def _png(output: dict) -> str:
    return "".join(output.get("data", {}).get("image/png", ""))


def _alt(output: dict) -> str:
    return output["metadata"].get("image/png", {}).get("alt", "")


def _figure_id(output: dict) -> str:
    """Saving a figure shows `<id>: <alternative text>` where there is no picture."""
    return "".join(output["data"]["text/plain"]).partition(":")[0]


def _text(output: dict) -> str:
    return "".join(output.get("text", ""))


def _without_saved(output: dict) -> dict:
    """An output less the lines that say a figure's digest: its caption does."""
    return {**output, "text": SAVED.sub("", _text(output))} if "text" in output else output
