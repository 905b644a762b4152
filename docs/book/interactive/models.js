// What the explorers compute, on the printed formulas; nothing here knows about a page.
(function (root) {
"use strict";
const { forms, settings, linear } = root.stalegrad;

/** Calls a form with the arguments that it names. */
function call(name, values) {
  return forms[name](...settings.arguments[name].map((argument) => values[argument]));
}

/** Spectral radius of a map at the given values. */
function mapRadius(name, values) {
  return linear.radius(call(name, values));
}

/** Middle of the i-th of n cells of an axis. */
function middle({ low, high }, i, n) {
  return low + ((high - low) * (i + 0.5)) / n;
}

/** Radii of a map, row by row from the lowest y, on n by n cells. */
function mapGrid(name, values, n) {
  const { x, y } = settings.maps[name];
  const rows = [];
  for (let j = 0; j < n; j++) {
    const at = { ...values, [y.name]: middle(y, j, n) };
    rows.push(Array.from({ length: n }, (_, i) => mapRadius(name, { ...at, [x.name]: middle(x, i, n) })));
  }
  return rows;
}

/** The cell of a grid with the lowest radius. */
function lowestCell(name, grid) {
  const { x, y } = settings.maps[name], n = grid.length;
  let low = { radius: Infinity };
  grid.forEach((row, j) => row.forEach((radius, i) => {
    if (radius < low.radius) low = { x: middle(x, i, n), y: middle(y, j, n), radius };
  }));
  return low;
}

/** Lowest value of a function on an axis, by rows of 2 n + 1 points that close in. A radius has kinks, so nothing is differentiated. */
function lowest(f, { low, high }, centre, half, n, shrink, rows) {
  let best = { at: centre, value: Infinity };
  for (let row = 0; row < rows; row++, half *= shrink) {
    const from = best.at;
    for (let i = -n; i <= n; i++) {
      const at = Math.min(high, Math.max(low, from + (i / n) * half * (high - low))), value = f(at);
      if (value < best.value) best = { at, value };
    }
  }
  return best;
}

/** The lowest radius near a cell: for every x the lowest over y, since radii have narrow valleys, and of these the lowest. */
function best(name, values, cell) {
  const { x, y } = settings.maps[name];
  const over = (atX) => lowest((atY) => mapRadius(name, { ...values, [x.name]: atX, [y.name]: atY }), y, cell.y, 0.05, 4, 0.4, 12);
  const column = lowest((atX) => over(atX).value, x, cell.x, 0.15, 4, 0.4, 12);
  return { x: column.at, y: over(column.at).at, radius: column.value };
}

/** Lowest radius over y alone, at the x of `values`. */
function bestAlong(name, values) {
  const { y } = settings.maps[name];
  const found = lowest((at) => mapRadius(name, { ...values, [y.name]: at }), y, (y.low + y.high) / 2, 0.5, 50, 0.3, 26);
  return { y: found.at, radius: found.value };
}

/** Stationary variance that goes with a map, infinite where the map is unstable; null where noise is multiplicative. */
function variance(name, values) {
  const form = settings.maps[name].variance;
  if (!form) return null;
  return mapRadius(name, values) < 1 ? call(form, values) : Infinity;
}

/** v, M v, M^2 v, ..., and a constant in each step: n + 1 vectors. */
function iterate(matrix, constant, start, n) {
  const path = [start];
  for (let k = 0; k < n; k++) path.push(linear.apply(matrix, path[k]).map((entry, i) => entry + constant[i]));
  return path;
}

/** Solution of dv/dt = matrix v + constant at 0, dt, ..., n dt. */
function flow(matrix, constant, start, dt, n) {
  const augmented = [...matrix.map((row, i) => [...row, constant[i]]), new Array(matrix.length + 1).fill(0)];
  const advance = linear.exponential(augmented.map((row) => row.map((entry) => entry * dt)));
  return iterate(advance, new Array(matrix.length + 1).fill(0), [...start, 1], n);
}

/** Mean and second moment at steps 0 .. n of ASGD and of three limits: the whole one, the one with constant noise, and SME-SGD. */
function trajectories(values, n) {
  const { x0, eta } = values, zero = [0, 0], dt = call("sme_dt", values);
  const start = call("sme_start", values).flat();
  const take = (path, place) => path.map((vector) => vector[place]);
  const mean = take(flow(call("sme_mean", values), zero, call("sme_mean_start", values).flat(), dt, n), 1);
  const asgd = iterate(call("asgd_second", values), call("asgd_noise", values).flat(), new Array(4).fill(x0 * x0), n);
  const whole = flow(call("sme_second", values), call("sme_noise", values).flat(), start, dt, n);
  const constant = flow(call("constant_second", values), call("constant_noise", values).flat(), start.slice(0, 3), dt, n);
  const fresh = flow(call("sgd_second", values), call("sgd_noise", values).flat(), [x0 * x0], eta, n);
  return {
    asgd: { mean: take(iterate(call("asgd_mean", values), zero, [x0, x0], n), 0), second: take(asgd, 0) },
    whole: { mean, second: take(whole, 0) },
    constant: { mean, second: take(constant, 0) },
    sgd: { mean: take(flow(call("sgd_mean", values), [0], [x0], eta, n), 0), second: take(fresh, 0) },
  };
}

/** In the long run: stationary second moments, infinite where there are none, decay of second moments per step, two thresholds of mu. */
function longRun(values) {
  const dt = call("sme_dt", values);
  const factor = Math.max(linear.radius(call("asgd_second", values)), linear.radius(call("asgd_mean", values)) ** 2);
  const slow = linear.abscissa(call("sme_second", values));
  return {
    stationary: {
      asgd: factor < 1 ? call("asgd_stationary", values) : Infinity,
      whole: slow < 0 ? call("sme_stationary", values) : Infinity,
      constant: call("constant_stationary", values),
      sgd: call("sgd_stationary", values),
    },
    decay: {
      asgd: -Math.log(factor),
      whole: -slow * dt,
      constant: -linear.abscissa(call("constant_second", values)) * dt,
      sgd: -linear.abscissa(call("sgd_second", values)) * values.eta,
    },
    best: call("best_staleness", values),
    oscillation: call("oscillation", values),
  };
}

/** Matrix of u_k+1 = (1 + mu) u_k - mu u_k-1 - h u_k-tau on (u_k, u_k-1, ...). */
function companion(h, mu, tau) {
  const n = Math.max(tau + 1, 2);
  const matrix = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j + 1 ? 1 : 0)));
  matrix[0][0] += 1 + mu;
  matrix[0][1] -= mu;
  matrix[0][tau] -= h;
  return matrix;
}

/** The delay at which momentum loses stability, a real number; null where no delay is stable. */
function edge(h, mu) {
  return h > forms.edge_step(mu) ? null : forms.edge_delay(forms.edge_angle(h, mu), mu);
}

/** Largest whole delay that is stable, -1 if there is none. At a whole edge the root stands on the circle, on either side by rounding. */
function lastStable(h, mu) {
  const delay = edge(h, mu);
  return delay === null ? -1 : Math.ceil(delay - 1e-9 * Math.max(1, delay)) - 1;
}

/** Radii over momentum (columns, n cells) and delay (rows 0 .. largest). */
function delayGrid(h, n, largest) {
  const [, momentum] = settings.delays.sliders;
  return Array.from({ length: largest + 1 }, (_, tau) =>
    Array.from({ length: n }, (_, i) => linear.radius(companion(h, middle(momentum, i, n), tau))));
}

const maps = { best, bestAlong, lowestCell, mapGrid, mapRadius, middle, variance };
const delays = { companion, delayGrid, edge, lastStable };
root.stalegrad = Object.assign(root.stalegrad, { models: { call, longRun, trajectories, ...maps, ...delays } });
})(globalThis);
