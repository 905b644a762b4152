"""Pictures of Section 6.1.2: six runs of a setting, chosen runs over each other, breakdowns against the rate, an episode of traffic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import plot
from stalegrad.figures.training import trees
from stalegrad.nets.trace import Trace

PANELS = {"train_loss": "training loss", "train_error": "training error", "test_loss": "test loss", "test_error": "test error"}
SCALED = "scaled: Fashion-MNIST, MLP"
NAMES = {"multiscale": "scheme 1", "up_down": "scheme 2", "easgd": "EASGD", "downpour": "DOWNPOUR"}
LINES = {"multiscale": {**plot.line("easgd"), "label": "scheme 1"}, "up_down": {**plot.line("eamsgd"), "label": "scheme 2"}}


def runs(traces: Sequence[Trace], title: str):
    """Figures 6.3 to 6.10: the four measures of the root for runs a, b, c, ... of one setting; those that broke down are dashed."""
    with plot.style():
        fig, axes = plt.subplots(1, 4, figsize=(14.0, 3.4))
        for i, trace in enumerate(traces):
            lost = trees.broken(trace)
            for ax, measure in zip(axes, PANELS, strict=True):
                ax.plot(trace.time, trace[measure], linewidth=1.1, linestyle="--" if lost else "-", label="abcdefghij"[i] + " (broken)" * lost)
        _finish(fig, axes, f"{title} ({SCALED})", len(traces))
    return fig, {"time": traces[0].time} | {measure: np.array([trace[measure] for trace in traces]).T for measure in PANELS}


def chosen(traces: Mapping[str, Trace], title: str):
    """Figures 6.11 and 6.12: one run a label."""
    with plot.style():
        fig, axes = plt.subplots(1, 4, figsize=(14.0, 3.6))
        for label, trace in traces.items():
            for ax, measure in zip(axes, PANELS, strict=True):
                ax.plot(trace.time, trace[measure], linewidth=1.3, label=label)
        _finish(fig, axes, f"{title} ({SCALED})", 4 if len(traces) <= 4 else 3)
    return fig, {f"{label}, {measure}": trace[measure] for label, trace in traces.items() for measure in PANELS}


def breakdowns(scan: Mapping[str, Sequence[Trace]], edges: Mapping[str, Sequence[float]]):
    """Share of runs that break down against the rate, by scheme, with Wilson's intervals; `edges` are rates of the quadratic model."""
    numbers = {}
    with plot.style():
        fig, axes = plt.subplots(1, 2, figsize=(12.0, 4.0))
        for k, (scheme, traces) in enumerate(scan.items()):
            rates, values, down, up = trees.bars({eta: trees.share(runs) for eta, runs in trees.by_rate(traces).items()})
            moved = rates * (1.0 + 0.03 * k)
            axes[0].errorbar(moved, values, yerr=(down, up), marker="o", capsize=3, **LINES[scheme])
            losses = np.array([[trace["train_loss"][-1] for trace in runs] for runs in trees.by_rate(traces).values()])
            axes[1].plot(moved, losses, "o", markersize=3, color=LINES[scheme]["color"])
            axes[1].plot(moved, np.median(losses, axis=1), **LINES[scheme])
            numbers |= {f"{scheme}, share": values, f"{scheme}, below": down, f"{scheme}, above": up, f"{scheme}, loss": losses, "rate": rates}
        for (label, places), colour in zip(edges.items(), ("grey", "black")):
            for ax in axes:
                ax.axvspan(min(places), max(places), alpha=0.15, color=colour, label=label)
            numbers |= {label: np.asarray(places)}
        for ax in axes:
            ax.set(xlabel=r"learning rate $\eta$", xscale="log")
            ax.set_xticks(rates, [f"{rate:.3f}" for rate in rates])
            ax.minorticks_off()
        axes[0].set(ylabel="share of runs that break down", ylim=(-0.05, 1.05), title=f"batch 1, slow periods ({SCALED})")
        axes[1].set(ylabel="training loss at the end", title="each run, and the median")
        _legend(fig, axes[0], 4)
    return fig, numbers


def episode(with_traffic: Sequence[Trace], without: Sequence[Trace], begin: float, end: float):
    """Training loss of the root with and without a slow episode of the network."""
    with plot.style():
        fig, ax = plt.subplots(figsize=(7.0, 3.6))
        for traces, look, label in ((without, "easgd", "steady network"), (with_traffic, "eamsgd", "slow episode")):
            for k, trace in enumerate(traces):
                ax.plot(trace.time, trace["train_loss"], linewidth=1.1, **{**plot.line(look), "label": label if k == 0 else None})
        ax.axvspan(begin, end, alpha=0.15, color="grey")
        ax.set(xlabel="virtual time (leaf steps)", ylabel="training loss", title=f"scheme 2, momentum 0.99 ({SCALED})")
        ax.legend()
    curves = {"with": with_traffic, "without": without}
    return fig, {"time": without[0].time} | {name: np.array([trace["train_loss"] for trace in traces]).T for name, traces in curves.items()}


def _finish(fig, axes, title: str, columns: int) -> None:
    for ax, label in zip(axes, PANELS.values(), strict=True):
        ax.set(xlabel="virtual time (leaf steps)", title=label)
    fig.suptitle(title)
    _legend(fig, axes[0], columns)


def _legend(fig, ax, columns: int) -> None:
    handles, labels = ax.get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=columns)
