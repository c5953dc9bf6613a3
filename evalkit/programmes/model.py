"""What a programme is: a frozen value that a YAML file is read into and that new, simulate and report read.

Ids are lower-case words joined by single underscores; that of the programme by hyphens. "file.column" names a column of
one of the programme's files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated

from pydantic import Field

from evalkit.instruments.parts import Number, Part, Reference, Text
from evalkit.programmes.parts import (
    Column,
    Comparison,
    DataFile,
    Dose,
    Eligibility,
    Forms,
    NamedText,
    Outcome,
    Question,
    Risk,
    Role,
    Step,
    Subgroup,
    Target,
    Theory,
    Unit,
    Use,
    Wave,
    Zero,
)

__all__ = [
    "Column",
    "Comparison",
    "DataFile",
    "Dose",
    "Eligibility",
    "NamedText",
    "Outcome",
    "Programme",
    "Question",
    "Risk",
    "Role",
    "Step",
    "Subgroup",
    "Target",
    "Theory",
    "Use",
    "Wave",
]


class Programme(Part):
    """A programme and the plan of its evaluation, whole.

    Parameters
    ----------
    id, version, title, summary, purpose : str
        Name (the file's), version as text, heading, one line, and what it is for.
    unit : {"pairs", "individuals", "organisation"}
        Who takes part.
    start : {"programme", "person"}
        Whether week 0 is one date for all, or the start of each person.
    start_is : str
        What week 0 is, in words.
    months : int or float
        How long it lasts.
    sources : tuple of Reference
        Where what is known of the programme comes from.
    theory : Theory
        Why it should work.
    eligibility : Eligibility
        Who can take part.
    roles : tuple of Role
        Who has which part.
    steps : tuple of Step
        From eligible to completed, in order.
    dose : tuple of Dose
        What each is to receive.
    waves : tuple of Wave
        When people are asked, in the order of time.
    instruments : tuple of Use
        What they are asked.
    outcomes : tuple of Outcome
        What should be different.
    comparisons : tuple of Comparison
        With whom they are compared.
    questions : tuple of Question
        What the evaluation answers, in the order of the report.
    subgroups : tuple of Subgroup
        Groups that are looked at by themselves.
    targets : tuple of Target
        What was to be reached.
    files : tuple of DataFile
        The records that it needs.
    risks : tuple of Risk
        What can go wrong.
    privacy : tuple of NamedText
        What is done to protect people, and what they are told.
    forms : Forms
        How the forms of the library are fitted to the programme.
    """

    id: Text
    version: Text
    title: Text
    summary: Text
    purpose: Text
    unit: Unit
    start: Zero
    start_is: Text
    months: Annotated[Number, Field(gt=0, le=120)]
    sources: tuple[Reference, ...] = Field(min_length=1)
    theory: Theory
    eligibility: Eligibility
    roles: tuple[Role, ...] = Field(min_length=1)
    steps: tuple[Step, ...] = ()
    dose: tuple[Dose, ...] = ()
    waves: tuple[Wave, ...] = Field(min_length=1)
    instruments: tuple[Use, ...] = Field(min_length=1)
    outcomes: tuple[Outcome, ...] = Field(min_length=1)
    comparisons: tuple[Comparison, ...] = Field(min_length=1)
    questions: tuple[Question, ...] = Field(min_length=1)
    subgroups: tuple[Subgroup, ...] = ()
    targets: tuple[Target, ...] = ()
    files: tuple[DataFile, ...] = Field(min_length=1)
    risks: tuple[Risk, ...] = Field(min_length=1)
    privacy: tuple[NamedText, ...] = Field(min_length=1)
    forms: Forms = Forms()

    @cached_property
    def roles_by_id(self) -> Mapping[str, Role]:
        """Id -> role."""
        return {role.id: role for role in self.roles}

    @cached_property
    def waves_by_id(self) -> Mapping[str, Wave]:
        """Id -> wave."""
        return {wave.id: wave for wave in self.waves}

    @cached_property
    def uses_by_id(self) -> Mapping[str, Use]:
        """Id -> use of an instrument."""
        return {use.id: use for use in self.instruments}

    @cached_property
    def outcomes_by_id(self) -> Mapping[str, Outcome]:
        """Id -> outcome."""
        return {outcome.id: outcome for outcome in self.outcomes}

    @cached_property
    def comparisons_by_id(self) -> Mapping[str, Comparison]:
        """Id -> comparison."""
        return {comparison.id: comparison for comparison in self.comparisons}

    @cached_property
    def questions_by_id(self) -> Mapping[str, Question]:
        """Id -> question."""
        return {question.id: question for question in self.questions}

    @cached_property
    def files_by_id(self) -> Mapping[str, DataFile]:
        """Id -> file."""
        return {file.id: file for file in self.files}

    @cached_property
    def parties(self) -> tuple[Role, ...]:
        """The roles that the programme is for."""
        return tuple(role for role in self.roles if role.party)

    def column(self, name: str) -> Column | None:
        """Find a column.

        Parameters
        ----------
        name : str
            "file.column".

        Returns
        -------
        Column or None
            None when there is none of that name.
        """
        file, _, column = name.partition(".")
        found = self.files_by_id.get(file)
        return found.by_name.get(column) if found else None

    def others_answer(self, outcome: Outcome) -> tuple[Use, ...]:
        """List where people who are not in the programme answer the questions of an outcome.

        Parameters
        ----------
        outcome : Outcome
            An outcome with a use.

        Returns
        -------
        tuple of Use
            Uses of the same instrument by roles that are no party.
        """
        use = self.uses_by_id.get(outcome.use or "")
        parties = {role.id for role in self.parties}
        return tuple(
            other
            for other in self.instruments
            if use is not None and other.instrument == use.instrument and set(other.roles) - parties
        )

    def instrument_ids(self) -> tuple[str, ...]:
        """List the instruments, each once.

        Returns
        -------
        tuple of str
            In the order in which they are used.
        """
        return tuple(dict.fromkeys(use.instrument for use in self.instruments))

    def calendar(self) -> Iterator[tuple[Wave, Use, str]]:
        """Go through what is asked when.

        Yields
        ------
        tuple of (Wave, Use, str)
            Wave of the programme in the order of time, the use of an instrument and the instrument's wave.
        """
        for wave in self.waves:
            for use in self.instruments:
                for placement in use.waves:
                    if placement.wave == wave.id:
                        yield wave, use, placement.asked

    def to_settle(self) -> tuple[str, ...]:
        """List what is a default of evalkit and must be settled by whoever runs the programme.

        Returns
        -------
        tuple of str
            Paths such as "dose.meetings", "roles.mentee.planned".
        """
        found = [f"eligibility.{one.id}" for one in self.eligibility.criteria if one.basis == "default"]
        found += [f"roles.{role.id}.planned" for role in self.roles if role.planned and role.basis == "default"]
        found += [f"dose.{dose.id}" for dose in self.dose if dose.basis == "default"]
        found += [f"comparisons.{one.id}" for one in self.comparisons if one.group and one.basis == "default"]
        found += [f"targets.{target.id}" for target in self.targets if target.basis == "default"]
        return tuple(found)
