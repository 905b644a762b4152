"""Numbers behind the double well of Figure 5."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import stalegrad as sg
from stalegrad.claims import figure5
from stalegrad.engine.process import reference_paths
from stalegrad.figures import layout
from stalegrad.figures.sme import wells


def test_standard_error_is_binomial():
    assert wells.Share(0.5, 400).standard_error == pytest.approx(0.025)


def test_printed_shares_are_the_papers():
    assert {name: each.share for name, each in wells.PRINTED.items()} == {"asgd": 0.9034, "sme-asgd": 0.9050, "sme-sgd": 0.8854}


def test_points_are_those_of_the_same_paths_at_every_step():
    found = wells.points(300, seed=4, step=30)
    longer = sg.simulate(wells._models()["sme-asgd"], figure5.START, 300, 60, seed=5, keep="paths")
    np.testing.assert_array_equal(found["sme-asgd"], longer.paths[:, 30, 0])


def test_shares_count_positive_points():
    assert wells.shares({"a": np.array([1.0, -1.0, 2.0, 3.0])})["a"] == wells.Share(0.75, 4)


def test_the_reference_from_the_frozen_past_counts_as_the_kernel_does():
    models = wells._models()
    for place, name in enumerate(("asgd", "sme-asgd")):
        process = models[name] if name == "asgd" else sg.euler_maruyama(models[name])
        reference = reference_paths(process, figure5.START, 60, range(200), seed=7 + place)[:, -1, 0]
        np.testing.assert_allclose(reference, wells.points(200, 7, 60)[name], atol=1e-9)


def test_the_start_matters_where_its_two_parts_belong_to_different_pasts():
    others, frozen = wells.other_starts(seed=11), wells.shares(wells.points(5000, seed=3))
    gaps = {start: each.share - frozen["sme-asgd"].share for start, each in others["sme-asgd"].items()}
    assert abs(gaps["Y₀ = 0, Σ₀ = 0"]) < 0.03 < min(gaps["Y₀ as frozen, Σ₀ = 0"], -gaps["Y₀ = 0, Σ₀ as frozen"])
    assert others["asgd"]["earlier reads are 0"].share < frozen["asgd"].share - 0.03


def test_few_paths_change_sides_after_the_reference_runs_end():
    early, late = (wells.points(5000, seed=3, step=step) for step in (wells.REFERENCE_STEPS, figure5.N_STEPS))
    for name in early:
        assert abs((early[name] > 0).mean() - (late[name] > 0).mean()) < 0.005


def test_figure_shows_every_share():
    few = {name: wells.Share(0.9, 100) for name in wells.PRINTED}
    x = {name: np.array([-1.0, 1.0, 1.0]) for name in few}
    fig, numbers = wells.draw({100: x, 1000: x}, few, few, {"asgd": {"elsewhere": wells.Share(0.5, 10)}})
    labels = [label.get_text() for label in fig.axes[-1].get_yticklabels()]
    assert len(labels) == 3 * 3 + 1 and "start: elsewhere" in labels
    assert numbers["start asgd elsewhere"] == 0.5 and numbers["histogram 100 asgd"].sum() == 3
    plt.close(fig)


def test_table_aligns_its_columns(capsys):
    layout.table(("model", "mean"), [("ASGD", "0.12"), ("SME-ASGD", "0.1")])
    assert capsys.readouterr().out == "model     mean\nASGD      0.12\nSME-ASGD   0.1\n"
