"""A synthetic workforce with planted disparities: all standard inputs of the equality indicators, and the truth."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.frames import require, whole, within
from evalkit.simulate.workforce_model import (
    AFFECTED,
    BANDS,
    BONUS_CHANCE,
    BONUS_MIDDLE,
    BONUS_SPREAD,
    CPD,
    DISABILITY,
    DISABILITY_SHARE,
    DISCIPLINARY,
    ETHNIC,
    FULL_PAY,
    LEAVING,
    OFFERED,
    PAY_RISE,
    PAY_SPREAD,
    QUESTIONS,
    RESPONSE,
    SEXES,
    STATES,
    SUPPORT,
    VACANT,
    Chain,
    Disparities,
    applicants,
    chain_of,
    recruited_law,
    survey_law,
)
from evalkit.simulate.workforce_truth import board_chance, pay_scale, truth_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.int8]

_LEVELS: dict[str, tuple[str, float]] = {
    "White: British": ("white", 0.90), "White: Irish": ("white", 0.02),
    "White: Gypsy or Irish Traveller": ("white", 0.005), "White: other": ("white", 0.075),
    "Mixed: White and Black Caribbean": ("BME", 0.02), "Mixed: White and Black African": ("BME", 0.015),
    "Mixed: White and Asian": ("BME", 0.02), "Mixed: other": ("BME", 0.02), "Asian: Indian": ("BME", 0.25),
    "Asian: Pakistani": ("BME", 0.10), "Asian: Bangladeshi": ("BME", 0.03), "Asian: Chinese": ("BME", 0.03),
    "Asian: other": ("BME", 0.13), "Black: African": ("BME", 0.22), "Black: Caribbean": ("BME", 0.06),
    "Black: other": ("BME", 0.025), "Other: Arab": ("BME", 0.02), "Other: any other": ("BME", 0.06),
    "not stated": ("not stated", 1.0),
}  # fmt: skip
_STAFF_GROUPS: dict[str, tuple[float, bool]] = {
    "Add Prof Scientific and Technic": (0.05, True), "Additional Clinical Services": (0.22, True),
    "Administrative and Clerical": (0.24, False), "Allied Health Professionals": (0.09, True),
    "Estates and Ancillary": (0.06, False), "Healthcare Scientists": (0.03, True),
    "Nursing and Midwifery Registered": (0.31, True),
}  # fmt: skip
_DEPARTMENTS = (
    "Cancer", "Corporate", "Diagnostics", "Emergency", "Estates", "Medicine", "Mental health", "Outpatients",
    "Primary care", "Surgery", "Therapies", "Women and children",
)  # fmt: skip
_AGES = {"Under 25": 0.08, "25 to 34": 0.26, "35 to 44": 0.25, "45 to 54": 0.24, "55 and over": 0.17}
_FTE = {1.0: 0.62, 0.8: 0.16, 0.6: 0.14, 0.4: 0.08}
_REASONS: dict[str, tuple[float, float, bool]] = {  # women, others, loss of active service
    "Voluntary Resignation - Work Life Balance": (0.14, 0.14, True),
    "Voluntary Resignation - Relocation": (0.14, 0.16, True),
    "Voluntary Resignation - Promotion": (0.10, 0.14, True), "Employee Transfer": (0.12, 0.14, True),
    "Retirement Age": (0.12, 0.14, True), "Flexi Retirement": (0.04, 0.04, True),
    "End of Fixed Term Contract": (0.08, 0.09, True), "Dismissal - Conduct": (0.01, 0.02, True),
    "Death in Service": (0.01, 0.01, True), "Unknown": (0.08, 0.09, True),
    "Maternity Leave": (0.12, 0.00, False), "Career Break": (0.04, 0.03, False),
}  # fmt: skip
_ROUTES = {"standard": 0.90, "apprenticeship": 0.07, "graduate scheme": 0.03}
_LOCAL = 0.55
_DAYS, _SERVICE = 365, 6.0
_LEAST, _MOST = 20, 5_000_000


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedWorkforce:
    """Synthetic standard inputs and the truth behind them.

    Parameters
    ----------
    frames : mapping of str to pandas.DataFrame
        `staff_in_post`, `leavers`, `recruitment`, `disciplinary`, `cpd`, `pay`, `survey`, `vacancies`, `support`,
        `targets`, with the columns of `data/workforce/dictionary.csv`;
        `evalkit.equality.workforce_files.save_workforce` writes them.
    truth : pandas.DataFrame
        `indicator`, `group`, `year`, `value`, `unit`: what an organisation of endless size would show; "not stated" is
        in the denominator of shares of the workforce and of the board.
    """

    frames: Mapping[str, pd.DataFrame]
    truth: pd.DataFrame


def simulate_workforce(
    n: int = 8000,
    years: int = 5,
    *,
    seed: int,
    last_year: int = 2025,
    appointment: float = 1.5,
    disciplinary: float = 1.5,
    cpd: float = 1.1,
    leaving: float = 1.15,
    progression: float = 0.7,
    representation: float = 0.4,
    pay_within: float = 0.03,
    survey: float = 0.06,
    board: float = 0.6,
    trend: float = 0.1,
) -> SimulatedWorkforce:
    """Make the standard inputs of an organisation with n posts, with the truth of what they show.

    Parameters
    ----------
    n : int, default 8000
        Posts, each held by one person at each snapshot.
    years : int, default 5
        Snapshots, each on 31 March.
    seed : int
        Of the random numbers.
    last_year : int, default 2025
        Year of the last snapshot.
    appointment : float, default 1.5
        Likelihood of white applicants of being appointed from shortlisting over that of BME applicants; at most 4.
    disciplinary : float, default 1.5
        Likelihood of BME staff of entering the disciplinary process over that of white staff.
    cpd : float, default 1.1
        Likelihood of white staff of accessing CPD over that of BME staff.
    leaving : float, default 1.15
        Yearly probability of BME staff of leaving over that of white staff.
    progression : float, default 0.7
        Yearly probability of BME staff of being promoted over that of white staff.
    representation : float, default 0.4
        Odds of being BME in the highest band over those in the lowest, at the first snapshot.
    pay_within : float, default 0.03
        Share by which women's hourly pay is below men's in the same band.
    survey : float, default 0.06
        Gap between BME and white staff in each question, to their disadvantage: a difference of proportions.
    board : float, default 0.6
        Probability of BME people of the highest band of being on the board over that of white ones.
    trend : float, default 0.1
        Share of the disparities in appointment, disciplinary, CPD (on the log scale) and survey that goes each year.

    Returns
    -------
    SimulatedWorkforce
        The inputs and the truth.

    Raises
    ------
    DataError
        DAT-009 or DAT-002 for a number outside its range.

    Notes
    -----
    Each post is on its own: whoever holds it leaves in a year with a probability that depends on the ethnic group, and
    is followed by a new person; who stays may go up a band. So the counts at a snapshot are multinomial, and a share is
    binomial around its truth. Disciplinary processes and CPD are those of people at the snapshot that ends the year;
    the first year has no leavers. Recruitment is drawn apart: as many are appointed as leave on average, and their law
    is that of the new people. Nobody comes back.

    Examples
    --------
    >>> made = simulate_workforce(500, years=2, seed=1)
    >>> len(made.frames["staff_in_post"])
    1000
    >>> made.truth.query("indicator == 'leaver_rate' and group == 'white'")["value"].round(2).tolist()
    [0.1]
    """
    ratios = {"appointment": (appointment, 4.0), "disciplinary": (disciplinary, 20.0), "cpd": (cpd, 1.9),
              "leaving": (leaving, 5.0), "progression": (progression, 10.0), "representation": (representation, 20.0),
              "board": (board, 3.0)}  # fmt: skip
    require(
        whole("n", n, low=_LEAST),
        within("n", n, high=_MOST),
        whole("years", years, low=1),
        within("years", years, high=30),
        whole("seed", seed, low=0),
        whole("last_year", last_year, low=2000),
        *(within(name, value, low=0.05, high=high) for name, (value, high) in ratios.items()),
        within("pay_within", pay_within, low=-0.5, high=0.5),
        within("survey", survey, low=-0.05, high=0.2),
        within("trend", trend, low=0, high=1),
    )
    planted = Disparities(
        float(appointment), float(disciplinary), float(cpd), float(leaving), float(progression), float(representation),
        float(pay_within), float(survey), float(board), float(trend),
    )  # fmt: skip
    chain = chain_of(planted, years)
    rng = np.random.default_rng(seed)
    made = _Made(rng, rng.spawn(1)[0], planted, chain, n, last_year - years + 1)
    for number in range(years):
        made.add_year(number)
    women, others = (sum(row[at] for row in _REASONS.values() if row[2]) for at in (0, 1))
    loss = np.array([women, others, others, others])
    return SimulatedWorkforce(MappingProxyType(made.frames()), truth_of(chain, planted, loss, made.first_year))


def _codes(rng: np.random.Generator, size: int, law: Sequence[float] | Floats) -> Bytes:
    """Draw from a law, given as probabilities."""
    upto = np.cumsum(np.asarray(law, dtype=float))
    return np.minimum(np.searchsorted(upto / upto[-1], rng.random(size), side="right"), len(upto) - 1).astype(np.int8)


def _category(codes: npt.NDArray[np.integer], levels: Sequence[str]) -> pd.Categorical:
    return pd.Categorical.from_codes(codes, categories=list(levels))


def _ethnicity(rng: np.random.Generator, group: Bytes) -> Bytes:
    """Draw the label within the ethnic group."""
    found = np.empty(len(group), dtype=np.int8)
    for number, name in enumerate(ETHNIC):
        here = np.flatnonzero(group == number)
        places = [place for place, (of, _) in enumerate(_LEVELS.values()) if of == name]
        law = [list(_LEVELS.values())[place][1] for place in places]
        found[here] = np.array(places, dtype=np.int8)[_codes(rng, len(here), law)]
    return found


@dataclass(slots=True)
class _People:
    """Who holds the posts: one entry a post, replaced when somebody new comes."""

    person: Ints
    group: Bytes
    sex: Bytes
    band: Bytes
    ethnicity: Bytes
    disability: Bytes
    age: Bytes
    staff_group: Bytes
    department: Bytes
    fte: Floats
    started: npt.NDArray[np.datetime64]
    luck: Floats  # decides on a place on the board

    def put(self, at: Ints, new: _People) -> None:
        for name in self.__slots__:
            getattr(self, name)[at] = getattr(new, name)


@dataclass(slots=True)
class _Made:
    """The inputs while they are made, year by year."""

    rng: np.random.Generator
    apart: np.random.Generator
    planted: Disparities
    chain: Chain
    n: int
    first_year: int
    people: _People | None = None
    known: int = 0
    parts: dict[str, list[pd.DataFrame]] = field(default_factory=dict)

    def add_year(self, number: int) -> None:
        year = self.first_year + number
        day = np.datetime64(f"{year}-03-31")
        if self.people is None:
            served = np.ceil(self.rng.exponential(_SERVICE, self.n) * _DAYS).astype("timedelta64[D]")
            self.people = self._new(self.n, self.chain.start, day - served)
        else:
            self._turn_over(self.people, number, year, day)
        people = self.people
        self._add("staff_in_post", self._staff(people, day))
        self._recruit(number, year)
        self._treat(people, number, year, day)
        self._add("pay", self._paid(people, number, day))
        self._answer(people, number, year)

    def _recruited(self, key: str, law: Floats, answered: Ints, agreed: Ints) -> list[tuple[str, str, int, int]]:
        """Split the answers by where people were recruited; by random numbers of their own."""
        (abroad, _), (said, _) = recruited_law(law, key)
        some = int(self.apart.binomial(agreed, abroad * said / law).sum())
        all_of = some + int(self.apart.binomial(answered - agreed, abroad * (1 - said) / (1 - law)).sum())
        others = (int(answered.sum()) - all_of, int(agreed.sum()) - some)
        rows = [("recruited", "yes", all_of, some), ("recruited", "no", *others)]
        return [row for row in rows if row[2]]

    def frames(self) -> dict[str, pd.DataFrame]:
        self._add("targets", _targets(self.first_year, len(self.parts["staff_in_post"])))
        self.parts.setdefault("leavers", [_leavers([], [], [])])
        order = ("staff_in_post", "leavers", "recruitment", "disciplinary", "cpd", "pay", "survey", "vacancies",
                 "support", "targets")  # fmt: skip
        return {name: pd.concat(self.parts.pop(name), ignore_index=True) for name in order}

    def _add(self, name: str, frame: pd.DataFrame) -> None:
        self.parts.setdefault(name, []).append(frame)

    def _new(self, size: int, law: Floats, started: npt.NDArray[np.datetime64]) -> _People:
        rng = self.rng
        upto = np.cumsum(law.ravel())
        state = np.minimum(np.searchsorted(upto / upto[-1], rng.random(size), side="right"), upto.size - 1)
        group, sex, band = (part.astype(np.int8) for part in np.unravel_index(state, STATES))
        person = np.arange(self.known + 1, self.known + size + 1, dtype=np.int64)
        self.known += size
        return _People(
            person, group, sex, band, _ethnicity(rng, group), _codes(rng, size, DISABILITY_SHARE),
            _codes(rng, size, list(_AGES.values())), _codes(rng, size, [share for share, _ in _STAFF_GROUPS.values()]),
            _codes(rng, size, np.ones(len(_DEPARTMENTS))),
            np.array(list(_FTE))[_codes(rng, size, list(_FTE.values()))], started, rng.random(size),
        )  # fmt: skip

    def _turn_over(self, people: _People, number: int, year: int, day: np.datetime64) -> None:
        rng = self.rng
        leave = self.chain.leave[people.group, people.sex, people.band]
        gone = rng.random(self.n) < leave
        up = ~gone & (rng.random(self.n) < self.chain.promoted[people.group, people.sex, people.band])
        at = np.flatnonzero(gone)
        before = np.datetime64(f"{year - 1}-03-31")
        length = int((day - before).astype(int))
        # From the day after the snapshot to the day before the next, so that nobody leaves on a snapshot.
        when = rng.integers(1, length, len(at))
        reasons = np.where(
            people.sex[at] == 0,
            _codes(rng, len(at), [women for women, _, _ in _REASONS.values()]),
            _codes(rng, len(at), [others for _, others, _ in _REASONS.values()]),
        )
        self._add("leavers", _leavers(people.person[at], before + when.astype("timedelta64[D]"), reasons))
        people.band[up] += 1
        begins = when + 1 + np.floor(rng.random(len(at)) * (length - when)).astype(np.int64)
        started = before + np.minimum(begins, length).astype("timedelta64[D]")
        people.put(at, self._new(len(at), self.chain.hired[number], started))

    def _staff(self, people: _People, day: np.datetime64) -> pd.DataFrame:
        clinical = np.array([0 if is_clinical else 1 for _, is_clinical in _STAFF_GROUPS.values()], dtype=np.int8)
        top = people.band == len(BANDS) - 1
        board = top & (people.luck < board_chance(self.planted)[people.group])
        return pd.DataFrame({
            "person": people.person,
            "snapshot": np.full(self.n, day.astype("datetime64[ns]")),
            "ethnicity": _category(people.ethnicity, list(_LEVELS)),
            "sex": _category(people.sex, SEXES),
            "disability": _category(people.disability, DISABILITY),
            "age_band": _category(people.age, list(_AGES)),
            "band": _category(people.band, [name for name, *_ in BANDS]),
            "staff_group": _category(people.staff_group, list(_STAFF_GROUPS)),
            "department": _category(people.department, _DEPARTMENTS),
            "clinical": _category(clinical[people.staff_group], ("clinical", "non-clinical")),
            "fte": people.fte,
            "started": people.started.astype("datetime64[ns]"),
            "board": _category(np.where(board, 0, 1).astype(np.int8), ("yes", "no")),
        })  # fmt: skip

    def _recruit(self, number: int, year: int) -> None:
        rng = self.rng
        law, shortlisted, appointed = applicants(self.planted, number)
        each = float((law.sum(axis=(1, 2)) * shortlisted * appointed).sum())
        size = max(1, round(self.n * LEAVING / each))
        upto = np.cumsum(law.ravel())
        state = np.minimum(np.searchsorted(upto / upto[-1], rng.random(size), side="right"), upto.size - 1)
        group, sex, band = (part.astype(np.int8) for part in np.unravel_index(state, STATES))
        first = rng.random(size) < shortlisted[group]
        then = first & (rng.random(size) < appointed[group])
        done = sum(len(frame) for frame in self.parts.get("recruitment", []))
        self._add("recruitment", pd.DataFrame({
            "application": np.arange(done + 1, done + size + 1, dtype=np.int64),
            "year": np.full(size, year, dtype=np.int64),
            "ethnicity": _category(_ethnicity(rng, group), list(_LEVELS)),
            "sex": _category(sex, SEXES),
            "disability": _category(_codes(rng, size, DISABILITY_SHARE), DISABILITY),
            "band": _category(band, [name for name, *_ in BANDS]),
            "department": _category(_codes(rng, size, np.ones(len(_DEPARTMENTS))), _DEPARTMENTS),
            "route": _category(_codes(rng, size, list(_ROUTES.values())), list(_ROUTES)),
            "local": _category(np.where(rng.random(size) < _LOCAL, 0, 1).astype(np.int8), ("yes", "no")),
            "applied": np.ones(size, dtype=bool),
            "shortlisted": first,
            "appointed": then,
        }))  # fmt: skip

    def _treat(self, people: _People, number: int, year: int, day: np.datetime64) -> None:
        """Disciplinary processes and CPD in the year before a snapshot."""
        rng = self.rng
        chance = np.array([1.0, self.planted.likelihood("disciplinary", number), 1.0]) * DISCIPLINARY
        entered = np.flatnonzero(rng.random(self.n) < chance[people.group])
        # Nobody enters it before the service began.
        served = np.minimum((day - people.started[entered]).astype(int), _DAYS - 1)
        days = np.floor(rng.random(len(entered)) * (served + 1)).astype("timedelta64[D]")
        entries = {"person": people.person[entered], "entered": (day - days).astype("datetime64[ns]")}
        self._add("disciplinary", pd.DataFrame(entries))
        access = np.array([CPD, CPD / self.planted.likelihood("cpd", number), CPD])
        years = np.full(self.n, year, dtype=np.int64)
        accessed = rng.random(self.n) < access[people.group]
        self._add("cpd", pd.DataFrame({"person": people.person, "year": years, "accessed": accessed}))

    def _paid(self, people: _People, number: int, day: np.datetime64) -> pd.DataFrame:
        rng = self.rng
        middle = pay_scale(self.planted)[people.sex, people.band] * PAY_RISE**number
        hourly = np.round(middle * np.exp(PAY_SPREAD * rng.standard_normal(self.n)), 2)
        chance, level = (np.array([*pair, pair[1], pair[1]]) for pair in (BONUS_CHANCE, BONUS_MIDDLE))
        given = rng.random(self.n) < chance[people.sex]
        bonus = np.round(level[people.sex] * np.exp(BONUS_SPREAD * rng.standard_normal(self.n)), 2)
        return pd.DataFrame({
            "person": people.person,
            "snapshot": np.full(self.n, day.astype("datetime64[ns]")),
            "hourly": hourly,
            "bonus": np.where(given, bonus, math.nan),
            "full_pay": rng.random(self.n) < FULL_PAY,
        })  # fmt: skip

    def _answer(self, people: _People, number: int, year: int) -> None:
        """Survey, vacancies and support: counts."""
        rng = self.rng
        size = (len(ETHNIC), len(DISABILITY))
        cell = people.group.astype(np.int64) * size[1] + people.disability
        staff = np.bincount(cell, minlength=size[0] * size[1]).reshape(size)
        rows: list[tuple[int, str, str, str, int, int]] = []
        for key in QUESTIONS:
            answered = rng.binomial(staff, RESPONSE)
            law = survey_law(self.planted, key, number)
            agreed = rng.binomial(answered, law)
            for axis, name, labels in ((1, "ethnicity", ETHNIC), (0, "disability", DISABILITY)):
                sums = zip(labels, answered.sum(axis=axis), agreed.sum(axis=axis), strict=True)
                rows += [(year, key, name, label, int(all_of), int(some)) for label, all_of, some in sums if all_of]
            rows += [(year, key, *row) for row in self._recruited(key, law, answered, agreed)]
        columns = ["year", "question", "characteristic", "group", "answered", "agreed"]
        self._add("survey", pd.DataFrame(rows, columns=columns))
        held = np.bincount(people.band, weights=people.fte, minlength=len(BANDS))
        posts = np.round(held / (1 - VACANT), 1)
        bands = [name for name, *_ in BANDS]
        vacancies = {"year": year, "band": bands, "posts": posts, "vacant": np.round(posts * VACANT, 1)}
        self._add("vacancies", pd.DataFrame(vacancies)[posts > 0])
        affected = rng.binomial(staff.sum(axis=1), AFFECTED)
        offered = rng.binomial(affected, OFFERED)
        used = rng.binomial(offered, SUPPORT)
        # A column that may be empty is read as float.
        known = {"affected": affected.astype(float), "offered": offered, "used": used}
        support = {"year": year, "group": list(ETHNIC), **known}
        self._add("support", pd.DataFrame(support)[affected > 0])


def _targets(baseline: int, years: int) -> pd.DataFrame:
    rows = [
        ("relative_likelihood_appointment", baseline, 1.0),
        ("relative_likelihood_disciplinary", baseline, 1.0),
        ("pay_gap_mean", baseline, 0.0),
    ]
    if years > 1:  # the first period ends with the second snapshot
        rows.append(("leaver_rate", baseline + 1, 0.08))
    found = pd.DataFrame(rows, columns=["indicator", "baseline_year", "target"])
    found.insert(2, "target_year", baseline + years + 2)
    return found


def _leavers(
    person: Ints | list[int], left: npt.NDArray[np.datetime64] | list[str], reasons: npt.NDArray[np.integer] | list[int]
) -> pd.DataFrame:
    return pd.DataFrame({
        "person": np.asarray(person, dtype=np.int64),
        "left": np.asarray(left, dtype="datetime64[ns]"),
        "reason": _category(np.asarray(reasons, dtype=np.int8), list(_REASONS)),
    })  # fmt: skip
