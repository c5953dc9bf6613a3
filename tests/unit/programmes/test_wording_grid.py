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
from evalkit.programmes.written_numbers import share_and_limits
from evalkit.report.programme_numbers import interval, value
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


@pytest.mark.parametrize(
    ("people", "who", "bare"),
    [
        (24.0, "mentees", " (of 24 mentees, without an interval)"),
        (224.0, "people", " (of 224, without an interval)"),
        (NAN, "people", " (without an interval)"),
    ],
)
@pytest.mark.parametrize(("share", "said"), [(1.0, "100 %"), (0.0, "0 %"), (0.75, "75 %")])
def test_a_share_without_an_interval_says_of_how_many(
    share: float, said: str, people: float, who: str, bare: str
) -> None:
    told = sentence(line("share", NAN, share, NAN, p=NAN, unit="proportion", n=people, who=who), "neither")
    assert told.text == f"Morale: {said}{bare}."
    assert told.short == f"Morale: {said}{bare}"


# What an interval must lie within to be narrow, for each kind and unit that has a rule.
RULES: list[tuple[Kind, dict[str, object], float, str]] = [
    ("change", {"ends": "1 to 5"}, 0.16, "points"),
    ("change", {"ends": "0 to 100"}, 4.0, "points"),
    ("difference", {"ends": "1 to 5"}, 0.16, "points"),
    ("difference", {"unit": "proportion"}, 0.03, "percentage points"),
    ("change", {"unit": "standard deviations"}, 0.2, "standard deviations"),
    ("ratio", {"unit": "", "times": "times as likely"}, math.log(1.1), "more"),
]
# Estimate and interval, as parts of the rule.
NARROW = [(0.0, -0.9, 0.9), (0.2, -0.1, 0.5), (-0.2, -0.5, 0.1), (0.3, 0.0, 0.9), (-0.3, -0.9, 0.0), (0.0, -0.99, 0.2)]
WIDE = [(0.0, -1.02, 0.5), (0.0, -0.5, 1.02), (0.2, -3.0, 4.0), (0.0, 0.0, 0.0)]


def scaled(kind: Kind, interval: tuple[float, float, float], size: float) -> tuple[float, float, float]:
    estimate, low, high = (size * value for value in interval)
    return numbers(kind, (estimate, low, high))


@pytest.mark.parametrize(("rule", "interval"), list(itertools.product(RULES, NARROW)))
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_narrow_interval_around_nothing_says_how_large_a_difference_could_be(
    rule: tuple[Kind, dict[str, object], float, str], interval: tuple[float, float, float], direction: Direction
) -> None:
    kind, more, size, unit = rule
    low, estimate, high = scaled(kind, interval, size)
    told = sentence(line(kind, low, estimate, high, n=3000.0, **more), direction)
    well_formed(told)
    assert told.verdict == "open"
    assert not CLAIMS.search(told.text + told.short)
    what = "change" if kind == "change" else "difference"
    assert f"no {what} is shown, and the interval leaves room for at most " in told.text
    assert f", no {what} shown, and at most " in told.short
    assert "settle" not in told.text
    assert "uncertain" not in told.short
    times = 100 if unit == "percentage points" else 1
    if kind == "ratio":
        sides = ((100 * (1 - low), "less"), (100 * (high - 1), "more"))
        room = " or ".join(f"{size:.{1 if size < 1 else 0}f} % {way}" for size, way in sides if size > 0)
    else:
        most = times * max(-low, high)
        room = f"{most:.{1 if unit == 'percentage points' else 2}f} {unit}"
    assert f"at most {room}." in told.text
    assert f"at most {room} would fit" in told.short


@pytest.mark.parametrize(("rule", "interval"), list(itertools.product(RULES, WIDE)))
def test_a_wide_interval_around_nothing_is_not_called_narrow(
    rule: tuple[Kind, dict[str, object], float, str], interval: tuple[float, float, float]
) -> None:
    kind, more, size, _ = rule
    told = sentence(line(kind, *scaled(kind, interval, size), n=3000.0, **more), "neither")
    assert "settle" in told.text
    assert "uncertain" in told.short


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("change", {}),  # no scale is known
        ("change", {"ends": "1 to 5", "for_each": True}),  # small numbers add up
        ("difference", {"unit": PAY_SHARE, "against": "that of men"}),
        ("ratio", {"unit": "", "against": "that before the break"}),
        ("difference", {"unit": "leavers per 100 staff a year"}),
    ],
)
def test_without_a_rule_no_interval_is_narrow(kind: Kind, more: dict[str, object]) -> None:
    low, estimate, high = numbers(kind, (0.001, -0.01, 0.012))
    told = sentence(line(kind, low, estimate, high, n=3000.0, **more), "neither")
    assert "settle" in told.text
    assert "at most" not in told.text + told.short


def test_an_interval_of_many_people_on_one_side_is_claimed_however_small() -> None:
    told = sentence(line("change", 0.01, 0.03, 0.05, n=3000.0, ends="1 to 5"), "higher_is_better")
    assert told.verdict == "better"
    assert "at most" not in told.text


FIGURE = r"[\u2212+]?\d[\d,]*(?:\.\d+)?"
UNITS: list[tuple[Kind, dict[str, object], float]] = [
    ("share", {"unit": "proportion"}, 1.0),
    ("mean", {"unit": "points"}, 5.0),
    ("mean", {"unit": "points"}, 100.0),
    ("change", {"unit": "points"}, 5.0),
    ("change", {"unit": "points", "ends": "0 to 100"}, 100.0),
    ("difference", {"unit": "proportion"}, 1.0),
    ("difference", {"unit": PAY_SHARE, "against": "that of men"}, 1.0),
    ("ratio", {"unit": "", "times": "times as likely"}, 3.0),
    ("ratio", {"unit": "", "against": "that before the break"}, 2.0),
]


def figures_of(text: str) -> list[float]:
    """Read an estimate and its limits; what is below something is less than nothing."""
    text = text.partition(": ")[2].replace("on a scale from 0 to 100", "").replace("95 % interval", "")
    signed = re.sub(rf"({FIGURE}) % below", "\u2212\\1", text).replace("\u2212\u2212", "\u2212")
    return [float(one.replace(",", "").replace("\u2212", "-")) for one in re.findall(FIGURE, signed)][:3]


@pytest.mark.parametrize(("kind", "more", "size"), UNITS)
@pytest.mark.parametrize("half", [0.3, 0.03, 0.004, 0.0006, 0.00008])
def test_an_estimate_stands_within_its_limits_as_they_are_written(
    kind: Kind, more: dict[str, object], size: float, half: float
) -> None:
    for place in (0.0044, 0.0096, 0.05, 0.1234, 0.4956, 0.99, 0.9951):
        for skew in (0.05, 0.5, 0.95):
            low, high = max(size * (place - skew * half), 1e-6), size * (place + (1 - skew) * half)
            high = min(high, 1.0) if kind == "share" else high
            estimate = size * place
            row = line(kind, low, estimate, high, n=3000.0, p=NAN, **more)
            said, written_low, written_high = figures_of(sentence(row, "neither").short)
            least, most = sorted((written_low, written_high))
            assert least <= said <= most, sentence(row, "neither").short
            assert least < most, sentence(row, "neither").short
            cells = [value(row), *interval(row).split(" to ")]
            at, low_at, high_at = (float(one.strip(" %+").replace("\u2212", "-").replace(",", "")) for one in cells)
            assert low_at <= at <= high_at, cells
            assert low_at < high_at, cells


def test_the_decimals_of_a_rare_share_are_those_of_its_limits() -> None:
    told = sentence(line("share", 0.006, 0.009, 0.013, unit="proportion", n=3000.0, p=NAN), "neither")
    assert told.short == "Morale: 0.9 % (95 % interval 0.6 to 1.3; 3,000 mentees)"
    assert share_and_limits(0.0503, 0.0496, 0.0514) == ("5.0 %", "5.0 % to 5.1 %")
    assert share_and_limits(0.0, 0.0, 0.0043) == ("0 %", "0 % to 0.4 %")


@pytest.mark.parametrize("low", [1.64, 0.8])
def test_a_ratio_over_nobody_is_told_without_a_number(low: float) -> None:
    row = line("ratio", low, math.inf, math.inf, unit="", times="times as likely", p=NAN,
               between_groups=True, gains="white staff", loses="BME staff")  # fmt: skip
    told = sentence(row, "higher_is_worse")
    well_formed(told)
    assert "no ratio can be told, as nobody in the second group had it" in told.text
    assert f"{low:.2f} to no upper limit" in told.text
    assert "without end" not in told.text + told.short
    assert "inf" not in re.sub("interval", "", told.text)
    assert told.verdict == ("gap" if low > 1 else "open")
    assert ("to the advantage of white staff" in told.text) == (low > 1)
    assert value(row) == "no ratio"


def test_what_a_target_has_of_it_stands_behind_the_sentence() -> None:
    row = line("difference", 0.004, 0.126, 0.233, unit=PAY_SHARE, against="that of white staff", p=NAN,
               between_groups=True, status="not settled whether on track to its target")  # fmt: skip
    told = sentence(row, "neither")
    well_formed(told)
    assert told.text.endswith("24 mentees). Not settled whether on track to its target.")
    assert told.short.endswith("24 mentees); not settled whether on track to its target")
    assert "[" not in told.text + told.short


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
