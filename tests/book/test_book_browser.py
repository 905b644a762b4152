"""The site in a real browser: no error, no request elsewhere, every formula set, nothing wider than the page, and what a reader uses works."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from companion.book.notebooks import figures, read
from stalegrad.claims import status

FIGURE = "notebooks/sme/2_1_linear_gradients.html"
PRINTED = ("index.html", "chapters/easgd.html", FIGURE, "claims/index.html", "api/limits.html", "interactive/stability.html")
USES = ("search", "theme", "filter", "plain", "print")


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def served(book):
    """Address of the site on a free port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(book.html)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def report(book, node_browser, served):
    """What the browser saw on every page but sources of tests, of which one stands for all."""
    shots = book.project.build / "book-screens"
    shots.mkdir(parents=True, exist_ok=True)
    paths = sorted(path.relative_to(book.html).as_posix() for path in book.html.rglob("*.html") if "_static" not in path.parts)
    tests = [path for path in paths if path.startswith("tests/")]
    pages = [path for path in paths if path not in tests and path not in ("search.html", "genindex.html")] + tests[:1]
    return node_browser("browser.mjs", base=served, pages=pages, dark=pages[::2], figure=FIGURE, printed=PRINTED, uses=USES, shots=str(shots))


def test_pages_load_without_error_and_without_a_request_elsewhere(report):
    assert len(report["pages"]) > 40
    assert {page["path"]: page["faults"] for page in report["pages"] if page["faults"]} == {}
    assert {page["path"]: page["pictures"] for page in report["pages"] if page["pictures"]} == {}


def test_every_formula_is_set(report):
    assert sum(page["math"]["set"] for page in report["pages"]) > 2000
    for page in report["pages"]:
        assert page["math"]["wrong"] == [], page["path"]
        assert page["math"]["set"] == page["math"]["wanted"], page["path"]


def test_no_page_is_wider_than_a_telephone_or_a_window(report):
    assert {page["path"]: (page["narrow"], page["wide"]) for page in report["pages"] if page["narrow"] > 0 or page["wide"] > 0} == {}


def test_search_finds_a_claim(report):
    assert report["search"]["faults"] == []
    assert "claims/SME.html#sme-4-9" in report["search"]["results"][:2]


def test_dark_mode_is_dark_and_figures_stay_on_white(report):
    (light, page, _), (dark, night, card) = report["theme"]["before"], report["theme"]["after"]
    assert (light, dark) == ("light", "dark")
    assert brightness(page) > 200 and brightness(night) < 60 and brightness(card) == 255
    assert report["theme"]["faults"] == []


def brightness(colour):
    """Mean of the three channels of a colour as CSS computes it, `rgb(1, 2, 3)`."""
    channels = [float(number) for number in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    return sum(channels) / 3


def test_claims_are_filtered_by_keyboard_and_by_address(report):
    table, counts = status.table(), report["filter"]["counts"]
    rows = [verdict for verdict in table.verdicts if verdict.row.paper in table.papers]
    paper = [verdict for verdict in rows if verdict.row.paper == "PCA"]
    corrected = [verdict.row.id for verdict in paper if verdict.status == "corrected"]
    assert counts["all"] == counts["again"] == [verdict.row.id for verdict in rows]
    assert counts["paper"] == [verdict.row.id for verdict in paper]
    assert counts["status"] == counts["linked"] == corrected and 0 < len(corrected) < len(paper)
    assert counts["words"] == []
    assert report["filter"]["said"] == f"{len(corrected)} of {len(rows)} rows"
    assert report["filter"]["faults"] == []


def test_without_scripts_the_claims_are_a_plain_table(report):
    table = status.table()
    assert report["plain"]["rows"] == sum(verdict.row.paper in table.papers for verdict in table.verdicts)


def test_controls_have_names_and_headings_are_in_order(report):
    assert {page["path"]: page["silent"] for page in report["pages"] if page["silent"]} == {}


@pytest.mark.parametrize("path", PRINTED)
def test_on_paper_is_the_text_alone_whole_open_and_on_white(report, path):
    found = report["print"]["pages"][path]
    assert found["faults"] == []
    assert (found["screen"], found["cut"], found["closed"]) == ([], [], [])
    assert len(found["titles"]) == 1
    ink, ground, text, paper = map(brightness, found["colours"])
    assert ink < 80 and text < 80 and ground == paper == 255
    assert found["theme"] == ["dark", 0], "after printing the screen is as it was"


def test_formulas_are_on_paper_though_they_were_never_in_view(report):
    """A formula is some ten outlines of several curves each; fifty for one is what the shortest, a letter, may lack and the others make up for."""
    pages = report["print"]["pages"]
    for path, found in pages.items():
        assert found["curves"] >= 50 * found["formulas"], path
    assert pages["claims/index.html"]["formulas"] > 500
    assert pages[FIGURE]["curves"] - report["print"]["withoutFormulas"] > 50 * pages[FIGURE]["formulas"] > report["print"]["withoutFormulas"]


def test_an_explorer_is_on_paper_with_its_picture_and_its_settings(report):
    found = report["print"]["pages"]["interactive/stability.html"]
    assert [canvas["corner"] for canvas in found["canvases"]] == [[255, 255, 255, 255]]
    assert all(canvas["sharp"] >= 2 and abs(canvas["stretched"] - 1) < 0.01 for canvas in found["canvases"])
    assert ["moving rate of the centre β", "0.90"] in found["settings"] and len(found["settings"]) == 5


def test_the_site_works_from_a_disk(book, node_browser):
    some = ["index.html", FIGURE, "claims/SME.html", "docs/errata.html"]
    report = node_browser("browser.mjs", base=f"{book.html.as_uri()}/", pages=some, dark=[], figure=FIGURE, uses=("search", "filter"), shots="")
    assert [page["faults"] for page in report["pages"]] == [[]] * len(some)
    assert report["search"]["faults"] == [] and report["filter"]["faults"] == []
    assert "claims/SME.html#sme-4-9" in report["search"]["results"][:2]
    assert figures("", read(book.project, FIGURE.removeprefix("notebooks/").removesuffix(".html")))


def test_planted_faults_are_seen(node_browser, tmp_path):
    (tmp_path / "bad.html").write_text(
        "<html><body><div style='width:2000px'>wide</div><img src='gone.png' alt='gone'>"
        "<article class='bd-article'><h1>title</h1><h3>skipped</h3><button></button></article>"
        "<script>fetch('https://example.invalid/').catch(() => 0); console.error('said'); nothing();</script></body></html>"
    )
    (page,) = node_browser("browser.mjs", base=f"{tmp_path.as_uri()}/", pages=["bad.html"], dark=[], figure="", uses=(), shots="")["pages"]
    seen = " ".join(page["faults"])
    assert all(word in seen for word in ("outside: https://example.invalid/", "console: said", "error: nothing is not defined", "failed: "))
    assert page["narrow"] > 0 and page["wide"] > 0 and len(page["pictures"]) == 1
    assert [part[:7] for part in page["silent"]] == ["<button", "skipped"]


def test_planted_faults_of_print_are_seen(node_browser, tmp_path):
    (tmp_path / "bad.html").write_text(
        "<html><body style='background: black; color: white'><h1>one</h1><h1>two</h1><article class='bd-article'><button>press</button>"
        "<table style='width: 2000px'><tr><td>wide</td></tr></table><details><summary>more</summary>closed</details>"
        "<canvas width='300' height='100' style='width: 100px; height: 100px'></canvas></article></body></html>"
    )
    asked = {"pages": [], "dark": [], "figure": "bad.html", "printed": ["bad.html"], "uses": ("print",), "shots": ""}
    found = node_browser("browser.mjs", base=f"{tmp_path.as_uri()}/", **asked)["print"]["pages"]["bad.html"]
    assert [part.split()[0] for part in found["screen"] + found["cut"] + found["closed"]] == ["BUTTON", "TABLE", "DETAILS"]
    assert found["titles"] == ["one", "two"] and brightness(found["colours"][1]) == 0
    assert found["canvases"][0]["corner"] != [255, 255, 255, 255] and found["canvases"][0]["stretched"] == 3
    assert found["curves"] < 50  # the button's corners
