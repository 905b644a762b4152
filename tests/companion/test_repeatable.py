"""What is committed can be computed again, byte by byte, and a number that moved is noticed."""

import re
import shutil

from companion import accept, manifest, pairing, runner
from companion.notebook import dumps, loads, normalise
from companion.settings import LIBRARY
from tiny_project import HEAD, companion, figures

DRAWN = HEAD + (
    "```{code-cell} ipython3\n:tags: [parameters]\n\nseed = 0\n```\n\n```{code-cell} ipython3\nimport matplotlib.pyplot as plt\nimport numpy as np\n"
    "from stalegrad import plot\n\nt = np.linspace(0, 1, 9)\nwith plot.style():\n    fig, ax = plt.subplots()\n    ax.plot(t, np.exp(-t))\n"
    "    plot.save('SME-F4', fig, {'y': np.exp(-t)}, alt='It falls.', parameters={}, seed=seed)\n```\n"
)


def tree(project):
    """All files but the runner's own, with their contents."""
    return {path: path.read_bytes() for path in project.root.rglob("*") if path.is_file() and "build" not in path.relative_to(project.root).parts}


def test_accepted_results_are_found_again_and_a_moved_number_is_noticed(project, capsys):
    project.source("one").write_text(DRAWN)
    (project.library / "stalegrad").mkdir()
    for name in ("plot.py", "files.py"):  # the real ones, alone: provenance names the library's digest
        shutil.copy(LIBRARY / "stalegrad" / name, project.library / "stalegrad")
    (project.library / "stalegrad" / "__init__.py").touch()
    assert accept.accept(project, []) != 0, "a project without tests has no evidence to accept"
    assert "nothing changed" in capsys.readouterr().out
    for name in project.names():
        assert accept.accept(project, [name]) == 0
    said = capsys.readouterr().out
    assert "changed: notebooks/one.ipynb" in said and "changed: figures/MANIFEST.json | +" in said
    assert pairing.differences(project, project.names()) == []
    assert manifest.compare(project.manifest, project.figures) == ("2 of 2 figures match figures/MANIFEST.json", [])

    committed, drawn = project.notebook("one").read_text(), figures(project)
    assert runner.run(project, ["one"], {}, force=True).executed == ["one"]
    assert figures(project) == drawn, "SVG, PNG, numbers and provenance are the same bytes"
    assert dumps(normalise(loads(runner.executed(project, "one").read_text()))) == committed

    altered = re.sub(r"digest [0-9a-f]{12}", "digest 000000000000", committed)
    assert altered != committed
    project.notebook("other").write_text(altered)
    before = tree(project)
    code, said = companion(project, "test", "notebooks", "-p", "no:cacheprovider")
    assert code == 1 and re.search(r"1 failed, 5 passed in ", said.splitlines()[-1]), said
    assert "notebooks/other.ipynb::Cell 1" in said
    assert tree(project) == before, "tests write aside"


def test_a_moved_digest_a_missing_figure_and_a_new_one_are_named(project):
    def draw(**numbers):
        for name, digest in numbers.items():
            for kind in ("svg", "png"):
                (project.figures / f"{name}.{kind}").write_text("")
            (project.figures / f"{name}.json").write_text(f'{{"digest": "{digest}", "numbers": 2}}')

    project.figures.mkdir()
    draw(A="1", B="1", C="1")
    manifest.accept(project.manifest, project.figures, kept=False)
    draw(B="2", D="1")
    (project.figures / "C.svg").unlink()
    line, differing = manifest.compare(project.manifest, project.figures)
    assert line == "1 of 4 figures match figures/MANIFEST.json"
    assert differing == ["B: digest 2, in the manifest 1", "C: not built", "D: built, but not in the manifest"]
