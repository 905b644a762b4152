"""Elementary functions that the compiler can run on a whole vector of paths at once.

`log` and `exp` are within one unit in the last place of the exact value, `cos_sin` within one and a half.
Range reduction is followed by the Taylor polynomial of the reduced argument, long enough for double precision.
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

QUADRANT, EIGHTH, MASK_30 = np.uint64(30), np.uint64(2**29), np.uint64(2**30 - 1)
BIASED_EIGHTH = 2.0**52 + 2.0**29
# pi / 2^31 in two parts: a multiple of the first by a whole number below 2^29 is exact.
ANGLE_HIGH = float.fromhex("0x1.921fb4p-30")
ANGLE_LOW = float.fromhex("0x1.4442d18469899p-54")
ZERO, BIT_1, BIT_2 = np.uint64(0), np.uint64(1), np.uint64(2)
LOG2_E = 1.0 / math.log(2.0)
DOUBLE_BIAS = np.uint64(2 * 1023)

C4, C6, C8, C10, C12, C14, C16 = (1 / math.factorial(n) for n in range(4, 17, 2))
S3, S5, S7, S9, S11, S13, S15, S17 = (1 / math.factorial(n) for n in range(3, 18, 2))


@inlined
def log(x):
    """log x for positive normal x."""
    shifted = bits_of(x) + TO_SQRT_HALF
    k = float_of(TWO_52 | (shifted >> EXPONENT)) - BIASED
    f = float_of((shifted & FRACTION) + SQRT_HALF) - 1.0
    # log(1 + f) = 2 artanh s, and 2 s = f - s f
    s = f / (2.0 + f)
    w = s * s
    r = 2 / 19 + w * (2 / 21)
    r = 2 / 15 + w * (2 / 17 + w * r)
    r = 2 / 11 + w * (2 / 13 + w * r)
    r = 2 / 7 + w * (2 / 9 + w * r)
    r = w * (2 / 3 + w * (2 / 5 + w * r))
    return k * LOG2_HIGH + (f - (s * (f - r) - k * LOG2_LOW))


@inlined
def cos_sin(word):
    """cos and sin of 2 pi word / 2^32, for a 32-bit word held in 64 bits."""
    turned = word + EIGHTH
    quadrant = turned >> QUADRANT
    r = float_of(TWO_52 | (turned & MASK_30)) - BIASED_EIGHTH
    t = r * ANGLE_HIGH + r * ANGLE_LOW
    w = t * t
    c = -C14 + w * C16
    c = -C10 + w * (C12 + w * c)
    c = -C6 + w * (C8 + w * c)
    c = 1.0 - w * (0.5 - w * (C4 + w * c))
    s = -S15 + w * S17
    s = -S11 + w * (S13 + w * s)
    s = -S7 + w * (S9 + w * s)
    s = t - t * w * (S3 - w * (S5 + w * s))
    swap = (quadrant & BIT_1) != ZERO
    cosine = s if swap else c
    sine = c if swap else s
    cosine = -cosine if ((quadrant + BIT_1) & BIT_2) != ZERO else cosine
    sine = -sine if (quadrant & BIT_2) != ZERO else sine
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
