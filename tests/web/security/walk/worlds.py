"""Builds the database of a story by the app's own verbs, in the order in which things happened."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from metes.app.settings import AppSettings
from metes.app.workspace import Workspace, open_workspace
from metes.identity import secrets
from metes.model.access import UserRole
from metes.model.plan import Territory
from metes.store import links, notices, roles, users
from metes.store.identity_tables import role_grants
from metes.store.tables import accounts, people, tokens
from tests.conftest import NOW
from tests.web.security.walk.story import APPROVER, BEGAN, CHANGED, GEO, OVERLAY, SHARED, Caller, Pass, Place, Story

LOADED = datetime(2026, 1, 10, 8, tzinfo=NOW.tzinfo)
# Stands in every text: no page may hold it as an element.
MARKUP = "<i x=1>"
ZONE_SET = "squares"
SCHEDULE = "weekly"


@dataclass
class Clock:
    """The time, in the hands of whoever builds."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        """The instant set."""
        return self.now


@dataclass(frozen=True)
class World:
    """A story with its database: where it lies, and the numbers that the database gave to what addresses name by number."""

    story: Story
    folder: Path
    account: Mapping[str, int]
    person: Mapping[str, int]
    numbers: Mapping[str, int]

    def copy(self, folder: Path) -> World:
        """The same world in another folder, to be written to."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return replace(self, folder=folder)

    def open(self) -> Workspace:
        """A workspace on it."""
        return _open(self.folder, lambda: NOW)

    @property
    def database(self) -> Path:
        """The database's file."""
        return self.folder / "metes.db"


def _open(folder: Path, clock: Callable[[], datetime]) -> Workspace:
    return open_workspace(AppSettings(f"sqlite:///{folder / 'metes.db'}", folder / "cache"), clock=clock)


def session_of(caller: Caller) -> str:
    """The secret in the cookie of a caller's browser."""
    return f"session-of-{caller.name}"


def csrf_of(caller: Caller) -> str:
    """What the forms of a caller carry."""
    return f"form-of-{caller.name}"


def build(story: Story, schema: Path, folder: Path) -> World:
    """The world of a story, on a copy of an empty database with the schema."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(schema, folder / "metes.db")
    clock = Clock(LOADED)
    workspace = _open(folder, clock)
    files = folder / "files"
    files.mkdir()
    _load(workspace, story, files)
    clock.now = datetime(CHANGED.year, CHANGED.month, CHANGED.day, 9, tzinfo=NOW.tzinfo)
    _change_plan(workspace, story, files)
    clock.now = NOW - timedelta(hours=2)
    workspace.assign()
    with workspace.store.read() as connection:
        account = {row.key: row.id for row in connection.execute(sa.select(accounts.c.key, accounts.c.id))}
        person = {row.external_id: row.id for row in connection.execute(sa.select(people.c.external_id, people.c.id))}
        for key, zone, latitude in connection.execute(sa.select(accounts.c.key, accounts.c.zone, accounts.c.latitude)):
            story.zone_of[key] = zone or ""
            story.placed |= {key} if latitude is not None else set()
    numbers = _things(workspace, story)
    numbers |= _callers(workspace, story, person)
    numbers |= _review(workspace, story)
    clock.now = NOW
    workspace.book()
    workspace.close()
    return World(story, folder, account, person, numbers)


def _load(workspace: Workspace, story: Story, files: Path) -> None:
    """Records, the first plan, who sat where, and what followed from it."""
    for kind, rows in _rows(story).items():
        workspace.import_(kind, [_file(files, kind if kind != "leads" else story.things["file"], rows)])
    workspace.plan_import(_plan(files, story, is_before=True))
    workspace.plan_publish(on=BEGAN, rationale=f"Told {story.things['publication']}{MARKUP}")
    seats = [
        {"seat": f.seat, "person": f.person, "from": f.start, "to": f.end - timedelta(days=1) if f.end else ""} for f in story.sat
    ]
    workspace.import_("seats", [_file(files, "seats", seats)])
    workspace.assign()


def _change_plan(workspace: Workspace, story: Story, files: Path) -> None:
    workspace.plan_import(_plan(files, story, is_before=False), is_whole=True)
    workspace.plan_publish(on=CHANGED, rationale=f"Told {story.things['publication']}{MARKUP}")
    workspace.assign()


def _file(folder: Path, name: str, rows: Iterable[Mapping[str, Any]]) -> Path:
    path, rows = folder / f"{name}.csv", list(rows)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def _money(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}" if minor else ""


def _rows(story: Story) -> dict[str, list[dict[str, Any]]]:
    """The files of all records, by kind."""
    humans = [
        {"id": h.key, "name": f"Person {h.mark}{MARKUP}", "email": f"{h.mail_mark}@example.com", "role": f"Role {h.mark}{MARKUP}", "manager": h.manager,
         "office": f"Office {h.mark}{MARKUP}", "from": BEGAN}
        for h in story.humans.values()
    ]  # fmt: skip
    firms = [
        {"id": f.key, "name": f"Firm {f.mark}{MARKUP}", "country": "US", "city": f"City {f.mark}{MARKUP}", "street": f"Street {f.mark}{MARKUP}",
         "segment": f.segment, "channel": f.channel, "industry": f.industry, "potential": _money(f.potential), "currency": "USD",
         "website": f"https://{f.mark}.example.com", "phone": f"+1 {f.mark}", "parent": f.parent, "employees": 10 + n,
         "latitude": f.latitude or "", "longitude": f.longitude or "", "referral_source": f"From {f.mark}"}
        for n, f in enumerate(story.firms.values())
    ]  # fmt: skip
    found: dict[str, list[dict[str, Any]]] = {"people": humans, "accounts": firms}
    for one in story.beside:
        row: dict[str, Any] = {"id": one.mark, "account": one.account}
        if one.kind == "contacts":
            row |= {"name": f"Contact {one.mark}{MARKUP}", "title": f"Title {one.mark}{MARKUP}", "email": f"{one.mail_mark}@example.org",
                    "phone": f"+1 {one.mail_mark}"}  # fmt: skip
        elif one.kind == "opportunities":
            row |= {"name": f"Deal {one.mark}{MARKUP}", "person": one.person, "stage": one.status, "amount": _money(one.amount),
                    "currency": "USD", "opened_on": BEGAN, "closed_on": CHANGED if one.status != "open" else ""}  # fmt: skip
        elif one.kind == "orders":
            row |= {"person": one.person, "ordered_on": "2026-01-05", "amount": _money(one.amount), "currency": "USD"}
        else:
            row |= {
                "person": one.person,
                "kind": f"Call {one.mark}{MARKUP}",
                "occurred_on": "2026-01-06",
                "subject": f"About {one.mark}{MARKUP}",
            }
        found.setdefault(one.kind, []).append(row)
    lead, finding = story.things["lead"], story.things["finding"]
    found["leads"] = [
        {
            "id": lead,
            "name": f"Lead {lead}{MARKUP}",
            "company": f"Lead {lead}{MARKUP}",
            "email": f"{lead}@example.net",
            "employees": "5",
        },
        {"id": f"{lead}-2", "name": f"Lead {lead}{MARKUP}", "company": "", "email": "", "employees": f"many {finding}"},
    ]
    return found


def _plan(files: Path, story: Story, *, is_before: bool) -> Path:
    """The plan as text, as it was or as it is."""
    folder = files / ("plan-before" if is_before else "plan")
    folder.mkdir()
    things = story.things
    first = next(iter(story.firms))
    plan = {
        "key": "p",
        "name": "The plan",
        "description": f"All of {things['plan']}",
        "types": [
            {"key": GEO, "name": "Geographic"},
            {"key": OVERLAY, "role": "overlay", "policy": "share", "priority": 200},
            {"key": SHARED, "role": "shared", "policy": "split", "priority": 300},
        ],
        "territories": [_node(story, key, is_before) for key in story.children(None, before=is_before)],
        "lists": [
            {"key": things["list"].lower(), "name": f"List {things['list']}{MARKUP}", "values": [f"none-{things['list']}"]},
            {
                "key": things["unused list"].lower(),
                "name": f"List {things['unused list']}{MARKUP}",
                "values": [f"none-{things['unused list']}"],
            },
        ],
        "areas": [
            {
                "key": things["area"].lower(),
                "name": f"Area {things['area']}{MARKUP}",
                "geometry": {"type": "Polygon", "coordinates": [[[-140, 10], [-139, 10], [-139, 11], [-140, 11], [-140, 10]]]},
            }
        ],
        "pins": [
            {"account": p.pinned, "territory": p.key, "reason": f"Pinned {p.pin_mark}{MARKUP}", "author": "local"}
            for p in story.places.values()
            if p.pinned
        ],
        "exclusions": [
            {"account": first, "territory": _far_from(story, first), "reason": f"Left out {things['exclusion']}", "author": "local"}
        ],
    }
    (folder / "plan.yaml").write_text(json.dumps(plan))  # JSON is YAML
    return folder / "plan.yaml"


def _far_from(story: Story, firm: str) -> str:
    return next(key for key in story.leaves() if story.firms[firm].segment not in story.places[key].code.split())


def _node(story: Story, key: str, is_before: bool) -> dict[str, Any]:
    place = story.places[key]
    node: dict[str, Any] = {
        "key": key,
        "name": f"Land {place.mark}{MARKUP}",
        "type": place.kind,
        "description": f"About {place.mark}{MARKUP}",
    }
    if place.kind == SHARED and place.code:
        node["share"] = 0.5
    if place.code:
        node["rules"] = _rules(story, place, is_before)
    seats = [
        {"key": c.key, "name": f"Seat {c.mark}{MARKUP}", "role": f"Work {c.mark}{MARKUP}", "owns": c.owns, "capacity_hours": 100}
        for c in story.chairs.values()
        if c.territory == key
    ]
    if seats:
        node["seats"] = seats
    below = story.children(key, before=is_before)
    if below:
        node["children"] = [_node(story, child, is_before) for child in below]
    return node


def _rules(story: Story, place: Place, is_before: bool) -> list[dict[str, Any]]:
    codes = (place.code_before if is_before else place.code).split()
    column = {GEO: "segment", OVERLAY: "channel", SHARED: "industry"}[place.kind]
    rules = [
        {
            "key": f"r{n}-{place.rule_mark.lower()}",
            "name": f"Rule {place.rule_mark}{MARKUP}",
            "when": f"{column} = '{code}'",
            "note": f"Since {place.rule_mark}{MARKUP}",
        }
        for n, code in enumerate(codes)
    ]
    if place.key == asks_for_parts(story):
        rules.append({"key": "named", "when": f"id in list '{story.things['list'].lower()}'"})
        rules.append({"key": "there", "when": f"in area '{story.things['area'].lower()}'"})
    return rules


def asks_for_parts(story: Story) -> str:
    """The territory whose rules ask for the list and the area."""
    return story.leaves()[0]


def _things(workspace: Workspace, story: Story) -> dict[str, int]:
    """A zone set, a schedule, a job that waits, and the numbers of imports and publications."""
    ring = [[-121, 31], [-79, 31], [-79, 46], [-121, 46], [-121, 31]]
    square = {"type": "Feature", "properties": {"code": "one", "name": f"Zone {story.things['zones']}{MARKUP}"},
              "geometry": {"type": "Polygon", "coordinates": [ring]}}  # fmt: skip
    text = json.dumps({"type": "FeatureCollection", "features": [square]}).encode()
    workspace.zone_set_add(ZONE_SET, text, id_property="code", name=f"Zones {story.things['zones']}{MARKUP}", name_property="name")
    workspace.schedule_add(SCHEDULE, "assign", "nightly 04:00")
    job = workspace.assign_queue()
    imports = workspace.imports()
    leads = next(past for past in imports if story.things["file"] in str(past))
    return {"job": job, "import": leads.id, "publication": workspace.publications()[0].id}


def _callers(workspace: Workspace, story: Story, person: Mapping[str, int]) -> dict[str, int]:
    """Users with roles, sessions, tokens, a notice and a saved view each."""
    numbers: dict[str, int] = {}
    with workspace.store.write() as connection:
        group = roles.add_group(connection, "the group", "outside", LOADED)
        for count, caller in enumerate(story.callers.values()):
            user = users.add_user(connection, caller.name, "", LOADED)
            numbers[f"user {caller.title}"] = user
            for grant in caller.grants:
                _grant(connection, grant, user, group)
            if caller.person:
                links.link(connection, user, person[caller.person], "local", LOADED, since=caller.link_start, until=caller.link_end)
            secret = secrets.digest(session_of(caller))
            users.add_session(connection, user, secret, csrf_of(caller), NOW, number=1000 + count)
            for one in caller.passes:
                numbers[f"session {caller.title}"] = 1000 + count
                numbers[f"token {one.secret}"] = _token(connection, user, one)
            told = notices.News(
                "job-failed",
                f"Told {caller.notice_mark}{MARKUP}",
                f"Told {caller.notice_mark}{MARKUP}",
                f"/jobs?{caller.notice_mark}",
                [user],
            )
            notices.add_all(connection, [told], NOW)
            users.save_view(connection, user, "accounts", f"View {caller.view_mark}{MARKUP}", f"q={caller.view_mark}", NOW)
            numbers[f"notice {caller.title}"] = notices.notices_of(connection, user, limit=1)[0].id
            numbers[f"view {caller.title}"] = users.views_of(connection, user, "accounts")[0].id
            if caller.is_disabled:
                users.set_disabled(connection, caller.name, NOW)
                users.add_session(connection, user, secret, csrf_of(caller), NOW, number=2000 + count)
    return numbers


def _grant(connection: Any, grant: Any, user: int, group: int) -> None:
    who: dict[str, int] = {"user_id": user}
    if grant.through_group:
        roles.put_member(connection, group, user, "local", LOADED)
        who = {"group_id": group}
    held = UserRole(grant.role)
    number = roles.grant(
        connection, held, "local", LOADED, territory=grant.territory, true_from=grant.start, true_until=grant.end, **who
    )  # fmt: skip
    if grant.is_revoked:
        connection.execute(sa.update(role_grants).where(role_grants.c.id == number).values(revoked_at=NOW, revoked_by="local"))


def _token(connection: Any, user: int, one: Pass) -> int:
    ends = NOW - timedelta(days=1) if one.secret.endswith("-past") else None
    number = users.add_token(
        connection, user, f"Token {one.secret}", secrets.digest(one.secret), ends, LOADED, role=one.role, territory=one.territory
    )
    if one.secret.endswith("-gone"):
        connection.execute(sa.update(tokens).where(tokens.c.id == number).values(revoked_at=NOW))
    return number


def _review(workspace: Workspace, story: Story) -> dict[str, int]:
    """A scenario in review that changes the territory that moved, one that nobody reviews, and a design."""
    things, plan = story.things, workspace.require_active()[1]
    story.reviewed = story.moved
    scenario = workspace.plan_branch(f"Scenario {things['scenario']}{MARKUP}", note=f"Why {things['scenario']}{MARKUP}")
    workspace.right_grant(story.callers[APPROVER].name, "approve", story.reviewed)
    changed: Territory = replace(plan.territory_by_key[story.reviewed], description=f"Now {things['description']}{MARKUP}")
    workspace.territory_set(changed, reference=str(scenario.id))
    workspace.plan_propose(str(scenario.id), rationale=f"Because {things['rationale']}{MARKUP}", due_on=date(2026, 4, 1))
    comment = workspace.plan_comment(str(scenario.id), f"territory {story.reviewed}", f"Said {things['remark']}{MARKUP}")
    other = workspace.plan_branch(f"Scenario {things['elsewhere']}{MARKUP}", note=f"Why {things['elsewhere']}{MARKUP}")
    asked = {"name": f"Design {things['design']}{MARKUP}", "territories": 2, "measures": [{"measure": "accounts", "band": 0.9}]}
    design = workspace.design_new(asked)
    return {"scenario": scenario.id, "comment": comment, "other scenario": other.id, "design": design.id}
