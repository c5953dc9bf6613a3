"""The privacy notice for people who are asked, and the checklist for whoever is responsible for the data."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping

from evalkit.files import read_text
from evalkit.instruments.model import Instrument
from evalkit.instruments.parts import Item
from evalkit.paths import resource
from evalkit.programmes.folder_words import bullets, escaped, joined
from evalkit.programmes.folders import APPLICANT_CODE, PAIR_CODE, RELEASES, Settings, code_item
from evalkit.programmes.model import Programme

_OPEN = "**[to be filled in]**"
# Who sees answers on their way, by platform.
_COLLECTED: Mapping[str, str] = {
    "limesurvey": f"Answers are collected with LimeSurvey, run by {_OPEN}, who may use them for nothing else.",
    "qualtrics": f"Answers are collected with Qualtrics, under the contract {_OPEN}, and are stored in {_OPEN}.",
    "redcap": f"Answers are collected with REDCap, run by {_OPEN}, who may use them for nothing else.",
    "xlsform": f"Answers are collected with a server for ODK or Kobo forms, run by {_OPEN} and stored in {_OPEN}.",
    "surveyjs": f"Answers are collected with a form on a server that is run by {_OPEN} and stores them in {_OPEN}.",
    "html": f"You fill in a file on your own device and send it to {_OPEN}, by {_OPEN}. No survey platform is used.",
    "word": f"You fill in a document or a sheet of paper and send it to {_OPEN}. Somebody there types it in.",
}
_STAFF = "staff"
# The block of questions about the person; of these on work, not on the person; and that of made-up codes.
_ABOUT_YOU, _CODE = "_demographics", "_link_code"
_OF_WORK = frozenset({"band", "staff_group", "contract_hours", "service_length"})
# How a notice names these questions; others by their text.
_NAMES: Mapping[str, str] = {
    "ethnicity": "ethnic group",
    "sex": "sex",
    "gender": "gender",
    "gender_words": "your own word for your gender",
    "gender_as_birth": "whether gender is as registered at birth",
    "age": "age",
    "disability": "disability or long-term illness",
    "orientation": "sexual orientation",
    "belief": "religion or belief",
    "caring": "caring for others",
    "recruited_abroad": "whether recruited from abroad",
}
# Who answers for the programme and is not compared with anybody.
_HELPERS = frozenset({"coordinator", "line_manager"})
_PLACES = "participants"
# The profile of reports for which nothing else is said.
_PROFILE = "staff-survey"


def notice_text(programme: Programme, settings: Settings, instruments: Mapping[str, Instrument]) -> str:
    """Write the privacy notice.

    Parameters
    ----------
    programme : Programme
        The programme.
    settings : Settings
        Organisation, contact and how long answers are kept.
    instruments : mapping of str to Instrument
        Id -> instrument as adapted.

    Returns
    -------
    str
        Markdown. What evalkit cannot know, such as the lawful basis, is marked to be filled in.
    """
    organisation = escaped(settings.organisation)
    kept = escaped(settings.kept_for) or _OPEN
    contact = escaped(settings.contact) or _OPEN
    lines = [
        f"# How we use what you tell us: {escaped(programme.title)}",
        "",
        f"A draft for {organisation}, written from the description of the programme. It is no legal advice. The data "
        "protection officer fills in what is marked, and checks the rest against what is really done, before the first "
        "form goes out. Then this paragraph is deleted.",
        "",
        "## Who is responsible",
        "",
        f"{organisation}. Questions about the evaluation: {contact}. Data protection officer: {_OPEN}.",
        "",
        "## Why we ask",
        "",
        f"{escaped(programme.summary)} We want to know whether it works, for whom, and what should be done better. "
        "Nothing that is held for the evaluation is used to decide about a single person, by people or by a computer"
        f"{_but_applications(programme, instruments)}.",
        "",
        "## What we hold, and from whom",
        "",
        bullets(_held(programme, instruments)),
        "## How we protect it",
        "",
        bullets([*(escaped(one.text) for one in programme.privacy), *_no_effect(programme, instruments)]),
        f"Unless {organisation} has agreed on another rule, a report withholds what rests on fewer than "
        f"{_fewest()} people. A code in place of a name does not make answers anonymous: whoever "
        "has the list of codes, or knows a person well, may recognise them. So they are treated as personal data.",
        "",
        "## Who sees it",
        "",
        f"{_COLLECTED[settings.platform]} The coordinator has the list of codes and names. The people who evaluate the "
        f"programme at {organisation} see answers under codes. Others see reports on groups"
        f"{_but_choosers(programme, instruments)}. Whether any of it leaves the United Kingdom, and with which "
        f"safeguards: {_OPEN}.",
        "",
        f"Beside the data stands {RELEASES}: on whom each report rests, as numbers made from the codes with a secret "
        "that stands in the same file. It warns where two reports put side by side would show a person, and is deleted "
        "with the data.",
        "",
        "## How long",
        "",
        f"Answers and records are kept for {kept}, and then deleted. The list of codes and names is destroyed when the "
        "evaluation ends.",
        "",
        "## What you can ask for",
        "",
        *_rights(programme, instruments, contact),
        "## Lawful basis",
        "",
        f"For personal data: {_OPEN}. For special category data such as ethnicity, disability or health: {_OPEN}. "
        "Which rights the law gives you depends on it; what is said above is done in any case.",
        "",
    ]
    return "\n".join(lines)


def _fewest() -> str:
    """Give the threshold of the usual profile, without the machinery that protects tables."""
    rows = csv.DictReader(io.StringIO(read_text(resource("data/disclosure/profiles.csv")), newline=""))
    return next(row["threshold"] for row in rows if row["profile"] == _PROFILE)


def _has_applications(programme: Programme, instruments: Mapping[str, Instrument]) -> bool:
    return any(code_item(instruments[name]) == APPLICANT_CODE for name in programme.instrument_ids())


def _but_applications(programme: Programme, instruments: Mapping[str, Instrument]) -> str:
    there = _has_applications(programme, instruments)
    return ", but for applications, by which people are chosen and matched" if there else ""


def _but_choosers(programme: Programme, instruments: Mapping[str, Instrument]) -> str:
    there = _has_applications(programme, instruments)
    return ", and those who choose and match people read the applications" if there else ""


def _no_effect(programme: Programme, instruments: Mapping[str, Instrument]) -> Iterator[str]:
    """Say whether a place hangs on answering; in an organisation-wide programme there is none to be had."""
    if _has_applications(programme, instruments):
        yield "A place can be had only by an application. All other answers have no effect on a place."
    elif _PLACES in programme.files_by_id:
        yield "Not answering has no effect on a place in the programme either."


def _held(programme: Programme, instruments: Mapping[str, Instrument]) -> Iterator[str]:
    for name in programme.instrument_ids():
        one = instruments[name]
        about = ", in which line managers answer about you" if one.audience == ("line_manager",) else ""
        yield (
            f"From the survey {escaped(one.title)}{about}: the answers, given in about {one.minutes:g} minutes. It "
            f"asks about: {escaped('; '.join(_subjects(one)))}.{_asked_of_you(one)}"
        )
    for file in programme.files:
        special = [column.text for column in file.columns if column.protected]
        more = f" Protected or sensitive: {escaped('; '.join(special))}." if special else ""
        yield f"From records of the organisation: {escaped(_small(file.title))}.{more}"
    if _STAFF in programme.files_by_id:
        asked = " Some of them are asked to answer a survey too." if _others_are_asked(programme) else ""
        not_asked = "" if asked else " They are not asked."
        yield f"Colleagues who do not take part stand in the records, under codes, to compare with.{asked}{not_asked}"


def _subjects(instrument: Instrument) -> Iterator[str]:
    """Name the parts of a form, but for the code and the questions about the person, which are named one by one."""
    for section in instrument.sections:
        if section.block not in {_ABOUT_YOU, _CODE}:
            yield _small(section.title or section.id.replace("_", " "))


def _special_items(instrument: Instrument) -> Iterator[Item]:
    """Go through the questions on protected characteristics and other traits of a person."""
    for section in instrument.sections:
        if section.block == _ABOUT_YOU:
            yield from (item for item in section.items if item.id not in _OF_WORK)


def _named(item: Item) -> str:
    return _NAMES.get(item.id, item.text)


def _asked_of_you(instrument: Instrument) -> str:
    special = "; ".join(_named(item) for item in _special_items(instrument))
    return f" Protected or sensitive, and open to be left out: {escaped(special)}." if special else ""


def _others_are_asked(programme: Programme) -> bool:
    """Tell whether people who do not take part answer a survey, to compare with."""
    parties = {role.id for role in programme.parties}
    others = {role.id for role in programme.roles if role.id not in parties and role.audience not in _HELPERS}
    return any(others & set(use.roles) for use in programme.instruments) or any(
        (one.group or "").startswith(f"{_PLACES}.") for one in programme.comparisons
    )


def _small(title: str) -> str:
    return title[:1].lower() + title[1:]


def _rights(programme: Programme, instruments: Mapping[str, Instrument], contact: str) -> Iterator[str]:
    codes = {instruments[name].title: code_item(instruments[name]) for name in programme.instrument_ids()}
    own = [title for title, code in codes.items() if code and code != PAIR_CODE]
    pairs = [title for title, code in codes.items() if code == PAIR_CODE]
    without = [title for title, code in codes.items() if not code]
    yield (
        "You need not answer, and you can stop at any time. You can ask to see what is held under your code, to have "
        "it corrected, or to be taken out of the evaluation; you need not say why.\n"
    )
    found = [*own, *(["your rows in the records"] if any("person" in one.by_name for one in programme.files) else [])]
    if found:
        yield f"Found by your code, and taken out when you ask: {escaped(joined(found))}.\n"
    if pairs:
        yield (
            f"Entries under the code of a pair belong to two people: {escaped(joined(pairs))}. They are taken out when "
            "both have asked; until then the pair stays, without your code.\n"
        )
    if without:
        yield f"Without any code, and not to be found again once sent: {escaped(joined(without))}.\n"
    yield "Reports that are out stay as they are; they are on groups. New ones are made without you.\n"
    yield (
        f"Ask {contact}. If you are not content with the answer, you can complain to the data protection officer and "
        "to the Information Commissioner's Office, ico.org.uk.\n"
    )


def checklist_text(programme: Programme, settings: Settings, instruments: Mapping[str, Instrument]) -> str:
    """Write the data-protection checklist.

    Parameters
    ----------
    programme : Programme
        The programme.
    settings : Settings
        Organisation, contact and how long answers are kept.
    instruments : mapping of str to Instrument
        Id -> instrument as adapted.

    Returns
    -------
    str
        Markdown with boxes to tick.
    """
    lines = [
        f"# Data-protection checklist: {escaped(programme.title)}",
        "",
        f"{escaped(settings.organisation)}. Tick, date and sign; keep it beside the analysis plan.",
    ]
    for title, points in _CHECKS.items():
        lines += ["", f"## {title}", "", *(f"- [ ] {point}" for point in points)]
    lines += _to_justify(programme, instruments)
    named = {
        name: [item.text for item in one.items if item.identifier and item.id != code_item(one)]
        for name, one in ((name, instruments[name]) for name in programme.instrument_ids())
    }
    if any(named.values()):
        lines += ["", "## Questions that identify: delete their columns before a file goes into responses/", ""]
        lines += ["The column with the code stays: without it nobody can be found again.", ""]
        lines += [
            f"- [ ] {escaped(instruments[name].title)}: {escaped(text)}" for name in named for text in named[name]
        ]
    lines += ["", "## Risks named in the programme", ""]
    lines += [f"- [ ] {escaped(one.risk)} {escaped(one.response)}" for one in programme.risks]
    return "\n".join([*lines, ""])


def _to_justify(programme: Programme, instruments: Mapping[str, Instrument]) -> Iterator[str]:
    """List what is protected or sensitive, in records and in surveys, with what no question of the programme uses."""
    special = sorted({column.text for file in programme.files for column in file.columns if column.protected})
    if special:
        yield from ("", "## Protected and other sensitive columns: is each needed?", "")
        yield from (f"- [ ] {escaped(text)}" for text in special)
    asked = {name: list(_special_items(instruments[name])) for name in programme.instrument_ids()}
    if any(asked.values()):
        yield from ("", "## Protected and other sensitive questions of the surveys: is each needed?", "")
        yield "Delete the others from `surveys/` before anything goes out: what is not used need not be asked."
        yield ""
        for name, items in asked.items():
            used = _used_items(programme, name)
            for item in items:
                unused = "" if item.id in used else " (no question of the programme uses it)"
                yield f"- [ ] {escaped(instruments[name].title)}: {escaped(_named(item))}{unused}"


def _used_items(programme: Programme, instrument: str) -> frozenset[str]:
    """Name the questions of a form by which its answers are compared."""
    uses = {use.id for use in programme.instruments if use.instrument == instrument}
    about = {name for name, outcome in programme.outcomes_by_id.items() if {outcome.use, outcome.partner_use} & uses}
    asking = [question for question in programme.questions if about & set(question.outcomes)]
    return frozenset(str(value) for question in asking for value in question.said.values())


_CHECKS: Mapping[str, tuple[str, ...]] = {
    "Before the first form goes out": (
        "Who is responsible (the controller) is named, and so is everybody who handles data for them (processors: the "
        "survey platform, its host, an outside evaluator), each with a contract.",
        "A data protection impact assessment is done or was found not to be needed, signed and dated.",
        "The lawful basis stands in the privacy notice, with the condition for special category data. If it is "
        "consent: staff can refuse and withdraw as easily as they agree, and nothing depends on it.",
        "The record of processing activities has an entry for the evaluation.",
        "The survey platform stores data where the organisation allows it; safeguards are named if that is abroad.",
        "It is settled how long answers are kept, from which day on, and who deletes them.",
        "The privacy notice is filled in, and everybody gets it with the first form or earlier.",
        "Colleagues who only stand in staff records, to compare with, are covered by a notice that they can read.",
        "The list of codes and names is in another place than this folder, open to the coordinator only.",
        "Nobody's job, pay, place or appraisal depends on answering (a place may hang on an application), and every "
        "form says so.",
        "Line managers, mentors and coaches cannot see the answers of single people.",
        "Somebody outside the line of management is named for what people tell in confidence or in distress.",
    ),
    "While it runs": (
        "Exports hold no names, e-mail or network addresses; evalkit leaves out those that it knows.",
        "This folder is on a disk that is encrypted and backed up, open to the evaluators only, and in no public "
        "repository, shared drive or e-mail.",
        "Who asks to see, correct or stop something gets an answer in time; it is noted who does it.",
        "A person who asks is taken out with evalkit withdraw, on the survey platform, in the list of codes and in "
        "backups as far as these allow, and the reports are made again.",
        "A loss, theft or sending to the wrong person is reported to the data protection officer at once.",
    ),
    "Before a report leaves": (
        "The disclosure profile is the one that the organisation agreed on.",
        "Small groups are withheld, and earlier reports were looked at together with this one: after a withdrawal, the "
        "difference of two reports may be one person.",
        "Free texts are summed up as themes and not printed.",
        f"Only files of outputs/ leave; data/, responses/ and {RELEASES} never do, nor the notebook once it was run: "
        "it can show what is not protected.",
    ),
    "At the end": (
        "The list of codes and names is destroyed.",
        f"Answers, records and {RELEASES} are deleted on the day that was said, on the platform and in backups too.",
    ),
}
