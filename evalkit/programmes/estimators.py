"""The estimators that a question can name, and the arguments that each takes.

This is a register of names: nothing is estimated here. Whoever runs a programme fills the columns of the data in from
the outcome, its use and its file; what a question has to say itself stands in `arguments`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

About = Literal["scale", "item", "column", "dose", "steps"]
ArgumentKind = Literal[
    "wave", "waves", "number", "numbers", "text", "texts", "column", "columns", "dose", "item", "flag"
]

# The columns that a file of service must have before people can be followed in it.
SERVICE_COLUMNS = ("person", "entered", "left", "observed_to")


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument that a question gives to an estimator.

    Parameters
    ----------
    name : str
        Its name.
    kind : str
        What it is: a wave or item of the instrument, a number, a "file.column", the id of a dose, words.
    required : bool
        Whether it must be given.
    choices : tuple of str
        The words that it can be; any when empty.
    """

    name: str
    kind: ArgumentKind
    required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Estimator:
    """What a question can be answered with.

    Parameters
    ----------
    name : str
        Its name in a programme's file.
    estimates : str
        What comes out, in words.
    about : frozenset of {"scale", "item", "column", "dose", "steps"}
        What it can be about.
    arguments : tuple of Argument
        What the question says.
    function : str, optional
        Public function of evalkit that computes it, where it has another name; empty where the report does.
    linked : bool
        Whether it needs the answers of the same person at several waves.
    pairs : bool
        Whether it needs both people of a pair.
    compares : bool
        Whether it needs people who are not in the programme.
    service : bool
        Whether it follows people through a file with `SERVICE_COLUMNS`.
    """

    name: str
    estimates: str
    about: frozenset[About]
    arguments: tuple[Argument, ...] = ()
    function: str | None = None
    linked: bool = False
    pairs: bool = False
    compares: bool = False
    service: bool = False

    @property
    def computed_by(self) -> str:
        """Public function of evalkit that computes it; empty where the report does."""
        return self.name if self.function is None else self.function

    @property
    def by_name(self) -> Mapping[str, Argument]:
        """Name -> argument."""
        return {argument.name: argument for argument in self.arguments}


def _about(*kinds: About) -> frozenset[About]:
    return frozenset(kinds)


_SCORED = _about("scale", "item")
_RECORDED = _about("column")
_BEFORE_AFTER = (Argument("pre", "wave", required=True), Argument("post", "wave", required=True))
_BY = Argument("by", "column")
_CAUSE = Argument("cause", "text")
_HORIZON = Argument("horizon", "number")
_TARGETS = Argument("targets", "column")
_TIMES = Argument("times", "numbers", required=True)
_COVARIATES = Argument("covariates", "columns")
_GROUPS = (
    Argument("group", "column", required=True),
    Argument("reference", "text", required=True),
    Argument("comparison", "text", required=True),
)

_ALL = (
    # One time.
    Estimator(
        "share",
        "proportion of people, with a Wilson interval",
        _about("scale", "item", "column", "dose", "steps"),
        (
            Argument("wave", "wave"),
            Argument("values", "texts"),
            Argument("at_least", "number"),
            Argument("of", "text"),
            Argument("of_column", "column"),
            _BY,
        ),
        function="",
    ),
    Estimator(
        "count", "number, complete and so without an interval", _about("column", "steps", "dose"), (_BY,), function=""
    ),
    Estimator(
        "mean_at",
        "mean at one time, with a t interval",
        _about("scale", "item", "column", "dose"),
        (Argument("wave", "wave"), _BY),
        function="",
    ),
    Estimator(
        "response_distribution", "share of people in each answer", _about("item"), (Argument("wave", "wave"), _BY)
    ),
    Estimator(
        "reading",
        "score of a checklist at each time, of one scheme and so without an interval",
        _SCORED,
        (Argument("waves", "waves", required=True),),
        function="",
    ),
    Estimator("participant_flow", "people at each step, and the reasons for losses", _about("steps")),
    # Change of people.
    Estimator(
        "mean_change",
        "mean of after less before",
        _SCORED,
        (*_BEFORE_AFTER, Argument("interval", "text", choices=("t", "bca"))),
        linked=True,
    ),
    Estimator(
        "standardised_change",
        "mean change in standard deviations",
        _SCORED,
        (*_BEFORE_AFTER, Argument("kind", "text")),
        linked=True,
    ),
    Estimator(
        "ratio_change",
        "geometric mean of after over before",
        _about("item", "column"),
        (
            Argument("pre", "wave"),
            Argument("post", "wave"),
            Argument("pre_item", "item"),
            Argument("pre_column", "column"),
            Argument("prices_from", "item"),
            Argument("prices", "column"),
            Argument("against", "text"),
        ),
        linked=True,
        function="",
    ),
    Estimator(
        "proportion_change",
        "share after less share before, of the same people",
        _SCORED,
        (*_BEFORE_AFTER, Argument("at_least", "number", required=True)),
        linked=True,
    ),
    Estimator(
        "category_change",
        "whether the answers of the same people moved between categories",
        _about("item"),
        (*_BEFORE_AFTER, Argument("pre_item", "item")),
        linked=True,
    ),
    Estimator(
        "ladder_change",
        "shares of the same people who stand lower, the same or higher on a ladder of grades than before",
        _about("item"),
        (
            *_BEFORE_AFTER,
            Argument("pre_item", "item"),
            Argument("ladder", "texts", required=True),
            Argument("alone", "texts"),
        ),
        linked=True,
        function="",
    ),
    Estimator("rank_change", "typical change and the share who rose, by ranks", _SCORED, _BEFORE_AFTER, linked=True),
    Estimator(
        "reliable_change",
        "share of people whose change is more than measurement error",
        _about("scale"),
        _BEFORE_AFTER,
        linked=True,
    ),
    Estimator(
        "response_shift",
        "mean of looking back less before: how far people's yardstick moved",
        _about("scale"),
        (*_BEFORE_AFTER, Argument("then", "wave", required=True)),
        linked=True,
    ),
    Estimator(
        "wave_change",
        "mean change from the first wave to each later one",
        _SCORED,
        (Argument("waves", "waves", required=True), Argument("end", "wave"), Argument("follow_up", "wave")),
        linked=True,
    ),
    Estimator(
        "wave_slope",
        "mean change in a month over all waves",
        _SCORED,
        (Argument("waves", "waves", required=True), _TIMES),
        linked=True,
    ),
    Estimator(
        "dose_response",
        "change for each further unit of what was received",
        _SCORED,
        (*_BEFORE_AFTER, Argument("dose", "dose", required=True)),
        linked=True,
    ),
    # Pairs.
    Estimator(
        "dyad_change",
        "change of each party, and what each owes to the other",
        _about("scale"),
        (*_BEFORE_AFTER, Argument("members", "texts"), Argument("distinguishable", "flag")),
        linked=True,
        pairs=True,
    ),
    Estimator(
        "pair_agreement",
        "how alike the two people of a pair answer",
        _about("scale"),
        (Argument("wave", "wave"),),
        pairs=True,
        function="",
    ),
    # Participants and others.
    Estimator(
        "difference_in_change",
        "change of participants less change of the others",
        _SCORED,
        _BEFORE_AFTER,
        linked=True,
        compares=True,
    ),
    Estimator(
        "gap_in_change",
        "change of one group of participants less change of another",
        _SCORED,
        (*_BEFORE_AFTER, *_GROUPS),
        function="difference_in_change",
        linked=True,
    ),
    Estimator(
        "adjusted_difference",
        "difference after, between people who were alike before",
        _SCORED,
        (*_BEFORE_AFTER, _COVARIATES),
        linked=True,
        compares=True,
    ),
    Estimator(
        "survey_gap",
        "share in one group less share in another, at one wave",
        _SCORED,
        (
            Argument("wave", "wave", required=True),
            Argument("at_least", "number"),
            Argument("values", "texts"),
            Argument("group", "item", required=True),
            Argument("reference", "texts", required=True),
            Argument("comparison", "texts", required=True),
        ),
    ),
    Estimator(
        "survey_trend",
        "share at one wave less share at another, of different people",
        _SCORED,
        (*_BEFORE_AFTER, Argument("at_least", "number"), Argument("values", "texts"), _BY),
        function="",
    ),
    # Service.
    Estimator("retention_at", "share still in service after so many months", _RECORDED, (_TIMES, _BY), service=True),
    Estimator("restricted_mean", "months in service within a horizon", _RECORDED, (_HORIZON, _BY), service=True),
    Estimator("median_time", "months after which half have left", _RECORDED, (_BY,), service=True),
    Estimator(
        "cumulative_incidence",
        "share with an event after so many months, beside other ways out",
        _RECORDED,
        (Argument("cause", "text", required=True), _TIMES, Argument("competing", "column"), _BY),
        service=True,
    ),
    Estimator(
        "hazard_ratio",
        "rate of leaving of participants over that of the others",
        _RECORDED,
        (_CAUSE, _COVARIATES),
        compares=True,
        service=True,
    ),
    Estimator(
        "weighted_hazard_ratio",
        "the same, between groups weighted to be alike",
        _RECORDED,
        (_CAUSE, Argument("covariates", "columns", required=True)),
        compares=True,
        service=True,
    ),
    Estimator(
        "weighted_retention",
        "difference in retention between groups weighted to be alike",
        _RECORDED,
        (_TIMES, _HORIZON, Argument("covariates", "columns", required=True)),
        compares=True,
        service=True,
    ),
    Estimator(
        "subdistribution_hazard_ratio",
        "ratio for an event, beside other ways out",
        _RECORDED,
        (Argument("cause", "text", required=True), Argument("competing", "column"), _COVARIATES),
        compares=True,
        service=True,
    ),
    # Groups of staff.
    Estimator(
        "relative_likelihood",
        "rate of one group over the rate of another",
        _about("column", "steps", "dose"),
        (
            *_GROUPS,
            Argument("of", "text"),
            Argument("of_column", "column"),
            Argument("among", "column"),
            Argument("among_is", "text"),
        ),
    ),
    Estimator(
        "representation",
        "share of a group less its share of those it is held against",
        _about("column", "steps"),
        (
            Argument("group", "column", required=True),
            Argument("against", "column"),
            Argument("of", "text"),
            Argument("by", "column"),
        ),
    ),
    Estimator(
        "disparity_ratio",
        "how much likelier one group is than another to stand in the higher bands",
        _RECORDED,
        _GROUPS,
    ),
    Estimator(
        "pay_gap",
        "pay of one group less pay of another, over pay of the first",
        _RECORDED,
        (*_GROUPS, Argument("bonus", "column")),
    ),
    Estimator("leaver_rate", "leavers in a year over the mean number of staff", _RECORDED, (_BY,)),
    Estimator("stability_index", "share of last year's staff who are still there", _RECORDED, (_BY,)),
    Estimator("wres", "the nine workforce race equality indicators", _RECORDED),
    Estimator("edi_plan", "metrics of the improvement plan, against target and baseline", _RECORDED, (_TARGETS,)),
)

ESTIMATORS: Mapping[str, Estimator] = MappingProxyType({estimator.name: estimator for estimator in _ALL})
