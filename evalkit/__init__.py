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
    from evalkit.figures import plot as plot
    from evalkit.instruments.export import export_survey as export_survey
    from evalkit.instruments.export.report import ExportReport as ExportReport
    from evalkit.instruments.library import list_instruments as list_instruments
    from evalkit.instruments.library import load_instrument as load_instrument
    from evalkit.instruments.model import Instrument as Instrument
    from evalkit.instruments.responses import read_responses as read_responses
    from evalkit.measurement.consistency import reliability as reliability
    from evalkit.measurement.items import item_statistics as item_statistics
    from evalkit.measurement.items import response_distribution as response_distribution
    from evalkit.measurement.quality import response_quality as response_quality
    from evalkit.published.counts import consistent_counts as consistent_counts
    from evalkit.published.counts import implied_life_table as implied_life_table
    from evalkit.published.granularity import grim as grim
    from evalkit.published.granularity import grimmer as grimmer
    from evalkit.published.intervals import interval_to_p as interval_to_p
    from evalkit.published.intervals import log_symmetry as log_symmetry
    from evalkit.published.intervals import p_to_statistic as p_to_statistic
    from evalkit.published.reproduction import reproduce as reproduce
    from evalkit.published.retention import compare_retention as compare_retention
    from evalkit.published.retention import retention_from_rates as retention_from_rates
    from evalkit.published.sources import list_sources as list_sources
    from evalkit.published.sources import load_published as load_published
    from evalkit.published.summaries import change_from_summary as change_from_summary
    from evalkit.published.summaries import difference_from_summary as difference_from_summary
    from evalkit.published.summaries import proportions_from_summary as proportions_from_summary
    from evalkit.report.rendering import render as render
    from evalkit.report.showing import show as show
    from evalkit.result import Curve as Curve
    from evalkit.result import Estimates as Estimates
    from evalkit.result import Method as Method
    from evalkit.scoring import score as score

__version__ = "0.1.0"

# Public name -> the module that defines it.
_PUBLIC = {
    "Curve": "evalkit.result",
    "DataError": "evalkit.errors",
    "DisclosureError": "evalkit.errors",
    "Estimates": "evalkit.result",
    "EstimationError": "evalkit.errors",
    "EvalkitError": "evalkit.errors",
    "ExportReport": "evalkit.instruments.export.report",
    "ImmortalTimeError": "evalkit.errors",
    "Instrument": "evalkit.instruments.model",
    "InstrumentError": "evalkit.errors",
    "LinkageError": "evalkit.errors",
    "Method": "evalkit.result",
    "ReportError": "evalkit.errors",
    "change_from_summary": "evalkit.published.summaries",
    "compare_retention": "evalkit.published.retention",
    "consistent_counts": "evalkit.published.counts",
    "difference_from_summary": "evalkit.published.summaries",
    "export_survey": "evalkit.instruments.export",
    "grim": "evalkit.published.granularity",
    "grimmer": "evalkit.published.granularity",
    "implied_life_table": "evalkit.published.counts",
    "interval_to_p": "evalkit.published.intervals",
    "item_statistics": "evalkit.measurement.items",
    "list_instruments": "evalkit.instruments.library",
    "list_sources": "evalkit.published.sources",
    "load_instrument": "evalkit.instruments.library",
    "load_published": "evalkit.published.sources",
    "log_symmetry": "evalkit.published.intervals",
    "p_to_statistic": "evalkit.published.intervals",
    "plot": "evalkit.figures",
    "proportions_from_summary": "evalkit.published.summaries",
    "read_responses": "evalkit.instruments.responses",
    "reliability": "evalkit.measurement.consistency",
    "render": "evalkit.report.rendering",
    "reproduce": "evalkit.published.reproduction",
    "response_distribution": "evalkit.measurement.items",
    "response_quality": "evalkit.measurement.quality",
    "retention_from_rates": "evalkit.published.retention",
    "score": "evalkit.scoring",
    "show": "evalkit.report.showing",
}
_MODULES = frozenset(
    {"disclosure", "errors", "figures", "instruments", "measurement", "published", "report", "result", "scoring"}
)

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
