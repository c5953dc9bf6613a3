"""Where answers come from: how a platform's file is known, and which of its columns are about the respondent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from evalkit.errors import DataError, Problem, did_you_mean
from evalkit.instruments.responses.tables import Table

# What is kept about an answer, in the order of the frame; the two others are checked, and then left out.
KEPT = ("respondent", "wave", "language", "version", "started", "finished")
CHECKED = ("instrument", "repeat")
SPREADSHEET = "spreadsheet"


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of response file.

    Parameters
    ----------
    about : mapping of str to str
        Name of a column, in lower case, -> one of `KEPT` and `CHECKED`, the first that is there counts; or nothing.
    dropped : re.Pattern
        Names of further columns that the platform adds, in lower case; none of them is kept.
    known_by : re.Pattern
        Names of columns, in lower case, that only this platform writes.
    paths : bool
        Whether a name may have the names of its groups in front.
    empty : frozenset of str
        What stands in the cell of a question that was not shown or not answered, besides nothing.
    """

    about: Mapping[str, str]
    dropped: re.Pattern[str]
    known_by: re.Pattern[str]
    paths: bool = False
    empty: frozenset[str] = field(default=frozenset())


_OWN = MappingProxyType({name: name for name in (*KEPT, "instrument")})
_NEVER = re.compile(r"(?!)")


def _source(about: Mapping[str, str], dropped: str, known_by: str, *, paths: bool = False, empty: str = "") -> Source:
    known = re.compile(known_by) if known_by else _NEVER
    return Source({**_OWN, **about}, re.compile(dropped), known, paths, frozenset(empty.split("|")) - {""})


SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        "limesurvey": _source(
            {
                "id": "respondent",
                "response id": "respondent",
                "startlanguage": "language",
                "start language": "language",
                "startdate": "started",
                "date started": "started",
                "submitdate": "finished",
                "date submitted": "finished",
            },
            r"lastpage|last page|seed|token|access code|datestamp|date last action|ipaddr|ip address|refurl"
            r"|referrer url|firstname|first name|lastname|last name|email|email address|attribute_\d+"
            r"|interviewtime|total time|(group|question) ?time.*|g?\d+x?\d*time",
            r"submitdate|startlanguage|lastpage|date submitted|start language|last page",
            empty="N/A|{question_not_shown}",
        ),
        "qualtrics": _source(
            {
                "responseid": "respondent",
                "_recordid": "respondent",
                "userlanguage": "language",
                "_userlanguage": "language",
                "startdate": "started",
                "enddate": "finished",
                # Whether it was, not when.
                "finished": "",
            },
            r"status|ipaddress|progress|duration \(in seconds\)|recordeddate|recipient(lastname|firstname|email)"
            r"|externalreference|externaldatareference|location(latitude|longitude)|distributionchannel|sc\d+|q_.*"
            r"|response ?set|name|email|emailaddress|panelid",
            r"responseid|recordeddate|userlanguage|distributionchannel|recipientemail",
            empty="-99",
        ),
        "redcap": _source(
            {
                "record_id": "respondent",
                "record id": "respondent",
                "redcap_event_name": "wave",
                "event name": "wave",
                "redcap_repeat_instance": "repeat",
                "repeat instance": "repeat",
                # Labels of the hidden fields of our own export.
                **{f"{name} (hidden)": name for name in ("instrument", "version", "wave")},
            },
            r"redcap_.*|.*_timestamp|.*_complete|survey identifier|survey timestamp|complete\?|repeat instrument"
            r"|data access group",
            r"record_id|record id|redcap_.*|.*[^_]___[a-z0-9_]+|complete\?|(instrument|version|wave) \(hidden\)",
        ),
        "xlsform": _source(
            {
                "key": "respondent",
                "meta-instanceid": "respondent",
                "meta/instanceid": "respondent",
                "instanceid": "respondent",
                "_uuid": "respondent",
                "_id": "respondent",
                "start": "started",
                "end": "finished",
                "submissiondate": "finished",
                "_submission_time": "finished",
            },
            r"key|submissiondate|submitterid|submittername|attachments(present|expected)|status|reviewstate|deviceid"
            r"|edits|formversion|today|username|phonenumber|simserial|subscriberid|email|audit|background-audio"
            r"|_(id|uuid|submission_time|submitted_by|validation_status|notes|status|tags|index|version_)|__version__"
            r"|_?geolocation.*|meta[-/].*|formhub[-/].*|(meta[-/])?instance(id|name)|parent_key"
            # Notes and groups of our own export.
            r"|(.*[-/])?(form|page|matrix)__[^-/]*",
            r"key|meta[-/].*|_uuid|_submission_time|submissiondate|formhub[-/].*|__version__|(meta[-/])?instanceid",
            paths=True,
        ),
        "surveyjs": _source(
            {"id": "respondent", "instanceid": "respondent", "locale": "language"},
            r"pageno|happendat|createdat|timespent|postid|surveyid|ip|ipaddress|name|email|username|instanceid",
            "",
        ),
        "html": _source({}, r"not[-_]asked|skipped|missing|format", r"not[-_]asked"),
        SPREADSHEET: _source(
            {
                "id": "respondent",
                "response id": "respondent",
                "respondent id": "respondent",
                "unique response number": "respondent",
                "start time": "started",
                "start date": "started",
                "started": "started",
                "completion time": "finished",
                "completed date": "finished",
                "completion date": "finished",
                "timestamp": "finished",
                "submitted": "finished",
            },
            r"name|first name|last name|full name|email|email address|e-mail|username|user name|ip"
            r"|ip address|last modified time|total points|quiz feedback|device|browser|location|latitude|longitude"
            r"|telephone|phone",
            "",
        ),
    }
)
_ALSO = MappingProxyType(
    {"odk": "xlsform", "kobo": "xlsform", "word": SPREADSHEET, "csv": SPREADSHEET, "excel": SPREADSHEET}
)
_IMPORT_ID = re.compile(r'\s*\{\s*"ImportId"')


def platform_named(platform: str) -> str:
    """Know a platform by its name.

    Parameters
    ----------
    platform : str
        A key of `SOURCES`, or odk, kobo, word, csv, excel.

    Returns
    -------
    str
        A key of `SOURCES`.

    Raises
    ------
    DataError
        DAT-006 for any other name.
    """
    name = str(platform).lower()
    name = _ALSO.get(name, name)
    if name not in SOURCES:
        expected = "a platform that answers can be read from"
        remedy = did_you_mean(name, [*SOURCES, *_ALSO])
        raise DataError(Problem("DAT-006", "argument platform", repr(platform), expected, remedy))
    return name


def platform_of(table: Table) -> str:
    """Tell from its columns where a table comes from.

    Parameters
    ----------
    table : Table
        What was read.

    Returns
    -------
    str
        A key of `SOURCES`; "spreadsheet" when nothing speaks for a platform.

    Raises
    ------
    DataError
        DAT-014 when columns of several platforms are there.
    """
    if import_ids(table) is not None:
        return "qualtrics"
    names = [name.lower() for name in table.header]
    found = [key for key, source in SOURCES.items() if any(source.known_by.fullmatch(name) for name in names)]
    if "limesurvey" not in found and any(re.fullmatch(r"[a-z][a-z0-9]*\[[a-z0-9]+\]", name) for name in names):
        found.append("limesurvey")
    if not found and {*KEPT, "instrument"} <= set(names):
        # Several files of our own form that somebody has put together without the column of what was not asked.
        found.append("html")
    if len(found) > 1:
        expected = "columns of one platform"
        remedy = f'Say which it is: platform="{found[0]}".'
        raise DataError(Problem("DAT-014", table.place, f"columns of {' and '.join(found)}", expected, remedy))
    return found[0] if found else SPREADSHEET


def import_ids(table: Table) -> int | None:
    """Find Qualtrics' third header row.

    Parameters
    ----------
    table : Table
        What was read.

    Returns
    -------
    int or None
        How many rows below the header belong to it; None when there is no such row.
    """
    for row in range(min(2, len(table.positions))):
        if any(_IMPORT_ID.match("".join(column[row])) for column in table.columns):
            return row + 1
    return None
