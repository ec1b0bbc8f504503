"""The company whose pages are tested: made once by the demo, its database copied for each test that writes."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from metes.app.demo import load_company, write_company
from metes.app.settings import AppSettings
from metes.app.workspace import Workspace, open_workspace
from metes.base.progress import SILENT
from metes.web.application import create_app
from tests.conftest import NOW
from tests.web.pages.browsing import Browser, browser_in, with_session

ACCOUNTS = 600
SCRIPT = "<script>alert('x')</script>"


@dataclass(frozen=True)
class Company:
    """A folder with `metes.db` and its Book, the demo user's password, and the secret of a session of that user."""

    folder: Path
    password: str
    session: str

    def open(self) -> Workspace:
        """A workspace on it; the Book is kept beside the database."""
        return opened_at(self.folder)

    def copy(self, folder: Path) -> Company:
        """The same company in another folder, to be written to."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return replace(self, folder=folder)


def opened_at(folder: Path) -> Workspace:
    """The workspace of a folder."""
    return open_workspace(AppSettings(f"sqlite:///{folder / 'metes.db'}"), clock=lambda: NOW)


def signed_in(workspace: Workspace, password: str) -> Company:
    """The company of a workspace with the demo user in a session, which stands in its copies too: a password takes a core a while."""
    assert workspace.store.path is not None
    return Company(workspace.store.path.parent, password, workspace.sign_in("demo", password, "tests").secret)


@dataclass
class Visitor:
    """Somebody signed in: `get` and `post` as a browser without script would."""

    client: TestClient
    workspace: Workspace

    def get(self, address: str, **more: object) -> str:
        """The text of a page that must be there."""
        answer = self.client.get(address, **more)  # type: ignore[arg-type]
        assert answer.status_code == 200, (address, answer.status_code, answer.text[-600:])
        return str(answer.text)

    def post(self, address: str, **fields: object) -> object:
        """What a form with the session's token is answered, redirects not followed."""
        token = re.search(r'name="csrf-token" content="([^"]+)"', self.get("/more"))
        assert token
        return self.client.post(address, data={"csrf_token": token[1], **fields}, follow_redirects=False)


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The demo company, assigned."""
    files = write_company(tmp_path_factory.mktemp("files"), accounts=ACCOUNTS, seed=7, today=NOW.date(), progress=SILENT)
    workspace = opened_at(tmp_path_factory.mktemp("company"))
    result = load_company(workspace, files, progress=SILENT, say=lambda _: None)
    made = signed_in(workspace, str(result["password"]))
    workspace.close()
    return made


def _visit(company: Company) -> Iterator[Visitor]:
    workspace = company.open()
    with TestClient(create_app(workspace), raise_server_exceptions=True) as client:
        yield Visitor(with_session(client, company.session), workspace)
    workspace.close()


@pytest.fixture(scope="session")
def visitor(company: Company) -> Iterator[Visitor]:
    """Somebody who looks and writes nothing."""
    yield from _visit(company)


@pytest.fixture
def editor(company: Company, tmp_path: Path) -> Iterator[Visitor]:
    """Somebody with a company of their own to change."""
    yield from _visit(company.copy(tmp_path / "company"))


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Visitor]:
    """Somebody before an empty workspace."""
    (tmp_path / "empty").mkdir()
    workspace = opened_at(tmp_path / "empty")
    workspace.user_add("demo", "a long password")
    made = signed_in(workspace, "a long password")
    workspace.close()
    yield from _visit(made)


@pytest.fixture
def titles() -> Callable[[str], list[str]]:
    """Reads the headings of a page."""
    return lambda text: [re.sub(r"<[^>]+>", "", t).strip() for t in re.findall(r"<h[12][^>]*>(.*?)</h[12]>", text, re.DOTALL)]


@pytest.fixture
def open_browser(company: Company, tmp_path: Path) -> Iterator[Callable[[], Browser]]:
    """A function that opens a browser; all it opens share one company that may be changed."""
    own = company.copy(tmp_path / "company")
    workspace = own.open()
    yield lambda: browser_in(workspace, own.session)
    workspace.close()


@pytest.fixture
def browser(open_browser: Callable[[], Browser]) -> Browser:
    """A browser on a company that may be changed, with a worker for the jobs it queues."""
    return open_browser()


@pytest.fixture(scope="session")
def reader(company: Company) -> Iterator[Browser]:
    """A browser for tests that only look."""
    workspace = company.open()
    yield browser_in(workspace, company.session)
    workspace.close()
