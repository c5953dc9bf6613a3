"""evalkit: survey instruments, before-and-after analysis, retention models and reports for staff programmes.

Public names load when they are first used, so that `import evalkit` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evalkit.change.categories import category_change as category_change
    from evalkit.change.comparison import adjusted_difference as adjusted_difference
    from evalkit.change.comparison import difference_in_change as difference_in_change
    from evalkit.change.dose import dose_response as dose_response
    from evalkit.change.dyads import dyad_change as dyad_change
    from evalkit.change.flow import participant_flow as participant_flow
    from evalkit.change.losses import attrition as attrition
    from evalkit.change.margins import equivalence as equivalence
    from evalkit.change.matched import proportion_change as proportion_change
    from evalkit.change.means import mean_change as mean_change
    from evalkit.change.multiplicity import adjust_p as adjust_p
    from evalkit.change.ordinal import ordinal_difference as ordinal_difference
    from evalkit.change.ranks import rank_change as rank_change
    from evalkit.change.recalled import response_shift as response_shift
    from evalkit.change.reliable import reliable_change as reliable_change
    from evalkit.change.reliable import reliable_change_of_each as reliable_change_of_each
    from evalkit.change.several_waves import wave_change as wave_change
    from evalkit.change.several_waves import wave_slope as wave_slope
    from evalkit.change.standardised import standardised_change as standardised_change
    from evalkit.change.transitions import transition_counts as transition_counts
    from evalkit.disclosure.auditing import audit as audit
    from evalkit.disclosure.protecting import Protected as Protected
    from evalkit.disclosure.protecting import protect as protect
    from evalkit.equality.composition import representation as representation
    from evalkit.equality.disparity import disparity_ratio as disparity_ratio
    from evalkit.equality.likelihood import relative_likelihood as relative_likelihood
    from evalkit.equality.pay import pay_gap as pay_gap
    from evalkit.equality.plan import edi_plan as edi_plan
    from evalkit.equality.race_standard import wres as wres
    from evalkit.equality.stability import stability_index as stability_index
    from evalkit.equality.stability import stability_index_from_counts as stability_index_from_counts
    from evalkit.equality.survey_gaps import survey_gap as survey_gap
    from evalkit.equality.turnover import leaver_rate as leaver_rate
    from evalkit.equality.turnover import leaver_rate_from_counts as leaver_rate_from_counts
    from evalkit.equality.years import year_change as year_change
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
    from evalkit.instruments.ledger import require_comparable as require_comparable
    from evalkit.instruments.library import list_instruments as list_instruments
    from evalkit.instruments.library import load_instrument as load_instrument
    from evalkit.instruments.model import Instrument as Instrument
    from evalkit.instruments.responses import read_responses as read_responses
    from evalkit.linking import Linkage as Linkage
    from evalkit.linking import link as link
    from evalkit.linking import pseudonymise as pseudonymise
    from evalkit.measurement.consistency import reliability as reliability
    from evalkit.measurement.distribution import response_distribution as response_distribution
    from evalkit.measurement.items import item_statistics as item_statistics
    from evalkit.measurement.quality import response_quality as response_quality
    from evalkit.programmes.library import list_programmes as list_programmes
    from evalkit.programmes.library import load_programme as load_programme
    from evalkit.programmes.model import Programme as Programme
    from evalkit.published.counts import consistent_counts as consistent_counts
    from evalkit.published.counts import implied_life_table as implied_life_table
    from evalkit.published.granularity import grim as grim
    from evalkit.published.granularity import grimmer as grimmer
    from evalkit.published.intervals import interval_to_p as interval_to_p
    from evalkit.published.intervals import log_symmetry as log_symmetry
    from evalkit.published.intervals import p_to_statistic as p_to_statistic
    from evalkit.published.likelihoods import relative_likelihood_from_summary as relative_likelihood_from_summary
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
    from evalkit.retention.balancing import balance as balance
    from evalkit.retention.baseline_curves import baseline_survival as baseline_survival
    from evalkit.retention.building import cohort as cohort
    from evalkit.retention.building import cohort_from_spells as cohort_from_spells
    from evalkit.retention.cohorts import Cohort as Cohort
    from evalkit.retention.comparing import gray_test as gray_test
    from evalkit.retention.comparing import logrank as logrank
    from evalkit.retention.curves import at_risk_table as at_risk_table
    from evalkit.retention.curves import cumulative_incidence as cumulative_incidence
    from evalkit.retention.curves import survival_curve as survival_curve
    from evalkit.retention.describing import describe_groups as describe_groups
    from evalkit.retention.hazard_summaries import concordance as concordance
    from evalkit.retention.hazard_summaries import hazard_model_tests as hazard_model_tests
    from evalkit.retention.hazards import hazard_ratio as hazard_ratio
    from evalkit.retention.proportionality_tests import hazard_ratio_over_time as hazard_ratio_over_time
    from evalkit.retention.proportionality_tests import proportional_hazards_test as proportional_hazards_test
    from evalkit.retention.restricted import restricted_mean as restricted_mean
    from evalkit.retention.retained import median_time as median_time
    from evalkit.retention.retained import retention_at as retention_at
    from evalkit.retention.sensitivity import e_value as e_value
    from evalkit.retention.subdistribution import subdistribution_hazard_ratio as subdistribution_hazard_ratio
    from evalkit.retention.weighted_outcomes import weighted_hazard_ratio as weighted_hazard_ratio
    from evalkit.retention.weighted_outcomes import weighted_retention as weighted_retention
    from evalkit.retention.weighting import PropensityWeights as PropensityWeights
    from evalkit.retention.weighting import propensity_weights as propensity_weights
    from evalkit.retention.wording import retention_paragraph as retention_paragraph
    from evalkit.scoring import pool_scores as pool_scores
    from evalkit.scoring import require_comparable_scores as require_comparable_scores
    from evalkit.scoring import score as score

__version__ = "0.1.0"

# Public name -> the module that defines it.
_PUBLIC = {
    "Cohort": "evalkit.retention.cohorts",
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
    "Linkage": "evalkit.linking",
    "LinkageError": "evalkit.errors",
    "Method": "evalkit.result",
    "Programme": "evalkit.programmes.model",
    "PropensityWeights": "evalkit.retention.weighting",
    "Protected": "evalkit.disclosure.protecting",
    "ReportError": "evalkit.errors",
    "adjust_p": "evalkit.change.multiplicity",
    "adjusted_difference": "evalkit.change.comparison",
    "at_risk_table": "evalkit.retention.curves",
    "attrition": "evalkit.change.losses",
    "audit": "evalkit.disclosure.auditing",
    "balance": "evalkit.retention.balancing",
    "baseline_survival": "evalkit.retention.baseline_curves",
    "category_change": "evalkit.change.categories",
    "change_from_summary": "evalkit.published.summaries",
    "cohort": "evalkit.retention.building",
    "cohort_from_spells": "evalkit.retention.building",
    "compare_retention": "evalkit.published.retention",
    "concordance": "evalkit.retention.hazard_summaries",
    "consistent_counts": "evalkit.published.counts",
    "cumulative_incidence": "evalkit.retention.curves",
    "describe_groups": "evalkit.retention.describing",
    "difference_from_summary": "evalkit.published.summaries",
    "difference_in_change": "evalkit.change.comparison",
    "disparity_ratio": "evalkit.equality.disparity",
    "dose_response": "evalkit.change.dose",
    "dyad_change": "evalkit.change.dyads",
    "e_value": "evalkit.retention.sensitivity",
    "edi_plan": "evalkit.equality.plan",
    "equivalence": "evalkit.change.margins",
    "export_survey": "evalkit.instruments.export",
    "gray_test": "evalkit.retention.comparing",
    "grim": "evalkit.published.granularity",
    "grimmer": "evalkit.published.granularity",
    "hazard_model_tests": "evalkit.retention.hazard_summaries",
    "hazard_ratio": "evalkit.retention.hazards",
    "hazard_ratio_over_time": "evalkit.retention.proportionality_tests",
    "implied_life_table": "evalkit.published.counts",
    "interval_to_p": "evalkit.published.intervals",
    "item_statistics": "evalkit.measurement.items",
    "leaver_rate": "evalkit.equality.turnover",
    "leaver_rate_from_counts": "evalkit.equality.turnover",
    "link": "evalkit.linking",
    "list_instruments": "evalkit.instruments.library",
    "list_programmes": "evalkit.programmes.library",
    "list_sources": "evalkit.published.sources",
    "load_instrument": "evalkit.instruments.library",
    "load_programme": "evalkit.programmes.library",
    "load_published": "evalkit.published.sources",
    "log_symmetry": "evalkit.published.intervals",
    "logrank": "evalkit.retention.comparing",
    "mean_change": "evalkit.change.means",
    "median_time": "evalkit.retention.retained",
    "ordinal_difference": "evalkit.change.ordinal",
    "p_to_statistic": "evalkit.published.intervals",
    "participant_flow": "evalkit.change.flow",
    "pay_gap": "evalkit.equality.pay",
    "plot": "evalkit.figures",
    "pool_scores": "evalkit.scoring",
    "propensity_weights": "evalkit.retention.weighting",
    "proportion_change": "evalkit.change.matched",
    "proportional_hazards_test": "evalkit.retention.proportionality_tests",
    "proportions_from_summary": "evalkit.published.summaries",
    "protect": "evalkit.disclosure.protecting",
    "pseudonymise": "evalkit.linking",
    "rank_change": "evalkit.change.ranks",
    "read_responses": "evalkit.instruments.responses",
    "relative_likelihood": "evalkit.equality.likelihood",
    "relative_likelihood_from_summary": "evalkit.published.likelihoods",
    "reliability": "evalkit.measurement.consistency",
    "reliable_change": "evalkit.change.reliable",
    "reliable_change_of_each": "evalkit.change.reliable",
    "render": "evalkit.report.rendering",
    "representation": "evalkit.equality.composition",
    "reproduce": "evalkit.published.reproduction",
    "require_comparable": "evalkit.instruments.ledger",
    "require_comparable_scores": "evalkit.scoring",
    "response_distribution": "evalkit.measurement.distribution",
    "response_quality": "evalkit.measurement.quality",
    "response_shift": "evalkit.change.recalled",
    "restricted_mean": "evalkit.retention.restricted",
    "retention_at": "evalkit.retention.retained",
    "retention_from_rates": "evalkit.published.retention",
    "retention_paragraph": "evalkit.retention.wording",
    "score": "evalkit.scoring",
    "show": "evalkit.report.showing",
    "stability_index": "evalkit.equality.stability",
    "stability_index_from_counts": "evalkit.equality.stability",
    "standardised_change": "evalkit.change.standardised",
    "subdistribution_hazard_ratio": "evalkit.retention.subdistribution",
    "survey_gap": "evalkit.equality.survey_gaps",
    "survival_curve": "evalkit.retention.curves",
    "transition_counts": "evalkit.change.transitions",
    "wave_change": "evalkit.change.several_waves",
    "wave_slope": "evalkit.change.several_waves",
    "weighted_hazard_ratio": "evalkit.retention.weighted_outcomes",
    "weighted_retention": "evalkit.retention.weighted_outcomes",
    "wres": "evalkit.equality.race_standard",
    "year_change": "evalkit.equality.years",
}
_MODULES = frozenset(
    {
        "change",
        "disclosure",
        "equality",
        "errors",
        "figures",
        "instruments",
        "linking",
        "measurement",
        "programmes",
        "published",
        "report",
        "result",
        "retention",
        "scoring",
        "simulate",
    }
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
