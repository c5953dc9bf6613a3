"""Attack what `protect` releases: ten thousand random tables, none of which may give a withheld cell away.

`make attack` runs all of them on two processes and writes `results/attack.csv`, one row for each kind of table and
profile, with a hash of the code that it ran. `make test` attacks a hundred and holds the committed results against the
code.
"""

from __future__ import annotations

import ast
import hashlib
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from attack.drawing import KINDS, Case, draw
from attack.judging import KNOWN, Fault, attack, brute_force, check_flags, check_numbers, true_counts
from attack.knowledge import PROFILES, Key, Release, cell_of, rules
from attack.releasing_cases import released

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results" / "attack.csv"
SEED = 20261122
CASES = 10_000
CHUNK = 25
# Listing tables is given up after so many steps: it settles the small ones.
STEPS = 600
COUNTED = ("unsafe", "narrow", "untrue", "not rounded", "primary shown", "flag", "contradiction", "disagreement")
COLUMNS = (
    "kind", "profile", "cases", "cells", "primary", "withheld", "listed", KNOWN,
    *(name.replace(" ", "_") for name in COUNTED), "lost_mean", "lost_median", "lost_p90", "naive_mean", "seed", "code",
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What came of one case.

    Parameters
    ----------
    case : Case
        The tables.
    cells, primary, withheld : int
        Cells of all tables; those that the rule withholds; those that were withheld.
    lost, naive : float
        Share of the other cells that were withheld too; the same, had every row (or column) with a small cell been
        dropped, whichever costs less. NaN where all cells are primary.
    several : int
        Withheld totals that are seen to be as many as there are counts in them that are not zero, no more than that
        (profiles that show zeros): known, and no fault.
    faults : list of Fault
        What is wrong with the release.
    listed : bool
        Whether listing tables came to an end as well.
    disagreement : bool
        Whether that told other unsafe cells than the search.
    seconds : float
        Processor time of `protect`, of the attacks.
    """

    case: Case
    cells: int
    primary: int
    withheld: int
    lost: float
    naive: float
    several: int
    faults: list[Fault]
    listed: bool
    disagreement: bool
    seconds: tuple[float, float] = field(compare=False)


def run(case: Case) -> Outcome:
    """Protect a case, and attack it in all ways."""
    rule, truth = rules()[case.profile], true_counts(case)
    started = time.process_time()
    releases = released(case)
    halfway = time.process_time()
    found = attack(releases, rule, within=case.within, truth=truth)
    listed = brute_force(releases, rule, within=case.within, truth=truth, most_steps=STEPS)
    faults = [*(fault for fault in found if fault.kind != KNOWN), *check_numbers(releases, truth, rule)]
    faults += [fault for release in releases for fault in check_flags(release)]
    cells, primary, withheld = _tally(case, releases, truth)
    return Outcome(
        case,
        cells=len(cells),
        primary=len(primary),
        withheld=len(withheld),
        lost=_share(len(withheld - primary), len(cells - primary)),
        naive=_share(_dropped(case, cells, primary), len(cells - primary)),
        several=sum(fault.kind == KNOWN for fault in found),
        faults=faults,
        listed=listed is not None,
        disagreement=listed is not None and set(listed) != set(found),
        seconds=(halfway - started, time.process_time() - halfway),
    )


def _tally(case: Case, releases: Sequence[Release], truth: dict[Key, int]) -> tuple[set[Key], set[Key], set[Key]]:
    rule = rules()[case.profile]
    cells, withheld = set(), set()
    for release in releases:
        for row in release.frame.to_dict("records"):
            cell = cell_of(((dim, row[dim]) for dim in release.dims), release.totals)
            for count, column in release.columns.items():
                cells.add((count, cell))
                if pd.isna(row[column]):
                    withheld.add((count, cell))
    return cells, {key for key in cells if rule.primary(truth[key])}, withheld


def _dropped(case: Case, cells: set[Key], primary: set[Key]) -> int:
    """Count the cells that go with every label of one dimension at which there is a small cell; totals stay."""
    costs = []
    for dim in {dim for table in case.tables for dim in table.dims}:
        bad = {pair for _, cell in primary for pair in cell if pair[0] == dim}
        costs.append(sum(1 for key in cells - primary if not bad.isdisjoint(key[1])))
    return min(costs)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def code_of() -> str:
    """Hash what decides the result: `protect` and all that it imports of its package, the profiles, the attack."""
    digest = hashlib.sha256()
    own = (path for path in HERE.glob("*.py") if not path.name.startswith("test_"))
    for path in [*sorted(modules_of("protecting"), key=str), PROFILES, *sorted(own)]:
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


def modules_of(name: str) -> set[Path]:
    """Follow the imports of a module of evalkit.disclosure within that package."""
    import evalkit

    folder = Path(evalkit.__file__).parent / "disclosure"
    todo, found = [name], set()
    while todo:
        path = folder / f"{todo.pop()}.py"
        if path in found:
            continue
        found.add(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [each.name for each in node.names] if isinstance(node, ast.Import) else []
            todo += [each.rpartition(".")[2] for each in names if each.startswith("evalkit.disclosure.")]
    return found


def tabulate(outcomes: Iterable[Outcome]) -> pd.DataFrame:
    """Add up, by kind of table and profile."""
    found = list(outcomes)
    rows = []
    for kind in KINDS:
        for profile in rules():
            mine = [each for each in found if (each.case.kind, each.case.profile) == (kind, profile)]
            if mine:
                rows.append({"kind": kind, "profile": profile, **_summary(mine)})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _summary(mine: Sequence[Outcome]) -> dict[str, object]:
    wrong = Counter(fault.kind for each in mine for fault in each.faults)
    lost = np.array([each.lost for each in mine if not np.isnan(each.lost)])
    naive = np.array([each.naive for each in mine if not np.isnan(each.naive)])
    none = float("nan")
    return {
        "cases": len(mine),
        "cells": sum(each.cells for each in mine),
        "primary": sum(each.primary for each in mine),
        "withheld": sum(each.withheld for each in mine),
        "listed": sum(each.listed for each in mine),
        KNOWN: sum(each.several for each in mine),
        **{name.replace(" ", "_"): wrong[name] for name in COUNTED},
        "disagreement": sum(each.disagreement for each in mine),
        "lost_mean": round(float(lost.mean()), 4) if len(lost) else none,
        "lost_median": round(float(np.median(lost)), 4) if len(lost) else none,
        "lost_p90": round(float(np.quantile(lost, 0.9)), 4) if len(lost) else none,
        "naive_mean": round(float(naive.mean()), 4) if len(naive) else none,
        "seed": SEED,
        "code": code_of(),
    }


def wrong_in(table: pd.DataFrame) -> int:
    """Count everything that is wrong, in all rows."""
    return int(table[[name.replace(" ", "_") for name in COUNTED]].to_numpy().sum())


def case_of(number: int) -> Case:
    """Draw a case of the study; of the profile that withholds nothing only one in nineteen."""
    names = list(rules())
    return draw(SEED, number, [*[name for name in names if name != "public"] * 3, "public"])


def _chunk(start: int, stop: int) -> list[Outcome]:
    return [run(case_of(number)) for number in range(start, stop)]


def study(cases: int, *, first: int = 0) -> list[Outcome]:
    """Run cases on two processes, telling how far it is and every fault."""
    started, found = time.monotonic(), []
    with ProcessPoolExecutor(max_workers=2) as pool:
        last = first + cases
        chunks = [pool.submit(_chunk, at, min(at + CHUNK, last)) for at in range(first, last, CHUNK)]
        for number, future in enumerate(as_completed(chunks), start=1):
            outcomes = future.result()
            found += outcomes
            for each in outcomes:
                if each.faults or each.disagreement:
                    told = "; ".join(map(str, each.faults[:5])) or "the attacks disagree"
                    _say(f"{each.case.name}, {each.case.profile}: {told}")
            if number % 8 == 0 or number == len(chunks):
                _say(f"{len(found)} of {cases} cases, {time.monotonic() - started:.0f} s")
    found.sort(key=lambda each: int(each.case.name.split()[-1]))
    protecting, attacking = (sum(each.seconds[at] for each in found) for at in (0, 1))
    _say(f"processor time: protect {protecting:.0f} s, attack {attacking:.0f} s")
    return found


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def committed() -> pd.DataFrame:
    return pd.read_csv(RESULTS) if RESULTS.exists() else pd.DataFrame(columns=list(COLUMNS))


def main(arguments: Sequence[str]) -> int:
    """Run the study, or with two numbers only so many cases from a first one on, and then write nothing; 1: a fault."""
    if arguments:
        first, cases = (int(each) for each in arguments)
        table = tabulate(study(cases, first=first))
        _say(table.drop(columns=["seed", "code"]).to_string(index=False))
        return int(wrong_in(table) > 0)
    table = tabulate(study(CASES))
    RESULTS.parent.mkdir(exist_ok=True)
    table.to_csv(RESULTS, index=False, lineterminator="\n")
    return int(wrong_in(table) > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
