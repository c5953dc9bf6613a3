"""Work on two processes: in order, told of, and one that fails or dies stops no other."""

import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from evalkit.__main__ import main
from evalkit.commands import example_reports
from evalkit.commands.worker_processes import Job, Outcome, Step, side_by_side
from evalkit.errors import DataError, EvalkitError, Problem, ReportError

PROBLEM = Problem("DAT-001", "a file", "nothing", "something", "Look.")
Told = list[tuple[str, str, int, int]]


def doubled(number: int, step: Step) -> tuple[int, int, str]:
    step("doubling", number, 9)
    return 2 * number, os.getpid(), os.environ["OPENBLAS_NUM_THREADS"]


def refused(_: Step) -> None:
    raise DataError(PROBLEM)


def faulty(_: Step) -> None:
    told = "by zero"
    raise ZeroDivisionError(told)


def killed(_: Step) -> None:
    os.kill(os.getpid(), signal.SIGKILL if sys.platform != "win32" else signal.SIGTERM)


@pytest.fixture(scope="module")
def ran() -> tuple[list[Outcome], Told]:
    told: Told = []
    jobs = [
        Job("refused", refused), Job("killed", killed), Job("faulty", faulty),
        *(Job(f"double {at}", partial(doubled, at)) for at in range(4)),
    ]  # fmt: skip
    outcomes = side_by_side(jobs, lambda job, what, done, total: told.append((job.name, what, done, total)))
    return outcomes, told


def test_outcomes_come_in_the_order_of_the_jobs(ran: tuple[list[Outcome], Told]) -> None:
    outcomes, told = ran
    assert [one.job.name for one in outcomes] == [
        "refused", "killed", "faulty", "double 0", "double 1", "double 2", "double 3",
    ]  # fmt: skip
    assert [one.made[0] for one in outcomes[3:]] == [0, 2, 4, 6]
    assert sorted(told) == [(f"double {at}", "doubling", at, 9) for at in range(4)]


def test_what_fails_is_told_and_stops_no_other(ran: tuple[list[Outcome], Told]) -> None:
    first, second, third = ran[0][:3]
    assert isinstance(first.refused, DataError)
    assert first.refused.problems == (PROBLEM,)
    assert "its process ended" in second.fault
    assert third.fault.startswith("ZeroDivisionError: by zero (test_worker_processes.py, line ")


def test_it_runs_elsewhere_with_one_thread_each(ran: tuple[list[Outcome], Told]) -> None:
    made = [one.made for one in ran[0][3:]]
    assert os.getpid() not in {process for _, process, _ in made}
    assert {threads for _, _, threads in made} == {"1"}


def test_every_programme_is_rehearsed_and_every_platform_used(tmp_path: Path) -> None:
    from evalkit.programmes import list_programmes
    from evalkit.programmes.folders import PLATFORMS

    examples = example_reports.examples_in(tmp_path)
    assert sorted(one.programme for one in examples) == sorted(list_programmes()["id"])
    assert len(examples) >= 9
    assert {one.platform for one in examples} == set(PLATFORMS)


Run = Callable[..., list[Outcome]]


def _outcomes(*ends: dict[str, object]) -> Run:
    def run(jobs: list[Job], tell: Callable[[Job, str, int, int], None]) -> list[Outcome]:
        tell(jobs[0], "running", 0, 0)
        return [Outcome(job, **end) for job, end in zip(jobs, ends, strict=False)]

    return run


@pytest.mark.parametrize(
    ("ends", "code", "said"),
    [
        (
            [{"refused": ReportError(Problem("REP-001", "cell 3", "x", "y", "z"))}, {"refused": DataError(PROBLEM)}],
            2,
            ["REP-001 40-workforce-equality, cell 3", "DAT-001 30-mentoring-retention, a file"],
        ),
        ([{"fault": "KeyError: 'a'"}, {"refused": EvalkitError(PROBLEM)}], 1, ["KeyError: 'a'", "DAT-001", "fault"]),
    ],
)
def test_failures_are_told_with_their_report_and_the_exit_is_not_0(
    ends: list[dict[str, object]],
    code: int,
    said: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(example_reports, "side_by_side", _outcomes(*ends))
    assert main(["report", "--examples", "--to", str(tmp_path / "out")]) == code
    told = capsys.readouterr().err
    assert [word for word in said if word not in told] == []


def test_folders_and_examples_are_not_asked_for_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(tmp_path), "--examples", "--to", str(tmp_path / "out")]) == 2
    assert "DAT-006" in capsys.readouterr().err
