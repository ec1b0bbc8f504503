"""What rights cost: pages of a scope beside the same pages without one, and what it takes to work out who sees what.

A million accounts in 3,200 counties of 56 states, each a territory, with 25 specialists of the industries beside them. As one client of a
server on the loopback, warm: each page is asked for once, then measured by turns, first as somebody who sees everything. The manager sees the
accounts of a specialist as well, most of which stand in counties of others. A leader of nearly all is reported beside the goal.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import httpx

from benchmarks import pages
from benchmarks.figures import FOLDER, Figure, median, metes, served

TIMES, TURNS = 1.3, 7
PASSWORD = "a quiet river of stones"
WHOLE, REP, MANAGER, LEADER, MOST = "everything", "rep", "manager", "leader", "most"
SAID = {REP: "a rep", MANAGER: "a manager of 200 territories", LEADER: "a leader of all", MOST: "a leader of all states but one"}
PAGES = {
    "first page by name": "/accounts",
    "sorted by potential": "/accounts?sort=-potential",
    "filtered": "/accounts?where=employees+%3E+50+AND+potential+%3E+100000",
    "searched": "/accounts?q=north",
    "type-ahead": "/search/options?q=nor",
    "cells of the map": "/map/points.json?bbox=-125,24,-66,50&zoom=4",
    "one square of the map": "/map/points.json?bbox=-98,29,-95,33&zoom=11",
    "fills of the map": "/map/fills.json",
    "a territory": "/territories/c48201",
    "the tree": "/territories",
    "home": "/",
}
TERRITORIES, SEATS = 25_000, 30_000


def figures() -> Iterator[Figure]:
    """Each page of each role as a multiple of the same page without a scope; then the work on access itself."""
    database = prepared()
    times: dict[tuple[str, str], list[float]] = {}
    with served(database) as address, ExitStack() as stack:
        clients = {name: stack.enter_context(httpx.Client(base_url=address, timeout=pages.WAIT_SECONDS)) for name in (WHOLE, *SAID)}
        _wait(clients[WHOLE])
        for name, client in clients.items():
            _sign_in(client, name)
        for page, path in PAGES.items():
            for _ in range(TURNS + 1):
                for name, client in clients.items():
                    times.setdefault((page, name), []).append(_asked(client, path))
    for name, said in SAID.items():
        for page in PAGES:
            whole, own = (median(times[page, one][1:]) * 1000 for one in (WHOLE, name))
            note = f"{own:.0f} ms beside {whole:.0f} ms; first {times[page, name][0] * 1000:.0f} ms"
            yield Figure(f"{said}: {page}", own / whole, None if name == MOST else TIMES, "x", note)
    yield from working_out()


def prepared() -> Path:
    """The company of the pages' figures with a county of its own for each territory, and users of each role; made once."""
    folder = FOLDER / "access"
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / "metes.db"
    if not (folder / "ready").exists():
        from metes.app.settings import AppSettings
        from metes.app.workspace import open_workspace

        shutil.copyfile(pages.prepared() / "metes.db", database)
        workspace = open_workspace(AppSettings(f"sqlite:///{database}"))
        _divide(workspace, folder)
        _add_users(workspace)
        workspace.close()
        metes("assign", database=database)
        (folder / "ready").touch()
    return database


def _divide(workspace: Any, folder: Path) -> None:
    """Publish the plan of counties."""
    from metes.model.condition import Equals
    from metes.model.plan import Plan, Policy, Role, Rule, Seat, Territory, TerritoryType
    from metes.plan.writing import write_plan

    zones = [str(zone) for zone, _ in workspace.values_of("zone", 10_000) if str(zone).isdecimal()]
    industries = [str(industry) for industry, _ in workspace.values_of("industry", 25)]
    active = workspace.require_active()[1]
    counties = [Territory(f"c{z}", "geo", parent=f"s{z[:2]}", rules=(Rule("zone", Equals("zone", z)),)) for z in zones]
    states = [Territory(f"s{state}", "geo", parent="us") for state in sorted({z[:2] for z in zones})]
    helpers = [Territory(f"h{n}", "help", parent="sp", rules=(Rule("r", Equals("industry", v)),)) for n, v in enumerate(industries)]
    plan = Plan(
        active.key,
        types=(TerritoryType("geo"), TerritoryType("help", role=Role.OVERLAY, policy=Policy.SHARE)),
        territories=(Territory("us", "geo"), *states, *counties, Territory("sp", "help"), *helpers),
        seats=tuple(Seat(f"{t.key}-1", t.key) for t in (*states, *counties, *helpers)),
    )
    write_plan(plan, folder / "plan")
    draft = workspace.plan_import(folder / "plan", is_whole=True)
    workspace.plan_publish(str(draft.revision))


def _add_users(workspace: Any) -> None:
    """One of each; the manager's states hold 200 counties together, and a specialist is theirs as well."""
    plan = workspace.require_active()[1]
    states = [t.key for t in plan.territories if t.parent == "us"]
    counted = {key: len(plan.children_by_key.get(key, ())) for key in states}
    mine = ["s48"]
    for key in states:
        if key not in mine and sum(counted[k] + 1 for k in (*mine, key)) <= 200:
            mine.append(key)
    mine = mine if sum(counted[k] for k in mine) <= 200 else [t.key for t in plan.children_by_key["s48"][:199]]
    workspace.user_add(_called(WHOLE), PASSWORD, roles=["planner"])
    for name, role, territories in (
        (REP, "rep", ["c48201"]),
        (MANAGER, "manager", [*{*mine, "c48201"}, "h3"]),
        (LEADER, "leader", ["us", "sp"]),
        (MOST, "leader", [*(key for key in states if key != "s06"), "sp"]),
    ):
        workspace.user_add(_called(name), PASSWORD, roles=[])
        for territory in territories:
            workspace.role_grant(role, user=_called(name), territory=territory)


def _called(name: str) -> str:
    """A user of the figures by its role, beside those that the demo makes."""
    return f"bench.{name}"


def _sign_in(client: httpx.Client, name: str) -> None:
    client.post("/sign-in", data={"name": _called(name), "password": PASSWORD})
    if client.get("/accounts").status_code != 200:
        raise RuntimeError(f"{name} could not sign in")


def _wait(client: httpx.Client) -> None:
    until = time.monotonic() + pages.WAIT_SECONDS
    while True:
        try:
            client.get("/healthz").raise_for_status()
            return
        except httpx.TransportError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def _asked(client: httpx.Client, path: str) -> float:
    started = time.perf_counter()
    answer = client.get(path)
    seconds = time.perf_counter() - started
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answered {answer.status_code}")
    return seconds


def working_out() -> Iterator[Figure]:
    """What somebody sees of a plan of 25,000 territories: worked out from roles and seats, and the plan cut down to it."""
    from metes.access.cut import cut
    from metes.access.scopes import access_of, dated
    from metes.model.access import Capability, UserRole
    from metes.model.plan import Plan, Seat, Territory, TerritoryType

    keys = [f"t{n}" for n in range(TERRITORIES)]
    territories = tuple(Territory(key, "geo", parent=f"t{(n - 1) // 5}" if n else None) for n, key in enumerate(keys))
    seats = tuple(Seat(f"x{n}", keys[n % TERRITORIES]) for n in range(SEATS))
    plan = Plan("big", types=(TerritoryType("geo"),), territories=territories, seats=seats)
    _ = plan.preorder, plan.interval_by_key, plan.children_by_key, plan.territory_by_key
    day = date(2026, 3, 14)
    for said, places in (("a rep", ["t24999"]), ("a leader of a fifth", ["t1"])):

        def made(places: Sequence[str] = places) -> Any:
            return dated(access_of(plan, [(UserRole.MANAGER, "")], places, 7), plan, day)

        scope = made().scope(Capability.LOOK)
        yield Figure(f"access of {said}, 25,000 territories, cold", _best(made) * 1000, 50, "ms")
        yield Figure("  the plan cut down to it", _best(lambda scope=scope: cut(plan, scope, day)) * 1000, 100, "ms")


def _best(work: Any) -> float:
    times = []
    for _ in range(5):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return median(times)


if __name__ == "__main__":
    print(json.dumps([str(figure) for figure in figures()], indent=1))
