"""What a design would work with, in plain values, before it is made."""

from __future__ import annotations

from typing import Any

from metes.designing.building import Built
from metes.designing.given import MONEY_MEASURES, amount_text


def checked(built: Built) -> dict[str, Any]:
    """How many units, territories and accounts, the average target of each measure in words, and the findings."""
    given = built.given
    return {
        "units": len(given),
        "territories": len(given.territories),
        "seated": sum(bool(t.seat) for t in given.territories),
        "new": sum(t.is_new for t in given.territories),
        "accounts": int(given.book[:, 0].sum()),
        "accounts_off_map": int(given.off_map[0]) if given.off_map else 0,
        "targets": [
            {
                "measure": name,
                "title": name.replace("_", " ").capitalize(),
                "target": amount_text(given.targets[:, m].mean(), given.currency if name in MONEY_MEASURES else ""),
            }
            for m, name in enumerate(given.measure_names)
        ],
        "findings": built.findings,
    }
