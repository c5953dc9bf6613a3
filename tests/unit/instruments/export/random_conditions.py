"""Random conditions over a small form, and answers to it: what a platform shows must be what `holds` says."""

from __future__ import annotations

from hypothesis import strategies as st

from evalkit.instruments import form_at, load_instrument
from evalkit.instruments.conditions import And, Comparison, Condition, Not, Or, Selected, holds
from evalkit.instruments.model import Instrument, Item, Matrix, Option, OptionSet, Section

SIGNS = ("==", "!=", "<", "<=", ">", ">=")
MISSING = 98
SCORES = (1, 2, 3, MISSING, "na")
WORDS = ("yes", "no", "pnts")
NUMBERS = (-1, 0, 0.5, 2, 10)
DAYS = ("2019-12-31", "2024-02-29", "2024-03-01")


def asked_form(*last: Item) -> Instrument:
    """A form with every kind of item that a condition can look at; 98 is a missing option with a number."""
    scored = OptionSet(
        id="scored",
        options=(
            *(Option(value=n, label=f"Score {n}") for n in (1, 2, 3)),
            Option(value=MISSING, label="Other", missing=True),
            Option(value="na", label="Does not apply", missing=True),
        ),
    )
    words = OptionSet(id="words", options=tuple(Option(value=word, label=word.upper()) for word in WORDS))
    items = (
        Item(id="score", kind="likert", text="Score?", options="scored"),
        Item(id="row_one", kind="likert", text="One", options="scored", matrix="grid"),
        Item(id="row_two", kind="likert", text="Two", options="scored", matrix="grid"),
        Item(id="word", kind="single_choice", text="Word?", options="words"),
        Item(id="ticks", kind="multiple_choice", text="Ticks?", options="words"),
        Item(id="scores", kind="multiple_choice", text="Scores?", options="scored"),
        Item(id="number", kind="number", text="Number?", decimals=1),
        Item(id="day", kind="date", text="Day?"),
        *last,
    )
    form = form_at(load_instrument("return-to-work-transition"), "before")
    section = Section(id="only", title="Only", items=items, matrices=(Matrix(id="grid", text="Both"),))
    return form.changed(sections=(section,), options=(scored, words), scales=())


def leaves() -> st.SearchStrategy[Condition]:
    scored = st.sampled_from(["score", "row_one", "row_two"])
    return st.one_of(
        st.builds(Comparison, scored, st.sampled_from(["==", "!="]), st.sampled_from(SCORES)),
        st.builds(Comparison, scored, st.sampled_from(SIGNS[2:]), st.sampled_from([1, 2, 2.5, 3])),
        st.builds(Comparison, st.just("word"), st.sampled_from(["==", "!="]), st.sampled_from(WORDS)),
        st.builds(Selected, st.just("ticks"), st.sampled_from(WORDS)),
        st.builds(Selected, st.just("scores"), st.sampled_from(SCORES)),
        st.builds(Comparison, st.just("number"), st.sampled_from(SIGNS), st.sampled_from(NUMBERS)),
        st.builds(Comparison, st.just("day"), st.sampled_from(SIGNS), st.sampled_from(DAYS)),
    )


def conditions() -> st.SearchStrategy[Condition]:
    return st.recursive(
        leaves(),
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple)),
            st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        ),
        max_leaves=6,
    )


@st.composite
def answers(draw: st.DrawFn) -> dict[str, object]:
    """Some answers; whatever is not there is unanswered."""
    offered = {
        "score": st.sampled_from(SCORES),
        "row_one": st.sampled_from(SCORES),
        "row_two": st.sampled_from(SCORES),
        "word": st.sampled_from(WORDS),
        "ticks": st.lists(st.sampled_from(WORDS), min_size=1, unique=True),
        "scores": st.lists(st.sampled_from(SCORES), min_size=1, unique=True),
        "number": st.sampled_from(NUMBERS),
        "day": st.sampled_from(DAYS),
    }
    return {name: draw(strategy) for name, strategy in offered.items() if draw(st.booleans())}


def shown_when(condition: Condition, given: dict[str, object]) -> bool:
    """What must come out: as `holds` says, and a missing option with a number has no order."""
    if isinstance(condition, And):
        return all(shown_when(part, given) for part in condition.parts)
    if isinstance(condition, Or):
        return any(shown_when(part, given) for part in condition.parts)
    if isinstance(condition, Not):
        return not shown_when(condition.part, given)
    ordered = isinstance(condition, Comparison) and condition.sign in SIGNS[2:]
    return not (ordered and given.get(condition.item) == MISSING) and holds(condition, given)
