"""The address of a page as a value: filters, sort and selection live in it, so that a link can be shared and back works."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode


@dataclass(frozen=True, slots=True)
class Address:
    """A path with its query, in order."""

    path: str
    query: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, path: str, query: str = "") -> Address:
        """The address of a path and the text behind its question mark."""
        return cls(path, tuple(parse_qsl(query, keep_blank_values=True)))

    def put(self, **changes: object) -> Address:
        """The address with these parameters in place of those of the same name; None takes one out."""
        kept = tuple((name, value) for name, value in self.query if name not in changes)
        return Address(self.path, kept + tuple((name, str(value)) for name, value in changes.items() if value is not None))

    def add(self, name: str, value: object) -> Address:
        """The address with one more value of a parameter."""
        return Address(self.path, (*self.query, (name, str(value))))

    def drop(self, name: str, value: object = None) -> Address:
        """The address without a parameter, or without one of its values."""
        kept = tuple(pair for pair in self.query if pair[0] != name or (value is not None and pair[1] != str(value)))
        return Address(self.path, kept)

    def values(self, name: str) -> tuple[str, ...]:
        """All values of a parameter."""
        return tuple(value for key, value in self.query if key == name)

    def get(self, name: str, default: str = "") -> str:
        """The first value of a parameter."""
        return next(iter(self.values(name)), default)

    def start(self) -> int:
        """At which row, from 0, a page begins: `after`, or else `before`; 0 where neither is a number of a list's size."""
        place = self.get("after") or self.get("before")
        return int(place) if place.isdecimal() and len(place) < 9 else 0

    def hidden(self, *except_names: str) -> tuple[tuple[str, str], ...]:
        """The parameters a GET form must carry on, without those it sets itself."""
        return tuple(pair for pair in self.query if pair[0] not in except_names)

    def __str__(self) -> str:
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path
