"""Section 4.1: networks layer by layer, the data loaders, and the learning rates of Tables 4.1 to 4.3. Claims EASGD-TAB4.1 to EASGD-TAB4.3."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np

from stalegrad import plot
from stalegrad.figures.training.comparison import LOOKS, label
from stalegrad.nets.experiments.comparison import FAMILIES

if TYPE_CHECKING:  # it needs torch
    from stalegrad.nets.thesis_models import Layer

Array = np.ndarray


def count(layer: Layer, before: tuple[int, int, int]) -> int:
    """Parameters of a layer whose input has the shape `before`: weights and biases."""
    if "C" in layer.does:
        return layer.shape[0] * (before[0] * layer.kernel[0] * layer.kernel[1] + 1)
    return layer.shape[0] * (int(np.prod(before)) + 1) if "L" in layer.does else 0


def layers(shape: tuple[int, int, int], chain: tuple[Layer, ...]) -> list[str]:
    """Lines for printing: operators, kernel with stride, the printed shape, the shape that follows from kernel and stride, parameters."""
    lines = [f"{'input':6} {'':12} {shape!s:>15}"]
    for layer in chain:
        follows = layer.output(shape)
        kernel = "" if "L" in layer.does else f"{layer.kernel[0]}x{layer.kernel[1]} by {layer.stride[0]}"
        lines.append(f"{layer.does:6} {kernel:12} {layer.shape!s:>15} {follows!s:>15} {count(layer, shape):>11,}")
        shape = layer.shape
    return lines


def seen(sampler, n_images: int, steps: int, n_workers: int, seed: int = 0) -> Array:
    """How often each image (n_images,) is in the batches of all workers' first local steps."""
    keys = [(seed, worker, step) for step in range(steps) for worker in range(n_workers)]
    return np.bincount(sampler(keys).ravel(), minlength=n_images)


def draw_rates():
    """EASGD-TAB4.1: the rates tried for each method, the thesis' above and ours below."""
    names = list(FAMILIES)
    numbers = {}
    with plot.style():
        fig, ax = plt.subplots(figsize=(8.0, 4.6))
        for row, (name, family) in enumerate(FAMILIES.items()):
            colour = LOOKS[name][0]
            ax.plot(family.printed, np.full(len(family.printed), row - 0.15), "o", color=colour, fillstyle="none")
            ax.plot(family.rates, np.full(len(family.rates), row + 0.15), "o", color=colour)
            numbers[name] = np.array(family.rates)
            numbers[f"{name}, printed"] = np.array(family.printed)
        ax.plot([], [], "o", color="grey", fillstyle="none", label="Table 4.1: CIFAR-10, 7-layer network")
        ax.plot([], [], "o", color="grey", label="here, scaled: Fashion-MNIST, MLP")
        ax.set(xscale="log", xlabel=r"learning rate $\eta$", yticks=range(len(names)), yticklabels=map(label, names))
        ax.invert_yaxis()
        fig.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return fig, numbers


def draw_seen(counts: dict[str, Array], title: str):
    """EASGD-TAB4.1-loader: share of the images that were drawn so many times, by sampler."""
    most = max(int(values.max()) for values in counts.values())
    numbers = {name: np.bincount(values, minlength=most + 1) / len(values) for name, values in counts.items()}
    with plot.style():
        fig, ax = plt.subplots()
        for place, (name, shares) in enumerate(numbers.items()):
            ax.bar(np.arange(most + 1) + 0.4 * (place - 0.5), shares, 0.4, label=name, hatch="//" * place, edgecolor="white")
        ax.set(xlabel="times that an image was drawn", ylabel="share of the images", title=title, xticks=range(most + 1))
        ax.legend()
    return fig, {"times": np.arange(most + 1), **numbers}


def draw_images(images: Array, labels: Array, classes: int, title: str):
    """EASGD-TAB4.1-images: the first training image (n, 1, height, width) of each class."""
    first = np.array([np.flatnonzero(labels == k)[0] for k in range(classes)])
    with plot.style():
        fig, axes = plt.subplots(1, classes, figsize=(11.0, 1.8))
        for k, (ax, image) in enumerate(zip(axes, images[first, 0], strict=True)):
            ax.imshow(image, cmap="gray_r", vmin=0.0, vmax=1.0)
            ax.set(title=f"{k}", xticks=[], yticks=[])
            ax.grid(False)
        fig.suptitle(title)
    return fig, {"images": images[first]}
