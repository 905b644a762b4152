// Loads pages of the site as a reader would, and reports what a reader would miss; then uses search, filter and dark mode.
import { createRequire } from "node:module";
import { join } from "node:path";

const asked = JSON.parse(process.argv[2]);
const { chromium } = createRequire(join(asked.packages, "x.js"))("playwright-core");
const browser = await chromium.launch({ executablePath: asked.chromium, args: ["--no-sandbox"] });
const near = (address) => address.startsWith(asked.base) || /^(data|blob|about):/.test(address);

// A page that takes down every console error, failed request and request to another place.
async function open(path, { width = 1280, height = 900, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(120000);
  const faults = [];
  page.on("console", (message) => message.type() === "error" && faults.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("request", (request) => near(request.url()) || faults.push(`outside: ${request.url()}`));
  page.on("requestfailed", (request) => faults.push(`failed: ${request.url()}`));
  page.on("response", (response) => response.status() >= 400 && faults.push(`${response.status()}: ${response.url()}`));
  await page.goto(asked.base + path);
  return { page, faults, close: () => context.close() };
}

const shot = (page, name) => asked.shots && page.screenshot({ path: join(asked.shots, `${name}.png`) });
const named = (path) => path.replace(/\.html.*$/, "").replaceAll("/", "_");

// All formulas set, wherever they stand on the page; what is not, and what is too wide for the window.
const formulas = (page) => page.evaluate(async () => {
  const wanted = document.querySelectorAll("span.math, div.math").length;
  if (!wanted) return { wanted, set: 0, wrong: [] };
  await MathJax.startup.promise;
  await MathJax.startup.document.lazyTypesetAll();
  const wrong = [...document.querySelectorAll("[data-mjx-error]")].map((node) => node.getAttribute("data-mjx-error"));
  return { wanted, set: document.querySelectorAll("mjx-container > svg").length, wrong };
});
const tooWide = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

async function look(path) {
  const { page, faults, close } = await open(path, { width: 360, height: 780, colorScheme: asked.dark.includes(path) ? "dark" : "light" });
  const math = await formulas(page), narrow = await tooWide(page);
  await shot(page, `${named(path)}-360`);
  await page.setViewportSize({ width: 1280, height: 900 });
  const wide = await tooWide(page);
  await shot(page, `${named(path)}-1280`);
  const pictures = await page.evaluate(() => [...document.images].filter((image) => !image.complete || !image.naturalWidth).map((image) => image.src));
  await close();
  return { path, faults, math, narrow, wide, pictures };
}

async function search() {
  const { page, faults, close } = await open("search.html?q=SME-4.9");
  await page.waitForFunction(() => /search finished/i.test(document.getElementById("search-results").textContent));
  const results = await page.$$eval("#search-results li a", (links) => links.map((link) => link.getAttribute("href")));
  await shot(page, "search");
  await close();
  return { results, faults };
}

async function theme() {
  const { page, faults, close } = await open(asked.figure, { colorScheme: "light" });
  const state = () => page.evaluate(() => [document.documentElement.dataset.theme, getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector("figure img")).backgroundColor]);
  const before = await state();
  await page.click(".theme-switch-button");
  await page.click(".theme-change-button[data-mode=dark]");
  await page.locator("figure img").first().scrollIntoViewIfNeeded();
  await shot(page, "dark-figure");
  const after = await state();
  await close();
  return { before, after, faults };
}

// By the keyboard alone: choose a paper and a status, then words, then everything again.
async function filter() {
  const { page, faults, close } = await open("claims/index.html");
  const shown = () => page.$$eval("table.claims-table tbody tr", (rows) => rows.filter((row) => row.offsetParent).map((row) => row.cells[0].textContent.trim()));
  const counts = { all: await shown() };
  await page.focus("select[name=paper]");
  await page.keyboard.type("PCA");
  counts.paper = await shown();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.type("corrected");
  counts.status = await shown();
  const said = await page.textContent(".claims-filter output"), address = page.url();
  await shot(page, "claims-filtered");
  await page.keyboard.press("Tab");
  await page.keyboard.type("no row says this");
  counts.words = await shown();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  counts.again = await shown();
  await page.goto(address);
  counts.linked = await shown();
  await close();
  return { counts, said, faults };
}

async function plain() {
  const { page, close } = await open("claims/index.html", { javaScriptEnabled: false });
  const rows = await page.locator("table.claims-table tbody tr").count();
  await close();
  return { rows };
}

async function print() {
  const { page, faults, close } = await open(asked.figure, { width: 760, height: 1000 });
  await formulas(page);
  await page.emulateMedia({ media: "print" });
  const hidden = await page.evaluate(() => [".bd-sidebar-primary", ".bd-sidebar-secondary", ".bd-header-article"].every((part) => !document.querySelector(part)?.offsetParent));
  const wide = await tooWide(page);
  await shot(page, "print");
  await close();
  return { hidden, wide, faults };
}

const report = { pages: [] };
const waiting = [...asked.pages];
const worker = async () => { while (waiting.length) report.pages.push(await look(waiting.shift())); };
await Promise.all([worker(), worker()]);
for (const use of [search, theme, filter, plain, print]) if (asked.uses.includes(use.name)) report[use.name] = await use();
await browser.close();
console.log(JSON.stringify(report));
