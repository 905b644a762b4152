"""Workload W3: the delay equation of asynchronous SGD by Euler-Maruyama (SDDE-5), with a constant and with a random bounded delay.

The objective is that of W1 and W2, F(x) = x² with gradients of variance 4, taken as constant as section 4.1 of the paper does:
x_{k+1} = x_k - 2 η x_{k-l} + 2 η z_k, z_k standard normal; l = 10, or uniform on 0 ... 20 and drawn afresh in every step; x frozen at
``start`` before step 0. Every candidate reports the mean and the second moment of x over the paths after every step.
"""

from dataclasses import dataclass

LAG = 10


@dataclass(frozen=True)
class DelayedWorkload:
    """Sizes and parameters; `longest` is the largest delay."""

    name: str
    is_random: bool
    eta: float = 0.01
    start: float = 1.0
    n_paths: int = 5_120
    n_steps: int = 1_000

    @property
    def longest(self):
        return 2 * LAG if self.is_random else LAG

    @property
    def path_steps(self):
        return self.n_paths * self.n_steps


WORKLOADS = {name: DelayedWorkload(name, name == "W3-random") for name in ("W3-constant", "W3-random")}


def law(workload):
    """Law of the delay."""
    import stalegrad as sg

    return sg.uniform(0, workload.longest) if workload.is_random else sg.constant(workload.longest)


def model(workload):
    """The workload as an object of the library."""
    import stalegrad as sg

    problem = sg.problems.quadratic(centres=[[1.0], [-1.0]], curvature=2.0)
    return sg.sdde(problem, eta=workload.eta, delay=law(workload), Sigma=4.0)
