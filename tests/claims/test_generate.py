"""Generated pages: what they say, that they are deterministic, and that the committed ones are current."""

import pytest

from stalegrad.claims import generate, ledger, report, status

ROW = ledger.Row("SME-4.9", "eq", "4.9", "4", "")
README = f"# Title\n\n{generate.BEGIN}\nold\n{generate.END}\n\nEnd\n"


def table(kind="corrected", evidence=()):
    erratum = ledger.Erratum(kind, "printed form", "right form", "the proof", "what follows")
    entry = ledger.Entry("SME-4.9", "The statement.", "proved", erratum=erratum)
    plain = ledger.Row("SME-4.3", "eq", "4.3", "4", "")
    verdicts = (
        status.judge(plain, ledger.Entry("SME-4.3", "Plain.", "proved"), ()),
        status.judge(ROW, entry, tuple(evidence)),
    )
    return status.Table(verdicts, (), ("SME",))


def seen(kind, name):
    return report.Evidence(f"tests/t.py::{name}", kind, "passed")


def test_errata_give_both_forms_proof_consequence_and_evidence():
    cases = [seen("refutes", "test_r[1]"), seen("refutes", "test_r[2]"), seen("proved", "test_p")]
    text = generate.errata(table(evidence=cases))
    assert "## SME-4.9: corrected" in text and "Plain." not in text
    for part in ("printed form", "right form", "the proof", "what follows", "The statement."):
        assert text.count(part) == 1
    assert "`tests/t.py::test_p` (proved); `tests/t.py::test_r` (refutes, 2 cases)" in text


def test_errata_without_evidence_say_so():
    text = generate.errata(table("qualified"))
    assert "## SME-4.9: open, no passing test shows the counterexample" in text
    assert "**Evidence.** none yet" in text and "**What holds.** right form" in text


def test_summary_replaces_only_what_stands_between_the_marks(tmp_path):
    (tmp_path / "README.md").write_text(README)
    result = table(evidence=[seen("refutes", "test_r"), seen("proved", "test_p")])
    wanted = generate.pages(result, tmp_path)
    text = wanted[tmp_path / "README.md"]
    assert text.startswith(f"# Title\n\n{generate.BEGIN}\n") and text.endswith(f"{generate.END}\n\nEnd\n")
    assert "old" not in text
    assert "| `SME` | 2 | 0 | 0 | 0 | 0 | 1 | 0 | 0 | 1 |" in text
    assert generate.outdated(wanted) == list(wanted)
    for path, content in wanted.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    assert generate.outdated(generate.pages(result, tmp_path)) == []


def test_summary_says_what_became_of_scaled_rows():
    scaled = status.judge(ROW, ledger.Entry("SME-4.9", "The statement.", "scaled", note="n"), (seen("absent", "test_a"),))
    assert generate.summary(status.Table((scaled,), (), ("SME",))).endswith("Of them: `SME` 1 not reproduced at this scale.")
    assert "Of them" not in generate.summary(table())


@pytest.mark.parametrize("text", ["# Title\n", README + README])
def test_a_readme_without_its_marks_is_refused(tmp_path, text):
    (tmp_path / "README.md").write_text(text)
    with pytest.raises(ledger.LedgerError, match="once each; put them"):
        generate.pages(table(), tmp_path)


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "README.md").write_text(README)
    monkeypatch.setattr(report, "source_tree", lambda: tmp_path)
    monkeypatch.setattr(status, "table", table)
    return tmp_path


def test_command_writes_and_check_writes_nothing(project, capsys):
    assert generate.main(["--check"]) == 1
    assert "docs/errata.md is out of date: run `make accept`" in capsys.readouterr().out
    assert (project / "README.md").read_text() == README and not (project / "docs").exists()
    assert generate.main([]) == 0
    assert "docs/errata.md written" in capsys.readouterr().out
    assert generate.main(["--check"]) == generate.main([]) == 0
    assert capsys.readouterr().out == ""
    assert sorted(path.name for path in project.rglob("*") if path.is_file()) == ["README.md", "errata.md"]


def test_command_refuses_a_broken_readme_and_an_installation_without_sources(project, capsys, monkeypatch):
    (project / "README.md").write_text("no marks")
    assert generate.main([]) == 1
    assert not (project / "docs").exists()
    monkeypatch.setattr(report, "source_tree", lambda: None)
    assert generate.main([]) == 2
    assert "checkout" in capsys.readouterr().err


def test_committed_pages_are_current(request):
    if request.config.getoption("--evidence"):
        pytest.skip("pages are made from the evidence that this run is about to write")
    assert generate.outdated(generate.pages(status.table(), report.source_tree())) == []
