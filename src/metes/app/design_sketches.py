"""The verbs that show two designs side by side: unit by unit, and as small drawings."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zlib import crc32

from metes.app.design_uses import TODAY, DesignUseVerbs, design_number

# Slow to load: NumPy, SciPy, shapely, which commands without designs do without.
if TYPE_CHECKING:
    from metes.designing.sides import Sides
    from metes.partition.problem import Ints
    from metes.render.sketch import Sketch


class DesignSketchVerbs(DesignUseVerbs):
    """What is seen of two designs."""

    def design_sides(self, a: int, b: int | str = TODAY) -> Sides:
        """Where each unit is before (in `b`: a design's number, or 'today') and after (in design `a`)."""
        from metes.designing.sides import sides_of

        active = self.active()
        marks = (
            {t.key: (t.label, t.colour if t.colour is not None else crc32(t.key.encode()) % 12) for t in active[1].territories}
            if active
            else {}
        )
        with self._at_work(a) as (row, state):
            if b == TODAY:
                return sides_of(state, None, marks, row.given_hash)
            with self._at_work(design_number(b)) as (_, other):
                return sides_of(state, other, marks, row.given_hash)

    def design_sketches(self, sides: Sides) -> tuple[Sketch, Sketch, Sketch, Sketch]:
        """Small drawings of the territories before and after, of what differs, and of all units; kept for whoever looks again."""
        import numpy as np

        from metes.render.sketch import Places, sketch

        given = sides.given
        zones = self.zone_set(given.zone_set) if given.zone_set else None
        shapes = (
            [None] * len(given)
            if zones is None
            else [zones.shapes[zones.index_of_id[one]] if one in zones.index_of_id else None for one in given.ids]
        )
        places = Places(given.latitude, given.longitude, given.regions, shapes)

        def drawn(groups: Ints, count: int) -> Sketch:
            key = (sides.digest, groups.tobytes(), count)
            return self.shelf.designs.sketches.get(key, lambda: sketch(places, groups, count))

        differ = np.full(len(given), -1, np.int32)
        differ[sides.differ] = 0
        k, whole = len(sides.keys), np.zeros(len(given), np.int32)
        return drawn(sides.before, k), drawn(sides.after, k), drawn(differ, 1), drawn(whole, 1)
