"""The forms and settings printed as JavaScript, so that a page has no formula of its own."""

from __future__ import annotations

import json
import re
from dataclasses import asdict

import matplotlib
import sympy as sp
from matplotlib.colors import to_hex

from stalegrad.explore import settings
from stalegrad.explore.forms import Form, forms

COLOURS = 64
"""Colours of a map, from fast to the edge of stability."""
_HEAD = """\
// Printed by `python -m stalegrad.explore`, from the formulas of the library. Do not edit: a test compares.
(function (root) {
"use strict";
"""
_TAIL = """\
root.stalegrad = Object.assign(root.stalegrad || {}, { forms, settings, colours });
})(globalThis);
"""


def function(name: str, form: Form) -> str:
    """A form as a method of an object: a number, or an array of rows, from numbers.

    Examples
    --------
    >>> print(function("sme_dt", forms()["sme_dt"]))
    // SME-2.11
    sme_dt(eta, mu) {
      return Math.sqrt(eta) * Math.sqrt(1 - mu);
    },
    """
    shared, parts = sp.cse(form.expression, sp.numbered_symbols("c"), optimizations="basic")
    reduced = parts[0]
    lines = [f"  const {symbol} = {printed(meaning)};" for symbol, meaning in shared]
    if isinstance(reduced, sp.MatrixBase):
        rows = ["[" + ", ".join(printed(entry) for entry in reduced.row(i)) + "]" for i in range(reduced.rows)]
        lines.append("  return [\n    " + ",\n    ".join(rows) + ",\n  ];")
    else:
        lines.append(f"  return {printed(reduced)};")
    head = f"// {', '.join(form.claims)}\n{name}({', '.join(form.arguments)}) {{"
    return "\n".join([head, *lines, "},"])


def printed(expression: sp.Basic) -> str:
    """One expression on one line; spaces around its products, as people write them."""
    text = re.sub(r"\s+", " ", sp.jscode(expression, user_functions={"Min": "Math.min", "Max": "Math.max"}))
    return re.sub(r"(?<=[\w)])([*/])(?=[\w(-])", r" \1 ", text)


def script() -> str:
    """The whole file `closed_forms.js`."""
    functions = "\n".join("  " + line for name, form in forms().items() for line in function(name, form).splitlines())
    described = {
        "maps": {name: asdict(entry) for name, entry in settings.MAPS.items()},
        "start": settings.START_MAP,
        "cells": settings.CELLS,
        "trajectories": {"sliders": [asdict(q) for q in settings.TRAJECTORIES], "claims": settings.TRAJECTORY_CLAIMS},
        "delays": {"sliders": [asdict(q) for q in settings.DELAYS], "claims": settings.DELAY_CLAIMS},
        "arguments": {name: form.arguments for name, form in forms().items()},
    }
    data = json.dumps(described, indent=1, ensure_ascii=False)
    return f"{_HEAD}const forms = {{\n{functions}\n}};\nconst settings = {data};\nconst colours = {json.dumps(colours())};\n{_TAIL}"


def colours() -> list[str]:
    """The map's colours as hexadecimal words.

    Examples
    --------
    >>> colours()[0]
    '#440154'
    """
    table = matplotlib.colormaps["viridis"].resampled(COLOURS)
    return [to_hex(table(i)) for i in range(COLOURS)]
