"""Elementary functions for block functions, defined wherever mathematics defines them; loads numba.

`exp`, `log`, `sqrt` and `tanh` run on whole vectors of paths. `sin` and `cos` (and `pow`) are scalar library
calls, which cost several times more. A reader's own block function may import any of them.
"""

from __future__ import annotations

import math

from stalegrad.engine.compiled import vectormath
from stalegrad.engine.compiled.build import inlined

exp = vectormath.exp
SMALLEST_NORMAL = 2.0**-1022
LOG_SCALE = 54.0 * math.log(2.0)


@inlined
def sqrt(x):
    """The square root; NaN of negative x."""
    return math.sqrt(x)


@inlined
def log(x):
    """The natural logarithm; -inf of 0, NaN of negative x."""
    tiny = x < SMALLEST_NORMAL
    y = vectormath.log(x * 2.0**54 if tiny else x) - (LOG_SCALE if tiny else 0.0)
    y = x if x == math.inf else y
    y = -math.inf if x == 0.0 else y
    return y if x >= 0.0 else math.nan


@inlined
def tanh(x):
    """The hyperbolic tangent: Lambert's continued fraction near 0, the exponential elsewhere."""
    w = x * x
    near = x / (1.0 + w / (3.0 + w / (5.0 + w / (7.0 + w / (9.0 + w / (11.0 + w / (13.0 + w / 15.0)))))))
    far = 1.0 - 2.0 / (exp(2.0 * abs(x)) + 1.0)
    far = -far if x < 0.0 else far
    return near if abs(x) < 0.55 else far


@inlined
def sin(x):
    """The sine; NaN of an infinite x."""
    return math.sin(x)


@inlined
def cos(x):
    """The cosine; NaN of an infinite x."""
    return math.cos(x)


@inlined
def sign(x):
    """-1, 0 or 1; NaN of NaN."""
    return x if x != x else (1.0 if x > 0.0 else (-1.0 if x < 0.0 else 0.0))
