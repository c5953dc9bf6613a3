"""Start-up side by side: evalkit against numpy, and the command line's help.

Run by `make bench`. Each line is a whole process, the median of seven runs after one warm-up.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 7
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import numpy": ["-c", "import numpy"],
    "import evalkit": ["-c", "import evalkit"],
    "import evalkit; evalkit.grim": ["-c", "import evalkit; evalkit.grim"],
    "python -m evalkit --help": ["-m", "evalkit", "--help"],
}


def seconds(words: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for run in range(RUNS + 1):
        for name, words in COMMANDS.items():
            taken = seconds(words)
            if run:
                times[name].append(taken)
    bare = statistics.median(times["python -c pass"])
    print(f"{'whole process':<32}{'median s':>10}{'less bare s':>13}")
    for name, taken in times.items():
        middle = statistics.median(taken)
        print(f"{name:<32}{middle:>10.3f}{middle - bare:>13.3f}")


if __name__ == "__main__":
    main()
