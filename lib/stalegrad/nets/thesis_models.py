"""The convolutional networks of Zhang's thesis, Sections 4.1 and 6.1.2, written as there: a chain of layers with their output shapes.

The 11-layer network is printed without one of its convolutions in the text we have: (384, 14, 14) goes to (256, 12, 12) in one. Counting
as for the 7-layer network, poolings included, that makes 10. Two 2 x 2 convolutions with (384, 13, 13) between them make 11 and fit
all shapes, and are taken here. Either way the parameters fill 233 MiB (244 MB) in single precision, as the thesis says.

The low-rank network is printed with a second (128, 8, 8) before (51, 8, 8), which would be one more convolution of unknown kernel;
it is taken as a slip. Kernels of pooling are 2 x 2 with stride 2 wherever they are not legible: then all shapes fit.
"""

from __future__ import annotations

from typing import NamedTuple

from stalegrad.engine.checks import whole
from stalegrad.nets.extra import torch
from stalegrad.nets.general import Module, described

Tensor = torch.Tensor
functional = torch.nn.functional


class Layer(NamedTuple):
    """One arrow of the thesis' notation."""

    does: str
    """Its operators in order: C convolution, R rectification, P max pooling, L linear, D dropout, S softmax (which is part of the loss)."""
    shape: tuple[int, int, int]
    """Printed shape of the output: channels, horizontal, vertical."""
    kernel: tuple[int, int] = (1, 1)
    """Horizontal, vertical; so too stride and padding."""
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)

    def output(self, shape) -> tuple[int, int, int]:
        """Shape that follows from the input's `shape` and the kernel."""
        if "L" in self.does:
            return self.shape
        sides = [(length + 2 * pad - kernel) // stride + 1 for length, kernel, stride, pad in zip(shape[1:], *self[2:])]
        return (self.shape[0] if "C" in self.does else shape[0], *sides)


CIFAR_INPUT = (3, 28, 28)
CIFAR = (
    Layer("CR", (64, 24, 24), (5, 5)),
    Layer("P", (64, 12, 12), (2, 2), (2, 2)),
    Layer("CR", (128, 8, 8), (5, 5)),
    Layer("P", (128, 4, 4), (2, 2), (2, 2)),
    Layer("CR", (64, 2, 2), (3, 3)),
    Layer("LRD", (256, 1, 1)),
    Layer("LS", (10, 1, 1)),
)
LOWRANK_INPUT = (3, 32, 32)
LOWRANK = (
    Layer("C", (10, 32, 32), (1, 5), padding=(0, 2)),
    Layer("CR", (96, 32, 32), (5, 1), padding=(2, 0)),
    Layer("P", (96, 16, 16), (2, 2), (2, 2)),
    Layer("C", (51, 16, 16), (1, 5), padding=(0, 2)),
    Layer("CR", (128, 16, 16), (5, 1), padding=(2, 0)),
    Layer("P", (128, 8, 8), (2, 2), (2, 2)),
    Layer("C", (51, 8, 8), (1, 5), padding=(0, 2)),
    Layer("CR", (256, 8, 8), (5, 1), padding=(2, 0)),
    Layer("P", (256, 4, 4), (2, 2), (2, 2)),
    Layer("CR", (64, 4, 4)),
    Layer("DLR", (256, 1, 1)),
    Layer("DLS", (10, 1, 1)),
)
IMAGENET_INPUT = (3, 221, 221)
IMAGENET = (
    Layer("CR", (96, 108, 108), (7, 7), (2, 2)),
    Layer("P", (96, 36, 36), (3, 3), (3, 3)),
    Layer("CR", (256, 32, 32), (5, 5)),
    Layer("P", (256, 16, 16), (2, 2), (2, 2)),
    Layer("CR", (384, 14, 14), (3, 3)),
    Layer("CR", (384, 13, 13), (2, 2)),
    Layer("CR", (256, 12, 12), (2, 2)),
    Layer("P", (256, 6, 6), (2, 2), (2, 2)),
    Layer("LRD", (4096, 1, 1)),
    Layer("LRD", (4096, 1, 1)),
    Layer("LS", (1000, 1, 1)),
)


def cifar7(together: int = 1) -> Module:
    """The 7-layer network for CIFAR-10 crops (3, 28, 28); biases start at 0.

    Examples
    --------
    >>> cifar7().dim
    351946
    """
    return model(CIFAR_INPUT, CIFAR, together=together)


def cifar_lowrank(together: int = 1) -> Module:
    """The low-rank network for CIFAR-10 images (3, 32, 32); biases start at 0.

    Examples
    --------
    >>> cifar_lowrank().dim
    442000
    """
    return model(LOWRANK_INPUT, LOWRANK, together=together)


def imagenet11(together: int = 1) -> Module:
    """The 11-layer network for ImageNet crops (3, 221, 221); biases start at 0.1.

    Examples
    --------
    >>> round(4 * imagenet11().dim / 2**20)
    233
    """
    return model(IMAGENET_INPUT, IMAGENET, bias=0.1, together=together)


def model(shape, layers: tuple[Layer, ...], bias: float = 0.0, together: int = 1) -> Module:
    """A chain of layers as a model.

    Raises
    ------
    ValueError
        If a layer's shape does not follow from the one before it.
    """
    shapes = [tuple(shape)]
    for layer in layers:
        if layer.output(shapes[-1]) != layer.shape:
            raise ValueError(f"{layer} gives {layer.output(shapes[-1])} from {shapes[-1]}: correct its kernel, stride or padding, or its shape")
        shapes.append(layer.shape)
    dropped = tuple(
        (after if layer.does.index("D") > layer.does.index("L") else before).numel()
        for layer, before, after in zip(layers, map(torch.Size, shapes), map(torch.Size, shapes[1:]))
        if "D" in layer.does
    )
    return Module(described(Chain, shapes[0], layers), dropped, bias, whole(together, "together", 1))


class Chain(torch.nn.Module):
    """Layers one after the other; horizontal is the last axis of an image."""

    def __init__(self, shape, layers: tuple[Layer, ...]):
        super().__init__()
        self.layers = layers
        weighed = {}
        for i, layer in enumerate(layers):
            if "C" in layer.does:
                weighed[str(i)] = torch.nn.Conv2d(shape[0], layer.shape[0], layer.kernel[::-1], layer.stride[::-1], layer.padding[::-1])
            elif "L" in layer.does:
                weighed[str(i)] = torch.nn.Linear(torch.Size(shape).numel(), layer.shape[0])
            shape = layer.shape
        self.weighed = torch.nn.ModuleDict(weighed)

    def forward(self, images: Tensor, *kept: Tensor) -> Tensor:
        """Logits (b, classes); without `kept`, the factors of each dropout layer, nothing is dropped."""
        found, factors = images, iter(kept)
        for i, layer in enumerate(self.layers):
            for operator in layer.does:
                if operator == "C":
                    found = self.weighed[str(i)](found)
                elif operator == "L":
                    found = self.weighed[str(i)](found.flatten(1))
                elif operator == "R":
                    found = found.relu()
                elif operator == "P":
                    found = functional.max_pool2d(found, layer.kernel[::-1], layer.stride[::-1], layer.padding[::-1])
                elif operator == "D" and kept:
                    found = found.flatten(1) * next(factors)
        return found
