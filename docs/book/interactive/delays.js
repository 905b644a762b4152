// Momentum with a constant delay: where it is stable, and the roots that decide.
(function (root) {
"use strict";
const { settings, forms, linear, colours, models, controls } = root.stalegrad;
const { axes, cells, element, later, line, mark, picture, pointing, result, say, scale, settled, sliders, verdict } = controls;
const COLUMNS = 32, DARKEST = 0.5;

controls.start("delays", () => {
  const [, momentum, delay] = settings.delays.sliders;
  const map = picture(0.75, "sg-map"), roots = picture(1), words = result(), hover = element("p", { class: "sg-hover" });
  const asks = "Point at the map to read it off; press to move the point.";
  let grid, at;
  const compute = () => { grid = models.delayGrid(fields.values().h, COLUMNS, delay.high); };
  const draw = () => {
    const { h, mu, tau } = fields.values();
    at = map.begin({ ...momentum, label: "momentum μ" }, { low: -0.5, high: delay.high + 0.5, label: "delay τ in steps" }, 60);
    cells(at, grid, DARKEST, colours);
    drawEdge(at, h, momentum);
    axes(at);
    scale(at, DARKEST, colours);
    mark(at, mu, tau, "point");
    drawRoots(roots, models.companion(h, mu, tau));
  };
  const tell = () => {
    const lines = describe(fields.values());
    words.write(...lines);
    map.describe(`Map of the spectral radius over momentum and delay, with the critical delay as a curve. ${lines.join(" ")}`);
    roots.describe(`Roots of the characteristic polynomial in the complex plane beside the unit circle. ${lines[0]}`);
  };
  const settle = settled(tell);
  const renew = later(() => { compute(); draw(); settle(); });
  const move = later(() => { draw(); settle(); });
  const fields = sliders(settings.delays.sliders, (moved) => (moved === "h" ? renew() : move()));
  compute();
  tell();
  hover.textContent = asks;
  pointing(map.canvas, () => at, (point) => { hover.textContent = point ? under(fields.values().h, point, delay.high) : asks; }, (point) => {
    if (!point) return;
    fields.set("mu", point.x);
    fields.set("tau", Math.round(point.y));
    move();
  });
  const key = element("p", { class: "sg-means" }, "Grey: unstable. Orange: the critical delay in closed form. White circle: the chosen point.");
  return { parts: [fields.box, element("div", { class: "sg-pictures" }, map.box, roots.box), hover, key, words.box], draw };
});

function under(h, { x, y }, largest) {
  const tau = Math.min(largest, Math.max(0, Math.round(y))), radius = linear.radius(models.companion(h, x, tau));
  const last = models.lastStable(h, x);
  return `Under the pointer: μ = ${say(x, 3)}, τ = ${tau}, radius ${say(radius, 5)}, ${verdict(radius)}; largest stable delay ${last}.`;
}

function drawEdge(at, h, { low, high }) {
  const { pen, frame } = at;
  pen.save();
  pen.beginPath(); pen.rect(frame.left, frame.top, frame.right - frame.left, frame.bottom - frame.top); pen.clip();
  pen.strokeStyle = "#D55E00"; pen.lineWidth = 2.5;
  line(pen, Array.from({ length: 201 }, (_, i) => {
    const mu = low + ((high - low) * i) / 200, edge = models.edge(h, mu);
    return [at.px(mu), edge === null ? NaN : at.py(edge)];
  }));
  pen.restore();
}

function drawRoots(place, matrix) {
  const at = place.begin({ low: -1.6, high: 1.6, label: "real part of the roots", equal: true }, { label: "imaginary part" });
  const { pen, look, frame, px, py } = at;
  axes(at);
  pen.strokeStyle = look.muted; pen.lineWidth = 1.5;
  line(pen, Array.from({ length: 121 }, (_, i) => [px(Math.cos((Math.PI * i) / 60)), py(Math.sin((Math.PI * i) / 60))]));
  pen.save();
  pen.beginPath(); pen.rect(frame.left, frame.top, frame.right - frame.left, frame.bottom - frame.top); pen.clip();
  for (const [re, im] of linear.eigenvalues(matrix)) {
    const outside = Math.hypot(re, im) >= 1;
    pen.beginPath(); pen.arc(px(re), py(im), 4, 0, 2 * Math.PI);
    pen.fillStyle = outside ? "#D55E00" : "#0072B2"; pen.fill();
    if (outside) { pen.strokeStyle = look.text; pen.stroke(); }
  }
  pen.restore();
}

function describe({ h, mu, tau }) {
  const radius = linear.radius(models.companion(h, mu, tau)), edge = models.edge(h, mu), last = models.lastStable(h, mu);
  const found = `the spectral radius is ${say(radius, 6)}: ${verdict(radius)}`;
  const lines = [`With ηr = ${say(h)}, momentum ${say(mu)} and a delay of ${tau} steps ${found}.`];
  if (edge === null) lines.push(`No delay is stable, not even 0: ηr is above 2 (1 + μ) = ${say(forms.edge_step(mu))}.`);
  else lines.push(`The edge is at a delay of ${say(edge, 5)}; the largest whole delay that is stable is ${last < 0 ? "none" : last}.`);
  if (mu === 0) {
    const level = forms.equation_variance(h * tau);
    lines.push(Number.isFinite(level)
      ? `The delay equation without momentum is stable at this delay, and its noise is ${say(level)} times that without delay.`
      : "The delay equation without momentum is unstable at this delay.");
  }
  return lines;
}
})(globalThis);
