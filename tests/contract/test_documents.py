"""The documents are true: their links lead somewhere, and their tables name what exists."""

from __future__ import annotations

import ast
import fnmatch
import re
import tomllib
from pathlib import Path
from urllib.parse import unquote

import pandas as pd
import pytest
from documents import DOCUMENTS, ROOT, bodies, in_code, label, prose, read, table
from ruamel.yaml import YAML

import evalkit
from evalkit.errors import CODES
from evalkit.published.rules import RULES

HOW_TO_CHECK = ROOT / "docs" / "how-to" / "check-a-published-paper.md"
LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(?P<text>.+?) *#*$", re.MULTILINE)
CODE = re.compile(r"[A-Z]{3}-\d{3}")
TERM = re.compile(r"- \*\*(?P<term>[^*]+)\*\*: \S")


# --- links ------------------------------------------------------------------------------------------------------------


def anchors(text: str) -> set[str]:
    """Fragments that headings have on the usual code hosts."""
    seen: dict[str, int] = {}
    found = set()
    for match in HEADING.finditer(prose(text)):
        words = LINK.sub(lambda link: link[0][1 : link[0].index("]")], match["text"])
        slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if slug in seen else slug)
        seen[slug] = seen.get(slug, 0) + 1
    return found


def dead_links(path: Path, text: str) -> list[str]:
    dead = []
    for match in LINK.finditer(prose(text)):
        target = unquote(match["target"])
        if re.match(r"[a-z]+:", target):
            continue
        place, _, fragment = target.partition("#")
        file = (path.parent / place).resolve() if place else path
        there = file.exists() and file.is_relative_to(ROOT)
        known = (
            anchors(text if file == path else file.read_text(encoding="utf-8")) if there and fragment else {fragment}
        )
        if not there or fragment not in known:
            dead.append(target)
    return dead


@pytest.mark.parametrize("path", DOCUMENTS, ids=label)
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    assert dead_links(path, path.read_text(encoding="utf-8")) == []


def test_there_are_links_to_check() -> None:
    links = [target for path in DOCUMENTS for target in LINK.findall(path.read_text(encoding="utf-8"))]
    assert sum("#" in target for target in links) >= 3
    assert sum(":" not in target for target in links) >= 15


def test_the_check_notices_dead_links() -> None:
    text = (
        "# A `b` c\n[1](README.md) [2](nowhere.md) [3](#a-b-c) [4](#d) [5](README.md#no-such) [6](https://a.example)\n"
    )
    assert dead_links(ROOT / "GLOSSARY.md", text) == ["nowhere.md", "#d", "README.md#no-such"]


def test_every_path_that_readme_lists_exists() -> None:
    paths = [line.split()[0] for body in bodies(read("README.md"), "text") for line in body.splitlines()]
    assert len(paths) >= 10
    assert [path for path in paths if not (ROOT / path).exists()] == []


def absent(text: str) -> list[str]:
    """Words in code that look like a path and are none."""
    paths = [piece for piece in in_code(prose(text)) if "/" in piece or piece in {"Makefile", "LICENSE"}]
    return [path for path in paths if not (ROOT / path).exists()]


def test_every_file_that_the_levels_of_rap_are_shown_by_exists() -> None:
    text = read("docs/rap.md")
    assert len({piece for piece in in_code(prose(text)) if "/" in piece}) >= 15
    assert [path for path in absent(text) if path not in {"data/", "responses/"}] == []
    assert absent("`docs/no-such.md` `docs/rap.md` `Makefile` `word`\n") == ["docs/no-such.md"]


def test_the_readme_names_every_programme_and_every_report() -> None:
    programmes = [name for row in table(read("README.md"), "programme") for name in in_code(row[0])]
    assert sorted(programmes) == sorted(path.stem for path in (ROOT / "programmes").glob("[a-z]*.yaml"))
    reports = [name for row in table(read("README.md"), "report") for name in in_code(row[0])]
    assert reports == sorted(path.stem for path in (ROOT / "notebooks").glob("[0-9]*.ipynb"))


def test_every_picture_has_words_for_those_who_do_not_see_it() -> None:
    pictures = [text for path in DOCUMENTS for text in re.findall(r"!\[([^\]]*)\]\(", read(label(path)))]
    assert len(pictures) >= 1
    assert [words for words in pictures if len(words) < 30] == []


# --- make -------------------------------------------------------------------------------------------------------------


def make_targets(makefile: str) -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))


def named_targets(text: str) -> set[str]:
    """Words after `make` in code, not in prose."""
    code = bodies(text, "console") + in_code(prose(text))
    return {word for piece in code for word in re.findall(r"^(?:\$ )?make ([a-z][a-z-]*)", piece, re.MULTILINE)}


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_every_make_target_is_named_and_no_other(name: str) -> None:
    targets = make_targets(read("Makefile"))
    assert {"report", "test", "check", "lab"} <= targets
    assert named_targets(read(name)) == targets


def test_the_check_reads_targets_from_code_only() -> None:
    text = "without make or rights\n```console\n$ make report\nmake lab\n```\n`make test` and `make`\n"
    assert named_targets(text) == {"report", "lab", "test"}
    assert make_targets(".PHONY: a b\na: x  ## does\n\t@b: c\nX := y\n$(Z): w\n") == {"a"}


# --- error codes, rules, layers ---------------------------------------------------------------------------------------


def codes_used(source: str) -> set[str]:
    """Codes that stand alone in a string, as an error is raised with them; docstrings only mention them."""
    return {
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value)
    }


def test_every_error_code_is_used_and_every_code_used_is_in_the_catalogue() -> None:
    sources = [path for path in (ROOT / "evalkit").rglob("*.py") if path != ROOT / "evalkit" / "errors.py"]
    used = {code for path in sources for code in codes_used(path.read_text(encoding="utf-8"))}
    assert len(CODES) > 15
    assert sorted(used - set(CODES)) == []
    assert sorted(set(CODES) - used) == []


def test_every_code_that_a_text_mentions_is_in_the_catalogue() -> None:
    texts = [*DOCUMENTS, *(ROOT / "evalkit").rglob("*.py")]
    mentioned = {code for path in texts for code in CODE.findall(path.read_text(encoding="utf-8"))}
    families = {code[:3] for code in CODES}
    assert sorted(code for code in mentioned if code[:3] in families and code not in CODES) == []


def test_the_check_tells_a_use_from_a_mention() -> None:
    assert codes_used('"""DAT-001 when."""\nraise E(P("DAT-002", f"{x} DAT-003"))\n') == {"DAT-002"}


@pytest.mark.parametrize("path", [HOW_TO_CHECK, ROOT / "CONTRIBUTING.md"], ids=label)
def test_every_rule_is_described(path: Path) -> None:
    rows = table(path.read_text(encoding="utf-8"), "rule")
    named = [name for row in rows for name in in_code(row[0])]
    assert len(named) == len(set(named)) == len(rows)
    assert set(named) == set(RULES)
    assert [row[0] for row in rows if not all(row)] == []


def test_contributing_has_the_layers_of_pyproject() -> None:
    contracts = tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    declared = [re.findall(r"\w+", layer) for layer in contracts[0]["layers"]]
    assert len(declared) > 10
    assert [in_code(row[0]) for row in table(read("CONTRIBUTING.md"), "layer")] == declared


# --- versions, words, data --------------------------------------------------------------------------------------------


def test_citation_and_changelog_name_the_version() -> None:
    citation = YAML(typ="safe").load(read("CITATION.cff"))
    assert {"cff-version", "message", "title", "authors", "license", "date-released"} <= set(citation)
    assert citation["cff-version"] == "1.2.0"
    assert str(citation["version"]) == evalkit.__version__
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})$", read("CHANGELOG.md"), re.MULTILINE)
    assert released[0] == (evalkit.__version__, citation["date-released"])


def glossary_terms(text: str) -> list[str]:
    lines = [line for line in text.splitlines() if line.startswith("-")]
    matches = [TERM.match(line) for line in lines]
    assert all(matches), f"not a term: {[line for line, match in zip(lines, matches, strict=True) if not match]}"
    return [match["term"].casefold() for match in matches if match]


def test_the_glossary_is_alphabetical() -> None:
    terms = glossary_terms(read("GLOSSARY.md"))
    assert len(terms) > 40
    assert terms == sorted(set(terms))


def test_the_glossary_has_every_verdict() -> None:
    from evalkit.published.verdicts import VERDICTS

    assert set(VERDICTS) <= set(glossary_terms(read("GLOSSARY.md")))


def test_the_check_notices_a_line_that_is_no_term() -> None:
    assert glossary_terms("# G\n\n- **b**: x\n  more\n- **A**: y\n") == ["b", "a"]
    with pytest.raises(AssertionError, match="not a term"):
        glossary_terms("- no term\n")


def dictionary_of(csv: str, sections: dict[str, list[str]]) -> list[str] | None:
    """Columns under the heading that names the file, else under the first pattern that matches it."""
    if csv in sections:
        return sections[csv]
    return next((columns for pattern, columns in sections.items() if fnmatch.fnmatch(csv, pattern)), None)


def data_dictionary(text: str) -> dict[str, list[str]]:
    parts = re.split(r"^### `([^`]+)`$", text, flags=re.MULTILINE)[1:]
    return {
        heading: [name for row in table(body, "column") for name in in_code(row[0])]
        for heading, body in zip(parts[::2], parts[1::2], strict=True)
    }


ALL_DATA = sorted(path.relative_to(ROOT / "data").as_posix() for path in (ROOT / "data").rglob("*.csv"))
# The columns of synthetic answers are the items of their survey: the next test but one.
DATA = [csv for csv in ALL_DATA if not csv.startswith("synthetic/")]


@pytest.mark.parametrize("csv", DATA)
def test_the_data_dictionary_names_exactly_the_columns(csv: str) -> None:
    seen = list(pd.read_csv(ROOT / "data" / csv, nrows=0).columns)
    assert dictionary_of(csv, data_dictionary(read("data/README.md"))) == seen


def test_there_is_data_and_no_section_without_it() -> None:
    sections = data_dictionary(read("data/README.md"))
    assert len(DATA) >= 15
    assert [pattern for pattern in sections if not fnmatch.filter(ALL_DATA, pattern)] == []
    logged = {name.rstrip("/") for row in table(read("data/README.md"), "folder") for name in in_code(row[0])}
    assert logged == {path.name for path in (ROOT / "data").iterdir() if path.is_dir()}


def test_the_columns_of_synthetic_answers_are_the_items_of_their_survey() -> None:
    from evalkit.instruments import form_at, load_instrument

    form = form_at(load_instrument("return-to-work-transition"), "after")
    items = [item.id for item in form.items if item.kind != "information"]
    seen = list(pd.read_csv(ROOT / "data" / "synthetic" / "return-to-work-after.csv", nrows=0).columns)
    assert seen == ["respondent", *items]


def test_the_check_prefers_the_section_of_the_file() -> None:
    text = "### `a/*.csv`\n| column | type |\n|---|---|\n| `x` | text |\n\n### `a/b.csv`\n| column |\n|---|\n| `y` |\n"
    sections = data_dictionary(text)
    assert dictionary_of("a/b.csv", sections) == ["y"]
    assert dictionary_of("a/c.csv", sections) == ["x"]
    assert dictionary_of("c/c.csv", sections) is None
