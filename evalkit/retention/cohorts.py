"""A cohort of staff: who was at risk of leaving when, why they left, and whether they were mentored by then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from evalkit.errors import EstimationError, ImmortalTimeError, Problem, did_you_mean
from evalkit.frames import require, within
from evalkit.retention.foreknowledge import tells_later

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
By = str | Sequence[str] | None

MENTORED = "mentored"
UNMENTORED = "not mentored"
_GROUPS_AT_MOST = 500


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the flow into a cohort.

    Parameters
    ----------
    step : str
        What these people have in common.
    n : int
        People at it.
    lost : int, default 0
        People lost since the step before.
    reason : str, default ""
        Why.
    """

    step: str
    n: int
    lost: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Cohort:
    """Spells of people at risk of leaving, cut where mentoring begins. Made by `cohort` or `cohort_from_spells`.

    Parameters
    ----------
    person : numpy.ndarray of int
        Shape (pieces,): position of the person in `people`. Pieces are sorted by person, then start.
    spell : numpy.ndarray of int
        Shape (pieces,): the uninterrupted spell of which the piece is a part, counted over the whole cohort.
    start, stop : numpy.ndarray of float
        Shape (pieces,), in `unit`: at risk in (start, stop].
    cause : numpy.ndarray of int
        Shape (pieces,): 0 when nobody left at `stop`, else k for `causes[k - 1]`.
    mentored : numpy.ndarray of bool
        Shape (pieces,): whether mentoring had begun before the piece.
    row : numpy.ndarray of int
        Shape (pieces,): row of `covariates`.
    covariates : pandas.DataFrame
        One row for each row that came in.
    people : pandas.Index
        The persons, as they were named.
    causes : tuple of str
        Labels of the causes.
    unit : str
        Unit of time.
    exposure_varies : bool
        Whether mentoring begins after entry for somebody.
    exposed : bool
        Whether it is known who was mentored.
    weight : str, optional
        Covariate with case weights.
    cluster : str, optional
        Covariate that names the cluster.
    steps : tuple of Step
        Who was dropped and why.
    notes : tuple of str
        Rules that were applied.
    recorded : numpy.ndarray of bool, optional
        Shape (people,): who is on record as mentored at any time, also after the end of observation; else whoever is
        mentored in a piece.
    settled : float, optional
        The landmark, of a cohort that `landmark` made: mentoring that begins later is not in its pieces.
    """

    person: Ints
    spell: Ints
    start: Floats
    stop: Floats
    cause: Ints
    mentored: Flags
    row: Ints
    covariates: pd.DataFrame
    people: pd.Index
    causes: tuple[str, ...]
    unit: str
    exposure_varies: bool
    exposed: bool
    weight: str | None = None
    cluster: str | None = None
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = field(default=())
    recorded: Flags | None = None
    settled: float | None = None

    def __repr__(self) -> str:
        left = ", ".join(f"{name}: {count:,}" for name, count in self.leavers().items())
        mentored = f"; {int(self.ever_mentored().sum()):,} mentored" if self.exposed else ""
        return f"Cohort of {len(self.people):,} people, time in {self.unit}{mentored}; left ({left or 'nobody'})"

    @property
    def n_people(self) -> int:
        """People in the cohort."""
        return len(self.people)

    def last(self) -> Flags:
        """Tell which pieces end their spell: there somebody left, or was censored.

        Returns
        -------
        numpy.ndarray of bool
            Shape (pieces,).
        """
        return np.r_[self.spell[1:] != self.spell[:-1], True] if len(self.spell) else np.zeros(0, dtype=bool)

    def leavers(self) -> dict[str, int]:
        """Count those who left, by cause.

        Returns
        -------
        dict of str to int
            Cause -> events.
        """
        found = np.bincount(self.cause, minlength=len(self.causes) + 1)
        return {name: int(found[number]) for number, name in enumerate(self.causes, 1)}

    def ever_mentored(self) -> Flags:
        """Tell who was mentored at any time under observation.

        Returns
        -------
        numpy.ndarray of bool
            Shape (people,).
        """
        ever = np.zeros(len(self.people), dtype=bool)
        ever[self.person[self.mentored]] = True
        return ever

    def mentored_later(self) -> tuple[Flags, Flags]:
        """Tell whose mentoring begins after entry, under observation or later, and who is never mentored.

        Returns
        -------
        tuple of numpy.ndarray of bool
            Two of shape (people,). Whoever is mentored from entry on is neither.
        """
        ever = self._on_record()
        at_entry = np.zeros(len(self.people), dtype=bool)
        first = np.r_[True, self.person[1:] != self.person[:-1]][: len(self.person)]
        at_entry[self.person[first]] = self.mentored[first]
        return ever & ~at_entry, ~ever

    def _on_record(self) -> Flags:
        ever = self.ever_mentored()
        return ever if self.recorded is None else ever | self.recorded

    def weights(self) -> Floats | None:
        """Take the case weights.

        Returns
        -------
        numpy.ndarray of float or None
            Shape (pieces,); None when the cohort has none.
        """
        if self.weight is None:
            return None
        return np.asarray(self.covariates[self.weight].to_numpy(dtype=float)[self.row])

    def cause_number(self, cause: str) -> int:
        """Find a cause by its label.

        Parameters
        ----------
        cause : str
            The label.

        Returns
        -------
        int
            Its number in `Cohort.cause`.

        Raises
        ------
        EstimationError
            DAT-006 for a cause that does not exist.
        """
        if cause not in self.causes:
            raise EstimationError(
                Problem(
                    "DAT-006", "cause", f'"{cause}"', "a cause of the cohort", did_you_mean(str(cause), self.causes)
                )
            )
        return self.causes.index(cause) + 1

    def groups(self, by: By) -> tuple[Ints, list[str]]:
        """Put every piece into a group.

        Parameters
        ----------
        by : str, sequence of str or None
            "mentored", covariates, or several of them; None puts all into one group.

        Returns
        -------
        tuple
            Group of each piece, shape (pieces,), -1 where the covariate is missing; labels of the groups in order. The
            first is the reference: "not mentored", or the first level.

        Raises
        ------
        EstimationError
            DAT-003 for an unknown name, EST-001 for "mentored" when nobody said who was, or for a covariate with more
            than 500 levels.
        """
        names = [] if by is None else [by] if isinstance(by, str) else list(by)
        if not names:
            return np.zeros(len(self.start), dtype=np.int64), ["all"]
        found = [self._levels(name) for name in names]
        codes, labels = found[0]
        for more, others in found[1:]:
            codes = np.where((codes < 0) | (more < 0), -1, codes * len(others) + more)
            labels = [f"{one}, {other}" for one in labels for other in others]
        if len(found) > 1:
            present = np.unique(codes[codes >= 0])
            codes = np.where(codes < 0, -1, np.searchsorted(present, codes))
            labels = [labels[number] for number in present]
        return codes, labels

    def _levels(self, name: str) -> tuple[Ints, list[str]]:
        if name == MENTORED:
            if not self.exposed:
                found = "no start of mentoring"
                remedy = "Give cohort(..., mentored_from=...)."
                raise EstimationError(Problem("EST-001", "by", found, "a cohort that says who was mentored", remedy))
            return self.mentored.astype(np.int64), [UNMENTORED, MENTORED]
        if name not in self.covariates.columns:
            known = [MENTORED, *map(str, self.covariates.columns)]
            raise EstimationError(
                Problem("DAT-003", "by", f'"{name}"', "a covariate of the cohort", did_you_mean(str(name), known))
            )
        codes, labels = levels(self.covariates[name])
        if len(labels) > _GROUPS_AT_MOST:
            found = f'"{name}" has {len(labels):,} levels'
            raise EstimationError(
                Problem("EST-001", "by", found, f"at most {_GROUPS_AT_MOST}", "Cut it into bands with pandas.cut.")
            )
        return codes[self.row], labels

    def counts(self, by: By = None) -> pd.DataFrame:
        """Count who was at risk, left and was censored at each time: the risk table as data.

        Parameters
        ----------
        by : str or sequence of str, optional
            "mentored", or covariates.

        Returns
        -------
        pandas.DataFrame
            One row for each time in a group at which somebody left, was censored or changed group: `group, time,
            at_risk` (people at risk just before the time), `entered` (since the row before, up to the time), one column
            for each cause, `censored`, `moved` (to another group at the time). People, unweighted. It is for work at
            the desk: profiles withhold most small counts of a plain table. In a report show a curve, `show(curve)`:
            what is released of it carries the numbers at risk, in its table and below its figure.
        """
        codes, labels = self.groups(by)
        parts = [self._counted(np.flatnonzero(codes == number), label) for number, label in enumerate(labels)]
        return pd.concat(parts, ignore_index=True)

    def _counted(self, pieces: Ints, label: str) -> pd.DataFrame:
        start, stop, cause = self.start[pieces], self.stop[pieces], self.cause[pieces]
        ends = self.last()[pieces]
        # A cut inside a group is no event: only those that go on elsewhere, or end, count.
        goes_on = self._goes_on(pieces)
        start, stop = start[~goes_on[0]], stop[~goes_on[1]]
        cause, ends = cause[~goes_on[1]], ends[~goes_on[1]]
        times, at = np.unique(stop, return_inverse=True)
        entered = np.searchsorted(np.sort(start), times, side="left")
        gone = np.r_[0, np.cumsum(np.bincount(at, minlength=len(times)))[:-1]] if len(times) else np.zeros(0, dtype=int)
        columns = {
            name: np.bincount(at[cause == number], minlength=len(times)) for number, name in enumerate(self.causes, 1)
        }
        return pd.DataFrame(
            {
                "group": label,
                "time": times,
                "at_risk": entered - gone,
                "entered": np.diff(entered, prepend=0),
                **columns,
                "censored": np.bincount(at[(cause == 0) & ends], minlength=len(times)),
                "moved": np.bincount(at[(cause == 0) & ~ends], minlength=len(times)),
            }
        )

    def _goes_on(self, pieces: Ints) -> tuple[Flags, Flags]:
        """Tell which pieces begin where, and which end where, another piece of the same spell and group lies."""
        follows = (np.diff(pieces) == 1) & (self.spell[pieces[1:]] == self.spell[pieces[:-1]])
        return np.r_[False, follows][: len(pieces)], np.r_[follows, False][: len(pieces)]

    def spells(self) -> pd.DataFrame:
        """Give the pieces as a frame, to go on with in other software.

        Returns
        -------
        pandas.DataFrame
            Shape (pieces, 6 + covariates): `person, start, stop` (at risk in (start, stop], in the unit of the cohort),
            `event` (0 or 1), `cause` (None where nobody left), `mentored` (0 or 1), then the covariates. A covariate
            that has one of these names gets "covariate_" before it. It names persons: do not show it.
        """
        names = np.array([None, *self.causes], dtype=object)
        front = pd.DataFrame(
            {
                "person": self.people.take(self.person),
                "start": self.start,
                "stop": self.stop,
                "event": (self.cause > 0).astype(int),
                "cause": names[self.cause],
                MENTORED: self.mentored.astype(int),
            }
        )
        behind = self.covariates.take(self.row).reset_index(drop=True)
        return pd.concat([front, behind.rename(columns=_beside(list(front), list(behind)))], axis="columns")

    def flow(self) -> pd.DataFrame:
        """Say who was dropped on the way into the cohort, and why.

        Returns
        -------
        pandas.DataFrame
            One row a step: `step, n, lost, reason`. `n` and `lost` are counts of people: to show it, name both, as
            `show(cohort.flow(), title=..., counts=["n", "lost"])`. A profile that withholds small counts blanks the
            whole row of a step at which few were lost, or nobody; `reason` tells counts in words as well.
        """
        return pd.DataFrame([{"step": s.step, "n": s.n, "lost": s.lost, "reason": s.reason} for s in self.steps])

    def landmark(self, time: float) -> Cohort:
        """Keep those at risk at a time, classed by whether they were mentored by then.

        Parameters
        ----------
        time : float
            The landmark, in the unit of the cohort.

        Returns
        -------
        Cohort
            Of people who entered by the landmark and stayed beyond it; each has one state from then on, "mentored" when
            mentoring had begun at or before the landmark. Time still runs from the origin; entry is the landmark.

        Raises
        ------
        DataError
            DAT-009 or DAT-002 for a landmark that is no number or below zero.
        EstimationError
            EST-001 when nobody is at risk at the landmark, or for a later landmark of a cohort that was made at one
            after which somebody is mentored: take it of the whole cohort.
        """
        require(within("time", time, low=0))
        if self.settled is not None and time > self.settled and bool(self.mentored_later()[0].any()):
            found = f"a cohort that is classed by mentoring at {self.settled:g} {self.unit} already"
            remedy = f"Take it of the cohort before that: cohort.landmark({time:g})."
            raise EstimationError(Problem("EST-001", "landmark", found, "the whole cohort", remedy))
        here = (self.start <= time) & (self.stop > time)
        if not here.any():
            found = f"nobody at risk at {time:g} {self.unit}"
            raise EstimationError(Problem("EST-001", "landmark", found, "people at risk", "Choose an earlier time."))
        at = np.flatnonzero(here)
        # Spells are numbered in the order of the pieces: the last piece of each spell says how it ended.
        last = np.flatnonzero(self.last())[self.spell[at]]
        people, person = np.unique(self.person[at], return_inverse=True)
        gone, later = self._not_at(time, people)
        step = Step(f"At risk at {time:g} {self.unit}", len(people), gone + later, _why(gone, later, time, self.unit))
        return replace(
            self,
            person=person.astype(np.int64),
            spell=np.arange(len(at)),
            start=np.full(len(at), float(time)),
            stop=self.stop[last],
            cause=self.cause[last],
            mentored=self.mentored[at],
            row=self.row[at],
            people=self.people.take(people),
            exposure_varies=False,
            recorded=self._on_record()[people],
            settled=float(time),
            steps=(*self.steps, step),
            notes=(*self.notes, f"classed by mentoring at or before {time:g} {self.unit}, at risk from then on"),
        )

    def _not_at(self, time: float, kept: Ints) -> tuple[int, int]:
        """Count people who were gone by the landmark, and those who entered after it only."""
        others = np.ones(len(self.people), dtype=bool)
        others[kept] = False
        early = np.zeros(len(self.people), dtype=bool)
        early[self.person[self.start <= time]] = True
        return int((others & early).sum()), int((others & ~early).sum())

    def require_no_immortal_time(self, names: Sequence[str], *, allow: bool = False) -> None:
        """Refuse groups that know the future: who will be mentored later had to stay until then.

        Parameters
        ----------
        names : sequence of str
            Covariates by which people are grouped, or which stand in a model.
        allow : bool, default False
            Let it pass, to show the bias.

        Raises
        ------
        ImmortalTimeError
            EST-002 when a covariate, or all of them together, tells who is mentored after entry.
        """
        if not allow:
            require([foretold(f"covariate {name}") for name in self.telling(names)], error=ImmortalTimeError)

    def telling(self, names: Sequence[str]) -> list[str]:
        """Name the covariates that tell who will be mentored later.

        Parameters
        ----------
        names : sequence of str
            Covariates; other names are passed over.

        Returns
        -------
        list of str
            Those that part people whose mentoring begins after entry from people who are never mentored; several names
            joined by "and" when only all of them together do.
        """
        known = [name for name in dict.fromkeys(names) if name in self.covariates.columns]
        kinds = self.mentored_later()
        if not known or not all(kind.any() for kind in kinds):
            return []
        later, never = (kind[self.person] for kind in kinds)

        def told(of: Sequence[str]) -> bool:
            def take(pieces: int) -> tuple[Ints, Floats | None]:
                rows = self.row[:pieces]
                return _numbered(self.covariates, of, rows), _values(self.covariates, of, rows)

            return tells_later(take, later, never, self.person, len(self.people))

        found = [name for name in known if told([name])]
        if found or len(known) < 2:
            return found
        return [" and ".join(known)] if told(known) else []

    def columns_telling(self, columns: Floats, pieces: Ints | slice) -> list[int]:
        """Find columns of a model that tell who will be mentored later.

        Parameters
        ----------
        columns : numpy.ndarray of float
            Shape (pieces chosen, columns).
        pieces : numpy.ndarray of int or slice
            Which pieces of the cohort.

        Returns
        -------
        list of int
            Positions of the columns.
        """
        kinds = self.mentored_later()
        if not all(kind.any() for kind in kinds):
            return []
        person = self.person[pieces]
        later, never = (kind[person] for kind in kinds)

        def told(value: Floats) -> bool:
            def take(size: int) -> tuple[Ints, Floats]:
                return np.asarray(pd.factorize(value[:size])[0], dtype=np.int64), value[:size]

            return tells_later(take, later, never, person, len(self.people))

        return [number for number in range(columns.shape[1]) if told(columns[:, number])]


def _beside(front: Sequence[str], behind: Sequence[str]) -> dict[str, str]:
    """Name anew what would have the name of another column."""
    taken, named = {*front, *behind}, {}
    for name in behind:
        if name in front:
            new = f"covariate_{name}"
            while new in taken:
                new += "_"
            named[name] = new
            taken.add(new)
    return named


def foretold(place: str) -> Problem:
    """Say that something tells who will be mentored later, and how to go on.

    Parameters
    ----------
    place : str
        What tells it.

    Returns
    -------
    Problem
        EST-002.
    """
    return Problem(
        "EST-002",
        place,
        "it tells from the first day on who will be mentored later; they had to stay until then",
        "groups that are known at the time",
        f'Use the time-varying "{MENTORED}", or compare those at risk at a landmark, classed by then: '
        f'cohort.landmark(6) and "{MENTORED}". allow_immortal_time=True shows the bias.',
    )


def _why(gone: int, later: int, time: float, unit: str) -> str:
    parts = [(gone, f"gone by {time:g} {unit}"), (later, f"came after {time:g} {unit}")]
    return "; ".join(f"{text}: {count:,}" for count, text in parts if count)


def levels(column: pd.Series) -> tuple[Ints, list[str]]:
    """Number the levels of a covariate.

    Parameters
    ----------
    column : pandas.Series
        Shape (rows,).

    Returns
    -------
    tuple
        Level of each row, -1 where missing; labels of the levels that occur, in the order of the categories or sorted.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes = column.cat.codes.to_numpy()
        there = np.bincount(codes.astype(np.int64) + 1, minlength=len(column.cat.categories) + 1)[1:] > 0
        place = np.append(np.cumsum(there) - 1, -1)  # the last one is that of the code -1
        return place[codes], [str(name) for name in column.cat.categories[there]]
    codes, values = pd.factorize(column, sort=True)
    return codes.astype(np.int64), [_label(value) for value in values]


def _numbered(covariates: pd.DataFrame, names: Sequence[str], rows: Ints) -> Ints:
    """Number the combinations of some covariates in some rows, from 0; missing is a level of each."""
    number = np.zeros(len(rows), dtype=np.int64)
    for name in names:
        column = covariates[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            code = np.asarray(column.cat.codes.to_numpy()[rows], dtype=np.int64) + 1
        else:
            code = np.asarray(pd.factorize(column.take(rows))[0], dtype=np.int64) + 1
        number = code if len(names) == 1 else pd.factorize(number * (int(code.max(initial=0)) + 1) + code)[0]
    return number


def _values(covariates: pd.DataFrame, names: Sequence[str], rows: Ints) -> Floats | None:
    """Take the values of one covariate that is a number, NaN where missing; None for anything else."""
    if len(names) > 1:
        return None
    column = covariates[names[0]]
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return None
    return np.asarray(column.to_numpy(dtype=float, na_value=np.nan)[rows])


def _label(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
