"""Values of claims that are computed rather than a closed formula, a module for each part of a paper.

Each module has `VALUES`, id -> function of the arguments; and, where there are any, `PRINTED`, id -> the same by the
printed form that is wrong, `WORDS`, id -> argument -> the words that it may be, and
`LISTS`, id -> the arguments that are lists of numbers (all other arguments are numbers).
"""

from __future__ import annotations

from stalegrad.claims.computed import easgd_3_1, easgd_3_2, easgd_5_1, easgd_5_2, easgd_5_3, pca, sdde, sme

_PARTS = (sme, pca, easgd_3_1, easgd_3_2, easgd_5_1, easgd_5_2, easgd_5_3, sdde)

VALUES = {id_: function for part in _PARTS for id_, function in part.VALUES.items()}
PRINTED = {id_: function for part in _PARTS for id_, function in getattr(part, "PRINTED", {}).items()}
WORDS = {id_: words for part in _PARTS for id_, words in getattr(part, "WORDS", {}).items()}
LISTS = {id_: names for part in _PARTS for id_, names in getattr(part, "LISTS", {}).items()}
