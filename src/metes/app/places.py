"""The verb that finds a place as people name it: by degrees, by an account, or by a name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from metes.app.desk import Desk
from metes.base.errors import InputError

_NUMBER: Final = r"[+-]?(?:\d{1,3}(?:\.\d*)?|\.\d+)"
_POINT: Final = re.compile(rf"\(?\s*({_NUMBER})(?:\s*[,;]\s*|\s+)({_NUMBER})\s*\)?")


@dataclass(frozen=True, slots=True)
class PlaceFound:
    """A place with its degrees, what it was found by (`degrees`, `account`, or a name's precision), and how it is called."""

    latitude: float
    longitude: float
    found_by: str
    name: str


class PlaceVerbs(Desk):
    """What places are found by."""

    def place_find(self, text: str) -> PlaceFound:
        """The place that a text means: degrees such as '39.74, -104.99', the id of an account, or a name such as 'Denver, CO' or '80202'.

        InputError where it means none, or an account without a place.
        """
        text = text.strip()
        point = _POINT.fullmatch(text)
        if point is not None and abs(float(point[1])) <= 90 and abs(float(point[2])) <= 180:
            return PlaceFound(float(point[1]), float(point[2]), "degrees", text)
        account = self._account_place(text) if text else None
        if account is not None:
            return account
        from metes.intake.place_names import place_named

        named = place_named(text) if len(text) <= 200 else None
        if named is None:
            raise InputError(
                f"no place is called '{text[:80]}', and no account has this id; write degrees such as 39.74, -104.99, "
                "or a city with its region or country such as 'Denver, CO'"
            )
        return PlaceFound(named.latitude, named.longitude, named.precision, named.name)

    def _account_place(self, key: str) -> PlaceFound | None:
        """The place of an account named by its id; None where no account in sight has it, InputError where it has no place."""
        import pyarrow.compute as pc

        rows = self.book().details(("id", "name", "latitude", "longitude"), self.scope)
        found = rows.filter(pc.equal(rows["id"], key)).to_pylist()
        if not found:
            return None
        one = found[0]
        if one["latitude"] is None or one["longitude"] is None:
            raise InputError(f"account '{key}' has no place; give it one, or name another place")
        return PlaceFound(one["latitude"], one["longitude"], "account", one["name"] or key)
