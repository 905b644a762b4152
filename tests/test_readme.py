"""What README.md tells a newcomer to type runs as it stands, gives the numbers beside it, and its links lead somewhere."""

import json
import re
import shlex

import numpy as np
import pytest

from stalegrad import cli
from stalegrad.claims.report import source_tree

ROOT = source_tree()
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^stalegrad .*$", TEXT, flags=re.MULTILINE)


def printed(capsys, line):
    assert cli.main(shlex.split(line)[1:]) == 0
    return capsys.readouterr().out


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch):
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("line", [line for line in COMMANDS if shlex.split(line)[1] in ("show", "value", "claims", "staleness")])
def test_a_command_runs(line, capsys):
    assert len(printed(capsys, line)) > 50


def test_the_advised_learning_rate_is_the_one_that_is_tried_and_buys_what_is_said(capsys):
    (advise,) = (line for line in COMMANDS if line.startswith("stalegrad advise"))
    runs = [line for line in COMMANDS if line.startswith("stalegrad run")]
    rates = [float(shlex.split(line)[-1]) for line in runs]
    assert re.search(r"--eta (\S+)", advise).group(1) == f"{rates[0]:g}"
    text = printed(capsys, advise)
    assert float(re.search(r"^learning rate: eta = ([\d.]+)\. Buys", text, flags=re.MULTILINE).group(1)) == pytest.approx(rates[1], rel=0.01)
    said = [float(number) for number in re.search(r"E x\^2 is ([\d.]+) in the end, and ([\d.]+)", TEXT).groups()]
    for line, number in zip(runs, said, strict=True):
        ((found,),) = json.loads(printed(capsys, line))["second_moment"]
        assert found == pytest.approx(number, rel=0.05)


def test_the_python_runs_and_helps_who_has_a_table(capsys, monkeypatch, tmp_path):
    """In one session from top to bottom, as a reader would paste it; the table is made up."""
    rng = np.random.default_rng(0)
    area, age = rng.uniform(30, 120, 300), rng.uniform(0, 80, 300)
    rent = 250 + 9 * area - 2 * age + rng.normal(0, 60, 300)
    np.savetxt(tmp_path / "flats.csv", np.c_[area, age, rent], delimiter=",", header="area,age,rent", comments="")
    monkeypatch.chdir(tmp_path)
    session = {}
    for block in re.findall(r"^```python\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL):
        exec(block, session)
    out = capsys.readouterr().out
    assert "0.5742" in TEXT and "\n0.5742" in out
    assert re.search(r"^learning rate: eta = [\d.e-]+\. Buys", out, flags=re.MULTILINE)


def test_links_lead_to_files():
    links = re.findall(r"\]\((?!https?://)([^)#]+)", TEXT)
    assert len(links) >= 8
    assert [link for link in links if not (ROOT / link).exists()] == []
    figures = re.findall(r"figures/([\w.-]+)\.png", TEXT)
    assert figures and set(figures) <= set(json.loads((ROOT / "figures" / "MANIFEST.json").read_text()))
