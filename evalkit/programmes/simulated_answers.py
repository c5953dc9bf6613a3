"""Synthetic answers to the surveys of a programme, with planted changes, from the people of its synthetic records."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.instruments import Instrument, form_at
from evalkit.instruments.conditions import Condition, holds
from evalkit.programmes.folders import APPLICANT_CODE, PAIR_CODE, PERSON_CODE, EvaluationFolder, code_item
from evalkit.programmes.parts import Use
from evalkit.programmes.simulated_records import SimulatedRecords
from evalkit.simulate.waves import SimulatedWaves, simulate_waves

Floats = npt.NDArray[np.float64]

_WEEKS_A_MONTH = 4.348
_PARTS = 2**31
# Weeks after the end that still count as the end; waves from which a change grows from one to the next.
_SOON, _MANY = 6, 4
_WEEK_DAYS = 7
_STATE = "pair_state"
# Middle of yearly pay in pounds, its spread and the spread of its change between people, on the log scale.
_PAY, _PAY_SPREAD, _PAY_NOISE = 34_000, 0.25, 0.12


@dataclass(frozen=True, slots=True)
class Effects:
    """What is planted in the answers, in standard deviations of what a scale measures.

    Parameters
    ----------
    gain : float
        Change of participants from before to the end; towards benefit.
    kept : float
        Share of it that is left at a follow-up.
    with_time : float
        Change of the people whom they are compared with.
    each_dose : float
        Further change for each unit more of what was received than the mean.
    recalled : float
        By how much people place themselves lower when they look back.
    lost : float
        Probability of not answering a later wave, for somebody who answered in the middle at the first.
    lost_slope : float
        Change of its log odds for each standard deviation of what was answered at the first wave: below 0, those who
        stood low are lost more often.
    alike : float
        Variance of what the two people of a pair have in common.
    pay_at_return, pay_later : float
        Geometric mean of pay at the two later waves over pay before the break, as a ratio.
    """

    gain: float = 0.6
    kept: float = 0.85
    with_time: float = 0.1
    each_dose: float = 0.1
    recalled: float = 0.3
    lost: float = 0.15
    lost_slope: float = -0.5
    alike: float = 0.5
    pay_at_return: float = 0.93
    pay_later: float = 0.97


@dataclass(slots=True)
class SimulatedAnswers:
    """Answers to a use of an instrument.

    Parameters
    ----------
    use : Use
        The use.
    frames : dict of str to pandas.DataFrame
        Wave -> answers of all roles, as `simulate_waves` gives them; identifying questions but the code are left out.
    persons : list of dict of str to str
        For each person: wave -> respondent.
    people : dict of str to list of str
        Role -> codes of those who were asked; empty codes where the form has none.
    gains : dict of str to dict of str to numpy.ndarray
        Role -> wave -> planted change of each person, without what a pair has in common.
    alike : set of str
        Roles whose answers have a part in common with those of the other person of the pair.
    """

    use: Use
    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    persons: list[dict[str, str]] = field(default_factory=list)
    people: dict[str, list[str]] = field(default_factory=dict)
    gains: dict[str, dict[str, Floats]] = field(default_factory=dict)
    alike: set[str] = field(default_factory=set)


def simulate_answers(
    folder: EvaluationFolder, use: Use, records: SimulatedRecords, n: int, *, seed: int, effects: Effects
) -> SimulatedAnswers:
    """Make the answers to one use of an instrument.

    Parameters
    ----------
    folder : EvaluationFolder
        The folder.
    use : Use
        The use.
    records : SimulatedRecords
        Who took part, and what they received.
    n : int
        How many answer a form that carries no code.
    seed : int
        Of the random numbers; each use and role draws its own from it.
    effects : Effects
        What is planted.

    Returns
    -------
    SimulatedAnswers
        Answers of every role to every wave, and the truth behind them.
    """
    instrument = folder.instruments[use.instrument]
    found = SimulatedAnswers(use)
    for role in use.roles:
        people = _people(folder, use, records, role, n)
        if people:
            _answer(folder, found, instrument, role, people, records, seed, effects)
    for wave, frame in found.frames.items():
        planned = _as_recorded(folder, use, wave, frame, records)
        planned = _with_pay(folder, use, wave, planned, effects, seed)
        found.frames[wave] = _as_asked(form_at(instrument, wave), planned)
    return found


def _people(folder: EvaluationFolder, use: Use, records: SimulatedRecords, role: str, n: int) -> list[str]:
    item = code_item(folder.instruments[use.instrument])
    if item == PAIR_CODE:
        meetings = records.tables["meetings"]
        return list(meetings["pair"]) if role == use.roles[0] else []
    if item == APPLICANT_CODE:
        people = records.people
        return list(people.loc[(people["role"] == role) & people["applied"].notna(), "person"])
    if item == PERSON_CODE:
        if folder.programme.roles_by_id[role].audience == "line_manager":
            return [code for one in folder.programme.parties for code in records.started(one.id)]
        return records.started(role)
    return [""] if folder.programme.roles_by_id[role].audience == "coordinator" else [""] * n


def _answer(
    folder: EvaluationFolder, found: SimulatedAnswers, instrument: Instrument, role: str, people: list[str],
    records: SimulatedRecords, seed: int, effects: Effects,
) -> None:  # fmt: skip
    use, item = found.use, code_item(instrument)
    gains = _gains(folder, use, role, people, records, effects)
    fixed: dict[str, Sequence[object]] = {item: people} if item else {}
    fixed |= {name: [value] * len(people) for name, value in _agreeing(instrument, item).items()}
    own_seed = _seed(seed, use.id, role)
    start = len(found.persons)
    found.persons += [{} for _ in people]
    shifts = gains
    if item == PERSON_CODE and folder.programme.roles_by_id[role].party and _about_pairs(folder, use):
        common = _common(people, records, seed) * np.sqrt(effects.alike)
        shifts = {wave: gain + common for wave, gain in gains.items()}
        found.alike.add(role)
    for at, waves in enumerate([list(use.asked)] if use.linked else [[wave] for wave in use.asked]):
        made = simulate_waves(
            instrument, len(people), waves=waves, seed=own_seed + at, gains=shifts, recalled=effects.recalled,
            lost=effects.lost if people != [""] else 0.0, lost_slope=effects.lost_slope, fixed=fixed,
        )  # fmt: skip
        _keep(found, made, f"{role}-" if len(use.roles) > 1 else "", start)
    found.people[role] = people
    found.gains[role] = gains


def _about_pairs(folder: EvaluationFolder, use: Use) -> bool:
    """Tell whether a question asks how alike the two people of a pair answer this use, or what each owes the other."""
    return any(
        use.id in {folder.programme.outcomes_by_id[name].use, folder.programme.outcomes_by_id[name].partner_use}
        for question in folder.programme.questions
        if question.estimator in {"pair_agreement", "dyad_change"}
        for name in question.outcomes
    )


def _common(people: Sequence[str], records: SimulatedRecords, seed: int) -> Floats:
    """Draw what each pair has in common, the same for both people and all uses; 0 for people in no pair."""
    if "pair" not in records.people:
        return np.zeros(len(people))
    pair_of = dict(zip(records.people["person"], records.people["pair"], strict=True))
    pairs = sorted({pair for pair in pair_of.values() if isinstance(pair, str)})
    drawn = np.random.default_rng(_seed(seed, "pairs")).normal(size=len(pairs))
    part = dict(zip(pairs, drawn, strict=True))
    return np.array([part.get(pair_of.get(person, ""), 0.0) for person in people])


def _as_recorded(
    folder: EvaluationFolder, use: Use, wave: str, frame: pd.DataFrame, records: SimulatedRecords
) -> pd.DataFrame:
    """Let people say of their pair what the records hold: still meeting, finished, stopped early or never met."""
    if _STATE not in frame.columns or PERSON_CODE not in frame.columns:
        return frame
    started, gone = records.day("started"), records.day("withdrew")
    doses = [one.id for one in folder.programme.dose if one.file == "meetings"]
    met = {person for name in doses for person, number in records.doses.get(name, {}).items() if number}
    week, end = _week(folder, use, wave), float(folder.programme.months) * _WEEKS_A_MONTH
    lasting = "finished" if week >= end - _SOON else "going_on"
    states = [
        "never_met" if person not in met
        else "ended_early" if gone.get(person, np.nan) <= started.get(person, np.nan) + _WEEK_DAYS * week
        else lasting
        for person in frame[PERSON_CODE]
    ]  # fmt: skip
    return frame.assign(**{_STATE: states})


def _with_pay(
    folder: EvaluationFolder, use: Use, wave: str, frame: pd.DataFrame, effects: Effects, seed: int
) -> pd.DataFrame:
    """Let pay at a later wave stand to pay before as is planted, for questions about their ratio."""
    for question in folder.programme.questions:
        if question.estimator != "ratio_change":
            continue
        for name in question.outcomes:
            outcome = folder.programme.outcomes_by_id[name]
            said = question.said
            own = outcome.item if wave in {said["pre"], said["post"]} else None
            before_break = "pre_item" in said and wave == said["pre"]
            item = str(said["pre_item"]) if before_break else own
            if outcome.use != use.id or item not in frame.columns or PERSON_CODE not in frame.columns:
                continue
            ratio = 1.0 if before_break else planted_ratio(folder, use, wave, effects)
            pay = [
                int(np.exp(before + (0 if before_break else np.log(ratio) + change)))
                for before, change in (_pay_of(seed, str(person), wave) for person in frame[PERSON_CODE])
            ]
            frame = frame.copy()
            frame[str(item)] = pd.Series(pay, index=frame.index, dtype=object)
    return frame


def _pay_of(seed: int, person: str, wave: str) -> tuple[float, float]:
    """Draw the log of pay before the break, and how far a person's change at a wave differs from that of others."""
    rng = np.random.default_rng(_seed(seed, "pay", person))
    before, lasting = rng.normal(np.log(_PAY), _PAY_SPREAD), rng.normal(0, _PAY_NOISE)
    passing = np.random.default_rng(_seed(seed, "pay", person, wave)).normal(0, _PAY_NOISE)
    return float(before), float((lasting + passing) / np.sqrt(2))


def planted_ratio(folder: EvaluationFolder, use: Use, wave: str, effects: Effects) -> float:
    """Give the planted ratio of pay at a wave to pay before the break.

    Parameters
    ----------
    folder : EvaluationFolder
        The folder.
    use : Use
        The use.
    wave : str
        A later wave.
    effects : Effects
        What is planted.

    Returns
    -------
    float
        Geometric mean of the ratios of people.
    """
    end = float(folder.programme.months) * _WEEKS_A_MONTH
    return effects.pay_at_return if _week(folder, use, wave) <= end + _SOON else effects.pay_later


def _agreeing(instrument: Instrument, item: str) -> dict[str, object]:
    """Give the answers without which the question for the code is not shown, such as that the person has agreed."""
    home = next((one for one in instrument.sections if any(below.id == item for below in one.items)), None)
    if home is None or home.condition is None:
        return {}
    for other in instrument.items:
        for option in instrument.options_of(other):
            if holds(home.condition, {other.id: option.value}):
                return {other.id: option.value}
    return {}


def _keep(found: SimulatedAnswers, made: SimulatedWaves, prefix: str, start: int) -> None:
    for wave, frame in made.answers.items():
        if not len(frame):  # everybody was lost
            continue
        named = frame.assign(respondent=prefix + frame["respondent"])
        old = found.frames.get(wave)
        found.frames[wave] = named if old is None else pd.concat([old, named], ignore_index=True)
        for at, respondent in enumerate(made.people[wave]):
            if respondent is not None:
                found.persons[start + at][wave] = f"{prefix}{respondent}"


def _seed(seed: int, *names: str) -> int:
    return (zlib.crc32("/".join(names).encode()) + 7919 * seed) % _PARTS


def _gains(
    folder: EvaluationFolder, use: Use, role: str, people: Sequence[str], records: SimulatedRecords, effects: Effects
) -> dict[str, Floats]:
    """Plan how far each person has moved at each wave, against the first."""
    programme = folder.programme
    party = programme.roles_by_id[role].party or programme.roles_by_id[role].audience in {"line_manager", "coordinator"}
    whole = effects.gain if party else effects.with_time
    outcomes = [one for one in programme.outcomes if use.id in {one.use, one.partner_use}]
    worse = [one.direction == "higher_is_worse" for one in outcomes]
    sign = -1.0 if worse and all(worse) else 1.0
    more = _dosed(folder, use, people, records) * effects.each_dose if party else np.zeros(len(people))
    ramps = {wave: _ramp(folder, use, wave, effects) for wave in use.asked}
    first = ramps[use.asked[0]]
    return {wave: sign * (ramp - first) * (whole + more) for wave, ramp in ramps.items()}


def _ramp(folder: EvaluationFolder, use: Use, wave: str, effects: Effects) -> float:
    """Give the share of the change that has come about: from 0 at the start to 1 at the end, less of it later."""
    weeks = [_week(folder, use, one) for one in use.asked]
    week = _week(folder, use, wave)
    end = float(folder.programme.months) * _WEEKS_A_MONTH
    if week > end + _SOON:
        return effects.kept
    before, later = any(one <= 0 for one in weeks), [one for one in weeks if one > 0]
    # A form before and after one day asks for what that day changes; one at many times for what grows.
    whole = min(later) if before and later and len(weeks) < _MANY else end
    return float(np.clip(week / whole, 0.0, 1.0))


def _week(folder: EvaluationFolder, use: Use, wave: str) -> float:
    when = folder.programme.waves_by_id.get(use.wave_of(wave) or "")
    return float(when.week) if when is not None else 0.0


def _dosed(folder: EvaluationFolder, use: Use, people: Sequence[str], records: SimulatedRecords) -> Floats:
    """Tell by how much each person received more than the mean, of the dose that a question on this use names."""
    outcomes = {one.id for one in folder.programme.outcomes if one.use == use.id}
    named = [
        str(question.said["dose"])
        for question in folder.programme.questions
        if question.estimator == "dose_response" and outcomes & {*question.outcomes}
    ]
    if not named or named[0] not in records.doses:
        return np.zeros(len(people))
    received = records.doses[named[0]]
    amounts = np.array([received.get(person, np.nan) for person in people], dtype=float)
    there = ~np.isnan(amounts)
    return np.where(there, amounts - amounts[there].mean(), 0.0) if there.any() else np.zeros(len(people))


def _as_asked(form: Instrument, frame: pd.DataFrame) -> pd.DataFrame:
    """Take out the answers that the form's conditions hide, and the questions that identify."""
    code = code_item(form)
    frame = frame.drop(columns=[one.id for one in form.items if one.identifier and one.id != code and one.id in frame])
    hidden: list[tuple[str, tuple[Condition, ...]]] = [
        (item.id, tuple(one for one in (section.condition, item.condition) if one is not None))
        for section in form.sections
        for item in section.items
        if item.id in frame.columns and (section.condition is not None or item.condition is not None)
    ]
    limits = {item.id: item for item in form.items if item.kind == "multiple_choice" and item.id in frame.columns}
    if not hidden and not limits:
        return frame
    rows = frame.to_dict("records")
    ticked = {name: {str(one.value): one.value for one in form.options_of(item)} for name, item in limits.items()}
    for row in rows:
        for name, item in limits.items():
            row[name] = _few_enough(row[name], item.max)
        given = _given(row, ticked)
        for name, conditions in hidden:
            if not all(holds(one, given) for one in conditions):
                row[name] = None
                given.pop(name, None)
    return pd.DataFrame(rows, columns=list(frame.columns), dtype=object)


def _few_enough(value: object, most: object) -> object:
    if value is None or not isinstance(most, int):
        return value
    return " ".join(str(value).split()[:most])


def _given(row: Mapping[str, object], ticked: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in row.items():
        if value is not None and value == value:
            found[name] = tuple(ticked[name][one] for one in str(value).split()) if name in ticked else value
    return found
