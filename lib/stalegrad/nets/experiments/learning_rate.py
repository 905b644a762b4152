"""Runs of section 4.3.2: EASGD and EAMSGD at several learning rates, 16 workers, period 10.

The rates of EAMSGD span those of Table 4.2; those of EASGD have the same spread of about ten and are larger, as our runs are a hundred
times shorter than the thesis'. Both were fixed after a trial with another seed: the largest rate is the last one that trains.
"""

from __future__ import annotations

from stalegrad.nets.experiments.discussion import length
from stalegrad.nets.spec import Spec

RATES = {"easgd": (0.05, 0.1, 0.4, 0.8), "eamsgd": (0.001, 0.0025, 0.005, 0.01)}
N_WORKERS, PERIOD, MOMENTUM = 16, 10, 0.99
SEEDS = 5


def specs(profile: str, seed: int = 0) -> dict[str, list[Spec]]:
    """For each method its runs, all rates and seeds.

    >>> {method: len(runs) for method, runs in specs("quick").items()}
    {'easgd': 20, 'eamsgd': 20}
    """
    found = {}
    for method, rates in RATES.items():
        more = {"momentum": MOMENTUM} if method == "eamsgd" else {}
        base = Spec(method, eta=rates[0], n_workers=N_WORKERS, period=PERIOD, **more, **length(profile))
        found[method] = [base.at(eta=eta, seed=seed + s) for eta in rates for s in range(SEEDS)]
    return found
