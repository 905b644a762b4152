"""Networks: gradients by several routes, shapes and sizes of the thesis' networks, one step of each."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra nets: make env EXTRAS=nets")

from stalegrad.nets import thesis_models  # noqa: E402
from stalegrad.nets.general import Module, convnet  # noqa: E402
from stalegrad.nets.models import MLP, cross_entropy_slope, start_of_layers  # noqa: E402
from stalegrad.nets.thesis_models import Layer  # noqa: E402

STACK, BATCH = 3, 5
THESIS = [
    (thesis_models.cifar7, thesis_models.CIFAR_INPUT, thesis_models.CIFAR),
    (thesis_models.cifar_lowrank, thesis_models.LOWRANK_INPUT, thesis_models.LOWRANK),
]


def some_batch(shape, dtype=torch.float64, stack=STACK, batch=BATCH):
    generator = torch.Generator().manual_seed(0)
    images = torch.rand((stack, batch, *shape), generator=generator, dtype=dtype)
    return images, torch.randint(0, 10, (stack, batch), generator=generator)


def starts(model, dtype=torch.float64, stack=STACK):
    return torch.stack([torch.from_numpy(model.start(seed)) for seed in range(stack)]).to(dtype)


def formula(model, x, images, labels):
    """Cross-entropy of an MLP, by the formula of its docstring, for one vector and one batch."""
    w1, b1, w2, b2 = (part[0] for part in model.parts(x[None]))
    total = 0.0
    for u, label in zip(images.flatten(1), labels):
        outputs = w2.T @ torch.clamp(w1.T @ u + b1, min=0.0) + b2
        total = total - outputs[label] + torch.log(torch.exp(outputs).sum())
    return total / len(labels)


def test_gradients_of_the_mlp_are_those_of_its_formula():
    model = MLP(36, 8, 10)
    images, labels = some_batch((1, 6, 6))
    x = starts(model)
    found = model.gradients(x, images, labels)
    for i in range(STACK):
        point = x[i].clone().requires_grad_()
        (expected,) = torch.autograd.grad(formula(model, point, images[i], labels[i]), point)
        assert torch.allclose(found[i], expected, rtol=0.0, atol=1e-14)
        assert not torch.allclose(1.001 * found[i], expected, rtol=0.0, atol=1e-14)  # an error of a thousandth is seen


@pytest.mark.parametrize("model", [MLP(64, 8, 10), convnet((1, 8, 8), (2, 3), 4)])
def test_gradients_are_slopes(model):
    """Central differences in float64 along random directions: error h^2, about 1e-10.

    Not at the start itself: with all biases 0, units above dead ones are exactly at the kink of the rectifier.
    """
    images, labels = some_batch((1, 8, 8))
    generator = torch.Generator().manual_seed(1)
    direction, away = (torch.randn((STACK, model.dim), generator=generator, dtype=torch.float64) for _ in range(2))
    x, h = starts(model) + 0.1 * away, 1e-5

    def losses(at):
        return torch.stack([torch.nn.functional.cross_entropy(model.logits(at[i : i + 1], images[i])[0], labels[i]) for i in range(STACK)])

    slopes = (losses(x + h * direction) - losses(x - h * direction)) / (2.0 * h)
    found = (model.gradients(x, images, labels, ()) * direction).sum(1)
    assert torch.allclose(found, slopes, rtol=1e-6, atol=1e-8)
    assert not torch.allclose(found + 1e-3 * direction[:, 0], slopes, rtol=1e-6, atol=1e-8)  # one wrong entry is seen


@pytest.mark.parametrize("model", [MLP(), convnet()])
def test_a_row_has_the_same_bits_in_any_stack(model):
    images, labels = some_batch((1, 14, 14), torch.float32, stack=19, batch=32)
    x = starts(model, torch.float32, stack=19)
    together, outputs = model.gradients(x, images, labels, ()), model.logits(x, images[0])
    for some in (slice(0, 1), slice(4, 6), slice(2, 19)):
        assert torch.equal(model.gradients(x[some], images[some], labels[some], ()), together[some])
        assert torch.equal(model.logits(x[some], images[0]), outputs[some])


@pytest.mark.parametrize("make", [convnet, thesis_models.cifar7, thesis_models.cifar_lowrank])
def test_many_rows_at_a_time_agree_with_one(make):
    shape = {convnet: (1, 14, 14), thesis_models.cifar7: (3, 28, 28), thesis_models.cifar_lowrank: (3, 32, 32)}[make]
    one, many = make(), make(together=2)
    images, labels = some_batch(shape, torch.float32, batch=2)
    kept = tuple(torch.full((STACK, 2, units), 2.0) for units in one.dropped)
    x = starts(one, torch.float32)
    assert torch.allclose(one.gradients(x, images, labels, kept), many.gradients(x, images, labels, kept), rtol=0.0, atol=1e-6)


def test_the_slope_of_the_cross_entropy_sums_to_nothing():
    logits = torch.randn((2, 3, 10), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    slope = cross_entropy_slope(logits, torch.tensor([[0, 1, 2], [9, 9, 9]]))
    assert torch.allclose(slope.sum(2), torch.zeros(2, 3, dtype=slope.dtype), atol=1e-15)
    assert (slope < 0.0).sum() == 6 and (slope[1, :, 9] < 0.0).all()


def test_initial_weights_are_uniform_within_their_bound():
    weights = start_of_layers(7, 0, 40_000, 100)
    assert abs(weights).max() < 0.1 < abs(weights).max() * 1.001
    assert abs(weights.mean()) < 5.0 * 0.1 / np.sqrt(3 * 40_000)
    assert not np.array_equal(start_of_layers(7, 1, 100, 100), weights[:100])
    assert np.array_equal(start_of_layers(7, 0, 100, 100), weights[:100])


def test_biases_start_at_zero_and_at_a_tenth_for_imagenet():
    _, b1, _, b2 = MLP().parts(torch.from_numpy(MLP().start(0))[None])
    assert not b1.any() and not b2.any()
    layers = Layer("CR", (4, 6, 6), (3, 3)), Layer("LS", (10, 1, 1))
    for bias in (0.0, 0.1):
        chain = thesis_models.model((3, 8, 8), layers, bias=bias)
        values = chain.named(torch.from_numpy(chain.start(0)))
        assert all((value == bias).all() == name.endswith("bias") for name, value in values.items())


@pytest.mark.parametrize(
    ("layers", "shape"),
    [
        (thesis_models.CIFAR, thesis_models.CIFAR_INPUT),
        (thesis_models.LOWRANK, thesis_models.LOWRANK_INPUT),
        (thesis_models.IMAGENET, thesis_models.IMAGENET_INPUT),
    ],
)
def test_printed_shapes_follow_from_kernels(layers, shape):
    for layer in layers:
        assert layer.output(shape) == layer.shape
        shape = layer.shape


def test_a_chain_whose_shapes_do_not_follow_is_refused():
    with pytest.raises(ValueError, match=r"gives \(4, 6, 6\) from \(3, 8, 8\): correct its kernel"):
        thesis_models.model((3, 8, 8), (Layer("C", (4, 7, 7), (3, 3)),))


def test_layers_are_counted_with_poolings():
    """The 7-layer network has 7; the 11-layer one has 11 with the layer that is not printed."""
    assert len(thesis_models.CIFAR) == 7
    assert len(thesis_models.IMAGENET) == 11
    assert sum(layer.shape == (384, 13, 13) for layer in thesis_models.IMAGENET) == 1


def parameters(shape, layers):
    """Number of parameters by hand: (inputs of a unit + 1) times units."""
    total = 0
    for layer in layers:
        if "C" in layer.does:
            total += (shape[0] * layer.kernel[0] * layer.kernel[1] + 1) * layer.shape[0]
        elif "L" in layer.does:
            total += (shape[0] * shape[1] * shape[2] + 1) * layer.shape[0]
        shape = layer.shape
    return total


def test_parameters_of_the_imagenet_network_fill_233_mebibytes():
    """The thesis' 233 MB (Section 4.3.4) with or without the layer that is not printed; in millions of bytes it is 244."""
    as_printed = tuple(layer for layer in thesis_models.IMAGENET if layer.shape not in ((384, 13, 13), (256, 12, 12)))
    as_printed = as_printed[:5] + (Layer("CR", (256, 12, 12), (3, 3)),) + as_printed[5:]
    for layers in (thesis_models.IMAGENET, as_printed):
        dim = thesis_models.model(thesis_models.IMAGENET_INPUT, layers).dim
        assert dim == parameters(thesis_models.IMAGENET_INPUT, layers)
        assert round(4 * dim / 2**20) == 233 and 244.0 <= 4 * dim / 1e6 < 245.0


@pytest.mark.parametrize(("make", "shape", "layers"), THESIS)
def test_one_step_of_the_cifar_networks(make, shape, layers):
    model = make()
    assert model.dim == parameters(shape, layers)
    images, labels = some_batch(shape, torch.float32, stack=1, batch=2)
    x = starts(model, torch.float32, stack=1)
    kept = tuple(torch.ones(1, 2, units) for units in model.dropped)

    def loss(at):
        return torch.nn.functional.cross_entropy(model.logits(at, images[0])[0], labels[0])

    gradient = model.gradients(x, images, labels, kept)
    assert loss(x - 0.01 * gradient) < loss(x)
    assert not torch.equal(model.gradients(x, images, labels, tuple(2.0 * part for part in kept)), gradient)


def test_dropped_units_get_no_gradient():
    layers = Layer("LRD", (6, 1, 1)), Layer("LS", (10, 1, 1))
    model = thesis_models.model((1, 4, 4), layers)
    images, labels = some_batch((1, 4, 4), stack=1)
    kept = torch.tensor([2.0, 0.0, 2.0, 0.0, 2.0, 0.0], dtype=torch.float64).expand(1, BATCH, 6)
    values = model.named(model.gradients(starts(model, stack=1), images, labels, (kept,))[0])
    assert not values["weighed.0.weight"][1::2].any() and not values["weighed.1.weight"][:, 1::2].any()
    assert values["weighed.0.weight"][::2].any()
    assert model.dropped == (6,) and thesis_models.model((1, 4, 4), (Layer("DLR", (6, 1, 1)),)).dropped == (16,)


def test_one_step_of_the_imagenet_network():
    model = thesis_models.imagenet11()
    assert model.dim == 61_128_808 and model.dropped == (4096, 4096) and model.bias == 0.1
    generator = torch.Generator().manual_seed(0)
    x = torch.empty(1, model.dim).uniform_(-0.01, 0.01, generator=generator)
    images = torch.rand((1, 1, *thesis_models.IMAGENET_INPUT), generator=generator)
    kept = (torch.ones(1, 1, 4096),) * 2
    values = model.named(model.gradients(x, images, torch.tensor([[999]]), kept)[0])
    assert values["weighed.10.bias"].argmin() == 999
    assert all(value.isfinite().all() and value.any() for value in values.values())


def test_any_module_will_do():
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16, 10))
    model = Module(net)
    images, labels = some_batch((1, 4, 4), stack=1)
    values = model.named(model.gradients(starts(model, stack=1), images, labels)[0])
    weights, bias = (model.named(starts(model, stack=1)[0])[name] for name in ("1.weight", "1.bias"))
    residual = torch.softmax(images[0].flatten(1) @ weights.T + bias, 1) - torch.nn.functional.one_hot(labels[0], 10)
    assert torch.allclose(values["1.weight"], residual.T @ images[0].flatten(1) / BATCH, atol=1e-14)


def test_images_too_small_for_the_convolutions_are_refused():
    with pytest.raises(ValueError, match="give images of 8 x 8 or more"):
        convnet((1, 7, 8))
