"""The parts of a survey instrument: frozen values that know nothing of the whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr, StringConstraints

from evalkit.instruments.conditions import Condition, parse_condition

Kind = Literal["single_choice", "multiple_choice", "likert", "number", "date", "short_text", "long_text", "information"]
Audience = Literal["mentee", "mentor", "line_manager", "coordinator", "participant", "staff"]
ScoringRule = Literal["mean", "sum", "scaled_0_100"]
Direction = Literal["higher_is_better", "higher_is_worse", "neither"]
ItemChange = Literal["unchanged", "reworded", "rescaled", "dropped", "added"]
Verdict = Literal["comparable", "comparable with care", "not comparable"]

CHOICE_KINDS = frozenset({"single_choice", "multiple_choice", "likert"})
SKIPPED = "skipped"

Text = Annotated[StrictStr, StringConstraints(min_length=1)]
Number = StrictInt | StrictFloat
Value = StrictInt | StrictStr
Limit = StrictInt | StrictFloat | StrictStr


class Part(BaseModel):
    """What all parts of an instrument share: frozen, and no key that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def changed(self, **fields: object) -> Self:
        """Make a copy with some fields changed, unchecked; nothing that was computed from the old fields is kept.

        Parameters
        ----------
        **fields : object
            The new values.

        Returns
        -------
        Part
            Of the same kind.
        """
        old = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self).model_construct(**{**old, **fields})


class Reference(Part):
    """A work that the instrument rests on.

    Parameters
    ----------
    key : str
        Short name, by which scales point to it.
    text : str
        The full reference.
    """

    key: Text
    text: Text


class Token(Part):
    """A word in braces that an organisation fills in, such as ``{organisation}``.

    Parameters
    ----------
    name : str
        The word, without braces.
    text : str
        What is shown until somebody fills it in.
    """

    name: Text
    text: Text


class Translation(Part):
    """All texts of the instrument in one further language.

    Parameters
    ----------
    language : str
        Tag such as "cy".
    texts : tuple of (str, str)
        Path of a text (see `evalkit.instruments.wording.texts`) and the text.
    """

    language: Text
    texts: tuple[tuple[Text, Text], ...] = ()


class Wave(Part):
    """A time at which the instrument is answered.

    Parameters
    ----------
    id, title : str
        Name and what people call it.
    asked_with : str, optional
        For a retrospective ("then") form: the wave at which it is really answered, about an earlier time.
    intro : str
        What is said above the retrospective questions.
    """

    id: Text
    title: Text
    asked_with: Text | None = None
    intro: StrictStr = ""


class Option(Part):
    """One answer that can be chosen.

    Parameters
    ----------
    value : int or str
        What is stored.
    label : str
        What is shown.
    missing : bool
        A value of its own that is not counted in a score: "prefer not to say", "does not apply".
    exclusive : bool
        In a multiple choice: excludes all the others, such as "none of these". A missing option always does.
    """

    value: Value
    label: Text
    missing: StrictBool = False
    exclusive: StrictBool = False


class OptionSet(Part):
    """A set of answers, shared by any number of items.

    Parameters
    ----------
    id : str
        Its name.
    options : tuple of Option
        In the order shown, the missing ones last.
    """

    id: Text
    options: tuple[Option, ...] = Field(min_length=1)

    @cached_property
    def by_value(self) -> Mapping[int | str, Option]:
        """Value -> option."""
        return {option.value: option for option in self.options}

    @cached_property
    def numbers(self) -> tuple[int, ...]:
        """The values that count in a score, in order; empty when they are words."""
        values = [option.value for option in self.options if not option.missing]
        return tuple(value for value in values if isinstance(value, int))


class Item(Part):
    """One question, or one row of a matrix.

    Parameters
    ----------
    id : str
        Stable name, at most 40 characters; the column of the answers.
    kind : str
        One of the eight kinds.
    text : str
        The question as shown.
    code : str, optional
        Name on survey platforms, at most 20 characters, when the id is longer. See `name`.
    help : str
        A line of help below the question.
    options : str, optional
        Id of the option set.
    required : bool
        Whether an answer must be given.
    min, max : int, float or str, optional
        Least and greatest number, ISO date, or count of ticks in a multiple choice.
    decimals : int
        Decimals of a number.
    max_length : int, optional
        Characters of a text.
    unit : str
        Unit of a number, shown after the box.
    when : str
        Condition under which it is shown; empty for always. See `condition`.
    waves : tuple of str
        Waves on which it is asked; empty for all that are not retrospective.
    matrix : str, optional
        Id of the matrix whose row it is.
    identifier : bool
        Whether the answer could identify a person by itself.
    may_reword : bool
        Whether an adaptation may change the wording.
    """

    id: Text
    kind: Kind
    text: Text
    code: Text | None = None
    help: StrictStr = ""
    options: Text | None = None
    required: StrictBool = False
    min: Limit | None = None
    max: Limit | None = None
    decimals: StrictInt = Field(default=0, ge=0, le=6)
    max_length: StrictInt | None = Field(default=None, ge=1, le=100_000)
    unit: StrictStr = ""
    when: StrictStr = ""
    waves: tuple[Text, ...] = ()
    matrix: Text | None = None
    identifier: StrictBool = False
    may_reword: StrictBool = True

    @property
    def name(self) -> str:
        """The name on survey platforms: the code, else the id."""
        return self.code or self.id

    @property
    def condition(self) -> Condition | None:
        """The tree of `when`, None for always."""
        return parse_condition(self.when) if self.when else None


class Matrix(Part):
    """What stands above rows that share one option set.

    Parameters
    ----------
    id, text : str
        Name, and the question or instruction above the rows.
    help : str
        A line of help below it.
    """

    id: Text
    text: Text
    help: StrictStr = ""


class Section(Part):
    """A page of the instrument.

    Parameters
    ----------
    id, title, intro : str
        Name, heading and what is said below it.
    items : tuple of Item
        In the order shown; the rows of one matrix stand together.
    matrices : tuple of Matrix
        What stands above the rows.
    when : str
        Condition under which the page is shown; empty for always.
    block : str
        Name of the shared block that it came from, else empty.
    """

    id: Text
    title: Text
    intro: StrictStr = ""
    items: tuple[Item, ...] = ()
    matrices: tuple[Matrix, ...] = ()
    when: StrictStr = ""
    block: StrictStr = ""

    @property
    def condition(self) -> Condition | None:
        """The tree of `when`, None for always."""
        return parse_condition(self.when) if self.when else None

    def groups(self) -> Iterator[tuple[Matrix | None, tuple[Item, ...]]]:
        """Go through the page: a matrix with its rows, or None with one item.

        Yields
        ------
        tuple of (Matrix or None, tuple of Item)
            In the order shown.
        """
        known = {matrix.id: matrix for matrix in self.matrices}
        rows: list[Item] = []
        for item in self.items:
            if rows and item.matrix != rows[0].matrix:
                yield known.get(rows[0].matrix or ""), tuple(rows)
                rows = []
            if item.matrix is None:
                yield None, (item,)
            else:
                rows.append(item)
        if rows:
            yield known.get(rows[0].matrix or ""), tuple(rows)


class Example(Part):
    """A worked example of a scale's score.

    Parameters
    ----------
    answers : tuple of int, float or str
        One answer for each item of the scale, in its order; "skipped", or the value of a missing option.
    score : int, float or "missing"
        What must come out, to two decimals.
    shows : str
        What the example is for.
    """

    answers: tuple[Number | StrictStr, ...] = Field(min_length=1)
    score: Number | Literal["missing"]
    shows: Text


class Scale(Part):
    """A score made from several items.

    Parameters
    ----------
    id, title, measures : str
        Name, heading, and the construct that it stands for in a sentence.
    items, reverse : tuple of str
        The items, and those of them that are reverse-keyed.
    rule : {"mean", "sum", "scaled_0_100"}
        How the score is made; see `evalkit.instruments.rules`.
    min_answered : int
        Fewer answers than this give no score.
    range : tuple of two numbers
        Lowest and highest answer of one item, before scoring.
    direction : {"higher_is_better", "higher_is_worse", "neither"}
        What a high score means.
    references : tuple of str
        Keys of the instrument's references.
    examples : tuple of Example
        Worked examples, three or more.
    """

    id: Text
    title: Text
    measures: Text
    items: tuple[Text, ...] = Field(min_length=1)
    reverse: tuple[Text, ...] = ()
    rule: ScoringRule
    min_answered: StrictInt = Field(ge=1)
    range: tuple[Number, Number]
    direction: Direction
    references: tuple[Text, ...] = ()
    examples: tuple[Example, ...] = ()
