"""The workloads: what every candidate has to compute, in the papers' symbols.

All report the mean and the second moment of x over the paths after every step 0 ... ``n_steps``. W3 is in `benchmarks.delayed`, W4 in
`benchmarks.pca`, W5 in `benchmarks.elastic`; in W1 and W2 the objective is f(x) = x² with two components f_i(x) = (x - c_i)² - 1, c_i = ±1, so that
∇f_i(x) = 2 (x - c_i).
"""

from dataclasses import dataclass, replace
from math import sqrt

from benchmarks import delayed, elastic, pca


@dataclass(frozen=True)
class Workload:
    """Sizes and parameters of W1 or W2.

    W1 is the algorithm (SME-2.1): x_{k+1} = x_k - η ∇f_γ(x_{k-τ}), γ uniform on the components, P(τ = l) = (1-μ) μ^l,
    x frozen at ``start`` before step 0.

    W2 is its limit (SME-2.11, SME-2.12) by Euler-Maruyama, dt = √(η(1-μ)), started as the frozen past demands:
    Y = -2 x_0 / friction and Σ = 4 (the sampling variance of ∇f_i at any fixed x). With friction = √((1-μ)/η) and
    w = ∇f(X) + friction Y the drift of Σ on this objective is (1-μ)/dt (4 + w²/μ - Σ), and that of Y is -w.
    """

    name: str
    eta: float = 0.01
    mu: float = 0.95
    start: float = 1.0
    n_paths: int = 5_120
    n_steps: int = 1_000

    @property
    def path_steps(self):
        return self.n_paths * self.n_steps

    @property
    def dt(self):
        return sqrt(self.eta * (1 - self.mu))

    @property
    def friction(self):
        return sqrt((1 - self.mu) / self.eta)

    @property
    def noise(self):
        """Factor of √Σ dB in the equation of X: η^{3/4} / (1-μ)^{1/4}."""
        return self.eta**0.75 / (1 - self.mu) ** 0.25

    @property
    def sde_start(self):
        """(X, Y, Σ) at time 0."""
        return self.start, -2.0 * self.start / self.friction, 4.0


WORKLOADS = {name: Workload(name) for name in ("W1", "W2")} | pca.WORKLOADS | delayed.WORKLOADS | elastic.WORKLOADS


def model(workload):
    """The workload as an object of the library: what `stalegrad.simulate` and `stalegrad.moments.of` take."""
    if workload.name in pca.WORKLOADS:
        return pca.model(workload)
    if workload.name in elastic.WORKLOADS:
        return elastic.model(workload)
    if workload.name in delayed.WORKLOADS:
        return delayed.model(workload)
    import stalegrad as sg

    problem = sg.problems.quadratic(centres=[[1.0], [-1.0]], curvature=2.0)
    if workload.name == "W1":
        return sg.asgd(problem, eta=workload.eta, staleness=sg.geometric(workload.mu))
    return sg.sme_asgd(problem, eta=workload.eta, mu=workload.mu)


def exact_moments(workload):
    """Mean and second moment of x at every step, without Monte Carlo but for W4."""
    if workload.name in pca.WORKLOADS:
        return pca.sampled_moments(workload)
    if workload.name in elastic.WORKLOADS:
        return elastic.exact_moments(workload)
    from stalegrad import moments

    exact = moments.of(model(workload), workload.start, n_steps=workload.n_steps)
    return exact.mean[:, 0], exact.second_moment[:, 0, 0]


def with_paths(workload, n_paths):
    return replace(workload, n_paths=n_paths)
