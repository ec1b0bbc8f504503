"""An answer as of a day, as known at an instant that has passed, never changes, whatever is recorded later and whatever the clock does."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from metes.base.errors import Conflict
from metes.model.moment import Moment
from metes.model.scope import Scope
from metes.store import bulk, ledger, ledger_changes, ledger_corrections, ledger_reading, plans
from metes.store.engine import Store
from metes.store.ledger import Cause
from metes.store.ledger_clock import newest_recorded
from metes.store.ledger_imports import Belongs, Sits, record_belongings, record_sittings, retract
from metes.store.tables import ledger_ownership, people, plan_revisions
from tests.conftest import NOW
from tests.store.rows import row_of

ALL = Scope.everything("tests see everything")
FIRST = date(2026, 1, 1)
ACCOUNTS = (1, 2, 3)
SEATS = ("s", "t")
days = st.integers(0, 30).map(lambda n: FIRST + timedelta(days=n))
lengths = st.none() | st.integers(1, 20)
accounts = st.sampled_from(ACCOUNTS)
territories = st.sampled_from((1, 2, 3))
Answer = tuple[object, ...]


class Ledger(RuleBasedStateMachine):
    """Everything that writes ownership, seats and publications, on a clock that runs on or is set back."""

    causes = Bundle("causes")

    def __init__(self, schema: Path) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        path = Path(self.folder.name) / "metes.db"
        path.write_bytes(schema.read_bytes())
        self.store = Store(f"sqlite:///{path}")
        self.now = NOW
        self.number = 0
        self.given: dict[Moment, Answer] = {}
        with self.store.write() as connection:
            ledger.ids_of_territories(connection, "abc")
            for number in (1, 2):
                connection.execute(sa.insert(people).values(**row_of(people, number, name=f"P{number}", external_id=f"E{number}")))
                connection.execute(sa.insert(plan_revisions).values(**row_of(plan_revisions, number, state="draft")))

    def teardown(self) -> None:
        self.store.dispose()
        self.folder.cleanup()

    def cause(self, kind: str) -> Cause:
        """The next thing that writes."""
        self.number += 1
        return Cause(kind, self.number)

    @rule(minutes=st.integers(-5000, 5000))
    def time_goes_or_the_clock_is_set(self, minutes: int) -> None:
        """The clock of the machine says something else."""
        self.now += timedelta(minutes=minutes)

    @rule(target=causes, account=accounts, territory=territories, start=days, length=lengths, full=st.booleans())
    def a_file_says_who_held(self, account: int, territory: int, start: date, length: int | None, full: bool) -> Cause:
        """An import of assignments."""
        cause = self.cause("import")
        fact = Belongs(account, territory, start, None if length is None else start + timedelta(days=length))
        with self.store.write() as connection:
            record_belongings(connection, [fact], self.now, cause, is_full=full)
        return cause

    @rule(
        target=causes, person=st.sampled_from((1, 2)), seat=st.sampled_from(SEATS), start=days, length=lengths, full=st.booleans()
    )
    def a_file_says_who_sat(self, person: int, seat: str, start: date, length: int | None, full: bool) -> Cause:
        """An import of seats."""
        cause = self.cause("import")
        fact = Sits(seat, person, start, None if length is None else start + timedelta(days=length))
        with self.store.write() as connection:
            record_sittings(connection, [fact], self.now, cause, is_full=full)
        return cause

    @rule(account=accounts, territory=territories, day=days)
    def the_rules_move(self, account: int, territory: int, day: date) -> None:
        """A run of the rules gives an account to a territory from a day on."""
        t = ledger_ownership.c
        with self.store.write() as connection:
            query = sa.select(t.id).where(t.account_id == account, t.recorded_until.is_(None))
            ids = connection.execute(query.where(sa.or_(t.true_until.is_(None), t.true_until > day))).scalars().all()
            row = dict(zip(ledger_changes.HOLDINGS.names, (account, territory, 0, 1.0, 2, day, None), strict=True))
            opening = pa.Table.from_pylist([row], schema=ledger_changes.HOLDINGS)
            ledger_changes.write_change(connection, pa.array(ids, pa.int64()), opening, day, self.now, self.cause("run"))

    @rule(account=accounts, territory=st.none() | territories, start=days, length=st.integers(1, 20), back=st.booleans())
    def somebody_corrects(self, account: int, territory: int | None, start: date, length: int, back: bool) -> None:
        """A correction by hand, perhaps taken back at once."""
        end = start + timedelta(days=length)
        facts = {"kind": "owner", "account_id": account, "territory_id": territory, "true_from": start, "true_until": end}
        with self.store.write() as connection:
            try:
                planned = ledger_corrections.plan_owner(connection, account, territory, start, end)
            except Conflict:
                return
            number = ledger_corrections.record(connection, planned, facts, reason="r", author="a", now=self.now)
        if back:
            with self.store.write() as connection:
                ledger_corrections.take_back(connection, number, reason="r", author="a", now=self.now)

    @rule(cause=causes)
    def an_import_is_undone(self, cause: Cause) -> None:
        """What an import wrote is taken back."""
        with self.store.write() as connection:
            retract(connection, cause, self.now, self.cause("undo"))

    @rule(revision=st.sampled_from((1, 2)), day=days)
    def a_plan_is_published(self, revision: int, day: date) -> None:
        """A plan becomes active on a day."""
        with self.store.write() as connection:
            plans.publish(connection, revision, day, "a", self.now)

    @rule(day=days, minutes=st.integers(0, 8000))
    def somebody_asks(self, day: date, minutes: int) -> None:
        """An answer is given as known at an instant that has passed: at the newest recorded one or before it."""
        with self.store.read() as connection:
            newest = newest_recorded(connection)
        if newest is not None:
            # What is recorded in this very microsecond still counts as known then.
            moment = Moment(day, newest - timedelta(minutes=minutes, microseconds=1))
            self.given[moment] = self.answer(moment)

    @invariant()
    def what_was_answered_is_answered_again(self) -> None:
        """Every answer given so far stays."""
        for moment, answer in self.given.items():
            assert self.answer(moment) == answer, moment

    def answer(self, moment: Moment) -> Answer:
        """Who held what, who sat where and which plan was active."""
        at, known = moment.at, moment.known
        with self.store.read() as connection:
            held = [
                sorted((h.territory, h.role, h.share, h.via) for h in ledger.holdings_of(connection, n, ALL, at=at, known=known))
                for n in ACCOUNTS
            ]
            sat = sorted((s.seat, s.person) for s in ledger.sittings(connection, ALL, at=at, known=known))
            plan = plans.active_revision(connection, at, known=known)
        with bulk.snapshot(self.store) as state:
            whole = ledger_reading.holdings_at(state, self.store, moment).to_pylist()
        return held, sat, plan and plan.id, sorted(map(str, whole))


def test_an_answer_as_of_a_day_once_given_never_changes(sqlite_with_schema: Path) -> None:
    few = settings(max_examples=max(5, settings.default.max_examples // 10), stateful_step_count=20)
    run_state_machine_as_test(lambda: Ledger(sqlite_with_schema), settings=few)


def test_the_test_would_see_a_fact_recorded_before_the_newest(sqlite_with_schema: Path) -> None:
    machine = Ledger(sqlite_with_schema)
    machine.the_rules_move(1, 1, FIRST)
    machine.somebody_asks(FIRST, 10)
    with machine.store.write() as connection:
        fact = {"account_id": 1, "territory_id": 2, "role": 0, "share": 1.0, "via": 2, "true_from": FIRST}
        before = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
        connection.execute(sa.insert(ledger_ownership).values(**fact, recorded_at=before, cause_kind="run", cause_id=1))
    (moment,) = machine.given
    assert machine.answer(moment) != machine.given[moment]
    machine.teardown()
