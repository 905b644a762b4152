"""The coefficients in `vectormath`, derived again by the exchange algorithm of Remez in 60 digits."""

import mpmath as mp
import numpy as np
import pytest

from stalegrad.engine.compiled import vectormath

GRID = 400


def artanh_rest(w):
    """(2 artanh s - 2 s) / (s w) with w = s^2."""
    return (2 * mp.atanh(mp.sqrt(w)) / mp.sqrt(w) - 2) / w


def sine_rest(w):
    """(sin(pi y / 4) - pi y / 4) / (y w) with w = y^2."""
    return (mp.sin(mp.pi / 4 * mp.sqrt(w)) / mp.sqrt(w) - mp.pi / 4) / w


def cosine_rest(w):
    """(cos(pi y / 4) - 1) / w with w = y^2."""
    return (mp.cos(mp.pi / 4 * mp.sqrt(w)) - 1) / w


ONE = mp.mpf(1)
LARGEST_S = (mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)
# coefficients; what they approximate; the part of its error in the relative error of the function; end of the interval
CASES = {
    "artanh": (vectormath.ARTANH, artanh_rest, lambda w: w / 2, LARGEST_S**2),
    "sine": (vectormath.SINE, sine_rest, lambda w: 4 * w / mp.pi, ONE),
    "cosine": (vectormath.COSINE, cosine_rest, lambda w: w, ONE),
}


def table(rest, share, end):
    """(w, rest, share) at Chebyshev's points, dense at the ends of (0, end]; 0 itself, where the rest is 0 / 0, is left out."""
    points = [end * (1 - mp.cos(mp.pi * (i + ONE / 8) / GRID)) / 2 for i in range(GRID)] + [end]
    return [(w, rest(w), share(w)) for w in points]


def errors(coefficients, rows):
    """Relative errors of the function."""
    return [(mp.polyval(list(coefficients)[::-1], w) - exact) * part for w, exact, part in rows]


def levelled(n, rows):
    """The polynomial of n terms whose errors in n + 1 rows are equal in size and alternate in sign."""
    equations = [[w**j for j in range(n)] + [(-1) ** i / part] for i, (w, _, part) in enumerate(rows)]
    return list(mp.lu_solve(mp.matrix(equations), mp.matrix([exact for _, exact, _ in rows])))[:n]


def extremes(values):
    """Place of the largest value between each two changes of sign."""
    changes = [i for i in range(1, len(values)) if values[i] * values[i - 1] < 0]
    pieces = zip([0, *changes], [*changes, len(values)])
    return [max(range(a, b), key=lambda i: abs(values[i])) for a, b in pieces]


def least_error(n, rows):
    """Largest error of the best polynomial of n terms."""
    places, before = [round(GRID * i / n) for i in range(n + 1)], None
    while places != before:
        before = places
        found = errors(levelled(n, [rows[i] for i in places]), rows)
        places = extremes(found)
        assert len(places) == n + 1
    return max(map(abs, found))


def largest_rounding(coefficients, rows):
    """What rounding each coefficient to a double can add to the error."""
    halves = [mp.mpf(float(np.spacing(abs(c)))) / 2 for c in coefficients]
    return max(mp.polyval(halves[::-1], w) * part for w, _, part in rows)


@pytest.mark.parametrize("name", CASES)
def test_no_polynomial_of_this_length_is_better(name):
    coefficients, *function = CASES[name]
    with mp.workdps(60):
        rows = table(*function)
        ours, best = max(map(abs, errors(coefficients, rows))), least_error(len(coefficients), rows)
        assert best * 0.999 <= ours <= best * 1.001 + largest_rounding(coefficients, rows)
        assert least_error(len(coefficients) - 1, rows) > 100 * ours  # so none is longer than it must be


def test_a_quarter_of_pi_in_two_parts():
    with mp.workdps(60):
        assert abs(mp.mpf(vectormath.QUARTER_PI) + mp.mpf(vectormath.QUARTER_PI_LOW) - mp.pi / 4) < mp.mpf(2) ** -107
