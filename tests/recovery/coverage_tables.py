"""Write the measured coverage on the method pages again from the committed results, after `make recovery`.

Run it in `tests`: `python -m recovery.coverage_tables`. A page goes on quoting the cases that it quoted.
"""

from __future__ import annotations

import re
import sys

import pandas as pd
from documents import ROOT
from recovery import study

METHODS = ROOT / "docs" / "methods"
RESULTS = "tests/recovery/results/"
GONE = "not among the committed results"
TABLE = re.compile(
    rf"^\| `{RESULTS}(?P<topic>\w+)\.csv` \|(?P<head>[^\n]*\n\|[-|]+\n)(?P<rows>(?:\|[^\n]*\n)+)", re.MULTILINE
)


def row_of(name: str, kept: pd.DataFrame) -> str:
    """One row of a page: the case, people, coverage, and why it is not what one would like."""
    if name not in kept.index:
        return f"| {name} | - | - | {GONE} |\n"
    row = kept.loc[name]
    note = str(row["note"]) if isinstance(row["note"], str) and row["note"] and row["expect"] != "covers" else ""
    told = f"{row['expect']}: {note}" if note else str(row["expect"])
    return f"| {name} | {int(row['n']):,} | {float(row['coverage']):.3f} | {told} |\n"


def rewritten(text: str) -> str:
    """Text of a page with its tables of coverage as the committed results have them."""

    def table(match: re.Match[str]) -> str:
        kept = study.committed(match["topic"]).set_index("case")
        names = [line.split(" | ")[0].removeprefix("| ") for line in match["rows"].splitlines()]
        rows = "".join(row_of(name, kept) for name in names)
        return f"| `{RESULTS}{match['topic']}.csv` |{match['head']}{rows}"

    return TABLE.sub(table, text)


def main() -> int:
    for page in sorted(METHODS.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        if rewritten(text) != text:
            page.write_text(rewritten(text), encoding="utf-8")
            sys.stdout.write(f"Written: {page.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
