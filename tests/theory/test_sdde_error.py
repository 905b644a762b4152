"""Section 3.2: the recursions behind Theorems 3.2 and 3.4, step by step, and what they lose."""

import numpy as np
import pytest
import sympy as sp
from scipy.stats import binom, norm

from stalegrad.theory import formula
from stalegrad.theory.sdde import error
from stalegrad.theory.sdde.symbols import K, L, b, l

r = sp.Symbol("r", positive=True)


@pytest.mark.claim("SDDE-T3.2", "proved")
@pytest.mark.parametrize("k", [2, 3, 7])
def test_closed_sum_and_the_solution_of_the_recursion(k):
    """k + r sum (1 + r)^j (k - 1 - j) = ((1 + r)^k - 1)/r solves A_k = k + r (A_0 + ... + A_{k-1})."""
    j = sp.Symbol("j")
    total = sum(((1 + r) ** j * (k - 1 - j)).subs(j, i) for i in range(k - 1))
    assert sp.simplify(total - error.closed_sum(r, k)) == 0
    solution = [((1 + r) ** i - 1) / r for i in range(k + 1)]
    assert sp.simplify(k + r * total - solution[k]) == 0
    assert sp.simplify(k + r * sum(solution[:k]) - solution[k]) == 0


@pytest.mark.claim("SDDE-T3.2", "proved")
def test_the_steps_with_logarithms_hold_up_to_one():
    """sum <= (1+r)^k/r^2 <= (1+r)^k/ln(1+r)^2 <= 4 (1+r)^k/r^2: ln(1+r) <= r, and ln(1+r) >= r - r^2/2 >= r/2 for r <= 1."""
    assert sp.simplify(sp.diff(r - sp.log(1 + r), r) - r / (1 + r)) == 0
    assert sp.simplify(sp.diff(sp.log(1 + r) - r + r**2 / 2, r) - r**2 / (1 + r)) == 0
    assert sp.factor(r - r**2 / 2 - r / 2) == -r * (r - 1) / 2
    assert float(sp.log(1 + 3) - 1.5) < 0  # beyond r = 1 the last step fails: at r = 3


@pytest.mark.claim("SDDE-T3.2", "proved")
def test_explicit_constant_of_the_theorem():
    """First term K eta Phi/sqrt b and second 4 eta Phi e^{eta L K (l+1)}/(sqrt b eta L (l+1)), at eta = 1/K."""
    step = error.PHI / (K * sp.sqrt(b))
    proof = K * step + 4 * step * sp.exp(L * (l + 1)) / (L * (l + 1) / K)
    assert sp.simplify(proof - formula("SDDE-T3.2").expr) == 0


@pytest.mark.claim("SDDE-T3.2", "proved")
@pytest.mark.claim("SDDE-T3.4", "proved")
def test_first_term_from_the_quoted_error_of_the_scheme():
    """eta^(3/2) (k + l) e^{2 (eta k)^2} at k = K = 1/eta is e^2 (1/sqrt K + l/K^(3/2)): the first term, at its quoted order."""
    quoted = K ** -sp.Rational(3, 2) * (K + l) * sp.exp(2)
    assert sp.simplify(quoted - sp.exp(2) * (1 / sp.sqrt(K) + l / K ** sp.Rational(3, 2))) == 0


@pytest.mark.claim("SDDE-C3.3", "proved")
def test_corollary_is_the_theorem_without_delay():
    assert sp.simplify(formula("SDDE-T3.2").expr.subs(l, 0) - formula("SDDE-C3.3").expr) == 0


LAWS = {
    "none": [1.0],
    "constant 1": [0, 1.0],
    "constant 6": [0] * 6 + [1.0],
    "uniform to 6": [1 / 7] * 7,
    "mostly late": [0.1, 0, 0, 0.2, 0, 0, 0.7],
}


@pytest.mark.claim("SDDE-T3.2", "exact")
@pytest.mark.claim("SDDE-T3.4", "exact")
@pytest.mark.claim("SDDE-sharp-error", "exact")
@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("n_steps", [8, 40, 400])
def test_bounds_on_the_largest_sequence_that_the_recursion_allows(law, n_steps, check):
    curvature, batch, s2 = 1.0, 4, 2.25
    found = error.extremal(LAWS[law], curvature / n_steps, n_steps)[-1] * 2 * np.sqrt(s2 / batch) / n_steps
    numbers = {"L": curvature, "b": batch, "s2": s2}
    kept = formula("SDDE-sharp-error").numeric(K=n_steps, **numbers)["recursion"]
    check("share of the bound that keeps q_j", found / kept, 0.5, 0.5)
    assert kept < formula("SDDE-T3.2").numeric(l=len(LAWS[law]) - 1, **numbers)
    assert kept < formula("SDDE-T3.4").numeric(K=n_steps, **numbers)


def test_a_bound_with_a_smaller_exponent_is_broken():
    found = error.extremal([1.0], 1 / 400, 400)[-1] / 400
    assert found > (np.exp(0.9) - 1) / 0.9


@pytest.mark.claim("SDDE-T3.2", "counterexample")
@pytest.mark.claim("SDDE-T3.4", "counterexample")
@pytest.mark.parametrize("law", [name for name in LAWS if name != "none"])
def test_a_delay_makes_the_sequence_smaller(law):
    """Sequences grow, so an older entry is a smaller one; no factor l + 1, and nothing that a constant delay could improve."""
    delayed, serial = (error.extremal(q, 0.01, 300) for q in (LAWS[law], LAWS["none"]))
    assert np.all(np.diff(delayed) >= 0) and np.all(delayed <= serial) and delayed[-1] < serial[-1]


@pytest.mark.claim("SDDE-T3.4", "counterexample")
def test_a_random_delay_is_as_good_as_a_constant_one_of_the_same_mean(check):
    """Growth rates differ by (eta L)^3 Var(l)/2 a step: 6e-4 in all over 300 steps."""
    uniform, constant = error.extremal(LAWS["uniform to 6"], 0.01, 300)[-1], error.extremal([0, 0, 0, 1.0], 0.01, 300)[-1]
    check("A_300, uniform on 0..6 over constant 3", uniform / constant, 1.0, 5e-3)


@pytest.mark.claim("SDDE-T3.4", "counterexample")
def test_first_block_of_the_proof(check):
    """Both sides read the same past before step l, so the recursion allows A_k = k: 5050 against 544 at eta L = 0.01, l = 100."""
    found = error.first_block(0.01, 100)
    extremal = error.extremal([0] * 100 + [1.0], 0.01, 100)
    check("A_1 + ... + A_l", extremal[1:].sum(), found["recursion"], 1e-9)
    assert found["recursion"] > 9 * found["claimed"]
    assert error.first_block(0.01, 10)["recursion"] < error.first_block(0.01, 10)["claimed"]


def signs_against_normals(k):
    """E|S - sqrt(k) z| over 2, the noise of one step, for the sum S of k fair signs and a normal z of its own; exact."""
    sums, spread = 2 * np.arange(k + 1) - k, np.sqrt(k)
    folded = spread * np.sqrt(2 / np.pi) * np.exp(-(sums**2) / (2 * k)) + sums * (1 - 2 * norm.cdf(-sums / spread))
    return binom.pmf(np.arange(k + 1), k, 0.5) @ folded / 2


@pytest.mark.claim("SDDE-T3.4", "counterexample")
def test_first_block_of_the_distances_themselves(check):
    """The components +-1, b = 1, both sides with a noise of their own, eta L l = 1: A_1 + ... + A_l is 3015 at l = 400, claimed 2175."""
    found = error.first_block(1 / 400, 400)
    true = sum(signs_against_normals(k) for k in range(1, 401))
    check("signs over normals", true / found["normal"], 1.0, 0.01)
    assert true > 1.3 * found["claimed"]
    blocks = [error.first_block(1 / lag, lag) for lag in (207, 208)]
    assert [block["normal"] > block["claimed"] for block in blocks] == [False, True]
    assert error.first_block(0.01, 100)["normal"] < error.first_block(0.01, 100)["claimed"]


@pytest.mark.claim("SDDE-T3.4", "proved")
def test_conclusion_with_the_mended_first_block():
    """eta L e^L l (l+1)/2 times the noise of one step is largest at eta L l = 1, l = K/L: Phi e^L/sqrt b (1/(2L) + 1/(2K)), a constant still."""
    block = L / K * sp.exp(L) * l * (l + 1) / 2 * error.PHI / (K * sp.sqrt(b))
    assert sp.simplify(block.subs(l, K / L) - error.PHI * sp.exp(L) / sp.sqrt(b) * (1 / (2 * L) + 1 / (2 * K))) == 0
    assert sp.diff(block, l).subs({L: 1, K: 2, b: 1, error.s2: 1}).subs(l, 1) > 0


@pytest.mark.claim("SDDE-T3.4", "exact")
@pytest.mark.parametrize("lag", [1, 5, 20, 100])
def test_block_recursion_and_the_mended_first_block(lag):
    """A_{kl} <= x sum_{i <= (k-1)l} A_i + kl, its sum over a block, and A_1 + ... + A_l <= l (l+1)/2 (1 + x)^l."""
    x = 0.01
    values = error.extremal([0] * lag + [1.0], x, 6 * lag)
    for k in range(1, 7):
        assert values[k * lag] <= x * values[1 : (k - 1) * lag + 1].sum() + k * lag + 1e-9
    for k in range(3, 7):
        block = values[(k - 2) * lag + 1 : (k - 1) * lag + 1].sum()
        assert block <= x * lag * values[1 : (k - 2) * lag + 1].sum() + (k - 1) * lag**2 + 1e-9
    assert values[1 : lag + 1].sum() <= lag * (lag + 1) / 2 * (1 + x) ** lag


@pytest.mark.claim("SDDE-T3.4", "proved")
def test_conclusion_of_the_blocks():
    """With eta L l <= 1 and K = k l: 4 Phi (1/K + 1/L) e^L/sqrt b, first term with ln(1 + eta L) >= eta L/2."""
    rate = L / K
    step = error.PHI / (K * sp.sqrt(b))
    first = 2 * rate * sp.exp(L) * step / (rate / 2)
    second = rate**2 * l**2 * (error.PHI / (L * sp.sqrt(b))) * sp.exp(L) / (rate * l / 2) ** 2
    assert sp.simplify(first + second - formula("SDDE-T3.4").expr) == 0


@pytest.mark.claim("SDDE-T3.4", "counterexample")
def test_lipschitz_constants_of_the_two_regressions(check):
    """Largest eigenvalue of A^T A / n, a quarter of it at x = 0 for logistic regression: no bound of 1 or 0.25."""
    features = np.array([[3.0, 0.0], [1.0, 2.0], [0.0, 4.0]])
    slope = np.linalg.eigvalsh(features.T @ features / 3)[-1]
    logistic = np.linalg.eigvalsh((features.T * 0.25) @ features / 3)[-1]
    check("ratio of the two constants", logistic / slope, 0.25, 1e-12)
    assert slope > 6 and logistic > 1.5
