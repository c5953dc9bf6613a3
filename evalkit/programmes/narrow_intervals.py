"""How close to no difference an interval must lie for its words to say how large a difference it leaves room for."""

from __future__ import annotations

# An interval that holds no difference is narrow when all of it lies within these: a share of the length of the scale, a
# difference of proportions, standard deviations, and a ratio either way round.
NARROW_ON_SCALE = 0.04
NARROW_SHARE = 0.03
NARROW_SDS = 0.2
NARROW_RATIO = 1.1
# The same for a plan.
NARROW_RULE = (
    "Where all of it is close to no difference, the report says how large a difference could at most be: within "
    f"{100 * NARROW_ON_SCALE:g} % of the length of a scale, {100 * NARROW_SHARE:g} percentage points, "
    f"{NARROW_SDS:g} standard deviations, or a ratio of {NARROW_RATIO:g} either way round."
)
