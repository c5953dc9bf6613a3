"""Where a report comes from: version, commit, data, date, profile and parameters."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from evalkit import __version__, paths
from evalkit.errors import DataError, Problem
from evalkit.files import checksum


def provenance(
    notebook: Path, data: Sequence[Path], profiles: Sequence[str], parameters: Mapping[str, object]
) -> dict[str, str]:
    """Gather what a reader needs to make the report again.

    Parameters
    ----------
    notebook : pathlib.Path
        What was rendered.
    data : sequence of pathlib.Path
        Files that the report may have read.
    profiles : sequence of str
        Disclosure profiles under which something was shown.
    parameters : mapping of str to object
        Those that were set.

    Returns
    -------
    dict of str to str
        Label -> value, in the order in which they are printed.
    """
    return {
        **common_origin(),
        "Notebook": f"{notebook.name} ({checksum([notebook])})",
        "Data checksum": f"{checksum(data)} ({len(data)} files)",
        "Disclosure profile": ", ".join(dict.fromkeys(profiles)) or "none: nothing was shown",
        "Parameters": _written(parameters) if parameters else "as in the notebook",
    }


def common_origin() -> dict[str, str]:
    """Gather what every page of one run has in common.

    Returns
    -------
    dict of str to str
        Version, commit and date, under the labels that are printed.
    """
    return {
        "evalkit": __version__,
        "Git commit": git_commit() or "none (installed package)",
        "Date": report_date(),
    }


def _written(parameters: Mapping[str, object]) -> str:
    return json.dumps(dict(parameters), default=str, ensure_ascii=False)


def report_date() -> str:
    """Give the date of the report.

    Returns
    -------
    str
        ISO date in UTC; of SOURCE_DATE_EPOCH when that is set.

    Raises
    ------
    DataError
        DAT-004 when SOURCE_DATE_EPOCH is not a whole number of seconds.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch is None:
        return datetime.now(UTC).date().isoformat()
    try:
        return datetime.fromtimestamp(int(epoch), UTC).date().isoformat()
    except (ValueError, OverflowError, OSError) as error:
        raise DataError(
            Problem("DAT-004", "SOURCE_DATE_EPOCH", repr(epoch), "whole seconds since 1970", "Unset it or correct it.")
        ) from error


def git_commit() -> str | None:
    """Name the commit of the checkout.

    Returns
    -------
    str or None
        Twelve digits, with "+changes" when the work tree differs; None without a checkout or without git.
    """
    root = paths.checkout()
    if root is None:
        return None
    commit = _git(root, "rev-parse", "--short=12", "HEAD")
    if not commit:
        return None
    return f"{commit}+changes" if _git(root, "status", "--porcelain") else commit


def _git(root: Path, *words: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - fixed words
            ["git", "-C", str(root), *words],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
