"""Rules on files: columns that exist, nothing that names a person, conditions that fit their column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from evalkit.errors import did_you_mean
from evalkit.instruments.findings import Finding, Where
from evalkit.programmes.conditions import known_label, ordered_labels
from evalkit.programmes.findings import Plan, rule, unknown
from evalkit.programmes.parts import Column, Comparison, Criterion

_NAMING = re.compile(
    r"(.*_)?(name|surname|forename|initials|email|phone|telephone|mobile|address|postcode|birth|dob|nhs_number"
    r"|employee_number|payroll|esr|national_insurance|ni_number|gmc|nmc|hcpc|title_and_name)(_.*)?"
)
CONTRASTS = frozenset({"waiting_list", "others", "matched"})
_NUMBER_TESTS = frozenset({"at_least", "at_most"})


@rule
def nothing_names_a_person(plan: Plan) -> Iterator[Finding]:
    """No column holds a name, an address, a date of birth or a number by which people are found elsewhere.

    Parameters
    ----------
    plan : Plan
        What to check.

    Yields
    ------
    Finding
        PRG-019 for each.
    """
    for file in plan.programme.files:
        for column in file.columns:
            if _NAMING.fullmatch(column.name):
                where = ("files", file.id, "columns", column.name)
                remedy = "Take it out, and keep the list of codes and names with whoever runs the programme."
                yield Finding("PRG-019", where, f"column {column.name!r}", "codes of people only", remedy)


@rule
def columns_are_whole(plan: Plan) -> Iterator[Finding]:
    """Keys are columns, and limits, units and orders stand where they mean something.

    Parameters
    ----------
    plan : Plan
        What to check.

    Yields
    ------
    Finding
        PRG-008 for a key that is no column, PRG-017 for a column at odds with itself.
    """
    for file in plan.programme.files:
        where = ("files", file.id, "key")
        for name in file.key:
            if name not in file.by_name:
                yield Finding("PRG-008", where, repr(name), "a column of the file", did_you_mean(name, file.by_name))
        for column in file.columns:
            for found, expected in _at_odds(column):
                place = ("files", file.id, "columns", column.name)
                yield Finding("PRG-017", place, found, expected, "Change the one or the other.")
        if file.optional and not file.without:
            expected = "what cannot be answered without it"
            yield Finding("PRG-018", ("files", file.id), "optional, without a word", expected, "Write without: ...")


def _at_odds(column: Column) -> Iterator[tuple[str, str]]:
    if column.values and column.kind != "category":
        yield f"values of a {column.kind}", "values of a category"
    if (column.min is not None or column.max is not None or column.unit) and column.kind != "number":
        yield f"limits or a unit of a {column.kind}", "limits of a number"
    if column.min is not None and column.max is not None and column.min > column.max:
        yield f"{column.min} to {column.max}", "lowest to highest"
    if column.ordered and not column.values:
        yield "an order without values", "values in their order"


@rule
def columns_exist(plan: Plan) -> Iterator[Finding]:
    """Every "file.column" that is named is there.

    Parameters
    ----------
    plan : Plan
        What to check.

    Yields
    ------
    Finding
        PRG-008 for each that is not.
    """
    programme = plan.programme
    named: list[tuple[Where, Iterable[str]]] = [
        *((("eligibility", "criteria", one.id, "column"), [one.column]) for one in programme.eligibility.criteria),
        *((("steps", step.id, "column"), [step.column]) for step in programme.steps),
        *((("outcomes", one.id, "column"), [one.column]) for one in programme.outcomes if one.column),
        *((("comparisons", one.id, "group"), [one.group]) for one in programme.comparisons if one.group),
        *((("comparisons", one.id, "covariates"), one.covariates) for one in programme.comparisons),
        *(
            (("comparisons", one.id, "where", part.id, "column"), [part.column])
            for one in programme.comparisons
            for part in one.where
        ),
        *((("subgroups", one.id, "columns"), one.columns) for one in programme.subgroups),
    ]
    for where, names in named:
        for name in names:
            yield from column_findings(plan, name, where)


def column_findings(plan: Plan, name: str, where: Where) -> Iterator[Finding]:
    """Find a "file.column" that is not there.

    Parameters
    ----------
    plan : Plan
        The plan.
    name : str
        "file.column".
    where : tuple
        Path of the part that names it.

    Yields
    ------
    Finding
        PRG-008 when it is not there.
    """
    if plan.programme.column(name) is not None or ("files", name.partition(".")[0]) in plan.unread:
        return
    known = [f"{file.id}.{column.name}" for file in plan.programme.files for column in file.columns]
    near = [one for one in known if one.partition(".")[0] == name.partition(".")[0]]
    remedy = did_you_mean(name, near or [file.id for file in plan.programme.files])
    yield Finding("PRG-008", where, repr(name), "file.column of this programme", remedy)


@rule
def dose_is_recorded(plan: Plan) -> Iterator[Finding]:
    """The file that records a dose is there, and tells activities apart where it must.

    Parameters
    ----------
    plan : Plan
        What to check.

    Yields
    ------
    Finding
        PRG-008 for an unknown file or activity.
    """
    files = plan.programme.files_by_id
    for dose in plan.programme.dose:
        yield from unknown(plan, "files", [dose.file], files, ("dose", dose.id, "file"), "a file")
        file = files.get(dose.file)
        activities = file.by_name.get("activity") if file else None
        if activities is not None and activities.values and dose.activity not in activities.values:
            remedy = did_you_mean(dose.activity, activities.values)
            where = ("dose", dose.id, "activity")
            yield Finding("PRG-008", where, repr(dose.activity), f"an activity of {dose.file}", remedy)


@rule
def criteria_fit_their_column(plan: Plan) -> Iterator[Finding]:
    """A condition of eligibility, or of a comparison, compares like with like.

    Parameters
    ----------
    plan : Plan
        What to check.

    Yields
    ------
    Finding
        PRG-017 for each that does not, and for one of a comparison on another file than the one of its group.
    """
    named: list[tuple[Where, Criterion]] = [
        (("eligibility", "criteria", one.id), one) for one in plan.programme.eligibility.criteria
    ]
    for comparison in plan.programme.comparisons:
        named += [(("comparisons", comparison.id, "where", one.id), one) for one in comparison.where]
        yield from _of_another_file(comparison)
    for where, criterion in named:
        column = plan.programme.column(criterion.column)
        fault = _misfit(criterion, column) if column else None
        if fault:
            yield Finding("PRG-017", (*where, "value"), *fault, "Change the condition or the column.")


def _of_another_file(comparison: Comparison) -> Iterator[Finding]:
    file = (comparison.group or "").partition(".")[0]
    for one in comparison.where:
        if one.column.partition(".")[0] != file:
            where = ("comparisons", comparison.id, "where", one.id, "column")
            yield Finding("PRG-017", where, one.column, f"a column of {file or 'the file of its group'}", "Change it.")


def _misfit(criterion: Criterion, column: Column) -> tuple[str, str] | None:
    several = isinstance(criterion.value, tuple)
    values = criterion.value if isinstance(criterion.value, tuple) else (criterion.value,)
    if several != (criterion.test == "is_one_of"):
        return f"{criterion.test} {list(values)}", "a list for is_one_of, one value for the others"
    if column.kind == "number" and any(isinstance(value, str) for value in values):
        return f"{criterion.value!r}", "a number"
    if criterion.test in _NUMBER_TESTS and column.kind != "number" and not ordered_labels(column):
        return f"{criterion.test} of {criterion.column}", "a number, or a category whose values are ordered"
    strange = [value for value in values if not known_label(column, value)]
    if strange:
        return f"{strange[0]!r}", f"one of {', '.join(column.values) or column.mapping}"
    if column.kind == "yes_no" and not set(values) <= {"yes", "no"}:
        return f"{criterion.value!r}", '"yes" or "no"'
    return None


@rule
def groups_can_be_told_apart(plan: Plan) -> Iterator[Finding]:
    """The column of a comparison holds both its groups, or the date of the start.

    Parameters
    ----------
    plan : Plan
        What to check.

    Yields
    ------
    Finding
        PRG-017 for a column that does neither; PRG-018 for a comparison with others that names no column.
    """
    for comparison in plan.programme.comparisons:
        where: Where = ("comparisons", comparison.id, "group")
        if comparison.kind in CONTRASTS and not comparison.group:
            yield Finding("PRG-018", where, "no group", "file.column that tells participants from others", "Add it.")
        column = plan.programme.column(comparison.group) if comparison.group else None
        names = {comparison.participants, comparison.others}
        if column is None or column.kind == "date" or (column.values and names <= set(column.values)):
            continue
        found, expected = f"{comparison.group}", f"a date, or a category with {' and '.join(sorted(names))}"
        yield Finding("PRG-017", where, found, expected, "Change the column, or participants and others.")
