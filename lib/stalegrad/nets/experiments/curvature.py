r"""How curved the objective of a network is where training passes, in its sharpest direction.

The largest eigenvalue of the Hessian by power iteration, with :math:`Hu\approx[g(x+\epsilon u)-g(x-\epsilon u)]/2\epsilon` over a fixed
sample of images, in double precision; and along its direction u the curvatures :math:`u^TH_iu` of single images, whose mean h and
variance s^2 say how noisy curvature is: on a quadratic with curvatures drawn so, SGD's second moments grow from the step
:math:`2h/(h^2+s^2)` on, its mean from 2/h on.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stalegrad.nets.driver import train
from stalegrad.nets.extra import torch
from stalegrad.nets.objectives import build
from stalegrad.nets.spec import Spec

SAMPLE = 999_983
"""Seed of the images that curvature is measured on."""
WIDTH = 1e-6
"""Of the differences: so small that no rectifier changes side between the two points."""


class Curvature(NamedTuple):
    """In the sharpest direction, at some points on the way of a run."""

    steps: np.ndarray
    """(T,) local steps made."""
    largest: np.ndarray
    """(T,) h, curvature of the mean over the images."""
    spread: np.ndarray
    """(T,) s, standard deviation over single images."""

    @property
    def mean_edge(self) -> np.ndarray:
        """(T,) 2 / h."""
        return 2.0 / self.largest

    @property
    def single_edge(self) -> np.ndarray:
        """(T,) 2 h / (h^2 + s^2), for gradients of single images."""
        return 2.0 * self.largest / (self.largest**2 + self.spread**2)


def along_sgd(eta: float = 0.05, n_steps: int = 300, looks: int = 3, seed: int = 100, images: int = 256, iterations: int = 12) -> Curvature:
    """Curvature on the way of SGD with batches of 32, at the start and at `looks` equal times after it.

    Notes
    -----
    Deterministic. The spread over 256 images is good to some ten per cent; power iteration is stopped after
    `iterations` and gives a lower bound, good where the largest eigenvalue stands apart.
    """
    path = train(
        Spec("sgd", eta=eta, seed=seed, options={"dtype": "float64"}, n_steps=n_steps, evaluations=looks), build("mlp", (("dtype", "float64"),))
    )
    objective = build("mlp", (("batch", 1), ("dtype", "float64")))
    keys = np.array([(SAMPLE, 0, i) for i in range(images)])
    found = [_sharpest(objective, x, keys, iterations) for x in path.snapshots["x"]]
    return Curvature(np.linspace(0, n_steps, looks + 1), *np.array(found).T)


def _sharpest(objective, x, keys: np.ndarray, iterations: int) -> tuple[float, float]:
    """Largest curvature, and the spread of single images along its direction."""
    u = objective.gradients(x.expand(len(keys), -1), keys).mean(0)
    for _ in range(iterations):
        u = u / u.norm()
        products = _products(objective, x, u, keys)
        u = products.mean(0)
    direction = u / u.norm()
    single = _products(objective, x, direction, keys) @ direction
    return float(single.mean()), float(single.std())


def _products(objective, x, u, keys: np.ndarray) -> torch.Tensor:
    """Products (images, D) of the Hessians of single images with u."""
    ends = [objective.gradients((x + side * WIDTH * u).expand(len(keys), -1), keys) for side in (1.0, -1.0)]
    return (ends[0] - ends[1]) / (2.0 * WIDTH)
