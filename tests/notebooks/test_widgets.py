"""Cells with sliders: no notebook run executes them, so they run here, as plain Python, at their first setting."""

from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import pytest

from companion.worker import UNTOUCHED

ROOT = Path(__file__).parents[2] / "notebooks"


def code_cells(path):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def tagged(cell):
    return UNTOUCHED in cell.metadata.get("tags", [])


WITH_SLIDERS = sorted(path for path in (*ROOT.glob("*.ipynb"), *ROOT.glob("*/*.ipynb")) if any(map(tagged, code_cells(path))))


def test_there_are_sliders_to_test():
    assert len(WITH_SLIDERS) > 1


@pytest.mark.parametrize("path", WITH_SLIDERS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_slider_draws_at_its_first_setting(path, tmp_path, monkeypatch):
    monkeypatch.setenv("STALEGRAD_FIGURES", str(tmp_path))
    monkeypatch.chdir(path.parent)
    monkeypatch.setattr(plt, "show", lambda: drawn.append(plt.get_fignums()))
    drawn, names = [], {"__name__": "__main__"}
    with plt.rc_context({"backend": "Agg", "figure.max_open_warning": 0}):
        for cell in code_cells(path):
            plt.close("all")
            drawn.clear()
            exec(compile(cell.source, str(path), "exec"), names)
            if tagged(cell):
                assert drawn or plt.get_fignums(), "the slider's function draws nothing"
        plt.close("all")
