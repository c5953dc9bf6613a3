"""What a document shows is what happens: its blocks run in their order, in one empty folder, and print what they say.

- `python`: a whole-line comment is what the block prints.
- `console`: a line `$ evalkit ...` is run, and the lines below it are what it prints; a line of three dots leaves lines
  out. Where one of them begins with an error code, the command is refused (exit 2), else it succeeds.
- a language and a name, such as `csv staff.csv`: the file is written.

Commands that install, or run for minutes, are read only: their programs, options and files must be there.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest
from cyclopts import CycloptsError
from documents import DOCUMENTS, ROOT, Block, blocks, label, read

from evalkit.__main__ import app, main

REFUSAL = re.compile(r"[A-Z]{3}-\d{3} ")
PROMPT = "$ "
# Nothing of these is run: figures in text, and pieces of files without a name.
SILENT = {"", "text", "math", "json", "yaml"}


def plain_lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


def run_python(body: str, namespace: dict[str, object]) -> None:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(body, "block", "exec"), namespace)  # noqa: S102 - our own documents
    promised = [line.removeprefix("#").strip() for line in body.splitlines() if line.startswith("#")]
    assert [line.strip() for line in out.getvalue().splitlines()] == promised


def commands(body: str) -> list[tuple[str, list[str]]]:
    """Commands of a console block, each with the lines shown below it."""
    found: list[tuple[str, list[str]]] = []
    prompted = any(line.startswith(PROMPT) for line in body.splitlines())
    for line in plain_lines(body):
        if line.startswith(PROMPT) or not prompted:
            found.append((line, []))
        else:
            assert found, f"{line!r} stands above the first command"
            found[-1][1].append(line)
    return found


def run_evalkit(words: list[str], shown: list[str]) -> None:
    """Run a command line in this process: the imports, most of the time of a command, are shared by all."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(words)
    printed = plain_lines(out.getvalue() + err.getvalue())
    assert shown, f"evalkit {shlex.join(words)}: nothing is shown"
    difference = first_difference(shown, printed)
    assert difference is None, f"evalkit {shlex.join(words)}: {difference!r} among\n" + "\n".join(printed)
    assert code == (2 if any(REFUSAL.match(line) for line in shown) else 0)


def first_difference(shown: list[str], printed: list[str]) -> str | None:
    """First shown line that does not stand where it must; a line of three dots leaves lines out."""
    at, skipping = 0, False
    for line in shown:
        if line == "...":
            skipping = True
            continue
        if skipping and line in printed[at:]:
            at = printed.index(line, at)
        if at >= len(printed) or printed[at] != line:
            return line
        at, skipping = at + 1, False
    return None if skipping or at == len(printed) else printed[at]


def faults_of(line: str) -> list[str]:
    """Find what cannot be right in a command that is not run."""
    words = shlex.split(line.removeprefix(PROMPT).replace("\\", "/"))
    program = words[0].removeprefix(".venv/Scripts/").removeprefix(".venv/bin/")
    at = words.index("evalkit") + 1 if "evalkit" in words[:4] else 1 if program == "evalkit" else None
    if at is not None and program in {"evalkit", "python", "py", "python3"}:
        try:
            app.parse_args(words[at:], exit_on_error=False, print_error=False)
        except CycloptsError as error:
            return [str(error)]
        return []
    if program not in {"make", "python", "py", "python3", "conda", "set"}:
        return [f"{program} is not known"]
    if program == "make":
        targets = set(re.findall(r"^([a-z][a-z-]*):", read("Makefile"), re.MULTILINE))
        return [word for word in words[1:] if word not in targets]
    files = [word for word in words[1:] if re.search(r"\.(lock|yml|toml|ipynb)$|^(tests|evalkit|notebooks)$", word)]
    named = "environment.yml" if words[1:2] == ["activate"] else ""
    return [
        *(file for file in files if not (ROOT / file).exists()),
        *([words[2]] if named and f"name: {words[2]}" not in read(named) else []),
    ]


def run_blocks(found: list[Block]) -> None:
    """Do in the current folder what a reader of the blocks would do."""
    namespace: dict[str, object] = {"__name__": "document"}
    for block in found:
        if block.file:
            Path(block.file).parent.mkdir(parents=True, exist_ok=True)
            Path(block.file).write_text(block.body, encoding="utf-8")
        elif block.language == "python":
            run_python(block.body, namespace)
        elif block.language == "console":
            for line, shown in commands(block.body):
                if line.startswith(f"{PROMPT}evalkit "):
                    run_evalkit(shlex.split(line)[2:], shown)
                else:
                    assert faults_of(line) == [], line
        else:
            assert block.language in SILENT, f"a block of {block.language!r} that nobody runs"


WITH_BLOCKS = [
    path for path in DOCUMENTS if {"python", "console"} & {one.language for one in blocks(read(label(path)))}
]


@pytest.mark.parametrize("path", WITH_BLOCKS, ids=label)
def test_the_blocks_do_and_print_what_they_say(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run_blocks(blocks(path.read_text(encoding="utf-8")))


def test_no_block_is_in_a_language_that_nobody_reads() -> None:
    known = {"python", "console", *SILENT}
    unknown = {(label(path), one.language) for path in DOCUMENTS for one in blocks(read(label(path))) if not one.file}
    assert sorted(pair for pair in unknown if pair[1] not in known) == []


def test_the_pages_for_users_have_blocks_to_run() -> None:
    pages = {"README.md", *(f"docs/how-to/{name}.md" for name in ("run-on-your-data", "add-a-programme"))}
    assert {ROOT / page for page in pages} <= set(WITH_BLOCKS)
    assert sum(one.language == "python" for one in blocks(read("README.md"))) >= 1
    run = [
        line
        for page in pages
        for one in blocks(read(page))
        for line, _ in commands(one.body)
        if one.language == "console"
    ]
    assert {line.split()[2] for line in run if line.startswith("$ evalkit ")} >= {
        "new", "simulate", "check", "report", "withdraw", "programme", "reproduce"
    }  # fmt: skip


# --- the checks can fail ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    ["print(1)\n# 2\n", "print(1)\n", "# 1\n"],
    ids=["another output", "an output that no comment states", "a comment that nothing printed"],
)
def test_a_wrong_output_of_python_is_noticed(body: str) -> None:
    run_blocks([Block("python", "", "print(1)\n# 1\n")])
    with pytest.raises(AssertionError):
        run_blocks([Block("python", "", body)])


@pytest.mark.parametrize(
    ("shown", "difference"),
    [
        (["a", "b", "c"], None),
        (["a", "...", "c"], None),
        (["...", "b", "..."], None),
        (["a", "x", "c"], "x"),
        (["a", "c"], "c"),
        (["a", "b"], "c"),
        (["...", "b", "a", "..."], "a"),
        (["...", "x", "..."], "x"),
    ],
)
def test_a_line_that_is_not_printed_is_noticed(shown: list[str], difference: str | None) -> None:
    assert first_difference(shown, ["a", "b", "c"]) == difference


@pytest.mark.parametrize(
    "body",
    [
        "$ evalkit survey check intention-to-leave\nintention-to-leave: out of order.\n",
        "$ evalkit survey check intention-to-leave\n",
        "$ evalkit survey check no-such-survey\n...\n",
        "$ evalkit survey check intention-to-leave\n...\nINS-001 nothing of the kind\n",
        "$ evalkit reproduce zhang2019\n...\n$ evalkit survey check intention-to-leave\nwrong\n",
        "Sentence.\n$ evalkit reproduce zhang2019\n...\n",
    ],
    ids=["another line", "nothing shown", "a refusal that is not shown", "a refusal that is none", "second", "above"],
)
def test_a_wrong_command_is_noticed(body: str) -> None:
    run_blocks([Block("console", "", "$ evalkit survey check intention-to-leave\n...\n")])
    with pytest.raises(AssertionError):
        run_blocks([Block("console", "", body)])


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("$ make report", True),
        ("$ make no-such-target", False),
        (r".venv\Scripts\python -m pip install -r requirements.lock", True),
        (r".venv\Scripts\python -m pip install -r requirements.txt.lock", False),
        (r".venv\Scripts\evalkit report --to elsewhere", True),
        (r".venv\Scripts\evalkit report --too elsewhere", False),
        ("py -m evalkit no-such-command", False),
        ("conda activate evalkit", True),
        ("conda activate another", False),
        ("rm -r everything", False),
    ],
)
def test_a_command_that_is_only_read_is_checked(line: str, right: bool) -> None:  # noqa: FBT001
    assert (faults_of(line) == []) == right


def test_files_are_written_where_they_stand_in_the_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    show = 'from pathlib import Path\nprint(Path("a/b.csv").read_text())\n'
    run_blocks([Block("csv", "a/b.csv", "1\n"), Block("python", "", f"{show}# 1\n#\n")])
    run_blocks([Block("csv", "a/b.csv", "2\n"), Block("python", "", f"{show}# 2\n#\n")])
    with pytest.raises(AssertionError, match="nobody runs"):
        run_blocks([Block("fortran", "", "")])
