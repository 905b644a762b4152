"""Random crops with flips, and centre crops.

Normalisation by the mean and deviation of each channel is `data.standardised`.
"""

from __future__ import annotations

import numpy as np

from stalegrad.nets.extra import torch
from stalegrad.nets.keyed import CROP, words

Tensor = torch.Tensor


def centre(images: Tensor, size: int) -> Tensor:
    """The middle size x size pixels of images (..., height, width); of two middles the upper left one.

    Examples
    --------
    >>> centre(torch.arange(16).view(4, 4), 2).tolist()
    [[5, 6], [9, 10]]
    """
    top, left = ((length - size) // 2 for length in images.shape[-2:])
    return images[..., top : top + size, left : left + size]


def placements(keys, batch: int, height: int, width: int, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of every image of the batches named by `keys`: upper edge, left edge, whether it is flipped; (n, batch) each.

    Edges are uniform on all places where a size x size crop fits, a flip has probability 1/2. Each takes a word of its own.
    """
    three = words(keys, 3 * batch, CROP).reshape(-1, batch, 3).astype(np.int64)
    top, left, flip = (three[..., i] * bound >> 32 for i, bound in enumerate((height - size + 1, width - size + 1, 2)))
    return top, left, flip == 1


def random_crops(images: Tensor, index: np.ndarray, keys, size: int) -> Tensor:
    """Crops (n, b, channels, size, size) of the images (N, channels, height, width) with indices `index` (n, b), some flipped."""
    top, left, flip = placements(keys, index.shape[1], *images.shape[2:], size)
    along = np.arange(size)
    rows = top[..., None] + along
    columns = left[..., None] + np.where(flip[..., None], along[::-1], along)
    place = (torch.from_numpy(part).to(images.device) for part in (index[..., None, None], rows[..., :, None], columns[..., None, :]))
    which, row, column = place
    return images.permute(0, 2, 3, 1)[which, row, column].movedim(-1, 2)
