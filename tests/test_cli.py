"""The command line: strict JSON, one line for an error, a fast answer in a fresh process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import stalegrad
from stalegrad import cli
from stalegrad.claims import claim, ledger, report, status
from stalegrad.claims.jsonable import jsonable
from stalegrad.claims.places import places
from stalegrad.evidence import z_test

LIB = Path(stalegrad.__file__).parents[1]


def run(capsys, *words):
    code = cli.main(list(words))
    out, err = capsys.readouterr()
    return code, out, err


def strict(text):
    return json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


def test_claims_json_holds_every_row(capsys):
    _, out, _ = run(capsys, "claims", "--json")
    rows = strict(out)
    assert [row["id"] for row in rows] == list(ledger.read_inventory())
    keys = {"id", "paper", "kind", "status", "statement", "evidence", "printed", "corrected", "proof", "consequence"}
    assert all(keys <= set(row) and row["status"] in status.STATUSES for row in rows)


def test_claims_filters(capsys):
    _, out, _ = run(capsys, "claims", "--json", "--paper", "PCA", "--status", "scaled")
    assert {(row["paper"], row["status"]) for row in strict(out)} == {("PCA", "scaled")}
    with pytest.raises(SystemExit) as stop:
        cli.main(["claims", "--paper", "XYZ"])
    assert stop.value.code == 2


def test_claims_table_has_a_line_for_each_row_and_a_summary(capsys):
    _, out, _ = run(capsys, "claims")
    lines = out.splitlines()
    assert sum(line.startswith("SME-") for line in lines) == 58
    assert any(line.split()[:2] == ["SME", "58"] for line in lines)
    assert [line.split()[0] for line in lines if line.split()[1:2] == ["34"]] == ["PCA"]
    _, out, _ = run(capsys, "claims", "--paper", "PCA")
    assert sum(line.startswith("PCA-") for line in out.splitlines()) == 34


def test_claims_fails_on_evidence_against_an_entry(capsys, tmp_path):
    path = tmp_path / "evidence.json"
    test = {"claims": [["SME-4.3", "proved"]], "numbers": [], "outcome": "failed"}
    report.write(path, {"tests/t.py::test_x": test}, "sha256:0")
    code, out, err = run(capsys, "claims", "--report", str(path))
    assert code == 1
    assert "SME-4.3: tests/t.py::test_x (proved) fails" in err and "stale" in err
    assert "SME-4.3" in out


def test_claims_on_a_corrupted_report(capsys, tmp_path):
    path = tmp_path / "evidence.json"
    path.write_text('{"format": "stale')
    code, out, err = run(capsys, "claims", "--json", "--report", str(path))
    assert (code, out) == (1, "")
    assert "evidence.json is no evidence report" in err and "make accept" in err


def test_claims_answers_at_once_without_the_engine():
    program = (
        "import sys, stalegrad.cli; stalegrad.cli.main(['claims']);"
        "print(sorted({'numpy', 'numba', 'sympy', 'matplotlib', 'scipy'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": str(LIB)}, capture_output=True, text=True, timeout=60)
    assert done.stderr.splitlines()[-1] == "[]"


def test_a_reader_that_stops_early_is_no_error():
    command = f"{sys.executable} -m stalegrad.cli claims --json | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], env={"PYTHONPATH": str(LIB), "PATH": os.environ["PATH"]}, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "[\n")
    assert "BrokenPipe" not in done.stderr


def test_show_leads_on_to_proof_and_notebook(capsys):
    _, out, _ = run(capsys, "show", "SME-4.9")
    lines = out.splitlines()
    for part in ("  printed: ", "  corrected: ", "  proof: ", "  consequence: ", "formula in: lib/stalegrad/theory/sme/hjb.py"):
        assert any(line.startswith(part) for line in lines), part
    assert 'notebook: notebooks/sme/4_optimal_batch.ipynb, "The law", "The value function"' in lines
    assert next(line for line in lines if line.startswith("notebook: ")).startswith("notebook: notebooks/sme/"), (
        "the paper's own notebook comes first"
    )
    (tests,) = (line for line in lines if line.startswith("run its tests: python -m pytest "))
    assert all((LIB.parent / name).exists() for name in tests.split("pytest ")[1].split())
    assert "\\operatorname" not in next(line for line in lines if line.startswith("formula: "))


def test_show_gives_entry_formula_and_places(capsys):
    code, out, _ = run(capsys, "show", "SME-4.4")
    assert code == 0
    for part in ("SME-4.4  (eq 4.4, section 4)", "status: ", "statement: ", "latex: ", "value: stalegrad value SME-4.4 Sigma"):
        assert part in out
    assert "stands in: lib/stalegrad/claims/SME.toml" in out


def test_places_are_those_of_the_id_itself(tmp_path):
    (tmp_path / "lib").mkdir()
    for name, text in {"a.py": "SME-4.10", "b.py": "(SME-4.1)", "c.md": "as in SME-4.1.", "d.bin": "SME-4.1", "e.py": "X-SME-4.1"}.items():
        (tmp_path / "lib" / name).write_text(text)
    assert [path.name for path in places("SME-4.1", tmp_path)] == ["b.py", "c.md"]


def test_value_prints_one_json_object(capsys):
    code, out, err = run(capsys, "value", "SME-4.4", "Sigma=4.0", "eta=0.01", "mu=0.95", "u=0")
    assert (code, err) == (0, "")
    answer = strict(out)
    assert set(answer) == {"id", "value"} and answer["id"] == "SME-4.4"
    # Sigma eta / (2 (1 + u)) (eta / (1 - mu) + 1/2), by hand
    assert answer["value"] == pytest.approx(0.02 * 0.7, rel=1e-12)


def test_value_of_a_corrected_row_gives_the_printed_form_too(capsys):
    words = ("value", "SME-4.9", "z=0.5", "Vz=1", "eta=0.02", "mu=0.9", "Sigma=1", "gamma=1e-7")
    answer = strict(run(capsys, *words)[1])
    assert set(answer) == {"id", "value", "printed"}
    assert answer["value"] > answer["printed"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("SME-4.44",), ["'SME-4.44' is no claim id", "nearest: SME-4.4"]),
        (("SME-4.4", "Sigma=4", "eta=0.01", "mu=0.95", "u=0", "nu=1"), ["SME-4.4", "'nu'", "takes"]),
        (("SME-4.4", "eta=0.01"), ["SME-4.4", "needs", "Sigma"]),
        (("SME-4.4", "Sigma=4", "eta=-1", "mu=0.95", "u=0"), ["eta", "-1", "positive"]),
        (("SME-4.4", "Sigma=4", "eta=0.01", "mu=1", "u=0"), ["mu", "1", "[0, 1)"]),
        (("SME-4.4", "Sigma=4", "eta=0.01", "mu=word", "u=0"), ["mu", "'word'", "number"]),
        (("SME-4.4", "Sigma=4", "eta=NaN", "mu=0.5", "u=0"), ["eta"]),
        (("SME-4.4", "Sigma"), ["'Sigma'", "name=value"]),
        (("SME-4.4", "eta=1", "eta=2"), ["eta is given twice"]),
        (("SME-F6",), ["SME-F6 has no value", "SME-4.4"]),
        (("SME-exact-moments", "eta=0.01"), ["needs mu"]),
        (("SME-exact-moments", "eta=0.01", "nu=1"), ["no argument 'nu'"]),
        (("SME-exact-moments", "eta=0.01", "mu=1.5", "a=2", "s2=4", "x0=1", "k=3"), ["mu"]),
        (("SME-exact-moments", "eta=0.01", "mu=0.5", "a=2", "s2=4", "x0=1", "k=2.5"), ["k"]),
        (("SME-exact-moments", "eta=0.01", "mu=0.5", "a=2", "s2=4", "x0=1", "k=soon"), ["k", "soon", "inf or a number"]),
        (("SME-exact-moments", "eta=0.01", "mu=.5", "a=2", "s2=4", "x0=1", "k=3"), ["mu", "'.5'", "such as 0.9"]),
        (("SME-exact-moments", "eta=0.01", "mu=[0.5]", "a=2", "s2=4", "x0=1", "k=3"), ["mu", "[0.5]", "a number"]),
        (("SME-exact-moments", "eta=0.01", "mu=0.5", "a=2", "s2=4", "x0=1", "k=true"), ["k", "True", "inf or a number"]),
        (("SME-F4", "model=asgd", "mu=0.9", "k=inf"), ["k", "'inf'", "a word"]),
        (("SME-F4", "model=3", "mu=0.9", "k=1"), ["model", "3", "asgd, sme-asgd, sme-sgd"]),
        (("SME-F4", "model=adam", "mu=0.9", "k=3"), ["model", "'adam'", "sme-asgd"]),
        (("SME-F5", "model=adam"), ["model", "'adam'", "sme-asgd"]),
        (("SME-F5", "model=asgd", "n_paths=0"), ["n_paths"]),
    ],
)
def test_wrong_input_is_one_line_on_stderr_and_exit_2(capsys, words, told):
    code, out, err = run(capsys, "value", *words)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1 and all(part in err for part in told)


@pytest.mark.parametrize("name", ["absent/run.jsonl", "."])
def test_a_file_that_cannot_be_used_is_one_line_on_stderr_and_exit_2(capsys, tmp_path, name):
    code, out, err = run(capsys, "advise", "--curvature", "1", "--eta", "0.1", "--log", str(tmp_path / name))
    assert (code, out) == (2, "")
    assert err.count("\n") == 1 and str(tmp_path) in err and "cannot be used" in err


def test_a_log_and_a_number_of_workers_are_not_taken_together(capsys):
    code, out, err = run(capsys, "advise", "--curvature", "1", "--eta", "0.1", "--log", "run.jsonl", "--workers", "4")
    assert (code, out) == (2, "") and "leave out --workers" in err


def test_ctrl_c_leaves_one_line(capsys, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "claim", stopped)
    assert run(capsys, "show", "SME-4.4") == (130, "", "stalegrad: stopped\n")


@pytest.mark.parametrize("words", [["value", "sme-4.4", "Sigma=4", "eta=0.01", "mu=0.95"], ["show", "SME (4.4)"], ["claims", "--paper", "sme"]])
def test_ids_and_papers_are_read_with_good_will(capsys, words):
    code, out, err = run(capsys, *words)
    assert code == 0 and "SME-4.4" in out


def test_no_command_is_a_wish_for_help(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main([])
    assert stop.value.code == 0 and "examples:" in capsys.readouterr().out


def test_unknown_id_of_show(capsys):
    code, out, err = run(capsys, "show", "SME-T3")
    assert (code, out) == (2, "") and "nearest" in err


def test_values_that_json_lacks_become_words():
    import numpy as np

    mixed = {"roots": np.array([1 + 2j, 3]), "rate": np.inf, "low": -np.inf, "none": np.nan, "n": np.int64(3), "yes": np.True_}
    text = json.dumps(jsonable(mixed), allow_nan=False)
    assert strict(text) == {"roots": [[1.0, 2.0], [3.0, 0.0]], "rate": "inf", "low": "-inf", "none": "nan", "n": 3, "yes": True}


def test_help_answers_first_questions(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--help"])
    out = capsys.readouterr().out
    assert stop.value.code == 0
    assert all(word in out for word in ("claims", "show", "value", "run", "examples:", "stalegrad value SME-4.4 Sigma=4"))


def test_claim_in_python():
    found = claim("SME-4.9")
    assert found.id == "SME-4.9" and found.statement and found.status in status.STATUSES
    assert r"\gamma" in found.latex and list(found.arguments)[:2] == ["z", "Vz"]
    with pytest.raises(ValueError, match="nearest: SME-4.9"):
        claim("SME-4.99")
    with pytest.raises(ValueError, match="SME-4.4 has no printed form"):
        claim("SME-4.4").printed(Sigma=4.0, eta=0.01, mu=0.95, u=0.0)
    assert claim("SME-F6").latex == ""


def test_run_prints_last_moments_and_saves_all(capsys, tmp_path):
    words = ("run", "asgd", "--mu", "0.9", "--paths", "2000", "--steps", "50", "--out", str(tmp_path / "run.npz"))
    code, out, _ = run(capsys, *words)
    last = strict(out)
    exact = claim("SME-F4").value(model="asgd", mu=0.9, k=50)
    assert code == 0 and last["diverged"] == 0
    assert z_test(last["mean"], last["standard_error"], exact["mean"]).agrees(1e-6)
    assert z_test(last["second_moment"], last["second_moment_standard_error"], exact["second_moment"]).agrees(1e-6)
    other = claim("SME-F4").value(model="asgd", mu=0.8, k=50)
    assert not z_test(last["second_moment"], last["second_moment_standard_error"], other["second_moment"]).agrees(1e-6)
    assert stalegrad.Ensemble.load(tmp_path / "run.npz").mean[-1].tolist() == last["mean"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("adam",), ["model = 'adam'", "asgd, sme-asgd, sme-sgd"]),
        (("asgd", "--problem", "cubic"), ["problem = 'cubic'", "double-well"]),
        (("asgd", "--eta", "-1"), ["eta", "-1"]),
        (("asgd", "--mu", "1"), ["mu", "1"]),
        (("asgd", "--paths", "0"), ["n_paths", "0"]),
        (("asgd", "--start", "nan"), ["start", "nan"]),
    ],
)
def test_run_refuses_wrong_input(capsys, words, told):
    code, out, err = run(capsys, "run", *words)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1 and all(part in err for part in told)
