from __future__ import annotations

from evalkit.instruments.sheet import included, plain, read_sheet
from evalkit.instruments.tree import read_tree


def test_defaults_pass_down_and_rows_overrule() -> None:
    text = """\
sections:
  a:
    title: A
    required: true
    items:
      g:
        kind: matrix
        text: T
        options: o
        rows:
          x: X
          y: {text: Y, required: false}
      d: {kind: date, text: D, required: false}
"""
    sheet = read_sheet(read_tree(text, "x.yaml")[0], "x.yaml", {})
    assert sheet.problems == []
    (section,) = sheet.data["sections"]  # type: ignore[misc]
    assert [item["required"] for item in section["items"]] == [True, False, False]
    assert section["matrices"] == [{"id": "g", "text": "T"}]
    assert sheet.place(("items", "x", "required")) == "x.yaml, line 4"
    assert sheet.place(("items", "y", "required")) == "x.yaml, line 12"
    assert sheet.place(("items", "x", "options")) == "x.yaml, line 9"
    assert sheet.place(("nothing",)) == "x.yaml, line 1"


def test_included_blocks_are_listed() -> None:
    tree, _ = read_tree("include: [_a]\nsections:\n  s:\n    include: _b\n", "x.yaml")
    assert list(included(tree)) == [("_a", 1), ("_b", 4)]
    assert plain(tree) == {"include": ["_a"], "sections": {"s": {"include": "_b"}}}


def test_both_means_mentee_and_mentor() -> None:
    sheet = read_sheet(read_tree("audience: both\n", "x.yaml")[0], "x.yaml", {})
    assert sheet.data["audience"] == ["mentee", "mentor"]
