"""Objectives by name, as a `Spec` asks for them: plain numbers and words only.

| name | what | its own options |
|---|---|---|
| mlp | one hidden layer (the default of the training chapters) | hidden |
| conv | small convolutional network | together |
| cifar7 | the thesis' 7-layer network of Section 4.1, on random crops | crop, together |
| cifar_lowrank | the thesis' low-rank network of Section 6.1.2 | together |
| noisy_quadratic | `sg.problems.noisy_quadratic` from x0, no network | x0, curvature, sigma |

All networks take `data`: "working" (Fashion-MNIST, else digits) or a name of `data.load`; `batch`; `l2`; `dtype`: "float32" or "float64";
`evaluated`, the numbers of training, validation and test images that are looked at; `loaders_for`: the number of workers that the thesis'
data loaders serve (`sampling.thesis_sampler`), or 0 for images drawn with replacement; and `device`, "cpu" or "cuda". `together` is that
of `general.Module`: gradients computed at a time, 1 on a CPU.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache

import numpy as np

LOOKED_AT = (2_500, 2_500, 5_000)


def mlp(
    data: str = "working",
    hidden: int = 64,
    batch: int = 32,
    l2: float = 0.0,
    dtype: str = "float32",
    evaluated=LOOKED_AT,
    loaders_for: int = 0,
    device: str = "cpu",
):
    """`models.MLP`."""
    from stalegrad.nets.models import MLP

    images = _images(data)
    return _objective(images, MLP(int(np.prod(images.shape)), hidden, images.classes), batch, l2, dtype, evaluated, loaders_for, device)


def conv(
    data: str = "working",
    batch: int = 32,
    l2: float = 0.0,
    dtype: str = "float32",
    evaluated=LOOKED_AT,
    loaders_for: int = 0,
    device: str = "cpu",
    together: int = 1,
):
    """`general.convnet`."""
    from stalegrad.nets.general import convnet

    images = _images(data)
    return _objective(images, convnet(images.shape, classes=images.classes, together=together), batch, l2, dtype, evaluated, loaders_for, device)


def cifar7(
    data: str = "cifar-10",
    crop: int = 28,
    batch: int = 128,
    l2: float = 1e-4,
    dtype: str = "float32",
    evaluated=LOOKED_AT,
    loaders_for: int = 0,
    device: str = "cpu",
    together: int = 1,
):
    """`thesis_models.cifar7`."""
    from stalegrad.nets.thesis_models import cifar7

    return _objective(_images(data), cifar7(together), batch, l2, dtype, evaluated, loaders_for, device, crop)


def cifar_lowrank(
    data: str = "cifar-10",
    batch: int = 1,
    l2: float = 1e-4,
    dtype: str = "float32",
    evaluated=LOOKED_AT,
    loaders_for: int = 0,
    device: str = "cpu",
    together: int = 1,
):
    """`thesis_models.cifar_lowrank`."""
    from stalegrad.nets.thesis_models import cifar_lowrank

    return _objective(_images(data), cifar_lowrank(together), batch, l2, dtype, evaluated, loaders_for, device)


def noisy_quadratic(x0: float = 1.0, curvature: float = 1.0, sigma: float = 1.0):
    """`analytic.Analytic` of the additive noise model."""
    from stalegrad.nets.analytic import Analytic
    from stalegrad.problems import noisy_quadratic

    return Analytic(noisy_quadratic(curvature, sigma), [x0])


OBJECTIVES: dict[str, Callable] = {maker.__name__: maker for maker in (mlp, conv, cifar7, cifar_lowrank, noisy_quadratic)}


@lru_cache(maxsize=8)
def build(name: str, options: tuple = ()):
    """The objective of that name; the same object for the same options.

    Raises
    ------
    ValueError
        For an unknown name, or an option that the objective does not know.

    Examples
    --------
    >>> build("noisy_quadratic", (("sigma", 0.0),)).dim
    1
    """
    if name not in OBJECTIVES:
        raise ValueError(f"objective={name!r} is unknown: give one of {', '.join(OBJECTIVES)}")
    known = inspect.signature(OBJECTIVES[name]).parameters
    unknown = [option for option, _ in options if option not in known]
    if unknown:
        raise ValueError(f"option {unknown[0]!r} is unknown to the objective {name}: it takes {', '.join(known)}")
    return OBJECTIVES[name](**dict(options))


def digest(objective) -> str:
    """What names the data of an objective."""
    return objective.digest if hasattr(objective, "digest") else objective.data.digest


@lru_cache(maxsize=4)
def _images(data: str):
    from stalegrad.nets.data import load, standardised, working

    return standardised(working() if data == "working" else load(data))


def _objective(images, model, batch: int, l2: float, dtype: str, evaluated, loaders_for: int, device: str, crop: int | None = None):
    from stalegrad.nets.extra import torch
    from stalegrad.nets.objective import network
    from stalegrad.nets.sampling import thesis_sampler

    if dtype not in ("float32", "float64"):
        raise ValueError(f"dtype={dtype!r} is unknown: give 'float32' or 'float64'")
    if device != "cpu" and not torch.cuda.is_available():
        raise ValueError(f"device={device!r} cannot be used, as torch finds no CUDA device here: leave device out, or give 'cpu'")
    sampler = thesis_sampler(len(images.labels), batch, loaders_for) if loaders_for else None
    return network(images, model, batch, l2, sampler, crop, evaluated, getattr(torch, dtype), device)
