"""Profiles: how long and how often the runs of an experiment are made, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

Kind = TypeVar("Kind")


def chosen(profile: str, table: Mapping[str, Kind]) -> Kind:
    """The entry of a profile.

    Raises
    ------
    ValueError
        For an unknown profile.

    Examples
    --------
    >>> chosen("quick", {"quick": 800, "paper": 6000})
    800
    """
    if profile not in table:
        raise ValueError(f"profile={profile!r} is unknown: give one of {', '.join(table)}")
    return table[profile]
