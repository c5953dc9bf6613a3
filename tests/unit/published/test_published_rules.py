"""Each rule: what convicts, what acquits, and what it must leave open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evalkit.errors import DataError
from evalkit.published import implied_life_table, reproduce
from evalkit.published.printed import contradicts, exact, parse_printed, too_fine
from evalkit.published.sources import COLUMNS
from evalkit.published.verdicts import MEANING, VERDICTS, Finding, better, judge, needs

Judge = Callable[..., dict[str, Any]]


@pytest.fixture
def verdict(tmp_path: Path) -> Judge:
    """Judge the one checked number; each figure is `group/wave/statistic=text`, the checked one ends in `!rule`."""

    def run(*figures: str) -> dict[str, Any]:
        lines = [",".join(COLUMNS)]
        for figure in figures:
            place, _, rest = figure.partition("=")
            text, _, rule = rest.partition("!")
            text, _, stated = text.partition("@")
            group, wave, statistic = place.split("/")
            decimals = "" if statistic == "claim" else stated or str(len(text.partition(".")[2]))
            lines.append(f'x,t,r,{group},{wave},{statistic},"{text}",{decimals},{rule},')
        path = tmp_path / "x.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        table = reproduce(path)
        assert len(table) == 1
        return dict(table.iloc[0])

    return run


# (figures, verdict, part of the explanation)
CASES: dict[str, tuple[tuple[str, ...], str, str]] = {
    "no rule": (("//mean=1!none",), "not recomputable", "not printed"),
    # share
    "share exact": (("//count=21", "//n=25", "//per_cent=84.0!share"), "exact", "21/25"),
    "share tie up": (("//count=1", "//n=8", "//per_cent=13!share"), "exact", "1/8"),
    "share tie even": (("//count=1", "//n=8", "//per_cent=12!share"), "exact", "1/8"),
    "share cut": (("//count=2", "//n=3", "//per_cent=66.6!share"), "rounding", "cut, not rounded"),
    "share wrong": (("//count=128", "//n=138", "//per_cent=93.0!share"), "inconsistent", "92.754"),
    "share of more": (("a//count=9", "//n=8", "a//per_cent=12!share"), "inconsistent", "more events than people"),
    "share bound kept": (("//count=1", "//n=25", "//per_cent=<5!share"), "exact", "1/25"),
    "share bound broken": (("//count=2", "//n=25", "//per_cent=<5!share"), "inconsistent", "2/25"),
    "share bound alone": (("//n=25", "//per_cent=<5!share"), "not recomputable", "bound"),
    "share rounded alone": (("//n=25", "//per_cent=80@-1!share"), "not recomputable", "rounded to tens"),
    "share rounded": (("//n=25", "//count=21", "//per_cent=80@-1!share"), "exact", "21/25"),
    "rounded count": (("//count=27500@-2", "//n=100000", "//per_cent=27.46!share"), "rounding", "27500/100000"),
    "rounded count off": (("//count=27500@-2", "//n=100000", "//per_cent=27.44!share"), "inconsistent", "27.5"),
    "rounded n": (("//n=100000@-3", "//per_cent=27.5!share"), "not recomputable", "not rounded"),
    "many digits": (("//count=1", "//n=3", "//per_cent=33.3333333333333!share"), "exact", "1/3"),
    "share of n": (("//n=25", "//per_cent=84.0!share"), "compatible", "21/25 and nothing else"),
    "share of n if cut": (("//n=3", "//per_cent=66.6!share"), "compatible", "cut, not rounded"),
    "share of n wrong": (("//n=25", "//per_cent=95.8!share"), "inconsistent", "23/24"),
    "share of few": (("//n=1", "//per_cent=50.0!share"), "inconsistent", "0/1 = 0.0 and 1/1 = 100.0"),
    "share of millions": (("//n=9000000", "//per_cent=50!share"), "compatible", "more than 5,000"),
    "share of count": (("//count=464", "//per_cent=56!share"), "compatible", "464 out of 822 to 836"),
    "share of count if cut": (
        ("//count=2", "//per_cent=66.6!share"),
        "compatible",
        "2 out of 3, if the digits were cut",
    ),
    "share of count wrong": (("//count=1", "//per_cent=60!share"), "inconsistent", "no n gives it"),
    "none of nobody": (("//count=0", "//per_cent=5!share"), "inconsistent", "no n gives it"),
    "some of nothing": (("//count=5", "//per_cent=0!share"), "compatible", "5 out of 1,000 or more"),
    "count, one n": (("//count=1", "//per_cent=100!share"), "compatible", "1 out of 1"),
    "count and bound": (("//count=5", "//n_at_most=999", "//per_cent=0!share"), "inconsistent", "no n up to 999"),
    "count within bound": (
        ("//count=5", "//n_at_most=1001", "//per_cent=0!share"),
        "compatible",
        "5 out of 1,000 to 1,001",
    ),
    "share of nothing": (("//per_cent=0.01!share",), "compatible", "possible: 1/5001, 1/5002"),
    "share up to a bound": (("//n_at_most=6", "//per_cent=71.4!share"), "inconsistent", "no n up to 6"),
    "share at a bound": (("//n_at_most=7", "//per_cent=71.4!share"), "compatible", "possible: 5/7"),
    "share of very many": (("//per_cent=0.0000001!share",), "compatible", "some greater one"),
    "share of no percentage": (("//mean=150!share",), "inconsistent", "no n gives it"),
    # share_of_row, total, remaining_share, distribution
    "of row": (("a//count=21", "b//count=43", "c//count=1", "a//per_cent=32.3!share_of_row"), "exact", "21/65"),
    "of row with total": (("//count=9", "a//count=4", "b//count=5", "a//per_cent=44!share_of_row"), "exact", "4/9"),
    "of row and wave": (("a//count=4", "b//count=5", "b/y2/count=5", "a//per_cent=44!share_of_row"), "exact", "4/9"),
    "of row wrong": (("a//count=4", "b//count=5", "a//per_cent=45!share_of_row"), "inconsistent", "4/9"),
    "of row without": (("b//count=5", "a//per_cent=45!share_of_row"), "not recomputable", "counts of the row"),
    "of nobody": (("a//count=0", "b//count=0", "a//per_cent=45!share_of_row"), "not recomputable", "counts"),
    "total": (("a//count=67", "b//count=71", "all//n=138!total"), "exact", "2 printed counts"),
    "total wrong": (("a//count=67", "b//count=71", "all//n=139!total"), "inconsistent", "2 printed counts"),
    "total rounded": (("a//count=67", "b//count=71", "all//n=140@-1!total"), "exact", "2 printed counts"),
    "total of rounded": (("a//count=60@-1", "b//count=71", "all//n=135!total"), "rounding", "2 printed counts"),
    "total of digits": (("a//count=123456789012345", "all//n=123456789012346!total"), "inconsistent", "1 printed"),
    "total that is a count": (("a//count=4", "b//count=5", "//count=9!total"), "exact", "2 printed counts"),
    "total of nothing": (("all//n=138!total",), "not recomputable", "parts"),
    "remaining": (
        ("a//count=135", "b//count=41", "c//per_cent=23.8!remaining_share"),
        "compatible",
        "55/231 and nothing else",
    ),
    "remaining, most": (
        ("a//count=1", "b//per_cent=99.5!remaining_share"),
        "compatible",
        "181/182 or a total up to 222",
    ),
    "remaining, all but": (("a//count=1", "b//per_cent=100!remaining_share"), "compatible", "any greater total"),
    "remaining wrong": (("a//count=1", "b//per_cent=40!remaining_share"), "inconsistent", "no total"),
    "remaining nobody": (("a//count=0", "b//per_cent=100!remaining_share"), "compatible", "nobody is printed"),
    "remaining not nobody": (("a//count=0", "b//per_cent=99!remaining_share"), "inconsistent", "no total"),
    "remaining alone": (("b//per_cent=99!remaining_share",), "not recomputable", "other counts"),
    "remaining bound": (("a//count=1", "b//per_cent=<9!remaining_share"), "not recomputable", "bound"),
    "remaining huge": (("a//count=999999999", "b//per_cent=50!remaining_share"), "compatible", "/"),
    "distribution": (
        ("//n_at_most=78", "a//per_cent=23.2", "b//per_cent=48.2", "c//per_cent=28.6!distribution"),
        "compatible",
        "n = 56",
    ),
    "distribution of n": (
        ("//n=55", "a//per_cent=23.2", "b//per_cent=48.2", "c//per_cent=28.6!distribution"),
        "inconsistent",
        "55",
    ),
    "distribution over 100": (("a//per_cent=60", "b//per_cent=60!distribution"), "inconsistent", "no n gives"),
    "distribution under 100": (("a//per_cent=60", "b//per_cent=30!distribution"), "inconsistent", "no n gives"),
    "distribution of many": (
        ("a//per_cent=0.0000001", "b//per_cent=99.9999999!distribution"),
        "not recomputable",
        "none greater",
    ),
    "distribution of waves": (
        ("a/y1/per_cent=60", "a//per_cent=60", "b//per_cent=40!distribution"),
        "compatible",
        "n = 5",
    ),
    "distribution of a mean": (("a//mean=60!distribution",), "not recomputable", "per cent of its row"),
    "distribution of bounds": (("a//per_cent=<60", "b//per_cent=40!distribution"), "not recomputable", "bound"),
    # life_table
    "life table": (("a//n=239", "a/y1/per_cent=3.77!life_table"), "compatible", "9/239 and nothing else"),
    "life table wrong": (("a//n=239", "a/y1/per_cent=3.78!life_table"), "inconsistent", "no whole numbers"),
    "life table coarse": (("a//n=999999", "a/y1/per_cent=10!life_table"), "not recomputable", "too coarse"),
    "life table without n": (("//n=239", "a/y1/per_cent=3.77!life_table"), "not recomputable", "number at the start"),
    # means
    "grim": (("//n=28", "//mean=5.18!grim"), "compatible", "can give it"),
    "grim wrong": (("//n=28", "//mean=5.19!grim"), "inconsistent", "5.1786 or 5.2143"),
    "grim of items": (("//n=28", "//items=2", "//mean=5.20!grim"), "compatible", "can give it"),
    "grim of many": (("//n=100", "//mean=5.19!grim"), "not recomputable", "cannot tell"),
    "grim without n": (("//mean=5.19!grim",), "not recomputable", "needs n"),
    "grim of a bound": (("//n=28", "//mean=<5.19!grim"), "not recomputable", "bound"),
    "grimmer": (("//n=31", "//mean=3.16", "//sd=0.523!grimmer"), "compatible", "sample standard deviation"),
    "grimmer wrong": (("//n=18", "//mean=3.44", "//sd=2.47!grimmer"), "inconsistent", "nearest"),
    "grimmer far off": (("//n=9998", "//mean=3.5", "//sd=0.00!grimmer"), "inconsistent", "nan and 0.4"),
    "grimmer beside a wrong mean": (("//n=28", "//mean=5.19", "//sd=1.00!grimmer"), "not recomputable", "5.19 is not"),
    "grimmer of one": (("//n=1", "//mean=5", "//sd=0!grimmer"), "not recomputable", "at least 2"),
    "grimmer of a bound": (("//n=28", "//mean=5.18", "//sd=<1!grimmer"), "not recomputable", "bound"),
    "grimmer of millions": (("//n=9000000", "//mean=5.18", "//sd=1.00!grimmer"), "not recomputable", "cannot tell"),
    "change exact": (
        ("/before/mean=4.75", "/after/mean=5.71", "//change_per_cent=20!per_cent_change"),
        "exact",
        "/ 4.75",
    ),
    "change by rounding": (
        ("/before/mean=4.7", "/after/mean=5.7", "//change_per_cent=20!per_cent_change"),
        "rounding",
        "allow",
    ),
    "change wrong": (
        ("/before/mean=4.75", "/after/mean=5.71", "//change_per_cent=22!per_cent_change"),
        "inconsistent",
        "only",
    ),
    "change from 0": (
        ("/before/mean=0.0", "/after/mean=5.71", "//change_per_cent=22!per_cent_change"),
        "not recomputable",
        "not 0",
    ),
    "change of a bound": (
        ("/before/mean=<4.75", "/after/mean=5", "//change_per_cent=5!per_cent_change"),
        "not recomputable",
        "means",
    ),
    "change of another group": (
        ("/before/mean=4", "/after/mean=5", "a//change_per_cent=25!per_cent_change"),
        "not recomputable",
        "means",
    ),
    "difference": (("a//mean=3.7", "b//mean=2.5", "a v b//difference=1.2!mean_difference"), "exact", "3.7 - 2.5"),
    "difference touching": (
        ("a//mean=3.7", "b//mean=2.5", "a v b//difference=1.3!mean_difference"),
        "rounding",
        "1.1 to 1.3",
    ),
    "difference turned": (
        ("a//mean=3.7", "b//mean=2.5", "b v a//difference=1.2!mean_difference"),
        "inconsistent",
        "2.5 - 3.7",
    ),
    "difference of three": (
        ("a//mean=3.7", "a v b v c//difference=1!mean_difference"),
        "not recomputable",
        "both means",
    ),
    # intervals
    "midpoint": (("//conf_low=0.01", "//conf_high=1.16", "//difference=0.59!midpoint"), "exact", "middle"),
    "midpoint by rounding": (
        ("//conf_low=0.02", "//conf_high=0.65", "//difference=0.33!midpoint"),
        "rounding",
        "middle",
    ),
    "midpoint off": (
        ("//conf_low=0.02", "//conf_high=0.65", "//difference=0.36!midpoint"),
        "not recomputable",
        "another kind",
    ),
    "midpoint of one limit": (("//conf_low=0.02", "//difference=0.36!midpoint"), "not recomputable", "both limits"),
    "log midpoint": (
        ("//conf_low=0.59", "//conf_high=0.82", "//odds_ratio=0.69!log_midpoint"),
        "rounding",
        "geometric",
    ),
    "log midpoint off": (
        ("//conf_low=0.59", "//conf_high=0.82", "//odds_ratio=0.80!log_midpoint"),
        "not recomputable",
        "kind",
    ),
    "log midpoint at 0": (
        ("//conf_low=0.00", "//conf_high=0.82", "//odds_ratio=0.10!log_midpoint"),
        "not recomputable",
        "above 0",
    ),
    "log midpoint of one": (("//conf_low=0.59", "//odds_ratio=0.80!log_midpoint"), "not recomputable", "both limits"),
}
TWO = ("a//mean=3.7", "a//sd=1.7", "b//mean=2.5", "b//sd=2.0")
CASES |= {
    "p exact": ((*TWO, "a//n=382", "b//n=229", "a v b//p=<0.0001!two_means"), "exact", "Welch"),
    "p wrong": ((*TWO, "a//n=382", "b//n=229", "a v b//p=0.04!two_means"), "inconsistent", "Welch"),
    "p by rounded means": (
        ("a//mean=3", "a//sd=1.000", "a//n=50", "b//mean=2", "b//sd=1.000", "b//n=50", "a v b//p=0.5!two_means"),
        "rounding",
        "Welch",
    ),
    "p by Student": (
        ("a//mean=5", "a//sd=1.000", "a//n=5", "b//mean=8", "b//sd=5.000", "b//n=40", "a v b//p=0.1920!two_means"),
        "exact",
        "Student",
    ),
    "p of the row's n": ((*TWO, "//n=20", "a v b//p=0.5!two_means"), "compatible", "about 3 in each group"),
    "p of equal groups": ((*TWO, "a v b//p=0.05!two_means"), "compatible", "about "),
    "p below": ((*TWO, "a v b//p=<0.001!two_means"), "compatible", "or more"),
    "p above": ((*TWO, "a v b//p=>0.05!two_means"), "compatible", "or fewer"),
    "p too large": ((*TWO, "a v b//p=0.9!two_means"), "not recomputable", "equal size"),
    "p of no gap": (
        ("a//mean=3", "a//sd=1", "b//mean=3", "b//sd=1", "a v b//p=1!two_means"),
        "compatible",
        "each group",
    ),
    "p of no spread": (
        ("a//mean=3.0", "a//sd=0.0", "b//mean=4.0", "b//sd=0.0", "a//n=9", "b//n=9", "a v b//p=0.000!two_means"),
        "exact",
        "inf",
    ),
    "p of nothing": (
        ("a//mean=3", "a//sd=0", "b//mean=3", "b//sd=0", "a v b//p=1!two_means"),
        "not recomputable",
        "spread",
    ),
    "p without sd": (("a//mean=3", "b//mean=3", "a v b//p=1!two_means"), "not recomputable", "standard deviations"),
    "p of one person": ((*TWO, "a//n=1", "b//n=9", "a v b//p=0.5!two_means"), "not recomputable", "two people"),
    "star": (
        ("/before/mean=3.05", "/before/sd=1.07", "/after/mean=4.12", "/after/sd=0.75", "/after/claim=*!paired_claim"),
        "compatible",
        "from n = 9 on",
    ),
    "star on no change": (
        ("/before/mean=3", "/before/sd=1", "/after/mean=3", "/after/sd=1", "/after/claim=*!paired_claim"),
        "not recomputable",
        "lost in rounding",
    ),
    "star without spread": (
        ("/before/mean=3", "/before/sd=0", "/after/mean=4", "/after/sd=0", "/after/claim=*!paired_claim"),
        "not recomputable",
        "spread",
    ),
    "star on dust": (
        ("/before/mean=3.00", "/before/sd=9", "/after/mean=3.01", "/after/sd=9", "/after/claim=*!paired_claim"),
        "not recomputable",
        "too few",
    ),
    "star alone": (("/after/claim=*!paired_claim",), "not recomputable", "both waves"),
    "majority": (("//count=319", "//n=464", "//claim=more than half!majority"), "exact", "68.8"),
    "no majority": (("//count=232", "//n=464", "//claim=more than half!majority"), "inconsistent", "50.0"),
    "majority of more": (("//count=9", "/y/n=4", "/y/claim=more!majority"), "not recomputable", "count and n"),
    "majority above all": (("a//count=9", "//n=4", "a//claim=more!majority"), "inconsistent", "more events"),
    # fisher
    "fisher": (
        ("a//n=25", "a//per_cent=84.0", "b//n=85", "b//per_cent=42.4", "a v b//p=<0.01!fisher"),
        "exact",
        "21/25 v 36/85",
    ),
    "fisher of counts": (
        ("a//n=25", "a//count=21", "b//n=85", "b//count=36", "a v b//p=0.000235!fisher"),
        "exact",
        "21/25",
    ),
    "fisher wrong": (
        ("a//n=25", "a//count=21", "b//n=85", "b//count=36", "a v b//p=0.01!fisher"),
        "inconsistent",
        "21/25",
    ),
    "fisher of the row's n": (
        ("//n=110", "a//per_cent=84.0", "b//per_cent=42.4", "a v b//p=0.5!fisher"),
        "not recomputable",
        "pairs of counts",
    ),
    "fisher of bounded n": (
        ("a//n_at_most=9", "a//per_cent=71.4", "b//n_at_most=9", "b//per_cent=25.0", "a v b//p=0.9!fisher"),
        "inconsistent",
        "2 pairs",
    ),
    "fisher of smaller n": (
        ("a//n=25", "a//per_cent=95.8", "b//n=85", "b//per_cent=69.9", "a v b//p=<0.05!fisher"),
        "compatible",
        "23/24 v 58/83",
    ),
    "fisher of unsure n": (
        ("a//n=25", "a//per_cent=95.8", "b//n=85", "b//per_cent=69.9", "a v b//p=0.9!fisher"),
        "not recomputable",
        "23/24",
    ),
    "fisher alone": (("a v b//p=0.5!fisher",), "not recomputable", "counts of both groups"),
    "fisher of one group": (("a//p=0.5!fisher",), "not recomputable", "one v other"),
    "fisher of a bound": (
        ("a//n=9", "a//per_cent=<5", "b//n=9", "b//count=1", "a v b//p=0.5!fisher"),
        "not recomputable",
        "counts",
    ),
    "fisher of more": (
        ("a/y/count=9", "a//n=4", "b/y/count=1", "b//n=4", "a v b/y/p=0.5!fisher"),
        "inconsistent",
        "more events",
    ),
    "fisher of a nation": (
        ("a//count=9", "a//n=40000000", "b//count=1", "b//n=4", "a v b//p=0.5!fisher"),
        "not recomputable",
        "too many",
    ),
    "fisher of waves": (
        (
            "a/x/per_cent=50",
            "b/x/per_cent=50",
            "a//n=50",
            "a/y/per_cent=40",
            "b//n=50",
            "b/y/per_cent=60",
            "a v b/y/p=0.071!fisher",
        ),
        "exact",
        "20/50 v 30/50",
    ),
    "plain p agrees": (
        ("a//n=25", "a//count=21", "b//n=85", "b//count=36", "a v b//claim=different!fisher_unadjusted"),
        "not recomputable",
        "which agrees",
    ),
    "plain p disagrees": (
        ("a//n=25", "a//count=21", "b//n=85", "b//count=36", "a v b//claim=Not different!fisher_unadjusted"),
        "not recomputable",
        "which disagrees",
    ),
    "plain p alone": (("a v b//claim=different!fisher_unadjusted",), "not recomputable", "counts of both groups"),
    "plain p unsure": (
        (
            "a//n_at_most=60",
            "a//per_cent=50",
            "b//n_at_most=60",
            "b//per_cent=20",
            "a v b//claim=different!fisher_unadjusted",
        ),
        "not recomputable",
        "both sides",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_verdict(verdict: Judge, case: str) -> None:
    figures, expected, explanation = CASES[case]
    found = verdict(*figures)
    assert (found["verdict"], explanation in found["how"]) == (expected, True), found["how"]


def test_recomputed_is_unrounded_and_in_the_printed_unit(verdict: Judge) -> None:
    assert verdict("//count=21", "//n=25", "//per_cent=84.0!share")["recomputed"] == 84.0
    found = verdict("a//n=25", "a//count=21", "b//n=85", "b//count=36", "a v b//p=<0.01!fisher")
    assert found["recomputed"] == pytest.approx(0.000235, abs=5e-7)
    assert found["decimals"] == 2
    assert verdict("/before/mean=4.75", "/after/mean=5.71", "//change_per_cent=20!per_cent_change")[
        "recomputed"
    ] == pytest.approx(100 * 0.96 / 4.75)


# Printed numbers ----------


@pytest.mark.parametrize(
    ("text", "operator", "value", "decimals"),
    [
        ("84.0", "=", 84.0, 1),
        ("<0.01", "<", 0.01, 2),
        ("< .05", "<", 0.05, 2),
        ("\u22650.5", ">=", 0.5, 1),
        ("\u22640.5", "<=", 0.5, 1),
        ("309,532", "=", 309532.0, 0),
        ("\u22120.94", "=", -0.94, 2),
        ("+4.1", "=", 4.1, 1),
    ],
)
def test_printed_numbers(text: str, operator: str, value: float, decimals: int) -> None:
    printed = parse_printed(text)
    assert printed is not None
    assert (printed.operator, float(printed.value), printed.decimals) == (operator, value, decimals)


@pytest.mark.parametrize("text", ["", ".", "5.", "1,23", "1e5", "nan", "84 %", "--1", "<", "\u0663", "1.2.3", "0x1f"])
def test_what_is_no_printed_number(text: str) -> None:
    assert parse_printed(text) is None


def test_a_long_negative_number_is_not_rounded() -> None:
    printed = parse_printed("-" + "9" * 40)
    assert printed is not None
    assert printed.value == -(10**40 - 1)


@pytest.mark.parametrize(
    ("text", "value", "agrees"),
    [
        ("<0.05", 0.05, False),
        ("<0.05", 0.049, True),
        ("<=0.05", 0.05, True),
        (">0.05", 0.05, False),
        (">=0.05", 0.05, True),
        ("=0.05", 0.0549, True),
        ("0.000", 0.0004, True),
        ("0.000", 0.0006, False),
        ("-0.94", -0.945, True),
        ("-0.95", -0.945, True),
        ("-0.93", -0.935, False),
        ("0.94", -0.94, False),
        ("-0", 0.3, True),
        ("1.00", float("nan"), False),
        (">1", float("inf"), False),
    ],
)
def test_agreement(text: str, value: float, agrees: bool) -> None:  # noqa: FBT001
    printed = parse_printed(text)
    assert printed is not None
    assert printed.agrees(value) is agrees


@pytest.mark.parametrize(
    ("text", "low", "high", "overlaps"),
    [
        ("20", 20.5, 22, True),
        ("20", 20.51, 22, False),
        ("20", 18, 19.5, True),
        ("20", 18, 19.49, False),
        ("<0.05", 0.05, 0.2, False),
        ("<0.05", 0.04, 0.2, True),
        (">0.05", 0.01, 0.05, False),
        (">=0.05", 0.01, 0.05, True),
        ("0.3", 0.1 + 0.25 + 1e-16, 0.4, True),  # binary dust at an edge
    ],
)
def test_overlap(text: str, low: float, high: float, overlaps: bool) -> None:  # noqa: FBT001
    printed = parse_printed(text)
    assert printed is not None
    assert printed.overlaps(low, high) is overlaps


def test_decimals_and_digits() -> None:
    hundreds = parse_printed("27,500", -2)
    assert hundreds is not None
    assert (hundreds.low, hundreds.high) == (27450.0, 27550.0)
    assert not contradicts(hundreds)
    tens = parse_printed("27,550", -2)
    assert tens is not None
    assert contradicts(tens)
    assert exact(3.77) * 100 == 377
    assert too_fine(3.777, 2)
    assert not too_fine(3.77, 2)


# Verdicts ----------


def test_verdicts_and_their_meaning() -> None:
    assert set(MEANING) == set(VERDICTS)
    finding = needs("n")
    assert isinstance(finding, Finding)
    assert (finding.verdict, finding.how) == ("not recomputable", "needs n, which is not printed")


def test_the_better_of_two_findings() -> None:
    printed = parse_printed("0.05")
    assert printed is not None
    good = judge(printed, 0.05, "one", low=0.05, high=0.05)
    near = judge(printed, 0.06, "other", low=0.05, high=0.06)
    bad = judge(printed, 0.07, "third", low=0.07, high=0.07)
    assert [finding.verdict for finding in (good, near, bad)] == ["exact", "rounding", "inconsistent"]
    assert better(bad, near) is near
    assert better(near, bad) is near
    assert better(good, judge(printed, 0.05, "twin", low=0, high=1)) is good


def test_a_p_value_of_another_usual_test_is_not_called_impossible(verdict: Judge) -> None:
    counts = ("a//count=8", "a//n=20", "b//count=2", "b//n=20")
    exact = verdict(*counts, "a v b//p=0.065!fisher")
    pearson = verdict(*counts, "a v b//p=0.028!fisher")
    yates = verdict(*counts, "a v b//p=0.068!fisher")
    neither = verdict(*counts, "a v b//p=0.5!fisher")
    assert [found["verdict"] for found in (exact, pearson, yates, neither)] == [
        "exact",
        "compatible",
        "compatible",
        "inconsistent",
    ]
    assert "Yates" in yates["how"]


def test_a_claimed_change_is_told_with_its_sign() -> None:
    how = reproduce("bmcph2008")["how"].iloc[0]
    assert "+1.07" in how


@pytest.mark.parametrize("rates", [5.0, None])
def test_rates_that_are_no_list_are_refused(rates: object) -> None:
    with pytest.raises(DataError, match="DAT-009 rates"):
        implied_life_table(10, rates, decimals=1)  # type: ignore[arg-type]
