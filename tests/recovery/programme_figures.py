"""The key figures of a programme's report on synthetic data, each beside the truth that was planted.

Synthetic data go straight to the functions that answer questions: no file is written but for the programme of a whole
organisation, whose standard inputs are read as files.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from evalkit.disclosure import Profile, load_profile
from evalkit.instruments import form_at, load_instrument
from evalkit.programmes import load_programme
from evalkit.programmes.answering import answer_programme
from evalkit.programmes.answering_service import LEFT_FIRST
from evalkit.programmes.answers import Answer
from evalkit.programmes.evidence import Evidence
from evalkit.programmes.folder_columns import is_workforce
from evalkit.programmes.folder_reading import read_folder
from evalkit.programmes.folder_simulation import Simulated, simulate_folder, simulated_data
from evalkit.programmes.folder_surveys import adapted_instruments
from evalkit.programmes.folders import FORMAT, PAIR_CODE, EvaluationFolder, Settings, code_item
from evalkit.programmes.headline_texts import PER_HUNDRED, Headline, headlines
from evalkit.programmes.parts import Question
from evalkit.result import Estimates

LEVEL = 0.95
_PLATFORM = "html"
_MONTHS = re.compile(r"(\d+(?:\.\d+)?) months")


@dataclass(frozen=True, slots=True)
class Figure:
    """A key figure and its truth.

    Parameters
    ----------
    question, about, role, term : str
        Which it is, as in truth.csv.
    group : str
        Group of people within it; empty for all.
    estimate, low, high : float
        What the report prints; NaN where it has no interval.
    truth : float
        What was planted; NaN where nothing is known.
    """

    question: str
    about: str
    role: str
    term: str
    group: str
    estimate: float
    low: float
    high: float
    truth: float

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """Which figure it is."""
        return self.question, self.about, self.role, self.term, self.group

    @property
    def known(self) -> bool:
        """Whether it has an interval and a truth."""
        return not math.isnan(self.low + self.high + self.truth)

    @property
    def covers(self) -> bool:
        """Whether the interval holds the truth."""
        return self.low <= self.truth <= self.high

    @property
    def strays(self) -> bool:
        """Whether the truth lies further out than the interval is wide on that side; ratios by their logarithm."""
        values = (self.estimate, self.low, self.high, self.truth)
        if self.of_ratio and min(values) > 0:
            values = tuple(math.log(value) for value in values)  # type: ignore[assignment]
        estimate, low, high, truth = values
        return not estimate - 2 * (estimate - low) <= truth <= estimate + 2 * (high - estimate)

    @property
    def of_ratio(self) -> bool:
        """Whether it is a ratio."""
        return "ratio" in self.term or "likelihood" in self.term or "parity" in self.term


@dataclass(frozen=True, slots=True)
class _Whole:
    """What leaves when nothing is held back, and nothing rounded."""

    frame: pd.DataFrame

    @property
    def profile(self) -> Profile:
        """Rules that round nothing."""
        return load_profile("staff-survey")


def folder_of(programme: str, where: Path) -> EvaluationFolder:
    """Make what an evaluation folder holds of a programme and its surveys, without the exports."""
    plan = load_programme(programme)
    settings = Settings("0", FORMAT, plan.id, "University of X", _PLATFORM, None, "", "")
    library = {name: load_instrument(name) for name in plan.instrument_ids()}
    for name in ("data", "responses", "outputs"):
        (where / name).mkdir(parents=True, exist_ok=True)
    return EvaluationFolder(where, settings, plan, adapted_instruments(plan, settings, library))


def evidence_of(
    folder: EvaluationFolder, people: int | None, seed: int, **planted: object
) -> tuple[Evidence, pd.DataFrame]:
    """Make synthetic data and put them into the form in which questions are answered, with the truth."""
    programme = folder.programme
    whole = tuple(question.model_copy(update={"subgroups": ()}) for question in programme.questions)
    programme = programme.model_copy(update={"questions": whole})
    if is_workforce(programme):
        truth = simulate_folder(folder, people, seed, **planted)  # type: ignore[arg-type]
        data = read_folder(folder)
        return Evidence(programme, folder.instruments, data.files, data.answers, (), data.workforce), truth
    made = simulated_data(folder, people, seed, **planted)  # type: ignore[arg-type]
    stems = {Path(name).stem: frame for name, frame in made.tables.items()}
    files = {file.id: stems[Path(file.file).stem] for file in programme.files}
    return Evidence(programme, folder.instruments, files, dict(_answers(folder, made))), made.truth


def _answers(folder: EvaluationFolder, made: Simulated) -> Iterator[tuple[tuple[str, str], pd.DataFrame]]:
    """Give answers the columns that `read_responses` gives them: whose they are, a column for each tick."""
    for use_id, found in made.answers.items():
        instrument = folder.instruments[found.use.instrument]
        code = code_item(instrument)
        for wave, frame in found.frames.items():
            if not len(frame):
                continue
            columns: dict[str, object] = {}
            if code:
                columns["pair" if code == PAIR_CODE else "person"] = frame[code]
            items = form_at(instrument, wave).by_id
            for name in frame.columns.drop(["respondent", *([code] if code else [])]):
                item = items.get(name)
                if item is None or item.kind != "multiple_choice":
                    columns[name] = frame[name]
                    continue
                ticked = frame[name].map(lambda cell: None if cell is None else set(str(cell).split()))
                for option in instrument.options_of(item):
                    value = str(option.value)
                    columns[f"{name}__{value}"] = ticked.map(
                        lambda some, value=value: np.nan if some is None else float(value in some)
                    )
            yield (use_id, wave), pd.DataFrame(columns)


def figures(folder: EvaluationFolder, people: int | None, seed: int, **planted: object) -> list[Figure]:
    """Simulate, answer, and put every key figure of the whole programme beside its truth."""
    evidence, truth = evidence_of(folder, people, seed, **planted)
    known = {tuple(row[:4]): float(row[4]) for row in truth.itertuples(index=False)}
    found = []
    for answer in answer_programme(evidence):
        if not isinstance(answer.result, Estimates) or answer.subgroup:
            continue
        rows = headlines(answer, _Whole(answer.result.frame), evidence.programme)  # type: ignore[arg-type]
        for shown in rows:
            row = _as_estimated(shown)
            role, term, group = named(answer, row, evidence)
            if answer.question.estimator in _STANDARDS:
                term, group = _standard(answer.result.frame, row), ""
            value = _truth(known, answer.question, row, role, term)
            found.append(
                Figure(answer.question.id, row.about, role, term, group, row.estimate, row.low, row.high, value)
            )
    return found


def _as_estimated(row: Headline) -> Headline:
    """Bring what is told of a hundred people back to one."""
    if row.unit != PER_HUNDRED:
        return row
    return replace(row, **{name: getattr(row, name) / 100 for name in ("estimate", "low", "high")})


def named(answer: Answer, row: Headline, evidence: Evidence) -> tuple[str, str, str]:
    """Name a row as truth.csv does: role, term, and the group that is left over."""
    titles = {role.title: role.id for role in evidence.programme.roles}
    role = answer.role or titles.get(row.group, "") or titles.get(row.term, "")
    estimator = answer.question.estimator
    if estimator in _TERMS:
        term = _TERMS[estimator](answer.question, row)
        group = row.group if estimator in _GROUPED and row.group not in titles else ""
        return role, term, group
    return role, row.term, row.group


def _standard(frame: pd.DataFrame, row: Headline) -> str:
    """Name a row of a standard by what its line in the result says: indicator, quantity, band and group."""
    same = (frame["term"] == row.term) & (frame["group"].fillna("") == row.group)
    for column, value in (
        ("estimate", row.estimate),
        ("conf_low", row.low),
        ("conf_high", row.high),
        ("n", row.people),
    ):
        alike = np.isclose(frame[column].astype(float), value, rtol=1e-12, atol=0.0)
        same &= alike | (frame[column].isna() & math.isnan(value))
    line = frame[same].iloc[0]
    if "indicator" in frame:
        return f"{line['indicator']}: {row.term}, {row.group}"
    return ", ".join([row.term, *([str(line["band"])] if "band" in frame else []), row.group])


def _truth(known: Mapping[tuple[str, ...], float], question: Question, row: Headline, role: str, term: str) -> float:
    for of_role in (role, ""):
        for named_so in (f"{term}, {row.group}", f"{row.term}, {row.group}", term):
            value = known.get((question.id, row.about, of_role, named_so))
            if value is not None:
                return value
    return math.nan


def _months(_question: Question, row: Headline) -> str:
    told = _MONTHS.search(row.term)
    return f"{float(told[1]):g} months" if told else row.term


def _plain(term: str) -> Callable[[Question, Headline], str]:
    return lambda _question, _row: term


_GROUPED = frozenset({"share"})
_STANDARDS = frozenset({"edi_plan", "wres", "representation", "disparity_ratio", "leaver_rate", "stability_index"})
_TERMS: Mapping[str, Callable[[Question, Headline], str]] = {
    "share": _plain("share"),
    "mean_at": _plain("mean"),
    "mean_change": _plain("after - before"),
    "dyad_change": _plain("after - before"),
    "proportion_change": _plain("after - before"),
    "standardised_change": _plain("standard deviations"),
    "reliable_change": lambda _question, row: row.group,
    "wave_change": lambda _question, row: row.group,
    "wave_slope": _plain("in a month"),
    "response_shift": _plain("then - before"),
    "difference_in_change": _plain("difference"),
    "adjusted_difference": _plain("difference"),
    "gap_in_change": _plain("gap"),
    "dose_response": lambda question, _row: f"for each further {question.said['dose']}",
    "pair_agreement": _plain("correlation"),
    "ratio_change": _plain("ratio"),
    "category_change": lambda _question, row: row.group,
    "ladder_change": lambda _question, row: row.group,
    "response_distribution": lambda _question, row: row.group,
    "survey_gap": _plain("gap"),
    "survey_trend": _plain("difference"),
    "relative_likelihood": _plain("ratio"),
    "pay_gap": lambda _question, row: row.term,
    "retention_at": _months,
    "restricted_mean": _months,
    "cumulative_incidence": lambda question, row: (
        f"left first, {_months(question, row)}" if row.term.startswith(LEFT_FIRST) else _months(question, row)
    ),
    "weighted_hazard_ratio": _plain("hazard ratio"),
    "hazard_ratio": _plain("hazard ratio"),
}
