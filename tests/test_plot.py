"""Figures: the digest tells numbers apart and nothing else, and `save` writes all or nothing."""

import csv
import errno
import io
import json
import xml.etree.ElementTree as ElementTree

import IPython
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from stalegrad import files, plot

VALUES = arrays.arrays(float, st.integers(1, 30), elements=st.floats(-1e6, 1e6, allow_subnormal=False))


@settings(deadline=None)
@given(VALUES.filter(lambda a: np.abs(a).max() > 1e-6), st.integers(0, 29))
def test_digest_sees_a_change_of_one_part_in_ten_thousand(array, place):
    changed = array.copy()
    changed[place % array.size] += 1e-4 * np.abs(array).max()
    assert plot.digest({"a": array}) != plot.digest({"a": changed})


def test_digest_does_not_see_rounding_noise():
    # A thousand typical numbers, and those that sit on usual edges: a relative change of 1e-13 moves none over an edge.
    rng = np.random.default_rng(0)
    typical = np.concatenate([rng.normal(size=1000), np.arange(0, 129) / 128, np.arange(0, 2001) * 0.0005])
    for scale in (1.0, 10.0, 1e-3, np.pi):
        numbers, noise = scale * typical, 1 + 1e-13 * rng.choice([-1, 1], typical.size)
        assert plot.digest({"a": numbers}) == plot.digest({"a": numbers * noise})


def test_digest_of_zeros_nan_and_infinities():
    def of(*values):
        return plot.digest({"a": np.array(values)})

    assert of(0.0, 1.0) == of(-0.0, 1.0)
    assert of(np.nan, 1.0) == of(-np.nan, 1.0)
    assert len({of(np.nan, 1.0), of(0.0, 1.0), of(np.inf, 1.0), of(-np.inf, 1.0)}) == 4


def test_digest_depends_on_names_and_shapes_but_not_on_order():
    a, b = np.arange(6.0), np.ones(2)
    assert plot.digest({"a": a, "b": b}) == plot.digest({"b": b, "a": a})
    others = [{"a": a, "c": b}, {"a": a.reshape(2, 3), "b": b}, {"a": a}, {"a": a, "b": 10 * b}]
    assert len({plot.digest(numbers) for numbers in others} | {plot.digest({"a": a, "b": b})}) == 5


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where figures are written."""
    monkeypatch.setenv("STALEGRAD_FIGURES", str(tmp_path / "figures"))
    return tmp_path / "figures"


def save(numbers=None, **changes):
    """Draw and save one figure."""
    t = np.linspace(0.0, 1.0, 5)
    with plot.style():
        fig, ax = plt.subplots()
        plot.band(ax, t, np.exp(-t), 0.1 + 0 * t, "asgd")
        ax.plot(t, t, **plot.line("exact"))
        ax.set(xlabel="time", ylabel=r"$E X^2$")
        plot.legend_outside(ax)
    arguments = {"figure_id": "SME-F4", "alt": "A curve falls.", "parameters": {"mu": np.float64(0.9)}, "seed": 3} | changes
    figure_id = arguments.pop("figure_id")
    plot.save(figure_id, fig, numbers if numbers is not None else {"t": t, "moments": np.outer(t, [1.0, 2.0])}, **arguments)
    return fig


def test_save_writes_picture_numbers_and_provenance(folder, capsys):
    before = plt.get_fignums()
    save()
    assert capsys.readouterr().out == f"SME-F4: 15 numbers, digest {json.loads((folder / 'SME-F4.json').read_text())['digest']}\n"
    assert sorted(path.name for path in folder.iterdir()) == [f"SME-F4.{kind}" for kind in ("csv", "json", "png", "svg")]
    assert ElementTree.parse(folder / "SME-F4.svg").getroot().tag.endswith("svg")
    record = json.loads((folder / "SME-F4.json").read_text())
    assert record["id"] == "SME-F4" and record["alt"] == "A curve falls." and record["seed"] == 3 and record["parameters"] == {"mu": 0.9}
    assert record["versions"]["numpy"] == np.__version__ and len(record["library"]) == 12
    with (folder / "SME-F4.csv").open() as table:
        rows = list(csv.DictReader(table))
    assert [float(row["moments[1]"]) for row in rows] == [0.0, 0.5, 1.0, 1.5, 2.0]
    assert plt.get_fignums() == before, "the figure is closed"


def test_two_saves_give_the_same_bytes(folder):
    save()
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    save()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first


def test_nothing_is_cut_off_where_the_sides_of_axes_have_a_fixed_ratio(folder):
    """The room for a legend depends on the width of the axes, which depends on their height."""
    with plot.style():
        fig, ax = plt.subplots(figsize=(6.4, 4.8))
        ax.plot([-2.0, 2.0], [-2.7, 2.7], label="a sentence that takes a third of the width")
        ax.set(aspect="equal", xlabel="first", ylabel="second")
        plot.legend_outside(ax)
    plot.save("SME-F4", fig, {"t": np.ones(2)}, alt="A line.", parameters={})
    with (folder / "SME-F4.png").open("rb") as file:
        picture = plt.imread(file)[:, :, :3].min(axis=2)
    assert picture[:, -3:].min() == 1.0 and picture[:, :3].min() == 1.0 and picture.min() < 0.3


def test_a_heavy_picture_is_shown_in_fewer_colours_and_saved_in_all(folder, monkeypatch):
    shown = []
    monkeypatch.setattr(IPython, "get_ipython", lambda: True)
    monkeypatch.setattr(IPython.display, "display", lambda data, **others: shown.append(data["image/png"]))
    save()
    monkeypatch.setattr(plot, "HEAVY", 1000)
    save()
    full, light = shown
    assert full == (folder / "SME-F4.png").read_bytes() and len(light) < 0.7 * len(full)
    pictures = [np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=int) for png in shown]
    gap = np.abs(np.subtract(*pictures))
    assert gap.max() < 24 and gap.mean() < 1.0, "lines, letters and bands keep their colours, of 255 steps each"
    assert (pictures[1][0, 0] == 255).all(), "the paper stays white"


def test_a_full_disk_leaves_the_figure_that_was_there(folder, monkeypatch):
    save()
    first = {path.name: path.read_bytes() for path in folder.iterdir()}

    def full(source, target):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        save({"t": np.arange(3.0)})
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first
    plt.close("all")


@pytest.mark.parametrize(
    ("numbers", "changes", "said"),
    [
        (None, {"figure_id": "../up"}, "figure id '../up' is no claim id"),
        (None, {"figure_id": "MANIFEST"}, "figure id 'MANIFEST' is no claim id"),
        (None, {"alt": " "}, "no alternative text"),
        ({}, {}, "no numbers; give every plotted array"),
        ({"t": np.array([])}, {}, r"numbers\['t'\] of figure SME-F4 are float64, shape \(0,\)"),
        ({"t": np.array([1j])}, {}, "give real numbers"),
        (None, {"parameters": {"law": object()}}, "parameters of figure SME-F4 cannot be stored"),
    ],
)
def test_what_cannot_be_saved_is_refused_before_anything_is_written(folder, numbers, changes, said):
    with pytest.raises(ValueError, match=said):
        save(numbers, **changes)
    assert not folder.exists()
    plt.close("all")


def test_every_model_has_a_line_of_its_own():
    looks = [(model["color"], str(model["linestyle"])) for model in plot.MODELS.values()]
    assert len(set(looks)) == len({color for color, _ in looks}) == len(plot.MODELS)
    with pytest.raises(ValueError, match="model 'adam' has no line style; use one of exact"):
        plot.line("adam")
