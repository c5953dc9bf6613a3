"""How well answers measure: reliability, item statistics and the quality of single responses."""

from evalkit.measurement.consistency import reliability
from evalkit.measurement.distribution import response_distribution
from evalkit.measurement.items import item_statistics
from evalkit.measurement.quality import response_quality

__all__ = ["item_statistics", "reliability", "response_distribution", "response_quality"]
