"""What Sphinx is given: notebooks cut at their figures, claims with their places, docstrings as they are meant; no Sphinx is needed."""

import copy

import pytest

from companion import settings
from companion.book import claims, notebooks, places, reference
from stalegrad.claims import ledger, status

PNG = "iVBORw0KGgo="


def figure(id_, alt):
    return {"output_type": "display_data", "data": {"image/png": PNG, "text/plain": f"{id_}: {alt}"}, "metadata": {"image/png": {"alt": alt}}}


def stream(text):
    return {"output_type": "stream", "name": "stdout", "text": text}


SAVED = "SME-F4: 12 numbers, digest 0123456789ab\n"
CELL = {
    "cell_type": "code",
    "id": "x",
    "source": "draw()",
    "metadata": {"tags": ["parameters"]},
    "outputs": [
        stream("before\n" + SAVED),
        figure("SME-F4", "It falls."),
        stream("SME-F5: 3 numbers, digest ba9876543210\n"),
        figure("SME-F5", "It rises."),
        stream("after\n"),
    ],
}
TEXT = {"cell_type": "markdown", "id": "t", "metadata": {}, "source": "# A title\n\n**Question.** Does it\nfall?\n\nMore."}
NOTEBOOK = {"cells": [TEXT, CELL], "metadata": {}}


def test_a_cell_is_cut_so_that_a_figure_is_alone_with_its_words_caption_and_anchor():
    given = copy.deepcopy(NOTEBOOK)
    _, first, one, two, last = notebooks.prepared(NOTEBOOK, {"SME-F4": "SME-F4"})["cells"]
    assert given == NOTEBOOK
    assert (first["source"], first["outputs"], first["metadata"]) == ("draw()", [stream("before\n")], {"tags": ["parameters"]})
    assert one["metadata"]["mystnb"]["image"] == {"alt": "It falls."}
    assert one["metadata"]["mystnb"]["figure"] == {"name": "figure-sme-f4", "caption": "[SME-F4](#sme-f4): 12 numbers, digest `0123456789ab`"}
    assert two["metadata"]["mystnb"]["figure"]["caption"] == "SME-F5: 3 numbers, digest `ba9876543210`"
    assert [len(piece["outputs"]) for piece in (one, two, last)] == [1, 1, 1] and last["outputs"] == [stream("after\n")]
    assert len({piece["id"] for piece in (first, one, two, last)}) == 4
    assert all("remove-input" in piece["metadata"]["tags"] for piece in (one, two, last))


def test_a_figure_without_words_is_refused():
    bare = figure("SME-F4", "It falls.")
    bare["metadata"] = {}
    with pytest.raises(ValueError, match="figure of notebook sme/x has no alternative text; draw it with plot.save"):
        notebooks.figures("sme/x", {"cells": [{**CELL, "outputs": [bare]}]})


def test_title_question_and_figures_of_a_notebook():
    assert notebooks.title(NOTEBOOK) == "A title"
    assert notebooks.question(NOTEBOOK) == "Does it fall?"
    assert [(one.id, one.notebook, one.alt, one.label) for one in notebooks.figures("sme/x", NOTEBOOK)] == [
        ("SME-F4", "sme/x", "It falls.", "figure-sme-f4"),
        ("SME-F5", "sme/x", "It rises.", "figure-sme-f5"),
    ]


def reading(texts, ids=("SME-2.1", "SME-2.12", "SME-F4", "SME-F4-error"), figures=()):
    return claims.Reading(
        texts, dict.fromkeys(texts, "t"), dict.fromkeys(texts, ""), [notebooks.Figure(id_, "sme/x", "alt", b"") for id_ in figures], ids
    )


def test_a_figure_shows_the_claim_that_its_id_begins_with():
    found = reading({}, figures=("SME-F4", "SME-F4-error-late", "SME-F40", "across-rates")).claim_of
    assert found == {"SME-F4": "SME-F4", "SME-F4-error-late": "SME-F4-error"}


def test_an_id_is_named_as_a_whole():
    naming = reading({"sme/2_1_x": "`SME-2.12`, SME-2.1.", "sme/3_x": "`SME-2.1`", "sme/10_x": "XSME-2.1, SME-2.123"}).notebooks_naming
    assert naming == {"SME-2.12": ["sme/2_1_x"], "SME-2.1": ["sme/2_1_x", "sme/3_x"]}


@pytest.mark.parametrize(
    ("section", "notebooks_of"),
    [
        ("2.1", ["sme/2_1_b"]),
        ("2", ["sme/2_1_b", "sme/2_2_c"]),
        ("2.2.1", ["sme/2_2_c"]),
        ("B", ["sme/B_m"]),
        ("3.2", ["sme/3_2_p_1", "sme/3_2_p_2"]),
        ("9", []),
    ],
)
def test_notebooks_about_a_section(section, notebooks_of):
    texts = dict.fromkeys(["sme/2_2_c", "sme/2_1_b", "sme/B_m", "sme/3_2_p_2", "sme/3_2_p_1", "pca/2_1_z", "00_start_here"], "")
    assert reading(texts).of_section("SME", section) == notebooks_of


def test_sections_in_their_order():
    names = ["sme/B_x", "sme/3_10_x", "sme/3_9_x", "sme/3_1_1_x", "sme/A_x"]
    assert sorted(names, key=places.by_section) == ["sme/3_1_1_x", "sme/3_9_x", "sme/3_10_x", "sme/A_x", "sme/B_x"]


def test_anchors_are_those_of_docutils_and_tell_all_claims_apart():
    make_id = pytest.importorskip("docutils.nodes", reason="needs the extra book: make env EXTRAS=book").make_id
    ids = list(ledger.read_inventory())
    assert [places.anchor(id_) for id_ in ids] == [make_id(id_) for id_ in ids]
    assert len(set(map(places.anchor, ids))) == len(ids)


def test_only_what_changed_is_written(tmp_path):
    assert places.write_all(tmp_path, {"a/one.md": "1", "two.md": b"2"}) is False
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.md")}
    assert places.write_all(tmp_path, {"a/one.md": "1", "two.md": "3"}) is False
    after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.md")}
    assert after[tmp_path / "a/one.md"] == before[tmp_path / "a/one.md"] and (tmp_path / "two.md").read_text() == "3"
    assert places.write_all(tmp_path, {"two.md": "3"}) is True
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["two.md"]


def test_claims_pages_hold_every_row_with_its_verdict():
    table = status.table()
    made = claims.pages(table, reading({}, tuple(ledger.read_inventory())))
    for verdict in table.verdicts:
        if verdict.row.paper in table.papers:
            page = made[f"{verdict.row.paper}.md"]
            assert page.count(f"\n({places.anchor(verdict.row.id)})=\n### {verdict.row.id}\n") == 1
            assert page.count(f"\n{claims.badge(verdict.status)} ") >= 1


def test_public_names_by_room():
    rooms = reference.public()
    assert "stalegrad.asgd" in rooms["algorithms"][2] and "stalegrad.moments.of" in rooms["moments"][2]
    assert list(rooms)[:2] == ["algorithms", "limits"]
    assert not [name for _, _, names in rooms.values() for name in names if name.rpartition(".")[2].startswith("_")]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("A rate $\\eta>0$, |x| and x*.", "A rate :math:`\\eta>0`, \\|x\\| and x\\*."),
        ("the $p$th of `a|b` and ``c*``; x_", "the :math:`p`\\ th of `a|b` and ``c*``; x\\_"),
        ("Code::\n\n    a * b | c\n\nAfter *it*.", "Code::\n\n    a * b | c\n\nAfter \\*it\\*."),
        (">>> 2 * 3\n6", ">>> 2 * 3\n6"),
        ("x*:\n\n.. math:: \\frac12 *\n   b_i\n\n*y", "x\\*:\n\n.. math:: \\frac12 *\n   b_i\n\n\\*y"),
        ("$a\nb$", ":math:`a b`"),
    ],
)
def test_docstrings_become_what_they_mean(written, read):
    pytest.importorskip("docutils", reason="needs the extra book: make env EXTRAS=book")
    from companion.book import extension

    lines = written.split("\n")
    extension.restructured(None, "function", "f", None, None, lines)
    assert "\n".join(lines).rstrip("\n") == read


def test_addresses_of_ids_and_tests():
    pytest.importorskip("docutils", reason="needs the extra book: make env EXTRAS=book")
    from companion.book import extension

    assert extension.address_of("SME-4.9") == "claims/SME.html#sme-4-9"
    line = extension.lines_of("tests/book/test_book_pages.py")["test_addresses_of_ids_and_tests"]
    assert extension.address_of("tests/book/test_book_pages.py::test_addresses_of_ids_and_tests") == f"tests/book/test_book_pages.html#L-{line}"
    for text in ("SME-4", "x SME-4.9", "tests/book/test_book_pages.py::gone", "tests/gone.py::test_x"):
        assert extension.address_of(text) is None


def test_missing_tools_are_named(monkeypatch):
    from companion.book import build

    monkeypatch.setattr(build, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="the book needs the extra book .*: make env EXTRAS=book"):
        build.build(settings.here())
    monkeypatch.setattr(build.shutil, "which", lambda name: None)
    with pytest.raises(ValueError, match="npm is not there.*install Node.js"):
        build.node_packages(places.Book(settings.here()), "dev")
