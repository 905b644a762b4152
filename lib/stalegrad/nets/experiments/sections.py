"""All runs of the training notebooks, section by section: what fills the store before the notebooks ask for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from stalegrad.nets import compare
from stalegrad.nets.experiments import averaging, comparison, cut_rates, learning_rate, momentum_and_workers, period, trees
from stalegrad.nets.experiments.profiles import chosen
from stalegrad.nets.run import run_all
from stalegrad.nets.spec import Spec


def _all(*plans: Mapping[object, Iterable[Spec]]) -> None:
    run_all([spec for plan in plans for specs in plan.values() for spec in specs])


def _comparison(profile: str, objective: str = "mlp") -> None:
    run_all(comparison.checks(comparison.run(profile, objective=objective)))


def _momentum(profile: str) -> None:
    scale = chosen(profile, momentum_and_workers.PROFILES)
    eta = compare.choose_rate(run_all(momentum_and_workers.tuning(scale))).eta
    _all(
        *(plan(scale, eta) for plan in (momentum_and_workers.printed, momentum_and_workers.same_effective_step, momentum_and_workers.unlike_workers))
    )


SECTIONS: dict[str, Callable[[str], object]] = {
    "4.2": _comparison,
    "4.2-cuts": cut_rates.run,
    "4.3.1": lambda profile: _all(averaging.specs(profile), averaging.cut_specs(profile)),
    "4.3.2": lambda profile: _all(learning_rate.specs(profile)),
    "4.3.3": lambda profile: _all(period.specs(profile), period.springs(profile), period.tails(profile)),
    "6.1.2": lambda profile: run_all(trees.everything(chosen(profile, trees.PROFILES))),
    "Liu-4.2": _momentum,
    "4.2-conv": lambda profile: _comparison(profile, "conv"),
}
"""Section of the thesis (Liu-: of Liu et al.) -> what makes its runs for a profile, the longest last. 4.3.4 and 4.3.5 use the runs of 4.2."""


def make(name: str, profile: str) -> None:
    """The runs of one section, but for those that another process makes. It is here because a new process does not import `__main__`."""
    SECTIONS[name](profile)
