"""What an export tells: the files written, what the platform cannot carry, and which codes had to change."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing that a platform's format cannot carry.

    Parameters
    ----------
    feature : str
        What: "display logic", "translation", "required", "validation", "help", "waves", "option order", ...
    where : str
        Item, section, scale or language; empty for the whole form.
    detail : str
        What is lost and what to do by hand after the import, as a sentence.
    """

    feature: str
    where: str
    detail: str


@dataclass(frozen=True, slots=True)
class CodeChange:
    """A name or value that the platform does not allow as it is.

    Parameters
    ----------
    item : str
        The item's id in the instrument.
    value : str
        The option's value in the instrument; empty when the item's own name changed.
    platform_item : str
        Name on the platform.
    platform_value : str
        Value on the platform; empty when only the name changed.
    """

    item: str
    value: str
    platform_item: str
    platform_value: str


@dataclass(frozen=True, slots=True)
class ExportReport:
    """The outcome of one export.

    Parameters
    ----------
    instrument, version, platform : str
        What was exported, and for which platform.
    paths : tuple of pathlib.Path
        Files written, one for each form (an ordinary wave with its retrospective questions), in order of the waves.
    losses : tuple of Loss
        What the platform cannot carry; empty when everything arrived.
    code_changes : tuple of CodeChange
        Names and values that had to change, for reading the answers back.
    """

    instrument: str
    version: str
    platform: str
    paths: tuple[Path, ...]
    losses: tuple[Loss, ...]
    code_changes: tuple[CodeChange, ...]

    def frame(self) -> pd.DataFrame:
        """Give the losses as a table.

        Returns
        -------
        pandas.DataFrame
            Columns `feature`, `where`, `detail`, one row a loss.
        """
        rows = [(loss.feature, loss.where, loss.detail) for loss in self.losses]
        return pd.DataFrame(rows, columns=["feature", "where", "detail"])

    def value_map(self) -> pd.DataFrame:
        """Give the changed codes as a table.

        Returns
        -------
        pandas.DataFrame
            Columns `item`, `value`, `platform_item`, `platform_value`, one row a change.
        """
        rows = [
            (change.item, change.value, change.platform_item, change.platform_value) for change in self.code_changes
        ]
        return pd.DataFrame(rows, columns=["item", "value", "platform_item", "platform_value"])
