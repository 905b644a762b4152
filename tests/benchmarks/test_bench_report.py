"""Ratios, bars and tables from times that are made up, so that each verdict is known."""

import pytest
from benchmarks import candidates, elastic, report
from benchmarks.__main__ import main
from benchmarks.bars import speed_bars
from benchmarks.measure import with_ratios


def row(name, kind, ns):
    workload = name.split(":")[0]
    return {"id": name, "workload": workload, "kind": kind, "description": name, "state": "not installed", "ns": ns}


@pytest.fixture
def rows():
    return with_ratios(
        [
            row("W1:limit", "limit", [2.0, 4.0, 2.0]),
            row("W1:stalegrad", "ours", [2.8, 5.6, 2.8]),
            row("W1:numpy", "library", [20.0, 40.0, 20.0]),
            row("W1:numpy-by-hand", "by hand", [14.0, 28.0, 14.0]),
            row("W1:jax", "library", [28.0, 56.0, 28.0]),
            row("W2:diffrax", "library", []),
        ]
    )


def test_ratios_are_taken_within_a_round(rows):
    assert rows[4]["ratio"] == pytest.approx(10.0)
    assert rows[4]["median"] == 28.0


def test_bars_are_met_and_missed(rows):
    verdicts = {bar["row"]: bar["met"] for bar in speed_bars(rows)}
    assert verdicts == {"W1:limit": True, "W1:numpy": True, "W1:jax": False}


def test_readme_gets_the_table_between_its_markers(rows, tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"above\n{report.BEGIN}\nold\n{report.END}\nbelow\n")
    found = report.results(rows, speed_bars(rows), rounds=3)
    report.write_readme(found, readme)
    text = readme.read_text()
    assert text.startswith("above\n") and text.endswith("below\n") and "old" not in text
    assert "| W1 | 2.80 | 0.71 | numpy 7.1, jax 10.0 |" in text
    assert "2 of the 3 bars" in text and "by-hand" not in text


def test_the_page_holds_every_row_and_bar(rows, tmp_path):
    report.write_page(report.results(rows, speed_bars(rows), rounds=3), tmp_path / "speed.md")
    text = (tmp_path / "speed.md").read_text()
    assert "| W1:jax | W1:jax | 28.00 | 28.00 - 56.00 | 10.00 |" in text
    assert "| W2:diffrax | W2:diffrax | not installed |" in text
    assert "| W1:jax | their time / our time | 10 | >= 12 | missed |" in text


def test_a_readme_without_markers_is_left_alone(rows, tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text("no table here\n")
    with pytest.raises(ValueError, match="bench:begin"):
        report.write_readme(report.results(rows, [], rounds=3), readme)
    assert readme.read_text() == "no table here\n"


def test_rows_are_chosen_by_workload_library_or_both():
    assert [choice.id for choice in candidates.chosen(["W1:jax"])] == ["W1:jax"]
    assert {"W1", "W2", "W5-p4"} < {choice.workload for choice in candidates.chosen(["numpy"])}
    assert {choice.workload for choice in candidates.chosen(["W5"])} == set(elastic.WORKLOADS)
    assert len(candidates.chosen([])) == len(candidates.CANDIDATES)


def test_an_unknown_row_stops_before_anything_is_timed(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("benchmarks.__main__.use_one_thread", lambda: None)  # other tests share this process
    assert main(["--only", "W1:fortran", "--json", str(tmp_path / "bench.json")]) == 1
    assert "W1:fortran" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
