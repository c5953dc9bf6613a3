"""Answers about groups of staff: likelihoods, representation, pay, turnover, and the standards made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from evalkit.equality.composition import representation
from evalkit.equality.disparity import disparity_ratio
from evalkit.equality.likelihood import relative_likelihood
from evalkit.equality.mappings import NOT_STATED, exit_type
from evalkit.equality.pay import pay_gap
from evalkit.equality.plan import edi_plan
from evalkit.equality.race_standard import wres
from evalkit.equality.race_standard_counts import wres_counts
from evalkit.equality.stability import stability_index
from evalkit.equality.turnover import leaver_rate
from evalkit.errors import EvalkitError
from evalkit.programmes.answering_now import subgroup_labels, without
from evalkit.programmes.answers import Answer, UnansweredError, split_rows, untested
from evalkit.programmes.evidence import Evidence, labelled, latest_rows, reached
from evalkit.programmes.group_names import group_label
from evalkit.programmes.parts import Outcome, Question
from evalkit.result import Estimates

_FEW = "one of the groups is too small, or nobody in it could have had the outcome"
_STAFF = "staff_in_post"
# The frames that the standards read, as the files of the programme name them.
_WORKFORCE = (
    "staff_in_post",
    "leavers",
    "recruitment",
    "disciplinary",
    "cpd",
    "pay",
    "survey",
    "vacancies",
    "support",
    "targets",
)
# Outcome of staff in the 12 months before a snapshot -> the indicator of the race standard that counts it.
_IN_A_YEAR = {"disciplinary.entered": "3", "cpd.accessed": "4"}


def groups(evidence: Evidence, question: Question) -> Iterator[Answer]:
    """Answer with a comparison of groups of people.

    Parameters
    ----------
    evidence : Evidence
        The data.
    question : Question
        With an estimator of groups of staff.

    Yields
    ------
    Answer
        One for each outcome or step, and for each subgroup.
    """
    parts: list[Outcome | None] = [evidence.programme.outcomes_by_id[name] for name in question.outcomes] or [None]
    for outcome in parts:
        about = (outcome.id,) if outcome else question.steps
        try:
            for subgroup, result in _MAKERS[question.estimator](evidence, question, outcome):
                n = result.frame["n"].max()
                terms = ((outcome.title, outcome.id),) if outcome else ()
                people = result.method.n_used or (0 if pd.isna(n) else int(n))
                yield Answer(question, untested(result), people=people, about=about, terms=terms, subgroup=subgroup)
        except (EvalkitError, UnansweredError) as why:
            yield Answer(question, None, str(why) if isinstance(why, UnansweredError) else _FEW, about=about)


Made = Iterator[tuple[str, Estimates]]


def _contrast(question: Question) -> dict[str, str]:
    """Give the labels of the two groups of a question, as the data have them."""
    column = str(question.said["group"])
    return {name: group_label(column, str(question.said[name])) for name in ("reference", "comparison")}


def _frame(evidence: Evidence, column: str) -> tuple[str, str, pd.DataFrame]:
    file, _, name = column.partition(".")
    frame = evidence.typed.get(file)
    if frame is None:
        raise UnansweredError(without(evidence, file))
    if not evidence.records(column):
        msg = f"nothing is filled in in the column {name} of {evidence.programme.files_by_id[file].file}"
        raise UnansweredError(msg)
    return file, name, frame


def _those(evidence: Evidence, question: Question, outcome: Outcome | None) -> pd.DataFrame:
    """List those who could have it: `group`, `got` (yes or no) and `person`, one row each."""
    said = question.said
    group = str(said["group"])
    file, name, frame = _frame(evidence, group)
    rows = frame
    if file == "participants":
        roles = question.roles or (outcome.roles if outcome else tuple(one.id for one in evidence.programme.parties))
        in_roles = evidence.people["role"].isin(roles) if "role" in evidence.people else slice(None)
        # Who applied and was not taken belongs to those who could have been, whatever group they are in now.
        rows = frame[frame["person"].isin(evidence.people.index[in_roles])]
    rows = _narrowed(evidence, rows, said)
    if outcome is None:
        step = next(one for one in evidence.programme.steps if one.id == question.steps[0])
        got = evidence.at_step(step, pd.Index(rows["person"])).set_axis(rows.index)
    else:
        got = _got(evidence, rows, outcome, file)
    labels = labelled(rows[name], evidence.programme.column(group))
    data = pd.DataFrame({"group": labels.to_numpy(), "got": got.map({True: "yes", False: "no"}).to_numpy()})
    data = data.assign(person=rows["person"].to_numpy() if "person" in rows else None)
    if "among" not in said:
        return data
    among = str(said["among"])
    kind = labelled(rows[among.partition(".")[2]], evidence.programme.column(among))
    return data[(kind == group_label(among, str(said["among_is"]))).to_numpy()].reset_index(drop=True)


def _narrowed(evidence: Evidence, rows: pd.DataFrame, said: dict[str, Any]) -> pd.DataFrame:
    if "of" in said:
        step = next((one for one in evidence.programme.steps if one.id == said["of"]), None)
        if step is not None:
            rows = rows[evidence.at_step(step, pd.Index(rows["person"])).to_numpy()]
    if "of_column" in said:
        rows = rows[reached(rows[str(said["of_column"]).partition(".")[2]])]
    rows = latest_rows(rows)
    if not len(rows):
        msg = "nobody could have had the outcome"
        raise UnansweredError(msg)
    return rows


def _got(evidence: Evidence, rows: pd.DataFrame, outcome: Outcome, file: str) -> pd.Series:
    own, name, frame = _frame(evidence, str(outcome.column))
    if own == file:
        return reached(rows[name])
    frame = latest_rows(frame)
    had = frame[reached(frame[name])]["person"]
    return rows["person"].isin(set(had))


def _relative_likelihood(evidence: Evidence, question: Question, outcome: Outcome | None) -> Made:
    said = _contrast(question)
    if outcome is not None and outcome.column in _IN_A_YEAR and evidence.workforce is not None:
        # As the standards count it, so that one report does not tell the same thing twice in two ways.
        table = wres_counts(
            evidence.workforce.frames,
            ethnicity=evidence.workforce.mappings.get("ethnicity"),
            indicators=_IN_A_YEAR[outcome.column],
        )
        made = relative_likelihood(
            _last_year(table),
            group="group",
            outcome="events",
            total="n",
            reference=said["reference"],
            comparison=said["comparison"],
        )
        yield "", interval_alone(made)
        return
    data = _those(evidence, question, outcome)
    yield "", _likelihood(data, said)
    for subgroup in evidence.programme.subgroups:
        if subgroup.id not in question.subgroups or data["person"].isna().all():
            continue
        labels = subgroup_labels(evidence, subgroup.columns, pd.Index(data["person"]))
        parts = {}
        for label in sorted(set(labels)):
            try:
                made = _likelihood(data[labels == label], said)
            except EvalkitError:
                continue
            parts[label] = Estimates(made.frame[made.frame["term"] == "relative_likelihood"], made.method)
        if len(parts) > 1:
            yield subgroup.id, split_rows(parts, next(iter(parts.values())).method)


def _last_year(table: pd.DataFrame) -> pd.DataFrame:
    if not len(table):
        msg = "nobody could have had the outcome"
        raise UnansweredError(msg)
    return table[table["year"] == table["year"].max()]


def _likelihood(data: pd.DataFrame, said: dict[str, str]) -> Estimates:
    return interval_alone(
        relative_likelihood(
            data, group="group", outcome="got", reference=said["reference"], comparison=said["comparison"]
        )
    )


def interval_alone(result: Estimates) -> Estimates:
    """Take the test out of rows with score limits: Fisher's exact test can disagree with Koopman's and Newcombe's.

    Parameters
    ----------
    result : Estimates
        Rows whose limits the column `interval` names.

    Returns
    -------
    Estimates
        The same estimates and limits, without statistic and p where the limits are of these kinds: the interval alone
        decides what is said.
    """
    frame = result.tidy()
    if "interval" not in frame:
        return result
    score = frame["interval"].astype(str).str.contains("Koopman|Newcombe", regex=True)
    frame.loc[score, [name for name in ("statistic", "df", "p_value") if name in frame]] = np.nan
    return Estimates(frame, result.method)


def _representation(evidence: Evidence, question: Question, outcome: Outcome | None) -> Made:
    said = question.said
    file, name, frame = _frame(evidence, str(said["group"]))
    rows = _narrowed(evidence, frame, {})
    labels = labelled(rows[name], evidence.programme.column(str(said["group"])))
    data = pd.DataFrame({"group": labels.to_numpy()})
    column = str(outcome.column).partition(".")[2] if outcome else ""
    kind = evidence.programme.column(str(outcome.column)) if outcome else None
    if "against" in said:  # the whole are those who had the first step, the part those who had the outcome
        whole = reached(rows[str(said["against"]).partition(".")[2]])
        data["part"] = reached(rows[column]).map({True: outcome.title if outcome else "", False: "others"}).to_numpy()
        data = data[whole.to_numpy()]
    elif kind is not None and kind.kind == "yes_no":
        data["part"] = reached(rows[column]).map({True: "board", False: "other staff"}).to_numpy()
    else:
        data["part"] = labelled(rows[column], kind).to_numpy()
    yield "", representation(data, group="group", band="part")
    for subgroup in evidence.programme.subgroups:
        own = [one.partition(".")[2] for one in subgroup.columns if one.startswith(f"{file}.")]
        if subgroup.id in question.subgroups and own and "against" not in said:
            by = labelled(rows[own[0]], evidence.programme.column(f"{file}.{own[0]}"))
            made = representation(data.assign(by=by.to_numpy()), group="group", band="part", by="by")
            yield subgroup.id, _in_strata(made)


def _in_strata(result: Estimates) -> Estimates:
    """Name the stratum beside the band, as bands of several strata stand below each other."""
    frame = result.tidy()
    whole = frame["band"].isin(["all", NOT_STATED])
    frame["band"] = frame["band"].where(whole, frame["band"].astype(str) + ", " + frame["by"].astype(str))
    return Estimates(frame, result.method)


def _disparity_ratio(evidence: Evidence, question: Question, outcome: Outcome | None) -> Made:
    said = question.said
    _, name, frame = _frame(evidence, str(said["group"]))
    rows = _narrowed(evidence, frame, {})
    labels = labelled(rows[name], evidence.programme.column(str(said["group"])))
    contrast = _contrast(question)
    band = str(outcome.column).partition(".")[2] if outcome else "band"
    data = pd.DataFrame({"group": labels.to_numpy(), "band": rows[band].to_numpy()})
    yield (
        "",
        disparity_ratio(
            data, group="group", band="band", reference=contrast["reference"], comparison=contrast["comparison"]
        ),
    )


def _pay_gap(evidence: Evidence, question: Question, outcome: Outcome | None) -> Made:
    said = question.said
    if outcome is None:
        raise UnansweredError(_FEW)
    file, name, frame = _frame(evidence, str(outcome.column))
    rows = _narrowed(evidence, frame, {})
    group_file, group_name, group_frame = _frame(evidence, str(said["group"]))
    if group_file == file:
        label = labelled(rows[group_name], evidence.programme.column(str(said["group"])))
    else:
        latest = _narrowed(evidence, group_frame, {}).drop_duplicates("person").set_index("person")
        found = labelled(latest[group_name], evidence.programme.column(str(said["group"])))
        label = rows["person"].map(found)
    data = pd.DataFrame({"group": label.to_numpy(), "pay": rows[name].to_numpy()})
    more: dict[str, Any] = {**_contrast(question)}
    if "bonus" in said and str(said["bonus"]).partition(".")[2] in rows.columns:
        data["bonus"] = rows[str(said["bonus"]).partition(".")[2]].to_numpy()
        more["bonus"] = "bonus"
    if "full_pay" in rows.columns:
        data["full_pay"] = rows["full_pay"].to_numpy()
        more["full_pay"] = "full_pay"
    data = data[data["pay"].notna()]
    yield "", pay_gap(data, sex="group", hourly="pay", **more)


def _turnover(maker: Callable[..., Estimates]) -> Callable[[Evidence, Question, Outcome | None], Made]:
    def make(evidence: Evidence, question: Question, _outcome: Outcome | None) -> Made:
        staff, leavers = evidence.typed.get(_STAFF), evidence.typed.get("leavers")
        if staff is None or leavers is None:
            raise UnansweredError(without(evidence, _STAFF if staff is None else "leavers"))
        more: dict[str, Any] = {"unmatched": "count"} if maker is leaver_rate else {}
        if "started" in staff and staff["started"].notna().any():
            more["started"] = "started"
        if "reason" in leavers:
            leavers = leavers.assign(exit_type=exit_type(leavers["reason"], table=_own_exits(evidence)))
            more["exit_type"] = "exit_type"
        kept = staff.copy()
        for name in kept.columns:
            column = evidence.programme.column(f"{_STAFF}.{name}")
            if column is not None and column.kind in {"category", "yes_no"}:
                kept[name] = labelled(kept[name], column)
        by = str(question.said.get("by", "")).partition(".")[2]
        yield "", _of_last_period(maker(kept, leavers, **more, **({"by": by} if by else {})))
        for subgroup in evidence.programme.subgroups:
            own = [one.partition(".")[2] for one in subgroup.columns if one.startswith(f"{_STAFF}.")]
            if subgroup.id in question.subgroups and own:
                yield subgroup.id, _of_last_period(maker(kept, leavers, **more, by=own[0]))

    return make


def _of_last_period(result: Estimates) -> Estimates:
    """Count as people the staff of the last period, once each: not leavers, nor the staff of every year together."""
    frame = result.frame
    heads = frame[(frame["period"] == frame["period"].max()) & frame["term"].astype(str).str.contains("headcount")]
    of_group = heads.groupby("group")["n"].max().fillna(0)
    n = int(of_group["all"] if "all" in of_group else of_group.sum())
    return Estimates(frame, replace(result.method, n_given=n, n_used=n, n_dropped={}))


def _own_exits(evidence: Evidence) -> pd.DataFrame | None:
    return evidence.workforce.mappings.get("exit_types") if evidence.workforce is not None else None


def _standard(maker: Callable[..., Estimates]) -> Callable[[Evidence, Question, Outcome | None], Made]:
    def make(evidence: Evidence, _question: Question, _outcome: Outcome | None) -> Made:
        known = evidence.programme.files_by_id
        frames = {name: frame for name, frame in evidence.typed.items() if name in _WORKFORCE}
        if _STAFF not in frames:
            msg = f"{known[_STAFF].file if _STAFF in known else _STAFF} is missing or empty"
            raise UnansweredError(msg)
        try:
            made = maker(evidence.workforce or frames)
        except EvalkitError as error:
            place = error.problems[0].place if error.problems else ""
            msg = f"the workforce files are not in order ({place}): evalkit check says how to mend them"
            raise UnansweredError(msg) from error
        frame = made.tidy()
        lacking = frame["term"].astype(str) == "not computable" if "term" in frame else pd.Series(dtype=bool)
        kept = frame[~lacking.to_numpy()] if len(lacking) else frame
        if not len(kept):
            msg = "no indicator can be computed from the files that are there"
            raise UnansweredError(msg)
        yield "", interval_alone(Estimates(kept, made.method))

    return make


_MAKERS: dict[str, Callable[[Evidence, Question, Outcome | None], Made]] = {
    "relative_likelihood": _relative_likelihood,
    "representation": _representation,
    "disparity_ratio": _disparity_ratio,
    "pay_gap": _pay_gap,
    "leaver_rate": _turnover(leaver_rate),
    "stability_index": _turnover(stability_index),
    "wres": _standard(wres),
    "edi_plan": _standard(edi_plan),
}
