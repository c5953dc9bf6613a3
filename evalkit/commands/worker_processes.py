"""Pieces of work on two processes at a time; one that fails stops no other."""

from __future__ import annotations

import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from evalkit.errors import EvalkitError

PROCESSES = 2
# Two processes that each take all cores for linear algebra wait for each other.
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")

Step = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work.

    Parameters
    ----------
    name : str
        What it is called where its progress is shown.
    work : callable
        Called with a function that is told what is being done, how much of it is done and how much there is. It can be
        pickled, and so can what it gives.
    """

    name: str
    work: Callable[[Step], Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a piece of work ended.

    Parameters
    ----------
    job : Job
        The work.
    made : object
        What it gave; None when it failed.
    refused : EvalkitError or None
        Why evalkit refused to do it.
    fault : str
        What went wrong that nobody foresaw; empty for nothing.
    """

    job: Job
    made: Any = None
    refused: EvalkitError | None = None
    fault: str = ""


@dataclass(slots=True)
class _Worker:
    process: SpawnProcess
    line: Connection
    job: Job | None = None


def side_by_side(jobs: Sequence[Job], tell: Callable[[Job, str, int, int], None]) -> list[Outcome]:
    """Do pieces of work on two processes.

    Parameters
    ----------
    jobs : sequence of Job
        The work, begun in this order.
    tell : callable
        Called in this process with a job, what is being done, how much of it is done and how much there is.

    Returns
    -------
    list of Outcome
        One for each job, in their order. A process that is killed fails its job alone.
    """
    waiting, ended = list(jobs), {}
    workers = [_start() for _ in range(min(PROCESSES, len(jobs)))]
    try:
        while waiting or any(one.job for one in workers):
            for at, worker in enumerate(workers):
                if worker.job is None and waiting:
                    workers[at] = _begin(worker, waiting.pop(0))
            for worker, kind, said in _heard(workers):
                job = worker.job
                if job is None:
                    continue
                if kind == "step":
                    tell(job, *said)
                else:
                    worker.job = None
                    ended[id(job)] = Outcome(job, **{kind: said})
    finally:
        for worker in workers:
            worker.line.close()
            worker.process.terminate()
            worker.process.join()
    return [ended[id(job)] for job in jobs]


def _start() -> _Worker:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours)


def _begin(worker: _Worker, job: Job) -> _Worker:
    """Hand a job to a worker, or to a new one where its process has ended."""
    if not worker.process.is_alive():
        worker.line.close()
        worker = _start()
    worker.job = job
    worker.line.send(job.work)
    return worker


def _heard(workers: Sequence[_Worker]) -> Iterator[tuple[_Worker, str, Any]]:
    busy = [one for one in workers if one.job is not None]
    ready = wait([one.line for one in busy])
    for worker in busy:
        if worker.line in ready:
            try:
                kind, said = worker.line.recv()
            except (EOFError, OSError):
                worker.process.join()
                kind, said = "fault", f"its process ended ({worker.process.exitcode})"
            yield worker, kind, said


def _serve(line: Connection) -> None:
    """Do what comes down the line until it is closed; an interrupt is for the process at the other end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in _ONE_THREAD:
        os.environ.setdefault(name, "1")
    while True:
        try:
            work = line.recv()
        except EOFError:
            return
        line.send(_done(work, line))


def _done(work: Callable[[Step], Any], line: Connection) -> tuple[str, Any]:
    def step(what: str, done: int, total: int) -> None:
        line.send(("step", (what, done, total)))

    try:
        return "made", work(step)
    except EvalkitError as error:
        return "refused", error
    except Exception as error:  # noqa: BLE001 - told by the process that asked for the work
        where = traceback.extract_tb(error.__traceback__)[-1]
        return "fault", f"{type(error).__name__}: {error} ({Path(where.filename).name}, line {where.lineno})"
