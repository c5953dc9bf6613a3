"""Printed results recomputed: which follow from the printed data, which are only compatible, which cannot be right."""

from evalkit.published.counts import ImpliedLifeTable, consistent_counts, implied_life_table
from evalkit.published.granularity import Granularity, grim, grimmer
from evalkit.published.intervals import LogSymmetry, interval_to_p, log_symmetry, p_to_statistic
from evalkit.published.likelihoods import PrintedLikelihood, relative_likelihood_from_summary
from evalkit.published.reproduction import reproduce
from evalkit.published.retention import compare_retention, retention_from_rates
from evalkit.published.sources import list_sources, load_published
from evalkit.published.summaries import change_from_summary, difference_from_summary, proportions_from_summary

__all__ = [
    "Granularity",
    "ImpliedLifeTable",
    "LogSymmetry",
    "PrintedLikelihood",
    "change_from_summary",
    "compare_retention",
    "consistent_counts",
    "difference_from_summary",
    "grim",
    "grimmer",
    "implied_life_table",
    "interval_to_p",
    "list_sources",
    "load_published",
    "log_symmetry",
    "p_to_statistic",
    "proportions_from_summary",
    "relative_likelihood_from_summary",
    "reproduce",
    "retention_from_rates",
]
