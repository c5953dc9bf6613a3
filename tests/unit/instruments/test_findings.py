from __future__ import annotations

from evalkit.instruments.findings import RULES, Finding, all_findings
from evalkit.instruments.model import Instrument


def test_a_finding_names_place_and_path() -> None:
    finding = Finding("INS-014", ("scales", "liking", "reverse"), "found", "expected", "Mend it.")
    assert str(finding.problem("x.yaml, line 3")) == (
        "INS-014 x.yaml, line 3, scales.liking.reverse: found; expected expected. Mend it."
    )


def test_all_rules_are_applied(small: Instrument) -> None:
    broken = small.changed(id="Small", scales=(small.scales[0].changed(reverse=("nobody",)),))
    assert {"INS-010", "INS-014"} <= {finding.code for finding in all_findings(broken)}
    assert RULES["reverse_items"](small) is not None
