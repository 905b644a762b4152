"""The objective of a network: gradients of mini-batches and evaluation, for a stack of parameter vectors."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from stalegrad.engine.checks import whole
from stalegrad.nets.augment import centre, random_crops
from stalegrad.nets.data import Dataset
from stalegrad.nets.extra import torch
from stalegrad.nets.keyed import DROPOUT, as_keys, words
from stalegrad.nets.models import Model
from stalegrad.nets.sampling import Sampler, with_replacement

Tensor = torch.Tensor
PARTS = ("train", "validation", "test")
CHUNK = 500
"""Images that are evaluated at a time."""


class Network(NamedTuple):
    """An objective made by `network`, which explains the parameters."""

    model: Model
    data: Dataset
    """With its `source`, which figures print, and its `digest`."""
    images: Tensor
    """Training images (N, channels, height, width)."""
    labels: Tensor
    """(N,)"""
    parts: dict[str, tuple[Tensor, Tensor]]
    """Images and labels on which each of `PARTS` is evaluated."""
    sampler: Sampler
    l2: float
    crop: int | None

    @property
    def dim(self) -> int:
        """Number of parameters D."""
        return self.model.dim

    def start(self, seed: int) -> Tensor:
        """The common initial point (D,) of a run."""
        return torch.from_numpy(self.model.start(seed)).to(self.images)

    def batch(self, keys) -> tuple[Tensor, Tensor]:
        """Images (n, b, channels, height, width) and labels (n, b) of the batches named by `keys`."""
        index = self.sampler(keys)
        rows = torch.from_numpy(index).to(self.labels.device)
        if self.crop is not None:
            return random_crops(self.images, index, keys, self.crop), self.labels[rows]
        images = self.images.index_select(0, rows.view(-1))
        return images.view(*rows.shape, *images.shape[1:]), self.labels[rows]

    def kept(self, keys, batch: int) -> tuple[Tensor, ...]:
        """Factors (n, b, units) of each dropout layer: 0 or 2 with probability 1/2, a bit of a word each."""
        units = sum(self.model.dropped)
        if not units:
            return ()
        bits = np.unpackbits(words(keys, -(-batch * units // 32), DROPOUT).view(np.uint8), axis=1, count=batch * units)
        factors = torch.from_numpy(bits).to(self.images).mul_(2.0).view(-1, batch, units)
        return factors.split(self.model.dropped, dim=2)

    def gradients(self, x: Tensor, seeds) -> Tensor:
        """Gradients (n, D) at x (n, D), row i on the batch that row i of `seeds` names by (run seed, worker, local step).

        Raises
        ------
        ValueError
            If x has another shape than (n, D), or the keys are not n triples of whole numbers.
        """
        keys = as_keys(seeds)
        if x.shape != (len(keys), self.dim):
            raise ValueError(
                f"x has shape {tuple(x.shape)}, but {len(keys)} keys and {self.dim} parameters need {(len(keys), self.dim)}; give a row a key"
            )
        images, labels = self.batch(keys)
        gradient = self.model.gradients(x, images, labels, self.kept(keys, labels.shape[1]))
        return gradient.add_(x, alpha=self.l2) if self.l2 else gradient

    def evaluate(self, x: Tensor) -> dict[str, Tensor]:
        """Mean cross-entropy without the l2 term, and share of wrong answers, at every x (n, D).

        Keys are "train_loss", "train_error", and so on for "validation" and "test"; values (n,). Where outputs are not finite the
        loss is not either, and the error is 1.
        """
        found = {}
        for part, (images, labels) in self.parts.items():
            loss, wrong = x.new_zeros(len(x)), x.new_zeros(len(x))
            for some, answers in zip(images.split(CHUNK), labels.split(CHUNK)):
                logits = self.model.logits(x, some)
                surprise = torch.logsumexp(logits, 2) - logits[:, torch.arange(len(answers), device=answers.device), answers]
                loss += surprise.sum(1)
                wrong += ((logits.argmax(2) != answers) | ~surprise.isfinite()).sum(1)
            found[f"{part}_loss"], found[f"{part}_error"] = loss / len(labels), wrong / len(labels)
        return found


def network(
    data: Dataset,
    model: Model,
    batch: int = 32,
    l2: float = 0.0,
    sampler: Sampler | None = None,
    crop: int | None = None,
    evaluated=(2_000, 2_000, 5_000),
    dtype: torch.dtype = torch.float32,
    device: str = "cpu",
) -> Network:
    r"""The objective $F(x) = \frac{1}{N} \sum_i \ell(x; z_i) + \frac{\lambda}{2} |x|^2$, with the cross-entropy of a network as loss.

    A gradient is that of a mini-batch, which is a pure function of its key (run seed, worker, local step), with all its random choices:
    images, crops and flips, dropout. On a CPU, a row of `gradients` has the same bits whatever the other rows are, unless the model
    computes several rows together.

    Parameters
    ----------
    data : Dataset
        `data.load(...)`, as it is or `data.standardised`.
    model : Model
        The network; its input is what `data` holds, or crops of it.
    batch : int
        Images a mini-batch, b.
    l2 : float
        lambda >= 0; all parameters are shrunk, biases too.
    sampler : sampler, optional
        Which images a batch holds: `sampling.with_replacement` (default) or `sampling.thesis_sampler`, for `batch` images.
    crop : int, optional
        Side of random crops, each flipped with probability 1/2; evaluation is on the centre. By default images are used whole.
    evaluated : tuple of int
        Images of the training, validation and test part on which `evaluate` works, at most: the first ones.
    dtype : torch.dtype
        torch.float32 or torch.float64.
    device : str
        As torch names it.

    Raises
    ------
    ValueError
        For sizes below 1, a negative l2, crops larger than the images, or a type that is no floating one.

    Notes
    -----
    Reference: Zhang, Sections 4.1 and 6.1.2.

    Examples
    --------
    >>> from stalegrad.nets.data import load
    >>> from stalegrad.nets.models import MLP
    >>> objective = network(load("synthetic"), MLP(), batch=8)
    >>> x = objective.start(0).expand(2, -1)
    >>> objective.gradients(x, [(0, 0, 0), (0, 1, 0)]).shape
    torch.Size([2, 13258])
    >>> sorted(objective.evaluate(x))[:2]
    ['test_error', 'test_loss']
    """
    batch, (top, side) = whole(batch, "batch", 1), data.shape[1:]
    if not (l2 >= 0.0 and np.isfinite(l2)):
        raise ValueError(f"l2={l2} must be 0 or a finite number above: it weighs |x|^2 / 2")
    if crop is not None and whole(crop, "crop", 1) > min(top, side):
        raise ValueError(f"crop={crop} is larger than the {top} x {side} images of {data.name}: give at most {min(top, side)}")
    if not dtype.is_floating_point:
        raise ValueError(f"dtype={dtype} holds no fractions: give torch.float32 or torch.float64")
    images, labels = torch.from_numpy(data.images).to(device, dtype), torch.from_numpy(data.labels).to(device)
    parts = {}
    for part, count, (its_images, its_labels) in zip(PARTS, evaluated, _parts(data), strict=True):
        some = torch.from_numpy(its_images[: whole(count, "evaluated", 1)]).to(device, dtype)
        parts[part] = (some if crop is None else centre(some, crop), torch.from_numpy(its_labels[:count]).to(device))
    return Network(model, data, images, labels, parts, sampler or with_replacement(len(labels), batch), float(l2), crop)


def _parts(data: Dataset):
    """Images and labels of each part, in the order of `PARTS`."""
    return (data.images, data.labels), (data.validation_images, data.validation_labels), (data.test_images, data.test_labels)
