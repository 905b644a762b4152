"""Statuses: computed from entry and evidence, each rule with the case that breaks it."""

import pytest

from stalegrad.claims import ledger, report, status

ROW = ledger.Row("SME-4.9", "eq", "4.9", "4", "")
PLAIN = ledger.Entry("SME-4.9", "statement", "exact")


def entry(kind):
    return ledger.Entry("SME-4.9", "statement", "proved", erratum=ledger.Erratum(kind, "p", "c", "q", "r"))


def seen(*kinds, outcome="passed"):
    return tuple(report.Evidence(f"tests/t.py::test_{kind}", kind, outcome) for kind in kinds)


@pytest.mark.parametrize(
    ("about", "evidence", "expected"),
    [
        (PLAIN, seen("proved", "reproduced"), "proved"),
        (PLAIN, seen("definition", "exact"), "exact"),
        (PLAIN, seen("reproduced", "scaled"), "reproduced"),
        (PLAIN, seen("scaled", "definition"), "scaled"),
        (PLAIN, seen("definition"), "definition"),
        (PLAIN, seen("absent"), "scaled"),
        (PLAIN, seen("protocol", "definition"), "scaled"),
        (PLAIN, seen("absent", "exact"), "exact"),
        (PLAIN, seen("absent", outcome="skipped"), "open"),
        (entry("corrected"), seen("refutes", "absent"), "open"),
        (PLAIN, (), "open"),
        (PLAIN, seen("proved", outcome="skipped"), "open"),
        (None, seen("proved"), "open"),
        (entry("corrected"), seen("refutes", "proved"), "corrected"),
        (entry("corrected"), seen("proved"), "open"),
        (entry("corrected"), seen("refutes"), "open"),
        (entry("corrected"), seen("refutes") + seen("proved", outcome="skipped"), "open"),
        (entry("corrected"), seen("counterexample", "proved"), "open"),
        (entry("qualified"), seen("counterexample"), "qualified"),
        (entry("qualified"), seen("counterexample", "proved"), "qualified"),
        (entry("qualified"), seen("proved"), "open"),
    ],
)
def test_status(about, evidence, expected):
    verdict = status.judge(ROW, about, evidence)
    assert verdict.status == expected
    assert verdict.contradictions == ()
    assert bool(verdict.reason) == (expected == "open")


@pytest.mark.parametrize(
    ("about", "evidence", "words"),
    [
        (PLAIN, seen("proved") + seen("reproduced", outcome="failed"), "test_reproduced (reproduced) fails"),
        (entry("corrected"), seen("refutes", outcome="failed") + seen("proved"), "test_refutes (refutes) fails"),
        (PLAIN, seen("proved", "refutes"), "no erratum of kind corrected"),
        (entry("qualified"), seen("counterexample", "refutes"), "no erratum of kind corrected"),
        (PLAIN, seen("proved", "counterexample"), "no erratum"),
        (None, seen("proved", outcome="failed"), "fails"),
    ],
)
def test_evidence_against_the_entry_leaves_it_open_and_is_listed(about, evidence, words):
    verdict = status.judge(ROW, about, evidence)
    assert verdict.status == "open"
    (told,) = verdict.contradictions
    assert words in told


def test_evidence_weaker_than_wanted_is_told():
    assert status.judge(ROW, PLAIN, seen("reproduced")).short_of == "exact"
    assert status.judge(ROW, PLAIN, seen("exact")).short_of == ""
    assert status.judge(ROW, PLAIN, seen("proved")).short_of == ""
    assert status.judge(ROW, PLAIN, ()).short_of == ""


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        (seen("scaled"), ledger.REPRODUCED),
        (seen("scaled", "protocol"), ledger.REPRODUCED),
        (seen("scaled", "absent"), ledger.PARTLY),
        (seen("absent", "protocol"), ledger.NOT),
        (seen("absent") + seen("scaled", outcome="skipped"), ledger.NOT),
        (seen("protocol", "definition"), ledger.PROTOCOL),
        (seen("reproduced", "absent"), ""),
        ((), ""),
    ],
)
def test_a_scaled_row_says_whether_it_was_reproduced(evidence, expected):
    assert status.judge(ROW, PLAIN, evidence).at_scale == expected


def test_outcomes_of_scaled_rows_are_counted():
    other = ledger.Row("PCA-F2", "figure", "2", "4.2", "")
    found = [status.judge(ROW, PLAIN, seen(*kinds)) for kinds in (("scaled",), ("absent",), ("absent", "scaled"), ("exact",))]
    table = status.Table((*found, status.judge(other, PLAIN, seen("proved"))), (), ("SME", "PCA"))
    assert table.at_scale() == {"SME": {ledger.REPRODUCED: 1, ledger.PARTLY: 1, ledger.NOT: 1, ledger.PROTOCOL: 0}}


def test_every_scaled_row_says_in_its_note_what_its_tests_say(request):
    """What is written and what the kinds of the tests make of it, two routes to one outcome."""
    if request.config.getoption("--evidence"):
        pytest.skip("outcomes are made from the evidence that this run is about to write")
    found = [verdict for verdict in status.table().verdicts if verdict.at_scale]
    assert found and [(v.row.id, ledger.at_scale(v.entry.note)) for v in found] == [(v.row.id, v.at_scale) for v in found]


def test_an_open_row_gives_the_ledgers_reason():
    noted = ledger.Entry("SME-4.9", "statement", "exact", note="needs two machines")
    assert status.judge(ROW, noted, ()).reason == "needs two machines"


def joined(tmp_path, tests, digest=""):
    (tmp_path / "inventory.csv").write_bytes((ledger.FOLDER / "inventory.csv").read_bytes())
    (tmp_path / "SME.toml").write_text('["SME-4.3"]\nstatement = "s"\nwants = "proved"\n')
    path = tmp_path / "evidence.json"
    report.write(path, tests, digest)
    return status.table(tmp_path, path)


def test_table_joins_ledger_and_report(tmp_path):
    test = {"claims": [["SME-4.3", "proved"], ["SME-4.4", "exact"]], "numbers": [], "outcome": "passed"}
    table = joined(tmp_path, {"tests/t.py::test_x": test}, report.source_digest(report.source_tree()))
    verdicts = {v.row.id: v for v in table.verdicts}
    assert (verdicts["SME-4.3"].status, verdicts["SME-4.4"].status) == ("proved", "open")
    assert table.notice == ""
    assert table.summary() == {"SME": dict.fromkeys(status.STATUSES, 0) | {"proved": 1, "open": 57}}
    assert len(table.problems) == 57 and "SME-4.4 has no entry; add one to SME.toml" in table.problems


def test_a_stale_or_absent_report_is_told_and_still_joined(tmp_path):
    test = {"claims": [["SME-4.3", "proved"]], "numbers": [], "outcome": "passed"}
    table = joined(tmp_path, {"tests/t.py::test_x": test}, "sha256:0")
    assert "stale" in table.notice and "make accept" in table.notice
    assert next(v for v in table.verdicts if v.row.id == "SME-4.3").status == "proved"
    absent = status.table(tmp_path, tmp_path / "none.json")
    assert "no evidence report" in absent.notice and {v.status for v in absent.verdicts} == {"open"}


def test_the_projects_own_evidence_contradicts_nothing():
    assert status.table().problems == []
