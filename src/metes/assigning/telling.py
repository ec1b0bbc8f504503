"""What plans would change account by account, as Markdown for a review."""

from __future__ import annotations

from collections.abc import Mapping

from metes.assigning.consequences import MEASURES, Consequences, Standing
from metes.base.money import from_minor
from metes.plan.markdown import escaped, table

_SHOWN = 20
_TITLES = ("potential", "revenue, 12 months", "pipeline")


def markdown(found: Consequences, names: Mapping[str, str], currency: str) -> str:
    """The accounts that move, in short and by territory and person, those who win and lose most first."""

    def money(minor: int) -> str:
        return f"{from_minor(minor, currency):,.0f} {currency}"

    def measures(standing: Standing) -> list[str]:
        return [money(getattr(standing, name)) for name in MEASURES]

    total = found.total
    lines = [
        f"**{total.accounts:,} of {found.accounts:,} accounts** change territory on {found.day}: {money(total.potential)} of potential, "
        f"{money(total.revenue_12m)} of revenue, {money(total.pipeline)} of pipeline. "
        f"{found.gaps:,} accounts held by nobody ({found.gaps_before:,} before)."
    ]
    held = {s.key: s for s in found.standings}
    balances = found.territories(names)
    rows = []
    for b in balances[:_SHOWN]:
        counts = [f"{held[b.key].before.accounts:,}", f"{held[b.key].after.accounts:,}"] if b.key in held else ["", ""]
        rows.append([escaped(b.name) or "(none)", *counts, f"{b.won.accounts:,}", f"{b.lost.accounts:,}", *measures(b.net)])
    if rows:
        lines += ["", table(["territory", "before", "after", "won", "lost", *_TITLES], rows)]
    if len(balances) > _SHOWN:
        lines += ["", f"… and {len(balances) - _SHOWN:,} more territories."]
    people = found.people()
    rows = [[escaped(b.name), f"{b.won.accounts:,}", f"{b.lost.accounts:,}", *measures(b.net)] for b in people[:_SHOWN]]
    if rows:
        lines += ["", table(["person", "won", "lost", *_TITLES], rows)]
    if len(people) > _SHOWN:
        lines += ["", f"… and {len(people) - _SHOWN:,} more people."]
    return "\n".join(lines)
