"""What a board reads: each number once, counts that agree, no talk of tests that are not there."""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from small_programme import small_evidence

from evalkit.disclosure import load_profile
from evalkit.instruments import load_instrument
from evalkit.programmes.answering import answer_programme
from evalkit.programmes.answers import TEST_RULE, Answer
from evalkit.programmes.evidence import Evidence
from evalkit.programmes.headline_texts import Headline
from evalkit.programmes.library import load_programme
from evalkit.programmes.limitations import judged_by
from evalkit.programmes.parts import Target
from evalkit.report.programme_answered import BECAUSE_FEW, counted, open_questions, standings
from evalkit.report.programme_blocks import Bullets, Picture, Report, Section, Table, Text
from evalkit.report.programme_board import board_sections
from evalkit.report.programme_content import Material, closing_sections, material, theme_sections
from evalkit.report.programme_numbers import interval
from evalkit.report.programme_sheets import table_files
from evalkit.report.programme_targets import judged, targets_table
from evalkit.result import Method, estimates

RULES = load_profile("staff-survey")
NAN = float("nan")


@lru_cache(maxsize=2)
def made(n: int) -> Material:
    evidence = small_evidence(n)
    return material(evidence, answer_programme(evidence), RULES)


def with_answers(*answers: Answer, n: int = 24) -> Material:
    return material(small_evidence(n), answers, RULES)


def words(sections: Sequence[Section]) -> str:
    found = []
    for section in sections:
        for block in section.blocks:
            found += (
                [block.text] if isinstance(block, Text) else list(block.items) if isinstance(block, Bullets) else []
            )
    return "\n".join(found)


def under(sections: Sequence[Section], title: str) -> Section:
    (found,) = [one for one in sections if one.title == title]
    return found


def answer(question: str, rows: Sequence[dict[str, object]], *, unit: str = "points", role: str = "mentee") -> Answer:
    programme = small_evidence(24).programme
    one = programme.questions_by_id[question]
    titles = {programme.outcomes_by_id[name].title: name for name in one.outcomes}
    terms = tuple((str(row["term"]), titles[str(row["term"])]) for row in rows if row["term"] in titles)
    result = estimates([{"n": 24, **row} for row in rows], Method("m", "", unit))  # type: ignore[arg-type]
    return Answer(one, result, people=24, role=role, about=one.outcomes, terms=terms)


@pytest.mark.parametrize("n", [6, 24])
def test_the_board_counts_the_questions_of_the_table_of_what_is_not_answered(n: int) -> None:
    closing = under(list(closing_sections(made(n))), "What could not be answered")
    rows = [row for block in closing.blocks if isinstance(block, Table) for row in block.rows]
    (told,) = [one for one in words(list(board_sections(made(n), "A trust"))).split("\n") if "questions: " in one]
    assert told.startswith(counted(made(n).programme, made(n).answers, made(n).shown))
    numbers = {name: int(count) for count, name in re.findall(r"(\d+) ([a-z ]+)", told.partition(".")[0])}
    assert numbers.pop("questions") == sum(numbers.values()) == len(made(n).programme.questions)
    apart = re.search(r"Of (\d+) questions the whole answer is withheld", words([closing]))
    assert (apart is not None) == (n == 6)
    assert len({row[0] for row in rows}) + int(apart[1] if apart else 0) == sum(numbers.values()) - numbers.get(
        "answered", 0
    )
    # One rule: what is withheld in a table above stands in the list, even where the rest of it is told.
    assert bool([row for row in rows if re.match(r"\d+ of \d+ numbers", row[1])]) == (n == 24)


def test_what_is_partly_withheld_is_not_called_answered() -> None:
    rows = [{"term": "Kept", "group": f"answer {at}", "estimate": 0.5, "n": n} for at, n in enumerate((24, 24, 3))]
    found = with_answers(answer("capacity_kept", rows, unit="proportion"))
    came = standings(found.programme, found.answers, found.shown)
    assert came["capacity_kept"] == "answered in part"
    (row,) = [
        one for one in open_questions(found.programme, found.answers, found.shown) if one.standing != "not answered"
    ]
    assert row.about.startswith("1 of 3 numbers: ")
    assert "answer 2" in row.about
    assert row.why == BECAUSE_FEW
    all_small = with_answers(answer("capacity_kept", rows[2:], unit="proportion"))
    assert standings(all_small.programme, all_small.answers, all_small.shown)["capacity_kept"] == "withheld"


@pytest.mark.parametrize("n", [6, 24])
def test_the_board_reads_nothing_twice(n: int) -> None:
    changed = under(list(board_sections(made(n), "A trust")), "What changed")
    items = [item for block in changed.blocks if isinstance(block, Bullets) for item in block.items]
    subjects = [item.partition(" (95")[0].rpartition(":")[0] for item in items]
    assert len(set(subjects)) == len(subjects)
    withheld = [item for item in items if ": withheld, as " in item]
    assert len(withheld) == (n == 6)
    assert not [item for item in items if item not in withheld and "withheld" in item]


def test_six_people_get_no_talk_of_tests_intervals_or_plans_that_are_not_shown() -> None:
    everything = [*board_sections(made(6), "A trust"), *closing_sections(made(6))]
    said = words(everything)
    for never in ("p-value", "by chance", "interval stands alone", "95 % interval", "with other people"):
        assert never not in said, never
    assert not re.search(r"\d+ mentees and \d+ mentors planned", said)
    assert "Few people took part" in said
    # That no test is made of so few is said all the same.
    assert f"{TEST_RULE} This report tells none." in said


@pytest.mark.parametrize(
    ("started", "said"),
    [
        (20, "With 20 mentees and 20 mentors who started, only large changes"),
        (24, "With 24 mentees and 24 mentors planned, only large changes"),
        (31, ""),
    ],
)
def test_limits_tell_of_those_who_started_and_not_of_a_plan_that_came_otherwise(started: int, said: str) -> None:
    question = small_evidence(24).programme.questions_by_id["reach"]
    steps = pd.DataFrame({"step": ["Started"], "of": ["Started"], "reason": [""], "n": [started]})
    flows = [Answer(question, steps, people=started, role=role) for role in ("mentee", "mentor")]
    told = words([one for one in closing_sections(with_answers(*flows)) if one.title == "What to bear in mind"])
    assert said in told
    assert ("only large changes" in told) == bool(said)


def test_the_name_of_a_programme_needs_no_article() -> None:
    did = words(list(board_sections(made(24), "A trust"))[:2])
    assert did.startswith("A trust ran the programme “Return to Work Mentoring”. ")


def test_the_least_is_not_called_as_planned() -> None:
    said = words(list(board_sections(made(24), "A trust")))
    assert not re.search(r"\bas planned", said)
    enough = said.partition("Received at least the minimum that was planned:\n")[2]
    assert re.search(r"\(\d+ or more of \d+ meetings\)", enough)


def test_counts_have_no_interval_and_it_is_said() -> None:
    assert "are counts and have none" in words(list(board_sections(made(24), "A trust")))


SHIFT = {"estimate": -0.2, "conf_low": -0.5, "conf_high": 0.1}


def test_each_claim_of_a_then_test_is_a_sentence_though_there_are_many() -> None:
    one = small_evidence(24).programme.outcomes_by_id["mentor_skill"].title
    claims = ("Only the change as answered is shown, upwards.", "Neither change is shown.")
    rows = [{"term": one, "group": "shift of the start", "claim": claims[at % 2], **SHIFT} for at in range(6)]
    sections = list(theme_sections(with_answers(answer("mentors_yardstick", rows, role="mentor"))))
    said = words([under(sections, small_evidence(24).programme.questions_by_id["mentors_yardstick"].asks)])
    assert "there was a rise from the answers given before" in said
    assert "it is not settled whether there was a change" in said


def test_many_shares_are_told_with_interval_and_people_and_no_order() -> None:
    rows = [
        {"term": "Kept", "group": f"answer {at}", "estimate": at / 20, "conf_low": 0.01, "conf_high": 0.9}
        for at in range(1, 12)
    ]
    found = answer("capacity_kept", rows, unit="proportion")
    sections = list(theme_sections(with_answers(found)))
    said = words([under(sections, found.question.asks)])
    assert "Most often" not in said
    assert "The largest 3 of 11 shares found; their order is not tested: Kept, answer 11: 55 % (95 % interval" in said
    assert said.count("24 mentees") == 3


def test_those_tied_with_the_third_are_told_too() -> None:
    def said(shares: Sequence[float]) -> str:
        rows = [
            {"term": "Kept", "group": f"answer {at}", "estimate": share, "conf_low": 0.01, "conf_high": 0.9}
            for at, share in enumerate(shares)
        ]
        found = answer("capacity_kept", rows, unit="proportion")
        return words([under(list(theme_sections(with_answers(found))), found.question.asks)])

    rest = [0.1] * 7
    assert "The largest 4 of 11 shares found" in said([0.5, 0.42, 0.42, 0.42, *rest])
    assert "The largest 3 of 11 shares found" in said([0.5, 0.43, 0.42, 0.41, *rest])
    # Where the ties would be too many, only those above them are told.
    assert "The largest 2 of 11 shares found" in said([0.5, 0.43, *[0.42] * 9])


def test_many_other_numbers_are_told_by_the_lowest_and_the_highest() -> None:
    rows = [
        {"term": "Match", "group": f"group {at}", "estimate": 1 + at / 10, "conf_low": 1.0, "conf_high": 3.0}
        for at in range(9)
    ]
    found = answer("match", rows)
    said = words([under(list(theme_sections(with_answers(found))), found.question.asks)])
    assert "The lowest of 9: Match, mentees, group 0: 1.00 points" in said
    assert "The highest: Match, mentees, group 8: 1.80 points" in said


def test_what_could_not_be_estimated_is_no_interval_that_holds_no_difference() -> None:
    titles = [small_evidence(24).programme.outcomes_by_id[one].title for one in ("networks", "pattern", "norms")]
    rows = [
        {"term": titles[at % 3], "group": f"w{at} - before", "quantity": "change from baseline", "estimate": NAN}
        for at in range(9)
    ]
    found = answer("transition", rows)
    section = under(list(theme_sections(with_answers(found))), found.question.asks)
    assert "Could not be estimated: " in words([section])
    assert "nothing is claimed" not in words([section])
    assert not [block for block in section.blocks if isinstance(block, Table | Picture)]


def test_tables_of_two_roles_are_told_apart_by_the_role_and_blank_rows_go() -> None:
    one = small_evidence(24).programme.outcomes_by_id["attachment"].title
    rows = [
        {"term": one, "quantity": "difference in mean change", **SHIFT},
        {"term": one, "group": "programme", "quantity": "mean change", **SHIFT},
        {"term": one, "group": "nobody", "quantity": "mean change", "estimate": NAN},
    ]
    both = [answer("fair_outcome", rows, role=role) for role in ("mentee", "mentor")]
    section = under(list(theme_sections(with_answers(*both))), both[0].question.asks)
    tables = [block for block in section.blocks if isinstance(block, Table) and block.title.startswith("All numbers")]
    assert [table.title.partition(":")[0].rpartition(", ")[2] for table in tables] == ["mentees", "mentors"]
    for table in tables:
        assert len(table.rows) == 2
        assert table.notes[-1].startswith("1 row left out")


def test_a_change_that_two_questions_tell_says_why_the_numbers_differ() -> None:
    programme = load_programme("returners")
    assert {programme.questions_by_id[one].estimator for one in ("learning", "learning_kept")} == {
        "mean_change",
        "wave_change",
    }
    instruments = {name: load_instrument(name) for name in programme.instrument_ids()}
    evidence = Evidence(programme, instruments, small_evidence(24).files, {})
    title = programme.outcomes_by_id["skills"].title
    answers = []
    for name, more in (
        ("learning", {}),
        ("learning_kept", {"group": "after - before", "quantity": "change from baseline"}),
    ):
        result = estimates([{"term": title, "n": 24, **SHIFT, **more}], Method("m", "", "points"))  # type: ignore[arg-type]
        answers.append(
            Answer(programme.questions_by_id[name], result, 24, "returner", ("skills",), terms=((title, "skills"),))
        )
    sections = list(
        theme_sections(Material(evidence, tuple(answers), RULES, material(evidence, tuple(answers), RULES).shown, {}))
    )
    first, second = (
        words([under(sections, programme.questions_by_id[one].asks)]) for one in ("learning", "learning_kept")
    )
    assert "is told under “Does it last?” too. That rests on everybody" in first
    assert "too. That rests on people who answered both times, this on everybody" in second


def headline(kind: str, low: float, estimate: float, high: float, unit: str = "") -> Headline:
    return Headline("Pay", "Pay", kind, "Pay", "", estimate, low, high, NAN, 24, unit, "people", "95 %", False, "", "x")  # type: ignore[arg-type]


def test_a_ratio_is_found_in_the_unit_in_which_it_is_wanted() -> None:
    target = Target(id="t", title="t", question="q", at_least=95, unit="per cent")
    assert judged(target, headline("ratio", 0.85, 0.92, 0.99)) == ("92 %", "85 % to 99 %", "not settled")


def test_a_target_tells_the_unit_of_what_was_found() -> None:
    target = Target(id="t", title="t", question="q", about="a", set_by="The trust", unit="percentage points")
    found = judged(target, replace(headline("change", -0.029, 0.011, 0.057, "proportion"), about="a"))
    assert found == ("+1.1 percentage points", "\u22122.9 to +5.7", "no target set")


def test_a_target_about_several_numbers_is_not_told_by_the_first() -> None:
    programme = made(24).programme
    dose = programme.targets[1].model_copy(update={"about": None, "at_least": None, "set_by": "The employer"})
    changed = programme.model_copy(update={"targets": (dose,)})
    table = targets_table(changed, made(24).answers, made(24).shown, RULES)
    assert table is not None
    assert table.rows[0][2:] == ("\u2013", "\u2013", "no target set")


def test_of_pairs_the_share_who_answered_is_of_the_pairs_that_started() -> None:
    programme = load_programme("reciprocal-mentoring")
    (target,) = [one for one in programme.targets if one.of == "answered"]
    start = pd.DataFrame({"step": ["Started"], "of": ["Started"], "reason": [""], "n": [24.0]})
    question = programme.questions_by_id["both_change"]
    title = programme.outcomes_by_id["listening"].title
    result = estimates(
        [{"term": title, "group": "partner", "quantity": "mean change", "n": 15, **SHIFT}], Method("m", "", "points")
    )  # type: ignore[arg-type]
    both = Answer(question, result, 15, about=("listening",), terms=((title, "listening"),))

    def told(*started: float) -> tuple[str, ...]:
        flows = [
            Answer(programme.questions_by_id["reach"], start.assign(n=n), people=int(n), role=role)
            for role, n in zip(("senior_partner", "partner"), started, strict=True)
        ]
        instruments = {name: load_instrument(name) for name in programme.instrument_ids()}
        found = material(Evidence(programme, instruments, {}, {}), (*flows, both), RULES)
        only = programme.model_copy(update={"targets": (target,)})
        table = targets_table(only, found.answers, found.shown, RULES)
        assert table is not None
        return table.rows[0][2:]

    assert told(24, 24) == ("62.5 %", "43 % to 79 %", "not settled")
    # Of how many pairs it is is not known where the two parties are not as many.
    assert told(24, 23)[-1] == "not answered"


def test_limits_tell_which_outcomes_are_tested_told_and_not_told() -> None:
    programme = load_programme("returners")
    said = judged_by(programme, ["skills", "readiness"], ["skills", "readiness"])
    assert "one test judges each of 2 of them" in said
    assert "Not told, as no number may be or could be made: " in said
    assert programme.outcomes_by_id["in_post"].title in said.partition("Not told")[2]
    assert "without a test" not in said
    bare = judged_by(programme, ["skills"], ["skills", "in_post"])
    title = programme.outcomes_by_id["in_post"].title
    assert f"{title} is judged by its interval, without a test that decides." in bare
    # A report says it of what it tells, not of the plan.
    note = words([one for one in closing_sections(made(24)) if one.title == "What to bear in mind"])
    change = under(list(theme_sections(made(24))), "Change in outcomes")
    (table,) = [block for block in change.blocks if isinstance(block, Table)]
    assert re.search(rf"one test judges each of (them|{len(table.rows)} of them)", note)


def test_what_is_settled_alone_and_not_beside_the_other_tests_is_said() -> None:
    evidence = small_evidence(24)
    titles = [one.title for one in evidence.programme.outcomes if one.primary]
    questions = ("transition", "attachment", "mentors_learn")

    def found(first: float) -> str:
        answers = []
        for question, title, p in zip(questions, titles, (first, 0.4, 0.4), strict=True):
            row = {"term": title, "group": "after - before", "quantity": "change from baseline", "p_value": p, **SHIFT}
            answers.append(answer(question, [row], role="mentor" if question == "mentors_learn" else "mentee"))
        return words([under(list(theme_sections(with_answers(*answers))), "Change in outcomes")])

    assert f"this is no longer settled: {titles[0]}" in found(0.03)
    assert "no longer settled" not in found(0.001)
    assert "no longer settled" not in found(0.2)


def test_the_tables_behind_a_report_have_whole_counts_and_whole_words() -> None:
    words_of_it = "Numbers behind the figure: " + " ".join(["wonderful"] * 9)
    data = pd.DataFrame({"n": [18.0, NAN], "share": [0.5, 0.25]})
    table = Table(words_of_it, ("A",), (("b",),), data=data)
    report = Report("r", "R", "", "T", "", (Section("S", 2, (table,)),), {})
    files = table_files(report)
    (name,) = [one for one in files if one.endswith(".csv")]
    assert set(name.partition("-tables/01-")[2].removesuffix(".csv").split("-")) == {"wonderful"}
    assert files[name].decode().splitlines()[1:] == ["18,0.5", ",0.25"]


@pytest.mark.parametrize("set_by", ["Set by the employer, yearly.", "The employer, yearly.", "the employer, yearly"])
def test_who_sets_a_target_is_told_once(set_by: str) -> None:
    programme = made(24).programme
    target = programme.targets[0].model_copy(update={"at_least": None, "at_most": None, "set_by": set_by})
    table = targets_table(programme.model_copy(update={"targets": (target,)}), made(24).answers, made(24).shown, RULES)
    assert table is not None
    assert table.rows[0][1] == "to be set by the employer, yearly"


def test_limits_in_tables_show_on_which_side_of_no_difference_they_lie() -> None:
    assert interval(headline("change", -0.0011, 0.29, 0.57, "points")) == "−0.001 to +0.57"
    assert interval(headline("ratio", 0.98, 0.99, 0.9996)) == "0.98 to 0.9996"
    assert interval(headline("change", 0.0, 0.29, 0.57, "points")) == "0.00 to +0.57"


def test_the_outcomes_to_judge_by_take_the_test_that_the_plan_decides_on() -> None:
    change = under(list(theme_sections(made(24))), "Change in outcomes")
    (table,) = [block for block in change.blocks if isinstance(block, Table)]
    assert sum("against people who did not take part" in row[0] for row in table.rows) == 2
    assert f"adjusted for the {len(table.rows)} tests" in " ".join(table.notes)
    adjusted = [float(row[4].lstrip("<")) for row in table.rows]
    assert np.all(np.array(adjusted) >= [float(row[3].lstrip("<")) for row in table.rows])


def test_a_change_beside_the_answers_looking_back_says_why_the_two_differ() -> None:
    programme = load_programme("leadership-development")
    shift, kept = (
        next(one for one in programme.questions if one.estimator == name) for name in ("response_shift", "wave_change")
    )
    (outcome, *_) = [one for one in shift.outcomes if one in kept.outcomes]
    title = programme.outcomes_by_id[outcome].title
    evidence = Evidence(
        programme, {name: load_instrument(name) for name in programme.instrument_ids()}, small_evidence(24).files, {}
    )
    rows = (
        (shift, {"group": "shift of the start", "claim": "Neither change is shown."}),
        (kept, {"group": "after - before", "quantity": "change from baseline"}),
    )
    answers = tuple(
        Answer(
            question,
            estimates([{"term": title, "n": 24, **SHIFT, **more}], Method("m", "", "points")),  # type: ignore[arg-type]
            24,
            "participant",
            (outcome,),
            terms=((title, outcome),),
        )
        for question, more in rows
    )
    sections = list(theme_sections(Material(evidence, answers, RULES, material(evidence, answers, RULES).shown, {})))
    back, told = (words([under(sections, one.asks)]) for one, _ in rows)
    assert f"is told under \u201c{kept.asks}\u201d too. That rests on everybody" in back
    assert "this on people who answered before, afterwards and looking back" in back
    assert "The two numbers need not be the same, nor settle the same." in told


def test_the_board_reads_the_steps_as_a_list() -> None:
    said = words(list(board_sections(made(24), "A trust")))
    assert re.search(r"Mentees: [a-z ]+ \d+, ", said)
    assert not re.search(r"\d+ (?:invited|applied|matched|started|award)", said)
