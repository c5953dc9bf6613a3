"""The planted answers to the questions of a programme, beside which a report on synthetic data can be held."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping

import numpy as np
import pandas as pd

from evalkit.instruments import Instrument, form_at
from evalkit.instruments.model import Scale
from evalkit.numeric.reliable_changes import change_errors
from evalkit.programmes.answers import ALIKE, HIGHER, LOWER, several
from evalkit.programmes.folders import PAIR_CODE, EvaluationFolder, code_item
from evalkit.programmes.latest_waves import at_latest
from evalkit.programmes.parts import Outcome, Question
from evalkit.programmes.simulated_answers import Effects, SimulatedAnswers, planted_ratio
from evalkit.programmes.simulated_people import SEX_SHARES
from evalkit.programmes.simulated_records import (
    Planted,
    SimulatedRecords,
    day_of_each,
    own_dates,
    still_there,
)
from evalkit.programmes.simulated_scores import Floats, Grid, ScoreLaw, item_law, population, score_law

TRUTH_COLUMNS = ("question", "about", "role", "term", "value", "unit")
# Estimators whose answers on synthetic data are held against nothing, and why.
WITHOUT_TRUTH: Mapping[str, str] = {
    "count": "a number of the records, complete and without an interval",
    "reading": "one checklist filled in by one coordinator: its points are what was written, without an interval",
    "participant_flow": "numbers of the records, complete and without an interval",
    "subdistribution_hazard_ratio": (
        "leaving and promotion are drawn with constant rates of their own, under which the subdistribution hazards are "
        "not proportional: the ratio depends on how long people are followed"
    ),
    "rank_change": "the typical change by ranks has no closed form under answers in steps",
    "median_time": "half of the participants have not left when the records end",
    "weighted_retention": "no programme asks for it",
}
# Share of the options of a question with several answers that each person ticks.
_TICKED = 0.3
# Estimators that rest on answers alone, as in a programme of a whole organisation.
ANSWERED = frozenset({"mean_at", "response_distribution", "survey_gap", "survey_trend"})
Row = tuple[str, str, str, float, str]


def truth_frame(
    folder: EvaluationFolder,
    records: SimulatedRecords,
    answers: Mapping[str, SimulatedAnswers],
    planted: Planted,
    effects: Effects,
    only: Collection[str] | None = None,
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
    effects : Effects
        What is planted in the answers.
    only : collection of str, optional
        Estimators; all by default.

    Returns
    -------
    pandas.DataFrame
        `question`, `about` (outcome, dose or step), `role` (empty for a comparison of groups), `term`, `value`, `unit`.
        Questions with an estimator of `WITHOUT_TRUTH` are not there.
    """
    context = _Context(folder, records, answers, planted, effects)
    rows = [
        (question.id, *row)
        for asked in folder.programme.questions
        if asked.estimator in _TRUTHS and (only is None or asked.estimator in only)
        for question in [at_latest(folder.programme, asked, lambda *_: True)]
        for row in _TRUTHS[question.estimator](context, question)
        if not math.isnan(row[3])
    ]
    return pd.DataFrame(rows, columns=list(TRUTH_COLUMNS))


class _Asked:
    """What one role was asked, at all waves of a use, for one outcome."""

    def __init__(self, context: _Context, found: SimulatedAnswers, role: str, outcome: Outcome) -> None:
        self.found, self.role, self.outcome = found, role, outcome
        self.instrument = context.folder.instruments[found.use.instrument]
        self.form, self.effects = context.form, context.effects
        self.first = found.use.asked[0]
        at_first = self.form(self.instrument, self.first).scales
        self.scales = max(sum(one.id in self.instrument.scales_by_id for one in at_first), 1)
        self.early = outcome.scale in {one.id for one in at_first}

    def scale(self, wave: str) -> Scale | None:
        known = {**self.instrument.scales_by_id, **self.form(self.instrument, wave).scales_by_id}
        if self.outcome.scale is not None:
            return known.get(self.outcome.scale)
        return next((one for one in known.values() if self.outcome.item in one.items), None)

    def law(self, wave: str) -> ScoreLaw | None:
        scale = self.scale(wave)
        if scale is None or self.outcome.scale is not None:
            return None if scale is None else score_law(scale)
        return item_law(scale, str(self.outcome.item))

    def people(self, *waves: str) -> Grid:
        """Lay out those who answered all of some waves; with none of them, everybody."""
        later = sum(wave != self.first for wave in waves) if self.found.use.linked and self.early else 0
        alike = self.effects.alike if self.role in self.found.alike else 0.0
        return population(self.scales, self.effects.lost, self.effects.lost_slope, alike, later)

    def levels(self, wave: str) -> Iterator[tuple[float, float]]:
        """Give each planted change and the share of people with it."""
        values, counts = np.unique(np.round(self.found.gains[self.role][wave], 9), return_counts=True)
        yield from zip(values.tolist(), (counts / counts.sum()).tolist(), strict=True)

    def factor(self, grid: Grid, wave: str, gain: float) -> Floats:
        at_first = wave == self.first or not self.found.use.linked
        return np.asarray((grid.first if at_first else grid.later) + grid.common + gain)

    def expect(self, wave: str, of: Callable[[Floats], Floats], answered: tuple[str, ...]) -> float:
        """Average something that goes by the factor at a wave, over those who answered some waves."""
        grid = self.people(*answered)
        return sum(share * grid.mean(of(self.factor(grid, wave, gain))) for gain, share in self.levels(wave))

    def mean(self, wave: str, *answered: str) -> float:
        law = self.law(wave) if wave in self.found.gains[self.role] else None
        return math.nan if law is None else self.expect(wave, law.mean, answered)

    def variance(self, wave: str, *answered: str) -> float:
        law = self.law(wave)
        return math.nan if law is None else self.expect(wave, law.square, answered) - self.mean(wave, *answered) ** 2

    def covariance(self, pre: str, post: str) -> float:
        """Give the covariance of scores before and after, where before is the first wave."""
        grid = self.people(pre, post)
        one, two = self.law(pre), self.law(post)
        if one is None or two is None:
            return math.nan
        before = one.mean(self.factor(grid, pre, 0.0))
        both = sum(
            share * grid.mean(before * two.mean(self.factor(grid, post, gain))) for gain, share in self.levels(post)
        )
        return both - self.mean(pre, pre, post) * self.mean(post, pre, post)


class _Context:
    def __init__(
        self, folder: EvaluationFolder, records: SimulatedRecords, answers: Mapping[str, SimulatedAnswers],
        planted: Planted, effects: Effects,
    ) -> None:  # fmt: skip
        self.folder, self.records, self.answers = folder, records, answers
        self.planted, self.effects = planted, effects
        self.programme = folder.programme
        self._forms: dict[tuple[str, str], Instrument] = {}

    def form(self, instrument: Instrument, wave: str) -> Instrument:
        """Take the form of a wave, made once."""
        if (instrument.id, wave) not in self._forms:
            self._forms[instrument.id, wave] = form_at(instrument, wave)
        return self._forms[instrument.id, wave]

    def outcomes(self, question: Question) -> list[Outcome]:
        return [self.programme.outcomes_by_id[name] for name in question.outcomes]

    def roles(self, question: Question, outcome: Outcome) -> list[str]:
        return [role for role in outcome.roles if not question.roles or role in question.roles]

    def asked(self, outcome: Outcome, role: str) -> _Asked | None:
        """Find the answers of a role to what measures an outcome; those of line managers are about their people."""
        for name in (outcome.use, outcome.partner_use):
            found = self.answers.get(name or "")
            if found is None:
                continue
            about = [one for one in found.gains if self.programme.roles_by_id[one].audience == "line_manager"]
            if role in found.gains or about:
                return _Asked(self, found, role if role in found.gains else about[0], outcome)
        return None

    def parts(self, question: Question) -> Iterator[tuple[Outcome, str, _Asked]]:
        """Go through the outcomes of a question that people answer, and the roles that do."""
        for outcome in self.outcomes(question):
            for role in self.roles(question, outcome):
                asked = self.asked(outcome, role)
                if asked is not None:
                    yield outcome, role, asked

    def others(self, outcome: Outcome) -> _Asked | None:
        """Find the answers of people who are not in the programme."""
        parties = {role.id for role in self.programme.parties}
        for use in self.programme.others_answer(outcome):
            found = self.answers.get(use.id)
            for role in found.gains if found is not None else ():
                if found is not None and role not in parties:
                    return _Asked(self, found, role, outcome)
        return None


def _said(question: Question, name: str) -> str:
    return str(question.said.get(name, ""))


def _mean_at(context: _Context, question: Question) -> Iterator[Row]:
    wave = _said(question, "wave")
    for outcome, role, asked in context.parts(question):
        of_pair = code_item(asked.instrument) == PAIR_CODE  # one log for both people
        yield outcome.id, "" if of_pair else role, "mean", asked.mean(wave, wave), "score"


def _mean_change(context: _Context, question: Question) -> Iterator[Row]:
    """Change of those who answered both times: with answers in steps, and losses by what was said before."""
    pre, post = _said(question, "pre"), _said(question, "post")
    for outcome, role, asked in context.parts(question):
        yield outcome.id, role, "after - before", asked.mean(post, pre, post) - asked.mean(pre, pre, post), "score"


def _standardised(context: _Context, question: Question) -> Iterator[Row]:
    pre, post, kind = _said(question, "pre"), _said(question, "post"), str(question.said.get("kind", "d_av"))
    for outcome, role, asked in context.parts(question):
        if kind != "d_av" or pre != asked.first:
            continue
        spread = (math.sqrt(asked.variance(pre, pre, post)) + math.sqrt(asked.variance(post, pre, post))) / 2
        value = (asked.mean(post, pre, post) - asked.mean(pre, pre, post)) / spread
        yield outcome.id, role, "standard deviations", value, "standard deviations"


def _reliable(context: _Context, question: Question) -> Iterator[Row]:
    """Share of people beyond the smallest reliable change, at the reliability and spread of an endless sample."""
    pre, post = _said(question, "pre"), _said(question, "post")
    for outcome, role, asked in context.parts(question):
        scale, law, after = asked.scale(pre), asked.law(pre), asked.law(post)
        if scale is None or law is None or after is None or pre != asked.first:
            continue
        grid = asked.people(pre, post)
        smallest = change_errors(math.sqrt(asked.variance(pre)), _alpha(asked, scale, pre)).smallest
        up = down = 0.0
        change = after.scores[None, :] - law.scores[:, None]
        before = law.spread(asked.factor(grid, pre, 0.0)) * grid.weight[:, None]
        for gain, share in asked.levels(post):
            both = before.T @ after.spread(asked.factor(grid, post, gain))
            up += share * float(both[change > smallest].sum())
            down += share * float(both[change < -smallest].sum())
        better, worse = (down, up) if outcome.direction == "higher_is_worse" else (up, down)
        yield outcome.id, role, "improved", better, "share"
        yield outcome.id, role, "deteriorated", worse, "share"


def _alpha(asked: _Asked, scale: Scale, wave: str) -> float:
    """Give Cronbach's alpha of a scale in an endless sample: items are exchangeable, so that it goes by one of them."""
    item = item_law(scale, next(name for name in scale.items if name not in scale.reverse))
    grid = asked.people()
    factor = asked.factor(grid, wave, 0.0)
    mean = grid.mean(item.mean(factor))
    shared = grid.mean(item.mean(factor) ** 2) - mean**2
    every = grid.mean(item.square(factor)) - mean**2
    k = len(scale.items)
    return k * shared / (every + (k - 1) * shared)


def _wave_change(context: _Context, question: Question) -> Iterator[Row]:
    """Change of everybody, which a mixed model finds although people are lost by what they said before."""
    waves = question.said["waves"]
    if not isinstance(waves, tuple):
        return
    first, *later = map(str, waves)
    for outcome, role, asked in context.parts(question):
        for wave in later:
            yield outcome.id, role, f"{wave} - {first}", asked.mean(wave) - asked.mean(first), "score"


def _wave_slope(context: _Context, question: Question) -> Iterator[Row]:
    """Slope of the straight line through the true means of the waves."""
    waves, times = question.said["waves"], question.said["times"]
    if not isinstance(waves, tuple) or not isinstance(times, tuple):
        return
    for outcome, role, asked in context.parts(question):
        means = [asked.mean(str(wave)) for wave in waves]
        slope = float(np.polyfit([float(str(time)) for time in times], means, 1)[0])
        yield outcome.id, role, "in a month", slope, "score"


def _proportion_change(context: _Context, question: Question) -> Iterator[Row]:
    pre, post, least = _said(question, "pre"), _said(question, "post"), float(str(question.said["at_least"]))
    for outcome, role, asked in context.parts(question):
        yield outcome.id, role, "after - before", _reaching(asked, post, least) - _reaching(asked, pre, least), "share"


def _reaching(asked: _Asked, wave: str, least: float, *answered: str) -> float:
    """Give the share of people who reach a value; questions that no scale uses are answered the same at every wave."""
    law = asked.law(wave)
    if law is not None:
        return asked.expect(wave, law.at_least(least), answered)
    item = asked.instrument.by_id[str(asked.outcome.item)]
    values = [float(str(one.value)) for one in asked.instrument.options_of(item) if not one.missing]
    return sum(value >= least for value in values) / len(values)


def _response_shift(context: _Context, question: Question) -> Iterator[Row]:
    pre, post, then = (_said(question, name) for name in ("pre", "post", "then"))
    for outcome, role, asked in context.parts(question):
        scale = asked.form(asked.instrument, post).scales_by_id.get(f"{outcome.scale}_{then}")
        if scale is None:
            continue
        grid = asked.people(pre, post)
        looking_back = grid.mean(score_law(scale).mean(grid.later - context.effects.recalled))
        yield outcome.id, role, "then - before", looking_back - asked.mean(pre, pre, post), "score"


def _in_change(context: _Context, question: Question) -> Iterator[Row]:
    """Participants' change less that of the others, of those who answered both times."""
    pre, post = _said(question, "pre"), _said(question, "post")
    for outcome, role, asked in context.parts(question):
        others = context.others(outcome)
        if others is not None:
            own, theirs = (one.mean(post, pre, post) - one.mean(pre, pre, post) for one in (asked, others))
            yield outcome.id, role, "difference", own - theirs, "score"


def _adjusted(context: _Context, question: Question) -> Iterator[Row]:
    """Difference after, less what the difference before explains by the common line within the groups."""
    pre, post = _said(question, "pre"), _said(question, "post")
    for outcome, role, asked in context.parts(question):
        others = context.others(outcome)
        if others is None or pre != asked.first:
            continue
        both = (asked, others)
        slope = sum(one.covariance(pre, post) for one in both) / sum(one.variance(pre, pre, post) for one in both)
        own, theirs = (one.mean(post, pre, post) - slope * one.mean(pre, pre, post) for one in both)
        yield outcome.id, role, "difference", own - theirs, "score"


def _gap(context: _Context, question: Question) -> Iterator[Row]:
    for outcome, role, _ in context.parts(question):
        yield outcome.id, role, "gap", 0.0, "score"


def _dose_response(context: _Context, question: Question) -> Iterator[Row]:
    """Least-squares line through the true changes of people by what they received."""
    pre, post, dose = (_said(question, name) for name in ("pre", "post", "dose"))
    received = context.records.doses.get(dose, {})
    for outcome, role, asked in context.parts(question):
        law = asked.law(post)
        amounts = np.array([received.get(person, np.nan) for person in asked.found.people[asked.role]])
        if law is None or np.isnan(amounts).any() or np.ptp(amounts) == 0:
            continue
        grid = asked.people(pre, post)
        gains = asked.found.gains[asked.role]
        levels, counts = np.unique(amounts, return_counts=True)
        changes = [
            np.mean([grid.mean(law.mean(asked.factor(grid, wave, gain)) * sign)
                     for gain in np.unique(np.round(gains[wave][amounts == level], 9))])
            for level in levels for wave, sign in ((post, 1.0), (pre, -1.0))
        ]  # fmt: skip
        differences = np.asarray(changes).reshape(-1, 2).sum(axis=1)
        slope = float(np.polyfit(levels, differences, 1, w=np.sqrt(counts))[0])
        yield outcome.id, role, f"for each further {dose}", slope, "score"


def _pair_agreement(context: _Context, question: Question) -> Iterator[Row]:
    """Correlation by what a pair has in common; losses of the two people are apart from each other."""
    wave = _said(question, "wave")
    for outcome in context.outcomes(question):
        both = [found for role in outcome.roles if (found := context.asked(outcome, role)) is not None]
        if len(both) != 2 or not all(one.role in one.found.alike for one in both):
            continue
        variances = [one.variance(wave, wave) for one in both]
        shared = _shared(both, wave)
        yield outcome.id, "", "correlation", 2 * shared / sum(variances), "correlation"


def _shared(both: list[_Asked], wave: str) -> float:
    """Give the covariance of the scores of two people of a pair: that of their means given what they have in common."""
    common = np.unique(both[0].people(wave).common)
    by_common, share = [], np.zeros(len(common))
    for one in both:
        grid, law = one.people(wave), one.law(wave)
        values = np.zeros(len(grid.weight))
        if law is not None:
            for gain, part in one.levels(wave):
                values += part * law.mean(one.factor(grid, wave, gain))
        weights = np.array([grid.weight[grid.common == value].sum() for value in common])
        sums = np.array([(grid.weight * values)[grid.common == value].sum() for value in common])
        by_common.append(sums / weights)
        share = weights
    first, second = by_common
    return float(share @ (first * second) - (share @ first) * (share @ second))


def _ratio_change(context: _Context, question: Question) -> Iterator[Row]:
    for outcome, role, asked in context.parts(question):
        pre, post = (
            planted_ratio(context.folder, asked.found.use, _said(question, name), context.effects)
            for name in ("pre", "post")
        )
        yield outcome.id, role, "ratio", post if "pre_item" in question.said else post / pre, "ratio"


def _category_change(context: _Context, question: Question) -> Iterator[Row]:
    """Say that nobody moves: answers before and after are drawn evenly from the same categories."""
    for outcome, role, asked in context.parts(question):
        item = asked.instrument.by_id[str(outcome.item)]
        for option in asked.instrument.options_of(item):
            if not option.missing:
                yield outcome.id, role, option.label, 0.0, "share"


def _ladder_change(context: _Context, question: Question) -> Iterator[Row]:
    """Count pairs of grades: answers before and after are drawn evenly from the same grades, apart from each other."""
    steps, alone = (len(several(question.said.get(name, ()))) for name in ("ladder", "alone"))
    moved, stayed = steps * (steps - 1) / 2, steps + alone
    every = 2 * moved + stayed
    for outcome, role, _ in context.parts(question):
        for label, pairs in ((LOWER, moved), (ALIKE, stayed), (HIGHER, moved)):
            yield outcome.id, role, label, pairs / every, "share"


def _distribution(context: _Context, question: Question) -> Iterator[Row]:
    """Give the shares of answers that are drawn evenly, or ticked alike by those who tick any."""
    for outcome, role, asked in context.parts(question):
        item = asked.instrument.by_id[str(outcome.item)]
        options = [one for one in asked.instrument.options_of(item) if not one.missing]
        several = item.kind == "multiple_choice"
        if several and item.max is not None:
            continue
        drawn = [one for one in options if not (several and one.exclusive)]
        share = _TICKED / (1 - (1 - _TICKED) ** len(drawn)) if several else 1 / len(drawn)
        for option in options:
            yield outcome.id, role, option.label, share if option in drawn else 0.0, "share"


def _survey_gap(context: _Context, question: Question) -> Iterator[Row]:
    for outcome in context.outcomes(question):
        yield outcome.id, "", "gap", 0.0, "share"


def _survey_trend(context: _Context, question: Question) -> Iterator[Row]:
    pre, post = _said(question, "pre"), _said(question, "post")
    for outcome, _, asked in context.parts(question):
        if "at_least" in question.said:
            least = float(str(question.said["at_least"]))
            yield outcome.id, "", "difference", _reaching(asked, post, least) - _reaching(asked, pre, least), "share"


def _share(context: _Context, question: Question) -> Iterator[Row]:
    for dose in context.programme.dose:
        if dose.id in question.dose:
            value = _received(context, math.ceil(float(dose.least)), day_of_each(dose))
            for role in dose.roles:
                if not question.roles or role in question.roles:
                    yield dose.id, role, "share", value, "share"
    if _said(question, "by") == "participants.sex":
        for step in question.steps:
            yield from ((step, "", f"share, {group}", value, "share") for group, value in SEX_SHARES.items())
    yield from _shares_of_columns(context, question)


def _received(context: _Context, least: int, days: Floats) -> float:
    """Add up, over the sessions that somebody is still there for, the chance of coming to enough of them."""
    there = np.concatenate([still_there(context.programme, context.planted, days), [0.0]])
    p, total = context.planted.attendance, 0.0
    for number in range(1, len(days) + 1):
        enough = sum(math.comb(number, k) * p**k * (1 - p) ** (number - k) for k in range(least, number + 1))
        total += float(there[number - 1] - there[number]) * enough
    return total


def _shares_of_columns(context: _Context, question: Question) -> Iterator[Row]:
    said_yes = context.planted.said_yes
    for outcome in context.outcomes(question):
        column = context.programme.column(outcome.column or "")
        if column is None or not (outcome.column or "").startswith("participants."):
            continue
        if column.kind == "yes_no" and question.said.get("values") == ("yes",):
            yield outcome.id, "", "share", said_yes, "share"
        elif column.kind == "date":
            yield outcome.id, "", "share", said_yes ** _further(context, question, column.name), "share"


def _further(context: _Context, question: Question, column: str) -> int:
    """Count the steps from those whom a question is about to a column: each is reached by the planted share."""
    own = own_dates(context.programme)
    step = next((one for one in context.programme.steps if one.id == _said(question, "of")), None)
    before = step.column.partition(".")[2] if step is not None else ""
    return own.index(column) - (own.index(before) if before in own else -1)


def _relative(context: _Context, question: Question) -> Iterator[Row]:
    """Give the planted ratio where white applicants are the likelier to be placed; elsewhere all are alike."""
    placed = {"matched", "started"} & {*question.steps} and _said(question, "of") in {"applied", "invited"}
    white = _said(question, "comparison").lower() == "white"
    planted = context.planted.access if white else 1 / context.planted.access
    by_ethnicity = _said(question, "group").endswith(".ethnicity")
    for about in question.steps or question.outcomes:
        yield about, "", "ratio", planted if placed and by_ethnicity else 1.0, "ratio"


def _pay_gap(context: _Context, question: Question) -> Iterator[Row]:
    """Say that there is none: pay in a file of the programme is drawn for everybody alike."""
    for outcome in context.outcomes(question):
        for name in ("mean", "median"):
            yield outcome.id, "", f"{name} gap in hourly pay", 0.0, "share"


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
                gone = 1 - math.exp(-both * time)
                yield outcome.id, "", f"{time:g} months", promotion / both * gone, "share"
                if "competing" in question.said:
                    yield "", "", f"left first, {time:g} months", leaving / both * gone, "share"


def _hazard(context: _Context, question: Question) -> Iterator[Row]:
    for outcome in context.outcomes(question):
        if (outcome.column or "").endswith(".left"):
            yield outcome.id, "", "hazard ratio", context.planted.rates.hazard_ratio, "ratio"


_TRUTHS: Mapping[str, Callable[[_Context, Question], Iterator[Row]]] = {
    "mean_at": _mean_at,
    "mean_change": _mean_change,
    "dyad_change": _mean_change,
    "standardised_change": _standardised,
    "reliable_change": _reliable,
    "proportion_change": _proportion_change,
    "wave_change": _wave_change,
    "wave_slope": _wave_slope,
    "response_shift": _response_shift,
    "difference_in_change": _in_change,
    "adjusted_difference": _adjusted,
    "gap_in_change": _gap,
    "dose_response": _dose_response,
    "pair_agreement": _pair_agreement,
    "ratio_change": _ratio_change,
    "category_change": _category_change,
    "ladder_change": _ladder_change,
    "response_distribution": _distribution,
    "survey_gap": _survey_gap,
    "survey_trend": _survey_trend,
    "share": _share,
    "relative_likelihood": _relative,
    "pay_gap": _pay_gap,
    "retention_at": _retention,
    "restricted_mean": _restricted,
    "cumulative_incidence": _incidence,
    "hazard_ratio": _hazard,
    "weighted_hazard_ratio": _hazard,
}
