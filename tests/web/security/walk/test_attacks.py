"""Attacks on who may see what: guessed ids, edited forms, seats that begin and end, the past, shared caches, enumeration, injection."""

from __future__ import annotations

import json
import re
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from metes.app.settings import AppSettings
from metes.app.workspace import open_workspace
from metes.store import roles
from metes.store.identity_tables import role_grants
from metes.web.application import create_app
from tests.conftest import NOW
from tests.web.security.walk import oracle
from tests.web.security.walk.asking import Answer, Asker
from tests.web.security.walk.conftest import Builds, walking
from tests.web.security.walk.figures import EVERYWHERE, WINDOW
from tests.web.security.walk.story import BEFORE, OVERLAY, TODAY
from tests.web.security.walk.walk import Asking, Walk, digest
from tests.web.security.walk.worlds import Clock, World, csrf_of

REP, MANAGER = "rep who had more", "manager"


@pytest.fixture(scope="module")
def shared(builds: Builds, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """A server on which nothing is changed."""
    with walking(builds().copy(tmp_path_factory.mktemp("attacked") / "world")) as made:
        yield made


def get(walk: Walk, one: Asking, address: str, **more: Any) -> Answer:
    """An answer that must hold nothing of what is hidden, beside what its address said."""
    answer = walk.asker.ask("get", address, one.caller, one.token, **more)
    assert not answer.words - one.view.words - {word.upper() for word in re.findall(r"(?i)q[a-z]x\d{4}z", address)}, address
    return answer


def ids(walk: Walk, one: Asking, query: str = "") -> set[str]:
    """The accounts that the API lists."""
    return {row["id"] for row in json.loads(get(walk, one, f"/api/v1/accounts?rows=1000{query}").body)["rows"]}


def test_guessed_numbers_open_what_is_seen_and_nothing_else(shared: Walk) -> None:
    one = shared.asking(REP)
    for place, known, seen in (
        ("accounts", shared.world.account, one.view.firms),
        ("people", shared.world.person, one.view.humans),
    ):
        opened = {number for number in range(len(known) + 3) if get(shared, one, f"/{place}/{number}").status == 200}
        assert opened == {known[key] for key in seen}


def test_a_form_that_was_edited_changes_nothing_of_somebody_else(walk: Walk) -> None:
    one, story = walk.asking(MANAGER), walk.world.story
    mine, foreign = sorted(one.view.firms)[0], sorted(set(story.firms) - one.view.firms)[0]
    person, before = sorted(set(story.humans) - one.view.humans)[0], digest(walk.world.database)
    fields = {"city": "Elsewhere", "street": "Elsewhere"}
    for address in (
        f"/accounts/{walk.world.account[foreign]}/edit",
        f"/accounts/{walk.world.account[mine]}/correct",
        f"/people/{walk.world.person[person]}/correct",
    ):
        answer = walk.asker.ask(
            "post", address, one.caller, data={**fields, "number": str(walk.world.account[mine]), "account": mine}
        )
        assert answer.status == 404, address
    for key in (foreign, f"files:{foreign}", foreign.lower()):
        assert walk.asker.ask("patch", f"/api/v1/accounts/{key}", one.caller, json={"fields": {"city": "Elsewhere"}}).status == 404
    assert digest(walk.world.database) == before


def test_what_one_may_edit_is_all_that_an_edit_changes(walk: Walk) -> None:
    one = walk.asking(MANAGER)
    mine = sorted(one.view.firms)[0]
    rows = _accounts(walk.world)
    fields = {"city": "Elsewhere", "id": "QAX0001Z", "parent": sorted(set(rows) - one.view.firms)[0]}
    answer = walk.asker.ask("patch", f"/api/v1/accounts/{mine}", one.caller, json={"fields": {"city": "Elsewhere"}})
    assert answer.status == 200, answer.text
    assert not answer.words - one.view.words
    after = _accounts(walk.world)
    assert {key for key in rows if rows[key] != after.get(key)} == {mine}
    assert walk.asker.ask("patch", f"/api/v1/accounts/{mine}", one.caller, json={"fields": fields}).status == 422
    del fields["id"]  # which is reason enough to refuse all of it
    refused = walk.asker.ask("patch", f"/api/v1/accounts/{mine}", one.caller, json={"fields": fields})
    missing = walk.asker.ask("patch", f"/api/v1/accounts/{mine}", one.caller, json={"fields": {**fields, "parent": "QAX9999Z"}})
    assert refused.status == 422
    assert refused.status == missing.status
    assert refused.masked(fields["parent"]) == missing.masked("QAX9999Z"), (
        "a parent that is hidden can be told from one that is not there"
    )


def _accounts(world: World) -> dict[str, Any]:
    connection = sqlite3.connect(world.database)
    connection.row_factory = sqlite3.Row
    rows = {row["key"]: tuple(row) for row in connection.execute("SELECT * FROM accounts")}
    connection.close()
    return rows


def test_a_selection_of_hidden_accounts_is_empty(shared: Walk) -> None:
    one = shared.asking(REP)
    hidden = sorted(set(shared.world.story.firms) - one.view.firms)[:3]
    named = "&".join(f"selected={key}" for key in hidden)
    nowhere = "&".join("selected=QAX9999Z" for _ in hidden)
    for address in ("/accounts/why", "/accounts/why.csv", "/accounts/pin"):
        there, missing = (shared.asker.ask("get", f"{address}?{query}", one.caller) for query in (named, nowhere))
        assert there.status == missing.status, address
        assert not there.words - one.view.words - set(hidden), address


def test_words_of_a_review_stay_within_the_part_that_one_may_approve(walk: Walk) -> None:
    one, world = walk.asking("leader of the moved"), walk.world
    scenario, other = world.numbers["scenario"], world.numbers["other scenario"]
    foreign = next(key for key in world.story.leaves() if key not in one.view.places)
    before = digest(world.database)
    for reference, subject in (
        (scenario, f"territory {foreign}"),
        (scenario, "plan"),
        (other, ""),
        (other, f"territory {world.story.reviewed}"),
    ):
        sent = {"subject": subject, "text": "Spoken out of turn"}
        assert walk.asker.ask("post", f"/api/v1/plans/{reference}/comments", one.caller, json=sent).status == 404, (
            reference,
            subject,
        )
        assert walk.asker.ask("post", f"/plan/{reference}/review/comments", one.caller, data=sent).status == 404, (
            reference,
            subject,
        )
    for reference, part in ((scenario, ""), (scenario, foreign), (other, world.story.reviewed)):
        sent = {"part": part, "decision": "approve"}
        assert walk.asker.ask("post", f"/api/v1/plans/{reference}/decisions", one.caller, json=sent).status == 404, (
            reference,
            part,
        )
    assert digest(world.database) == before
    mine = {"part": world.story.reviewed, "decision": "approve"}
    answer = walk.asker.ask("post", f"/api/v1/plans/{scenario}/decisions", one.caller, json=mine)
    assert answer.status == 200, answer.text
    assert not answer.words - one.view.words


def test_whose_seat_ended_yesterday_sees_nothing_of_any_day(shared: Walk) -> None:
    one = shared.asking("rep who left")
    seat = next(fact for fact in shared.world.story.sat if fact.person == one.caller.person)
    held = oracle.held_by(shared.world.story, shared.world.story.chairs[seat.seat].territory)
    assert held
    for query in ("", f"&at={BEFORE}", f"&at={BEFORE}&known=2026-02-01", "&at=2026-03-13"):
        assert ids(shared, one, query) == set(), query
        assert json.loads(get(shared, one, f"/api/v1/territories?{query[1:]}").body) == [], query
    assert get(shared, one, "/api/v1/accounts?at=2030-01-01").status == 422


def test_a_seat_that_begins_tomorrow_opens_tomorrow(world: World) -> None:
    story = world.story
    coming = next(fact for fact in story.sat if fact.person == story.callers["rep to come"].person)
    held = set(oracle.held_by(story, story.chairs[coming.seat].territory))
    for days, seen in ((0, set()), (1, held)):
        settings = AppSettings(f"sqlite:///{world.database}", world.folder / "cache")
        workspace = open_workspace(settings, clock=Clock(NOW + timedelta(days=days)))
        with closing(workspace), closing(Asker(create_app(workspace))) as asker:
            for query in ("", f"&at={coming.start}", "&at=2027-01-01"):
                caller = story.callers["rep to come"]
                answer = asker.ask("get", f"/api/v1/accounts?rows=1000{query}", caller, caller.passes[0])
                if query[4:] > str(TODAY + timedelta(days=days)):
                    assert (answer.status, answer.words) == (422, set()), (
                        days,
                        query,
                    )  # what is to come is for those who read plans
                else:
                    assert {row["id"] for row in json.loads(answer.body)["rows"]} == seen, (days, query)


def test_a_part_of_the_tree_that_moved_is_seen_from_where_it_hangs_today(shared: Walk) -> None:
    story = shared.world.story
    moved = {firm for key in story.below(story.moved) for firm in oracle.held_by(story, key)}
    lost = shared.asking("manager who lost the moved")
    assert moved
    assert story.places[story.moved].parent_before in lost.view.places
    for query in ("", f"&at={BEFORE}", f"&at={BEFORE}&known=2026-02-01"):
        assert not ids(shared, lost, query) & (moved - lost.view.firms), query
        assert moved <= ids(shared, shared.asking(MANAGER), "" if "known" in query else query), query
    gone = get(shared, lost, f"/api/v1/territories/{story.moved}?at={BEFORE}")
    never = get(shared, lost, f"/api/v1/territories/qtx9999z?at={BEFORE}")
    assert gone.masked(story.moved) == never.masked("qtx9999z")


def test_a_day_on_which_one_had_more_shows_what_is_left(shared: Walk) -> None:
    one, story = shared.asking(REP), shared.world.story
    (place,) = one.view.places
    had = set(oracle.held_by(story, place, day=BEFORE))
    assert had - one.view.firms
    for query in (f"&at={BEFORE}", f"&at={BEFORE}&territory={place}", f"&at={BEFORE}&known=2026-02-01"):
        assert ids(shared, one, query) <= one.view.firms, query
    node = json.loads(get(shared, one, f"/api/v1/territories/{place}?at={BEFORE}").body)["whole"]
    seen = had & one.view.firms
    assert (node["accounts"], node["potential"]) == (len(seen), oracle.potentials(story, seen))
    restated = get(shared, one, f"/api/v1/restated?at={BEFORE}")
    assert restated.status == 200


PAGES = ("/", "/accounts", "/accounts?sort=-potential", "/territories", "/people", "/map", "/map/fills.json", f"/map/points.json?{EVERYWHERE}&zoom=4", "/api/v1/accounts",
    "/api/v1/territories", "/api/v1/map/zones", "/search?q=firm", "/accounts?q=firm", f"/accounts?at={BEFORE}", f"/api/v1/restated?at={BEFORE}")  # fmt: skip


def test_who_asked_before_changes_nothing_in_the_answer(shared: Walk, builds: Builds) -> None:
    """The same server after the whole company was asked for, and a new one that nobody else has asked."""
    rep, others = shared.asking(REP), [shared.asking(title) for title in ("administrator", "leader of all", MANAGER, "nobody")]
    first = {address: get(shared, rep, address) for address in PAGES}
    for address in PAGES:
        for other in others:
            get(shared, other, address)
        again = get(shared, rep, address)
        if "points" in address:  # places that stand for as many accounts stand in any order
            assert sorted(map(str, json.loads(again.body)["features"])) == sorted(
                map(str, json.loads(first[address].body)["features"])
            )
        else:
            assert again.masked() == first[address].masked(), address


def test_nothing_that_a_scope_decides_is_kept_by_a_browser_or_on_the_way(shared: Walk) -> None:
    leader, rep = shared.asking("leader of all"), shared.asking(REP)
    for address in PAGES:
        answer = get(shared, leader, address)
        kept = answer.headers.get("cache-control", "")
        assert "no-store" in kept or ("private" in kept and "no-cache" in kept), (address, kept)
        if tag := answer.headers.get("etag"):
            again = get(shared, rep, address, headers={"if-none-match": tag})
            assert again.status == 200, address
        if stamp := answer.headers.get("last-modified"):
            assert get(shared, rep, address, headers={"if-modified-since": stamp}).status == 200, address


def test_windows_of_the_map_add_up_to_what_is_seen(shared: Walk) -> None:
    one, story = shared.asking(REP), shared.world.story
    placed = one.view.firms & story.placed
    found: set[int] = set()
    for west in range(-130, -60, 10):
        for south in range(20, 50, 10):
            answer = get(
                shared,
                one,
                f"/api/v1/map/cells?west={west}&south={south}&east={west + 10 - 1e-9}&north={south + 10 - 1e-9}&zoom=20",
            )
            found |= {row["account"] for row in json.loads(answer.body)}
    assert found == {shared.world.account[key] for key in placed}
    for key in sorted(story.placed - one.view.firms)[:5]:
        firm = story.firms[key]
        if firm.latitude is None or firm.longitude is None:
            continue
        box = (firm.longitude - 1e-4, firm.latitude - 1e-4, firm.longitude + 1e-4, firm.latitude + 1e-4)
        for zoom in (0, 5, 9, 24):
            window = f"bbox={','.join(map(str, box))}&zoom={zoom}"
            assert not list(json.loads(get(shared, one, f"/map/points.json?{window}").body)["features"]), (key, zoom)


def test_a_cluster_of_the_map_counts_only_what_is_seen(shared: Walk) -> None:
    one = shared.asking(REP)
    placed = one.view.firms & shared.world.story.placed
    for zoom in range(0, 24, 3):
        rows = json.loads(get(shared, one, f"/api/v1/map/cells?{WINDOW}&zoom={zoom}").body)
        assert sum(row["accounts"] for row in rows) == len(placed), zoom
        assert {row["account"] for row in rows} <= {shared.world.account[key] for key in placed}, zoom
        assert {row["territory"] for row in rows} <= {oracle.primary_of(shared.world.story, key) or None for key in placed}, zoom


def test_type_ahead_tells_no_more_however_it_is_asked(shared: Walk) -> None:
    one = shared.asking(REP)
    texts = [*"aflpq0", *(f"q{letter}x00{tens}" for letter in "atpse" for tens in range(3)), "%", "_", "*", "q%", "\\", "'"]
    for text in texts:
        for address in (
            "/search/options?q=",
            "/people/options?person_text=",
            "/territories/options?territory_text=",
            "/api/v1/people?search=",
        ):
            answer = shared.asker.ask("get", address + text.replace("%", "%25").replace("\\", "%5C"), one.caller)
            assert answer.status == 200, (address, text)
            assert not answer.words - one.view.words, (address, text)


INJECTED = (
    "' OR 1=1 --", '" OR ""="', "%' OR territory IS NOT NULL --", "x') OR (1=1", "*", "%", "_" * 8, "\\", "QAX____Z", "qax*", "[a-z]", ".*",
    "account IN (SELECT account FROM accounts)", "\u0000", "𝐐𝐀𝐗𝟎𝟎𝟎𝟏𝐙",
)  # fmt: skip


@pytest.mark.parametrize("text", INJECTED)
def test_a_search_that_speaks_sql_finds_what_is_seen(shared: Walk, text: str) -> None:
    one = shared.asking(REP)
    for address, name in (("/accounts", "q"), ("/search", "q"), ("/api/v1/search", "q"), ("/api/v1/accounts", "search"), ("/people", "q"), ("/accounts", "territory"),
                          ("/accounts", "industry"), ("/accounts", "sort"), ("/accounts", "where"), ("/accounts/export.csv", "q"), ("/api/v1/accounts", "columns"), ("/map", "q"),
                          ("/map/fills.json", "within"), ("/accounts", "after"), ("/api/v1/accounts", "cursor")):  # fmt: skip
        answer = shared.asker.ask("get", address, one.caller, params={name: text})
        assert answer.status in {200, 400, 404, 422}, (address, name, answer.status)
        assert not answer.words - one.view.words, (address, name)


def test_conditions_ask_of_nothing_that_is_hidden(shared: Walk) -> None:
    """What a filter finds cannot tell a hidden list, area, parent or family from one that does not exist."""
    one, story = shared.asking("specialist"), shared.world.story
    assert story.places[next(iter(one.view.places))].kind == OVERLAY
    parents = {story.firms[key].parent for key in one.view.firms if story.firms[key].parent} - one.view.firms
    assert parents, "the world has no visible account with a hidden parent"
    hidden = [
        ("id in list '{}'", story.things["unused list"].lower(), "qlx9999z"),
        ("in area '{}'", story.things["area"].lower(), "qrx9999z"),
    ]
    hidden += [
        (f"{field} = '{{}}'", value, "QAX9999Z") for field in ("parent", "family", "family.id") for value in sorted(parents)[:2]
    ]
    for text, there, nowhere in hidden:
        answers = [
            shared.asker.ask("get", "/api/v1/accounts", one.caller, params={"where": text.format(value)})
            for value in (there, nowhere)
        ]
        assert answers[0].masked(there) == answers[1].masked(nowhere), (text, there)
    above = {story.firms[p].potential for p in parents}
    for amount in above:
        answer = shared.asker.ask("get", "/api/v1/accounts", one.caller, params={"where": f"family.potential = {amount / 100}"})
        assert answer.status == 422 or json.loads(answer.body)["total"] == 0, "a sum over a family tells of a hidden account"


def test_cursors_and_sorting_walk_over_what_is_seen_alone(shared: Walk) -> None:
    rep, leader = shared.asking(REP), shared.asking("leader of all")
    foreign = json.loads(get(shared, leader, "/api/v1/accounts?rows=5&sort=-potential").body)["next"]
    for sort in ("-potential", "name", "id", "parent", "family", "territory", "owners"):
        answer = shared.asker.ask("get", f"/api/v1/accounts?rows=1000&sort={sort}&cursor={foreign}", rep.caller)
        assert not answer.words - rep.view.words, sort


def test_a_role_that_is_taken_back_ends_with_the_next_request(walk: Walk) -> None:
    """What is kept between requests of who may what is forgotten at once."""
    one, world = walk.asking("leader"), walk.world
    assert ids(walk, one) == one.view.firms
    workspace = world.open()
    user = world.numbers["user leader"]
    with workspace.store.write() as connection:
        number = connection.execute(sa.select(role_grants.c.id).where(role_grants.c.user_id == user)).scalar_one()
        roles.revoke(connection, number, "local", NOW, NOW.date())
    workspace.close()
    answer = walk.asker.ask("get", "/api/v1/accounts", one.caller)
    assert answer.status == 404, answer.text
    assert not answer.words
    assert walk.asker.ask("get", "/accounts", one.caller, headers={"if-none-match": "*"}).status == 404


def test_a_plan_that_moves_a_territory_moves_what_is_seen(walk: Walk) -> None:
    """A leader of a branch loses a leaf on the day on which it hangs elsewhere."""
    one, world = walk.asking("leader"), walk.world
    story = world.story
    leaf = next(key for key in story.leaves() if key in one.view.places)
    other = next(
        p.key
        for p in story.places.values()
        if p.parent is not None and not p.code and p.key not in one.view.places and p.kind == "geo"
    )
    assert ids(walk, one) == one.view.firms
    workspace = world.open()
    plan = workspace.require_active()[1]
    draft = workspace.plan_branch("Another way")
    workspace.territory_set(replace(plan.territory_by_key[leaf], parent=other), reference=str(draft.id))
    workspace.plan_publish(str(draft.id), rationale="It hangs elsewhere")
    workspace.assign()
    workspace.close()
    places = one.view.places - {leaf}
    assert ids(walk, one) == one.view.firms_of(places)
    assert walk.asker.ask("get", f"/territories/{leaf}", one.caller).status == 404


def test_nothing_connects_to_an_address_that_a_user_wrote(walk: Walk) -> None:
    """An address of this machine in every field that takes one: whoever listens there hears nothing."""
    one = walk.asking(MANAGER)
    mine = sorted(one.view.firms)[0]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        address = f"http://{host}/secret"
        walk.asker.ask("patch", f"/api/v1/accounts/{mine}", one.caller, json={"fields": {"website": address, "name": address}})
        for path, sent in (
            ("/settings/notices/address", {"address": f"x@{host}"}),
            ("/accounts/views", {"name": "v", "query": f"next={address}"}),
        ):
            walk.asker.ask("post", path, one.caller, data={**sent, "csrf_token": csrf_of(one.caller)})
        for path in (
            f"/accounts/{walk.world.account[mine]}",
            "/accounts",
            f"/sign-in?next={address}",
            f"/accounts?q={address}",
            "/zones/look?name=" + address,
        ):
            answer = walk.asker.ask("get", path, one.caller)
            assert not answer.headers.get("location", "").startswith(("http", "//")), path
        planner = walk.asking("planner")
        for path, sent in (
            ("/zones/look", {"url": address, "name": address}),
            ("/import", {"kind": "accounts", "url": address, "file": address}),
        ):
            walk.asker.ask("post", path, planner.caller, data=sent)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_days_that_are_none_are_refused_alike(shared: Walk) -> None:
    one = shared.asking(REP)
    for day in ("0000-00-00", "9999-99-99", "yesterday", "2026-02-30", "'", date.max.isoformat()):
        answer = shared.asker.ask("get", f"/api/v1/accounts?at={day}", one.caller)
        assert answer.status in {200, 422}, day
        assert not answer.words - one.view.words, day
