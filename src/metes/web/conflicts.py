"""Conflicts of a merge as pages ask about them: by territory, each with three versions and what was chosen so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from metes.model.plan import Plan
from metes.web.marks import colour_of
from metes.web.wording import Piece, marked

SIDES = ("ours", "theirs", "base")
_PREFIX = "choice:"


@dataclass(frozen=True, slots=True)
class ConflictShown:
    """One conflict: its sentence, the versions in pieces with words that differ marked, and the side chosen (empty: none yet)."""

    conflict: Any
    ours: Sequence[Piece]
    theirs: Sequence[Piece]
    base: str
    is_code: bool
    chosen: str
    name: str
    colour: int | None


def conflicts_shown(conflicts: Sequence[Any], choices: Mapping[str, str], plan: Plan) -> list[ConflictShown]:
    """Conflicts ready for the page; `plan` gives territories their names and colours."""
    found = []
    for conflict in conflicts:
        ours, theirs = marked(conflict.ours, conflict.theirs)
        territory = plan.territory_by_key.get(conflict.territory)
        is_code = conflict.field == "condition" or (conflict.subject.startswith("rule ") and not conflict.field)
        name = territory.label if territory else conflict.territory
        colour = colour_of(territory) if territory else None
        chosen = choices.get(conflict.key, "")
        found.append(ConflictShown(conflict, ours, theirs, conflict.base, is_code, chosen, name, colour))
    return found


def choices_in(form: Mapping[str, Any]) -> dict[str, str]:
    """What a form chose: the side of each conflict by its key; sides that are none are left out."""
    given = {name.removeprefix(_PREFIX): str(side) for name, side in form.items() if name.startswith(_PREFIX)}
    return {key: side for key, side in given.items() if side in SIDES}
