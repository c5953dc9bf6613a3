"""What a programme's evaluation has to go on: its files and answers, put together by the code of the person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from evalkit.equality.inputs import Workforce
from evalkit.equality.mappings import NOT_STATED, band_label, ethnic_group, exit_type
from evalkit.errors import EvalkitError
from evalkit.instruments import Instrument
from evalkit.instruments.model import Item
from evalkit.instruments.rules import score_bounds
from evalkit.linking import link
from evalkit.programmes.answers import FEWEST, UnansweredError
from evalkit.programmes.group_names import group_label
from evalkit.programmes.model import Programme
from evalkit.programmes.parts import Column, Dose, Outcome, Step
from evalkit.scoring import score

PERSON = "person"
# Where answers say whose they are: a column of its own, a question of the form, or the platform's own name.
_WHOSE = (PERSON, "person_code", "applicant_no", "respondent")
_PAIRS = ("pair", "pair_code")
_PEOPLE = "participants"
_CODE_BLOCK = "_link_code"
_SEXES = {"f": "women", "female": "women", "woman": "women", "m": "men", "male": "men", "man": "men"}
_YES = frozenset({"yes", "y", "true", "1", "1.0"})
_BLANK = frozenset({"", NOT_STATED})
_NO = frozenset({"no", "n", "false", "0", "0.0"})
_ETHNICITY = "ethnicity"
# Answers say whose they are when most of them name somebody who is known.
_MOST = 0.5


@dataclass(frozen=True, eq=False)
class Evidence:
    """The data of one evaluation.

    Parameters
    ----------
    programme : Programme
        The programme.
    instruments : mapping of str to Instrument
        Id -> instrument.
    files : mapping of str to pandas.DataFrame
        Id of a file of the programme -> its rows; columns as its dictionary names them. Files that are not there, or
        are empty, are left out.
    answers : mapping of (str, str) to pandas.DataFrame
        (Use, wave of the instrument) -> answers as `read_responses` gives them. A column `person` (else `respondent`)
        that holds codes of participants tells whose they are; else codes that people made up put waves together.
    missing : sequence of str
        Names of what is absent, for the report.
    workforce : Workforce or None
        The standard inputs, for a programme of a whole organisation.
    """

    programme: Programme
    instruments: Mapping[str, Instrument]
    files: Mapping[str, pd.DataFrame]
    answers: Mapping[tuple[str, str], pd.DataFrame]
    missing: Sequence[str] = ()
    workforce: Workforce | None = None

    @cached_property
    def _scored(self) -> dict[tuple[str, str], pd.DataFrame | None]:
        """Answers that were scored already."""
        return {}

    @cached_property
    def typed(self) -> Mapping[str, pd.DataFrame]:
        """File -> its rows with the types of the dictionary; blank cells are missing."""
        known = self.programme.files_by_id
        return {
            name: _typed(frame, known[name].columns)
            for name, frame in self.files.items()
            if name in known and len(frame)
        }

    @cached_property
    def people(self) -> pd.DataFrame:
        """Everybody in `participants`, by person; no rows when there is no such file."""
        frame = self.typed.get(_PEOPLE)
        if frame is None or PERSON not in frame.columns:
            return pd.DataFrame({"role": pd.Series(dtype=object)}, index=pd.Index([], name=PERSON, dtype=object))
        return frame.drop_duplicates(PERSON).set_index(PERSON)

    def has(self, file: str) -> bool:
        """Tell whether a file has rows.

        Parameters
        ----------
        file : str
            Its id.

        Returns
        -------
        bool
            False when it is absent or empty.
        """
        return file in self.typed

    def in_programme(self, roles: Iterable[str]) -> pd.Index:
        """List the people of a programme in some roles.

        Parameters
        ----------
        roles : iterable of str
            The roles.

        Returns
        -------
        pandas.Index
            Their codes; people of the comparison are not among them.
        """
        people = self.people
        here = people["role"].isin(list(roles)) if "role" in people else pd.Series(data=True, index=people.index)
        if "group" in people:
            here &= people["group"].isna() | (people["group"] == "programme")
        return people.index[here]

    def at_step(self, step: Step, people: pd.Index) -> pd.Series:
        """Tell who was at a step.

        Parameters
        ----------
        step : Step
            The step.
        people : pandas.Index
            Of whom.

        Returns
        -------
        pandas.Series of bool
            By person.
        """
        _, _, column = step.column.partition(".")
        if not self.records(step.column):
            msg = f"nothing is filled in in the column {column} of participants.csv"
            raise UnansweredError(msg)
        return reached(self.people[column].reindex(people))

    def records(self, column: str) -> bool:
        """Tell whether a column is there and anything is filled in in it.

        Parameters
        ----------
        column : str
            "file.column".

        Returns
        -------
        bool
            False for a file that is absent.
        """
        file, _, name = column.partition(".")
        frame = self.typed.get(file)
        return frame is not None and name in frame.columns and bool(frame[name].notna().any())

    def dose(self, dose: Dose, people: pd.Index) -> pd.Series | None:
        """Count what each person received.

        Parameters
        ----------
        dose : Dose
            The dose.
        people : pandas.Index
            Of whom; who is in no row received nothing.

        Returns
        -------
        pandas.Series of float or None
            By person, in the unit of the dose; None when the file is not there.
        """
        frame = self.typed.get(dose.file)
        if frame is None:
            return None
        took = next((name for name in ("held", "attended") if name in frame.columns), None)
        rows = frame if took is None else frame[frame[took] == "yes"]
        if dose.activity and "activity" in rows.columns:
            rows = rows[rows["activity"] == dose.activity]
        counts = rows.groupby(PERSON).size() if PERSON in rows.columns else self._of_pairs(rows)
        return counts.reindex(people).fillna(0).astype(float)

    def _of_pairs(self, rows: pd.DataFrame) -> pd.Series:
        pairs = self.typed.get("pairs")
        if pairs is None or "pair" not in rows.columns:
            return pd.Series(dtype=float)
        of_pair = rows.groupby("pair").size()
        met = pairs["pair"].map(of_pair).fillna(0).astype(float)
        each = [pd.Series(met.to_numpy(), index=pairs[member]) for member in _members(pairs)]
        return pd.concat(each).groupby(level=0).sum()

    @cached_property
    def pairs(self) -> pd.DataFrame | None:
        """One row a pair, with its two members; None when the file is not there."""
        frame = self.typed.get("pairs")
        return frame if frame is not None and len(_members(frame)) == 2 else None

    def scored(self, use: str, asked: str) -> pd.DataFrame | None:
        """Score the answers of a wave.

        Parameters
        ----------
        use : str
            Id of the use.
        asked : str
            Wave of the instrument; one that looks back is found with the wave that it is asked with.

        Returns
        -------
        pandas.DataFrame or None
            By person: every scale and item, retrospective ones under their own names; the mean where somebody answered
            several times. None when there are no answers.
        """
        key = (use, self._asked_with(use, asked))
        if key not in self._scored:
            self._scored[key] = self._score(*key)
        return self._scored[key]

    def _asked_with(self, use: str, asked: str) -> str:
        waves = self.instruments[self.programme.uses_by_id[use].instrument].waves
        return next((wave.asked_with for wave in waves if wave.id == asked and wave.asked_with), asked)

    def _score(self, use: str, asked: str) -> pd.DataFrame | None:
        answers = self.answers.get((use, asked))
        if answers is None or not len(answers):
            return None
        instrument = self.instruments[self.programme.uses_by_id[use].instrument]
        people = self._persons(use, asked)
        items = answers[[name for name in answers.columns if name in _names(instrument) or "__" in str(name)]]
        try:
            scales = score(answers, instrument)
        except EvalkitError:
            scales = pd.DataFrame(index=answers.index)
        frame = pd.concat([items, scales.drop(columns=[c for c in scales.columns if c in items.columns])], axis=1)
        frame = frame.set_axis(pd.Index(people, name=PERSON), axis=0)
        return frame if frame.index.is_unique else _one_each(frame)

    def _persons(self, use: str, asked: str) -> list[str]:
        """Name the person of each answer: by their own code, else by a code that they made up."""
        answers = self.answers[use, asked]
        known = set(self.people.index.astype(str))
        for name in _WHOSE:
            if name in answers.columns:
                codes = answers[name].astype(str).str.strip()
                if known and codes.isin(known).mean() > _MOST:
                    return [str(code) for code in codes]
        for name in _PAIRS:
            if name in answers.columns and self.pairs is not None:
                pairs = answers[name].astype(str).str.strip()
                if pairs.isin(set(self.pairs["pair"].astype(str))).mean() > _MOST:
                    return [str(pair) for pair in pairs]
        return self._by_own_code(use)[asked]

    def _by_own_code(self, use: str) -> Mapping[str, list[str]]:
        """Put the waves of a use together by codes of their own; people in no pair stand for themselves."""
        waves = [asked for asked in self.programme.uses_by_id[use].asked if (use, asked) in self.answers]
        frames = {asked: self.answers[use, asked].reset_index(drop=True) for asked in waves}
        instrument = self.instruments[self.programme.uses_by_id[use].instrument]
        codes = [item.id for section in instrument.sections if section.block == _CODE_BLOCK for item in section.items]
        named = {asked: [f"{use} {asked} {row}" for row in range(len(frames[asked]))] for asked in waves}
        for place, later in enumerate(waves[1:], start=1):
            for earlier in waves[:place]:
                if not codes or not all(set(codes) <= set(frames[one].columns) for one in (earlier, later)):
                    continue
                try:
                    pairs = link(frames[earlier][codes], frames[later][codes], on=codes).pairs
                except EvalkitError:
                    continue
                for before, after in zip(pairs["row_before"], pairs["row_after"], strict=True):
                    if named[later][after - 1].startswith(f"{use} {later} "):
                        named[later][after - 1] = named[earlier][before - 1]
        return named

    def values(self, use: str, measure: str, asked: str) -> pd.Series | None:
        """Give the answers to a scale or an item at a wave.

        Parameters
        ----------
        use, measure, asked : str
            Use, id of the scale or item, wave of the instrument.

        Returns
        -------
        pandas.Series or None
            By person; None when it was not answered at that wave.
        """
        frame = self.scored(use, asked)
        if frame is None:
            return None
        back = self._asked_with(use, asked) != asked
        name = f"{measure}_{asked}" if back else measure
        return frame[name] if name in frame.columns else None

    def answered(self, outcome: Outcome, asked: str) -> bool:
        """Tell whether two people or more answered about an outcome at a wave.

        Parameters
        ----------
        outcome : Outcome
            The outcome.
        asked : str
            Wave of the instrument.

        Returns
        -------
        bool
            False where there are no answers, and of records.
        """
        frame = self.scored(outcome.use, asked) if outcome.use else None
        if frame is None:
            return False
        measure = str(outcome.scale or outcome.item)
        own = [name for name in frame.columns if str(name) == measure or str(name).startswith(f"{measure}__")]
        return int(frame[own].notna().any(axis=1).sum()) >= FEWEST

    def of_outcome(self, outcome: Outcome, asked: str, roles: Sequence[str] = ()) -> pd.Series | None:
        """Give the answers that measure an outcome at a wave, of people of the programme in some roles.

        Parameters
        ----------
        outcome : Outcome
            Measured by a scale or an item.
        asked : str
            Wave of the instrument.
        roles : sequence of str
            Of whom; else of those whose outcome it is.

        Returns
        -------
        pandas.Series or None
            By person; None when nobody answered. Where answers do not say whose they are, all of them.
        """
        found = []
        for use in (outcome.use, outcome.partner_use):
            if use is None:
                continue
            values = self.values(use, str(outcome.scale or outcome.item), asked)
            if values is not None:
                found.append(values[self._is_of(values.index, use, roles or outcome.roles)])
        both = pd.concat(found) if found else pd.Series(dtype=float)
        return both if len(both) else None

    def _is_of(self, people: pd.Index, use: str, roles: Sequence[str]) -> np.ndarray:
        answering = self.programme.uses_by_id[use].roles
        known = people.isin(self.people.index)
        if not known.any():
            if self.pairs is not None and people.isin(set(self.pairs["pair"].astype(str))).any():
                return np.ones(len(people), dtype=bool)  # one log for both people of a pair
            return np.full(len(people), bool(set(answering) <= set(roles)) or len(answering) == 1)
        return np.asarray(people.isin(self.in_programme(roles)) | (~known & (len(answering) == 1)))

    def of_pairs(self, outcome: Outcome) -> bool:
        """Tell whether an outcome is answered once for both people of a pair, as in a log of meetings.

        Parameters
        ----------
        outcome : Outcome
            The outcome.

        Returns
        -------
        bool
            Whether the answers hold codes of pairs in place of people.
        """
        use = self.programme.uses_by_id.get(outcome.use or "")
        frames = [self.answers[use.id, asked] for asked in use.asked if (use.id, asked) in self.answers] if use else []
        return any(set(_PAIRS) & set(frame.columns) and not set(_WHOSE[:-1]) & set(frame.columns) for frame in frames)

    def others(self, outcome: Outcome, asked: str) -> pd.Series | None:
        """Give the answers of people who are not in the programme.

        Parameters
        ----------
        outcome : Outcome
            Measured by a scale or an item.
        asked : str
            Wave of the instrument.

        Returns
        -------
        pandas.Series or None
            By person; None when none of them answered.
        """
        people = self.people
        group = people["group"] if "group" in people else pd.Series(dtype=object)
        compared = people.index[group == "comparison"] if len(group) else people.index[:0]
        parties = {role.id for role in self.programme.parties}
        found = []
        for use in self.programme.others_answer(outcome):
            values = self.values(use.id, str(outcome.scale or outcome.item), asked)
            if values is None:
                continue
            own = not set(use.roles) & parties
            found.append(
                values if own and not values.index.isin(people.index).any() else values[values.index.isin(compared)]
            )
        both = pd.concat(found) if found else pd.Series(dtype=float)
        both = both[~both.index.duplicated()]
        return both if len(both) else None

    def bounds(self, outcome: Outcome) -> tuple[float, float] | None:
        """Give the ends of the scale or item that measures an outcome.

        Parameters
        ----------
        outcome : Outcome
            The outcome.

        Returns
        -------
        tuple of float or None
            Lowest and highest value; None where none is stated.
        """
        use = self.programme.uses_by_id.get(outcome.use or "")
        if use is None:
            return None
        instrument = self.instruments[use.instrument]
        if outcome.scale:
            low, high = score_bounds(instrument.scales_by_id[outcome.scale])
            return float(low), float(high)
        item = instrument.by_id.get(outcome.item or "")
        values = [float(o.value) for o in instrument.options_of(item)] if item and _numbered(instrument, item) else []
        return (min(values), max(values)) if len(values) > 1 else None

    def labels(self, column: str, people: pd.Index | None = None) -> pd.Series:
        """Give the group of each person by a column of a file.

        Parameters
        ----------
        column : str
            "file.column".
        people : pandas.Index, optional
            Of whom; else of all in the file, row by row.

        Returns
        -------
        pandas.Series of str
            By person (or row); "not stated" where the cell is blank. Ethnicities are white or BME, sexes women or men.
        """
        file, _, name = column.partition(".")
        frame = self.typed.get(file, pd.DataFrame())
        known = self.programme.column(column)
        if name not in frame.columns:
            return pd.Series(NOT_STATED, index=people if people is not None else frame.index, dtype=object)
        values = labelled(frame[name], known)
        if people is None:
            return values
        by_person = pd.Series(values.to_numpy(), index=frame[PERSON])
        by_person = by_person[~by_person.index.duplicated()]
        return by_person.reindex(people).fillna(NOT_STATED)


def reached(values: pd.Series) -> pd.Series:
    """Tell where a step or an outcome of the files was reached.

    Parameters
    ----------
    values : pandas.Series
        A date, yes or no, or a number of people.

    Returns
    -------
    pandas.Series of bool
        True for a date that is filled in, and for yes.
    """
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.notna()
    return values.astype(object).map(lambda value: str(value).lower() in _YES).astype(bool)


def latest_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows of the latest snapshot or year, as the standards count: people stand in a file of years repeatedly.

    Parameters
    ----------
    rows : pandas.DataFrame
        With a column `snapshot` or `year`, or neither.

    Returns
    -------
    pandas.DataFrame
        Those of the latest day or year; all where there is no such column.
    """
    for name in ("snapshot", "year"):
        if name in rows.columns and rows[name].notna().any():
            return rows[rows[name] == rows[name].max()]
    return rows


def labelled(values: pd.Series, column: Column | None) -> pd.Series:
    """Bring the labels of a column into the words of the groups.

    Parameters
    ----------
    values : pandas.Series
        As in the file.
    column : Column or None
        What the dictionary says of it.

    Returns
    -------
    pandas.Series of str
        Same index; "not stated" where blank.
    """
    mapping = column.mapping if column else ""
    makers = {_ETHNICITY: lambda v: ethnic_group(v, to="bme"), "exit_types": exit_type, "bands": band_label}
    if mapping in makers and values.notna().any():
        try:
            made = pd.Series(
                np.asarray(makers[mapping](values.where(values.notna(), None)), dtype=object), values.index
            )
            return made.fillna(NOT_STATED)
        except EvalkitError:
            pass  # groups that the table does not know keep their own names
    text = values.astype(object).where(values.notna(), NOT_STATED).astype(str)
    if column is not None and column.name == "sex":
        text = text.map(lambda label: _SEXES.get(label.lower(), label))
    return text if column is None else text.map(lambda label: group_label(column.name, label))


def _members(pairs: pd.DataFrame) -> list[str]:
    known = {"pair", "matched", "ended", "ended_why"}
    return [str(name) for name in pairs.columns if name not in known][:2]


def _names(instrument: Instrument) -> set[str]:
    back = [wave.id for wave in instrument.waves if wave.asked_with]
    own = {item.id for item in instrument.items}
    return own | {f"{name}_{wave}" for name in own for wave in back}


def _numbered(instrument: Instrument, item: Item) -> bool:
    return all(isinstance(option.value, int | float) for option in instrument.options_of(item))


def _one_each(frame: pd.DataFrame) -> pd.DataFrame:
    numbers = frame.select_dtypes("number").groupby(level=0).mean()
    words = frame.select_dtypes(exclude="number")
    return numbers.join(words[~words.index.duplicated(keep="last")])


def _typed(frame: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
    """Read cells as the dictionary says; what cannot be read so is missing (the check of the folder has said so)."""
    kinds = {column.name: column.kind for column in columns}
    return pd.DataFrame({str(name): _cells(frame[name], kinds.get(str(name), "category")) for name in frame.columns})


def _cells(values: pd.Series, kind: str) -> pd.Series:
    if kind == "number":
        return pd.to_numeric(values, errors="coerce").astype(float)
    if kind == "date":
        return pd.to_datetime(values, errors="coerce")
    text = values.astype(object).where(values.notna(), None)
    text = text.map(lambda value: None if value is None or str(value).strip() in _BLANK else str(value).strip())
    if kind == "yes_no":
        return text.map(lambda value: None if value is None else _answer(value)).astype(object)
    return text.astype(object)


def _answer(value: str) -> str | None:
    return "yes" if value.lower() in _YES else "no" if value.lower() in _NO else None
