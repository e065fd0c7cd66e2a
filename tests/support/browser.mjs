// A browser for the tests: reads a command as a line of JSON, does it, answers with a line of JSON.
import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";

const [modules, executablePath, profile] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const { chromium } = require("playwright-core");
const axe = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");
const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"];
const browser = await chromium.launchPersistentContext(profile, { executablePath, headless: true, args, offline: false });
let page;
let said = [];

const open = async ({ url, width = 1280, height = 900, scheme = "light", media = "screen" }) => {
  await page?.close();
  said = [];
  page = await browser.newPage();
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  page.on("dialog", (dialog) => (said.push(`dialog: ${dialog.message()}`), dialog.dismiss()));
  page.on("request", (request) => /^(file|data):/.test(request.url()) || said.push(`request: ${request.url()}`));
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme: scheme, media });
  await page.goto(url);
  return page.evaluate("document.documentElement.dataset.ready || ''");
};
const does = {
  open,
  said: async () => said,
  eval: ({ code }) => page.evaluate(code),
  click: ({ on }) => page.click(on, { timeout: 5000 }),
  press: ({ keys }) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve()),
  fill: ({ on, text }) => page.fill(on, text, { timeout: 5000 }),
  select: ({ on, value }) => page.selectOption(on, value, { timeout: 5000 }),
  shot: ({ path, full = false }) => page.screenshot({ path, fullPage: full }),
  axe: async () => {
    await page.evaluate(axe);
    const found = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })");
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`);
  },
  trace: async ({ code }) => page.evaluate(code),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...options } = JSON.parse(line);
  try {
    process.stdout.write(`${JSON.stringify({ result: (await does[command](options)) ?? null })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: String(error) })}\n`);
  }
}
await browser.close();
