"""Three-way merge of single parts of a plan: whole parts, their fields, tags kept as sets, and the order among their like."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, Final, TypeVar

from metes.model.plan import Area, NamedList, Pin, Rule, Seat, Territory, TerritoryType
from metes.plan import subjects
from metes.plan.telling import base_shown, or_nothing, shown, size_of, words_of

Part = TypeVar("Part")
Place = TypeVar("Place", bound=Hashable)
_SHOWN: Final = 8


class Side(StrEnum):
    """Whose version counts: the plan merged into, the plan that is merged in, or what both came from."""

    OURS = "ours"
    THEIRS = "theirs"
    BASE = "base"

    @property
    def other(self) -> Side:
        """The other of ours and theirs."""
        return Side.THEIRS if self is Side.OURS else Side.OURS


class Clash(StrEnum):
    """What two sides did that cannot both stand."""

    FIELD = "field"
    MOVED = "moved"
    ADDED = "added"
    REMOVED = "removed"
    REUSED = "reused"
    CIRCLE = "circle"
    PLACE = "place"


@dataclass(frozen=True, slots=True)
class MergeConflict:
    """What two sides of a merge did that cannot both stand; `base`, `ours` and `theirs` are texts for people.

    `key` names it in choices and stays the same while both sides leave the place alone; `field` is empty where it is about a whole part.
    """

    key: str
    kind: Clash
    subject: str
    field: str
    base: str
    ours: str
    theirs: str
    sentence: str
    territory: str = ""


@dataclass
class Settling:
    """The conflicts met, and how they are settled: by a choice of their own, else by `rest`, else as ours has it."""

    choices: Mapping[str, Side]
    rest: Side | None = None
    met: dict[str, MergeConflict] = field(default_factory=dict)

    def side(self, conflict: MergeConflict) -> Side:
        """Note a conflict; the side that it is settled for."""
        self.met.setdefault(conflict.key, conflict)
        return self.choices.get(conflict.key) or self.rest or Side.OURS

    def is_open(self, conflict: MergeConflict) -> bool:
        """Whether nobody has settled a conflict."""
        return self.rest is None and conflict.key not in self.choices


@dataclass(frozen=True, slots=True)
class Form:
    """How parts of one kind are merged: fields that stand for themselves or together, and fields that are sets of texts."""

    kind: str
    subject: Callable[[Any], str]
    units: tuple[tuple[str, tuple[str, ...]], ...]
    sets: tuple[str, ...] = ()
    is_another: Callable[[Any, Any], bool] = lambda one, other: False  # noqa: ARG005
    home: Callable[[Any], str] = lambda _: ""

    def key(self, part: Any) -> str:
        """The key of a conflict about a part."""
        return self.subject(part).replace(" ", ":", 1).replace(" -> ", ":")


def units_of(
    kind: type, *apart: str, together: Mapping[str, tuple[str, ...]] | None = None
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The fields of a kind of part without those `apart`, each a unit of its own unless it belongs `together` with others."""
    joined = together or {}
    taken = {name for names in joined.values() for name in names}
    single = [(f.name, (f.name,)) for f in fields(kind) if f.name not in apart and f.name not in taken]
    return (*single, *joined.items())


def same(one: object, other: object) -> bool:
    """Whether two parts say the same."""
    return one is other or one == other


def merge_each(
    form: Form, base: Mapping[Place, Part], ours: Mapping[Place, Part], theirs: Mapping[Place, Part], settling: Settling
) -> dict[Place, Part]:
    """The parts of one kind merged, by their place; linear in the parts."""
    merged: dict[Place, Part] = {}
    for place in {**ours, **theirs}:
        part = merge_one(form, base.get(place), ours.get(place), theirs.get(place), settling)
        if part is not None:
            merged[place] = part
    return merged


def merge_one(form: Form, base: Part | None, ours: Part | None, theirs: Part | None, settling: Settling) -> Part | None:
    """One part merged; None where it is gone."""
    if same(ours, theirs) or same(theirs, base):
        return ours
    if same(ours, base):
        return theirs
    if base is not None and ours is not None and theirs is not None and not is_reused(form, base, ours, theirs):
        return merge_fields(form, base, ours, theirs, settling)
    return chosen(settling.side(clash_of_whole(form, base, ours, theirs)), base, ours, theirs)


def is_reused(form: Form, base: Part, ours: Part, theirs: Part) -> bool:
    """Whether a side uses a part's key for something else."""
    return form.is_another(base, ours) or form.is_another(base, theirs)


def chosen(side: Side, base: Part, ours: Part, theirs: Part) -> Part:
    """The version of a side."""
    return ours if side is Side.OURS else theirs if side is Side.THEIRS else base


def merge_fields(form: Form, base: Part, ours: Part, theirs: Part, settling: Settling) -> Part:
    """A part that all three have, field by field."""
    taken: dict[str, Any] = {}
    for unit, names in form.units:
        was, one, other = (tuple(getattr(part, name) for name in names) for part in (base, ours, theirs))
        if other in (was, one):
            continue
        if one == was:
            taken.update(zip(names, other, strict=True))
        elif unit in form.sets:
            taken[unit] = merged_values(was[0], one[0], other[0])
        else:
            side = settling.side(_clash_of_field(form, unit, base, ours, theirs))
            taken.update(zip(names, chosen(side, was, one, other), strict=True))
    return replace(ours, **taken) if taken else ours  # type: ignore[type-var]


def merged_values(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> tuple[str, ...]:
    """Texts merged as sets: what either side adds is in, what either side takes out is not."""
    gone = set(base) - (set(ours) & set(theirs))
    return tuple(merged_order(base, ours, theirs, (set(ours) | set(theirs)) - gone))


def merged_order(base: Sequence[Place], ours: Sequence[Place], theirs: Sequence[Place], kept: Iterable[Place]) -> list[Place]:
    """What is kept in the order of the side that changed it, what only the other has behind what it follows there.

    Where both changed the order that of ours counts; what neither of them has stands last. Linear.
    """
    all_kept = list(kept)
    wanted = set(all_kept)
    spine, other = (theirs, ours) if _is_order_of(base, ours, theirs) else (ours, theirs)
    in_spine, in_other = set(spine), set(other)
    behind: dict[Place | None, list[Place]] = {}
    anchor: Place | None = None
    for place in other:
        if place in in_spine:
            anchor = place
        else:
            behind.setdefault(anchor, []).append(place)
    ordered: list[Place] = []
    waiting = behind.pop(None, [])
    for place in spine:
        if place in in_other:
            ordered.extend(waiting)
            waiting = behind.pop(place, [])
        ordered.append(place)
    ordered.extend(waiting)
    seen = in_spine | in_other
    return [*(p for p in ordered if p in wanted), *(p for p in all_kept if p not in seen)]


def _is_order_of(base: Sequence[Place], ours: Sequence[Place], theirs: Sequence[Place]) -> bool:
    """Whether ours left the order of the base as it was, and theirs did not."""
    if tuple(ours) == tuple(base):
        return True
    if tuple(theirs) == tuple(base):
        return False
    common = set(base) & set(ours) & set(theirs)
    was, one, other = ([place for place in side if place in common] for side in (base, ours, theirs))
    return one == was != other


# --- how conflicts are told -------------------------------------------------------------------------------------------------------


def _clash_of_field(form: Form, unit: str, base: Any, ours: Any, theirs: Any) -> MergeConflict:
    subject = form.subject(ours)
    was, one, other = (field_shown(part, unit) for part in (base, ours, theirs))
    if unit == "territory":
        sentence = f"Both moved {subject}: it stood on {was}; ours put it on {one}, theirs on {other}."
    else:
        sentence = (
            f"Both changed the {words_of(unit)} of {subject}: it was {or_nothing(was)}; "
            f"ours made it {or_nothing(one)}, theirs {or_nothing(other)}."
        )
    kind = Clash.MOVED if unit == "territory" else Clash.FIELD
    return MergeConflict(f"{form.key(ours)}:{unit}", kind, subject, unit, was, one, other, sentence, form.home(ours))


def clash_of_whole(form: Form, base: Any, ours: Any, theirs: Any) -> MergeConflict:
    """The conflict about a part that both added, one removed and the other changed, or one uses for something else."""
    part = ours or theirs
    subject = form.subject(part)
    texts = [told(one) if one is not None else "(not there)" for one in (base, ours, theirs)]
    if base is None:
        kind, sentence = Clash.ADDED, f"Both added {subject}, and not alike: ours with {texts[1]}; theirs with {texts[2]}."
    elif ours is None or theirs is None:
        gone, kept = ("Ours", "theirs") if ours is None else ("Theirs", "ours")
        if form.is_another(base, part):
            kind = Clash.REUSED
            sentence = f"{gone} removed {subject}; {kept} uses its key for something else: {changes_told(form, base, part)}."
        else:
            kind = Clash.REMOVED
            sentence = f"{gone} removed {subject}; {kept} changed it: {changes_told(form, base, part)}."
    else:
        kind = Clash.REUSED
        user, other = ("Ours", "theirs") if form.is_another(base, ours) else ("Theirs", "ours")
        mine, yours = (ours, theirs) if user == "Ours" else (theirs, ours)
        sentence = (
            f"{user} uses the key of {subject} for something else ({changes_told(form, base, mine)}); "
            f"{other} changed it: {changes_told(form, base, yours)}."
        )
    return MergeConflict(form.key(part), kind, subject, "", texts[0], texts[1], texts[2], sentence, form.home(part))


def changes_told(form: Form, before: Any, after: Any) -> str:
    """What changed of a part, field by field."""
    pairs = [(unit, field_shown(before, unit), field_shown(after, unit)) for unit, _ in form.units]
    changed = [f"{words_of(unit)} from {or_nothing(one)} to {or_nothing(other)}" for unit, one, other in pairs if one != other]
    return "; ".join(shortened(changed)) or "its order"


def told(part: Any) -> str:
    """What a part says, in one line: its fields that are filled and not as they are by default."""
    return "; ".join(shortened(list(_told(part)))) or "nothing but its key"


def _told(part: Any) -> Iterator[str]:
    for item in fields(part):
        value = getattr(part, item.name)
        if item.name in ("key", "is_exclusion", "base_longitude") or (item.default is not MISSING and value == item.default):
            continue
        unit = "base" if item.name == "base_latitude" else item.name
        yield f"{words_of(unit)} {or_nothing(field_shown(part, unit))}"


def field_shown(part: Any, unit: str) -> str:
    """A field of a part as people read it."""
    if unit == "base":
        return base_shown(part)
    if unit == "geometry" and isinstance(part, Area):
        return size_of(part)
    value = getattr(part, unit)
    if unit == "rules":
        return ", ".join(rule.key for rule in value)
    return "the top" if unit == "parent" and value is None else shown(value)


def shortened(texts: Sequence[str], most: int = _SHOWN) -> list[str]:
    """The first texts, and how many more there are."""
    return [*texts[:most], *([f"and {len(texts) - most:,} more"] if len(texts) > most else [])]


def place_of_pin(pin: Pin) -> str:
    """The subject of a pin with its first day, which tells it from others of its account and territory."""
    start = f" -> {pin.period.start}" if pin.period.start else ""
    return subjects.of_pin(pin) + start


def is_another_territory(before: Territory, after: Territory) -> bool:
    """Whether a territory has another name, another place and none of the rules it had."""
    had = {rule.condition for rule in before.rules}
    return bool(
        before.name
        and before.name != after.name
        and before.parent != after.parent
        and not any(rule.condition in had for rule in after.rules)
    )


PLAN: Final = Form("plan", lambda plan: f"plan {plan.key}", tuple((n, (n,)) for n in ("key", "name", "description", "comment")))
TYPE: Final = Form("type", lambda kind: subjects.of_type(kind.key), units_of(TerritoryType, "key"))
TERRITORY: Final = Form(
    "territory",
    lambda territory: subjects.of_territory(territory.key),
    units_of(Territory, "key", "parent", "rules"),
    is_another=is_another_territory,
    home=lambda territory: str(territory.key),
)
SEAT: Final = Form(
    "seat",
    lambda seat: subjects.of_seat(seat.key),
    units_of(Seat, "key", together={"base": ("base_latitude", "base_longitude")}),
    sets=("licences",),
    is_another=lambda one, other: (
        bool(one.name) and one.name != other.name and one.territory != other.territory and one.role != other.role
    ),
    home=lambda seat: str(seat.territory),
)
LIST: Final = Form(
    "list",
    lambda named: subjects.of_list(named.key),
    units_of(NamedList, "key"),
    sets=("values",),
    is_another=lambda one, other: bool(one.values) and one.name != other.name and not set(one.values) & set(other.values),
)
AREA: Final = Form("area", lambda area: subjects.of_area(area.key), units_of(Area, "key"))
PIN: Final = Form("pin", place_of_pin, units_of(Pin, "account", "territory", "is_exclusion"), home=lambda pin: str(pin.territory))


def rule_form(territory: str) -> Form:
    """How the rules of a territory are merged."""
    return Form("rule", lambda rule: subjects.of_rule(territory, rule.key), units_of(Rule, "key"), home=lambda _: territory)
