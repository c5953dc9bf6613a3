"""Reading printed figures: every fault is a DataError with its code, and all faults come at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evalkit.errors import DataError
from evalkit.published import list_sources, load_published, reproduce
from evalkit.published.sources import COLUMNS, SOURCE_COLUMNS, Figures, source_files

HEADER = ",".join(COLUMNS)
GOOD = "x,t,r,a,,count,5,0,,"
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def file(*rows: str, header: str = HEADER, encoding: str = "utf-8") -> Path:
        path = tmp_path / "x.csv"
        path.write_bytes(("\n".join([header, *rows]) + "\n").encode(encoding))
        return path

    return file


def _codes(path: Path | str) -> list[str]:
    with pytest.raises(DataError) as caught:
        load_published(path)
    for problem in caught.value.problems:
        assert problem.found
        assert problem.expected
        assert problem.remedy
    return [problem.code for problem in caught.value.problems]


FAULTS = {
    "unreadable number": ("x,t,r,a,,n,about 25,0,,", "DAT-004"),
    "empty number": ("x,t,r,a,,n,,0,,", "DAT-004"),
    "number with its unit": ("x,t,r,a,,per_cent,84.0 %,1,,", "DAT-004"),
    "unreadable decimals": ("x,t,r,a,,n,25,none,,", "DAT-004"),
    "decimals missing": ("x,t,r,a,,n,25,,,", "DAT-004"),
    "decimals that only Python reads": ("x,t,r,a,,mean,1.0000000000,1_0,,", "DAT-004"),
    "decimals in other digits": ("x,t,r,a,,mean,1.00,\u0662,,", "DAT-004"),
    "too few decimals": ("x,t,r,a,,mean,3.456,2,,", "DAT-005"),
    "too many decimals": ("x,t,r,a,,mean,3.4,2,,", "DAT-005"),
    "not rounded to hundreds": ("x,t,r,b,,count,27550,-2,,", "DAT-005"),
    "rounded to hundreds with decimals": ("x,t,r,a,,mean,27500.0,-2,,", "DAT-005"),
    "decimals without end": ("x,t,r,a,,mean,0,-99,,", "DAT-002"),
    "number without end": (f"x,t,r,a,,mean,{'9' * 400},0,,", "DAT-002"),
    "per cent above 100": ("x,t,r,a,,per_cent,100.1,1,,", "DAT-002"),
    "per cent below 0": ("x,t,r,a,,per_cent,-0.1,1,,", "DAT-002"),
    "negative sd": ("x,t,r,a,,sd,-1.2,1,,", "DAT-002"),
    "n of nobody": ("x,t,r,b,,n,0,0,,", "DAT-002"),
    "half a person": ("x,t,r,a,,n,24.5,1,,", "DAT-002"),
    "n as a bound": ("x,t,r,a,,n,>100,0,,", "DAT-002"),
    "negative count": ("x,t,r,b,,count,-1,0,,", "DAT-002"),
    "p above 1": ("x,t,r,a,,p,1.2,1,,", "DAT-002"),
    "claim with decimals": ("x,t,r,a,,claim,different,2,,", "DAT-007"),
    "another source": ("y,t,r,a,,n,25,0,,", "DAT-007"),
    "repeated row": (GOOD, "DAT-010"),
    "repeated row but for blanks": ("x,t,r ,a,,count,6,0,,", "DAT-010"),
    "more events than people": ("x,t,r,a,,n,4,0,,", "DAT-007"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_has_its_code(write: Write, fault: str) -> None:
    row, code = FAULTS[fault]
    assert _codes(write(GOOD, row)) == [code]


def test_a_sound_file_is_read(write: Write) -> None:
    frame = load_published(write(GOOD, "x,t,r,a,,n, 25 ,0,,", "x,t,r,a,,claim,more,,majority,"))
    assert tuple(frame.columns) == COLUMNS
    assert frame["published"].tolist() == ["5", "25", "more"]
    assert frame["decimals"].tolist()[:2] == [0, 0]
    assert frame["decimals"].isna().tolist() == [False, False, True]


def test_exchanged_limits(write: Write) -> None:
    path = write("x,t,r,a,,conf_low,0.82,2,,", "x,t,r,a,,conf_high,0.59,2,,")
    assert _codes(path) == ["DAT-007"]
    assert not load_published(write("x,t,r,a,,conf_low,0.82,2,,", "x,t,r,b,,conf_high,0.59,2,,")).empty


def test_a_bound_of_people_is_no_contradiction(write: Write) -> None:
    assert len(load_published(write(GOOD, "x,t,r,a,,n,5,0,,"))) == 2


def test_all_problems_come_at_once_and_rows_are_counted(write: Write) -> None:
    path = write(
        "x,t,r,a,,n,about,0,,",
        "x,t,r,a,,sd,-1,0,,",
        "x,t,r,a,,per_cent,101,0,,",
        "x,t,r,b,,count,9,0,,",
        "x,t,r,b,,n,8,0,,",
        "x,t,r,b,,n,8,0,,",
        "x,t,r,b,,mean,1.5,0,,",
    )
    with pytest.raises(DataError) as caught:
        load_published(path)
    assert [problem.code for problem in caught.value.problems] == [
        *("DAT-004", "DAT-002", "DAT-002", "DAT-005", "DAT-007", "DAT-010")
    ]
    text = str(caught.value)
    for place in ("row 2", "row 3", "row 4", "rows 5 and 6", "row 7", "row 8"):
        assert place in text


def test_missing_columns_are_all_named(write: Write) -> None:
    assert _codes(write("x,t", header="source,table")) == ["DAT-003"] * 8
    path = write("x,t,r,a,,n,2,0,,", header=HEADER.replace("decimals", "decimal"))
    with pytest.raises(DataError, match=r'Did you mean "decimal"'):
        load_published(path)


def test_files_that_are_no_table(tmp_path: Path, write: Write) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"")
    assert _codes(empty) == ["DAT-001"]
    assert _codes(write()) == ["DAT-001"]  # a header and nothing else
    assert _codes(write(GOOD, encoding="utf-16")) == ["DAT-008"]
    assert _codes(write(GOOD, "x,t,r", f"{GOOD},more")) == ["DAT-007", "DAT-007"]
    assert _codes(write(GOOD, header=HEADER.replace("note", "wave"))) == ["DAT-010"]
    assert _codes(tmp_path / "none.csv") == ["DAT-001"]
    assert _codes(tmp_path) == ["DAT-001"]  # a folder


def test_unknown_sources() -> None:
    with pytest.raises(DataError, match=r'DAT-006 .*Did you mean "zhang2019"') as caught:
        load_published("zang2019")
    assert len(caught.value.problems) == 1
    with pytest.raises(DataError, match=r"DAT-006 .*Known: ajtmh2023, bmcph2008"):
        load_published("no such thing at all")
    assert _codes("x\0.csv") == ["DAT-009"]
    assert _codes(None) == ["DAT-009"]  # type: ignore[arg-type]


def test_a_path_may_be_text(write: Write) -> None:
    path = write(GOOD)
    shouting = path.rename(path.with_name("X.CSV"))
    assert len(load_published(str(shouting))) == 1


def test_unknown_rules_and_claims(write: Write) -> None:
    path = write("x,t,r,a,,per_cent,5,0,shares,", "x,t,r,a,,claim,more,,share,", "x,t,r,b,,claim,more,,majority,")
    with pytest.raises(DataError) as caught:
        reproduce(path)
    assert [problem.code for problem in caught.value.problems] == ["DAT-006", "DAT-007"]
    assert 'Did you mean "share"' in str(caught.value)
    assert "row 2, column check" in str(caught.value)


def test_problems_of_rules_come_at_once_with_their_rows(write: Write) -> None:
    rows = [
        "x,t,r,a,,n,9,0,,",
        "x,t,r,a,y1,mean,-5,0,life_table,",
        "x,t,r,b,,n,9,0,,",
        "x,t,r,b,y1,mean,-5,0,life_table,",
    ]
    with pytest.raises(DataError) as caught:
        reproduce(write(*rows))
    assert [problem.code for problem in caught.value.problems] == ["DAT-002", "DAT-002"]
    assert [problem.place[:6] for problem in caught.value.problems] == ["row 3,", "row 5,"]


def test_the_sources_are_described() -> None:
    sources = list_sources()
    assert tuple(sources.columns) == SOURCE_COLUMNS
    assert sources["source"].is_monotonic_increasing
    assert sources["source"].tolist() == [path.stem for path in source_files()]
    assert (sources[list(SOURCE_COLUMNS)] != "").all(axis=None)


# Where a number is looked for ----------


def _figures(write: Write, *rows: str) -> Figures:
    return Figures(load_published(write(*rows)))


def test_people_are_found_for_the_row_and_nothing_else_is(write: Write) -> None:
    figures = _figures(
        write,
        *(
            "x,t,r,a,after,mean,1,0,,",
            "x,t,r,,,n,9,0,,",
            "x,t,r,,,mean,2,0,,",
            "x,t,r,,,count,3,0,,",
            "x,t,r,a,,sd,1,0,,",
        ),
        *("x,t,r,,after,items,4,0,,", "x,t,s,a,after,conf_low,7,0,,", "x,u,r,a,after,conf_high,7,0,,"),
    )
    like = figures.rows[0][0]
    assert figures.find(like, "n") is not None
    assert figures.find(like, "items") is not None
    # A mean, count or standard deviation of the whole row is not that of the group, nor of the wave.
    for other in ("count", "sd", "conf_low", "conf_high"):
        assert figures.find(like, other) is None
    found = figures.find(like, "mean")
    assert found is not None
    assert found.text == "1"
    assert figures.find(like, "mean", wave="before") is None
    # The people of the whole row are not those of a group that is named.
    assert figures.find(like, "n", group="a") is None
    assert figures.find(like, "items", group="a") is not None


def test_nearest_place_wins_and_bounds_are_no_input(write: Write) -> None:
    figures = _figures(
        write,
        *(
            "x,t,r,a,after,mean,<5,0,,",
            "x,t,r,,,n,1,0,,",
            "x,t,r,,after,n,2,0,,",
            "x,t,r,a,,n,3,0,,",
            "x,t,r,a,after,n,4,0,,",
        ),
    )
    like = figures.rows[0][0]

    def n(**where: str) -> str | None:
        found = figures.find(like, "n", **where)
        return found.text if found else None

    assert n() == "4"
    assert n(wave="") == "3"
    assert n(wave="before") == "3"
    assert figures.find(like, "mean") is None  # "<5": nothing can be computed from it


def test_parts_leave_out_the_total_and_other_waves(write: Write) -> None:
    figures = _figures(
        write,
        *("x,t,r,,,count,9,0,,", "x,t,r,a,,count,4,0,,", "x,t,r,b,,count,5,0,,", "x,t,r,a,after,count,1,0,,"),
        *("x,t,s,,,count,7,0,,", "x,t,r,,,per_cent,5,0,,"),
    )
    like = figures.rows[-1][0]
    assert [part.text for part in figures.parts(like, "count")] == ["4", "5"]
    assert [part.text for part in figures.parts(like, "count", of_table=True)] == ["4", "5", "7"]
    assert [part.text for part in figures.beside(like, "count")] == ["9", "4", "5", "1"]
    assert figures.parts(like, "per_cent") == []


def test_a_claim_is_no_number(write: Write) -> None:
    figures = _figures(write, "x,t,r,a,,claim,more,,none,")
    with pytest.raises(TypeError, match="claim"):
        _ = figures.rows[0][0].number
