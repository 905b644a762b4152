"""torchsde: ``sdeint(method="euler")``, all paths in one batch, one Brownian motion a path, no gradients."""

import torch
import torchsde

torch.set_num_threads(1)


def w2(workload):
    """Brownian motion as `sdeint` makes it by default."""
    return _runner(workload, lambda times: None)


def w2_by_hand(workload):
    """A `BrownianInterval` told the step in advance, which saves most of its search tree."""

    def brownian(times):
        return torchsde.BrownianInterval(
            t0=float(times[0]),
            t1=float(times[-1]),
            size=(workload.n_paths, 1),
            dtype=torch.float64,
            dt=workload.dt,
        )

    return _runner(workload, brownian)


class _Limit(torch.nn.Module):
    """SME-2.11 and SME-2.12; a state is a row (X, Y, Σ)."""

    sde_type = "ito"
    noise_type = "scalar"

    def __init__(self, workload):
        super().__init__()
        self.workload = workload

    def f(self, t, state):
        x, y, sigma = state.unbind(1)
        mu = self.workload.mu
        w = 2 * x + self.workload.friction * y
        return torch.stack([y, -w, (1 - mu) / self.workload.dt * (4 + w * w / mu - sigma)], dim=1)

    def g(self, t, state):
        noise = torch.zeros_like(state)
        noise[:, 0] = self.workload.noise * state[:, 2].sqrt()
        return noise.unsqueeze(-1)


def _runner(workload, brownian):
    limit = _Limit(workload)
    times = torch.arange(workload.n_steps + 1, dtype=torch.float64) * workload.dt
    start = torch.tensor([workload.sde_start], dtype=torch.float64).repeat(workload.n_paths, 1)

    def run(seed):
        torch.manual_seed(seed)
        with torch.no_grad():
            states = torchsde.sdeint(limit, start, times, bm=brownian(times), method="euler", dt=workload.dt)
        x = states[..., 0]
        return x.mean(dim=1).numpy(), (x * x).mean(dim=1).numpy()

    return run
