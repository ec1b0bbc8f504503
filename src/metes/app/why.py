"""The verbs that say why: of one account, of a selection of accounts, and of a territory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from metes.app.desk import Desk
from metes.base.errors import Busy, NotFound
from metes.looking import owners
from metes.model.plan import Plan
from metes.model.postal import postal_order
from metes.model.terms import OfFamily, PostalOrder, term_of
from metes.planning.drafts import find_revision
from metes.store import ledger
from metes.store.plans import Revision

if TYPE_CHECKING:
    from metes.rules.explanation import Explanation

NEAREST = 20
# So many of a field's most frequent values are tried when it is asked what change would flip an answer.
VALUES_TRIED = 200
_NAMES = frozenset({"name", "parent", "family"})


class WhyVerbs(Desk):
    """What says why accounts are where they are."""

    def explain(
        self, name: str, *, reference: str = "active", limit: int | None = NEAREST, first: int = 0, words: str = ""
    ) -> Explanation:
        """Why an account is held by the territory that holds it, under the active plan or another revision, and what would change it.

        Of the territories that do not take it the `limit` nearest are named (None: all) from place `first` on; with `words` those whose
        name or key has each of them.
        """
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
        revision = self.require_active()[0] if is_active else self._revision(reference)
        book, today = self.book(), self.today()
        if self.account_row(number) is None:
            return None
        explainer = self.explainer_of(revision)
        record = book.record(number, explainer.asked, explainer.plan, today)
        found = explainer.explain(record, today, limit=limit, first=first, words=words.split(), known=self._known_values())
        return replace(found, recorded=tuple(self._recorded(number, explainer.plan))) if is_active else found

    def account_row(self, number: int) -> Mapping[str, Any] | None:
        """All columns of the account with a number; None where it is closed or never was."""
        return next(iter(self.book().accounts_by_number([number], self.scope)), None)

    def _recorded(self, number: int, plan: Plan) -> Iterable[Any]:
        """The primary territories that the ledger names for an account today."""
        from metes.rules.explanation import TerritoryName

        with self.store.read() as connection:
            holdings = ledger.holdings_of(connection, number, self.scope, at=self.today())
        for key in sorted(holding.territory for holding in holdings if holding.role == "primary"):
            territory = plan.territory_by_key.get(key)
            yield TerritoryName(key, territory.label if territory else key)

    def _known_values(self) -> Callable[[str], Sequence[Any]]:
        """A function from a text field, or term, to the values that accounts have in it, the most frequent first."""
        book = self.book()

        def values(name: str) -> Sequence[Any]:
            term = term_of(name)
            if isinstance(term, OfFamily):
                return values(term.field)
            if isinstance(term, PostalOrder):
                keys = (postal_order(code) for code in values("postal_code"))
                return list(dict.fromkeys(key for key in keys if key is not None))
            if term is not None or name in _NAMES:
                return ()
            return [value for value, _ in book.distinct(name, self.scope, VALUES_TRIED)]

        return values

    def _revision(self, reference: str) -> Revision:
        with self.store.read() as connection:
            return find_revision(connection, reference, self.today())
