"""What stands where there is no number: years side by side, sections without a sentence, groups nobody asked about."""

import re
from dataclasses import replace

import pytest
from lxml import html
from matplotlib.figure import Figure
from small_programme import small_evidence

from evalkit.disclosure import load_profile, release
from evalkit.instruments import load_instrument
from evalkit.programmes.answers import Answer
from evalkit.programmes.headline_texts import Headline, headlines
from evalkit.programmes.library import load_programme
from evalkit.programmes.limitations import design_notes
from evalkit.report.programme_answered import open_questions
from evalkit.report.programme_blocks import Picture, Table, Text
from evalkit.report.programme_content import material, theme_sections
from evalkit.report.programme_full_tables import full_table
from evalkit.report.programme_html import _blocks
from evalkit.report.programme_numbers import Shown
from evalkit.report.programme_practice import differences
from evalkit.report.programme_years import side_by_side
from evalkit.result import Method, estimates

NAN = float("nan")
RULES = load_profile("staff-survey")


def line(term: str, year: str, number: float, *, withheld: bool = False) -> Headline:
    named = f"{term}, {year}"
    return Headline(
        subject=named,
        label=named,
        kind="count",
        term=term,
        group=year,
        estimate=NAN if withheld else number,
        low=NAN,
        high=NAN,
        p_value=NAN,
        people=number,
        unit="",
        who="people",
        level="95 %",
        withheld=withheld,
        note="",
        about="",
    )


def years(*numbers: tuple[float, float]) -> list[Headline]:
    found = [line("Places", str(2022 + at), one) for at, (one, _) in enumerate(numbers)]
    return found + [line("Returners", str(2022 + at), other) for at, (_, other) in enumerate(numbers)]


def test_places_stand_beside_returners_year_by_year_and_are_not_ranked_together() -> None:
    assert side_by_side(years((15, 44), (32, 15), (16, 16)), "year") == (
        "Places: fewer than returners in 1 of 3 years (2022).",
        "2022: places 15; returners 44.",
        "2023: places 32; returners 15.",
        "2024: places 16; returners 16.",
    )
    assert side_by_side(years((15, 44)), "year")[0] == "Places: fewer than returners in 1 of 1 year."
    assert side_by_side(years((44, 15), (9, 9)), "year")[0] == "Places: fewer than returners in 0 of 2 years."


def test_a_year_of_which_a_number_is_withheld_is_not_compared() -> None:
    lines = [*years((15, 44)), line("Places", "2023", 5, withheld=True), line("Returners", "2023", 30)]
    assert side_by_side(lines, "year") == (
        "Places: fewer than returners in 1 of 1 year.",
        "2022: places 15; returners 44.",
        "2023: places withheld; returners 30.",
    )


def test_one_number_alone_is_held_against_nothing() -> None:
    assert side_by_side([line("Places", "2022", 15), line("Places", "2023", 16)], "year") == ()
    assert side_by_side([line("Places", "", 15), line("Returners", "", 16)], "year") == ()


def test_the_question_on_capacity_is_answered_by_year() -> None:
    programme = load_programme("return-to-work-mentoring")
    question = programme.questions_by_id["capacity_places"]
    titles = [programme.outcomes_by_id[name].title for name in question.outcomes]
    rows = [
        {"term": title, "group": str(year), "estimate": float(n), "n": float(n)}
        for title, numbers in zip(titles, ((15, 32, 16), (44, 15, 21)), strict=True)
        for year, n in zip((2022, 2023, 2024), numbers, strict=True)
    ]
    result = estimates(rows, Method("Count", "", "number", n_given=10, n_used=10))
    answer = Answer(
        question, result, people=10, about=question.outcomes, terms=tuple(zip(titles, question.outcomes, strict=True))
    )
    made = material(small_evidence(24), (answer,), RULES)
    (section,) = [one for one in theme_sections(made) if one.title == question.asks]
    said = section.blocks[0]
    assert isinstance(said, Text)
    assert said.text == f"{titles[0]}: fewer than returners in the year in 2 of 3 years (2022, 2024)."
    assert "lowest" not in " ".join(block.text for block in section.blocks if isinstance(block, Text))


def test_a_section_without_a_sentence_says_that_it_is_not_answered_and_why() -> None:
    programme = load_programme("edi-improvement-plan")
    instruments = {name: load_instrument(name) for name in programme.instrument_ids()}
    evidence = replace(small_evidence(24), programme=programme, instruments=instruments)
    question = programme.questions_by_id["board"]
    row = {"term": "share", "group": "BME", "band": "all", "estimate": 0.3, "conf_low": 0.2, "conf_high": 0.4, "n": 240}
    answer = Answer(question, estimates([row], Method("t", "", "ratio")), people=240, about=question.outcomes)
    made = material(evidence, (answer,), RULES)
    (section,) = [one for one in theme_sections(made) if one.title == question.asks]
    why = "the files hold none of those whom it is about (staff-in-post.csv, column board)"
    assert section.blocks[0] == Text(f"Not answered: {why}.", "note")
    (open_,) = [one for one in open_questions(programme, (answer,), made.shown) if one.asks == question.asks]
    assert (open_.standing, open_.why) == ("not answered", why)


def test_groups_of_the_plan_that_no_question_asks_by_are_named() -> None:
    programme = load_programme("edi-improvement-plan")
    (said,) = [
        item
        for block in differences(replace(small_evidence(24), programme=programme), (), {})
        for item in getattr(block, "items", ())
        if "groups of the plan" in item
    ]
    assert said == "By these groups of the plan nothing is told, as no question is asked by them: Sex by ethnic group."


@pytest.mark.parametrize(
    ("programme", "named", "left"),
    [
        ("edi-improvement-plan", ["religion or belief", "sexual orientation", "age"], ["disability", "race", "sex,"]),
        ("returners", ["religion or belief", "gender reassignment"], ["age,", "race", "disability"]),
    ],
)
def test_protected_characteristics_not_looked_at_are_named(programme: str, named: list[str], left: list[str]) -> None:
    (note,) = [one for one in design_notes(load_programme(programme)) if one.rule == "not_looked_at"]
    looked = note.text.partition(". ")[0]
    assert all(one in looked for one in named)
    assert not [one for one in left if re.search(rf"\b{one}", looked)]


def test_every_disclosure_has_its_own_name_and_is_read_once() -> None:
    figures = [Picture(f"Figure {at}", "A figure with two marks.", _drawing()) for at in (1, 2)]
    tables = [Table(f"Numbers behind the figure: {at}?", ("Of what", "n"), (("a", "1"),)) for at in (1, 2)]
    more = Table("All numbers: 1?", ("Of what", "n"), (("a", "1"), ("b", "2")), folded=True)
    blocks = _blocks([figures[0], tables[0], figures[1], tables[1], more])
    tree = html.fromstring(f"<div>{''.join(blocks)}</div>")
    names = [one.text_content() for one in tree.iter("summary")]
    assert names == ["Numbers behind the figure: 1?", "Numbers behind the figure: 2?", "All numbers: 1?"]
    captions = [one.text_content() for one in tree.iter("caption")]
    assert captions == ["1 row, 2 columns", "1 row, 2 columns", "2 rows, 2 columns"]
    # A figure that is wider than a narrow screen says so, in words.
    assert len(tree.find_class("pr-sideways")) == 2


def _drawing() -> Figure:
    return Figure(figsize=(1, 1))


def test_notes_below_all_numbers_fit_the_people_and_the_rows() -> None:
    programme = load_programme("edi-improvement-plan")
    question = programme.questions_by_id["shortlists"]
    said = (
        "n adds up people over years",
        "those whose group is not stated are part of every band and of the workforce",
    )
    rows = [
        {"term": term, "group": "BME", "band": "x", "estimate": 0.9, "conf_low": 0.8, "conf_high": 1.1, "n": 300}
        for term in ("parity", "share", "gap")
    ]
    result = estimates(rows, Method("m", "e", "ratio", assumptions=said))
    answer = Answer(question, result, people=300)
    released = release(result, RULES)
    shown = Shown(answer, released, headlines(answer, released, programme))
    table = full_table(shown, "All numbers", programme)
    assert table is not None
    notes = " ".join(table.notes)
    assert "adds up" not in notes
    assert "workforce" not in notes
    assert "part of both groups of people that are held against each other" in notes
