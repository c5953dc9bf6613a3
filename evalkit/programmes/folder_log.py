"""The log of the reports of an evaluation folder: on whom each rests, so that two of them are not put side by side."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import pandas as pd

from evalkit.disclosure import Profile
from evalkit.files import read_bytes
from evalkit.programmes.answers import written
from evalkit.programmes.folder_columns import code_key
from evalkit.programmes.folders import RELEASES

_FORMAT = 1
# Reports that the log remembers; older ones are told of no more.
_MOST_KEPT = 20
_DIGITS = 16
_BETWEEN = "\x1f"
_DAMAGED = (
    f"The log of earlier reports ({RELEASES}) cannot be read, so this report was not held against them. A new log is "
    "begun, and the old file is kept beside it. Before you pass this report on, compare it with earlier ones yourself."
)


@dataclass(frozen=True, slots=True)
class LoggedReport:
    """A report as the log keeps it.

    Parameters
    ----------
    date : str
        Day on which it was made.
    profile : str
        Disclosure profile.
    people : frozenset of str
        Of each person it rests on a hash, made with the key of the folder, and one of what stands about them in the
        files and waves.
    gone : int
        How many people it rested on whose hashes were taken out since, because they withdrew.
    """

    date: str
    profile: str
    people: frozenset[str]
    gone: int = 0


@dataclass(frozen=True, slots=True)
class ReportLog:
    """The log of a folder.

    Parameters
    ----------
    key : str
        Secret of the folder, drawn at random when its first report is made; codes cannot be read without it.
    reports : tuple of LoggedReport
        From the first to the last.
    damaged : bool
        Whether there is a log that could not be read, in the place of which this one is new.
    """

    key: str
    reports: tuple[LoggedReport, ...] = ()
    damaged: bool = False


def read_log(folder: Path) -> ReportLog:
    """Read the log of a folder.

    Parameters
    ----------
    folder : pathlib.Path
        The evaluation folder.

    Returns
    -------
    ReportLog
        A new one where there is none, or where it cannot be read: a report is made all the same, and says so.
    """
    path = folder / RELEASES
    try:
        told: dict[str, Any] = json.loads(read_bytes(path)) if path.is_file() else {}
        made = [
            LoggedReport(one["date"], one["profile"], frozenset(one["people"]), int(one.get("gone", 0)))
            for one in told.get("reports", [])
        ]
        return ReportLog(str(told["key"]), tuple(made)) if path.is_file() else ReportLog(secrets.token_hex(16))
    except (ValueError, KeyError, TypeError, AttributeError):
        return ReportLog(secrets.token_hex(16), damaged=True)


def unreadable_path(folder: Path) -> Path:
    """Name the file under which a log that cannot be read is kept.

    Parameters
    ----------
    folder : pathlib.Path
        The evaluation folder.

    Returns
    -------
    pathlib.Path
        One that is not there yet.
    """
    names = (f"{RELEASES}.unreadable{f'-{at}' if at else ''}" for at in count())
    return next(folder / name for name in names if not (folder / name).exists())


def damaged_logs(folder: Path) -> tuple[str, ...]:
    """Name the logs of a folder that cannot be read, so that nobody's prints can be taken out of them.

    Parameters
    ----------
    folder : pathlib.Path
        The evaluation folder.

    Returns
    -------
    tuple of str
        Names of files, sorted.
    """
    own = [RELEASES] if read_log(folder).damaged else []
    return (*own, *sorted(path.name for path in folder.glob(f"{RELEASES}.unreadable*")))


def hashes(log: ReportLog, frames: Iterable[tuple[object, pd.DataFrame]]) -> frozenset[str]:
    """Hash who stands in which file or wave, and with what.

    Parameters
    ----------
    log : ReportLog
        Whose key is used.
    frames : iterable of (object, pandas.DataFrame)
        Name of a file or wave, and its rows; of those without a column `person` nothing is kept.

    Returns
    -------
    frozenset of str
        One for each person. The first half is the person's, the second is of all that stands about them: an answer that
        was corrected makes it another one.
    """
    where: dict[str, list[str]] = {}
    for name, frame in frames:
        if "person" in frame:
            for code, text in _rows(frame):
                where.setdefault(code, []).append(f"{name}: {text}")
    return frozenset(
        f"{_hash(log.key, code)}.{_hash(log.key, _BETWEEN.join([code, *sorted(rows)]))}" for code, rows in where.items()
    )


def _rows(frame: pd.DataFrame) -> Iterator[tuple[str, str]]:
    """Give the code of each row and what stands in it; in which order the columns are does not count."""
    names = sorted(str(name) for name in frame.columns if name != "person")
    columns = [frame[name].tolist() for name in names]
    for person, *values in zip(frame["person"].tolist(), *columns, strict=True):
        if pd.notna(person):
            told = [f"{name}={written(one)}" for name, one in zip(names, values, strict=True) if _is_told(one)]
            yield code_key(str(person)), _BETWEEN.join(told)


def _is_told(value: object) -> bool:
    return not pd.api.types.is_scalar(value) or bool(pd.notna(value))


def _hash(key: str, text: str) -> str:
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()[:_DIGITS]


def log_text(log: ReportLog, made: LoggedReport) -> str:
    """Write the log with one report more.

    Parameters
    ----------
    log : ReportLog
        As it was.
    made : LoggedReport
        The new report. An earlier one that is the same gives way to it, so that it stands once, and last.

    Returns
    -------
    str
        JSON. No code of a person stands in it.
    """
    same = (made.people, made.profile, made.gone)
    before = [one for one in log.reports if (one.people, one.profile, one.gone) != same]
    return _written(ReportLog(log.key, (*before, made)[-_MOST_KEPT:]))


def _written(log: ReportLog) -> str:
    reports = [
        {
            "date": one.date,
            "profile": one.profile,
            "people": sorted(one.people),
            **({"gone": one.gone} if one.gone else {}),
        }
        for one in log.reports
    ]
    return json.dumps({"format": _FORMAT, "key": log.key, "reports": reports}, indent=0) + "\n"


def without_person(log: ReportLog, person: str) -> str | None:
    """Take a person's hashes out of a log.

    Parameters
    ----------
    log : ReportLog
        As it was.
    person : str
        Code of the person; capitals and blanks do not count.

    Returns
    -------
    str or None
        JSON in which nothing can be tested against the code any more. Of each report stays how many were taken out, so
        that it is still held against later ones. None where no report rests on the person.
    """
    own = _hash(log.key, code_key(person))
    reports = []
    for one in log.reports:
        left = frozenset(mark for mark in one.people if mark.partition(".")[0] != own)
        reports.append(replace(one, people=left, gone=one.gone + (len(left) < len(one.people))))
    return _written(ReportLog(log.key, tuple(reports))) if tuple(reports) != log.reports else None


def side_by_side(log: ReportLog, made: LoggedReport, profile: Profile) -> tuple[str, ...]:
    """Say which earlier reports tell about few people beside a new one.

    Parameters
    ----------
    log : ReportLog
        Earlier reports.
    made : LoggedReport
        The new one.
    profile : Profile
        Its rules.

    Returns
    -------
    tuple of str
        A sentence for each earlier report that rests on other people or answers, but of so few people that they may not
        be told of, or that was made under other rules; and one where the log cannot be read. No number of people is in
        it.
    """
    said = [_DAMAGED] if log.damaged else []
    fewest = max(profile.threshold, profile.mean_min_n)
    for one in log.reports:
        # Where much has come in since, what was there before can still differ by few people.
        others = len(_codes(one.people) ^ _codes(made.people)) + one.gone
        differ = len(_codes(one.people ^ made.people)) + one.gone
        if 0 < others < fewest or 0 < differ < fewest:
            said.append(
                f"The report of {one.date} rests on other people or answers, but for so few that this report and that "
                "one, side by side, tell about them. Do not pass both on: call the earlier one back, or wait until "
                "more answers have come in."
            )
        if one.profile != made.profile:
            said.append(
                f"The report of {one.date} was made under another disclosure profile ({one.profile}). What one of the "
                "two withholds may follow from the other: pass on only one of them."
            )
    return tuple(dict.fromkeys(said))


def _codes(marks: Iterable[str]) -> set[str]:
    return {mark.partition(".")[0] for mark in marks}
