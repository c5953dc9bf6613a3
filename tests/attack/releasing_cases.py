"""Hand a case to `protect`, and take back only what would be published."""

from __future__ import annotations

from attack.drawing import Case
from attack.knowledge import Release

from evalkit.disclosure.protecting import protect


def released(case: Case) -> tuple[Release, ...]:
    """Protect the tables of a case together, and give them as they may leave, without the true counts."""
    dims = list(dict.fromkeys(dim for table in case.tables for dim in table.dims))
    tables = {f"table {number}": table.frame for number, table in enumerate(case.tables)}
    given = next(iter(tables.values())) if len(tables) == 1 else tables
    found = protect(
        given,
        counts=list(case.counts),
        dims=dims,
        totals={dim: total for dim, total in case.totals.items() if _has(case, dim)},
        profile=case.profile,
        subset_of=dict(case.within),
    )
    each = [found] if len(tables) == 1 else [found[name] for name in tables]
    columns = {count: "released" if len(case.counts) == 1 else f"released_{count}" for count in case.counts}
    return tuple(
        Release(one.frame, table.dims, case.totals, columns) for one, table in zip(each, case.tables, strict=True)
    )


def _has(case: Case, dim: str) -> bool:
    return any((table.frame[dim] == case.totals[dim]).any() for table in case.tables if dim in table.dims)
