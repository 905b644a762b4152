"""Formula: rendering, evaluation, and errors that name the value, the rule and the remedy."""

import subprocess
import sys

import numpy as np
import pytest

from stalegrad.theory import formula, formulas


def test_every_formula_renders():
    for claim_id, entry in formulas().items():
        assert entry.id == claim_id
        assert len(entry.latex()) > 5
        if entry.printed is not None:
            assert entry.latex(printed=True) != entry.latex()


def test_every_argument_is_used_and_every_symbol_is_an_argument():
    for entry in formulas().values():
        if not entry.arguments:
            continue
        parts = [p for e in (entry.expr, entry.printed) if e is not None for p in (e.values() if isinstance(e, dict) else [e])]
        shorthands = {symbol.name for symbol in entry.where}
        names = {symbol.name for part in (*parts, *entry.where.values()) for symbol in part.free_symbols} - shorthands
        assert names <= set(entry.arguments), entry.id
        # An argument on which the value does not depend is one that the statement restricts.
        assert set(entry.arguments) - names <= set(entry.domains), entry.id
        assert set(entry.defaults) <= set(entry.arguments)


def test_scalars_broadcast_over_arrays():
    grid = formula("SME-4.4").numeric(Sigma=[1.0, 2.0, 4.0], eta=0.01, mu=0.95)
    single = [formula("SME-4.4").numeric(Sigma=s, eta=0.01, mu=0.95) for s in (1.0, 2.0, 4.0)]
    assert np.array_equal(grid, single)


def test_roots_of_negative_numbers_are_complex():
    slow = formula("SME-second-moment-eigenvalues").numeric(eta=0.01, mu=0.97, a=2.0)["lambda_+"]
    fast = formula("SME-second-moment-eigenvalues").numeric(eta=0.01, mu=0.5, a=2.0)["lambda_+"]
    assert isinstance(slow, complex) and slow.imag > 0
    assert isinstance(fast, float) and fast < 0


@pytest.mark.parametrize(
    ("claim_id", "values", "words"),
    [
        ("SME-4.4", {"Sigma": 4.0, "eta": -0.01, "mu": 0.9}, "eta = -0.01 must be positive"),
        ("SME-4.4", {"Sigma": 4.0, "eta": 0.01, "mu": 1.0}, "mu = 1.0 must be in"),
        ("SME-4.4", {"Sigma": float("nan"), "eta": 0.01, "mu": 0.9}, "must be finite"),
        ("SME-4.4", {"Sigma": "many", "eta": 0.01, "mu": 0.9}, "is not a number"),
        ("SME-4.4", {"eta": 0.01, "mu": 0.9}, "needs Sigma"),
        ("SME-4.4", {"Sigma": 4.0, "eta": 0.01, "mu": 0.9, "beta": 1.0}, "no argument 'beta'"),
        ("SME-4.11", {"t": 3.0, "T": 2.0, "eta": 0.01, "mu": 0.9, "Sigma": 1.0, "gamma": 1e-6}, "t <= T"),
        ("SME-2.12", {"Sigma": 1.0, "Y": 0.0, "g": 0.0, "G": 1.0, "eta": 0.01, "mu": 0.0}, "divides by mu"),
    ],
)
def test_bad_arguments_are_named(claim_id, values, words):
    with pytest.raises(ValueError, match=words):
        formula(claim_id).numeric(**values)


def test_unknown_id_lists_known_ones():
    with pytest.raises(ValueError, match=r"SME-4\.4"):
        formula("SME-44")


def test_printed_form_only_where_it_differs():
    with pytest.raises(ValueError, match="no printed form"):
        formula("SME-4.4").numeric_printed(Sigma=4.0, eta=0.01, mu=0.9)


@pytest.mark.parametrize(("claim_id", "loaded"), [("PCA-T5", ["pca"]), ("SDDE-ou-solution", ["sdde"])])
def test_a_formula_loads_its_own_paper_alone(claim_id, loaded):
    script = (
        f"import sys, stalegrad; stalegrad.claim({claim_id!r}).latex\n"
        "print(sorted(name for name in ('easgd', 'pca', 'sdde', 'sme') if f'stalegrad.theory.{name}' in sys.modules), 'numba' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert said.strip() == f"{loaded} False"


def test_every_paper_is_there_without_being_imported_first():
    script = "from stalegrad import theory; print(theory.sme.hjb.__name__, theory.easgd.__name__, hasattr(theory, 'nope'))"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["stalegrad.theory.sme.hjb", "stalegrad.theory.easgd", "False"]
