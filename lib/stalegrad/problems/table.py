"""A CSV file as the matrix and the target of a regression, or an error that says which cell is in the way."""

from __future__ import annotations

import csv
import difflib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

Array = np.ndarray
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "-", "."})
"""What counts as no value, in lower case."""
LARGEST, FLAT, SPREAD, COLLINEAR = 1e100, 1e-12, 1e4, 1e-8
"""Refused: larger numbers, whose squares overflow; columns whose deviation is this small beside their values; a larger ratio of
column sizes; columns whose smallest singular value is this small beside the largest, once all have length 1."""


@dataclass(frozen=True, eq=False)
class Table:
    """Inputs and target of a regression.

    Attributes
    ----------
    A : ndarray (n, d)
        One row an observation; a column of ones first, if there is an intercept.
    b : ndarray (n,)
        The target; 0 and 1 where a positive class was named.
    columns : tuple of str
        Names of the columns of A.
    target : str
        Name of b.
    centre, scale : ndarray (d,)
        What was subtracted from each column, and then divided by; 0 and 1 where nothing was done.
    dropped : int
        Rows left out because a value was missing.
    """

    A: Array
    b: Array
    columns: tuple[str, ...]
    target: str
    centre: Array
    scale: Array
    dropped: int

    def __repr__(self) -> str:
        return f"Table({self.target} from {', '.join(self.columns)}: {len(self.b)} rows, {self.dropped} dropped)"

    def coefficients(self, x) -> dict[str, float]:
        """The point x (d,) in the units of the file: an intercept, and a slope for each column."""
        x = np.asarray(x, dtype=float)
        if x.shape != self.scale.shape:
            raise ValueError(f"x has shape {x.shape}, but there are {len(self.scale)} columns: give shape ({len(self.scale)},)")
        slopes = dict(zip(self.columns, (x / self.scale).tolist(), strict=True))
        return {"intercept": slopes.pop("intercept", 0.0) - float(x @ (self.centre / self.scale))} | slopes


def read_csv(
    path,
    target: str,
    features: list[str] | None = None,
    positive: str | None = None,
    standardise: bool = True,
    intercept: bool = True,
    drop_missing: bool = False,
    delimiter: str = ",",
) -> Table:
    """Read a CSV file whose first line names the columns, for `least_squares` or `logistic`.

    Parameters
    ----------
    path : str or Path
    target : str
        Name of the column to explain.
    features : list of str, optional
        Names of the columns to explain it with; by default all others.
    positive : str, optional
        For classification: rows with this value in the target column become 1, all others 0, so that of three classes two are one.
    standardise : bool
        Give each feature mean 0 and variance 1, so that one learning rate serves all.
    intercept : bool
        Put a column of ones first.
    drop_missing : bool
        Leave out rows that lack a value in a column in use (empty, NA, NaN, null, none, ?, - or .), instead of refusing them.
    delimiter : str
        Separator of the columns.

    Returns
    -------
    Table
        `least_squares(table.A, table.b)` is the problem, `table.coefficients(x)` a point in the units of the file.

    Raises
    ------
    ValueError
        Naming line and column: for a header without names, unknown or repeated columns, lines of another length, missing values, text or
        infinity where a number is needed; naming the columns: if they are constant, depend linearly on each other, or differ in size
        by more than 10,000 without `standardise`; for a class that is not there, is the only one, or is written in capitals in some rows only.
    OSError
        If the file cannot be read.

    Notes
    -----
    Claim SME-1.1, as for every problem.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "homes.csv"
    ...     _ = path.write_text("area,rooms,price\\n50,2,101\\n80,3,158\\n120,3,241\\n")
    ...     table = read_csv(path, target="price", features=["area"])
    >>> table.A.shape, table.columns
    ((3, 2), ('intercept', 'area'))
    >>> solution = np.linalg.lstsq(table.A, table.b)[0]
    >>> {name: round(value, 3) for name, value in table.coefficients(solution).items()}
    {'intercept': -0.338, 'area': 2.004}
    """
    names, lines = _cells(Path(path), delimiter)
    inputs = _chosen(names, target, features)
    wanted = [names.index(name) for name in [*inputs, target]]
    rows, dropped = _complete(names, lines, wanted, drop_missing)
    _require_numbers(names, rows, wanted[:-1], features is None)
    A = np.array([[_number(row[j], line, names[j]) for j in wanted[:-1]] for line, row in rows])
    texts = [(line, row[wanted[-1]]) for line, row in rows]
    b = _target(texts, target) if positive is None else _classes([text for _, text in texts], target, str(positive))
    _require_varying(A, inputs)
    centre, scale = (A.mean(axis=0), A.std(axis=0)) if standardise else (np.zeros(len(inputs)), np.ones(len(inputs)))
    A = (A - centre) / scale
    if intercept:
        A, inputs = np.column_stack([np.ones(len(A)), A]), ["intercept", *inputs]
        centre, scale = np.append(0.0, centre), np.append(1.0, scale)
    _require_comparable(A, inputs)
    _require_independent(A, inputs)
    return Table(A, b, tuple(inputs), target, centre, scale, dropped)


def _cells(path: Path, delimiter: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """(column names, (line number, cells) of every line that is not blank)."""
    if not isinstance(delimiter, str) or len(delimiter) != 1:
        raise ValueError(f"delimiter={delimiter!r} must be one character, such as ',' or ';'")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            lines = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(cell.strip() for cell in row)]
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is no CSV file in UTF-8 ({error}): save it as 'CSV UTF-8'") from error
    except csv.Error as error:
        raise ValueError(f"{path} is no CSV file ({error} at line {reader.line_num}): close every quote, and double those inside a cell") from error
    if len(lines) < 2:
        raise ValueError(f"{path} has {len(lines)} lines with content: it must have a line of column names and at least one row")
    (_, names), rows = lines[0], lines[1:]
    _require_names(path, names, delimiter)
    for line, row in rows:
        if len(row) != len(names):
            raise ValueError(
                f"line {line} of {path} has {len(row)} cells, the header {len(names)}: give one for each name; quote cells with {delimiter!r} inside"
            )
    return names, rows


def _require_names(path: Path, names: list[str], delimiter: str) -> None:
    if len(names) == 1 and (other := next((mark for mark in ";\t|," if mark in names[0]), None)):
        raise ValueError(f"the header {names[0]!r} of {path} has no {delimiter!r}: give delimiter={other!r}")
    if all(_is_number(name) for name in names):
        raise ValueError(f"the first line of {path} holds numbers, {', '.join(names[:4])}: put a line of column names first")
    if "" in names:
        raise ValueError(f"the header of {path} leaves the name of column {names.index('') + 1} of {len(names)} empty: give every column one")
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"the header of {path} repeats {repeated}: give every column a name of its own")


def _chosen(names: list[str], target: str, features) -> list[str]:
    """Names of the inputs."""
    if isinstance(features, str):
        raise ValueError(f"features={features!r} must be a list of names: [{features!r}]")
    inputs = [name for name in names if name != target] if features is None else list(features)
    for name in [target, *inputs]:
        if name not in names:
            close = difflib.get_close_matches(str(name), names, 1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise ValueError(f"there is no column {name!r}: the columns are {names}{hint}")
    if not inputs or target in inputs or len(set(inputs)) < len(inputs):
        raise ValueError(f"features={inputs} must name at least one column, each once, and not the target {target!r}")
    return inputs


def _complete(names, lines, wanted: list[int], drop: bool) -> tuple[list, int]:
    """Rows with a value in every column in use, and the number of the others."""
    gaps = [(line, names[j]) for line, row in lines for j in wanted if row[j].lower() in MISSING]
    if gaps and not drop:
        (line, name), many = gaps[0], len(gaps) > 1
        first = f"{len(gaps)} values are missing, the first" if many else "a value is missing,"
        raise ValueError(f"{first} in line {line}, column {name!r}: fill {'them' if many else 'it'} in, or give drop_missing=True")
    incomplete = {line for line, _ in gaps}
    rows = [(line, row) for line, row in lines if line not in incomplete]
    if not rows:
        raise ValueError("every row lacks a value: leave the columns with gaps out of features")
    return rows, len(lines) - len(rows)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _require_numbers(names: list[str], rows: list, inputs: list[int], all_columns: bool) -> None:
    """Every input is a number; if not, the first that is none is shown, and every column that holds one named."""
    strange = [(line, names[j], row[j]) for line, row in rows for j in inputs if not _is_number(row[j])]
    if strange:
        line, name, text = strange[0]
        others = [other for other in dict.fromkeys(found[1] for found in strange) if other != name]
        also = f" (there is text in {', '.join(map(repr, others))} too)" if others else ""
        remedy = "leave such columns out with features=[...], or " if all_columns else ""
        raise ValueError(f"line {line}, column {name!r} is {text!r}, not a number{also}: {remedy}code them as numbers, with a decimal point")


def _number(text: str, line: int, name: str) -> float:
    value = float(text)
    if not abs(value) <= LARGEST:
        raise ValueError(f"line {line}, column {name!r} is {text}: numbers must be finite and at most {LARGEST:g}; choose another unit")
    return value


def _target(texts: list[tuple[int, str]], target: str) -> Array:
    strange = sorted({text for _, text in texts if not _is_number(text)})
    if strange:
        raise ValueError(f"the target {target!r} is {strange[0]!r} in some rows, not a number: for classes give positive={strange[0]!r}, say")
    b = np.array([_number(text, line, target) for line, text in texts])
    if b.min() == b.max():
        raise ValueError(f"the target {target!r} is {b[0]:g} in every row: there is nothing to explain")
    return b


def _classes(texts: list[str], target: str, positive: str) -> Array:
    found = sorted(set(texts))
    if positive not in found:
        raise ValueError(f"positive={positive!r} does not occur in {target!r}: its values are {found[:8]}")
    like = [text for text in found if text != positive and text.casefold() == positive.casefold()]
    if like:
        raise ValueError(f"{target!r} holds {like[0]!r} beside {positive!r}, and would count as the other class: write every class in one way")
    if len(found) == 1:
        raise ValueError(f"all rows have {target} = {positive!r}: a classification needs rows of both classes")
    return np.array([float(text == positive) for text in texts])


def _require_varying(A: Array, names: list[str]) -> None:
    """No column may be constant, to rounding."""
    flat = A.std(axis=0) <= FLAT * np.abs(A).max(axis=0)
    if flat.any():
        constant = {name: A[0, j] for j, name in enumerate(names) if flat[j]}
        shown = ", ".join(f"{name!r} (always {value:g})" for name, value in constant.items())
        raise ValueError(f"constant columns tell nothing apart: leave out {shown} by features=[...]; the intercept stands for them")


def _require_comparable(A: Array, names: list[str]) -> None:
    """One learning rate cannot serve columns of very different size."""
    size = np.sqrt((A**2).mean(axis=0))
    low, high = int(size.argmin()), int(size.argmax())
    if size[high] > SPREAD * size[low]:
        raise ValueError(
            f"column {names[high]!r} is {size[high] / size[low]:.3g} times as large as {names[low]!r}: no learning rate serves both; "
            "give standardise=True, or choose other units"
        )


def _require_independent(A: Array, names: list[str]) -> None:
    """No column may be a combination of the others."""
    n, d = A.shape
    if n < d:
        raise ValueError(f"{n} rows cannot determine {d} coefficients: give more rows, or fewer features")
    unit = A / np.linalg.norm(A, axis=0)
    _, singular, rows = np.linalg.svd(unit, full_matrices=False)
    if singular[-1] <= COLLINEAR * singular[0]:
        involved = [name for name, weight in zip(names, rows[-1], strict=True) if abs(weight) > 1e-3]
        raise ValueError(f"the columns {involved} depend linearly on each other: leave one of them out by features=[...]")
