"""Streaming PCA by asynchronous momentum SGD (Liu et al., key PCA)."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np

from stalegrad import staleness as laws
from stalegrad.algorithms.delayed import Past
from stalegrad.engine.alias import AliasTable, alias_table
from stalegrad.engine.checks import fraction, positive
from stalegrad.engine.process import Process
from stalegrad.engine.streams import Tape
from stalegrad.problems.streaming import StreamingData


class PCAState(NamedTuple):
    """v_k, v_{k-1} and what can be read."""

    v: np.ndarray
    """(d, paths)"""
    before: np.ndarray
    """(d, paths)"""
    past: Past


class PCADraw(NamedTuple):
    """What is random in one step."""

    tau: np.ndarray
    """(paths,) staleness of the read."""
    x: np.ndarray
    """(d, paths) the datum X_k."""


def streaming_pca(data, eta: float, momentum: float = 0.0, staleness=None, observe="error") -> Process:
    r"""Async-MSGD for streaming PCA, $v_{k+1}=v_k+\mu(v_k-v_{k-1})+\eta(I-ww^T)X_kX_k^Tw$ with $w=v_{k-\tau_k}$ (claim PCA-5).

    The past is at rest, $v_{-i}=v_0=v_1$, the start given to `simulate`; its step k is the paper's step k + 1. Nothing keeps v on the sphere but
    the rule itself: with long delays, momentum near 1 or rare large data it leaves for infinity, which `Ensemble.diverged` counts.

    Parameters
    ----------
    data : StreamingData
        From `problems.streaming_data`: eigenvalues, law and rotation.
    eta : float
        Step size, positive.
    momentum : float
        The paper's mu, in [0, 1).
    staleness : Staleness, optional
        Law of the delay tau_k, the same for all k and independent; no delay by default.
    observe : str or tuple of str
        What is recorded, names of `OBSERVABLES`. With h = Q^T v, the point in the basis of the eigenvectors:
        "error", :math:`1-h_1^2/|h|^2`, the squared sine of the angle to the optimum; "distance2", :math:`\min_\pm|v\mp v^1|^2`;
        "tail2", :math:`h_2^2+\dots+h_d^2`; "norm2", :math:`|v|^2`; "h", all d coordinates. All but the last are free of the sign of v.

    Raises
    ------
    ValueError
        For data of another kind, a rate that is not positive, a momentum outside [0, 1) or an unknown name to observe.

    Notes
    -----
    One step stands for the time dt = eta. Near the optimum the mean of :math:`h_1` moves with curvature 2 lambda_1, that of :math:`h_i`
    with lambda_1 - lambda_i: long delays break the former first.

    References
    ----------
    Liu, Li, Shi, Zhou and Zhao (2018), Section 2.

    Examples
    --------
    >>> import stalegrad as sg
    >>> process = sg.streaming_pca(sg.problems.streaming_data([4.0, 3.0, 2.0, 1.0]), 0.0005, 0.9, sg.constant(10))
    >>> run = sg.simulate(process, [0.0, 1.0, 0.0, 0.0], n_paths=100, n_steps=5000)
    >>> bool(run.mean[0, 0] == 1.0), bool(run.mean[-1, 0] < 0.05)
    (True, True)
    """
    if not isinstance(data, StreamingData):
        raise ValueError(f"data={data!r} is no stream of data: give problems.streaming_data(...)")
    eta, momentum = positive(eta, "eta"), fraction(momentum, "momentum")
    staleness = laws.none() if staleness is None else staleness
    if not isinstance(staleness, laws.Staleness):
        raise ValueError(f"staleness={staleness!r} is no law: give constant(...), uniform(...), geometric(...), ...")
    table, observed = alias_table(staleness.table), _observed(observe)
    return Process(
        name="streaming_pca",
        problem=data,
        parameters={"eta": eta, "momentum": momentum, "staleness": staleness, "observe": observed},
        dt=eta,
        init=partial(at_rest, table.longest),
        draw=partial(draw, data, table),
        step=partial(pca_step, eta, momentum),
        observe=partial(look, data, observed),
        kernel=("pca", "streaming_pca"),
        arguments=partial(_arguments, data, table, observed, momentum, eta),
        stability="Take a shorter delay, less momentum or a smaller eta: about eta lambda_1 tau < (1 - momentum) pi / 4. A start at 0 has no angle.",
        observed=observed,
        columns=sum(data.dim if name == "h" else 1 for name in observed),
    )


def at_rest(longest: int, v: np.ndarray) -> PCAState:
    """v_{-i} = v_0 = v_1."""
    return PCAState(v, v, Past((v,), longest))


def draw(data: StreamingData, table: AliasTable, tape: Tape, k: int) -> PCADraw:
    """The datum of step k, and a staleness from a word of its own, but for a law on a single value."""
    tau = np.full(len(tape.paths), table.longest)
    if is_random(table):
        tau = table.draw(tape.words(k, 1)[0] >> np.uint64(1))
    return PCADraw(tau, data.rows(tape, k, 1)[0])


def is_random(table: AliasTable) -> bool:
    """Whether the delay has more than one value."""
    return bool((table.pmf()[: table.longest] > 0.0).any())


def pca_step(eta: float, momentum: float, state: PCAState, draw: PCADraw) -> PCAState:
    """v' = v + momentum (v - before) + eta (1 - w w^T) x x^T w, with w the delayed read."""
    v, w, x = state.v, state.past.read(draw.tau), draw.x
    share = (x * w).sum(axis=0)  # x^T w
    moved = v + momentum * (v - state.before) + eta * (x - w * share) * share
    return PCAState(moved, v, state.past.push(moved))


def tail2(h: np.ndarray) -> np.ndarray:
    """h_2^2 + ... + h_d^2 (paths,)."""
    return (h[1:] ** 2).sum(axis=0)


OBSERVABLES = {
    "error": lambda h: tail2(h) / (h[0] ** 2 + tail2(h)),
    "distance2": lambda h: tail2(h) + (abs(h[0]) - 1.0) ** 2,
    "tail2": tail2,
    "norm2": lambda h: h[0] ** 2 + tail2(h),
    "h": lambda h: h,
}
"""What can be recorded, from h = Q^T v (d, paths)."""


def look(data: StreamingData, observed: tuple[str, ...], state: PCAState) -> np.ndarray:
    """The observables, one below the other (columns, paths)."""
    h = data.to_eigenbasis(state.v)
    return np.vstack([OBSERVABLES[name](h) for name in observed])


def _observed(names) -> tuple[str, ...]:
    names = (names,) if isinstance(names, str) else tuple(names)
    unknown = [name for name in names if name not in OBSERVABLES]
    if unknown or not names:
        raise ValueError(f"observe={list(names)!r} is not possible: give one or more of {', '.join(OBSERVABLES)}")
    return names


def _arguments(data: StreamingData, table: AliasTable, observed: tuple[str, ...], momentum: float, eta: float, n_steps: int) -> tuple:
    return (
        data.compiled,
        data.roots,
        table.entries,
        table.index_bits,
        table.longest,
        is_random(table),
        np.array([list(OBSERVABLES).index(name) for name in observed]),
        np.empty((0, data.dim)) if data.rotation is None else data.rotation.copy(),
        momentum,
        eta,
        n_steps,
    )
