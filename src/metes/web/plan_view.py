"""What every page of a plan shows around its own matter: the revision in view, where edits go, the tree at the left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from metes.base.errors import Conflict, NotFound
from metes.model.plan import Plan, Territory
from metes.web.marks import colour_of
from metes.web.revisions import STATE_TONES, called, label_of
from metes.web.visits import Visit

FOUND_SHOWN = 60
SIBLINGS_SHOWN = 400
SCENARIOS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Branch:
    """A line of the tree at the left."""

    territory: Territory
    level: int
    is_open: bool
    is_here: bool
    children: int
    is_changed: bool
    path: str = ""


@dataclass(frozen=True, slots=True)
class PlanView:
    """A revision in view. `target` is the revision that edits go to (None: it cannot be edited), `draft` the open draft, if any.

    `follows` is the last revision that was published: the one in force, or scheduled to be.
    """

    revision: Any
    plan: Plan
    others: Sequence[Any]
    target: Any
    draft: Any
    branches: Sequence[Branch]
    more: int
    search: str
    key: str = ""
    follows: Any = None
    # Whether the reader sees the whole plan: where not, what leads to other pages of it is not there.
    is_whole: bool = True

    @property
    def is_behind(self) -> bool:
        """Whether another plan was published since this scenario was branched, which must be merged in before it can follow."""
        return self.revision.is_open and self.follows is not None and self.revision.base_root != self.follows.root_hash

    @property
    def base(self) -> str:
        """The address of the revision in view."""
        return f"/plan/{self.revision.id}"

    @property
    def edit_base(self) -> str:
        """The address of the revision that edits go to."""
        return f"/plan/{self.target.id}" if self.target is not None else ""

    @property
    def tone(self) -> str:
        """The tone of the revision's state."""
        return STATE_TONES.get(self.revision.state, "")

    @property
    def label(self) -> str:
        """What the revision in view is called: a scenario by its title, what is or was in force by the plan's name."""
        revision = self.revision
        return label_of(revision) if revision.is_open or revision.title else revision.name

    @property
    def in_force(self) -> Sequence[Any]:
        """The active revision, those scheduled, and the one in view where it is neither a scenario."""
        return [r for r in self.others if not r.is_open]

    @property
    def scenarios(self) -> Sequence[Any]:
        """Some of the scenarios, the one in view among them."""
        return [r for r in self.others if r.is_open]

    def colour_of(self, territory: Territory) -> int:
        """The territory's colour, the same as on every other page."""
        return colour_of(territory)

    def territory(self) -> Territory:
        """The territory in view."""
        return territory_of(self.plan, self.key)


def territory_of(plan: Plan, key: str) -> Territory:
    """A territory of a plan; NotFound where it has none of this key."""
    if key not in plan.territory_by_key:
        raise NotFound(f"this revision of the plan has no territory '{key}'; choose one in the tree")
    return plan.territory_by_key[key]


def view_of(visit: Visit, reference: str, key: str = "") -> PlanView:
    """The view of a revision, with a territory of it where one is named."""
    workspace = visit.workspace
    revision, plan = workspace.plan_show(reference)
    if key:
        territory_of(plan, key)
    everything = workspace.plan_list()
    active = next((r for r in everything if r.state == "active"), None)
    draft = next((r for r in everything if active is not None and r.is_draft_of(active)), None)
    target = revision if revision.is_open else (draft or revision) if revision.state == "active" else None
    if not visit.may("plan_edit"):  # who reads plans alone is offered no form
        target = None
    scenarios = [r for r in everything if r.is_open and r.id != revision.id][:SCENARIOS_SHOWN]
    others = [r for r in everything if r in scenarios or r.state in {"active", "scheduled"} or r.id == revision.id]
    changed = _changed_keys(visit, revision, active, plan)
    search = visit.address.get("q").strip()
    branches, more = _found(plan, search, changed) if search else _open_path(plan, key, changed)
    follows = _last_published(visit, everything) if revision.is_open else None
    other_draft = draft if draft and draft.id != revision.id else None
    return PlanView(revision, plan, others, target, other_draft, branches, more, search, key, follows)


def part_view(visit: Visit, revision: Any) -> PlanView:
    """The view of a revision for somebody who sees a part of the plan: names of their territories, and nothing around."""
    return PlanView(revision, visit.workspace.plan_of(revision), (), None, None, (), 0, "", is_whole=False)


def _last_published(visit: Visit, everything: Sequence[Any]) -> Any:
    """The revision whose publication counts last, the one in force or scheduled to be; None before the first."""
    counting = [p for p in visit.workspace.publications() if p.cancelled_at is None]
    last = max(counting, key=lambda p: (p.effective_on, p.id), default=None)
    return next((r for r in everything if last is not None and r.id == last.revision_id), None)


def edit_target(visit: Visit, revision: Any) -> Any:
    """The revision that a change to the one looked at goes to; Conflict where it cannot be changed, or a newer draft is open."""
    if not revision.is_open and revision.state != "active":
        raise Conflict(f"revision {revision.id} is {revision.state} and cannot be changed; change a draft of the active plan")
    if revision.state == "active":
        current = visit.workspace.draft_or_active()
        if current.id != revision.id:
            raise Conflict(f"somebody has begun {called(current)} of this plan meanwhile; put your change there")
    return revision


def _changed_keys(visit: Visit, revision: Any, active: Any, plan: Plan) -> frozenset[str]:
    """Territories of a draft that differ from the active plan's."""
    if active is None or revision.id == active.id or not revision.is_open:
        return frozenset()
    before = visit.workspace.plan_of(active).territory_by_key
    return frozenset(t.key for t in plan.territories if before.get(t.key) != t)


def _open_path(plan: Plan, key: str, changed: frozenset[str]) -> tuple[list[Branch], int]:
    """The roots, and the children of the territory in view and of those above it."""
    is_open = {key, *(t.key for t in plan.ancestors(key))} if key else set()
    if not key and len(plan.children_by_key.get(None, ())) == 1:
        is_open = {plan.children_by_key[None][0].key}
    lines = list(_walk(plan, None, 1, is_open, key, changed))
    return lines[:SIBLINGS_SHOWN], max(0, len(lines) - SIBLINGS_SHOWN)


def _walk(plan: Plan, parent: str | None, level: int, is_open: set[str], key: str, changed: frozenset[str]) -> Iterator[Branch]:
    for territory in plan.children_by_key.get(parent, ()):
        children = len(plan.children_by_key.get(territory.key, ()))
        opened = territory.key in is_open
        yield Branch(territory, level, opened, territory.key == key, children, territory.key in changed)
        if opened and level < 50:
            yield from _walk(plan, territory.key, level + 1, is_open, key, changed)


def _found(plan: Plan, search: str, changed: frozenset[str]) -> tuple[list[Branch], int]:
    """Territories with each word of the search in their name, key or a rule's name."""
    words = search.lower().split()
    found: list[Branch] = []
    more = 0
    for t in plan.preorder:
        text = f"{t.key} {t.name} {' '.join(r.name for r in t.rules)}".lower()
        if not all(word in text for word in words):
            continue
        if len(found) == FOUND_SHOWN:
            more += 1
            continue
        path = " / ".join(a.label for a in reversed(tuple(plan.ancestors(t.key))))
        found.append(Branch(t, 1, False, False, len(plan.children_by_key.get(t.key, ())), t.key in changed, path))
    return found, more
