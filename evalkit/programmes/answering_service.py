"""Answers from records of service: who stayed, who was promoted, and beside whom."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from evalkit.errors import DataError, EvalkitError
from evalkit.numeric.proportions import wilson
from evalkit.programmes.answering_now import without
from evalkit.programmes.answers import Answer, UnansweredError, several, untested
from evalkit.programmes.conditions import fitting
from evalkit.programmes.evidence import Evidence, labelled
from evalkit.programmes.headline_texts import BESIDE
from evalkit.programmes.parts import Outcome, Question
from evalkit.programmes.records_complete import MOST_IN_RECORDS, began, everybody_who_began, with_starts
from evalkit.result import Curve, Estimates, Method, estimates
from evalkit.retention.building import cohort
from evalkit.retention.curves import cumulative_incidence
from evalkit.retention.hazards import hazard_ratio
from evalkit.retention.restricted import restricted_mean
from evalkit.retention.retained import median_time, retention_at
from evalkit.retention.subdistribution import subdistribution_hazard_ratio
from evalkit.retention.weighted_outcomes import weighted_hazard_ratio, weighted_retention
from evalkit.retention.weighting import propensity_weights

_FILE = "staff"
_RETURNED = "returned"
_NO_START = "the records do not say when people's part in the programme began"
_FEW = "too few people have been followed long enough in the records"
_TOO_FEW = "too few people are in the records, or too few of them left or were promoted, for this method"
_AT_ODDS = "the records of service contradict themselves"
_MISSING = "the records of service of some who started are missing, and those may be the ones who left"
_NO_OTHERS = "there are too few people in the records who are alike and not in the programme"
_LEFT = "left"
LEFT_FIRST = "Left without it"
# The day by which so many participants had started is when the comparison begins.
_STARTED_BY = 0.9
_MONTH = 30.4375
# Months after a return within which the programme begins for those who are followed from their return.
_SOON = 12.0
_SOONEST = 0.1
_FEWEST_LEAVERS = 2
NOT_IN_RECORDS = "started, but not in the staff records"
_NO_TIME = "no time in the records after the start"
_ONE_SIDED = "of a kind that is in one of the two groups only"
SOME_MISSING = (
    "not everybody who started is in the staff records; those who are missing there are left out, and if it is the "
    "ones who left, the numbers look better than they are"
)


def service(evidence: Evidence, question: Question) -> Iterator[Answer]:
    """Answer with participants followed through the records of service.

    Parameters
    ----------
    evidence : Evidence
        The data.
    question : Question
        With an estimator that follows people.

    Yields
    ------
    Answer
        One for each outcome.
    """
    for name in question.outcomes:
        outcome = evidence.programme.outcomes_by_id[name]
        file = str(outcome.column).partition(".")[0]
        try:
            result = _MAKERS[question.estimator](evidence, question, outcome, _records(evidence, file))
        except (EvalkitError, UnansweredError) as why:
            yield Answer(question, None, _reason(why), about=(name,))
            continue
        result = _in_own_words(evidence, result)
        people = result.method.n_used if not isinstance(result, Curve) else int(result.frame["n_at_risk"].max())
        yield Answer(question, result, people=people, about=(name,), terms=((outcome.title, name),))


def _reason(why: Exception) -> str:
    """Say why there is no answer: dates at odds are another matter than few people."""
    if isinstance(why, UnansweredError):
        return str(why)
    if not isinstance(why, DataError):
        return _TOO_FEW
    found = [f"{one.place} {one.found.partition(' (')[0]}".replace("_", " ") for one in why.problems]
    plain = [one for one in dict.fromkeys(found) if not any(letter.isdigit() for letter in one)]
    return f"{_AT_ODDS}: {'; '.join(plain)}" if plain else _AT_ODDS


_WORDS = (
    ("not mentored", "not in the programme"),
    ("mentored", "in the programme"),
    ("by mentoring", "by whether they were in the programme"),
    ("mentoring", "the programme"),
)


_LANDMARK = re.compile(r"classed by mentoring at or before (.+?), at risk from then on")


def _plainly(assumption: str) -> str:
    """Say whom a comparison counts as what, and from when."""
    return _LANDMARK.sub(
        r"who had begun within \1 counts as mentored, everybody else as not mentored; all are followed from then on",
        assumption,
    )


def _in_own_words(evidence: Evidence, result: Any) -> Any:
    """Tell of a programme in the method, where it is no mentoring, and of its comparison in plain words."""
    if not isinstance(result, Estimates):
        return result
    plain = tuple(_plainly(one) for one in result.method.assumptions)
    result = Estimates(result.frame, replace(result.method, assumptions=plain))
    if any(role.audience == "mentor" for role in evidence.programme.parties):
        return result

    def told(text: str) -> str:
        for theirs, own in _WORDS:
            text = text.replace(theirs, own).replace(theirs.capitalize(), own.capitalize())
        return text

    method = result.method
    made = replace(
        method,
        name=told(method.name),
        estimand=told(method.estimand),
        interval=told(method.interval),
        n_dropped={told(reason): n for reason, n in method.n_dropped.items()},
        assumptions=tuple(told(one) for one in method.assumptions),
    )
    return Estimates(result.frame, made)


def _records(evidence: Evidence, file: str) -> pd.DataFrame:
    """Give the records; those that are complete up to a day to come are so up to today."""
    frame = evidence.typed.get(file)
    if frame is None:
        raise UnansweredError(without(evidence, file))
    today = pd.Timestamp.today().normalize()
    frame = frame.assign(observed_to=frame["observed_to"].clip(upper=today))
    return _from_entry(frame) if "programme_from" in frame else frame


def _from_entry(frame: pd.DataFrame) -> pd.DataFrame:
    """Let a person's part begin no sooner than their service: before taking up a post nobody can leave it."""
    began = frame["programme_from"]
    return frame.assign(programme_from=began.where(~(began < frame["entered"]), frame["entered"]))


@dataclass(slots=True)
class _Followed:
    """Who is followed, and how many others are not, by reason."""

    frame: pd.DataFrame
    dropped: dict[str, int] = field(default_factory=dict)
    missing: bool = False

    def keep(self, kept: pd.Series, reason: str) -> None:
        """Leave people out, and count them."""
        self.count(reason, int((~kept).sum()))
        self.frame = self.frame[kept]

    def count(self, reason: str, people: int) -> None:
        """Count people who are left out."""
        if people:
            self.dropped[reason] = self.dropped.get(reason, 0) + people

    def told(self, method: Method, *also: str) -> Method:
        """Put those who are left out beside those whom the method had to leave out."""
        dropped = dict(method.n_dropped)
        for reason, n in self.dropped.items():
            dropped[reason] = dropped.get(reason, 0) + n
        said = (*method.assumptions, *((SOME_MISSING,) if self.missing else ()), *also)
        given = method.n_given + sum(self.dropped.values())
        return replace(method, n_given=given, n_dropped=dropped, assumptions=said)


def _participants(evidence: Evidence, outcome: Outcome, frame: pd.DataFrame) -> _Followed:
    """Keep those whose part in the programme began, from that day on."""
    begun = began(evidence, outcome, frame)
    frame = _from_entry(with_starts(frame, begun))
    if "programme_from" not in frame or not frame["programme_from"].notna().any():
        raise UnansweredError(_NO_START)
    there = begun.index.isin(frame["person"])
    if len(begun) and there.mean() < MOST_IN_RECORDS:
        raise UnansweredError(_MISSING)
    own = frame[frame["programme_from"].notna()]
    of_role = own["person"].isin(evidence.in_programme(outcome.roles))
    found = _Followed(own[of_role] if len(evidence.people) else own)
    found.keep(_possible(found.frame), _NO_TIME)
    if len(begun) and not there.all():
        found.dropped[NOT_IN_RECORDS] = int((~there).sum())
        found.missing = True
    if len(found.frame) < _FEWEST_LEAVERS:
        raise UnansweredError(_FEW)
    return found


def _without_other_parties(evidence: Evidence, outcome: Outcome, frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out people of the programme whose outcome it is not: a mentor is neither a mentee nor unlike one."""
    everybody = evidence.in_programme([role.id for role in evidence.programme.parties])
    own = evidence.in_programme(outcome.roles)
    return frame[~frame["person"].isin(everybody) | frame["person"].isin(own)]


def _possible(frame: pd.DataFrame) -> pd.Series:
    """Tell which rows have dates that can be: the check of the folder names the others."""
    started = frame["programme_from"]
    begun = started.isna() | ((started < frame["observed_to"]) & ~(frame["left"] <= started))
    return begun & ~(frame["left"] <= frame["entered"]) & (frame["entered"] < frame["observed_to"])


def _event(outcome: Outcome) -> str:
    return str(outcome.column).partition(".")[2]


def _before(outcome: Outcome) -> str:
    return f"{_event(outcome)} before the start"


def _not_there(outcome: Outcome) -> str:
    also = f", or {_event(outcome)} already," if _event(outcome) != _LEFT else ""
    return f"not in service{also} when the comparison begins"


def _own_cohort(evidence: Evidence, outcome: Outcome, frame: pd.DataFrame, question: Question) -> tuple[Any, _Followed]:
    found = _participants(evidence, outcome, frame)
    if _event(outcome) != _LEFT:
        found.keep(~(found.frame[_event(outcome)] <= found.frame["programme_from"]), _before(outcome))
        if len(found.frame) < _FEWEST_LEAVERS:
            raise UnansweredError(_FEW)
    made = cohort(
        _ended(found.frame, outcome, question),
        person="person",
        exit="exit",
        reason="why",
        entry="programme_from",
        origin="programme_from",
        observed_to="observed_to",
    )
    return made, found


def _own(result: Estimates, found: _Followed, outcome: Outcome) -> Estimates:
    """Say of whom an answer is."""
    before = _before(outcome)
    also = (f"who was {before} is left out: the first time is what counts",) if before in found.dropped else ()
    return Estimates(result.frame, found.told(result.method, *also))


def _ended(frame: pd.DataFrame, outcome: Outcome, question: Question) -> pd.DataFrame:
    """Say how each person's time ended: by the event asked for, or another that takes them away first."""
    event = _event(outcome)
    cause = str(question.said.get("cause", _LEFT))
    left = frame["left"].where(frame["left"] <= frame["observed_to"])
    if event == "left":
        return frame.assign(exit=left, why=_reasons(left.notna(), _LEFT))
    happened = frame[event].where(frame[event] <= frame["observed_to"])
    competing = left if "competing" in question.said else left.where(happened.isna())
    first = pd.concat([happened, competing], axis=1).min(axis=1)
    why = _reasons(first.notna(), _LEFT).where(~(happened.notna() & (happened <= first)), cause)
    return frame.assign(exit=first, why=why)


def _reasons(ended: pd.Series, reason: str) -> pd.Series:
    """Give the reason where a time has ended, and nothing elsewhere."""
    return pd.Series(reason, index=ended.index, dtype=object).where(ended, None)


def _retention_at(evidence: Evidence, question: Question, outcome: Outcome, frame: pd.DataFrame) -> Estimates:
    times = [float(time) for time in several(question.said["times"])]
    cohort, own = _own_cohort(evidence, outcome, frame, question)
    found = _seen(retention_at(cohort, times))
    rows = [_with_wilson(cohort, float(row["time"]), row.to_dict()) for _, row in found.tidy().iterrows()]
    return _own(estimates(rows, _noted(found.method, rows)), own, outcome)


_ALL_FOLLOWED = (
    "where nobody or everybody had the event, and all were followed for so long, the interval is Wilson's of the share"
)


def _with_wilson(cohort: Any, time: float, row: dict[str, Any]) -> dict[str, Any]:
    """Give a share of nobody or of all its interval, where everybody was followed up to the time."""
    followed = bool(np.all(cohort.start <= 0) and np.all((cohort.stop >= time) | (cohort.cause > 0)))
    if row["estimate"] not in {0, 1} or pd.notna(row["conf_low"]) or not followed or not row["n"] > 0:
        return row
    found = wilson(row["n"] * row["estimate"], row["n"])
    return {**row, "conf_low": found.low, "conf_high": found.high}


def _noted(method: Method, rows: Sequence[Mapping[str, Any]]) -> Method:
    """Say where Wilson's interval stands: the methods of curves give none of nobody, or of all."""
    put_in = any(row["estimate"] in {0, 1} and pd.notna(row["conf_low"]) for row in rows)
    return replace(method, assumptions=(*method.assumptions, _ALL_FOLLOWED)) if put_in else method


def _seen(result: Estimates) -> Estimates:
    if not result.frame["estimate"].notna().any():
        msg = "nobody has been followed for so long yet"
        raise UnansweredError(msg)
    return result


def _restricted_mean(evidence: Evidence, question: Question, outcome: Outcome, frame: pd.DataFrame) -> Estimates:
    horizon = question.said.get("horizon")
    cohort, own = _own_cohort(evidence, outcome, frame, question)
    result = restricted_mean(cohort, horizon=float(horizon) if horizon is not None else None)  # type: ignore[arg-type]
    return _own(result, own, outcome)


def _median_time(evidence: Evidence, question: Question, outcome: Outcome, frame: pd.DataFrame) -> Estimates:
    cohort, own = _own_cohort(evidence, outcome, frame, question)
    return _own(_seen(median_time(cohort)), own, outcome)


def _incidence(evidence: Evidence, question: Question, outcome: Outcome, frame: pd.DataFrame) -> Estimates:
    """Read the incidence of the event, and beside it that of leaving first, at the times that are asked for."""
    cohort, own = _own_cohort(evidence, outcome, frame, question)
    cause = str(question.said["cause"])
    seen = {str(one) for one in cumulative_incidence(cohort).frame["cause"]}
    if cause not in seen:
        msg = "nobody in the records had this event yet"
        raise UnansweredError(msg)
    times = [float(time) for time in several(question.said["times"])]
    curve = cumulative_incidence(cohort, cause=cause)
    rows = list(_at_times(curve, cohort, times, outcome.title))
    if "competing" in question.said and _LEFT in seen:
        beside = _at_times(cumulative_incidence(cohort, cause=_LEFT), cohort, times, LEFT_FIRST)
        rows += [{**row, "quantity": BESIDE} for row in beside]
    if not rows:
        msg = "nobody has been followed for so long yet"
        raise UnansweredError(msg)
    n = int(curve.frame["n_at_risk"].max())
    made = estimates(rows, _noted(replace(curve.method, n_given=n, n_used=n, n_dropped={}), rows))
    return _own(made, own, outcome)


def _at_times(curve: Curve, cohort: Any, times: list[float], title: str) -> Iterator[dict[str, Any]]:
    last = float(cohort.stop.max())
    for time in times:
        before = curve.frame[curve.frame["time"] <= time]
        if time > last or not len(before):
            continue
        line = before.iloc[-1]
        row = {
            "term": f"{title} within {time:g} months",
            **{name: line[name] for name in ("estimate", "std_error", "conf_low", "conf_high")},
            "n": float(curve.frame["n_at_risk"].max()),
            "n_events": float(before["n_events"].sum()),
        }
        yield _with_wilson(cohort, time, row)


@dataclass(slots=True)
class _Compared:
    """The cohort of participants and others, and who is not in it."""

    cohort: Any
    covariates: list[str]
    found: _Followed
    outcome: Outcome
    words: tuple[str, ...]

    def told(self, result: Estimates) -> Estimates:
        """Say of whom an answer is, without tests on few."""
        reason = _not_there(self.outcome)
        also = (f"who was {reason} is left out, in both groups",) if reason in self.found.dropped else ()
        return untested(Estimates(result.frame, self.found.told(result.method, *self.words, *also)))


def _others(evidence: Evidence, outcome: Outcome, frame: pd.DataFrame) -> pd.DataFrame:
    """List people who are compared with: whoever began, and other parties, are not among them."""
    frame = _without_other_parties(evidence, outcome, frame[frame["programme_from"].isna()])
    return frame[~frame["person"].isin(everybody_who_began(evidence, frame))]


def _everybody(evidence: Evidence, question: Question, outcome: Outcome, frame: pd.DataFrame) -> _Followed:
    """Put participants and those whom they are compared with together."""
    own = _participants(evidence, outcome, frame)
    others = _Followed(_others(evidence, outcome, _from_entry(with_starts(frame, began(evidence, outcome, frame)))))
    others.keep(_possible(others.frame), _NO_TIME)
    for one in evidence.programme.comparisons_by_id[question.comparison].where:
        column = evidence.programme.column(one.column)
        fits = fitting(others.frame[one.column.partition(".")[2]], column, one)
        others.keep(fits, f"not in the programme, and not {one.words}")
    if len(others.frame) < _FEWEST_LEAVERS:
        raise UnansweredError(_NO_OTHERS)
    together = pd.concat([own.frame, others.frame]).sort_index()
    for reason, n in others.dropped.items():
        own.count(reason, n)
    return _Followed(together, own.dropped, own.missing)


def _both(evidence: Evidence, question: Question, outcome: Outcome, frame: pd.DataFrame) -> _Compared:
    """Make the cohort of participants and others, from the day by which most participants had started."""
    found = _everybody(evidence, question, outcome, frame)
    comparison = evidence.programme.comparisons_by_id[question.comparison]
    frame = found.frame
    named = question.said.get("covariates") or comparison.covariates
    covariates = [str(name).partition(".")[2] for name in several(named)]
    covariates = [name for name in covariates if name in frame.columns and frame[name].notna().any()]
    ready = _ended(frame, outcome, question)
    for name in covariates:
        if not pd.api.types.is_numeric_dtype(ready[name]):
            label = labelled(frame[name], evidence.programme.column(f"{_FILE}.{name}"))
            ready[name] = label.astype(object)
    origin = _origin(ready)
    known = isinstance(origin, str)
    begin = ready[origin] if known else pd.Series(origin, index=ready.index)
    months = ((ready["programme_from"] - begin).dt.days / _MONTH).dropna().clip(lower=0)
    landmark = max(float(np.ceil(10 * months.quantile(_STARTED_BY)) / 10), _SOONEST)
    # Who had it before the own start was not in the programme when it happened.
    ready["programme_from"] = ready["programme_from"].where(~(ready["exit"] <= ready["programme_from"]))
    found.frame = ready
    found.keep(~((ready["exit"] <= begin) | (ready["exit"] < ready["entered"])), _not_there(outcome))
    categories = [name for name in covariates if ready[name].dtype == object]
    found.keep(_alike(found.frame, begin, landmark, categories), _ONE_SIDED)
    if len(found.frame) < _FEWEST_LEAVERS:
        raise UnansweredError(_NO_OTHERS)
    made = cohort(
        found.frame,
        person="person",
        exit="exit",
        reason="why",
        entry=origin if known else "entered",
        origin=origin,
        observed_from=None if known else origin,
        observed_to="observed_to",
        mentored_from="programme_from",
        covariates=covariates,
    ).landmark(landmark)
    found.count(_not_there(outcome), len(found.frame) - made.n_people)
    at_risk = found.frame[found.frame["person"].isin(made.people)]
    varied = [name for name in covariates if len(at_risk[name].unique()) > 1]
    fits = "; ".join(one.words for one in comparison.where)
    words = (f"of those who are not in the programme, only these are compared with: {fits}",) if fits else ()
    return _Compared(made, varied, found, outcome, words)


def _origin(frame: pd.DataFrame) -> Any:
    """Count from each person's return where the programme begins soon after it, else from the first start of all."""
    if _RETURNED in frame and pd.api.types.is_datetime64_any_dtype(frame[_RETURNED]) and frame[_RETURNED].notna().all():
        months = (frame["programme_from"] - frame[_RETURNED]).dt.days.dropna() / _MONTH
        if float(months.quantile(_STARTED_BY)) <= _SOON:
            return _RETURNED
    return frame["programme_from"].min()


def _alike(frame: pd.DataFrame, begin: pd.Series, landmark: float, categories: list[str]) -> pd.Series:
    """Tell who is of a kind that, at the landmark, is in both groups: else there is nobody to compare them with."""
    kept = frame
    for name in categories:
        day = begin.reindex(kept.index) + pd.Timedelta(days=landmark * _MONTH)
        there = kept["exit"].isna() | (kept["exit"] > day)
        mentored = kept["programme_from"] <= day
        both = set(kept.loc[there & mentored, name]) & set(kept.loc[there & ~mentored, name])
        kept = kept[kept[name].isin(both)]
    return pd.Series(frame.index.isin(kept.index), index=frame.index)


def _weights(compared: _Compared) -> Any:
    try:
        return propensity_weights(compared.cohort, covariates=compared.covariates, estimand="overlap", missing="drop")
    except EvalkitError as error:
        raise UnansweredError(_NO_OTHERS) from error


def _weighted_hazard_ratio(evidence: Evidence, question: Question, outcome: Outcome, frame: pd.DataFrame) -> Estimates:
    compared = _both(evidence, question, outcome, frame)
    return compared.told(weighted_hazard_ratio(_weights(compared)))


def _weighted_retention(evidence: Evidence, question: Question, outcome: Outcome, frame: pd.DataFrame) -> Estimates:
    times = [float(time) for time in several(question.said["times"])]
    compared = _both(evidence, question, outcome, frame)
    return compared.told(weighted_retention(_weights(compared), times=times))


def _hazard_ratio(evidence: Evidence, question: Question, outcome: Outcome, frame: pd.DataFrame) -> Estimates:
    compared = _both(evidence, question, outcome, frame)
    return compared.told(hazard_ratio(compared.cohort, ["mentored", *compared.covariates], missing="drop"))


def _subdistribution(evidence: Evidence, question: Question, outcome: Outcome, frame: pd.DataFrame) -> Estimates:
    compared = _both(evidence, question, outcome, frame)
    named = ["mentored", *compared.covariates]
    cause = str(question.said["cause"])
    return compared.told(subdistribution_hazard_ratio(compared.cohort, named, cause=cause, missing="drop"))


_MAKERS: dict[str, Any] = {
    "retention_at": _retention_at,
    "restricted_mean": _restricted_mean,
    "median_time": _median_time,
    "cumulative_incidence": _incidence,
    "hazard_ratio": _hazard_ratio,
    "weighted_hazard_ratio": _weighted_hazard_ratio,
    "weighted_retention": _weighted_retention,
    "subdistribution_hazard_ratio": _subdistribution,
}
