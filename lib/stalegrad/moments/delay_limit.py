r"""Exact moments of the delay equation (SDDE-6) itself, for a constant delay, linear gradients and noise that is the same everywhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stalegrad.engine.square_root import square_root
from stalegrad.moments import delay
from stalegrad.moments.components import linear_of
from stalegrad.moments.continuous import Gradients
from stalegrad.moments.system import Array, Moments


@dataclass(frozen=True)
class LinearDelay:
    r""":math:`dX = -A\,(X(t-\tau) - x^*)\,dt + \text{noise}^{1/2}\,dB`, with X = past before time 0."""

    A: Array
    tau: float
    minimum: Array
    noise: Array
    past: Array | None

    def at(self, start: Array, times: Array) -> Moments:
        """Moments at the given times."""
        rates, vectors = np.linalg.eigh(self.A)
        begin, past = (vectors.T @ (point - self.minimum) for point in (start, start if self.past is None else self.past))
        paths = [delay.mean_path(a, self.tau, x, times, xi) for a, x, xi in zip(rates, begin, past, strict=True)]
        mean = self.minimum + np.transpose(paths) @ vectors.T
        return Moments(mean, delay.covariance(self.A, self.tau, self.noise, times) + mean[:, :, None] * mean[:, None, :])

    def exponent(self) -> float:
        """V, the largest real part of a characteristic root."""
        return delay.characteristic_exponent_of(self.A, self.tau)


def equation(model) -> LinearDelay:
    """The linear delay equation that a limit made by `sdde` is, or a ValueError where its moments have no closed form."""
    values = model.parameters
    law, eta, delta = values["delay"], values["eta"], values["delta"]
    if np.count_nonzero(law.table) > 1:
        raise ValueError(f"delay={law!r} is random: the limit has no closed moments; use moments.of for its scheme, or a constant delay")
    if "rates" in values:
        raise ValueError("rates that change with time leave no closed moments; use moments.of for the scheme")
    gradients = Gradients(_linear(model.problem, values.get("Sigma")))
    if not gradients.is_additive:
        raise ValueError("the gradient noise depends on the point, which leaves no closed moments: give a constant Sigma, or use moments.of")
    minimum = np.linalg.lstsq(gradients.hessian, -gradients.mean[:, -1], rcond=None)[0]
    if not np.allclose(gradients.hessian @ minimum, -gradients.mean[:, -1], atol=1e-12):
        raise ValueError("the objective has no minimum, so that its gradient is not linear about a point; use moments.of")
    noise = eta**2 / (delta * values["batch"]) * gradients.at(minimum)[1]
    return LinearDelay(eta / delta * gradients.hessian, law.max * delta, minimum, noise, _past(values.get("history")))


def with_noise(linear: tuple[Array, Array], Sigma) -> tuple[Array, Array]:
    """Components (H, b) with the same mean gradient and the constant covariance Sigma."""
    H, b = linear[0].mean(axis=0), linear[1].mean(axis=0)
    steps = np.sqrt(len(b)) * square_root(np.reshape(np.asarray(Sigma, float), (len(b), len(b), 1)))[:, :, 0].T
    return np.array([H] * 2 * len(b)), np.concatenate([b + steps, b - steps])


def _linear(problem, Sigma) -> tuple[Array, Array]:
    linear = linear_of(problem)
    return linear if Sigma is None else with_noise(linear, Sigma)


def _past(history: Array | None) -> Array | None:
    if history is None or len(history) == 0:
        return None
    if not np.allclose(history, history[0]):
        raise ValueError("a history that changes has no closed form here: give a constant point, or use moments.of for the scheme")
    return history[0]
