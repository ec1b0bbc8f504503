"""Why somebody sees what they see: each role and seat that opens a part of the tree."""

from __future__ import annotations

from collections.abc import Iterable

from metes.model.access import SEES_EVERYTHING, UserRole
from metes.model.plan import Plan, Seat
from metes.model.seeing import GrantedRole, Reason


def reasons_of(plan: Plan | None, grants: Iterable[GrantedRole], seats: Iterable[Seat]) -> tuple[Reason, ...]:
    """The reasons of what the grants of a day and the seats sat on that day open: everything first, then places, then seats.

    A seat opens its territory for every role that sees by tree, so it stands once with all of them.
    """
    held = tuple(grants)
    known = frozenset(() if plan is None else plan.territory_by_key)
    whole = [Reason((g.role,), group=g.group, until=g.until) for g in held if g.role in SEES_EVERYTHING]
    by_tree = [g for g in held if g.role not in SEES_EVERYTHING]
    placed = [
        Reason((g.role,), g.territory, group=g.group, until=g.until, is_known=g.territory in known) for g in by_tree if g.territory
    ]
    roles = tuple(role for role in UserRole if any(g.role == role for g in by_tree))
    seated = [Reason(roles, seat.territory, seat.key) for seat in sorted(seats, key=lambda s: s.key)] if roles else []
    return (*whole, *sorted(placed, key=lambda r: (r.territory, r.roles)), *seated)
