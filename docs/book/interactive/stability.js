// The stability explorer: the spectral radius of one of the maps, over two parameters.
(function (root) {
"use strict";
const { settings, colours, models, controls } = root.stalegrad;
const { axes, cells, choice, element, later, mark, picture, pointing, result, say, scale, settled, sliders, verdict } = controls;

const ASKS = "Point at the map to read it off; press to move the point.";

controls.start("stability", () => {
  const map = picture(0.72, "sg-map"), words = result(), hover = element("p", { class: "sg-hover" }, ASKS), place = element("div");
  let entry, fields, grid, cell, best, at;

  const axis = (quantity) => ({ ...quantity, label: `${quantity.meaning} ${quantity.symbol}` });
  const draw = () => {
    const values = fields.values(), star = best || cell;
    at = map.begin(axis(entry.x), axis(entry.y), 60);
    cells(at, grid, 0, colours);
    axes(at);
    scale(at, 0, colours);
    mark(at, star.x, star.y, "best");
    mark(at, values[entry.x.name], values[entry.y.name], "point");
  };
  const tell = () => {
    best = best || models.best(entry.form, fields.values(), cell);
    const lines = describe(entry, fields.values(), best);
    words.write(...lines);
    map.describe(`Map of the spectral radius: ${entry.title}. ${lines.join(" ")}`);
    draw();
  };
  const settle = settled(tell);
  const compute = () => {
    grid = models.mapGrid(entry.form, fields.values(), settings.cells);
    cell = models.lowestCell(entry.form, grid);
    best = null;
  };
  const renew = later(() => { compute(); draw(); settle(); });
  const move = later(() => { draw(); settle(); });
  const choose = (name) => {
    entry = settings.maps[name];
    const onAxes = [entry.x.name, entry.y.name];
    fields = sliders([entry.x, entry.y, ...entry.sliders], (moved) => (onAxes.includes(moved) ? move() : renew()));
    place.replaceChildren(fields.box);
    hover.textContent = ASKS;
  };

  choose(settings.start);
  compute();
  settle();
  pointing(map.canvas, () => at, (point) => { hover.textContent = point ? under(entry, fields.values(), point) : ASKS; }, (point) => {
    if (!point) return;
    fields.set(entry.x.name, point.x);
    fields.set(entry.y.name, point.y);
    move();
  });
  const titles = Object.values(settings.maps).map(({ form, title }) => [form, title]);
  const list = choice("Map", titles, settings.start, (name) => { choose(name); renew(); });
  const means = "White circle: the chosen point. White star: the lowest radius on the map. Grey: unstable, radius 1 or more.";
  const key = element("p", { class: "sg-means" }, means);
  return { parts: [list, place, element("div", { class: "sg-pictures" }, map.box), hover, key, words.box], draw };
});

/** The radius under the pointer. */
function under(entry, values, { x, y }) {
  const radius = models.mapRadius(entry.form, { ...values, [entry.x.name]: x, [entry.y.name]: y });
  return `Under the pointer: ${entry.x.symbol} = ${say(x, 3)}, ${entry.y.symbol} = ${say(y, 3)}, radius ${say(radius)}, ${verdict(radius)}.`;
}

/** What there is to say about the chosen point and the map. */
function describe(entry, values, best) {
  const { form, x, y } = entry, radius = models.mapRadius(form, values), column = models.bestAlong(form, values);
  const squared = entry.moments === "first" ? ` (second moments: ${say(radius * radius)})` : "";
  const lines = [
    `At ${x.symbol} = ${say(values[x.name])}, ${y.symbol} = ${say(values[y.name])} the spectral radius of ${entry.moments} moments is ` +
      `${say(radius)}${squared}: ${verdict(radius)}.`,
    `Lowest on the map: ${say(best.radius, 3)} at ${x.symbol} = ${say(best.x, 3)}, ${y.symbol} = ${say(best.y, 3)}. ` +
      `At the chosen ${x.symbol} the best ${y.symbol} is ${say(column.y, 3)}, with radius ${say(column.radius, 3)}.`,
  ];
  const variance = models.variance(form, values);
  if (variance !== null) lines.push(`Stationary variance of the ${entry.of}: ${say(variance)}, in units of σ²/h².`);
  else lines.push(`The learning rate itself is η = ${say(models.call("gamma_rate", values))}: ω only sets its unit.`);
  return lines;
}
})(globalThis);
