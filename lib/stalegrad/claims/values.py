"""Values of claims by id: a registered formula, or the computation that stands for it."""

from __future__ import annotations

import inspect
from numbers import Real

from stalegrad.claims.computed import Computed, computed, ids
from stalegrad.theory.formula import find, formulas


def arguments(id_: str) -> dict:
    """Names of the arguments of a claim's value with their defaults, None where there is none."""
    if function := computed(id_):
        parameters = inspect.signature(function.value).parameters.values()
        return {p.name: None if p.default is p.empty else p.default for p in parameters}
    closed = find(id_)
    return {name: closed.defaults.get(name) for name in closed.arguments} if closed else {}


def has_printed(id_: str) -> bool:
    """Whether a printed form that is wrong can be evaluated."""
    function, closed = computed(id_), find(id_)
    return (function is not None and function.printed is not None) or (closed is not None and closed.printed is not None)


def value(id_: str, given: dict):
    """Value of the right form at the given arguments; ValueError names what is wrong with them."""
    takes, function = arguments(id_), computed(id_)
    if not takes and function is None:
        raise ValueError(f"{id_} has no value: it is no formula of numbers; those of {_paper(id_)} with one are {', '.join(_of_paper(id_))}")
    for name, given_value in given.items():
        if isinstance(given_value, str) and not (function and name in function.words):
            raise ValueError(f"{id_}: {name} = {given_value!r} is a word, not a number; write it as in JSON, such as 0.9")
    if function:
        _check_call(id_, function, given, takes)
        return function.value(**given)
    return find(id_).numeric(**given)


def _check_call(id_: str, function: Computed, given: dict, takes: dict) -> None:
    """Names and types for a function; ranges are the function's own to check."""
    listed = ", ".join(name if default is None else f"{name}={default}" for name, default in takes.items()) or "none"
    for name, given_value in given.items():
        if name not in takes:
            raise ValueError(f"{id_} has no argument {name!r}; it takes {listed}")
        if name in function.lists:
            _check_list(id_, name, given_value)
            continue
        words = function.words.get(name, ())
        number = _number(given_value) and name != "model"
        if not number and given_value not in words:
            allowed = ", ".join(words) + (" or a number" if name != "model" else "") if words else "a number"
            raise ValueError(f"{id_}: {name} = {given_value!r} is not possible; give {allowed}")
    missing = [name for name, default in takes.items() if name not in given and default is None]
    if missing:
        raise ValueError(f"{id_} needs {', '.join(missing)}; it takes {listed}")


def _check_list(id_: str, name: str, given_value) -> None:
    """A list of numbers, as JSON, Python and NumPy write it."""
    items = given_value.tolist() if hasattr(given_value, "tolist") else given_value
    if not (isinstance(items, list | tuple) and items and all(map(_number, items))):
        raise ValueError(f"{id_}: {name} = {given_value!r} is no list of numbers; write it as in JSON, such as [4, 3, 2, 1]")


def _number(given_value) -> bool:
    return isinstance(given_value, Real) and not isinstance(given_value, bool)


def printed(id_: str, given: dict):
    """Value of the printed form, where it is wrong and can be evaluated."""
    if not has_printed(id_):
        raise ValueError(f"{id_} has no printed form that differs and can be evaluated; use its value")
    function = computed(id_)
    if function and function.printed:
        _check_call(id_, function, given, arguments(id_))
        return function.printed(**given)
    return find(id_).numeric_printed(**given)


def _paper(id_: str) -> str:
    return id_.partition("-")[0]


def _of_paper(id_: str) -> list[str]:
    return [other for other in evaluable() if _paper(other) == _paper(id_)]


def evaluable() -> list[str]:
    """Ids of all claims that have a value."""
    closed = [id_ for id_, found in formulas().items() if found.arguments]
    return sorted({*closed, *ids()})
