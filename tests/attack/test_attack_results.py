"""A hundred random tables are attacked, and drawn as they say."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from attack import ten_thousand as study
from attack.drawing import KINDS, TOTAL
from attack.judging import Fault, true_counts
from attack.knowledge import Release, rules

# Large tables take seconds: they are attacked in the full study only.
SMALL = 32
HUNDRED = list(
    itertools.islice(
        (
            case
            for case in map(study.case_of, itertools.count())
            if case.profile != "public" and sum(len(table.frame) for table in case.tables) <= SMALL
        ),
        100,
    )
)


def test_the_hundred_are_of_all_kinds_and_profiles() -> None:
    kinds, profiles = Counter(case.kind for case in HUNDRED), Counter(case.profile for case in HUNDRED)
    assert set(kinds) == set(KINDS)
    assert set(profiles) == set(rules()) - {"public"}
    assert min(profiles.values()) >= 10


@pytest.mark.parametrize("part", range(4))
def test_no_attack_on_a_hundred_tables_succeeds(part: int) -> None:
    outcomes = [study.run(case) for case in HUNDRED[part::4]]
    wrong = {each.case.name: list(map(str, each.faults)) for each in outcomes if each.faults or each.disagreement}
    assert wrong == {}
    assert sum(each.listed for each in outcomes) >= 20
    assert sum(each.withheld > each.primary for each in outcomes) >= 5


def test_a_case_is_drawn_again_as_it_was() -> None:
    for number in range(0, 60, 7):
        one, other = study.case_of(number), study.case_of(number)
        assert (one.name, one.profile, one.counts) == (other.name, other.profile, other.counts)
        for table, again in zip(one.tables, other.tables, strict=True):
            assert table.frame.to_csv() == again.frame.to_csv()


def test_drawn_margins_are_the_sums_of_their_cells() -> None:
    for case in HUNDRED[:30]:
        for table in case.tables:
            dims, frame = list(table.dims), table.frame
            inner = frame[(frame[dims] != TOTAL).all(axis=1)]
            grand = frame[(frame[dims] == TOTAL).all(axis=1)]
            if len(inner) and len(grand):
                for count in case.counts:
                    assert inner[count].sum() == grand[count].iloc[0]


def test_a_leak_in_protect_would_be_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the primary rule alone in the place of `protect`, the study finds much."""

    def primary_alone(case: study.Case) -> tuple[Release, ...]:
        rule, truth = rules()[case.profile], true_counts(case)
        assert truth
        columns = {count: f"released_{count}" for count in case.counts}
        found = []
        for table in case.tables:
            frame = table.frame.rename(columns=columns).astype(dict.fromkeys(columns.values(), float))
            for column in columns.values():
                frame[column] = frame[column].mask([rule.primary(int(count)) for count in frame[column]])
            frame["flag"] = np.where(frame[list(columns.values())].isna().any(axis=1), "suppressed", "")
            found.append(Release(frame, table.dims, case.totals, columns))
        return tuple(found)

    monkeypatch.setattr(study, "released", primary_alone)
    outcomes = [study.run(case) for case in HUNDRED if case.profile in ("staff-survey", "acro")]
    table = study.tabulate(outcomes)
    assert table["cases"].sum() == len(outcomes) >= 20
    assert sum(bool(each.faults) for each in outcomes) >= len(outcomes) / 2
    assert table["unsafe"].sum() >= 30
    assert (table["withheld"] == table["primary"]).all()
    assert table["disagreement"].sum() == 0
    assert study.wrong_in(table) == table["unsafe"].sum()


def test_disagreement_and_every_kind_of_fault_are_counted() -> None:
    outcome = study.run(HUNDRED[0])
    for kind in study.COUNTED[:-1]:
        table = study.tabulate([replace(outcome, faults=[Fault(kind, "x")])])  # type: ignore[arg-type]
        assert table[kind.replace(" ", "_")].sum() == 1 == study.wrong_in(table)
    assert study.wrong_in(study.tabulate([replace(outcome, disagreement=True)])) == 1
    assert study.wrong_in(study.tabulate([outcome])) == 0
    # What a profile gives away by itself is counted, and is no fault.
    table = study.tabulate([replace(outcome, several=3)])
    assert (table["several"].sum(), study.wrong_in(table)) == (3, 0)


def test_the_hash_follows_the_imports_of_protect() -> None:
    names = {path.stem for path in study.modules_of("protecting")}
    assert {"protecting", "profiles", "rules"} <= names
    assert len(names) >= 4
    assert all(path.exists() for path in study.modules_of("protecting"))


def test_a_total_may_be_as_narrow_as_the_parts_that_anybody_is_in() -> None:
    """In case 6180 a rounded total has a part shown as 0, and a withheld one that no row puts anybody into."""
    assert study.run(study.case_of(6180)).faults == []


def test_the_committed_study_is_of_this_code_and_found_nothing() -> None:
    table = study.committed()
    assert len(table), "run make attack"
    assert set(table["code"]) == {study.code_of()}, "the code has changed since: run make attack"
    assert set(table["seed"]) == {study.SEED}
    assert table["cases"].sum() == study.CASES == 10_000
    assert set(table["kind"]) == set(KINDS)
    assert set(table["profile"]) == set(rules())
    assert table["listed"].sum() >= study.CASES / 2
    assert study.wrong_in(table) == 0


def test_the_committed_study_does_not_withhold_more_than_naive_rules_do() -> None:
    """Dropping rows is cheaper where it leaves cells to be worked out; on the whole it is not."""
    table = study.committed()
    assert len(table), "run make attack"
    two_way = table[(table["kind"] == "two-way") & (table["primary"] > 0)]
    assert len(two_way) >= 3
    assert (two_way["lost_mean"] < two_way["naive_mean"]).all()
