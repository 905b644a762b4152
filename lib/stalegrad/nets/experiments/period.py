r"""Runs of section 4.3.3: EASGD and EAMSGD at communication periods 1 to 1,000, with a constant and with a decaying rate; and the tail.

EAMSGD has the rate and momentum of Figure 4.13, which is the largest of its rates that trains here too. EASGD has a rate of its own: at 0.01
it would hardly move in so short a run. The rate decays by $\eta_t = \eta / (1 + \gamma t)^{1/2}$ to a quarter, $\gamma$ times the length being 15.
"""

from __future__ import annotations

from stalegrad.nets.experiments.discussion import length
from stalegrad.nets.experiments.learning_rate import MOMENTUM, N_WORKERS, PERIOD
from stalegrad.nets.spec import Spec
from stalegrad.nets.timetable import Clock

PERIODS = (1, 10, 100, 1000)
RATES = {"easgd": 0.1, "eamsgd": 0.01}
SEEDS = {"quick": 3, "paper": 5}
END_OF_DECAY = 15.0
"""gamma times the length of the run."""
STAYING = 2
"""Workers of the 16 that go on in the tail."""
LONG = 100
"""The period at which EAMSGD is tried with another spring."""
SPRINGS = {"larger alpha": {"alpha": 0.3}, "less momentum, larger rate": {"momentum": 0.9, "eta": 0.1}}
"""Fields changed: a spring about five times as strong, and one as strong as before, eta / (1 - delta) being the same."""


def _base(method: str, profile: str, decays: bool) -> Spec:
    fields = length(profile)
    more = {"momentum": MOMENTUM} if method == "eamsgd" else {}
    decay = END_OF_DECAY / fields["n_steps"] if decays else 0.0
    return Spec(method, eta=RATES[method], n_workers=N_WORKERS, period=PERIOD, decay=decay, **more, **fields)


def specs(profile: str, seed: int = 0) -> dict[tuple[str, bool, int], list[Spec]]:
    """(method, whether the rate decays, period) -> one run a seed.

    >>> sorted({period for _, _, period in specs("quick")})
    [1, 10, 100, 1000]
    """
    return {
        (method, decays, period): [_base(method, profile, decays).at(period=period, seed=seed + s) for s in range(SEEDS[profile])]
        for method in RATES
        for decays in (False, True)
        for period in PERIODS
    }


def tails(profile: str, seed: int = 0) -> dict[str, list[Spec]]:
    """Method -> runs, one a seed, in which all workers but `STAYING` stop for good after two thirds of the run; the rate is constant.

    >>> tails("quick")["easgd"][0].clock.stop[:3]
    (1500, 1500, 1000)
    """
    stop = length(profile)["n_steps"]
    steps = (stop,) * STAYING + (2 * stop // 3,) * (N_WORKERS - STAYING)
    return {method: [_base(method, profile, False).at(clock=Clock(stop=steps), seed=seed + s) for s in range(SEEDS[profile])] for method in RATES}


def springs(profile: str, seed: int = 0) -> dict[str, list[Spec]]:
    """EAMSGD with a constant rate at the period `LONG`, with each of `SPRINGS`; one run a seed.

    >>> [specs[0].moving_rate for specs in springs("quick").values()]
    [0.3, 0.05625]
    """
    base = _base("eamsgd", profile, False).at(period=LONG)
    return {name: [base.at(**changes, seed=seed + s) for s in range(SEEDS[profile])] for name, changes in SPRINGS.items()}
