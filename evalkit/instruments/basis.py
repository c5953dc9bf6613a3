"""What is kept of an instrument so that another version can be held against it: prints of texts, keys and rules.

A print is a short hash of a text without regard to what nobody reads as a rewording: the width of blanks, a final full
stop, straight or curly quotes. A word in braces counts as it stands, whatever is filled in for it.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated

from pydantic import Field, StrictInt, StrictStr

from evalkit.instruments.parts import Kind, Number, Part, ScoringRule, Text

_QUOTES = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"'})


class ItemForm(Part):
    """Of an item, what decides whether answers to it can be compared.

    Parameters
    ----------
    id : str
        Its id.
    kind : str
        Its kind.
    text : str
        Print of the question and its unit.
    above : str
        Print of the question above the rows of its matrix; empty when it has none.
    help : str
        Print of the lines of help; empty when it has none.
    values : str
        The values that count, sorted and joined by blanks.
    labels : str
        The prints of their labels, joined by blanks.
    order : str
        The values in the order shown, when that is not from low to high.
    declining : str
        Print of the missing options; empty when it has none.
    limits : str
        Least, greatest and decimals of a number or date; empty when it has none.
    shown : str
        Print of the conditions under which it is shown; empty for always.
    intro : str
        Print of the introduction of its page; empty when it has none.
    translated : str
        For each further language its tag, a colon and the print of all these words in it, joined by blanks.
    """

    id: Text
    kind: Kind
    text: Text
    above: StrictStr = ""
    help: StrictStr = ""
    values: StrictStr = ""
    labels: StrictStr = ""
    order: StrictStr = ""
    declining: StrictStr = ""
    limits: StrictStr = ""
    shown: StrictStr = ""
    intro: StrictStr = ""
    translated: StrictStr = ""

    @property
    def by_language(self) -> dict[str, str]:
        """Further language -> print of its words."""
        return dict(one.split(":", 1) for one in self.translated.split() if ":" in one)

    @property
    def by_label(self) -> dict[str, str]:
        """Print of a label -> value."""
        return dict(zip(self.labels.split(), self.values.split(), strict=False))


class ScaleForm(Part):
    """Of a scale, what decides whether scores of it can be compared.

    Parameters
    ----------
    id : str
        Its id.
    language : str
        The language in which its items are written.
    items : tuple of ItemForm
        Its items, in its order.
    reverse : tuple of str
        Ids of those that are reverse-keyed.
    rule : {"mean", "sum", "scaled_0_100"}
        How the score is made.
    min_answered : int
        Fewer answers than this give no score.
    range : tuple of two numbers
        Lowest and highest answer of one item.
    looking_back : str
        Print of what is said above the retrospective questions; empty when it has none.
    """

    id: Text
    language: Text
    items: tuple[ItemForm, ...] = Field(min_length=1)
    reverse: tuple[Text, ...] = ()
    rule: ScoringRule
    min_answered: Annotated[StrictInt, Field(ge=1)]
    range: tuple[Number, Number]
    looking_back: StrictStr = ""


class Basis(Part):
    """Of a whole instrument, what decides on comparisons with it.

    Parameters
    ----------
    content : str
        Print of all that it says and asks; what is filled in for words in braces does not count.
    items : tuple of ItemForm
        All its items.
    scales : tuple of ScaleForm
        All its scales.
    """

    content: Text
    items: tuple[ItemForm, ...] = ()
    scales: tuple[ScaleForm, ...] = ()


def text_print(*texts: str) -> str:
    """Make the print of texts that belong together.

    Parameters
    ----------
    *texts : str
        The texts, in their order.

    Returns
    -------
    str
        Eight characters; empty when all texts are empty.

    Examples
    --------
    >>> text_print("I  feel heard.") == text_print("I feel heard"), text_print("", "")
    (True, '')
    """
    plain = [" ".join(text.translate(_QUOTES).split()).removesuffix(".") for text in texts]
    return _digest(json.dumps(plain), 4) if any(plain) else ""


def content_print(content: object) -> str:
    """Make the print of a whole content.

    Parameters
    ----------
    content : object
        Lists, dictionaries, texts and numbers.

    Returns
    -------
    str
        Six characters, the same for equal contents in any order of keys.
    """
    return _digest(json.dumps(content, sort_keys=True), 3)


def _digest(text: str, size: int) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()
