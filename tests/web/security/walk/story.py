"""What a generated company is, as plain values: who holds what, who sits where, who signs in; each part with a word of its own."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from tests.conftest import NOW

TODAY = NOW.date()
BEGAN = date(2025, 6, 1)
# From here on the second plan holds: a part of the tree hangs elsewhere, and some accounts have changed hands.
CHANGED = date(2026, 2, 14)
BEFORE = date(2025, 9, 15)
# Who may approve what the scenario in review changes.
APPROVER = "leader of the moved"
GEO, OVERLAY, SHARED = "geo", "overlay", "shared"


class Marks:
    """Hands out words that occur once in a company: `QAX0007Z`. The letter says of what kind the marked thing is."""

    def __init__(self) -> None:
        self._used: Counter[str] = Counter()

    def new(self, kind: str) -> str:
        """The next word of a kind."""
        self._used[kind] += 1
        return f"Q{kind}X{self._used[kind]:04d}Z"


@dataclass(frozen=True)
class Place:
    """A territory: what it takes by code, and where it hangs today and hung before."""

    mark: str
    key: str
    kind: str
    parent: str | None
    parent_before: str | None
    code: str = ""
    code_before: str = ""
    rule_mark: str = ""
    pin_mark: str = ""
    pinned: str = ""


@dataclass(frozen=True)
class Chair:
    """A seat of a territory."""

    mark: str
    key: str
    territory: str
    owns: bool = True


@dataclass(frozen=True)
class Firm:
    """An account with what rules ask of it; money in minor units."""

    mark: str
    segment: str
    segment_code: str
    channel: str
    industry: str
    potential: int
    latitude: float | None
    longitude: float | None
    parent: str = ""

    @property
    def key(self) -> str:
        """How rules, pins and addresses name it."""
        return self.mark


@dataclass(frozen=True)
class Human:
    """Somebody of the roster, with the word that their mail address holds."""

    mark: str
    mail_mark: str
    manager: str = ""

    @property
    def key(self) -> str:
        """How files name them."""
        return self.mark


@dataclass(frozen=True)
class Sat:
    """Somebody sits on a seat from a day on, until a day that no longer counts."""

    seat: str
    person: str
    start: date
    end: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether they sit there that day."""
        return self.start <= day and (self.end is None or day < self.end)


@dataclass(frozen=True)
class Beside:
    """A record that belongs to an account: a contact, an opportunity, an order or an activity."""

    kind: str
    mark: str
    account: str
    person: str = ""
    mail_mark: str = ""
    amount: int = 0
    status: str = ""


@dataclass(frozen=True)
class Grant:
    """A role, with the place beside that of the seats, from a day on, until a day."""

    role: str
    territory: str = ""
    start: date = BEGAN
    end: date | None = None
    is_revoked: bool = False
    through_group: bool = False

    @property
    def holds(self) -> bool:
        """Whether it holds today."""
        return not self.is_revoked and self.start <= TODAY and (self.end is None or self.end > TODAY)


@dataclass(frozen=True)
class Pass:
    """A token of a user: what it takes away, and whether it is still good."""

    secret: str
    role: str | None = None
    territory: str = ""
    is_good: bool = True


@dataclass(frozen=True)
class Caller:
    """A user of the workspace; `title` says in a word what is special about them."""

    title: str
    mark: str
    grants: tuple[Grant, ...] = ()
    person: str = ""
    link_start: date = BEGAN
    link_end: date | None = None
    is_disabled: bool = False
    passes: tuple[Pass, ...] = ()
    notice_mark: str = ""
    view_mark: str = ""

    @property
    def name(self) -> str:
        """By which they sign in."""
        return self.mark.lower()

    @property
    def is_program(self) -> bool:
        """Whether the user is a program's, which uses tokens and no pages."""
        return {grant.role for grant in self.grants if grant.holds} == {"integration"}

    @property
    def is_linked(self) -> bool:
        """Whether they are their person today."""
        return bool(self.person) and self.link_start <= TODAY and (self.link_end is None or self.link_end > TODAY)


@dataclass
class Story:
    """A company as it was told: all of it in plain values, from which the database is built and the oracle reads."""

    seed: int
    places: dict[str, Place] = field(default_factory=dict)
    chairs: dict[str, Chair] = field(default_factory=dict)
    firms: dict[str, Firm] = field(default_factory=dict)
    humans: dict[str, Human] = field(default_factory=dict)
    sat: list[Sat] = field(default_factory=list)
    beside: list[Beside] = field(default_factory=list)
    callers: dict[str, Caller] = field(default_factory=dict)
    moved: str = ""
    given_code: str = ""
    marks: Marks = field(default_factory=Marks)
    # Words of what belongs to the whole company: its scenarios, designs, lists, areas, zones, jobs, files. By kind of thing.
    things: dict[str, str] = field(default_factory=dict)
    # The territory that the scenario in review changes, with what it says of it.
    reviewed: str = ""
    # What the import found out about accounts: the zone of each, and which have a place on the map.
    zone_of: dict[str, str] = field(default_factory=dict)
    placed: set[str] = field(default_factory=set)

    def children(self, key: str | None, *, before: bool = False) -> list[str]:
        """The territories directly below one, in the order of the text."""
        return [p.key for p in self.places.values() if (p.parent_before if before else p.parent) == key]

    def below(self, key: str) -> set[str]:
        """A territory and all below it, today."""
        found = {key}
        for child in self.children(key):
            found |= self.below(child)
        return found

    def above(self, key: str, *, before: bool = False) -> list[str]:
        """The territories above one, nearest first."""
        parent = self.places[key].parent_before if before else self.places[key].parent
        return [] if parent is None else [parent, *self.above(parent, before=before)]

    def part(self, territory: str, firm: str) -> int:
        """What of an account's potential counts for a territory that holds it: half, where two share."""
        return self.firms[firm].potential // (2 if self.places[territory].kind == SHARED else 1)

    def leaves(self, kind: str = GEO) -> list[str]:
        """The territories of a kind that take accounts by their code, today."""
        return [p.key for p in self.places.values() if p.kind == kind and p.code]


def tell(seed: int, *, territories: int = 14, accounts: int = 90) -> Story:
    """A company of a seed."""
    chance = random.Random(seed)
    story = Story(seed)
    _tree(story, chance, territories)
    _firms(story, chance, accounts)
    _staff(story)
    _records(story, chance)
    _callers(story)
    for kind, letter in (("scenario", "D"), ("rationale", "D"), ("remark", "D"), ("description", "D"), ("design", "G"), ("list", "L"),
                         ("area", "R"), ("zones", "Z"), ("file", "I"), ("finding", "F"), ("schedule", "J"), ("unused list", "L"),
                         ("publication", "X"), ("exclusion", "X"), ("lead", "B"), ("plan", "M"), ("elsewhere", "D")):  # fmt: skip
        story.things[kind] = story.marks.new(letter)
    return story


def _tree(story: Story, chance: random.Random, size: int) -> None:
    """A root with branches of branches and leaves; specialists and a pair that shares beside them."""

    def put(kind: str, parent: str | None, code: str = "") -> str:
        mark = story.marks.new("T")
        place = Place(mark, mark.lower(), kind, parent, parent, code, code)
        if code:
            place = replace(place, rule_mark=story.marks.new("E"))
        story.places[place.key] = place
        return place.key

    root = put(GEO, None)
    branches = [put(GEO, root) for _ in range(chance.randint(2, 3))]
    for _ in range(max(1, size // 8)):
        branches.append(put(GEO, chance.choice(branches)))
    made = len(story.places)
    for number in range(max(4, size - made - 5)):
        put(GEO, branches[number % len(branches)], f"s{number}")
    specialists = put(OVERLAY, None)
    for number in range(2):
        put(OVERLAY, specialists, f"c{number}")
    pair = put(SHARED, None)
    for _ in range(2):
        put(SHARED, pair, "i0")
    _change(story, chance, branches)


def _change(story: Story, chance: random.Random, branches: list[str]) -> None:
    """What differed before: one branch hung elsewhere, and one leaf held what another holds today."""
    deep = [key for key in branches if story.places[key].parent in branches]
    moved = chance.choice(deep)
    old = chance.choice([key for key in branches if key not in story.below(moved) and key != story.places[moved].parent])
    story.places[moved] = replace(story.places[moved], parent_before=old)
    story.moved = moved
    inside = story.below(moved)
    loses = next(key for key in story.leaves() if key not in inside)
    wins = next(key for key in reversed(story.leaves()) if key not in inside and key != loses)
    code = story.given_code = "given"
    story.places[loses] = replace(story.places[loses], code_before=f"{story.places[loses].code} {code}")
    story.places[wins] = replace(story.places[wins], code=f"{story.places[wins].code} {code}")


def _firms(story: Story, chance: random.Random, count: int) -> None:
    """Accounts of all codes, some of none, with potentials of which no two selections sum to the same."""
    segments = sorted({code for key in story.leaves() for code in story.places[key].code.split()})
    for number in range(count):
        mark = story.marks.new("A")
        code = segments[number % len(segments)] if number % 9 else "nobody"
        has_place = bool(number % 7)
        story.firms[mark] = Firm(
            mark,
            code,
            code,
            chance.choice(("c0", "c1", "direct", "direct")),
            chance.choice(("i0", "other", "other")),
            2 * chance.randrange(10**6, 2**35),  # even: half of it is exact where two share
            round(chance.uniform(32.0, 45.0), 4) if has_place else None,
            round(chance.uniform(-120.0, -80.0), 4) if has_place else None,
        )
    # Families and pins lie across territories.
    marks = list(story.firms)
    for child, parent in zip(marks[5::11], marks[2::11], strict=False):
        story.firms[child] = replace(story.firms[child], parent=parent)
    branch = next(p for p in story.places.values() if p.kind == GEO and p.parent is not None and not p.code)
    pinned = next(f.mark for f in story.firms.values() if f.segment == story.places[story.leaves()[-1]].code.split()[0])
    story.places[branch.key] = replace(branch, pinned=pinned, pin_mark=story.marks.new("N"))


def _staff(story: Story) -> None:
    """People with seats: some left, some come tomorrow, one seat vacant, one territory with several; and who reports to whom."""

    def hire(manager: str = "") -> str:
        human = Human(story.marks.new("P"), story.marks.new("H"), manager)
        story.humans[human.key] = human
        return human.key

    def seat(territory: str, *, owns: bool = True) -> str:
        mark = story.marks.new("S")
        story.chairs[mark.lower()] = Chair(mark, mark.lower(), territory, owns)
        return mark.lower()

    boss = hire()
    chiefs: dict[str, str] = {}
    for place in list(story.places.values()):
        if place.code:
            continue
        chiefs[place.key] = hire(chiefs.get(place.parent or "", boss))
        story.sat.append(Sat(seat(place.key), chiefs[place.key], BEGAN))
    for number, place in enumerate(p for p in story.places.values() if p.code):
        person = hire(chiefs[place.parent or ""])
        chair = seat(place.key)
        story.sat.append(Sat(chair, person, BEGAN))
        if number % 4 == 1:
            seat(place.key)
        if number % 4 == 2:
            story.sat.append(Sat(seat(place.key, owns=False), hire(chiefs[place.parent or ""]), CHANGED))
    leaves = story.leaves()
    gone, coming = hire(boss), hire(boss)
    story.sat += [Sat(seat(leaves[0]), gone, BEGAN, TODAY), Sat(seat(leaves[1]), coming, TODAY + timedelta(days=1))]
    hire(gone)


def _records(story: Story, chance: random.Random) -> None:
    """What belongs to accounts; money in minor units."""
    people = list(story.humans)
    for firm in story.firms.values():
        for _ in range(chance.randint(0, 2)):
            story.beside.append(Beside("contacts", story.marks.new("C"), firm.key, mail_mark=story.marks.new("H")))
        if chance.random() < 0.5:
            person, status = chance.choice(people), chance.choice(("open", "won", "lost"))
            amount = chance.randrange(10**5, 2**30)
            story.beside.append(Beside("opportunities", story.marks.new("O"), firm.key, person, amount=amount, status=status))
        if chance.random() < 0.4:
            story.beside.append(
                Beside("orders", story.marks.new("K"), firm.key, chance.choice(people), amount=chance.randrange(10**5, 2**28))
            )
        if chance.random() < 0.4:
            story.beside.append(Beside("activities", story.marks.new("V"), firm.key, chance.choice(people)))


def _callers(story: Story) -> None:
    """Users of every role, and what can be odd about one."""
    leaves, roots = story.leaves(), story.children(None)
    branches = [p.key for p in story.places.values() if p.kind == GEO and p.parent is not None and not p.code]
    gone = next(fact for fact in story.sat if fact.end == TODAY)
    coming = next(fact for fact in story.sat if fact.start > TODAY)
    loses = next(key for key in leaves if story.given_code in story.places[key].code_before.split())
    wins = next(key for key in leaves if story.given_code in story.places[key].code.split())
    seated: list[tuple[str, str, str]] = [
        ("leader of the moved", "leader", story.moved),
        ("manager who lost the moved", "manager", story.places[story.moved].parent_before or ""),
        ("manager", "manager", next(key for key in branches if story.moved in story.below(key) and key != story.moved)),
        ("rep who had more", "rep", loses),
        ("rep who won", "rep", wins),
        ("rep", "rep", next(key for key in leaves if key not in {loses, wins})),
        ("specialist", "rep", story.leaves(OVERLAY)[0]),
        ("sharer", "rep", story.leaves(SHARED)[0]),
    ]
    sitters = {story.chairs[fact.seat].territory: fact.person for fact in reversed(story.sat) if fact.holds_on(TODAY)}
    told: list[tuple[str, tuple[Grant, ...], str]] = [
        ("administrator", (Grant("administrator"),), ""),
        ("planner", (Grant("planner"),), ""),
        ("auditor", (Grant("auditor"),), ""),
        ("leader of all", tuple(Grant("leader", root) for root in roots), ""),
        ("leader", (Grant("leader", branches[0]),), ""),
        *_seated(seated, sitters),
        ("rep who left", (Grant("rep"),), gone.person),
        ("rep to come", (Grant("rep"),), coming.person),
        ("marketing", (Grant("marketing", branches[1], through_group=True),), ""),
        ("integration", tuple(Grant("integration", root) for root in roots), ""),
        ("integration of a part", (Grant("integration", branches[0]),), ""),
        ("nobody", (), ""),
        ("was planner", (Grant("planner", end=TODAY), Grant("rep", leaves[0], is_revoked=True)), ""),
        ("will be planner", (Grant("planner", start=TODAY + timedelta(days=1)),), ""),
        ("shut out", (Grant("administrator"),), ""),
        ("auditor and rep", (Grant("auditor"), Grant("rep", leaves[0])), ""),
        ("two roles", (Grant("rep", leaves[0]), Grant("manager", leaves[-1])), ""),
    ]  # fmt: skip
    for title, grants, person in told:
        caller = Caller(title, story.marks.new("U"), grants, person, is_disabled=title == "shut out")
        caller = replace(caller, notice_mark=story.marks.new("W"), view_mark=story.marks.new("W"))
        story.callers[title] = replace(caller, passes=_passes(caller, branches, story))


def _seated(told: list[tuple[str, str, str]], sitters: dict[str, str]) -> list[tuple[str, tuple[Grant, ...], str]]:
    """Users who see by a seat of theirs; where somebody is its person already, by the place itself."""
    known: set[str] = set()
    found: list[tuple[str, tuple[Grant, ...], str]] = []
    for title, role, key in told:
        person = sitters[key]
        found.append((title, (Grant(role, key if person in known else ""),), "" if person in known else person))
        known.add(person)
    return found


def _passes(caller: Caller, branches: list[str], story: Story) -> tuple[Pass, ...]:
    """The tokens of a user: one that may all that its user may, and of some what else there is."""
    name = caller.mark.lower()
    found = [Pass(f"metes_{name}-all", is_good=not caller.is_disabled)]
    if caller.title in {"administrator", "leader of all"}:
        found.append(Pass(f"metes_{name}-part", territory=branches[0]))
        found.append(Pass(f"metes_{name}-gone", is_good=False))
        found.append(Pass(f"metes_{name}-past", is_good=False))
    if caller.title == "administrator":
        found.append(Pass(f"metes_{name}-runs", role="administrator"))
    if caller.title == "two roles":
        found.append(Pass(f"metes_{name}-rep", role="rep"))
        found.append(Pass(f"metes_{name}-wide", role="administrator", territory=story.children(None)[0]))
    return tuple(found)
