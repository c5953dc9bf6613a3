"""Text cells and the page: nothing active, nothing loaded, headings in order."""

from __future__ import annotations

import re

import pytest
from pages import faults

from evalkit.errors import ReportError
from evalkit.report.layout import Entry, first_heading_problem, index_page, page, read_entry
from evalkit.report.markdown import markdown_html

FOOTER = {"evalkit": "1", "Parameters": '{"a": "<b>"}'}


def _text(source: str) -> dict[str, object]:
    return {"cell_type": "markdown", "source": source}


# --- markdown ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "a <script>alert(1)</script> b",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "<style>@import url(http://e.vil)</style>",
        '<meta http-equiv="refresh" content="0;url=http://e.vil">',
        "<iframe src='http://e.vil'></iframe>",
        "<!-- a --><script>alert(1)</script><!-- b -->",
        "<scr<!-- x -->ipt>alert(1)</script>",
        "# <b onclick=x>h</b>",
        "| <i>a</i> |\n|--|\n| <u>b</u> |",
        "```mermaid\n</pre><script>alert(1)</script>\n```",
        "```python\n<script>\n```",
        '```"><script>x\n1\n```',
        "    <script>",
        "`<script>`",
        "$<script>$",
        "$$<script>$$",
        "\\begin{a}<script>\\end{a}",
        "- <script>",
        "> <script>",
        "[<script>](http://a.b)",
        '[x](http://a.b "<script>")',
        '[x](http://a.b/"onmouseover="x)',
        "<http://a.b/<script>>",
    ],
)
def test_html_in_markdown_is_printed_not_obeyed(source: str):
    body = markdown_html(source, "here")
    assert faults(body) == []
    safe = "p|h1|table|thead|tbody|tr|th|td|pre|code|ul|li|blockquote|a|em|strong"
    assert set(re.findall(r"<\s*/?([a-zA-Z!][\w!-]*)", body)) <= set(safe.split("|"))
    assert set(re.findall(r"<[^>]*?\s([\w-]+)=", body)) <= {"href", "rel", "title", "style"}


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java&#115;cript:alert(1)",
        "&#x6A;avascript:alert(1)",
        "<java\tscript:alert(1)>",
        "vbscript:x",
        "data:text/html;base64,AAAA",
        "file:///etc/passwd",
        "//e.vil/x",
        "other.html",
    ],
)
def test_a_link_that_is_not_safe_keeps_its_text_only(target: str):
    body = markdown_html(f"[words]({target})", "here")
    assert "<a" not in body
    assert "words" in body


@pytest.mark.parametrize("target", ["https://a.b/c?d=1&e=2", "http://a.b", "mailto:a@b.c", "#s1"])
def test_a_link_to_the_web_a_mailbox_or_the_page_works(target: str):
    assert f'href="{target.replace("&", "&amp;")}"' in markdown_html(f"[words]({target})", "here")


def test_a_bare_address_becomes_a_link():
    assert '<a href="https://a.b/c" rel="noreferrer">' in markdown_html("see https://a.b/c there", "here")


@pytest.mark.parametrize(
    "source", ["![alt](http://e.vil/x.png)", "![](data:image/png;base64,AAAA)", "![a](attachment:x.png)", "![a](x.png)"]
)
def test_a_picture_is_refused(source: str):
    with pytest.raises(ReportError, match="REP-003 text cell 3: a picture"):
        markdown_html(source, "text cell 3")
    assert markdown_html("no picture", "text cell 4").strip() == "<p>no picture</p>"


def test_comments_are_dropped():
    assert markdown_html("a <!-- secret --> b\n\n<!-- block -->\n\nc", "here").count("secret") == 0


def test_plain_markdown_works():
    body = markdown_html("**b** *i* `c`\n\n- x\n\n| a | b |\n|---|--:|\n| 1 | 2 |", "here")
    for part in ("<strong>b</strong>", "<em>i</em>", "<code>c</code>", "<li>x", "<table>", "<th"):
        assert part in body


# --- page ----------------------------------------------------------------------------------------------------------


def test_titles_are_escaped_once():
    html, title, summary = page([_text("# Pay & <gaps>\n\nFirst *words*.\n\n## A & B")], FOOTER)
    assert title == "Pay & <gaps>"
    assert "<title>Pay &amp; &lt;gaps&gt;</title>" in html
    assert ">A &amp; B</a></li>" in html
    assert "&amp;amp;" not in html
    assert summary == "First words."
    index = index_page([Entry("x.html", title, summary)], FOOTER)
    assert '<a href="x.html">Pay &amp; &lt;gaps&gt;</a>' in index
    assert "<p>First words.</p>" in index
    assert read_entry("x.html", html) == Entry("x.html", title, summary)
    assert read_entry("y.html", "<title>Somebody else's</title>") is None


def test_headings_have_keys_of_their_own_and_the_contents_lead_to_them():
    html, _, _ = page([_text("# A\n\n## B"), _text("## B"), _text("### C\n\n## B"), _text("## \u6f22")], FOOTER)
    keys = re.findall(r'<h\d id="([^"]+)"', html)
    assert len(keys) == 6
    assert len(set(keys)) == 6
    linked = re.findall(r'<li><a href="#([^"]+)"', html)
    assert len(linked) == 4
    assert set(linked) <= set(keys)


def test_the_footer_is_escaped_and_complete():
    html, _, _ = page([_text("# A")], FOOTER)
    assert "<dt>evalkit</dt><dd>1</dd>" in html
    assert "{&#34;a&#34;: &#34;&lt;b&gt;&#34;}" in html


def test_the_page_may_load_and_send_nothing():
    html, _, _ = page([_text("# A")], FOOTER)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy is not None
    for rule in ("default-src 'none'", "img-src data:", "form-action 'none'", "base-uri 'none'"):
        assert rule in policy[1]


def test_outputs_without_a_mark_and_code_are_not_on_the_page():
    outputs = [
        {"output_type": "stream", "name": "stderr", "text": "SECRET-1"},
        {"output_type": "display_data", "data": {"text/html": "SECRET-2"}, "metadata": {}},
        {"output_type": "display_data", "data": {"text/html": "<p>fine</p>"}, "metadata": {"evalkit": {}}},
        {"output_type": "display_data", "data": {"text/plain": "SECRET-3"}, "metadata": {}},
        {"output_type": "display_data", "data": {"text/plain": "a <b> & c"}, "metadata": {"evalkit": {}}},
    ]
    cells = [
        _text("# A"),
        {"cell_type": "code", "source": "SECRET-4", "outputs": outputs},
        {"cell_type": "raw", "source": "SECRET-5"},
    ]
    html, _, _ = page(cells, FOOTER)
    assert "<p>fine</p>" in html
    assert "a &lt;b&gt; &amp; c</pre>" in html
    assert "SECRET" not in html


@pytest.mark.parametrize(
    ("sources", "wrong"),
    [
        (["# A\n\n## B\n\n### C\n\n## D"], None),
        (["# A", "## B"], None),
        (["## A & B"], "A & B"),
        (["# A", "### C"], "C"),
        (["# A", "# B"], "B"),
        (["words"], "Where this comes from"),
    ],
)
def test_the_first_heading_out_of_order_is_found(sources: list[str], wrong: str | None):
    html, _, _ = page([_text(source) for source in sources], FOOTER)
    assert first_heading_problem(html) == wrong


def test_a_report_without_a_title_or_text_is_still_a_page():
    html, title, summary = page([], FOOTER)
    assert (title, summary) == ("Report", "")
    assert '<html lang="en-GB">' in html


@pytest.mark.parametrize(
    "planted",
    [
        "<script>x</script>",
        "<img src=http://e.vil/x.png>",
        "<img src=x onerror=y>",
        "<a href='javascript:x'>y</a>",
        "<a href=' javascript:x'>y</a>",
        "<link href='http://e.vil/x.css'>",
        "<style>@import 'x'</style>",
        "<p style='background:url(x)'>",
        "<meta http-equiv=Refresh content=0>",
        "<svg><use xlink:href='http://e.vil'/></svg>",
    ],
)
def test_the_check_for_active_content_notices_what_is_planted(planted: str):
    assert faults(f"<p>{planted}</p>") != []
    assert (
        faults("<p><a href='#a'>b</a><a href='https://a.b'>c</a><img src='data:image/svg+xml;base64,AA' alt=x>") == []
    )
