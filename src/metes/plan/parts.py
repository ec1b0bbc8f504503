"""The parts of a change that are approved one by one: its steps by the territories that somebody has been asked to approve."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from metes.base.ids import content_hash
from metes.model.plan import Plan
from metes.plan.diff import Act, Step

WHOLE = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Steps that are approved together: those at or below a territory (empty: of the whole plan); `hash` is theirs."""

    key: str
    label: str
    steps: tuple[Step, ...]
    hash: str


def parts_of(steps: Sequence[Step], old: Plan, new: Plan, places: Collection[str]) -> tuple[Part, ...]:
    """The steps from one plan to another by the nearest of `places` at or above what they touch, in the order of the new tree.

    A step may belong to two parts: a territory that moves concerns the place it leaves as well. Steps beyond all places, and those
    of types, lists and areas, which any rule may ask for, are the part of the whole plan.
    """
    by_part: dict[str, list[Step]] = {}
    for step in steps:
        for key in dict.fromkeys(_nearest(path, places) for path in paths_of(step, old, new)):
            by_part.setdefault(key, []).append(step)
    order = {t.key: n for n, t in enumerate((*new.preorder, *old.preorder))}
    found = sorted(by_part, key=lambda key: (key != WHOLE, order.get(key, 0), key))
    return tuple(Part(key, _label(key, old, new), tuple(by_part[key]), _hash(by_part[key])) for key in found)


def paths_of(step: Step, old: Plan, new: Plan) -> Iterator[tuple[str, ...]]:
    """The places that a step touches, each as the keys of a territory and those above it, nearest first; the empty path is the whole plan."""
    if step.act is Act.MOVE:
        for key, plan in ((step.before, old), (step.after, new)):
            yield (key, *_above(key, plan)) if key else ()
    else:
        yield _path(step.territory, old, new) if step.territory else ()


def _path(key: str, old: Plan, new: Plan) -> tuple[str, ...]:
    return (key, *_above(key, new if key in new.territory_by_key else old))


def _above(key: str, plan: Plan) -> tuple[str, ...]:
    return tuple(t.key for t in plan.ancestors(key)) if key in plan.territory_by_key else ()


def _nearest(path: Iterable[str], places: Collection[str]) -> str:
    return next((key for key in path if key in places), WHOLE)


def _label(key: str, old: Plan, new: Plan) -> str:
    territory = new.territory_by_key.get(key) or old.territory_by_key.get(key)
    return territory.label if territory else key


def _hash(steps: Iterable[Step]) -> str:
    return content_hash([[s.act.value, s.kind, s.subject, s.field, s.before, s.after] for s in steps])
