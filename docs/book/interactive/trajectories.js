// ASGD beside its limits: mean and second moment over the staleness parameter and the learning rate.
(function (root) {
"use strict";
const { settings, models, controls } = root.stalegrad;
const { axes, curve, element, later, line, picture, result, say, settled, sliders } = controls;

const CURVES = {
  asgd: { words: "ASGD, exact", colour: "#0072B2", dash: [] },
  whole: { words: "SME-ASGD, Σ by (2.12)", colour: "#D55E00", dash: [7, 4] },
  constant: { words: "SME-ASGD, Σ constant", colour: "#CC79A7", dash: [2, 3] },
  sgd: { words: "SME-SGD", colour: "#009E73", dash: [9, 3, 2, 3] },
};

controls.start("trajectories", () => {
  const quantities = settings.trajectories.sliders, steps = quantities[quantities.length - 1].high;
  const mean = picture(0.75), second = picture(0.75), words = result();
  let curves, longRun;
  const compute = () => {
    curves = models.trajectories(fields.values(), steps);
    longRun = models.longRun(fields.values());
  };
  const draw = () => {
    const { k } = fields.values();
    panel(mean, curves, "mean", "mean of x", range(curves, "mean"), k, steps);
    panel(second, curves, "second", "second moment of x", logRange(curves, "second"), k, steps);
  };
  const tell = () => {
    const lines = describe(fields.values(), curves, longRun);
    words.write(...lines);
    mean.describe(`Mean of x over ${steps} steps, four curves. ${lines[0]}`);
    second.describe(`Second moment of x over ${steps} steps, logarithmic, four curves. ${lines[1]} ${lines[2]}`);
  };
  const settle = settled(tell);
  const renew = later(() => { compute(); draw(); settle(); });
  const move = later(() => { draw(); settle(); });
  const fields = sliders(quantities, (moved) => (moved === "k" ? move() : renew()));
  compute();
  tell();
  return { parts: [fields.box, key(), element("div", { class: "sg-pictures" }, mean.box, second.box), words.box], draw };
});

/** Lines and their names. */
function key() {
  const items = Object.values(CURVES).map(({ words, colour, dash }) => {
    const item = element("li", {}, words);
    item.insertAdjacentHTML("afterbegin",
      `<svg aria-hidden="true" viewBox="0 0 40 8"><path d="M0 4H40" stroke="${colour}" stroke-width="2.5" stroke-dasharray="${dash.join(" ")}"/></svg>`);
    return item;
  });
  return element("ul", { class: "sg-key" }, ...items);
}

function panel(place, curves, which, label, y, k, steps) {
  const at = place.begin({ low: 0, high: steps, label: "step k" }, { ...y, label });
  axes(at);
  at.pen.strokeStyle = at.look.muted; at.pen.setLineDash([]);
  line(at.pen, [[at.px(k), at.frame.top], [at.px(k), at.frame.bottom]]);
  for (const name of ["sgd", "constant", "whole", "asgd"]) curve(at, curves[name][which], CURVES[name]);
  curve(at, curves.whole[which], CURVES.whole);
}

/** Values that are worth a place: what diverges may leave the picture. */
function shown(curves, which) {
  const start = Math.abs(curves.asgd[which][0]) || 1;
  return Object.values(curves).flatMap((one) => one[which]).filter((value) => Number.isFinite(value) && Math.abs(value) <= 20 * start);
}

function range(curves, which) {
  const values = shown(curves, which), low = Math.min(0, ...values), high = Math.max(0, ...values), room = 0.05 * (high - low) || 1;
  return { low: low - room, high: high + room };
}

function logRange(curves, which) {
  const values = shown(curves, which).filter((value) => value > 0);
  const high = Math.max(1e-12, ...values), low = Math.max(Math.min(high, ...values), high * 1e-8);
  return { low: 10 ** Math.floor(Math.log10(low)), high: 10 ** Math.ceil(Math.log10(high) + 1e-9), log: true };
}

function describe(values, curves, { stationary, decay, best, oscillation }) {
  const at = (name, which) => say(curves[name][which][values.k]);
  return [
    `Mean at step ${values.k}: ASGD ${at("asgd", "mean")}, SME-ASGD ${at("whole", "mean")}, SME-SGD ${at("sgd", "mean")}.`,
    `Second moment at step ${values.k}: ASGD ${at("asgd", "second")}, SME-ASGD ${at("whole", "second")}, with Σ constant ` +
      `${at("constant", "second")}, SME-SGD ${at("sgd", "second")}.`,
    `In the long run: ASGD ${say(stationary.asgd)}, SME-ASGD ${say(stationary.whole)}, with Σ constant ${say(stationary.constant)}, ` +
      `SME-SGD ${say(stationary.sgd)}.`,
    `Decay of second moments per step: ASGD ${rate(decay.asgd)}, SME-ASGD ${rate(decay.whole)}, with Σ constant ${rate(decay.constant)}, ` +
      `SME-SGD ${rate(decay.sgd)}.`,
    `The rule (5.5) advises μ = ${say(best)}; the mean of ASGD oscillates above μ = ${say(oscillation)}.`,
  ];
}

function rate(value) {
  return value > 0 ? say(value) : `${say(value)} (it grows)`;
}
})(globalThis);
