// Sliders, canvases with axes, and the words beside them: what the explorers share.
(function (root) {
"use strict";

const PAPER = { text: "#222832", muted: "#48566b", border: "#c9c9c9", ground: "#ffffff" };
const PAUSE = 200; // milliseconds
const PRINTED = 3; // dots on paper for each on screen
let names = 0;
let printing = false;

/** An element with attributes and children. */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
  made.append(...children);
  return made;
}

function decimals(step) {
  return (String(step).split(".")[1] || "").length;
}

/** A number in a few digits and words. */
function say(value, digits = 4) {
  if (!Number.isFinite(value)) return "infinite";
  if (value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5)) return value.toExponential(digits - 1).replace("-", "−");
  return String(Number(value.toPrecision(digits))).replace("-", "−");
}

function verdict(radius) {
  return radius < 1 ? "stable" : "unstable";
}

/** A labelled range input; `set` moves it without telling anyone. */
function slider(quantity, changed) {
  const id = `sg-${quantity.name}-${++names}`;
  const input = element("input", { type: "range", id, name: quantity.name, min: quantity.low, max: quantity.high, step: quantity.step });
  const output = element("output", { for: id });
  const write = () => {
    output.textContent = Number(input.value).toFixed(decimals(quantity.step)).replace("-", "−");
    input.setAttribute("aria-valuetext", `${quantity.symbol} = ${output.textContent}`);
  };
  const set = (value) => { input.value = value; write(); };
  input.addEventListener("input", () => { write(); changed(quantity.name); });
  set(quantity.value);
  const row = element("div", { class: "sg-row" }, element("label", { for: id }, `${quantity.meaning} ${quantity.symbol}`), output, input);
  return { row, set, get: () => Number(input.value) };
}

/** Sliders in a field set, with the values of all of them by name. */
function sliders(quantities, changed, legend = "Settings") {
  const made = quantities.map((quantity) => [quantity.name, slider(quantity, changed)]);
  const box = element("fieldset", { class: "sg-controls" }, element("legend", {}, legend), ...made.map(([, one]) => one.row));
  const by = Object.fromEntries(made);
  return { box, set: (name, value) => by[name].set(value), values: () => Object.fromEntries(made.map(([name, one]) => [name, one.get()])) };
}

/** A drop-down list of [value, words]. */
function choice(label, options, chosen, changed) {
  const id = `sg-choice-${++names}`;
  const select = element("select", { id }, ...options.map(([value, words]) => element("option", { value }, words)));
  select.value = chosen;
  select.addEventListener("change", () => changed(select.value));
  return element("div", { class: "sg-row" }, element("label", { for: id }, label), select);
}

/** Colours of the theme as it stands, or of paper. */
function theme(at) {
  if (printing) return PAPER;
  const style = getComputedStyle(at);
  return { text: style.color, muted: style.getPropertyValue("--sg-muted"), border: style.getPropertyValue("--sg-border"), ground: "transparent" };
}

/** Paragraphs of which a screen reader is told when they change. */
function result() {
  const box = element("div", { class: "sg-result", role: "status", "aria-live": "polite" });
  return { box, write: (...lines) => box.replaceChildren(...lines.map((line) => element("p", {}, line))) };
}

/** Calls `draw` once before the next frame, however often it is asked. */
function later(draw) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; draw(); });
  };
}

/** Calls `tell` when nothing has been asked for a moment, so that words follow a drag and do not accompany it. */
function settled(tell) {
  let waiting;
  return () => { clearTimeout(waiting); waiting = setTimeout(tell, PAUSE); };
}

/** Redraws when the width, the theme or the medium changes. */
function follow(box, draw) {
  const again = later(draw);
  new ResizeObserver(again).observe(box);
  new MutationObserver(again).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "data-mode"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  for (const [event, state] of [["beforeprint", true], ["afterprint", false]]) {
    addEventListener(event, () => { printing = state; draw(); });
  }
}

/** A canvas as wide as its box, sharp on every screen, with axes. */
function picture(share, kind = "") {
  const canvas = element("canvas", { role: "img" });
  const box = element("div", { class: kind }, canvas);
  const begin = (x, y, right = 12) => {
    const width = box.clientWidth || 320, height = Math.round(Math.min(width * share, 460)), ratio = Math.max(devicePixelRatio || 1, printing ? PRINTED : 1);
    canvas.width = width * ratio; canvas.height = height * ratio; canvas.style.height = `${height}px`;
    const pen = canvas.getContext("2d"), look = theme(box);
    pen.scale(ratio, ratio);
    if (look.ground !== "transparent") { pen.fillStyle = look.ground; pen.fillRect(0, 0, width, height); }
    const frame = { left: 52, right: width - right, top: 10, bottom: height - 40 };
    // Both axes in the same unit: y reaches as far as the frame allows.
    const half = (x.high * (frame.bottom - frame.top)) / (frame.right - frame.left);
    return plane(pen, look, frame, x, x.equal ? { ...y, low: -half, high: half } : y);
  };
  return { box, canvas, begin, describe: (text) => canvas.setAttribute("aria-label", text) };
}

/** Where numbers stand on a canvas. */
function plane(pen, look, frame, x, y) {
  const scale = (axis, from, to) => {
    const f = axis.log ? Math.log : Number;
    return (value) => from + ((f(value) - f(axis.low)) / (f(axis.high) - f(axis.low))) * (to - from);
  };
  const px = scale(x, frame.left, frame.right), py = scale(y, frame.bottom, frame.top);
  const back = ({ low, high }, from, to) => (place) => low + ((place - from) / (to - from)) * (high - low);
  return { pen, look, frame, x, y, px, py, atX: back(x, frame.left, frame.right), atY: back(y, frame.bottom, frame.top) };
}

/** Round numbers in a range: at most about `wanted` of them. */
function ticks({ low, high, log }, wanted) {
  if (log) {
    const first = Math.ceil(Math.log10(low) - 1e-9), last = Math.floor(Math.log10(high) + 1e-9);
    const every = Math.max(1, Math.ceil((last - first + 1) / wanted));
    return Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, i) => 10 ** (first + i * every));
  }
  const rough = (high - low) / wanted, ten = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * ten).find((size) => size >= rough * 0.999);
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) found.push(i * step);
  return found;
}

/** Frame, ticks and labels. */
function axes({ pen, look, frame, x, y, px, py }) {
  pen.font = "12px sans-serif"; pen.fillStyle = look.text; pen.strokeStyle = look.muted; pen.lineWidth = 1;
  pen.strokeRect(frame.left, frame.top, frame.right - frame.left, frame.bottom - frame.top);
  pen.textAlign = "center"; pen.textBaseline = "top";
  for (const value of ticks(x, Math.max(3, (frame.right - frame.left) / 80))) {
    line(pen, [[px(value), frame.bottom], [px(value), frame.bottom + 4]]);
    pen.fillText(say(value), px(value), frame.bottom + 6);
  }
  pen.fillText(x.label, (frame.left + frame.right) / 2, frame.bottom + 23);
  pen.textAlign = "right"; pen.textBaseline = "middle";
  for (const value of ticks(y, Math.max(3, (frame.bottom - frame.top) / 50))) {
    line(pen, [[frame.left - 4, py(value)], [frame.left, py(value)]]);
    pen.fillText(y.log ? powerOfTen(value) : say(value), frame.left - 6, py(value));
  }
  pen.save();
  pen.translate(9, (frame.top + frame.bottom) / 2); pen.rotate(-Math.PI / 2);
  pen.textAlign = "center"; pen.fillText(y.label, 0, 0);
  pen.restore();
}

/** 10⁻³ for 0.001. */
function powerOfTen(value) {
  return `10${String(Math.round(Math.log10(value))).replace(/./g, (sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)])}`;
}

/** A broken line through points; places that are not numbers interrupt it. */
function line(pen, points) {
  pen.beginPath();
  let open = false;
  for (const [x, y] of points) {
    if (!Number.isFinite(x) || !Number.isFinite(y)) { open = false; continue; }
    if (open) pen.lineTo(x, y); else pen.moveTo(x, y);
    open = true;
  }
  pen.stroke();
}

/** A function of the step, in a colour and a pattern, cut to the frame. */
function curve(at, values, { colour, dash }) {
  const { pen, frame, px, py } = at;
  pen.save();
  pen.beginPath(); pen.rect(frame.left, frame.top, frame.right - frame.left, frame.bottom - frame.top); pen.clip();
  pen.strokeStyle = colour; pen.lineWidth = 2; pen.setLineDash(dash);
  line(pen, values.map((value, k) => [px(k), py(value)]));
  pen.restore();
}

/** Cells coloured by a radius below 1, grey from 1 on, and the edge between; `low` is the radius of the first colour. */
function cells(at, grid, low, colours) {
  const { pen, frame } = at, rows = grid.length, columns = grid[0].length;
  // Whole numbers, so that no seam shows between two cells.
  const left = (i) => Math.round(frame.left + (i * (frame.right - frame.left)) / columns);
  const top = (j) => Math.round(frame.bottom - ((j + 1) * (frame.bottom - frame.top)) / rows);
  grid.forEach((row, j) => row.forEach((radius, i) => {
    pen.fillStyle = shade(radius, low, colours);
    pen.fillRect(left(i), top(j), left(i + 1) - left(i), top(j - 1) - top(j));
  }));
  pen.strokeStyle = "#000000"; pen.lineWidth = 1.5;
  grid.forEach((row, j) => row.forEach((radius, i) => {
    const stable = radius < 1;
    if (i + 1 < columns && row[i + 1] < 1 !== stable) line(pen, [[left(i + 1), top(j)], [left(i + 1), top(j - 1)]]);
    if (j + 1 < rows && grid[j + 1][i] < 1 !== stable) line(pen, [[left(i), top(j)], [left(i + 1), top(j)]]);
  }));
}

function shade(radius, low, colours) {
  if (!(radius < 1)) return "#b0b0b0";
  const share = Math.max(0, (radius - low) / (1 - low));
  return colours[Math.min(colours.length - 1, Math.floor(share * colours.length))];
}

/** What the colours of a map mean, to the right of it. */
function scale({ pen, look, frame }, low, colours) {
  const x = frame.right + 14, height = frame.bottom - frame.top, each = height / colours.length;
  colours.forEach((colour, i) => { pen.fillStyle = colour; pen.fillRect(x, frame.bottom - (i + 1) * each, 12, each + 0.6); });
  pen.fillStyle = look.text; pen.textAlign = "left"; pen.textBaseline = "middle";
  for (const share of [0, 0.5, 1]) pen.fillText(say(low + share * (1 - low)), x + 16, frame.bottom - share * height);
}

/** A round mark for the chosen point; a star for the best. */
function mark({ pen, px, py }, x, y, kind) {
  const points = kind === "best" ? 10 : 32, size = kind === "best" ? 9 : 6;
  pen.beginPath();
  for (let i = 0; i < points; i++) {
    const r = kind === "best" && i % 2 ? size * 0.4 : size, angle = (2 * Math.PI * i) / points - Math.PI / 2;
    pen.lineTo(px(x) + r * Math.cos(angle), py(y) + r * Math.sin(angle));
  }
  pen.closePath();
  pen.fillStyle = "#ffffff"; pen.fill(); pen.strokeStyle = "#000000"; pen.lineWidth = 1.5; pen.stroke();
}

/** Tells where on a plane a pointer is, and where it is pressed or dragged. */
function pointing(canvas, plane, hovered, pressed) {
  const tell = (event, listener) => {
    const at = plane(), box = canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    const inside = x >= at.frame.left && x <= at.frame.right && y >= at.frame.top && y <= at.frame.bottom;
    listener(inside ? { x: at.atX(x), y: at.atY(y) } : null);
  };
  canvas.addEventListener("pointermove", (event) => { tell(event, hovered); if (event.buttons === 1) tell(event, pressed); });
  canvas.addEventListener("pointerdown", (event) => tell(event, pressed));
  canvas.addEventListener("pointerleave", () => hovered(null));
}

/** Puts an explorer where the page has a place for it, and the picture for readers without scripts out of sight. */
function start(name, build) {
  const place = document.querySelector(`[data-explorer="${name}"]`);
  if (!place) return;
  const { parts, draw } = build();
  place.append(...parts);
  place.hidden = false;
  document.querySelectorAll(".sg-static").forEach((still) => { still.hidden = true; });
  follow(place, draw);
  draw();
}

root.stalegrad = Object.assign(root.stalegrad, {
  controls: { axes, cells, choice, curve, element, later, line, mark, picture, pointing, result, say, scale, settled, sliders, start, verdict },
});
})(globalThis);
