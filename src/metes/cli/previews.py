"""A preview on the command line: who wins and loses, and the accounts that move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from metes.cli.output import Console, money, say

if TYPE_CHECKING:
    from metes.assigning.consequences import Consequences

SHOWN = 60


def show(
    console: Console,
    found: Consequences,
    names: Mapping[str, str],
    moves: Sequence[Mapping[str, Any]],
    currency: str,
    *,
    by_person: bool,
) -> None:
    """Print who wins and loses, the accounts asked for, and what it comes to."""
    balances = found.people() if by_person else found.territories(names)
    if balances:
        headers = ["person" if by_person else "territory", "won", "lost", "potential", "revenue 12m", "pipeline"]
        rows = [
            [b.name or "(none)", b.won.accounts, b.lost.accounts, *(money(getattr(b.net, n), currency) for n in _SUMS)]
            for b in balances[:SHOWN]
        ]
        console.table(headers, rows)
        if len(balances) > SHOWN:
            say(f"… and {len(balances) - SHOWN} more (--json lists all)")
    if moves:
        headers = ["account", "name", "from", "to", "potential"]
        console.table(
            headers,
            [[m["id"], m["name"], m["before"] or "(none)", m["after"] or "(none)", money(m["potential"], currency)] for m in moves],
        )
    for item in found.helping[:SHOWN]:
        print(f"{names.get(item.territory, item.territory)} would help {item.won:,} accounts more and {item.lost:,} less")
    total = found.total
    say(
        f"{found.plan}, if it were in force on {found.day}: {total.accounts:,} of {found.accounts:,} accounts would change territory, "
        f"with a potential of {money(total.potential, currency)}, {money(total.revenue_12m, currency)} of revenue and "
        f"{money(total.pipeline, currency)} of pipeline; {len(found.people()):,} people win or lose; "
        f"{found.gaps:,} accounts held by no territory"
    )


def compared(console: Console, found: Consequences, names: Mapping[str, str], currency: str, *, by_person: bool) -> None:
    """Print what territories hold under one plan and under another, or who wins and loses, and what it comes to."""
    told = [s for s in found.standings if s.before != s.after]
    if by_person or not told:
        show(console, found, names, (), currency, by_person=by_person)
        return
    told.sort(key=lambda s: -abs(s.after.potential - s.before.potential))
    headers = ["territory", "accounts before", "after", "potential before", "after", "revenue 12m", "pipeline"]
    rows = []
    for s in told[:SHOWN]:
        net = s.after - s.before
        amounts = (s.before.potential, s.after.potential, net.revenue_12m, net.pipeline)
        rows.append(
            [names.get(s.key, s.key) or "(none)", s.before.accounts, s.after.accounts, *(money(a, currency) for a in amounts)]
        )
    console.table(headers, rows)
    if len(told) > SHOWN:
        say(f"… and {len(told) - SHOWN:,} more (--json lists all)")
    total = found.total
    say(
        f"{total.accounts:,} of {found.accounts:,} accounts would change territory, with a potential of {money(total.potential, currency)}; "
        f"{found.gaps_before:,} held by nobody before, {found.gaps:,} after"
    )


_SUMS = ("potential", "revenue_12m", "pipeline")
