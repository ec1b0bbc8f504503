"""Previews: what a plan would change, worked out once and gone through account by account; nothing is written to the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from metes.app.plans import PlanVerbs
from metes.base.ids import content_hash
from metes.base.progress import SILENT, Progress
from metes.looking import owners
from metes.model.plan import Plan
from metes.model.query import MovesQuery
from metes.model.scope import Scope
from metes.store.book_key import BookKey
from metes.store.plans import Revision

# Slow to load: Arrow and the evaluator, which commands that look at no preview do without.
if TYPE_CHECKING:
    import pyarrow as pa

    from metes.assigning.consequences import Consequences

EXPORT_ROWS = 50_000
MONEY = ("potential", "revenue_12m", "pipeline")
MOVE_TITLES = {
    "id": "Id",
    "name": "Name",
    "city": "City",
    "region": "Region",
    "before": "Territory before",
    "owner_before": "Owner before",
    "after": "Territory after",
    "owner_after": "Owner after",
    "via": "Held by",
    "potential": "Potential",
    "revenue_12m": "Revenue, 12 months",
    "pipeline": "Pipeline",
}
_WHOLE = Scope.everything("consequences are worked out whole, and shown to whoever may see them")


class PreviewVerbs(PlanVerbs):
    """What can be asked about a plan before it is published or assigned."""

    def preview(self, reference: str = "draft", progress: Progress = SILENT) -> Consequences:
        """What a revision would change if it were the plan today, against the ledger of now; kept until data, plan or ledger change."""
        return self._consequences(self.plan_find(reference), progress)

    def _consequences(self, revision: Revision, progress: Progress = SILENT) -> Consequences:
        """What a revision would change, worked out over all accounts whoever asks: what is shown of it is the matter of the caller."""
        from metes.assigning import consequences

        book = self.book(progress)
        path = self._preview_path(revision)
        if not path.exists():
            today, plan = self.today(), self.plan_at(revision.root_hash)
            active = self._whole_active()
            found, moves = consequences.work_out(
                book,
                plan,
                self.compiled_of(revision),
                revision=revision.id,
                day=today,
                owners_before=self._owners(active[1] if active else None, today),
                owners_after=self._owners(plan, today),
                scope=_WHOLE,
                progress=progress,
            )
            consequences.write(found, moves, path)
        return consequences.read(path)[0]

    def preview_at_hand(self, reference: str = "draft") -> Consequences | None:
        """The preview of a revision where it has been worked out for the data, the ledger and the day of now."""
        return self._consequences_at_hand(self.plan_find(reference))

    def _consequences_at_hand(self, revision: Revision) -> Consequences | None:
        path = self._preview_path(revision)
        if not path.exists():
            return None
        from metes.assigning import consequences

        return consequences.read(path)[0]

    def preview_moves(
        self, found: Consequences, query: MovesQuery, *, start: int, rows: int
    ) -> tuple[list[dict[str, object]], int]:
        """Some of the accounts that change territory, those of most potential first, and how many a query finds."""
        matching = self._moves(found, query)
        return matching.slice(start, rows).to_pylist(), matching.num_rows

    def preview_csv(self, found: Consequences, query: MovesQuery) -> Iterator[str]:
        """All accounts that a query finds as CSV, in pieces."""
        from metes.render import sheets

        self._note_export("moves of a preview", {"form": ".csv"})
        return sheets.csv_lines(self._preview_batches(found, query), MOVE_TITLES)

    def preview_write(self, found: Consequences, query: MovesQuery, path: Path) -> int:
        """Write all accounts that a query finds to a .csv, .xlsx or .parquet file; their number."""
        from metes.render import sheets

        rows = sheets.write_file(self._preview_batches(found, query), path, MOVE_TITLES)
        self._note_export("moves of a preview", {"form": path.suffix, "rows": rows})
        return rows

    def _preview_batches(self, found: Consequences, query: MovesQuery) -> Iterator[pa.RecordBatch]:
        """The accounts in batches, with their owners before and after, amounts in the reporting currency."""
        from metes.render import sheets

        return sheets.in_units(self._told_batches(found, query), MONEY, self.settings().reporting_currency)

    def _told_batches(self, found: Consequences, query: MovesQuery) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        for batch in self._moves(found, query).to_batches(EXPORT_ROWS):
            table = pa.Table.from_batches([batch])
            for name, side in (("before", found.owners_before), ("after", found.owners_after)):
                told = [", ".join(person for _, person in side.get(key or "", ())) for key in table[name].to_pylist()]
                table = table.append_column(f"owner_{name}", pa.array(told, pa.string()))
            yield from table.select(list(MOVE_TITLES)).combine_chunks().to_batches()

    def preview_zones(self, found: Consequences) -> list[tuple[str, str, float, int]]:
        """Each zone with accounts that move: the territory most of them join, their share, and how many move."""
        from metes.assigning import consequences

        return consequences.by_zone(self._moves(found, MovesQuery()))

    def _moves(self, found: Consequences, query: MovesQuery) -> pa.Table:
        from metes.assigning import consequences

        if found.path is None:
            raise ValueError("a preview that is not kept has no accounts to go through")
        return consequences.chosen(consequences.read(found.path)[1], query)

    def _preview_path(self, revision: Revision) -> Path:
        key = self._book_key()
        digest = content_hash([revision.root_hash, key.data, key.ledger, key.day.isoformat(), key.shape])[:16]
        return self.shelf.books / "previews" / f"preview-{digest}.arrow"

    def _book_key(self) -> BookKey:
        """The state of data, ledger and day that requests see: that of the Book at hand where it serves while another is made."""
        kept = self.shelf.book
        return kept[0] if kept is not None and self.is_book_behind else self._book_wanted()[0]

    def _owners(self, plan: Plan | None, day: date) -> dict[str, Sequence[tuple[str, str]]]:
        """Key and name of the people on owning seats, by territory."""
        if plan is None:
            return {}
        found: dict[str, list[tuple[str, str]]] = {}
        with self.store.read() as connection:
            for seated in owners.seated(connection, plan, plan.territory_by_key, _WHOLE, at=day):
                if seated.owns and seated.person:
                    found.setdefault(seated.territory, []).append((seated.person_key, seated.person))
        return {key: sorted(set(people)) for key, people in found.items()}
