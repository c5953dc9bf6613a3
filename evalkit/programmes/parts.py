"""The parts of a programme: frozen values that know nothing of the whole.

`Basis` says where a value comes from: "document" when the published description of the programme states it, "default"
when it is evalkit's suggestion, to be settled by whoever runs the programme.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt, StrictStr

from evalkit.instruments.parts import Audience, Direction, Number, Part, Text

Basis = Literal["document", "default"]
Unit = Literal["pairs", "individuals", "organisation"]
Zero = Literal["programme", "person"]
ColumnKind = Literal["code", "category", "number", "date", "yes_no"]
RowsOf = Literal["person", "pair", "meeting", "attendance", "group", "event", "post", "application", "answer", "target"]
Comparing = Literal["is", "is_one_of", "at_least", "at_most"]
ComparisonKind = Literal["none", "before_after", "waiting_list", "others", "matched", "trend"]
KirkpatrickLevel = Annotated[StrictInt, Field(ge=1, le=4)]
Theme = Literal[
    "reach",
    "dose",
    "match",
    "training",
    "experience",
    "change",
    "both_parties",
    "capacity",
    "retention",
    "progression",
    "access",
    "fairness",
    "workforce",
]
TargetOf = Literal["estimate", "number", "answered"]
Value = Number | StrictStr
Argument = Number | StrictBool | StrictStr | tuple[Value, ...]


class NamedText(Part):
    """A text with a name by which other parts point to it.

    Parameters
    ----------
    id : str
        Name.
    text : str
        The text.
    """

    id: Text
    text: Text


class OwnOptions(Part):
    """Answers of the forms in the words of an organisation, in place of those of the library.

    Parameters
    ----------
    id : str
        The set of options of the forms, such as "staff_group".
    values : tuple of NamedText
        Value -> what people read. What stands for "prefer not to say" stays.
    """

    id: Text
    values: tuple[NamedText, ...] = Field(min_length=1)


class Forms(Part):
    """How the forms of the library are fitted to a programme, before the organisation adapts them further.

    Parameters
    ----------
    tokens : tuple of NamedText
        Word in braces -> what stands for it; where a form has it.
    leave_out : tuple of str
        Questions that do not fit.
    reword : tuple of NamedText
        Path of a text, such as "options.level.senior" -> new wording.
    options : tuple of OwnOptions
        Sets of options in own words.
    """

    tokens: tuple[NamedText, ...] = ()
    leave_out: tuple[Text, ...] = ()
    reword: tuple[NamedText, ...] = ()
    options: tuple[OwnOptions, ...] = ()


class Theory(Part):
    """The theory of change: why the programme should work.

    Parameters
    ----------
    inputs, activities, outputs : tuple of str
        What goes in, what is done, what comes straight out of it.
    outcomes : tuple of NamedText
        What should be different afterwards. Each is measured by an outcome of the programme, or stands under
        `not_measured`.
    assumptions : tuple of str
        What must hold for one to lead to the next.
    not_measured : tuple of NamedText
        Outcome of the theory -> why this evaluation does not measure it.
    """

    inputs: tuple[Text, ...] = Field(min_length=1)
    activities: tuple[Text, ...] = Field(min_length=1)
    outputs: tuple[Text, ...] = Field(min_length=1)
    outcomes: tuple[NamedText, ...] = Field(min_length=1)
    assumptions: tuple[Text, ...] = Field(min_length=1)
    not_measured: tuple[NamedText, ...] = ()


class Criterion(Part):
    """A condition of eligibility that can be tested on a file.

    Parameters
    ----------
    id, words : str
        Name, and the condition as people say it.
    column : str
        "file.column" of the programme's files.
    test : {"is", "is_one_of", "at_least", "at_most"}
        How the column is compared. Categories compare in the order of the column's values.
    value : int, float, str or tuple of these
        What it is compared with; several for "is_one_of".
    roles : tuple of str
        Whom it is asked of; all parties when empty.
    basis : {"document", "default"}
        Where it comes from.
    """

    id: Text
    words: Text
    column: Text
    test: Comparing
    value: Value | tuple[Value, ...]
    roles: tuple[Text, ...] = ()
    basis: Basis = "default"


class Eligibility(Part):
    """Who can take part.

    Parameters
    ----------
    words : str
        In a sentence or two.
    criteria : tuple of Criterion
        What of it can be tested; all must hold.
    """

    words: Text
    criteria: tuple[Criterion, ...] = ()


class Role(Part):
    """A part that people have in the programme or in its evaluation.

    Parameters
    ----------
    id, title : str
        Name, and what people are called, in the plural.
    does : str
        What they do.
    audience : {"mentee", "mentor", "line_manager", "coordinator", "participant", "staff"}
        The audience of the instruments that they answer.
    party : bool
        Whether the programme is for them: change is expected of them, and reach and dose are counted for them.
    planned : int, optional
        How many are planned.
    basis : {"document", "default"}
        Where the planned number comes from.
    """

    id: Text
    title: Text
    does: Text
    audience: Audience
    party: StrictBool = False
    planned: Annotated[StrictInt, Field(ge=1)] | None = None
    basis: Basis = "default"


class Step(Part):
    """A step on the way from being eligible to having completed.

    Parameters
    ----------
    id, title : str
        Name and heading.
    column : str
        "file.column": a person is at the step when the date is filled in or the answer is yes; of a file with a row a
        group, the count.
    """

    id: Text
    title: Text
    column: Text


class Dose(Part):
    """What each person is to receive.

    Parameters
    ----------
    id, title : str
        Name and what it is.
    roles : tuple of str
        Who receives it.
    number : int or float
        How much of it is planned for each.
    unit : str
        What is counted: days, meetings, sessions.
    least : int or float
        From how much of it a person counts as having taken part as planned.
    months : tuple of two numbers
        First and last month in which it happens, counted from the start.
    file : str
        The file that records it.
    activity : str
        Where a file records several, the value of its column `activity`.
    minutes : int, optional
        Planned length of one.
    basis : {"document", "default"}
        Where the number comes from.
    """

    id: Text
    title: Text
    roles: tuple[Text, ...] = Field(min_length=1)
    number: Annotated[Number, Field(gt=0)]
    unit: Text
    least: Annotated[Number, Field(gt=0)]
    months: tuple[Number, Number]
    file: Text
    activity: StrictStr = ""
    minutes: Annotated[StrictInt, Field(ge=1)] | None = None
    basis: Basis = "default"


class Wave(Part):
    """A time at which the programme asks people.

    Parameters
    ----------
    id, title : str
        Name and heading.
    week : int or float
        When it opens, in weeks from the start; below 0 before it.
    open_weeks : int or float
        How long it stays open.
    repeats : str
        For one that comes again: how often, such as "after every meeting".
    """

    id: Text
    title: Text
    week: Number
    open_weeks: Annotated[Number, Field(gt=0)] = 3
    repeats: StrictStr = ""


class Placement(Part):
    """When a wave of an instrument is answered.

    Parameters
    ----------
    asked : str
        Wave of the instrument.
    wave : str
        Wave of the programme.
    """

    asked: Text
    wave: Text


class Use(Part):
    """An instrument in the hands of some roles, at some waves.

    Parameters
    ----------
    id : str
        Name of this use.
    instrument : str
        Id of the instrument.
    roles : tuple of str
        Who answers it.
    waves : tuple of Placement
        When; a retrospective wave comes with the one that it is asked with.
    linked : bool
        Whether a person's answers at several waves are put side by side.
    optional : bool
        Whether the evaluation can do without it.
    why : str
        What it is for.
    """

    id: Text
    instrument: Text
    roles: tuple[Text, ...] = Field(min_length=1)
    waves: tuple[Placement, ...] = Field(min_length=1)
    linked: StrictBool = True
    optional: StrictBool = False
    why: StrictStr = ""

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """Waves of the instrument that are answered, in the order written."""
        return tuple(placement.asked for placement in self.waves)

    def wave_of(self, asked: str) -> str | None:
        """Find the wave of the programme.

        Parameters
        ----------
        asked : str
            Wave of the instrument.

        Returns
        -------
        str or None
            None when it is not answered here.
        """
        return next((placement.wave for placement in self.waves if placement.asked == asked), None)


class Difference(Part):
    """A smallest difference that matters, and who says so.

    Parameters
    ----------
    value : int or float
        In the unit of the measure.
    source : str
        The work that it comes from.
    """

    value: Annotated[Number, Field(gt=0)]
    source: Text


class Outcome(Part):
    """Something that should be different, and what shows it.

    It is measured by a `scale` or an `item` of a use, or by a `column` of a file.

    Parameters
    ----------
    id, title : str
        Name and heading.
    stands_for : str
        Id of the outcome of the theory of change.
    level : {1, 2, 3, 4}
        Kirkpatrick: reaction, learning, behaviour, results.
    roles : tuple of str
        Of whom it is an outcome.
    direction : {"higher_is_better", "higher_is_worse", "neither"}
        What benefit is.
    use, scale, item : str, optional
        Use of an instrument, and its scale or item.
    partner_use : str, optional
        In pairs: the use by the other party of a form with the same scale.
    column : str, optional
        "file.column".
    primary : bool
        Whether the programme is judged by it; decided before the data are seen.
    important : Difference, optional
        Smallest difference that matters; only where a source states one.
    """

    id: Text
    title: Text
    stands_for: Text
    level: KirkpatrickLevel
    roles: tuple[Text, ...] = Field(min_length=1)
    direction: Direction
    use: Text | None = None
    scale: Text | None = None
    item: Text | None = None
    partner_use: Text | None = None
    column: Text | None = None
    primary: StrictBool = False
    important: Difference | None = None

    @property
    def measure(self) -> str:
        """What measures it: "scale", "item" or "column"; empty when nothing does."""
        return "scale" if self.scale else "item" if self.item else "column" if self.column else ""


class Comparison(Part):
    """With whom or what participants are compared.

    Parameters
    ----------
    id : str
        Name.
    kind : {"none", "before_after", "waiting_list", "others", "matched", "trend"}
        None; the same people before; people who wait; people who are alike; the same organisation in other years.
    who : str
        In a sentence.
    group : str, optional
        "file.column" that tells participants from others.
    participants, others : str
        The two values of that column, or how the groups are called when it holds the date of the start.
    covariates : tuple of str
        "file.column" of what they are made alike in.
    where : tuple of Criterion
        Of whom among those who are not in the programme: all must hold. Columns of the file of `group`.
    basis : {"document", "default"}
        Where it comes from.
    """

    id: Text
    kind: ComparisonKind
    who: Text
    group: Text | None = None
    participants: Text = "programme"
    others: Text = "comparison"
    covariates: tuple[Text, ...] = ()
    where: tuple[Criterion, ...] = ()
    basis: Basis = "default"


class Question(Part):
    """A question of the evaluation, bound to what is estimated and how.

    Parameters
    ----------
    id : str
        Name.
    asks : str
        The question, as a board would ask it.
    theme : str
        Section of the report.
    estimand : str
        What is estimated: of which people, what, compared with what, over which time.
    estimator : str
        Name in `evalkit.programmes.estimators.ESTIMATORS`.
    outcomes, dose, steps : tuple of str
        What it is about.
    arguments : tuple of (str, value)
        Arguments of the estimator. Waves are those of the instrument.
    comparison : str
        Id of the comparison.
    subgroups : tuple of str
        Subgroups in which it is answered too.
    roles : tuple of str
        Of whom, when it is not of all whose outcome it is.
    """

    id: Text
    asks: Text
    theme: Theme
    estimand: Text
    estimator: Text
    outcomes: tuple[Text, ...] = ()
    dose: tuple[Text, ...] = ()
    steps: tuple[Text, ...] = ()
    arguments: tuple[tuple[Text, Argument], ...] = ()
    comparison: Text
    subgroups: tuple[Text, ...] = ()
    roles: tuple[Text, ...] = ()

    @cached_property
    def said(self) -> dict[str, Argument]:
        """Name of an argument -> its value."""
        return dict(self.arguments)


class Subgroup(Part):
    """Groups that are looked at by themselves.

    Parameters
    ----------
    id, title : str
        Name and heading.
    columns : tuple of str
        "file.column"; two or more are crossed.
    item : str, optional
        Id of the question about the person that gives the same in answers.
    why : str
        Why it is looked at.
    """

    id: Text
    title: Text
    columns: tuple[Text, ...] = Field(min_length=1)
    item: Text | None = None
    why: StrictStr = ""


class Target(Part):
    """What the programme set out to reach.

    Parameters
    ----------
    id, title : str
        Name and the target in words.
    question : str
        Id of the question whose answer is held against it.
    about : str, optional
        Which outcome, dose or step of that question; needed when it has several.
    of : {"estimate", "number", "answered"}
        Whether the estimate is held against the target, the number of people, or the share of them who answered.
    at : int or float, optional
        Of which time, in months, where the question is answered at several.
    roles : tuple of str
        Of whom, when not of all.
    at_least, at_most : int or float, optional
        The number.
    set_by : str
        Where there is no number yet: who sets it.
    unit : str
        Of the number.
    basis : {"document", "default"}
        Where it comes from.
    """

    id: Text
    title: Text
    question: Text
    about: Text | None = None
    of: TargetOf = "estimate"
    at: Number | None = None
    roles: tuple[Text, ...] = ()
    at_least: Number | None = None
    at_most: Number | None = None
    set_by: StrictStr = ""
    unit: Text
    basis: Basis = "default"


class Column(Part):
    """A column of a file.

    Parameters
    ----------
    name, text : str
        Name, and what it holds.
    kind : {"code", "category", "number", "date", "yes_no"}
        What its cells are. A code stands for a person or pair and never names one; a date is ISO.
    values : tuple of str
        The categories, in order when they have one.
    ordered : bool
        Whether the order of the values means something.
    required : bool
        Whether every cell must be filled in.
    min, max : int or float, optional
        Limits of a number.
    unit : str
        Unit of a number.
    mapping : str
        Table in `data/workforce/` that turns its labels into groups.
    protected : bool
        Whether it is a protected characteristic, or another that is as sensitive.
    """

    name: Text
    text: Text
    kind: ColumnKind
    values: tuple[Text, ...] = ()
    ordered: StrictBool = False
    required: StrictBool = False
    min: Number | None = None
    max: Number | None = None
    unit: StrictStr = ""
    mapping: StrictStr = ""
    protected: StrictBool = False


class DataFile(Part):
    """A file of records that the evaluation reads.

    Parameters
    ----------
    id, file, title : str
        Name, name of the file, and what it is.
    rows : str
        What a row is.
    key : tuple of str
        Columns that no two rows share.
    columns : tuple of Column
        The data dictionary.
    optional : bool
        Whether the evaluation can do without it.
    without : str
        What cannot be answered without it.
    """

    id: Text
    file: Text
    title: Text
    rows: RowsOf
    key: tuple[Text, ...] = Field(min_length=1)
    columns: tuple[Column, ...] = Field(min_length=1)
    optional: StrictBool = False
    without: StrictStr = ""

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """Name -> column."""
        return {column.name: column for column in self.columns}


class Risk(Part):
    """Something that can go wrong, and what is done about it.

    Parameters
    ----------
    id, risk, response : str
        Name, the risk, and the answer to it.
    """

    id: Text
    risk: Text
    response: Text
