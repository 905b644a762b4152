"""Marked tests become evidence: marks checked at collection, numbers recorded, one report for all workers."""

import json
from pathlib import Path

import pytest

import stalegrad

MARKED = """
import numpy as np, pytest

@pytest.mark.claim("SME-4.4", "proved")
@pytest.mark.claim("SME-4.3", "refutes")
@pytest.mark.parametrize("x", [1, 2])
def test_several(check, x):
    check("small", x + 1e-17, x, 1e-12)
    check("many", np.arange(4) + 0.001, np.arange(4), 0.01)

@pytest.mark.claim("SME-4.4", "exact")
def test_wrong(check):
    check("number", 1.0, 2.0, 0.1)

@pytest.mark.claim("SME-4.4", "exact")
class TestGroup:
    def test_inside(self):
        assert True

@pytest.mark.skip
@pytest.mark.claim("SME-4.5", "exact")
def test_skipped():
    assert False

@pytest.fixture
def broken():
    yield
    assert False

@pytest.mark.claim("SME-4.6", "exact")
def test_tear_down_fails(broken):
    assert True

def test_plain():
    assert True
"""
PLUGIN = ("-p", "stalegrad.claims.pytest_plugin", "-p", "no:cacheprovider")


@pytest.fixture(autouse=True)
def bare_pytest(monkeypatch):
    """Runs find the package wherever it is, and load no plugins that they do not need."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(Path(stalegrad.__file__).parents[1]))


def run(pytester, source, *options):
    pytester.makepyfile(test_it=source)
    return pytester.runpytest(*PLUGIN, *options)


def test_report_of_a_run(pytester):
    run(pytester, MARKED, "--evidence", "evidence.json").assert_outcomes(passed=5, failed=1, skipped=1, errors=1)
    tests = json.loads((pytester.path / "evidence.json").read_text())["tests"]
    assert {name.partition("::")[2]: test["outcome"] for name, test in tests.items()} == {
        "test_several[1]": "passed",
        "test_several[2]": "passed",
        "test_wrong": "failed",
        "TestGroup::test_inside": "passed",
        "test_skipped": "skipped",
        "test_tear_down_fails": "failed",
    }
    several = tests["test_it.py::test_several[1]"]
    assert several["claims"] == [["SME-4.3", "refutes"], ["SME-4.4", "proved"]]
    assert several["numbers"] == [
        {"label": "small", "value": 1.0, "expected": 1.0, "tolerance": 1e-12},
        {"label": "many", "value": 0.1, "expected": 0.0, "tolerance": 1.0, "count": 4},
    ]
    assert tests["test_it.py::test_wrong"]["numbers"][0]["value"] == 1.0


def test_two_workers_and_a_rerun_write_the_same_bytes(pytester):
    run(pytester, MARKED, "--evidence", "one.json")
    pytester.runpytest_subprocess(*PLUGIN, "-p", "xdist", "-n", "2", "--evidence", "two.json").assert_outcomes(
        passed=5, failed=1, skipped=1, errors=1
    )
    # The second line holds the digest of this checkout, which somebody may be editing meanwhile.
    one, two = ((pytester.path / name).read_text().splitlines()[2:] for name in ("one.json", "two.json"))
    assert one == two
    assert str(pytester.path) not in "".join(one)


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        ('claim("SME-4.44", "exact")', "*'SME-4.44' is no claim id*nearest: SME-4.4*"),
        ('claim("SME-4.4", "seen")', "*'seen' is no kind of evidence; use one of proved*"),
        ('claim("SME-4.4")', "*is not claim(id, kind)*"),
        ('claim("SME-4.4", kind="exact")', "*is not claim(id, kind)*"),
    ],
)
def test_a_wrong_mark_is_a_collection_error_and_no_report_is_written(pytester, mark, words):
    source = f"import pytest\n@pytest.mark.{mark}\ndef test_a(): assert True\n"
    result = run(pytester, source, "--evidence", "evidence.json")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines([words])
    assert not (pytester.path / "evidence.json").exists()


def test_an_interrupted_run_leaves_the_old_report(pytester):
    (pytester.path / "evidence.json").write_text("old")
    source = 'import pytest\n@pytest.mark.claim("SME-4.4", "exact")\ndef test_a(): raise KeyboardInterrupt\n'
    pytester.makepyfile(test_it=source)
    result = pytester.runpytest_subprocess(*PLUGIN, "--evidence", "evidence.json")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert (pytester.path / "evidence.json").read_text() == "old"


def test_without_the_option_nothing_is_written(pytester):
    run(pytester, MARKED)
    assert not list(pytester.path.glob("*.json"))


def test_the_fixture_belongs_to_marked_tests(pytester):
    result = run(pytester, "def test_a(check): check('x', 1, 1, 0)")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*names no claim; add @pytest.mark.claim(id, kind)*"])


@pytest.mark.parametrize("numbers", ["1, 1 + 1e-9, 1e-10", "float('nan'), 1, 1", "[1, 2], [1, 2.2], 0.1", "1j, 1, 0.5"])
def test_a_deviation_beyond_the_tolerance_fails(pytester, numbers):
    source = f'import pytest\n@pytest.mark.claim("SME-4.4", "exact")\ndef test_a(check): check("number", {numbers})\n'
    result = run(pytester, source)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*Failed: number: *expected*"])
