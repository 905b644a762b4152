"""Figure 5, right (SME-fig5-asgd, SME-fig5-sme-asgd, SME-fig5-sme-sgd): which well a path ends in, and what decides it."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import plot
from stalegrad.algorithms.delayed import Past, State
from stalegrad.claims import figure5
from stalegrad.engine.process import reference_paths
from stalegrad.engine.simulate import simulate
from stalegrad.figures.sme.approximation import compared
from stalegrad.limits.sde import euler_maruyama
from stalegrad.limits.sme_asgd import StaleState
from stalegrad.problems import double_well

Array = np.ndarray
REFERENCE_PATHS, REFERENCE_STEPS = 2000, 300
"""Size of the runs from unusual starts: in the readable reference, since the kernels know the frozen past only."""

SPREADING = 100
"""A step at which many paths are still between the wells."""


class Share(NamedTuple):
    """A share of paths in the right-hand well, of `n` paths."""

    share: float
    n: int

    @property
    def standard_error(self) -> float:
        """Binomial."""
        return float(np.sqrt(self.share * (1 - self.share) / self.n))


PRINTED = {"asgd": Share(0.9034, 5000), "sme-asgd": Share(0.9050, 5000), "sme-sgd": Share(0.8854, 5000)}
"""Shares printed with Figure 5, from 5,000 paths each."""


def points(n_paths: int, seed: int, step: int = figure5.N_STEPS) -> dict[str, Array]:
    """x at a step of the three models from a frozen past, each with random numbers of its own: n_paths numbers each.

    The same seed gives the same paths at every step.
    """
    return {
        name: simulate(model, figure5.START, n_paths, step, seed + place, keep="final").final[:, 0]
        for place, (name, model) in enumerate(_models().items())
    }


def shares(found: dict[str, Array]) -> dict[str, Share]:
    """Share of points that are positive, for each model."""
    return {name: Share(float((x > 0).mean()), len(x)) for name, x in found.items()}


def _models() -> dict:
    return compared(double_well(), figure5.ETA, figure5.MU)


def other_starts(seed: int) -> dict[str, dict[str, Share]]:
    """Shares from pasts other than the frozen one, by model.

    Of SME-ASGD, Y_0 and Sigma_0 can each be that of a frozen past or 0; of ASGD, the reads before step 0 can be 0.
    """
    models = _models()
    limit, algorithm = models["sme-asgd"], models["asgd"]

    def start(keep_y: bool, keep_sigma: bool, x0: Array) -> StaleState:
        frozen = limit.start(x0)
        return StaleState(x0, keep_y * frozen.y, keep_sigma * frozen.s)

    def zero_past(x0: Array) -> State:
        frozen = algorithm.init(x0)
        return State(x0, Past((x0, 0 * x0), frozen.past.longest))

    limits = {
        "Y₀ = 0, Σ₀ = 0": (False, False),
        "Y₀ as frozen, Σ₀ = 0": (True, False),
        "Y₀ = 0, Σ₀ as frozen": (False, True),
    }
    return {
        "asgd": {"earlier reads are 0": _share(replace(algorithm, init=zero_past), seed)},
        "sme-asgd": {
            name: _share(euler_maruyama(replace(limit, start=lambda x0, kept=kept: start(*kept, x0))), seed + 1) for name, kept in limits.items()
        },
    }


def _share(process, seed: int) -> Share:
    paths = reference_paths(process, figure5.START, REFERENCE_STEPS, range(REFERENCE_PATHS), seed)
    return Share(float((paths[:, -1, 0] > 0).mean()), REFERENCE_PATHS)


def draw(spread: dict[int, dict[str, Array]], few: dict[str, Share], many: dict[str, Share], others: dict[str, dict[str, Share]]):
    """SME-F5-wells: where paths are, by step; shares printed and simulated, bars of two standard errors; other starts.

    Returns
    -------
    fig, numbers
    """
    numbers = {f"{label} {model}": np.array(share.share) for label, each in (("few", few), ("many", many)) for model, share in each.items()}
    with plot.style():
        fig = plt.figure(figsize=(11, 5.4))
        left, right = fig.subfigures(1, 2, width_ratios=(1, 1.35))
        for ax, (step, models) in zip(left.subplots(2, 1, sharex=True), spread.items(), strict=True):
            numbers |= {f"histogram {step} {model}": count for model, count in _histogram(ax, step, models).items()}
        ax.set_xlabel("x")
        _legend(left, ax)
        ax, rows = right.subplots(), []
        for model in few:
            colour, name = plot.line(model)["color"], plot.line(model)["label"]
            _dot(ax, rows, f"{name}: printed", PRINTED[model], colour, "D")
            for share, marker in ((few[model], "o"), (many[model], "s")):
                _dot(ax, rows, f"{name}: {share.n:,} paths", share, colour, marker)
            for label, share in others.get(model, {}).items():
                _dot(ax, rows, f"start: {label}", share, colour, "x")
                numbers[f"start {model} {label}"] = np.array(share.share)
        ax.set_yticks(range(len(rows)), rows)
        ax.invert_yaxis()
        ax.set_xlabel("share in the right-hand well, %\n(bars: two standard errors)")
    return fig, numbers


def _histogram(ax, step: int, models: dict[str, Array]) -> dict[str, Array]:
    edges, counts = np.linspace(-1.6, 1.6, 33), {}
    for model, x in models.items():
        counts[model] = np.histogram(x, edges)[0]
        ax.stairs(100 * counts[model] / len(x), edges, **plot.line(model), lw=1.5)
    ax.set_ylabel(f"% of paths in a bin, k = {step}", fontsize=10)
    return counts


def _legend(figure, ax) -> None:
    figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=10)


def _dot(ax, rows: list[str], label: str, share: Share, colour: str, marker: str) -> None:
    ax.errorbar(100 * share.share, len(rows), xerr=200 * share.standard_error, fmt=marker, color=colour, capsize=3, ms=5)
    rows.append(label)
