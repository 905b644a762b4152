"""Workload W5: elastic averaging with multiplicative noise, in the thesis' symbols.

p workers and a centre, every variable from 1: x_i' = x_i - η ξ_i x_i - α (x_i - c), c' = c + β (mean of x_i - c), with ξ_i of the law
Γ(λ, λ), drawn afresh for every worker and step (EASGD-5.31). Every candidate reports the mean and the second moment of c after
every step. What is timed is a worker-step: all sizes take the same 4,000 or so of them for each replica, so that more workers
take fewer steps.
"""

from dataclasses import dataclass

import numpy as np

STEPS = {4: 1_000, 16: 250, 64: 64, 256: 16}  # for each number of workers
ANY_SHAPE = 10.0


@dataclass(frozen=True)
class ElasticWorkload:
    """Sizes and parameters; `shape` is λ. η makes the mean fall to about e^-2, and its noise small and nearly Gaussian."""

    name: str
    n_workers: int
    shape: float = 0.5
    beta: float = 0.9
    start: float = 1.0
    n_paths: int = 10_000
    eta: float | None = None
    n_steps: int | None = None

    def __post_init__(self):
        steps = self.n_steps or STEPS[self.n_workers]
        object.__setattr__(self, "n_steps", steps)
        object.__setattr__(self, "eta", self.eta or 2.0 / steps)

    @property
    def alpha(self):
        """Elastic symmetry."""
        return self.beta / self.n_workers

    @property
    def closed_form(self):
        """Whether a gamma is an elementary function of normals or uniforms."""
        return self.shape in (0.5, 1.0, 2.0, 3.0, 4.0)

    @property
    def path_steps(self):
        """Worker-steps."""
        return self.n_paths * self.n_steps * self.n_workers


WORKLOADS = {
    **{f"W5-p{p}": ElasticWorkload(f"W5-p{p}", p) for p in STEPS},
    "W5-p16-one": ElasticWorkload("W5-p16-one", 16, shape=1.0),
    "W5-p16-any": ElasticWorkload("W5-p16-any", 16, shape=ANY_SHAPE),
}


def model(workload):
    """The workload as an object of the library."""
    import stalegrad as sg

    problem = sg.problems.gamma_quadratic(workload.shape, workload.shape)
    return sg.easgd(problem, workload.eta, workload.alpha, workload.beta, workload.n_workers)


def exact_moments(workload):
    """Mean and second moment of the centre at every step, by the closed recursion of four second moments (EASGD-5.34)."""
    eta, alpha, beta = workload.eta, workload.alpha, workload.beta
    keep, noise = 1 - alpha - eta, eta**2 / workload.shape
    means = np.array([[1 - beta, beta], [alpha, keep]])  # of the centre and of a worker
    seconds = np.array(  # of the centre, of a worker, of centre times average, of the average
        [
            [(1 - beta) ** 2, 0, 2 * beta * (1 - beta), beta**2],
            [alpha**2, keep**2 + noise, 2 * alpha * keep, 0],
            [alpha * (1 - beta), 0, (1 - beta) * keep + alpha * beta, beta * keep],
            [alpha**2, noise / workload.n_workers, 2 * alpha * keep, keep**2],
        ]
    )
    return _first_entries(means, workload.start, workload.n_steps), _first_entries(seconds, workload.start**2, workload.n_steps)


def _first_entries(matrix, start, n_steps):
    state, seen = np.full(len(matrix), start), []
    for _ in range(n_steps + 1):
        seen.append(state[0])
        state = matrix @ state
    return np.array(seen)
