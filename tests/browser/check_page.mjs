// Opens a local page in headless Chromium, and prints what it asked the network for, what it complained of,
// and what axe found, as JSON. Usage: node check_page.mjs CHROMIUM FILE [PICTURE]
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [executablePath, file, picture] = process.argv.slice(2);
const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const browser = await chromium.launch({
  executablePath,
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
  ],
});
// axe is put into the page, which its content security policy would rightly refuse.
const page = await browser.newPage({ bypassCSP: true, viewport: { width: 1000, height: 800 } });
const requests = [];
const complaints = [];
page.on("request", (request) => requests.push(request.url()));
page.on("console", (message) => complaints.push(message.text()));
page.on("pageerror", (error) => complaints.push(String(error)));
await page.goto(pathToFileURL(file).href, { waitUntil: "load" });
const asked = requests.filter((url) => !url.startsWith("data:") && url !== pathToFileURL(file).href);
// Everything that is folded away is opened, or axe would not look at it.
await page.evaluate(() => document.querySelectorAll("details").forEach((part) => { part.open = true; }));
await page.addScriptTag({ path: axe });
const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
const facts = await page.evaluate(() => ({
  title: document.title,
  headings: [...document.querySelectorAll("h1,h2,h3,h4,h5,h6")].map((part) => Number(part.tagName[1])),
  pictures: [...document.images].map((part) => ({ alt: part.alt, width: part.naturalWidth })),
  tables: document.querySelectorAll("table").length,
  overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
}));
// On a phone, and on paper: A4 with the margins that the report asks for. A page wider than its paper is printed smaller.
await page.setViewportSize({ width: 400, height: 800 });
facts.phone = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
await page.emulateMedia({ media: "print" });
await page.setViewportSize({ width: Math.floor(180 / 25.4 * 96), height: Math.floor(269 / 25.4 * 96) });
facts.paper = await page.evaluate(() => {
  const board = document.querySelector(".pr-board");
  return {
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    board: board ? board.getBoundingClientRect().bottom + globalThis.scrollY : 0,
    height: globalThis.innerHeight,
  };
});
await page.emulateMedia({ media: "screen" });
await page.setViewportSize({ width: 1000, height: 800 });
if (picture) await page.screenshot({ path: picture, fullPage: true });
await browser.close();
const violations = found.violations.map((rule) => ({
  id: rule.id, impact: rule.impact, help: rule.help, nodes: rule.nodes.slice(0, 3).map((node) => node.html.slice(0, 200)),
}));
console.log(JSON.stringify({ asked, complaints, violations, ...facts }));
