"""What the column of an item may be called: ids and codes first, then question texts in any language.

Names are looked up level by level, the strictest first; the first level that knows a name decides, and a name that
stands for several columns there is ambiguous.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from evalkit.instruments.model import Instrument, Item, Matrix, Section
from evalkit.instruments.responses.forms import Asked
from evalkit.instruments.wording import TOKEN

_NUMBERING = re.compile(r"\s*(?:q(?:uestion)?\s*)?\d+(?:\.\d+)*\s*[a-z]?\s*[.):\-]?\s+", re.IGNORECASE)
_PATH = re.compile(r"[/\-.:]")
# What a spreadsheet puts behind a name that is there already: 2 (Microsoft Forms), .1 (pandas), _1 or (1).
_AGAIN = re.compile(r"[\s._(]*[1-9]\d?\)?")
_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Target:
    """What a column holds.

    Parameters
    ----------
    item : str
        Id of an item; empty for what the platform adds and nobody answered.
    value : str
        For a column of its own for one option of a multiple choice: the option's value. ``*`` for an answer in words
        beside the options, which the instrument does not have.
    """

    item: str
    value: str = ""


WRITTEN_IN = "*"
Level = tuple[Callable[[str], str], Mapping[str, frozenset[Target]]]


class Names:
    """Every name that a column of some forms may have.

    Parameters
    ----------
    asked : Asked
        The forms.
    paths : bool
        Whether the names of groups may stand in front.
    """

    def __init__(self, asked: Asked, *, paths: bool) -> None:
        texts = _gathered(_texts(asked))
        plain = _gathered(_plain(asked))
        joined = _gathered(_joined(asked))
        self.paths = paths
        self.levels: tuple[Level, ...] = (
            (str, plain),
            (str, joined),
            (_bare, _rekeyed(plain, _bare)),
            (_bare, _rekeyed(joined, _bare)),
            (worded, _rekeyed(texts, worded)),
            (_loose, _rekeyed(texts, _loose)),
        )
        self.patterns = [(_pattern(text), targets) for text, targets in texts.items() if TOKEN.search(text)]

    def of(self, header: str) -> frozenset[Target]:
        """Find what a column may hold.

        Parameters
        ----------
        header : str
            Its name in the file.

        Returns
        -------
        frozenset of Target
            Empty when nothing fits, several when it is ambiguous.
        """
        for name in self._forms_of(header):
            for change, level in self.levels:
                if (key := change(name)) and (found := level.get(key)):
                    return found
        said = worded(header)
        return frozenset(target for pattern, targets in self.patterns if pattern.fullmatch(said) for target in targets)

    def of_repeated(self, header: str) -> frozenset[Target]:
        """Find what a column may hold whose name was changed because it was there already.

        Parameters
        ----------
        header : str
            Its name in the file.

        Returns
        -------
        frozenset of Target
            Several, of which the place of the column tells the right one; empty when the name is no repeated text.
        """
        end = re.search(rf"{_AGAIN.pattern}$", header)
        found = self.of(header[: end.start()]) if end else frozenset()
        return found if len(found) > 1 else frozenset()

    def _forms_of(self, header: str) -> Iterator[str]:
        if len(header) > _LONGEST:
            return
        yield header
        if self.paths:
            parts = [part for part in _PATH.split(header) if part]
            if len(parts) > 1:
                yield f"{parts[-2]}/{parts[-1]}"
                yield parts[-1]
        unnumbered = _NUMBERING.sub("", header, count=1)
        if unnumbered != header:
            yield unnumbered


@lru_cache(maxsize=65536)
def worded(text: str) -> str:
    """Bring a text into the form in which texts are compared.

    Parameters
    ----------
    text : str
        A question, a label, or what a platform made of it.

    Returns
    -------
    str
        Without capitals, with single blanks and plain quotation marks.

    Examples
    --------
    >>> worded("How  far do you  Agree?")
    'how far do you agree?'
    """
    plain = _UNSEEN.sub("", unicodedata.normalize("NFKC", text)).translate(_PLAIN_MARKS)
    return " ".join(plain.split()).casefold()


# Joiners and hyphens of no width, which exporters put where a platform would interpret a text.
_UNSEEN = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_PLAIN_MARKS = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-"})


def _loose(text: str) -> str:
    """Keep letters and digits only: brackets, dashes and the word "choice" differ between platforms."""
    return "".join(letter for letter in worded(text).replace("(choice=", "(") if letter.isalnum())


def _bare(name: str) -> str:
    return name.replace("_", "").lower()


def _pattern(text: str) -> re.Pattern[str]:
    """Make a pattern in which any words may stand for a token that nobody filled in here."""
    parts = re.split(r"\{[a-z_][a-z0-9_]*\}", worded(text))
    return re.compile(".{1,100}".join(re.escape(part) for part in parts))


def _gathered(pairs: Iterator[tuple[str, Target]]) -> dict[str, frozenset[Target]]:
    found: dict[str, set[Target]] = {}
    for name, target in pairs:
        found.setdefault(name, set()).add(target)
    return {name: frozenset(targets) for name, targets in found.items()}


def _rekeyed(level: Mapping[str, frozenset[Target]], change: Callable[[str], str]) -> dict[str, frozenset[Target]]:
    return _gathered((change(name), target) for name, targets in level.items() for target in targets)


def _bases(asked: Asked, item: Item) -> set[str]:
    return {item.id, item.name, *asked.names.get(item.id, ())}


def _values(asked: Asked, item: Item) -> Iterator[tuple[str, str]]:
    """Give the codes of an item's options, each with its value."""
    for option in asked.options_of(item):
        yield str(option.value), str(option.value)
    yield from asked.values.get(item.id, {}).items()


def _plain(asked: Asked) -> Iterator[tuple[str, Target]]:
    """Give names in which nothing can be mistaken: ids, codes, and options in brackets or behind signs."""
    for item in asked.items.values():
        codes = dict(_values(asked, item)) if item.kind == "multiple_choice" else {}
        for base in _bases(asked, item):
            yield base, Target(item.id)
            for code, value in codes.items():
                for name in (f"{base}[{code}]", f"{base}__{code}", f"{base}___{code}", f"{base}/{code}"):
                    yield name, Target(item.id, value)
            for word, name in (("other", f"{base}[other]"), ("comment", f"{base}[comment]"), ("", f"{base}-Comment")):
                if word not in codes:
                    yield name, Target(item.id, WRITTEN_IN)
    for item in (item for form in asked.forms.values() for item in form.items if item.kind == "information"):
        for base in _bases(asked, item):
            yield base, Target("")


def _joined(asked: Asked) -> Iterator[tuple[str, Target]]:
    """Give names that only join two parts, which an id may do as well."""
    for item in asked.items.values():
        for base in _bases(asked, item):
            yield f"{base}_TEXT", Target(item.id, WRITTEN_IN)
            for code, value in _values(asked, item):
                yield f"{base}_{code}_TEXT", Target(item.id, WRITTEN_IN)
                if item.kind == "multiple_choice":
                    yield f"{base}_{code}", Target(item.id, value)
    for section in (section for form in asked.forms.values() for section in form.sections):
        for matrix, items in section.groups():
            if matrix is not None:
                yield from _rows(asked, matrix, items)


def _rows(asked: Asked, matrix: Matrix, items: tuple[Item, ...]) -> Iterator[tuple[str, Target]]:
    above = {matrix.id, *asked.names.get(matrix.id, ())}
    for position, item in enumerate(items, start=1):
        target = Target(item.id)
        for name, base in ((name, base) for name in above for base in _bases(asked, item)):
            yield from ((joined, target) for joined in (f"{name}[{base}]", f"{name}_{base}", f"{name}.{base}"))
            yield f"{name}/{base}", target
        if asked.platform == "qualtrics":
            yield f"{matrix.id}_{position}", target


def _texts(asked: Asked) -> Iterator[tuple[str, Target]]:
    for said in (said for forms in asked.said.values() for said in forms):
        count = Counter(item.text for item in said.items)
        for section in said.sections:
            for matrix, items in section.groups():
                for item in items:
                    yield from _item_texts(said, matrix, item)
                    if count[item.text] > 1:
                        yield from _titled(section, matrix, item)


def _titled(section: Section, matrix: Matrix | None, item: Item) -> Iterator[tuple[str, Target]]:
    """Give the text with the title of its page: a retrospective question has the text of the one that it repeats."""
    target = Target("" if item.kind == "information" else item.id)
    for text in (item.text, *([f"{matrix.text} {item.text}"] if matrix is not None else [])):
        yield f"{text} ({section.title})", target
        yield f"{section.title}: {text}", target


def _item_texts(said: Instrument, matrix: Matrix | None, item: Item) -> Iterator[tuple[str, Target]]:
    target = Target("" if item.kind == "information" else item.id)
    yield item.text, target
    if matrix is not None:
        for name in (f"{matrix.text} [{item.text}]", f"{matrix.text} - {item.text}", f"{matrix.text} {item.text}"):
            yield name, target
        if item.help:
            # REDCap has no note on a row of a matrix: there it stands behind the label.
            yield f"{item.text} {item.help}", target
    if item.kind == "multiple_choice":
        for option in said.options_of(item):
            own = Target(item.id, str(option.value))
            for name in (
                f"{item.text} [{option.label}]",
                f"{item.text} (choice={option.label})",
                f"{item.text} - {option.label}",
                f"{item.text}/{option.label}",
            ):
                yield name, own
