"""Write staff.csv, the synthetic staff with their weights that weighting.R reads: `python weighting.py`."""

from __future__ import annotations

from pathlib import Path

from evalkit.retention.building import cohort
from evalkit.retention.weighting import propensity_weights
from evalkit.simulate import simulate_staff

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Make 120 staff, mentored on entry, in whole months, with delayed entry."""
    made = simulate_staff(
        120, hazard_ratio=0.6, seed=11, mentoring="entry", mentored_share=0.4, before=12, months=36, rounded=True
    )
    people = cohort(made.staff, **made.roles, covariates=["age_band", "previous_service"])  # type: ignore[arg-type]
    weights = propensity_weights(people, covariates=["previous_service"])
    frame = people.spells()[["start", "stop", "event", "mentored"]].assign(weight=weights.each[people.person])
    frame.insert(0, "id", range(1, len(frame) + 1))
    frame.to_csv(HERE / "staff.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
