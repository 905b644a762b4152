"""Data sets as arrays: Fashion-MNIST, digits, a synthetic set for tests, CIFAR-10.

Images are float32 in [0, 1], of shape (n, channels, height, width). A fixed part of the training images is held out for
choices such as the learning rate, so that test images need not be used for them.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import os
import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stalegrad.engine.checks import whole
from stalegrad.engine.streams import Tape
from stalegrad.nets.keyed import SPLIT, below, words

VARIABLE = "STALEGRAD_DATA"
SYSTEM = Path("/usr/share/datasets")
"""Where the Debian package dataset-fashion-mnist puts its files."""
IDX_BYTES = 0x08
"""Code of unsigned bytes in an idx file."""
NAMES = ("fashion-mnist", "digits", "synthetic", "cifar-10")


class Dataset(NamedTuple):
    """Images (n, channels, height, width) with their labels (n,), in three parts."""

    images: np.ndarray
    labels: np.ndarray
    validation_images: np.ndarray
    validation_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    name: str
    source: str
    """What a figure says about its data."""
    classes: int
    digest: str
    """Of all images and labels."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of an image."""
        return self.images.shape[1:]


def load(name: str = "fashion-mnist") -> Dataset:
    """The data set `name`: "fashion-mnist" (14 x 14, 2 x 2 pixels averaged), "digits" (8 x 8), "synthetic" (14 x 14) or "cifar-10".

    Raises
    ------
    ValueError
        For an unknown name, and for a file that is not what it should be.
    FileNotFoundError
        If the files are not there; the message says how to get and where to place them.

    Examples
    --------
    >>> load("synthetic").shape
    (1, 14, 14)
    """
    if name == "fashion-mnist":
        return fashion_mnist()
    if name == "digits":
        return digits()
    if name == "synthetic":
        return synthetic()
    if name == "cifar-10":
        from stalegrad.nets.cifar import cifar10

        return cifar10()
    raise ValueError(f"no data set {name!r}: known are {', '.join(NAMES)}")


def working() -> Dataset:
    """Fashion-MNIST; where its files are missing, the digits, whose `source` then says so."""
    try:
        return load("fashion-mnist")
    except FileNotFoundError:
        found = load("digits")
        return found._replace(source=f"{found.source}, as Fashion-MNIST is not installed")


def fashion_mnist(pool: int = 2) -> Dataset:
    """Fashion-MNIST [1]_: 55,000 + 5,000 + 10,000 images of 10 kinds of clothing, 28 x 28, averaged over `pool` x `pool` pixels.

    Read from $STALEGRAD_DATA/fashion-mnist, else from /usr/share/datasets/fashion-mnist.

    References
    ----------
    .. [1] H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms", 2017.
    """
    folder = find("fashion-mnist", "install the Debian package dataset-fashion-mnist")
    images, labels = (read_idx(folder / f"train-{kind}-ubyte.gz", *sizes) for kind, *sizes in _fashion(60_000))
    test_images, test_labels = (read_idx(folder / f"t10k-{kind}-ubyte.gz", *sizes) for kind, *sizes in _fashion(10_000))
    side = 28 // whole(pool, "pool", 1)
    return split(
        pooled(images[:, None], pool),
        labels,
        pooled(test_images[:, None], pool),
        test_labels,
        name="fashion-mnist",
        source=f"Fashion-MNIST, {side} x {side}",
        held_out=5_000,
    )


def digits() -> Dataset:
    """Handwritten digits that come with scikit-learn: 1,200 + 197 + 400 images, 8 x 8, in a fixed random order."""
    try:
        from sklearn.datasets import load_digits
    except ModuleNotFoundError as missing:  # pragma: no cover
        raise ModuleNotFoundError("the digits come with scikit-learn, which is not installed: make env EXTRAS=nets") from missing
    found = load_digits()
    order = np.argsort(words([(0, 0, 0)], len(found.target), SPLIT)[0], kind="stable")
    images, labels = (found.images[order, None] / 16.0).astype(np.float32), found.target[order]
    return split(images[:-400], labels[:-400], images[-400:], labels[-400:], name="digits", source="digits, 8 x 8", held_out=197)


def synthetic(shape=(1, 14, 14), classes: int = 10, sizes=(640, 100, 200), seed: int = 0) -> Dataset:
    """A small set for tests: a random picture a class, and noise; linear classifiers learn it.

    Parameters
    ----------
    shape : tuple of int
        Channels, height, width.
    classes : int
        Number of classes, at least 2.
    sizes : tuple of int
        Images for training, held out, and for testing.
    seed : int
        Of the pictures and the noise.
    """
    whole(classes, "classes", 2)
    train, held_out, test = (whole(size, "sizes", 1) for size in sizes)
    count, pixels = train + held_out + test, math.prod(shape)
    labels = below(classes, [(seed, 0, 0)], count, SPLIT)[0]
    normals = Tape(seed, np.arange(count + classes, dtype=np.uint64)).normals(0, pixels).T
    images = np.clip(0.5 + 0.1 * normals[classes:] + 0.1 * normals[labels], 0.0, 1.0).astype(np.float32).reshape(count, *shape)
    rest = slice(0, train + held_out), slice(train + held_out, count)
    parts = (array[part] for part in rest for array in (images, labels))
    return split(*parts, name="synthetic", source=f"synthetic, {shape[1]} x {shape[2]}", held_out=held_out, classes=classes)


def split(images, labels, test_images, test_labels, name: str, source: str, held_out: int, classes: int = 10) -> Dataset:
    """A data set whose last `held_out` training images are set apart for validation."""
    labels, test_labels = np.asarray(labels, np.int64), np.asarray(test_labels, np.int64)
    if whole(held_out, "held_out", 1) >= len(images):
        raise ValueError(f"held_out={held_out} leaves none of {len(images)} training images: hold out fewer")
    for part, its_labels in ((images, labels), (test_images, test_labels)):
        if len(part) != len(its_labels) or its_labels.min() < 0 or its_labels.max() >= classes:
            found = f"{len(part)} images with {len(its_labels)} labels from {its_labels.min()} to {its_labels.max()}"
            raise ValueError(f"{name}: {found}; give a label from 0 to {classes - 1} an image")
    arrays = images[:-held_out], labels[:-held_out], images[-held_out:], labels[-held_out:], test_images, test_labels
    return Dataset(*arrays, name, source, classes, digest(arrays))


def standardised(data: Dataset) -> Dataset:
    """The same images, minus the mean and divided by the standard deviation of each channel over the training images.

    Examples
    --------
    >>> images = standardised(synthetic()).images
    >>> bool(abs(images.mean()) < 1e-5 and abs(images.std() - 1.0) < 1e-5)
    True
    """
    mean, scale = (moment(data.images, axis=(0, 2, 3), dtype=np.float64, keepdims=True) for moment in (np.mean, np.std))
    if not scale.all():
        raise ValueError(f"{data.name}: a channel is the same in all training images and cannot be scaled; leave it out")
    shift, factor = mean.astype(np.float32), (1.0 / scale).astype(np.float32)
    images = [(part - shift) * factor for part in (data.images, data.validation_images, data.test_images)]
    arrays = images[0], data.labels, images[1], data.validation_labels, images[2], data.test_labels
    return Dataset(*arrays, data.name, data.source, data.classes, digest(arrays))


def digest(arrays) -> str:
    """SHA-256 of arrays, with their shapes and types."""
    total = hashlib.sha256()
    for array in arrays:
        total.update(f"{array.shape}{array.dtype.str}".encode())
        total.update(np.ascontiguousarray(array))
    return total.hexdigest()


def pooled(images: np.ndarray, size: int) -> np.ndarray:
    """Bytes (n, channels, height, width) as means over size x size pixels, in [0, 1]."""
    n, channels, height, width = images.shape
    if height % size or width % size:
        raise ValueError(f"pool={size} does not divide {height} x {width} pixels: give a divisor of both")
    blocks = images.reshape(n, channels, height // size, size, width // size, size)
    total = sum(blocks[:, :, :, i, :, j].astype(np.float32) for i in range(size) for j in range(size))
    return total / np.float32(255 * size * size)


def find(name: str, remedy: str) -> Path:
    """The file or folder `name` of the data folder, else of the system's."""
    folders = ([Path(os.environ[VARIABLE])] if os.environ.get(VARIABLE) else []) + [SYSTEM]
    for folder in folders:
        if (folder / name).exists():
            return folder / name
    tried = ", ".join(str(folder / name) for folder in folders)
    raise FileNotFoundError(f"{name} is not there (tried {tried}): {remedy}, or set {VARIABLE} to a folder that holds {name}")


def read_idx(path: Path, *sizes: int) -> np.ndarray:
    """Unsigned bytes of the shape `sizes` from a compressed idx file.

    Its header: two zero bytes, the code of the type, the number of axes, and the length of each as a big-endian 32-bit number.

    Raises
    ------
    ValueError
        If the header or the length is another, naming the file.
    """
    remedy = "fetch the file again, or reinstall its package"
    try:
        with gzip.open(path) as stream:
            content = stream.read()
    except (gzip.BadGzipFile, EOFError) as error:
        raise ValueError(f"{path} is no whole gzip file ({error}): {remedy}") from None
    expected = struct.pack(f">HBB{len(sizes)}I", 0, IDX_BYTES, len(sizes), *sizes)
    if content[: len(expected)] != expected:
        raise ValueError(f"{path} does not begin as an idx file of {' x '.join(map(str, sizes))} bytes does: {remedy}")
    if len(content) != len(expected) + math.prod(sizes):
        raise ValueError(f"{path} holds {len(content)} bytes instead of {len(expected) + math.prod(sizes)}: {remedy}")
    return np.frombuffer(content, np.uint8, offset=len(expected)).reshape(sizes)


def _fashion(count: int):
    """Kinds of files with their sizes."""
    return ("images-idx3", count, 28, 28), ("labels-idx1", count)
