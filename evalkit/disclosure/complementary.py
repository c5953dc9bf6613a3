"""Which cells must be withheld beside the small ones, so that none of them can be worked out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from evalkit.disclosure.cells import Cells, Flags
from evalkit.disclosure.integer_programmes import best, corner_of
from evalkit.disclosure.profiles import Profile
from evalkit.disclosure.rules import origins, release_counts, withheld

Floats = npt.NDArray[np.float64]

_UP, _DOWN = 1, -1
# A cell, the way it must go, and the reading of the rule.
_Aim = tuple[int, int, int]
# How many programmes may be solved to find out which cells were withheld for nothing.
_PRUNING = 300
# The least cost is not needed: what is superfluous is released again afterwards.
_GAP = 0.1
_STILL = 1e-6


class Stakes:
    """What is to be protected, and what the attacker may assume about each cell.

    Parameters
    ----------
    cells : Cells
        The cells of all tables.
    truth : numpy.ndarray
        Shape (cells,), people.
    profile : Profile
        The rules.
    """

    def __init__(self, cells: Cells, truth: Floats, profile: Profile) -> None:
        self.cells, self.truth, self.profile = cells, truth, profile
        small = withheld(truth, profile)
        self.primary: Flags = cells.published & small
        # Those left over by a subset follow by subtraction, though nobody prints them.
        self.tender: Flags = cells.others & small
        released = np.where(small, np.nan, release_counts(truth, profile))
        self.low, self.high = origins(released, profile)
        # Where zeros are shown, one attacker knows that a withheld count is at least 1; another does not think of it.
        one = np.where(cells.published, np.minimum(origins([np.nan], profile)[0][0], truth), 0.0)
        self.readings = [one, np.zeros(len(truth))] if one.any() else [one]
        # A zero that the profile shows is never withheld: that is why a withheld count is at least 1.
        self.shown_zero: Flags = cells.published & ~small & (truth == 0)
        summed = profile.rounding != "none" and profile.totals == "sum"
        self.summed: Flags = np.array([summed and len(parts) > 0 for parts in cells.parts], dtype=bool)

    def whole(self, hidden: Flags) -> Flags:
        """Name the totals that are sums of released cells, and so tell nothing that these do not.

        Parameters
        ----------
        hidden : numpy.ndarray
            Shape (cells,), True where withheld.

        Returns
        -------
        numpy.ndarray
            Shape (cells,), True for such totals.
        """
        told = np.zeros(len(hidden), dtype=bool)
        for cell in np.flatnonzero(self.summed):
            told[cell] = not hidden[cell] and not hidden[self.cells.parts[cell][0]].any()
        return told

    def limits(self, hidden: Flags, least: Floats) -> tuple[Floats, Floats]:
        """Say what a release tells about each cell by itself.

        Parameters
        ----------
        hidden : numpy.ndarray
            Shape (cells,), True where withheld.
        least : numpy.ndarray
            Shape (cells,), the least that a withheld count can be: one of `readings`.

        Returns
        -------
        (numpy.ndarray, numpy.ndarray)
            Shape (cells,).
        """
        free = hidden | ~self.cells.published | self.whole(hidden)
        return np.where(free, np.where(hidden, least, 0.0), self.low), np.where(free, np.inf, self.high)

    def goals(self, hidden: Flags, least: Floats) -> tuple[Floats, Floats]:
        """Say which low and which high value of each cell must agree with the release.

        Parameters
        ----------
        hidden : numpy.ndarray
            Shape (cells,), True where withheld.
        least : numpy.ndarray
            Shape (cells,), the least that a withheld count can be: one of `readings`.

        Returns
        -------
        (numpy.ndarray, numpy.ndarray)
            Shape (cells,): a value of at most `low` and one of at least `high`; infinite where nothing is asked.
        """
        low, high = np.full(len(hidden), np.inf), np.full(len(hidden), -np.inf)
        if self.profile.rounding != "none":
            asked = self.cells.published & ~hidden & ~self.whole(hidden)
            low[asked], high[asked] = self.low[asked], self.high[asked]
        if self.profile.threshold:
            guarded = hidden | self.tender
            low[guarded], high[guarded] = 1.0, self.profile.threshold
            if least.any():
                low[hidden] = lowest(self.cells, self.truth > 0)[hidden]
                # Where that is the threshold already, the count must still not be known.
                high[hidden] = np.maximum(high, low + 1)[hidden]
        return low, high

    def weights(self) -> Floats:
        """Say what it costs to withhold each cell.

        Returns
        -------
        numpy.ndarray
            Shape (cells,): people, and something for the cell itself; a margin also costs what is inside it, which
            would have to be withheld too. Where no count is small, it costs next to nothing.
        """
        inside = np.array([sum(map(len, parts)) for parts in self.cells.parts], dtype=float)
        if not self.profile.threshold:
            return np.where(inside > 0, 1.0, 1.0 + self.truth.max(initial=0.0) + self.truth)
        return (self.truth + max(self.profile.threshold, 1)) * (1.0 + inside)


def hide(stakes: Stakes) -> Flags:
    """Choose the cells to withhold.

    Parameters
    ----------
    stakes : Stakes
        What is to be protected.

    Returns
    -------
    numpy.ndarray
        Shape (cells,), True where withheld: all small cells, and as few others as the search finds, so that every one
        of them may be 1 or less as well as the threshold or more, and every rounded count anything that is rounded so.

    Notes
    -----
    For each cell that is not yet safe, the table that would make it safe at the least cost of withholding more is a
    linear programme (whole numbers where its corners are not); the cells in which it differs from the truth are
    withheld. Each table so found vouches for other cells too. At last, what proves superfluous is released again.
    The least loss is not sought: that is a far harder problem [1]_.

    References
    ----------
    .. [1] Fischetti M, Salazar JJ (2001). Solving the cell suppression problem on tabular data with linear constraints.
       Management Science 47:1008-1027.
    """
    if stakes.profile.releases_all:
        return np.zeros(len(stakes.truth), dtype=bool)
    search = _Search(stakes)
    search.widen()
    search.narrow()
    return search.hidden


def lowest(cells: Cells, somebody: Flags) -> Floats:
    """Say how low a withheld count must be able to be where zeros are shown.

    Parameters
    ----------
    cells : Cells
        The cells of all tables.
    somebody : numpy.ndarray
        Shape (cells,), True where a count is not seen to be zero.

    Returns
    -------
    numpy.ndarray
        Shape (cells,): 1, or of a total as many as there are such counts inside it, as everybody knows that two counts
        that are not zero are two people or more.
    """
    return np.array(
        [max(1.0, *(float(somebody[part].sum()) for part in parts), 0.0) for parts in cells.parts], dtype=float
    )


class _Search:
    """The state of the search: what is withheld, and the tables that vouch for it."""

    def __init__(self, stakes: Stakes) -> None:
        self.stakes = stakes
        self.hidden = stakes.primary.copy()
        self.tables = stakes.truth[None, :]
        self.hopeless: set[_Aim] = set()
        self.solved = 0
        self.weights = stakes.weights()
        sums = stakes.cells.sums
        self.sums = sparse.csc_array(sums)
        self.equations = sparse.csc_array(sparse.hstack([sums, -sums, sums]))

    def widen(self) -> None:
        """Withhold more until every cell is safe."""
        for reading, least in enumerate(self.stakes.readings):
            while True:
                self.tables = self.swept(self.hidden, self.tables, reading)
                aim = self.next_aim(self.hidden, self.tables, reading)
                if aim is None:
                    break
                self.take(aim, self.widened(aim), least)

    def take(self, aim: _Aim, found: Floats | None, least: Floats) -> None:
        """Withhold what a table asks for, or the cell itself where that costs less."""
        cell = aim[0]
        low, high = self.stakes.limits(self.hidden, least)
        published = self.stakes.cells.published
        more = published & False if found is None else published & ((found < low) | (found > high))
        if (
            published[cell]
            and not self.hidden[cell]
            and (found is None or self.weights[more].sum() > self.weights[cell])
        ):
            self.hidden[cell] = True
        elif found is None:
            self.hopeless.add(aim)
        else:
            self.hidden = self.hidden | more
            self.tables = np.vstack([self.tables, found])

    def lacking(self, hidden: Flags, tables: Floats, reading: int) -> dict[int, Flags]:
        """Tell which cells have no table yet in which they are low, and high, enough."""
        least = self.stakes.readings[reading]
        low, high = self.stakes.limits(hidden, least)
        tables = tables[((tables >= low) & (tables <= high)).all(axis=1)]
        goal_low, goal_high = self.stakes.goals(hidden, least)
        lacking: dict[int, Flags] = {
            _DOWN: np.asarray(~(tables <= goal_low).any(axis=0)),
            _UP: np.asarray(~(tables >= goal_high).any(axis=0)),
        }
        for cell, way, other in self.hopeless:
            if other == reading:
                lacking[way][cell] = False
        return lacking

    def next_aim(self, hidden: Flags, tables: Floats, reading: int) -> _Aim | None:
        """Name the cell that is furthest from being safe, and the way it must go."""
        lacking = self.lacking(hidden, tables, reading)
        goal_low, goal_high = self.stakes.goals(hidden, self.stakes.readings[reading])
        truth = self.stakes.truth
        far = {
            _UP: np.where(lacking[_UP], goal_high - truth, -1.0),
            _DOWN: np.where(lacking[_DOWN], truth - goal_low, -1.0),
        }
        for way in (_UP, _DOWN):
            if lacking[way].any():
                return int(far[way].argmax()), way, reading
        return None

    def swept(self, hidden: Flags, tables: Floats, reading: int) -> Floats:
        """Find tables that agree with a release and vouch for many cells at once, as long as there are any."""
        least = self.stakes.readings[reading]
        low, high = (limit - self.stakes.truth for limit in self.stakes.limits(hidden, least))
        goal_high = self.stakes.goals(hidden, least)[1] - self.stakes.truth
        lacking = self.lacking(hidden, tables, reading)
        open_now = int(lacking[_UP].sum() + lacking[_DOWN].sum())
        while open_now > 1:
            cost = lacking[_DOWN].astype(float) - lacking[_UP]
            capped = np.where(lacking[_UP], np.minimum(high, goal_high), high)
            capped = np.where(lacking[_UP] & lacking[_DOWN], high, capped)
            found = self.moved(cost, low, capped, branch=False)
            if found is None:
                return tables
            more = np.vstack([tables, found])
            lacking = self.lacking(hidden, more, reading)
            still = int(lacking[_UP].sum() + lacking[_DOWN].sum())
            if still >= open_now:
                return tables
            tables, open_now = more, still
        return tables

    def moved(self, cost: Floats, low: Floats, high: Floats, *, branch: bool = True) -> Floats | None:
        """Find the table of the least cost between limits to how far each cell may move."""
        self.solved += 1
        found = best(self.sums, np.zeros(self.sums.shape[0]), cost, low, high, gap=_GAP, branch=branch)
        return None if found is None else np.asarray(self.stakes.truth + found)

    def aimed(self, aim: _Aim, hidden: Flags) -> tuple[Floats, Floats]:
        """Say how far each cell may move, when one must be low or high enough."""
        cell, way, reading = aim
        least = self.stakes.readings[reading]
        low, high = (limit - self.stakes.truth for limit in self.stakes.limits(hidden, least))
        goal_low, goal_high = (goal - self.stakes.truth for goal in self.stakes.goals(hidden, least))
        if way == _UP:
            low[cell] = goal_high[cell]
        else:
            high[cell] = goal_low[cell]
        return low, high

    def vouched(self, aim: _Aim, hidden: Flags) -> Floats | None:
        """Find a table in which a cell is as low or high as it must be."""
        return self.moved(np.zeros(len(hidden)), *self.aimed(aim, hidden))

    def widened(self, aim: _Aim) -> Floats | None:
        """Find such a table at the least cost of withholding more."""
        cell, _, reading = aim
        self.solved += 1
        stakes, truth, hidden = self.stakes, self.stakes.truth, self.hidden
        low, high = self.aimed(aim, hidden)
        priced = stakes.cells.published & ~hidden & ~stakes.whole(hidden) & ~stakes.shown_zero
        priced[cell] = False
        up, down = np.where(priced, np.inf, 0.0), np.where(priced, truth - stakes.readings[reading], 0.0)
        need = max(low[cell], -high[cell], 1.0)
        price = np.where(priced, self.weights, 0.0)
        # Beside what a cell may move at no cost, it can rise and fall if it is withheld.
        programme = (
            self.equations,
            np.zeros(self.equations.shape[0]),
            np.concatenate([price / need, price / np.clip(down, 1.0, need), np.zeros(len(truth))]),
            np.concatenate([np.zeros(2 * len(truth)), low]),
            np.concatenate([up, down, high]),
        )
        corner = corner_of(*programme)
        if corner is None:
            return None
        rise, fall, _ = corner.reshape(3, -1)
        moving = (rise > _STILL) | (fall > _STILL)
        found = self.moved(np.zeros(len(truth)), np.where(moving, low - down, low), np.where(moving, np.inf, high))
        if found is not None:
            return found
        whole = best(*programme, gap=_GAP)
        return None if whole is None else np.asarray(truth + np.array([1, -1, 1]) @ whole.reshape(3, -1))

    def narrow(self) -> None:
        """Release again what was withheld for nothing, the largest first."""
        extra = np.flatnonzero(self.hidden & ~self.stakes.primary)
        budget = self.solved + _PRUNING
        for cell in extra[np.argsort(-self.weights[extra], kind="stable")]:
            if self.solved >= budget:
                return
            hidden = self.hidden.copy()
            hidden[cell] = False
            tables = self.still_safe(hidden)
            if tables is not None:
                self.hidden, self.tables = hidden, tables

    def still_safe(self, hidden: Flags) -> Floats | None:
        """Find tables that vouch for all cells of a release; None when one cannot be vouched for."""
        tables = self.tables
        for reading in range(len(self.stakes.readings)):
            tables = self.swept(hidden, tables, reading)
            while (aim := self.next_aim(hidden, tables, reading)) is not None:
                found = self.vouched(aim, hidden)
                if found is None:
                    return None
                tables = np.vstack([tables, found])
        return tables
