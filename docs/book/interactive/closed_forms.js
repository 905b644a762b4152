// Printed by `python -m stalegrad.explore`, from the formulas of the library. Do not edit: a test compares.
(function (root) {
"use strict";
const forms = {
  // EASGD-5.6
  additive_momentum(step, delta) {
    const c0 = step - 1;
    const c1 = Math.pow(c0, 2);
    const c2 = c1 * Math.pow(delta, 2);
    const c3 = 2 * step;
    const c4 = c0 * delta;
    return [
      [c2, c3 * c4, Math.pow(step, 2)],
      [c2, c4 * (c3 - 1), c0 * step],
      [c2, 2 * c1 * delta, c1],
    ];
  },
  // EASGD-5.7
  additive_momentum_variance(step, delta) {
    const c0 = delta * (step - 1);
    return step * (c0 - 1) / ((c0 + 1) * (2 * c0 + step - 2));
  },
  // EASGD-5.12
  additive_average(step, alpha, beta) {
    const c0 = alpha + step - 1;
    const c1 = beta - 1;
    return [
      [Math.pow(c0, 2), -2 * alpha * c0, Math.pow(alpha, 2)],
      [-beta * c0, alpha * beta + c0 * c1, -alpha * c1],
      [Math.pow(beta, 2), -2 * beta * c1, Math.pow(c1, 2)],
    ];
  },
  // EASGD-5.18
  additive_elastic(step, alpha, beta) {
    const c0 = -alpha - step + 1;
    const c1 = (1 / 2) * beta;
    return [
      [c0, 0, alpha],
      [0, c0, alpha],
      [c1, c1, 1 - beta],
    ];
  },
  // EASGD-5.14
  additive_elastic_variance(step, alpha, beta, p) {
    const c0 = beta - 2;
    const c1 = alpha - step * (beta - 1);
    return beta * step * (c0 + c1) / (p * (2 * alpha - c0 * (step - 2)) * (beta + c1));
  },
  // EASGD-5.20
  additive_eamsgd(step, alpha, beta, delta) {
    const c0 = step - 1;
    const c1 = -c0 * delta;
    const c2 = -step;
    const c3 = -alpha - c0;
    const c4 = (1 / 2) * beta;
    return [
      [c1, c2, 0, 0, 0],
      [c1, c3, 0, 0, alpha],
      [0, 0, c1, c2, 0],
      [0, 0, c1, c3, alpha],
      [0, c4, 0, c4, 1 - beta],
    ];
  },
  // EASGD-eamsgd-stationary
  additive_eamsgd_variance(step, alpha, beta, delta, p) {
    const c0 = beta * step;
    const c1 = alpha + beta;
    const c2 = step - 1;
    const c3 = -c2 * delta;
    const c4 = c3 - 1;
    const c5 = c2 * delta;
    const c6 = -c1 * c5 + c5 + 1;
    const c7 = c1 - 2;
    const c8 = 1 - c5;
    return -c0 * (c6 * c7 * c8 - step * (beta - c1 * c3 + c4)) / (p * (c0 - c6 * (-c1 * c4 + step)) * (2 * c7 * c8 - step * (beta - 2)));
  },
  // EASGD-5.30, EASGD-5.24
  gamma_momentum(step, delta, lam, p) {
    const c0 = Math.pow(step, 2);
    const c1 = lam * p;
    const c2 = c1 * step;
    const c3 = 1 / (lam * p);
    const c4 = c3 * (c0 * c1 + c0 + c1 - 2 * c2);
    const c5 = c4 * Math.pow(delta, 2);
    const c6 = c3 * step * (-c1 + c2 + step);
    const c7 = 2 * delta;
    const c8 = 2 * c0;
    return [
      [c5, c0 * c3 * (c1 + 1), c6 * c7],
      [c5, c4, c4 * c7],
      [c5, c6, c3 * delta * (c1 * c8 + c1 - 3 * c2 + c8)],
    ];
  },
  // EASGD-5.34
  gamma_elastic(step, alpha, beta, lam, p) {
    const c0 = 2 * beta;
    const c1 = Math.pow(beta, 2);
    const c2 = 1 - beta;
    const c3 = Math.pow(alpha, 2);
    const c4 = 1 / lam;
    const c5 = Math.pow(step, 2);
    const c6 = 2 * alpha;
    const c7 = c6 * lam;
    const c8 = 2 * step;
    const c9 = -alpha - step + 1;
    const c10 = c6 * c9;
    return [
      [-c0 + c1 + 1, 0, c0 * c2, c1],
      [c3, c4 * (c3 * lam + c5 * lam + c5 + c7 * step - c7 - c8 * lam + lam), c10, 0],
      [alpha * c2, 0, alpha * c0 - alpha + beta * step - beta - step + 1, beta * c9],
      [c3, c4 * c5 / p, c10, c3 + c5 + c6 * step - c6 - c8 + 1],
    ];
  },
  // EASGD-eamsgd-nine
  gamma_eamsgd(step, alpha, beta, delta, lam, p) {
    const c0 = 2 * beta;
    const c1 = Math.pow(beta, 2);
    const c2 = beta - 1;
    const c3 = -c2;
    const c4 = Math.pow(alpha, 2);
    const c5 = 1 / lam;
    const c6 = alpha * lam;
    const c7 = 2 * step;
    const c8 = Math.pow(step, 2);
    const c9 = c8 * lam;
    const c10 = -c7 * lam + c8 + c9 + lam;
    const c11 = step - 1;
    const c12 = alpha + c11;
    const c13 = -c12;
    const c14 = 2 * alpha;
    const c15 = c13 * c14;
    const c16 = -c11 * delta;
    const c17 = c14 * c16;
    const c18 = Math.pow(delta, 2);
    const c19 = c18 * c5;
    const c20 = c10 * c19;
    const c21 = c6 * step - c6;
    const c22 = 2 * delta;
    const c23 = -alpha;
    const c24 = beta * step;
    const c25 = -beta + c24 - step + 1;
    const c26 = c25 * delta;
    const c27 = beta * c16;
    const c28 = 1 / p;
    const c29 = c5 * c8;
    const c30 = c28 * c29;
    const c31 = -c7 + c8 + 1;
    const c32 = c18 * c31;
    const c33 = c19 * c28 * c8;
    const c34 = 2 * c8;
    const c35 = c5 * delta;
    const c36 = c28 * c34 * c35;
    const c37 = alpha * step;
    const c38 = c23 + c37;
    const c39 = lam * step;
    const c40 = c39 - lam + step;
    const c41 = -c37;
    const c42 = alpha * c16;
    return [
      [-c0 + c1 + 1, 0, c0 * c3, c1, 0, 0, 0, 0, 0],
      [c4, c5 * (c10 + c4 * lam + c6 * c7 - 2 * c6), c15, 0, c17, 0, c20, c22 * c5 * (c10 + c21), 0],
      [alpha * c3, 0, alpha * c0 + c23 + c25, beta * c13, c26, 0, 0, 0, c27],
      [c4, c30, c15, c14 * step - c14 + c31 + c4, c17, c32, c33, c36, c22 * (c31 + c38)],
      [0, 0, c2 * step, -c24, c26, 0, 0, 0, c27],
      [0, c30, 0, c8, 0, c32, c33, c36, c11 * c7 * delta],
      [0, c29 * (lam + 1), 0, 0, 0, 0, c20, c35 * c40 * c7, 0],
      [0, c5 * step * (c40 + c6), c41, 0, c42, 0, c20, c35 * (c21 + c34 - 3 * c39 + 2 * c9 + lam), 0],
      [0, c30, c41, c12 * step, c42, c32, c33, c36, delta * (c34 + c38 - 3 * step + 1)],
    ];
  },
  // EASGD-5.24
  gamma_rate(step, lam, omega) {
    return omega * step / lam;
  },
  // SME-2.1
  asgd_mean(eta, mu, a) {
    const c0 = a * eta;
    const c1 = -c0;
    return [
      [1, c1],
      [1 - mu, c0 * mu + c1 + mu],
    ];
  },
  // SME-exact-moments
  asgd_second(eta, mu, a) {
    const c0 = a * eta;
    const c1 = 2 * c0;
    const c2 = -c1;
    const c3 = Math.pow(a, 2) * Math.pow(eta, 2);
    const c4 = mu - 1;
    const c5 = -c4;
    const c6 = 2 * mu;
    const c7 = c0 * c6 + c2 + mu;
    const c8 = Math.pow(mu, 2);
    const c9 = -c6 + c8 + 1;
    return [
      [1, c2, 0, c3],
      [c5, c7, -c0 * mu, c3 * c5],
      [c9, 4 * a * eta * mu - 2 * c0 * c8 - 2 * c0 - 2 * c8 + 2 * mu, c7 * mu, c3 * c9],
      [c5, c1 * c4, 0, -c3 * mu + c3 + mu],
    ];
  },
  // SME-exact-moments
  asgd_noise(eta, mu, a, s2) {
    const c0 = Math.pow(eta, 2) * s2;
    const c1 = c0 * (1 - mu);
    return [
      [c0],
      [c1],
      [c0 * (Math.pow(mu, 2) - 2 * mu + 1)],
      [c1],
    ];
  },
  // SME-exact-moments
  asgd_stationary(eta, mu, a, s2) {
    const c0 = Math.pow(mu, 2);
    const c1 = a * eta;
    const c2 = 2 * mu;
    return -eta * s2 * (-c0 + c1 * c2 + 1) / (a * (Math.pow(a, 2) * c2 * Math.pow(eta, 2) + 2 * c0 + c1 * Math.pow(mu - 1, 2) - 2));
  },
  // SME-2.11
  sme_dt(eta, mu) {
    return Math.sqrt(eta) * Math.sqrt(1 - mu);
  },
  // SME-first-moment
  sme_mean(eta, mu, a) {
    return [
      [-Math.sqrt(1 - mu) / Math.sqrt(eta), -a],
      [1, 0],
    ];
  },
  // SME-2.11
  sme_mean_start(eta, mu, a, x0) {
    return [
      [-a * Math.sqrt(eta) * x0 * Math.sqrt(-1 / (mu - 1))],
      [x0],
    ];
  },
  // SME-5.3, SME-2.12
  sme_second(eta, mu, a) {
    const c0 = Math.pow(eta, 3 / 2);
    const c1 = Math.sqrt(1 - mu);
    const c2 = c1 / Math.sqrt(eta);
    const c3 = 2 * a;
    const c4 = -c2;
    const c5 = 1 / mu;
    const c6 = c5 - 1;
    return [
      [0, 0, 2, c0 / c1],
      [0, -2 * c2, -c3, 0],
      [-a, 1, c4, 0],
      [Math.pow(a, 2) * c2 * c5, c1 * c6 / c0, c3 * c6 / eta, c4],
    ];
  },
  // SME-5.3, SME-2.12
  sme_noise(eta, mu, a, s2) {
    return [
      [0],
      [0],
      [0],
      [s2 * Math.sqrt(1 - mu) / Math.sqrt(eta)],
    ];
  },
  // SME-2.11
  sme_start(eta, mu, a, s2, x0) {
    const c0 = Math.pow(x0, 2);
    const c1 = 1 / (mu - 1);
    return [
      [c0],
      [-Math.pow(a, 2) * c0 * c1 * eta],
      [-a * c0 * Math.sqrt(eta) * Math.sqrt(-c1)],
      [s2],
    ];
  },
  // SME-4.3
  constant_second(eta, mu, a) {
    const c0 = Math.sqrt(1 - mu) / Math.sqrt(eta);
    return [
      [0, 0, 2],
      [0, -2 * c0, -2 * a],
      [-a, 1, -c0],
    ];
  },
  // SME-5.4
  constant_noise(eta, mu, a, s2) {
    return [
      [Math.pow(eta, 3 / 2) * s2 / Math.sqrt(1 - mu)],
      [0],
      [0],
    ];
  },
  // SME-3.3
  sgd_mean(eta, a) {
    return [
      [-a * ((1 / 2) * a * eta + 1)],
    ];
  },
  // SME-3.3
  sgd_second(eta, a) {
    return [
      [-a * (a * eta + 2)],
    ];
  },
  // SME-3.3
  sgd_noise(eta, a, s2) {
    return [
      [eta * s2],
    ];
  },
  // SME-3.3
  sgd_stationary(eta, a, s2) {
    return eta * s2 / (a * (a * eta + 2));
  },
  // SME-4.4
  constant_stationary(eta, mu, a, s2) {
    return -1 / 2 * eta * s2 * (eta / (mu - 1) - 1 / a);
  },
  // SME-self-consistent
  sme_stationary(eta, mu, a, s2) {
    const c0 = mu - 1;
    const c1 = 1 / c0;
    const c2 = (1 / 2) * Math.pow(a, 2) * Math.pow(eta, 2);
    return ((c2 < -c0 * mu) ? ( -1 / 2 * eta * s2 * (c1 * eta - 1 / a) / (c1 * c2 / mu + 1) ) : ( Number.POSITIVE_INFINITY ));
  },
  // SME-5.5
  best_staleness(eta, a) {
    return Math.max(0, -4 * a * eta + 1);
  },
  // SME-best-mu
  oscillation(eta, a) {
    const c0 = a * eta;
    return Math.pow(c0 - 1, 2) / Math.pow(c0 + 1, 2);
  },
  // PCA-critical-delay
  edge_angle(h, mu) {
    const c0 = Math.pow(mu, 2) - 2 * mu + 1;
    return 2 * Math.asin(Math.min(1, (1 / 2) * Math.sqrt(2) * h * Math.sqrt(1 / (c0 + Math.sqrt(Math.pow(c0, 2) + 4 * Math.pow(h, 2) * mu)))));
  },
  // PCA-critical-delay
  edge_delay(angle, mu) {
    return 1 - 1 / 2 * (angle + 2 * Math.atan2(Math.sin(angle), -mu + Math.cos(angle)) - Math.PI) / angle;
  },
  // PCA-critical-delay
  edge_step(mu) {
    return 2 * (mu + 1);
  },
  // SDDE-stationary-variance
  equation_variance(length) {
    return ((length < (1 / 2) * Math.PI) ? ( (Math.sin(length) + 1) / Math.cos(length) ) : ( Number.POSITIVE_INFINITY ));
  },
};
const settings = {
 "maps": {
  "additive_momentum": {
   "form": "additive_momentum",
   "title": "Momentum SGD, additive noise",
   "moments": "second",
   "x": {
    "name": "step",
    "symbol": "ηh",
    "meaning": "rate × curvature",
    "low": 0.02,
    "high": 4.0,
    "step": 0.02,
    "value": 0.5
   },
   "y": {
    "name": "delta",
    "symbol": "δ",
    "meaning": "momentum",
    "low": -0.98,
    "high": 0.98,
    "step": 0.02,
    "value": 0.5
   },
   "sliders": [],
   "claims": [
    "EASGD-5.6",
    "EASGD-5.7",
    "EASGD-5.8",
    "EASGD-msgd-optimal"
   ],
   "variance": "additive_momentum_variance",
   "of": "iterate"
  },
  "additive_average": {
   "form": "additive_average",
   "title": "EASGD, additive noise: average of the workers, and centre",
   "moments": "second",
   "x": {
    "name": "step",
    "symbol": "ηh",
    "meaning": "rate × curvature",
    "low": 0.02,
    "high": 2.0,
    "step": 0.02,
    "value": 0.5
   },
   "y": {
    "name": "alpha",
    "symbol": "α",
    "meaning": "moving rate of the workers",
    "low": -1.0,
    "high": 1.0,
    "step": 0.02,
    "value": 0.2
   },
   "sliders": [
    {
     "name": "beta",
     "symbol": "β",
     "meaning": "moving rate of the centre",
     "low": 0.05,
     "high": 1.95,
     "step": 0.05,
     "value": 0.9
    },
    {
     "name": "p",
     "symbol": "p",
     "meaning": "workers",
     "low": 2,
     "high": 64,
     "step": 1,
     "value": 4
    }
   ],
   "claims": [
    "EASGD-5.10",
    "EASGD-5.12",
    "EASGD-5.14",
    "EASGD-5.16"
   ],
   "variance": "additive_elastic_variance",
   "of": "centre"
  },
  "additive_elastic": {
   "form": "additive_elastic",
   "title": "EASGD, additive noise: all workers, and centre",
   "moments": "first",
   "x": {
    "name": "step",
    "symbol": "ηh",
    "meaning": "rate × curvature",
    "low": 0.02,
    "high": 2.0,
    "step": 0.02,
    "value": 0.5
   },
   "y": {
    "name": "alpha",
    "symbol": "α",
    "meaning": "moving rate of the workers",
    "low": -1.0,
    "high": 1.0,
    "step": 0.02,
    "value": 0.2
   },
   "sliders": [
    {
     "name": "beta",
     "symbol": "β",
     "meaning": "moving rate of the centre",
     "low": 0.05,
     "high": 1.95,
     "step": 0.05,
     "value": 0.9
    },
    {
     "name": "p",
     "symbol": "p",
     "meaning": "workers",
     "low": 2,
     "high": 64,
     "step": 1,
     "value": 4
    }
   ],
   "claims": [
    "EASGD-5.18",
    "EASGD-5.19",
    "EASGD-5.14",
    "EASGD-easgd-full-optimal"
   ],
   "variance": "additive_elastic_variance",
   "of": "centre"
  },
  "additive_eamsgd": {
   "form": "additive_eamsgd",
   "title": "EAMSGD, additive noise: all workers with momentum, and centre",
   "moments": "first",
   "x": {
    "name": "step",
    "symbol": "ηh",
    "meaning": "rate × curvature",
    "low": 0.02,
    "high": 2.0,
    "step": 0.02,
    "value": 0.5
   },
   "y": {
    "name": "alpha",
    "symbol": "α",
    "meaning": "moving rate of the workers",
    "low": -1.0,
    "high": 1.0,
    "step": 0.02,
    "value": 0.2
   },
   "sliders": [
    {
     "name": "beta",
     "symbol": "β",
     "meaning": "moving rate of the centre",
     "low": 0.05,
     "high": 1.95,
     "step": 0.05,
     "value": 0.9
    },
    {
     "name": "delta",
     "symbol": "δ",
     "meaning": "momentum",
     "low": -0.95,
     "high": 0.99,
     "step": 0.01,
     "value": 0.9
    },
    {
     "name": "p",
     "symbol": "p",
     "meaning": "workers",
     "low": 2,
     "high": 64,
     "step": 1,
     "value": 4
    }
   ],
   "claims": [
    "EASGD-5.20",
    "EASGD-5.21",
    "EASGD-eamsgd-stationary"
   ],
   "variance": "additive_eamsgd_variance",
   "of": "centre"
  },
  "gamma_momentum": {
   "form": "gamma_momentum",
   "title": "Momentum SGD, multiplicative noise",
   "moments": "second",
   "x": {
    "name": "step",
    "symbol": "ηλ/ω",
    "meaning": "rate × mean curvature",
    "low": 0.02,
    "high": 2.0,
    "step": 0.02,
    "value": 0.5
   },
   "y": {
    "name": "delta",
    "symbol": "δ",
    "meaning": "momentum",
    "low": -0.98,
    "high": 0.98,
    "step": 0.02,
    "value": 0.5
   },
   "sliders": [
    {
     "name": "lam",
     "symbol": "λ",
     "meaning": "shape of the noise",
     "low": 0.1,
     "high": 10.0,
     "step": 0.1,
     "value": 0.5
    },
    {
     "name": "omega",
     "symbol": "ω",
     "meaning": "rate of the noise",
     "low": 0.1,
     "high": 10.0,
     "step": 0.1,
     "value": 0.5
    },
    {
     "name": "p",
     "symbol": "p",
     "meaning": "draws in a mini-batch",
     "low": 1,
     "high": 64,
     "step": 1,
     "value": 1
    }
   ],
   "claims": [
    "EASGD-5.28",
    "EASGD-5.30",
    "EASGD-5.24",
    "EASGD-msgd-slows"
   ],
   "variance": "",
   "of": ""
  },
  "gamma_elastic": {
   "form": "gamma_elastic",
   "title": "EASGD, multiplicative noise",
   "moments": "second",
   "x": {
    "name": "step",
    "symbol": "ηλ/ω",
    "meaning": "rate × mean curvature",
    "low": 0.02,
    "high": 2.0,
    "step": 0.02,
    "value": 0.5
   },
   "y": {
    "name": "alpha",
    "symbol": "α",
    "meaning": "moving rate of the workers",
    "low": -1.0,
    "high": 1.0,
    "step": 0.02,
    "value": 0.2
   },
   "sliders": [
    {
     "name": "beta",
     "symbol": "β",
     "meaning": "moving rate of the centre",
     "low": 0.05,
     "high": 1.95,
     "step": 0.05,
     "value": 0.9
    },
    {
     "name": "lam",
     "symbol": "λ",
     "meaning": "shape of the noise",
     "low": 0.1,
     "high": 10.0,
     "step": 0.1,
     "value": 0.5
    },
    {
     "name": "omega",
     "symbol": "ω",
     "meaning": "rate of the noise",
     "low": 0.1,
     "high": 10.0,
     "step": 0.1,
     "value": 0.5
    },
    {
     "name": "p",
     "symbol": "p",
     "meaning": "workers",
     "low": 2,
     "high": 64,
     "step": 1,
     "value": 4
    }
   ],
   "claims": [
    "EASGD-5.31",
    "EASGD-5.34",
    "EASGD-easgd-finite-p",
    "EASGD-easgd-infinite-p"
   ],
   "variance": "",
   "of": ""
  },
  "gamma_eamsgd": {
   "form": "gamma_eamsgd",
   "title": "EAMSGD, multiplicative noise",
   "moments": "second",
   "x": {
    "name": "step",
    "symbol": "ηλ/ω",
    "meaning": "rate × mean curvature",
    "low": 0.02,
    "high": 2.0,
    "step": 0.02,
    "value": 0.5
   },
   "y": {
    "name": "alpha",
    "symbol": "α",
    "meaning": "moving rate of the workers",
    "low": -1.0,
    "high": 1.0,
    "step": 0.02,
    "value": 0.2
   },
   "sliders": [
    {
     "name": "beta",
     "symbol": "β",
     "meaning": "moving rate of the centre",
     "low": 0.05,
     "high": 1.95,
     "step": 0.05,
     "value": 0.9
    },
    {
     "name": "delta",
     "symbol": "δ",
     "meaning": "momentum",
     "low": -0.95,
     "high": 0.95,
     "step": 0.05,
     "value": -0.5
    },
    {
     "name": "lam",
     "symbol": "λ",
     "meaning": "shape of the noise",
     "low": 0.1,
     "high": 10.0,
     "step": 0.1,
     "value": 0.5
    },
    {
     "name": "omega",
     "symbol": "ω",
     "meaning": "rate of the noise",
     "low": 0.1,
     "high": 10.0,
     "step": 0.1,
     "value": 0.5
    },
    {
     "name": "p",
     "symbol": "p",
     "meaning": "workers",
     "low": 2,
     "high": 64,
     "step": 1,
     "value": 4
    }
   ],
   "claims": [
    "EASGD-eamsgd-nine",
    "EASGD-5.34"
   ],
   "variance": "",
   "of": ""
  }
 },
 "start": "additive_elastic",
 "cells": 60,
 "trajectories": {
  "sliders": [
   {
    "name": "mu",
    "symbol": "μ",
    "meaning": "staleness parameter",
    "low": 0.02,
    "high": 0.99,
    "step": 0.01,
    "value": 0.95
   },
   {
    "name": "eta",
    "symbol": "η",
    "meaning": "learning rate",
    "low": 0.005,
    "high": 0.5,
    "step": 0.005,
    "value": 0.01
   },
   {
    "name": "a",
    "symbol": "a",
    "meaning": "curvature",
    "low": 0.5,
    "high": 4.0,
    "step": 0.1,
    "value": 2.0
   },
   {
    "name": "s2",
    "symbol": "s²",
    "meaning": "variance of one gradient",
    "low": 0.0,
    "high": 8.0,
    "step": 0.5,
    "value": 4.0
   },
   {
    "name": "x0",
    "symbol": "x₀",
    "meaning": "start",
    "low": 0.0,
    "high": 3.0,
    "step": 0.1,
    "value": 1.0
   },
   {
    "name": "k",
    "symbol": "k",
    "meaning": "step that is read off",
    "low": 0,
    "high": 400,
    "step": 1,
    "value": 100
   }
  ],
  "claims": [
   "SME-2.1",
   "SME-2.11",
   "SME-2.12",
   "SME-3.3",
   "SME-4.4",
   "SME-5.5",
   "SME-best-mu",
   "SME-self-consistent",
   "SME-exact-moments"
  ]
 },
 "delays": {
  "sliders": [
   {
    "name": "h",
    "symbol": "ηr",
    "meaning": "rate × curvature",
    "low": 0.01,
    "high": 1.5,
    "step": 0.01,
    "value": 0.1
   },
   {
    "name": "mu",
    "symbol": "μ",
    "meaning": "momentum",
    "low": 0.0,
    "high": 0.98,
    "step": 0.02,
    "value": 0.5
   },
   {
    "name": "tau",
    "symbol": "τ",
    "meaning": "delay in steps",
    "low": 0,
    "high": 30,
    "step": 1,
    "value": 5
   }
  ],
  "claims": [
   "PCA-critical-delay",
   "PCA-5",
   "SDDE-stationary-variance",
   "SDDE-T4.1"
  ]
 },
 "arguments": {
  "additive_momentum": [
   "step",
   "delta"
  ],
  "additive_momentum_variance": [
   "step",
   "delta"
  ],
  "additive_average": [
   "step",
   "alpha",
   "beta"
  ],
  "additive_elastic": [
   "step",
   "alpha",
   "beta"
  ],
  "additive_elastic_variance": [
   "step",
   "alpha",
   "beta",
   "p"
  ],
  "additive_eamsgd": [
   "step",
   "alpha",
   "beta",
   "delta"
  ],
  "additive_eamsgd_variance": [
   "step",
   "alpha",
   "beta",
   "delta",
   "p"
  ],
  "gamma_momentum": [
   "step",
   "delta",
   "lam",
   "p"
  ],
  "gamma_elastic": [
   "step",
   "alpha",
   "beta",
   "lam",
   "p"
  ],
  "gamma_eamsgd": [
   "step",
   "alpha",
   "beta",
   "delta",
   "lam",
   "p"
  ],
  "gamma_rate": [
   "step",
   "lam",
   "omega"
  ],
  "asgd_mean": [
   "eta",
   "mu",
   "a"
  ],
  "asgd_second": [
   "eta",
   "mu",
   "a"
  ],
  "asgd_noise": [
   "eta",
   "mu",
   "a",
   "s2"
  ],
  "asgd_stationary": [
   "eta",
   "mu",
   "a",
   "s2"
  ],
  "sme_dt": [
   "eta",
   "mu"
  ],
  "sme_mean": [
   "eta",
   "mu",
   "a"
  ],
  "sme_mean_start": [
   "eta",
   "mu",
   "a",
   "x0"
  ],
  "sme_second": [
   "eta",
   "mu",
   "a"
  ],
  "sme_noise": [
   "eta",
   "mu",
   "a",
   "s2"
  ],
  "sme_start": [
   "eta",
   "mu",
   "a",
   "s2",
   "x0"
  ],
  "constant_second": [
   "eta",
   "mu",
   "a"
  ],
  "constant_noise": [
   "eta",
   "mu",
   "a",
   "s2"
  ],
  "sgd_mean": [
   "eta",
   "a"
  ],
  "sgd_second": [
   "eta",
   "a"
  ],
  "sgd_noise": [
   "eta",
   "a",
   "s2"
  ],
  "sgd_stationary": [
   "eta",
   "a",
   "s2"
  ],
  "constant_stationary": [
   "eta",
   "mu",
   "a",
   "s2"
  ],
  "sme_stationary": [
   "eta",
   "mu",
   "a",
   "s2"
  ],
  "best_staleness": [
   "eta",
   "a"
  ],
  "oscillation": [
   "eta",
   "a"
  ],
  "edge_angle": [
   "h",
   "mu"
  ],
  "edge_delay": [
   "angle",
   "mu"
  ],
  "edge_step": [
   "mu"
  ],
  "equation_variance": [
   "length"
  ]
 }
};
const colours = ["#440154", "#46075a", "#470d60", "#471365", "#48186a", "#481d6f", "#482374", "#482878", "#472d7b", "#46327e", "#453781", "#443b84", "#424086", "#404588", "#3e4989", "#3d4e8a", "#3a538b", "#38588c", "#365c8d", "#34608d", "#32648e", "#31688e", "#2f6c8e", "#2d708e", "#2c738e", "#2a778e", "#297b8e", "#277f8e", "#26828e", "#24868e", "#238a8d", "#218e8d", "#20928c", "#1f968b", "#1f9a8a", "#1f9e89", "#1fa187", "#21a585", "#23a983", "#26ad81", "#2ab07f", "#2fb47c", "#35b779", "#3bbb75", "#42be71", "#4ac16d", "#52c569", "#5ac864", "#65cb5e", "#6ece58", "#77d153", "#81d34d", "#8bd646", "#95d840", "#a0da39", "#aadc32", "#b5de2b", "#c0df25", "#cae11f", "#d5e21a", "#dfe318", "#eae51a", "#f4e61e", "#fde725"];
root.stalegrad = Object.assign(root.stalegrad || {}, { forms, settings, colours });
})(globalThis);
