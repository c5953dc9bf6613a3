"""The README of an evaluation folder: what stands where, and the next steps."""

from __future__ import annotations

from evalkit.programmes.folder_plan import to_settle_lines
from evalkit.programmes.folder_words import bullets, escaped, joined, table
from evalkit.programmes.folders import EvaluationFolder, code_item
from evalkit.programmes.parts import Use

_PLATFORMS = {
    "limesurvey": "LimeSurvey: Create survey, Import, one file after the other. Export as CSV with answer codes.",
    "qualtrics": "Qualtrics: Tools, Import/Export, Import survey. Export responses as CSV with numeric values.",
    "redcap": "REDCap: a project for each survey; upload the data dictionary. Export raw data as CSV.",
    "xlsform": "ODK or Kobo: upload the .xlsx as a form. Export submissions as CSV with XML values.",
    "surveyjs": "SurveyJS: load the .json as the form's definition. Save the results as one JSON list.",
    "html": "evalkit's own form: send the .html; people send back the file that it saves. Put these into one folder.",
    "word": "Word: print or send the .docx. Type answers into a CSV file whose header holds the ids of the questions.",
}
_ENDINGS = {"surveyjs": "json"}


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
    parts = [
        f"# {escaped(programme.title)}: evaluation",
        "",
        f"{escaped(settings.organisation)}. {escaped(programme.summary)}",
        "",
        "## Next steps",
        "",
        "1. Settle what is listed at the end, in `evaluation.yaml` and in the programme's file.",
        "2. Read the analysis plan, privacy notice and data-protection checklist with the people responsible.",
        "3. Rehearse on invented data in a copy of this folder: `evalkit simulate COPY`, then `evalkit report COPY`.",
        f"4. Put the surveys on the platform. {_PLATFORMS[settings.platform]}",
        "5. Give each person a code such as P017 and write it into the invitation. Keep the list of codes and names in "
        "another place.",
        "6. Fill in `data/`: the CSV file or the workbook of the same name, not both.",
        "7. Save the exports of the platform in `responses/` under the names below.",
        "8. `evalkit check .` tells everything that is wrong at once, and what can be answered so far.",
        "9. `evalkit report . --to outputs` writes the report.",
        "",
        "Somebody who asks to be taken out: `evalkit withdraw . P017`, then make the report again.",
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
        "## How this folder is kept",
        "",
        bullets(
            [
                f"`programme/{programme.id}.yaml` is your copy of the programme: change what is planned there.",
                "`surveys/*.yaml` are your versions of the surveys. After a change, export again: "
                f"`evalkit survey export surveys/NAME.yaml --to {settings.platform} "
                f"--out surveys/{settings.platform}`.",
                "`outputs/` can be deleted and made again; nothing else can.",
            ]
        ),
    ]
    return "\n".join(parts)


def _files(folder: EvaluationFolder) -> list[tuple[str, ...]]:
    return [
        (f"data/{one.file}", one.title, f"no; {one.without}" if one.optional else "yes", one.rows)
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
