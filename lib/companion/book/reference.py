"""Pages of the API reference: every public name, by the room that it lives in, described by its docstring."""

from __future__ import annotations

import inspect
from importlib import import_module
from types import ModuleType

ROOMS = {"algorithms": "Algorithms", "limits": "Limits", "engine": "Simulation", "staleness": "Laws of staleness", "claims": "Claims"}
INDEX = """\
# Reference

Every public name, with its rule, shapes, errors and an example. `import stalegrad as sg` loads nothing until a name is used.

"""


def pages() -> dict[str, str]:
    """Markdown of the reference by file name: an index, and a page for each room."""
    rooms = public()
    index = [INDEX, "```{toctree}", ":hidden:", "", *(f"{title} <{room}>" for room, (title, _, _) in rooms.items()), "```", ""]
    for room, (title, about, names) in rooms.items():
        rows = (f"| [`{short(name)}`](#{name}) | {first_line(thing)} |" for name, thing in names.items())
        index += [f"## [{title}]({room}.md)", "", about, "", "| name | what |", "|---|---|", *rows, ""]
    return {"index.md": "\n".join(index), **{f"{room}.md": _page(*entries) for room, entries in rooms.items()}}


def public() -> dict[str, tuple[str, str, dict[str, object]]]:
    """Title, first line and public names of each room, the names as readers write them: `stalegrad.asgd`, `stalegrad.moments.of`."""
    library = import_module("stalegrad")
    found = {name: getattr(library, name) for name in library.__all__}
    rooms: dict[str, tuple[str, str, dict[str, object]]] = {}
    for name, thing in sorted(found.items(), key=lambda item: _place(item[1])):
        if not isinstance(thing, ModuleType):
            room = thing.__module__.split(".")[1]
            home = import_module(f"stalegrad.{room}")
            rooms.setdefault(room, (ROOMS.get(room, room.capitalize()), first_line(home), {}))[2][f"stalegrad.{name}"] = thing
    for name, thing in found.items():
        if isinstance(thing, ModuleType):
            rooms[name] = (f"sg.{name}", first_line(thing), {f"stalegrad.{name}.{inner}": value for inner, value in members(thing).items()})
    return rooms


def _place(thing: object) -> tuple:
    """Rooms in the order of `ROOMS`, others after them; by module and line within."""
    if isinstance(thing, ModuleType):
        return (len(ROOMS) + 1,)
    room, known = thing.__module__.split(".")[1], list(ROOMS)
    return (known.index(room) if room in known else len(ROOMS), room, thing.__module__, inspect.getsourcelines(thing)[1])


def members(module: ModuleType) -> dict[str, object]:
    """Functions and classes that a module offers: those in its `__all__`, else those that it defines under a public name."""
    listed = getattr(module, "__all__", None)
    named = {name: getattr(module, name) for name in listed or vars(module)}
    own = {name: thing for name, thing in named.items() if inspect.isfunction(thing) or inspect.isclass(thing)}
    return {name: thing for name, thing in own.items() if listed or (not name.startswith("_") and thing.__module__ == module.__name__)}


def _page(title: str, about: str, names: dict[str, object]) -> str:
    lines = [f"# {title}", "", about, ""]
    for name, thing in names.items():
        directive = ["autoclass", "   :members:"] if inspect.isclass(thing) else ["autofunction"]
        lines += ["```{eval-rst}", f".. {directive[0]}:: {name}", *directive[1:], "```", ""]
    return "\n".join(lines)


def short(name: str) -> str:
    """A name as readers type it."""
    return name.replace("stalegrad.", "sg.", 1)


def first_line(thing: object) -> str:
    """The first sentence of a docstring, on one line."""
    return (inspect.getdoc(thing) or "").partition("\n\n")[0].replace("\n", " ").replace("|", r"\vert ")
