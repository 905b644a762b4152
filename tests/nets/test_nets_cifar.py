"""CIFAR-10 archives in the true formats, whole, damaged and malicious. torch is not needed."""

import hashlib
import io
import os
import pickle
import tarfile

import numpy as np
import pytest

from stalegrad.nets import cifar, data

ROWS = 4


class Python2Pickler(pickle._Pickler):
    """Writes what Python 2 wrote in protocol 2: byte strings as such, and numpy by its old names."""

    def save_bytes(self, value):
        self.write(pickle.BINSTRING + len(value).to_bytes(4, "little") + value)
        self.memoize(value)

    def save_global(self, value, name=None):
        module = value.__module__.replace("numpy._core", "numpy.core")
        self.write(pickle.GLOBAL + f"{module}\n{name or value.__qualname__}\n".encode("ascii"))
        self.memoize(value)

    dispatch = {**pickle._Pickler.dispatch, bytes: save_bytes, type: save_global, type(len): save_global, type(np.zeros(0).__reduce__): save_global}


def python2(value) -> bytes:
    stream = io.BytesIO()
    Python2Pickler(stream, protocol=2).dump(value)
    return stream.getvalue()


def batch(k):
    """Images and labels number k."""
    rng = np.random.default_rng(k)
    return rng.integers(0, 256, (ROWS, cifar.PIXELS), dtype=np.uint8), rng.integers(0, 10, ROWS).tolist()


def as_pickle(k):
    images, labels = batch(k)
    names = [b"frog_s_%06d.png" % i for i in range(ROWS)]
    return python2({b"data": images, b"labels": labels, b"batch_label": b"training batch 1 of 5", b"filenames": names})


def as_binary(k):
    images, labels = batch(k)
    return b"".join(bytes([label]) + row.tobytes() for row, label in zip(images, labels))


def files(form):
    """Members of an archive of that form."""
    names = (*cifar.TRAINING, cifar.TEST)
    if form == "python":
        return {f"cifar-10-batches-py/{name}": as_pickle(k) for k, name in enumerate(names)} | {"cifar-10-batches-py/readme.html": b"text"}
    return {f"cifar-10-batches-bin/{name}.bin": as_binary(k) for k, name in enumerate(names)} | {"cifar-10-batches-bin/batches.meta.txt": b"text"}


@pytest.fixture
def archive(tmp_path):
    """Writes a packed archive; gives its path and digest."""

    def write(members, more=()):
        path = tmp_path / "cifar.tar.gz"
        with tarfile.open(path, "w:gz") as tar:
            for name, content in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
            for info in more:
                tar.addfile(info)
        return path, hashlib.sha256(path.read_bytes()).hexdigest()

    return write


@pytest.mark.parametrize("form", ["python", "binary"])
def test_archives_are_read(archive, form):
    found = cifar.read_archive(*archive(files(form)), held_out=ROWS)
    pixels = np.concatenate([batch(k)[0] for k in range(5)]).reshape(-1, 3, 32, 32)
    assert np.array_equal(np.concatenate([found.images, found.validation_images]), pixels / np.float32(255))
    assert np.array_equal(found.labels, np.concatenate([batch(k)[1] for k in range(4)]))
    assert found.validation_labels.tolist() == batch(4)[1] and found.test_labels.tolist() == batch(5)[1]
    assert (found.name, found.classes, found.shape) == ("cifar-10", 10, (3, 32, 32))


def test_both_forms_hold_the_same(archive):
    assert cifar.read_archive(*archive(files("python")), held_out=1).digest == cifar.read_archive(*archive(files("binary")), held_out=1).digest


def test_the_first_colour_is_red_and_the_first_row_on_top(archive):
    members = files("binary")
    members["cifar-10-batches-bin/test_batch.bin"] = bytes([7, *range(32), *[0] * 992, *[1] * 1024, *[2] * 1024])
    image = cifar.read_archive(*archive(members), held_out=1).test_images[0] * 255
    assert np.allclose(image[0, 0], np.arange(32), atol=1e-4) and np.allclose(image[0, 1:], 0)
    assert np.allclose(image[1], 1, atol=1e-4) and np.allclose(image[2], 2, atol=1e-4)


def test_an_archive_with_another_digest_is_refused(archive):
    path, digest = archive(files("binary"))
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ValueError, match=f"instead of {digest}"):
        cifar.read_archive(path, digest, held_out=1)


@pytest.mark.parametrize("name", ["../data_batch_1", "/data_batch_1", "a/../../data_batch_1"])
def test_an_archive_that_leads_out_of_itself_is_refused(archive, name):
    with pytest.raises(ValueError, match="leads out of it"):
        cifar.read_archive(*archive({**files("python"), name: as_pickle(0)}), held_out=1)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_an_archive_with_links_or_devices_is_refused(archive, kind):
    link = tarfile.TarInfo("cifar-10-batches-py/test_batch")
    link.type, link.linkname = kind, "/etc/hostname"
    with pytest.raises(ValueError, match="is no file"):
        cifar.read_archive(*archive(files("python"), [link]), held_out=1)


def test_a_missing_file_is_named(archive):
    members = files("binary")
    del members["cifar-10-batches-bin/data_batch_3.bin"]
    with pytest.raises(ValueError, match="lacks data_batch_3"):
        cifar.read_archive(*archive(members), held_out=1)


class Command:
    """What a malicious pickle holds: a call."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def test_a_pickle_that_calls_something_is_refused_and_nothing_is_called(tmp_path):
    target = tmp_path / "made"
    for command in (Command(exec, f"open({str(target)!r}, 'w')"), Command(os.mkdir, str(target)), Command(np.load, str(target))):
        content = pickle.dumps({b"data": command, b"labels": []}, protocol=2)
        with pytest.raises(ValueError, match="which no file of CIFAR-10 needs"):
            cifar.read_pickle(content, "data_batch_1")
        assert not target.exists()
    pickle.loads(pickle.dumps(Command(os.mkdir, str(target)), protocol=2))
    assert target.exists()  # a call does happen where pickles are trusted


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (as_pickle(0)[:-40], "cannot be read"),
        (b"", "cannot be read"),
        (python2([1, 2]), "holds no dictionary"),
        (python2({b"data": batch(0)[0]}), "holds no dictionary"),
        (python2({b"data": batch(0)[0][:, 1:], b"labels": batch(0)[1]}), "holds uint8 data of shape"),
        (python2({b"data": batch(0)[0], b"labels": batch(0)[1][1:]}), "for 3 labels"),
        (python2({b"data": batch(0)[0].astype(float), b"labels": batch(0)[1]}), "holds float64 data"),
        (python2({b"data": batch(0)[0], b"labels": [b"frog"] * ROWS}), "a whole label"),
    ],
)
def test_damaged_pickles_are_refused(content, says):
    with pytest.raises(ValueError, match=says):
        cifar.read_pickle(content, "data_batch_1")


@pytest.mark.parametrize("content", [b"", as_binary(0)[:-1]])
def test_damaged_records_are_refused(content):
    with pytest.raises(ValueError, match="no multiple of 3073"):
        cifar.read_binary(content, "data_batch_1.bin")


def test_without_the_archive_the_remedy_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(data, "SYSTEM", tmp_path)
    monkeypatch.setenv(data.VARIABLE, str(tmp_path))
    with pytest.raises(FileNotFoundError, match="University of Toronto and place it, packed, in the folder that STALEGRAD_DATA names"):
        data.load("cifar-10")


def test_an_archive_of_the_right_name_must_be_the_published_one(monkeypatch, archive):
    path, _ = archive(files("python"))
    path.rename(path.with_name("cifar-10-python.tar.gz"))
    monkeypatch.setenv(data.VARIABLE, str(path.parent))
    with pytest.raises(ValueError, match="instead of 6d958be074577803"):
        data.load("cifar-10")
