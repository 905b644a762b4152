r"""Advice on asynchronous elastic averaging: its moving rate alpha, from the exact moments of Algorithm 1.

At each turn one of p workers, drawn at random, makes a step and an exchange (period 1). Where workers start alike four second moments close, of
one worker, of two, of worker and centre, and of the centre, :math:`(E x_i^2, E x_ix_j, E x_i\tilde x, E\tilde x^2)`. With
:math:`a=1-\eta h-\alpha` and c the variance of the drawn curvature over h^2 (divided by the batch), a turn takes them to

.. math::
    E x_i^2 &\to (1-\tfrac1p)E x_i^2+\tfrac1p\left[(a^2+c\,\eta^2h^2)E x_i^2+2a\alpha E x_i\tilde x+\alpha^2E\tilde x^2+\eta^2\sigma^2\right],\\
    E x_ix_j &\to (1-\tfrac2p)E x_ix_j+\tfrac2p\left[aE x_ix_j+\alpha E x_i\tilde x\right],\\
    E x_i\tilde x &\to \tfrac1p\left[a\alpha E x_i^2+(a(1-\alpha)+\alpha^2)E x_i\tilde x+\alpha(1-\alpha)E\tilde x^2\right]
        +(1-\tfrac1p)\left[(1-\alpha)E x_i\tilde x+\alpha E x_ix_j\right],\\
    E\tilde x^2 &\to (1-\alpha)^2E\tilde x^2+2\alpha(1-\alpha)E x_i\tilde x+\alpha^2E x_i^2.

Claim: EASGD-async-easgd.
"""

from __future__ import annotations

import math

import numpy as np

from stalegrad.advice import words
from stalegrad.advice.asynchronous import ALIGNED, APART, QUADRATIC
from stalegrad.advice.confirm import AGREEMENT, PATHS, mode_problem, standard_error
from stalegrad.advice.modes import Mode
from stalegrad.advice.report import Check, Line
from stalegrad.advice.situation import Situation
from stalegrad.algorithms.asynchronous import async_easgd
from stalegrad.engine.simulate import simulate
from stalegrad.moments.asynchronous import safe_alpha
from stalegrad.moments.spectra import spectral_radius_of

Array = np.ndarray
CLAIMS = ("EASGD-async-easgd",)
RANDOM = "at each turn a worker drawn at random makes one step and one exchange (period 1)"
ANY_ORDER = "what is known of all orders and periods is the mean"
LEAST_ALPHA, LARGEST_ALPHA, REACH = 1e-4, 2.0, 7.0
"""Where alpha is looked for, and how far below 2 / h_max the logarithm of eta."""
POINTS, ZOOMS, SHRINK = 25, 20, 0.6
"""Points of a grid along alpha and eta, and grids, each a share of the one before, that close in."""


def turn(h: float, eta, alpha, p: int, relative: float = 0.0) -> Array:
    r"""The map of the four second moments in one turn, (..., 4, 4); `relative` is c over the batch.

    Examples
    --------
    >>> turn(1.0, 0.5, 0.0, 1)[0, 0].item()
    0.25
    """
    eta, alpha = np.broadcast_arrays(np.asarray(eta, float), np.asarray(alpha, float))
    step, zero, one = eta * h, np.zeros(eta.shape), np.ones(eta.shape)
    a, share, kept = 1.0 - step - alpha, one / p, 1.0 - alpha
    worker = [1.0 - share + share * (a**2 + relative * step**2), zero, 2.0 * share * a * alpha, share * alpha**2]
    pair = [zero, 1.0 - 2.0 * share + 2.0 * share * a, 2.0 * share * alpha, zero]
    mixed = [
        share * a * alpha,
        (1.0 - share) * alpha,
        share * (a * kept + alpha**2) + (1.0 - share) * kept,
        share * alpha * kept,
    ]
    centre = [alpha**2, zero, 2.0 * alpha * kept, kept**2]
    return np.moveaxis(np.array([worker, pair, mixed, centre]), (0, 1), (-2, -1))


def factor(situation: Situation, eta, alpha) -> Array:
    """Factor of the second moments in p turns, as many gradients as a synchronous step has, for the worst of the outermost curvatures."""
    p, relative = situation.n_workers, situation.relative_noise / situation.batch
    return np.maximum.reduce([spectral_radius_of(turn(mode.h, eta, alpha, p, relative)) for mode in situation.modes]) ** p


def least(situation: Situation, free_eta: bool) -> dict[str, float]:
    """{"eta", "alpha", "factor"} of the smallest factor over alpha > 0, eta that of now or free; grids close in on log eta and log alpha."""
    top = math.log(2.0 / situation.modes[-1].h)
    low = np.array([top - REACH if free_eta else math.log(situation.eta), math.log(LEAST_ALPHA)])
    high = np.array([top if free_eta else math.log(situation.eta), math.log(LARGEST_ALPHA)])
    centre, half = 0.5 * (low + high), 0.5 * (high - low)
    best = {"factor": math.inf}
    for _ in range(ZOOMS):
        ends = np.maximum(centre - half, low), np.minimum(centre + half, high)
        log_eta, log_alpha = np.meshgrid(np.linspace(ends[0][0], ends[1][0], POINTS if free_eta else 1), np.linspace(ends[0][1], ends[1][1], POINTS))
        factors = factor(situation, np.exp(log_eta), np.exp(log_alpha))
        at = np.unravel_index(np.argmin(factors), factors.shape)
        centre, half = np.array([log_eta[at], log_alpha[at]]), SHRINK * half
        best = min(best, {"eta": math.exp(centre[0]), "alpha": math.exp(centre[1]), "factor": float(factors[at])}, key=lambda one: one["factor"])
    return best


def level(situation: Situation, mode: Mode, eta: float, alpha: float) -> float:
    """Stationary second moment of the centre along a mode; infinite where there is none."""
    moved = turn(mode.h, eta, alpha, situation.n_workers, situation.relative_noise / situation.batch)
    if spectral_radius_of(moved) >= 1.0:
        return math.inf
    return float(np.linalg.solve(np.eye(4) - moved, _source(situation, mode, eta))[3])


def lines(situation: Situation, alpha: float) -> list[Line]:
    """Whether `alpha` is stable, and the best one at the eta of now and with an eta that suits it."""
    now = float(factor(situation, situation.eta, alpha))
    found = [_edge(situation, alpha, now)]
    found.append(_rates("asynchronous elastic rate", situation, alpha, now, least(situation, free_eta=False)))
    found.append(_rates("asynchronous elastic rate and eta", situation, alpha, now, least(situation, free_eta=True)))
    return found


def _edge(situation: Situation, alpha: float, now: float) -> Line:
    h = situation.modes[-1].h
    step = situation.eta * h
    seen = f"With workers in random order that exchange in every step the mean squared error {'is stable' if now < 1.0 else 'GROWS'}."
    if step >= 2.0:
        text = f"eta h = {step:.3g} is 2 or more: no alpha is known to be stable for every order of the workers. Take eta below {2.0 / h:.4g}. {seen}"
        return Line("elastic stability", text, {"alpha": 0.0, "factor": now}, CLAIMS, (QUADRATIC, ANY_ORDER))
    edge = safe_alpha(step)
    verdict = "stable" if 0.0 < alpha < edge else "NOT known to be stable"
    text = f"asynchronous EASGD at alpha = {alpha:.4g} is {verdict} in mean, whatever the order of workers and the period: that needs "
    return Line("elastic stability", f"{text}0 < alpha < {edge:.4g}. {seen}", {"alpha": edge, "factor": now}, CLAIMS, (QUADRATIC, ANY_ORDER))


def _rates(topic: str, situation: Situation, alpha: float, now: float, best: dict[str, float]) -> Line:
    several = situation.relative_noise and len(situation.modes) > 1
    assumes = (QUADRATIC, RANDOM, *[APART] * (not situation.relative_noise), *[ALIGNED] * bool(several))
    folds = [words.fold(now), words.fold(best["factor"])]
    gain: dict = {"steps per factor e": {"now": folds[0], "advised": folds[1]}}
    rates = f"eta = {best['eta']:.4g}, alpha = {best['alpha']:.4g}"
    if best["factor"] >= 1.0:
        text = f"no alpha is stable at eta = {best['eta']:.4g}, with workers in random order that exchange in every step; take a smaller eta."
        return Line(topic, text, best | {"keep": True}, CLAIMS, assumes, gain)
    if now < 1.0 and folds[1] > 0.98 * folds[0]:
        return Line(topic, f"keep alpha = {alpha:.4g}: {rates} would gain less than 2%.", best | {"keep": True}, CLAIMS, assumes, gain)
    text = f"{rates}. Buys: {words.transient(*folds, f'with alpha = {alpha:.4g} at this eta')}; "
    text += f"a step stands for {situation.n_workers} turns, {situation.n_workers * situation.batch} gradients."
    if situation.noise:
        levels = [max(level(situation, mode, *at) for mode in situation.modes) for at in ((situation.eta, alpha), (best["eta"], best["alpha"]))]
        gain["variance in the long run"] = {"now": levels[0], "advised": levels[1]}
        text += f" The variance of the centre in the long run is {levels[1]:.3g} (before {levels[0]:.3g})."
    return Line(topic, text, best | {"keep": False}, CLAIMS, assumes, gain, check(situation, best))


def _source(situation: Situation, mode: Mode, eta: float) -> Array:
    return np.array([eta**2 * mode.noise / (situation.batch * situation.n_workers), 0.0, 0.0, 0.0])


def check(situation: Situation, best: dict[str, float]) -> Check:
    """The advised rates on the mode that is slowest under them, against the four moments."""
    p, relative, eta, alpha = situation.n_workers, situation.relative_noise / situation.batch, best["eta"], best["alpha"]
    mode = max(situation.modes, key=lambda mode: float(spectral_radius_of(turn(mode.h, eta, alpha, p, relative))))
    turns = p * int(np.clip(3.0 * words.fold(best["factor"]), 5, 2000))
    moved, moments = turn(mode.h, eta, alpha, p, relative), np.ones(4)
    for _ in range(turns):
        moments = moved @ moments + _source(situation, mode, eta)
    problem = mode_problem(Mode(mode.h, mode.noise / situation.batch, relative))
    paths = situation.paths or PATHS
    run = simulate(async_easgd(problem, eta, alpha, p), 1.0, n_paths=paths, n_steps=turns, keep="final").final[:, 0] ** 2
    error = standard_error(run)
    numbers = {"steps": turns, "advised": float(run.mean()), "advised, standard error": error, "exact advised": float(moments[3])}
    agrees = abs(run.mean() - moments[3]) <= AGREEMENT * error + 1e-12
    return Check(f"{paths} paths of {turns} turns, the centre on the slowest mode", bool(agrees), None, numbers, compares=False)
