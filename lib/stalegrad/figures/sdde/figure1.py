"""Figure 1: paths of ASGD and SGD beside their equations, and what a path cannot show (SDDE-F1)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import plot
from stalegrad.algorithms.sgd import sgd
from stalegrad.engine.simulate import simulate
from stalegrad.limits.sdde import sdde
from stalegrad.moments import delay
from stalegrad.problems import quadratic

Array = np.ndarray
ETA, CURVATURE, LAG, START = delay.FIGURE1.values()
LOOKS = {
    "asgd": plot.line("asgd"),
    "sdde": {**plot.line("sme-asgd"), "label": "SDDE"},
    "sgd": plot.line("sgd"),
    "sde": {**plot.line("sme-sgd"), "label": "SDE"},
}


def square(sigma2: float):
    r"""F = x^2 + const as the average of two components with gradients :math:`2x\pm\sigma`."""
    shift = np.sqrt(sigma2) / CURVATURE
    return quadratic([[shift], [-shift]], curvature=CURVATURE)


def asgd_paths(sigma2: float, n_steps: int, n_paths: int, seed: int) -> Array:
    """Paths (n_steps + 1, n_paths) of ASGD as the figure runs it: the first `LAG` steps read the newest iterate."""
    signs = np.random.Generator(np.random.Philox(seed)).choice([-1.0, 1.0], size=(n_steps, n_paths))
    paths = np.full((n_steps + 1, n_paths), START)
    for k in range(n_steps):
        seen = paths[k] if k < LAG else paths[k - LAG]
        paths[k + 1] = paths[k] - ETA * (CURVATURE * seen + np.sqrt(sigma2) * signs[k])
    return paths


def one_path_each(sigma2: float, n_steps: int, seed: int) -> dict[str, Array]:
    """One path of each of the four, with noises of their own."""
    problem = square(sigma2)
    models = {"sdde": sdde(problem, ETA, LAG), "sgd": sgd(problem, ETA), "sde": sdde(problem, ETA, 0)}
    paths = {"asgd": asgd_paths(sigma2, n_steps, 1, seed)[:, 0]}
    for i, (name, model) in enumerate(models.items()):
        paths[name] = simulate(model, START, n_paths=1, n_steps=n_steps, seed=seed + 1 + i, keep="paths").paths[0, :, 0]
    return paths


def exact(sigma2: float, n_steps: int) -> dict[str, tuple[Array, Array]]:
    """Mean and variance of the four at steps 0 .. n_steps, and of ASGD with a frozen past ("frozen")."""
    times = ETA * np.arange(n_steps + 1)
    found = {
        name: delay.constant_delay(CURVATURE, ETA, lag, sigma2, START, n_steps, first)
        for name, lag, first in (("asgd", LAG, LAG), ("frozen", LAG, 0), ("sgd", 0, 0))
    }
    for name, lag in (("sdde", LAG), ("sde", 0)):
        tau = lag * ETA
        found[name] = delay.mean_path(CURVATURE, tau, START, times), delay.variance(CURVATURE, tau, ETA * sigma2, times)
    return found


def draw_paths(paths: dict[str, Array]):
    """SDDE-F1: (a) ASGD and SDDE, (b) SGD and SDE."""
    with plot.style():
        fig, axes = plt.subplots(1, 2, figsize=(11.0, 4.2), sharey=True)
        for ax, pair, title in zip(axes, (("asgd", "sdde"), ("sgd", "sde")), ("(a) delay 10", "(b) no delay"), strict=True):
            for name in pair:
                ax.plot(paths[name], **{**LOOKS[name], "lw": 1.0})
            ax.set(xlabel="iteration $k$", title=title)
            ax.legend()
        axes[0].set(ylabel="$x$")
    return fig, dict(paths)


def draw_moments(found: dict[str, tuple[Array, Array]], sampled: dict[str, Array], at: Array):
    """SDDE-F1-moments: errors of the means from ASGD, and variances, exact (lines) and over many paths of ASGD (points)."""
    mean, spread = found["asgd"]
    steps = np.arange(len(mean))
    errors = {
        "SDDE": (found["sdde"][0] - mean, LOOKS["sdde"]),
        "SDDE, against ASGD with frozen past": (found["sdde"][0] - found["frozen"][0], {"color": "#000000", "linestyle": ":"}),
        "SDE (no delay)": (found["sde"][0] - mean, LOOKS["sde"]),
    }
    with plot.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(11.0, 4.4))
        for label, (values, look) in errors.items():
            left.plot(steps[:600], values[:600], **{**look, "label": label})
        left.errorbar(
            at[at < 600],
            (sampled["mean"] - mean[at])[at < 600],
            2 * sampled["error"][at < 600],
            fmt="o",
            ms=3,
            color="#0072B2",
            label="ASGD, sampled",
        )
        left.set(xlabel="iteration $k$", ylabel="mean less that of ASGD", ylim=(-0.03, 0.22))
        left.legend()
        for name, look in LOOKS.items():
            right.plot(steps, found[name][1], **look)
        right.plot(at, sampled["variance"], "o", ms=3, color="#0072B2", label="ASGD, sampled")
        right.set(xlabel="iteration $k$", ylabel="variance")
        right.legend()
    numbers = {f"{name} {what}": values for name, pair in found.items() for what, values in zip(("mean", "variance"), pair, strict=True)}
    return fig, {**{name: values[::10] for name, values in numbers.items()}, "at": at, **sampled}


def sample(sigma2: float, at: Array, n_paths: int, seed: int) -> dict[str, Array]:
    """Mean, its standard error, and variance of ASGD at the steps `at`, over many paths."""
    paths = asgd_paths(sigma2, int(at.max()), n_paths, seed)[at]
    variance = paths.var(axis=1)
    return {"mean": paths.mean(axis=1), "variance": variance, "error": np.sqrt(variance / n_paths)}
