"""Reach by protected group, who was lost, and targets on answers: protected, and right."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from small_programme import small_evidence

from evalkit.disclosure import load_profile
from evalkit.errors import EstimationError, Problem
from evalkit.programmes.answering_change import AS_STATED, in_prices, ratio_rows
from evalkit.programmes.evidence import Evidence
from evalkit.programmes.following_up import answered_both, follow_ups
from evalkit.programmes.library import load_programme
from evalkit.programmes.parts import Subgroup
from evalkit.report import programme_missing
from evalkit.report.programme_blocks import Block, Table, Text
from evalkit.report.programme_missing import losses, settled
from evalkit.report.programme_reach import _age_range, _merged, _Stage, answered, reach_by_group

RULES = load_profile()


def eligible(evidence: Evidence, times: int) -> pd.DataFrame:
    """Say that so many times the mentees of each group were eligible."""
    mentees = evidence.people[evidence.people["role"] == "mentee"]
    rows = [("all", "all", times * len(mentees))]
    for name in ("ethnicity", "sex", "disability"):
        counts = mentees[name].fillna("").value_counts()
        rows += [(name, label or "not stated", times * n) for label, n in counts.items()]
    return pd.DataFrame(rows, columns=["characteristic", "level", "eligible"])


def with_eligible(evidence: Evidence, times: int) -> Evidence:
    return replace(evidence, files={**evidence.files, "eligible": eligible(evidence, times)})


def role(evidence: Evidence, name: str) -> object:
    return evidence.programme.roles_by_id[name]


@pytest.fixture(scope="module")
def many() -> Evidence:
    return with_eligible(small_evidence(400), 3)


def numbers(table: Table) -> pd.DataFrame:
    assert table.data is not None
    return table.data.set_index(table.columns[0])


def test_every_step_from_eligible_to_answered_is_told_by_group(many: Evidence) -> None:
    made = reach_by_group(many, role(many, "mentee"), RULES)  # type: ignore[arg-type]
    (counts, shares), protected = made["sex"]
    # Everybody invited started: steps without a loss are one.
    assert counts.columns[1:3] == ("Eligible", "Started")
    assert "Answered before and after" in counts.columns
    assert "Started of eligible" in shares.columns
    frame = numbers(counts)
    assert frame.loc["all", "eligible"] == 3 * 400
    assert frame.drop(index="all").sum()["started"] == frame.loc["all", "started"]
    women = many.people[(many.people["role"] == "mentee") & (many.people["sex"] == "female")]
    assert frame.loc["women", "started"] == len(women)
    assert (protected.frame["flag"] == "").all()
    row = next(cells for cells in shares.rows if cells[0] == "women")
    assert row[shares.columns.index("Started of eligible")].startswith("33 % (")


def test_no_group_nor_loss_that_is_told_is_small(many: Evidence) -> None:
    for evidence in (many, with_eligible(small_evidence(60), 3), small_evidence(24)):
        for name in ("mentee", "mentor"):
            made = reach_by_group(evidence, role(evidence, name), RULES)  # type: ignore[arg-type]
            for (counts, *_), _ in made.values():
                frame = numbers(counts)
                counted = [one for one in _STEPS if one in frame]
                values = frame[counted].to_numpy(dtype=float)
                assert np.nanmin(values) >= RULES.threshold
                chain = [one for one in ("eligible", "started", "completed") if one in frame]
                for whole, part in pairwise(chain):
                    assert (frame[whole] - frame[part]).min() >= RULES.threshold


def test_small_groups_are_told_together_and_not_lost() -> None:
    few = with_eligible(small_evidence(60), 3)
    made = reach_by_group(few, role(few, "mentee"), RULES)  # type: ignore[arg-type]
    (counts, *_), _ = made["ethnicity"]
    frame = numbers(counts)
    first = frame.columns[0]
    assert frame.drop(index="all")[first].sum() == frame.loc["all", first]
    assert any(" or " in str(label) for label in frame.index)


def test_fewer_eligible_than_came_cannot_be_and_is_left_out() -> None:
    wrong = with_eligible(small_evidence(400), 0)
    made = reach_by_group(wrong, role(wrong, "mentee"), RULES)  # type: ignore[arg-type]
    assert "Eligible" not in made["sex"][0][0].columns


def test_one_characteristic_that_does_not_fit_leaves_the_others_alone() -> None:
    wrong = with_eligible(small_evidence(400), 3)
    frame = wrong.files["eligible"]
    frame.loc[(frame["characteristic"] == "sex") & (frame["level"] == "female"), "eligible"] = 1
    made = reach_by_group(wrong, role(wrong, "mentee"), RULES)  # type: ignore[arg-type]
    assert "Eligible" not in made["sex"][0][0].columns
    assert "Eligible" in made["disability"][0][0].columns


def test_eligible_is_about_those_whom_the_programme_is_for(many: Evidence) -> None:
    made = reach_by_group(many, role(many, "mentor"), RULES)  # type: ignore[arg-type]
    assert all("Eligible" not in tables[0].columns for tables, _ in made.values())


_STEPS = ("eligible", "invited", "applied", "matched", "started", "completed", "answered")
AGE = Subgroup(id="age_band", title="Age", columns=("participants.age_band",), why="x")
KIND = Subgroup(id="leave_kind", title="Kind of leave", columns=("participants.leave_kind",), why="x")
DISABLED = Subgroup(id="disability", title="Disability", columns=("participants.disability",), why="x")


def merged(counts: dict[str, int], one: Subgroup) -> set[str] | None:
    labels = np.array([label for label, n in counts.items() for _ in range(n)], dtype=object)
    stage = _Stage("started", "Started", "", pd.Series(True, index=range(len(labels))))
    plan = _merged(labels, one, [stage], RULES)
    return None if plan is None else set(plan.labels[0])


def test_neighbouring_ages_are_told_as_a_range() -> None:
    ages = {"16-24": 3, "25-34": 30, "35-44": 30, "45-54": 12, "55-64": 8, "65 and over": 4}
    assert merged(ages, AGE) == {"16-34", "35-44", "45-54", "55 and over"}
    assert _age_range(["under 25", "25-34"]) == "under 35"


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        (["25-34", "<25"], "under 35"),
        (["24 and under", "25-34"], "under 35"),
        (["25-34", "up to 24"], "under 35"),
        (["55-64", "over 64"], "55 and over"),
        (["65+", "55-64"], "55 and over"),
        (["25 to 34", "35 to 44"], "25-44"),
        # What a label does not say is not made up.
        (["students", "25-34"], "25-34 or students"),
        (["under 25", "25 and over"], "under 25 or 25 and over"),
    ],
)
def test_ages_that_are_told_together_keep_whoever_is_in_them(labels: list[str], name: str) -> None:
    assert _age_range(labels) == name


def test_the_youngest_stand_first_however_they_are_called() -> None:
    assert merged({"<25": 6, "25-34": 30, "35-44": 30, "65+": 30}, AGE) == {"under 35", "35-44", "65+"}


def test_small_kinds_become_the_other_ones_and_who_stated_nothing_makes_no_group() -> None:
    kinds = {"caring": 30, "own health": 20, "bereavement": 4, "sabbatical": 5, "redeployment": 3}
    assert merged(kinds, KIND) == {"caring", "own health", "other kinds"}
    # Those who did not state are told with the largest group, never as part of a small one.
    assert merged({"yes": 12, "no": 60, "not stated": 3}, DISABLED) == {"disabled", "not disabled or not stated"}
    # Two small groups that are all there is tell nothing beside those who did not state.
    assert merged({"yes": 4, "no": 60, "not stated": 20}, DISABLED) is None


def test_one_step_is_told_in_one_table_and_one_share_beside_its_numbers(many: Evidence) -> None:
    made = reach_by_group(many, role(many, "mentor"), RULES)  # type: ignore[arg-type]
    for tables, _ in made.values():
        assert len(tables) == 1 or len(tables[1].columns) > 2
    evidence = small_evidence(24)
    for name in ("mentee", "mentor"):
        for (table, *more), _ in reach_by_group(evidence, role(evidence, name), RULES).values():  # type: ignore[arg-type]
            assert more == []
            assert table.columns[-1] == "Share of all"
            assert all(row[-1] == "\u2013" or row[-1].startswith(("withheld", *"123456789")) for row in table.rows)


def test_forms_that_are_not_asked_once_of_those_who_started_are_named_and_not_counted() -> None:
    evidence = small_evidence(24)
    everybody = evidence.people[["role"]].reset_index(names="person")
    frame = everybody.assign(respondent=everybody["person"])
    more = {("mentee_application", "application"): frame, ("meeting_log", "meeting"): frame}
    table = answered(replace(evidence, answers={**evidence.answers, **more}), RULES)
    assert isinstance(table, Table)
    titles = [evidence.instruments[name].title for name in ("mentoring-application-mentee", "meeting-log")]
    assert not [row for row in table.rows if row[0].startswith(tuple(titles))]
    told = " ".join(table.notes)
    assert f"answered before the start, by everybody who came that far: {titles[0]}." in told
    assert f"asked after every meeting, and the files do not say whom and how often: {titles[1]}." in told
    own = [use for use in evidence.programme.instruments if set(use.roles) == {"coordinator"}]
    names = {evidence.instruments[use.instrument].title for use in own}
    assert names
    assert all(f"tell of no person: {name}" in told for name in names)


def test_where_all_is_withheld_a_sentence_is_enough() -> None:
    said = answered(small_evidence(6), RULES)
    assert isinstance(said, Text)
    assert "forms it is withheld how many of those who were asked answered" in said.text


def test_an_estimate_and_its_limits_have_the_same_decimals(many: Evidence) -> None:
    for table in [one for one in losses(many, RULES) if isinstance(one, Table)]:
        for row in table.rows:
            numbers = [row[-2], *row[-1].split(" to ")]
            assert len({len(one.partition(".")[2]) for one in numbers}) == 1
            assert "-" not in "".join(numbers)


def test_six_people_have_no_table() -> None:
    evidence = small_evidence(6)
    assert reach_by_group(evidence, role(evidence, "mentee"), RULES) == {}  # type: ignore[arg-type]


def test_the_outcomes_followed_are_those_named_beforehand(many: Evidence) -> None:
    followed = follow_ups(many, "mentee")
    assert followed
    assert all(one.outcome.primary for one in followed)
    both = answered_both(many, followed[0], many.in_programme(["mentee"]))
    assert both is not None
    assert 0 < both.sum() < len(both)


def test_those_lost_are_described_where_enough_are(many: Evidence) -> None:
    blocks = list(losses(many, RULES))
    tables = [one for one in blocks if isinstance(one, Table)]
    assert [one.title.split(" ")[0] for one in tables] == ["How", "What"]
    ways = tables[1]
    assert {row[1].split(",")[0] for row in ways.rows} >= {"those who answered both times", "all who answered before"}
    assert not any("People" in column for table in tables for column in table.columns)
    said = " ".join(one.text for one in blocks if isinstance(one, Text))
    assert "in all of these ways the interval is wholly above no change" in said


def test_few_lost_are_not_described() -> None:
    blocks = list(losses(small_evidence(24), RULES))
    assert not [one for one in blocks if isinstance(one, Table)]
    said = dict(one.partition(": ")[::2] for one in texts(blocks))
    assert all(one.outcome.title in " ".join(said) for one in follow_ups(small_evidence(24), "mentee"))
    few = (
        "fewer than 11 people answered before and not afterwards, or none. How they differ is not told, and the change "
    )
    titles = {one.id: one.title for one in small_evidence(24).programme.outcomes}
    # What the report tells of the change rests on others where it is of a mixed model.
    assert said[titles["wellbeing"]] == (
        f"{few}in the report is of a mixed model, which uses everybody who answered at one of the times at least."
    )
    (rest,) = [why for name, why in said.items() if titles["attachment"] in name]
    assert rest == f"{few}rests on those who answered both times."


def test_only_a_change_of_the_same_answers_is_called_that_of_the_report(many: Evidence) -> None:
    (table,) = [one for one in losses(many, RULES) if isinstance(one, Table) and "allowed for" in one.title]
    titles = {one.id: one.title for one in many.programme.outcomes}
    rests = {
        row[0]: row[1]
        for row in table.rows
        if row[1].startswith("those who answered both times") and "weighted" not in row[1]
    }
    assert rests[titles["attachment"]] == "those who answered both times, as in the report"
    assert "as in the report" not in rests[titles["wellbeing"]]
    assert "mixed model" in rests[titles["wellbeing"]]


def texts(blocks: list[Block]) -> list[str]:
    return [one.text for one in blocks if isinstance(one, Text)]


def reasons(evidence: Evidence) -> list[str]:
    return [one.partition(": ")[2] for one in texts(list(losses(evidence, RULES)))]


def kept(evidence: Evidence, people: int) -> Evidence:
    """Take away the answers after `before` of all but so many of each role."""
    answers = {
        (use, wave): frame if wave == "before" else frame[frame["person"].str[-4:].astype(int) < people]
        for (use, wave), frame in evidence.answers.items()
    }
    return replace(evidence, answers=answers)


@pytest.mark.parametrize(("before", "after"), [(24, 0), (24, 8), (14, 7)])
def test_few_that_answered_twice_are_not_called_few_lost(before: int, after: int) -> None:
    assert reasons(kept(small_evidence(before), after)) == [
        "fewer than 11 people answered both before and afterwards, or none. How those who did not answer afterwards "
        "differ is not told: too few stand beside them."
    ]


def test_enough_lost_and_kept_is_no_reason_to_withhold() -> None:
    assert any(isinstance(block, Table) for block in losses(kept(small_evidence(60), 30), RULES))


def test_a_method_that_refuses_is_not_told_as_few_people(many: Evidence, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise EstimationError(Problem("EST-001", "frame", "no complete pair", "pairs", "Link the waves."))

    monkeypatch.setattr(programme_missing, "attrition", refuse)
    blocks = list(losses(many, RULES))
    assert not [one for one in blocks if isinstance(one, Table)]
    why = "how those who did not answer afterwards differ cannot be estimated from these answers. The change "
    assert sorted(reasons(many)) == [
        f"{why}in the report is of a mixed model, which uses everybody who answered at one of the times at least.",
        f"{why}rests on those who answered both times.",
    ]


def test_each_outcome_has_the_reason_of_its_own() -> None:
    evidence = small_evidence(24)
    mentors_after = {
        key: frame[~frame["person"].str.startswith("mentor")] if key[1] != "before" else frame
        for key, frame in evidence.answers.items()
    }
    assert sorted({line.partition(",")[0] for line in reasons(replace(evidence, answers=mentors_after))}) == [
        "fewer than 11 people answered before and not afterwards",
        "fewer than 11 people answered both before and afterwards",
    ]


def test_where_nothing_is_withheld_nobody_is_called_nobody() -> None:
    evidence = kept(small_evidence(24), 0)
    (line,) = texts(list(losses(evidence, load_profile("public"))))
    assert ": nobody answered both before and afterwards. " in line


@pytest.mark.parametrize(
    ("sides", "word"),
    [
        ([1, 1, 1], "wholly above"),
        ([-1, -1], "wholly below"),
        ([0, 0], "in none"),
        ([1, 0, 1], "hangs"),
        ([1], "could not"),
    ],
)
def test_whether_those_lost_matter_follows_from_the_intervals(sides: list[int], word: str) -> None:
    assert word in settled(sides)


class _Priced:
    """Evidence of three people who named their pay and its year."""

    def __init__(self, table: pd.DataFrame | None) -> None:
        self.typed = {} if table is None else {"prices": table}

    def values(self, _use: str, _measure: str, _asked: str) -> pd.Series:
        return pd.Series({"a": 2010, "b": 2015, "c": 2015})


def priced(table: pd.DataFrame | None) -> tuple[pd.DataFrame, str]:
    programme = load_programme("returners")
    pair = pd.DataFrame({"before": [100.0, 200.0, 300.0], "after": [150.0, 200.0, 330.0]}, index=["a", "b", "c"])
    question = programme.questions_by_id["pay_penalty"]
    return in_prices(_Priced(table), question, programme.outcomes_by_id["pay"], pair)  # type: ignore[arg-type]


INDEX = pd.DataFrame({"year": [2010.0, 2015.0, 2020.0], "index": [50.0, 80.0, 100.0], "source": ["ONS"] * 3})


def test_pay_before_is_brought_to_the_prices_of_the_last_year() -> None:
    pair, told = priced(INDEX)
    assert pair["before"].tolist() == [200.0, 250.0, 375.0]
    assert pair["after"].tolist() == [150.0, 200.0, 330.0]
    assert "prices of 2020, by the index of ONS" in told
    question = load_programme("returners").questions_by_id["pay_penalty"]
    result = ratio_rows(pair, "Pay", question, told)
    assert result.frame["estimate"].iloc[0] == pytest.approx((0.75 * 0.8 * 0.88) ** (1 / 3))
    assert result.method.assumptions == (told,)


@pytest.mark.parametrize("table", [None, INDEX.iloc[1:], INDEX.assign(index=0.0)])
def test_without_the_whole_index_pay_is_as_stated_and_says_so(table: pd.DataFrame | None) -> None:
    pair, told = priced(table)
    assert pair["before"].tolist() == [100.0, 200.0, 300.0]
    assert told.startswith(AS_STATED)
