"""Who may see what, worked out from a story alone: sets and sums in plain Python, with nothing of what Metes asks for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from tests.web.security.walk.story import APPROVER, BEFORE, CHANGED, GEO, TODAY, Caller, Pass, Place, Story
from tests.web.security.walk.worlds import asks_for_parts

# Said here once more, in other words than the app's own table: a role that changes by mistake is a leak.
MAY: dict[str, frozenset[str]] = {
    role: frozenset(words.split())
    for role, words in {
        "administrator": "look export contacts pay review approve plan_read plan_edit publish data_edit data_import correct run admin audit_read privacy",
        "planner": "look export contacts pay review approve plan_read plan_edit publish data_edit data_import correct run",
        "leader": "look export contacts pay review approve plan_read publish",
        "manager": "look export contacts pay review approve data_edit",
        "rep": "look export contacts",
        "marketing": "look export contacts",
        "auditor": "look export pay review plan_read audit_read",
        "integration": "look export contacts plan_read data_import run",
    }.items()
}
EVERYWHERE = frozenset({"administrator", "planner", "auditor"})
IN_PART = frozenset({"look", "export", "contacts", "pay", "review", "approve", "data_edit"})
Held = dict[str, str]


@dataclass(frozen=True)
class Sight:
    """What somebody may, and where; places are keys of territories."""

    story: Story
    caller: Caller
    roles: tuple[tuple[str, frozenset[str]], ...]
    token: Pass | None = None

    def where(self, capability: str) -> frozenset[str]:
        """The territories in which a capability is held."""
        return frozenset().union(*(places for role, places in self.roles if capability in MAY[role]))

    def may(self, capability: str) -> bool:
        """Whether a capability is held; what is not to be had in part, everywhere."""
        if capability == "admin" and self.token is not None and self.token.role != "administrator":
            return False  # a token runs the workspace where it says so alone
        if capability in IN_PART:
            return any(capability in MAY[role] for role, _ in self.roles)
        return any(capability in MAY[role] for role, _ in self.roles) and self.where(capability) == set(self.story.places)

    @property
    def is_everything(self) -> bool:
        """Whether nothing is hidden from the look."""
        return self.where("look") == set(self.story.places)

    @cached_property
    def places(self) -> frozenset[str]:
        """The territories that are seen."""
        return self.where("look")

    @cached_property
    def firms(self) -> frozenset[str]:
        """The accounts that are seen."""
        return frozenset(self.firms_of(self.places)) if not self.is_everything else frozenset(self.story.firms)

    def firms_of(self, places: Iterable[str]) -> set[str]:
        """The accounts that some territories hold today."""
        return {firm for key in places for firm in held_by(self.story, key)}

    @cached_property
    def person(self) -> str:
        """Whom of the roster the caller is."""
        known = self.caller.is_linked
        return self.caller.person if known else ""

    @cached_property
    def humans(self) -> frozenset[str]:
        """The people who are seen: all, or oneself, who sits in what is seen, and who reports to oneself."""
        if self.is_everything:
            return frozenset(self.story.humans)
        if not self.roles:
            return frozenset()
        sitting = {f.person for f in self.story.sat if f.holds_on(TODAY) and self.story.chairs[f.seat].territory in self.places}
        return frozenset(sitting | below_person(self.story, self.person) | ({self.person} - {""}))

    @cached_property
    def above(self) -> frozenset[str]:
        """The territories above those that are seen, of which the name alone is known."""
        return frozenset(up for key in self.places for up in self.story.above(key)) - self.places

    @cached_property
    def above_then(self) -> frozenset[str]:
        """The territories above those that are seen, on a day when the tree was another."""
        return frozenset(up for key in self.places for up in self.story.above(key, before=True)) - self.places

    @cached_property
    def shown(self) -> frozenset[str]:
        """The territories of the tree as the caller sees it."""
        return self.places | self.above

    def sums(self, key: str, *, own: bool = False) -> tuple[int, int]:
        """Accounts and potential of a territory, itself or with all below, of what is seen."""
        keys = {key} if own else self.story.below(key)
        held = [(one, firm) for one in keys & self.places for firm in held_by(self.story, one)]
        return len(held), sum(self.story.part(one, firm) for one, firm in held)

    @cached_property
    def reads_scenario(self) -> bool:
        """Whether the scenario in review is seen."""
        return self.may("plan_read") or (self.may("review") and self.story.reviewed in self.where("review"))

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word that may come to the caller's eyes."""
        return frozenset(
            self._own() | self._of_firms() | self._of_places() | self._of_people() | self._of_plan() | self._of_users()
        )

    def _own(self) -> set[str]:
        caller = self.caller
        # Where their own tokens see, as they wrote it when they made them.
        found = {caller.mark, caller.notice_mark, caller.view_mark} | {one.territory.upper() for one in caller.passes} - {""}
        if self.person:
            found |= {self.story.things["publication"], self.person} | self._told()
        return found

    def _told(self) -> set[str]:
        """Who is named in what a publication told the caller: from whom accounts came, and to whom they went."""
        story = self.story
        changed = {key for key, place in story.places.items() if place.code != place.code_before}
        sitting = {f.person for f in story.sat if story.chairs[f.seat].territory in changed}
        return sitting if self.person in sitting else set()

    def _of_firms(self) -> set[str]:
        story, found = self.story, set(self.firms)
        contacts = self.firms_of(self.where("contacts")) | (found if self.where("contacts") == set(story.places) else set())
        for one in story.beside:
            if one.account in self.firms:
                found |= {one.mark, one.person} - {""}
                found |= {one.mail_mark} - {""} if one.account in contacts else set()
        for firm in self.firms:
            for key in ever_held(story, firm):
                # Whoever may see an account may see who holds it and held it, by name.
                found.add(story.places[key].mark)
                found |= {f.person for f in story.sat if story.chairs[f.seat].territory == key and story.chairs[f.seat].owns}
        return found

    def _of_places(self) -> set[str]:
        story = self.story
        found = {story.places[key].mark for key in self.shown | self.above_then}
        for key in self.places:
            place = story.places[key]
            found |= {place.rule_mark, place.pin_mark} - {""}
            found |= {chair.mark for chair in story.chairs.values() if chair.territory == key}
        if asks_for_parts(story) in self.places:
            found |= {story.things["list"], story.things["area"]}
        return found

    def _of_people(self) -> set[str]:
        story, found = self.story, set(self.humans)
        for human in self.humans:
            found |= {story.humans[human].manager} - {""}
            found |= {story.chairs[f.seat].mark for f in story.sat if f.person == human}
            if self.may("contacts") or human == self.person:
                found.add(story.humans[human].mail_mark)
        return found

    def _of_plan(self) -> set[str]:
        things = self.story.things
        if self.may("plan_read"):
            return set(things.values())
        if not self.reads_scenario:
            return set()
        # Of a part in review also who may approve it.
        return {things[kind] for kind in ("scenario", "rationale", "description", "remark")} | {self.story.callers[APPROVER].mark}

    def _of_users(self) -> set[str]:
        everybody = self.story.callers.values()
        if not (self.may("admin") or self.may("audit_read")):
            return {self.story.callers[APPROVER].mark} if self.may("plan_read") else set()
        return {one.mark for one in everybody}


def sight(story: Story, caller: Caller, token: Pass | None = None) -> Sight:
    """What somebody sees today, in a session or with a token."""
    person = caller.person if caller.is_linked else ""
    seats = {story.chairs[f.seat].territory for f in story.sat if f.person == person and f.holds_on(TODAY)}
    roles: dict[str, set[str]] = {}
    for grant in caller.grants:
        if grant.holds:
            roles.setdefault(grant.role, set(seats)).update({grant.territory} - {""})
    everything = set(story.places)
    found = []
    for role, at in roles.items():
        if token is not None and token.role is not None and role != token.role:
            continue
        places = everything if role in EVERYWHERE else {below for key in at for below in story.below(key)}
        if token is not None and token.territory:
            places = places & story.below(token.territory)
        found.append((role, frozenset(places)))
    return Sight(story, caller, tuple(found), token)


def held_by(story: Story, key: str, *, day: date = TODAY) -> frozenset[str]:
    """The accounts that a territory itself holds on a day."""
    place = story.places[key]
    codes = set((place.code_before if day < CHANGED else place.code).split())
    column = {GEO: "segment", "overlay": "channel", "shared": "industry"}[place.kind]
    found = {firm.key for firm in story.firms.values() if getattr(firm, column) in codes}
    if place.kind == GEO:
        found -= {other.pinned for other in story.places.values()}
    return frozenset(found | ({place.pinned} - {""}))


def ever_held(story: Story, firm: str) -> set[str]:
    """The territories that hold or held an account."""
    return {key for key in story.places for day in (TODAY, BEFORE) if firm in held_by(story, key, day=day)}


def primary_of(story: Story, firm: str, *, day: date = TODAY) -> str:
    """The key of the territory that holds an account as its own; empty where none does."""
    return next((p.key for p in story.places.values() if p.kind == GEO and firm in held_by(story, p.key, day=day)), "")


def below_person(story: Story, person: str) -> set[str]:
    """Who reports to somebody, at any depth."""
    if not person:
        return set()
    direct = {h.key for h in story.humans.values() if h.manager == person}
    return direct.union(*(below_person(story, one) for one in direct))


def potentials(story: Story, firms: Iterable[str]) -> int:
    """What accounts sum up to."""
    return sum(story.firms[firm].potential for firm in firms)


def fills(view: Sight) -> dict[str, tuple[str, int, int]]:
    """For each zone the territory with most potential, and the accounts and the potential of all that are seen there."""
    story = view.story
    seen: dict[str, list[str]] = {}
    for firm in view.firms:
        if story.zone_of.get(firm) and (view.is_everything or primary_of(story, firm) in view.places):
            seen.setdefault(story.zone_of[firm], []).append(firm)
    found = {}
    for zone, firms in seen.items():
        by: Counter[str] = Counter()
        for firm in firms:
            by[primary_of(story, firm)] += story.firms[firm].potential
        held = {key: amount for key, amount in by.items() if key}
        most = max(held, key=lambda key: (held[key], key)) if held else ""
        found[zone] = (most, len(firms), potentials(story, firms))
    return found


def keys_of(places: Iterable[Place]) -> list[str]:
    """The keys of territories, in order."""
    return sorted(place.key for place in places)
