"""Networks in real runs: the same gradients, batches and evaluation as in training, by the library's rules."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason='needs the extra nets: make env EXTRAS="nets"')

from stalegrad.cluster.parameter_server import ParameterServer, Worker, method_of  # noqa: E402
from stalegrad.cluster.settings import evaluated, settings_of, start_of  # noqa: E402
from stalegrad.nets.objectives import mlp  # noqa: E402


def small():
    """A small network on synthetic images, in double precision."""
    return mlp(data="synthetic", hidden=8, dtype="float64")


def test_workers_of_a_run_train_on_the_batches_of_their_keys():
    s = settings_of({"algorithm": "easgd", "processes": 3, "problem": f"{__name__}:small", "alpha": 0.25, "eta": 0.1, "period": 2, "seed": 5})
    method = method_of(s)
    start = start_of(s, method.process.problem)
    server, objective = ParameterServer(method, start, 2), small()
    workers = [Worker(method, start, i, s.seed) for i in range(2)]
    assert start.tolist() == objective.start(5).tolist()
    # Algorithm 1 by hand, on the objective's own gradients
    x, centre = [objective.start(5).clone() for _ in workers], objective.start(5).clone()
    for t in range(6):
        for i, worker in enumerate(workers):
            if worker.counter is not None:
                worker.hear(server.push(i, worker.counter, worker.message, now=0.0)[0])
            worker.step()
            slope = objective.gradients(x[i][None], [(5, i, t)])[0]
            pull = 0.25 * (x[i] - centre) if t % 2 == 0 else torch.zeros_like(centre)
            x[i], centre = x[i] - pull - 0.1 * slope, centre + pull
            np.testing.assert_allclose(worker.local, x[i].numpy(), rtol=0, atol=1e-12)
    np.testing.assert_allclose(server.centre, centre.numpy(), rtol=0, atol=1e-12)
    told = evaluated(method.process.problem, server.centre)["evaluation"]
    assert told["test_loss"] == pytest.approx(float(objective.evaluate(centre[None])["test_loss"]), rel=1e-9)
    before = evaluated(method.process.problem, start)["evaluation"]
    assert told["train_loss"] < before["train_loss"]
