// Loads pages of the site as a reader would, and reports what a reader would miss; then uses search, filter and dark mode.
import { createRequire } from "node:module";
import { join } from "node:path";
import { inflateSync } from "node:zlib";

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

// What cannot be told by ear: controls without a name, headings that skip a level, more than one title.
const unsaid = (page) => page.evaluate(() => {
  const name = (node) => node.getAttribute("aria-label") || node.title || node.textContent.trim() || node.labels?.[0]?.textContent || node.querySelector("img[alt]")?.alt;
  const controls = [...document.querySelectorAll("a[href], button, input, select, summary")].filter((node) => node.checkVisibility({ visibilityProperty: true }));
  const unnamed = controls.filter((node) => !name(node)).map((node) => node.outerHTML.slice(0, 120));
  const levels = [...document.querySelectorAll(".bd-article :is(h1, h2, h3, h4, h5, h6)")].map((node) => [Number(node.tagName[1]), node.textContent]);
  const skipped = levels.filter(([level], i) => level > (i ? levels[i - 1][0] : 0) + 1 || (i && level === 1)).map(([, words]) => words);
  return [...unnamed, ...skipped];
});

async function look(path) {
  const { page, faults, close } = await open(path, { width: 360, height: 780, colorScheme: asked.dark.includes(path) ? "dark" : "light" });
  const math = await formulas(page), narrow = await tooWide(page);
  await shot(page, `${named(path)}-360`);
  await page.setViewportSize({ width: 1280, height: 900 });
  const wide = await tooWide(page);
  await shot(page, `${named(path)}-1280`);
  const silent = await unsaid(page);
  const pictures = await page.evaluate(() => [...document.images].filter((image) => !image.complete || !image.naturalWidth).map((image) => image.src));
  await close();
  return { path, faults, math, narrow, wide, pictures, silent };
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

// Pages of a PDF, and the curves drawn on them: formulas are outlines, all other text is letters of a font.
function ink(pdf) {
  const text = pdf.toString("latin1");
  const drawn = [...text.matchAll(/stream\r?\n([\s\S]*?)\r?\nendstream/g)].map(([, data]) => {
    try { return inflateSync(Buffer.from(data, "latin1")).toString("latin1"); } catch { return ""; }
  });
  return { pages: text.match(/\/Type \/Page\b/g).length, curves: (drawn.join("\n").match(/ c\n/g) || []).length };
}

// What stands on the paper: what is only for a screen, what is cut at the edge, what is closed or dark.
const paper = (page) => page.evaluate(() => {
  const shown = (selector) => [...document.querySelectorAll(selector)].filter((node) => node.getClientRects().length && getComputedStyle(node).visibility === "visible");
  const named = (nodes) => nodes.map((node) => `${node.tagName} ${node.className.baseVal ?? node.className} ${node.textContent.trim().slice(0, 40)}`);
  const corner = (canvas) => [...canvas.getContext("2d").getImageData(1, 1, 1, 1).data];
  const screen = "header, footer, button, input, .bd-header-article, .bd-sidebar-primary, .bd-sidebar-secondary, .claims-filter, #jb-print-toc, .headerlink, .sg-static";
  return {
    screen: named(shown(screen)),
    cut: named(shown(".bd-article :is(p, table, img, pre, canvas, mjx-container > svg)").filter((node) => node.getBoundingClientRect().right > innerWidth + 1)),
    closed: named(shown("details:not([open])")),
    titles: shown("h1").map((node) => node.firstChild.textContent),
    colours: [document.body, document.querySelector(".bd-article")].map((node) => getComputedStyle(node)).flatMap(({ color, backgroundColor }) => [color, backgroundColor]),
    canvases: shown("canvas").map((canvas) => ({ corner: corner(canvas), sharp: canvas.width / canvas.clientWidth, stretched: (canvas.width / canvas.height) / (canvas.clientWidth / canvas.clientHeight) })),
    settings: shown(".sg-row").map((row) => [row.querySelector("label").textContent, row.querySelector("output, select").value]),
  };
});

// On paper, from a dark screen and without having scrolled, as a reader prints who does not think of it.
async function onPaper(path) {
  const { page, faults, close } = await open(path, { colorScheme: "dark" });
  await page.evaluate(() => document.fonts.ready);
  const pdf = await page.pdf({ format: "A4", ...(asked.shots && { path: join(asked.shots, `${named(path)}.pdf`) }) });
  const theme = await page.evaluate(() => [document.documentElement.dataset.theme, document.querySelectorAll("details[open].admonition").length]);
  await page.setViewportSize({ width: 680, height: 980 });
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  const math = await formulas(page), found = await paper(page);
  await shot(page, `${named(path)}-print`);
  await close();
  return { ...found, ...ink(pdf), faults, formulas: math.set, theme };
}

async function print() {
  const found = {};
  for (const path of asked.printed) found[path] = await onPaper(path);
  const { page, close } = await open(asked.figure);
  await page.route(/mathjax/, (route) => route.abort());
  await page.reload();
  const { curves } = ink(await page.pdf({ format: "A4" }));
  await close();
  return { pages: found, withoutFormulas: curves };
}

const report = { pages: [] };
const waiting = [...asked.pages];
const worker = async () => { while (waiting.length) report.pages.push(await look(waiting.shift())); };
await Promise.all([worker(), worker()]);
for (const use of [search, theme, filter, plain, print]) if (asked.uses.includes(use.name)) report[use.name] = await use();
await browser.close();
console.log(JSON.stringify(report));
