"""The company whose pages are tested: made once by the demo, its database copied for each test that writes."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from metes.app.demo import load_company, write_company
from metes.app.settings import AppSettings
from metes.app.workspace import Workspace, open_workspace
from metes.base.progress import SILENT
from metes.web.application import create_app
from tests.conftest import NOW
from tests.web.pages.browsing import Browser, browser_on

ACCOUNTS = 600
SCRIPT = "<script>alert('x')</script>"


@dataclass(frozen=True)
class Company:
    """A folder with `metes.db` and its Book, and the demo user's password."""

    folder: Path
    password: str

    def open(self) -> Workspace:
        """A workspace on it; the Book is kept beside the database."""
        return open_workspace(AppSettings(f"sqlite:///{self.folder / 'metes.db'}"), clock=lambda: NOW)

    def copy(self, folder: Path) -> Company:
        """The same company in another folder, to be written to."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Company(folder, self.password)


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
    folder = tmp_path_factory.mktemp("company")
    files = write_company(tmp_path_factory.mktemp("files"), accounts=ACCOUNTS, seed=7, today=NOW.date(), progress=SILENT)
    made = Company(folder, "")
    workspace = made.open()
    result = load_company(workspace, files, progress=SILENT, say=lambda _: None)
    workspace.close()
    return Company(folder, str(result["password"]))


def _visit(company: Company) -> Iterator[Visitor]:
    workspace = company.open()
    with TestClient(create_app(workspace), raise_server_exceptions=True) as client:
        answer = client.post("/sign-in", data={"name": "demo", "password": company.password}, follow_redirects=False)
        assert answer.status_code == 303
        yield Visitor(client, workspace)
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
    made = Company(tmp_path / "empty", "a long password")
    made.folder.mkdir()
    workspace = made.open()
    workspace.user_add("demo", made.password)
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
    yield lambda: browser_on(workspace, "demo", own.password)
    workspace.close()


@pytest.fixture
def browser(open_browser: Callable[[], Browser]) -> Browser:
    """A browser on a company that may be changed, with a worker for the jobs it queues."""
    return open_browser()


@pytest.fixture(scope="session")
def reader(company: Company) -> Iterator[Browser]:
    """A browser for tests that only look."""
    workspace = company.open()
    yield browser_on(workspace, "demo", company.password)
    workspace.close()
