"""Breakdowns, edges, steadiness and episodes, on curves that were made up."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy import stats

from stalegrad.figures.training import tree_pictures, trees
from stalegrad.nets.experiments import trees as experiment
from stalegrad.nets.spec import Spec
from stalegrad.nets.trace import Trace
from stalegrad.nets.tree_time import Tree

TIME = np.linspace(0.0, 10.0, 6)


def made_up(last: float, seed: int = 0, eta: float = 0.1, loss=None) -> Trace:
    """A run whose test error falls from 0.9 to `last`."""
    spec = Spec("easgd_tree", eta=eta, seed=seed, n_steps=10, evaluations=5, tree=Tree(2, 2, "up_down", (1, 10)))
    error = np.linspace(0.9, last, 6)
    loss = np.linspace(2.3, 0.5, 6) if loss is None else np.array(loss, float)
    curves = {(measure, "root"): error for measure in ("test_error", "train_error")} | {(name, "root"): loss for name in ("train_loss", "test_loss")}
    return Trace(spec, TIME, TIME, TIME, curves, {}, np.inf)


def test_a_run_is_broken_from_half_of_wrong_answers_on_and_where_it_is_not_finite():
    assert [trees.broken(made_up(last)) for last in (0.2, 0.49, 0.5, 0.9, np.nan)] == [False, False, True, True, True]


def test_wilsons_interval_covers_as_often_as_it_says():
    """At n = 6 the exact coverage, averaged over p, is close to 95 %; the interval of half the width has far less."""
    chances = np.linspace(0.02, 0.98, 49)
    for shrink, low, high in ((1.0, 0.93, 0.98), (0.5, 0.0, 0.85)):
        ends = [trees.share_of(k, 6) for k in range(7)]
        centre = [(found.low + found.high) / 2.0 for found in ends]
        half = [shrink * (found.high - found.low) / 2.0 for found in ends]
        covered = [sum(stats.binom.pmf(k, 6, p) for k in range(7) if abs(p - centre[k]) <= half[k]) for p in chances]
        assert low < np.mean(covered) < high


def test_five_of_six_against_one_of_six_differ_and_four_against_two_do_not():
    """The thesis' own counts for Figures 6.3 and 6.4 hold against chance."""
    assert trees.share_difference(trees.share_of(5, 6), trees.share_of(1, 6)).low > 0.0
    found = trees.share_difference(trees.share_of(4, 6), trees.share_of(2, 6))
    assert found.low < 0.0 < found.high and found.difference == pytest.approx(1.0 / 3.0)


def test_newcombes_interval_of_the_books_example():
    """56 of 70 against 48 of 80: 0.0524 to 0.3339, as computed by hand from the two Wilson intervals."""
    first, second = trees.share_of(56, 70), trees.share_of(48, 80)
    z = stats.norm.ppf(0.975)
    for found in (first, second):
        p = found.k / found.n
        centre = (p + z * z / (2 * found.n)) / (1 + z * z / found.n)
        half = z * np.sqrt(p * (1 - p) / found.n + z * z / (4 * found.n**2)) / (1 + z * z / found.n)
        assert (found.low, found.high) == pytest.approx((centre - half, centre + half))
    found = trees.share_difference(first, second)
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-4)


def test_shares_of_no_runs_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        trees.share([])


def test_the_edge_of_a_seed_is_its_smallest_broken_rate():
    runs = [made_up(last, seed, eta) for seed, lasts in {1: (0.2, 0.9, 0.3), 2: (0.2, 0.2, 0.2)}.items() for eta, last in zip((1.0, 2.0, 4.0), lasts)]
    assert trees.edges(runs) == {1: 1.0, 2: 3.0}
    with pytest.raises(ValueError, match="two rates"):
        trees.edges(runs[:1])


def test_the_gap_between_edges_is_found_and_vanishes_for_equal_runs():
    first = [made_up(0.9 if eta >= 4.0 else 0.2, seed, eta) for seed in (1, 2, 3) for eta in (1.0, 2.0, 4.0)]
    second = [made_up(0.9 if eta >= 1.0 + (seed == 3) else 0.2, seed, eta) for seed in (1, 2, 3) for eta in (1.0, 2.0, 4.0)]
    assert trees.edge_gap(first, second).mean == pytest.approx(5.0 / 3.0)
    assert trees.edge_gap(first, first).mean == 0.0
    with pytest.raises(ValueError, match="common seeds"):
        trees.edge_gap(first, second[:6])


def test_rise_is_the_largest_climb():
    calm, wild = [3.0, 2.0, 1.5, 1.0, 0.9, 0.8], [3.0, 1.0, 1.6, 0.9, 1.2, 0.7]
    assert trees.rise(made_up(0.2, loss=calm)) == 0.0
    assert trees.rise(made_up(0.2, loss=wild)) == pytest.approx(0.6)
    assert trees.rise(made_up(0.2, loss=[1.0, 2.0, np.nan, 0, 0, 0])) == np.inf


def test_an_episode_is_seen_during_and_after_and_not_before():
    plain, slow = np.array([2.0, 1.0, 0.8, 0.7, 0.6, 0.5]), np.array([2.0, 1.0, 0.8, 1.4, 0.9, 0.5])
    runs = [[made_up(0.2, seed, loss=loss * (1.0 + 0.01 * seed)) for seed in (1, 2, 3)] for loss in (slow, plain)]
    found = trees.episode(*runs, begin=5.0, end=7.0)
    assert found["before"].mean == 0.0
    assert found["during"].mean == pytest.approx(np.log(2.0))
    assert found["after"].mean == pytest.approx(np.log(1.5) / 2.0)


def test_pictures_give_all_their_curves():
    sound, lost = [made_up(0.2, seed) for seed in (1, 2)], made_up(0.9, 3)
    fig, numbers = tree_pictures.runs([*sound, lost], "six runs")
    assert numbers["test_error"].shape == (6, 3)
    assert [line.get_linestyle() for line in fig.axes[0].lines] == ["-", "-", "--"]
    plt.close(fig)
    fig, numbers = tree_pictures.chosen({"one": sound[0], "other": lost}, "chosen")
    assert len(numbers) == 8 and numbers["other, test_error"][-1] == 0.9
    plt.close(fig)
    scan = {"up_down": [made_up(0.9 if eta > 1.0 else 0.2, seed, eta) for seed in (1, 2) for eta in (1.0, 2.0)]}
    fig, numbers = tree_pictures.breakdowns(scan, {"model": (0.5, 0.7)})
    assert numbers["up_down, share"].tolist() == [0.0, 1.0] and numbers["up_down, below"][1] > 0.0
    plt.close(fig)
    fig, numbers = tree_pictures.episode(sound, sound, 2.0, 4.0)
    assert np.array_equal(numbers["with"], numbers["without"])
    plt.close(fig)
    assert trees.best([*sound, lost]) is sound[0]


def test_both_profiles_describe_runs_and_share_no_seed_with_the_next_seed_block():
    for scale in experiment.PROFILES.values():
        specs = experiment.everything(scale)
        assert {spec.leaves for spec in specs} == {scale.degree**2, experiment.STAR_WORKERS}
        assert set(specs).isdisjoint(experiment.everything(scale, first=scale.seeds))
