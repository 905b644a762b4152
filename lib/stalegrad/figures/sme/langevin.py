"""Figures of sections 2.1 and A: the expected read, the Gibbs law, asynchrony beside momentum (SME-2.3, SME-2.5, SME-P1, SME-5.2)."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from scipy.signal import lfilter
from scipy.stats import norm

from stalegrad import moments, plot
from stalegrad.algorithms.asgd import asgd
from stalegrad.algorithms.momentum import msgd
from stalegrad.figures.sme.axes import staleness_axis
from stalegrad.limits.sme import sme_msgd
from stalegrad.staleness import geometric
from stalegrad.theory import formula

Array = np.ndarray


def expected_reads(paths: Array, mu: float) -> Array:
    r"""Expected reads :math:`m_k=\mu m_{k-1}+(1-\mu)x_k` along `paths` (..., n_steps + 1), from a past frozen at the start."""
    start = paths[..., :1]
    return start + lfilter([1.0 - mu], [1.0, -mu], paths - start, axis=-1)


def draw_reads(x: Array, m: Array, p: Array):
    """SME-2.3-read: one path of ASGD with its expected read; and the reads of all paths in the plane of m and p.

    Parameters
    ----------
    x, m : ndarray (n_paths, n_steps + 1)
    p : ndarray (n_paths, n_steps)

    Returns
    -------
    fig, numbers
        The figure, and what it shows by name, for `plot.save`.
    """
    read = {**plot.line("sme-asgd"), "label": r"expected read $m_k$"}
    with plot.style():
        fig, (left, right) = plt.subplots(1, 2, figsize=(10.0, 4.0))
        left.plot(x[0], **{**plot.line("asgd"), "label": r"iterate $x_k$", "linewidth": 0.8})
        left.plot(m[0], **read)
        left.set(xlabel="step k", ylabel="one path")
        left.legend()
        for path, momenta in zip(m, p, strict=True):
            right.plot(path[1:], momenta, color=read["color"], linestyle="-", linewidth=0.6)
        right.plot(m[:, 1], p[:, 0], "o", color="black", label="first step")
        right.set(xlabel=r"expected read $m_k$", ylabel=r"momentum $p_k$, per unit of time of the limit")
        right.legend()
    return fig, {"x": x[0], "m": m, "p": p}


def draw_gibbs(M: Array, P: Array, theta: float, a: float, bins: int = 40):
    """SME-2.5-gibbs: histograms of position and momentum beside the Gibbs law at temperature `theta`, f = a m^2 / 2."""
    numbers = {}
    with plot.style():
        fig, axes = plt.subplots(1, 2, figsize=(10.0, 4.0))
        for ax, name, sample, variance in zip(axes, "MP", (M, P), (theta / a, theta), strict=True):
            edges = np.linspace(-4.0, 4.0, bins + 1) * np.sqrt(variance)
            density, _ = np.histogram(sample, edges, density=True)
            line = np.linspace(edges[0], edges[-1], 201)
            gibbs = norm.pdf(line, scale=np.sqrt(variance))
            ax.stairs(density, edges, fill=True, color="#56B4E9", alpha=0.6, label="simulated (2.5)")
            ax.plot(line, gibbs, **{**plot.line("exact"), "label": "Gibbs law"})
            ax.set(xlabel=f"${name}$", ylabel="density")
            ax.legend()
            numbers |= {f"{name} histogram": density, f"{name} Gibbs": gibbs, f"{name} edges": edges}
    return fig, numbers


def matched_variances(problem, eta: float, mus: Array) -> dict[str, Array]:
    r"""Stationary variance of the iterate: ASGD and the matched momentum SGD, exact; X and M of the limit, by formula.

    Matched means :math:`\mu'=\mu`, :math:`\eta'=\eta(1-\mu)` (SME-P1). In units of the level :math:`\Sigma\eta/(2a)` that the equal
    temperatures give, with the sampling covariance for Sigma.
    """
    a, Sigma = problem.curvature, problem.gradient_covariance(problem.minimisers[0])[0, 0]
    level = formula("SME-temperature").numeric(Sigma=Sigma, eta=eta, mu=0.0, eta_prime=eta, momentum=0.0)["asgd"] / a
    late = [moments.stationary(asgd(problem, eta, geometric(mu))).second_moment[0, 0] for mu in mus]
    heavy = [moments.stationary(msgd(problem, eta * (1.0 - mu), mu)).second_moment[0, 0] for mu in mus]
    iterate = formula("SME-stationary").numeric(Sigma=Sigma, eta=eta, mu=mus, a=a)["x2"]
    variances = {"asgd": np.array(late), "msgd": np.array(heavy), "sme-asgd": iterate, "exact": np.full(len(mus), level)}
    return {name: variance / level for name, variance in variances.items()}


def draw_matched(mus: Array, found: dict[str, Array]):
    """SME-P1-variance: those variances against mu."""
    looks = {
        "exact": {"linewidth": 5.0, "alpha": 0.25, "label": r"limit, expected read $M$: the law of Proposition 1"},
        "asgd": {"label": "ASGD, iterate, exact"},
        "sme-asgd": {"label": r"limit, iterate $X=M+\alpha P$"},
        "msgd": {"label": "matched momentum SGD, iterate, exact"},
    }
    with plot.style():
        fig, ax = plt.subplots(figsize=(8.0, 4.6))
        for name, look in looks.items():
            ax.plot(mus, found[name], **{**plot.line(name), **look})
        ax.set(yscale="log", ylabel=r"stationary variance, in units of $\Sigma\eta/(2a)$")
        staleness_axis(ax, mus, r"staleness and momentum parameter $\mu$")
        ax.legend()
    return fig, {"mu": mus, **found}


def scheme_errors(problem, friction: float, steps: Array) -> dict[str, Array]:
    r"""Relative error of the stationary variance of momentum SGD and of the Euler scheme of SME-MSGD, against (2.7).

    Parameters
    ----------
    friction : float
        :math:`(1-\mu')/\sqrt{\eta'}`, held fixed.
    steps : ndarray
        :math:`\Delta t=\sqrt{\eta'}`.
    """
    a, Sigma = problem.curvature, problem.gradient_covariance(problem.minimisers[0])[0, 0]
    found = {"msgd": [], "sme-msgd": []}
    for dt in steps:
        eta, momentum = dt**2, 1.0 - friction * dt
        values = {"Sigma": Sigma, "eta": eta, "mu": momentum, "eta_prime": eta, "momentum": momentum}
        level = formula("SME-temperature").numeric(**values)["msgd"] / a
        for name, model in (("msgd", msgd(problem, eta, momentum)), ("sme-msgd", sme_msgd(problem, eta, momentum))):
            found[name].append(moments.stationary(model).second_moment[0, 0] / level - 1.0)
    return {name: np.array(error) for name, error in found.items()}


def draw_schemes(steps: Array, errors: dict[str, Array]):
    """SME-5.2-order: those errors against the step."""
    labels = {"msgd": "momentum SGD itself", "sme-msgd": "Euler-Maruyama scheme of (2.7)"}
    markers = {"msgd": "o", "sme-msgd": "s"}
    with plot.style():
        fig, ax = plt.subplots(figsize=(7.0, 4.2))
        for name, error in errors.items():
            ax.plot(steps, np.abs(error), **{**plot.line(name), "label": labels[name]}, marker=markers[name], markersize=4)
        ax.set(xscale="log", yscale="log", xlabel=r"step $\Delta t=\sqrt{\eta'}$", ylabel="relative error of the stationary variance")
        ax.legend()
    return fig, {"dt": steps, **errors}
