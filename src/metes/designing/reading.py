"""Reads what is asked of a design from plain values or text, and gathers every problem of it as findings."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final

import yaml

from metes.base.errors import InputError
from metes.base.findings import Finding, Place, Severity
from metes.designing.spec import (
    AS_CAPACITY_ASKS,
    DEFAULT_BAND,
    MOST_PARENTS,
    MOST_TERRITORIES,
    NO_WALLS,
    DesignSpec,
    MeasureAsked,
    Rates,
)

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MOST_MEASURES = 8
MOST_ENTRIES = 1_000_000
MOST_TEXT = 50_000_000
_NAMES = tuple(DesignSpec("").as_dict())
_MEASURE_NAMES = ("measure", "band", "weight", "lowest", "highest")
_TARGETS = ("equal", "capacity")


def spec_from_text(text: str) -> DesignSpec:
    """The design that a text asks for, in YAML or JSON; InputError with every finding where it cannot be read."""
    if len(text) > MOST_TEXT:
        raise InputError(f"what a design asks for may have {MOST_TEXT:,} characters, this has {len(text):,}")
    try:
        value = json.loads(text) if text.lstrip().startswith("{") else yaml.load(text, Loader=_LOADER)  # type: ignore[no-untyped-call]  # noqa: S506 - a safe loader, the C one where there is one
    except (yaml.YAMLError, ValueError) as error:
        raise InputError(f"expected a design in YAML or JSON: {error}") from None
    return spec_from(value)


def spec_to_text(spec: DesignSpec) -> str:
    """The canonical YAML of what is asked: the same value gives the same text."""
    return str(yaml.safe_dump(spec.as_dict(), sort_keys=False, allow_unicode=True, width=120))  # type: ignore[no-untyped-call]


def spec_from(value: Any) -> DesignSpec:
    """The design that plain values ask for, as `DesignSpec.as_dict` gives them; what is left out has its default."""
    if not isinstance(value, Mapping):
        raise InputError(f"expected a design as names with values such as units: us-counties, got {type(value).__name__}")
    reader = _Reader(value)
    spec = reader.read()
    if reader.findings:
        first, more = reader.findings[0], len(reader.findings) - 1
        text = f"{first.place}: {first.message}" + (f" (and {more} more)" if more else "")
        raise InputError(text, reader.findings)
    return spec


class _Reader:
    """Reads one mapping; what is wrong is noted and read as its default, so that all problems are found at once."""

    def __init__(self, value: Mapping[str, Any]) -> None:
        self.value = value
        self.findings: list[Finding] = []

    def read(self) -> DesignSpec:
        """The spec; of use only where there are no findings."""
        for name in self.value:
            if name not in _NAMES:
                self.note(str(name), "there is no such thing to ask of a design", f"Use one of: {', '.join(_NAMES)}.")
        return DesignSpec(
            name=self.text("name", ""),
            units=self.text("units", "accounts"),
            within=self.text("within", ""),
            regions=self.texts("regions"),
            territories=self._territories(),
            seats=self.texts("seats"),
            measures=self._measures(),
            targets=self.choice("targets", _TARGETS),
            is_contiguous=self.flag("contiguous", True),
            uses_bases=self.flag("bases", True),
            walls=self.text("walls", "none") or "none",
            parents=self._parents(),
            locks=self.pairs_of("locks"),
            families=self.flag("families", False),
            together=self._together(),
            forbidden=self._forbidden(),
            licences=self.pairs_of("licences"),
            start=self._start(),
            rates=self._rates(),
            seed=int(self.number("seed", 0, low=0, high=2**31 - 1, whole=True) or 0),
            seconds=self.number("seconds", None, low=0.1, high=86_400),
        )

    def note(self, where: str, message: str, remedy: str, value: Any = "") -> None:
        """Take down a problem."""
        place = Place(subject=f"design {where}")
        self.findings.append(Finding("design-spec", Severity.ERROR, message, place, str(value)[:80], remedy))

    def text(self, name: str, default: str) -> str:
        """A text."""
        found = self.value.get(name, default)
        if found is None:
            return default
        if not isinstance(found, str) or len(found) > 200:
            self.note(name, "expected a text of at most 200 characters", f"Write a text, or leave {name} out.", found)
            return default
        return found.strip()

    def flag(self, name: str, default: bool) -> bool:
        """Yes or no."""
        found = self.value.get(name, default)
        if not isinstance(found, bool):
            self.note(name, "expected true or false", "Say true or false.", found)
            return default
        return found

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """One of a few texts, the first where none is given."""
        found = self.value.get(name, choices[0])
        if found not in choices:
            self.note(name, f"expected one of {', '.join(choices)}", f"Use one of: {', '.join(choices)}.", found)
            return choices[0]
        return str(found)

    def number(
        self, name: str, default: float | None, *, low: float, high: float, whole: bool = False, value: Any = ..., where: str = ""
    ) -> float | None:
        """A finite number within limits; None where the default is None."""
        found = self.value.get(name, default) if value is ... else value
        if found is None and default is None:
            return None
        is_number = isinstance(found, int | float) and not isinstance(found, bool) and math.isfinite(found)
        if not is_number or not low <= found <= high or (whole and int(found) != found):
            kind = "a whole number" if whole else "a number"
            self.note(where or name, f"expected {kind} from {low:g} to {high:g}", "Correct the number.", found)
            return default
        return float(found)

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts without repetitions, in order."""
        found = self.value.get(name) or []
        if not isinstance(found, list | tuple) or not all(isinstance(one, str) and one for one in found):
            self.note(name, "expected a list of texts", "Write it as [A, B].", found)
            return ()
        return tuple(dict.fromkeys(found))

    def pairs_of(self, name: str) -> tuple[tuple[str, str], ...]:
        """A mapping of texts to texts, by key."""
        found = self.value.get(name) or {}
        if not isinstance(found, Mapping) or len(found) > MOST_ENTRIES:
            self.note(name, f"expected names with texts, at most {MOST_ENTRIES:,}", "Write it as {unit: territory}.", found)
            return ()
        return tuple(sorted((str(key), str(value)) for key, value in found.items()))

    def _territories(self) -> int | None:
        found = self.value.get("territories", 8)
        if found in (AS_CAPACITY_ASKS, None):
            return None
        number = self.number("territories", 8, low=1, high=MOST_TERRITORIES, whole=True)
        return int(number or 8)

    def _parents(self) -> int:
        found = int(self.number("parents", 0, low=0, high=MOST_PARENTS, whole=True) or 0)
        if found and self.value.get("walls", NO_WALLS) not in (NO_WALLS, "", None):
            message = "parents are found by the engine, and walls part the units already"
            self.note("parents", message, "Ask for one of the two.", found)
        return found

    def _measures(self) -> tuple[MeasureAsked, ...]:
        found = self.value.get("measures", [{"measure": "potential"}])
        if not isinstance(found, list | tuple) or not 1 <= len(found) <= MOST_MEASURES:
            message = f"expected a list of 1 to {MOST_MEASURES} measures"
            self.note("measures", message, "Write it as [{measure: potential, band: 0.05}].", found)
            return ()
        measures = tuple(self._measure(at, one) for at, one in enumerate(found))
        names = [measure.name for measure in measures]
        if len(set(names)) < len(names):
            self.note("measures", "a measure stands there twice", "Name each once.", ", ".join(names))
        return measures

    def _measure(self, at: int, one: Any) -> MeasureAsked:
        where = f"measures {at + 1}"
        one = {"measure": one} if isinstance(one, str) else one
        if not isinstance(one, Mapping) or not isinstance(one.get("measure"), str) or not one["measure"]:
            self.note(where, "expected a measure with its name", "Write it as {measure: potential, band: 0.05}.", one)
            return MeasureAsked("?")
        for name in one:
            if name not in _MEASURE_NAMES:
                self.note(f"{where} {name}", "there is no such thing", f"Use one of: {', '.join(_MEASURE_NAMES)}.")
        band = one.get("band", DEFAULT_BAND)
        lowest, highest = (
            self.number(name, None, low=0, high=1e18, value=one.get(name), where=f"{where} {name}")
            for name in ("lowest", "highest")
        )
        if lowest is not None and highest is not None and lowest > highest:
            self.note(where, f"lowest {lowest:g} is above highest {highest:g}", "Exchange them.")
        return MeasureAsked(
            one["measure"],
            None if band is None else self.number("band", DEFAULT_BAND, low=0, high=10, value=band, where=f"{where} band"),
            self.number("weight", 1.0, low=0, high=1e6, value=one.get("weight", 1.0), where=f"{where} weight") or 0.0,
            lowest,
            highest,
        )

    def _together(self) -> tuple[tuple[str, ...], ...]:
        found = self.value.get("together") or []
        is_right = isinstance(found, list | tuple) and all(
            isinstance(group, list | tuple) and all(isinstance(one, str) for one in group) for group in found
        )
        if not is_right:
            self.note("together", "expected a list of lists of units", "Write it as [[A, B], [C, D]].", found)
            return ()
        return tuple(tuple(dict.fromkeys(group)) for group in found)

    def _forbidden(self) -> tuple[tuple[str, str], ...]:
        found = self.value.get("forbidden") or []
        is_right = isinstance(found, list | tuple) and all(
            isinstance(pair, list | tuple) and len(pair) == 2 and all(isinstance(one, str) for one in pair) for pair in found
        )
        if not is_right:
            self.note("forbidden", "expected pairs of a unit and a territory or seat", "Write it as [[unit, seat]].", found)
            return ()
        return tuple((pair[0], pair[1]) for pair in found)

    def _start(self) -> str:
        found = self.text("start", "today")
        number = found.removeprefix("design:")
        if found not in ("today", "scratch") and not (found.startswith("design:") and number.isdecimal() and len(number) < 19):
            self.note("start", "expected today, scratch or design:NUMBER", "Use one of them.", found)
            return "today"
        return found

    def _rates(self) -> Rates:
        found = self.value.get("rates") or {}
        if not isinstance(found, Mapping):
            self.note("rates", "expected names with numbers", "Write it as {travel_per_km: 0.5}.", found)
            return Rates()
        default = Rates()
        limits = {
            "travel_per_km": (1e-6, 1e6),
            "visits_per_year": (1e-3, 10_000.0),
            "visit_hours": (0.0, 1_000.0),
            "travel_hours": (0.0, 1_000.0),
            "handover_share": (0.0, 1.0),
            "likeness_share": (0.0, 1.0),
        }
        for name in found:
            if name not in Rates.__slots__:
                self.note(f"rates {name}", "there is no such rate", f"Use one of: {', '.join(Rates.__slots__)}.")
        numbers = {
            name: self.number(name, getattr(default, name), low=low, high=high, value=found.get(name, getattr(default, name)), where=f"rates {name}")
            for name, (low, high) in limits.items()
        }  # fmt: skip
        revenue = found.get("revenue", default.revenue)
        if not isinstance(revenue, str) or not revenue:
            self.note("rates revenue", "expected the name of a field", "Use revenue_12m.", revenue)
            revenue = default.revenue
        return Rates(**{name: float(value or 0.0) for name, value in numbers.items()}, revenue=revenue)
