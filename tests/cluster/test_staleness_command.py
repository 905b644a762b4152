"""`stalegrad staleness LOG`: what it prints, and what it refuses."""

import json

import pytest

import stalegrad as sg
from stalegrad.cli import main
from stalegrad.cluster.laws import from_events
from stalegrad.cluster.log import LogWriter


@pytest.fixture
def log(tmp_path):
    def write(schedule, n=2000):
        found = from_events(sg.schedule.events(schedule, 4, n).worker[:, 0])
        with LogWriter(tmp_path / "run.jsonl", {"algorithm": "asgd"}) as file:
            columns = (getattr(found, name).tolist() for name in ("id", "worker", "read", "write", "t_read", "t_write"))
            for update in zip(*columns, strict=True):
                file.append(*update)
        return str(file.path)

    return write


def test_the_table_names_the_law_and_says_what_the_mean_is_worth(log, capsys):
    assert main(["staleness", log(sg.schedule.random())]) == 0
    printed = capsys.readouterr().out
    assert "2000 updates by 4 workers" in printed and "lost 0, applied twice 0" in printed
    assert "the mean is counting" in printed
    assert "smallest AIC: geometric" in printed
    assert "worker 3" not in printed


def test_worker_wise(log, capsys):
    assert main(["staleness", log(sg.schedule.queue(speeds=[1, 1, 1, 0.3])), "--worker-wise"]) == 0
    printed = capsys.readouterr().out
    assert "smallest AIC: geometric, each worker" in printed
    assert all(f"worker {i}:" in printed for i in range(4))


def test_json_holds_the_law_for_the_simulators(log, capsys):
    assert main(["staleness", log(sg.schedule.round_robin()), "--json", "--worker-wise"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["empirical"] == [0.0, 0.0, 0.0, 1.0] and found["mean"] == pytest.approx(3.0)
    assert found["best"] == {"law": "constant", "apart": False, "aic": 2.0}
    assert found["together"]["geometric"]["shape"]["p_value"] == 0.0
    assert list(found["worker_wise"]) == ["0", "1", "2", "3"]
    assert sg.empirical(found["empirical"]).mean == 3.0


@pytest.mark.parametrize(
    ("words", "message"),
    [(["nowhere.jsonl"], "cannot be read"), ([__file__], "is no log of updates"), ([], "warm_up=-1 is too small"), ([], "too few for a law")],
)
def test_what_cannot_be_fitted_is_refused_on_one_line(log, capsys, words, message):
    warm_up = {"warm_up=-1 is too small": ["--warm-up", "-1"], "too few for a law": ["--warm-up", "600"]}.get(message, [])
    assert main(["staleness", *(words or [log(sg.schedule.round_robin())]), *warm_up]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
