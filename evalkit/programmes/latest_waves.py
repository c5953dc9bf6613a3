"""Questions that ask for the latest survey: which wave that is follows from the answers there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from evalkit.programmes.model import Programme
from evalkit.programmes.parts import Outcome, Question

LATEST = "latest"
# Arguments that may say so, and the estimators that compare surveys of different people, in which years may be added.
_ARGUMENTS = ("wave", "post")
BY_LATEST = frozenset({"survey_gap", "survey_trend", "response_distribution"})


def asks_for_latest(question: Question) -> bool:
    """Tell whether a question is about the latest survey, whichever that is.

    Parameters
    ----------
    question : Question
        The question.

    Returns
    -------
    bool
        Whether one of its waves is "latest".
    """
    return any(question.said.get(name) == LATEST for name in _ARGUMENTS)


def at_latest(programme: Programme, question: Question, answered: Callable[[Outcome, str], bool]) -> Question:
    """Put the latest wave with answers in the place of "latest".

    Parameters
    ----------
    programme : Programme
        The programme.
    question : Question
        One of its questions.
    answered : callable
        Tells of an outcome and a wave of its instrument whether there are answers.

    Returns
    -------
    Question
        The same where no latest survey is asked for. A trend never ends where it begins. Where nothing is answered it
        is the first wave that could be the latest.
    """
    if not asks_for_latest(question):
        return question
    outcomes = [programme.outcomes_by_id[name] for name in question.outcomes]
    waves = list(_waves(programme, outcomes, str(question.said.get("pre", ""))))
    there = [wave for wave in waves if any(answered(outcome, wave) for outcome in outcomes)]
    latest = (there or waves)[-1 if there else 0] if waves else ""
    arguments = tuple((name, latest if value == LATEST else value) for name, value in question.arguments)
    return question.changed(arguments=arguments)


def _waves(programme: Programme, outcomes: list[Outcome], first: str) -> Iterator[str]:
    """Go through the waves of the outcomes' form that come after the first of a trend, in their order."""
    use = next((programme.uses_by_id[one.use] for one in outcomes if one.use), None)
    asked = use.asked if use is not None else ()
    yield from asked[asked.index(first) + 1 :] if first in asked else asked
