"""Advice on elastic averaging: the moving rates alpha and beta, with the corrected rules of sections 5.1 and 5.2.

With additive noise the drift decides: the radius of (5.19) over the whole system, workers included, is made least for the worst curvature. With
multiplicative noise it is the radius of the second moments (5.34), for Gamma noise of shape 1/c.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.ndimage import minimum_filter
from scipy.optimize import minimize

from stalegrad.advice import turns, words
from stalegrad.advice.asynchronous import ALIGNED, APART, QUADRATIC
from stalegrad.advice.confirm import AGREEMENT, PATHS, standard_error
from stalegrad.advice.report import Check, Line
from stalegrad.advice.situation import Situation
from stalegrad.algorithms.elastic import easgd
from stalegrad.engine.simulate import simulate
from stalegrad.moments import of
from stalegrad.moments.additive_noise import drift_radius, full_optimum
from stalegrad.moments.gamma_noise import easgd_radius
from stalegrad.problems import gamma_quadratic, noisy_quadratic
from stalegrad.theory import formula

Array = np.ndarray
BETA = 0.9
"""The thesis' beta; with alpha = beta / p it is what is compared with where no rates are given."""
ALPHAS, BETAS, REACH = (-1.5, 1.5), (0.005, 1.0), 6.0
"""Where the moving rates are looked for, and how far below 2 / h_max the logarithm of eta. With beta above 1 the centre overshoots the average."""
STARTS, ZOOMS, SHRINK, FINE, POLISH = 4, 10, 0.65, 100.0, 0.1
NONE = 0.005
"""No pull on the workers is advised where it costs no more than this share of the rate."""
UNSEEN = 1e-5
"""Moving rates of the workers nearer to 0 than the search can tell."""
SYNCHRONOUS = "all workers exchange in every step (period 1, Jacobi form)"


def missing(situation: Situation) -> str:
    """Why there is nothing on elastic averaging; empty where there is."""
    if situation.n_workers < 2:
        return "Elastic averaging: one worker has nothing to average; give the number of workers."
    if situation.momentum > 0.0:
        return (
            f"Elastic averaging: momentum is {situation.momentum:g}, with which the best alpha is known by search at single curvatures only "
            "(EASGD-eamsgd-optimal), of no use for a range; ask with momentum 0."
        )
    return ""


def lines(situation: Situation) -> list[Line]:
    """What `turns` has for asynchronous workers; for synchronous ones alpha and beta at the learning rate of now, and with one that suits them."""
    alpha, beta = rates_of_now(situation)
    now = worst(situation, situation.eta, alpha, beta)
    at_rate = least(situation, free_eta=False)
    free = least(situation, free_eta=True)
    return [
        *turns.lines(situation, alpha),
        _line("elastic rates", situation, now, at_rate),
        _line("elastic rates and eta", situation, now, free),
    ]


def rates_of_now(situation: Situation) -> tuple[float, float]:
    """alpha and beta as given; else beta = 0.9 or p alpha, and alpha = beta / p."""
    beta = situation.beta
    if beta is None:
        beta = BETA if situation.alpha is None else situation.n_workers * situation.alpha
    return (beta / situation.n_workers if situation.alpha is None else situation.alpha), beta


def _before(situation: Situation) -> str:
    """What advice is compared with: the rates of now, or the usual ones where none are set."""
    if situation.alpha is not None or situation.beta is not None:
        return "now"
    alpha, beta = rates_of_now(situation)
    return f"with alpha = {alpha:.4g} and beta = {beta:g} at this eta"


def worst(situation: Situation, eta, alpha, beta) -> Array:
    """Factor of the second moments for the worst of the outermost curvatures; arguments broadcast."""
    radii = [_radius(situation, mode.h, eta, alpha, beta) for mode in situation.modes]
    return np.maximum.reduce(radii)


def _radius(situation: Situation, h: float, eta, alpha, beta) -> Array:
    if situation.relative_noise == 0.0:
        return drift_radius(np.multiply(eta, h), alpha, beta) ** 2
    shape = situation.batch / situation.relative_noise
    return easgd_radius(eta, alpha, beta, situation.n_workers, shape, shape / h)


def least(situation: Situation, free_eta: bool) -> dict[str, float]:
    """{"eta", "alpha", "beta", "factor"} of the smallest factor; eta that of now, or free as well.

    Grids close in on the lowest points, in log eta, asinh(100 alpha) and the logit of beta / 2: optima may lie near 0.
    """
    top = math.log(2.0 / situation.modes[-1].h)
    low = np.array([top - REACH if free_eta else math.log(situation.eta), math.asinh(FINE * ALPHAS[0]), _logit(BETAS[0])])
    high = np.array([top if free_eta else math.log(situation.eta), math.asinh(FINE * ALPHAS[1]), _logit(BETAS[1])])
    none = np.array([1.0, 0.0, 1.0])
    apart = _lowest_point(situation, low * none, high * none, (25 if free_eta else 1, 1, 15))
    found = _lowest_point(situation, low, high, (25 if free_eta else 1, 31, 15))
    found = min((_polished(situation, start, low, high) for start in (found, apart)), key=lambda found: found["factor"])
    unseen = abs(found["alpha"]) < UNSEEN
    no_loss = apart["factor"] < 1.0 and words.fold(apart["factor"]) <= (1.0 + NONE) * words.fold(found["factor"])
    return apart if unseen or no_loss else found


def _polished(situation: Situation, found: dict[str, float], low: Array, high: Array) -> dict[str, float]:
    """By the simplex of Nelder and Mead: where modes or roots meet the valley is a narrow crease along no axis, which grids lose."""
    moves = np.flatnonzero(high > low)
    centre = np.array([math.log(found["eta"]), math.asinh(FINE * found["alpha"]), _logit(found["beta"])])

    def rates(shift: Array) -> tuple[Array, Array, Array]:
        at = centre.copy()
        at[moves] += shift
        return _rates(np.clip(at, low, high))

    simplex = np.vstack([np.zeros(len(moves)), POLISH * np.eye(len(moves))])
    best = minimize(lambda shift: float(worst(situation, *rates(shift))), simplex[0], method="Nelder-Mead", options={"initial_simplex": simplex})
    eta, alpha, beta = (float(value) for value in rates(best.x))
    return {"eta": eta, "alpha": alpha, "beta": beta, "factor": float(best.fun)}


def _lowest_point(situation: Situation, low: Array, high: Array, points: tuple[int, ...]) -> dict[str, float]:
    """From the lowest local minima of a first grid, grids that close in; there are several valleys."""
    axes, factor = _grid(situation, low, high, points)
    valleys = np.argwhere((factor == minimum_filter(factor, size=3, mode="nearest")) & (factor < 1.0))
    valleys = sorted(map(tuple, valleys), key=lambda at: factor[at])[:STARTS] or [np.unravel_index(np.argmin(factor), factor.shape)]
    spacing = (high - low) / np.maximum(np.array(points) - 1, 1)
    return min((_zoomed(situation, axes[(slice(None), *at)], 1.5 * spacing, low, high) for at in valleys), key=lambda found: found["factor"])


def _zoomed(situation: Situation, centre: Array, half: Array, low: Array, high: Array) -> dict[str, float]:
    points = tuple(1 if width == 0.0 else n for width, n in zip(half, (7, 9, 9), strict=True))
    for _ in range(ZOOMS):
        axes, factor = _grid(situation, np.maximum(centre - half, low), np.minimum(centre + half, high), points)
        at = np.unravel_index(np.argmin(factor), factor.shape)
        centre, half = axes[(slice(None), *at)], SHRINK * half
    eta, alpha, beta = (float(value) for value in _rates(centre))
    return {"eta": eta, "alpha": alpha, "beta": beta, "factor": float(factor[at])}


def _grid(situation: Situation, low: Array, high: Array, points: tuple[int, ...]) -> tuple[Array, Array]:
    """Coordinates (3, ...) of a grid and the factors on it."""
    axes = np.array(np.meshgrid(*(np.linspace(*ends, n) for *ends, n in zip(low, high, points, strict=True)), indexing="ij"))
    return axes, worst(situation, *_rates(axes))


def _rates(axes: Array) -> tuple[Array, Array, Array]:
    """eta, alpha, beta from the coordinates of the search."""
    return np.exp(axes[0]), np.sinh(axes[1]) / FINE, 2.0 / (1.0 + np.exp(-axes[2]))


def _logit(beta: float) -> float:
    return math.log(beta / (2.0 - beta))


def _line(topic: str, situation: Situation, now: float, best: dict[str, float]) -> Line:
    additive = situation.relative_noise == 0.0
    claims = ("EASGD-5.19", "EASGD-easgd-full-optimal") if additive else ("EASGD-5.34", "EASGD-easgd-finite-p", "EASGD-easgd-infinite-p")
    assumes = (
        (QUADRATIC, SYNCHRONOUS, APART) if additive else (QUADRATIC, SYNCHRONOUS, f"Gamma noise of shape {1 / situation.relative_noise:.3g}", ALIGNED)
    )
    gain = {"steps per factor e": {"now": words.fold(now), "advised": words.fold(best["factor"])}}
    rates = f"eta = {best['eta']:.4g}, alpha = {best['alpha']:.4g}, beta = {best['beta']:.4g}"
    if best["factor"] >= 1.0:
        text = f"no alpha and beta are stable at eta = {best['eta']:.4g}; take a smaller eta."
        return Line(topic, text, best | {"keep": True}, claims, assumes, gain)
    if now < 1.0 and words.fold(best["factor"]) > 0.98 * words.fold(now):
        text = "keep alpha = {:.4g} and beta = {:.4g}: ".format(*rates_of_now(situation)) + f"{rates} would gain less than 2%."
        return Line(topic, text, best | {"keep": True}, claims, assumes, gain)
    text = f"{rates}. Buys: {words.transient(words.fold(now), words.fold(best['factor']), _before(situation))}; "
    text += f"a step is {situation.n_workers * situation.batch} gradients."
    if best["alpha"] == 0.0:
        text += " No pull on the workers contracts faster than these; beta then only smooths, and any from there to 1 does about as well."
    if additive and len(situation.modes) == 1 and topic == "elastic rates":
        rule = full_optimum(best["eta"] * situation.modes[0].h, best["beta"])
        text += f" At this beta the corrected rule gives alpha = {float(rule['alpha']):.4g}."
    if additive and situation.noise:
        gain["variance in the long run"] = _levels(situation, best)
        text += " The variance of the centre in the long run is {advised:.3g} (before {now:.3g}).".format(**gain["variance in the long run"])
    return Line(
        topic,
        text,
        best | {"keep": False},
        claims + (("EASGD-5.14",) if additive and situation.noise else ()),
        assumes,
        gain,
        _check(situation, best),
    )


def _levels(situation: Situation, best: dict[str, float]) -> dict[str, float]:
    """Stationary variance of the centre, now and as advised, in the mode where it is largest."""
    alpha, beta = rates_of_now(situation)

    def largest(eta, alpha, beta) -> float:
        given = {"eta": eta, "alpha": alpha, "beta": beta, "sigma": math.sqrt(situation.noise / situation.batch), "p": situation.n_workers}
        return max(float(formula("EASGD-5.14").numeric(h=mode.h, **given)["x2"]) for mode in situation.modes)

    return {"now": largest(situation.eta, alpha, beta), "advised": largest(best["eta"], best["alpha"], best["beta"])}


def _check(situation: Situation, best: dict[str, float]) -> Check:
    """The advised rates on the mode that is slowest under them, against exact moments of the same process."""
    radii = [float(_radius(situation, mode.h, best["eta"], best["alpha"], best["beta"])) for mode in situation.modes]
    mode = situation.modes[int(np.argmax(radii))]
    shape = situation.batch / situation.relative_noise if situation.relative_noise else 0.0
    sigma = math.sqrt(mode.noise / situation.batch)
    problem = gamma_quadratic(shape, shape / mode.h) if shape else noisy_quadratic(mode.h, sigma=sigma)
    process = easgd(problem, best["eta"], best["alpha"], best["beta"], situation.n_workers)
    steps = int(np.clip(3.0 * words.fold(max(radii)), 5, 2000))
    exact = float(of(process, 1.0, steps).second_moment[-1, 0, 0])
    paths = situation.paths or PATHS
    run = simulate(process, 1.0, n_paths=paths, n_steps=steps, keep="final").final[:, 0] ** 2
    numbers = {"steps": steps, "advised": float(run.mean()), "advised, standard error": standard_error(run), "exact advised": exact}
    agrees = abs(run.mean() - exact) <= AGREEMENT * standard_error(run) + 1e-12
    return Check(f"{paths} paths of {steps} steps of the centre on the slowest mode", bool(agrees), None, numbers, compares=False)
