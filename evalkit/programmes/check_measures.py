"""Rules on measures: forms answered by the people that they are for, outcomes that their form or file can show."""

from __future__ import annotations

from collections.abc import Iterator

from evalkit.errors import did_you_mean
from evalkit.instruments.findings import Finding, Where
from evalkit.instruments.model import Instrument
from evalkit.programmes.findings import Plan, rule, unknown
from evalkit.programmes.parts import Outcome, Use


@rule
def forms_reach_their_audience(plan: Plan) -> Iterator[Finding]:
    """Every role that answers a form is one of those that the instrument is for.

    Parameters
    ----------
    plan : Plan
        What to check.

    Yields
    ------
    Finding
        PRG-008 for an unknown role, PRG-010 for one that the instrument is not for.
    """
    roles = plan.programme.roles_by_id
    for use in plan.programme.instruments:
        where = ("instruments", use.id, "roles")
        yield from unknown(plan, "roles", use.roles, roles, where, "a role")
        instrument = plan.instruments.get(use.instrument)
        for name in use.roles:
            role = roles.get(name)
            if role and instrument and role.audience not in instrument.audience:
                found = f"{name}, whose audience is {role.audience}"
                expected = f"{instrument.id} is for {', '.join(instrument.audience)}"
                yield Finding("PRG-010", where, found, expected, "Choose another form or audience.")


@rule
def roles_of_parts_are_known(plan: Plan) -> Iterator[Finding]:
    """Dose, outcomes, questions and conditions name roles that are there.

    Parameters
    ----------
    plan : Plan
        What to check.

    Yields
    ------
    Finding
        PRG-008 for each that is not.
    """
    roles = plan.programme.roles_by_id
    for section in ("dose", "outcomes", "questions"):
        for part in getattr(plan.programme, section):
            yield from unknown(plan, "roles", part.roles, roles, (section, part.id, "roles"), "a role")
    for criterion in plan.programme.eligibility.criteria:
        where = ("eligibility", "criteria", criterion.id, "roles")
        yield from unknown(plan, "roles", criterion.roles, roles, where, "a role")


@rule
def outcomes_are_measured(plan: Plan) -> Iterator[Finding]:
    """Each outcome has one measure, which its form or file has, and the direction of its scale.

    Parameters
    ----------
    plan : Plan
        What to check.

    Yields
    ------
    Finding
        PRG-008 for an unknown use, PRG-011 for a scale, item or measure that is not there, PRG-012 for a direction that
        contradicts the scale.
    """
    uses = plan.programme.uses_by_id
    for outcome in plan.programme.outcomes:
        where = ("outcomes", outcome.id)
        measures = [name for name in ("scale", "item", "column") if getattr(outcome, name)]
        if len(measures) != 1 or bool(outcome.use) != (measures != ["column"]):
            found = " and ".join([*(["use"] if outcome.use else []), *measures]) or "nothing"
            expected = "use and scale, or use and item, or column"
            yield Finding("PRG-011", where, found, expected, "Name one measure.")
            continue
        for key in ("use", "partner_use"):
            named = getattr(outcome, key)
            yield from unknown(
                plan, "instruments", [named] if named else [], uses, (*where, key), "an instrument's use"
            )
            if named in uses:
                yield from _measure(plan, outcome, uses[named])


def _measure(plan: Plan, outcome: Outcome, use: Use) -> Iterator[Finding]:
    instrument = plan.instruments.get(use.instrument)
    if instrument is None:
        return
    if outcome.scale:
        where: Where = ("outcomes", outcome.id, "scale")
        yield from _named(outcome.scale, instrument.scales_by_id, where, f"a scale of {instrument.id}")
        scale = instrument.scales_by_id.get(outcome.scale)
        if scale and scale.direction not in {outcome.direction, "neither"}:
            expected = f"{scale.direction}, as scale {scale.id}"
            at = ("outcomes", outcome.id, "direction")
            yield Finding("PRG-012", at, outcome.direction, expected, "Take the scale's.")
    if outcome.item:
        where = ("outcomes", outcome.id, "item")
        yield from _named(outcome.item, instrument.by_id, where, f"an item of {instrument.id}")
    parties = set(outcome.roles) - set(use.roles)
    if parties and outcome.partner_use is None and outcome.level != 3:
        found = f"{', '.join(sorted(parties))} do not answer {use.id}"
        where = ("outcomes", outcome.id, "roles")
        yield Finding("PRG-011", where, found, f"roles that do: {', '.join(use.roles)}", "Change the roles.")


def _named(name: str, known: object, where: Where, what: str) -> Iterator[Finding]:
    names = list(known)  # type: ignore[call-overload]
    if name not in names:
        yield Finding("PRG-011", where, repr(name), what, did_you_mean(name, names))


def asked_at(instrument: Instrument, outcome: Outcome) -> frozenset[str]:
    """List the waves of an instrument that show an outcome.

    Parameters
    ----------
    instrument : Instrument
        The instrument.
    outcome : Outcome
        An outcome with a scale or item of it.

    Returns
    -------
    frozenset of str
        Those at which all items of the scale, or the item, are asked; retrospective ones too.
    """
    scale = instrument.scales_by_id.get(outcome.scale or "")
    names = scale.items if scale else (outcome.item or "",)
    waves = [set(instrument.waves_of(instrument.by_id[name])) for name in names if name in instrument.by_id]
    return frozenset(set.intersection(*waves)) if waves else frozenset()


def answered_at(use: Use, instrument: Instrument) -> frozenset[str]:
    """List the waves of an instrument that are answered in a programme.

    Parameters
    ----------
    use : Use
        The use.
    instrument : Instrument
        Its instrument.

    Returns
    -------
    frozenset of str
        Those placed, and the retrospective ones asked with them.
    """
    return frozenset(wave.id for wave in instrument.waves if (wave.asked_with or wave.id) in use.asked)
