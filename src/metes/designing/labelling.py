"""Names and colours that territories get when a design was worked out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from metes.designing.colouring import colours_apart, neighbouring
from metes.designing.given import DesignTerritory, Given
from metes.designing.naming import named_by_place
from metes.partition.problem import Ints


@dataclass(frozen=True, slots=True)
class Labels:
    """Name and colour of a territory before and after."""

    territory: int
    before: tuple[str, int | None]
    after: tuple[str, int | None]

    def as_list(self) -> list[object]:
        """Plain values."""
        return [self.territory, list(self.before), list(self.after)]


def coloured_apart(territories: Sequence[DesignTerritory], pairs: Ints, territory_of_unit: Ints) -> tuple[DesignTerritory, ...]:
    """The territories with colours that differ between neighbours; those that are not new keep theirs first."""
    firm = [not t.is_new for t in territories]
    colours = colours_apart([t.colour for t in territories], neighbouring(pairs, territory_of_unit), firm)
    return tuple(replace(t, colour=colour) for t, colour in zip(territories, colours, strict=True))


def relabelled(
    given: Given, territory_of_unit: Ints, territories: Sequence[DesignTerritory], is_free: Sequence[bool]
) -> list[Labels]:
    """What changes where units are shared out anew: free names become places, and colours of neighbours differ."""
    names = named_by_place(given, territory_of_unit, [t.name for t in territories], is_free)
    coloured = coloured_apart(territories, given.pairs, territory_of_unit)
    made = [Labels(j, (t.name, t.colour), (names[j], coloured[j].colour)) for j, t in enumerate(territories)]
    return [labels for labels in made if labels.before != labels.after]
