"""The verbs that read: accounts, owners, explanations, territories, people, search and the map."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from metes.access.fields import without_contacts
from metes.app.desk import require_number
from metes.app.why import WhyVerbs
from metes.base.errors import NotFound
from metes.looking import owners, tree
from metes.looking.owner_columns import asked_of_book, batches_with_owners, owners_by_territory, page_with_owners
from metes.looking.owners import OwnerAnswer, SeatedPerson
from metes.looking.tree import TreeNode
from metes.model.access import Capability
from metes.model.moment import Moment, day_in, instant_in
from metes.model.plan import Pin, Plan, Territory
from metes.model.query import AccountPage, AccountQuery, Box, Sums, ZoneFill
from metes.model.scope import Scope
from metes.rules.explanation import Explanation
from metes.store import ledger, profile
from metes.store.ledger import Holding, Sitting
from metes.store.plans import Revision
from metes.store.profile import AccountFacts, Row
from metes.store.visible import accounts_seen, keys_seen, people_seen

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlalchemy.engine import Connection

HISTORY_MONTHS = 36
LONGEST_SEARCH = 200
_TERRITORY = "territory"


@dataclass(frozen=True, slots=True)
class AccountProfile:
    """One account whole: its facts, its row in the book, its owner and why, and its history in both times.

    `names` are those of territories that hold or held it and lie outside what the reader sees; `hidden` are the capabilities that the
    reader lacks to see all of it.
    """

    number: int
    facts: AccountFacts
    row: Mapping[str, Any]
    owner: OwnerAnswer
    why: Explanation | None
    history: tuple[Holding, ...]
    plan: Plan | None
    names: Mapping[str, str] = field(default_factory=dict)
    hidden: frozenset[Capability] = frozenset()

    @property
    def key(self) -> str:
        """The account's key."""
        return str(self.facts.record["key"])


@dataclass(frozen=True, slots=True)
class TerritoryProfile:
    """One territory: where it stands in the tree, what it adds up to, its people, and its largest open opportunities."""

    territory: Territory
    plan: Plan
    revision: Revision
    path: tuple[Territory, ...]
    children: tuple[TreeNode, ...]
    own: Sums
    whole: Sums
    role: str
    seats: tuple[SeatedPerson, ...]
    pins: tuple[Pin, ...]
    opportunities: Sequence[Row]
    hidden: frozenset[Capability] = frozenset()


@dataclass(frozen=True, slots=True)
class PersonProfile:
    """One person: the record, every fact about their seats, those who report to them, and their opportunities by status.

    `hidden` are the capabilities that the reader lacks to see all of it.
    """

    record: Row
    sat: tuple[Sitting, ...]
    reports: Sequence[Row]
    opportunities: Mapping[str, tuple[int, int]]
    hidden: frozenset[Capability] = frozenset()


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, by kind."""

    accounts: Sequence[Mapping[str, Any]]
    territories: Sequence[Territory]
    people: Sequence[Row]
    rules: Sequence[tuple[Territory, str, str]]


class ReadingVerbs(WhyVerbs):
    """What can be looked at."""

    def accounts(self, query: AccountQuery) -> AccountPage:
        """A page of accounts; `owners` and `owner_ids` are columns of it too."""
        asked, wanted = asked_of_book(query, self.fields())
        page = self.book().page(asked, self.scope, plan=self._plan())
        keys = sorted({row["territory"] for row in page.rows if row.get("territory")})
        page = replace(page, names=self._names_outside(keys))
        return page_with_owners(page, wanted, owners_by_territory(self._who_owns(keys))) if wanted else page

    def accounts_export(self, query: AccountQuery) -> Iterator[pa.RecordBatch]:
        """All accounts of a query, in batches; `owners` and `owner_ids` are columns of it too."""
        asked, wanted = asked_of_book(query, self.fields())
        plan = self._plan()
        batches = self.book().export(asked, self.scope, plan=plan)
        if not wanted:
            return batches
        held = self.book().distinct(_TERRITORY, self.scope, len(self._whole_plan().territories) + 1)
        seats = self._who_owns([key for key, _ in held])
        return batches_with_owners(batches, query.columns, owners_by_territory(seats))

    def when(self, at: str = "", known: str = "") -> Moment | None:
        """The moment that two texts name, days being those of the workspace's time zone; None where both are empty.

        `known` is a day, at whose end, or an instant. InputError where a text names neither.
        """
        if not at and not known:
            return None
        zone = self.settings().time_zone
        return Moment(day_in(at) if at else self.today(), instant_in(known, zone) if known else None)

    def account_ids(self, query: AccountQuery, limit: int = 10_000) -> list[str]:
        """The ids of the accounts of a query, for acting on a selection."""
        return self.book().ids(query, self.scope, limit=limit, plan=self._plan())

    def values_of(self, column: str, limit: int = 200) -> Sequence[tuple[Any, int]]:
        """The most frequent values of a column with their counts."""
        return self.book().distinct(column, self.scope, limit)

    def account_number(self, name: str) -> int:
        """The number of the account that a user names by key or by a source's id."""
        with self.store.read() as connection:
            return owners.the_account(connection, name, self.scope)

    def account(self, name: str) -> AccountProfile:
        """One account whole, named by its key or by a source's id."""
        return self.account_by_number(self.account_number(name))

    def account_by_number(self, number: int) -> AccountProfile:
        """One account whole, by its number."""
        require_number(number, "account")
        settings = self.settings()
        today = settings.today(self.clock())
        since = today.replace(year=today.year - HISTORY_MONTHS // 12, day=1)
        active = self.active()
        with self.store.read() as connection:
            facts = profile.account_facts(
                connection,
                number,
                self.scope,
                months_from=since,
                currency=settings.reporting_currency,
                rates=settings.rates,
            )
            owner = owners.owner_of(connection, number, self._whole_of, self.scope, at=self.seen_on, known=self.known)
            history = ledger.holdings_of(connection, number, self.scope, whole_history=True)
            reachable = accounts_seen(connection, [number], self.access.scope(Capability.CONTACTS))
        rows = self.book().accounts_by_number([number], self.scope)
        row = rows[0] if rows else {}
        why = self.explain_number(number) if active and rows and self.moment is None else None
        names = self._names_outside({holding.territory for holding in history})
        if not reachable:
            facts = replace(facts, contacts=[without_contacts(contact) for contact in facts.contacts])
        hidden = frozenset() if reachable else frozenset({Capability.CONTACTS})
        return AccountProfile(number, facts, row, owner, why, history, active[1] if active else None, names, hidden)

    def owner(self, name: str, *, at: date | None = None, known: datetime | None = None) -> OwnerAnswer:
        """Who owned an account on a day (None: today), as known on a moment (None: now)."""
        with self.store.read() as connection:
            number = owners.the_account(connection, name, self.scope)
            return owners.owner_of(connection, number, self._whole_of, self.scope, at=at or self.seen_on, known=known or self.known)

    def history(self, name: str) -> tuple[Holding, ...]:
        """Every fact about who held an account, those superseded too."""
        with self.store.read() as connection:
            number = owners.the_account(connection, name, self.scope)
            return ledger.holdings_of(connection, number, self.scope, whole_history=True)

    def total(self) -> Sums:
        """What all accounts add up to."""
        return self.book().total(self.scope)

    def unassigned(self) -> Sums:
        """What the accounts that no territory holds add up to."""
        return self.book().territory_sums(self.scope).get(("", "primary"), Sums())

    def tree(self) -> tuple[TreeNode, ...]:
        """All territories of the active plan with sums."""
        return tree.tree_with_sums(self.require_active()[1], self.book().territory_sums(self.scope))

    def territory(self, key: str) -> TerritoryProfile:
        """One territory of the active plan."""
        revision, plan = self.require_active()
        if key not in plan.territory_by_key:
            raise NotFound(f"the active plan has no territory '{key}'; 'metes territories' lists those it has")
        territory = plan.territory_by_key[key]
        nodes = {node.territory.key: node for node in self.tree()}
        largest = self.book().pipeline_accounts(tree.keys_below(plan, key), self.scope)
        with self.store.read() as connection:
            seats = self._seated(connection, plan, [key])
            opportunities = profile.opportunities_of(connection, largest, self.scope, limit=20) if largest else []
            pins = self._pins_seen(connection, plan, key)
        return TerritoryProfile(
            territory=territory,
            plan=plan,
            revision=revision,
            path=tuple(reversed(tuple(plan.ancestors(key)))),
            children=tuple(nodes[t.key] for t in plan.children_by_key.get(key, ())),
            own=nodes[key].own,
            whole=nodes[key].whole,
            role=nodes[key].role,
            seats=seats,
            pins=pins,
            opportunities=opportunities,
            hidden=frozenset() if self.access.scope(Capability.PAY).has(key) else frozenset({Capability.PAY}),
        )

    def keys_below(self, key: str) -> frozenset[str]:
        """A territory's key and those of all below it."""
        plan = self.require_active()[1]
        if key not in plan.territory_by_key:
            raise NotFound(f"the active plan has no territory '{key}'; 'metes territories' lists those it has")
        return tree.keys_below(plan, key)

    def seated_on(self, keys: Sequence[str]) -> tuple[SeatedPerson, ...]:
        """The seats of some territories of the active plan with who sits there on the day one looks at."""
        active = self.active()
        if active is None:
            return ()
        known = [key for key in keys if key in active[1].territory_by_key]
        with self.store.read() as connection:
            return self._seated(connection, active[1], known)

    def people(self, search: str = "", *, limit: int = 100, offset: int = 0) -> tuple[Sequence[Row], int]:
        """People by name, and how many there are."""
        with self.store.read() as connection:
            found, total = profile.all_people(connection, self.scope, search=search[:LONGEST_SEARCH], limit=limit, offset=offset)
            reachable = people_seen(connection, [row["id"] for row in found], self.access.scope(Capability.CONTACTS))
        mine = self.access.person_id
        return [row if row["id"] in reachable or row["id"] == mine else without_contacts(row) for row in found], total

    def person(self, number: int) -> PersonProfile:
        """One person, with every seat they sit or sat on, in both times, and who reports to them."""
        require_number(number, "person")
        with self.store.read() as connection:
            record = profile.person(connection, number, self.scope)
            hidden = frozenset(
                capability
                for capability in (Capability.CONTACTS, Capability.PAY)
                if number != self.access.person_id and not people_seen(connection, [number], self.access.scope(capability))
            )
            return PersonProfile(
                record=without_contacts(record) if Capability.CONTACTS in hidden else record,
                sat=ledger.sittings(connection, self.scope, person_ids=[number], whole_history=True),
                reports=profile.reports_of(connection, number, self.scope),
                opportunities={} if Capability.PAY in hidden else self.book().person_sums(number),
                hidden=hidden,
            )

    def sitting_now(self, numbers: Sequence[int]) -> tuple[Sitting, ...]:
        """The seats on which some people sit on the day one looks at."""
        with self.store.read() as connection:
            return ledger.sittings(connection, self.scope, person_ids=numbers, at=self.seen_on, known=self.known)

    def search(self, text: str, limit: int = 8) -> Found:
        """Accounts, territories, people and rules for a text."""
        text = text[:LONGEST_SEARCH]
        active = self.active()
        words = text.lower().split()
        territories: list[Territory] = []
        rules: list[tuple[Territory, str, str]] = []
        if active and words:
            for t in active[1].preorder:
                if all(w in f"{t.key} {t.name}".lower() for w in words):
                    territories.append(t)
                rules.extend((t, r.key, r.name) for r in t.rules if r.name and all(w in r.name.lower() for w in words))
        people = self.people(text, limit=limit)[0] if words else []
        return Found(self.book().search(text, self.scope, limit), territories[:limit], people, rules[:limit])

    def zone_fills(self) -> list[ZoneFill]:
        """How each zone of the map is coloured."""
        return self.book().zone_fills(self.scope)

    def cells(self, box: Box, zoom: float, territory: str | None = None) -> list[dict[str, Any]]:
        """Accounts in a window of the map, clustered; those of a territory with all below it, where one is named."""
        return self.book().cells(box, zoom, self.scope, territories=None if territory is None else self.keys_below(territory))

    def bounds(self, territory: str) -> Box | None:
        """The window in which nearly all accounts of a territory, with all below it, lie."""
        return self.book().bounds(self.keys_below(territory), self.scope)

    def _plan(self) -> Plan | None:
        active = self.active()
        return active[1] if active else None

    def _whole_of(self, revision: Revision) -> Plan:
        return self.plan_at(revision.root_hash)

    def _pins_seen(self, connection: Connection, plan: Plan, key: str) -> tuple[Pin, ...]:
        """The pins of a territory that name accounts in sight: one of another day, or one that lost, may name somebody else's."""
        pins = tuple(pin for pin in plan.pins if pin.territory == key)
        seen = keys_seen(connection, {pin.account for pin in pins}, self.scope)
        return tuple(pin for pin in pins if pin.account in seen)

    def _seated(self, connection: Connection, plan: Plan, keys: Sequence[str]) -> tuple[SeatedPerson, ...]:
        """The seats of some territories of the cut plan with who sits there."""
        seats = owners.seated(connection, plan, keys, self.scope, at=self.seen_on, known=self.known)
        return owners.seen_of(connection, seats, self.scope)

    def _who_owns(self, keys: Sequence[str]) -> tuple[SeatedPerson, ...]:
        """Who sits where accounts are held that the principal sees; of territories outside their scope the owners' names."""
        plan = self._whole_plan()
        told = Scope.everything("whoever sees an account sees who owns it")
        with self.store.read() as connection:
            seats = owners.seated(connection, plan, keys, told, at=self.seen_on, known=self.known)
            return owners.seen_of(connection, seats, self.scope)
