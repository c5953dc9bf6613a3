"""Random instruments that keep every rule, with hostile texts, for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from evalkit.instruments.model import (
    Instrument,
    Item,
    Matrix,
    Option,
    OptionSet,
    Reference,
    Scale,
    Section,
    Token,
    Translation,
    Wave,
)
from evalkit.instruments.rules import standard_examples
from evalkit.instruments.wording import may_have_lines, texts

HOSTILE = (
    "=1+1",
    "+44 113",
    "-5",
    "@SUM(A1)",
    "<script>alert(1)</script>",
    "a | b, c; d",
    'said "so"',
    "it's",
    "yes",
    "No",
    "null",
    "~",
    "007",
    "1e3",
    "[x]",
    "{ not a token }",
    "# not a comment",
    "key: value",
    "- dash",
    "a\\",
    "\\n",
    "${1} [var] {{ x }}",
    "%3C&amp;",
    "&anchor *alias !tag",
    "<<",
    "Ystafell â tho bach",
    "日本語",
    "\U0001f642",
    "? :",
    "'",
    '"',
    "`",
    "1_000",
    "12:30:00",
    "...",
    "---",
    "true",
    ">-",
    "|",
)
_WORDS = st.text(st.characters(categories=["L", "N", "P", "S"], exclude_characters="{}"), min_size=1, max_size=12)


def labels() -> st.SearchStrategy[str]:
    """One line of text as a respondent may see it."""
    plain = st.lists(st.one_of(_WORDS, st.sampled_from(HOSTILE)), min_size=1, max_size=5).map(" ".join)
    return st.one_of(st.sampled_from(HOSTILE), plain)


def paragraphs() -> st.SearchStrategy[str]:
    """Text of one or more lines."""
    return st.lists(labels(), min_size=1, max_size=3).map("\n".join)


@st.composite
def option_sets(draw: st.DrawFn, name: str, *, numbers: bool) -> OptionSet:
    """An option set; with `numbers` its values count in a score."""
    count = draw(st.integers(2, 5))
    start = draw(st.integers(0, 3))
    values: list[int | str] = [start + step if numbers else f"v{step}" for step in range(count)]
    shown = draw(st.lists(labels(), min_size=count + 1, max_size=count + 1, unique=True))
    options = [Option(value=value, label=label) for value, label in zip(values, shown, strict=False)]
    if draw(st.booleans()):
        options.append(Option(value="pnts", label=shown[-1], missing=True))
    return OptionSet(id=name, options=tuple(options))


@st.composite
def items(draw: st.DrawFn, name: str, sets: tuple[OptionSet, OptionSet], when: str) -> Item:
    """One item that is not a row of a matrix."""
    numbers, words = sets
    kind = draw(
        st.sampled_from(
            ["single_choice", "multiple_choice", "likert", "number", "date", "short_text", "long_text", "information"]
        )
    )
    fields: dict[str, object] = {"id": name, "kind": kind, "when": when}
    fields["text"] = draw(paragraphs() if kind == "information" else labels())
    fields["help"] = draw(st.one_of(st.just(""), labels()))
    fields["required"] = kind != "information" and draw(st.booleans())
    if kind in {"single_choice", "multiple_choice"}:
        fields["options"] = draw(st.sampled_from([numbers.id, words.id]))
    elif kind == "likert":
        fields["options"] = numbers.id
    elif kind == "number":
        fields |= {"min": 0, "max": draw(st.integers(1, 99)), "unit": draw(st.one_of(st.just(""), labels()))}
    elif kind == "date":
        fields["min"] = draw(st.one_of(st.none(), st.just("2024-02-29")))
    elif kind in {"short_text", "long_text"}:
        fields["max_length"] = draw(st.one_of(st.none(), st.integers(1, 500)))
    return Item.model_validate(fields)


@st.composite
def scales(draw: st.DrawFn, name: str, rows: tuple[Item, ...], numbers: OptionSet) -> Scale:
    """A scale over the rows of a matrix, with its worked examples."""
    names = tuple(row.id for row in rows)
    scale = Scale(
        id=name,
        title=draw(labels()),
        measures=draw(labels()),
        items=names,
        reverse=tuple(draw(st.lists(st.sampled_from(names), unique=True))),
        rule=draw(st.sampled_from(["mean", "sum", "scaled_0_100"])),
        min_answered=draw(st.integers(1, len(names))),
        range=(min(numbers.numbers), max(numbers.numbers)),
        direction=draw(st.sampled_from(["higher_is_better", "higher_is_worse", "neither"])),
        references=("work",),
    )
    return scale.changed(examples=standard_examples(scale))


@st.composite
def sections(draw: st.DrawFn, number: int, sets: tuple[OptionSet, OptionSet]) -> Section:
    """A page with a matrix and some items, the later ones under a condition."""
    numbers, words = sets
    rows = tuple(
        Item(id=f"r{number}x{row}", kind="likert", text=draw(labels()), options=numbers.id, matrix=f"m{number}")
        for row in range(draw(st.integers(1, 4)))
    )
    gate = Item(id=f"gate{number}", kind="single_choice", text=draw(labels()), options=words.id)
    shown = [gate, *rows]
    for position in range(draw(st.integers(0, 3))):
        when = draw(st.sampled_from(["", f"gate{number} == 'v0'", f"r{number}x0 >= {numbers.numbers[0]}"]))
        shown.append(draw(items(f"q{number}x{position}", sets, when)))
    matrix = Matrix(id=f"m{number}", text=draw(labels()), help=draw(st.one_of(st.just(""), labels())))
    intro = draw(st.one_of(st.just(""), paragraphs()))
    return Section(id=f"page{number}", title=draw(labels()), intro=intro, items=tuple(shown), matrices=(matrix,))


@st.composite
def instruments(draw: st.DrawFn, *, translated: bool | None = None) -> Instrument:
    """An instrument that keeps every rule; with `translated` in two languages."""
    sets = (draw(option_sets("numbers", numbers=True)), draw(option_sets("words", numbers=False)))
    pages = tuple(draw(sections(number, sets)) for number in range(draw(st.integers(1, 2))))
    made = [
        draw(scales(f"scale{number}", tuple(item for item in page.items if item.matrix), sets[0]))
        for number, page in enumerate(pages)
    ]
    both = draw(st.booleans()) if translated is None else translated
    instrument = Instrument(
        id="random-instrument",
        version=draw(st.sampled_from(["1.0", "2", "2024-01-31", "yes"])),
        title=draw(labels()),
        description=draw(paragraphs()),
        audience=tuple(draw(st.lists(st.sampled_from(["mentee", "mentor", "staff"]), min_size=1, unique=True))),
        waves=(Wave(id="before", title=draw(labels())), Wave(id="after", title=draw(labels()))),
        languages=("en-GB", "cy") if both else ("en-GB",),
        minutes=draw(st.sampled_from([1, 2.5, 20])),
        licence="CC BY 4.0",
        source=draw(labels()),
        cite=draw(labels()),
        references=(Reference(key="work", text=draw(labels())),),
        consent=draw(paragraphs()),
        privacy=f"{draw(paragraphs())} {{organisation}}",
        tokens=(Token(name="cohort", text=draw(labels())),),
        options=sets,
        sections=pages,
        scales=tuple(made),
    )
    return _translated(draw, instrument) if both else instrument


def _translated(draw: st.DrawFn, instrument: Instrument) -> Instrument:
    found = []
    for position, (path, text) in enumerate(texts(instrument).items()):
        lines = draw(paragraphs()) if may_have_lines(path, instrument) else draw(labels())
        token = " {organisation}" if "{organisation}" in text else ""
        found.append((path, f"{position} {lines}{token}" if path.startswith("options.") else f"{lines}{token}"))
    return instrument.changed(translations=(Translation(language="cy", texts=tuple(found)),))
