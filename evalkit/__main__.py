"""The command line: `evalkit`, or `python -m evalkit` where no other program may be started."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

from evalkit import __version__, commands
from evalkit.commands import programmes, surveys, workforce
from evalkit.errors import EvalkitError

REFUSED = 2
FAULT = 1
INTERRUPTED = 130
# Set to see the traceback of an unexpected fault.
DEBUG = "EVALKIT_DEBUG"

app = App(
    name="evalkit",
    version=__version__,
    help="Survey instruments, before-and-after analysis, retention models and reports for staff programmes.",
    help_epilogue="Messages name what is wrong and how to mend it, and exit 2; a report that fails stays as it was.",
)
app.command(commands.report)
app.command(commands.reproduce)
app.command(workforce.check)
app.command(workforce.templates, name="workforce-templates")
survey = App(name="survey", help="List, show, check, export, compare and start survey instruments.")
survey.command(surveys.list_surveys, name="list")
survey.command(surveys.show)
survey.command(surveys.check)
survey.command(surveys.export)
survey.command(surveys.diff)
survey.command(surveys.new)
app.command(survey)
app.command(programmes.new)
app.command(programmes.simulate)
app.command(programmes.withdraw)
programme = App(name="programme", help="List, show and check programmes.")
programme.command(programmes.list_programmes, name="list")
programme.command(programmes.show)
programme.command(programmes.check_programmes, name="check")
app.command(programme)


def main(words: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    words : sequence of str, optional
        Else those that the program was started with.

    Returns
    -------
    int
        0 when done, 2 when evalkit refused (the message says why), 1 for an unexpected fault, 130 when interrupted.
    """
    _print_anywhere()
    try:
        app(words, exit_on_error=False, print_error=False)
    except (EvalkitError, CycloptsError) as error:
        _complain(str(error).strip())
        return REFUSED
    except KeyboardInterrupt:
        return _interrupted()
    except SystemExit as ended:  # some versions of the library leave so, when all is well and when they are interrupted
        if ended.code == INTERRUPTED:
            return _interrupted()
        return ended.code if isinstance(ended.code, int) else FAULT * (ended.code is not None)
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        _complain(
            f"Unexpected fault, {type(error).__name__}: {error}\n"
            f"This is a fault of evalkit: please report it. {DEBUG}=1 shows where it happened."
        )
        return FAULT
    return 0


def _interrupted() -> int:
    _complain("Interrupted: finished files are whole, others are as they were.")
    return INTERRUPTED


def _print_anywhere() -> None:
    """Let a terminal that lacks a character print a question mark in its place."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")


def _complain(message: str) -> None:
    sys.stderr.write(f"{commands.plain(message)}\n")


if __name__ == "__main__":
    sys.exit(main())
