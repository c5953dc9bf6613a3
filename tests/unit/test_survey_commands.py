"""The survey commands do what they say, and refuse with a message."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalkit.__main__ import main
from evalkit.instruments import load_instrument, to_yaml


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["survey", *words])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_list_names_every_survey(capsys: pytest.CaptureFixture[str], project: Path) -> None:
    code, out, _ = run(capsys, "list")
    names = [path.stem for path in (project / "surveys").glob("[!_]*.yaml")]
    assert code == 0
    assert len(names) >= 19
    assert [name for name in names if name not in out] == []


def test_show_tells_questions_and_scores(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "show", "intention-to-leave")
    assert code == 0
    assert "Staying or leaving" in out
    assert "leave_service_scale" in out


def test_show_tells_when_a_page_is_shown(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = to_yaml(load_instrument("intention-to-leave"))
    page = "  about_you:\n    title: About you\n"
    assert page in text
    known = load_instrument("intention-to-leave")
    first = next(item for item in known.items if item.options and item.kind == "likert" and not item.waves)
    condition = f"{first.id} > 3"
    (tmp_path / "own.yaml").write_text(
        text.replace(page, f"{page}    when: {condition}\n").replace(
            "instrument: intention-to-leave", "instrument: own"
        ),
        encoding="utf-8",
    )
    code, out, _ = run(capsys, "show", str(tmp_path / "own.yaml"))
    assert code == 0
    assert f"About you (only shown when {condition})" in " ".join(out.split())


def test_check_of_the_library(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "check")[:2] == (0, "19 surveys are in order.\n")


def test_new_then_check(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = run(capsys, "new", "our-own", "--out", str(tmp_path))
    assert (code, "our-own.yaml" in out) == (0, True)
    assert load_instrument(tmp_path / "our-own.yaml").id == "our-own"
    assert run(capsys, "check", str(tmp_path / "our-own.yaml"))[0] == 0
    code, _, err = run(capsys, "new", "our-own", "--out", str(tmp_path))
    assert (code, "INS-001" in err) == (2, True)
    code, _, err = run(capsys, "new", "Our Own", "--out", str(tmp_path))
    assert (code, "INS-010" in err) == (2, True)


def test_check_tells_the_problems_of_all_files(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(f"instrument: {name}\nversion: 1.0\n", encoding="utf-8")
    code, _, err = run(capsys, "check", str(tmp_path / "one.yaml"), str(tmp_path / "two.yaml"))
    assert code == 2
    assert "one.yaml" in err
    assert "two.yaml" in err
    assert "Traceback" not in err


def test_export_writes_a_file_a_wave_and_tells_the_losses(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ("export", "intention-to-leave", "--to", "limesurvey", "--out", str(tmp_path / "new"))
    code, out, _ = run(capsys, *words, "--organisation", "A & B <Trust>")
    assert code == 0
    assert sorted(path.name for path in (tmp_path / "new").glob("*.txt")) == [
        "intention-to-leave-limesurvey-after.txt",
        "intention-to-leave-limesurvey-before.txt",
        "intention-to-leave-limesurvey-follow_up.txt",
    ]
    assert "What limesurvey cannot carry" in out
    assert "organisation}" not in out


def test_export_of_one_wave_to_a_named_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    target = tmp_path / "dictionary.csv"
    words = ("export", "intention-to-leave", "--to", "redcap", "--wave", "before", "--out", str(target))
    assert run(capsys, *words)[0] == 0
    assert target.read_text(encoding="utf-8-sig").startswith('"Variable / Field Name"') or target.stat().st_size > 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("export", "intention-to-leave", "--to", "limesurvy"), 'Did you mean "limesurvey"?'),
        (("export", "intention-to-leaf", "--to", "redcap"), 'Did you mean "intention-to-leave"?'),
        (("export", "intention-to-leave", "--to", "redcap", "--wave", "befor"), 'Did you mean "before"?'),
        (("show", "nothing-like-it"), "INS-001"),
        (("diff", "intention-to-leave", "nothing-like-it"), "INS-001"),
    ],
)
def test_refusals(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = run(capsys, *words)
    assert code == 2
    assert message in err
    assert list(tmp_path.iterdir()) == []


def test_diff_tells_what_can_be_compared(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "diff", "mentoring-relationship-mentee", "mentoring-relationship-mentor")
    assert code == 0
    assert "comparable" in out


def test_every_token_can_be_filled_in(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ["export", "intention-to-leave", "--to", "html", "--wave", "before", "--out", str(tmp_path / "form.html")]
    words += ["--organisation", "Example Trust", "--programme", "Onwards"]
    words += ["--token", "contact=the evaluation team", "--token", "kept_for=two years"]
    code, out, err = run(capsys, *words)
    assert code == 0, err
    assert "Stands in the texts" not in out
    assert "the evaluation team" in (tmp_path / "form.html").read_text(encoding="utf-8")
    code, _, err = run(capsys, *words, "--token", "contact")
    assert (code, "INS-031" in err) == (2, True)
    code, _, err = run(capsys, *words, "--token", "contacts=x")
    assert (code, "INS-031" in err) == (2, True)
