"""Lists, counts and sums that routes show, each held against the oracle's own."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.web.security.walk import oracle
from tests.web.security.walk.asking import Answer
from tests.web.security.walk.oracle import Sight
from tests.web.security.walk.routes import Route
from tests.web.security.walk.story import BEFORE
from tests.web.security.walk.worlds import World

Ask = Callable[[str], Answer]
Check = Callable[[World, Sight, Ask], Iterator[str]]
EVERYWHERE = "bbox=-180,-85,180,85"
WINDOW = "west=-180&south=-85&east=180&north=85"
_ROW = re.compile(rb"<c r=\"A\d+\"")
_TOTAL = re.compile(r"(?:of|>)\s*([\d,]+)\s+(?:accounts?|people|person)\b")


@dataclass(frozen=True)
class Probe:
    """A query that names something of a kind: asked for what is hidden, it must answer as for what does not exist."""

    kind: str
    query: str


_LISTED = (
    Probe("account", "?q={}"), Probe("account", "?where=id+%3D+'{}'"), Probe("account", "?where=name+contains+'{}'"), Probe("territory", "?territory={}"),
)  # fmt: skip
_PROBES: Mapping[str, tuple[Probe, ...]] = {
    **dict.fromkeys(("/accounts", "/accounts/export.csv", "/accounts/export.xlsx", "/accounts/why", "/accounts/why.csv"), _LISTED),
    **dict.fromkeys(
        ("/api/v1/accounts", "/api/v1/explanations"),
        (Probe("account", "?search={}"), Probe("account", "?where=id+%3D+'{}'"), Probe("territory", "?territory={}")),
    ),
    **dict.fromkeys(
        ("/search", "/search/options", "/api/v1/search"),
        tuple(Probe(kind, "?q={}") for kind in ("account", "territory", "person", "rule", "seat")),
    ),
    "/people": (Probe("person", "?q={}"),),
    "/api/v1/people": (Probe("person", "?search={}"),),
    "/people/options": (Probe("person", "?person_text={}"),),
    "/territories/options": (Probe("territory", "?territory_text={}"),),
    "/map": (Probe("territory", "?territory={}"), Probe("territory", "?q={}")),
    "/map/fills.json": (Probe("territory", "?within={}"),),
    "/map/points.json": (Probe("territory", f"?{EVERYWHERE}&zoom=9&territory={{}}"),),
    "/api/v1/map/cells": (Probe("territory", f"?{WINDOW}&zoom=9&territory={{}}"),),
}
_QUERIES: Mapping[str, tuple[str, ...]] = {
    "/accounts": (
        "", f"?at={BEFORE}", f"?at={BEFORE}&known={BEFORE}", "?q=firm", "?sort=-potential&column=owners&column=family&column=parent",
        "?territory=none", "?sort=no-such",
    ),
    "/accounts/export.csv": ("", f"?at={BEFORE}", "?column=owners&column=family&column=parent"),
    "/accounts/why": ("?all=1", ""),
    "/map/points.json": (*tuple(f"?{EVERYWHERE}&zoom={zoom}" for zoom in (2, 6, 12, 20)), f"?{EVERYWHERE}&zoom=20&at={BEFORE}"),
    "/api/v1/map/cells": (*tuple(f"?{WINDOW}&zoom={zoom}" for zoom in (2, 6, 12, 20)), f"?{WINDOW}&zoom=20&at={BEFORE}"),
    "/search": ("?q=q", "?q=firm", "?q=person", "?q=land", "?q=rule"),
    "/search/options": ("?q=q", "?q=person", "?q=land"),
    "/api/v1/search": ("?q=q", "?q=firm", "?q=person", f"?q=firm&at={BEFORE}"),
    "/territories": ("", "?open=all", "?open=all&sums=own", f"?open=all&at={BEFORE}"),
    "/territories/options": ("?territory_text=q", "?territory_text=land"),
    "/people": ("", "?q=person", "?column=manager&column=id", f"?at={BEFORE}"),
    "/people/options": ("?person_text=q", "?person_text=person"),
    "/api/v1/people": ("", "?search=person", f"?at={BEFORE}"),
    "/api/v1/restated": (f"?at={BEFORE}",),
    "/api/v1/territories": ("", f"?at={BEFORE}"),
    "/api/v1/accounts": ("", f"?at={BEFORE}", "?columns=id,owners,owner_ids,parent,family", "?sort=-no-such"),
    "/api/v1/audit": ("", "?q=x"),
    "/map": ("", f"?at={BEFORE}"),
}  # fmt: skip


def queries(route: Route) -> tuple[str, ...]:
    """With what a list is asked, beside nothing."""
    return _QUERIES.get(route.pattern, ("",))


def probes(route: Route) -> tuple[Probe, ...]:
    """What a list can be asked for by name."""
    return _PROBES.get(route.pattern, ())


def _differs(what: str, got: Any, wanted: Any) -> Iterator[str]:
    if got != wanted:
        if isinstance(got, set | frozenset) and isinstance(wanted, set | frozenset):
            got, wanted = sorted(map(str, got - wanted))[:6], sorted(map(str, wanted - got))[:6]
            yield f"{what}: shows {got} too many, lacks {wanted}"
        else:
            yield f"{what}: got {str(got)[:200]}, wanted {str(wanted)[:200]}"


def _accounts(world: World, view: Sight, ask: Ask) -> Iterator[str]:
    """Pages, totals and sums of the API's list, today and on a day when other territories held them."""
    story = view.story
    for query in (
        "rows=37",
        "rows=1000&columns=id,potential",
        f"rows=500&at={BEFORE}",
        f"rows=500&at={BEFORE}&known={BEFORE}T00:00:00Z",
    ):
        if "known" in query:
            continue  # nothing was known then of the rows of now
        rows, total, sums = _pages(ask, f"/api/v1/accounts?{query}")
        yield from _differs(f"rows of {query}", {row["id"] for row in rows}, set(view.firms))
        yield from _differs(f"total of {query}", total, len(view.firms))
        yield from _differs(f"sum of {query}", sums.get("potential", 0), oracle.potentials(story, view.firms))
    for key in sorted(view.shown)[:4]:
        held = {firm for below in story.below(key) & view.places for firm in oracle.held_by(story, below)}
        rows, total, sums = _pages(ask, f"/api/v1/accounts?rows=500&territory={key}")
        yield from _differs(f"rows within {key}", {row["id"] for row in rows}, held)
        yield from _differs(f"count and sum within {key}", (total, sums["potential"]), (len(held), oracle.potentials(story, held)))
    alone = {firm for firm in view.firms if not oracle.primary_of(story, firm)}
    yield from _differs("held by none", {row["id"] for row in _pages(ask, "/api/v1/accounts?rows=500&territory=none")[0]}, alone)
    where = {firm for firm in view.firms if story.firms[firm].channel == "direct"}
    found = ask("/api/v1/accounts?rows=1&where=channel+%3D+'direct'")
    got = json.loads(found.body)
    yield from _differs(
        "count of a condition", (got["total"], got["sums"]["potential"]), (len(where), oracle.potentials(story, where))
    )


def _pages(ask: Ask, address: str) -> tuple[list[dict[str, Any]], int, Mapping[str, int]]:
    rows: list[dict[str, Any]] = []
    cursor, total, sums = "", 0, {}
    for _ in range(50):
        answer = json.loads(ask(address + (f"&cursor={cursor}" if cursor else "")).body)
        if "rows" not in answer:
            return [{"id": str(answer)}], -1, {}
        rows += answer["rows"]
        total, sums, cursor = answer["total"], answer["sums"], answer["next"]
        if not cursor:
            break
    return rows, total, sums


def _page_total(noun: str, path: str, wanted: Callable[[Sight], int], world: World, view: Sight, ask: Ask) -> Iterator[str]:
    """The count that a page of a list says."""
    del world
    answer = ask(path)
    if answer.status != 200:
        yield f"answers {answer.status}"
        return
    plain = re.sub(r"<[^>]+>", " ", answer.text)
    found = re.search(rf"([\d,]+)\s+{noun}", plain)
    got = int(found[1].replace(",", "")) if found else 0
    yield from _differs(f"count of {path}", got, wanted(view))


def _values(world: World, view: Sight, ask: Ask) -> Iterator[str]:
    """The values that the page offers for filtering."""
    del world
    text = ask("/accounts").text
    offered = set(re.findall(r"<option[^>]*value=\"(s\d+|given|nobody)\"", text))
    yield from _differs("values to filter by", offered - {view.story.firms[f].segment for f in view.firms}, set())


def _csv(path: str, world: World, view: Sight, ask: Ask) -> Iterator[str]:
    del world
    answer = ask(path)
    rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
    marks = {cell for row in rows[1:] for cell in row[:2] if cell in view.story.firms}
    yield from _differs(f"rows of {path}", (marks, len(rows) - 1), (set(view.firms), len(view.firms)))


def _xlsx(path: str, world: World, view: Sight, ask: Ask) -> Iterator[str]:
    del world
    body = ask(path).body
    if not body.startswith(b"PK"):
        yield f"{path} is no sheet: {body[:80]!r}"
        return
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        sheet = next(name for name in archive.namelist() if name.startswith("xl/worksheets/"))
        rows = len(re.findall(rb"<row ", archive.read(sheet)))
    yield from _differs(f"rows of {path}", max(0, rows - 1), len(view.firms))  # no row, no header


def _explanations(world: World, view: Sight, ask: Ask) -> Iterator[str]:
    del world
    got = json.loads(ask("/api/v1/explanations?rows=200").body)
    rows = {row["id"] for row in got["rows"]}
    yield from _differs("total", got["total"], len(view.firms))
    if len(view.firms) <= 200:
        yield from _differs("rows", rows, set(view.firms))


def _search(world: World, view: Sight, ask: Ask) -> Iterator[str]:
    """What is seen is found, and so the hidden is not found for another reason than rights."""
    del world
    for firm in sorted(view.firms)[:2]:
        got = json.loads(ask(f"/api/v1/search?q={firm}").body)
        yield from _differs(f"search for {firm}", [row["id"] for row in got["accounts"]], [firm])
    for key in sorted(view.places)[:2]:
        got = json.loads(ask(f"/api/v1/search?q={key}").body)
        yield from _differs(f"search for {key}", [row["key"] for row in got["territories"]], [key])
    for human in sorted(view.humans)[:2]:
        got = json.loads(ask(f"/api/v1/search?q={human}").body)
        yield from _differs(f"search for {human}", [row["id"] for row in got["people"]], [human])


def _territories(world: World, view: Sight, ask: Ask) -> Iterator[str]:
    """The tree with what each territory, itself and with all below, adds up to."""
    del world
    nodes = json.loads(ask("/api/v1/territories").body)
    if not isinstance(nodes, list):
        yield f"no tree: {str(nodes)[:100]}"
        return
    yield from _differs("territories", {node["key"] for node in nodes}, set(view.shown))
    for node in nodes:
        if node["key"] in view.story.places:
            for part, is_own in (("own", True), ("whole", False)):
                got = (node[part]["accounts"], node[part]["potential"])
                yield from _differs(f"{part} sums of {node['key']}", got, view.sums(node["key"], own=is_own))


def _territory(world: World, view: Sight, ask: Ask) -> Iterator[str]:
    """One territory's own sums, as its resource tells them."""
    del world
    for key in sorted(view.places)[:3]:
        got = json.loads(ask(f"/api/v1/territories/{key}").body)
        yield from _differs(f"sums of {key}", (got["whole"]["accounts"], got["whole"]["potential"]), view.sums(key))


def _people(world: World, view: Sight, ask: Ask) -> Iterator[str]:
    del world
    got = json.loads(ask("/api/v1/people?rows=1000").body)
    yield from _differs("people", {row["external_id"] for row in got["rows"]}, set(view.humans))
    yield from _differs("count of people", got["total"], len(view.humans))


def _fills(path: str, world: World, view: Sight, ask: Ask) -> Iterator[str]:
    """Each zone's territory, accounts and potential."""
    del world
    got = json.loads(ask(path).body)
    wanted: dict[str, Any] = dict(oracle.fills(view))
    if isinstance(got, list):
        found: dict[str, Any] = {fill["zone"]: (fill["territory"], fill["accounts"], fill["potential"]) for fill in got}
    else:
        keys = [one.get("key", "") for one in got["territories"]]
        found = {zone: keys[place] for zone, (place, _) in got["zones"].items()}
        wanted = {zone: key for zone, (key, _, _) in wanted.items()}
    yield from _differs("zones", found, wanted)


def _points(path: str, world: World, view: Sight, ask: Ask) -> Iterator[str]:
    """How many accounts the map shows at each zoom, and which where it shows each."""
    story = view.story
    placed = view.firms & story.placed
    for zoom in (2, 7, 20):
        got = json.loads(ask(f"{path}&zoom={zoom}").body)
        rows = (
            got if isinstance(got, list) else [{"accounts": f["properties"]["count"], **f["properties"]} for f in got["features"]]
        )
        yield from _differs(f"accounts on the map at {zoom}", sum(row["accounts"] for row in rows), len(placed))
        if zoom == 20 and isinstance(got, list):
            yield from _differs("accounts that the map names", {row["account"] for row in rows}, {world.account[f] for f in placed})
            yield from _differs("potential on the map", sum(r["potential"] for r in rows), oracle.potentials(story, placed))


def _account(world: World, view: Sight, ask: Ask) -> Iterator[str]:
    """Contacts, opportunities, orders and activities of accounts, and the fields of contacts that are personal."""
    del world
    for firm in sorted(view.firms)[:3]:
        got = ask(f"/api/v1/accounts/{firm}")
        beside = {
            one.mark for one in view.story.beside if one.account == firm and one.kind in {"contacts", "opportunities", "activities"}
        }
        yield from _differs(f"what belongs to {firm}", beside - got.words, set())


def _reviews(world: World, view: Sight, ask: Ask) -> Iterator[str]:
    """The scenarios in review that somebody may say something about."""
    got = json.loads(ask("/api/v1/reviews").body)
    numbers = {str(world.numbers["scenario"])} if view.reads_scenario else set()
    yield from _differs("scenarios in review", {str(_revision(row)) for row in got}, numbers)


def _revision(row: Mapping[str, Any]) -> Any:
    found = row.get("revision", row.get("id"))
    return found["id"] if isinstance(found, dict) else found


CHECKS: Mapping[str, tuple[Check, ...]] = {
    "get /api/v1/accounts": (_accounts,),
    "get /accounts": (partial(_page_total, "accounts?", "/accounts", lambda v: len(v.firms)), _values),
    "get /accounts/export.csv": (partial(_csv, "/accounts/export.csv"),),
    "get /accounts/export.xlsx": (partial(_xlsx, "/accounts/export.xlsx"),),
    "get /accounts/why.csv": (partial(_csv, "/accounts/why.csv"),),
    "get /accounts/why.xlsx": (partial(_xlsx, "/accounts/why.xlsx"),),
    "get /api/v1/explanations": (_explanations,),
    "get /api/v1/search": (_search, _account),
    "get /api/v1/territories": (_territories, _territory),
    "get /api/v1/people": (_people,),
    "get /people": (partial(_page_total, "(?:people|person)", "/people", lambda v: len(v.humans)),),
    "get /api/v1/map/zones": (partial(_fills, "/api/v1/map/zones"),),
    "get /map/fills.json": (partial(_fills, "/map/fills.json"),),
    "get /map/points.json": (partial(_points, f"/map/points.json?{EVERYWHERE}"),),
    "get /api/v1/map/cells": (partial(_points, f"/api/v1/map/cells?{WINDOW}"),),
    "get /api/v1/reviews": (_reviews,),
}
