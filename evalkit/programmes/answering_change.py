"""Answers about change: of people, of groups of them, against others, and along waves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from evalkit.change import categories, reliable, several_waves
from evalkit.change import dose as doses
from evalkit.change.comparison import adjusted_difference, difference_in_change
from evalkit.change.matched import proportion_change
from evalkit.change.means import mean_change
from evalkit.change.ranks import rank_change
from evalkit.change.recalled import response_shift
from evalkit.change.standardised import standardised_change
from evalkit.equality import survey_gaps
from evalkit.errors import EvalkitError
from evalkit.measurement.consistency import reliability
from evalkit.numeric.means import t_interval
from evalkit.programmes.answering_now import has, of_started, share_rows, subgroup_labels, without
from evalkit.programmes.answers import (
    ALIKE,
    FEWEST,
    HIGHER,
    LOWER,
    Answer,
    UnansweredError,
    outcomes_of,
    roles_of,
    several,
    split_rows,
    untested,
    with_terms,
    written,
)
from evalkit.programmes.evidence import Evidence
from evalkit.programmes.group_names import group_label, group_name
from evalkit.programmes.parts import Outcome, Question
from evalkit.result import Estimates, Method, estimates

Maker = Callable[..., Estimates]
_OF_PEOPLE: dict[str, Maker] = {
    "mean_change": mean_change,
    "standardised_change": standardised_change,
    "rank_change": rank_change,
    "proportion_change": proportion_change,
    "response_shift": response_shift,
}
_AGAINST_OTHERS: dict[str, Maker] = {
    "difference_in_change": difference_in_change,
    "adjusted_difference": adjusted_difference,
}
OWN, OTHERS = "programme", "comparison"
_LINKED = "too few {who} answered both before and after, or their answers could not be put together"
_NO_OTHERS = "nobody outside the programme answered both before and after, so there is no comparison group"
_BEFORE_AFTER = ("before", "after")


def wide(
    evidence: Evidence,
    outcomes: Sequence[Outcome],
    waves: Sequence[str],
    role: str,
    names: Sequence[str] = _BEFORE_AFTER,
) -> pd.DataFrame:
    """Put the answers of people at several waves side by side.

    Parameters
    ----------
    evidence : Evidence
        The data.
    outcomes : sequence of Outcome
        Measured by a scale or an item.
    waves : sequence of str
        Waves of the instrument.
    role : str
        Of whom.
    names : sequence of str
        What the waves are called in the columns.

    Returns
    -------
    pandas.DataFrame
        One row a person, columns OUTCOME_NAME; people who answered nothing, or have not started, are not in it.
    """
    columns = {
        f"{outcome.id}_{name}": of_started(evidence, values, role)
        for outcome in outcomes
        for wave, name in zip(waves, names, strict=True)
        if (values := evidence.of_outcome(outcome, wave, [role])) is not None
    }
    wanted = [f"{outcome.id}_{name}" for outcome in outcomes for name in names]
    return pd.DataFrame(columns).reindex(columns=wanted).apply(pd.to_numeric, errors="coerce")


def _titles(outcomes: Sequence[Outcome]) -> dict[str, str]:
    return {outcome.id: outcome.title for outcome in outcomes}


def _terms(outcomes: Sequence[Outcome]) -> tuple[tuple[str, str], ...]:
    return tuple((outcome.title, outcome.id) for outcome in outcomes)


def _bounds(evidence: Evidence, outcomes: Sequence[Outcome]) -> dict[str, tuple[float, float]] | None:
    known = {outcome.id: found for outcome in outcomes if (found := evidence.bounds(outcome)) is not None}
    return known if len(known) == len(outcomes) else None


def _complete(frame: pd.DataFrame, outcome: Outcome, names: Sequence[str] = _BEFORE_AFTER) -> int:
    return int(frame[[f"{outcome.id}_{name}" for name in names]].notna().all(axis=1).sum())


def paired(
    evidence: Evidence, question: Question, maker: Maker, names: Sequence[str] = _BEFORE_AFTER, **more: Any
) -> Iterator[Answer]:
    """Answer with an estimator of change between two waves, one call for each role.

    Parameters
    ----------
    evidence : Evidence
        The data.
    question : Question
        Says `pre` and `post`, and `then` where there are three names.
    maker : callable
        The estimator: takes a frame, `pre`, `post` and `scale`.
    names : sequence of str
        What the waves are called in the columns.
    **more : object
        Further arguments of the estimator.

    Yields
    ------
    Answer
        One for each role, then one for each subgroup; outcomes that too few answered both times come by themselves.
    """
    said = question.said
    waves = [str(said["pre"]), str(said["post"]), *([str(said["then"])] if "then" in names else [])]
    for role, outcomes in roles_of(evidence.programme, question, outcomes_of(evidence.programme, question)):
        frame = wide(evidence, [outcome for outcome in outcomes if outcome.use], waves, role, names)
        able = [outcome for outcome in outcomes if outcome.use and _complete(frame, outcome, names) >= FEWEST]
        for outcome in outcomes:
            if outcome not in able:
                who = evidence.programme.roles_by_id[role].title
                yield Answer(question, None, _LINKED.format(who=who), role=role, about=(outcome.id,))
        if not able:
            continue

        def make(part: pd.DataFrame, able: list[Outcome] = able) -> Estimates:
            given = {name: [f"{outcome.id}_{name}" for outcome in able] for name in names}
            roles: dict[str, Any] = {"pre": given["before"], "post": given["after"]}
            if "then" in given:
                roles["then"] = given["then"]
            found = maker(part.reset_index(drop=True), **roles, scale=_bounds(evidence, able), **more)
            return untested(with_terms(found, _titles(able)))

        result = make(frame)
        yield Answer(
            question,
            result,
            people=result.method.n_used,
            role=role,
            about=tuple(o.id for o in able),
            terms=_terms(able),
        )
        yield from _split(evidence, question, role, able, frame, make)


def _split(
    evidence: Evidence,
    question: Question,
    role: str,
    outcomes: Sequence[Outcome],
    frame: pd.DataFrame,
    make: Callable[[pd.DataFrame], Estimates],
) -> Iterator[Answer]:
    for subgroup in evidence.programme.subgroups:
        if subgroup.id not in question.subgroups:
            continue
        labels = subgroup_labels(evidence, subgroup.columns, frame.index)
        parts = {}
        for label in sorted(set(labels)):
            try:
                parts[label] = _main_rows(make(frame[labels == label]))
            except (EvalkitError, UnansweredError):
                continue
        if len(parts) > 1:
            result = untested(split_rows(parts, next(iter(parts.values())).method))
            yield Answer(
                question,
                result,
                people=result.method.n_used,
                role=role,
                subgroup=subgroup.id,
                about=tuple(outcome.id for outcome in outcomes),
                terms=_terms(outcomes),
            )


def _main_rows(result: Estimates) -> Estimates:
    """Keep, for a subgroup, the rows of change alone."""
    frame = result.tidy()
    if "quantity" in frame:
        kept = frame["quantity"].isin(["change from baseline", "mean change per unit of time"])
        frame = frame[kept].reset_index(drop=True)
        # In a split the group names the subgroup: the wave moves into the term's place.
        waves = frame["group"].map(lambda wave: "" if pd.isna(wave) else f", {wave}")
        frame["term"] = frame["term"].astype(str) + waves
    return Estimates(frame, result.method)


def between_waves(evidence: Evidence, question: Question) -> Iterator[Answer]:
    """Answer with a change between two waves.

    Parameters
    ----------
    evidence : Evidence
        The data.
    question : Question
        With the estimator "mean_change", "standardised_change" (corrected for small samples), "rank_change",
        "proportion_change" or "response_shift".

    Yields
    ------
    Answer
        As `paired`.
    """
    name = question.estimator
    more: dict[str, Any] = {}
    if name == "standardised_change":
        more = {"kind": str(question.said.get("kind", "d_av")), "hedges": True}
    elif name == "rank_change":
        more = {"zeros": "pratt"}
    elif name == "proportion_change":
        more = {"at_least": question.said["at_least"]}
    waves = (*_BEFORE_AFTER, "then") if name == "response_shift" else _BEFORE_AFTER
    yield from paired(evidence, question, _OF_PEOPLE[name], waves, **more)


def reliable_change(evidence: Evidence, question: Question) -> Iterator[Answer]:
    """Answer with shares of people whose change is more than measurement error.

    Parameters
    ----------
    evidence : Evidence
        The data.
    question : Question
        Says `pre` and `post`.

    Yields
    ------
    Answer
        One for each outcome and role; the reliability is Cronbach's alpha of the same answers before of which the
        spread is.
    """
    for outcome in outcomes_of(evidence.programme, question):
        for role, _ in roles_of(evidence.programme, question, [outcome]):
            try:
                yield _reliable(evidence, question, outcome, role)
            except (EvalkitError, UnansweredError) as why:
                text = (
                    str(why)
                    if isinstance(why, UnansweredError)
                    else ("how reliable the scale is cannot be told from so few answers before")
                )
                yield Answer(question, None, text, role=role, about=(outcome.id,))


def _reliable(evidence: Evidence, question: Question, outcome: Outcome, role: str) -> Answer:
    who = evidence.programme.roles_by_id[role].title
    frame = wide(evidence, [outcome], [str(question.said["pre"]), str(question.said["post"])], role)
    if _complete(frame, outcome) < FEWEST:
        raise UnansweredError(_LINKED.format(who=who))
    use = evidence.programme.uses_by_id[str(outcome.use)]
    scale = evidence.instruments[use.instrument].scales_by_id[str(outcome.scale)]
    answers = evidence.scored(use.id, str(question.said["pre"]))
    if answers is None:
        raise UnansweredError(_LINKED.format(who=who))
    # Reliability and spread make one error of measurement, and are of the same people.
    own = frame.index[frame[f"{outcome.id}_before"].notna()]
    keyed = answers.loc[answers.index.isin(own), list(scale.items)].apply(pd.to_numeric, errors="coerce")
    found = reliability(keyed.reset_index(drop=True), evidence.instruments[use.instrument]).frame
    alpha = found[(found["term"] == "alpha") & (found["group"] == scale.id)]["estimate"]
    if not len(alpha) or not 0 < float(alpha.iloc[0]) < 1:
        msg = "how reliable the scale is cannot be told from the answers before"
        raise UnansweredError(msg)
    result = reliable.reliable_change(
        frame.reset_index(drop=True),
        pre=[f"{outcome.id}_before"],
        post=[f"{outcome.id}_after"],
        reliability=float(alpha.iloc[0]),
        reliability_name=f"Cronbach's alpha of the answers of {who} before",
        higher_is_better=outcome.direction != "higher_is_worse",
        scale=_bounds(evidence, [outcome]),
    )
    result = with_terms(result, _titles([outcome]))
    return Answer(
        question, result, people=result.method.n_used, role=role, about=(outcome.id,), terms=_terms([outcome])
    )


def wave_change(evidence: Evidence, question: Question) -> Iterator[Answer]:
    """Answer with changes from the first wave to each later one.

    Parameters
    ----------
    evidence : Evidence
        The data.
    question : Question
        Says `waves`, and `end` and `follow_up` where a gain can be kept.

    Yields
    ------
    Answer
        One for each role, then one for each subgroup.
    """
    waves = [str(wave) for wave in several(question.said["waves"])]
    yield from _along(evidence, question, waves, several_waves.wave_change, _ends(question, waves))


def wave_slope(evidence: Evidence, question: Question) -> Iterator[Answer]:
    """Answer with the mean change in a month over all waves.

    Parameters
    ----------
    evidence : Evidence
        The data.
    question : Question
        Says `waves` and `times`.

    Yields
    ------
    Answer
        One for each role, then one for each subgroup.
    """
    waves = [str(wave) for wave in several(question.said["waves"])]
    times = [float(time) for time in several(question.said["times"])]
    yield from _along(evidence, question, waves, several_waves.wave_slope, {"times": times})


def _ends(question: Question, waves: Sequence[str]) -> dict[str, Any]:
    if len(waves) < 3:
        return {"anova": False}
    said = question.said
    end, later = str(said.get("end", waves[-2])), str(said.get("follow_up", waves[-1]))
    return {"anova": False, "end": end, "follow_up": later}


def _along(
    evidence: Evidence, question: Question, waves: Sequence[str], maker: Maker, more: Mapping[str, Any]
) -> Iterator[Answer]:
    for role, outcomes in roles_of(evidence.programme, question, outcomes_of(evidence.programme, question)):
        frame = wide(evidence, [one for one in outcomes if one.use], waves, role, waves)
        able = [one for one in outcomes if one.use and _seen_twice(frame, one, waves)]
        who = evidence.programme.roles_by_id[role].title
        for outcome in outcomes:
            if outcome not in able:
                yield Answer(question, None, _LINKED.format(who=who), role=role, about=(outcome.id,))
        if not able:
            continue

        def make(part: pd.DataFrame, able: list[Outcome] = able) -> Estimates:
            columns = {one.id: [f"{one.id}_{wave}" for wave in waves] for one in able}
            given = {"waves": columns, "labels": list(waves), "scale": _bounds(evidence, able), **more}
            found = maker(part.reset_index(drop=True), **given)
            return untested(with_terms(found, _titles(able)))

        try:
            result = make(frame)
        except EvalkitError:
            yield Answer(
                question, None, f"too few {who} answered in all waves", role=role, about=tuple(one.id for one in able)
            )
            continue
        yield Answer(
            question,
            result,
            people=result.method.n_used,
            role=role,
            about=tuple(one.id for one in able),
            terms=_terms(able),
        )
        yield from _split(evidence, question, role, able, frame, make)


def _seen_twice(frame: pd.DataFrame, outcome: Outcome, waves: Sequence[str]) -> bool:
    first, *later = (frame[f"{outcome.id}_{wave}"].notna() for wave in waves)
    return bool(any((first & one).sum() > FEWEST for one in later))


def dose_response(evidence: Evidence, question: Question) -> Iterator[Answer]:
    """Answer with the change for each further unit received.

    Parameters
    ----------
    evidence : Evidence
        The data.
    question : Question
        Says `pre`, `post` and `dose`.

    Yields
    ------
    Answer
        One for each role.
    """
    dose = next(one for one in evidence.programme.dose if one.id == question.said["dose"])
    waves = [str(question.said["pre"]), str(question.said["post"])]
    for role, outcomes in roles_of(evidence.programme, question, outcomes_of(evidence.programme, question)):
        who = evidence.programme.roles_by_id[role].title
        frame = wide(evidence, outcomes, waves, role)
        able = [one for one in outcomes if _complete(frame, one) > FEWEST]
        received = evidence.dose(dose, frame.index)
        if received is None:
            why = without(evidence, dose.file)
        elif not frame.index.isin(evidence.people.index).any():
            why = "answers do not say whose they are, so they cannot be put beside the records of meetings"
        elif not able:
            why = _LINKED.format(who=who)
        elif received.nunique() < 2:
            why = "everybody received the same"
        else:
            columns = {name: [f"{one.id}_{name}" for one in able] for name in _BEFORE_AFTER}
            found = doses.dose_response(
                frame.assign(dose=received).reset_index(drop=True),
                pre=columns["before"],
                post=columns["after"],
                dose="dose",
                dose_unit=dose.unit.removesuffix("s"),
                scale=_bounds(evidence, able),
            )
            result = untested(with_terms(found, _titles(able)))
            yield Answer(
                question, result, people=result.method.n_used, role=role, about=question.outcomes, terms=_terms(able)
            )
            continue
        yield Answer(question, None, why, role=role, about=question.outcomes)


def compared(evidence: Evidence, question: Question) -> Iterator[Answer]:
    """Answer with participants held against people who are not in the programme.

    Parameters
    ----------
    evidence : Evidence
        The data.
    question : Question
        With the estimator "difference_in_change" or "adjusted_difference".

    Yields
    ------
    Answer
        One for each outcome.
    """
    maker = _AGAINST_OTHERS[question.estimator]
    waves = [str(question.said["pre"]), str(question.said["post"])]
    for outcome in outcomes_of(evidence.programme, question):
        for role, _ in roles_of(evidence.programme, question, [outcome]):
            own = wide(evidence, [outcome], waves, role)
            others = _others(evidence, outcome, waves)
            why = ""
            if _complete(own, outcome) < FEWEST:
                why = _LINKED.format(who=evidence.programme.roles_by_id[role].title)
            elif _complete(others, outcome) < FEWEST:
                why = _NO_OTHERS
            if why:
                yield Answer(question, None, why, role=role, about=(outcome.id,))
                continue
            frame = pd.concat([own.assign(group=OWN), others.assign(group=OTHERS)])
            found = maker(
                frame.reset_index(drop=True),
                pre=[f"{outcome.id}_before"],
                post=[f"{outcome.id}_after"],
                group="group",
                reference=OTHERS,
                scale=_bounds(evidence, [outcome]),
            )
            result = untested(with_terms(found, _titles([outcome])))
            yield Answer(
                question, result, people=result.method.n_used, role=role, about=(outcome.id,), terms=_terms([outcome])
            )


def _others(evidence: Evidence, outcome: Outcome, waves: Sequence[str]) -> pd.DataFrame:
    columns = {
        f"{outcome.id}_{name}": values
        for wave, name in zip(waves, _BEFORE_AFTER, strict=True)
        if (values := evidence.others(outcome, wave)) is not None
    }
    wanted = [f"{outcome.id}_{name}" for name in _BEFORE_AFTER]
    return pd.DataFrame(columns).reindex(columns=wanted).apply(pd.to_numeric, errors="coerce")


def gap_in_change(evidence: Evidence, question: Question) -> Iterator[Answer]:
    """Answer with the change of one group of participants less that of another.

    Parameters
    ----------
    evidence : Evidence
        The data.
    question : Question
        Says `pre`, `post`, `group`, `reference` and `comparison`.

    Yields
    ------
    Answer
        One for each outcome and role.
    """
    said = question.said
    waves = [str(said["pre"]), str(said["post"])]
    column = str(said["group"])
    pair = [group_label(column, str(said[name])) for name in ("reference", "comparison")]
    for outcome in outcomes_of(evidence.programme, question):
        for role, _ in roles_of(evidence.programme, question, [outcome]):
            frame = wide(evidence, [outcome], waves, role)
            frame = frame.assign(group=evidence.labels(column, frame.index).to_numpy())
            frame = frame[frame["group"].isin(pair)]
            sizes = [_complete(frame[frame["group"] == label], outcome) for label in pair]
            if min(sizes) < FEWEST:
                names = " and ".join(group_name(column, label) for label in pair)
                yield Answer(
                    question,
                    None,
                    f"too few people of one of the groups ({names}) answered both before and after",
                    role=role,
                    about=(outcome.id,),
                )
                continue
            found = difference_in_change(
                frame.reset_index(drop=True),
                pre=[f"{outcome.id}_before"],
                post=[f"{outcome.id}_after"],
                group="group",
                reference=pair[0],
                scale=_bounds(evidence, [outcome]),
            )
            result = untested(with_terms(found, _titles([outcome])))
            yield Answer(
                question, result, people=result.method.n_used, role=role, about=(outcome.id,), terms=_terms([outcome])
            )


def category_change(evidence: Evidence, question: Question) -> Iterator[Answer]:
    """Answer with movements between categories of the same people.

    Parameters
    ----------
    evidence : Evidence
        The data.
    question : Question
        Says `pre`, `post`, and `pre_item` where the answer before is to another question.

    Yields
    ------
    Answer
        One for each outcome and role.
    """
    for outcome in outcomes_of(evidence.programme, question):
        for role, _ in roles_of(evidence.programme, question, [outcome]):
            before, after, names = _two_items(evidence, question, outcome, role)
            who = evidence.programme.roles_by_id[role].title
            frame = pd.DataFrame({f"{outcome.id}_before": before, f"{outcome.id}_after": after}).astype(object)
            frame = frame.map(partial(_named, names))
            if int(frame.notna().all(axis=1).sum()) < FEWEST:
                yield Answer(question, None, _LINKED.format(who=who), role=role, about=(outcome.id,))
                continue
            seen = set(frame.to_numpy().ravel())
            kept = [label for label in dict.fromkeys(names.values()) if label in seen]
            result = categories.category_change(
                frame.reset_index(drop=True),
                pre=[f"{outcome.id}_before"],
                post=[f"{outcome.id}_after"],
                categories=kept,
            )
            result = untested(with_terms(result, _titles([outcome])))
            yield Answer(
                question, result, people=result.method.n_used, role=role, about=(outcome.id,), terms=_terms([outcome])
            )


def ladder_change(evidence: Evidence, question: Question) -> Iterator[Answer]:
    """Answer with the shares of people who stand lower, the same or higher on a ladder of grades than before.

    Parameters
    ----------
    evidence : Evidence
        The data.
    question : Question
        Says `pre`, `post`, `ladder` (options from the lowest to the highest), `alone` (options off the ladder that are
        a grade of their own) and `pre_item` where the answer before is to another question.

    Yields
    ------
    Answer
        One for each outcome and role: three rows with Wilson's interval. People with a grade off the ladder count where
        it is the same both times; else their grades cannot be put in an order, and they are counted as left out.
    """
    for outcome in outcomes_of(evidence.programme, question):
        for role, _ in roles_of(evidence.programme, question, [outcome]):
            before, after, _ = _two_items(evidence, question, outcome, role)
            pair = pd.DataFrame({"before": before, "after": after}).dropna().astype(object).map(written)
            moves = _moves(pair, question)
            if int(moves.notna().sum()) < FEWEST:
                who = evidence.programme.roles_by_id[role].title
                yield Answer(question, None, _LINKED.format(who=who), role=role, about=(outcome.id,))
                continue
            parts: dict[tuple[str, str | None], pd.Series] = {
                (outcome.title, label): moves.eq(label).astype(object).where(moves.notna())
                for label in (LOWER, ALIKE, HIGHER)
            }
            found = share_rows(parts, question)
            given, used = len(moves), int(moves.notna().sum())
            lost = {"grades that cannot be put in an order": given - used} if given > used else {}
            method = replace(found.method, n_given=given, n_used=used, n_dropped=lost)
            result = Estimates(found.frame, method)
            yield Answer(question, result, people=used, role=role, about=(outcome.id,), terms=_terms([outcome]))


def _moves(pair: pd.DataFrame, question: Question) -> pd.Series:
    """Tell how each person moved; missing where the two grades have no order."""
    place = {str(name): at for at, name in enumerate(several(question.said["ladder"]))}
    steps = pair["after"].map(place) - pair["before"].map(place)
    moves = np.sign(steps).map({-1.0: LOWER, 0.0: ALIKE, 1.0: HIGHER}).astype(object)
    alone = {str(name) for name in several(question.said.get("alone", ()))}
    return moves.where(~(pair["before"].isin(alone) & (pair["before"] == pair["after"])), ALIKE)


def _named(names: Mapping[str, str], value: object) -> str | None:
    return None if pd.isna(value) else names.get(written(value))


def _two_items(
    evidence: Evidence, question: Question, outcome: Outcome, role: str
) -> tuple[pd.Series, pd.Series, dict[str, str]]:
    said = question.said
    use = evidence.programme.uses_by_id[str(outcome.use)]
    instrument = evidence.instruments[use.instrument]
    people = evidence.in_programme([role])
    item_before = str(said.get("pre_item", outcome.item))
    found = []
    for item, wave in ((item_before, str(said["pre"])), (str(outcome.item), str(said["post"]))):
        values = evidence.values(use.id, item, wave)
        values = pd.Series(dtype=object) if values is None else values
        found.append(values[values.index.isin(people)] if values.index.isin(evidence.people.index).any() else values)
    declined = {str(value) for value in instrument.missing.get(str(outcome.item), frozenset())}
    options = instrument.options_of(instrument.by_id[str(outcome.item)])
    names = {str(option.value): option.label for option in options if str(option.value) not in declined}
    return found[0], found[1], names


def ratio_change(evidence: Evidence, question: Question) -> Iterator[Answer]:
    """Answer with the geometric mean of after over before, such as pay at return over pay before the break.

    Parameters
    ----------
    evidence : Evidence
        The data.
    question : Question
        Says `pre`, `post`, `pre_item`; `against` names the earlier amount where `pre` is not its time.

    Yields
    ------
    Answer
        One for each outcome and role, then subgroups. Where `prices_from` names the question for the year of the
        earlier amount, and the file of `prices` holds the index of all those years, the earlier amount is brought to
        the prices of the last year of that file; else amounts are as they were stated. The method says which.
    """
    for outcome in outcomes_of(evidence.programme, question):
        for role, _ in roles_of(evidence.programme, question, [outcome]):
            before, after, _ = _two_items(evidence, question, outcome, role)
            pair = pd.DataFrame({"before": before, "after": after}).apply(pd.to_numeric, errors="coerce")
            pair, prices = in_prices(evidence, question, outcome, pair)
            who = evidence.programme.roles_by_id[role].title
            able = (pair > 0).all(axis=1)
            if int(able.sum()) < FEWEST:
                yield Answer(question, None, _LINKED.format(who=who), role=role, about=(outcome.id,))
                continue
            result = untested(ratio_rows(pair, outcome.title, question, prices))
            yield Answer(
                question, result, people=result.method.n_used, role=role, about=(outcome.id,), terms=_terms([outcome])
            )
            yield from _split(
                evidence,
                question,
                role,
                [outcome],
                pair[able],
                partial(ratio_rows, title=outcome.title, question=question, prices=prices),
            )


AS_STATED = (
    "Amounts are as stated, in the money of their own year: no index of prices is applied, so that a rise of prices "
    "between the two hides a part of a loss"
)


def in_prices(evidence: Evidence, question: Question, outcome: Outcome, pair: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Bring earlier amounts to the prices of the last year of the file of prices.

    Parameters
    ----------
    evidence : Evidence
        The data.
    question : Question
        Says `pre`, `prices_from` (the question for the year of the earlier amount) and `prices` (the column of the
        index, in a file with a row a year).
    outcome : Outcome
        What is asked.
    pair : pandas.DataFrame
        Columns `before` and `after`, in pounds, one row a person.

    Returns
    -------
    tuple of (pandas.DataFrame, str)
        The same columns, and in which prices they are; empty where the question names no year. Amounts stay as stated
        where a year of anybody with both amounts is not in the file, or is not known.
    """
    said = question.said
    if "prices_from" not in said:
        return pair, ""
    file, _, name = str(said.get("prices", "")).partition(".")
    table = evidence.typed.get(file)
    years = evidence.values(str(outcome.use), str(said["prices_from"]), str(said["pre"]))
    if table is None or years is None:
        return pair, AS_STATED
    known = table[(table[name] > 0) & table["year"].notna()].drop_duplicates("year")
    index = known.set_index("year")[name]
    own = pd.to_numeric(years, errors="coerce").reindex(pair.index).map(index)
    both = (pair > 0).all(axis=1)
    if not len(index) or own[both].isna().any():
        return pair, f"{AS_STATED} (prices.csv does not hold every year that was named)"
    last = float(index.index.max())
    sources = ", ".join(dict.fromkeys(known["source"].dropna().astype(str))) if "source" in known else ""
    told = f"Pay before the break is in the prices of {last:.0f}, by the index of {sources or 'prices.csv'}"
    return pair.assign(before=pair["before"] * float(index.loc[last]) / own), told


def ratio_rows(pair: pd.DataFrame, title: str, question: Question, prices: str = "") -> Estimates:
    """Estimate the geometric mean of the ratios of the same people.

    Parameters
    ----------
    pair : pandas.DataFrame
        Columns `before` and `after`, one row a person; amounts above 0, missing where not known.
    title : str
        Term of the row.
    question : Question
        What it answers.
    prices : str, default ""
        In which prices the amounts are, for the method.

    Returns
    -------
    Estimates
        One row: exp of the mean of log(after / before), with the t interval of the logarithms and the test of no change
        that belongs to it; `std_error` on the log scale.

    References
    ----------
    .. [1] Bland JM, Altman DG (1996). BMJ 312:1079 (analysis of ratios on the logarithmic scale).
    """
    good = pair[(pair > 0).all(axis=1)]
    if len(good) < FEWEST:
        msg = "too few people told both amounts"
        raise UnansweredError(msg)
    logs = np.log(good["after"].to_numpy(dtype=float) / good["before"].to_numpy(dtype=float))
    mean, sd = float(logs.mean()), float(logs.std(ddof=1))
    row: dict[str, object] = {"term": title, "estimate": float(np.exp(mean)), "n": len(logs)}
    if sd > 0:
        error, df = sd / np.sqrt(len(logs)), len(logs) - 1
        limits = t_interval(mean, error, df)
        row |= {"std_error": error, "df": df, "conf_low": np.exp(limits.low), "conf_high": np.exp(limits.high)}
        row |= {"statistic": mean / error, "p_value": float(2 * special.stdtr(df, -abs(mean / error)))}
    given = len(pair)
    method = Method(
        name="Geometric mean of ratios",
        estimand=question.estimand,
        unit="ratio",
        scale="log",
        interval="Student's t on the logarithm",
        n_given=given,
        n_used=len(logs),
        n_dropped={"not both amounts": given - len(logs)} if given > len(logs) else {},
        assumptions=(prices,) if prices else (),
        references=("Bland JM, Altman DG (1996). BMJ 312:1079.",),
    )
    return estimates([row], method)


def survey_gap(evidence: Evidence, question: Question) -> Iterator[Answer]:
    """Answer with the share in one group less the share in another, at one wave.

    Parameters
    ----------
    evidence : Evidence
        The data.
    question : Question
        Says `wave`, `group` (an item), `reference`, `comparison`, and `at_least` or `values`.

    Yields
    ------
    Answer
        One for each outcome.
    """
    said = question.said
    for outcome in outcomes_of(evidence.programme, question):
        use = evidence.programme.uses_by_id[str(outcome.use)]
        frame = evidence.scored(use.id, str(said["wave"]))
        measure = str(outcome.scale or outcome.item)
        name = measure if frame is None or measure in frame.columns else _ticked(frame, measure, said)
        if frame is None or name is None or str(said["group"]) not in frame.columns:
            yield Answer(question, None, "there are no answers to it at that time", about=(outcome.id,))
            continue
        hits = has(frame[name], question) if name == measure else frame[name].eq(1).where(frame[name].notna())
        group = _of_item(frame[str(said["group"])], said)
        labels = [" or ".join(map(str, several(said[key]))) for key in ("reference", "comparison")]
        data = pd.DataFrame({"group": group.to_numpy(), "agreed": hits.map({True: "yes", False: "no"}).to_numpy()})
        sizes = [int((data["group"].eq(label) & data["agreed"].notna()).sum()) for label in labels]
        if min(sizes) < FEWEST:
            yield Answer(
                question,
                None,
                f"too few people of one of the groups ({' and '.join(labels)}) answered",
                about=(outcome.id,),
            )
            continue
        adverse = None if outcome.direction == "neither" else outcome.direction == "higher_is_worse"
        result = survey_gaps.survey_gap(
            data, group="group", reference=labels[0], comparison=labels[1], agreed="agreed", adverse=adverse
        )
        rows = result.tidy()
        rows["group"] = [f"{g} ({t})" if t == "gap" else g for g, t in zip(rows["group"], rows["term"], strict=True)]
        rows["quantity"], rows["term"] = rows["term"], outcome.title
        yield Answer(
            question,
            untested(Estimates(rows, result.method)),
            people=sum(sizes),
            about=(outcome.id,),
            terms=_terms([outcome]),
        )


def _ticked(frame: pd.DataFrame, item: str, said: Mapping[str, Any]) -> str | None:
    """Find the column of one answer to a question with several."""
    names = [f"{item}__{value}" for value in several(said.get("values", ()))]
    return next((name for name in names if name in frame.columns), None)


def _of_item(values: pd.Series, said: Mapping[str, Any]) -> pd.Series:
    """Give each person's group by the answer to the question about it; the options of a group share its label."""
    from evalkit.equality.mappings import NOT_STATED, ethnic_group

    words = values.astype(object).where(values.notna(), None)
    text = words.map(lambda value: None if value is None else written(value))
    for key in ("reference", "comparison"):
        given = [str(value) for value in several(said[key])]
        text = text.where(~text.isin(given), " or ".join(given))
    wanted = {" or ".join(map(str, several(said[key]))) for key in ("reference", "comparison")}
    if wanted == {"white", "BME"} and not set(text.dropna()) & wanted:
        broad = text.map(lambda value: None if value is None else value.replace("_", " "))
        try:
            return pd.Series(np.asarray(ethnic_group(broad, to="bme"), dtype=object), index=values.index)
        except EvalkitError:
            simple = {"white": "white", "white british": "white", "white other": "white"}
            return broad.map(lambda v: NOT_STATED if v in {None, "pnts"} else simple.get(str(v), "BME"))
    if not set(text.dropna()) & wanted:
        return text
    return text.fillna(NOT_STATED)


def survey_trend(evidence: Evidence, question: Question) -> Iterator[Answer]:
    """Answer with the share at one wave less the share at another, of different people.

    Parameters
    ----------
    evidence : Evidence
        The data.
    question : Question
        Says `pre`, `post`, and `at_least` or `values`.

    Yields
    ------
    Answer
        One for each outcome: the shares at the two waves and at those between that were answered, from the first to
        the last, then the difference of the two with Newcombe's interval.
    """
    from evalkit.numeric.proportions import newcombe

    said = question.said
    for outcome in outcomes_of(evidence.programme, question):
        use = evidence.programme.uses_by_id[str(outcome.use)]
        first, last = str(said["pre"]), str(said["post"])
        known = _of_waves(evidence, question, outcome, _between(use.asked, first, last))
        if not {first, last} <= set(known):
            yield Answer(question, None, "there are no answers at one of the two times", about=(outcome.id,))
            continue
        titles = {wave.id: wave.title for wave in evidence.instruments[use.instrument].waves}
        later, earlier = known[last], known[first]
        names = [titles.get(wave, wave) for wave in (last, first)]
        shares = share_rows({(outcome.title, titles.get(wave, wave)): part for wave, part in known.items()}, question)
        gap = newcombe(int(later.sum()), len(later), int(earlier.sum()), len(earlier))
        row = {
            "term": outcome.title,
            "group": f"{names[0]} less {names[1]}",
            "estimate": gap.estimate,
            "conf_low": gap.low,
            "conf_high": gap.high,
            "n": len(later) + len(earlier),
            "n_least": min(len(later), len(earlier)),
            "quantity": "difference",
        }
        rows = [{**line, "quantity": "share", "n_least": line["n"]} for line in shares.frame.to_dict("records")]
        method = shares.method
        made = Method(
            name="Difference of shares of different people",
            estimand=question.estimand,
            unit="proportion",
            interval="Newcombe's for the difference, Wilson's for shares",
            n_given=method.n_given,
            n_used=method.n_used,
            n_dropped=method.n_dropped,
            assumptions=("Those who answered at the two times stand for the staff of their time",),
            references=("Newcombe RG (1998). Stat Med 17:873-890.",),
        )
        yield Answer(
            question,
            estimates([*rows, row], made),
            people=len(later) + len(earlier),
            about=(outcome.id,),
            terms=_terms([outcome]),
        )


def _between(asked: Sequence[str], first: str, last: str) -> list[str]:
    """List the waves from one to another, in the order in which they are asked."""
    places = [asked.index(wave) for wave in (first, last) if wave in asked]
    return list(asked[places[0] : places[1] + 1]) if len(places) == 2 else [first, last]


def _of_waves(evidence: Evidence, question: Question, outcome: Outcome, waves: Sequence[str]) -> dict[str, pd.Series]:
    """Tell of each wave with answers who has what a question asks for."""
    found = {wave: evidence.values(str(outcome.use), str(outcome.scale or outcome.item), wave) for wave in waves}
    known = {wave: has(values, question).dropna().astype(bool) for wave, values in found.items() if values is not None}
    return {wave: values for wave, values in known.items() if len(values) >= FEWEST}
