// Runs calls of the explorers' code: a JSON list of [name, arguments] on standard input, the results as JSON on standard output.
const { readFileSync } = require("node:fs");
const { join } = require("node:path");

const [, , folder] = process.argv;
for (const name of ["linear_algebra.js", "closed_forms.js", "models.js"]) require(join(folder, name));
const words = (_, value) => (typeof value === "number" && !Number.isFinite(value) ? String(value) : value);
const numbers = (_, value) => (value === "Infinity" ? Infinity : value);
const calls = JSON.parse(readFileSync(0, "utf-8"), numbers);
const results = calls.map(([name, given]) => name.split(".").reduce((place, part) => place[part], globalThis.stalegrad)(...given));
process.stdout.write(JSON.stringify(results, words));
