"""The verbs that say why: of one account, of a selection of accounts, and of a territory."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from metes.access.explanations import explained, leads_within
from metes.app.desk import LARGE_BOOK, Desk
from metes.base.errors import Busy, InputError, NotFound
from metes.base.progress import SILENT, Progress
from metes.looking import owners, tree
from metes.model.access import Capability
from metes.model.plan import Plan
from metes.model.postal import postal_order
from metes.model.query import AccountQuery
from metes.model.terms import OfFamily, PostalOrder, term_of
from metes.planning.drafts import find_revision
from metes.store import ledger
from metes.store.plans import Revision

if TYPE_CHECKING:
    import pyarrow as pa

    from metes.looking.why import SelectionPage, TerritoryWhy
    from metes.rules.explain import Explainer
    from metes.rules.explanation import Explanation, FlipSaid
    from metes.rules.why_many import Tallies
    from metes.store.book import Book

NEAREST = 20
# So many of a field's most frequent values are tried when it is asked what change would flip an answer.
VALUES_TRIED = 200
# Within what a place lies, by field.
PLACES: Mapping[str, Sequence[str]] = {
    "country": (),
    "region": ("country",),
    "city": ("country", "region"),
    "postal_code": ("country", "region"),
}
# Of more accounts than this a file does not say what would change each, which takes some milliseconds an account.
FLIPS_IN_FILE = 2_000
_TALLIES_KEPT = 2
_NAMES = frozenset({"name", "parent", "family"})
log = logging.getLogger("metes.app")


@dataclass(frozen=True, slots=True)
class Tallied:
    """What all accounts of one Book add up to under one plan, and when that was worked out."""

    tallies: Tallies
    made_at: datetime


class WhyVerbs(Desk):
    """What says why accounts are where they are."""

    # --- one account ------------------------------------------------------------------------------------------------------

    def explain(
        self, name: str, *, reference: str = "active", limit: int | None = NEAREST, first: int = 0, words: str = ""
    ) -> Explanation:
        """Why an account is held by the territory that holds it, under the active plan or another revision, and what would change it.

        Of the territories that do not take it the `limit` nearest are named (None: all) from place `first` on; with `words` those whose
        name or key has each of them.
        """
        self._revision(reference)  # without a plan there is nothing to explain, whatever the account is called
        with self.store.read() as connection:
            number = owners.the_account(connection, name, self.scope)
        found = self.explain_number(number, reference=reference, limit=limit, first=first, words=words)
        if found is None and self.is_book_behind:
            raise Busy(f"the account '{name}' has just come in, and the lists are still being made anew; ask again in a minute")
        if found is None:
            raise NotFound(f"the account '{name}' is closed; no rule is run over closed accounts")
        return found

    def explain_number(
        self, number: int, *, reference: str = "active", limit: int | None = NEAREST, first: int = 0, words: str = ""
    ) -> Explanation | None:
        """What `explain` says, of the account with a number; None where the Book has no such account."""
        is_active = reference == "active"
        explainer, today = self.explainer_of(self._revision(reference)), self.today()
        account = self.account_row(number)
        if account is None:
            return None
        record = self.book().record(number, explainer.asked, explainer.plan, today)
        known = self._known_values(account, self.book())
        among = self.scope.territories
        found = explainer.explain(record, today, limit=limit, first=first, words=words.split(), known=known, among=among)
        found = explained(found, self.scope)
        return replace(found, recorded=tuple(self._recorded(number, explainer.plan))) if is_active else found

    def account_row(self, number: int) -> Mapping[str, Any] | None:
        """All columns of the account with a number; None where it is closed or never was."""
        return next(iter(self.book().accounts_by_number([number], self.scope)), None)

    # --- a selection ------------------------------------------------------------------------------------------------------

    def explain_page(self, query: AccountQuery, *, reference: str = "active", with_flips: bool = True) -> SelectionPage:
        """A page of accounts with why each is where it is: the rule, who lost it last by which step, and the nearest change."""
        from metes.looking import why  # loads the evaluator, which few commands need

        revision = self._revision(reference)
        # What a condition asks for is found in the plan as it is seen: another's lists and areas tell nothing.
        page = self.book().page(replace(query, columns=("id", "name")), self.scope, plan=self.plan_of(revision))
        explainer = self.explainer_of(revision)
        flips = self._flips_of(explainer) if with_flips else None
        answers = why.answers_of(self.book(), explainer, [row["account"] for row in page.rows], self.today())
        found = why.selection_page(page, explainer, answers, flips, self.scope)
        return replace(found, names=self._names_outside({row.territory for row in found.rows if row.territory}))

    def explain_write(self, query: AccountQuery, path: Path, *, reference: str = "active", progress: Progress = SILENT) -> int:
        """Write why all accounts of a query are where they are to a .csv, .xlsx or .parquet file; rows written."""
        from metes.render import sheets

        rows = sheets.write_file(self._selection(query, reference, progress), path)
        self._note_export("accounts and why", {"form": path.suffix, "rows": rows})
        return rows

    def explain_csv(self, query: AccountQuery, *, reference: str = "active") -> Iterator[str]:
        """Why all accounts of a query are where they are, as chunks of CSV text."""
        from metes.render import sheets

        self._note_export("accounts and why", {"form": ".csv"})
        return sheets.csv_lines(self._selection(query, reference, SILENT), {})

    def _selection(self, query: AccountQuery, reference: str, progress: Progress) -> Iterator[pa.RecordBatch]:
        from metes.looking import why  # loads the evaluator, which few commands need

        revision, book = self._revision(reference), self.book()
        asked = replace(query, columns=("account", "id", "name"), after=None)
        found = why.joined(book.export(asked, self.scope, plan=self.plan_of(revision)))
        explainer = self.explainer_of(revision)
        flips = self._flips_of(explainer) if found.num_rows <= FLIPS_IN_FILE else None
        return why.selection_batches(book, explainer, found, self.today(), flips, progress, self.scope)

    def _flips_of(self, explainer: Explainer) -> Callable[[Sequence[int]], list[FlipSaid | None]]:
        """A function from accounts' numbers to the nearest change of each that would give it to another territory."""
        book, today = self.book(), self.today()

        def nearest(numbers: Sequence[int]) -> list[FlipSaid | None]:
            records = book.rule_columns.some(numbers, {*explainer.asked, *PLACES}, explainer.plan, today).to_pylist()
            found = {r["account"]: first_within(explainer.nearest_flips(r, today, self._known_values(r, book))) for r in records}
            return [found.get(number) for number in numbers]

        def first_within(flips: Iterable[FlipSaid]) -> FlipSaid | None:
            return next((flip for flip in flips if leads_within(flip, self.scope)), None)

        return nearest

    # --- a territory ------------------------------------------------------------------------------------------------------

    def explain_territory(self, key: str, *, waits: bool = True, progress: Progress = SILENT) -> TerritoryWhy | None:
        """Why a territory of the active plan, with all below it, holds what it holds, and what it lost to whom.

        The sums of all territories come from one run over the Book and are kept. Where `waits` says no, a large Book is run over beside
        the requests, and None is the answer until that is done.
        """
        from metes.looking import why  # loads the evaluator, which few commands need

        revision = self._revision("active")
        plan = self.plan_of(revision)
        if key not in plan.territory_by_key:
            raise NotFound(f"the active plan has no territory '{key}'; 'metes territories' lists those it has")
        found = self._tallied(revision, waits, progress)
        if found is None:
            return None
        edges = why.edges_of(self.book(), plan, plan.territory_by_key[key], self.scope)
        return why.territory_why(found.tallies, plan, key, tree.keys_below(plan, key), found.made_at, edges, self.scope)

    def _tallied(self, revision: Revision, waits: bool, progress: Progress) -> Tallied | None:
        """The sums under a plan, from the shelf where they are kept; None while they are being worked out beside the requests."""
        from metes.looking import why  # loads the evaluator, which few commands need

        book, explainer, day = self.book(), self.explainer_of(revision), self.today()
        kept = (revision.root_hash, str(book.path), day)
        with self.shelf.lock:
            if kept in self.shelf.tallies:
                return self.shelf.tallies[kept]
            is_later = not waits and book.accounts > LARGE_BOOK
            if is_later and kept in self.shelf.tallies_in_the_making:
                return None
            if is_later:
                self.shelf.tallies_in_the_making.add(kept)

        def make() -> Tallied:
            tallied = Tallied(why.tallies_of(book, explainer, day, progress), self.clock())
            with self.shelf.lock:
                while len(self.shelf.tallies) >= _TALLIES_KEPT:
                    self.shelf.tallies.pop(next(iter(self.shelf.tallies)))
                self.shelf.tallies[kept] = tallied
            return tallied

        def make_later() -> None:
            try:
                make()
            except Exception:
                log.exception("the sums of territories could not be worked out; ask again")
            finally:
                self.shelf.tallies_in_the_making.discard(kept)

        if not is_later:
            return make()
        threading.Thread(target=make_later, name="why", daemon=True).start()
        return None

    # --- inside -----------------------------------------------------------------------------------------------------------

    def _recorded(self, number: int, plan: Plan) -> Iterable[Any]:
        """The primary territories that the ledger names for an account today."""
        from metes.rules.explanation import TerritoryName

        with self.store.read() as connection:
            holdings = ledger.holdings_of(connection, number, self.scope, at=self.today())
        for key in sorted(holding.territory for holding in holdings if holding.role == "primary"):
            territory = plan.territory_by_key.get(key)
            yield TerritoryName(key, territory.label if territory else key)

    def _known_values(self, account: Mapping[str, Any], book: Book) -> Callable[[str], Sequence[Any]]:
        """A function from a text field, or term, to the values that accounts have in it, the most frequent first.

        Of regions those of the account's country, of cities and postal codes those of its region: by another's it would not move.
        """

        def values(name: str) -> Sequence[Any]:
            term = term_of(name)
            if isinstance(term, OfFamily):
                return values(term.field)
            if isinstance(term, PostalOrder):
                keys = (postal_order(code) for code in values("postal_code"))
                return list(dict.fromkeys(key for key in keys if key is not None))
            if term is not None or name in _NAMES:
                return ()
            above = PLACES.get(name, ())
            within = tuple((place, str(account[place])) for place in above if account.get(place) is not None)
            return [value for value, _ in book.distinct(name, self.scope, VALUES_TRIED, within)]

        return values

    def _revision(self, reference: str) -> Revision:
        if self.moment is not None:
            raise InputError("why an account is where it is can be said of today alone; ask without a day")
        if reference == "active":
            return self.active_revision(self.today())
        self.access.require(Capability.PLAN_READ)
        with self.store.read() as connection:
            return find_revision(connection, reference, self.today())

    def _whole_plan(self) -> Plan:
        """The whole active plan, for working with; an empty one where none is active."""
        active = self._whole_active()
        return active[1] if active else Plan("")

    def _names_outside(self, keys: Iterable[str]) -> Mapping[str, str]:
        """The names of territories that hold an account the principal sees, and lie outside of what they see of the plan."""
        outside = [key for key in keys if not self.scope.has(key)]
        known = self._whole_plan().territory_by_key if outside else {}
        return {key: known[key].label for key in outside if key in known}
