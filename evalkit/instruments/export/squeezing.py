"""Scripts and styles without what only their readers need: comments, indents and blanks; every name stays.

What is taken away is never more than a blank: a line break stays wherever JavaScript could take it for the end of a
statement, and texts, templates and patterns stay letter by letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_TEXT = r'"(?:\\.|[^"\\\n])*"|' + r"'(?:\\.|[^'\\\n])*'"
_TOKEN = re.compile(
    rf"(?P<blank>(?:\s|//[^\n]*|/\*.*?\*/)+)|(?P<text>{_TEXT})|(?P<word>[\w$]+)|(?P<sign>.)",
    re.DOTALL,
)
_PATTERN = re.compile(r"/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+/[a-z]*")
# A slash behind one of these, or behind a word that wants a value, begins a pattern and is no division; one behind a
# closing bracket is taken for a division.
_BEFORE_VALUE = frozenset("(,=:[!&|?{};>+-*<~^%")
_WANTING = frozenset({"return", "typeof", "case", "in", "of", "void", "delete", "throw"})
# No statement ends behind the first, and none begins with the second.
_GOES_ON = frozenset("{([;,&|?:=>")
_BELONGS = frozenset("})].?:&|;,")
_TOGETHER = re.compile(r"[\w$][\w$]|\+\+|--|/.|./|<!|->", re.DOTALL)
_STYLE = re.compile(rf"({_TEXT})|/\*.*?\*/", re.DOTALL)


def squeezed_script(script: str) -> str:
    r"""Take the comments and needless blanks out of a JavaScript.

    Parameters
    ----------
    script : str
        The source.

    Returns
    -------
    str
        What does the same.

    Examples
    --------
    >>> squeezed_script("// Adds.\nconst add = (a, b) => {\n  return a + b;\n};")
    'const add=(a,b)=>{return a+b;};'
    """
    out: list[str] = []
    blank = ""
    for token, is_blank in _tokens(script):
        if is_blank:
            blank = token
            continue
        if out and blank:
            out.append(_between(out[-1][-1], token[0], broken="\n" in blank))
        out.append(token)
        blank = ""
    return "".join(out)


def _tokens(script: str) -> Iterator[tuple[str, bool]]:
    """Part a script into texts, templates, patterns, words and signs, and what lies between them, which is told."""
    at, before = 0, ""
    while at < len(script):
        found = _TOKEN.match(script, at)
        kind, token = (found.lastgroup, found.group()) if found else ("sign", script[at])
        wanted = not before or before[-1] in _BEFORE_VALUE or before in _WANTING
        if kind == "sign" and script[at] == "`":
            token = script[at : _end_of_template(script, at)]
        elif kind == "sign" and script[at] == "/" and wanted and (pattern := _PATTERN.match(script, at)):
            token = pattern.group()
        before = before if kind == "blank" else token
        yield token, kind == "blank"
        at += len(token)


def _end_of_template(script: str, at: int) -> int:
    """Find where a template ends; what is put into it may hold texts and templates of its own."""
    at += 1
    while script[at] != "`":
        if script[at] == "\\":
            at += 2
        elif script.startswith("${", at):
            at = _end_of_value(script, at + 2)
        else:
            at += 1
    return at + 1


def _end_of_value(script: str, at: int) -> int:
    depth = 1
    while depth:
        found = re.compile(_TEXT).match(script, at)
        if script[at] == "`":
            at = _end_of_template(script, at)
            continue
        depth += {"{": 1, "}": -1}.get(script[at], 0)
        at = found.end() if found else at + 1
    return at


def _between(left: str, right: str, *, broken: bool) -> str:
    """Tell what has to stand between two signs that a blank parted."""
    if broken and left not in _GOES_ON and right not in _BELONGS:
        return "\n"
    return " " if _TOGETHER.fullmatch(f"{left}{right}") else ""


def squeezed_style(style: str) -> str:
    """Take the comments and needless blanks out of a style sheet.

    Parameters
    ----------
    style : str
        The source.

    Returns
    -------
    str
        What does the same.

    Examples
    --------
    >>> squeezed_style('/* Big. */ .page > p, h1 { margin: 0 .5rem; content: "a:  b"; }')
    '.page>p,h1{margin:0 .5rem;content:"a:  b"}'
    """
    parts = re.split(f"({_TEXT})", _STYLE.sub(r"\1", style))
    return "".join(text if at % 2 else _without_blanks(text) for at, text in enumerate(parts)).strip()


def _without_blanks(style: str) -> str:
    single = re.sub(r"\s+", " ", style)
    tight = re.sub(r" ?([{};,>]) ?|(:) | (!)", r"\1\2\3", single)
    return tight.replace(";}", "}")
