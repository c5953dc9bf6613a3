"""The HTML form in a browser: filled in by keyboard alone, saved, read back; it reaches no network and passes axe."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import re
import shutil
import subprocess
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from evalkit.instruments import form_at, load_instrument
from evalkit.instruments.conditions import holds
from evalkit.instruments.export.html import build
from evalkit.instruments.export.html_reader import typed_text
from evalkit.instruments.model import Instrument, Item, Matrix, Option, OptionSet, Section, Translation
from evalkit.instruments.wording import reworded, texts

HERE = Path(__file__).resolve().parent
ZONE = "Pacific/Kiritimati"
pytestmark = pytest.mark.browser

Answers = dict[str, Any]
Steps = list[list[object]]
BEGIN: Steps = [["to", "agree"], ["press", "Space"], ["to", "begin"], ["press", "Enter"]]
TYPED = (
    "=HYPERLINK(1)",
    "'quoted', \"twice\"; and <b>bold</b>",
    "  blanks at both ends  ",
    "caf\u00e9 \U0001f642 \u0645\u0631\u062d\u0628\u0627",
    "a\\nb\\",
)


def in_browser(form: Instrument, steps: Steps, folder: Path, **window: object) -> dict[str, Any]:
    """Do the steps with the page of a form; give what the browser saw."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    node = shutil.which("node")
    missing = [
        name
        for name, there in {
            "chromium": chromium,
            "node": node,
            "npm install --prefix tests/browser --no-package-lock": (HERE / "node_modules" / "axe-core").is_dir(),
        }.items()
        if not there
    ]
    if missing and os.environ.get("CI"):
        pytest.fail(f"CI must have {', '.join(missing)}")
    if missing:
        pytest.skip(f"a laptop without {', '.join(missing)}; CI runs it always")
    page, plan = folder / "form.html", folder / "plan.json"
    page.write_text(build(form)[0], encoding="utf-8")
    plan.write_text(json.dumps({"zone": ZONE, "steps": steps, **window}), encoding="utf-8")
    words = [str(node), str(HERE / "fill_form.mjs"), str(chromium), str(page), str(plan)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    facts: dict[str, Any] = json.loads(done.stdout)
    assert facts["asked"] == []
    assert facts["complaints"] == []
    assert facts["unreached"] == []
    for look in facts["looks"].values():
        assert look["violations"] == []
        assert look["loose"] == []
        assert look["overflow"] <= 0
        assert look["kept"] == 0
    return facts


def keys(form: Instrument, answers: Answers) -> Steps:
    """Turn answers into what a person does at the keyboard."""
    steps: Steps = []
    for item in form.items:
        if item.id in answers:
            steps += _keys(form, item, answers[item.id])
    return steps


def _keys(form: Instrument, item: Item, answer: Any) -> Steps:
    box = f"i-{item.id}"
    values = [option.value for option in form.options_of(item)]
    if item.kind == "multiple_choice":
        return [step for one in answer for step in (["to", f"{box}-{values.index(one)}"], ["press", "Space"])]
    if values:
        return [["to", f"{box}-0"], ["press", "Space"], ["press", "ArrowDown", values.index(answer)]]
    if item.kind == "date":
        year, month, day = answer.split("-")
        parts = (("day", str(int(day))), ("month", str(int(month))), ("year", year))
        return [step for part, text in parts for step in (["to", f"{box}-{part}"], ["type", text])]
    return [["to", box], ["type", str(answer)]]


def asked(form: Instrument, answers: Answers) -> list[Item]:
    """The questions that these answers bring up, by evalkit's own rules."""
    known: Answers = {}
    found = []
    for section in form.sections:
        shown = section.condition is None or holds(section.condition, known)
        for item in section.items:
            if shown and (item.condition is None or holds(item.condition, known)) and item.kind != "information":
                found.append(item)
                if item.id in answers:
                    known[item.id] = answers[item.id]
    return found


def made_up(form: Instrument, seed: int) -> Answers:
    """Answer most of what is asked, and all that must be answered."""
    source = random.Random(seed)  # noqa: S311 - answers are made up, not secrets
    answers: Answers = {}
    for item in form.items:
        # What comes later cannot bring up or take away what comes before.
        if item in asked(form, answers) and (item.required or source.random() < 0.85):
            answers[item.id] = _made_up(form, item, source)
    return answers


def _made_up(form: Instrument, item: Item, source: random.Random) -> Any:
    options = form.options_of(item)
    if item.kind == "multiple_choice":
        alone = [option.value for option in options if option.missing or option.exclusive]
        others = [option.value for option in options if option.value not in alone]
        if alone and source.random() < 0.2:
            return [source.choice(alone)]
        low, high = int(item.min or 1), int(item.max or min(4, len(others)))  # type: ignore[arg-type]
        chosen = source.sample(others, source.randint(max(low, 1), min(high, len(others))))
        return [value for value in others if value in chosen]
    if options:
        return source.choice(options).value
    if item.kind == "number":
        low = item.min if isinstance(item.min, int | float) else 0
        high = item.max if isinstance(item.max, int | float) else 50
        return (
            source.randint(int(low), int(high))
            if not item.decimals
            else round(source.uniform(low, high), item.decimals)
        )
    if item.kind == "date":
        first = date.fromisoformat(str(item.min or "2023-01-01"))
        last = date.fromisoformat(str(item.max)) if item.max else first + timedelta(days=500)
        return (first + timedelta(days=source.randint(0, (last - first).days))).isoformat()
    text = source.choice(TYPED)
    lines = f"{text}\nsecond line" if item.kind == "long_text" else text
    return lines.strip()[: item.max_length] if (item.max_length or 500) < 30 else lines


FORMS = [
    ("return-to-work-transition", "before"),
    ("return-to-work-transition", "after"),
    ("return-to-work-transition", "follow_up"),
    ("returners-programme", "before"),
    ("coordinator-planning", "plan"),
    ("moving-on", "moving"),
]


@pytest.mark.parametrize(("name", "wave"), FORMS)
def test_what_is_typed_is_what_is_saved(name: str, wave: str, tmp_path: Path) -> None:
    form = form_at(load_instrument(name), wave)
    answers = made_up(form, seed=len(name) + len(wave))
    expected = asked(form, answers)
    assert len(answers) > 0.6 * len(expected)
    before = datetime.now(ZoneInfo(ZONE)).date().isoformat()
    steps = [
        *BEGIN,
        ["look", "empty"],
        *keys(form, answers),
        ["look", "filled"],
        ["save", "save-json"],
        ["save", "save-csv"],
    ]
    facts = in_browser(form, [*steps, ["size", 360, 740], ["look", "phone"]], tmp_path)
    days = {before, datetime.now(ZoneInfo(ZONE)).date().isoformat()}
    looks = facts["looks"]
    assert looks["filled"]["progress"] == f"{len(answers)} of {len(expected)} questions answered"
    shown = [item.id for item in form.items if item in expected or item.kind == "information"]
    assert [one for one in looks["filled"]["asked"] if form.by_id[one].kind != "information"] == [
        one for one in shown if form.by_id[one].kind != "information"
    ]
    json_file, csv_file = facts["downloads"]
    saved = json.loads(json_file["text"])
    assert re.fullmatch(r"r[0-9a-f]{12}", saved["respondent"])
    assert json_file["name"] == f"{form.id}-{wave}-{saved['respondent']}.json"
    assert saved["started"] in days
    assert saved["finished"] in days
    assert {key: saved[key] for key in ("format", "instrument", "version", "wave", "language")} == {
        "format": "evalkit-answers",
        "instrument": form.id,
        "version": form.version,
        "wave": wave,
        "language": "en-GB",
    }
    assert saved["answers"] == answers
    # A whole number has no decimals in JSON; nothing else may change its type.
    assert [isinstance(one, str) for one in saved["answers"].values()] == [
        isinstance(one, str) for one in answers.values()
    ]
    everything = [item.id for item in form.items if item.kind != "information"]
    assert saved["skipped"] == [item.id for item in expected if item.id not in answers]
    assert saved["not_asked"] == [one for one in everything if form.by_id[one] not in expected]
    check_csv(csv_file["text"], saved, everything)


def check_csv(text: str, saved: dict[str, Any], names: list[str]) -> None:
    """The spreadsheet says the same, and runs nothing."""
    header, row = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    about = ["respondent", "instrument", "version", "wave", "language", "started", "finished"]
    assert header == [*about, *names, "not-asked"]
    cells = dict(zip(header, row, strict=True))
    assert [cells[key] for key in about] == [saved[key] for key in about]
    assert cells["not-asked"].split() == saved["not_asked"]
    for name in names:
        answer = saved["answers"].get(name, "")
        expected = " ".join(map(str, answer)) if isinstance(answer, list) else str(answer)
        assert typed_text(cells[name]) == expected
        assert not cells[name].startswith(("=", "+", "@"))


@pytest.fixture(scope="module")
def odd() -> Instrument:
    """A form in two languages with every kind of item, limits, and conditions that hang on one another."""
    agree = OptionSet(
        id="agree",
        options=(
            Option(value=1, label="No"),
            Option(value=2, label="Yes"),
            Option(value=9, label="Cannot say", missing=True),
        ),
    )
    ways = OptionSet(
        id="ways",
        options=(
            Option(value="mail", label="By mail"),
            Option(value="phone", label="By phone"),
            Option(value="else", label="Otherwise"),
            Option(value="none", label="Not at all", exclusive=True),
            Option(value="pnts", label="Prefer not to say", missing=True),
        ),
    )
    first = Section(
        id="first",
        title="First page",
        intro="Two\nlines.",
        items=(
            Item(id="hello", kind="information", text="Welcome."),
            Item(id="ways_used", kind="multiple_choice", text="How?", options="ways", max=2, required=True),
            Item(
                id="ways_words", kind="short_text", text="How else?", max_length=5, when="selected(ways_used, 'else')"
            ),
            Item(id="weeks", kind="number", text="How long?", unit="weeks", min=0.5, max=10, decimals=1, help="About."),
            Item(id="day", kind="date", text="When?", min="2024-02-29", required=True, when="weeks > 2"),
            Item(id="again", kind="single_choice", text="Again?", options="ways", when="day >= '2024-03-01'"),
            Item(id="plain", kind="likert", text="Plain?", options="agree"),
            Item(id="note", kind="long_text", text="Anything else?", when="plain >= 2"),
        ),
    )
    rows = tuple(
        Item(id=f"row_{n}", kind="likert", text=f"Statement {n}", options="agree", matrix="grid", required=n == 1)
        for n in range(3)
    )
    hidden = rows[2].changed(when="plain == 1")
    second = Section(
        id="second",
        title="Second page",
        items=(*rows[:2], hidden),
        matrices=(Matrix(id="grid", text="What of these?", help="One in each row."),),
        when="not selected(ways_used, 'none')",
    )
    base = form_at(load_instrument("meeting-log"), "meeting")
    form = base.changed(
        id="odd",
        title="Odd form",
        sections=(first, second),
        options=(agree, ways),
        scales=(),
        languages=("en-GB", "ar"),
    )
    said = tuple((path, f"{text} \u0639") for path, text in texts(form).items())
    return form.changed(translations=(Translation(language="ar", texts=said),))


def test_nothing_is_asked_before_a_person_agrees(odd: Instrument, tmp_path: Path) -> None:
    steps: Steps = [["look", "start"], ["to", "begin"], ["press", "Enter"], ["look", "refused"]]
    looks = in_browser(odd, [*steps, ["press", "Tab"], ["press", "Enter"], ["look", "led"]], tmp_path)["looks"]
    assert looks["start"]["asked"] == looks["refused"]["asked"] == []
    assert looks["refused"]["focus"] == "summary"
    assert looks["refused"]["title"] == "Error: Odd form"
    assert looks["refused"]["errors"] == [
        {
            "id": "agree-error",
            "text": "Tick the box if you agree. If you do not, you can close the page.",
            "described": 1,
        }
    ]
    assert looks["led"]["focus"] == "agree"


def test_a_required_answer_and_a_wrong_one_stop_the_saving(odd: Instrument, tmp_path: Path) -> None:
    steps: Steps = [
        *BEGIN,
        ["look", "begun"],
        ["to", "i-weeks"],
        ["type", "11"],
        ["save", "save-json"],
        ["look", "errors"],
        ["press", "Tab"],
        ["press", "Enter"],
        ["look", "led"],
        ["press", "Space"],
        ["look", "mended"],
        ["to", "i-weeks"],
        ["press", "Control+A"],
        ["type", "2.5"],
        ["save", "save-json"],
        ["look", "date"],
        ["to", "i-day-day"],
        ["type", "30"],
        ["to", "i-day-month"],
        ["type", "2"],
        ["save", "save-csv"],
        ["look", "dates"],
        ["to", "i-day-year"],
        ["type", "2024"],
        ["save", "save-json"],
        ["to", "i-day-day"],
        ["press", "Control+A"],
        ["type", "1"],
        ["to", "i-day-month"],
        ["press", "Control+A"],
        ["type", "3"],
        ["to", "i-row_1-0"],
        ["press", "ArrowDown"],
        ["look", "last"],
        ["save", "save-json"],
        ["look", "saved"],
    ]
    facts = in_browser(odd, steps, tmp_path)
    looks = facts["looks"]
    assert looks["begun"]["focus"] == "title-first"
    # What must be answered says so to the eye and, but for ticks and dates, to a screen reader.
    assert looks["begun"]["required"] == ["r-ways_used", "r-row_1"]
    assert looks["begun"]["must"] == ["agree", "q-row_1"]
    assert looks["errors"]["focus"] == "summary"
    assert looks["errors"]["title"] == "Error: Odd form"
    assert {(one["id"], one["text"]) for one in looks["errors"]["errors"]} == {
        ("e-ways_used", "Choose an answer."),
        ("e-weeks", "Write a number that is not above 10."),
        ("e-row_1", "Choose an answer."),
    }
    # A number that is not right brings up nothing.
    assert "day" not in looks["errors"]["asked"]
    assert all(one["described"] > 0 for one in looks["errors"]["errors"])
    assert looks["errors"]["summary"] == [
        "How? \u2014 Choose an answer.",
        "How long? \u2014 Write a number that is not above 10.",
        "Statement 1 \u2014 Choose an answer.",
    ]
    assert "q-row_1" in looks["errors"]["invalid"]
    assert looks["led"]["focus"] == "i-ways_used-0"
    assert "e-ways_used" not in {one["id"] for one in looks["mended"]["errors"]}
    assert ("e-day", "Write a date.") in {(one["id"], one["text"]) for one in looks["date"]["errors"]}
    assert {(one["id"], one["text"]) for one in looks["dates"]["errors"]} == {
        ("e-day", "Write the year too."),
        ("e-row_1", "Choose an answer."),
    }
    assert [download is None for download in facts["downloads"]] == [True, True, True, True, False]
    assert looks["saved"]["errors"] == []
    assert looks["saved"]["title"] == "Odd form"
    saved = json.loads(facts["downloads"][-1]["text"])
    assert saved["answers"] == {"ways_used": ["mail"], "weeks": 2.5, "day": "2024-03-01", "row_1": 2}
    assert looks["saved"]["saved"].startswith(f"Saved as {facts['downloads'][-1]['name']}")


def test_conditions_show_and_hide_and_a_hidden_answer_is_not_saved(odd: Instrument, tmp_path: Path) -> None:
    steps: Steps = [
        *BEGIN,
        *keys(odd, {"ways_used": ["else"], "ways_words": "pigs", "weeks": 3, "day": "2024-03-01"}),
        ["look", "day"],
        ["to", "i-again-0"],
        ["press", "Space"],
        *keys(odd, {"plain": 2, "note": "Yes", "row_1": 1}),
        ["look", "all"],
        # The number falls below 2: the date goes, and with it what hangs on the date.
        ["to", "i-weeks"],
        ["press", "Control+A"],
        ["type", "1"],
        ["look", "fewer"],
        ["to", "i-plain-1"],
        ["press", "ArrowDown"],
        ["look", "missing"],
        ["to", "i-ways_used-3"],
        ["press", "Space"],
        ["look", "alone"],
        ["save", "save-json"],
    ]
    facts = in_browser(odd, steps, tmp_path)
    looks = facts["looks"]
    assert "again" in looks["day"]["asked"]
    assert {"ways_words", "day", "again", "note", "row_0", "row_1"} <= set(looks["all"]["asked"])
    assert "row_2" not in looks["all"]["asked"]
    assert set(looks["all"]["asked"]) - set(looks["fewer"]["asked"]) == {"day", "again"}
    # Cannot say is 9, but a missing option is not more than anything.
    assert set(looks["fewer"]["asked"]) - set(looks["missing"]["asked"]) == {"note"}
    assert looks["missing"]["announcement"] == "One question fewer to answer below."
    # The exclusive option unticks the other, and the second page is gone.
    assert looks["alone"]["ticked"] == ["agree", "i-ways_used-3", "i-again-0", "i-plain-2", "i-row_1-0"]
    assert looks["alone"]["asked"] == ["hello", "ways_used", "weeks", "plain"]
    saved = json.loads(facts["downloads"][-1]["text"])
    assert saved["answers"] == {"ways_used": ["none"], "weeks": 1, "plain": 9}
    assert saved["skipped"] == []
    assert saved["not_asked"] == ["ways_words", "day", "again", "note", "row_0", "row_1", "row_2"]


def test_too_many_ticks_and_too_long_texts_are_told(odd: Instrument, tmp_path: Path) -> None:
    answers = {"ways_used": ["mail", "phone", "else"], "ways_words": "\U0001f642 sixty", "row_1": 1}
    facts = in_browser(odd, [*BEGIN, *keys(odd, answers), ["save", "save-json"], ["look", "errors"]], tmp_path)
    assert [one["text"] for one in facts["looks"]["errors"]["errors"]] == [
        "Choose at most 2.",
        "Shorten it to at most 5 characters: it has 7.",
    ]
    assert facts["downloads"] == [None]


def test_an_answer_can_be_taken_back_and_the_form_cleared(odd: Instrument, tmp_path: Path) -> None:
    steps: Steps = [
        *BEGIN,
        *keys(odd, {"plain": 2}),
        ["press", "Tab"],
        ["press", "Enter"],
        ["look", "taken_back"],
        *keys(odd, {"ways_used": ["mail"], "weeks": 2, "row_1": 2}),
        ["to", "clear"],
        ["accept"],
        ["press", "Enter"],
        ["look", "cleared"],
        *BEGIN,
        ["look", "again"],
    ]
    looks = in_browser(odd, steps, tmp_path)["looks"]
    assert looks["taken_back"]["ticked"] == ["agree"]
    assert looks["taken_back"]["focus"] == "i-plain-0"
    assert looks["cleared"]["ticked"] == looks["cleared"]["asked"] == []
    assert looks["again"]["progress"] == "0 of 5 questions answered"


def test_another_language_is_spoken_and_saved(odd: Instrument, tmp_path: Path) -> None:
    # The two buttons stand before the form.
    steps: Steps = [
        *BEGIN,
        ["to", "main-link"],
        ["press", "Tab", 2],
        ["press", "Enter"],
        *keys(odd, {"ways_used": ["phone"], "row_1": 1}),
        ["look", "arabic"],
        ["save", "save-json"],
        ["size", 360, 740],
        ["look", "phone"],
    ]
    facts = in_browser(odd, steps, tmp_path)
    assert facts["looks"]["arabic"]["language"] == "ar"
    assert facts["looks"]["arabic"]["direction"] == "rtl"
    assert facts["looks"]["arabic"]["heading"] == facts["looks"]["arabic"]["title"] == "Odd form \u0639"
    saved = json.loads(facts["downloads"][0]["text"])
    assert saved["language"] == "ar"
    assert saved["answers"] == {"ways_used": ["phone"], "row_1": 1}


def test_hostile_texts_are_shown_as_they_are_and_do_nothing(odd: Instrument, tmp_path: Path) -> None:
    text = "</script><img src=x onerror=alert(1)> {{1}} &lt; \" ' \\"
    count = iter(range(10_000))
    form = reworded(
        odd, lambda path, old: (f"{next(count)} {text}" if path.startswith("options.") else text) if old else ""
    )
    said = tuple((path, own) for path, own in texts(form).items())
    form = form.changed(translations=(Translation(language="ar", texts=said),))
    facts = in_browser(form, [*BEGIN, *keys(form, {"ways_used": ["mail"]}), ["look", "hostile"]], tmp_path)
    assert facts["looks"]["hostile"]["heading"] == facts["looks"]["hostile"]["title"] == text


def test_the_checks_notice_a_page_that_calls_out(
    odd: Instrument, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = build(odd)[0].replace("</main>", '<img src="https://example.invalid/a.png"></main>')
    page = re.sub(r"<meta http-equiv[^>]*>", "", page)
    monkeypatch.setattr(f"{__name__}.build", lambda _form: (page, (), ()))
    with pytest.raises(AssertionError, match=r"example\.invalid"):
        in_browser(odd, [["look", "bad"]], tmp_path)
