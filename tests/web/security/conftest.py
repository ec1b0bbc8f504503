"""A workspace in which every text that is shown is hostile, and people who attack it."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from metes.app.settings import AppSettings
from metes.app.workspace import Workspace, open_workspace
from tests.conftest import NOW
from tests.web.security.attacking import ADDRESS, BREAKOUT, FORMULA, MARKUP, NAME, PASSWORD, Attacker

T = json.dumps(MARKUP)
PLAN = f"""\
key: hostile
name: {T}
description: {T}
types:
  - {{key: field, name: {T}}}
"""
TERRITORIES = f"""\
key: world
name: {json.dumps("World" + MARKUP)}
type: field
description: {T}
children:
  - key: west
    name: {json.dumps("West" + MARKUP)}
    type: field
    description: {T}
    rules:
      - {{key: r1, name: {json.dumps("Rule" + MARKUP)}, note: {T}, when: country = 'US'}}
      - {{key: r2, name: {T}, when: {json.dumps("industry = '" + MARKUP.replace("'", "''") + "' or id in list 'named'")}}}
    seats:
      - {{key: west-1, role: {T}, name: {T}}}
  - {{key: house, name: {json.dumps("House" + MARKUP)}, type: field, catch_all: true}}
"""
LISTS = f"key: named\nname: {T}\nvalues:\n  - {T}\n"
PINS = f"pins:\n  - {{account: a1, territory: west, reason: {T}, author: {T}}}\n"
HEADER = MARKUP + "column"
ROWS = {
    "people": [{"id": "p1", "name": "Person" + MARKUP, "email": MARKUP, "role": MARKUP, "office": FORMULA}],
    "products": [{"id": "x1", "name": MARKUP, "family": MARKUP}],
    "accounts": [
        {
            "id": key, "name": name, "country": "US", "region": "CA", "city": city, "street": BREAKOUT, "industry": MARKUP,
            "segment": MARKUP, "channel": FORMULA, "language": MARKUP, "referral source": MARKUP, "website": website, "phone": ADDRESS,
            "latitude": "37.5", "longitude": "-122.2", "parent": parent, "employees": employees, HEADER: MARKUP,
        }
        for key, name, city, website, parent, employees in (
            ("a1", "Able" + MARKUP, MARKUP, ADDRESS, "", "12"),
            ("a2", FORMULA, FORMULA, "data:text/html," + MARKUP, "a1", MARKUP),
            (MARKUP, "\t=1+1", "@SUM(A1)", "http://x.example/" + BREAKOUT, "a1", "-1"),
        )
    ],
    "contacts": [{"id": "c1", "account": "a1", "name": MARKUP, "title": MARKUP, "email": ADDRESS + MARKUP, "phone": MARKUP}],
    "opportunities": [
        {"id": "o1", "name": MARKUP, "account": "a1", "person": "p1", "product": "x1", "stage": MARKUP, "amount": "10", "currency": "USD"},
        {"id": "o2", "name": FORMULA, "account": MARKUP + "gone", "person": "p1", "product": MARKUP, "stage": "open", "amount": "10"},
    ],
    "orders": [{"id": "s1", "account": "a1", "product": "x1", "ordered_on": "2026-01-02", "amount": "3", "currency": "USD"}],
    "activities": [
        {"id": "v1", "account": "a1", "contact": "c1", "person": "p1", "kind": MARKUP, "occurred_on": "2026-01-02", "subject": MARKUP}
    ],
    "seats": [{"seat": "west-1", "person": "p1", "from": "2026-01-01"}],
}  # fmt: skip


def file_of(kind: str) -> bytes:
    """The rows of a kind as a CSV file."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(ROWS[kind][0]))
    writer.writeheader()
    writer.writerows(ROWS[kind])
    return buffer.getvalue().encode()


def _open(folder: Path) -> Workspace:
    return open_workspace(AppSettings(f"sqlite:///{folder / 'metes.db'}"), clock=lambda: NOW)


def _send(attacker: Attacker, kind: str) -> None:
    """Import a kind through the pages: sent, looked at, taken in."""
    sent = attacker.post("/import", {"kind": kind, "source": MARKUP[:80]}, files={"file": (f"{kind}{MARKUP}.csv", file_of(kind))})
    assert sent.status_code == 303, sent.text
    attacker.work()
    taken = attacker.post(sent.headers["location"], {"act": "import"})
    assert taken.status_code == 303, taken.text
    attacker.work()
    done = attacker.get(taken.headers["location"])
    assert done.status_code == 303, (kind, done.text)


def _review(attacker: Attacker) -> None:
    """A scenario in review, with hostile words for its title, for why, and in what is said of it."""
    begun = attacker.post("/scenarios/new", {"title": "Scenario" + MARKUP, "note": MARKUP, "from": ""})
    assert begun.status_code == 303, begun.text
    place = f"/plan/{begun.headers['location'].partition('=')[2]}"
    west = {"name": "Wild West" + MARKUP, "type": "field", "parent": "world", "description": MARKUP}
    for address, fields in (
        (f"{place}/territories/west/edit", west),
        (f"{place}/review/propose", {"rationale": "Because" + MARKUP}),
        (f"{place}/review/comments", {"subject": "", "text": "Said" + MARKUP}),
        (f"{place}/review/comments", {"subject": MARKUP, "text": MARKUP}),
        ("/settings/rights", {"user": NAME, "right": "approve", "territory": "west"}),
    ):
        assert attacker.post(address, fields).status_code == 303, address


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database in which every text is hostile, brought in by the real imports and a real plan folder."""
    folder, plan = tmp_path_factory.mktemp("hostile"), tmp_path_factory.mktemp("plan")
    for name, text in {"plan": PLAN, "territories/world": TERRITORIES, "lists/named": LISTS, "pins": PINS}.items():
        path = plan / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    workspace = _open(folder)
    workspace.user_add(NAME, PASSWORD)
    workspace.user_add(MARKUP.replace(" ", "/"), PASSWORD, roles=["administrator"])
    workspace.token_add(MARKUP, NAME)
    attacker = Attacker(workspace)
    assert attacker.sign_in().status_code == 303
    for kind in ROWS:
        if kind == "seats":
            workspace.plan_publish(str(workspace.plan_import(plan, note=MARKUP).revision))
        _send(attacker, kind)
    assert attacker.post("/jobs/assign").status_code == 303
    attacker.work()
    saved = attacker.post("/accounts/views", {"name": MARKUP, "query": "q=" + MARKUP})
    assert saved.status_code == 303
    assert attacker.post("/settings", {"company": MARKUP}).status_code == 303
    made = attacker.post(
        "/plan/active/territories/west/edit", {"name": "West" + MARKUP, "type": "field", "parent": "world", "description": BREAKOUT}
    )
    assert made.status_code == 303, made.text
    _review(attacker)
    workspace.close()
    return folder


@pytest.fixture(scope="session")
def session(made: Path) -> str:
    """The secret of a session that stands in it and in its copies: checking a password takes a core a while."""
    workspace = _open(made)
    secret = workspace.sign_in(NAME, PASSWORD, "testclient").secret
    workspace.close()
    return secret


@pytest.fixture
def workspace(made: Path, session: str, tmp_path: Path) -> Iterator[Workspace]:
    """A copy of it that may be changed."""
    shutil.copytree(made, tmp_path / "hostile")
    opened = _open(tmp_path / "hostile")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def shared(made: Path, session: str) -> Iterator[Attacker]:
    """Somebody signed in who changes nothing."""
    opened = _open(made)
    yield Attacker(opened).in_session(session)
    opened.close()


@pytest.fixture
def stranger(workspace: Workspace) -> Attacker:
    """Somebody who is not signed in."""
    return Attacker(workspace)


@pytest.fixture
def attacker(workspace: Workspace, session: str) -> Attacker:
    """Somebody signed in."""
    return Attacker(workspace).in_session(session)
