"""What every verb works with: the store, the clock, who asks, and the shelf of things worth keeping between requests."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from metes.access.cut import cut
from metes.access.fields import without_pay
from metes.app.access import access_at
from metes.app.design_shelf import DesignShelf
from metes.app.limiting import LastTried, Limits
from metes.app.settings import MailAccess
from metes.app.signing_access import SigningAccess
from metes.app.zone_shelf import ZoneShelf
from metes.base.errors import InputError, NotFound
from metes.base.ids import content_hash
from metes.base.progress import SILENT, Progress
from metes.connect.provider_settings import ProviderAccess
from metes.model.access import Access, Capability
from metes.model.catalogue import Field, rule_fields
from metes.model.moment import Moment
from metes.model.plan import Plan
from metes.model.scope import Principal, Scope
from metes.model.workspace import WorkspaceSettings, settings_from
from metes.plan.diff import Step
from metes.plan.nodes import Known
from metes.plan.polygons import Extent
from metes.planning.drafts import plan_at
from metes.store import audit, counters, plans, schema
from metes.store.book_key import BookKey, BookShape, current_key, find_book, newest_book
from metes.store.engine import ReadOnly, Store
from metes.store.plans import Revision
from metes.store.settings import read_custom_fields, read_settings
from metes.store.tokens import TokenShelf
from metes.store.viewed import Viewed

_PLANS_KEPT = 8
_TERRITORIES_KEPT = 100_000
LARGE_BOOK = 100_000
log = logging.getLogger("metes.app")

# Slow to load: DuckDB and the rules' compiler, which a command that only looks into the ledger does without.
if TYPE_CHECKING:
    from metes.app.why import Tallied
    from metes.connect.openid import OpenIdProvider
    from metes.rules.assign import Assigner
    from metes.rules.compile import CompiledRules
    from metes.rules.explain import Explainer
    from metes.store.book import Book
    from metes.store.book_past import PastBook
_EXPLAINERS_KEPT = 2
_COMPILED_KEPT = 3
# A Book of the past holds some 100 MB for a million accounts.
_PASTS_KEPT = 3
_CUT_PLANS_KEPT = 64


def utc_now() -> datetime:
    """The clock of the app: the present instant."""
    return datetime.now(UTC)


@dataclass
class Shelf:
    """What lives between requests; all of it can be rebuilt from the store."""

    books: Path
    book: tuple[BookKey, Book] | None = None
    plans: dict[str, Plan] = field(default_factory=dict)
    territories: Known = field(default_factory=dict)
    extents: OrderedDict[str, Extent] = field(default_factory=OrderedDict)
    compiled: dict[tuple[str, str, str], CompiledRules] = field(default_factory=dict)
    assigner: Assigner | None = None
    explainers: dict[tuple[str, str, str], Explainer] = field(default_factory=dict)
    tallies: dict[tuple[str, str, date], Tallied] = field(default_factory=dict)
    tallies_in_the_making: set[tuple[str, str, date]] = field(default_factory=set)
    zones: ZoneShelf = field(default_factory=ZoneShelf)
    designs: DesignShelf = field(default_factory=DesignShelf)
    mail: MailAccess = field(default_factory=MailAccess)
    anchors: Path | None = None
    provider: ProviderAccess = field(default_factory=ProviderAccess)
    openid: OpenIdProvider | None = None
    signing: SigningAccess = field(default_factory=SigningAccess)
    limits: Limits = field(default_factory=Limits)
    tokens: TokenShelf = field(default_factory=TokenShelf)
    seen: LastTried = field(default_factory=LastTried)
    diffs: OrderedDict[tuple[str | None, str], tuple[Step, ...]] = field(default_factory=OrderedDict)
    pasts: OrderedDict[tuple[Path, Moment, int], PastBook] = field(default_factory=OrderedDict)
    past_lock: threading.Lock = field(default_factory=threading.Lock)
    cut_plans: dict[tuple[Hashable, ...], Plan] = field(default_factory=dict)
    accesses: OrderedDict[tuple[Hashable, ...], Access] = field(default_factory=OrderedDict)
    serves_stale: bool = False
    in_the_making: set[BookKey] = field(default_factory=set)
    lock: threading.RLock = field(default_factory=threading.RLock)


def build(store: Store, key: BookKey, shape: BookShape, folder: Path, progress: Progress) -> Path:
    """Make a Book, unless it is there; its path."""
    from metes.store import book_build  # loads DuckDB and Arrow

    return book_build.build(store, key, shape, folder, progress)


def require_number(number: int, kind: str) -> None:
    """NotFound for a number that no record can have, which not every database takes."""
    if not 0 < number < 2**63:
        raise NotFound(f"there is no {kind} with this number")


class Desk:
    """The base of the Workspace: access to settings, fields, plans and the Book of the moment."""

    def __init__(
        self,
        store: Store,
        shelf: Shelf,
        principal: Principal,
        clock: Callable[[], datetime] = utc_now,
        moment: Moment | None = None,
    ) -> None:
        # Whoever looks at the past, or as somebody else, changes nothing, whichever verb is called.
        self.store = Viewed(store) if principal.is_viewed else store if moment is None else ReadOnly(store)
        self.shelf = shelf
        self.principal = principal
        self.clock = clock
        self.moment = moment

    @cached_property
    def access(self) -> Access:
        """What the principal may, and where, today: also where one looks at another day."""
        return access_at(self.store, self.shelf, self.principal, self.clock(), self._load_plan)

    @property
    def scope(self) -> Scope:
        """What the principal sees."""
        return self.access.scope(Capability.LOOK)

    def _note_export(self, what: str, detail: Mapping[str, Any], asked: str = "") -> None:
        """Record that something left as a file, on whichever day one looks, and as whom; `asked` is a filter, which may name people."""
        with Store.write(self.store) as connection:
            personal = {"asked": asked} if asked else None
            audit.add_entry(connection, self.principal, "export", what, detail, self.clock(), personal=personal)

    def check_ready(self) -> None:
        """SchemaMismatch, or the database's own error, unless the database answers with the right schema."""
        schema.require_current(self.store)

    def settings(self) -> WorkspaceSettings:
        """The workspace's settings."""
        with self.store.read() as connection:
            return settings_from(read_settings(connection))

    def today(self) -> date:
        """The day it is in the workspace's time zone."""
        return self.settings().today(self.clock())

    def as_of(self, at: date | None = None, known: datetime | None = None) -> Self:
        """The same workspace as of a day (None: today), as known at an instant (None: now): every list, sum and page of it.

        Who held which account, who sat where and which plan was active are those of the moment, values of accounts those of now.
        Nothing can be changed in it. A day to come shows what is planned: InputError for whoever does not read plans.
        """
        if at is not None and at > self.today() and not self.access.may(Capability.PLAN_READ):
            raise InputError(f"expected a day up to today, got {at}; what is planned is shown to those who read plans")
        return type(self)(self.store, self.shelf, self.principal, self.clock, Moment(at or self.today(), known))

    @property
    def seen_on(self) -> date:
        """The day one looks at: that of the moment, else today."""
        return self.today() if self.moment is None else self.moment.at

    @property
    def known(self) -> datetime | None:
        """The instant whose knowledge counts; None is now."""
        return None if self.moment is None else self.moment.known

    def custom_fields(self) -> tuple[Field, ...]:
        """The custom fields of accounts."""
        with self.store.read() as connection:
            return read_custom_fields(connection)

    def fields(self) -> Mapping[str, Field]:
        """The fields a rule or a filter may ask for."""
        return rule_fields(self.custom_fields())

    def book(self, progress: Progress = SILENT, *, any_ledger: bool = False) -> Book:
        """The Book of this moment, made when it is not there yet.

        `any_ledger` takes one whose ownership may be older. Where the shelf serves stale Books, a large one is made anew beside
        the requests, which go on with the Book before until it is there. Whoever looks at the past gets the Book of it.
        """
        if self.moment is not None:
            return self._past_book(self.moment, progress)
        return self._book_of_now(progress, any_ledger)

    def _book_of_now(self, progress: Progress, any_ledger: bool) -> Book:
        key, shape = self._book_wanted()
        with self.shelf.lock:
            kept = self.shelf.book
            if kept is not None and (kept[0] == key or (any_ledger and kept[0].has_same_data(key))):
                return kept[1]
            found = find_book(self.shelf.books, key, any_ledger=any_ledger)
            if found is None and kept is not None and self.shelf.serves_stale and kept[1].accounts > LARGE_BOOK:
                self._make_later(key, shape)
                return kept[1]
            key, path = found or (key, build(self.store, key, shape, self.shelf.books, progress))
            from metes.store.book import Book

            book = Book(path, rule_fields(tuple(shape.custom)), shape.currency)
            self.shelf.book = (key, book)
            return book

    def _past_book(self, moment: Moment, progress: Progress) -> PastBook:
        """The Book of a moment, kept on the shelf: what is known of it now changes with the ledger, what was known before stays."""
        # What a narrow scope shows of the past goes by who holds what today, of which an older Book knows nothing.
        today, shape = self._book_of_now(progress, any_ledger=self.scope.is_everything), self._book_wanted()[1]
        if not today.path.exists():  # another process has made newer ones since, and removed it
            today = self._book_of_now(progress, any_ledger=False)
        is_settled = moment.known is not None and moment.known < self.clock()
        with self.store.read() as connection:
            ledger = -1 if is_settled else counters.value(connection, counters.LEDGER)
        key = (today.path, moment, ledger)
        with self.shelf.past_lock:
            found = self.shelf.pasts.get(key)
            if found is None:
                from metes.store.book_past import past_book

                found = self.shelf.pasts[key] = past_book(self.store, today, shape, moment, progress)
                while len(self.shelf.pasts) > _PASTS_KEPT:
                    self.shelf.pasts.popitem(last=False)
            self.shelf.pasts.move_to_end(key)
            return found

    def book_at_hand(self) -> tuple[BookKey, Book] | None:
        """The newest Book there is of today's currency, rates and fields, however old its data; None where there is none."""
        key, shape = self._book_wanted()
        with self.shelf.lock:
            if self.shelf.book is not None and self.shelf.book[0].shape == key.shape:
                return self.shelf.book
            found = newest_book(self.shelf.books, key.shape)
            if found is None:
                return None
            from metes.store.book import Book

            self.shelf.book = (found[0], Book(found[1], rule_fields(tuple(shape.custom)), shape.currency))
            return self.shelf.book

    @property
    def is_book_behind(self) -> bool:
        """Whether requests are served from the Book before, while one with the last changes is being made."""
        return bool(self.shelf.in_the_making)

    def _book_wanted(self) -> tuple[BookKey, BookShape]:
        with self.store.read() as connection:
            settings = settings_from(read_settings(connection))
            custom = read_custom_fields(connection)
        shape = BookShape(settings.reporting_currency, settings.rates, custom)
        digest = content_hash(
            [shape.currency, {c: str(r) for c, r in sorted(shape.rates.items())}, [[f.name, f.type.value] for f in custom]]
        )[:8]
        return current_key(self.store, settings.today(self.clock()), digest), shape

    def _make_later(self, key: BookKey, shape: BookShape) -> None:
        if key in self.shelf.in_the_making:
            return
        self.shelf.in_the_making.add(key)

        def make() -> None:
            try:
                build(self.store, key, shape, self.shelf.books, SILENT)
            except Exception:
                log.exception("the book could not be made; requests go on with the one before")
            finally:
                self.shelf.in_the_making.discard(key)

        threading.Thread(target=make, name="book", daemon=True).start()

    def plan_of(self, revision: Revision) -> Plan:
        """The plan of a revision, cut down to what the principal sees of it."""
        return self.plan_seen(revision.root_hash)

    def plan_seen(self, root: str) -> Plan:
        """The plan of a content's root, cut down to what the principal sees of it; kept on the shelf."""
        scope, pay = self.scope, self.access.scope(Capability.PAY)
        if scope.territories is None and (pay.is_everything or self.access.may(Capability.PLAN_READ)):
            return self.plan_at(root)
        day, own = self.today(), self.access.seats
        key = (root, scope.territories, pay.territories, own, day)
        with self.shelf.lock:
            found = self.shelf.cut_plans.get(key)
        if found is None:
            found = without_pay(cut(self.plan_at(root), scope, day), pay, own)
            with self.shelf.lock:
                while len(self.shelf.cut_plans) >= _CUT_PLANS_KEPT:
                    self.shelf.cut_plans.pop(next(iter(self.shelf.cut_plans)))
                self.shelf.cut_plans[key] = found
        return found

    def plan_at(self, root: str) -> Plan:
        """The whole plan of a content's root, kept on the shelf: for working with, never to be shown as it is."""
        return self._load_plan(root)

    def _load_plan(self, root: str) -> Plan:
        with self.shelf.lock:
            plan = self.shelf.plans.get(root)
            if plan is None:
                if len(self.shelf.territories) > _TERRITORIES_KEPT:
                    self.shelf.territories.clear()
                with self.store.read() as connection:
                    plan = plan_at(connection, root, self.shelf.territories)
                while len(self.shelf.plans) >= _PLANS_KEPT:
                    self.shelf.plans.pop(next(iter(self.shelf.plans)))
                self.shelf.plans[root] = plan
            return plan

    def compiled_of(self, revision: Revision) -> CompiledRules:
        """The rules of a revision compiled, kept on the shelf; from those compiled last, of which most are the same."""
        fields, currency = self.fields(), self.settings().reporting_currency
        key = _compiled_key(revision, fields, currency)
        with self.shelf.lock:
            compiled = self.shelf.compiled.get(key)
            before = next(reversed(self.shelf.compiled.values()), None)
        if compiled is None:
            from metes.rules.compile import compile_plan
            from metes.rules.revise import revised

            plan = self.plan_at(revision.root_hash)
            if before is None:
                compiled = compile_plan(plan, fields, currency)
            else:
                compiled = revised(before, before.plan, plan, fields, currency)
            with self.shelf.lock:
                while len(self.shelf.compiled) >= _COMPILED_KEPT:
                    self.shelf.compiled.pop(next(iter(self.shelf.compiled)))
                self.shelf.compiled[key] = compiled
        return compiled

    def explainer_of(self, revision: Revision) -> Explainer:
        """A revision made ready for explaining accounts, kept on the shelf."""
        plan, fields, currency = self.plan_at(revision.root_hash), self.fields(), self.settings().reporting_currency
        key = _compiled_key(revision, fields, currency)
        with self.shelf.lock:
            explainer = self.shelf.explainers.get(key)
        if explainer is None:
            from metes.rules.explain import Explainer

            explainer = Explainer(plan, fields, currency, self.compiled_of(revision))
            with self.shelf.lock:
                while len(self.shelf.explainers) >= _EXPLAINERS_KEPT:
                    self.shelf.explainers.pop(next(iter(self.shelf.explainers)))
                self.shelf.explainers[key] = explainer
        return explainer

    def active(self, day: date | None = None) -> tuple[Revision, Plan] | None:
        """The active revision with its plan, on a day (None: the one looked at), as known then; None before the first."""
        on = day or self.seen_on
        with self.store.read() as connection:
            revision = plans.active_revision(connection, on, known=self.known)
        return None if revision is None else (revision, self.plan_of(revision))

    def active_revision(self, day: date) -> Revision:
        """The active revision of a day; NotFound says how to get one."""
        with self.store.read() as connection:
            revision = plans.active_revision(connection, day, known=self.known)
        if revision is None and self.moment is not None:
            raise NotFound(f"no plan was active on {day}, as far as was known then; choose another day")
        if revision is None:
            raise NotFound("there is no active plan yet; 'metes plan import FOLDER', then 'metes plan publish draft'")
        return revision

    def require_active(self) -> tuple[Revision, Plan]:
        """The active plan, cut down to what the principal sees of it; NotFound says how to get one."""
        revision = self.active_revision(self.seen_on)
        return revision, self.plan_of(revision)

    def _whole_active(self) -> tuple[Revision, Plan] | None:
        """The active revision with its whole plan: for working with, never to be shown as it is."""
        with self.store.read() as connection:
            revision = plans.active_revision(connection, self.seen_on, known=self.known)
        return None if revision is None else (revision, self.plan_at(revision.root_hash))


def _compiled_key(revision: Revision, fields: Mapping[str, Field], currency: str) -> tuple[str, str, str]:
    """What decides the compiled form of a revision's rules."""
    return (revision.root_hash, currency, content_hash([[f.name, f.type.value] for f in fields.values()]))
