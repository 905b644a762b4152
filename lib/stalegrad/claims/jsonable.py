"""Results as strictly valid JSON."""

from __future__ import annotations

import math


def jsonable(value):
    """Turn a result into what JSON can hold.

    Complex numbers become [re, im], arrays lists, infinities "inf" and "-inf", NaN "nan".

    Examples
    --------
    >>> jsonable({"rate": float("inf"), "roots": [1 + 2j, 3]})
    {'rate': 'inf', 'roots': [[1.0, 2.0], 3]}
    """
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, dict):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    if isinstance(value, complex):
        return [jsonable(value.real), jsonable(value.imag)]
    if value is None or isinstance(value, str | bool | int):
        return value
    number = float(value)
    return number + 0.0 if math.isfinite(number) else str(number)
