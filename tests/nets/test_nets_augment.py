"""Crops and flips: against slow code, uniform, and a function of the key alone."""

import numpy as np
import pytest
from scipy import stats

torch = pytest.importorskip("torch", reason="needs the extra nets: make env EXTRAS=nets")

from stalegrad.nets.augment import centre, placements, random_crops  # noqa: E402

LEVEL = 1e-6
SIZE, HEIGHT, WIDTH = 5, 8, 7


def test_crops_are_pieces_of_the_images_some_mirrored():
    images = torch.arange(6 * 3 * HEIGHT * WIDTH).view(6, 3, HEIGHT, WIDTH)
    keys, index = [(0, 1, 2), (0, 3, 4)], np.array([[0, 5, 2, 2, 1, 1], [4, 3, 2, 1, 0, 0]])
    top, left, flip = placements(keys, 6, HEIGHT, WIDTH, SIZE)
    assert flip.any() and not flip.all()
    crops = random_crops(images, index, keys, SIZE)
    for i, j in np.ndindex(index.shape):
        piece = images[index[i, j], :, top[i, j] : top[i, j] + SIZE, left[i, j] : left[i, j] + SIZE]
        assert torch.equal(crops[i, j], piece.flip(-1) if flip[i, j] else piece)


def test_all_placements_are_as_likely():
    """Of each of 4 x 3 x 2; an upper bound short by one is detected at the same sample size."""
    keys = [(0, worker, step) for worker in range(10) for step in range(60)]

    def p(height):
        top, left, flip = placements(keys, 20, height, WIDTH, SIZE)
        cells = (top * 3 + left) * 2 + flip
        return stats.chisquare(np.bincount(cells.ravel(), minlength=24)).pvalue

    assert p(HEIGHT) > LEVEL > p(HEIGHT - 1)


def test_placements_depend_on_the_key_alone():
    together = placements([(0, 0, 0), (0, 1, 0)], 9, HEIGHT, WIDTH, SIZE)
    alone = placements([(0, 1, 0)], 9, HEIGHT, WIDTH, SIZE)
    assert all(np.array_equal(a[1], b[0]) for a, b in zip(together, alone))


def test_the_centre_is_the_middle():
    image = torch.arange(HEIGHT * WIDTH).view(1, HEIGHT, WIDTH)
    assert torch.equal(centre(image, 4)[0], image[0, 2:6, 1:5])
    assert torch.equal(centre(image, 5)[0], image[0, 1:6, 1:6])
