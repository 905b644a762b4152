"""The manifest: a committed digest of each figure's rounded numbers, and how the built figures compare with it."""

from __future__ import annotations

import re
from pathlib import Path

from companion.files import read_json, write_json


def built(folder: Path) -> dict[str, dict]:
    """Digest and count of numbers of each figure in `folder`, from its provenance file."""
    records = {path.stem: read_json(path, {}) for path in folder.glob("*.json") if path.stem != "MANIFEST"}
    return {
        name: {"digest": record["digest"], "numbers": record["numbers"]}
        for name, record in sorted(records.items())
        if "digest" in record and (folder / f"{name}.svg").exists() and (folder / f"{name}.png").exists()
    }


def printed(notebook: Path) -> dict[str, dict]:
    """The same of the figures that an executed notebook shows, from the lines that saving them prints."""
    cells = read_json(notebook, {"cells": []})["cells"]
    texts = ["".join(output.get("text", "")) for cell in cells for output in cell.get("outputs", [])]
    lines = [line for text in texts for line in re.findall(r"^(\S+): (\d+) numbers, digest ([0-9a-f]{12})$", text, flags=re.MULTILINE)]
    return {figure: {"digest": digest, "numbers": int(numbers)} for figure, numbers, digest in lines}


def compare(manifest: Path, folder: Path, left_out: set[str] = frozenset()) -> tuple[str, list[str]]:
    """The closing line, and what differs: a sentence for each figure. Figures that are `left_out` on purpose are not missed."""
    expected, made = read_json(manifest, {}), built(folder)
    expected = {name: figure for name, figure in expected.items() if name in made or name not in left_out}
    names = sorted({*expected, *made})
    differing = []
    for name in names:
        if name not in made:
            differing.append(f"{name}: not built")
        elif name not in expected:
            differing.append(f"{name}: built, but not in the manifest")
        elif made[name] != expected[name]:
            differing.append(f"{name}: digest {made[name]['digest']}, in the manifest {expected[name]['digest']}")
    return f"{len(names) - len(differing)} of {len(names)} figures match figures/MANIFEST.json", differing


def accept(manifest: Path, folder: Path, kept: bool) -> None:
    """Write the manifest from what is built; with `kept`, figures that are not built stay in it."""
    write_json(manifest, (read_json(manifest, {}) if kept else {}) | built(folder))
