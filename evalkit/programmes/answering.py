"""Every question of a programme answered, or told why not."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping

from evalkit.errors import EvalkitError
from evalkit.programmes import answering_change as change
from evalkit.programmes import answering_groups as of_groups
from evalkit.programmes import answering_now as now
from evalkit.programmes import answering_pairs as of_pairs
from evalkit.programmes import answering_service as of_service
from evalkit.programmes.answers import Answer, UnansweredError
from evalkit.programmes.evidence import Evidence
from evalkit.programmes.latest_waves import at_latest
from evalkit.programmes.parts import Question

Progress = Callable[[int, int], None]
Answering = Callable[[Evidence, Question], Iterator[Answer]]

_ANSWERING: Mapping[str, Answering] = {
    "share": now.share,
    "count": now.count,
    "mean_at": now.mean_at,
    "response_distribution": now.response_distribution,
    "reading": now.reading,
    "participant_flow": now.participant_flow,
    "mean_change": change.between_waves,
    "standardised_change": change.between_waves,
    "ratio_change": change.ratio_change,
    "proportion_change": change.between_waves,
    "category_change": change.category_change,
    "ladder_change": change.ladder_change,
    "rank_change": change.between_waves,
    "reliable_change": change.reliable_change,
    "response_shift": change.between_waves,
    "wave_change": change.wave_change,
    "wave_slope": change.wave_slope,
    "dose_response": change.dose_response,
    "dyad_change": of_pairs.dyad_change,
    "pair_agreement": of_pairs.pair_agreement,
    "difference_in_change": change.compared,
    "adjusted_difference": change.compared,
    "gap_in_change": change.gap_in_change,
    "survey_gap": change.survey_gap,
    "survey_trend": change.survey_trend,
    **dict.fromkeys(
        (
            "retention_at",
            "restricted_mean",
            "median_time",
            "cumulative_incidence",
            "hazard_ratio",
            "weighted_hazard_ratio",
            "weighted_retention",
            "subdistribution_hazard_ratio",
        ),
        of_service.service,
    ),
    **dict.fromkeys(
        (
            "relative_likelihood",
            "representation",
            "disparity_ratio",
            "pay_gap",
            "leaver_rate",
            "stability_index",
            "wres",
            "edi_plan",
        ),
        of_groups.groups,
    ),
}
_NOT_ENOUGH = "what there is is not enough for this method"


def answer_programme(evidence: Evidence, progress: Progress | None = None) -> tuple[Answer, ...]:
    """Answer the questions of a programme.

    Parameters
    ----------
    evidence : Evidence
        The data.
    progress : callable, optional
        Called with the number of questions done and of all questions.

    Returns
    -------
    tuple of Answer
        In the order of the questions, at least one for each. A question that cannot be answered says why; none raises.
    """
    found: list[Answer] = []
    questions = evidence.programme.questions
    for done, question in enumerate(questions, start=1):
        found += answer_question(evidence, question)
        if progress is not None:
            progress(done, len(questions))
    return tuple(found)


def answer_question(evidence: Evidence, question: Question) -> tuple[Answer, ...]:
    """Answer one question.

    Parameters
    ----------
    evidence : Evidence
        The data.
    question : Question
        One of the programme.

    Returns
    -------
    tuple of Answer
        Its parts, at least one. Of a question about the latest survey they say which one that is.
    """
    question = at_latest(evidence.programme, question, evidence.answered)
    found: list[Answer] = []
    why = ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of few people; what they say stands in the notes of the results
            for answer in _ANSWERING[question.estimator](evidence, question):
                found.append(answer)  # noqa: PERF402 - parts that came before one that fails are kept
    except UnansweredError as reason:
        why = str(reason)
    except EvalkitError as error:
        why = _reason(error)
    except (ArithmeticError, ValueError, TypeError, LookupError) as error:
        # A method that breaks on few or odd data must not take the whole report with it; it is told as not answered.
        why = f"{_NOT_ENOUGH} ({type(error).__name__})"
    if why or not found:
        about = question.outcomes or question.dose or question.steps
        found.append(Answer(question, None, why or _NOT_ENOUGH, about=about))
    return tuple(found)


def _reason(error: EvalkitError) -> str:
    """Give the reason without numbers, which could be of few people."""
    said = error.problems[0].found if error.problems else ""
    return said if said and not any(letter.isdigit() for letter in said) else _NOT_ENOUGH
