"""How long the surveys take: the whole library read, every survey to every platform, scores, reliability.

Run: python benchmarks/bench_surveys.py. Seconds of the clock and of the processor; targets are those of the project.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from evalkit import export_survey, load_instrument, reliability, score
from evalkit.instruments.export import PLATFORMS
from evalkit.instruments.library import read_library
from evalkit.instruments.waves import form_at

PEOPLE = 100_000


def timed(name: str, target: float, work: Callable[[], object]) -> None:
    clock, processor = time.perf_counter(), time.process_time()
    work()
    took, used = time.perf_counter() - clock, time.process_time() - processor
    print(f"{name:<46} {took:8.2f} {used:10.2f} {target:8.1f}")


def everywhere(folder: Path) -> None:
    for platform in PLATFORMS:
        for instrument in read_library():
            export_survey(instrument, platform, folder / platform / instrument.id)


def main() -> None:
    survey = load_instrument("return-to-work-transition")
    items = [item for scale in form_at(survey, "after").scales for item in scale.items]
    rng = np.random.default_rng(1)
    factor = rng.normal(size=(PEOPLE, 1))
    raw = np.clip(np.rint(3 + factor + rng.normal(size=(PEOPLE, len(items)))), 1, 5)
    answers = pd.DataFrame(raw, columns=items)
    answers.iloc[::50, 3] = np.nan
    thirty = pd.DataFrame(raw[:, :30], columns=[f"i{at}" for at in range(30)])
    print(f"{'':<46} {'seconds':>8} {'processor':>10} {'target':>8}")
    timed("read and check the whole library", 3, read_library)
    with tempfile.TemporaryDirectory() as folder:
        timed("every survey to every platform", 20, lambda: everywhere(Path(folder)))
    score(answers.head(10), survey)
    timed(f"score {PEOPLE:,} people x {len(items)} items", 0.5, lambda: score(answers, survey))
    reliability(thirty.head(500), {"one": list(thirty)})
    timed(f"alpha and omega, {PEOPLE:,} people x 30 items", 1, lambda: reliability(thirty, {"one": list(thirty)}))


if __name__ == "__main__":
    main()
