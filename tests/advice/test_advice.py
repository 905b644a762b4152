"""What advice says, refuses and prints; checks by simulation with a negative control; oracles; logs; the command."""

import json
from dataclasses import replace

import numpy as np
import pytest

import stalegrad as sg
from stalegrad import cli
from stalegrad.advice import Situation, advise, confirm, estimate_curvature, estimate_noise, measured_law, of_log
from stalegrad.advice.batches import final_error, spending
from stalegrad.advice.measured import nearest_mixture
from stalegrad.advice.modes import Mode, Setting
from stalegrad.advice.oracle import tail_index
from stalegrad.claims import ledger
from stalegrad.claims.status import STATUSES

NOW = Situation((1.0, 4.0), eta=0.02, noise=1.0, n_workers=4)


@pytest.fixture(scope="module")
def advice():
    return advise(replace(NOW, start=2.0, budget=2000))


def test_every_line_names_claims_that_exist_with_their_status(advice):
    known = ledger.read_inventory()
    assert {line.topic for line in advice.lines} >= {"stability", "delay", "learning rate", "momentum", "batch", "elastic rates"}
    for line in advice.lines:
        assert line.claims and line.assumes
        assert all(id_ in known and status in STATUSES and status != "open" for id_, status in line.statuses.items())


def test_what_changes_a_setting_was_simulated(advice):
    for line in advice.lines:
        if line.topic in ("stability", "learning rate", "batch"):
            assert line.check.verdict == "confirms it"


def test_as_json_and_as_text(advice):
    assert json.loads(json.dumps(advice.as_dict(), allow_nan=False))["lines"][0]["claims"]["SME-exact-moments"] == "proved"
    assert len(advice.table()) == len(advice.lines) and "rests on" in str(advice)
    with pytest.raises(ValueError, match="there is advice on"):
        advice.line("colour")


def test_a_schedule_spends_the_budget_and_gains_by_exact_moments(advice):
    line, situation = advice.line("batch"), advice.situation
    sizes = line.value["sizes"]
    assert 0.9 * situation.budget < sizes.sum() <= situation.budget and (np.diff(sizes) >= 0).all()
    assert final_error(situation, sizes) < 0.98 * final_error(situation, np.ones(situation.budget))
    assert spending(np.geomspace(1.0, 2.0, 400), 400).tolist() == [1] * 400


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"curvature": (-1.0, 4.0)}, "not strongly convex"),
        ({"tail": 1.5}, "infinite"),
        ({"staleness": sg.constant(200)}, "reaches back 200"),
    ],
)
def test_refuses_where_nothing_is_known(change, reason):
    refused = advise(replace(NOW, **change))
    assert refused.lines == () and reason in refused.refusals[0]


def test_refuses_parts_with_the_reason():
    unknown = advise(Situation((1.0, 2.0), eta=0.05, momentum=0.5))
    assert any("noise is not known" in reason for reason in unknown.refusals)
    assert any("noise, start, budget not known" in reason for reason in unknown.refusals)
    assert any("one worker" in reason for reason in unknown.refusals)
    moving = replace(NOW, momentum=0.5, start=1.0, budget=100)
    assert any("momentum 0 only" in reason for reason in advise(moving).refusals)
    fast = advise(replace(NOW, eta=0.6, start=1.0, budget=100))
    assert any("beyond the edge" in reason for reason in fast.refusals)
    assert fast.line("stability").value["share"] > 1.0 and fast.line("delay").value["constant"] == -1


@pytest.mark.parametrize(
    "wrong",
    [
        *({"eta": 0.0}, {"momentum": 1.0}, {"batch": 0}, {"noise": -1.0}, {"n_workers": 0}, {"budget": 0}, {"staleness": 3}),
        *({"curvature": (2.0, 1.0)}, {"target": 4.0, "start": 2.0}),
    ],
)
def test_impossible_numbers_are_errors(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        replace(NOW, **wrong)


def test_keeps_what_is_good():
    best = advise(NOW).line("learning rate").value["eta"]
    assert advise(replace(NOW, eta=best)).line("learning rate").value["keep"] is True


def test_check_contradicts_a_wrong_edge_and_a_worse_setting(monkeypatch):
    """Negative controls: exact errors 10 % off, and a setting that is worse, at the sizes that advice uses."""
    assert confirm.agree(NOW).verdict == "confirms it"
    worse = confirm.compare(replace(NOW, start=3.0), Setting(0.001))
    assert worse.verdict == "contradicts it" and worse.gains is False
    exact = confirm.error_after
    monkeypatch.setattr(confirm, "error_after", lambda *given: 1.1 * exact(*given))
    assert confirm.agree(NOW).verdict == "contradicts it"


@pytest.mark.parametrize("relative", [0.0, 0.4, 2.5])
def test_problem_of_a_mode_has_its_variances(relative):
    problem = confirm.mode_problem(Mode(2.0, 0.5, relative))
    for x in (0.0, 1.5):
        assert problem.mean_gradient([x]) == pytest.approx(np.array([2.0 * x]), abs=1e-12)
        assert problem.gradient_covariance([x]).item() == pytest.approx(0.5 + relative * (2.0 * x) ** 2, abs=1e-10)


def test_check_on_an_own_problem():
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((400, 3)) * [1.0, 1.5, 2.0]
    problem = sg.problems.least_squares(rows, rows @ [1.0, -1.0, 0.5] + 0.3 * rng.standard_normal(400))
    h = np.linalg.eigvalsh(rows.T @ rows / 400)
    line = advise(Situation((h[0], h[-1]), eta=0.002, noise=0.1, relative_noise=2.0, n_workers=4, problem=problem)).line("learning rate")
    assert line.check.verdict == "confirms it" and problem.name in line.check.what
    with pytest.raises(ValueError, match="minimiser"):
        confirm.compare(replace(NOW, problem=sg.problems.double_well()), Setting(0.05))


def test_curvature_from_a_gradient():
    rng = np.random.default_rng(1)
    basis = np.linalg.qr(rng.standard_normal((40, 40)))[0]
    hessian = basis @ np.diag(np.linspace(0.5, 20.0, 40)) @ basis.T
    assert estimate_curvature(lambda x: hessian @ x, np.zeros(40)) == pytest.approx((0.5, 20.0), rel=1e-2)
    saddle = estimate_curvature(lambda x: np.array([-1.0, 3.0]) * x, np.zeros(2))
    assert saddle == pytest.approx((-1.0, 3.0))
    assert advise(Situation(saddle, 0.1)).lines == ()
    with pytest.raises(ValueError, match="finite and of shape"):
        estimate_curvature(lambda x: x[:1], np.zeros(2))


def test_noise_from_samples():
    rng = np.random.default_rng(2)
    found = estimate_noise(lambda x, number: rng.gamma(0.5, 2.0) * x - rng.standard_normal(1), np.zeros(1), 1.0, 4.0, 40_000)
    assert found["noise"] == pytest.approx(1.0, rel=0.05) and found["relative_noise"] == pytest.approx(2.0, rel=0.15)
    assert tail_index(np.abs(rng.standard_t(1.5, 50_000))) < 2.0 < tail_index(np.abs(rng.standard_normal(50_000)))


def test_a_log_gives_its_law(tmp_path):
    from stalegrad.figures.across.advice import log_a_queue

    path = log_a_queue(tmp_path / "run.jsonl", speeds=(1.0, 1.0, 1.0), n_updates=2000)
    found = of_log(Situation((1.0, 1.0), 0.1), path)
    assert found.n_workers == 3 and found.law.mean == pytest.approx(2.0, abs=0.05) and "measured staleness" in found.notes[0]
    with path.open("a", encoding="utf-8") as torn:
        torn.write('{"update": 9')
    assert "torn" in of_log(Situation((1.0, 1.0), 0.1), path).notes[0]
    log_a_queue(path, speeds=(1.0, 1.0), n_updates=100)
    with pytest.raises(ValueError, match="200 or more"):
        of_log(Situation((1.0, 1.0), 0.1), path)


def test_a_law_that_drifts_is_refused():
    rng = np.random.default_rng(3)
    with pytest.raises(ValueError, match="drifts"):
        measured_law(np.concatenate([rng.poisson(2.0, 1000), rng.poisson(4.0, 1000)]))
    steady, _ = measured_law(rng.poisson(3.0, 2000))
    assert steady.mean == pytest.approx(3.0, abs=0.2)


def test_long_laws_become_mixtures_only_where_they_look_like_one():
    rng = np.random.default_rng(4)
    assert measured_law(rng.geometric(0.1, 5000) - 1)[0].finite is None
    assert measured_law(rng.poisson(40.0, 5000))[0].finite is not None
    assert nearest_mixture(sg.constant(30))[1] > 0.2


def test_the_command(capsys, tmp_path):
    assert cli.main("advise --curvature 1 4 --eta 0.02 --workers 4 --json".split()) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["lines"][0]["topic"] == "stability" and found["refusals"]
    assert cli.main("advise --curvature 1 --eta 0.02 --constant 3".split()) == 0
    assert "never more than 3" in " ".join(capsys.readouterr().out.split())
    assert cli.main("advise --curvature 1 --eta 0.02 --constant 3 --mean-staleness 2".split()) == 2
    assert "one law" in capsys.readouterr().err
    assert cli.main("advise --curvature 1 --eta -1".split()) == 2
    assert "eta=-1.0" in capsys.readouterr().err
