"""`make figures`: builds what is missing, does nothing twice, and says what went wrong."""

import os
import signal

import pytest

from companion import __main__, execution, extras, manifest, pairing, runner
from companion.files import read_json, write_json
from companion.notebook import loads
from tiny_project import companion, figures, processes_of, text, wait_for

WHOLE = {f"{name}.{kind}" for name in ("F1", "F2") for kind in ("svg", "png", "csv", "json")}


@pytest.fixture
def run_figures(project, capsys):
    """`make figures` in this process: exit status, and all that was printed."""
    before = signal.getsignal(signal.SIGTERM)

    def run(*arguments):
        code = __main__.main(["--root", str(project.root), "figures", *arguments])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    yield run
    signal.signal(signal.SIGTERM, before)


def test_builds_once_and_then_does_nothing(project, run_figures):
    code, said = run_figures()
    assert code == 0 and "2 notebooks executed, 0 up to date, 0 failed" in said, said
    assert "0 of 2 figures match figures/MANIFEST.json" in said and "F1: built, but not in the manifest" in said
    assert set(figures(project)) == WHOLE
    assert not list(project.notebooks.glob("*.ipynb")), "the runner writes no committed notebook"

    before = os.times()
    code, said = companion(project, "figures")
    after = os.times()
    assert code == 0 and "0 notebooks executed, 2 up to date, 0 failed" in said, said
    assert after.children_user + after.children_system - before.children_user - before.children_system < 1.0

    (project.figures / "F1.svg").write_text("somebody's edit")
    project.source("part/two").write_text(project.source("part/two").read_text().replace("# A figure", "# New prose"))
    code, said = run_figures()
    assert "1 notebooks executed, 1 up to date" in said, "an edited figure is drawn anew, edited prose is not executed"
    assert figures(project)["F1.svg"] == b"svg of 3"

    project.source("part/two").write_text(text("F1", 8))
    code, said = run_figures()
    assert code == 1 and "F1.csv is drawn by the notebooks one and part/two" in said
    project.source("part/two").write_text(text("F2", 8))

    project.source("one").unlink()
    run_figures()
    assert set(figures(project)) == {name for name in WHOLE if name.startswith("F2")}, "a notebook that is gone takes its figures along"


@pytest.mark.parametrize(("names", "order"), [("a", "a"), ("ab", "ab"), ("abc", "acb"), ("abcdef", "adbecf"), ("abcdefg", "aebfcgd")])
def test_neighbours_are_not_executed_side_by_side(names, order):
    assert "".join(execution.interleaved(list(names))) == order


def test_notebooks_share_imports_and_nothing_else(project):
    """What both import is run once, and each goes on from there by itself, in its own folder."""
    (project.library / "toy.py").write_text((project.library / "toy.py").read_text() + "\ncalls = []\nprint('imported')\n")
    where = "pathlib.Path.cwd().name, os.environ['STALEGRAD_NOTEBOOK'], __name__"
    body = f"import os, pathlib\ntoy.calls.append(1)\nprint([*toy.calls, {where}])"
    for name, figure in (("one", "F1"), ("part/two", "F2")):
        project.source(name).write_text(text(figure, 3, body=body))
    assert sorted(runner.run(project, project.names(), {}).executed) == project.names()
    for name, folder in (("one", "notebooks"), ("part/two", "part")):
        (cell,) = [cell for cell in loads(runner.executed(project, name).read_text()).cells if "toy" in cell.source]
        printed = "".join(output.text for output in cell.outputs)
        assert f"[1, '{folder}', 'notebooks/{name}.ipynb', '__main__']" in printed
        assert "imported" not in printed


def test_an_import_that_fails_is_for_its_notebook_to_tell(project, run_figures):
    (project.library / "broken.py").write_text("raise RuntimeError('planted')\n")
    project.source("part/two").write_text(text("F2", 3, body="import broken"))
    code, said = run_figures()
    assert code == 1 and "notebooks/part/two.ipynb, cell In [2]: RuntimeError: planted" in said, said
    assert "1 notebooks executed, 0 up to date, 1 failed" in said


def test_a_failing_notebook_is_named_and_leaves_the_figures(project, run_figures):
    code, said = run_figures("one", "-p", "seed=40")
    assert code == 0 and figures(project)["F1.csv"] == b"csv of 43", said
    before = figures(project)
    project.source("one").write_text(text("F1", 5, body="toy.draw('F1', 9)\n1 / 0"))
    code, said = run_figures("one")
    assert code == 1
    assert "notebooks/one.ipynb, cell In [2]: ZeroDivisionError: division by zero" in said
    assert figures(project) == before
    assert "1 / 0" in (project.build / "failed" / "one.ipynb").read_text()


def test_one_notebook_is_compared_by_its_own_figures(project, run_figures):
    run_figures()
    write_json(project.manifest, manifest.built(project.figures))
    write_json(project.notebook("part/two"), {"cells": [{"outputs": [{"text": ["F2: 1 numbers, digest 0123456789ab\n"]}]}]})
    for path in project.figures.glob("F*"):
        path.unlink()
    code, said = run_figures("one")
    assert code == 0 and "F2" not in said and "1 of 1 figures match figures/MANIFEST.json" in said, said
    write_json(project.notebook("one"), {"cells": [{"outputs": [{"text": ["F0: 1 numbers, digest 0123456789ab\n"]}]}]})
    write_json(project.manifest, read_json(project.manifest, {}) | {"F0": {"digest": "0123456789ab", "numbers": 1}})
    assert "differs: F0: not built" in run_figures("one")[1], "one of its own that is missing is named"


def test_a_notebook_that_takes_too_long_is_stopped(project):
    project.source("one").write_text(text("F1", 5, body="import time; time.sleep(60)"))
    outcome = runner.run(project, ["one"], {}, limit=3.0)
    assert "notebooks/one.ipynb: stopped, because it ran longer than the limit of 3 s" in outcome.failures[0]
    assert wait_for(lambda: not processes_of(project), 6), processes_of(project)


def test_a_notebook_that_lacks_an_extra_is_left_out_with_the_remedy(project, run_figures, monkeypatch):
    monkeypatch.setitem(extras.MODULES, "nets", ("no_such_module",))
    project.source("one").write_text(text("F1", 5).replace("[parameters]", "[parameters, needs-nets]"))
    write_json(project.notebook("one"), {"cells": [{"outputs": [{"text": ["F1: 1 numbers, digest 0123456789ab\n"]}]}]})
    write_json(project.manifest, {"F1": {"digest": "0123456789ab", "numbers": 1}, "F2": {"digest": "8", "numbers": 1}})
    code, said = run_figures()
    assert code == 0 and 'left out, needs the extra nets: make env EXTRAS="nets": one' in said, said
    assert "1 of 1 figures match figures/MANIFEST.json; 1 more need an extra" in said and "F1.csv" not in figures(project)
    code = __main__.main(["--root", str(project.root), "accept"])
    assert code == 1 and read_json(project.manifest, {}).keys() == {"F1", "F2"}, "nothing committed is dropped for want of an extra"

    monkeypatch.setitem(extras.MODULES, "nets", ("json",))
    code, said = run_figures()
    assert code == 0 and "1 notebooks executed, 1 up to date" in said and "left out" not in said


def test_outputs_on_another_data_set_are_not_compared(project, monkeypatch, tmp_path):
    project.source("one").write_text(text("F1", 5).replace("[parameters]", "[parameters, needs-nets, data-fashion-mnist]"))
    monkeypatch.setitem(extras.MODULES, "nets", ("json",))
    monkeypatch.setenv("STALEGRAD_DATA", str(tmp_path))
    assert extras.incomparable(pairing.read(project, "one")).startswith("needs the data set fashion-mnist")
    extras.folder("fashion-mnist").mkdir()
    (extras.folder("fashion-mnist") / extras.FILES["fashion-mnist"]).touch()
    assert extras.incomparable(pairing.read(project, "one")) == ""
    assert extras.incomparable(pairing.read(project, "part/two")) == ""


def test_what_is_unknown_is_refused_before_anything_runs(project, run_figures):
    with pytest.raises(ValueError, match="notebook one has no parameter sede; it has: seed"):
        runner.run(project, project.names(), {"sede": 1})
    assert run_figures("-p", "sede=1") == (1, "error: notebook one has no parameter sede; it has: seed\n")
    code, said = run_figures("three")
    assert code == 1 and "no notebook three" in said and "known: one, part/two" in said
    assert run_figures("one", "-p", "seed")[1] == "error: parameter 'seed' has no value; write NAME=VALUE\n"
    assert not (project.build / "running").exists() and not figures(project)
