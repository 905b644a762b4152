"""From an id to a notebook: each row of the inventory is named in full, in text, code or output, in a notebook of its own paper or across them."""

import re

from companion import settings
from stalegrad.claims import ledger

PROJECT = settings.here()
WORD = re.compile(r"(?:SME|PCA|SDDE|EASGD)-\w(?:[\w.-]*\w)?")
LISTS = {"90_claims"}
"""Notebooks that list every row, and so treat none."""


def named(texts):
    """Ids, or longer words that begin with one, by the folder of the notebook that names them; images hold none, as base64 has no dash."""
    found = {}
    for name, text in texts.items():
        found.setdefault(name.rpartition("/")[0], set()).update(WORD.findall(text))
    return found


def unnamed(rows, found):
    """Ids that no notebook of their paper, of `across` or of the top folder names."""
    return [id_ for id_, row in rows.items() if not any(id_ in found.get(folder, ()) for folder in (id_.partition("-")[0].lower(), "across", ""))]


def test_every_claim_is_named_in_a_notebook_of_its_paper():
    texts = {name: PROJECT.notebook(name).read_text(encoding="utf-8") for name in PROJECT.names() if name not in LISTS}
    assert unnamed(ledger.read_inventory(), named(texts)) == []


def test_a_range_a_longer_id_and_another_papers_notebook_do_not_count():
    rows = dict.fromkeys(["SME-4.1", "SME-4.2", "SME-4.3", "PCA-2"])
    texts = {"sme/4": "`SME-4.1` to `SME-4.3`, SME-4.21", "sdde/3": "PCA-2", "across/x": "SME-4.10-value"}
    assert unnamed(rows, named(texts)) == ["SME-4.2", "PCA-2"]
