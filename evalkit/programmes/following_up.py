"""Who was asked before and afterwards about the outcomes that a programme is judged by, and who answered each time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from evalkit.programmes.answers import outcomes_of, several
from evalkit.programmes.evidence import Evidence
from evalkit.programmes.parts import Outcome, Question

# Estimators that hold the same people against themselves.
_OF_THE_SAME = frozenset(
    {
        "mean_change",
        "wave_change",
        "wave_slope",
        "standardised_change",
        "rank_change",
        "proportion_change",
        "dyad_change",
        "difference_in_change",
        "adjusted_difference",
    }
)


@dataclass(frozen=True, slots=True)
class FollowUp:
    """An outcome and the two waves between which its change is looked at.

    Parameters
    ----------
    outcome : Outcome
        Measured by a scale or an item of a form that is answered under a code.
    before, after : str
        Waves of the instrument.
    """

    outcome: Outcome
    before: str
    after: str


def follow_ups(evidence: Evidence, role: str) -> tuple[FollowUp, ...]:
    """List the outcomes of a role that are followed from before to after.

    Parameters
    ----------
    evidence : Evidence
        The data.
    role : str
        Id of the role.

    Returns
    -------
    tuple of FollowUp
        Those named beforehand as the ones to judge by, else all; each once, as the first question about it has it. None
        when answers carry no code of the person.
    """
    found = {one.outcome.id: one for one in reversed([*_found(evidence, role)])}
    ordered = [found[outcome.id] for outcome in evidence.programme.outcomes if outcome.id in found]
    primary = [one for one in ordered if one.outcome.primary]
    return tuple(primary or ordered)


def _found(evidence: Evidence, role: str) -> Iterator[FollowUp]:
    programme = evidence.programme
    for question in programme.questions:
        waves = _ends(question)
        if question.estimator not in _OF_THE_SAME or waves is None or (question.roles and role not in question.roles):
            continue
        for outcome in outcomes_of(programme, question):
            use = programme.uses_by_id.get(outcome.use or "")
            if use is not None and use.linked and role in outcome.roles and role in use.roles:
                yield FollowUp(outcome, *waves)


def _ends(question: Question) -> tuple[str, str] | None:
    """Give the first wave and the one at which the change is judged."""
    said = question.said
    if "pre" in said and "post" in said:
        return str(said["pre"]), str(said["post"])
    waves = [str(one) for one in several(said.get("waves", ()))]
    return (waves[0], str(said.get("end", waves[-1]))) if len(waves) > 1 else None


def answered_both(evidence: Evidence, one: FollowUp, people: pd.Index) -> pd.Series | None:
    """Tell who answered the form before and after.

    Parameters
    ----------
    evidence : Evidence
        The data.
    one : FollowUp
        What is followed.
    people : pandas.Index
        Of whom.

    Returns
    -------
    pandas.Series of bool or None
        By person; None when the form was not answered at both times by people who are known.
    """
    frames = [evidence.scored(str(one.outcome.use), wave) for wave in (one.before, one.after)]
    there = [frame.index for frame in frames if frame is not None]
    if len(there) < len(frames) or not any(people.isin(index).any() for index in there):
        return None
    return pd.Series(people.isin(there[0]) & people.isin(there[1]), index=people)
