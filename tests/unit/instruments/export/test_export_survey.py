from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
from round_trip import silent_losses

from evalkit.errors import InstrumentError, ReportError
from evalkit.instruments import form_at, load_instrument, read_library
from evalkit.instruments.export import PLATFORMS, Loss, export_survey
from evalkit.instruments.export.limesurvey import read_back
from evalkit.instruments.export.redcap import read_together
from evalkit.instruments.model import Instrument

BUILT = [name for name, platform in PLATFORMS.items() if find_spec(f"evalkit.instruments.export.{platform.module}")]
TEXT = ("limesurvey", "qualtrics", "redcap")


def test_the_table_names_the_eight_platforms() -> None:
    assert list(PLATFORMS) == ["limesurvey", "qualtrics", "redcap", "xlsform", "surveyjs", "ddi", "word", "html"]


@pytest.mark.parametrize("platform", TEXT[:2])
def test_several_waves_give_a_file_each(platform: str, small: Instrument, tmp_path: Path) -> None:
    suffix = PLATFORMS[platform].suffix
    report = export_survey(small, platform, tmp_path / f"mine{suffix}")
    assert [path.name for path in report.paths] == [f"mine-before{suffix}", f"mine-after{suffix}"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in report.paths)
    assert (report.instrument, report.version, report.platform) == ("small", "1.0", platform)
    assert len(set(report.losses)) == len(report.losses)
    assert len(set(report.code_changes)) == len(report.code_changes)
    assert list(report.frame().columns) == ["feature", "where", "detail"]


def test_several_waves_are_one_dictionary_for_redcap(small: Instrument, tmp_path: Path) -> None:
    report = export_survey(small, "redcap", tmp_path / "mine.csv")
    assert report.paths == (tmp_path / "mine.csv",)
    assert [form.waves[0].id for form in read_together(report.paths[0].read_bytes())] == ["before", "after"]
    (told,) = [loss.detail for loss in report.losses if loss.feature == "pages"]
    assert "The upload replaces all instruments of the project" in told
    assert "a form for each wave" in told
    names = report.value_map()
    assert names.loc[names["item"] == "good", "platform_item"].tolist() == ["good_before", "good_after"]
    alone = export_survey(small, "redcap", tmp_path, wave="after")
    (told,) = [loss.detail for loss in alone.losses if loss.feature == "pages"]
    assert "One project holds one such dictionary: that of another wave would replace it." in told
    assert alone.code_changes == ()


def test_one_wave_gives_one_file(small: Instrument, tmp_path: Path) -> None:
    report = export_survey(small, "limesurvey", tmp_path / "new" / "mine.txt", wave="after")
    assert report.paths == (tmp_path / "new" / "mine.txt",)
    assert [item.name for item in read_back(report.paths[0].read_bytes()).items][-1] == "gridthen[finethen]"


def test_a_folder_or_a_bare_name_gets_the_ending_of_the_platform(small: Instrument, tmp_path: Path) -> None:
    assert export_survey(small, "redcap", tmp_path, wave="after").paths == (tmp_path / "small.csv",)
    assert export_survey(small, "redcap", str(tmp_path / "mine"), wave="after").paths == (tmp_path / "mine.csv",)


def test_a_wrong_ending_is_refused(small: Instrument, tmp_path: Path) -> None:
    with pytest.raises(InstrumentError, match=r"INS-042 mine\.tsv.*Name it mine\.txt"):
        export_survey(small, "limesurvey", tmp_path / "mine.tsv")


def test_an_unknown_platform_gets_a_suggestion(small: Instrument, tmp_path: Path) -> None:
    with pytest.raises(InstrumentError, match=r'INS-041 .*Did you mean "limesurvey"'):
        export_survey(small, "lime-survey", tmp_path)


@pytest.mark.parametrize("wave", ["then", "befor"])
def test_an_unknown_or_retrospective_wave_is_refused(wave: str, small: Instrument, tmp_path: Path) -> None:
    with pytest.raises(InstrumentError, match="INS-023"):
        export_survey(small, "limesurvey", tmp_path, wave=wave)


def test_an_instrument_that_breaks_a_rule_is_refused_and_nothing_is_written(small: Instrument, tmp_path: Path) -> None:
    with pytest.raises(InstrumentError, match="INS-009"):
        export_survey(small.changed(title="a\tb"), "limesurvey", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_when_one_form_cannot_be_made(small: Instrument, tmp_path: Path) -> None:
    later = small.sections[1].changed(title="x" * 300, when="")
    items = tuple(item.changed(waves=("after",)) for item in later.items)
    page = small.sections[0].changed(id="only", title="Only", items=(small.items[0].changed(id="hi"),), matrices=())
    changed = small.changed(
        sections=(*small.sections[:1], later.changed(items=items), page),
        scales=(),
        waves=(small.waves[0], small.waves[2]),
    )
    with pytest.raises(InstrumentError, match="INS-044"):
        export_survey(changed, "limesurvey", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_an_error(small: Instrument, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ReportError, match="REP-004"):
        export_survey(small, "limesurvey", tmp_path / "file" / "mine.txt", wave="after")


def test_tokens_are_filled_in_or_told(tmp_path: Path) -> None:
    instrument = load_instrument("return-to-work-transition")
    report = export_survey(instrument, "limesurvey", tmp_path, wave="after")
    told = {loss.where for loss in report.losses if loss.feature == "token"}
    assert {"organisation", "programme", "contact", "kept_for"} == told
    assert "{programme}" in read_back(report.paths[0].read_bytes()).consent
    adapted = instrument.adapt(organisation="Trust <A> {x", programme="Back", tokens={"contact": "us"})
    report = export_survey(adapted, "limesurvey", tmp_path, wave="after")
    assert {loss.where for loss in report.losses if loss.feature == "token"} == {"kept_for"}
    arrived = read_back(report.paths[0].read_bytes())
    assert "your place on Back." in arrived.consent
    assert arrived.by_id["belonging_attbelong"].text == "I feel that I belong at Trust <A> {x."


@pytest.mark.parametrize("platform", TEXT)
def test_the_comparison_notices_each_loss_that_is_not_told(platform: str) -> None:
    exporter = import_module(f"evalkit.instruments.export.{platform}")
    form = form_at(load_instrument("return-to-work-transition"), "before")
    content, losses, changes = exporter.build(form)
    arrived = exporter.read_back(content)
    assert silent_losses(form, arrived, losses, changes) == []
    for loss in losses:
        kept = [one for one in losses if one != loss]
        assert loss.feature == "pages" or silent_losses(form, arrived, kept, changes) != []
    assert silent_losses(form, arrived, [*losses, Loss("help", "link_town", "")], changes) != []


@pytest.mark.parametrize("platform", TEXT)
def test_a_code_is_the_same_on_every_wave(platform: str, tmp_path: Path) -> None:
    for instrument in read_library():
        changes = export_survey(instrument, platform, tmp_path).code_changes
        if platform == "redcap" and len({change.item for change in changes}) < len(changes):
            # One dictionary with a form for each wave: a name for each of them.
            assert len({change.platform_item for change in changes}) == len(changes)
            continue
        there = {(change.item, change.value): (change.platform_item, change.platform_value) for change in changes}
        assert len(there) == len(changes)
        assert len(set(there.values())) == len(changes)
