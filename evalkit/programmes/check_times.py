"""Rules on time: waves in order, dose inside the programme, forms asked in their own order."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from evalkit.instruments.findings import Finding
from evalkit.programmes.findings import Plan, rule, unknown


@rule
def waves_are_in_order(plan: Plan) -> Iterator[Finding]:
    """Waves stand in the order of time.

    Parameters
    ----------
    plan : Plan
        What to check.

    Yields
    ------
    Finding
        PRG-016 for a wave that opens before the one above it.
    """
    for first, second in pairwise(plan.programme.waves):
        if second.week < first.week:
            found = f"week {second.week}, below week {first.week}"
            where = ("waves", second.id, "week")
            yield Finding("PRG-016", where, found, "waves in the order of time", "Put them in order.")


@rule
def dose_fits_the_programme(plan: Plan) -> Iterator[Finding]:
    """Dose lies within the months of the programme, and the least is no more than the plan.

    Parameters
    ----------
    plan : Plan
        What to check.

    Yields
    ------
    Finding
        PRG-016 for months, PRG-005 for numbers.
    """
    for dose in plan.programme.dose:
        first, last = dose.months
        if first > last or last > plan.programme.months:
            found, expected = f"months {first} to {last}", f"first to last, up to month {plan.programme.months}"
            yield Finding("PRG-016", ("dose", dose.id, "months"), found, expected, "Correct the months.")
        if dose.least > dose.number:
            found, expected = f"least {dose.least} of {dose.number}", "no more than the number planned"
            yield Finding("PRG-005", ("dose", dose.id, "least"), found, expected, "Lower the least.")


@rule
def forms_are_asked_in_their_order(plan: Plan) -> Iterator[Finding]:
    """The waves of an instrument keep their order in the programme, and are waves that it has.

    Parameters
    ----------
    plan : Plan
        What to check.

    Yields
    ------
    Finding
        PRG-008 for an unknown wave of the programme, PRG-010 for one that the instrument does not have, PRG-016 for
        waves out of order.
    """
    weeks = {wave.id: wave.week for wave in plan.programme.waves}
    for use in plan.programme.instruments:
        where = ("instruments", use.id, "waves")
        for placement in use.waves:
            yield from unknown(plan, "waves", [placement.wave], weeks, (*where, placement.asked), "a wave")
        instrument = plan.instruments.get(use.instrument)
        if instrument is None:
            continue
        order = {wave.id: position for position, wave in enumerate(instrument.waves) if wave.asked_with is None}
        for asked in use.asked:
            if asked not in order:
                expected = f"a wave of {instrument.id} that is answered by itself: {', '.join(order)}"
                remedy = "A retrospective wave comes with the one that it is asked with."
                yield Finding("PRG-010", (*where, asked), repr(asked), expected, remedy)
        placed = sorted(
            (order[one.asked], weeks[one.wave], one.asked)
            for one in use.waves
            if one.asked in order and one.wave in weeks
        )
        for (_, week, _), (_, later, asked) in pairwise(placed):
            if later < week:
                found = f"{asked!r} in week {later}, after one in week {week}"
                yield Finding("PRG-016", (*where, asked), found, "the instrument's own order", "Change the waves.")
