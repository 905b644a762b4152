"""Networks as functions of a flat parameter vector, a stack of vectors at a time.

A model has `dim`, `dropped`, `start`, `gradients` and `logits`: see `MLP`, written by hand, and `general.Module`, for any torch module.
"""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol

import numpy as np

from stalegrad.engine.checks import whole
from stalegrad.engine.streams import uniforms
from stalegrad.nets.extra import torch
from stalegrad.nets.keyed import START, words

Tensor = torch.Tensor


class Model(Protocol):
    """What an objective asks of a network with D parameters."""

    dim: int
    """D."""
    dropped: tuple[int, ...]
    """Number of units of each dropout layer; () for none."""

    def start(self, seed: int) -> np.ndarray:
        """Initial parameters (D,)."""

    def gradients(self, x: Tensor, images: Tensor, labels: Tensor, kept: tuple[Tensor, ...]) -> Tensor:
        """Gradients (n, D) of the mean cross-entropy at x (n, D), of images (n, b, channels, height, width) with labels (n, b).

        `kept` has for each dropout layer the factors (n, b, units) of its units: 0, or 1 / (1 - rate).
        """

    def logits(self, x: Tensor, images: Tensor) -> Tensor:
        """Outputs (n, m, classes) for the same images (m, channels, height, width) at every x (n, D), without dropout."""


class MLP(NamedTuple):
    r"""One hidden layer of rectified units: logits $W_2^T \max(W_1^T u + b_1, 0) + b_2$ of the pixels u.

    The flat vector is ($W_1$, $b_1$, $W_2$, $b_2$), with $W_1$ (pixels, hidden) and $W_2$ (hidden, classes) row by row.

    Examples
    --------
    >>> MLP().dim
    13258
    """

    pixels: int = 196
    hidden: int = 64
    classes: int = 10

    @property
    def dim(self) -> int:
        """Number of parameters."""
        return (self.pixels + 1) * self.hidden + (self.hidden + 1) * self.classes

    @property
    def dropped(self) -> tuple[int, ...]:
        """No dropout."""
        return ()

    def start(self, seed: int) -> np.ndarray:
        """As `start_of_layers`, biases zero."""
        weights = [
            start_of_layers(seed, i, inputs * outputs, inputs)
            for i, (inputs, outputs) in enumerate(((self.pixels, self.hidden), (self.hidden, self.classes)))
        ]
        return np.concatenate([weights[0], np.zeros(self.hidden), weights[1], np.zeros(self.classes)])

    def parts(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Views of x (n, D): W1 (n, pixels, hidden), b1 (n, hidden), W2 (n, hidden, classes), b2 (n, classes)."""
        w1, b1, w2, b2 = x.split((self.pixels * self.hidden, self.hidden, self.hidden * self.classes, self.classes), dim=1)
        return w1.unflatten(1, (self.pixels, self.hidden)), b1, w2.unflatten(1, (self.hidden, self.classes)), b2

    def gradients(self, x: Tensor, images: Tensor, labels: Tensor, kept: tuple[Tensor, ...] = ()) -> Tensor:
        """As `Model.gradients`, by back-propagation written out; each product is written where the gradient keeps it."""
        u, parts = images.flatten(2), self.parts(x)
        hidden, logits = forward(*parts, u)
        error = cross_entropy_slope(logits, labels)
        back = torch.bmm(error, parts[2].mT).mul_(hidden > 0)
        gradient = torch.empty_like(x)
        to_w1, to_b1, to_w2, to_b2 = self.parts(gradient)
        torch.bmm(u.mT, back, out=to_w1)
        torch.sum(back, 1, out=to_b1)
        torch.bmm(hidden.mT, error, out=to_w2)
        torch.sum(error, 1, out=to_b2)
        return gradient

    def logits(self, x: Tensor, images: Tensor) -> Tensor:
        """As `Model.logits`."""
        u = images.flatten(1)
        return forward(*self.parts(x), u.expand(len(x), *u.shape))[1]


def forward(w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor, u: Tensor) -> tuple[Tensor, Tensor]:
    """Hidden units (n, b, hidden) and logits (n, b, classes) of an `MLP` for pixels u (n, b, pixels)."""
    hidden = torch.baddbmm(b1.unsqueeze(1), u, w1).relu_()
    return hidden, torch.baddbmm(b2.unsqueeze(1), hidden, w2)


def cross_entropy_slope(logits: Tensor, labels: Tensor) -> Tensor:
    """Gradient of the mean cross-entropy of a batch in its logits (n, b, classes): (softmax - one at the label) / b."""
    slope = torch.softmax(logits, dim=2)
    minus_one = slope.new_full((1, 1, 1), -1.0).expand(*labels.shape, 1)
    return slope.scatter_add_(2, labels.unsqueeze(2), minus_one).div_(labels.shape[1])


def start_of_layers(seed: int, layer: int, count: int, fan_in: int) -> np.ndarray:
    r"""Weights of one layer, uniform between $\pm 1/\sqrt{\text{inputs of a unit}}$: what Torch does by default, as the thesis used it.

    They are a function of (seed, layer), the same for every version of torch and every device.
    """
    whole(seed, "seed", 0)
    return (2.0 * uniforms(words([(seed, layer, 0)], count, START)[0]) - 1.0) / math.sqrt(fan_in)
