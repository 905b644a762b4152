"""CIFAR-10 from the archives of its authors, read in memory: nothing is unpacked, and a pickle may hold data only.

Two forms are read. In `cifar-10-python.tar.gz` a file is a Python 2 pickle of a dictionary with the bytes (n, 3072) and a list of
labels; in `cifar-10-binary.tar.gz` a file is a sequence of records, a byte of label and 3072 bytes of pixels. Pixels are red, green,
blue, each row by row.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import tarfile
from pathlib import Path, PurePosixPath

import numpy as np

from stalegrad.nets.data import VARIABLE, Dataset, find, split

SHA256 = {
    "cifar-10-python.tar.gz": "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    "cifar-10-binary.tar.gz": "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
}
TRAINING = tuple(f"data_batch_{i}" for i in range(1, 6))
TEST = "test_batch"
CLASSES, PIXELS = 10, 3 * 32 * 32

ALLOWED = {
    ("numpy", "dtype"): np.dtype,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy.core.multiarray", "_reconstruct"): np.zeros(0).__reduce__()[0],
}
"""What a pickle of arrays in dictionaries and lists needs, by the names of the time, with what it is now."""


class DataOnly(pickle.Unpickler):
    """An unpickler that knows arrays, dictionaries, lists, numbers and bytes, and refuses to look up anything else."""

    def find_class(self, module: str, name: str):
        """What the pickle names, if it is one of `ALLOWED`."""
        if (module, name) in ALLOWED:
            return ALLOWED[module, name]
        raise ValueError(f"the pickle asks for {module}.{name}, which no file of CIFAR-10 needs: do not trust it, fetch the archive again")


def cifar10() -> Dataset:
    """CIFAR-10: 45,000 + 5,000 + 10,000 colour images (3, 32, 32) of 10 classes.

    Either archive is read from the folder that STALEGRAD_DATA names, after its SHA-256 is checked.

    Raises
    ------
    FileNotFoundError
        If there is none; nothing is downloaded.
    ValueError
        If the archive is not the published one.
    """
    remedy = f"get it from the page of the CIFAR-10 data set at the University of Toronto and place it, packed, in the folder that {VARIABLE} names"
    try:
        path = find("cifar-10-binary.tar.gz", remedy)
    except FileNotFoundError:
        path = find("cifar-10-python.tar.gz", remedy)
    return read_archive(path, SHA256[path.name], held_out=5_000)


def read_archive(path: Path, sha256: str, held_out: int) -> Dataset:
    """The data set in an archive of either form, the last `held_out` training images set apart.

    Raises
    ------
    ValueError
        If the digest is another, a member leads out of the archive, or a file is missing or damaged; before anything is used.
    """
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != sha256:
        raise ValueError(f"{path} has the SHA-256 {found} instead of {sha256}: fetch the archive again")
    parts = {}
    with tarfile.open(path, "r:gz") as archive:
        for member in archive:
            name = harmless(member)
            if name.removesuffix(".bin") in (*TRAINING, TEST) and member.isfile():
                content = archive.extractfile(member).read()
                parts[name.removesuffix(".bin")] = read_binary(content, name) if name.endswith(".bin") else read_pickle(content, name)
    missing = [name for name in (*TRAINING, TEST) if name not in parts]
    if missing:
        raise ValueError(f"{path} lacks {', '.join(missing)}: fetch the archive again")
    images, labels = (np.concatenate(arrays) for arrays in zip(*(parts[name] for name in TRAINING)))
    return split(scaled(images), labels, scaled(parts[TEST][0]), parts[TEST][1], name="cifar-10", source="CIFAR-10", held_out=held_out)


def harmless(member: tarfile.TarInfo) -> str:
    """Last part of a member's name, if the member stays in the archive and is a file or folder."""
    place = PurePosixPath(member.name)
    if place.is_absolute() or ".." in place.parts or not (member.isfile() or member.isdir()):
        raise ValueError(f"the archive holds {member.name!r}, which leads out of it or is no file: do not trust it, fetch it again")
    return place.name


def read_pickle(content: bytes, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 3072) and labels (n,) of a pickled batch."""
    try:
        batch = DataOnly(io.BytesIO(content), encoding="bytes").load()
    except ValueError:
        raise
    except Exception as error:  # damaged pickles fail in many ways
        raise ValueError(f"{name} cannot be read ({type(error).__name__}: {error}): fetch the archive again") from None
    if not (isinstance(batch, dict) and isinstance(batch.get(b"data"), np.ndarray) and isinstance(batch.get(b"labels"), list)):
        raise ValueError(f"{name} holds no dictionary with an array of data and a list of labels: fetch the archive again")
    images, labels = batch[b"data"], np.asarray(batch[b"labels"])
    if images.dtype != np.uint8 or images.shape != (len(labels), PIXELS) or labels.dtype.kind != "i":
        found = f"{images.dtype} data of shape {images.shape} for {len(labels)} labels"
        raise ValueError(f"{name} holds {found} instead of {PIXELS} bytes a whole label: fetch the archive again")
    return images, labels


def read_binary(content: bytes, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 3072) and labels (n,) of a batch of records."""
    if not content or len(content) % (1 + PIXELS):
        raise ValueError(f"{name} has {len(content)} bytes, no multiple of {1 + PIXELS}: fetch the archive again")
    records = np.frombuffer(content, np.uint8).reshape(-1, 1 + PIXELS)
    return records[:, 1:], records[:, 0]


def scaled(images: np.ndarray) -> np.ndarray:
    """Bytes (n, 3072) as float32 (n, 3, 32, 32) in [0, 1]."""
    return images.reshape(-1, 3, 32, 32) / np.float32(255)
