"""Who may write, who waits for whom, and what a wrong URL is told."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from metes.base.errors import Busy, InputError
from metes.store import counters
from metes.store.engine import Store
from metes.store.tables import counters as counters_table

# Holds the exclusive right to write until its standard input ends.
HOLDER = """
import sys
from metes.store.engine import Store

with Store(sys.argv[1]).write() as connection:
    print("holding", flush=True)
    sys.stdin.read()
"""


def bump_many(store: Store, times: int) -> None:
    """Add to a counter in transactions of their own."""
    for _ in range(times):
        with store.write() as connection:
            read = counters.value(connection, "data")
            connection.execute(sa.delete(counters_table))
            connection.execute(sa.insert(counters_table).values(name="data", value=read + 1))


def test_exclusive_writers_queue_so_that_no_change_is_lost(store: Store) -> None:
    threads = [threading.Thread(target=bump_many, args=(store, 10)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as connection:
        assert counters.value(connection, "data") == 30


def test_a_writer_that_waited_too_long_is_told_that_another_one_writes(store: Store) -> None:
    waits: list[float] = []
    with store.write() as connection:
        counters.bump(connection, "data")
        with (
            pytest.raises(Busy, match=r"has been writing to .*nothing was changed here, try again"),
            store.write(patience_seconds=1.5, on_wait=waits.append),
        ):
            pytest.fail("two writers at once")
    assert waits
    with store.write() as connection:
        assert counters.bump(connection, "data") == 2


def test_a_writer_in_another_process_is_waited_for(store: Store) -> None:
    url = store.url.render_as_string(hide_password=False)
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdin is not None
    assert holder.stdout is not None
    assert holder.stdout.readline() == "holding\n"

    def let_go(_waited: float) -> None:
        if not holder.stdin.closed:  # type: ignore[union-attr]
            holder.stdin.close()  # type: ignore[union-attr]

    with store.write(on_wait=let_go) as connection:
        assert counters.bump(connection, "data") == 1
    assert holder.wait() == 0
    holder.stdout.close()


def test_reading_goes_on_beside_a_writer_and_sees_the_state_before(store: Store) -> None:
    with store.write() as writer:
        counters.bump(writer, "data")
        with store.read() as reader:
            assert counters.value(reader, "data") == 0
    with store.read() as reader:
        assert counters.value(reader, "data") == 1


def test_one_reading_sees_one_moment_from_its_first_query_on(store: Store) -> None:
    with store.read() as reader:
        assert counters.value(reader, "data") == 0
        with store.write() as writer:
            counters.bump(writer, "data")
        assert counters.value(reader, "data") == 0


def test_nothing_that_a_reading_does_is_kept(store: Store) -> None:
    with store.read() as reader:
        counters.bump(reader, "data")
    with store.read() as reader:
        assert counters.value(reader, "data") == 0


def test_a_writer_that_fails_leaves_nothing(store: Store) -> None:
    def fail() -> None:
        with store.write() as connection:
            counters.bump(connection, "data")
            raise KeyError("something went wrong")

    with pytest.raises(KeyError):
        fail()
    with store.read() as reader:
        assert counters.value(reader, "data") == 0


def test_a_small_transaction_is_kept_and_a_failing_one_is_not(store: Store) -> None:
    def fail() -> None:
        with store.touch() as connection:
            counters.bump(connection, "data")
            raise KeyError("something went wrong")

    with store.touch() as connection:
        counters.bump(connection, "data")
    with pytest.raises(KeyError):
        fail()
    with store.read() as reader:
        assert counters.value(reader, "data") == 1


@pytest.mark.postgresql
def test_on_postgresql_a_small_transaction_does_not_wait_for_an_exclusive_writer(postgresql_store: Store) -> None:
    with postgresql_store.write() as writer:
        counters.bump(writer, "data")
        with postgresql_store.touch() as connection:
            counters.bump(connection, "ledger")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "expected a database such as sqlite"),
        ("metes.db", "expected a database such as sqlite"),
        ("postgresql://host:port/name", "expected a database such as sqlite"),
        ("sqlite://", "name a file"),
        ("sqlite:///", "name a file"),
        ("sqlite:///:memory:", "name a file"),
        ("mysql://host/name", "Metes stores in one of these two"),
    ],
)
def test_a_url_that_names_no_database_of_ours_is_refused_with_a_remedy(url: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Store(url)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere does not exist; create it"):
        Store(f"sqlite:///{tmp_path}/nowhere/metes.db")


def test_a_file_that_is_no_database_is_refused_when_it_is_opened(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear Sir or Madam, " * 100)
    with (
        pytest.raises(InputError, match=r"cannot open the database .*letter.txt: file is not a database"),
        Store(f"sqlite:///{tmp_path}/letter.txt").read(),
    ):
        pytest.fail("a letter was read as a database")


def test_a_server_that_does_not_answer_is_named_without_the_password() -> None:
    store = Store("postgresql://metes:hunter2hunter2@127.0.0.1:1/metes")
    with pytest.raises(InputError, match="cannot open the database") as caught, store.read():
        pytest.fail("nobody listens there")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "mode"),
    [
        ("postgresql://metes@db.example.com/metes", "verify-full"),
        ("postgresql://metes@10.0.0.7/metes", "verify-full"),
        ("postgresql:///metes?host=db.example.com", "verify-full"),
        ("postgresql://metes@db.example.com/metes?sslmode=require", "require"),
        ("postgresql://metes@db.example.com/metes?sslmode=disable", "disable"),
        ("postgresql://metes@localhost/metes", None),
        ("postgresql:///metes?host=/run/postgresql", None),
        ("postgresql:///metes", None),
    ],
)
def test_a_database_on_another_machine_is_spoken_to_with_encryption_and_a_certificate(url: str, mode: str | None) -> None:
    assert Store(url).url.query.get("sslmode") == mode
