"""Networks layer by layer, loaders, and the tables of learning rates."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from stalegrad.figures.training import setup
from stalegrad.nets.experiments import cut_rates
from stalegrad.nets.experiments.comparison import CURVES, FAMILIES, MAIN

NETS = 'needs the extra nets: make env EXTRAS="nets"'


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_parameters_layer_by_layer_add_up_to_the_model():
    pytest.importorskip("torch", reason=NETS)
    from stalegrad.nets import thesis_models as thesis

    for shape, chain, model in (
        (thesis.CIFAR_INPUT, thesis.CIFAR, thesis.cifar7()),
        (thesis.LOWRANK_INPUT, thesis.LOWRANK, thesis.cifar_lowrank()),
        (thesis.IMAGENET_INPUT, thesis.IMAGENET, thesis.imagenet11()),
    ):
        before = [shape, *(layer.shape for layer in chain)]
        assert sum(setup.count(layer, size) for layer, size in zip(chain, before, strict=False)) == model.dim
        lines = setup.layers(shape, chain)
        assert len(lines) == 1 + len(chain) and lines[-1].split()[0] in ("LS", "DLS")


def test_how_often_images_are_seen():
    pytest.importorskip("torch", reason=NETS)
    from stalegrad.nets.sampling import thesis_sampler, with_replacement

    loaders = setup.seen(thesis_sampler(1024, 16, 2, loaders=2, chunk=256), 1024, 32, 2)
    assert (loaders == 1).all()  # two workers, a request each: the two halves of the data, once
    drawn = setup.seen(with_replacement(1024, 16), 1024, 32, 2)
    assert drawn.sum() == 1024 and (drawn == 0).mean() == pytest.approx(np.exp(-1.0), abs=0.06)
    fig, numbers = setup.draw_seen({"one": loaders, "two": drawn}, "an epoch")
    assert numbers["one"][1] == 1.0 and numbers["two"].sum() == pytest.approx(1.0)


def test_one_image_a_class():
    labels = np.array([1, 0, 1, 2])
    fig, numbers = setup.draw_images(np.arange(4.0)[:, None, None, None] * np.ones((4, 1, 2, 2)), labels, 3, "made up")
    assert numbers["images"][:, 0, 0, 0].tolist() == [1.0, 0.0, 3.0]


@pytest.mark.claim("EASGD-TAB4.1", "protocol")
def test_grids_hold_the_printed_rates_times_one_factor():
    """Ratios within a grid are those of the table; nine averages and methods share six rows."""
    rows = {
        ("EASGD", "SGD", "ASGD", "MVASGD"): (0.05, 0.01, 0.005),
        ("EAMSGD",): (0.01, 0.005, 0.001),
        ("DOWNPOUR", "ADOWNPOUR", "MVADOWNPOUR"): (0.005, 0.001, 0.0005),
        ("MDOWNPOUR",): (0.00005, 0.00001, 0.000005),
        ("MSGD",): (0.001, 0.0005, 0.0001),
    }
    for curves, printed in rows.items():
        for curve in curves:
            family = FAMILIES[CURVES[curve][0]]
            assert family.printed == printed and {round(rate * family.factor, 9) for rate in printed} <= set(family.rates)
    fig, numbers = setup.draw_rates()
    assert len(numbers) == 2 * len(FAMILIES)


@pytest.mark.claim("EASGD-TAB4.2", "protocol")
def test_the_methods_of_table_42_are_run_with_more_workers():
    """Table 4.2 is Table 4.1 without the averages of DOWNPOUR: the same grids serve for p = 8 and 16."""
    assert set(MAIN) == {"EASGD", "EAMSGD", "DOWNPOUR", "MDOWNPOUR"} and all(FAMILIES[name].momentum in (0.0, 0.99) for name in MAIN)


@pytest.mark.claim("EASGD-TAB4.3", "protocol")
def test_one_rate_a_method_and_half_of_it_for_more_downpour_workers():
    """As in Table 4.3: one setting a method; only DOWNPOUR has another rate for p = 8, half of that for p = 4."""
    rates = {name: one.rates for name, one in cut_rates.METHODS.items()}
    assert rates["DOWNPOUR"][8] == rates["DOWNPOUR"][4] / 2.0
    assert all(set(found) in ({1}, {4, 8}) and (name == "DOWNPOUR" or len(set(found.values())) == 1) for name, found in rates.items())
    asked = cut_rates.specs("quick", 3, "mlp")
    assert {spec.eta for spec in asked["DOWNPOUR", 8]} == {0.05} and [spec.seed for spec in asked["SGD", 1]] == [3, 4, 5]
    assert {spec.period for spec in asked["EASGD", 4]} == {10} and {spec.exchange_period for spec in asked["MDOWNPOUR", 4]} == {1}
    with pytest.raises(ValueError, match="profile"):
        cut_rates.run("slow")
