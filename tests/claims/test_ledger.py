"""Loading the ledger: what it holds, and each rule broken once."""

import re

import pytest

from stalegrad.claims import ledger, report

GOOD = {"SME-4.3": 'statement = "moments"\nwants = "proved"\n'}
ERRATUM = 'kind = "corrected"\nprinted = "p"\ncorrected = "c"\nproof = "q"\nconsequence = "r"\n'


def folder(tmp_path, entries, name="SME.toml"):
    (tmp_path / "inventory.csv").write_bytes((ledger.FOLDER / "inventory.csv").read_bytes())
    (tmp_path / name).write_text("\n".join(f'["{id_}"]\n{body}' for id_, body in entries.items()))
    return tmp_path


def test_inventory_holds_every_row_once_in_its_order():
    rows = ledger.read_inventory()
    lines = (ledger.FOLDER / "inventory.csv").read_text().splitlines()[1:]
    assert [line.split(",")[0] for line in lines] == list(rows)
    assert sum(row.paper == "SME" for row in rows.values()) == 58
    assert rows["SME-T2"].kind == "theorem" and rows["EASGD-F5.10"].paper == "EASGD"


def test_entry_is_read_whole(tmp_path):
    body = 'statement = " Bound "\nwants = "proved"\nuses = ["SME-4.3"]\nassumptions = ["a > 0"]\nnote = "n"\n'
    book = ledger.load(folder(tmp_path, {"SME-4.4": body + '["SME-4.4".erratum]\n' + ERRATUM}))
    entry = book.entries["SME-4.4"]
    assert (entry.statement, entry.uses, entry.assumptions, entry.note) == ("Bound", ("SME-4.3",), ("a > 0",), "n")
    assert entry.erratum == ledger.Erratum("corrected", "p", "c", "q", "r")


def test_rows_without_entry_are_missing_only_in_papers_that_have_a_ledger(tmp_path):
    book = ledger.load(folder(tmp_path, GOOD))
    assert book.papers == ("SME",)
    assert len(book.missing) == 57 and all(id_.startswith("SME-") for id_ in book.missing)
    assert "SME-4.3" not in book.missing


@pytest.mark.parametrize(
    ("id_", "body", "words"),
    [
        ("SME-4.33", GOOD["SME-4.3"], ["SME.toml: SME-4.33", "no claim id", "nearest: SME-4.3", "rename or remove"]),
        ("PCA-1", GOOD["SME-4.3"], ["SME.toml: PCA-1", "belongs to PCA"]),
        ("SME-4.3", 'wants = "proved"', ["statement is missing"]),
        ("SME-4.3", 'statement = " "\nwants = "proved"', ["statement is missing or empty"]),
        ("SME-4.3", 'statement = "s"\nwants = "prooved"', ["wants is 'prooved'", "proved, exact"]),
        ("SME-4.3", 'statement = "s"\nwants = "refutes"', ["wants is 'refutes'"]),
        ("SME-4.3", 'statement = "s"\nwants = "scaled"', ["what is scaled", "note"]),
        ("SME-4.3", 'statement = "s"\nwants = "proved"\nverdict = "proved"', ["unknown key 'verdict'"]),
        ("SME-4.3", 'statement = "s"\nwants = "proved"\nuses = ["SME-9.9"]', ["uses: 'SME-9.9' is no claim id"]),
        ("SME-4.3", 'statement = "s"\nwants = "proved"\nuses = "SME-4.4"', ["uses is 'SME-4.4'", "list of texts"]),
        ("SME-4.3", 'statement = "s"\nwants = "proved"\nassumptions = [1]', ["assumptions is [1]"]),
        ("SME-4.3", 'statement = "s"\nwants = "proved"\nnote = 3', ["note is not a text"]),
        ("SME-4.3", 'statement = "s"\nwants = "proved"\nerratum = "wrong"', ["erratum is 'wrong'"]),
    ],
)
def test_a_broken_rule_is_named_with_file_id_and_remedy(tmp_path, id_, body, words):
    with pytest.raises(ledger.LedgerError) as error:
        ledger.load(folder(tmp_path, {id_: body}))
    assert all(word in str(error.value) for word in [f"SME.toml: {id_}: ", *words])


@pytest.mark.parametrize("key", ["printed", "corrected", "proof", "consequence"])
def test_an_erratum_must_be_complete(tmp_path, key):
    lines = [line for line in ERRATUM.splitlines() if not line.startswith(key)]
    with pytest.raises(ledger.LedgerError, match=f"SME-4.3: erratum has no '{key}'"):
        ledger.load(folder(tmp_path, {"SME-4.3": GOOD["SME-4.3"] + '["SME-4.3".erratum]\n' + "\n".join(lines)}))


@pytest.mark.parametrize(("change", "words"), [('kind = "wrong"', "erratum kind is 'wrong'"), ('by = "x"', "unknown key 'by'")])
def test_an_erratum_has_known_keys_and_kinds(tmp_path, change, words):
    lines = ERRATUM.replace('kind = "corrected"', change) if change.startswith("kind") else ERRATUM + change
    with pytest.raises(ledger.LedgerError, match=words):
        ledger.load(folder(tmp_path, {"SME-4.3": GOOD["SME-4.3"] + '["SME-4.3".erratum]\n' + lines}))


def test_all_broken_rules_are_told_at_once(tmp_path):
    with pytest.raises(ledger.LedgerError) as error:
        ledger.load(folder(tmp_path, {"SME-4.3": 'wants = "x"', "SME-0.0": GOOD["SME-4.3"]}))
    assert len(str(error.value).splitlines()) == 3


def test_a_file_of_no_paper_and_a_file_that_is_no_toml_are_named(tmp_path):
    with pytest.raises(ledger.LedgerError, match="XYZ.toml: no paper has the key 'XYZ'"):
        ledger.load(folder(tmp_path, GOOD, "XYZ.toml"))
    (tmp_path / "XYZ.toml").unlink()
    (tmp_path / "SME.toml").write_text('["SME-4.3"\n')
    with pytest.raises(ledger.LedgerError, match="SME.toml: not valid TOML"):
        ledger.load(tmp_path)


def test_the_ledger_of_the_project_has_no_missing_rows():
    book = ledger.load()
    assert book.missing == []
    assert "SME" in book.papers


def points_nowhere(text, known):
    """Words that look like claim ids and are none; a known id may carry a suffix, as in SME-F4-error.

    A word that code completes, as in f"SME-F{number}", is left out.
    """
    words = re.findall(r"(?<![\w-])(?:SME|PCA|SDDE|EASGD)-\w(?:[\w.-]*\w)?(?!\w|\.?\{)", text)
    words = [word.removesuffix(".png") for word in words]
    models = {"SME-ASGD", "SME-SGD", "SME-MSGD"}
    return [w for w in words if w not in models and not any(w == id_ or w.startswith(f"{id_}-") for id_ in known)]


def test_ids_in_sources_texts_and_notebooks_point_somewhere():
    known = ledger.read_inventory()
    assert points_nowhere("SME-4.1, (SME-4.10). SME-F4-error SME-SGD", known) == []
    assert points_nowhere('SME-F4.png f"SME-F{k}" f"EASGD-F4.{k}"', known) == []
    assert points_nowhere("SME-4.12 and SME-F7, SME-fig5-adam.", known) == ["SME-4.12", "SME-F7", "SME-fig5-adam"]
    root = report.source_tree()
    files = [root / "README.md", *(p for folder in ("lib", "docs", "notebooks") for p in (root / folder).rglob("*"))]
    read = (p for p in files if p.suffix in {".py", ".md", ".toml", ".ipynb"})
    assert {str(p.relative_to(root)): bad for p in read if (bad := points_nowhere(p.read_text("utf-8"), known))} == {}
