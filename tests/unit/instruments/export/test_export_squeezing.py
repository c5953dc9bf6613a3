"""A squeezed script does what its source does, and a squeezed style says what its source says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from evalkit.instruments.export import html
from evalkit.instruments.export.squeezing import squeezed_script, squeezed_style

HOME = Path(html.__file__).parent
# Source, and what is left of it; each gives a value, which node tells to be the same.
SCRIPTS = {
    "comments": ("// one\nconst a = 1; // two\n/* three\n */ a", "const a=1;a"),
    "a comment in a text": ('"// no /* comment */"', '"// no /* comment */"'),
    "an escaped mark": (r"""'it\'s // it' + "\"  a" """, r"""'it\'s // it'+"\"  a" """.strip()),
    "a template": (
        '`a  ${ { b: `c  ${1 + 1}` }.b + "}  `" }  // d`',
        '`a  ${ { b: `c  ${1 + 1}` }.b + "}  `" }  // d`',
    ),
    "a mark in a template": (r"`\`  \${` + 1", r"`\`  \${`+1"),
    "a pattern": (r'"a // b".replace( /[/"]  ?\/  /g , "c")', r'"a // b".replace( /[/"]  ?\/  /g,"c")'),
    "a pattern behind a word": ('(() => { return /"  a/.test("x") })()', '(()=>{return /"  a/.test("x")})()'),
    "a division": ("const a = 8, g = 2; a / 2 / g", "const a=8,g=2;a / 2 / g"),
    "signs that join": ("let a = 1; a + +a - -a + a++ - --a", "let a=1;a+ +a- -a+a++- --a"),
    "words that join": ("const a = {}; void 0 in a, typeof a", "const a={};void 0 in a,typeof a"),
    "a comment of HTML": ("let a = 1; 2 < !--a", "let a=1;2< !--a"),
    "a break ends a statement": ("let a = 1\nlet b = 2\na\n++b\na + b", "let a=1\nlet b=2\na\n++b\na+b"),
    "a break behind return": ("(() => {\n  return\n  1;\n})() ?? 2", "(()=>{return\n1;})()??2"),
    "a break after a function": (
        "const f = function () { return 3 }\n[1].length",
        "const f=function(){return 3}\n[1].length",
    ),
    "a chain": ("[3, 1]\n  .map((x) => x + 1)\n  .length", "[3,1].map((x)=>x+1).length"),
    "a class": ("class A { static b = 1\n  static c = 2 }\nA.c", "class A{static b=1\nstatic c=2}\nA.c"),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_is_left_of_a_script(name: str) -> None:
    source, expected = SCRIPTS[name]
    assert squeezed_script(source) == expected
    assert squeezed_script(expected) == expected


def test_node_finds_the_same_in_both() -> None:
    node = shutil.which("node")
    if node is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have node")
        pytest.skip("node is not installed")
    call = """
    const vm = require("vm");
    const run = (one) => { try { return String(vm.runInNewContext(one)); } catch (error) { return error.name; } };
    console.log(JSON.stringify(JSON.parse(require("fs").readFileSync(0, "utf8")).map((pair) => pair.map(run))));
    """
    pairs = [[source, squeezed_script(source)] for source, _ in SCRIPTS.values()]
    done = subprocess.run([node, "-e", call], input=json.dumps(pairs), capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert [left for left, _ in found] == [right for _, right in found]
    assert len({left for left, _ in found}) > len(SCRIPTS) / 2


def test_our_own_script_keeps_all_but_blanks_and_comments() -> None:
    source = (HOME / "form.js").read_text(encoding="utf-8")
    left = squeezed_script(source)
    bare = re.sub(r"^ *//.*$", "", source, flags=re.MULTILINE)
    assert re.sub(r"\s", "", left) == re.sub(r"\s", "", bare)
    assert squeezed_script(left) == left
    assert len(left) < 0.8 * len(source)
    # Texts with blanks are whole.
    texts = set(re.findall(r'"[^"\n]*"', bare))
    assert all(text in left for text in texts)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a  b ,\n c > d + e { margin : 0 ; }", "a b,c>d + e{margin :0}"),
        ("tbody td :not( .x ) { width: calc(1px + 2rem); }", "tbody td :not( .x ){width:calc(1px + 2rem)}"),
        (
            "@media screen and (min-width: 46rem) {\n  a { b: c !important; }\n}",
            "@media screen and (min-width:46rem){a{b:c!important}}",
        ),
        ("a { content: ' ; }  /* no */' } /* yes; } */ b { }", "a{content:' ; }  /* no */'}b{}"),
    ],
)
def test_what_is_left_of_a_style(source: str, expected: str) -> None:
    assert squeezed_style(source) == expected
    assert squeezed_style(expected) == expected


def test_our_own_style_keeps_all_but_blanks_and_last_semicolons() -> None:
    source = (HOME / "form.css").read_text(encoding="utf-8")
    bare = [re.sub(r"\s", "", text).replace(";}", "}") for text in (source, squeezed_style(source))]
    assert bare[0] == bare[1]
    assert len(squeezed_style(source)) < 0.9 * len(source)
