"""The evidence report: deterministic, whole or not there, and refused when it is no report."""

import json
import shutil

import pytest

from stalegrad.claims import ledger, report

ROWS = ledger.read_inventory()
TESTS = {
    "tests/b.py::test_y": {"outcome": "failed", "claims": [["SME-4.4", "exact"]], "numbers": []},
    "tests/a.py::test_x[1]": {
        "claims": [["SME-4.3", "proved"], ["SME-4.4", "refutes"]],
        "numbers": [{"label": "m", "value": 1.0, "expected": 1.0, "tolerance": 0.1}],
        "outcome": "passed",
    },
}


def test_round_trip(tmp_path):
    path = tmp_path / "evidence.json"
    report.write(path, TESTS, "sha256:1")
    found = report.read(path, ROWS)
    assert found.digest == "sha256:1"
    assert [(e.test, e.kind, e.outcome) for e in found.evidence["SME-4.4"]] == [
        ("tests/a.py::test_x[1]", "refutes", "passed"),
        ("tests/b.py::test_y", "exact", "failed"),
    ]
    assert found.evidence["SME-4.3"][0].numbers[0]["label"] == "m"
    assert [p.name for p in tmp_path.iterdir()] == ["evidence.json"]


def test_order_of_tests_does_not_change_the_bytes(tmp_path):
    report.write(tmp_path / "1", TESTS, "d")
    report.write(tmp_path / "2", dict(reversed(TESTS.items())), "d")
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()
    report.write(tmp_path / "0", {}, "d")
    assert report.read(tmp_path / "0", ROWS).evidence == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no evidence report"),
        ('{"format": "stalegrad evidence 1", "digest": "x", "te', "no evidence report"),
        ("[]", "no evidence report"),
        ("\x00\xff", "no evidence report"),
        ('{"format": "other", "digest": "", "tests": {}}', "its format is 'other'"),
        ('{"format": "stalegrad evidence 1", "digest": ""}', "it has no 'tests'"),
        ('{"format": "stalegrad evidence 1", "digest": "", "tests": {"t": {}}}', "it has no 'outcome'"),
        ('{"format": "stalegrad evidence 1", "digest": "", "tests": []}', "no evidence report"),
    ],
)
def test_a_corrupted_or_foreign_report_is_refused_with_the_remedy(tmp_path, text, words):
    path = tmp_path / "evidence.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ledger.LedgerError) as error:
        report.read(path, ROWS)
    assert words in str(error.value) and "make accept" in str(error.value) and "evidence.json" in str(error.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"claims": [["SME-4.44", "exact"]]}, "'SME-4.44' is no claim id"),
        ({"claims": [["SME-4.4", "seen"]]}, "'seen' is no kind"),
        ({"outcome": "green"}, "the outcome 'green'"),
    ],
)
def test_a_report_that_points_nowhere_is_refused(tmp_path, change, words):
    path = tmp_path / "evidence.json"
    report.write(path, {"tests/t.py::test_x": TESTS["tests/b.py::test_y"] | change}, "d")
    with pytest.raises(ledger.LedgerError) as error:
        report.read(path, ROWS)
    assert words in str(error.value) and "tests/t.py::test_x" in str(error.value)


@pytest.fixture
def tree(tmp_path):
    for name in ("lib/stalegrad/a.py", "lib/stalegrad/claims/SME.toml", "tests/t.py", "requirements.lock", "README.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


@pytest.mark.parametrize("name", ["lib/stalegrad/a.py", "lib/stalegrad/claims/SME.toml", "tests/t.py", "requirements.lock"])
def test_digest_sees_every_source(tree, name):
    found = report.Report(report.source_digest(tree), {})
    assert not report.stale(found, tree)
    (tree / name).write_text("changed")
    assert report.stale(found, tree)


def test_digest_sees_renames_but_not_prose_results_or_places(tree, tmp_path_factory):
    before = report.source_digest(tree)
    (tree / "README.md").write_text("changed")
    (tree / "lib/stalegrad/claims/evidence.json").write_text("{}")
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "project"
    shutil.copytree(tree, elsewhere)
    assert report.source_digest(tree) == before == report.source_digest(elsewhere)
    (tree / "lib/stalegrad/a.py").rename(tree / "lib/stalegrad/b.py")
    assert report.source_digest(tree) != before


def test_report_is_plain_json(tmp_path):
    report.write(tmp_path / "e.json", TESTS, "d")
    assert json.loads((tmp_path / "e.json").read_text())["tests"] == TESTS
