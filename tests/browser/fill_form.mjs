// Fills in a form in headless Chromium by keyboard alone, and prints what came of it as JSON.
// Usage: node fill_form.mjs CHROMIUM FILE PLAN [PICTURES]
// PLAN is a JSON file: {width, height, steps: [[what, ...], ...]}, with the steps
//   ["to", ID]            Tab until the element with that id has the focus
//   ["press", KEY, N]     press a key N times        ["type", TEXT]   type a text
//   ["save", ID]          as "to", then Enter, and wait for the download
//   ["look", NAME]        note what is on the page, with axe; with PICTURES a picture NAME.png
//   ["print", NAME]       the page as it is printed, as NAME.pdf
//   ["size", W, H]        change the window             ["accept"]      answer the next dialogue with yes
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [executablePath, file, planFile, pictures] = process.argv.slice(2);
const plan = JSON.parse(await readFile(planFile, "utf8"));
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({
  executablePath,
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
  ],
});
const size = { width: plan.width ?? 1000, height: plan.height ?? 800 };
// The content security policy of the page stays in force; the time zone is one in which UTC has another date.
const context = await browser.newContext({ viewport: size, acceptDownloads: true, timezoneId: plan.zone ?? "Pacific/Kiritimati" });
const page = await context.newPage();
const requests = [];
const complaints = [];
page.on("request", (request) => requests.push(request.url()));
page.on("console", (message) => complaints.push(message.text()));
page.on("pageerror", (error) => complaints.push(String(error)));
await page.goto(pathToFileURL(file).href, { waitUntil: "load" });

const focused = () => page.evaluate(() => document.activeElement?.id ?? "");
const looks = {};
const downloads = [];
const unreached = [];

async function to(id) {
  for (let count = 0; count < 600; count += 1) {
    if ((await focused()) === id) return;
    await page.keyboard.press("Tab");
  }
  unreached.push(id);
}

async function look() {
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const facts = await page.evaluate(async () => ({
    title: document.title,
    language: document.documentElement.lang,
    direction: document.documentElement.dir,
    heading: document.querySelector("h1").textContent,
    focus: document.activeElement?.id ?? "",
    asked: [...document.querySelectorAll("[data-item]")].filter((part) => part.getClientRects().length).map((part) => part.dataset.item),
    errors: [...document.querySelectorAll(".error:not([hidden])")].map((part) => ({
      id: part.id,
      text: part.textContent,
      described: document.querySelectorAll(`[aria-describedby~="${part.id}"]`).length,
    })),
    invalid: [...document.querySelectorAll("[aria-invalid=true]")].map((part) => part.id),
    summary: [...document.querySelectorAll("#summary:not([hidden]) li")].map((part) => part.textContent),
    announcement: document.getElementById("announcement")?.textContent,
    saved: document.getElementById("saved")?.textContent,
    progress: document.getElementById("progress")?.textContent,
    ticked: [...document.querySelectorAll("input:checked")].map((part) => part.id),
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    required: [...document.querySelectorAll(".required")].filter((part) => part.getClientRects().length).map((part) => part.id),
    must: [...document.querySelectorAll("[aria-required=true]")].filter((part) => part.getClientRects().length).map((part) => part.id),
    loose: [
      ...[...document.querySelectorAll("input, textarea")].filter((box) =>
        box.labels.length !== 1 || !box.labels[0].textContent.trim()).map((box) => `label of ${box.id}`),
      ...[...document.querySelectorAll("[for], [aria-labelledby], [aria-describedby]")].flatMap((part) =>
        ["for", "aria-labelledby", "aria-describedby"].flatMap((name) => (part.getAttribute(name) ?? "").split(" ").filter((id) => id && !document.getElementById(id)))),
      ...[...document.querySelectorAll("[id]")].map((part) => part.id).filter((id, place, ids) => ids.indexOf(id) !== place),
      ...[...document.querySelectorAll("[role=radiogroup]")].filter((group) => !group.querySelector("legend, th")?.textContent.trim()).map((group) => group.id),
    ],
    kept: localStorage.length + sessionStorage.length + document.cookie.length + (await indexedDB.databases()).length,
  }));
  const violations = found.violations.map((rule) => ({
    id: rule.id, impact: rule.impact, help: rule.help, nodes: rule.nodes.slice(0, 3).map((node) => node.html.slice(0, 300)),
  }));
  return { ...facts, violations };
}

for (const [what, ...words] of plan.steps) {
  if (what === "to") await to(...words);
  else if (what === "press") for (let count = 0; count < (words[1] ?? 1); count += 1) await page.keyboard.press(words[0]);
  else if (what === "type") await page.keyboard.type(words[0]);
  else if (what === "size") await page.setViewportSize({ width: words[0], height: words[1] });
  else if (what === "accept") page.once("dialog", (dialog) => dialog.accept());
  else if (what === "save") {
    await to(words[0]);
    const waiting = page.waitForEvent("download", { timeout: 2500 }).catch(() => null);
    await page.keyboard.press("Enter");
    const download = await waiting;
    downloads.push(download && { name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") });
  } else if (what === "look") {
    looks[words[0]] = await look();
    if (pictures) await page.screenshot({ path: join(pictures, `${words[0]}.png`), fullPage: true });
  } else if (what === "print" && pictures) {
    await page.pdf({ path: join(pictures, `${words[0]}.pdf`), format: "A4", preferCSSPageSize: true });
  }
}
await browser.close();
const asked = requests.filter((url) => !url.startsWith("data:") && !url.startsWith("blob:") && url !== pathToFileURL(file).href);
console.log(JSON.stringify({ asked, complaints, unreached, downloads, looks }));
