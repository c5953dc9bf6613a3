"""Which question of a programme decides on an outcome that was named beforehand as one to judge by."""

from __future__ import annotations

from evalkit.programmes.model import Programme
from evalkit.programmes.parts import Question

# What decides, first to last: participants beside others, then the same people before and after.
_BY_ORDER = (
    "adjusted_difference",
    "difference_in_change",
    "weighted_hazard_ratio",
    "hazard_ratio",
    "subdistribution_hazard_ratio",
    "mean_change",
    "wave_change",
    "dyad_change",
    "wave_slope",
    "proportion_change",
    "ratio_change",
    "rank_change",
    "standardised_change",
    "survey_trend",
)
# Of these an interval is given and no test.
_UNTESTED = frozenset({"survey_trend"})


def deciding_questions(programme: Programme, outcome: str) -> tuple[Question, ...]:
    """List the questions that can decide on an outcome, the one that does first.

    Which decides is a matter of the plan, not of results: the comparison with people who are not in the programme where
    there is one, else the change of the same people; of two with the same estimator, the one that the plan has first.

    Parameters
    ----------
    programme : Programme
        The programme.
    outcome : str
        Id of the outcome.

    Returns
    -------
    tuple of Question
        Later ones stand in where the first has no answer, as when nobody outside the programme answered. None for an
        outcome that is described at one time only, such as a share of people: its interval stands alone.

    Examples
    --------
    >>> from evalkit.programmes import load_programme
    >>> [one.id for one in deciding_questions(load_programme("returners"), "skills")]
    ['against_others', 'learning', 'learning_kept']
    >>> deciding_questions(load_programme("returners"), "in_post")
    ()
    """
    about = [one for one in programme.questions if outcome in one.outcomes and one.estimator in _BY_ORDER]
    return tuple(sorted(about, key=lambda one: _BY_ORDER.index(one.estimator)))


def is_tested(programme: Programme, outcome: str) -> bool:
    """Tell whether any question makes a test of an outcome.

    Parameters
    ----------
    programme : Programme
        The programme.
    outcome : str
        Id of the outcome.

    Returns
    -------
    bool
        False where the plan gives intervals alone.

    Examples
    --------
    >>> from evalkit.programmes import load_programme
    >>> is_tested(load_programme("returners"), "in_post")
    False
    """
    return any(one.estimator not in _UNTESTED for one in deciding_questions(programme, outcome))
