// JupyterLab as a reader meets it: opens a notebook, runs all of it, moves its first slider by the keyboard, and reports what it saw.
import { createRequire } from "node:module";
import { join } from "node:path";

const asked = JSON.parse(process.argv[2]);
const { chromium } = createRequire(join(asked.packages, "x.js"))("playwright-core");
const browser = await chromium.launch({ executablePath: asked.chromium, args: ["--no-sandbox"] });
const page = await (await browser.newContext({ viewport: { width: 1400, height: 1000 } })).newPage();
page.setDefaultTimeout(asked.limit);

const idle = () => page.getByText("Python 3 (ipykernel) | Idle").waitFor();
// JupyterLab keeps out of the page what is far from view: its own model knows every cell.
const prompts = () => page.evaluate(() => {
  const { content } = window.jupyterapp.shell.currentWidget;
  return content.widgets.filter((cell) => cell.model.type === "code").map((cell) => cell.model.executionCount);
});
const errors = () => page.evaluate(() => {
  const { content } = window.jupyterapp.shell.currentWidget;
  const outputs = content.widgets.filter((cell) => cell.model.type === "code").flatMap((cell) => cell.model.sharedModel.outputs);
  return outputs.filter((output) => output.output_type === "error").map((output) => `${output.ename}: ${output.evalue}`);
});
const picture = () => page.locator(".jupyter-widgets-output-area img, .widget-output img").first().getAttribute("src");

await page.goto(asked.address);
await idle();
await page.evaluate(() => window.jupyterapp.commands.execute("notebook:run-all-cells"));
await page.waitForFunction(() => {
  const { content } = window.jupyterapp.shell.currentWidget;
  return content.widgets.every((cell) => cell.model.type !== "code" || cell.model.executionCount);
});
await idle();
const ran = await prompts(), wrong = await errors();

const at = await page.evaluate(() => {
  const { content } = window.jupyterapp.shell.currentWidget;
  return content.widgets.findIndex((cell) => (cell.model.getMetadata("tags") || []).includes("nbval-skip"));
});
await page.evaluate((index) => window.jupyterapp.shell.currentWidget.content.scrollToItem(index), at);
const handle = page.locator(".noUi-handle").first();
await handle.waitFor();
await handle.scrollIntoViewIfNeeded();
// The figure stands still while nothing is moved.
let still = await picture();
for (let seconds = 0; seconds < 3; seconds++) {
  await page.waitForTimeout(1000);
  const now = await picture();
  if (now !== still) [still, seconds] = [now, -1];
}
const before = { value: await handle.getAttribute("aria-valuenow"), picture: still };
const key = before.value === (await handle.getAttribute("aria-valuemax")) ? "ArrowLeft" : "ArrowRight";
await handle.focus();
for (let times = 0; times < 3; times++) await page.keyboard.press(key);
await page.waitForFunction((old) => {
  const image = document.querySelector(".jupyter-widgets-output-area img, .widget-output img");
  return image && image.getAttribute("src") !== old;
}, before.picture);
const after = { value: await handle.getAttribute("aria-valuenow"), picture: await picture() };
if (asked.shot) await page.screenshot({ path: asked.shot });
await browser.close();
console.log(JSON.stringify({ ran, wrong, moved: [before.value, after.value], redrawn: before.picture !== after.picture }));
