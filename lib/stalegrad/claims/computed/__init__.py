"""Values of claims that are computed rather than a closed formula, a module for each part of a paper.

Each module has `VALUES`, id -> function of the arguments; and, where there are any, `PRINTED`, id -> the same by the
printed form that is wrong, `WORDS`, id -> argument -> the words that it may be, and
`LISTS`, id -> the arguments that are lists of numbers (all other arguments are numbers).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module

_PARTS = {"SME": ("sme",), "EASGD": ("easgd_3_1", "easgd_3_2", "easgd_5_1", "easgd_5_2", "easgd_5_3"), "SDDE": ("sdde",), "PCA": ("pca",)}


@dataclass(frozen=True)
class Computed:
    """How the value of one claim is computed."""

    value: Callable
    printed: Callable | None
    words: Mapping[str, Collection[str]]
    lists: Collection[str]


@cache
def of_paper(paper: str) -> dict[str, Computed]:
    """What is computed for the claims of one paper, by id; the modules of the other papers are not loaded for it."""
    found = {}
    for name in _PARTS.get(paper, ()):
        part = import_module(f"{__name__}.{name}")
        printed, words, lists = (getattr(part, table, {}) for table in ("PRINTED", "WORDS", "LISTS"))
        for id_, value in part.VALUES.items():
            found[id_] = Computed(value, printed.get(id_), words.get(id_, {}), lists.get(id_, ()))
    return found


def computed(id_: str) -> Computed | None:
    """How the value of this claim is computed; None if it is a closed formula or has no value."""
    return of_paper(id_.partition("-")[0]).get(id_)


def ids() -> list[str]:
    """All claims of which a value is computed."""
    return [id_ for paper in _PARTS for id_ in of_paper(paper)]
