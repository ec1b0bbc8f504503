"""What changes between two plans, as steps that can be printed; a step names one part and says it in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final, TypeAlias, TypeVar

from metes.base.dates import ALWAYS
from metes.model.plan import Area, NamedList, Pin, Plan, Rule, Seat, Territory, TerritoryType
from metes.plan import subjects
from metes.plan.order import pin_order
from metes.plan.telling import base_shown, or_nothing, quoted, shown, size_of, words_of

Part = TypeVar("Part", TerritoryType, Territory, Rule, Seat, NamedList, Area, Pin)
Keyed = TypeVar("Keyed", TerritoryType, Territory, Rule, Seat, NamedList, Area)
PinPlace: TypeAlias = tuple[str, str, date | None, int]
_SHOWN: Final = 5


class Act(StrEnum):
    """What a step does to its subject."""

    ADD = "add"
    REMOVE = "remove"
    MOVE = "move"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Step:
    """One printed change: `field` is what changes of the subject, before and after as text; empty where the whole part comes or goes.

    `territory` is the key of the territory that the subject is, or stands on afterwards; empty for the plan, types, lists and areas.
    """

    act: Act
    kind: str
    subject: str
    sentence: str
    field: str = ""
    before: str = ""
    after: str = ""
    territory: str = ""


def diff(old: Plan, new: Plan) -> tuple[Step, ...]:
    """The steps from one plan to another, in a fixed order; empty where they say the same.

    Order: the plan's own fields, types, territories (with their rules) in the order of the new tree, those gone after them, seats,
    lists, areas, pins and exclusions. Where parts stand among their like is no change. Linear in both plans, n log n in their pins.
    """
    steps: list[Step] = []
    steps.extend(_changes("plan", f"plan {new.key}", old, new, ("key", "name", "description", "comment")))
    steps.extend(_compare(_by_key(old.types), _by_key(new.types), _TYPE))
    steps.extend(_territories(old, new))
    steps.extend(_seats(old, new))
    steps.extend(_lists(old, new))
    steps.extend(_areas(old, new))
    steps.extend(_pins(old, new))
    return tuple(steps)


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a kind of part is named and where it stands."""

    name: str
    subject: Callable[[Any], str]
    label: Callable[[Any], str]
    moves_by: str = ""
    apart: tuple[str, ...] = ()
    home: Callable[[Any], str] = lambda _: ""


_TYPE: Final = _Kind("type", lambda t: subjects.of_type(t.key), quoted)
_TERRITORY: Final = _Kind("territory", lambda t: subjects.of_territory(t.key), quoted, "parent", ("rules",), lambda t: t.key)
_SEAT: Final = _Kind(
    "seat", lambda s: subjects.of_seat(s.key), quoted, "territory", ("base_latitude", "base_longitude"), lambda s: s.territory
)
_AREA: Final = _Kind("area", lambda a: subjects.of_area(a.key), lambda a: f"{quoted(a)} of {size_of(a)}", "", ("geometry",))
_LIST: Final = _Kind("list", lambda n: subjects.of_list(n.key), quoted, "", ("values",))


def _pin_label(pin: Pin) -> str:
    days = f" {shown(pin.period)}" if pin.period != ALWAYS else ""
    return f"of account {pin.account} {'from' if pin.is_exclusion else 'to'} {pin.territory}{days}"


_PIN: Final = _Kind("pin", subjects.of_pin, _pin_label, home=lambda pin: pin.territory)
_EXCLUSION: Final = _Kind("exclusion", subjects.of_pin, _pin_label, home=lambda pin: pin.territory)


def _by_key(parts: tuple[Keyed, ...]) -> dict[str, Keyed]:
    return {part.key: part for part in parts}


def _compare(old: Mapping[Any, Part], new: Mapping[Any, Part], kind: _Kind) -> Iterator[Step]:
    """Steps for the parts of one kind: new and changed ones in the new order, then those gone in the old order."""
    for key, part in new.items():
        before = old.get(key)
        if before is None:
            yield _whole(Act.ADD, kind, part)
        elif before != part:
            yield from _part_changes(before, part, kind)
    for key, part in old.items():
        if key not in new:
            yield _whole(Act.REMOVE, kind, part)


def _whole(act: Act, kind: _Kind, part: Any) -> Step:
    where = ""
    if kind.moves_by and getattr(part, kind.moves_by) is not None:
        where = f" {'under' if kind.moves_by == 'parent' else 'on'} {getattr(part, kind.moves_by)}"
    sentence = f"{act.value.capitalize()} {kind.name} {kind.label(part)}{where}."
    value = shown(part.condition) if isinstance(part, Rule) else ""
    before, after = ("", value) if act is Act.ADD else (value, "")
    return Step(act, kind.name, kind.subject(part), sentence, before=before, after=after, territory=kind.home(part))


def _part_changes(old: Part, new: Part, kind: _Kind) -> Iterator[Step]:
    names = [field.name for field in fields(new) if field.name not in kind.apart]
    for step in _changes(kind.name, kind.subject(new), old, new, names, kind.home(new)):
        if kind.moves_by and step.field == kind.moves_by:
            before, after = step.before or "the top", step.after or "the top"
            sentence = f"Move {kind.name} {kind.label(new)} from {before} to {after}."
            yield replace(step, act=Act.MOVE, sentence=sentence)
        else:
            yield step


def _changes(
    kind: str, subject: str, old: Any, new: Any, names: list[str] | tuple[str, ...], territory: str = ""
) -> Iterator[Step]:
    """One step for each field that differs."""
    for name in names:
        one, other = getattr(old, name), getattr(new, name)
        if one != other:
            before, after = shown(one), shown(other)
            sentence = f"Change {words_of(name)} of {subject} from {or_nothing(before)} to {or_nothing(after)}."
            yield Step(Act.CHANGE, kind, subject, sentence, name, before, after, territory)


def _territories(old: Plan, new: Plan) -> Iterator[Step]:
    """Territories with their rules."""
    before, after = _by_key(old.territories), _by_key(new.territories)
    for key, territory in after.items():
        was = before.get(key)
        if was is territory or was == territory:
            continue
        yield from _compare({key: was} if was else {}, {key: territory}, _TERRITORY)
        yield from _compare(_by_key(was.rules if was else ()), _by_key(territory.rules), _rule_of(key))
    gone = {key: territory for key, territory in before.items() if key not in after}
    yield from _compare(gone, {}, _TERRITORY)


def _rule_of(territory: str) -> _Kind:
    return _Kind(
        "rule",
        lambda rule: subjects.of_rule(territory, rule.key),
        lambda rule: f"{quoted(rule)} of territory {territory}",
        home=lambda _: territory,
    )


def _seats(old: Plan, new: Plan) -> Iterator[Step]:
    """Seats; a home base is one step, though it is two numbers."""
    before, after = _by_key(old.seats), _by_key(new.seats)
    for key, seat in after.items():
        was = before.get(key)
        yield from _compare({key: was} if was else {}, {key: seat}, _SEAT)
        if was is not None and (one := base_shown(was)) != (other := base_shown(seat)):
            subject = subjects.of_seat(key)
            sentence = f"Change home base of {subject} from {or_nothing(one)} to {or_nothing(other)}."
            yield Step(Act.CHANGE, "seat", subject, sentence, "base", one, other, seat.territory)
    yield from _compare({key: seat for key, seat in before.items() if key not in after}, {}, _SEAT)


def _lists(old: Plan, new: Plan) -> Iterator[Step]:
    """Lists, and the values that came and went."""
    before, after = _by_key(old.lists), _by_key(new.lists)
    for key, named in after.items():
        was = before.get(key)
        yield from _compare({key: was} if was else {}, {key: named}, _LIST)
        if was is not None and was.values != named.values:
            yield from _values(was, named)
    yield from _compare({key: named for key, named in before.items() if key not in after}, {}, _LIST)


def _values(old: NamedList, new: NamedList) -> Iterator[Step]:
    had, has = set(old.values), set(new.values)
    came = [value for value in dict.fromkeys(new.values) if value not in had]
    went = [value for value in dict.fromkeys(old.values) if value not in has]
    subject = subjects.of_list(new.key)
    for act, values, word in ((Act.ADD, came, "to"), (Act.REMOVE, went, "from")):
        if values:
            shown = ", ".join(values[:_SHOWN]) + (", ..." if len(values) > _SHOWN else "")
            count = f"{len(values):,} value{'s' if len(values) > 1 else ''}"
            sentence = f"{act.value.capitalize()} {count} {word} {subject}: {shown}."
            text = "\n".join(values)
            yield Step(act, "list", subject, sentence, "values", *(("", text) if act is Act.ADD else (text, "")))
    if not came and not went:
        yield Step(Act.CHANGE, "list", subject, f"Change the order or repetition of the values of {subject}.", "values")


def _areas(old: Plan, new: Plan) -> Iterator[Step]:
    """Areas, and borders that changed, with their size before and after."""
    before, after = _by_key(old.areas), _by_key(new.areas)
    for key, area in after.items():
        was = before.get(key)
        yield from _compare({key: was} if was else {}, {key: area}, _AREA)
        if was is not None and was.geometry != area.geometry:
            subject, sizes = subjects.of_area(key), (size_of(was), size_of(area))
            sentence = f"Change the border of {subject}: {sizes[0]} before, {sizes[1]} after."
            yield Step(Act.CHANGE, "area", subject, sentence, "geometry", *sizes)
    yield from _compare({key: area for key, area in before.items() if key not in after}, {}, _AREA)


def _pins(old: Plan, new: Plan) -> Iterator[Step]:
    """Pins, then exclusions; one with the same account, territory and first day is the same one changed."""
    for is_exclusion, kind in ((False, _PIN), (True, _EXCLUSION)):
        yield from _compare(pins_by_place(old, is_exclusion), pins_by_place(new, is_exclusion), kind)


def pins_by_place(plan: Plan, is_exclusion: bool) -> dict[PinPlace, Pin]:
    """Pins or exclusions by account, territory, first day, and a count where even these are equal."""
    pins: dict[PinPlace, Pin] = {}
    for pin in sorted(plan.pins, key=pin_order):
        if pin.is_exclusion is is_exclusion:
            count = 0
            while (place := (pin.account, pin.territory, pin.period.start, count)) in pins:
                count += 1
            pins[place] = pin
    return pins
