"""Any torch module as a function of a flat parameter vector, and a small convolutional network."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stalegrad.engine.checks import whole
from stalegrad.nets.extra import torch
from stalegrad.nets.models import start_of_layers

Tensor = torch.Tensor
functional = torch.nn.functional


class Module(NamedTuple):
    """A torch module whose parameters lie in one vector, in the order of `named_parameters`.

    Gradients come from torch's own differentiation, `together` rows at a time. On a CPU one row at a time is nearly as fast as many,
    and gives a row the same bits whatever the other rows are; many at a time (`torch.func.vmap`, for a GPU) agree with that to rounding.

    Examples
    --------
    >>> layer = Module(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(196, 10)))
    >>> layer.dim
    1970
    """

    net: torch.nn.Module
    """Called as net(images) (b, classes), or net(images, *kept) where it drops units; it has no buffers, and every layer's weight
    comes before its bias."""
    dropped: tuple[int, ...] = ()
    """Number of units of each dropout layer."""
    bias: float = 0.0
    """Initial value of all biases."""
    together: int = 1

    @property
    def dim(self) -> int:
        """Number of parameters."""
        return sum(value.numel() for value in self.net.parameters())

    def start(self, seed: int) -> np.ndarray:
        """As `models.start_of_layers` for what has two axes or more; what has one is a bias."""
        return np.concatenate(
            [
                start_of_layers(seed, i, value.numel(), value[0].numel()) if value.dim() > 1 else np.full(value.numel(), self.bias)
                for i, value in enumerate(self.net.parameters())
            ]
        )

    def named(self, x: Tensor) -> dict[str, Tensor]:
        """The parameters by name: views of one vector x (D,)."""
        shapes = {name: value.shape for name, value in self.net.named_parameters()}
        values = x.split([shape.numel() for shape in shapes.values()])
        return {name: value.view(shape) for (name, shape), value in zip(shapes.items(), values)}

    def outputs(self, x: Tensor, images: Tensor, *kept: Tensor) -> Tensor:
        """Logits (b, classes) of images (b, channels, height, width) for one vector x (D,)."""
        return torch.func.functional_call(self.net, self.named(x), (images, *kept))

    def loss(self, x: Tensor, images: Tensor, labels: Tensor, *kept: Tensor) -> Tensor:
        """Mean cross-entropy of one batch for one vector x (D,)."""
        return functional.cross_entropy(self.outputs(x, images, *kept), labels)

    def gradients(self, x: Tensor, images: Tensor, labels: Tensor, kept: tuple[Tensor, ...] = ()) -> Tensor:
        """As `Model.gradients`."""
        if self.together > 1:
            return torch.func.vmap(torch.func.grad(self.loss), chunk_size=self.together)(x, images, labels, *kept)
        return torch.stack([self._gradient(*row) for row in zip(x, images, labels, *kept)])

    def logits(self, x: Tensor, images: Tensor) -> Tensor:
        """As `Model.logits`, a row at a time."""
        with torch.no_grad():
            return torch.stack([self.outputs(row, images) for row in x])

    def _gradient(self, x: Tensor, *batch: Tensor) -> Tensor:
        point = x.detach().requires_grad_()
        return torch.autograd.grad(self.loss(point, *batch), point)[0]


class ConvNet(torch.nn.Module):
    """Two 3 x 3 convolutions, the first with 2 x 2 max pooling, and two linear layers; rectified between them."""

    def __init__(self, shape, channels: tuple[int, int], hidden: int, classes: int):
        super().__init__()
        height, width = ((length - 2) // 2 - 2 for length in shape[1:])
        self.first = torch.nn.Conv2d(shape[0], channels[0], 3)
        self.second = torch.nn.Conv2d(*channels, 3)
        self.third = torch.nn.Linear(channels[1] * height * width, hidden)
        self.fourth = torch.nn.Linear(hidden, classes)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (b, classes)."""
        found = functional.max_pool2d(self.first(images), 2).relu()  # the same as pooling what is rectified, and cheaper
        found = self.second(found).relu().flatten(1)
        return self.fourth(self.third(found).relu())


def convnet(shape=(1, 14, 14), channels=(8, 16), hidden: int = 48, classes: int = 10, together: int = 1) -> Module:
    """The small convolutional network as a model: 14,074 parameters for Fashion-MNIST at 14 x 14.

    Parameters
    ----------
    shape : tuple of int
        Channels, height and width of an image; at least 8 x 8.
    channels, hidden, classes : int
        Channels of the two convolutions, units between the two linear layers, number of classes.
    together : int
        As in `Module`.

    Examples
    --------
    >>> convnet().dim
    14074
    """
    if min(shape[1:]) < 8:
        raise ValueError(f"shape={shape} leaves nothing to the second convolution: give images of 8 x 8 or more")
    sizes = [whole(size, "channels", 1) for size in channels]
    return Module(described(ConvNet, shape, sizes, whole(hidden, "hidden", 1), whole(classes, "classes", 2)), together=whole(together, "together", 1))


def described(kind, *arguments) -> torch.nn.Module:
    """A module without values: names and shapes of its parameters, and what it computes from them."""
    with torch.device("meta"):
        return kind(*arguments)
