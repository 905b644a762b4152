"""The built site: words for every picture, no link that leads nowhere, nothing from elsewhere; every claim, figure and notebook is in it."""

import re

import pytest

pytest.importorskip("bs4", reason="needs beautifulsoup4, which nbconvert brings")

import site_checks as site
from companion.book import notebooks
from companion.book.places import anchor
from stalegrad.claims import ledger, lookup, status

PLANTED = """<html><body>
<img src="a.png"><img src="b.png" alt=" "><img src="c.png" alt="../_images/0123456789abcdef0123.png"><img src="d.png" alt="A falling curve.">
<a href="gone.html">x</a><a href="#nowhere">x</a><a href="../outside.html">x</a><a id="here" href="#here">x</a>
<script src="https://example.org/x.js"></script><link rel="stylesheet" href="//example.org/x.css"><style>@import "https://example.org/y.css";</style>
<a href="https://example.org/">a link is no request</a>
</body></html>"""


def executed(book):
    """Names of the notebooks that are there with their outputs: all, but for one that is being written."""
    return [name for name in book.project.names() if book.project.notebook(name).is_file()]


def test_planted_faults_are_found(tmp_path):
    page = tmp_path / "planted.html"
    page.write_text(PLANTED)
    (tmp_path / "d.png").touch()
    assert site.without_words(page) == ["a.png", "b.png", "c.png"]
    assert site.from_elsewhere(page) == ["https://example.org/x.js", "//example.org/x.css", "https://example.org/y.css"]
    assert site.broken(page, tmp_path) == ["gone.html", "#nowhere", "../outside.html", "a.png", "b.png", "c.png"]


def test_every_picture_has_words(book):
    assert {str(page): found for page in site.pages(book.html) if (found := site.without_words(page))} == {}


def test_every_figure_is_shown_once_with_the_words_it_was_saved_with(book):
    found = (figure for name in executed(book) for figure in notebooks.figures(name, notebooks.read(book.project, name)))
    shown = {figure.id: figure.alt for figure in found}
    in_pages = {}
    for page in (book.html / "notebooks").rglob("*.html"):
        for tag in site.parsed(page).find_all("figure"):
            in_pages[tag["id"]] = tag.img["alt"]
    assert len(shown) > 90
    assert in_pages == {notebooks.label(id_): alt for id_, alt in shown.items()}


def test_nothing_comes_from_elsewhere(book):
    assert {str(page): found for page in site.pages(book.html) if (found := site.from_elsewhere(page))} == {}
    styles = [path for path in book.html.rglob("*.css")]
    assert len(styles) > 2
    assert {path.name: found for path in styles if (found := site.fetched_by_style(path.read_text("utf-8")))} == {}


def test_no_link_is_broken(book):
    assert {str(page): found for page in site.pages(book.html) if (found := site.broken(page, book.html))} == {}


def test_every_notebook_and_every_claim_has_its_place(book):
    for name in executed(book):
        assert (book.html / "notebooks" / f"{name}.html").is_file()
    papers = ledger.load().papers
    rows = [id_ for id_, row in ledger.read_inventory().items() if row.paper in papers]
    assert len(rows) > 300
    for id_ in rows:
        assert anchor(id_) in site.anchors(book.html / "claims" / f"{id_.partition('-')[0]}.html"), id_


def test_the_table_says_what_the_ledger_says(book):
    shown, table = site.parsed(book.html / "claims" / "index.html").find("table", class_="claims-table"), status.table()
    cells = [[cell.get_text(" ", strip=True) for cell in row.find_all("td")] for row in shown.tbody.find_all("tr")]
    verdicts = [verdict for verdict in table.verdicts if verdict.row.paper in table.papers]
    assert [(cell[0], cell[1], cell[3], cell[4]) for cell in cells] == [(v.row.id, v.row.paper, v.row.section, v.status) for v in verdicts]


@pytest.mark.parametrize("id_", ["SME-4.9", "EASGD-5.12", "PCA-T3", "SDDE-T4.1"])
def test_a_claim_leads_to_formula_test_figure_and_section(book, id_):
    page = book.html / "claims" / f"{id_.partition('-')[0]}.html"
    place = site.parsed(page).find(id=anchor(id_))
    section = place if place.name == "section" else place.find_parent("section")
    addresses = [link["href"] for link in section.find_all("a", href=True)]
    claim = lookup.claim(id_)
    assert bool(claim.latex) == bool(section.select("div.math"))
    for item in claim.evidence:
        file, _, name = item.test.partition("[")[0].partition("::")
        lines = [address for address in addresses if f"{file.removesuffix('.py')}.html#L-" in address]
        assert lines and name in section.get_text()
    assert any("/notebooks/" in address for address in addresses)


def test_every_claim_leads_to_a_test_a_figure_and_a_notebook(book):
    lacking = []
    for verdict in status.table().verdicts:
        if verdict.row.paper in ledger.load().papers:
            place = site.parsed(book.html / "claims" / f"{verdict.row.paper}.html").find(id=anchor(verdict.row.id))
            section = place if place.name == "section" else place.find_parent("section")
            addresses = " ".join(link["href"] for link in section.find_all("a", href=True))
            wanted = {"/notebooks/": True, "#figure-": True, "/tests/": bool(verdict.evidence)}
            lacking += [(verdict.row.id, part) for part, needed in wanted.items() if needed and part not in addresses]
    assert lacking == []


def test_a_link_to_a_test_leads_to_its_line(book):
    page = book.html / "claims" / "SME.html"
    links = [tag for tag in site.parsed(page).find_all("a", href=re.compile(r"/tests/.*#L-")) if "::" in tag.get_text()]
    assert len(links) > 50
    for tag in links:
        path, _, line = tag["href"].partition("#")
        shown = site.parsed((page.parent / path).resolve()).find(id=line).get_text()
        assert f"def {tag.get_text().partition('::')[2]}(" in shown


def test_counts_on_the_cover_are_those_of_the_ledger(book):
    rows = site.parsed(book.html / "index.html").select("table.ledger tbody tr")
    shown = {row.th.get_text(): [int(cell.get_text()) for cell in row.find_all("td")] for row in rows}
    assert shown == {paper: [sum(counts.values()), *counts.values()] for paper, counts in status.table().summary().items()}


def test_every_public_name_is_described(book):
    import stalegrad

    described = {name for page in (book.html / "api").glob("*.html") for name in site.anchors(page)}
    functions = [name for name in stalegrad.__all__ if callable(getattr(stalegrad, name))]
    assert len(functions) > 40
    assert [name for name in functions if f"stalegrad.{name}" not in described] == []
    assert {"stalegrad.moments.of", "stalegrad.problems.quadratic", "stalegrad.Ensemble.percentile"} <= described


def test_docstrings_are_read_as_they_are_meant(book):
    """No stray $, no backslash doubled before a command, and mathematics in every page of the reference that has some."""
    for page in (book.html / "api").glob("*.html"):
        tree = site.parsed(page)
        texts = [tag.get_text() for tag in tree.select("dd > p, td > p")]
        assert [text for text in texts if "$" in text] == [], page
        assert [tag.get_text() for tag in tree.select("span.math, div.math") if re.search(r"\\\\[a-zA-Z,;]", tag.get_text())] == [], page
    assert len(site.parsed(book.html / "api" / "algorithms.html").select("span.math")) > 20
