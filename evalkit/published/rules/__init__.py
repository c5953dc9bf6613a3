"""The rules that recompute a printed number from the numbers printed beside it.

A rule takes the printed row and all figures of its source and returns a `Finding`. The column `check` of a published
CSV names the rule, so that a new source needs no code where these rules suffice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from evalkit.published.rules import means, ratios, shares
from evalkit.published.sources import Figures, PrintedRow
from evalkit.published.verdicts import Finding

Rule = Callable[[PrintedRow, Figures], Finding]


def _none(row: PrintedRow, _: Figures) -> Finding:
    return Finding("not recomputable", row.note or "what it was computed from is not printed")


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "none": _none,
        # shares and counts
        "share": shares.share,
        "share_of_row": shares.share_of_row,
        "distribution": shares.distribution,
        "remaining_share": shares.remaining_share,
        "life_table": shares.life_table,
        "total": shares.total,
        "majority": shares.majority,
        "fisher": shares.fisher,
        "fisher_unadjusted": shares.fisher_unadjusted,
        # means and standard deviations
        "grim": means.grim_mean,
        "grimmer": means.grimmer_sd,
        "per_cent_change": means.per_cent_change,
        "mean_difference": means.mean_difference,
        "two_means": means.two_means,
        "paired_claim": means.paired_claim,
        # a point inside its interval
        "midpoint": ratios.midpoint,
        "log_midpoint": ratios.log_midpoint,
    }
)

# The rules that judge a statement; all others want a number.
CLAIM_RULES = frozenset({"none", "majority", "fisher_unadjusted", "paired_claim"})
