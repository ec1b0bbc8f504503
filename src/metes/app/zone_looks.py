"""The verbs that look at a file of zones before it becomes a set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from metes.app.clearing import UPLOADS
from metes.app.zones import ZoneSetAdded, ZoneVerbs, bytes_of
from metes.base.errors import InputError, NotFound
from metes.base.findings import Severity

# Slow to load: Arrow, SciPy and shapely, which other commands do without.
if TYPE_CHECKING:
    from metes.intake.zone_properties import FileSeen
    from metes.model.zones import ZoneSet
    from metes.render.sketch import Sketch


class ZoneLookVerbs(ZoneVerbs):
    """What can be seen of zones."""

    def uploaded(self, name: str) -> Path:
        """The path of an uploaded file by folder and name; NotFound where it is gone, or none of the uploads."""
        folder = (self.shelf.books / UPLOADS).resolve()
        path = (folder / name).resolve()
        if path.parent.parent != folder or not path.is_file():
            raise NotFound("this file is no longer here; choose it again")
        return path

    def zone_file_seen(self, source: Path) -> FileSeen:
        """The properties of a GeoJSON file, and guesses of what they are; InputError where it is none."""
        from metes.intake.zone_properties import file_seen

        return file_seen(bytes_of(source), source.name)

    def zone_file_check(
        self, source: Path, *, id_property: str, name_property: str = "", region_property: str = "", measures: Sequence[str] = ()
    ) -> ZoneSetAdded:
        """The set that a file would become, with what is repaired or left out; nothing is written. InputError where there is none."""
        from metes.intake.geojson_zones import Columns, geojson_zones

        columns = Columns(id_property, name_property, region_property, tuple(dict.fromkeys(measures)))
        read = geojson_zones(bytes_of(source), columns, key="new", name="new", file=source.name)
        if read.zones is None:
            first = next((finding for finding in read.findings if finding.severity is Severity.ERROR), None)
            raise InputError(first.message if first else "the file has no zones", read.findings)
        return ZoneSetAdded(read.zones, read.findings)

    def zone_sketch(self, zones: ZoneSet) -> Sketch:
        """A small drawing of a set, a path for each region; kept for whoever looks again."""
        import numpy as np

        from metes.render.sketch import Places, sketch

        regions, group = np.unique(np.array(zones.regions, np.str_), return_inverse=True)
        places = Places(zones.latitude, zones.longitude, zones.regions, zones.shapes)
        return self.shelf.designs.sketches.get(
            ("zones", zones.digest), lambda: sketch(places, group.astype(np.int32), len(regions))
        )
