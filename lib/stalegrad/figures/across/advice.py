"""Advice in use: a run and its log, the region of stability around it, and five situations with what the advised change gains.

Gains are measured where the advice does not look: on a queue of workers, whose delays are dependent, wherever the algorithm allows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import plot, schedule
from stalegrad.advice import Situation, asynchronous, batches, elastic, search
from stalegrad.advice.asynchronous import goal_of
from stalegrad.advice.confirm import final, mode_problem, standard_error
from stalegrad.advice.modes import Mode, Setting
from stalegrad.algorithms.async_momentum import async_msgd
from stalegrad.algorithms.downpour import downpour
from stalegrad.algorithms.elastic import easgd
from stalegrad.cluster.log import LogWriter
from stalegrad.engine.simulate import simulate
from stalegrad.figures.maps import colour_bar, mark, radius_map
from stalegrad.problems import gamma_quadratic

Array = np.ndarray
SPEEDS = (1.0, 1.0, 1.0, 1.0, 1.0, 0.25)
"""Six workers, one of them slow."""
PATHS, QUEUED = 4096, 1024
"""Paths, and paths with a queue of workers each."""


def log_a_queue(path: Path, speeds=SPEEDS, n_updates: int = 4000, seed: int = 0) -> Path:
    """Write the log of a run of workers with exponential service times, as a parameter server would.

    A worker reads right after its own push, so the update of step k was read at the version that its previous push made.
    """
    ran = schedule.events(schedule.queue(speeds), len(speeds), n_updates, seed=seed)
    version, read_at = np.zeros(len(speeds), int), np.zeros(len(speeds))
    with LogWriter(path, {"algorithm": "asgd", "workers": len(speeds)}) as log:
        for k, (worker, time) in enumerate(zip(ran.worker[:, 0].tolist(), ran.time[:, 0].tolist(), strict=True)):
            log.append(f"{worker}:{k}", worker, int(version[worker]), k + 1, float(read_at[worker]), time)
            version[worker], read_at[worker] = k + 1, time
    return path


def region(situation: Situation, etas: Array, momenta: Array) -> Array:
    """Factor of the second moments, of the worst mode, over learning rate (columns) and momentum (rows)."""
    return np.array([[search.worst_radius(situation.modes, Setting(eta, m, situation.batch), situation.law) for eta in etas] for m in momenta])


def edges(situation: Situation, momenta: Array) -> Array:
    """The learning rate at which each momentum loses stability."""
    return np.array([search.edge(situation.modes, Setting(situation.eta, m, situation.batch), situation.law) for m in momenta])


def curve(situation: Situation, etas: Array) -> Array:
    """What the situation asks for, by learning rate at the momentum of now; infinite where it is out of reach."""
    goal = goal_of(situation)
    return np.array([goal(situation.modes, Setting(eta, situation.momentum, situation.batch), situation.law) for eta in etas])


def draw(situation: Situation, eta: float, etas: Array, momenta: Array, factors: Array, edge: Array, along: Array, values: Array, label: str):
    """The region of stability with the learning rate of now and the advised `eta`, and what each learning rate costs.

    `factors` (momenta, etas) from `region`, `edge` (momenta,) from `edges`; `values` at the learning rates `along` from `curve`.

    Returns
    -------
    fig, numbers
    """
    with plot.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(11.5, 4.4))
        mesh = radius_map(left, etas, momenta, factors, levels=(0.99, 0.999), smallest=float(np.nanmin(factors)), edge=(edge, momenta))
        mark(left, situation.eta, situation.momentum, "printed", "now")
        mark(left, eta, situation.momentum, "optimum", "advised")
        left.set(
            xscale="log",
            xlim=(etas[0], etas[-1]),
            xlabel=r"learning rate $\eta$",
            ylabel="momentum",
            title="transient: factor of the second moment a step",
        )
        left.legend(loc="upper right", borderpad=0.8, labelspacing=1.0)
        colour_bar(fig, mesh, left, "factor (grey: 1 or more)")
        reached = np.isfinite(values)
        right.plot(along[reached], values[reached], **{**plot.line("exact"), "label": f"exact, momentum {situation.momentum:g}"})
        right.axvline(situation.eta, color="#D55E00", linestyle="--", label="now")
        right.axvline(eta, color="#0072B2", linestyle=":", label="advised")
        right.set(
            xscale="log", yscale="log", xlim=(etas[0], etas[-1]), xlabel=r"learning rate $\eta$", ylabel=label, title="what a learning rate costs"
        )
        fig.legend(*right.get_legend_handles_labels(), loc="outside lower right", ncols=3)
    numbers = {"eta": etas, "momentum": momenta, "factor": factors, "edge": edge, "along": along, "cost": np.where(reached, values, np.nan)}
    return fig, numbers | {"now": np.array([situation.eta, situation.momentum]), "advised": np.array([eta])}


@dataclass(frozen=True)
class Outcome:
    """What an advised change does in a simulated run: mean squared errors at equal numbers of gradients, path by path."""

    name: str
    change: str
    where: str
    now: float
    advised: float
    difference: float
    error: float
    gradients: int

    @property
    def interval(self) -> tuple[float, float]:
        """Approximate 95 % interval of the paired difference, now less advised."""
        return self.difference - 1.96 * self.error, self.difference + 1.96 * self.error


def outcome(name: str, change: str, where: str, before: Array, after: Array, gradients: int) -> Outcome:
    """From the squared errors of the same paths under the two settings."""
    difference = before - after
    return Outcome(name, change, where, float(before.mean()), float(after.mean()), float(difference.mean()), standard_error(difference), gradients)


def on_a_queue(modes: tuple[Mode, ...], eta: float, speeds, start: float, n_steps: int, seed: int, n_paths: int = QUEUED) -> Array:
    """Squared errors of asynchronous SGD on a real queue of workers, whose delays are dependent; the sum over modes, a path each.

    The modes share the events, since a schedule draws from a stream of its own.
    """
    total = np.zeros(n_paths)
    for mode in modes:
        process = downpour(mode_problem(mode), eta, len(speeds), schedule=schedule.queue(speeds))
        total += simulate(process, start, n_paths=n_paths, n_steps=n_steps, seed=seed, keep="final").final[:, 0] ** 2
    return total


def from_a_log(situation: Situation, speeds, n_steps: int, seed: int) -> Outcome:
    """Her log, her learning rate, and the one that is advised."""
    advised = asynchronous.rate(situation).value["eta"]
    before, after = (on_a_queue(situation.modes, eta, speeds, situation.start, n_steps, seed) for eta in (situation.eta, advised))
    change = f"eta {situation.eta:g} to {advised:.3g}"
    return outcome("a log of six workers, one slow", change, "queue of workers", before, after, n_steps)


def momentum_kept(seed: int) -> Outcome:
    """Momentum 0.9 and a rate that served one worker well are kept when seven more push."""
    situation = Situation((0.5, 5.0), eta=0.01, momentum=0.9, noise=0.5, n_workers=8, start=3.0, budget=300)
    best = asynchronous.momentum(situation).value
    before, after = (_ends(situation, setting, 300, seed) for setting in (situation.setting, Setting(best["eta"], best["momentum"])))
    change = f"momentum 0.9 to {best['momentum']:.3g}, eta 0.01 to {best['eta']:.3g}"
    return outcome("momentum kept from one worker", change, "independent delays", before, after, 300)


def target_missed(seed: int) -> Outcome:
    """A rate at which the noise keeps the run from its target."""
    situation = Situation((0.5, 2.0), eta=0.1, noise=1.0, n_workers=4, start=2.0, target=0.02)
    line = asynchronous.rate(situation)
    steps = int(line.gain["steps to target"]["advised"])
    before, after = (on_a_queue(situation.modes, eta, (1.0,) * 4, 2.0, steps, seed) for eta in (0.1, line.value["eta"]))
    return outcome("a target below the noise level", f"eta 0.1 to {line.value['eta']:.3g}", "queue of workers", before, after, steps)


def batch_grown(seed: int) -> Outcome:
    """A constant batch of 8, against the schedule with the same number of gradients."""
    situation = Situation((0.5, 2.0), eta=0.05, batch=8, noise=1.0, n_workers=4, start=2.0, budget=8000)
    sizes = batches.schedule(situation).value["sizes"]
    slowest = mode_problem(situation.modes[0])
    runs = [
        simulate(async_msgd(slowest, 0.05, 0.0, situation.law, batch), 2.0, n_paths=PATHS, n_steps=n, seed=seed, keep="final").final[:, 0] ** 2
        for batch, n in ((8, 1000), (sizes, len(sizes)))
    ]
    return outcome("a constant batch of 8", f"batch 1, growing to {sizes[-1]}", "independent delays", *runs, 8000)


def elastic_pull(seed: int) -> Outcome:
    """Least squares with Gaussian inputs on sixteen elastic workers, alpha = beta / p."""
    situation = Situation((1.0, 1.0), eta=0.2, relative_noise=2.0, n_workers=16)
    (line,) = (line for line in elastic.lines(situation) if line.topic == "elastic rates and eta")
    best, (alpha, beta), steps = line.value, elastic.rates_of_now(situation), 12
    runs = [
        simulate(easgd(gamma_quadratic(0.5, 0.5), *rates, 16), 1.0, n_paths=PATHS, n_steps=steps, seed=seed, keep="final").final[:, 0] ** 2
        for rates in ((0.2, alpha, beta), (best["eta"], best["alpha"], best["beta"]))
    ]
    change = f"eta 0.2 to {best['eta']:.3g}, alpha {alpha:.3g} to {best['alpha']:.3g}, beta {beta:g} to {best['beta']:.3g}"
    return outcome("sixteen elastic workers", change, "synchronous EASGD", *runs, steps * 16)


def _ends(situation: Situation, setting: Setting, n_steps: int, seed: int) -> Array:
    return sum(final(mode_problem(mode), situation, setting, situation.start, n_steps, seed)[:, 0] ** 2 for mode in situation.modes)
