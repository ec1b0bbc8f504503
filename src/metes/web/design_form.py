"""The form of what a design is asked for: its fields as they were typed, read from a spec and turned into one."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from metes.base.findings import Finding, Severity
from metes.model.hand_over import HAND_OVER_SHARE
from metes.model.plan import Plan, Role

MOST_MEASURES = 8
ALL_SEATS, NO_SEATS, CHOSEN_SEATS = "all", "none", "chosen"
NUMBER, AS_CAPACITY_ASKS = "number", "capacity"
_RATES = ("travel_per_km", "visits_per_year", "visit_hours", "travel_hours")
_SHARES = ("handover_share", "likeness_share")
_FLAGS = ("contiguous", "bases", "families")
_TEXTS = ("name", "units", "start", "targets", "walls")
_DEFAULTS: Mapping[str, Any] = {
    "name": "", "units": "us-counties", "within": "", "regions": [], "territories": 8, "seats": [], "start": "today", "targets": "equal",
    "measures": [{"measure": "potential", "band": 0.05, "weight": 1.0}], "contiguous": True, "bases": True, "walls": "none", "parents": 0, "locks": {},
    "together": [], "forbidden": [], "licences": {}, "families": False, "seed": 0, "seconds": None,
    "rates": {"travel_per_km": 0.5, "visits_per_year": 12.0, "visit_hours": 1.0, "travel_hours": 0.5, "handover_share": HAND_OVER_SHARE, "likeness_share": 0.0},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MeasureTyped:
    """A row of the measures as typed: band in percent, empty for none."""

    name: str
    band: str = "5"
    weight: str = "1"
    error: str = ""


@dataclass(frozen=True, slots=True)
class Typed:
    """The form as typed. `texts` hold every field but measures and flags; `errors` say by field what cannot be read or used."""

    texts: Mapping[str, str]
    flags: frozenset[str]
    measures: tuple[MeasureTyped, ...]
    errors: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.texts[name]


def typed_of_spec(spec: Mapping[str, Any] = _DEFAULTS) -> Typed:
    """The form that shows a spec; what is left out has its default."""
    spec = {**_DEFAULTS, **spec}
    rates = {**_DEFAULTS["rates"], **spec["rates"]}
    seats = list(spec["seats"])
    is_number = isinstance(spec["territories"], int)
    texts = {name: str(spec[name]) for name in _TEXTS}
    texts |= {
        "within": str(spec["within"]),
        "within_text": "",
        "regions": ", ".join(spec["regions"]),
        "how": NUMBER if is_number else AS_CAPACITY_ASKS,
        "territories": str(spec["territories"]) if is_number else "",
        "seats": CHOSEN_SEATS if seats else NO_SEATS,
        "seat_keys": "\n".join(seats),
        "locks": _lines(sorted(spec["locks"].items())),
        "forbidden": _lines(spec["forbidden"]),
        "licences": _lines(sorted(spec["licences"].items())),
        "together": "\n".join(", ".join(group) for group in spec["together"]),
        "parents": str(spec["parents"] or ""),
        "seed": str(spec["seed"]),
        "seconds": "" if spec["seconds"] is None else _plain(spec["seconds"]),
    }
    texts |= {name: _plain(rates[name]) for name in _RATES}
    texts |= {name: _plain(100 * rates[name]) for name in _SHARES}
    return Typed(texts, frozenset(name for name in _FLAGS if spec[name]), tuple(_measure_typed(m) for m in spec["measures"]))


def typed_of_form(form: Mapping[str, Any]) -> Typed:
    """The form as it was sent; a row of measures is added or taken out where its button was pressed."""
    empty = typed_of_spec()
    texts = {name: str(form.get(name, default)).strip() for name, default in empty.texts.items()}
    rows = [
        MeasureTyped(
            *(str(form.get(f"{name}:{at}", default)).strip() for name, default in (("measure", ""), ("band", ""), ("weight", "1")))
        )
        for at in range(MOST_MEASURES)
        if f"measure:{at}" in form
    ]
    edit, _, place = str(form.get("edit", "")).partition(":")
    if edit == "add" and len(rows) < MOST_MEASURES:
        rows.append(MeasureTyped("", "5"))
    elif edit == "remove" and place.isdecimal() and len(rows) > 1:
        rows = [row for at, row in enumerate(rows) if str(at) != place]
    return Typed(texts, frozenset(name for name in _FLAGS if form.get(name)), tuple(rows))


def spec_of(typed: Typed, plan: Plan | None, base: Mapping[str, Any] | None = None) -> tuple[dict[str, Any], Typed]:
    """The spec that the form asks for, on top of what the form does not show, and the form with what of it cannot be read."""
    reader = _Reader(typed, plan)
    kept = {m["measure"]: m for m in (base or {}).get("measures", ())}
    spec: dict[str, Any] = {
        **(base or {}),
        **{name: typed[name] for name in _TEXTS},
        **{name: name in typed.flags for name in _FLAGS},
        "within": reader.within(),
        "regions": [part.upper() for part in re.split(r"[\s,;]+", typed["regions"]) if part],
        "territories": AS_CAPACITY_ASKS if typed["how"] == AS_CAPACITY_ASKS else reader.whole("territories"),
        "parents": reader.whole("parents") if typed["parents"] else 0,
        "locks": dict(reader.pairs("locks", "write a unit and its territory, such as 08031 = front-range")),
        "forbidden": [
            list(pair) for pair in reader.pairs("forbidden", "write a unit and a seat or territory, such as 08031 = west-1")
        ],
        "licences": {
            region.upper(): licence
            for region, licence in reader.pairs("licences", "write a region and a licence, such as US-CO = spirits")
        },
        "together": reader.groups("together"),
        "measures": [{**kept.get(row.name, {}), **reader.measure(at, row)} for at, row in enumerate(typed.measures)],
        "rates": {
            **(base or {}).get("rates", {}),
            **{n: reader.number(n) for n in _RATES},
            **{n: reader.share(n) for n in _SHARES},
        },
        "seed": reader.whole("seed"),
        "seconds": reader.number("seconds") if typed["seconds"] else None,
    }
    spec["seats"] = reader.seats(spec["within"])
    rows = tuple(replace(row, error=reader.errors.get(f"measure:{at}", "")) for at, row in enumerate(typed.measures))
    texts = {**typed.texts, "within": spec["within"]}
    return spec, replace(typed, texts=texts, measures=rows, errors=reader.errors)


def with_findings(typed: Typed, findings: Sequence[Finding]) -> tuple[Typed, tuple[Finding, ...]]:
    """The form with the errors of a check beside their fields, and the findings that belong to no field."""
    errors, rest = dict(typed.errors), []
    for finding in findings:
        name = _field_of(finding, typed)
        if name and finding.severity is Severity.ERROR and name not in errors:
            errors[name] = _sentence(finding)
        else:
            rest.append(finding)
    rows = tuple(replace(row, error=errors.get(f"measure:{at}", "")) for at, row in enumerate(typed.measures))
    return replace(typed, errors=errors, measures=rows), tuple(rest)


def owning_seats(plan: Plan | None, within: str = "") -> list[str]:
    """The keys of seats that own accounts of primary territories, of a part of the tree where one is named."""
    if plan is None:
        return []
    first, last = plan.interval_by_key.get(within, (0, len(plan.preorder)))
    below = {territory.key for territory in plan.preorder[first:last]}
    primary = {kind.key for kind in plan.types if kind.role is Role.PRIMARY}
    return [s.key for s in plan.seats if s.owns and s.territory in below and plan.territory_by_key[s.territory].type in primary]


def _field_of(finding: Finding, typed: Typed) -> str:
    """The form's field that a finding is about; empty where it is about none."""
    words = finding.place.subject.removeprefix("design ").split()
    match words:
        case ["measures", number, *_] if number.isdecimal():
            return f"measure:{int(number) - 1}"
        case ["measure", name]:
            return next((f"measure:{at}" for at, row in enumerate(typed.measures) if row.name == name), "")
        case ["lock", *_]:
            return "locks"
        case ["rates", name]:
            return name if name in typed.texts else ""
        case [name, *_]:
            return name if name in typed.texts else ""
    return ""


def _sentence(finding: Finding) -> str:
    text = f"{finding.message}: {finding.value}" if finding.value else finding.message
    return f"{text[:1].upper()}{text[1:]}. {finding.remedy}".strip()


def _measure_typed(asked: Mapping[str, Any]) -> MeasureTyped:
    band = asked.get("band", 0.05)
    return MeasureTyped(str(asked["measure"]), "" if band is None else _plain(100 * band), _plain(asked.get("weight", 1.0)))


def _lines(pairs: Sequence[Sequence[str]]) -> str:
    """Pairs of texts, one a line."""
    return "\n".join(f"{one} = {other}" for one, other in pairs)


def _plain(value: float) -> str:
    return f"{value:.10g}"


class _Reader:
    """Reads what was typed; what cannot be read is noted by field and left as it is, for the check to refuse."""

    def __init__(self, typed: Typed, plan: Plan | None) -> None:
        self.typed, self.plan = typed, plan
        self.errors: dict[str, str] = {}

    def number(self, name: str) -> Any:
        """A decimal number."""
        found = decimal_of(self.typed[name])
        if found is None:
            self.errors[name] = "Write a number, such as 0.5."
            return self.typed[name]
        return found

    def whole(self, name: str) -> Any:
        """A whole number."""
        text = self.typed[name]
        if not (text.isascii() and text.isdecimal() and len(text) < 12):
            self.errors[name] = "Write a whole number."
            return text
        return int(text)

    def share(self, name: str) -> Any:
        """A percentage, as a share."""
        found = decimal_of(self.typed[name].removesuffix("%"))
        if found is None:
            self.errors[name] = "Write a percentage, such as 15."
            return self.typed[name]
        return found / 100

    def measure(self, at: int, row: MeasureTyped) -> dict[str, Any]:
        """A row of the measures."""
        band, weight = decimal_of(row.band.removesuffix("%")), decimal_of(row.weight)
        if not row.name:
            self.errors[f"measure:{at}"] = "Choose a measure, or take the row out."
        elif row.band and band is None:
            self.errors[f"measure:{at}"] = "Write the band as a percentage, such as 5; leave it empty for none."
        elif weight is None:
            self.errors[f"measure:{at}"] = "Write the weight as a number, such as 1."
        return {"measure": row.name, "band": None if band is None else band / 100, "weight": 1.0 if weight is None else weight}

    def pairs(self, name: str, remedy: str) -> list[tuple[str, str]]:
        """Two texts with an equals sign between them, a pair a line."""
        found = []
        for number, line in enumerate(self.typed[name].splitlines(), 1):
            one, equals, other = (part.strip() for part in line.partition("="))
            if one and equals and other:
                found.append((one, other))
            elif line.strip():
                self.errors.setdefault(name, f"Line {number}: {remedy}.")
        return found

    def groups(self, name: str) -> list[list[str]]:
        """Units with commas between them, a group a line."""
        found = []
        for number, line in enumerate(self.typed[name].splitlines(), 1):
            group = [part.strip() for part in re.split(r"[,;]", line) if part.strip()]
            if len(group) == 1:
                self.errors.setdefault(name, f"Line {number}: write two units or more, such as 08031, 08005.")
            elif group:
                found.append(group)
        return found

    def within(self) -> str:
        """The key of a territory that was chosen, or named."""
        key, text = self.typed["within"], self.typed["within_text"]
        if not key and text:
            alike = [t.key for t in self.plan.territories if text.lower() in (t.key, t.label.lower())] if self.plan else []
            if len(alike) != 1:
                self.errors["within"] = f"There is no one territory called {text}; choose from the list."
                return ""
            key = alike[0]
        return key

    def seats(self, within: str) -> list[str]:
        """The keys of the seats that the territories carry."""
        match self.typed["seats"]:
            case "all":
                found = owning_seats(self.plan, within)
                if not found:
                    self.errors["seats"] = "The plan has no seats there that own accounts."
                return found
            case "chosen":
                return [part for part in re.split(r"[\s,;]+", self.typed["seat_keys"]) if part]
        return []


def decimal_of(text: str) -> float | None:
    """A finite number as people type it, with a point or one comma before the decimals; None for any other text."""
    written = text.strip().replace(",", ".") if text.count(",") == 1 and "." not in text else text.strip()
    try:
        found = float(written)
    except ValueError:
        return None
    return found if math.isfinite(found) else None
