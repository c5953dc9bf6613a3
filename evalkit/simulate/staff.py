"""Staff who stay or leave, from a model that is known: mentoring on the way, confounding, several reasons to leave."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import optimize, special

from evalkit.errors import Problem
from evalkit.frames import Problems, one_of, require, whole, within
from evalkit.simulate.staff_truth import StaffTruth

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mentoring = Literal["during", "entry"]

CAUSES = ("resignation", "retirement", "transfer")
_DAYS_A_MONTH = 30.4375
_REFERENCE_MONTHS, _YEAR = 24.0, 12.0

# Bands of Agenda for Change with their group, share of staff, and what the group adds to the log hazard of leaving
# before it is scaled.
_BANDS: dict[str, tuple[str, float]] = {
    "Band 2": ("Bands 2 to 4", 0.17), "Band 3": ("Bands 2 to 4", 0.13), "Band 4": ("Bands 2 to 4", 0.10),
    "Band 5": ("Bands 5 and 6", 0.20), "Band 6": ("Bands 5 and 6", 0.18), "Band 7": ("Bands 7 to 8b", 0.11),
    "Band 8a": ("Bands 7 to 8b", 0.05), "Band 8b": ("Bands 7 to 8b", 0.02), "Band 8c": ("Bands 8c and above", 0.015),
    "Band 8d": ("Bands 8c and above", 0.010), "Band 9": ("Bands 8c and above", 0.008),
    "VSM": ("Bands 8c and above", 0.007),
}  # fmt: skip
_BAND_GROUPS = {"Bands 2 to 4": 0.5, "Bands 5 and 6": 0.1, "Bands 7 to 8b": -0.5, "Bands 8c and above": -0.8}
# Age on entry: share, part of the log hazard, longest service before, and why people leave.
_AGES: dict[str, tuple[float, float, int, tuple[float, float, float]]] = {
    "Under 25": (0.12, 0.5, 4, (0.90, 0.00, 0.10)),
    "25 to 34": (0.30, 0.25, 12, (0.82, 0.00, 0.18)),
    "35 to 44": (0.25, -0.1, 20, (0.78, 0.01, 0.21)),
    "45 to 54": (0.20, -0.4, 20, (0.70, 0.12, 0.18)),
    "55 and over": (0.13, 0.2, 20, (0.35, 0.57, 0.08)),
}
_SERVICE, _SERVICE_KEEPS = -0.06, 0.85
# What says nothing about leaving.
_OTHERS: dict[str, dict[str, float]] = {
    "ethnicity": {"White": 0.70, "Asian": 0.12, "Black": 0.08, "Mixed": 0.02, "Other": 0.03, "Not stated": 0.05},
    "sex": {"Female": 0.77, "Male": 0.23},
    "staff_group": {
        "Nursing and midwifery": 0.28, "Additional clinical services": 0.20, "Administrative and clerical": 0.20,
        "Medical and dental": 0.10, "Allied health professionals": 0.07, "Estates and ancillary": 0.06,
        "Professional scientific and technical": 0.05, "Healthcare scientists": 0.03, "Students": 0.01,
    },
    "region": {
        "London": 0.19, "Midlands": 0.19, "North East and Yorkshire": 0.17, "North West": 0.15, "South East": 0.13,
        "East of England": 0.09, "South West": 0.08,
    },
}  # fmt: skip
_RESIGNED = {
    "Voluntary Resignation - Work Life Balance": 0.30, "Voluntary Resignation - Relocation": 0.25,
    "Voluntary Resignation - Promotion": 0.20, "Voluntary Resignation - Health": 0.10,
    "Voluntary Resignation - Lack of Opportunities": 0.15,
}  # fmt: skip
_ESR: dict[str, dict[str, float]] = {
    "resignation": _RESIGNED,
    "retirement": {"Retirement Age": 0.7, "Flexi Retirement": 0.2, "Retirement - Ill Health": 0.1},
    "transfer": {"Employee Transfer": 1.0},
}


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedStaff:
    """Synthetic staff records and the truth behind them.

    Parameters
    ----------
    staff : pandas.DataFrame
        Shape (people, columns), one row a person: `id`; `entry`, `exit`, `mentored_from` (months since the records
        began, below 0 before that, or dates; `exit` is missing for those still in post when the records end,
        `mentored_from` for those whose mentoring has not begun by the end of their record); with mentoring on entry
        `mentored` (true or false) in place of it; `reason` and `esr_reason` (text, None for those still in post);
        categories `band` (12), `band_group` (4), `age_band` (5, on entry), `ethnicity` (6, one of them "Not stated"),
        `sex`, `staff_group` (9), `region` (7); `previous_service` (whole years).
    truth : StaffTruth
        The truth of each estimand.
    roles : mapping of str to object
        Arguments of `cohort` that fit these records, without the covariates.
    """

    staff: pd.DataFrame
    truth: StaffTruth
    roles: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What was asked for."""

    hazard_ratios: tuple[float, ...]
    confounding: float
    prognosis: float
    mentoring: Mentoring
    mentored_share: float
    scale: float
    shape: float
    months: float
    before: float
    entering: float


def simulate_staff(
    n: int,
    *,
    hazard_ratio: float | Mapping[str, float],
    seed: int,
    confounding: float = 0.5,
    prognosis: float = 0.6,
    mentoring: Mentoring = "during",
    mentored_share: float = 0.3,
    leaving: float = 0.15,
    shape: float = 0.85,
    months: float = 60,
    before: float = 60,
    entering: float | None = None,
    rounded: bool = False,
    records_from: str | None = None,
) -> SimulatedStaff:
    """Make the records of n staff, with the truth of what mentoring does to their staying.

    Parameters
    ----------
    n : int
        People in the records.
    hazard_ratio : float or mapping of str to float
        What mentoring multiplies the hazard of leaving by, given the covariates; by cause ("resignation", "retirement",
        "transfer"; 1 for those that are not named) or for all alike.
    seed : int
        Of the random numbers.
    confounding : float, default 0.5
        How much more often those are mentored who would stay anyway: change of the log hazard (mentoring "during") or
        the log odds ("entry") of being mentored for one standard deviation less of the log hazard of leaving. 0 is a
        trial.
    prognosis : float, default 0.6
        Standard deviation of the log hazard of leaving between people, explained by band group, age band and previous
        service.
    mentoring : {"during", "entry"}, default "during"
        Whether mentoring begins at some time among those still in post, or on entry.
    mentored_share : float, default 0.3
        Share mentored: on entry, or within 24 months of those with an average log hazard who stay so long.
    leaving : float, default 0.15
        Share of those with an average log hazard, unmentored, who leave in their first year.
    shape : float, default 0.85
        Of the Weibull distribution of the time to leaving; below 1 the hazard falls with time.
    months : float, default 60
        Length of the records.
    before : float, default 60
        Staff who entered up to so many months before the records begin are in them if they are still in post then
        (delayed entry); 0 for none.
    entering : float, optional
        Staff enter evenly until so many months after the records begin; else until they end.
    rounded : bool, default False
        Give whole months, every duration rounded up: many ties.
    records_from : str, optional
        ISO date on which the records begin; the times are then dates.

    Returns
    -------
    SimulatedStaff
        The records, the truth and the arguments of `cohort`.

    Raises
    ------
    DataError
        DAT-009 or DAT-002 for a number outside its range, DAT-006 for an unknown cause or kind of mentoring, DAT-004
        for an unreadable date, DAT-007 for dates in rounded months.

    Notes
    -----
    The hazard of leaving at t months after entry is h(t) exp(prognosis z) times the hazard ratio once mentoring has
    begun, with h that of a Weibull distribution and z the sum of the effects of the covariates, standardised among all
    who enter. The cause follows from the age band. So Cox models of all leavers and of each cause are right when they
    hold band group (or band), age band and previous service.

    Whoever leaves before mentoring begins is never mentored: people "ever mentored" had to stay until then (immortal
    time). Rounding up adds up to a month to each duration; the truth is that of exact times.

    Examples
    --------
    >>> made = simulate_staff(500, hazard_ratio=0.7, seed=1)
    >>> len(made.staff), made.truth.conditional_hazard_ratio
    (500, 0.7)
    """
    ratios, unknown = _ratios(hazard_ratio)
    require(
        whole("n", n, low=1),
        whole("seed", seed, low=0),
        *(within(f"hazard_ratio, {cause}", value, above=0) for cause, value in ratios.items()),
        unknown,
        within("confounding", confounding, low=-5, high=5),
        within("prognosis", prognosis, low=0, high=3),
        *(within(name, value, above=0, high=0.99) for name, value in (("mentored_share", mentored_share),
                                                                        ("leaving", leaving))),
        within("shape", shape, low=0.2, high=5),
        within("months", months, above=0),
        within("before", before, low=0),
        within("entering", months if entering is None else entering, above=0),
        _kind_known(mentoring),
        _start_right(records_from, rounded=rounded),
    )  # fmt: skip
    until = float(months if entering is None else min(entering, months))
    scale = _YEAR / (-math.log1p(-leaving)) ** (1 / shape)
    plan = _Plan(
        tuple(ratios[cause] for cause in CAUSES),
        float(confounding), float(prognosis), mentoring, float(mentored_share),
        scale, float(shape), float(months), float(before), until,
    )  # fmt: skip
    kinds = _Kinds.of_staff()
    intercept = _intercept(kinds, plan)
    drawn = _draw(n, kinds, plan, intercept, np.random.default_rng(seed))
    frame = _frame(drawn, plan, rounded=rounded, records_from=records_from)
    return SimulatedStaff(frame, _truth(kinds, plan, intercept), MappingProxyType(_roles(plan, records_from)))


def _ratios(given: object) -> tuple[dict[str, float], Problems]:
    if not isinstance(given, Mapping):
        return dict.fromkeys(CAUSES, given), []  # type: ignore[arg-type]
    problems = [problem for name in given for problem in one_of("hazard_ratio", name, CAUSES)]
    return {cause: given.get(cause, 1.0) for cause in CAUSES}, problems


def _kind_known(mentoring: object) -> Problems:
    if mentoring in ("during", "entry"):
        return []
    return [Problem("DAT-006", "mentoring", repr(mentoring), '"during" or "entry"', "Choose one of them.")]


def _start_right(records_from: str | None, *, rounded: bool) -> Problems:
    if records_from is None:
        return []
    if rounded:
        remedy = "Leave out records_from, or rounded."
        return [Problem("DAT-007", "rounded", "whole months and dates", "one of them", remedy)]
    if pd.isna(pd.to_datetime(records_from, errors="coerce", format="ISO8601")):
        return [Problem("DAT-004", "records_from", repr(records_from), "a date such as 2020-04-01", "Write it so.")]
    return []


@dataclass(frozen=True, slots=True, eq=False)
class _Kinds:
    """All kinds of people that differ in what decides on leaving: band group, age band, previous service."""

    group: Ints
    age: Ints
    service: Ints
    share: Floats
    score: Floats  # standardised part of the log hazard
    mix: Floats  # shape (kinds, causes): why they leave
    effects: Mapping[str, float]  # part of the score of each level, against the first

    @classmethod
    def of_staff(cls) -> _Kinds:
        shares = dict.fromkeys(_BAND_GROUPS, 0.0)
        for group, share in _BANDS.values():
            shares[group] += share
        rows = []
        for place, (name, raw) in enumerate(_BAND_GROUPS.items()):
            for age, (part, add, longest, _) in enumerate(_AGES.values()):
                years = np.arange(longest + 1)
                law = _SERVICE_KEEPS**years / (_SERVICE_KEEPS**years).sum()
                rows += [
                    (place, age, year, shares[name] * part * likely, raw + add + _SERVICE * year)
                    for year, likely in zip(years, law, strict=True)
                ]
        table = np.array(rows)
        share = table[:, 3] / table[:, 3].sum()
        centre = float(share @ table[:, 4])
        spread = math.sqrt(float(share @ (table[:, 4] - centre) ** 2))
        codes = table[:, :3].astype(np.int64)
        mixes = np.array([mix for _, _, _, mix in _AGES.values()])
        effects = {
            **{
                f"band_group: {name}": (raw - _BAND_GROUPS["Bands 2 to 4"]) / spread
                for name, raw in _BAND_GROUPS.items()
            },
            **{f"age_band: {name}": (add - _AGES["Under 25"][1]) / spread for name, (_, add, _, _) in _AGES.items()},
            "previous_service": _SERVICE / spread,
        }
        score = (table[:, 4] - centre) / spread
        return cls(codes[:, 0], codes[:, 1], codes[:, 2], share, score, mixes[codes[:, 1]], effects)


def _intercept(kinds: _Kinds, plan: _Plan) -> float:
    """Log odds (on entry) or log rate a month (during) of being mentored at an average score."""
    if plan.mentoring == "during":
        return math.log(-math.log1p(-plan.mentored_share) / _REFERENCE_MONTHS)

    def too_many(intercept: float) -> float:
        return float(kinds.share @ special.expit(intercept - plan.confounding * kinds.score)) - plan.mentored_share

    return float(optimize.brentq(too_many, -40, 40, xtol=1e-13))


def _truth(kinds: _Kinds, plan: _Plan, intercept: float) -> StaffTruth:
    propensity = None
    if plan.mentoring == "entry":
        propensity = special.expit(intercept - plan.confounding * kinds.score)
    base = np.exp(plan.prognosis * kinds.score)[:, None] * kinds.mix
    return StaffTruth(
        causes=CAUSES,
        hazard_ratios=plan.hazard_ratios,
        effects=MappingProxyType({name: plan.prognosis * part for name, part in kinds.effects.items()}),
        shares=kinds.share,
        rates=base,
        propensity=propensity,
        scale=plan.scale,
        shape=plan.shape,
        window=(plan.months, plan.before, plan.entering),
    )


@dataclass(slots=True)
class _Drawn:
    kind: Ints
    entry: Floats
    left: Floats  # months after entry, whether or not it is seen
    begun: Floats  # months after entry, infinite where never
    cause: Ints
    kinds: _Kinds
    rng: np.random.Generator


def _draw(n: int, kinds: _Kinds, plan: _Plan, intercept: float, rng: np.random.Generator) -> _Drawn:
    """Draw people as they enter until n of them are in the records: those gone before are not."""
    parts: list[tuple[Ints, Floats, Floats, Floats, Ints]] = []
    found, size = 0, n
    while found < n:
        kind = rng.choice(len(kinds.share), size=size, p=kinds.share)
        entry = rng.uniform(-plan.before, plan.entering, size)
        left, begun, cause = _lives(kind, kinds, plan, intercept, rng)
        seen = entry + left > 0
        parts.append((kind[seen], entry[seen], left[seen], begun[seen], cause[seen]))
        found += int(seen.sum())
        size = max(1000, int(1.5 * (n - found)))
    kind, entry, left, begun, cause = (np.concatenate(part)[:n] for part in zip(*parts, strict=True))
    return _Drawn(kind, entry, left, begun, cause, kinds, rng)


def _lives(
    kind: Ints, kinds: _Kinds, plan: _Plan, intercept: float, rng: np.random.Generator
) -> tuple[Floats, Floats, Ints]:
    """Draw when mentoring begins, when people leave, and why."""
    size = len(kind)
    score = kinds.score[kind]
    inclined = intercept - plan.confounding * score
    if plan.mentoring == "entry":
        begun = np.where(rng.random(size) < special.expit(inclined), 0.0, np.inf)
    else:
        begun = rng.exponential(size=size) / np.exp(inclined)
    ratios = np.array(plan.hazard_ratios)
    plain = np.exp(plan.prognosis * score)
    helped = plain * (kinds.mix @ ratios)[kind]
    due = rng.exponential(size=size)
    # Hazard used up when mentoring begins; what is left of the exponential is spent at the mentored rate.
    hazard_then = (begun / plan.scale) ** plan.shape
    rest = due - plain * hazard_then
    later = rest > 0
    hazard = np.where(later, np.where(later, hazard_then, 0.0) + np.where(later, rest, 0.0) / helped, due / plain)
    left = plan.scale * hazard ** (1 / plan.shape)
    chance = kinds.mix[kind] * np.where(later[:, None], ratios, 1.0)
    upto = np.cumsum(chance, axis=1)
    cause = (rng.random(size)[:, None] * upto[:, -1:] > upto[:, :-1]).sum(axis=1)
    begun = np.where(begun < left, begun, np.inf)
    return left, begun, cause.astype(np.int64)


def _frame(drawn: _Drawn, plan: _Plan, *, rounded: bool, records_from: str | None) -> pd.DataFrame:
    n = len(drawn.kind)
    entry, left, begun = drawn.entry, drawn.left, drawn.begun
    if rounded:
        entry, left, begun = np.floor(entry), np.ceil(left), np.ceil(begun)
        # Whole months may end where the records begin: nobody is seen for no time.
        left = np.where(entry + left <= 0, 1 - entry, left)
    out = entry + left
    seen = out <= plan.months
    start = entry + begun
    columns: dict[str, object] = {"id": [f"p{number:07d}" for number in range(1, n + 1)]}
    columns["entry"] = _moment(entry, records_from)
    columns["exit"] = _moment(np.where(seen, out, np.nan), records_from)
    names = pd.Categorical.from_codes(np.where(seen, drawn.cause, -1), categories=list(CAUSES))
    columns["reason"] = names
    columns["esr_reason"] = _esr(drawn, seen)
    if plan.mentoring == "entry":
        columns["mentored"] = np.isfinite(begun)
    else:
        known = np.isfinite(begun) & (start < plan.months)
        columns["mentored_from"] = _moment(np.where(known, start, np.nan), records_from)
    return pd.DataFrame({**columns, **_covariates(drawn)})


def _moment(months: Floats, records_from: str | None) -> pd.Series:
    if records_from is None:
        return pd.Series(months)
    days = pd.to_timedelta(np.floor(months * _DAYS_A_MONTH), unit="D")
    return pd.Series(pd.Timestamp(records_from).normalize() + days)


def _esr(drawn: _Drawn, seen: npt.NDArray[np.bool_]) -> pd.Categorical:
    labels = [label for cause in CAUSES for label in _ESR[cause]]
    codes = np.full(len(drawn.cause), -1)
    at = 0
    for number, cause in enumerate(CAUSES):
        here = np.flatnonzero(seen & (drawn.cause == number))
        law = list(_ESR[cause].values())
        codes[here] = at + drawn.rng.choice(len(law), size=len(here), p=law)
        at += len(law)
    return pd.Categorical.from_codes(codes, categories=labels)


def _covariates(drawn: _Drawn) -> dict[str, object]:
    """Give the columns that decide on leaving, and those that do not."""
    rng, n = drawn.rng, len(drawn.kind)
    group = drawn.kinds.group[drawn.kind]
    bands, names = list(_BANDS), list(_BAND_GROUPS)
    band = np.zeros(n, dtype=np.int64)
    for number, name in enumerate(names):
        inside = [place for place, (of, _) in enumerate(_BANDS.values()) if of == name]
        shares = np.array([_BANDS[bands[place]][1] for place in inside])
        here = np.flatnonzero(group == number)
        band[here] = np.array(inside)[rng.choice(len(inside), size=len(here), p=shares / shares.sum())]
    columns: dict[str, object] = {
        "band": pd.Categorical.from_codes(band, categories=bands, ordered=True),
        "band_group": pd.Categorical.from_codes(group, categories=names, ordered=True),
        "age_band": pd.Categorical.from_codes(drawn.kinds.age[drawn.kind], categories=list(_AGES), ordered=True),
        "previous_service": drawn.kinds.service[drawn.kind],
    }
    for name, law_of in _OTHERS.items():
        law = np.array(list(law_of.values()))
        codes = rng.choice(len(law), size=n, p=law / law.sum())
        columns[name] = pd.Categorical.from_codes(codes, categories=list(law_of))
    return columns


def _roles(plan: _Plan, records_from: str | None) -> dict[str, object]:
    start, end = 0.0, plan.months
    days = pd.Timedelta(days=math.floor(end * _DAYS_A_MONTH))
    first = None if records_from is None else pd.Timestamp(records_from).normalize()
    return {
        "person": "id",
        "exit": "exit",
        "reason": "reason",
        "entry": "entry",
        "origin": "entry",
        "observed_from": start if first is None else first.date().isoformat(),
        "observed_to": end if first is None else (first + days).date().isoformat(),
        "mentored_from": "entry" if plan.mentoring == "entry" else "mentored_from",
    }
