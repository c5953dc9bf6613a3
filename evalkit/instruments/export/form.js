"use strict";
// What the form does. Nothing is sent and nothing is kept: the answers live in the page until they are saved as a file.

// Tells whether a condition holds, as evalkit does: an unanswered item equals nothing, and neither it nor one answered
// with a missing option is more or less than anything.
function holds([sign, ...parts], answers, missing) {
  if (sign === "and") return parts.every((part) => holds(part, answers, missing));
  if (sign === "or") return parts.some((part) => holds(part, answers, missing));
  if (sign === "not") return !holds(parts[0], answers, missing);
  const [item, value] = parts;
  const answer = answers.get(item);
  if (sign === "selected") return Array.isArray(answer) && answer.includes(value);
  if (sign === "==") return answer === value;
  if (sign === "!=") return answer !== value;
  if (typeof answer !== typeof value || missing.has(item)) return false;
  return sign === "<" ? answer < value : sign === "<=" ? answer <= value : sign === ">" ? answer > value : answer >= value;
}

// Reads a number; undefined for nothing, a text for what is wrong.
function numberIn(text, { min, max, decimals }) {
  const typed = text.trim();
  if (typed === "") return undefined;
  const match = /^-?\d+(?:\.(\d+?)0*)?$/.exec(typed);
  const places = Number(decimals);
  if (!match || typed.length > 15) return places ? "Write a number in figures, such as 7.5." : "Write a whole number in figures, such as 7.";
  const used = match[1] === undefined || match[1] === "0" ? 0 : match[1].length;
  if (used > places) return places ? `Write at most ${places} ${places === 1 ? "figure" : "figures"} after the point.` : "Write a whole number.";
  const number = Number(typed) + 0;
  if (min !== undefined && number < Number(min)) return `Write a number that is not below ${min}.`;
  if (max !== undefined && number > Number(max)) return `Write a number that is not above ${max}.`;
  return number;
}

const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

function dateInWords(iso) {
  const [year, month, day] = iso.split("-").map(Number);
  return `${day} ${MONTHS[month - 1]} ${year}`;
}

// Reads day, month and year as {value} or {error}; no clock and no time zone comes into it.
function dateIn(day, month, year, { min, max }) {
  const typed = [day, month, year].map((text) => text.trim());
  if (typed.every((text) => text === "")) return {};
  const names = ["day", "month", "year"].filter((_, place) => typed[place] === "");
  if (names.length) return { error: `Write the ${names.join(" and the ")} too.` };
  if (!/^\d{1,2}$/.test(typed[0]) || !/^\d{1,2}$/.test(typed[1]) || !/^\d{4}$/.test(typed[2])) {
    return { error: "Write the date in figures, such as 31 3 2024." };
  }
  const [d, m, y] = typed.map(Number);
  const leap = (y % 4 === 0 && y % 100 !== 0) || y % 400 === 0;
  const last = m === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(m) ? 30 : 31;
  if (y < 1 || m < 1 || m > 12 || d < 1 || d > last) return { error: "There is no such date. Check the day and the month." };
  const value = `${typed[2]}-${String(m).padStart(2, "0")}-${String(d).padStart(2, "0")}`;
  if (min !== undefined && value < min) return { error: `Write a date that is not before ${dateInWords(min)}.` };
  if (max !== undefined && value > max) return { error: `Write a date that is not after ${dateInWords(max)}.` };
  return { value };
}

// A text that a spreadsheet would run gets an apostrophe in front, as in evalkit.files; so does one that already looks
// like that, so that taking one apostrophe away gives the text back.
function inert(text) {
  const bare = text.replace(/^'+/, "");
  const live = (it) => /^[=+\-@|%\uff1d\uff0b\uff0d\uff20\t\r\n]/.test(it);
  const visible = bare.replace(/^[\s\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]*/, "");
  const plain = /^[+-]?[0-9][0-9,]*(\.[0-9]+)?([eE][+-]?[0-9]+)?$/.test(bare);
  return (live(visible) || live(bare)) && !plain ? `'${text}` : text;
}

function csvText(rows) {
  const cell = (value) => (typeof value === "number" ? String(value) : `"${inert(String(value)).replaceAll('"', '""')}"`);
  return `\ufeff${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}

// Today where the respondent is.
function today(now = new Date()) {
  return [String(now.getFullYear()).padStart(4, "0"), String(now.getMonth() + 1).padStart(2, "0"), String(now.getDate()).padStart(2, "0")].join("-");
}

// Makes an element; false and undefined leave an attribute out, true gives it no value.
function make(tag, attributes, ...parts) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...parts);
  return element;
}

// Puts boxes, labels and places for messages to the questions, so that the file holds each set of options only once.
function furnish(form) {
  const sets = JSON.parse(document.getElementById("options").textContent);
  // What marks words of ours in a form that is not English.
  const ours = form.dataset.lang === undefined ? {} : { lang: form.dataset.lang, dir: "ltr" };
  const path = ({ options }, [value]) => `options.${options}.${value}`;
  const clear = (word) => make("button", { type: "button", class: "clear second", ...ours, hidden: true }, `Clear my ${word}`);

  function choice({ item, kind, options }, option, position) {
    const [value, label, alone = ""] = option;
    const id = `i-${item}-${position}`;
    const ticks = kind === "multiple_choice";
    return [
      make("input", {
        type: ticks ? "checkbox" : "radio", id, name: item, value,
        "data-number": typeof value === "number", "data-missing": alone.includes("m"), "data-exclusive": alone.includes("e"),
        "aria-describedby": ticks && `e-${item}`,
      }),
      make("label", { for: id }, make("span", { "data-t": path({ options }, option) }, label)),
    ];
  }

  // Gives the boxes of a question that is not a row of a matrix.
  function boxes(data, described) {
    const { item, kind, min, decimals, length, required } = data;
    const about = { id: `i-${item}`, "aria-describedby": described, "aria-required": required !== undefined && "true", autocomplete: "off" };
    if (data.options) return sets[data.options].map((option, position) => make("p", { class: "option" }, ...choice(data, option, position)));
    if (kind === "long_text") return [make("textarea", { ...about, rows: 5 })];
    if (kind === "date") {
      const parts = [["Day", 2], ["Month", 2], ["Year", 4]].map(([label, maxlength]) => {
        const name = label.toLowerCase();
        const id = `i-${item}-${name}`;
        const box = { type: "text", inputmode: "numeric", autocomplete: "off", id, class: name, maxlength, "aria-describedby": described };
        return make("p", {}, make("label", { for: id }, label), make("input", box));
      });
      return [make("div", { class: "date", ...ours }, ...parts)];
    }
    // A keypad for numbers may have no minus sign and no full stop.
    const whole = kind === "number" && Number(min) >= 0 && decimals === "0";
    const short = kind === "number" || Number(length) <= 12;
    return [make("input", { type: "text", ...about, inputmode: whole && "numeric", class: short && "short" })];
  }

  // Puts the message and what describes a question below it, and tells the ids of what describes it.
  function below(element, home, item, unit) {
    const error = make("p", { class: "error", id: `e-${item}`, ...ours, hidden: true });
    if (unit) unit.before(error);
    else home.append(error);
    return [["help", "h"], ["limits", "l"], ["error", "e"], ["unit", "u"]].flatMap(([name, letter]) => {
      const part = element.querySelector(`.${name}`);
      if (part) part.id = `${letter}-${item}`;
      return part ? [part.id] : [];
    }).join(" ");
  }

  function question(element) {
    const data = element.dataset;
    const { item, required } = data;
    const matrix = element.closest("[data-matrix]");
    data.options ??= matrix?.dataset.options ?? "";
    data.kind ??= "likert";
    element.id = `q-${item}`;
    element.classList.add("question");
    if (data.kind === "information") {
      element.classList.add("information");
      return;
    }
    const text = element.querySelector('[data-t$=".text"]');
    text.id = `t-${item}`;
    if (required !== undefined) text.after(" ", make("span", { class: "required", id: `r-${item}`, ...ours }, "(required)"));
    const unit = element.querySelector(".unit");
    const described = below(element, matrix ? element.firstElementChild : element, item, unit);
    const group = data.options && data.kind !== "multiple_choice";
    if (group) element.setAttribute("role", "radiogroup");
    if (group && required !== undefined) element.setAttribute("aria-required", "true");
    if (matrix) {
      element.setAttribute("aria-labelledby", required === undefined ? text.id : `${text.id} r-${item}`);
      element.setAttribute("aria-describedby", described);
      const cells = sets[data.options].map((option, position) =>
        make("td", { class: option[2]?.includes("m") && "missing" }, ...choice(data, option, position)));
      element.append(...cells);
      return;
    }
    if (element.tagName === "FIELDSET") element.setAttribute("aria-describedby", described);
    else element.querySelector("label").htmlFor = `i-${item}`;
    const found = boxes(data, described);
    if (unit) unit.before(...found);
    else element.append(...found);
    if (group && required === undefined) element.append(clear("answer"));
  }

  function matrix(element) {
    const { matrix: name, options } = element.dataset;
    element.id = `m-${name}`;
    element.classList.add("matrix");
    const note = [...element.children].find((part) => part.className === "help");
    if (note) {
      note.id = `h-${name}`;
      element.setAttribute("aria-describedby", note.id);
    }
    const heads = sets[options].map((option) =>
      make("th", { "data-t": path({ options }, option), class: option[2]?.includes("m") && "missing" }, option[1]));
    element.querySelector("table").prepend(make("thead", { "aria-hidden": "true" }, make("tr", {}, make("td", {}), ...heads)));
    if (element.querySelector("[data-item]:not([data-required])")) element.append(clear("answers"));
  }

  // Paths are short in the file, or go without saying; in full they are those of the instrument.
  for (const part of form.querySelectorAll("[data-n]")) part.dataset.t = "text";
  for (const name of ["help", "unit", "only_if"]) {
    for (const part of form.querySelectorAll(`.${name}`)) part.dataset.t = name;
  }
  for (const part of form.querySelectorAll(":is([data-item], [data-matrix], [data-section]) [data-t]")) {
    const { item, matrix: name, section } = part.closest("[data-item], [data-matrix], [data-section]").dataset;
    const home = item ? `items.${item}` : name ? `matrices.${name}` : `sections.${section}`;
    part.dataset.t = part.dataset.t === "only_if" ? `only_if.${home}` : `${home}.${part.dataset.t}`;
  }
  for (const section of form.querySelectorAll("[data-section]")) {
    section.id = `s-${section.dataset.section}`;
    const title = section.querySelector("h2");
    if (title) title.id = `title-${section.dataset.section}`;
    if (title) title.tabIndex = -1;
  }
  form.querySelectorAll("[data-item]").forEach(question);
  form.querySelectorAll("[data-matrix]").forEach(matrix);
}

function begin() {
  const find = (id) => document.getElementById(id);
  const form = find("form");
  furnish(form);
  const texts = new Map([...document.querySelectorAll("[data-t]")].map((part) => [part.dataset.t, part.textContent]));
  const translations = JSON.parse(find("translations").textContent);
  const first = document.documentElement.lang;
  let language = first;
  let title = document.title;
  let started = "";
  let respondent = "";
  let unsaved = false;
  let shownBefore = null;

  const questions = [...form.querySelectorAll("[data-item]")].map((element) => {
    const data = element.dataset;
    const boxes = [...element.querySelectorAll("input, textarea")];
    return {
      element, data, boxes, id: data.item, kind: data.kind,
      when: data.when && JSON.parse(data.when),
      section: element.closest("[data-section]"),
      error: find(`e-${data.item}`),
      chosen: () => boxes.filter((box) => box.checked),
    };
  });
  const asking = questions.filter((question) => question.kind !== "information");
  const sections = [...form.querySelectorAll("[data-section]")];
  const logic = new Map(sections.map((section) => [section, section.dataset.when && JSON.parse(section.dataset.when)]));

  const valueOf = (box) => (box.dataset.number === undefined ? box.value : Number(box.value));

  // Gives {value}, {error}, both or, when there is no answer, {}.
  function answerOf({ kind, boxes, data, chosen }) {
    if (kind === "multiple_choice") {
      const ticked = chosen();
      if (!ticked.length) return {};
      const alone = ticked.some((box) => box.dataset.missing !== undefined || box.dataset.exclusive !== undefined);
      const value = ticked.map(valueOf);
      // Ticks say what they say, even when they are too many: what hangs on them stays.
      if (!alone && data.min !== undefined && ticked.length < Number(data.min)) return { value, error: `Choose at least ${data.min}.` };
      if (!alone && data.max !== undefined && ticked.length > Number(data.max)) return { value, error: `Choose at most ${data.max}.` };
      return { value };
    }
    if (kind === "number") {
      const found = numberIn(boxes[0].value, data);
      return typeof found === "string" ? { error: found } : { value: found };
    }
    if (kind === "date") return dateIn(...boxes.map((box) => box.value), data);
    if (kind === "short_text" || kind === "long_text") {
      const text = boxes[0].value;
      if (text.trim() === "") return {};
      const length = [...text].length;
      return data.length !== undefined && length > Number(data.length)
        ? { error: `Shorten it to at most ${data.length} characters: it has ${length}.` }
        : { value: text };
    }
    return { value: chosen().map(valueOf)[0] };
  }

  // Goes through the questions in order: what is not asked counts as unanswered for those below it.
  function answersNow() {
    const answers = new Map();
    const missing = new Set();
    const asked = new Set();
    const open = new Map();
    for (const question of questions) {
      const { section, when, id } = question;
      if (!open.has(section)) {
        const rule = logic.get(section);
        open.set(section, !rule || holds(rule, answers, missing));
      }
      if (!open.get(section) || (when && !holds(when, answers, missing))) continue;
      asked.add(question);
      const { value } = question.kind === "information" ? {} : answerOf(question);
      if (value === undefined) continue;
      answers.set(id, value);
      if (question.chosen().some((box) => box.dataset.missing !== undefined)) missing.add(id);
    }
    return { answers, asked };
  }

  function refresh() {
    const { answers, asked } = answersNow();
    for (const question of questions) question.element.hidden = !asked.has(question);
    for (const group of form.querySelectorAll("[data-matrix], [data-section]")) {
      group.hidden = ![...group.querySelectorAll("[data-item]")].some((element) => !element.hidden);
    }
    for (const button of form.querySelectorAll(".clear")) {
      button.hidden = !button.closest("fieldset").querySelector("input:checked");
    }
    const total = asking.filter((question) => asked.has(question)).length;
    find("bar").max = Math.max(total, 1);
    find("bar").value = answers.size;
    find("progress").textContent = `${answers.size} of ${total} questions answered`;
    return total;
  }

  function announce(text) {
    find("announcement").textContent = text;
  }

  function announceChange() {
    const total = refresh();
    const change = total - (shownBefore ?? total);
    shownBefore = total;
    const count = Math.abs(change) === 1 ? "One question" : `${Math.abs(change)} questions`;
    if (change) announce(change > 0 ? `${count} more to answer below.` : `${count} fewer to answer below.`);
  }

  function problemOf(question) {
    const { value, error } = answerOf(question);
    if (error) return error;
    if (value !== undefined || question.data.required === undefined) return "";
    if (question.data.options) return "Choose an answer.";
    return question.kind === "number" ? "Write a number." : question.kind === "date" ? "Write a date." : "Write an answer.";
  }

  function mark(element, error, boxes, problem) {
    error.textContent = problem;
    error.hidden = !problem;
    element.classList.toggle("wrong", Boolean(problem));
    const carriers = element.getAttribute("role") === "radiogroup" ? [element] : boxes;
    for (const one of carriers) {
      if (problem) one.setAttribute("aria-invalid", "true");
      else one.removeAttribute("aria-invalid");
    }
  }

  function showProblems(found) {
    const list = find("summary").querySelector("ul");
    list.replaceChildren(...found.map(({ box, question, problem }) => {
      const link = document.createElement("a");
      link.href = `#${box.id}`;
      const name = document.createElement("span");
      name.lang = language;
      name.dir = document.documentElement.dir;
      name.textContent = question;
      link.append(name, ` \u2014 ${problem}`);
      link.addEventListener("click", (event) => {
        event.preventDefault();
        box.focus();
        box.closest(".question").scrollIntoView({ block: "center" });
      });
      const line = document.createElement("li");
      line.append(link);
      return line;
    }));
    find("summary").hidden = !found.length;
    document.title = `${found.length ? "Error: " : ""}${title}`;
    if (found.length) {
      find("summary").focus();
      find("summary").scrollIntoView();
    }
    return !found.length;
  }

  function consentProblem() {
    const agree = find("agree");
    const problem = agree.checked ? "" : "Tick the box if you agree. If you do not, you can close the page.";
    mark(find("agreement"), find("agree-error"), [agree], problem);
    return problem ? [{ box: agree, question: "Taking part", problem }] : [];
  }

  function complete() {
    const { asked } = answersNow();
    const found = consentProblem();
    for (const question of asking) {
      const problem = asked.has(question) ? problemOf(question) : "";
      mark(question.element, question.error, question.boxes, problem);
      if (!problem) continue;
      const text = find(`t-${question.id}`).textContent;
      const wrong = question.kind === "date" ? question.boxes.find((box) => box.value.trim() === "") : undefined;
      found.push({ box: wrong ?? question.boxes[0], question: text, problem });
    }
    return showProblems(found);
  }

  function head() {
    const { instrument, version, wave } = form.dataset;
    return { respondent, instrument, version, wave, language, started, finished: today() };
  }

  function asJson() {
    const { answers, asked } = answersNow();
    const names = (wanted) => asking.filter(wanted).map((question) => question.id);
    return `${JSON.stringify({
      format: "evalkit-answers",
      ...head(),
      answers: Object.fromEntries(answers),
      skipped: names((question) => asked.has(question) && !answers.has(question.id)),
      not_asked: names((question) => !asked.has(question)),
    }, null, 1)}\n`;
  }

  function asCsv() {
    const { answers, asked } = answersNow();
    const about = head();
    const cell = ({ id }) => (Array.isArray(answers.get(id)) ? answers.get(id).join(" ") : answers.get(id) ?? "");
    const notAsked = asking.filter((question) => !asked.has(question)).map((question) => question.id);
    return csvText([
      [...Object.keys(about), ...asking.map((question) => question.id), "not-asked"],
      [...Object.values(about), ...asking.map(cell), notAsked.join(" ")],
    ]);
  }

  function save(suffix, type, content) {
    if (!complete()) return;
    const link = document.createElement("a");
    const name = [form.dataset.instrument, form.dataset.wave, respondent].join("-").replace(/[^\w.-]/g, "_");
    link.download = `${name}.${suffix}`;
    link.href = URL.createObjectURL(new Blob([content()], { type }));
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    unsaved = false;
    find("saved").textContent = `Saved as ${link.download}, where your browser keeps its downloads. Now hand the file in.`;
  }

  function start() {
    if (!showProblems(consentProblem())) return;
    // Starts with a letter: a spreadsheet takes some digits with an e in them for a number.
    respondent = "r" + [...crypto.getRandomValues(new Uint8Array(6))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    started = today();
    find("begin").hidden = true;
    find("questions").hidden = false;
    document.body.classList.add("started");
    shownBefore = refresh();
    const next = sections.find((section) => !section.hidden);
    (next ?? find("finish")).querySelector("h2")?.focus();
  }

  function clear() {
    if (!window.confirm("Clear all answers on this page? They cannot be brought back.")) return;
    form.reset();
    for (const question of asking) mark(question.element, question.error, question.boxes, "");
    showProblems([]);
    unsaved = false;
    started = "";
    find("saved").textContent = "";
    find("begin").hidden = false;
    find("questions").hidden = true;
    document.body.classList.remove("started");
    form.querySelector("h1").focus();
  }

  function speak(tag) {
    const own = translations.find((one) => one.language === tag);
    const said = own ? { ...own.texts, ...own.notes } : {};
    for (const part of document.querySelectorAll("[data-t]")) part.textContent = said[part.dataset.t] ?? texts.get(part.dataset.t);
    language = tag;
    title = said.title ?? texts.get("title");
    document.title = title;
    document.documentElement.lang = tag;
    for (const button of document.querySelectorAll("[data-language]")) {
      const current = button.dataset.language === tag;
      button.setAttribute("aria-pressed", String(current));
      if (current) document.documentElement.dir = button.dataset.dir;
    }
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    unsaved = started !== "";
    refresh();
  });
  form.addEventListener("change", ({ target }) => {
    const question = asking.find((one) => one.boxes.includes(target));
    if (question?.kind === "multiple_choice" && target.checked) {
      const alone = (box) => box.dataset.missing !== undefined || box.dataset.exclusive !== undefined;
      const others = question.chosen().filter((box) => box !== target && (alone(box) || alone(target)));
      for (const box of others) box.checked = false;
      if (others.length) announce("The answers that do not go together with it are no longer ticked.");
    }
    announceChange();
    if (question?.element.classList.contains("wrong")) mark(question.element, question.error, question.boxes, problemOf(question));
    if (target.id === "agree" && target.checked) consentProblem();
  });
  for (const button of form.querySelectorAll(".clear")) {
    button.addEventListener("click", () => {
      const group = button.closest("fieldset");
      for (const box of group.querySelectorAll("input")) box.checked = false;
      unsaved = true;
      group.querySelector("input").focus();
      announceChange();
    });
  }
  for (const button of document.querySelectorAll("[data-language]")) {
    const tag = button.dataset.language;
    button.textContent = new Intl.DisplayNames([tag], { type: "language" }).of(tag);
    button.addEventListener("click", () => speak(tag));
  }
  if (translations.length) speak(first);
  find("begin").addEventListener("click", start);
  find("save-json").addEventListener("click", () => save("json", "application/json", asJson));
  find("save-csv").addEventListener("click", () => save("csv", "text/csv", asCsv));
  find("print").addEventListener("click", () => window.print());
  find("clear").addEventListener("click", clear);
  window.addEventListener("beforeunload", (event) => {
    if (unsaved) event.preventDefault();
  });
}

if (typeof document !== "undefined") begin();
