"""Every example that --help prints runs as it stands, in the folder of the repository; a comment stands above it."""

import argparse
import json
import shlex

import pytest

from stalegrad import cli
from stalegrad.claims.report import source_tree

ROOT = source_tree()
COMMANDS = ("claims", "show", "value", "run", "staleness", "advise")


def parsers() -> dict[str, argparse.ArgumentParser]:
    top = cli.parser()
    (choices,) = (action.choices for action in top._actions if isinstance(action, argparse._SubParsersAction))
    return {"": top, **choices}


def example_lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.startswith("  stalegrad ")]


EXAMPLES = list(dict.fromkeys(line for made in parsers().values() for line in example_lines(made.epilog)))


def test_every_command_has_examples_with_a_comment_above_and_says_what_it_is_for():
    assert set(COMMANDS) == set(parsers()) - {""}
    for name, made in parsers().items():
        lines = made.epilog.splitlines()
        at = [i for i, line in enumerate(lines) if line.startswith("  stalegrad ")]
        assert at and made.description.strip().endswith("."), name
        assert lines[at[0] - 1].startswith("  # "), name
        assert max(map(len, [*lines, *made.description.splitlines()])) <= 150, name


def test_an_example_is_one_that_a_shell_would_read_the_same():
    """Copied whole, comment lines included: nothing after the words, no shell characters that change them."""
    for line in EXAMPLES:
        words = shlex.split(line)
        assert words[0] == "stalegrad" and "#" not in line and not set("|;&<>$`*?") & set(line), line


@pytest.mark.parametrize("line", EXAMPLES)
def test_examples_run(line, capfd, monkeypatch, tmp_path):
    if "--engine mpi" in line:
        pytest.importorskip("mpi4py", reason='real runs need make env EXTRAS="cluster"')
    for folder in ("notebooks", "lib", "tests", "docs", "benchmarks"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    monkeypatch.chdir(tmp_path)
    assert cli.main(shlex.split(line)[1:]) == 0
    out, err = capfd.readouterr()
    assert out.strip() and "Traceback" not in err
    if "--json" in line or shlex.split(line)[1] in ("value", "run"):
        json.loads(out if "--json" in line else out.splitlines()[-1])
    for name in [word for option, word in zip(shlex.split(line), shlex.split(line)[1:], strict=False) if option in ("--log", "--out")]:
        assert (tmp_path / name).exists()


def test_a_log_of_the_form_that_help_prints_is_read(capsys, tmp_path):
    """The two lines of `staleness --help`, and more of the second kind, make a log."""
    head, update = (line.strip() for line in parsers()["staleness"].epilog.splitlines() if line.startswith("  {"))
    made = [json.loads(update) | {"worker": k % 3, "read": max(0, k - 2), "write": k + 1} for k in range(300)]
    assert list(made[0]) == list(json.loads(update))
    (tmp_path / "run.jsonl").write_text("\n".join([head, *map(json.dumps, made)]) + "\n")
    assert cli.main(["staleness", str(tmp_path / "run.jsonl")]) == 0
    assert "300 updates by 3 workers" in capsys.readouterr().out
    assert cli.main(["advise", "--curvature", "1", "--eta", "0.1", "--log", str(tmp_path / "run.jsonl")]) == 0
    assert "measured staleness: mean 2, " in capsys.readouterr().out
