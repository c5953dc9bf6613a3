from __future__ import annotations

from typing import get_args

from evalkit.programmes.library import load_programme
from evalkit.programmes.limitations import THEMES, design_notes
from evalkit.programmes.model import Programme
from evalkit.programmes.parts import Theme


def _rules(programme: Programme) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for note in design_notes(programme):
        found.setdefault(note.rule, []).append(note.text)
    return found


def test_each_kind_of_comparison_says_what_it_can_and_cannot() -> None:
    notes = design_notes(load_programme("bme-executive-mentoring"))
    verdicts = {(note.rule, note.verdict) for note in notes}
    for kind in ("none", "before_after", "waiting_list", "matched"):
        assert {(f"comparison_{kind}", "can"), (f"comparison_{kind}", "cannot")} <= verdicts
    assert not any(rule == "comparison_trend" for rule, _ in verdicts)
    waiting = next(note for note in notes if note.rule == "comparison_waiting_list")
    assert waiting.text.startswith("On retention: it can compare")
    assert waiting.about == ("comparisons.waiting",)


def test_numbers_are_those_of_the_programme(template: Programme) -> None:
    assert "With 24 mentees and 24 mentors planned" in _rules(template)["few_people"][0]
    large = template.changed(roles=tuple(role.changed(planned=30) for role in template.roles))
    assert "few_people" not in _rules(large)
    small = template.changed(roles=tuple(role.changed(planned=29) for role in template.roles))
    assert "With 29 mentees and 29 mentors" in _rules(small)["few_people"][0]
    unsaid = template.changed(roles=tuple(role.changed(planned=None) for role in template.roles))
    assert "mentees and mentors are planned is not said" in _rules(unsaid)["number_unknown"][0]


def test_outcomes_are_counted(template: Programme) -> None:
    assert _rules(template)["several_outcomes"][0].startswith("1 outcome was named beforehand")
    assert "The other 1 " in _rules(template)["several_outcomes"][0]
    both = template.changed(outcomes=tuple(outcome.changed(primary=True) for outcome in template.outcomes))
    assert _rules(both)["several_outcomes"][0].startswith("2 outcomes were")


def test_pairs_codes_and_looking_back_are_named(template: Programme) -> None:
    rules = _rules(template)
    assert {"pairs", "own_codes", "looking_back", "self_report", "volunteers", "no_important_difference"} <= set(rules)
    assert rules["not_measured"] == ["Not measured: the organisation changes. It would take years to see."]
    assert "optional_file" in rules
    assert "records_of_service" not in rules
    assert "not_linked" not in rules


def test_an_organisation_has_other_limits() -> None:
    rules = _rules(load_programme("edi-improvement-plan"))
    assert {"comparison_trend", "not_linked"} <= set(rules)
    assert not {"volunteers", "pairs", "few_people", "own_codes"} & set(rules)


def test_records_of_service_are_named_where_people_are_followed() -> None:
    notes = design_notes(load_programme("staff-development"))
    note = next(note for note in notes if note.rule == "records_of_service")
    assert note.about == ("questions.retention", "questions.retention_compared", "questions.promotion")


def test_notes_are_sentences() -> None:
    for name in ("returners", "edi-improvement-plan", "university-staff-mentoring"):
        for note in design_notes(load_programme(name)):
            assert note.text.endswith(".")
            assert "  " not in note.text
            assert ".." not in note.text


def test_every_theme_has_a_heading() -> None:
    assert set(THEMES) == set(get_args(Theme))
