"""What a design can and cannot claim: sentences made from the programme by rule, before any data are seen."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Literal

from evalkit.instruments.model import Instrument
from evalkit.instruments.parts import Part, Text
from evalkit.programmes.deciding import is_tested
from evalkit.programmes.estimators import ESTIMATORS
from evalkit.programmes.model import Programme
from evalkit.programmes.parts import Comparison, ComparisonKind, Role

Verdict = Literal["can", "cannot", "care"]
FEW_PEOPLE = 30
# Protected characteristics of the Equality Act 2010 -> names of the columns that hold them.
_PROTECTED: Mapping[str, tuple[str, ...]] = {
    "age": ("age", "age_band"),
    "disability": ("disability", "disabled"),
    "gender reassignment": ("gender_reassignment", "trans", "gender_same"),
    "marriage and civil partnership": ("marital_status", "marriage"),
    "pregnancy and maternity": ("pregnancy", "maternity", "leave_kind"),
    "race": ("ethnicity", "ethnic_group", "recruited_abroad"),
    "religion or belief": ("religion", "belief"),
    "sex": ("sex", "gender"),
    "sexual orientation": ("sexual_orientation", "orientation"),
}
# Items of the code that people make up themselves.
OWN_CODE = "link_"
UNLINKED = "survey_trend"


class Note(Part):
    """One thing that the design of an evaluation can or cannot show, or that a reader must bear in mind.

    Parameters
    ----------
    rule : str
        Name of the rule that wrote it.
    verdict : {"can", "cannot", "care"}
        What the design can claim, cannot claim, or claims with care.
    text : str
        The sentence.
    about : tuple of str
        Paths of the parts that it rests on, such as "comparisons.waiting".
    """

    rule: Text
    verdict: Verdict
    text: Text
    about: tuple[Text, ...] = ()


_CLAIMS: Mapping[ComparisonKind, tuple[str, str]] = {
    "none": (
        "It can describe the people and records of one time, and compare groups among them.",
        "It cannot say whether anything changed, or what would have been without the programme.",
    ),
    "before_after": (
        "It can say by how much the people who were seen both before and after changed, and how sure that is.",
        "It cannot say that the programme caused the change. Other events at work, the passing of time, growing "
        "used to the questions, and having joined at a low point all move answers too.",
    ),
    "waiting_list": (
        "It can compare people in the programme with others, over the same months: {who}.",
        "It cannot rule out that those who started first differ from those who wait, unless chance decided who came "
        "first; and it ends when the people who wait begin.",
    ),
    "others": (
        "It can compare people in the programme with others who are not in it: {who}.",
        "It cannot rule out that the two differed from the start in what nobody asked: nobody was drawn by lot.",
    ),
    "matched": (
        "It can compare participants with others who were alike in what the records hold.",
        "It cannot rule out differences that nobody recorded, such as ambition or the backing of a manager: people who "
        "join a programme are seldom like those who do not.",
    ),
    "trend": (
        "It can follow the figures of the organisation from year to year, and compare groups of staff within a year.",
        "It cannot tell which of the things that were done moved a figure. Staff come and go, those who answer differ "
        "from year to year, and changes outside the organisation show in the same figures.",
    ),
}

Maker = Callable[[Programme, Mapping[str, Instrument]], Iterator[Note]]


def design_notes(programme: Programme, instruments: Mapping[str, Instrument] | None = None) -> tuple[Note, ...]:
    """Write what the design of a programme's evaluation can and cannot claim.

    Parameters
    ----------
    programme : Programme
        The programme.
    instruments : mapping of str to Instrument, optional
        Id -> instrument; those of the library by default.

    Returns
    -------
    tuple of Note
        In the order of the rules. What only the data can show, such as how few answered, is not among them.

    Raises
    ------
    InstrumentError
        INS-001 when an instrument is not in the library.
    """
    from evalkit.instruments.library import load_instrument

    known = instruments or {name: load_instrument(name) for name in programme.instrument_ids()}
    return tuple(note for maker in _MAKERS for note in maker(programme, known))


def _comparisons(programme: Programme, _: Mapping[str, Instrument]) -> Iterator[Note]:
    for kind, (can, cannot) in _CLAIMS.items():
        named = [one for one in programme.comparisons if one.kind == kind]
        if not named:
            continue
        about = tuple(f"comparisons.{one.id}" for one in named)
        can = can.format(who="; ".join(lowered(one.who).rstrip(".") for one in named))
        yield Note(
            rule=f"comparison_{kind}", verdict="can", text=f"{_scope(programme, named)} {lowered(can)}", about=about
        )
        yield Note(
            rule=f"comparison_{kind}",
            verdict="cannot",
            text=f"{_scope(programme, named)} {lowered(cannot)}",
            about=about,
        )


def _scope(programme: Programme, comparisons: list[Comparison]) -> str:
    names = {one.id for one in comparisons}
    themes = dict.fromkeys(one.theme for one in programme.questions if one.comparison in names)
    return f"On {_joined([THEMES[theme] for theme in themes])}:"


THEMES: Mapping[str, str] = {
    "reach": "reach",
    "dose": "what was delivered",
    "match": "the match",
    "training": "training",
    "experience": "experience",
    "change": "change",
    "both_parties": "both parties",
    "capacity": "capacity within the organisation",
    "retention": "retention",
    "progression": "progression",
    "access": "equality of access",
    "fairness": "equality of outcome",
    "workforce": "the workforce",
}


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _few(programme: Programme, _: Mapping[str, Instrument]) -> Iterator[Note]:
    few = [role for role in programme.parties if role.planned and role.planned < FEW_PEOPLE]
    if not few:
        return
    people = _joined([f"{role.planned} {role.title}" for role in few])
    about = tuple(f"roles.{role.id}" for role in few)
    text = (
        f"With {people} planned, only large changes can be told from chance. An interval that holds no change at all "
        "is no proof that nothing changed, and results for subgroups will mostly be withheld."
    )
    yield Note(rule="few_people", verdict="care", text=text, about=about)


def _self_report(programme: Programme, _: Mapping[str, Instrument]) -> Iterator[Note]:
    said = [outcome for outcome in programme.outcomes if outcome.use and outcome.level in {2, 3}]
    own = [outcome for outcome in said if _is_own(programme, outcome.roles, outcome.use or "")]
    if own:
        text = (
            "What people learned and do is told by themselves. They may see themselves differently from how others see "
            "them, and may answer in the way that they think is wanted."
        )
        yield Note(rule="self_report", verdict="care", text=text, about=tuple(f"outcomes.{one.id}" for one in own))


def _is_own(programme: Programme, roles: tuple[str, ...], use: str) -> bool:
    found = programme.uses_by_id.get(use)
    return found is not None and bool(set(found.roles) & set(roles))


def _chosen(programme: Programme, _: Mapping[str, Instrument]) -> Iterator[Note]:
    if programme.unit != "organisation":
        text = "People chose to take part, or were chosen. What holds for them need not hold for other staff."
        yield Note(rule="volunteers", verdict="care", text=text, about=("eligibility",))


def _looking_back(programme: Programme, instruments: Mapping[str, Instrument]) -> Iterator[Note]:
    about = [
        f"instruments.{use.id}"
        for use in programme.instruments
        for wave in (instruments[use.instrument].waves if use.instrument in instruments else ())
        if wave.asked_with in use.asked
    ]
    if about:
        text = (
            "Answers about the time before that were given afterwards show how people's yardstick moved. They also "
            "hold what people would like to have changed, and are shown beside the answers given before, never in "
            "their place."
        )
        yield Note(rule="looking_back", verdict="care", text=text, about=tuple(dict.fromkeys(about)))


def _codes(programme: Programme, instruments: Mapping[str, Instrument]) -> Iterator[Note]:
    about = [
        f"instruments.{use.id}"
        for use in programme.instruments
        if use.linked and len(use.waves) > 1 and use.instrument in instruments
        if any(item.id.startswith(OWN_CODE) for item in instruments[use.instrument].items)
    ]
    if about:
        text = (
            "Where answers are put side by side by a code that people make up themselves, some will not match. The "
            "report says how many, and a few may be matched wrongly."
        )
        yield Note(rule="own_codes", verdict="care", text=text, about=tuple(about))


def _unlinked(programme: Programme, _: Mapping[str, Instrument]) -> Iterator[Note]:
    followed = {name for one in programme.questions if one.estimator == UNLINKED for name in one.outcomes}
    uses = dict.fromkeys(outcome.use for outcome in programme.outcomes if outcome.id in followed)
    about = tuple(f"instruments.{use}" for use in uses)
    if about:
        text = (
            "Answers to surveys without a code cannot be put side by side: a change between years is a change of "
            "the staff who answered, not of the same people."
        )
        yield Note(rule="not_linked", verdict="cannot", text=text, about=about)


def _pairs(programme: Programme, _: Mapping[str, Instrument]) -> Iterator[Note]:
    if programme.unit == "pairs":
        text = (
            "The two people of a pair share what happens between them, so their answers are not two separate pieces of "
            "evidence. Each party is reported by itself, and both together only by methods for pairs."
        )
        yield Note(rule="pairs", verdict="care", text=text, about=("unit",))


def _several(programme: Programme, _: Mapping[str, Instrument]) -> Iterator[Note]:
    primary = [outcome for outcome in programme.outcomes if outcome.primary]
    if len(programme.outcomes) > 1:
        tested = [outcome.id for outcome in primary if is_tested(programme, outcome.id)]
        text = judged_by(programme, tested, [outcome.id for outcome in primary])
        yield Note(rule="several_outcomes", verdict="care", text=text, about=tuple(f"outcomes.{o.id}" for o in primary))


def judged_by(programme: Programme, tested: Collection[str], told: Collection[str]) -> str:
    """Say of the outcomes named beforehand which are judged by a test, by an interval, or not at all.

    Parameters
    ----------
    programme : Programme
        The programme.
    tested : collection of str
        Ids of those of which a test is made: of the plan, or of what a report tells.
    told : collection of str
        Ids of those that are told with an interval, tested or not.

    Returns
    -------
    str
        Sentences.
    """
    primary = [outcome for outcome in programme.outcomes if outcome.primary]
    rest = len(programme.outcomes) - len(primary)
    named = f"{_count(len(primary), 'outcome was', 'outcomes were')} named beforehand as the ones to judge by"
    own = {outcome.id: outcome.title for outcome in primary}
    bare = [title for name, title in own.items() if name in told and name not in tested]
    lost = [title for name, title in own.items() if name not in told and name not in tested]
    said = f"{named}; {_tests(len([name for name in own if name in tested]), len(own))}"
    if bare:
        with_it = "is judged by its interval" if len(bare) == 1 else "are judged by their intervals"
        said += f" {_joined(bare)} {with_it}, without a test that decides."
    if lost:
        said += f" Not told, as no number may be or could be made: {'; '.join(lost)}."
    if rest:
        others = _count(rest, "outcome describes", "outcomes describe")
        said += f" The other {others}, and some of them would stand out by chance alone."
    return said


def _tests(tested: int, of: int) -> str:
    """Say how many of the outcomes to judge by are tested."""
    if not tested:
        them, their = ("them", "their numbers") if of > 1 else ("it", "its numbers")
        return f"no test decides on {them}. Tests of {their}, where there are any, describe."
    if tested == of == 1:
        return "one test judges it."
    adjusted = "p-values are adjusted for the number of tests" if tested > 1 else "nothing is adjusted for"
    some = f"{tested} of them" if tested < of else "them"
    each = "each of " if tested > 1 else ""
    return f"one test judges {each}{some}, and {adjusted}. Other tests of the same outcomes describe."


def _count(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


def _no_yardstick(programme: Programme, _: Mapping[str, Instrument]) -> Iterator[Note]:
    without = tuple(f"outcomes.{one.id}" for one in programme.outcomes if one.scale and one.important is None)
    if without:
        text = (
            "For these scales no source is given that says how large a change must be to matter. How much a change is "
            "worth is for the people concerned to judge."
        )
        yield Note(rule="no_important_difference", verdict="care", text=text, about=without)


def _records(programme: Programme, _: Mapping[str, Instrument]) -> Iterator[Note]:
    service = [
        one.id for one in programme.questions if one.estimator in ESTIMATORS and ESTIMATORS[one.estimator].service
    ]
    if service:
        text = (
            "Who stayed is known only up to the date of the records. People who joined late have been followed for a "
            "short time, reasons for leaving are often unknown, and somebody who moved to another employer of the "
            "same kind is lost to this one only."
        )
        yield Note(
            rule="records_of_service", verdict="care", text=text, about=tuple(f"questions.{one}" for one in service)
        )


def _optional(programme: Programme, _: Mapping[str, Instrument]) -> Iterator[Note]:
    for file in programme.files:
        if file.optional:
            text = f"Without {file.file}: {file.without}"
            yield Note(rule="optional_file", verdict="care", text=text, about=(f"files.{file.id}",))


def _unlooked(programme: Programme, _: Mapping[str, Instrument]) -> Iterator[Note]:
    """Name the protected characteristics by which nothing is told."""
    columns = {column.partition(".")[2] for one in programme.subgroups for column in one.columns}
    columns |= {
        str(value).rpartition(".")[2] for one in programme.questions for key, value in one.arguments if key == "group"
    }
    lacking = [name for name, known in _PROTECTED.items() if not columns & set(known)]
    if lacking:
        text = (
            f"Nothing is looked at by {_joined(lacking)}. Whether people of these protected characteristics fared "
            "otherwise is not known."
        )
        yield Note(rule="not_looked_at", verdict="cannot", text=text, about=("subgroups",))


def _unmeasured(programme: Programme, _: Mapping[str, Instrument]) -> Iterator[Note]:
    texts = {one.id: one.text for one in programme.theory.outcomes}
    for one in programme.theory.not_measured:
        text = f"Not measured: {lowered(texts.get(one.id, one.id)).rstrip('.')}. {one.text}"
        yield Note(rule="not_measured", verdict="cannot", text=text, about=(f"theory.outcomes.{one.id}",))


def lowered(text: str) -> str:
    """Begin a text with a small letter, as within a sentence; an abbreviation stays as it is.

    Parameters
    ----------
    text : str
        The text.

    Returns
    -------
    str
        The same, begun small.
    """
    return text if text[1:2].isupper() else f"{text[:1].lower()}{text[1:]}"


def _planned(programme: Programme, _: Mapping[str, Instrument]) -> Iterator[Note]:
    unknown: list[Role] = [role for role in programme.parties if role.planned is None]
    if unknown and programme.unit != "organisation":
        text = (
            f"How many {_joined([role.title for role in unknown])} are planned is not said: put it in before the start."
        )
        yield Note(rule="number_unknown", verdict="care", text=text, about=tuple(f"roles.{one.id}" for one in unknown))


_MAKERS: tuple[Maker, ...] = (
    _comparisons,
    _chosen,
    _few,
    _planned,
    _pairs,
    _self_report,
    _looking_back,
    _codes,
    _unlinked,
    _several,
    _no_yardstick,
    _records,
    _unmeasured,
    _unlooked,
    _optional,
)
