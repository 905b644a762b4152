// Eigenvalues and exponentials of small real matrices, given as arrays of rows.
(function (root) {
"use strict";

const PRECISION = 2 ** -52;
const SWEEPS = 60; // for one eigenvalue; two or three are usual

function identity(n) {
  return Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)));
}

function multiply(left, right) {
  return left.map((row) => right[0].map((_, j) => row.reduce((sum, entry, k) => sum + entry * right[k][j], 0)));
}

function apply(matrix, vector) {
  return matrix.map((row) => row.reduce((sum, entry, k) => sum + entry * vector[k], 0));
}

/** Largest row sum of moduli. */
function norm(matrix) {
  return Math.max(...matrix.map((row) => row.reduce((sum, entry) => sum + Math.abs(entry), 0)));
}

/** Scales rows and columns by powers of two until they have like sizes; eigenvalues stay what they are. */
function balance(h) {
  const n = h.length;
  for (let changed = true; changed; ) {
    changed = false;
    for (let i = 0; i < n; i++) {
      let row = 0, column = 0;
      for (let j = 0; j < n; j++) {
        if (j !== i) { row += Math.abs(h[i][j]); column += Math.abs(h[j][i]); }
      }
      if (row === 0 || column === 0) continue;
      const factor = 2 ** Math.round(Math.log2(row / column) / 2);
      if (column * factor + row / factor >= 0.95 * (column + row)) continue;
      changed = true;
      for (let j = 0; j < n; j++) { h[i][j] /= factor; h[j][i] *= factor; }
    }
  }
}

/** The reflection that takes `vector` to a multiple of (1, 0, ...): [v, b] of 1 - b v v^T, or null where nothing is to be done. */
function reflection(vector) {
  const size = Math.max(...vector.map(Math.abs));
  if (size === 0 || vector.slice(1).every((entry) => entry === 0)) return null;
  const v = vector.map((entry) => entry / size);
  const length = Math.sqrt(v.reduce((sum, entry) => sum + entry * entry, 0));
  v[0] += v[0] < 0 ? -length : length;
  return [v, 2 / v.reduce((sum, entry) => sum + entry * entry, 0)];
}

/** Reflects rows at, at + 1, ... and then the same columns, both within the given range. */
function reflect(h, [v, b], at, firstColumn, lastColumn, firstRow, lastRow) {
  for (let j = firstColumn; j <= lastColumn; j++) {
    let sum = 0;
    for (let i = 0; i < v.length; i++) sum += v[i] * h[at + i][j];
    for (let i = 0; i < v.length; i++) h[at + i][j] -= b * sum * v[i];
  }
  for (let i = firstRow; i <= lastRow; i++) {
    let sum = 0;
    for (let j = 0; j < v.length; j++) sum += v[j] * h[i][at + j];
    for (let j = 0; j < v.length; j++) h[i][at + j] -= b * sum * v[j];
  }
}

/** Zeros below the first subdiagonal. */
function reduce(h) {
  const n = h.length;
  for (let k = 0; k < n - 2; k++) {
    const found = reflection(h.slice(k + 1).map((row) => row[k]));
    if (found) reflect(h, found, k + 1, k, n - 1, 0, n - 1);
    for (let i = k + 2; i < n; i++) h[i][k] = 0;
  }
}

/** One implicit double step on rows first..last, with the shifts that have this sum and product. */
function doubleStep(h, first, last, sum, product) {
  const f = first;
  let x = h[f][f] * h[f][f] + h[f][f + 1] * h[f + 1][f] - sum * h[f][f] + product;
  let y = h[f + 1][f] * (h[f][f] + h[f + 1][f + 1] - sum);
  let z = h[f + 1][f] * h[f + 2][f + 1];
  for (let k = f; k < last; k++) {
    const found = reflection(k < last - 1 ? [x, y, z] : [x, y]);
    if (found) reflect(h, found, k, Math.max(f, k - 1), last, f, Math.min(k + 3, last));
    if (k > f) {
      h[k + 1][k - 1] = 0;
      if (k < last - 1) h[k + 2][k - 1] = 0;
    }
    x = h[k + 1][k];
    y = k + 2 <= last ? h[k + 2][k] : 0;
    z = k + 3 <= last ? h[k + 3][k] : 0;
  }
}

/** Both eigenvalues of [[a, b], [c, d]], each as [real, imaginary]. */
function pair(a, b, c, d) {
  const half = (a - d) / 2, square = half * half + b * c, middle = (a + d) / 2;
  if (square < 0) {
    const imaginary = Math.sqrt(-square);
    return [[middle, imaginary], [middle, -imaginary]];
  }
  // The larger one first; the other by their product, which does not cancel.
  const larger = middle + (middle < 0 ? -1 : 1) * Math.sqrt(square);
  const product = a * d - b * c;
  const smaller = Math.abs(half) + Math.sqrt(Math.abs(b * c)) < Math.abs(middle) && larger !== 0 ? product / larger : 2 * middle - larger;
  return [[larger, 0], [smaller, 0]];
}

/** All eigenvalues of a real matrix as [real, imaginary]; null where an entry is not finite. */
function eigenvalues(matrix) {
  if (!matrix.every((row) => row.every(Number.isFinite))) return null;
  // Entries near 1, lest their products leave the range of numbers.
  const unit = 2 ** Math.floor(Math.log2(norm(matrix) || 1));
  const h = matrix.map((row) => row.map((entry) => entry / unit)), found = [];
  balance(h);
  reduce(h);
  const scale = norm(h);
  for (let last = h.length - 1, sweeps = 0; last >= 0; ) {
    let first = last;
    for (; first > 0; first--) {
      const beside = Math.abs(h[first][first]) + Math.abs(h[first - 1][first - 1]) || scale;
      if (Math.abs(h[first][first - 1]) <= PRECISION * beside) { h[first][first - 1] = 0; break; }
    }
    if (first === last) {
      found.push([h[last][last], 0]);
      last -= 1; sweeps = 0;
    } else if (first === last - 1) {
      found.push(...pair(h[first][first], h[first][last], h[last][first], h[last][last]));
      last -= 2; sweeps = 0;
    } else {
      if (++sweeps > SWEEPS) throw new Error("the eigenvalue iteration does not settle");
      const m = last - 1;
      // Now and then a shift from elsewhere, for matrices that the usual one leaves as they are.
      const odd = sweeps % 10 === 0 ? 1.5 * (Math.abs(h[last][m]) + Math.abs(h[m][m - 1])) : 0;
      if (odd) doubleStep(h, first, last, odd, odd * odd);
      else doubleStep(h, first, last, h[m][m] + h[last][last], h[m][m] * h[last][last] - h[m][last] * h[last][m]);
    }
  }
  return found.map((parts) => parts.map((part) => part * unit));
}

/** Spectral radius: the largest modulus; infinite for entries that are not finite. */
function radius(matrix) {
  const found = eigenvalues(matrix);
  return found ? Math.max(...found.map(([re, im]) => Math.hypot(re, im))) : Infinity;
}

/** The largest real part. */
function abscissa(matrix) {
  return Math.max(...eigenvalues(matrix).map(([re]) => re));
}

/** exp(matrix), by halving until it is small, a series, and squaring. */
function exponential(matrix) {
  const halvings = Math.max(0, Math.ceil(Math.log2(norm(matrix) || 1)) + 2);
  const small = matrix.map((row) => row.map((entry) => entry / 2 ** halvings));
  let term = identity(matrix.length), sum = identity(matrix.length);
  for (let k = 1; k <= 16; k++) {
    term = multiply(term, small).map((row) => row.map((entry) => entry / k));
    sum = sum.map((row, i) => row.map((entry, j) => entry + term[i][j]));
  }
  for (let k = 0; k < halvings; k++) sum = multiply(sum, sum);
  return sum;
}

root.stalegrad = Object.assign(root.stalegrad || {}, { linear: { abscissa, apply, eigenvalues, exponential, multiply, norm, radius } });
})(globalThis);
