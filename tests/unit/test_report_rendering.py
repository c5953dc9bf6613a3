"""`render`: only what came through `show` is published, and a report that fails stays as it was."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from pages import elements, faults

import evalkit
from evalkit.errors import DataError, DisclosureError, EvalkitError, ReportError
from evalkit.report import rendering
from evalkit.report.layout import first_heading_problem
from evalkit.report.rendering import render
from evalkit.report.showing import MARK, sign

PARAMETERS = "profile = 'staff-survey'\nlevel: float = 0.95\nname = 'as written'"
IMPORTS = "import pandas as pd\nimport evalkit as ek"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>[x](javascript:alert(3))"
OLD = b"<p>the old report</p>"


def write_book(path: Path, *cells: Any, parameters: str | None = PARAMETERS) -> Path:
    """Write a notebook: a title, a parameters cell, and the given cells (code as text)."""
    book = new_notebook()
    book.cells = [new_markdown_cell("# Title & more\n\nThe first paragraph.")]
    if parameters is not None:
        book.cells.append(new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    book.cells += [new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    nbformat.write(book, path)
    return path


def _refused(call: Callable[[], object], kind: type[EvalkitError] = EvalkitError) -> str:
    with pytest.raises(kind) as caught:
        call()
    return str(caught.value)


def _kernels() -> set[str]:
    """The kernels that this process started and that still run."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = entry.read_text().rsplit(")", 1)[1].split()[1]
            words = (entry.parent / "cmdline").read_text()
        except OSError:
            continue
        if parent == str(os.getpid()) and "ipykernel_launcher" in words:
            found.add(entry.parent.name)
    return found


# --- a report that works, rendered twice ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("rendered")
    stale = new_code_cell("quiet = 1")
    stale.outputs = [
        new_output("display_data", data={"text/html": "STALE-1"}, metadata={MARK: {"signature": ""}}),
        new_output("stream", name="stdout", text="STALE-2"),
    ]
    skipped = new_code_cell("1 / 0", metadata={"tags": ["skip-execution"]})
    skipped.outputs = [new_output("display_data", data={"text/html": "STALE-3"})]
    book = write_book(
        folder / "my report.ipynb",
        IMPORTS,
        "import os, sys, warnings\nwarnings.warn('STDERR-1')\nprint('STDERR-2', file=sys.stderr)\n"
        "token = os.environ['EVALKIT_RENDER_TOKEN']",
        stale,
        skipped,
        new_markdown_cell(f"## Results\n\n{HOSTILE}"),
        f"hostile = {HOSTILE!r}\n"
        "ek.show(pd.DataFrame({hostile: [hostile, name], 'n': [50, 3]}), title=hostile, note=hostile, counts=['n'],"
        " profile=profile)",
        "m = ek.Method(name='mean', estimand='e', unit='points', level=level, interval='t', n_given=90, n_used=90)\n"
        "rows = [{'term': 'a', 'estimate': 1.5, 'conf_low': 1.0, 'conf_high': 2.0, 'n': 90}]\n"
        "ek.show(ek.result.estimates(rows, m), title='Figure', as_='figure', alt=hostile, profile='public')",
        "",
        "ek.show(ek.result.estimates(rows, m), title='Key', as_='text', profile=profile)",
    )
    steps: list[tuple[int, int]] = []
    environment = pytest.MonkeyPatch()
    environment.setenv("SOURCE_DATE_EPOCH", "1700000000")
    try:
        out = folder / "new" / "first.html"
        parameters = {"level": 0.9, "name": "as given"}
        tokens = []
        real = rendering.secrets.token_hex
        environment.setattr(rendering.secrets, "token_hex", lambda size: tokens.append(real(size)) or tokens[-1])
        entry = render(book, out, parameters, progress=lambda done, total: steps.append((done, total)))
        render(book, folder / "second.html", parameters)
    finally:
        environment.undo()
    html = out.read_text("utf-8")
    again = (folder / "second.html").read_text("utf-8")
    return {"html": html, "again": again, "entry": entry, "steps": steps, "tokens": tokens, "folder": folder}


def test_the_same_input_is_the_same_bytes(rendered: dict[str, Any]):
    assert rendered["html"] == rendered["again"]
    assert len(set(rendered["tokens"])) == 2  # although each run has a token of its own


def test_nothing_is_active_and_nothing_is_loaded(rendered: dict[str, Any]):
    assert faults(rendered["html"]) == []
    assert "http-equiv" in rendered["html"]


def test_hostile_text_is_printed_as_it_is(rendered: dict[str, Any]):
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in rendered["html"]
    assert "&amp;lt;" not in rendered["html"]


def test_parameters_replace_values(rendered: dict[str, Any]):
    assert "as given" in rendered["html"]
    assert "as written" not in rendered["html"]
    assert "90 % interval: t" in rendered["html"]


def test_small_counts_and_their_rows_are_not_published(rendered: dict[str, Any]):
    assert "withheld" in rendered["html"]
    assert not re.search(r">\s*3\s*<", rendered["html"])


def test_stale_outputs_and_stderr_are_not_published(rendered: dict[str, Any]):
    assert "STALE" not in rendered["html"]
    assert "STDERR" not in rendered["html"]


def test_the_token_is_not_published(rendered: dict[str, Any]):
    assert all(token not in rendered["html"] for token in rendered["tokens"])
    assert "EVALKIT_RENDER_TOKEN" not in rendered["html"]


def test_provenance_is_complete(rendered: dict[str, Any]):
    footer = rendered["html"][rendered["html"].index("<footer>") :]
    labels = dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]*)</dd>", footer))
    assert labels["evalkit"] == evalkit.__version__
    assert re.fullmatch(r"[0-9a-f]{12}(\+changes)?|none \(installed package\)", labels["Git commit"])
    assert re.fullmatch(r"my report\.ipynb \([0-9a-f]{16}\)", labels["Notebook"])
    assert re.fullmatch(r"[0-9a-f]{16} \(\d+ files\)", labels["Data checksum"])
    assert labels["Date"] == "2023-11-14"
    assert labels["Disclosure profile"] == "staff-survey, public"
    assert labels["Parameters"] == "{&#34;level&#34;: 0.9, &#34;name&#34;: &#34;as given&#34;}"


def test_headings_are_in_order_and_every_picture_has_words(rendered: dict[str, Any]):
    assert first_heading_problem(rendered["html"]) is None
    pictures = [attributes for tag, attributes in elements(rendered["html"]) if tag == "img"]
    assert [attributes.get("alt") for attributes in pictures] == [HOSTILE]
    assert [tag for tag, _ in elements(rendered["html"])].count("main") == 1
    assert ("html", {"lang": "en-GB"}) in elements(rendered["html"])


def test_the_entry_names_file_title_and_first_paragraph(rendered: dict[str, Any]):
    entry = rendered["entry"]
    assert (entry.file, entry.title, entry.summary) == ("first.html", "Title & more", "The first paragraph.")


def test_progress_goes_from_the_first_cell_to_the_last(rendered: dict[str, Any]):
    steps = rendered["steps"]
    assert [done for done, _ in steps] == list(range(1, len(steps) + 1))
    assert {total for _, total in steps} == {len(steps)}


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc to see processes")
def test_no_kernel_is_left_running(rendered: dict[str, Any]):
    assert rendered["entry"]
    assert _kernels() == set()


# --- outputs that did not come through show -------------------------------------------------------------------------

FORGED = "display({'text/html': 'RAW'}, raw=True, metadata={'evalkit': %s})"
REFUSED = {
    "a print": "print('RAW')",
    "a frame": "pd.DataFrame({'x': [1]})",
    "html": "from IPython.display import HTML, display\ndisplay(HTML('RAW'))",
    "a value": "'RAW'",
    "a figure": "from matplotlib.figure import Figure\nfigure = Figure()\nfigure.subplots()\nfigure",
    "pyplot": "import matplotlib.pyplot as plt\n%matplotlib inline\nplt.plot([1, 2])\nplt.show()",
    "an estimate": "ek.result.estimates([], ek.Method(name='m', estimand='e', unit='u'))",
    "a widget": "display({'application/vnd.jupyter.widget-view+json': {'model_id': 'x'}}, raw=True)",
    "a forged mark": FORGED % "{'title': 't', 'profile': 'public', 'counts': {}, 'signature': 'f' * 64}",
    "a forged mark without a signature": FORGED % "{}",
    "a forged mark with an empty signature": FORGED % "{'signature': ''}",
    "a forged mark with odd letters": FORGED % "{'signature': 'é'}",
    "a forged mark that is no mark": FORGED % "'x'",
    "a forged mark that is a list": FORGED % "[1]",
    "a mark of another output": "kept = {}\nimport IPython.display as D\nreal = D.display\n"
    "D.display = lambda bundle, raw, metadata: kept.update(metadata)\n"
    "ek.show(pd.DataFrame({'n': [50]}), title='t', counts=['n'])\nD.display = real\n"
    "display({'text/html': 'RAW'}, raw=True, metadata=kept)",
    "an error that was expected": "1 / 0",
    "a shell": "!echo RAW",
}


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, bytes]:
    folder = tmp_path_factory.mktemp("refused")
    (folder / "x.html").write_bytes(OLD)
    cells = [
        new_code_cell(source, metadata={"tags": ["raises-exception"]} if "expected" in name else {})
        for name, source in REFUSED.items()
    ]
    book = write_book(folder / "x.ipynb", f"{IMPORTS}\nfrom IPython.display import display", *cells)
    return _refused(lambda: render(book, folder / "x.html", {"level": 0.9}), DisclosureError), (
        folder / "x.html"
    ).read_bytes()


@pytest.mark.parametrize("name", REFUSED)
def test_an_output_that_did_not_come_through_show_is_refused(refused: tuple[str, bytes], name: str):
    cell = 4 + list(REFUSED).index(name)  # after the title, the parameters and the imports
    assert f"DIS-002 x.ipynb, cell {cell}: an output of its own" in refused[0]


def test_a_refused_report_stays_as_it_was(refused: tuple[str, bytes]):
    assert refused[1] == OLD


# --- what is registered is audited ----------------------------------------------------------------------------------


def _mark(counts: list[float | None], profile: str = "staff-survey", *, steps: bool = False) -> dict[str, Any]:
    return {"title": "T", "profile": profile, "counts": {"n": counts}, "steps": steps}


@pytest.mark.parametrize(
    ("mark", "wrong"),
    [
        (_mark([40, None, 11]), 0),
        (_mark([40, 3, 10]), 2),
        (_mark([15, 12], "opensafely"), 1),
        (_mark([9, 12], "opensafely-midpoint6"), 1),
        (_mark([9, 12], "opensafely-midpoint6", steps=True), 0),
        (_mark([1, 2], "public"), 0),
    ],
)
def test_the_audit_notices_a_planted_count(mark: dict[str, Any], wrong: int):
    if not wrong:
        rendering._audit([_mark([50]), mark], "x.ipynb", "token")
        return
    message = _refused(lambda: rendering._audit([_mark([50]), mark], "x.ipynb", "token"), DisclosureError)
    assert message.startswith(f'DIS-004 x.ipynb, "T", column n: {wrong} counts')


def test_what_is_shown_is_audited_before_it_is_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def execute(book: Any, _source: Path, token: str, _progress: object) -> None:
        told, data = _mark([3]), {"text/html": "x"}
        signed = {**told, "signature": sign(data, told, token)}
        book.cells[1].outputs = [new_output("display_data", data=data, metadata={MARK: signed})]

    monkeypatch.setattr(rendering, "_execute", execute)
    book = write_book(tmp_path / "x.ipynb")
    assert _refused(lambda: render(book, tmp_path / "x.html"), DisclosureError).startswith("DIS-004 x.ipynb")
    assert not (tmp_path / "x.html").exists()


def test_only_a_mark_with_the_right_signature_is_ours():
    output = {"data": {"text/html": "x"}}
    told = _mark([50])
    good = {**told, "signature": sign(output["data"], told, "token")}
    assert rendering._is_ours(good, output, "token")
    assert not rendering._is_ours({**good, "profile": "public"}, output, "token")
    assert not rendering._is_ours(good, {"data": {"text/html": "y"}}, "token")
    assert not rendering._is_ours(good, output, "other")
    assert not rendering._is_ours(None, output, "token")


# --- notebooks that cannot be rendered, told before anything runs ---------------------------------------------------


@pytest.fixture(autouse=True)
def _nothing_old_is_lost(tmp_path: Path) -> Any:
    (tmp_path / "old.html").write_bytes(OLD)
    yield
    assert (tmp_path / "old.html").read_bytes() == OLD


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"not json", "DAT-004"),
        (b"[]", "DAT-004"),
        (b"{}", "DAT-004"),
        (b"3", "DAT-004"),
        (b'"x"', "DAT-004"),
        (b"", "DAT-004"),
        (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "DAT-004"),
        (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code"}]}', "DAT-004"),
        (b"[" * 100_000, "DAT-004"),
        ('{"é": 1}'.encode("utf-16"), "DAT-008"),
        ('{"é": 1}'.encode("cp1252"), "DAT-008"),
    ],
)
def test_a_file_that_is_no_notebook(tmp_path: Path, content: bytes, code: str):
    (tmp_path / "x.ipynb").write_bytes(content)
    assert _refused(lambda: render(tmp_path / "x.ipynb", tmp_path / "old.html"), DataError).startswith(
        f"{code} x.ipynb"
    )


def test_a_notebook_that_is_not_there(tmp_path: Path):
    assert _refused(lambda: render(tmp_path / "none.ipynb", tmp_path / "old.html")).startswith("DAT-001 none.ipynb")


def test_a_notebook_without_ids_is_still_a_notebook(tmp_path: Path):
    cell = {"cell_type": "code", "metadata": {}, "source": "", "outputs": [], "execution_count": None}
    book = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [cell]}
    (tmp_path / "x.ipynb").write_text(json.dumps(book), encoding="utf-8")
    assert "0 code cells tagged" in _refused(lambda: render(tmp_path / "x.ipynb", tmp_path / "old.html"))


def _tagged(source: str, kind: Callable[..., Any] = new_code_cell) -> Any:
    return kind(source, metadata={"tags": ["parameters"]})


@pytest.mark.parametrize(
    ("cells", "parameters", "said"),
    [
        ([], None, "REP-003 x.ipynb: 0 code cells"),
        ([_tagged("a = 1")], PARAMETERS, "REP-003 x.ipynb: 2 code cells"),
        ([_tagged("a = 1", new_markdown_cell)], None, "REP-003 x.ipynb: 0 code cells"),
        ([], "a = = 1", "REP-003 x.ipynb, parameters cell, line 1"),
        ([], "a = 1\n%matplotlib inline", "REP-003 x.ipynb, parameters cell, line 2"),
        ([], "a = '\0'", "REP-003 x.ipynb, parameters cell"),
    ],
)
def test_a_notebook_that_is_not_built_as_a_report(tmp_path: Path, cells: list[Any], parameters: str | None, said: str):
    book = write_book(tmp_path / "x.ipynb", *cells, parameters=parameters)
    assert _refused(lambda: render(book, tmp_path / "old.html"), ReportError).startswith(said)


def test_all_unknown_parameters_are_refused_with_the_nearest_name(tmp_path: Path):
    book = write_book(tmp_path / "x.ipynb")
    message = _refused(lambda: render(book, tmp_path / "old.html", {"leval": 0.9, "zzz": 1, "level": 0.9}), ReportError)
    first, second = message.splitlines()
    assert first.startswith("REP-002 x.ipynb, parameter leval")
    assert first.endswith('Did you mean "level"?')
    assert second.endswith("Known: level, name, profile.")


def test_a_parameters_cell_without_names_knows_none(tmp_path: Path):
    book = write_book(tmp_path / "x.ipynb", parameters="# nothing yet")
    assert _refused(lambda: render(book, tmp_path / "old.html", {"a": 1})).endswith("There are none.")


@pytest.mark.parametrize("value", [Path("x"), float("nan"), float("inf"), object(), {"a": Path("x")}, lambda: 1])
def test_a_parameter_that_is_not_a_literal_is_refused(tmp_path: Path, value: object):
    book = write_book(tmp_path / "x.ipynb")
    assert _refused(lambda: render(book, tmp_path / "old.html", {"name": value})).startswith("DAT-009 parameter name")


@pytest.mark.parametrize("value", ["'\"\n\\ é", -1, 0.1, True, None, ["a", 1], {"a": (1, 2)}])
def test_a_literal_is_no_problem(value: object):
    assert rendering._not_literal({"name": value}) == []


def test_a_date_that_cannot_be_read_is_told_before_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    book = write_book(tmp_path / "x.ipynb", "import time\ntime.sleep(600)")
    assert _refused(lambda: render(book, tmp_path / "old.html")).startswith("DAT-004 SOURCE_DATE_EPOCH")


# --- notebooks that fail while they run -----------------------------------------------------------------------------


def test_a_cell_that_fails_with_an_error_of_evalkit_shows_its_code(tmp_path: Path):
    book = write_book(tmp_path / "x.ipynb", IMPORTS, "ek.show(pd.DataFrame({'n': [1]}), title='t')", "1 / 0")
    message = _refused(lambda: render(book, tmp_path / "old.html", {"level": 0.9}), ReportError)
    assert message.startswith("REP-001 x.ipynb, cell 4: DisclosureError: DIS-003 counts")
    assert "Traceback" not in message


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc to see processes")
def test_a_kernel_that_dies_is_named_and_none_is_left(tmp_path: Path):
    book = write_book(tmp_path / "x.ipynb", "import os\nos._exit(1)")
    message = _refused(lambda: render(book, tmp_path / "old.html"), ReportError)
    assert message.startswith("REP-001 x.ipynb, cell 3: its Python process ended")
    assert _kernels() == set()


def test_a_cell_that_never_ends_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rendering, "_CELL_SECONDS", 1)
    book = write_book(tmp_path / "x.ipynb", "import time\ntime.sleep(600)")
    message = _refused(lambda: render(book, tmp_path / "old.html"), ReportError)
    assert message.startswith("REP-001 x.ipynb, cell 3: no end within 1 seconds")


def test_headings_out_of_order_and_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rendering, "_execute", lambda *_: None)  # nothing needs to run for this
    book = write_book(tmp_path / "x.ipynb", new_markdown_cell("### Too deep"))
    assert _refused(lambda: render(book, tmp_path / "old.html"), ReportError).startswith(
        'REP-003 x.ipynb, heading "Too deep"'
    )
    book = write_book(tmp_path / "y.ipynb", new_markdown_cell("![a](http://e.vil/x.png)"))
    assert _refused(lambda: render(book, tmp_path / "old.html"), ReportError).startswith("REP-003")
    book = write_book(tmp_path / "z.ipynb")
    assert _refused(lambda: render(book, tmp_path / "old.html" / "z.html"), ReportError).startswith("REP-004")
