"""What a question says is estimated is what is computed, and a scheme outside the health service speaks for itself."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_programme import small_evidence

from evalkit.__main__ import main
from evalkit.disclosure import Released, load_profile
from evalkit.equality.plan import edi_plan
from evalkit.instruments import load_instrument
from evalkit.instruments.wording import texts, token_texts
from evalkit.measurement.consistency import reliability
from evalkit.programmes import load_programme
from evalkit.programmes.answering import answer_question
from evalkit.programmes.answers import Answer
from evalkit.programmes.evidence import Evidence
from evalkit.programmes.folder_columns import input_of
from evalkit.programmes.folder_reading import read_folder
from evalkit.programmes.folder_simulation import simulate_folder
from evalkit.programmes.folder_surveys import adapted_instruments
from evalkit.programmes.folders import Settings, open_folder
from evalkit.programmes.headline_texts import every_row
from evalkit.programmes.limitations import design_notes
from evalkit.result import Estimates
from evalkit.simulate import simulate_workforce

NINE = (
    "bme-executive-mentoring", "edi-improvement-plan", "leadership-development", "looking-after-you-too-coaching",
    "reciprocal-mentoring", "return-to-work-mentoring", "returners", "staff-development", "university-staff-mentoring",
)  # fmt: skip
UNIVERSITY = "university-staff-mentoring"
_OF_THE_SERVICE = re.compile(
    r"\bNHS\b|\bNurs|clinic(?!.{0,20}psych)|\bBand \d|health service|Agenda for Change|\bESR\b|patient|hospital|"
    r"general practice|consultant|midwi",
    re.IGNORECASE,
)


@pytest.mark.parametrize("programme", NINE)
def test_estimands_name_what_is_computed(programme: str) -> None:
    for question in load_programme(programme).questions:
        said = " ".join(question.estimand.split())
        if question.estimator == "standardised_change":
            assert question.said.get("kind", "d_av") == "d_av"
            assert "over the mean of the standard deviations before and after" in said, question.id
        if question.estimator == "representation":
            assert " over their share " in said, question.id
            assert " less " not in said, question.id
        if question.estimator == "participant_flow":
            assert "from eligible" not in said, question.id


def test_the_change_of_each_is_of_what_is_named() -> None:
    plan = load_programme(UNIVERSITY)
    question = plan.questions_by_id["each_change"]
    assert question.outcomes == ("goals", "match")
    assert "work on goals and in the quality of the match" in question.estimand


def test_what_is_received_from_the_other_is_told_by_who_received_it() -> None:
    plan = load_programme("reciprocal-mentoring")
    outcome = plan.outcomes_by_id["seen_by_partner"]
    assert outcome.title.endswith("received from the other of the pair")
    items = load_instrument("reciprocal-mentoring").scales_by_id[str(outcome.scale)].items
    people = pd.DataFrame({"person": ["S1", "S2", "S3", "P1", "P2", "P3"], "group": "programme",
                           "role": ["senior_partner"] * 3 + ["partner"] * 3})  # fmt: skip
    rows = pd.DataFrame({name: [5, 5, 4, 2, 2, 1] for name in items}).assign(person=people["person"])
    rows["par_elsewhere"] = 6 - rows["par_elsewhere"]
    instruments = {name: load_instrument(name) for name in plan.instrument_ids()}
    evidence = Evidence(plan, instruments, {"participants": people}, {("both_forms", "after"): rows})
    (answer,) = answer_question(evidence, plan.questions_by_id["partners_see"])
    assert isinstance(answer.result, Estimates)
    means = answer.result.frame.set_index("group")["estimate"]
    assert means["senior partners"] == pytest.approx(14 / 3)  # what they met in their partners, not what they are like
    assert means["partners"] == pytest.approx(5 / 3)


def test_reliability_and_spread_are_of_the_same_people() -> None:
    evidence = small_evidence(24)
    plan = evidence.programme
    scored = evidence.scored("transition", "before")
    assert scored is not None
    mentees = scored[scored.index.isin(evidence.in_programme(["mentee"]))]
    assert len(mentees) < len(scored)
    for answer in answer_question(evidence, plan.questions_by_id["settled_reliably"]):
        assert isinstance(answer.result, Estimates), answer.why_not
        outcome = plan.outcomes_by_id[answer.about[0]]
        instrument = evidence.instruments["return-to-work-transition"]
        scale = instrument.scales_by_id[str(outcome.scale)]
        own = mentees[mentees[scale.id].notna()]
        items = own[list(scale.items)].apply(pd.to_numeric, errors="coerce").reset_index(drop=True)
        found = reliability(items, instrument).frame
        alpha = found[(found["term"] == "alpha") & (found["group"] == scale.id)]["estimate"].iloc[0]
        row = answer.result.frame.iloc[0]
        assert row["reliability"] == pytest.approx(alpha)
        assert row["sd"] == pytest.approx(np.std(own[scale.id], ddof=1))
        assert "answers of mentees before" in answer.result.method.assumptions[0]


def test_a_university_speaks_its_own_words() -> None:
    plan = load_programme(UNIVERSITY)
    library = {name: load_instrument(name) for name in plan.instrument_ids()}
    named = {path.rpartition(".")[0] for one in library.values() for path in texts(one)}
    forms = plan.forms
    items = {item.id for one in library.values() for item in one.items}
    assert set(forms.leave_out) <= items
    assert {one.id.rpartition(".")[0] for one in forms.reword} <= named
    assert {one.id for one in forms.tokens} <= {token for one in library.values() for token in token_texts(one)}
    adapted = adapted_instruments(plan, Settings("0", 1, UNIVERSITY, "University of X", "limesurvey"), library)
    told = {f"{name} {path}": text for name, one in adapted.items() for path, text in texts(one).items()}
    told |= {f"{one.file} {column.name}": column.text for one in plan.files for column in one.columns}
    told |= {note.rule: note.text for note in design_notes(plan, library)}
    assert [place for place, text in told.items() if _OF_THE_SERVICE.search(text)] == []
    for file in ("participants", "staff"):
        columns = {column.name: column for column in input_of(plan, plan.files_by_id[file]).columns}
        assert {columns[name].kind for name in ("staff_group", "grade")} == {"text"}
        assert not {"band", "band_promoted", "clinical"} & set(columns)


def test_return_to_work_asks_for_its_own_conditions() -> None:
    plan = load_programme("return-to-work-mentoring")
    library = {name: load_instrument(name) for name in plan.instrument_ids()}
    adapted = adapted_instruments(plan, Settings("0", 1, plan.id, "A trust", "limesurvey"), library)
    form = adapted["mentoring-application-mentee"]
    assert {"band_eligible", "network_ok"} & set(form.by_id) == set()
    words = " ".join(token_texts(form).values())
    assert "leave of 8 weeks or more" in words
    assert "ethnic groups that are under-represented" not in words


@pytest.mark.parametrize(("counted", "said"), [
    ("support_offered_affected", "Psychological support offered to those affected"),
    ("support_offered", "Psychological support offered, of all staff in post"),
])  # fmt: skip
def test_support_says_among_whom_it_is_counted(counted: str, said: str) -> None:
    plan = load_programme("edi-improvement-plan")
    frames = dict(simulate_workforce(300, years=2, seed=4).frames)
    support = frames["support"]
    known = counted.endswith("affected")
    result = edi_plan(frames | {"support": support if known else support.drop(columns="affected")})
    answer = Answer(plan.questions_by_id["progress"], result)
    released = Released(result.frame.assign(flag=""), ("n",), load_profile("staff-survey"))
    lines = every_row(answer, released, plan)
    told = next(one for one in lines if one.subject.startswith("Psychological support offered"))
    assert told.subject.startswith(said)


def test_a_university_fills_in_its_own_groups(tmp_path: Path) -> None:
    path = tmp_path / "ours"
    words = ["new", str(path), "--programme", UNIVERSITY, "--organisation", "University of X"]
    assert main(words) == 0
    folder = open_folder(path)
    simulate_folder(folder, 6, seed=2)
    staff = pd.read_csv(path / "data" / "staff.csv", dtype=str)
    assert set(staff["staff_group"]) <= {"Academic", "Professional services", "Technical"}
    assert staff["grade"].str.fullmatch(r"Grade \d+").all()
    staff["staff_group"] = staff["staff_group"].replace({"Technical": "Research only"})
    staff.to_csv(path / "data" / "staff.csv", index=False)
    for file in sorted((path / "data").glob("*.csv")):
        assert not _OF_THE_SERVICE.search(file.read_text(encoding="utf-8")), file.name
    assert (
        read_folder(path)
        .files["staff"]["staff_group"]
        .isin(["Academic", "Professional services", "Research only"])
        .all()
    )
