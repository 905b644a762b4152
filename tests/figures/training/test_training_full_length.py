"""The sentences of the training chapters at both lengths: how they are judged, and that the committed page says what the quick runs say."""

from pathlib import Path

import pytest

from companion import extras
from stalegrad.claims import ledger
from stalegrad.figures.training import full_length, measured, measured_discussion
from stalegrad.figures.training.measured import NO, OPEN, YES, Outcome
from stalegrad.nets.compare import Difference

PAGE = Path(__file__).parents[3] / "docs" / "full_length.md"
BELOW, ABOVE, AROUND = (Difference(mean, mean - 0.01, mean + 0.01, 0.5, 5) for mean in (-0.02, 0.02, 0.005))


@pytest.fixture(scope="module")
def nets():
    """Leaves a test out where nothing can be trained."""
    pytest.importorskip("torch", reason='needs the extra nets: make env EXTRAS="nets"')
    if not (extras.folder("fashion-mnist") / extras.FILES["fashion-mnist"]).exists():
        pytest.skip("needs the data set fashion-mnist, as its Debian package installs it")


def rows(name):
    """(claim, sentence, outcomes and change) of each row of a table of the committed page."""
    begin, end = full_length.MARKERS[name]
    lines = PAGE.read_text(encoding="utf-8").partition(begin)[2].partition(end)[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| `")]
    return [(claim.strip(" `"), said, *rest) for claim, said, *rest in cells]


def verdict(cell):
    """The bold word of a cell."""
    return cell.partition(":")[0].strip("*")


@pytest.mark.parametrize(("found", "below", "above"), [(BELOW, YES, NO), (ABOVE, NO, YES), (AROUND, OPEN, OPEN)])
def test_the_side_of_an_interval(found, below, above):
    assert (measured.side(found, -1), measured.side(found, 1)) == (below, above)
    shifted = Difference(*(value + 1.0 for value in found[:3]), found.p, found.n)
    assert (measured.side(shifted, -1, 1.0), measured.side(shifted, 1, 1.0)) == (below, above)


def test_a_sentence_shows_only_if_all_of_it_does():
    assert measured.judged("A", "both", {"one": BELOW, "two": BELOW}, -1).verdict == YES
    assert measured.judged("A", "both", {"one": BELOW, "two": AROUND}, -1).verdict == OPEN
    assert measured.judged("A", "both", {"one": AROUND, "two": ABOVE}, -1).verdict == NO
    assert measured.judged("A", "both", {"one": BELOW, "two": None}, -1) == Outcome("A", "both", OPEN, "one -2.0 [-3.0, -1.0]; two not reached")
    assert measured.counted("A", "all", {"one": BELOW, "two": AROUND}, -1).numbers == "1 of 2 intervals, 1 means; least: two 0.5 [-0.5, 1.5]"


def test_within_a_bound():
    for bound, expected in ((0.02, YES), (0.01, OPEN), (0.001, OPEN)):
        assert measured.within("A", "close", {"": AROUND}, bound, measured.POINTS).verdict == expected
    assert measured.within("A", "close", {"": ABOVE}, 0.005, measured.POINTS).verdict == NO


def test_columns_of_other_sentences_are_refused():
    one, other = Outcome("A", "said", YES, "1"), Outcome("A", "something else", YES, "1")
    with pytest.raises(ValueError, match="different sentences"):
        full_length.table({"quick": [one], "full length": [other]})
    with pytest.raises(ValueError, match="shorter"):
        full_length.table({"quick": [one], "full length": []})


def test_the_summary_counts_changes():
    columns = {"a": [Outcome("A", str(k), one, "") for k, one in enumerate((YES, YES, NO, OPEN))]}
    columns["b"] = [Outcome("A", str(k), one, "") for k, one in enumerate((YES, NO, OPEN, OPEN))]
    assert full_length.counts(columns) == "Of 4 sentences there show 2 at a and 1 at b. Between the two 1 are reversed, 1 more differ."


def test_a_page_without_markers_is_refused_before_anything_is_computed(tmp_path, monkeypatch):
    monkeypatch.setattr(full_length, "outcomes", lambda profile: pytest.fail("computed"))
    page = tmp_path / "page.md"
    for text in ("nothing", "<!-- outcomes:end --><!-- outcomes:begin -->"):
        page.write_text(text)
        with pytest.raises(ValueError, match="needs the line <!-- outcomes:begin --> once"):
            full_length.main([str(page)])
    with pytest.raises(SystemExit):
        full_length.main([str(tmp_path / "missing.md")])


def test_a_table_is_put_between_its_markers_and_nowhere_else(tmp_path, monkeypatch):
    monkeypatch.setattr(full_length, "outcomes", lambda profile: [Outcome("A", "said", YES if profile == "quick" else NO, "1")])
    page = tmp_path / "page.md"
    markers = ["\n".join(pair) for pair in full_length.MARKERS.values()]
    page.write_text(f"before\n{markers[0]}\nbetween\n{markers[1]}\nafter\n")
    full_length.main([str(page)])
    text = page.read_text()
    assert "| `A` | said | **yes**: 1 | **no**: 1 | reversed |" in text
    assert text.startswith("before\n") and text.endswith(f"between\n{markers[1]}\nafter\n")
    full_length.main([str(page)])
    assert page.read_text() == text


def test_sentences_of_the_page_are_about_claims_of_the_ledger():
    found = rows("outcomes")
    assert len(found) > 60 and {claim for claim, *_ in found} <= set(ledger.read_inventory())
    for _, _, *cells, changed in (*found, *rows("convolutional")):
        assert changed == full_length.change([verdict(cell) for cell in cells])


def test_the_quick_column_of_the_page_is_what_the_quick_runs_say(nets):
    """The other column is hours of training; it comes from the same functions."""
    now = [(one.claim, one.said, one.verdict) for one in full_length.outcomes("quick")]
    assert [(claim, said, verdict(quick)) for claim, said, quick, *_ in rows("outcomes")] == now


def test_swapped_methods_get_the_reverse_verdict(nets):
    """Control: what is said of EASGD and EAMSGD is no more true if their runs change places."""
    from stalegrad.nets.experiments import learning_rate
    from stalegrad.nets.run import run_all

    runs = {method: run_all(specs) for method, specs in learning_rate.specs("quick").items()}
    right = list(measured_discussion.rates(runs))
    wrong = list(measured_discussion.rates({"easgd": runs["eamsgd"], "eamsgd": runs["easgd"]}))
    assert [one.verdict for one in right[:2]] == [YES, YES] and [one.verdict for one in wrong[:2]] == [NO, NO]
