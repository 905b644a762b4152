"""Section 6.1.2 at a smaller scale: the two communication schemes of EASGD Tree, with and without momentum, beside EASGD and DOWNPOUR.

Six runs a setting, as in the thesis: one start, six seeds. Batches are drawn with replacement, nothing is augmented, l2 is 1e-4, and
alpha is 0.9 / (degree + 1). Rates keep the thesis' ratios: that of batches of 16 is ten times that of single images, and is
divided by 10 with momentum 0.9, by 100 with 0.99. Their level, and the rule for a breakdown in `figures.training.trees`, were fixed on
runs with seed 100, which nothing else uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stalegrad.nets.spec import Spec
from stalegrad.nets.tree_time import Tree

SCHEMES = ("multiscale", "up_down")
"""The first and the second scheme."""
SLOW = {"multiscale": (10, 100), "up_down": (8, 80)}
"""(tau_1, tau_2) and (tau_up, tau_down) of Figures 6.3 and 6.4."""
FAST = {"multiscale": (1, 10), "up_down": (1, 10)}
"""The same of Figures 6.5 to 6.10."""
SINGLE, BATCHED = 0.04, 0.4
"""Learning rates for single images and for batches of 16; 5e-3 and 5e-2 in the thesis."""
SCAN = tuple(SINGLE * 2.0 ** (k / 2.0) for k in range(4))
"""Rates at which runs are counted that break down."""
MOMENTA = {0.0: 1.0, 0.9: 0.1, 0.99: 0.01}
"""Momentum, and the share of the rate that goes with it."""
FIGURES = {("multiscale", 0.0): "6.5", ("multiscale", 0.9): "6.6", ("multiscale", 0.99): "6.7"} | {
    ("up_down", 0.0): "6.8",
    ("up_down", 0.9): "6.9",
    ("up_down", 0.99): "6.10",
}
STAR_RATES = {"easgd": (0.1, 0.2, 0.4), "downpour": (0.00625, 0.0125, 0.025, 0.05, 0.1)}
STAR_PERIOD = {"easgd": 10, "downpour": 1}
TREE_RATES = (0.1, 0.2, BATCHED)
STAR_WORKERS = 16
DELAYED = (40.0, 400.0)
"""How much longer messages take in an episode of traffic: 8 leaf steps on average, less than a period; or 80, longer than the episode."""


@dataclass(frozen=True)
class Scale:
    """Size of the trees, and how long runs are, in virtual seconds."""

    degree: int
    single: int
    """Runs of Figures 6.3 and 6.4."""
    scan: int
    batched: int
    """Runs of Figures 6.5 to 6.12."""
    seeds: int = 6

    def of(self, first: int, count: int | None = None) -> range:
        """Seeds from `first` on."""
        return range(first, first + (count or self.seeds))


PROFILES = {"quick": Scale(8, 800, 250, 160), "paper": Scale(16, 3000, 600, 1000)}


def single(scale: Scale, scheme: str, eta: float, seeds: Sequence[int], n_steps: int) -> list[Spec]:
    """Trees with gradients of single images and the slow periods."""
    tree = _tree(scale, scheme, SLOW)
    return [Spec("easgd_tree", eta=eta, seed=seed, options=_options(1), tree=tree, n_steps=n_steps, evaluations=20) for seed in seeds]


def batched(scale: Scale, scheme: str, momentum: float, eta: float, seeds: Sequence[int], traffic: tuple = ()) -> list[Spec]:
    """Trees with batches of 16 and the fast periods."""
    method = "eamsgd_tree" if momentum else "easgd_tree"
    base = Spec(method, eta=eta, momentum=momentum, options=_options(16), tree=_tree(scale, scheme, FAST, traffic), n_steps=scale.batched)
    return [base.at(seed=seed) for seed in seeds]


def schemes(scale: Scale, first: int = 0) -> dict[str, list[Spec]]:
    """Figures 6.3 and 6.4, by scheme."""
    return {scheme: single(scale, scheme, SINGLE, scale.of(first), scale.single) for scheme in SCHEMES}


def scan(scale: Scale, first: int = 0) -> dict[str, list[Spec]]:
    """Short runs at the rates `SCAN`, by scheme."""
    return {scheme: [spec for eta in SCAN for spec in single(scale, scheme, eta, scale.of(first), scale.scan)] for scheme in SCHEMES}


def momenta(scale: Scale, first: int = 0) -> dict[tuple[str, float], list[Spec]]:
    """Figures 6.5 to 6.10, by scheme and momentum."""
    return {(scheme, delta): batched(scale, scheme, delta, BATCHED * MOMENTA[delta], scale.of(first)) for scheme, delta in FIGURES}


def doubled(scale: Scale, first: int = 0) -> dict[tuple[str, float], list[Spec]]:
    """Twice the rates of `momenta`, without momentum and with 0.9, by scheme and momentum."""
    return {
        (scheme, delta): batched(scale, scheme, delta, 2.0 * BATCHED * MOMENTA[delta], scale.of(first)) for scheme in SCHEMES for delta in (0.0, 0.9)
    }


def small_rate(scale: Scale, first: int = 0) -> dict[str, list[Spec]]:
    """The control: no momentum, but the small rate that goes with momentum 0.9."""
    return {scheme: batched(scale, scheme, 0.0, BATCHED * MOMENTA[0.9], scale.of(first)) for scheme in SCHEMES}


def best_of_methods(scale: Scale, first: int = 0) -> dict[str, list[Spec]]:
    """Figure 6.12, by method: all rates, three seeds each, no momentum."""
    seeds = scale.of(first, 3)
    found = {scheme: [spec for eta in TREE_RATES for spec in batched(scale, scheme, 0.0, eta, seeds)] for scheme in SCHEMES}
    for method, rates in STAR_RATES.items():
        star = Spec(method, eta=1.0, n_workers=STAR_WORKERS, period=STAR_PERIOD[method], options=_options(16), n_steps=scale.batched)
        found[method] = [star.at(eta=eta, seed=seed) for eta in rates for seed in seeds]
    return found


def episode(scale: Scale) -> tuple[float, float]:
    """Beginning and end of the slow episode."""
    return 0.6 * scale.batched, 0.75 * scale.batched


def traffic(scale: Scale, first: int = 0) -> dict[float, list[Spec]]:
    """Runs of the second scheme with momentum 0.99 through a slow episode (Figure 6.10, curve a), by how slow; three seeds each."""
    eta, seeds = BATCHED * MOMENTA[0.99], scale.of(first, 3)
    return {factor: batched(scale, "up_down", 0.99, eta, seeds, ((*episode(scale), factor),)) for factor in DELAYED}


def everything(scale: Scale, first: int = 0) -> list[Spec]:
    """All runs of the section, for one call of `run_all`."""
    parts = (schemes, scan, momenta, doubled, small_rate, best_of_methods, traffic)
    return [spec for part in parts for specs in part(scale, first).values() for spec in specs]


def _options(batch: int) -> dict:
    return {"batch": batch, "l2": 1e-4}


def _tree(scale: Scale, scheme: str, periods: dict[str, tuple[int, int]], traffic: tuple = ()) -> Tree:
    return Tree(scale.degree, 2, scheme, periods[scheme], latency=0.1, jitter=0.1, traffic=traffic)
