"""Answers about one time: shares, numbers, means, distributions and readings of a checklist."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from evalkit.equality.mappings import NOT_STATED
from evalkit.instruments.model import SKIPPED
from evalkit.numeric.means import t_interval
from evalkit.numeric.proportions import wilson
from evalkit.programmes.answers import (
    FEWEST,
    Answer,
    UnansweredError,
    of_record,
    outcomes_of,
    roles_of,
    split_rows,
    written,
)
from evalkit.programmes.evidence import Evidence, labelled, latest_rows, reached
from evalkit.programmes.parts import Dose, Outcome, Question
from evalkit.result import Estimates, Method, estimates

WILSON = "Wilson EB (1927). J Am Stat Assoc 22:209-212."
STUDENT = "Student (1908). Biometrika 6:1-25."
# The step that every number of people in a report tells.
STARTED = "started"
# None and a few are told alike: that there is none would tell of everybody.
_NOBODY = "too few of those whom it is about are in the files, or none"
_NO_ANSWERS = "there are no answers to it at that time"
_ALL_ALIKE = "Those who are counted stand for people of programmes run in the same way"


def share_rows(
    parts: Mapping[tuple[str, str | None], pd.Series], question: Question, unit: str = "proportion"
) -> Estimates:
    """Estimate shares of people with Wilson's interval.

    Parameters
    ----------
    parts : mapping of (str, str or None) to pandas.Series of bool
        (Term, group) -> whether each person has it; missing where not known.
    question : Question
        What it answers.
    unit : str, default "proportion"
        Unit of the estimate.

    Returns
    -------
    Estimates
        One row a part, with `n_events`; parts of nobody are left out, and where all are, they stand with an n of 0.

    References
    ----------
    .. [1] Wilson EB (1927). J Am Stat Assoc 22:209-212.
    """
    rows: list[dict[str, object]] = []
    for (term, group), values in parts.items():
        known = values.dropna().astype(bool)
        if not len(known):
            continue
        found = wilson(int(known.sum()), len(known))
        limits = {"estimate": found.estimate, "conf_low": found.low, "conf_high": found.high}
        rows.append({"term": term, "group": group, **limits, "n": len(known), "n_events": int(known.sum())})
    if not parts:
        raise UnansweredError(_NOBODY)
    # Nobody is told as a few are, by the disclosure profile: another reason would say that it is nobody.
    nothing = {"estimate": math.nan, "n": 0, "n_events": 0}
    rows = rows or [{"term": term, "group": group, **nothing} for term, group in parts]
    given = sum(len(values) for values in parts.values())
    used = sum(int(row["n"]) for row in rows)  # type: ignore[call-overload]
    return estimates(rows, _method("Share of people", question, unit, "Wilson", WILSON, given, used))


def _method(name: str, question: Question, unit: str, interval: str, reference: str, given: int, used: int) -> Method:
    return Method(
        name=name,
        estimand=question.estimand,
        unit=unit,
        interval=interval,
        n_given=given,
        n_used=used,
        n_dropped={"not known": given - used} if given > used else {},
        assumptions=(_ALL_ALIKE,),
        references=(reference,),
    )


def mean_rows(parts: Mapping[tuple[str, str | None], pd.Series], question: Question, unit: str) -> Estimates:
    """Estimate means with Student's interval.

    Parameters
    ----------
    parts : mapping of (str, str or None) to pandas.Series of float
        (Term, group) -> value of each person, missing where not known.
    question : Question
        What it answers.
    unit : str
        Unit of the values.

    Returns
    -------
    Estimates
        One row a part of two people or more, with `sd`; no interval where there is no spread.

    References
    ----------
    .. [1] Student (1908). Biometrika 6:1-25.
    """
    rows: list[dict[str, object]] = []
    for (term, group), values in parts.items():
        known = values.dropna().to_numpy(dtype=float)
        if len(known) < FEWEST:
            continue
        mean, sd = float(known.mean()), float(known.std(ddof=1))
        row: dict[str, object] = {"term": term, "group": group, "estimate": mean, "n": len(known), "sd": sd}
        if sd > 0:
            error = sd / np.sqrt(len(known))
            found = t_interval(mean, error, len(known) - 1)
            row |= {"std_error": error, "df": len(known) - 1, "conf_low": found.low, "conf_high": found.high}
        rows.append(row)
    if not rows:
        msg = "too few people answered"
        raise UnansweredError(msg)
    given = sum(len(values) for values in parts.values())
    used = sum(int(row["n"]) for row in rows)  # type: ignore[call-overload]
    return estimates(rows, _method("Mean at one time", question, unit, "Student's t", STUDENT, given, used))


def share(evidence: Evidence, question: Question) -> Iterator[Answer]:
    """Answer with shares of people.

    Parameters
    ----------
    evidence : Evidence
        The data.
    question : Question
        A question with the estimator "share".

    Yields
    ------
    Answer
        One for doses and steps, one for each outcome and subgroup.
    """
    if question.dose:
        yield _doses(evidence, question)
    if question.steps:
        yield _steps(evidence, question)
    for outcome in outcomes_of(evidence.programme, question):
        try:
            yield from _share_of(evidence, question, outcome)
        except UnansweredError as why:
            yield Answer(question, None, str(why), about=(outcome.id,))


def _doses(evidence: Evidence, question: Question) -> Answer:
    known = {dose.id: dose for dose in evidence.programme.dose}
    doses = [known[name] for name in question.dose]
    parts = {key: values >= dose.least for dose in doses for key, values in received(evidence, dose).items()}
    if not parts:
        msg = "the file that records it is not there, or nobody has started"
        raise UnansweredError(msg)
    result = share_rows(parts, question)
    terms = tuple((dose.title, dose.id) for dose in doses)
    return Answer(question, result, people=result.method.n_used, about=question.dose, terms=terms)


def received(evidence: Evidence, dose: Dose) -> dict[tuple[str, str | None], pd.Series]:
    """Count what those who started received of a dose.

    Parameters
    ----------
    evidence : Evidence
        The data.
    dose : Dose
        The dose.

    Returns
    -------
    dict of (str, str) to pandas.Series of float
        (Title of the dose, title of the role) -> by person; empty when the file is not there or nobody started.
    """
    found: dict[tuple[str, str | None], pd.Series] = {}
    for role in dose.roles:
        people = started(evidence, role)
        values = evidence.dose(dose, people) if len(people) else None
        if values is not None:
            found[dose.title, evidence.programme.roles_by_id[role].title] = values
    return found


def started(evidence: Evidence, role: str) -> pd.Index:
    """List the people of a role who started, or all of them where no step says so.

    Parameters
    ----------
    evidence : Evidence
        The data.
    role : str
        The role.

    Returns
    -------
    pandas.Index
        Their codes.
    """
    people = evidence.in_programme([role])
    step = next((one for one in evidence.programme.steps if one.id == "started"), None)
    if step is None or not len(people) or not evidence.records(step.column):
        return people
    return people[evidence.at_step(step, people).to_numpy()]


def of_started(evidence: Evidence, values: pd.Series, role: str) -> pd.Series:
    """Leave out people of a role who have not started, where a step says so: nobody asks them about a change.

    Parameters
    ----------
    evidence : Evidence
        The data.
    values : pandas.Series
        By person.
    role : str
        The role.

    Returns
    -------
    pandas.Series
        Those of people who started, of other roles, and of those who are not in the records.
    """
    waiting = evidence.in_programme([role]).difference(started(evidence, role))
    return values[~values.index.isin(waiting)]


def _steps(evidence: Evidence, question: Question) -> Answer:
    steps = [step for step in evidence.programme.steps if step.id in question.steps]
    roles = question.roles or tuple(role.id for role in evidence.programme.parties)
    people = evidence.in_programme(roles)
    if not len(people):
        raise UnansweredError(_NOBODY)
    parts: dict[tuple[str, str | None], pd.Series] = {}
    by = question.said.get("by")
    for step in steps:
        here = evidence.at_step(step, people)
        if by:  # who is among those at the step
            groups = evidence.labels(str(by), people[here.to_numpy()])
            parts |= {(step.title, label): groups == label for label in sorted(groups.unique())}
        else:
            parts[step.title, None] = here
    result = share_rows(parts, question)
    return Answer(question, result, people=int(result.frame["n"].max()), about=question.steps)


def _share_of(evidence: Evidence, question: Question, outcome: Outcome) -> Iterator[Answer]:
    if outcome.column:
        yield from _share_of_column(evidence, question, outcome)
        return
    for role, _ in roles_of(evidence.programme, question, [outcome]):
        values = evidence.of_outcome(outcome, str(question.said.get("wave", "")), [role])
        if values is None:
            raise UnansweredError(_NO_ANSWERS)
        hits = has(values, question)
        result = share_rows({(outcome.title, None): hits}, question)
        yield Answer(
            question,
            result,
            people=result.method.n_used,
            role=role,
            about=(outcome.id,),
            terms=((outcome.title, outcome.id),),
        )


def has(values: pd.Series, question: Question) -> pd.Series:
    """Tell who has the property that a question asks for.

    Parameters
    ----------
    values : pandas.Series
        Answers, missing where not given.
    question : Question
        Says `at_least` or `values`; without either a yes or a date counts.

    Returns
    -------
    pandas.Series
        True, False, or missing where there is no answer.
    """
    said = question.said
    if "at_least" in said:
        numbers = pd.to_numeric(values, errors="coerce")
        return (numbers >= float(said["at_least"])).astype(object).where(numbers.notna())  # type: ignore[arg-type]
    if "values" in said:
        given = said["values"]
        wanted = {str(value) for value in (given if isinstance(given, tuple) else (given,))}
        known = values.notna() & ~values.astype(str).isin(["pnts", NOT_STATED])
        return values.astype(object).map(written).isin(wanted).astype(object).where(known)
    return reached(values).astype(object)


def _are_all(evidence: Evidence, file: str) -> bool:
    """Tell whether a file lists all things that an organisation did, and not people: nothing is a sample there."""
    known = evidence.programme.files_by_id[file]
    return known.rows == "event" and "person" not in {column.name for column in known.columns}


def _without_limits(result: Estimates) -> Estimates:
    frame = result.tidy()
    frame[["conf_low", "conf_high"]] = np.nan
    method = replace(result.method, interval="", assumptions=("all of them are counted: there is nothing to estimate",))
    return Estimates(frame, method)


def _share_of_column(evidence: Evidence, question: Question, outcome: Outcome) -> Iterator[Answer]:
    file, _, name = str(outcome.column).partition(".")
    frame = evidence.typed.get(file)
    if frame is None:
        raise UnansweredError(without(evidence, file))
    said = question.said
    if not evidence.records(str(outcome.column)):
        msg = f"nothing is filled in in the column {name} of {evidence.programme.files_by_id[file].file}"
        raise UnansweredError(msg)
    kind = evidence.programme.column(str(outcome.column))
    if kind is not None and kind.kind == "number":
        yield _share_of_counts(question, outcome, frame)
        return
    rows = frame
    if file == "participants":
        rows = frame[frame["person"].isin(evidence.in_programme(question.roles or outcome.roles))]
    if not len(rows):
        raise UnansweredError(_NOBODY)
    if file == "participants" and "of" in said:
        rows = rows[rows["person"].isin(_at(evidence, str(said["of"]), pd.Index(rows["person"])))]
    if "of_column" in said:
        rows = rows[reached(rows[str(said["of_column"]).partition(".")[2]])]
    hits = has(rows[name], question)
    # A blank cell for somebody who could have it is a no: dates are filled in when it happens.
    hits = hits.where(hits.notna(), other=False) if file == "participants" and kind and kind.kind == "date" else hits
    parts: dict[tuple[str, str | None], pd.Series] = {(outcome.title, None): hits}
    terms = ((outcome.title, outcome.id),)
    if "by" in said:
        by = str(said["by"])
        groups = labelled(rows[by.partition(".")[2]], evidence.programme.column(by)).map(_plain_label)
        parts = {(outcome.title, label): hits[groups == label] for label in sorted(groups.unique())}
    result = share_rows(parts, question)
    # Of all that an organisation did nothing is a sample; of people, one or two are not told.
    all_of_it = _are_all(evidence, file)
    result = _without_limits(result) if all_of_it else of_record(result, str(outcome.column), str(said.get("by", "")))
    yield Answer(question, result, people=result.method.n_used, about=(outcome.id,), terms=terms)
    yield from _by_subgroup(evidence, question, outcome, rows, hits)


def _plain_label(label: str) -> str:
    return label.removesuffix(".0") if label.removesuffix(".0").isdigit() else label


def _by_subgroup(
    evidence: Evidence, question: Question, outcome: Outcome, rows: pd.DataFrame, hits: pd.Series
) -> Iterator[Answer]:
    for subgroup in evidence.programme.subgroups:
        if subgroup.id not in question.subgroups or "person" not in rows.columns:
            continue
        groups = subgroup_labels(evidence, subgroup.columns, pd.Index(rows["person"]))
        parts = {}
        for label in sorted(set(groups)):
            inside = pd.Series(hits.to_numpy()[groups == label])
            if inside.notna().any():
                made = share_rows({(outcome.title, label): inside}, question)
                parts[label] = of_record(made, str(outcome.column), anybody=bool(hits.any()))
        if len(parts) > 1:
            result = split_rows(parts, next(iter(parts.values())).method)
            yield Answer(
                question,
                result,
                people=result.method.n_used,
                about=(outcome.id,),
                subgroup=subgroup.id,
                terms=((outcome.title, outcome.id),),
            )


def subgroup_labels(evidence: Evidence, columns: Sequence[str], people: pd.Index) -> np.ndarray:
    """Give each person's subgroup; columns are crossed.

    Parameters
    ----------
    evidence : Evidence
        The data.
    columns : sequence of str
        "file.column" of each characteristic.
    people : pandas.Index
        Of whom.

    Returns
    -------
    numpy.ndarray of str
        One for each person.
    """
    labels = [evidence.labels(column, people).to_numpy(dtype=object) for column in columns]
    return np.array([", ".join(map(str, parts)) for parts in zip(*labels, strict=True)], dtype=object)


def _at(evidence: Evidence, step: str, people: pd.Index) -> pd.Index:
    found = next((one for one in evidence.programme.steps if one.id == step), None)
    return people if found is None else people[evidence.at_step(found, people).to_numpy()]


def without(evidence: Evidence, file: str) -> str:
    """Say what is lost without a file.

    Parameters
    ----------
    evidence : Evidence
        The data.
    file : str
        Its id.

    Returns
    -------
    str
        Why a question about it cannot be answered.
    """
    known = evidence.programme.files_by_id.get(file)
    return f"{known.file if known else file} is missing or empty"


def _share_of_counts(question: Question, outcome: Outcome, frame: pd.DataFrame) -> Answer:
    """Add up counts of people, such as those who used what they were offered."""
    name = str(outcome.column).partition(".")[2]
    of = str(question.said.get("of_column", "")).partition(".")[2]
    by = str(question.said.get("by", "")).partition(".")[2]
    if of not in frame.columns:
        msg = "the file does not say of how many"
        raise UnansweredError(msg)
    if by != "year":  # the same people are counted every year
        frame = latest_rows(frame)
    groups = (
        frame[by].fillna(NOT_STATED).map(written).map(_plain_label)
        if by in frame.columns
        else pd.Series("all", index=frame.index)
    )
    rows: list[dict[str, object]] = []
    for label, part in frame.groupby(groups, sort=True):
        known = part[[name, of]].dropna()
        some, whole = float(known[name].sum()), float(known[of].sum())
        if whole <= 0 or some > whole:
            continue
        row: dict[str, object] = {"term": outcome.title, "group": str(label), "estimate": some / whole, "n": whole}
        if some.is_integer() and whole.is_integer():
            found = wilson(some, whole)
            row |= {"conf_low": found.low, "conf_high": found.high, "n_events": some}
        rows.append(row)
    if not rows:
        raise UnansweredError(_NOBODY)
    used = int(sum(float(str(row["n"])) for row in rows))
    result = estimates(rows, _method("Share", question, "proportion", "Wilson", WILSON, used, used))
    result = of_record(result, str(outcome.column), str(question.said.get("by", "")))
    return Answer(question, result, people=used, about=(outcome.id,), terms=((outcome.title, outcome.id),))


def count(evidence: Evidence, question: Question) -> Iterator[Answer]:
    """Answer with numbers that are complete and so have no interval.

    Parameters
    ----------
    evidence : Evidence
        The data.
    question : Question
        A question with the estimator "count".

    Yields
    ------
    Answer
        One for each outcome; the number is in `n` and in `estimate`.
    """
    rows: list[dict[str, object]] = []
    for outcome in outcomes_of(evidence.programme, question):
        file, _, name = str(outcome.column).partition(".")
        frame = evidence.typed.get(file)
        if frame is None:
            yield Answer(question, None, without(evidence, file), about=(outcome.id,))
            continue
        key = evidence.programme.files_by_id[file].key[0]
        for _, line in frame.iterrows():
            value = line[name]
            if pd.notna(value):
                group = written(line[key]) if not isinstance(value, str) else None
                rows.append({"term": outcome.title, "group": group, "estimate": float(value), "n": float(value)})
    if rows:
        used = int(sum(float(str(row["n"])) for row in rows))
        result = estimates(rows, Method("Count", question.estimand, "number", n_given=used, n_used=used))
        terms = tuple((outcome.title, outcome.id) for outcome in outcomes_of(evidence.programme, question))
        yield Answer(question, result, people=used, about=question.outcomes, terms=terms)


def mean_at(evidence: Evidence, question: Question) -> Iterator[Answer]:
    """Answer with means at one time.

    Parameters
    ----------
    evidence : Evidence
        The data.
    question : Question
        A question with the estimator "mean_at".

    Yields
    ------
    Answer
        One for each role and subgroup, with a row for each outcome.
    """
    parts: dict[tuple[str, str | None], pd.Series] = {}
    unanswered = []
    terms = tuple((outcome.title, outcome.id) for outcome in outcomes_of(evidence.programme, question))
    for role, outcomes in roles_of(evidence.programme, question, outcomes_of(evidence.programme, question)):
        for outcome in outcomes:
            if evidence.of_pairs(outcome) and (outcome.title, "pairs") in parts:
                continue  # one log stands for both people of a pair
            wave = str(question.said.get("wave", ""))
            values = evidence.of_outcome(outcome, wave, [role]) if outcome.use else None
            if values is None or values.notna().sum() < FEWEST:
                who = evidence.programme.roles_by_id[role].title
                unanswered.append(Answer(question, None, f"too few {who} answered", role=role, about=(outcome.id,)))
            else:
                who = "pairs" if evidence.of_pairs(outcome) else evidence.programme.roles_by_id[role].title
                parts[outcome.title, who] = values
    if parts:
        result = _with_ends(evidence, mean_rows(parts, question, "points of the scale"), question)
        yield Answer(question, result, people=int(result.frame["n"].max()), about=question.outcomes, terms=terms)
        yield from _means_by_subgroup(evidence, question, parts, terms)
    yield from unanswered


def _with_ends(evidence: Evidence, result: Estimates, question: Question) -> Estimates:
    """Say from which value to which the scale of each row goes."""
    bounds = {one.title: evidence.bounds(one) for one in outcomes_of(evidence.programme, question)}
    ends = {title: f"{low:g} to {high:g}" for title, (low, high) in ((t, b) for t, b in bounds.items() if b)}
    return Estimates(result.tidy().assign(scale_ends=lambda frame: frame["term"].map(ends)), result.method)


def _means_by_subgroup(
    evidence: Evidence,
    question: Question,
    parts: Mapping[tuple[str, str | None], pd.Series],
    terms: tuple[tuple[str, str], ...],
) -> Iterator[Answer]:
    for subgroup in evidence.programme.subgroups:
        if subgroup.id not in question.subgroups:
            continue
        found: dict[str, dict[tuple[str, str | None], pd.Series]] = {}
        for (title, who), values in parts.items():
            labels = subgroup_labels(evidence, subgroup.columns, values.index)
            for label in sorted(set(labels)):
                found.setdefault(label, {})[f"{title}, {who}", label] = values[labels == label]
        made = {}
        for label, pieces in found.items():
            try:
                made[label] = mean_rows(pieces, question, "points of the scale")
            except UnansweredError:
                continue
        if len(made) > 1:
            result = split_rows(made, next(iter(made.values())).method)
            yield Answer(
                question,
                result,
                people=result.method.n_used,
                about=question.outcomes,
                subgroup=subgroup.id,
                terms=terms,
            )


def response_distribution(evidence: Evidence, question: Question) -> Iterator[Answer]:
    """Answer with the share of people in each answer, with Wilson's interval.

    Parameters
    ----------
    evidence : Evidence
        The data.
    question : Question
        A question with the estimator "response_distribution".

    Yields
    ------
    Answer
        One for each outcome and role. Several answers of one person are counted each.
    """
    for outcome in outcomes_of(evidence.programme, question):
        for role, _ in roles_of(evidence.programme, question, [outcome]):
            try:
                parts = _options(evidence, question, outcome, role)
                result = _of_opinion(share_rows(parts, question))
            except UnansweredError as why:
                yield Answer(question, None, str(why), role=role, about=(outcome.id,))
                continue
            yield Answer(
                question,
                result,
                people=int(result.frame["n"].max()),
                role=role,
                about=(outcome.id,),
                terms=((outcome.title, outcome.id),),
            )


def _of_opinion(result: Estimates) -> Estimates:
    """Take the numbers of people out of shares of opinions: an answer is no group that somebody is known to be in."""
    return Estimates(result.frame.drop(columns="n_events"), result.method)


def _options(
    evidence: Evidence, question: Question, outcome: Outcome, role: str
) -> dict[tuple[str, str | None], pd.Series]:
    use = evidence.programme.uses_by_id[str(outcome.use)]
    instrument = evidence.instruments[use.instrument]
    frame = evidence.scored(use.id, str(question.said.get("wave", "")))
    item = instrument.by_id.get(str(outcome.item))
    if frame is None or item is None:
        raise UnansweredError(_NO_ANSWERS)
    people = evidence.in_programme([role])
    frame = frame[frame.index.isin(people)] if frame.index.isin(evidence.people.index).any() else frame
    parts: dict[tuple[str, str | None], pd.Series] = {}
    declined = instrument.missing.get(item.id, frozenset()) if hasattr(instrument.missing, "get") else frozenset()
    for option in instrument.options_of(item):
        if option.value in declined or option.value == SKIPPED:
            continue
        ticked, name = f"{item.id}__{option.value}", item.id
        if ticked in frame.columns:
            values = frame[ticked]
            parts[outcome.title, option.label] = (values == 1).astype(object).where(values.notna())
        elif name in frame.columns:
            values = frame[name]
            known = values.notna() & ~values.astype(str).isin([str(value) for value in declined])
            parts[outcome.title, option.label] = (values.map(written) == str(option.value)).astype(object).where(known)
    if not parts:
        raise UnansweredError(_NO_ANSWERS)
    return parts


def reading(evidence: Evidence, question: Question) -> Iterator[Answer]:
    """Answer with the score of a checklist at each time.

    Parameters
    ----------
    evidence : Evidence
        The data.
    question : Question
        A question with the estimator "reading".

    Yields
    ------
    Answer
        One; a row for each outcome and wave. It is of one scheme, not of people: there is no interval, and `n` is the
        number of checklists.
    """
    rows: list[dict[str, object]] = []
    for outcome in outcomes_of(evidence.programme, question):
        use = evidence.programme.uses_by_id[str(outcome.use)]
        titles = {wave.id: wave.title for wave in evidence.instruments[use.instrument].waves}
        waves = question.said.get("waves", ())
        for wave in waves if isinstance(waves, tuple) else (waves,):
            values = evidence.values(use.id, str(outcome.scale or outcome.item), str(wave))
            if values is not None and values.notna().any():
                mean = float(pd.to_numeric(values, errors="coerce").mean())
                row = {"term": outcome.title, "group": titles.get(str(wave), str(wave)), "estimate": mean}
                rows.append({**row, "n": int(values.notna().sum())})
    if not rows:
        msg = "the checklist has not been filled in"
        raise UnansweredError(msg)
    used = int(sum(int(str(row["n"])) for row in rows))
    result = estimates(
        rows, Method("Reading of a checklist", question.estimand, "points of the checklist", n_given=used, n_used=used)
    )
    terms = tuple((outcome.title, outcome.id) for outcome in outcomes_of(evidence.programme, question))
    yield Answer(question, result, people=used, about=question.outcomes, terms=terms)


def participant_flow(evidence: Evidence, question: Question) -> Iterator[Answer]:
    """Answer with the people at each step.

    Parameters
    ----------
    evidence : Evidence
        The data.
    question : Question
        A question with the estimator "participant_flow".

    Yields
    ------
    Answer
        One for each party: a frame with the columns `step`, `n`, `of`, `reason`, `n_least` as `participant_flow` gives
        them; steps are those of the files. `of` is the last step before at which everybody was who is at this one:
        those who began an application need not have completed the programme. It is empty where there is none. Where
        few were lost between a step and the start, the step gives way: `n_least` says how many.
    """
    for role in evidence.programme.parties:
        if question.roles and role.id not in question.roles:
            continue
        people = evidence.in_programme([role.id])
        if not len(people):
            yield Answer(question, None, f"participants.csv holds no {role.title}", role=role.id, about=question.steps)
            continue
        rows: list[dict[str, object]] = []
        reached_before: dict[str, pd.Series] = {}
        ids: list[str] = []
        for step in evidence.programme.steps:
            if (
                step.id not in question.steps
                or not step.column.startswith("participants.")
                or not evidence.records(step.column)
            ):
                continue
            here = evidence.at_step(step, people)
            of = next((title for title, there in reversed(reached_before.items()) if there[here].all()), "")
            n, least = int(here.sum()), _fewest(step.id, here, reached_before.get(of))
            rows.append({"step": step.title, "of": of, "reason": "", "n": n, "n_least": least})
            reached_before[step.title] = here
            ids.append(step.id)
        for row, lost in zip(rows, lost_by_start(ids, [int(str(row["n"])) for row in rows]), strict=True):
            row["n_least"] = min(float(str(row["n_least"])), lost or math.inf)
        if not rows:
            yield Answer(question, None, "no step is filled in in participants.csv", role=role.id, about=question.steps)
            continue
        yield Answer(question, pd.DataFrame(rows), people=len(people), role=role.id, about=question.steps)


def _fewest(step: str, here: pd.Series, before: pd.Series | None) -> float:
    """Count who is at a step, or those lost on the way to it where they are fewer; the start is told whoever was lost.

    Every number of people in the report tells how many started, so the steps before the start give way.
    """
    n = int(here.sum())
    lost = int(before.sum()) - n if before is not None and step != STARTED else 0
    return float(min(n, lost) if lost > 0 else n)


def lost_by_start(steps: Sequence[str], people: Sequence[int]) -> list[float]:
    """Count who was lost between each step and the start, which is told: the step gives way where they are few.

    Parameters
    ----------
    steps : sequence of str
        Ids of steps, in their order.
    people : sequence of int
        How many were at each.

    Returns
    -------
    list of float
        By how many people each step before the start differs from it; infinite for the start, the steps after it, and
        where more were lost than started: those who started are withheld then before those who were lost are.

    Examples
    --------
    >>> lost_by_start(["applied", "matched", "started", "completed"], [42, 24, 22, 20])
    [20.0, 2.0, inf, inf]
    """
    at = steps.index(STARTED) if STARTED in steps else 0
    lost = [abs(n - people[at]) if place < at else math.inf for place, n in enumerate(people)]
    return [float(n) if n <= people[at] else math.inf for n in lost]
