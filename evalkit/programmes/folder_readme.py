"""The README of an evaluation folder: what stands where, and the next steps."""

from __future__ import annotations

from evalkit.instruments.export import PLATFORMS as EXPORTS
from evalkit.programmes.folder_plan import to_settle_lines
from evalkit.programmes.folder_words import bullets, escaped, joined, table
from evalkit.programmes.folders import APPLICANT_CODE, PAIR_CODE, PERSON_CODE, RELEASES, EvaluationFolder, code_item
from evalkit.programmes.parts import Use

_PLATFORMS = {
    "limesurvey": "LimeSurvey: Create survey, Import, one file after the other. Export as CSV with answer codes, "
    "completed responses only.",
    "qualtrics": "Qualtrics: Tools, Import/Export, Import survey. Export responses as CSV with numeric values.",
    "redcap": "REDCap: a project for each survey; upload the data dictionary. Export raw data as CSV.",
    "xlsform": "ODK or Kobo: upload the .xlsx as a form. Export submissions as CSV with XML values.",
    "surveyjs": "SurveyJS: load the .json as the form's definition. Save the results as one JSON list.",
    "html": "evalkit's own form: send the .html; people send back the file that it saves. Put these into one folder.",
    "word": "Word: print or send the .docx. Type answers into a CSV file whose header holds the ids of the questions.",
}
_ENDINGS = {"surveyjs": "json"}
_BACK = "rehearsal"
_ANCHOR = "to-be-settled-before-the-start"


def readme_text(folder: EvaluationFolder) -> str:
    """Write the README.

    Parameters
    ----------
    folder : EvaluationFolder
        The folder.

    Returns
    -------
    str
        Markdown: steps, files, surveys and where their answers go, what is to be settled.
    """
    programme, settings = folder.programme, folder.settings
    suffix = EXPORTS[settings.platform].suffix
    again = f"surveys/{settings.platform}/NAME{suffix}"
    parts = [
        f"# {escaped(programme.title)}: evaluation",
        "",
        f"{escaped(settings.organisation)}. {escaped(programme.summary)}",
        "",
        "## Next steps",
        "",
        "Open a terminal in this folder (in Windows: right-click in it, Open in Terminal). The commands are the same "
        "everywhere. If `evalkit` is not found, write `python -m evalkit`.",
        "",
        f"1. Settle what is listed under [To be settled](#{_ANCHOR}).",
        "2. Read analysis-plan.md, privacy-notice.md and data-protection-checklist.md with the people responsible, and "
        "fill in what is marked.",
        f"3. Rehearse on invented data. Copy this folder, call the copy `{_BACK}` and put it beside this one; then:",
        "",
        "   ```",
        f'   evalkit simulate "../{_BACK}"',
        f'   evalkit report "../{_BACK}" --to "../{_BACK}/outputs" --word',
        "   ```",
        "",
        f"   Open `outputs/{programme.id}.html` there: so the report will look. Then delete the copy.",
        f"4. Put the surveys of `surveys/{settings.platform}/` on the platform. {_PLATFORMS[settings.platform]} "
        "What the platform cannot carry stands in `left-behind.csv`.",
        f"5. {_codes(folder)} Keep the list of codes and names in another place.",
        "6. Fill in `data/`: the CSV file or the workbook of the same name, not both. Days as 2027-01-31; if files "
        "have them as 31/01/2027, add the line `day_first: true` to evaluation.yaml.",
        "7. Save the exports of the platform in `responses/`, under the names in the table below.",
        "8. This tells everything that is wrong at once, and what can be answered so far:",
        "",
        "   ```",
        "   evalkit check .",
        "   ```",
        "",
        "9. This writes the report, with what could not be answered and why:",
        "",
        "   ```",
        "   evalkit report . --to outputs --word",
        "   ```",
        "",
        "Somebody who asks to be taken out, such as the person with the code P017:",
        "",
        "```",
        'evalkit withdraw . "P017"',
        "```",
        "",
        "Then make the report again, with `--word` where a Word file is, and delete the answers on the platform too.",
        "",
        "## Data",
        "",
        table(("File", "Holds", "Needed", "A row is"), _files(folder)),
        "`data/dictionary.csv` says what each column holds. Codes stand in for names everywhere.",
        "",
        "## Surveys",
        "",
        table(("Answers go into", "Survey", "Answered by", "When", "Says whose it is by"), _responses(folder)),
        *to_settle_lines(programme, settings),
        *_missing_words(folder),
        "## How this folder is kept",
        "",
        bullets(
            [
                f"`programme/{programme.id}.yaml` is your copy of the programme: change what is planned there.",
                "`surveys/*.yaml` are your versions of the surveys. After a change, export again what is used: "
                f"`evalkit survey export surveys/NAME.yaml --to {settings.platform} --out {again}`.",
                "`report.ipynb` is the report as a notebook, question by question. Keep it in this folder once it was "
                "run: its `data` are not protected.",
                f"`{RELEASES}` comes with the first report. It holds on whom each report rests, as numbers made from "
                "the codes, so that two reports do not give a person away together. Treat it like the data.",
                f"`outputs/` and the exports in `surveys/{settings.platform}/` can be deleted and made again; nothing "
                "else can.",
            ]
        ),
    ]
    return "\n".join(parts)


def _codes(folder: EvaluationFolder) -> str:
    items = {_code(folder, use) for use in folder.programme.instruments}
    if not items & {PERSON_CODE, APPLICANT_CODE}:
        return "Give each person in the records a code in place of the name; the surveys ask for none."
    said = ["Give each person a code such as P017, and write it into the invitation to each survey that asks for it."]
    if APPLICANT_CODE in items:
        said.append("The number on an application is the same code.")
    if PAIR_CODE in items:
        said.append("Give each pair a code such as PAIR07, for `pairs.csv` and for the log of meetings.")
    return " ".join(said)


def _missing_words(folder: EvaluationFolder) -> list[str]:
    """Say how the words get into the surveys that were not known when the folder was made."""
    settings = folder.settings
    words = [
        ("contact", settings.contact, "the evaluation team, telephone 0000"),
        ("kept-for", settings.kept_for, "2 years"),
    ]
    missing = [f'--{name} "{example}"' for name, said, example in words if not said]
    if not missing:
        return []
    return [
        "The contact and the time for which answers are kept stand in every survey. Once they are settled, and before "
        "anything is filled in, make the folder again with them:",
        "",
        "```",
        f'evalkit new "../NEW FOLDER" --programme {folder.programme.id} --organisation "NAME" '
        f"--platform {settings.platform} {' '.join(missing)}",
        "```",
        "",
    ]


def _files(folder: EvaluationFolder) -> list[tuple[str, ...]]:
    return [
        (f"data/{one.file}", one.title, f"no; without it {one.without}" if one.optional else "yes", one.rows)
        for one in folder.programme.files
    ]


def _responses(folder: EvaluationFolder) -> list[tuple[str, ...]]:
    titles = {role.id: role.title for role in folder.programme.roles}
    ending = _ENDINGS.get(folder.settings.platform, "csv")
    together = folder.settings.platform == "redcap"
    rows: list[tuple[str, ...]] = []
    for wave, use, asked in folder.programme.calendar():
        name = use.id if together and len(use.asked) > 1 else f"{use.id}.{asked}"
        who = joined([titles.get(role, role) for role in use.roles])
        rows.append((f"responses/{name}.{ending}", _survey(folder, use), who, wave.title, _code(folder, use)))
    return rows


def _survey(folder: EvaluationFolder, use: Use) -> str:
    return folder.instruments[use.instrument].title


def _code(folder: EvaluationFolder, use: Use) -> str:
    return code_item(folder.instruments[use.instrument]) or "nothing"
