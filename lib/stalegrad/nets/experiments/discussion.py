"""What the experiments of section 4.3 have in common: their length."""

from __future__ import annotations

from stalegrad.nets.experiments.profiles import chosen

LENGTHS = {"quick": {"n_steps": 1500, "evaluations": 15}, "paper": {"n_steps": 6000, "evaluations": 30}}
"""Local steps of a worker, and looks, by profile."""


def length(profile: str) -> dict[str, int]:
    """Fields of a spec that say how long a run is.

    Raises
    ------
    ValueError
        For an unknown profile.
    """
    return chosen(profile, LENGTHS)
