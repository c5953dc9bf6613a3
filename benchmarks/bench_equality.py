"""All equality indicators on 1.5 million staff x 5 years. Run: python benchmarks/bench_equality.py [staff]."""

from __future__ import annotations

import resource
import sys
import time
import warnings
from collections.abc import Callable

import pandas as pd

from evalkit.equality.composition import representation
from evalkit.equality.disparity import disparity_ratio
from evalkit.equality.inputs import Workforce
from evalkit.equality.likelihood import relative_likelihood
from evalkit.equality.mappings import band_label, ethnic_group, exit_type
from evalkit.equality.pay import ExtremePayWarning, pay_gap
from evalkit.equality.plan import edi_plan
from evalkit.equality.race_standard import wres
from evalkit.equality.stability import stability_index
from evalkit.equality.survey_gaps import survey_gap
from evalkit.equality.turnover import leaver_rate
from evalkit.simulate.workforce import simulate_workforce

STAFF, YEARS, SEED = 1_500_000, 5, 20260331
SECONDS, GIGABYTES = 20.0, 4.0


def gigabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def indicators(frames: dict[str, pd.DataFrame]) -> dict[str, Callable[[], object]]:
    staff, gone, funnel = frames["staff_in_post"], frames["leavers"], frames["recruitment"]
    survey = frames["survey"]
    survey = survey[survey["characteristic"].astype(str) == "ethnicity"]
    listed = funnel[funnel["shortlisted"]]
    return {
        "representation": lambda: representation(staff, group="bme", band="band_label", year="year"),
        "relative_likelihood": lambda: relative_likelihood(
            listed, group="bme", outcome="appointed", reference="BME", comparison="white", year="year"
        ),
        "disparity_ratio": lambda: disparity_ratio(staff, group="bme", band="band_label", year="year"),
        "pay_gap": lambda: pay_gap(
            frames["pay"], sex="sex", hourly="hourly", bonus="bonus", full_pay="full_pay", year="year"
        ),
        "leaver_rate": lambda: leaver_rate(
            staff, gone, exit_type="exit_type", fte="fte", by="bme", reference="white", unmatched="count"
        ),
        "stability_index": lambda: stability_index(staff, gone, exit_type="exit_type", started="started", fte="fte"),
        "survey_gap": lambda: survey_gap(
            survey, group="group", reference="white", comparison="BME", agreed="agreed", answered="answered",
            question="question", year="year",
        ),
    }  # fmt: skip


def grouped(frames: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Name the groups of every row once; every indicator above needs them."""
    staff = frames["staff_in_post"]
    year = staff["snapshot"].dt.year.astype("category")
    staff = staff.assign(bme=ethnic_group(staff["ethnicity"]), band_label=band_label(staff["band"]), year=year)
    pay = frames["pay"].assign(sex=staff["sex"], year=year)
    gone = frames["leavers"].assign(exit_type=exit_type(frames["leavers"]["reason"]))
    funnel = frames["recruitment"].assign(bme=ethnic_group(frames["recruitment"]["ethnicity"]))
    return frames | {"staff_in_post": staff, "pay": pay, "leavers": gone, "recruitment": funnel}


def main() -> None:
    staff = int(sys.argv[1]) if len(sys.argv) > 1 else STAFF
    warnings.simplefilter("ignore", ExtremePayWarning)
    made = dict(simulate_workforce(n=staff, years=YEARS, seed=SEED).frames)
    print(f"{staff:,} staff x {YEARS} years; targets for {STAFF:,}: {SECONDS:g} s, {GIGABYTES:g} GB")
    print(f"made: {gigabytes():.2f} GB at most so far")
    total, processor = 0.0, time.process_time()
    start = time.perf_counter()
    frames = grouped(made)
    total += time.perf_counter() - start
    print(f"{'groups named once':<22} {total:>8.2f} s")
    for name, of in indicators(frames).items():
        start = time.perf_counter()
        of()
        seconds = time.perf_counter() - start
        total += seconds
        print(f"{name:<22} {seconds:>8.2f} s")
    workforce = Workforce(made)
    for name, whole in (("wres", wres), ("edi_plan", edi_plan)):
        start = time.perf_counter()
        whole(workforce)
        seconds = time.perf_counter() - start
        total += seconds
        print(f"{name:<22} {seconds:>8.2f} s")
    processor = time.process_time() - processor
    print(f"{'all':<22} {total:>8.2f} s ({processor:.2f} s of the processor), {gigabytes():.2f} GB at most")
    print(f"within targets: {'yes' if total < SECONDS and gigabytes() < GIGABYTES else 'NO'}")


if __name__ == "__main__":
    main()
