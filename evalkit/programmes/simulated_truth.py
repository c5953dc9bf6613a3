"""The planted answers to the questions of a programme, beside which a report on synthetic data can be held."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd

from evalkit.instruments import Instrument, form_at
from evalkit.programmes.folders import EvaluationFolder
from evalkit.programmes.parts import Outcome, Question
from evalkit.programmes.simulated_answers import SimulatedAnswers
from evalkit.programmes.simulated_records import Planted, SimulatedRecords
from evalkit.simulate.waves import true_mean

TRUTH_COLUMNS = ("question", "about", "role", "term", "value", "unit")
_LOADING = 0.7
Row = tuple[str, str, str, float, str]


def truth_frame(
    folder: EvaluationFolder,
    records: SimulatedRecords,
    answers: Mapping[str, SimulatedAnswers],
    planted: Planted,
    each_dose: float,
) -> pd.DataFrame:
    """Work out what each question's estimand is in the synthetic data.

    Parameters
    ----------
    folder : EvaluationFolder
        The folder.
    records : SimulatedRecords
        The records.
    answers : mapping of str to SimulatedAnswers
        Use -> its answers.
    planted : Planted
        What is planted in the records.
    each_dose : float
        Planted change for each unit of what was received, in standard deviations.

    Returns
    -------
    pandas.DataFrame
        `question`, `about` (outcome, dose or step), `role` (empty for a comparison of groups), `term`, `value`, `unit`.
        A question whose truth has no closed form is not there.
    """
    context = _Context(folder, records, answers, planted, each_dose)
    rows = [
        (question.id, *row)
        for question in folder.programme.questions
        if question.estimator in _TRUTHS
        for row in _TRUTHS[question.estimator](context, question)
    ]
    return pd.DataFrame(rows, columns=list(TRUTH_COLUMNS))


class _Context:
    def __init__(
        self, folder: EvaluationFolder, records: SimulatedRecords, answers: Mapping[str, SimulatedAnswers],
        planted: Planted, each_dose: float,
    ) -> None:  # fmt: skip
        self.folder, self.records, self.answers = folder, records, answers
        self.planted, self.each_dose = planted, each_dose
        self.programme = folder.programme

    def outcomes(self, question: Question) -> list[Outcome]:
        return [self.programme.outcomes_by_id[name] for name in question.outcomes]

    def roles(self, question: Question, outcome: Outcome) -> list[str]:
        return [role for role in outcome.roles if not question.roles or role in question.roles]

    def use_of(self, outcome: Outcome, role: str) -> SimulatedAnswers | None:
        """Find the answers of a role to the scale of an outcome."""
        for name in (outcome.use, outcome.partner_use):
            found = self.answers.get(name or "")
            if found is not None and role in found.means:
                return found
        return None

    def mean(self, outcome: Outcome, role: str, wave: str, scale: str = "") -> float:
        found = self.use_of(outcome, role)
        name = scale or outcome.scale or ""
        if found is None or wave not in found.means[role].columns or name not in found.means[role].index:
            return math.nan
        return float(found.means[role].loc[name, wave])

    def others(self, outcome: Outcome) -> tuple[SimulatedAnswers, str] | None:
        """Find the answers of people who are not in the programme."""
        for use in self.programme.others_answer(outcome):
            found = self.answers.get(use.id)
            parties = {role.id for role in self.programme.parties}
            for role in found.means if found is not None else ():
                if found is not None and role not in parties:
                    return found, role
        return None

    def instrument(self, outcome: Outcome) -> Instrument:
        use = self.programme.uses_by_id[outcome.use or ""]
        return self.folder.instruments[use.instrument]


def _said(question: Question, name: str) -> str:
    return str(question.said.get(name, ""))


def _mean_at(context: _Context, question: Question) -> Iterator[Row]:
    for outcome in context.outcomes(question):
        for role in context.roles(question, outcome):
            value = context.mean(outcome, role, _said(question, "wave"))
            if not math.isnan(value):
                yield outcome.id, role, "mean", value, "score"


def _mean_change(context: _Context, question: Question) -> Iterator[Row]:
    pre, post = _said(question, "pre"), _said(question, "post")
    for outcome in context.outcomes(question):
        for role in context.roles(question, outcome):
            value = context.mean(outcome, role, post) - context.mean(outcome, role, pre)
            if not math.isnan(value):
                yield outcome.id, role, "after - before", value, "score"


def _wave_change(context: _Context, question: Question) -> Iterator[Row]:
    waves = question.said["waves"]
    if not isinstance(waves, tuple):
        return
    first, *later = map(str, waves)
    for outcome in context.outcomes(question):
        for role in context.roles(question, outcome):
            for wave in later:
                value = context.mean(outcome, role, wave) - context.mean(outcome, role, first)
                if not math.isnan(value):
                    yield outcome.id, role, f"{wave} - {first}", value, "score"


def _response_shift(context: _Context, question: Question) -> Iterator[Row]:
    pre, post, then = (_said(question, name) for name in ("pre", "post", "then"))
    for outcome in context.outcomes(question):
        for role in context.roles(question, outcome):
            looking_back = context.mean(outcome, role, post, f"{outcome.scale}_{then}")
            value = looking_back - context.mean(outcome, role, pre)
            if not math.isnan(value):
                yield outcome.id, role, "then - before", value, "score"


def _against_others(context: _Context, question: Question) -> Iterator[Row]:
    """Participants' change less that of the others; both started alike, so adjusting for before changes nothing."""
    pre, post = _said(question, "pre"), _said(question, "post")
    for outcome in context.outcomes(question):
        others = context.others(outcome)
        roles = context.roles(question, outcome)
        if others is None or not roles:
            continue
        found, role = others
        means = found.means[role]
        if not {pre, post} <= set(means.columns) or outcome.scale not in means.index:
            continue
        change = float(means.loc[outcome.scale, post] - means.loc[outcome.scale, pre])
        own = context.mean(outcome, roles[0], post) - context.mean(outcome, roles[0], pre)
        if not math.isnan(own):
            yield outcome.id, "", "difference", own - change, "score"


def _gap(context: _Context, question: Question) -> Iterator[Row]:
    for outcome in context.outcomes(question):
        yield outcome.id, "", "gap", 0.0, "score"


def _dose_response(context: _Context, question: Question) -> Iterator[Row]:
    """Least-squares line through the true changes of people by what they received."""
    pre, post, dose = (_said(question, name) for name in ("pre", "post", "dose"))
    received = context.records.doses.get(dose, {})
    for outcome in context.outcomes(question):
        for role in context.roles(question, outcome):
            found = context.use_of(outcome, role)
            if found is None or outcome.scale is None or post not in found.gains[role]:
                continue
            amounts = np.array([received.get(person, np.nan) for person in found.people[role]])
            if np.isnan(amounts).any() or np.ptp(amounts) == 0:
                continue
            scale = form_at(context.instrument(outcome), post).scales_by_id[outcome.scale]
            levels = np.unique(amounts)
            gains = found.gains[role]
            changes = [
                true_mean(scale, gains[post][amounts == level], _LOADING)
                - true_mean(scale, gains[pre][amounts == level], _LOADING)
                for level in levels
            ]
            counts = np.array([(amounts == level).sum() for level in levels])
            slope = float(np.polyfit(levels, changes, 1, w=np.sqrt(counts))[0])
            yield outcome.id, role, f"for each further {dose}", slope, "score"


def _share(context: _Context, question: Question) -> Iterator[Row]:
    for dose in context.programme.dose:
        if dose.id in question.dose:
            number, least = int(dose.number), math.ceil(float(dose.least))
            p = context.planted.attendance
            value = sum(math.comb(number, k) * p**k * (1 - p) ** (number - k) for k in range(least, number + 1))
            for role in dose.roles:
                if not question.roles or role in question.roles:
                    yield dose.id, role, "share", value, "share"
    for outcome in context.outcomes(question):
        column = context.programme.column(outcome.column or "")
        own = column is not None and column.kind == "yes_no" and (outcome.column or "").startswith("participants.")
        if own and question.said.get("values") == ("yes",):
            yield outcome.id, "", "share", context.planted.said_yes, "share"


def _relative(context: _Context, question: Question) -> Iterator[Row]:
    if question.steps != ("matched",) or _said(question, "of") != "applied":
        return
    by_ethnicity = _said(question, "group").endswith(".ethnicity")
    white = _said(question, "comparison").lower() == "white"
    ratio = context.planted.access if white else 1 / context.planted.access
    yield "matched", "", "ratio", ratio if by_ethnicity else 1.0, "ratio"


def _times(question: Question) -> list[float]:
    said = question.said.get("times", ())
    return [float(str(one)) for one in said] if isinstance(said, tuple) else [float(str(said))]


def _leaving(context: _Context) -> tuple[float, float]:
    """Give the rates of leaving and of promotion of participants, in a month."""
    rates = context.planted.rates
    return rates.leaving * rates.hazard_ratio / 12, rates.promotion * rates.promotion_ratio / 12


def _retention(context: _Context, question: Question) -> Iterator[Row]:
    leaving, _ = _leaving(context)
    for outcome in context.outcomes(question):
        for time in _times(question):
            yield outcome.id, "", f"{time:g} months", math.exp(-leaving * time), "share"


def _restricted(context: _Context, question: Question) -> Iterator[Row]:
    leaving, _ = _leaving(context)
    horizon = float(str(question.said.get("horizon", 0)) or 0)
    for outcome in context.outcomes(question):
        if horizon > 0:
            yield outcome.id, "", f"{horizon:g} months", (1 - math.exp(-leaving * horizon)) / leaving, "months"


def _incidence(context: _Context, question: Question) -> Iterator[Row]:
    leaving, promotion = _leaving(context)
    both = leaving + promotion
    for outcome in context.outcomes(question):
        if _said(question, "cause") == "promoted" and (outcome.column or "").endswith(".promoted"):
            for time in _times(question):
                value = promotion / both * (1 - math.exp(-both * time))
                yield outcome.id, "", f"{time:g} months", value, "share"


def _hazard(context: _Context, question: Question) -> Iterator[Row]:
    for outcome in context.outcomes(question):
        if (outcome.column or "").endswith(".left"):
            yield outcome.id, "", "hazard ratio", context.planted.rates.hazard_ratio, "ratio"


_TRUTHS: Mapping[str, Callable[[_Context, Question], Iterator[Row]]] = {
    "mean_at": _mean_at,
    "mean_change": _mean_change,
    "dyad_change": _mean_change,
    "wave_change": _wave_change,
    "response_shift": _response_shift,
    "difference_in_change": _against_others,
    "adjusted_difference": _against_others,
    "gap_in_change": _gap,
    "dose_response": _dose_response,
    "share": _share,
    "relative_likelihood": _relative,
    "retention_at": _retention,
    "restricted_mean": _restricted,
    "cumulative_incidence": _incidence,
    "hazard_ratio": _hazard,
    "weighted_hazard_ratio": _hazard,
}
