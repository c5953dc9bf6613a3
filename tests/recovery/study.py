"""Run recovery studies: does an estimator find the truth of its own estimand, and how often does its interval hold it?

A file `cases_TOPIC.py` beside this one holds a tuple `CASES`. `make recovery` runs every case whose code has changed
since its result was written, and writes `results/TOPIC.csv` with a hash of the code that it ran. `make test` runs a
hundred draws of each and holds the committed results against the code.
"""

from __future__ import annotations

import hashlib
import importlib
import sys
import zlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
SEED = 20261121
COLUMNS = (
    "case", "n", "runs", "failed", "truth", "mean_estimate", "bias", "bias_error", "coverage", "coverage_error",
    "level", "expect", "as_expected", "note", "seed", "code",
)  # fmt: skip

Draw = Callable[[np.random.Generator], tuple[float, float, float]]


@dataclass(frozen=True, slots=True)
class Case:
    """One estimator, one way to make data, one truth.

    Parameters
    ----------
    name : str
        Says estimator and data; unique in its file.
    n : int
        Pairs or people in each draw.
    truth : float
        The estimand's true value.
    draw : callable
        (generator) -> (estimate, lower limit, upper limit); a NaN limit counts as a failed run.
    modules : sequence of str
        Modules under evalkit whose code decides the result, such as "change.means".
    expect : {"covers", "over", "under", "misses"}
        "covers": coverage within 3 Monte Carlo standard errors of the level. "over": an exact discrete or conservative
        interval. "under": less than the level, as the docstring says. "misses": shown not to hold the truth.
    between : tuple of float, optional
        Where `expect` is not "covers": the coverage lies between these, give or take 3 Monte Carlo standard errors.
    note : str
        The reason, wherever `expect` is not "covers" or a bias is allowed.
    bias_at_most : float
        Known bias of the estimate, in its unit: beyond it (and 3 Monte Carlo standard errors) the study fails.
    level : float
        Confidence level of the interval.
    runs, quick : int
        Draws in the full study and in `make test`.
    """

    name: str
    n: int
    truth: float
    draw: Draw
    modules: Sequence[str]
    expect: Literal["covers", "over", "under", "misses"] = "covers"
    between: tuple[float, float] | None = None
    note: str = ""
    bias_at_most: float = 0.0
    level: float = 0.95
    runs: int = 2000
    quick: int = 100

    def __post_init__(self) -> None:
        plain = self.expect == "covers"
        if plain != (self.between is None) or (not plain or self.bias_at_most > 0) != bool(self.note):
            msg = f"{self.name}: what does not simply cover, without bias, needs a note, and its range"
            raise ValueError(msg)


def topics() -> list[str]:
    return sorted(path.stem.removeprefix("cases_") for path in HERE.glob("cases_*.py"))


@cache
def cases_of(topic: str) -> tuple[Case, ...]:
    found = tuple(importlib.import_module(f"recovery.cases_{topic}").CASES)
    names = [case.name for case in found]
    if len(set(names)) != len(names) or not names:
        msg = f"cases_{topic}: no cases, or a name twice"
        raise ValueError(msg)
    return found


def code_of(topic: str, case: Case) -> str:
    """Hash what decides the result: the modules named, and the file with the cases."""
    import evalkit

    package = Path(evalkit.__file__).parent
    files = [package.joinpath(*name.split(".")).with_suffix(".py") for name in sorted(case.modules)]
    digest = hashlib.sha256()
    for path in [*files, HERE / f"cases_{topic}.py"]:
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


def run(case: Case, runs: int, *, errors: float = 3) -> dict[str, object]:
    """Draw, estimate, and count how often the interval holds the truth; judge by so many Monte Carlo errors."""
    rng = np.random.default_rng([SEED, zlib.crc32(case.name.encode())])
    drawn = np.array([case.draw(rng) for _ in range(runs)], dtype=float).reshape(runs, 3)
    known = drawn[~np.isnan(drawn).any(axis=1)]
    coverage = float(((known[:, 1] <= case.truth) & (case.truth <= known[:, 2])).mean()) if len(known) else float("nan")
    finite = known[np.isfinite(known[:, 0]), 0]
    mean = float(finite.mean()) if len(finite) else float("nan")
    spread = float(finite.std(ddof=1) / np.sqrt(len(finite))) if len(finite) > 1 else float("nan")
    return {
        "case": case.name,
        "n": case.n,
        "runs": runs,
        "failed": runs - len(known),
        "truth": round(case.truth, 6),
        "mean_estimate": round(mean, 6),
        "bias": round(mean - case.truth, 6),
        "bias_error": round(spread, 6),
        "coverage": round(coverage, 4),
        "coverage_error": round(monte_carlo_error(case.level, runs), 4),
        "level": case.level,
        "expect": case.expect,
        "as_expected": as_expected(case, coverage, runs - len(known), runs, mean - case.truth, spread, errors),
        "note": case.note,
        "seed": SEED,
    }


def monte_carlo_error(level: float, runs: int) -> float:
    return float(np.sqrt(level * (1 - level) / runs))


def as_expected(
    case: Case, coverage: float, failed: int, runs: int, bias: float, bias_error: float, errors: float = 3
) -> bool:
    """Judge coverage and bias; a run in a hundred may give no interval."""
    low, high = case.between or (case.level, case.level)
    band = errors * monte_carlo_error(case.level if case.expect == "covers" else (low + high) / 2, runs)
    covers = low - band <= coverage <= high + band
    unbiased = case.expect == "misses" or abs(bias) <= case.bias_at_most + errors * bias_error
    return bool(covers and unbiased and failed <= runs / 100)


def committed(topic: str) -> pd.DataFrame:
    path = RESULTS / f"{topic}.csv"
    return pd.read_csv(path, keep_default_na=False) if path.exists() else pd.DataFrame(columns=list(COLUMNS))


def _one(topic: str, index: int) -> tuple[str, int, dict[str, object]]:
    case = cases_of(topic)[index]
    return topic, index, {**run(case, case.runs), "code": code_of(topic, case)}


def main(wanted: Iterable[str]) -> int:
    """Run what is out of date; exit 1 when a case is not as expected."""
    names = list(wanted) or topics()
    rows: dict[str, dict[str, dict[str, object]]] = {}
    todo = []
    for topic in names:
        kept = {str(row["case"]): row for row in committed(topic).to_dict("records")}
        rows[topic] = {}
        for index, case in enumerate(cases_of(topic)):
            row = kept.get(case.name)
            if row is not None and row["code"] == code_of(topic, case) and int(row["runs"]) == case.runs:
                rows[topic][case.name] = row
            else:
                todo.append((topic, index))
    print(f"{len(todo)} cases to run, {sum(map(len, rows.values()))} up to date", flush=True)
    with ProcessPoolExecutor(max_workers=2) as pool:
        for future in as_completed([pool.submit(_one, *each) for each in todo]):
            topic, _, row = future.result()
            rows[topic][str(row["case"])] = row
            print(f"{topic}: {row['case']}: coverage {row['coverage']}, as expected: {row['as_expected']}", flush=True)
            _write(topic, rows[topic])
    for topic in names:
        _write(topic, rows[topic])
    return int(any(str(row["as_expected"]) != "True" for found in rows.values() for row in found.values()))


def _write(topic: str, rows: dict[str, dict[str, object]]) -> None:
    ordered = [rows[case.name] for case in cases_of(topic) if case.name in rows]
    RESULTS.mkdir(exist_ok=True)
    pd.DataFrame(ordered, columns=list(COLUMNS)).to_csv(RESULTS / f"{topic}.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
