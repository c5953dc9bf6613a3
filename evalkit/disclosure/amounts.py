"""Sums of money or time over people: which may leave when few contribute most of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from evalkit.disclosure.cells import Cells, Flags
from evalkit.disclosure.complementary import Stakes
from evalkit.disclosure.profiles import Profile

Floats = npt.NDArray[np.float64]

# Per cent within which a withheld amount must not be told, where the profile has no p per cent rule.
_CLOSE = 10.0


class AmountStakes(Stakes):
    """What is to be protected in a table of amounts.

    Parameters
    ----------
    cells : Cells
        The cells of all tables.
    truth : numpy.ndarray
        Shape (cells,), whole units.
    profile : Profile
        The rules.
    primary : numpy.ndarray
        Shape (cells,), True where the amount is withheld by itself.
    """

    def __init__(self, cells: Cells, truth: Floats, profile: Profile, primary: Flags) -> None:
        super().__init__(cells, truth, profile)
        none = np.zeros(len(truth), dtype=bool)
        self.primary, self.tender, self.summed = primary, none, none
        self.low = self.high = truth
        self.readings = [np.zeros(len(truth))]
        self.shown_zero = cells.published & ~primary & (truth == 0)

    def goals(self, hidden: Flags, least: Floats) -> tuple[Floats, Floats]:
        """Say how far below and above the truth each withheld amount must be able to lie.

        Parameters
        ----------
        hidden : numpy.ndarray
            Shape (cells,), True where withheld.
        least : numpy.ndarray
            Shape (cells,), the least that a withheld amount can be.

        Returns
        -------
        (numpy.ndarray, numpy.ndarray)
            Shape (cells,), whole units; infinite where nothing is asked.
        """
        share = (self.profile.p_percent or _CLOSE) / 100
        low = np.maximum(np.floor(self.truth * (1 - share)), least)
        return np.where(hidden, low, np.inf), np.where(hidden, np.ceil(self.truth * (1 + share)), -np.inf)
