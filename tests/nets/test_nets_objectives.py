"""Objectives by name."""

import pytest

torch = pytest.importorskip("torch", reason="needs the extra nets: make env EXTRAS=nets")

from stalegrad.nets import Spec, objectives  # noqa: E402
from stalegrad.nets.data import synthetic  # noqa: E402
from stalegrad.nets.driver import train  # noqa: E402
from stalegrad.nets.sampling import thesis_sampler  # noqa: E402

FEW = (20, 20, 20)


def test_every_objective_trains(monkeypatch):
    """A few steps of each, on synthetic images of the shape that it wants."""
    shapes = {"mlp": (1, 14, 14), "conv": (1, 14, 14), "cifar7": (3, 32, 32), "cifar_lowrank": (3, 32, 32)}
    for name, maker in objectives.OBJECTIVES.items():
        if name in shapes:
            monkeypatch.setattr(objectives, "_images", lambda data, shape=shapes[name]: synthetic(shape, sizes=(40, 20, 20)))
        objective = maker(batch=2, evaluated=FEW) if name in shapes else maker()
        path = train(Spec("easgd", 0.01, n_workers=2, objective=name, n_steps=3, evaluations=1), objective)
        seen = objective.evaluate(path.snapshots["centre"])
        assert path.snapshots["centre"].shape == (2, objective.dim)
        assert seen["train_loss"].isfinite().all() and seen["train_loss"][0] != seen["train_loss"][1]


def test_an_objective_is_built_once():
    options = (("data", "synthetic"), ("hidden", 4))
    assert objectives.build("mlp", options) is objectives.build("mlp", options)
    assert objectives.build("mlp", options).dim == 197 * 4 + 5 * 10
    assert len(objectives.digest(objectives.build("mlp", options))) == 64


def test_batches_may_come_from_loaders():
    """Their batches are those of the sampler for so many workers, and a worker outside its queue is refused."""
    images = objectives._images("synthetic")
    loaders = objectives.build("mlp", (("data", "synthetic"), ("loaders_for", 2))).sampler
    assert (loaders([(0, 1, 5)]) == thesis_sampler(len(images.labels), 32, 2)([(0, 1, 5)])).all()
    free = objectives.build("mlp", (("data", "synthetic"),)).sampler
    assert (loaders([(0, 1, 5)]) != free([(0, 1, 5)])).any()
    too_many = Spec("easgd", 0.01, n_workers=3, options={"data": "synthetic", "loaders_for": 2}, n_steps=3, evaluations=1)
    with pytest.raises(ValueError, match="worker 2 has no place"):
        train(too_many, objectives.build("mlp", too_many.options))


@pytest.mark.skipif(torch.cuda.is_available(), reason="only without a CUDA device")
def test_a_device_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="device='cuda' cannot be used"):
        objectives.build("mlp", (("data", "synthetic"), ("device", "cuda")))


def test_precision_and_names_are_checked():
    with pytest.raises(ValueError, match="dtype='half'"):
        objectives.build("mlp", (("data", "synthetic"), ("dtype", "half")))
    with pytest.raises(ValueError, match="objective='vgg' is unknown"):
        objectives.build("vgg")
