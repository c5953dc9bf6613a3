// Loads forms into SurveyJS and lets simulated respondents answer them: a line of forms in, a line of findings out.
const path = require("node:path");
const { Model } = require(path.join(process.argv[2], "survey-core"));

function texts(model) {
  const found = [model.processedTitle];
  for (const page of model.pages) {
    found.push(page.processedTitle);
    for (const question of page.questions) {
      if (question.getType() === "html") found.push(question.processedHtml);
      else found.push(question.processedTitle);
      for (const list of [question.choices, question.rows, question.columns]) {
        if (Array.isArray(list)) found.push(...list.map((one) => one.locText.renderedHtml));
      }
    }
  }
  return found;
}

function visible(model) {
  const found = [];
  for (const question of model.getAllQuestions(true)) {
    if (question.name.startsWith("form__")) continue;
    if (question.getType() === "matrix") found.push(...question.visibleRows.map((row) => row.name));
    else found.push(question.name);
  }
  return found;
}

// Ticks boxes one after the other, as a respondent does; a box that is disabled cannot be ticked.
function ticked(survey, name, values) {
  const question = new Model(JSON.parse(survey)).getQuestionByName(name);
  for (const value of values) {
    const box = question.visibleChoices.find((one) => one.value === value);
    if (question.getItemEnabled(box)) question.clickItemHandler(box, true);
  }
  return question.value;
}

function findings({ survey, languages, cases, ticks }) {
  const fresh = new Model(JSON.parse(survey));
  const errors = (fresh.jsonErrors || []).map((error) => error.message);
  const said = {};
  for (const language of languages) {
    fresh.locale = language;
    said[language] = texts(fresh);
  }
  const answered = cases.map((answers) => {
    const model = new Model(JSON.parse(survey));
    model.data = { ...model.data, ...answers };
    const valid = model.validate(true);
    const wrong = model.getAllQuestions(true).filter((question) => question.errors.length).map((question) => question.name);
    return { valid, wrong, visible: visible(model), data: model.data };
  });
  return { errors, said, answered, ticked: ticks.map(([name, values]) => ticked(survey, name, values)) };
}

require("node:readline")
  .createInterface({ input: process.stdin })
  .on("line", (line) => process.stdout.write(`${JSON.stringify(JSON.parse(line).map(findings))}\n`));
