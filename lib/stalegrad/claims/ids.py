"""Claim ids as people write them: `SME-4.9`, `sme 4.9`, `SME-(4.9)`, `sme_4.9`, `SME eq. (4.9)` and `SME Theorem 2` are all understood."""

from __future__ import annotations

import difflib
import re
import unicodedata

LETTERS = {
    "theorem": "t",
    "thm": "t",
    "lemma": "l",
    "proposition": "p",
    "prop": "p",
    "corollary": "c",
    "cor": "c",
    "remark": "r",
    "figure": "f",
    "fig": "f",
    "table": "tab",
    "algorithm": "alg",
    "assumption": "a",
    "equation": "",
    "eqn": "",
    "eq": "",
}
"""What the kinds of statements are called, and the letters that stand for them in an id."""
NEAR, CUTOFF = 4, 0.6
"""Ids that are suggested, and how like what was given they must be."""


def folded(text: str) -> str:
    """What is left of an id when case, spaces, brackets, dashes and underscores do not count; the dot in a number does.

    Examples
    --------
    >>> folded("SME-(4.9)"), folded("EASGD-sp-easgd-0.5")
    ('sme4.9', 'easgdspeasgd0.5')
    """
    plain = unicodedata.normalize("NFKC", str(text)).casefold()
    return re.sub(r"(?<!\d)\.|\.(?!\d)|[^0-9a-z.]", "", plain)


def found(text: str, known) -> str | None:
    """The one id of `known` that is meant, or None.

    Examples
    --------
    >>> found("sme eq. (4.9)", ["SME-4.9", "SME-T2"]), found("SME Theorem 2", ["SME-4.9", "SME-T2"]), found("4.9", ["SME-4.9"])
    ('SME-4.9', 'SME-T2', None)
    """
    if text in known:
        return text
    by_key = {folded(id_): id_ for id_ in known}
    return by_key.get(folded(text)) or by_key.get(_lettered(text))


def unknown(text: object, known) -> str:
    """The sentence for an id that points nowhere, with the nearest ones."""
    by_key = {folded(id_): id_ for id_ in known}
    key = _lettered(text)
    tails = [id_ for id_ in known if key and folded(id_.partition("-")[2]) == key]
    near = list(dict.fromkeys([*tails, *(by_key[like] for like in difflib.get_close_matches(key, by_key, n=NEAR, cutoff=CUTOFF))]))[:NEAR]
    hint = f"; nearest: {', '.join(near)}" if near else ""
    return f"{text!r} is no claim id of inventory.csv{hint}; `stalegrad claims` lists all of them"


def _lettered(text: object) -> str:
    """`folded`, with words such as "theorem" as the letters that ids have for them."""
    words = "|".join(sorted(LETTERS, key=len, reverse=True))
    plain = unicodedata.normalize("NFKC", str(text)).casefold()
    return folded(re.sub(rf"(?<![a-z])({words})s?(?![a-z])", lambda word: LETTERS[word[1]], plain))
