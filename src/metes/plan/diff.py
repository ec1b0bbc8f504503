"""What changes between two plans, as steps that can be printed; a step names one part and says it in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Final, TypeVar

from metes.model import condition as conditions
from metes.model.plan import Area, NamedList, Pin, Plan, Rule, Seat, Territory, TerritoryType
from metes.plan import subjects
from metes.plan.areas import kilometres
from metes.plan.order import pin_order
from metes.plan.polygons import polygons_of, square_kilometres
from metes.rules.syntax import to_text

Part = TypeVar("Part", TerritoryType, Territory, Rule, Seat, NamedList, Area, Pin)
Keyed = TypeVar("Keyed", TerritoryType, Territory, Rule, Seat, NamedList, Area)
_SHOWN: Final = 5
_SHOWN_CHARACTERS: Final = 200


class Act(StrEnum):
    """What a step does to its subject."""

    ADD = "add"
    REMOVE = "remove"
    MOVE = "move"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Step:
    """One printed change: `field` is what changes of the subject, before and after as text; empty where the whole part comes or goes."""

    act: Act
    kind: str
    subject: str
    sentence: str
    field: str = ""
    before: str = ""
    after: str = ""


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


def _quoted(part: Any) -> str:
    return f"{part.key} ({part.name})" if part.name else str(part.key)


_TYPE: Final = _Kind("type", lambda t: subjects.of_type(t.key), _quoted)
_TERRITORY: Final = _Kind("territory", lambda t: subjects.of_territory(t.key), _quoted, "parent", ("rules",))
_SEAT: Final = _Kind("seat", lambda s: subjects.of_seat(s.key), _quoted, "territory", ("base_latitude", "base_longitude"))
_AREA: Final = _Kind("area", lambda a: subjects.of_area(a.key), lambda a: f"{_quoted(a)} of {_size(a)}", "", ("geometry",))
_LIST: Final = _Kind("list", lambda n: subjects.of_list(n.key), _quoted, "", ("values",))


def _pin_label(pin: Pin) -> str:
    return f"of account {pin.account} {'from' if pin.is_exclusion else 'to'} {pin.territory}{_days(pin)}"


def _days(pin: Pin) -> str:
    start = f" from {pin.period.start}" if pin.period.start else ""
    return start + (f" until before {pin.period.end}" if pin.period.end else "")


_PIN: Final = _Kind("pin", subjects.of_pin, _pin_label)
_EXCLUSION: Final = _Kind("exclusion", subjects.of_pin, _pin_label)


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
    value = _shown(part.condition) if isinstance(part, Rule) else ""
    before, after = ("", value) if act is Act.ADD else (value, "")
    return Step(act, kind.name, kind.subject(part), sentence, before=before, after=after)


def _part_changes(old: Part, new: Part, kind: _Kind) -> Iterator[Step]:
    names = [field.name for field in fields(new) if field.name not in kind.apart]
    for step in _changes(kind.name, kind.subject(new), old, new, names):
        if kind.moves_by and step.field == kind.moves_by:
            before, after = step.before or "the top", step.after or "the top"
            sentence = f"Move {kind.name} {kind.label(new)} from {before} to {after}."
            yield Step(Act.MOVE, kind.name, step.subject, sentence, step.field, step.before, step.after)
        else:
            yield step


def _changes(kind: str, subject: str, old: Any, new: Any, names: list[str] | tuple[str, ...]) -> Iterator[Step]:
    """One step for each field that differs."""
    for name in names:
        one, other = getattr(old, name), getattr(new, name)
        if one != other:
            before, after = _shown(one), _shown(other)
            words = name.removeprefix("is_").replace("_", " ")
            sentence = f"Change {words} of {subject} from {_or_nothing(before)} to {_or_nothing(after)}."
            yield Step(Act.CHANGE, kind, subject, sentence, name, before, after)


def _shown(value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, conditions.Condition):
        return to_text(value)
    if isinstance(value, tuple):
        return ", ".join(value)
    return str(value)


def _or_nothing(text: str) -> str:
    """A value in quotes, its first line only."""
    if not text:
        return "nothing"
    first = text.split("\n", 1)[0][:_SHOWN_CHARACTERS]
    return f"'{first}'" if first == text else f"'{first}...'"


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
        "rule", lambda rule: subjects.of_rule(territory, rule.key), lambda rule: f"{_quoted(rule)} of territory {territory}"
    )


def _seats(old: Plan, new: Plan) -> Iterator[Step]:
    """Seats; a home base is one step, though it is two numbers."""
    before, after = _by_key(old.seats), _by_key(new.seats)
    for key, seat in after.items():
        was = before.get(key)
        yield from _compare({key: was} if was else {}, {key: seat}, _SEAT)
        if was is not None and (one := _base(was)) != (other := _base(seat)):
            subject = subjects.of_seat(key)
            sentence = f"Change home base of {subject} from {_or_nothing(one)} to {_or_nothing(other)}."
            yield Step(Act.CHANGE, "seat", subject, sentence, "base", one, other)
    yield from _compare({key: seat for key, seat in before.items() if key not in after}, {}, _SEAT)


def _base(seat: Seat) -> str:
    """Latitude and longitude of a home base as text; empty where there is none."""
    degrees = (seat.base_latitude, seat.base_longitude)
    return "" if degrees == (None, None) else ", ".join("?" if value is None else str(value) for value in degrees)


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
            subject, sizes = subjects.of_area(key), (_size(was), _size(area))
            sentence = f"Change the border of {subject}: {sizes[0]} before, {sizes[1]} after."
            yield Step(Act.CHANGE, "area", subject, sentence, "geometry", *sizes)
    yield from _compare({key: area for key, area in before.items() if key not in after}, {}, _AREA)


def _size(area: Area) -> str:
    return kilometres(square_kilometres(polygons_of(area.geometry)))


def _pins(old: Plan, new: Plan) -> Iterator[Step]:
    """Pins, then exclusions; one with the same account, territory and first day is the same one changed."""
    for is_exclusion, kind in ((False, _PIN), (True, _EXCLUSION)):
        yield from _compare(_by_place(old, is_exclusion), _by_place(new, is_exclusion), kind)


def _by_place(plan: Plan, is_exclusion: bool) -> dict[Hashable, Pin]:
    """Pins or exclusions by account, territory, first day, and a count where even these are equal."""
    pins: dict[Hashable, Pin] = {}
    for pin in sorted(plan.pins, key=pin_order):
        if pin.is_exclusion is is_exclusion:
            count = 0
            while (place := (pin.account, pin.territory, pin.period.start, count)) in pins:
                count += 1
            pins[place] = pin
    return pins
