"""One form for a notebook, one text for a pair."""

import os
import shutil
import subprocess
import sys

import nbformat
import pytest

from companion import pairing, rebuild
from companion.notebook import dumps, loads, normalise, with_outputs_of, without_outputs
from companion.settings import LIBRARY
from tiny_project import text


def executed():
    """A notebook as papermill and a widget leave it."""
    notebook = pairing.to_notebook(text("F1", 3))
    notebook.metadata["papermill"] = {"start_time": "2030-01-01T00:00:00"}
    notebook.metadata["widgets"] = {"state": 1}
    notebook.metadata["kernelspec"] = {"display_name": "venv", "language": "python", "name": "venv"}
    first, second = (cell for cell in notebook.cells if cell.cell_type == "code")
    first.execution_count, second.execution_count = 7, 9
    second.metadata.update({"execution": {"iopub.busy": "2030"}, "papermill": {"duration": 1.0}, "tags": []})
    second.outputs = [
        nbformat.v4.new_output("stream", name="stdout", text="F1"),
        nbformat.v4.new_output("stream", name="stdout", text=": 3\n"),
        nbformat.v4.new_output("display_data", {"application/vnd.jupyter.widget-view+json": {"model_id": "random"}}),
        nbformat.v4.new_output("execute_result", {"text/plain": "3"}, execution_count=9),
    ]
    return notebook


def test_chance_is_taken_out_and_content_is_kept():
    raw = executed()
    clean = normalise(raw)
    code = [cell for cell in clean.cells if cell.cell_type == "code"]
    assert set(clean.metadata) == {"kernelspec", "language_info"} and clean.metadata.kernelspec.display_name == "Python 3 (ipykernel)"
    assert [cell.execution_count for cell in code] == [1, 2]
    assert [dict(cell.metadata) for cell in code] == [{"tags": ["parameters"]}, {}]
    assert [output.get("text") or output["data"] for output in code[1].outputs] == ["F1: 3\n", {"text/plain": "3"}]
    assert code[1].outputs[1].execution_count == 2
    assert [cell.source for cell in clean.cells] == [cell.source for cell in raw.cells]


def test_the_form_is_stable_and_ids_follow_content():
    clean = normalise(executed())
    assert dumps(normalise(loads(dumps(clean)))) == dumps(clean)
    nbformat.validate(clean)
    twice = nbformat.from_dict({**clean, "cells": [*clean.cells, *clean.cells]})
    ids = [cell.id for cell in normalise(twice).cells]
    assert len(set(ids)) == len(ids) and ids[: len(clean.cells)] == [cell.id for cell in clean.cells]


def test_outputs_stay_with_their_code():
    clean = normalise(executed())
    edited = without_outputs(clean)
    edited.cells[0].source = "# Other prose"
    assert [cell.get("outputs") for cell in with_outputs_of(edited, clean).cells] == [cell.get("outputs") for cell in clean.cells]
    edited.cells[2].source += "\n1"
    assert with_outputs_of(edited, clean).cells[2].outputs == []


def test_a_pair_is_compared_by_content(project):
    names = project.names()
    assert {"notebooks/one.ipynb is missing", "notebooks/part/two.ipynb is missing"} == set(pairing.differences(project, names))
    for name in names:
        pairing.refresh(project, name)
    assert pairing.differences(project, names) == []
    source, path = project.source("one"), project.notebook("one")
    whole, there = source.read_text(), path.read_text()

    source.write_text(whole.replace("# A figure", "# Another"))
    assert pairing.differences(project, names) == ["notebooks/one.ipynb and its text in notebooks/src differ"]
    source.write_text(whole.replace("# A figure", "# A figure\n\n"))
    assert pairing.differences(project, names) == ["notebooks/src/one.md is not in the form that a save gives it"]
    source.write_text(whole)
    path.write_text(there.replace("import toy", "import toys"))
    assert pairing.differences(project, names) == ["notebooks/one.ipynb and its text in notebooks/src differ"]
    path.write_text(there)
    (project.notebooks / "lone.ipynb").write_text(there)
    assert pairing.differences(project, names) == ["notebooks/lone.ipynb has no text in notebooks/src"]


SAVE = """
import asyncio, inspect, json, sys
from jupyter_server.serverapp import ServerApp

async def value(x):
    return await x if inspect.isawaitable(x) else x

async def save(path, manager):
    content = (await value(manager.get(path)))["content"]
    content["cells"][0]["source"] = "# Edited in the browser"
    content["cells"][1]["metadata"] = {"tags": ["parameters"], "trusted": True, "execution": {"iopub": "2030"}}
    content["metadata"]["widgets"] = {}
    content["cells"].append({"cell_type": "code", "id": "x", "metadata": {}, "outputs": [], "execution_count": 41, "source": "1 + 1"})
    await value(manager.save({"type": "notebook", "format": "json", "content": content}, path))

app = ServerApp()
app.initialize(["--config=lib/companion/jupyter_config.py", "--no-browser", "--allow-root"], new_httpserver=False)
asyncio.run(save("notebooks/one.ipynb", app.contents_manager))
"""


def test_saving_in_jupyterlab_keeps_both_halves_in_step(project):
    shutil.copytree(LIBRARY / "companion", project.library / "companion")
    shutil.copy(LIBRARY.parent / "pyproject.toml", project.root)
    for name in project.names():
        pairing.refresh(project, name)
    home = {"HOME": str(project.root), "JUPYTER_RUNTIME_DIR": str(project.root / "runtime"), "PYTHONPATH": str(project.library)}
    subprocess.run([sys.executable, "-c", SAVE], cwd=project.root, env={**os.environ, **home}, check=True, capture_output=True, timeout=60)
    assert "# Edited in the browser" in project.source("one").read_text() and "1 + 1" in project.source("one").read_text()
    assert pairing.differences(project, project.names()) == []
    saved = project.notebook("one").read_text()
    assert dumps(normalise(loads(saved))) == saved, "a save writes the one form"


@pytest.fixture
def library(project):
    """Modules that import one another, and one that nothing imports."""
    package = project.library / "pack"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text("from pack.first import one\n")
    (package / "first.py").write_text("def one():\n    from . import second\n")
    (package / "second.py").write_text("from .inner.deep import x\n")
    (package / "inner" / "__init__.py").write_text("")
    (package / "inner" / "deep.py").write_text("x = 1\n")
    (package / "inner" / "table.toml").write_text("a = 1\n")
    (package / "unused.py").write_text("")
    (project.notebooks / "data").mkdir()
    (project.notebooks / "data" / "numbers.csv").write_text("1\n")
    return package


@pytest.mark.parametrize(
    ("changed", "matters"),
    [("first.py", True), ("second.py", True), ("inner/deep.py", True), ("inner/table.toml", True), ("unused.py", False)],
)
def test_a_notebook_depends_on_what_it_imports(project, library, changed, matters):
    cells = ["%matplotlib inline", "import pack", "this is no code"]
    before = rebuild.state(project, cells, {})
    (library / changed).write_text((library / changed).read_text() + "# changed\n")
    assert (rebuild.state(project, cells, {}) != before) == matters


def test_a_notebook_depends_on_code_data_parameters_and_versions(project, library):
    cells = ["import pack"]
    states = [rebuild.state(project, cells, {}), rebuild.state(project, [*cells, "1"], {}), rebuild.state(project, cells, {"seed": 1})]
    (project.notebooks / "data" / "numbers.csv").write_text("2\n")
    states.append(rebuild.state(project, cells, {}))
    project.lock.write_text("toy==2\n")
    states.append(rebuild.state(project, cells, {}))
    assert len(set(states)) == len(states)


def test_remembered_imports_change_nothing(project, library):
    known: rebuild.Imports = {}
    for cells in (["import pack"], ["import pack.unused"], ["import pack"]):
        assert rebuild.state(project, cells, {}, known) == rebuild.state(project, cells, {})
    assert library / "unused.py" in known


def test_a_package_that_loads_lazily_is_taken_whole(project, library):
    (library / "__init__.py").write_text("def __getattr__(name):\n    return 1\n")
    assert library / "unused.py" in rebuild.imported(["import pack"], project.library)
