"""A reader's CSV file as least squares or logistic regression: what is read, what is refused, and the logistic loss itself."""

import pickle

import numpy as np
import pytest

import stalegrad as sg
from problem_checks import assert_averages, assert_derivatives
from stalegrad.problems import logistic, read_csv

HOMES = "area, rooms,heating,price\n50,2,gas,101\n80,3,oil,158\n120,3,gas,241\n65,2,gas,140\n95,5,oil,180\n"


@pytest.fixture
def write(tmp_path):
    """A function that puts text in a CSV file, and returns its path."""

    def write(text: str, encoding: str = "utf-8"):
        path = tmp_path / "table.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


@pytest.mark.claim("SME-1.1", "definition")
@pytest.mark.parametrize("standardise", [True, False])
def test_least_squares_of_a_file_has_the_solution_in_its_own_units(write, standardise):
    table = read_csv(write(HOMES), "price", ["area", "rooms"], standardise=standardise)
    problem = sg.problems.least_squares(table.A, table.b)
    raw = np.array([[1, 50, 2], [1, 80, 3], [1, 120, 3], [1, 65, 2], [1, 95, 5]], float)
    expected = np.linalg.solve(raw.T @ raw, raw.T @ np.array([101.0, 158, 241, 140, 180]))
    found = table.coefficients(problem.minimisers[0])
    assert list(found) == ["intercept", "area", "rooms"]
    np.testing.assert_allclose(list(found.values()), expected, rtol=1e-9)
    assert table.columns == ("intercept", "area", "rooms") and table.dropped == 0


def test_standardised_columns_have_mean_0_and_variance_1(write):
    table = read_csv(write(HOMES), "price", ["rooms", "area"], intercept=False)
    assert table.A.shape == (5, 2)
    np.testing.assert_allclose(table.A.mean(axis=0), 0.0, atol=1e-15)
    np.testing.assert_allclose(table.A.var(axis=0), 1.0, rtol=1e-14)
    np.testing.assert_allclose(table.A * table.scale + table.centre, [[2, 50], [3, 80], [3, 120], [2, 65], [5, 95]], rtol=1e-14)


@pytest.mark.parametrize(
    "text", ["\ufeff" + HOMES, HOMES.replace("\n", "\r\n\r\n"), HOMES.replace("gas", '"gas, mostly"')], ids=["mark", "Windows", "quoted"]
)
def test_forms_of_the_same_file(write, text):
    expected = read_csv(write(HOMES), "price", ["area"]).A
    np.testing.assert_array_equal(read_csv(write(text), "price", ["area"]).A, expected)


def test_a_named_class_becomes_1(write):
    table = read_csv(write(HOMES), "heating", ["area"], positive="gas")
    np.testing.assert_array_equal(table.b, [1, 0, 1, 1, 0])


@pytest.mark.parametrize("gap", ["", "NA", "nan", "?"])
def test_missing_values_are_refused_or_dropped(write, gap):
    path = write(HOMES.replace("80,3", f"{gap},3"))
    with pytest.raises(ValueError, match=r"a value is missing, in line 3, column 'area': fill it in, or give drop_missing=True"):
        read_csv(path, "price", ["area"])
    table = read_csv(path, "price", ["area"], drop_missing=True)
    assert table.dropped == 1 and len(table.b) == 4
    assert read_csv(path, "price", ["rooms"]).dropped == 0  # a gap in a column that is not used does not matter


@pytest.mark.parametrize(
    ("text", "given", "message"),
    [
        ("", {}, "has 0 lines with content"),
        ("a,price\n", {}, "has 1 lines"),
        ("1,2\n3,4\n", {}, "first line of .* holds numbers"),
        ("a,a,price\n1,2,3\n", {}, r"repeats \['a'\]"),
        ("a,,price\n1,2,3\n", {}, "leaves the name of column 2 of 3 empty"),
        ("a;price\n1;2\n", {}, "give delimiter=';'"),
        ("a,price\n1,2,3\n", {}, "line 2 of .* has 3 cells, the header 2"),
        (HOMES, {"target": "prize"}, "no column 'prize'.*did you mean 'price'"),
        (HOMES, {"features": ["Area"]}, "no column 'Area'.*did you mean 'area'"),
        (HOMES, {"features": "area"}, r"must be a list of names: \['area'\]"),
        (HOMES, {"features": []}, "at least one column"),
        (HOMES, {"features": ["price"]}, "not the target"),
        (HOMES, {"features": ["area", "area"]}, "each once"),
        (HOMES, {}, r"line 2, column 'heating' is 'gas', not a number: leave such columns out with features=\[...\]"),
        ("a,b,c,price\n1,x,2,3\n2,2,y,4\n3,z,5,6\n", {}, r"line 2, column 'b' is 'x', not a number \(there is text in 'c' too\): leave"),
        (HOMES.replace("\n80", '\n"8,5"'), {"features": ["area"]}, "line 3, column 'area' is '8,5', not a number: code them .* decimal point"),
        (
            HOMES.replace("\n50", "\n").replace("\n80", "\n"),
            {"features": ["area"]},
            "2 values are missing, the first in line 2, column 'area': fill them in",
        ),
        (HOMES.replace("oil", "Gas"), {"target": "heating", "features": ["area"], "positive": "gas"}, "'heating' holds 'Gas' beside 'gas'"),
        (HOMES, {"target": "heating", "features": ["area"]}, "target 'heating' is 'gas' .* positive='gas'"),
        (HOMES, {"target": "heating", "features": ["area"], "positive": "coal"}, r"positive='coal' does not occur .*\['gas', 'oil'\]"),
        (HOMES.replace("oil", "gas"), {"target": "heating", "features": ["area"], "positive": "gas"}, "rows of both classes"),
        (HOMES.replace("158", "inf"), {"features": ["area"]}, "line 3, column 'price' is inf: numbers must be finite"),
        (HOMES.replace("80,", "8e200,"), {"features": ["area"]}, "at most 1e\\+100"),
        ("a,price\n1,5\n2,5\n", {}, "'price' is 5 in every row"),
        ("a,c,price\n1,7,5\n2,7,6\n4,7,6\n", {}, r"leave out 'c' \(always 7\)"),
        ("a,c,price\n1,1e9,5\n2,1000000000.0000001,6\n4,1e9,6\n", {}, "leave out 'c'"),
        ("a,b,c,price\n1,2,3,5\n2,5,7,6\n4,1,5,6\n3,3,6,9\n7,2,9,1\n", {}, r"\['a', 'b', 'c'\] depend linearly"),
        ("a,b,price\n1,2,5\n2,5,6\n", {}, "2 rows cannot determine 3 coefficients"),
        ("a,b,price\n1,2e6,5\n2,5e6,6\n4,1e6,6\n", {"standardise": False}, "'b' is .* times as large as 'intercept'.*standardise=True"),
        ('a,price\n"1,5\n', {}, "is no CSV file .* at line 2.*: close every quote"),
        (HOMES, {"delimiter": ", "}, "must be one character"),
        (
            HOMES.replace("50", "").replace("80", "").replace("120", "").replace("65", "").replace("95", ""),
            {"features": ["area"], "drop_missing": True},
            "every row lacks a value",
        ),
    ],
)
def test_what_is_refused(write, text, given, message):
    with pytest.raises(ValueError, match=message):
        read_csv(write(text), **{"target": "price"} | given)


def test_a_file_in_another_encoding_is_refused(write):
    with pytest.raises(ValueError, match="no CSV file in UTF-8"):
        read_csv(write("größe,price\n1,2\n3,4\n", "latin-1"), "price")


def test_coefficients_refuse_another_dimension(write):
    with pytest.raises(ValueError, match="there are 2 columns"):
        read_csv(write(HOMES), "price", ["area"]).coefficients([1.0])


def _sample(seed: int = 5, n: int = 40):
    rng = np.random.default_rng(seed)
    A = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
    return A, (A @ [0.3, 1.0, -2.0] + rng.logistic(size=n) > 0).astype(int)


@pytest.mark.claim("SME-1.1", "definition")
@pytest.mark.parametrize("ridge", [0.0, 0.1])
def test_the_logistic_loss_and_its_minimiser(ridge):
    A, b = _sample()
    problem = logistic(A, b, ridge)
    points = np.random.default_rng(1).normal(size=(3, 7))
    assert_averages(problem, points)
    assert_derivatives(problem, points)
    minimiser = problem.minimisers[0]
    chance = 1.0 / (1.0 + np.exp(-A @ minimiser))
    np.testing.assert_allclose(A.T @ (chance - b) / len(b) + ridge * minimiser, 0.0, atol=1e-9)
    hessian = (A.T * chance * (1 - chance)) @ A / len(b) + ridge * np.eye(3)
    np.testing.assert_allclose(problem.curvature, np.linalg.eigvalsh(hessian)[-1], rtol=1e-8)
    value = np.mean(np.log1p(np.exp(-(2 * b - 1) * (A @ points[:, 0])))) + 0.5 * ridge * points[:, 0] @ points[:, 0]
    np.testing.assert_allclose(problem.objective(points[:, 0]), value, rtol=1e-12)


def test_far_from_the_origin_the_logistic_loss_stays_finite():
    problem = logistic(*_sample())
    assert np.isfinite(problem.mean_gradient([[2000.0, -2000.0]] * 3)).all() and np.isfinite(problem.objective([2000.0] * 3))


def test_both_codes_of_the_labels_and_a_copy_by_pickle():
    A, b = _sample()
    problems = [logistic(A, b), logistic(A, 2 * b - 1), logistic(A, b == 1), pickle.loads(pickle.dumps(logistic(A, b)))]
    for problem in problems:
        np.testing.assert_array_equal(problem.data, problems[0].data)


def test_logistic_regression_by_asynchronous_sgd_is_as_fast_a_kernel_as_any():
    A, b = _sample()
    problem = logistic(A, b, ridge=0.05)
    process = sg.asgd(problem, eta=0.05, staleness=sg.geometric(0.7))
    assert process.kernel is not None
    run = sg.simulate(process, np.zeros(3), n_paths=2048, n_steps=800, seed=3)
    # 5 standard errors, and the bias of order eta that a curved objective leaves: F''' eta Sigma / 4 is below 0.05 here
    assert (np.abs(run.mean[-1] - problem.minimisers[0]) < 5 * run.standard_error[-1] + 0.05).all()
    assert (np.abs(run.mean[0] - problem.minimisers[0]) > 5 * run.standard_error[-1] + 0.05).any()  # the same test refuses the start


@pytest.mark.parametrize(
    ("A", "b", "ridge", "message"),
    [
        ([[1.0], [2.0]], [0, 1, 1], 0.0, r"b has shape \(3,\)"),
        ([[1.0], [2.0]], [1, 1], 0.0, "rows of both classes"),
        ([[1.0], [2.0]], [0, 0], 0.0, "rows of both classes"),
        ([[1.0], [2.0], [3.0]], [1, 2, 1], 0.0, r"labels \[1.0, 2.0\]: give 0 and 1"),
        ([[1.0], [2.0]], [0, np.nan], 0.0, "labels"),
        ([[1.0], [2.0]], [0, 1], -1.0, "ridge=-1.0"),
        ([[1.0], [np.inf]], [0, 1], 0.0, r"A\[1, 0\] is inf"),
        ([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], [0, 0, 1], 0.0, "plane separates"),
        ([[1.0, 0.0], [1.0, 1.0], [1.0, 1.0], [1.0, 2.0]], [0, 0, 1, 1], 0.0, "plane separates"),
    ],
)
def test_what_logistic_refuses(A, b, ridge, message):
    with pytest.raises(ValueError, match=message):
        logistic(A, b, ridge)


def test_separated_classes_have_a_minimum_with_a_ridge():
    problem = logistic([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]], [0, 0, 1], ridge=0.01)
    np.testing.assert_allclose(problem.mean_gradient(problem.minimisers[0]), 0.0, atol=1e-9)
