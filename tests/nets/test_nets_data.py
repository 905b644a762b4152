"""Data sets and batch keys: files read as they are, splits disjoint, words a function of the key alone. torch is not needed."""

import gzip
import struct

import numpy as np
import pytest
from scipy import stats

from stalegrad.engine.streams import philox
from stalegrad.nets import data
from stalegrad.nets.keyed import BATCH, CROP, below, words

LEVEL = 1e-6
KEYS = np.array([(0, 0, 0), (2**63 + 7, 3, 2**31), (5, 2**32 - 1, 1), (5, 1, 2**32 - 1)], np.uint64)


def idx(array, code=0x08, magic=0):
    """Bytes of an idx file."""
    return struct.pack(f">HBB{array.ndim}I", magic, code, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def image_file(tmp_path):
    """Writes bytes, compressed, and gives the path."""

    def write(content, compress=gzip.compress):
        path = tmp_path / "images-ubyte.gz"
        path.write_bytes(compress(content))
        return path

    return write


def some_bytes(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def test_idx_files_are_read(image_file):
    images = some_bytes(3, 4, 5)
    assert np.array_equal(data.read_idx(image_file(idx(images)), 3, 4, 5), images)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (idx(some_bytes(3, 4, 5), magic=1), "does not begin"),
        (idx(some_bytes(3, 4, 5), code=0x0D), "does not begin"),
        (idx(some_bytes(3, 5, 4)), "does not begin"),
        (idx(some_bytes(3, 4, 5))[:-1], "holds 75 bytes instead of 76"),
        (idx(some_bytes(3, 4, 5)) + b"0", "holds 77 bytes instead of 76"),
    ],
)
def test_a_damaged_idx_file_is_refused(image_file, content, says):
    with pytest.raises(ValueError, match=says):
        data.read_idx(image_file(content), 3, 4, 5)


@pytest.mark.parametrize("compress", [bytes, lambda content: gzip.compress(content)[:-20]])
def test_a_file_that_is_no_whole_gzip_is_refused(image_file, compress):
    with pytest.raises(ValueError, match="no whole gzip file"):
        data.read_idx(image_file(idx(some_bytes(3, 4, 5)), compress), 3, 4, 5)


def test_pooling_takes_means():
    images = some_bytes(2, 3, 6, 4)
    pooled = data.pooled(images, 2)
    assert pooled.shape == (2, 3, 3, 2) and pooled.dtype == np.float32
    assert pooled[1, 2, 1, 1] == pytest.approx(images[1, 2, 2:4, 2:4].mean() / 255.0, rel=1e-6)
    with pytest.raises(ValueError, match="pool=3 does not divide"):
        data.pooled(images, 3)


def test_fashion_mnist_is_whole():
    found = _or_skip()
    sizes = [len(part) for part in found[:6]]
    assert sizes == [55_000, 55_000, 5_000, 5_000, 10_000, 10_000] and found.shape == (1, 14, 14)
    labels = np.concatenate([found.labels, found.validation_labels])
    assert np.bincount(labels).tolist() == [6_000] * 10 and np.bincount(found.test_labels).tolist() == [1_000] * 10
    assert found.images.min() == 0.0 and found.images.max() == 1.0


def test_without_fashion_mnist_the_digits_say_that_they_stand_in(monkeypatch, tmp_path):
    pytest.importorskip("sklearn", reason="needs the extra nets: make env EXTRAS=nets")
    monkeypatch.setattr(data, "SYSTEM", tmp_path)
    monkeypatch.setenv(data.VARIABLE, str(tmp_path / "none"))
    with pytest.raises(FileNotFoundError, match="dataset-fashion-mnist, or set STALEGRAD_DATA"):
        data.load("fashion-mnist")
    found = data.working()
    assert found.name == "digits" and found.source == "digits, 8 x 8, as Fashion-MNIST is not installed"
    assert [len(part) for part in found[:6:2]] == [1_200, 197, 400]


def test_the_readers_own_folder_comes_first(monkeypatch, tmp_path):
    for place in ("own", "system"):
        (tmp_path / place / "set").mkdir(parents=True)
    monkeypatch.setattr(data, "SYSTEM", tmp_path / "system")
    assert data.find("set", "") == tmp_path / "system" / "set"
    monkeypatch.setenv(data.VARIABLE, str(tmp_path / "own"))
    assert data.find("set", "") == tmp_path / "own" / "set"


def test_an_unknown_set_is_refused():
    with pytest.raises(ValueError, match="no data set 'mnist': known are fashion-mnist"):
        data.load("mnist")


def test_the_synthetic_set_repeats_itself_and_can_be_learned():
    found = data.load("synthetic")
    assert found.digest == data.synthetic().digest != data.synthetic(seed=1).digest
    means = np.stack([found.images[found.labels == k].mean(axis=0).ravel() for k in range(10)])

    def hits(labels):
        nearest = ((found.test_images.reshape(-1, 1, 196) - means) ** 2).sum(axis=2).argmin(axis=1)
        return np.mean(nearest == labels)

    assert hits(found.test_labels) > 0.95
    assert hits((found.test_labels + 1) % 10) < 0.05


def test_no_image_is_in_two_parts():
    found = data.load("synthetic")
    parts = np.concatenate([part.reshape(len(part), -1) for part in found[:6:2]])
    assert len(np.unique(parts, axis=0)) == len(parts) == 940


def test_standardising_uses_the_training_part_channel_by_channel():
    found = data.synthetic(shape=(3, 8, 8))
    standard = data.standardised(found)
    mean, scale = found.images.mean(axis=(0, 2, 3)), found.images.std(axis=(0, 2, 3))
    for k in range(3):
        assert np.allclose(standard.test_images[:, k], (found.test_images[:, k] - mean[k]) / scale[k], atol=1e-5)
    assert abs(standard.images.mean(axis=(0, 2, 3))).max() < 1e-5 < abs(standard.test_images.mean(axis=(0, 2, 3))).max()


def test_bad_parts_are_refused():
    images, labels = np.ones((4, 1, 2, 2), np.float32), [0, 1, 0, 1]
    with pytest.raises(ValueError, match="4 images with 3 labels"):
        data.split(images, labels[:3], images, labels, "x", "x", 1)
    with pytest.raises(ValueError, match="labels from 0 to 1; give a label from 0 to 0"):
        data.split(images, labels, images, labels, "x", "x", 1, classes=1)
    with pytest.raises(ValueError, match="held_out=4 leaves none"):
        data.split(images, labels, images, labels, "x", "x", 4)
    with pytest.raises(ValueError, match="cannot be scaled"):
        data.standardised(data.split(images, labels, images, labels, "x", "x", 1))


def test_words_are_those_of_philox():
    for key, row in zip(KEYS, words(KEYS, 10, CROP)):
        seed, worker, step = key.tolist()
        expected = [philox((worker, step, group, CROP), (seed & 0xFFFFFFFF, seed >> 32)) for group in range(3)]
        assert row.tolist() == np.concatenate(expected)[:10].tolist()


def test_words_of_a_key_do_not_depend_on_the_other_keys():
    together = words(KEYS, 7, BATCH)
    assert all(np.array_equal(words([key], 7, BATCH)[0], row) for key, row in zip(KEYS, together))
    assert len(np.unique(together)) == together.size


def test_whole_numbers_below_a_bound_are_uniform():
    keys = [(1, worker, step) for worker in range(40) for step in range(50)]
    fair, skewed = below(100, keys, 50, BATCH), below(103, keys, 50, BATCH) % 100
    assert stats.chisquare(np.bincount(fair.ravel(), minlength=100)).pvalue > LEVEL
    assert stats.chisquare(np.bincount(skewed.ravel(), minlength=100)).pvalue < LEVEL


@pytest.mark.parametrize("keys", [[(0, 0)], (0, 0, 0), [(0.0, 0.0, 0.0)]])
def test_keys_that_are_no_triples_are_refused(keys):
    with pytest.raises(ValueError, match="name no batches"):
        words(keys, 4, BATCH)


@pytest.mark.parametrize("key", [(0, -1, 0), (0, 0, 2**32), (-1, 0, 0)])
def test_keys_out_of_range_are_refused(key):
    with pytest.raises(ValueError, match="must not be negative"):
        words([key], 4, BATCH)


def _or_skip():
    try:
        return data.load("fashion-mnist")
    except FileNotFoundError as missing:
        pytest.skip(str(missing))
