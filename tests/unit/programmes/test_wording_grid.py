"""Every sentence over a grid of numbers: what the interval allows is said, and never more."""

import itertools
import math
import re

import pytest

from evalkit.instruments.parts import Direction
from evalkit.programmes.group_names import compared_names, contrast_names, group_name
from evalkit.programmes.headline_texts import PAY_SHARE, Headline, Kind
from evalkit.programmes.parts import Target
from evalkit.programmes.wording import Told, sentence
from evalkit.report.programme_targets import judged

NAN = float("nan")
DIRECTIONS: tuple[Direction, ...] = ("higher_is_better", "higher_is_worse", "neither")
# Estimate and interval around a difference; as a ratio, their exponentials.
INTERVALS = [
    (0.5, 0.1, 0.9),
    (-0.5, -0.9, -0.1),
    (0.5, -0.1, 1.1),
    (-0.5, -1.1, 0.1),
    (0.0, -0.4, 0.4),
    (0.4, 0.0, 0.8),
    (-0.4, -0.8, 0.0),
    (0.0, 0.0, 0.0),
]
PEOPLE = (11, 24, 3000)
CLAIMS = re.compile(r"\b(rose|fell|better|worse|advantage)\b")
NEVER = re.compile(
    r"\b(significan\w*|prove[sdn]?|caus\w+|effect\w*|impact\w*|thanks to|due to|led to|nan|none)\b", re.IGNORECASE
)


def line(
    kind: Kind, low: float, estimate: float, high: float, *, n: float = 24.0, p: float = 0.04, **more: object
) -> Headline:
    given = {"unit": "points", "who": "mentees", "level": "95 %", "withheld": False, "note": "", "about": "x"} | more
    return Headline("Morale", "Morale", kind, "Morale", "", estimate, low, high, p, n, **given)  # type: ignore[arg-type]


def numbers(kind: Kind, interval: tuple[float, float, float]) -> tuple[float, float, float]:
    estimate, low, high = interval
    return (low, estimate, high) if kind != "ratio" else (math.exp(low), math.exp(estimate), math.exp(high))


def well_formed(told: Told) -> None:
    for text in (told.text, told.short):
        assert not NEVER.search(text), text
        assert "  " not in text
        assert ".." not in text
        assert text[0].isupper()
        assert text.count("(") == text.count(")")
    assert told.text.endswith(".")
    assert not told.short.endswith(".")
    assert "p =" not in told.short


@pytest.mark.parametrize(
    ("kind", "interval", "direction"), list(itertools.product(("change", "difference", "ratio"), INTERVALS, DIRECTIONS))
)
@pytest.mark.parametrize("n", PEOPLE)
def test_a_claim_is_made_only_where_the_interval_leaves_no_difference_out(
    kind: Kind, interval: tuple[float, float, float], direction: Direction, n: int
) -> None:
    _, low, high = interval
    # p says the opposite of the interval: it must not decide anything.
    told = sentence(line(kind, *numbers(kind, interval), n=float(n), p=0.001 if low <= 0 <= high else 0.5), direction)
    well_formed(told)
    assert f"{n:,} mentees" in told.text
    assert f"{n:,} mentees" in told.short
    assert told.text.index("interval") < told.text.index("p ")
    if low <= 0 <= high:
        assert told.verdict == "open"
        assert "settle" in told.text
        assert not CLAIMS.search(told.text)
        assert not CLAIMS.search(told.short)
        both = low < 0 < high
        assert ("both" in told.text or "either way" in told.text) == both
        return
    up = low > 0
    good = {"higher_is_better": up, "higher_is_worse": not up}.get(direction)
    assert told.verdict == {True: "better", False: "worse", None: "settled"}[good]
    assert ("for the better" in told.text) == (good is True)
    assert ("for the worse" in told.text) == (good is False)
    if kind == "change":
        assert (" rose by 0.50 points" in told.text, " fell by 0.50 points" in told.text) == (up, not up)
    if kind == "difference":
        assert ("0.50 points higher" in told.text, "0.50 points lower" in told.text) == (up, not up)


@pytest.mark.parametrize("interval", INTERVALS)
def test_a_gap_between_groups_names_whose_advantage_it_is_and_no_gain(interval: tuple[float, float, float]) -> None:
    _, low, high = interval
    for kind in ("difference", "ratio"):
        row = line(kind, *numbers(kind, interval), between_groups=True, gains="women", loses="men")  # type: ignore[arg-type]
        told = sentence(row, "higher_is_better")
        well_formed(told)
        assert "better" not in told.text
        assert "worse" not in told.text
        if low <= 0 <= high:
            assert told.verdict == "open"
            assert "advantage" not in told.text + told.short
        else:
            assert told.verdict == "gap"
            assert told.text.endswith(f"to the advantage of {'women' if low > 0 else 'men'}.")


@pytest.mark.parametrize("interval", INTERVALS)
def test_pay_is_told_in_per_cent_below_or_above(interval: tuple[float, float, float]) -> None:
    estimate, low, high = (value / 10 for value in interval)
    row = line("difference", low, estimate, high, unit=PAY_SHARE, against="that of men", between_groups=True)
    told = sentence(row, "neither")
    well_formed(told)
    if low > 0:  # men are paid more: a positive gap
        assert "5.0 % below that of men (95 % interval 9.0 % below to 1.0 % below" in told.text
    elif high < 0:
        assert "5.0 % above that of men (95 % interval 1.0 % above to 9.0 % above" in told.text
    else:
        assert told.verdict == "open"
        assert "settle" in told.text


def test_the_penalty_of_a_break_is_a_ratio_told_in_per_cent() -> None:
    row = line("ratio", 0.86, 0.92, 0.98, unit="", against="that before the break")
    told = sentence(row, "higher_is_better")
    assert told.verdict == "worse"
    assert told.text == (
        "Morale: 8.0 % below that before the break (95 % interval 14.0 % below to 2.0 % below; p = 0.040; 24 mentees), "
        "for the worse."
    )
    assert (
        sentence(line("ratio", 0.86, 0.95, 1.02, unit="", against="that before the break"), "neither").verdict == "open"
    )


@pytest.mark.parametrize("kind", ["change", "difference", "ratio", "share", "mean", "count"])
def test_what_is_withheld_is_told_without_a_number(kind: Kind) -> None:
    told = sentence(line(kind, NAN, NAN, NAN, n=NAN, p=NAN, withheld=True), "higher_is_better")
    assert told.verdict == "withheld"
    assert not re.search(r"\d", told.text + told.short)


@pytest.mark.parametrize("kind", ["change", "difference", "ratio"])
def test_without_an_interval_nothing_is_concluded(kind: Kind) -> None:
    told = sentence(line(kind, NAN, 1.4, NAN, p=NAN), "higher_is_better")
    assert told.verdict == "open"
    assert "nothing is concluded" in told.text
    assert "better" not in told.text


def test_without_a_test_no_p_is_told() -> None:
    told = sentence(line("change", 0.1, 0.5, 0.9, p=NAN), "higher_is_better")
    assert "p " not in told.text.replace("people", "")


def test_a_scale_says_where_it_ends() -> None:
    assert (
        "0.50 points on a scale from 1 to 5" in sentence(line("change", 0.1, 0.5, 0.9, ends="1 to 5"), "neither").text
    )
    assert (
        "scale"
        not in sentence(line("change", 0.1, 0.5, 0.9, unit="standard deviations", ends="1 to 5"), "neither").text
    )


def test_all_who_stayed_have_no_interval_and_it_is_said() -> None:
    told = sentence(line("share", NAN, 1.0, NAN, p=NAN, unit="proportion"), "neither")
    assert told.text == "Morale: 100 % (nobody had left, and no interval can be made of that)."


TARGET = Target(id="t", title="t", question="q", at_least=75, unit="per cent")
MOST = Target(id="t", title="t", question="q", at_most=75, unit="per cent")


@pytest.mark.parametrize(
    ("low", "high", "at_least", "at_most"),
    [
        (0.75, 0.9, "reached", "not settled"),
        (0.7, 0.9, "not settled", "not settled"),
        (0.5, 0.74, "missed", "reached"),
        (0.76, 0.9, "reached", "missed"),
        (NAN, NAN, "not settled", "not settled"),
    ],
)
@pytest.mark.parametrize(("kind", "unit"), [("share", "proportion"), ("ratio", "")])
def test_a_target_is_reached_or_missed_by_the_whole_interval(
    low: float, high: float, at_least: str, at_most: str, kind: Kind, unit: str
) -> None:
    row = line(kind, low, 0.8, high, unit=unit)
    assert judged(TARGET, row)[2] == at_least
    assert judged(MOST, row)[2] == at_most


def test_groups_are_called_as_a_board_would_call_them() -> None:
    said = {"group": "participants.disability", "comparison": "yes", "reference": "no"}
    assert compared_names(said) == ("disabled colleagues", "colleagues without a disability")
    assert compared_names({"group": "ethnicity", "comparison": ("BME",), "reference": ("white",)}) == (
        "BME staff",
        "white staff",
    )
    assert compared_names({}) == ("", "")
    assert group_name("recruited_abroad", "abroad") == "staff recruited from abroad"
    assert group_name("participants.clinical", "clinical") == "colleagues in clinical posts"
    assert contrast_names("not disabled less disabled, over not disabled") == (
        "staff without a disability",
        "disabled staff",
    )
    assert contrast_names("all") is None


@pytest.mark.parametrize(
    ("kind", "low", "high", "limits"),
    [
        ("change", -0.0011, 0.57, "\u22120.001 to 0.57"),
        ("difference", 0.0004, 0.57, "0.0004 to 0.57"),
        ("ratio", 0.88, 1.0004, "0.88 to 1.0004"),
        ("change", 0.0, 0.57, "0.00 to 0.57"),
    ],
)
def test_a_limit_shows_on_which_side_of_no_difference_it_lies(kind: Kind, low: float, high: float, limits: str) -> None:
    told = sentence(line(kind, low, (low + high) / 2, high), "higher_is_better")
    assert f"95 % interval {limits};" in told.text
    assert f"95 % interval {limits};" in told.short


def test_a_board_reads_that_a_number_is_too_uncertain() -> None:
    assert sentence(line("change", -0.1, 0.5, 1.1), "neither").short.endswith(
        ", too uncertain to say whether there was a change"
    )
    assert sentence(line("ratio", 0.5, 1.2, 2.0), "neither").short.endswith(
        ", too uncertain to say whether there is a difference"
    )
