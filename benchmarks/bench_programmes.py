"""How long `evalkit new`, and `evalkit report` on 500 people with HTML and Word, take for each programme.

Whole programs, from their start to their end, one after the other. Set against the limits of 3 and 60 seconds. Words on
the command line choose programmes: python benchmarks/bench_programmes.py returners staff-development
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from evalkit.commands.example_reports import examples_in

PEOPLE, POSTS = 500, 2000
LIMITS = {"new": 3.0, "report": 60.0}


def seconds(*words: str) -> float:
    """Run evalkit as a program, and give the seconds that it took."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "evalkit", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"evalkit {' '.join(words)}\n{done.stderr}")
    return time.perf_counter() - start


def main() -> None:
    """Time each programme, and print a line for it."""
    chosen = set(sys.argv[1:])
    print(f"{'programme':30} {'new':>7} {'simulate':>9} {'report':>8}   seconds; limits {LIMITS}")
    with tempfile.TemporaryDirectory() as where:
        for one in examples_in(Path(where)):
            if chosen and one.programme not in chosen:
                continue
            folder = str(one.folder)
            made = seconds(
                "new", folder, "--programme", one.programme, "--organisation", "X", "--platform", one.platform
            )
            # The plan of a whole organisation counts its posts; 500 people of it would be no trust.
            people = POSTS if one.programme == "edi-improvement-plan" else PEOPLE
            simulated = seconds("simulate", folder, "--people", str(people))
            reported = seconds("report", folder, "--to", f"{where}/outputs", "--word")
            late = " LATE" if made > LIMITS["new"] or reported > LIMITS["report"] else ""
            print(f"{one.programme:30} {made:7.2f} {simulated:9.2f} {reported:8.2f}{late}", flush=True)


if __name__ == "__main__":
    main()
