"""The objective of a network: batches by key, gradients of what is evaluated, errors that count what they should."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra nets: make env EXTRAS=nets")

from stalegrad.nets import thesis_models  # noqa: E402
from stalegrad.nets.augment import centre, random_crops  # noqa: E402
from stalegrad.nets.data import standardised, synthetic  # noqa: E402
from stalegrad.nets.general import convnet  # noqa: E402
from stalegrad.nets.models import MLP  # noqa: E402
from stalegrad.nets.objective import network  # noqa: E402
from stalegrad.nets.sampling import thesis_sampler, with_replacement  # noqa: E402
from stalegrad.nets.thesis_models import Layer  # noqa: E402

DATA = standardised(synthetic())
KEYS = [(0, worker, 3 * worker + 1) for worker in range(7)]
DROPPING = thesis_models.model((1, 14, 14), (Layer("LRD", (16, 1, 1)), Layer("LS", (10, 1, 1))))


def spread(objective, n):
    """n parameter vectors near the start."""
    noise = torch.randn((n, objective.dim), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return objective.start(0) + 0.05 * noise.to(objective.images)


def every_image(objective):
    """The same objective whose batch is the whole training set."""
    return objective._replace(sampler=lambda keys: np.tile(np.arange(len(objective.labels)), (len(keys), 1)))


@pytest.mark.parametrize("l2", [0.0, 0.3])
def test_the_gradient_of_all_images_is_the_slope_of_the_evaluated_loss(l2):
    """Central differences in float64 along random directions; the evaluated loss leaves out the l2 term.

    The step h is small, as 5,120 rectifiers have their kinks: within h = 1e-7 about one of a hundred rows meets one.
    """
    objective = every_image(network(DATA, MLP(196, 8), l2=l2, evaluated=(1000, 1, 1), dtype=torch.float64))
    x, h = spread(objective, 3), 1e-7
    direction = torch.randn(x.shape, generator=torch.Generator().manual_seed(1), dtype=x.dtype)

    def value(at):
        return objective.evaluate(at)["train_loss"] + l2 / 2.0 * (at**2).sum(1)

    slopes = (value(x + h * direction) - value(x - h * direction)) / (2.0 * h)
    found = (objective.gradients(x, KEYS[:3]) * direction).sum(1)
    assert torch.allclose(found, slopes, rtol=1e-5, atol=1e-7)
    planted = ((objective.gradients(x, KEYS[:3]) + 0.01 * x) * direction).sum(1)  # the term of another l2
    assert not torch.allclose(planted, slopes, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("model", [MLP(), convnet(), DROPPING])
def test_a_row_has_the_same_bits_in_any_company(model):
    objective = network(DATA, model, batch=16, l2=1e-3)
    x = spread(objective, len(KEYS))
    together = objective.gradients(x, KEYS)
    for order in ([2], [6, 0], [5, 4, 3, 2, 1, 0]):
        assert torch.equal(objective.gradients(x[order], [KEYS[i] for i in order]), together[order])
    values = objective.evaluate(x)
    assert all(torch.equal(found, values[name][2:5]) for name, found in objective.evaluate(x[2:5]).items())


@pytest.mark.parametrize("model", [MLP(), DROPPING])
def test_another_key_is_another_batch(model):
    objective = network(DATA, model, batch=16)
    x = spread(objective, 1)
    first = objective.gradients(x, [(1, 2, 3)])
    assert torch.equal(objective.gradients(x, [(1, 2, 3)]), first)
    assert not any(torch.equal(objective.gradients(x, [key]), first) for key in ((0, 2, 3), (1, 3, 3), (1, 2, 4), (1, 3, 2)))


def test_gradients_leave_their_arguments_alone():
    objective = network(DATA, MLP(), l2=0.1)
    x = spread(objective, 2)
    before, images = x.clone(), objective.images.clone()
    objective.gradients(x, KEYS[:2])
    objective.evaluate(x)
    assert torch.equal(x, before) and torch.equal(objective.images, images)


def test_batches_are_those_of_the_sampler():
    sampler = thesis_sampler(len(DATA.labels), 16, n_workers=7, loaders=2, chunk=32)
    objective = network(DATA, MLP(), batch=16, sampler=sampler)
    images, labels = objective.batch(KEYS)
    index = sampler(KEYS)
    assert np.array_equal(images.numpy(), DATA.images[index]) and np.array_equal(labels.numpy(), DATA.labels[index])
    assert not np.array_equal(index, with_replacement(len(DATA.labels), 16)(KEYS))


def test_crops_train_and_centres_are_evaluated():
    whole, cropped = network(DATA, MLP(100), batch=4, crop=10), network(DATA, MLP(), batch=4)
    images, labels = whole.batch(KEYS)
    index = with_replacement(len(DATA.labels), 4)(KEYS)
    assert torch.equal(images, random_crops(cropped.images, index, KEYS, 10)) and torch.equal(labels, cropped.batch(KEYS)[1])
    assert torch.equal(whole.parts["test"][0], centre(torch.from_numpy(DATA.test_images), 10))


def test_evaluation_is_the_mean_over_each_part():
    """Against NumPy, with parts longer and shorter than what is evaluated at a time."""
    data = standardised(synthetic(sizes=(700, 100, 200)))
    objective = network(data, MLP(), evaluated=(640, 50, 200), dtype=torch.float64)
    x = spread(objective, 2)
    found = objective.evaluate(x)
    assert list(found) == [f"{part}_{what}" for part in ("train", "validation", "test") for what in ("loss", "error")]
    parts = {"train": data[0:2], "validation": data[2:4], "test": data[4:6]}
    for (part, (images, labels)), size in zip(parts.items(), (640, 50, 200)):
        w1, b1, w2, b2 = (value[1].numpy() for value in MLP().parts(x))
        outputs = np.maximum(images[:size].reshape(size, -1).astype(float) @ w1 + b1, 0.0) @ w2 + b2
        surprise = np.log(np.exp(outputs).sum(axis=1)) - outputs[np.arange(size), labels[:size]]
        assert found[f"{part}_loss"][1].item() == pytest.approx(surprise.mean(), rel=1e-12)
        assert found[f"{part}_error"][1].item() == pytest.approx(np.mean(outputs.argmax(axis=1) != labels[:size]), abs=1e-12)


def test_what_has_diverged_is_wrong_and_a_tie_is_no_hit():
    objective = network(DATA, MLP())
    x = torch.zeros(3, objective.dim)
    x[1], x[2, 0] = torch.nan, torch.inf
    found = objective.evaluate(x)
    assert found["test_error"][1:].tolist() == [1.0, 1.0] and not found["test_loss"][1:].isfinite().any()
    assert found["test_error"][0].item() == pytest.approx(np.mean(DATA.test_labels != 0))
    assert found["test_loss"][0].item() == pytest.approx(np.log(10.0), rel=1e-6)


@pytest.mark.parametrize("model", [MLP(), DROPPING])
def test_training_learns(model):
    """60 steps on 640 images; guessing is wrong 9 times of 10. Trained on the labels of other images, the error stays there."""

    def error(data):
        objective = network(data, model)
        x = objective.start(0)[None].clone()
        for step in range(60):
            x -= 0.1 * objective.gradients(x, [(0, 0, step)])
        return objective.evaluate(x)["test_error"].item()

    assert error(DATA) < 0.1
    assert error(DATA._replace(labels=np.roll(DATA.labels, 1))) > 0.7


def test_dropout_drops_half_and_doubles_the_rest():
    objective = network(DATA, DROPPING, batch=33)
    (kept,) = objective.kept(KEYS, 33)
    assert kept.shape == (7, 33, 16) and set(kept.unique().tolist()) == {0.0, 2.0}
    assert abs(kept.mean().item() - 1.0) < 5.0 / np.sqrt(kept.numel())
    assert torch.equal(objective.kept(KEYS[3:4], 33)[0][0], kept[3]) and not torch.equal(kept[0], kept[1])


def test_types():
    for dtype in (torch.float32, torch.float64):
        objective = network(DATA, MLP(), dtype=dtype)
        x = spread(objective, 1)
        assert {x.dtype, objective.gradients(x, KEYS[:1]).dtype, objective.evaluate(x)["test_error"].dtype} == {dtype}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"batch": 0}, "batch=0 is too small"),
        ({"l2": -1.0}, "l2=-1.0 must be 0 or"),
        ({"l2": float("nan")}, "l2=nan must be 0 or"),
        ({"crop": 15}, "crop=15 is larger than the 14 x 14 images of synthetic"),
        ({"dtype": torch.int64}, "holds no fractions"),
        ({"evaluated": (0, 1, 1)}, "evaluated=0 is too small"),
    ],
)
def test_bad_settings_are_refused(change, says):
    with pytest.raises(ValueError, match=says):
        network(DATA, MLP(), **change)


def test_rows_and_keys_must_match():
    objective = network(DATA, MLP())
    with pytest.raises(ValueError, match=r"x has shape \(2, 13258\), but 1 keys"):
        objective.gradients(spread(objective, 2), KEYS[:1])
    with pytest.raises(ValueError, match="name no batches"):
        objective.gradients(spread(objective, 1), [0])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU that torch can use")
@pytest.mark.parametrize("model", [MLP(), convnet(together=8), DROPPING])
def test_a_gpu_agrees(model):
    here, there = (network(DATA, model, crop=14, device=device, dtype=torch.float64) for device in ("cpu", "cuda"))
    x = spread(here, len(KEYS))
    assert torch.allclose(there.gradients(x.cuda(), KEYS).cpu(), here.gradients(x, KEYS), atol=1e-10)
    values = there.evaluate(x.cuda())
    assert all(torch.allclose(values[name].cpu(), value, atol=1e-10) for name, value in here.evaluate(x).items())
