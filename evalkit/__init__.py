"""evalkit: survey instruments, before-and-after analysis, retention models and reports for staff programmes.

Public names load when they are first used, so that `import evalkit` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evalkit.errors import DataError as DataError
    from evalkit.errors import DisclosureError as DisclosureError
    from evalkit.errors import EstimationError as EstimationError
    from evalkit.errors import EvalkitError as EvalkitError
    from evalkit.errors import ImmortalTimeError as ImmortalTimeError
    from evalkit.errors import InstrumentError as InstrumentError
    from evalkit.errors import LinkageError as LinkageError
    from evalkit.errors import ReportError as ReportError
    from evalkit.result import Curve as Curve
    from evalkit.result import Estimates as Estimates
    from evalkit.result import Method as Method

__version__ = "0.1.0"

# Public name -> the module that defines it.
_PUBLIC = {
    "Curve": "evalkit.result",
    "DataError": "evalkit.errors",
    "DisclosureError": "evalkit.errors",
    "EstimationError": "evalkit.errors",
    "Estimates": "evalkit.result",
    "EvalkitError": "evalkit.errors",
    "ImmortalTimeError": "evalkit.errors",
    "InstrumentError": "evalkit.errors",
    "LinkageError": "evalkit.errors",
    "Method": "evalkit.result",
    "ReportError": "evalkit.errors",
}
_MODULES = frozenset({"disclosure", "figures", "published", "report"})

__all__ = ["__version__", *sorted(_PUBLIC)]  # noqa: PLE0604


def __getattr__(name: str) -> object:
    if name in _PUBLIC:
        value = getattr(importlib.import_module(_PUBLIC[name]), name)
    elif name in _MODULES:
        value = importlib.import_module(f"evalkit.{name}")
    else:
        msg = f"module 'evalkit' has no attribute {name!r}"
        raise AttributeError(msg)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC, *_MODULES})
