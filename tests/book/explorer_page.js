// Opens each explorer of the book, moves its first slider by the keyboard, and reports what changed.
// One argument, JSON: packages, chromium, root (the site), pages, width, scheme, scripts (whether they run).
const { join } = require("node:path");
const { pathToFileURL } = require("node:url");

const asked = JSON.parse(process.argv[2]);
const { chromium } = require(join(asked.packages, "playwright-core"));

/** What a reader sees: the first picture, its description, the words. */
const seen = (page) => page.evaluate(() => {
  const canvas = document.querySelector(".sg-explorer canvas");
  return [canvas.toDataURL(), canvas.getAttribute("aria-label"), document.querySelector(".sg-result").textContent];
});

async function look(browser, name) {
  const page = await browser.newPage({ viewport: { width: asked.width, height: 900 }, colorScheme: asked.scheme, javaScriptEnabled: asked.scripts });
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => { if (message.type() === "error") errors.push(message.text()); });
  await page.goto(pathToFileURL(join(asked.root, "interactive", `${name}.html`)).href);
  const still = page.locator("figure.sg-static");
  if (!asked.scripts) return { still: await still.isVisible(), explorer: await page.locator(".sg-explorer").isVisible() };
  await page.waitForFunction(() => document.querySelector(".sg-result")?.textContent);
  const before = await seen(page);
  const slider = page.locator(".sg-explorer input[type=range]").first();
  await slider.focus();
  await page.keyboard.press("ArrowRight");
  await page.waitForFunction((words) => document.querySelector(".sg-result").textContent !== words, before[2]);
  const after = await seen(page);
  const found = {
    errors,
    still: await still.isVisible(),
    changed: after.map((part, i) => part !== before[i]),
    overflow: await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
    unlabelled: await page.locator(".sg-explorer :is(input, select)").evaluateAll((all) => all.filter((one) => !one.labels.length).length),
    live: await page.locator('.sg-explorer [aria-live="polite"]').count(),
    outline: await slider.evaluate((one) => getComputedStyle(one).outlineStyle),
  };
  if (asked.picture) await page.screenshot({ path: join(asked.picture, `explorer-${name}-${asked.width}.png`), fullPage: true });
  await page.close();
  return found;
}

(async () => {
  const browser = await chromium.launch({ executablePath: asked.chromium, args: ["--no-sandbox"] });
  const found = {};
  for (const name of asked.pages) found[name] = await look(browser, name);
  await browser.close();
  process.stdout.write(JSON.stringify(found));
})();
