"""Answers about the two people of a pair."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from evalkit.change import dyads
from evalkit.errors import EvalkitError
from evalkit.numeric.dyadic import intraclass
from evalkit.programmes.answering_now import of_started
from evalkit.programmes.answers import FEWEST, Answer, UnansweredError, untested, with_terms
from evalkit.programmes.evidence import Evidence
from evalkit.programmes.parts import Outcome, Question
from evalkit.result import Method, estimates

_NO_PAIRS = "pairs.csv is missing or empty, so the answers of the two people cannot be put side by side"
_NO_CODES = "answers do not say whose they are, so the two people of a pair cannot be put side by side"
_FEW = "in too few pairs both people answered each time"
# An intraclass correlation rests on the spread between pairs.
_PAIRS_FOR_AGREEMENT = 3


def side_by_side(
    evidence: Evidence, outcomes: Sequence[Outcome], waves: Sequence[str], members: Sequence[str]
) -> pd.DataFrame:
    """Put the answers of both people of each pair side by side.

    Parameters
    ----------
    evidence : Evidence
        The data.
    outcomes : sequence of Outcome
        Answered by both.
    waves : sequence of str
        Waves of the instrument.
    members : sequence of str
        The two roles.

    Returns
    -------
    pandas.DataFrame
        One row a pair, columns OUTCOME_MEMBER_WAVE.

    Raises
    ------
    UnansweredError
        Without a list of pairs, or when answers do not say whose they are.
    """
    pairs = evidence.pairs
    if pairs is None:
        raise UnansweredError(_NO_PAIRS)
    role = evidence.people["role"]
    both = [str(name) for name in ("mentor", "mentee") if name in pairs.columns]
    who = {
        member: pairs[both].apply(
            lambda row, member=member: next((p for p in row if role.get(p) == member), None), axis=1
        )
        for member in members
    }
    columns = {}
    for outcome in outcomes:
        for member in members:
            for wave in waves:
                values = evidence.of_outcome(outcome, wave, [member])
                if values is None:
                    raise UnansweredError(_FEW)
                if not values.index.isin(evidence.people.index).any():
                    raise UnansweredError(_NO_CODES)
                known = of_started(evidence, values, member)
                columns[f"{outcome.id}_{member}_{wave}"] = pd.to_numeric(who[member].map(known), errors="coerce")
    return pd.DataFrame(columns)


def dyad_change(evidence: Evidence, question: Question) -> Iterator[Answer]:
    """Answer with the change of each party, and what each owes to the other.

    Parameters
    ----------
    evidence : Evidence
        The data.
    question : Question
        Says `pre`, `post`, and `members` and `distinguishable` where they are not the two parties in order.

    Yields
    ------
    Answer
        One for each outcome.
    """
    said = question.said
    members = _members(evidence, question)
    waves = [str(said["pre"]), str(said["post"])]
    for name in question.outcomes:
        outcome = evidence.programme.outcomes_by_id[name]
        try:
            frame = _enough(side_by_side(evidence, [outcome], waves, members), FEWEST)
            pre, post = ({name: [f"{name}_{member}_{wave}" for member in members]} for wave in waves)
            bounds = evidence.bounds(outcome)
            found = dyads.dyad_change(
                frame,
                pre=pre,
                post=post,
                members=[evidence.programme.roles_by_id[one].title for one in members],
                distinguishable=bool(said.get("distinguishable", True)),
                scale={name: bounds} if bounds else None,
            )
        except (EvalkitError, UnansweredError) as why:
            yield Answer(question, None, str(why) if isinstance(why, UnansweredError) else _FEW, about=(name,))
            continue
        result = untested(with_terms(found, {name: outcome.title}))
        yield Answer(question, result, people=result.method.n_used, about=(name,), terms=((outcome.title, name),))


def _enough(frame: pd.DataFrame, least: int) -> pd.DataFrame:
    if int(frame.notna().all(axis=1).sum()) < least:
        raise UnansweredError(_FEW)
    return frame


def _members(evidence: Evidence, question: Question) -> list[str]:
    given = question.said.get("members")
    return (
        [str(one) for one in given] if isinstance(given, tuple) else [one.id for one in evidence.programme.parties][:2]
    )


def pair_agreement(evidence: Evidence, question: Question) -> Iterator[Answer]:
    """Answer with how alike the two people of a pair answer.

    Parameters
    ----------
    evidence : Evidence
        The data.
    question : Question
        Says `wave`.

    Yields
    ------
    Answer
        One for each outcome: the intraclass correlation of the two (consistency, ICC(3,1)) with its F interval, in
        pairs.
    """
    members = _members(evidence, question)
    wave = str(question.said.get("wave", ""))
    for name in question.outcomes:
        outcome = evidence.programme.outcomes_by_id[name]
        try:
            frame = _enough(side_by_side(evidence, [outcome], [wave], members), _PAIRS_FOR_AGREEMENT)
        except UnansweredError as why:
            yield Answer(question, None, str(why), about=(name,))
            continue
        whole = frame.dropna()
        first, second = (whole[column].to_numpy(dtype=float) for column in whole.columns)
        found, test = intraclass(first, second, roles=True)
        row = {
            "term": outcome.title,
            "estimate": found.estimate,
            "conf_low": found.low,
            "conf_high": found.high,
            "statistic": test.statistic,
            "df": test.df,
            "p_value": test.p_value,
            "n": len(whole),
        }
        method = Method(
            name="Intraclass correlation of the two people of a pair, ICC(3,1)",
            estimand=question.estimand,
            unit="correlation",
            interval="F distribution",
            n_given=len(frame),
            n_used=len(whole),
            n_dropped={"not both answered": len(frame) - len(whole)} if len(frame) > len(whole) else {},
            assumptions=("Answers are about normally spread",),
            references=("Shrout PE, Fleiss JL (1979). Psychol Bull 86:420-428.",),
        )
        yield Answer(
            question,
            untested(estimates([row], method)),
            people=len(whole),
            about=(name,),
            terms=((outcome.title, name),),
        )
