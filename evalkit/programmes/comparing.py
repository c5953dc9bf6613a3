"""With whom a question compares, and how they are made alike, from what its estimator does."""

from __future__ import annotations

from evalkit.programmes.answers import several
from evalkit.programmes.model import Programme
from evalkit.programmes.parts import Question

_WEIGHTED = frozenset({"weighted_hazard_ratio", "weighted_retention"})
_MODELLED = frozenset({"hazard_ratio", "subdistribution_hazard_ratio"})
_NAMES = {"fte": "contracted hours", "age_band": "age", "ethnicity": "ethnic group"}


def compared_with(programme: Programme, question: Question) -> str:
    """Say with whom a question compares.

    Parameters
    ----------
    programme : Programme
        The programme.
    question : Question
        One of its questions.

    Returns
    -------
    str
        The words of its comparison; where people are made alike, a sentence that says whether by weights or in a model.

    Examples
    --------
    >>> from evalkit.programmes import load_programme
    >>> plan = load_programme("leadership-development")
    >>> print(compared_with(plan, plan.questions_by_id["promotion_compared"]).partition(". ")[2])
    A model sets band, staff group, sex, ethnic group and age alike; nobody is weighted.
    """
    comparison = programme.comparisons_by_id[question.comparison]
    named = [str(name).partition(".")[2] for name in several(question.said.get("covariates") or comparison.covariates)]
    words = [_NAMES.get(name, name.replace("_", " ")) for name in named]
    alike = " and ".join([part for part in (", ".join(words[:-1]), *words[-1:]) if part])
    if not alike or question.estimator not in _WEIGHTED | _MODELLED:
        return comparison.who
    who = f"{comparison.who.rstrip('.')}."
    if question.estimator in _WEIGHTED:
        return f"{who} They are weighted to be like the participants in {alike}."
    return f"{who} A model sets {alike} alike; nobody is weighted."
