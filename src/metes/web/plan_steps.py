"""Steps between two plans as pages show them: by territory, with what stood there and what stands there, words that differ marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from metes.model.plan import Plan
from metes.web.marks import colour_of
from metes.web.wording import Piece, marked

ACT_TONES = {"add": "good", "remove": "bad", "move": "warn", "change": "accent"}
KINDS = ("plan", "type", "territory", "rule", "seat", "list", "area", "pin", "exclusion")
_LONGEST = 4_000


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step. Where it has values, `label` says of what; else the sentence says all. `is_code` is for the texts of rules."""

    step: Any
    label: str
    before: Sequence[Piece]
    after: Sequence[Piece]
    is_code: bool
    tone: str

    @property
    def has_values(self) -> bool:
        """Whether there is something to show side by side."""
        return bool(self.before or self.after)


@dataclass(frozen=True, slots=True)
class StepGroup:
    """The steps of one territory; of the plan's other parts where `key` is empty. `path` are the names above it."""

    key: str
    name: str
    colour: int | None
    path: str
    lines: Sequence[StepLine]


def groups_of(steps: Sequence[Any], before: Plan, after: Plan) -> list[StepGroup]:
    """Steps by territory, in the order in which the first of each comes."""
    order: dict[str, list[Any]] = {}
    for step in steps:
        order.setdefault(step.territory, []).append(step)
    names = {t.key: t.label for plan in (before, after) for t in plan.territories}
    return [_group(key, mine, before, after, names) for key, mine in order.items()]


def in_groups(steps: Sequence[Any]) -> list[Any]:
    """Steps so ordered that those of one territory stand together: what a list by pages is cut from."""
    order: dict[str, list[Any]] = {}
    for step in steps:
        order.setdefault(step.territory, []).append(step)
    return [step for mine in order.values() for step in mine]


def line_of(step: Any, names: Mapping[str, str]) -> StepLine:
    """One step ready for the page; territories that are values are called by their names."""
    is_code = step.field == "condition" or (step.kind == "rule" and not step.field)
    values = (step.before[:_LONGEST], step.after[:_LONGEST])
    if step.field in {"parent", "territory"}:
        values = (names.get(step.before, step.before), names.get(step.after, step.after))
    left, right = marked(*values)
    return StepLine(step, _label(step), left, right, is_code, ACT_TONES.get(str(step.act), ""))


def matching(steps: Sequence[Any], search: str, kind: str, names: Mapping[str, str]) -> list[Any]:
    """The steps of a kind with each word of a search in their sentence, their values or their territory's name."""
    words = search.lower().split()
    if not words:
        return [step for step in steps if not kind or step.kind == kind]
    found = []
    for step in steps:
        if kind and step.kind != kind:
            continue
        text = f"{step.sentence} {step.before} {step.after} {names.get(step.territory, '')}".lower()
        if all(word in text for word in words):
            found.append(step)
    return found


def _group(key: str, steps: Sequence[Any], before: Plan, after: Plan, names: Mapping[str, str]) -> StepGroup:
    lines = [line_of(step, names) for step in steps]
    plan = after if key in after.territory_by_key else before
    territory = plan.territory_by_key.get(key)
    if territory is None:
        return StepGroup(key, key or "Types, lists and areas", None, "", lines)
    path = " / ".join(t.label for t in reversed(tuple(plan.ancestors(key))))
    return StepGroup(key, territory.label, colour_of(territory), path, lines)


def _label(step: Any) -> str:
    """What a step is about in few words: `rule main · condition`."""
    kind, _, rest = step.subject.partition(" ")
    name = rest.rpartition("/")[2] if kind == "rule" else rest
    field = step.field.removeprefix("is_").replace("_", " ")
    if kind == "territory":
        return (field or "territory").capitalize()
    part = f"{kind} {name}".strip().capitalize() if kind != "plan" else "Plan"
    return f"{part} · {field}" if field else part
