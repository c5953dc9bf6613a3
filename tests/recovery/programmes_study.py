"""How often the key figures of each programme's report hold the truth that its synthetic data were made with.

`make recovery` runs it after the other studies: every programme with as many people as is normal and with many, seed
after seed, in process. `results/programmes.csv` holds a row for each key figure, and a row for all of them together.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import numpy as np
import pandas as pd
from recovery.programme_figures import LEVEL, Figure, figures, folder_of

HERE = Path(__file__).resolve().parent
RESULT = HERE / "results" / "programmes.csv"
COLUMNS = (
    "programme", "people", "question", "about", "role", "term", "group", "runs", "intervals", "truth", "mean_estimate",
    "bias", "bias_error", "coverage", "coverage_error", "level", "as_expected", "note", "code",
)  # fmt: skip
ALL = "all key figures"
PROGRAMMES = (
    "bme-executive-mentoring", "edi-improvement-plan", "leadership-development", "looking-after-you-too-coaching",
    "reciprocal-mentoring", "return-to-work-mentoring", "returners", "staff-development", "university-staff-mentoring",
)  # fmt: skip
_ORGANISATION = "edi-improvement-plan"
# People of each party, and runs: fewer where a run takes long.
SIZES: dict[int, int] = {24: 50, 200: 25}
POSTS: dict[int, int] = {400: 25, 1500: 8}
# A single figure is called out when so few of its intervals hold the truth that chance does it once in 20,000.
CHANCE = 5e-5
# All figures of a programme together: so many standard errors between runs.
ERRORS = 3.5
# Figures that are known to hold the truth less often, by question and term, and why.
LESS: dict[tuple[str, str], tuple[float, str]] = {}
# What decides the result, beside the estimators, which have studies of their own.
MODULES = (
    "programmes/answering.py", "programmes/answering_change.py", "programmes/answering_groups.py",
    "programmes/answering_now.py", "programmes/answering_pairs.py", "programmes/answering_service.py",
    "programmes/answers.py", "programmes/conditions.py", "programmes/evidence.py", "programmes/folder_simulation.py",
    "programmes/records_complete.py", "programmes/latest_waves.py",
    "programmes/simulated_answers.py", "programmes/simulated_people.py", "programmes/simulated_records.py",
    "programmes/simulated_scores.py", "programmes/simulated_standards.py", "programmes/simulated_truth.py",
    "simulate/surveys.py", "simulate/waves.py", "simulate/workforce.py", "simulate/workforce_model.py",
    "simulate/workforce_truth.py",
)  # fmt: skip
Row = dict[str, object]


def sizes_of(programme: str) -> dict[int, int]:
    """Give people and runs of a programme."""
    return POSTS if programme == _ORGANISATION else SIZES


def code_of(programme: str) -> str:
    """Hash what decides the result of a programme."""
    import evalkit

    package = Path(evalkit.__file__).parent
    library = package.parent / "programmes"
    files = [*(package / name for name in MODULES), library / f"{programme}.yaml", library / "_common.yaml"]
    digest = hashlib.sha256()
    for path in [*files, HERE / "programme_figures.py", Path(__file__)]:
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


def run(programme: str, people: int, runs: int) -> list[Row]:
    """Simulate a programme so many times and judge every key figure, and all of them together."""
    found: dict[tuple[str, str, str, str, str], list[Figure]] = {}
    by_run = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = folder_of(programme, Path(scratch))
        for seed in range(runs):
            drawn = [one for one in figures(folder, people, seed) if one.known]
            by_run.append(float(np.mean([one.covers for one in drawn])))
            for one in drawn:
                found.setdefault(one.key, []).append(one)
    rows = [_judged(key, drawn, runs) for key, drawn in sorted(found.items())]
    rows.append(_together(by_run, sum(map(len, found.values()))))
    code = code_of(programme)
    return [{"programme": programme, "people": people, **row, "code": code} for row in rows]


def _judged(key: tuple[str, str, str, str, str], drawn: list[Figure], runs: int) -> Row:
    from scipy.stats import binom

    question, about, role, term, group = key
    level, note = LESS.get((question, term), (LEVEL, ""))
    covered, n = sum(one.covers for one in drawn), len(drawn)
    truth, estimate = (np.array([getattr(one, name) for one in drawn]) for name in ("truth", "estimate"))
    off = (estimate - truth)[np.isfinite(estimate)]
    return {
        "question": question, "about": about, "role": role, "term": term, "group": group, "runs": runs, "intervals": n,
        "truth": round(float(truth.mean()), 5),
        "mean_estimate": round(float(estimate[np.isfinite(estimate)].mean()), 5) if len(off) else "",
        "bias": round(float(off.mean()), 5) if len(off) else "",
        "bias_error": round(float(off.std(ddof=1) / np.sqrt(len(off))), 5) if len(off) > 1 else "",
        "coverage": round(covered / n, 4),
        "coverage_error": round(float(np.sqrt(LEVEL * (1 - LEVEL) / n)), 4),
        "level": level, "as_expected": bool(binom.cdf(covered, n, level) >= CHANCE), "note": note,
    }  # fmt: skip


def _together(by_run: list[float], n: int) -> Row:
    """Judge the mean share of covered figures; figures of one run go together, so that runs are counted."""
    mean, error = float(np.mean(by_run)), float(np.std(by_run, ddof=1) / np.sqrt(len(by_run)))
    return {
        "question": ALL, "about": "", "role": "", "term": "", "group": "", "runs": len(by_run), "intervals": n,
        "truth": "", "mean_estimate": "", "bias": "", "bias_error": "", "coverage": round(mean, 4),
        "coverage_error": round(error, 4), "level": LEVEL, "as_expected": bool(mean >= LEVEL - ERRORS * error),
        "note": "",
    }  # fmt: skip


def committed() -> pd.DataFrame:
    """Read the committed results."""
    return pd.read_csv(RESULT, keep_default_na=False) if RESULT.exists() else pd.DataFrame(columns=list(COLUMNS))


def main(wanted: list[str]) -> int:
    """Run what is out of date, or the programmes named; exit 1 when a figure is not as expected."""
    kept = committed()
    rows: dict[tuple[str, int], list[Row]] = {}
    todo = []
    for programme in PROGRAMMES:
        for people, runs in sizes_of(programme).items():
            old = kept[(kept["programme"] == programme) & (kept["people"].astype(str) == str(people))]
            fresh = len(old) and (old["code"] == code_of(programme)).all() and (old["runs"].astype(int) == runs).all()
            rows[programme, people] = [dict(row) for row in old.to_dict("records")]
            if programme in wanted or (not wanted and not fresh):
                todo.append((programme, people, runs))
    todo.sort(key=lambda one: -one[1] * one[2])
    _say(f"{len(todo)} of {len(rows)} to run")
    with ProcessPoolExecutor(max_workers=2) as pool:
        futures = {pool.submit(run, *one): one for one in todo}
        for future in as_completed(futures):
            programme, people, _ = futures[future]
            rows[programme, people] = future.result()
            whole = rows[programme, people][-1]
            _say(f"{programme}, {people}: {whole['coverage']} (error {whole['coverage_error']})")
            _write(rows)
    _write(rows)
    off = [row for part in rows.values() for row in part if str(row["as_expected"]) != "True"]
    for row in off:
        _say(f"not as expected: { {name: row[name] for name in COLUMNS[:15]} }")
    return int(bool(off))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _write(rows: dict[tuple[str, int], list[Row]]) -> None:
    every = [row for part in rows.values() for row in part]
    RESULT.parent.mkdir(exist_ok=True)
    pd.DataFrame(every, columns=list(COLUMNS)).to_csv(RESULT, index=False, lineterminator="\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
