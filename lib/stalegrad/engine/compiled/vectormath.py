"""Elementary functions that the compiler can run on a whole vector of paths at once.

`log` and `exp` are within one unit in the last place of the exact value, `cos_sin` within one and a half.
Range reduction is followed by a polynomial in the reduced argument: for `exp` Taylor's, for the others the one whose largest relative
error is least among those of its length (Remez). `tests/engine/test_polynomials.py` derives these coefficients again.
"""

from __future__ import annotations

import math

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from stalegrad.engine.compiled.build import inlined


@intrinsic
def bits_of(typingctx, value):
    """The 64 bits of a float as an unsigned integer."""

    def codegen(context, builder, signature, args):
        return builder.bitcast(args[0], ir.IntType(64))

    return types.uint64(types.float64), codegen


@intrinsic
def float_of(typingctx, value):
    """The float with these 64 bits."""

    def codegen(context, builder, signature, args):
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.uint64), codegen


def _word(number: float) -> np.uint64:
    return np.float64(number).view(np.uint64)


ONE, SQRT_HALF, TWO_52 = _word(1.0), _word(math.sqrt(0.5)), _word(2.0**52)
FRACTION, EXPONENT = np.uint64(2**52 - 1), np.uint64(52)
BIASED = 2.0**52 + 1023.0
TO_SQRT_HALF = ONE - SQRT_HALF
ROUND = 1.5 * 2.0**52  # added to a number below 2^51, it leaves the nearest integer in the low bits

# log 2 in two parts: a multiple of the first by an exponent is exact.
LOG2_HIGH = float.fromhex("0x1.62e42ffp-1")
LOG2_LOW = float.fromhex("-0x1.718432a1b0e26p-35")

# A turn of 2 pi is 2^32; the angle from the nearest multiple of pi / 2 is at most an eighth of it.
EIGHTH, QUARTER, MASK_30 = np.uint64(2**29), np.uint64(2**30), np.uint64(2**30 - 1)
TWO_23, BIASED_ONE = _word(2.0**23), 2.0**23 + 1.0  # between 2^23 and 2^24 doubles are 2^-29 apart
SIGN, TO_SIGN = np.uint64(2**63), np.uint64(32)
ZERO, BIT_1 = np.uint64(0), np.uint64(1)
LOG2_E = 1.0 / math.log(2.0)
DOUBLE_BIAS = np.uint64(2 * 1023)

C4, C6, C8, C10, C12, C14 = (1 / math.factorial(n) for n in range(4, 15, 2))
S3, S5, S7, S9, S11, S13, S15 = (1 / math.factorial(n) for n in range(3, 16, 2))


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float.fromhex(number) for number in text.split())


# 2 artanh s = 2 s + s w (A0 + A1 w + ...), w = s^2, for |s| <= (sqrt 2 - 1) / (sqrt 2 + 1)
ARTANH = _numbers(
    "0x1.5555555555592p-1 0x1.999999997fd73p-2 0x1.24924941f528fp-2 0x1.c71c5205e9321p-3"
    " 0x1.74663fa7c5707p-3 0x1.39a1a66f392e2p-3 0x1.2f0639ba61e7dp-3"
)
# sin(pi y / 4) = (pi / 4) y + y w (S0 + S1 w + ...) and cos(pi y / 4) = 1 + w (C0 + C1 w + ...), w = y^2, for |y| <= 1
SINE = _numbers(
    "-0x1.4abbce625be47p-4 0x1.466bc67758d85p-9 -0x1.32d2cce3332d7p-15 0x1.5078301b62484p-22 -0x1.e300a65a62034p-30 0x1.e403d0a9063c7p-38"
)
COSINE = _numbers(
    "-0x1.3bd3cc9be45a5p-2 0x1.03c1f081b14bdp-6 -0x1.55d3c7dcb5f41p-12 0x1.e1f4fbfc00c5fp-19 -0x1.a6ca009650374p-26 0x1.f3ef42591def6p-34"
)
# pi / 4 in two parts
QUARTER_PI, QUARTER_PI_LOW = math.pi / 4, float.fromhex("0x1.1a62633145c07p-55")


@inlined
def polynomial(coefficients, w):
    """coefficients[0] + coefficients[1] w + ..., by Horner's rule."""
    value = coefficients[-1]
    for n in range(2, len(coefficients) + 1):
        value = coefficients[-n] + w * value
    return value


@inlined
def log(x):
    """log x for positive normal x."""
    shifted = bits_of(x) + TO_SQRT_HALF
    k = float_of(TWO_52 | (shifted >> EXPONENT)) - BIASED
    f = float_of((shifted & FRACTION) + SQRT_HALF) - 1.0
    # log(1 + f) = 2 artanh s, and 2 s = f - s f
    s = f / (2.0 + f)
    w = s * s
    r = w * polynomial(ARTANH, w)
    return k * LOG2_HIGH + (f - (s * (f - r) - k * LOG2_LOW))


@inlined
def cos_sin(word):
    """cos and sin of 2 pi word / 2^32, for a 32-bit word held in 64 bits."""
    turned = word + EIGHTH
    y = float_of(TWO_23 | (turned & MASK_30)) - BIASED_ONE  # pi y / 4 is the angle from the nearest right angle
    w = y * y
    c = 1.0 + w * polynomial(COSINE, w)
    s = y * QUARTER_PI + y * (QUARTER_PI_LOW + w * polynomial(SINE, w))
    odd = (turned & QUARTER) != ZERO
    cosine = s if odd else c
    sine = c if odd else s
    # the sign bit of a sine is bit 31 of `turned`, that of a cosine the same a right angle later
    cosine = float_of(bits_of(cosine) ^ (((turned + QUARTER) << TO_SIGN) & SIGN))
    sine = float_of(bits_of(sine) ^ ((turned << TO_SIGN) & SIGN))
    return cosine, sine


@inlined
def exp(x):
    """e^x; zero below -745.2, infinity above 709.8, NaN of NaN."""
    x = 710.0 if x > 710.0 else x
    x = -746.0 if x < -746.0 else x
    rounded = x * LOG2_E + ROUND
    k = rounded - ROUND
    r = (x - k * LOG2_HIGH) - k * LOG2_LOW
    e = S13 + r * (C14 + r * S15)
    e = C10 + r * (S11 + r * (C12 + r * e))
    e = S7 + r * (C8 + r * (S9 + r * e))
    e = C4 + r * (S5 + r * (C6 + r * e))
    e = 1.0 + (r + r * r * (0.5 + r * (S3 + r * e)))
    # 2^k in two factors, so that the result may be subnormal
    power = bits_of(rounded) - bits_of(ROUND) + DOUBLE_BIAS
    half = power >> BIT_1
    return e * float_of(half << EXPONENT) * float_of((power - half) << EXPONENT)
