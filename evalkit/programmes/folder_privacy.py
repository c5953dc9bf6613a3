"""The privacy notice for people who are asked, and the checklist for whoever is responsible for the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evalkit.instruments.model import Instrument
from evalkit.programmes.folder_words import bullets, escaped, joined
from evalkit.programmes.folders import PERSON_CODE, Settings, code_item
from evalkit.programmes.model import Programme

_OPEN = "**[to be filled in]**"


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
        f"A draft for {organisation}. Have it read by the data protection officer before the first form goes out.",
        "",
        "## Why we ask",
        "",
        f"{escaped(programme.summary)} We want to know whether it works, for whom, and what should be done better.",
        "",
        "## What we hold",
        "",
        bullets(_held(programme, instruments)),
        "## How we protect it",
        "",
        bullets(escaped(one.text) for one in programme.privacy),
        "## How long, and who sees it",
        "",
        f"Answers and records are kept for {kept}, and then deleted. They are read by the people who evaluate the "
        f"programme at {organisation}, and by nobody else. Reports show groups only.",
        "",
        "## Your rights",
        "",
        *_rights(programme, instruments, contact),
        "## Lawful basis",
        "",
        f"For personal data: {_OPEN}. For special category data such as ethnicity, disability or health: {_OPEN}.",
        "",
    ]
    return "\n".join(lines)


def _held(programme: Programme, instruments: Mapping[str, Instrument]) -> Iterator[str]:
    for name in programme.instrument_ids():
        one = instruments[name]
        yield f"Answers to the survey {escaped(one.title)}, about {one.minutes:g} minutes"
    for file in programme.files:
        special = [column.text for column in file.columns if column.protected]
        more = f" It holds protected characteristics: {escaped('; '.join(special))}." if special else ""
        yield f"Records: {escaped(file.title)}.{more}"


def _rights(programme: Programme, instruments: Mapping[str, Instrument], contact: str) -> Iterator[str]:
    coded = [instruments[name].title for name in programme.instrument_ids() if code_item(instruments[name])]
    without = [instruments[name].title for name in programme.instrument_ids() if not code_item(instruments[name])]
    yield (
        "Your answers stand under a code, not under your name. Only the coordinator knows whose code it is. You can "
        "ask to see what is held under your code, to have it corrected or taken out; you need not say why.\n"
    )
    if coded:
        yield f"This is possible for: {escaped(joined(coded))}.\n"
    if without:
        yield (f"Answers to these carry no code, and cannot be found again once sent: {escaped(joined(without))}.\n")
    yield "What has been published for groups stays published.\n"
    yield f"Ask {contact}. You can also complain to the Information Commissioner's Office.\n"


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
    special = sorted({f"{column.text}" for file in programme.files for column in file.columns if column.protected})
    if special:
        lines += ["", "## Protected and other sensitive columns: is each needed?", ""]
        lines += [f"- [ ] {escaped(text)}" for text in special]
    named = {
        name: [item.text for item in instruments[name].items if item.identifier and item.id != PERSON_CODE]
        for name in programme.instrument_ids()
    }
    if any(named.values()):
        lines += ["", "## Questions that identify: delete their columns before a file goes into responses/", ""]
        lines += [
            f"- [ ] {escaped(instruments[name].title)}: {escaped(text)}" for name in named for text in named[name]
        ]
    lines += ["", "## Risks named in the programme", ""]
    lines += [f"- [ ] {escaped(one.risk)} {escaped(one.response)}" for one in programme.risks]
    return "\n".join([*lines, ""])


_CHECKS: Mapping[str, tuple[str, ...]] = {
    "Before the first form goes out": (
        "A data protection impact assessment is done, and names who is responsible.",
        "The lawful basis stands in the privacy notice, with the condition for special category data.",
        "It is settled how long answers are kept, and who deletes them.",
        "The list of codes and names is in another place than this folder, open to the coordinator only.",
        "The survey platform stores data where the organisation allows it, and its contract is in order.",
        "Nobody's job, pay, place or appraisal depends on answering, and every form says so.",
        "Line managers, mentors and coaches cannot see the answers of single people.",
    ),
    "While it runs": (
        "Exports hold no names, e-mail or network addresses; evalkit leaves out those that it knows.",
        "This folder is on a disk that is encrypted and backed up, and is not in a public repository.",
        "A person who asks is taken out with evalkit withdraw, and the reports are made again.",
    ),
    "Before a report leaves": (
        "The disclosure profile is the one that the organisation agreed on.",
        "Small groups are withheld, and earlier reports were looked at together with this one.",
        "Free texts are summed up as themes and not printed.",
    ),
    "At the end": (
        "The list of codes and names is destroyed.",
        "Answers and records are deleted on the day that was said.",
    ),
}
