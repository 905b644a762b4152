"""Ids as people write them: one statement is meant, or the nearest are named."""

import pytest

import stalegrad as sg
from stalegrad.claims import ids, ledger

KNOWN = ledger.read_inventory()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *(
            (text, "SME-4.9")
            for text in ("SME-4.9", "sme-4.9", "SME-(4.9)", "SME 4.9", "sme_4.9", " SME4.9 ", "SME\u20134.9", "\uff33\uff2d\uff25-4.9")
        ),
        *((text, "SME-4.9") for text in ("SME equation (4.9)", "SME eq. 4.9", "sme-eq-4.9")),
        ("SME-4.10", "SME-4.10"),
        ("SME Theorem 2", "SME-T2"),
        ("EASGD Lemma 3.1.4", "EASGD-L3.1.4"),
        ("EASGD fig. 5.10", "EASGD-F5.10"),
        ("easgd figure 5.1", "EASGD-F5.1"),
        ("EASGD table 4.2", "EASGD-TAB4.2"),
        ("SME fig5 asgd", "SME-fig5-asgd"),
        ("pca fig1 mu0.7", "PCA-fig1-mu0.7"),
        ("EASGD_sp_easgd_0.5", "EASGD-sp-easgd-0.5"),
        ("SME exact moments", "SME-exact-moments"),
    ],
)
def test_one_statement_is_meant(written, meant):
    assert ids.found(written, KNOWN) == meant and sg.claim(written).id == meant


def test_no_two_ids_are_written_alike():
    assert len({ids.folded(id_) for id_ in KNOWN}) == len(KNOWN)
    assert all(ids.found(id_.lower().replace("-", " "), KNOWN) == id_ for id_ in KNOWN)


@pytest.mark.parametrize(
    ("written", "near"),
    [
        ("SME-4.99", "SME-4.9"),
        ("SME 4,9", "SME-4.9"),
        ("4.9", "SME-4.9"),
        ("Theorem 9", "PCA-T9"),
        ("SME-exact-momentum", "SME-exact-moments"),
        (4.9, "SME-4.9"),
    ],
)
def test_the_nearest_are_named(written, near):
    with pytest.raises(ValueError, match=r"is no claim id.*nearest: .*stalegrad claims") as refused:
        sg.claim(written)
    assert near in str(refused.value).split("nearest: ")[1].split(";")[0].split(", ")


def test_nothing_like_an_id_has_nothing_near():
    for written in ("", "...", "what is this", None):
        with pytest.raises(ValueError, match="is no claim id") as refused:
            sg.claim(written)
        assert "nearest" not in str(refused.value)


def test_ledgers_stay_exact(tmp_path):
    """Ids in the project's own files are written one way, so that a search for one finds all of them."""
    (tmp_path / "inventory.csv").write_bytes((ledger.FOLDER / "inventory.csv").read_bytes())
    (tmp_path / "SME.toml").write_text('["sme-4.9"]\nstatement = "x"\nwants = "proved"\n')
    with pytest.raises(ledger.LedgerError, match=r"'sme-4\.9' is no claim id of inventory\.csv; nearest: SME-4\.9"):
        ledger.load(tmp_path)
