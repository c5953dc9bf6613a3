"""A workforce folder is read, and every way to break it is told with a code, a place and a remedy."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest

from evalkit.equality.computability import computable
from evalkit.equality.dictionary import standard_inputs
from evalkit.equality.inputs import check_frames, read_workforce
from evalkit.equality.mappings import NOT_STATED, load_mapping
from evalkit.equality.workforce_files import save_workforce
from evalkit.errors import DataError
from evalkit.simulate import SimulatedWorkforce, simulate_workforce

YEARS = 3


@pytest.fixture(scope="module")
def made() -> SimulatedWorkforce:
    return simulate_workforce(300, YEARS, seed=7)


@pytest.fixture(scope="module")
def whole(made: SimulatedWorkforce, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workforce")
    save_workforce(made.frames, folder)
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "mine"))


def change(folder: Path, file: str, edit: Callable[[pd.DataFrame], pd.DataFrame | None]) -> None:
    path = folder / f"{file}.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    edited = edit(frame)
    (frame if edited is None else edited).to_csv(path, index=False)


def put(row: int, column: str, value: str) -> Callable[[pd.DataFrame], None]:
    """Put a value into a row as a spreadsheet counts it."""

    def edit(frame: pd.DataFrame) -> None:
        frame.loc[row - 2, column] = value

    return edit


def refused(folder: Path) -> list[str]:
    with pytest.raises(DataError) as caught:
        read_workforce(folder)
    return [str(problem) for problem in caught.value.problems]


def test_a_folder_comes_back_as_it_was_made(whole: Path, made: SimulatedWorkforce) -> None:
    read = read_workforce(whole)
    assert list(read.frames) == list(made.frames)
    assert read.years == (2023, 2024, 2025)
    for name, frame in made.frames.items():
        back = read.frames[name]
        assert list(back.columns) == list(frame.columns)
        for column in frame.columns:
            one, other = frame[column], back[column]
            if column in {"person", "application"}:
                assert other.astype("int64").equals(one), (name, column)
            elif isinstance(one.dtype, pd.CategoricalDtype) or one.dtype == object:
                assert other.astype(str).tolist() == one.astype(str).tolist(), (name, column)
            elif one.dtype == float:
                pd.testing.assert_series_equal(one, other)
            else:
                assert other.equals(one), (name, column)


def test_frames_in_memory_are_checked_alike(made: SimulatedWorkforce) -> None:
    checked = check_frames(made.frames)
    assert list(checked.frames) == list(made.frames)
    broken = {**made.frames, "recruitment": made.frames["recruitment"].assign(shortlisted=False)}
    with pytest.raises(DataError, match=r"DAT-007 recruitment, rows? \d+.*: appointed, not shortlisted"):
        check_frames(broken)
    with pytest.raises(DataError, match='DAT-006 frames: "stuff"'):
        check_frames({**made.frames, "stuff": pd.DataFrame()})
    with pytest.raises(DataError, match="DAT-003 frames: no staff_in_post"):
        check_frames({"cpd": made.frames["cpd"]})


def test_not_stated_is_a_level_of_its_own(folder: Path) -> None:
    labels = ("", "Prefer not to say", "not-known")

    def edit(frame: pd.DataFrame) -> None:
        frame.loc[:2, "ethnicity"] = labels
        frame.loc[:2, "department"] = labels

    change(folder, "staff-in-post", edit)
    staff = read_workforce(folder).frames["staff_in_post"]
    for column in ("ethnicity", "department"):
        assert staff[column].iloc[:3].tolist() == [NOT_STATED] * 3
        assert staff[column].cat.categories[-1] == NOT_STATED
        assert not staff[column].isna().any()


def test_labels_in_other_spellings_are_known(folder: Path) -> None:
    cases = (
        ("ethnicity", "asian - INDIAN", "Asian: Indian"), ("ethnicity", "Any other White background", "White: other"),
        ("ethnicity", "H", "Asian: Indian"), ("band", "AfC Band 8 A", "Band 8a"), ("band", "5", "Band 5"),
        ("staff_group", "nursing & midwifery registered", "Nursing and Midwifery Registered"), ("sex", "F", "female"),
        ("sex", "Women", "female"), ("disability", "Y", "yes"), ("clinical", "Non clinical", "non-clinical"),
        ("board", "", "no"), ("disability", "", NOT_STATED),
    )  # fmt: skip

    def edit(frame: pd.DataFrame) -> None:
        for row, (column, label, _) in enumerate(cases):
            frame.loc[row, column] = label

    change(folder, "staff-in-post", edit)
    staff = read_workforce(folder).frames["staff_in_post"]
    assert [staff[column].iloc[row] for row, (column, _, _) in enumerate(cases)] == [meant for _, _, meant in cases]


BROKEN: dict[str, tuple[str, Callable[[pd.DataFrame], pd.DataFrame | None], str]] = {
    "counts above their total": (
        "survey",
        put(3, "agreed", "100000"),
        "DAT-007 survey.csv, row 3: more agreed than answered",
    ),
    "vacant above posts": (
        "vacancies",
        put(4, "vacant", "9999"),
        "DAT-007 vacancies.csv, row 4: more vacant than posts",
    ),
    "used above offered": ("support", put(2, "used", "9999"), "DAT-007 support.csv, row 2: more used than offered"),
    "percentage above 100": (
        "survey",
        lambda frame: frame.assign(per_cent="120"),
        'DAT-002 survey.csv, column "per_cent", rows 2, 3',
    ),
    "percentage below 0": (
        "survey",
        lambda frame: frame.assign(per_cent=["-1", *[""] * (len(frame) - 1)]),
        'DAT-002 survey.csv, column "per_cent", row 2: numbers outside their range; expected numbers from 0 to 100',
    ),
    "percentage against counts": (
        "survey",
        lambda frame: frame.assign(per_cent=["99.9", *[""] * (len(frame) - 1)]),
        "DAT-007 survey.csv, row 2: per_cent that does not follow",
    ),
    "appointed, not shortlisted": (
        "recruitment",
        lambda frame: frame.assign(
            shortlisted=["no", *frame["shortlisted"][1:]], appointed=["yes", *frame["appointed"][1:]]
        ),
        "DAT-007 recruitment.csv, row 2: appointed, not shortlisted",
    ),
    "shortlisted, not applied": (
        "recruitment",
        lambda frame: frame.assign(
            shortlisted=["yes", *frame["shortlisted"][1:]], applied=["no", *frame["applied"][1:]]
        ),
        "DAT-007 recruitment.csv, row 2: shortlisted, not applied",
    ),
    "unknown band": (
        "staff-in-post",
        put(5, "band", "Band 8e"),
        'DAT-006 staff-in-post.csv, column "band", row 5: a label that is not known; expected a label of the mapping. '
        'Did you mean "Band 8',
    ),
    "unknown ethnicity": (
        "recruitment",
        put(2, "ethnicity", "Asian: Indain"),
        'DAT-006 recruitment.csv, column "ethnicity", row 2: a label that is not known; expected a label '
        'of the mapping. Did you mean "Asian: Indian"?',
    ),
    "unknown reason": ("leavers", put(2, "reason", "Retirment Age"), 'Did you mean "Retirement Age"?'),
    "a group without members": (
        "survey",
        lambda frame: frame.assign(answered=["0", *frame["answered"][1:]], agreed=["0", *frame["agreed"][1:]]),
        "DAT-021 survey.csv, row 2: a group of which nobody counts as answered",
    ),
    "a year missing from a series": (
        "cpd",
        lambda frame: frame[frame["year"] != "2024"],
        "DAT-020 cpd.csv: no 2024 between 2023 and 2025",
    ),
    "a snapshot missing": (
        "staff-in-post",
        lambda frame: frame[frame["snapshot"] != "2024-03-31"],
        "DAT-020 staff-in-post.csv: no 2024 between 2023 and 2025",
    ),
    "files of different years": (
        "survey",
        lambda frame: frame.assign(year=frame["year"].astype(int) + 10),
        "DAT-020 survey.csv: 2033 to 2035, and staff-in-post 2023 to 2025; expected a year in common",
    ),
    "pay of another day": (
        "pay",
        lambda frame: frame.assign(snapshot="2025-04-05"),
        "DAT-020 pay.csv, rows 2, 3, 4, 5, 6 and 895 more: a snapshot that staff-in-post does not have",
    ),
    "dates in two orders": (
        "leavers",
        put(2, "left", "05/04/2024"),
        'DAT-012 leavers.csv, column "left", row 2: dates that can be read in two ways',
    ),
    "no date": ("leavers", put(3, "left", "last week"), 'DAT-004 leavers.csv, column "left", row 3: no date'),
    "two digits of a year": (
        "leavers",
        put(3, "left", "31/03/24"),
        'DAT-004 leavers.csv, column "left", row 3: no date',
    ),
    "a person twice": (
        "staff-in-post",
        lambda frame: pd.concat([frame, frame.iloc[[0]]]),
        "DAT-010 staff-in-post.csv, row 902: the same person and snapshot again",
    ),
    "left before started": ("leavers", put(2, "left", "1950-01-01"), "DAT-007 leavers.csv, row 2: left before started"),
    "started after the snapshot": (
        "staff-in-post",
        put(2, "started", "2023-05-01"),
        "DAT-007 staff-in-post.csv, row 2: started after the snapshot",
    ),
    "people of other numbers": (
        "cpd",
        lambda frame: frame.assign(person="x" + frame["person"]),
        "DAT-007 cpd.csv, rows 2, 3, 4, 5, 6 and 895 more: people who are in no snapshot",
    ),
    "no person": (
        "disciplinary",
        put(2, "person", " "),
        'DAT-019 disciplinary.csv, column "person", row 2: empty cells',
    ),
    "no number": ("pay", put(2, "hourly", "a lot"), 'DAT-004 pay.csv, column "hourly", row 2: no number'),
    "thousands with a comma": ("pay", put(2, "hourly", "1,234"), 'DAT-004 pay.csv, column "hourly", row 2: no number'),
    "negative pay": ("pay", put(2, "hourly", "-12.50"), 'DAT-002 pay.csv, column "hourly", row 2'),
    "half a person": (
        "survey",
        put(2, "answered", "3.5"),
        'DAT-002 survey.csv, column "answered", row 2: parts of a whole',
    ),
    "an impossible year": ("cpd", put(2, "year", "203"), 'DAT-002 cpd.csv, column "year", row 2'),
    "neither yes nor no": ("cpd", put(2, "accessed", "maybe"), 'DAT-011 cpd.csv, column "accessed", row 2'),
    "neither agreed nor per_cent": ("survey", put(2, "agreed", ""), "DAT-019 survey.csv, row 2: empty cells in agreed"),
    "a target in the past": (
        "targets",
        put(2, "target_year", "2019"),
        "DAT-007 targets.csv, row 2: a target year not after the baseline",
    ),
    "a column missing": (
        "staff-in-post",
        lambda frame: frame.rename(columns={"ethnicity": "ethnicities"}),
        'DAT-003 staff-in-post.csv: no column "ethnicity"; expected ethnic group, 18+1 categories unless another '
        'version is asked for. Did you mean "ethnicities"?',
    ),
    "a column twice": (
        "staff-in-post",
        lambda frame: frame.assign(**{"Band ": frame["band"]}),
        'DAT-010 staff-in-post.csv, column "band": 2 times',
    ),
    "no rows": ("staff-in-post", lambda frame: frame.iloc[:0], "DAT-018 staff-in-post.csv: no rows"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_refused_with_code_and_rows(name: str, folder: Path) -> None:
    file, edit, expected = BROKEN[name]
    change(folder, file, edit)
    found = refused(folder)
    assert [one for one in found if expected in one], found


def test_all_problems_of_all_files_come_at_once(folder: Path) -> None:
    names = ("counts above their total", "unknown band", "unknown ethnicity", "no date", "negative pay", "no person")
    for name in names:
        file, edit, _ = BROKEN[name]
        change(folder, file, edit)
    found = refused(folder)
    for name in names:
        assert [one for one in found if BROKEN[name][2] in one], name
    assert len(found) == len(names)


def warned(folder: Path, **options: bool) -> list[str]:
    return [str(warning) for warning in read_workforce(folder, **options).warnings]


KEPT: dict[str, tuple[str, Callable[[pd.DataFrame], pd.DataFrame | None], str]] = {
    "an extreme pay rate": ("pay", put(2, "hourly", "900"), "DAT-002 pay.csv, row 2: extreme hourly pay"),
    "next to no pay": ("pay", put(2, "hourly", "0.01"), "DAT-002 pay.csv, row 2: extreme hourly pay"),
    "a category with one person": (
        "staff-in-post",
        put(901, "department", "Lonely"),
        'DAT-021 staff-in-post.csv, column "department": 1 category with one person',
    ),
    "a group of one": (
        "survey",
        lambda frame: frame.assign(answered=["1", *frame["answered"][1:]], agreed=["1", *frame["agreed"][1:]]),
        "DAT-021 survey.csv, row 2: a group of one person",
    ),
    "one group only": (
        "survey",
        lambda frame: frame[(frame["group"] == "white") | (frame["characteristic"] == "disability")],
        "one group only",
    ),
    "Excel's day numbers": (
        "leavers",
        put(2, "left", "45500"),
        'DAT-004 leavers.csv, column "left", row 2: Excel\'s day',
    ),
    "mixed formats": (
        "leavers",
        put(2, "left", "25/12/2024"),
        'DAT-012 leavers.csv, column "left": dates of 2 forms: 2024-03-31, 31/03/2024',
    ),
    "a stranger": ("disciplinary", put(2, "person", "999999"), "DAT-007 disciplinary.csv, row 2: people who are in no"),
    "an older survey": (
        "survey",
        lambda frame: frame[frame["year"] != "2025"],
        "DAT-020 survey.csv: 2023 to 2024, and staff-in-post 2023 to 2025; expected the same latest year",
    ),
    "a newer survey": (
        "survey",
        lambda frame: frame.assign(year=frame["year"].astype(int) + 1),
        "DAT-020 survey.csv: 2024 to 2026, and staff-in-post 2023 to 2025; expected the same latest year",
    ),
    "a column of another name": (
        "cpd",
        lambda frame: frame.assign(remarks="x"),
        "DAT-006 cpd.csv, column 4: a column of another name",
    ),
    "no rows where none are needed": ("cpd", lambda frame: frame.iloc[:0], "DAT-018 cpd.csv: no rows"),
    "per cent in place of counts": (
        "survey",
        lambda frame: frame.assign(
            per_cent=[str(100 * int(a) / int(n)) for a, n in zip(frame["agreed"], frame["answered"], strict=True)],
            agreed="",
        ),
        "per_cent without agreed",
    ),
}


@pytest.fixture(scope="module")
def before(whole: Path) -> list[str]:
    return warned(whole)


@pytest.mark.parametrize("name", KEPT)
def test_what_is_odd_is_kept_with_a_warning(name: str, folder: Path, before: list[str]) -> None:
    file, edit, expected = KEPT[name]
    assert [one for one in before if expected in one] == []
    change(folder, file, edit)
    found = warned(folder)
    assert [one for one in found if expected in one], found


def test_dates_of_excel_and_of_days_are_read_right(folder: Path) -> None:
    change(folder, "leavers", put(2, "left", "45500"))
    change(folder, "leavers", put(3, "left", "25/12/2024"))
    left = read_workforce(folder).frames["leavers"]["left"]
    assert left.iloc[:2].dt.strftime("%Y-%m-%d").tolist() == ["2024-07-27", "2024-12-25"]
    change(folder, "leavers", put(3, "left", "05/12/2024"))
    read = read_workforce(folder, day_first=True).frames["leavers"]["left"]
    assert read.dt.strftime("%Y-%m-%d").iloc[1] == "2024-12-05"


def test_agreed_follows_from_per_cent(folder: Path, made: SimulatedWorkforce) -> None:
    change(folder, "survey", KEPT["per cent in place of counts"][1])
    agreed = read_workforce(folder).frames["survey"]["agreed"]
    assert agreed.tolist() == made.frames["survey"]["agreed"].tolist()


def test_a_gap_can_be_allowed(folder: Path) -> None:
    change(folder, "cpd", BROKEN["a year missing from a series"][1])
    assert [one for one in warned(folder, allow_gaps=True) if "DAT-020 cpd.csv: no 2024" in one]


def test_financial_years_are_the_year_in_which_they_end(folder: Path) -> None:
    change(
        folder, "cpd", lambda frame: frame.assign(year=frame["year"].map(lambda year: f"{int(year) - 1}/{year[2:]}"))
    )
    assert sorted(read_workforce(folder).frames["cpd"]["year"].unique()) == [2023, 2024, 2025]
    change(folder, "cpd", put(2, "year", "2022/25"))
    assert 'DAT-004 cpd.csv, column "year", row 2' in refused(folder)[0]


@pytest.mark.parametrize("form", ["semicolons", "mark", "latin", "workbook", "capitals"])
def test_other_forms_of_a_file_are_read(form: str, folder: Path) -> None:
    path = folder / "staff-in-post.csv"
    change(folder, "staff-in-post", put(2, "department", "Café"))
    before = read_workforce(folder).frames["staff_in_post"]
    text = path.read_text(encoding="utf-8")
    if form == "semicolons":
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        frame["fte"] = frame["fte"].str.replace(".", ",")
        frame.to_csv(path, index=False, sep=";")
    elif form == "mark":
        path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    elif form == "latin":
        path.write_bytes(text.encode("latin-1"))
    elif form == "workbook":
        book = import_module("openpyxl").Workbook()
        book.active.append(before.columns.tolist())
        for row in before.astype({"person": int}).itertuples(index=False):
            book.active.append([None if pd.isna(cell) else cell for cell in row])
        book.create_sheet("lists").append(["not data"])
        book.save(folder / "staff-in-post.xlsx")
        path.unlink()
    else:
        head, _, rest = text.partition("\n")
        path.write_text(f"{head.replace('_', ' ').upper()}\n{rest}", encoding="utf-8")
    after = read_workforce(folder).frames["staff_in_post"]
    pd.testing.assert_frame_equal(before, after)


def test_what_is_wrong_with_files_is_told(folder: Path, tmp_path: Path) -> None:
    (folder / "cpd.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    (folder / "pay.csv").write_bytes(b"person,snapshot,hourly\n\x81\x8d,2,3\n")
    (folder / "leavers.csv").write_text("person,left\n1,2,3\n", encoding="utf-8")
    found = refused(folder)
    assert [one[:7] for one in found] == ["DAT-010", "DAT-017", "DAT-008"]
    (folder / "cpd.csv").unlink()
    assert "DAT-015" in " ".join(refused(folder))
    (folder / "staff-in-post.csv").unlink()
    assert "DAT-001 mine: no staff-in-post.csv or .xlsx" in refused(folder)[0]
    assert refused(tmp_path / "nowhere") == ["DAT-001 nowhere: no such folder; expected a folder. Check the name."]


def test_a_file_of_another_name_is_left_out_with_a_word(folder: Path) -> None:
    (folder / "leaver.csv").write_text("a\n1\n", encoding="utf-8")
    assert 'Did you mean "leavers"?' in " ".join(warned(folder))


def test_no_message_shows_what_a_person_has(folder: Path) -> None:
    for column in ("ethnicity", "band", "sex", "snapshot", "fte", "started"):
        change(folder, "staff-in-post", put(2, column, "Zaphod Beeblebrox"))
    found = refused(folder)
    assert len(found) == 6
    assert "Zaphod" not in " ".join(found)


def test_many_unknown_labels_are_summed_up(folder: Path) -> None:
    def edit(frame: pd.DataFrame) -> None:
        frame.loc[:19, "band"] = [f"Grade {chr(65 + number)}{number}" for number in range(20)]

    change(folder, "staff-in-post", edit)
    found = refused(folder)
    assert len(found) == 9
    assert "rows 10, 11, 12, 13, 14 and 7 more: 12 more labels that are not known" in found[-1]


def test_own_mappings_replace_those_of_evalkit(folder: Path) -> None:
    bands = load_mapping("bands")
    own = pd.concat([bands, bands.iloc[[0]].assign(label="Band 8e", code="8e", also="")])
    change(folder, "staff-in-post", put(5, "band", "Band 8e"))
    read = read_workforce(folder, mappings={"bands": own})
    assert read.frames["staff_in_post"]["band"].iloc[3] == "Band 8e"
    with pytest.raises(DataError, match='DAT-006 mappings: "band"'):
        read_workforce(folder, mappings={"band": own})


def why_not(folder: Path) -> dict[str, str]:
    found = computable(read_workforce(folder).frames)
    return dict(zip(found["indicator"], found["why_not"], strict=True))


def test_what_can_be_computed_is_told(folder: Path) -> None:
    whole = why_not(folder)
    assert [name for name in "123456789" if whole[name]] == []
    assert whole["1a"] == "no standard input holds it"
    assert whole["5a"] == ""
    (folder / "recruitment.csv").unlink()
    change(folder, "staff-in-post", lambda frame: frame.drop(columns=["board"]))
    change(folder, "survey", lambda frame: frame[frame["question"] != "discrimination"])
    change(folder, "survey", lambda frame: frame[frame["characteristic"] != "recruited"])
    change(folder, "pay", lambda frame: frame.assign(hourly=""))
    now = why_not(folder)
    assert now["2"] == "no recruitment"
    assert now["9"] == "no column board in staff-in-post"
    assert now["8"] == "no question discrimination by ethnicity in survey"
    assert now["5a"] == "no question belonging by recruited in survey"
    assert now["pay_gap"] == "nothing stated in column hourly of pay"
    assert now["3"] == ""
    change(folder, "staff-in-post", lambda frame: frame.assign(ethnicity="White: British"))
    assert why_not(folder)["3"] == "no BME people in staff-in-post"


def test_the_dictionary_is_about_tables_that_are_there() -> None:
    inputs = standard_inputs()
    assert len(inputs) == 10
    kinds = {column.kind for one in inputs for column in one.columns}
    assert kinds == {"id", "text", "label", "yes/no", "date", "year", "count", "number"}
    for one in inputs:
        assert set(one.key) <= {column.name for column in one.columns}
        for column in one.columns:
            assert column.mapping is None or len(load_mapping(column.mapping))
            assert column.holds
            assert column.missing
