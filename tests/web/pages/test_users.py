"""The pages of users, groups, roles and tokens, and looking as somebody else."""

from __future__ import annotations

import re
from typing import Any

import pytest

from metes.app.workspace import Workspace
from metes.model.access import ROLE_MAY, Capability, UserRole
from metes.web.navigation import SECTIONS, sections_for
from metes.web.user_forms import CAPABILITY_WORDS, ROLE_WORDS
from tests.web.pages.browsing import Browser, browser_in


def number_of(workspace: Workspace, name: str) -> int:
    return next(user.id for user in workspace.user_list() if user.name == name)


@pytest.fixture
def rep(browser: Browser) -> Browser:
    """The demo's rep in a browser of their own."""
    user = next(u for u in browser.workspace.user_list() if u.name == "rep")
    return browser_in(browser.workspace, browser.workspace.begin_session_for(user, method="password", address="tests").secret)


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def test_users_are_found_with_roles_and_person(reader: Browser) -> None:
    page = reader.get("/users").text
    for name in ("demo", "auditor", "leader", "manager", "rep"):
        assert f'href="/users/{name}"' in page
    assert "1–1 of 1 user" in plain(reader.get("/users?role=auditor").text)
    assert "Nobody matches" in reader.get("/users?q=nobody-of-this-name").text
    assert 'href="/users/rep"' in reader.get("/users?q=re&role=rep").text


def test_a_user_s_page_says_what_they_see_and_why(reader: Browser) -> None:
    page = plain(reader.get("/users/rep").text)
    assert "Sits on" in page
    assert "with the role rep" in page
    assert "See accounts, territories, people, the map, and why" in page
    assert reader.get("/users/nobody").status_code == 404
    assert "Everything" in plain(reader.get("/users/auditor").text)


def test_a_user_is_added_with_a_role_a_place_and_a_person(browser: Browser) -> None:
    made = browser.post(
        "/users", {"name": "v.marsh", "role": "manager", "territory": "west", "person": "P-1114", "email": "v@example.com"}
    )
    assert "data-secret" in made.text
    seen = browser.workspace.what_sees("v.marsh")
    assert (seen.roles, "west" in {r.territory for r in seen.reasons}) == (("manager",), True)
    assert browser.workspace.user_show("v.marsh").row.user.email == "v@example.com"
    wrong = browser.post("/users", {"name": "w.marsh", "role": "manager", "territory_text": "no such place"})
    assert (wrong.status_code, "no one territory" in wrong.text, 'value="w.marsh"' in wrong.text) == (422, True, True)
    for name in ("tokens", "west/password", "..", "V.Marsh"):  # the address of each would be that of something else, or nearly
        assert browser.post("/users", {"name": name}).status_code == 422, name


def test_a_role_is_given_after_its_consequence_and_taken_back(browser: Browser) -> None:
    asked = browser.post("/users/rep/roles/new", {"role": "manager", "territory": "texas"})
    assert re.search(r"rep sees 1 territory with [\d,]+ accounts? now, and then \d+ territories", plain(asked.text))
    assert len(browser.workspace.role_list("rep")) == 1
    given = browser.post("/users/rep/roles/new", {"role": "manager", "territory": "texas", "until": "2027-01-01", "sure": "1"})
    assert given.headers["location"] == "/users/rep"
    (grant,) = [g for g in browser.workspace.role_list("rep") if g.role == "manager"]
    assert "and then 1 territory" in plain(browser.get(f"/users/rep/roles/{grant.id}/revoke").text)
    assert browser.post(f"/users/rep/roles/{grant.id}/revoke").status_code == 303
    assert len(browser.workspace.role_list("rep")) == 1
    again = browser.post(f"/users/rep/roles/{grant.id}/revoke")  # as another administrator would who asked before
    assert again.headers["location"] == "/users/rep"
    assert "This role is not in force" in browser.get("/users/rep").text
    assert browser.post("/users/rep/roles/new", {"role": "planner", "territory": "texas"}).status_code == 422
    for address, fields in (("roles/new", {"role": "rep"}), ("person", {"person": "P-1114"})):
        wrong = browser.post(f"/users/rep/{address}", {**fields, "since": "2027-01-01", "until": "2026-12-31"})
        assert (wrong.status_code, "cannot end on 2026-12-31" in wrong.text) == (422, True), address
    (mine,) = browser.workspace.role_list("demo")
    browser.post(f"/users/demo/roles/{mine.id}/revoke")
    assert browser.workspace.role_list("demo") == (mine,)


def test_a_group_is_filled_given_a_role_and_dropped(browser: Browser) -> None:
    place = browser.post("/groups", {"name": "Helpers", "external": "CN=helpers"}).headers["location"]
    assert browser.post(f"{place}/members", {"user": "rep"}).status_code == 303
    assert browser.post(f"{place}/roles", {"role": "auditor"}).status_code == 303
    assert "Helpers" in browser.get("/groups").text
    assert browser.post(f"{place}/roles", {"role": "rep", "since": "2999-01-01"}).status_code == 303
    assert "rep later" in plain(browser.get(place).text)
    assert browser.post("/groups", {"name": "Others", "external": "x" * 401}).status_code == 422
    assert browser.workspace.what_sees("rep").extent.is_everything
    grant = next(g for g in browser.workspace.role_list() if g.group == "Helpers" and g.role == "auditor")
    assert "1 member" in plain(browser.get(f"{place}/roles/{grant.id}/revoke").text)
    assert "auditor" in plain(browser.get(f"{place}/remove").text)
    browser.post(f"{place}/members/leave", {"user": "rep"})
    assert browser.post(f"{place}/remove").headers["location"] == "/groups"
    assert browser.workspace.group_list() == ()


def test_a_token_of_one_s_own_is_shown_once_used_and_revoked(rep: Browser) -> None:
    made = rep.post("/settings/tokens", {"token": "nightly", "days": "30", "role": "rep"})
    secret = re.search(r"data-secret>([^<]+)<", made.text)
    assert secret is not None
    assert secret[1] not in rep.get("/settings/tokens").text
    found = rep.workspace.token_user(secret[1])
    assert found is not None
    assert (found[1].name, found[0].role) == ("rep", "rep")
    assert rep.post(f"/settings/tokens/{found[0].id}/revoke").status_code == 303
    assert rep.workspace.token_user(secret[1]) is None
    for wrong in ({"token": ""}, {"token": "x", "days": "0"}, {"token": "x", "days": "9999"}, {"token": "x", "role": "planner"}):
        assert rep.post("/settings/tokens", wrong).status_code == 422, wrong
    assert rep.get("/users/tokens").status_code == 404


def test_a_program_s_token_can_hold_for_good_and_nobody_else_s(browser: Browser, rep: Browser) -> None:
    browser.workspace.user_add("crm", roles=["integration"], territory="west")
    assert "for good" in browser.get("/settings/tokens").text
    assert "for good" not in rep.get("/settings/tokens").text
    assert browser.post("/settings/tokens", {"token": "nightly", "user": "crm", "days": ""}).status_code == 200
    (made,) = browser.workspace.token_list("crm")
    assert made.expires_at is None
    assert browser.post("/settings/tokens", {"token": "mine", "days": ""}).status_code == 422


ADMIN_PAGES = (
    "/users",
    "/users/new",
    "/users/rep",
    "/users/demo",
    "/users/rep/roles/new",
    "/users/rep/view-as",
    "/groups",
    "/users/tokens",
    "/users/options",
)


def test_a_rep_finds_the_places_they_can_use_and_no_others(rep: Browser) -> None:
    home = rep.get("/").text
    for href in ("/accounts", "/territories", "/people", "/map", "/notices"):
        assert f'href="{href}"' in home
    for href in ("/plan", "/users", "/settings", "/audit", "/import", "/reviews"):
        assert f'<li><a href="{href}"' not in home
        assert f'<li><a href="{href}"' not in rep.get("/more").text
    for address in ADMIN_PAGES:
        assert rep.get(address).status_code == 404, address
    mine = plain(rep.get("/settings/access").text)
    assert "1 territory with" in mine
    assert "What each may" in rep.get("/roles").text


def test_one_s_own_settings_are_no_part_of_those_of_the_workspace(reader: Browser) -> None:
    here = '<a href="/settings" aria-current="page">'
    assert here in reader.get("/settings").text
    for address in ("/settings/access", "/settings/security", "/settings/tokens", "/settings/rights"):
        assert here not in reader.get(address).text, address


def test_every_place_of_the_navigation_answers_whom_it_is_shown_to(browser: Browser) -> None:
    for name in ("demo", "auditor", "leader", "manager", "rep"):
        user = next(u for u in browser.workspace.user_list() if u.name == name)
        signed = browser.workspace.begin_session_for(user, method="password", address="tests")
        visitor = browser_in(browser.workspace, signed.secret)
        shown = re.findall(r'<li><a href="(/[a-z]*)"', visitor.get("/").text.partition('class="rail"')[2].partition("</nav>")[0])
        assert shown, name
        assert {href: visitor.get(href).status_code for href in shown} == dict.fromkeys(shown, 200), name


def test_roles_and_capabilities_have_words_and_each_place_is_seen_by_some_role() -> None:
    assert set(ROLE_WORDS) == set(UserRole)
    assert set(CAPABILITY_WORDS) == set(Capability)
    for role in UserRole:
        shown = [place.href for section in sections_for(lambda c, role=role: c in ROLE_MAY[role]) for place in section.places]  # type: ignore[misc]
        assert ("/users" in shown) == (role is UserRole.ADMINISTRATOR)
    assert all(place.asks is None or any(place.asks in may for may in ROLE_MAY.values()) for s in SECTIONS for place in s.places)


def begin_viewing(browser: Browser, name: str = "rep") -> Any:
    return browser.client.post(
        f"/users/{name}/view-as",
        data={"csrf_token": token_of(browser), "reason": "does not find an account"},
        follow_redirects=False,
    )


def token_of(browser: Browser) -> str:
    found = re.search(r'name="csrf-token" content="([^"]+)"', browser.get("/").text)
    assert found is not None
    return found[1]


def test_looking_as_somebody_else_shows_their_pages_with_a_banner_and_changes_nothing(browser: Browser) -> None:
    assert "audit trail" in browser.get("/users/rep/view-as").text
    assert browser.post("/users/rep/view-as", {"reason": ""}).status_code == 422
    assert begin_viewing(browser).headers["location"] == "/"
    for address in ("/", "/accounts", "/territories", "/people", "/search?q=a", "/settings/access", "/more", "/nowhere"):
        assert "You look at this as <b>" in browser.get(address).text or "You look at this as rep." in browser.get(address).text, (
            address
        )
    for hidden in ("/notices", "/settings/notices", "/settings/tokens", "/my/changes", *ADMIN_PAGES):
        assert browser.get(hidden).status_code in (403, 404), hidden
    token = {"csrf_token": token_of(browser)}
    for address, fields in (
        ("/accounts/views", {"name": "x", "query": "q=1"}),
        ("/settings/tokens", {"token": "x"}),
        ("/users", {"name": "x"}),
    ):
        assert browser.client.post(address, data={**token, **fields}, follow_redirects=False).status_code in (403, 404), address
    total = browser.get("/api/v1/accounts").json()["total"]
    assert total == browser.workspace.what_sees("rep").extent.accounts
    assert browser.client.post("/view-as/stop", data={"csrf_token": "wrong"}, follow_redirects=False).status_code == 403
    assert browser.client.post("/view-as/stop", data=token, follow_redirects=False).headers["location"] == "/users/rep"
    assert "You look at this as" not in browser.get("/users").text
    assert [e.action for e in browser.workspace.audit_list(2)] == ["view as end", "view as begin"]


def test_looking_as_somebody_else_ends_when_either_s_rights_change(browser: Browser) -> None:
    begin_viewing(browser)
    browser.workspace.role_grant("administrator", user="rep")
    assert "You look at this as" not in browser.get("/").text
    (grant,) = browser.workspace.role_list("demo")
    browser.workspace.role_revoke(grant.id)
    assert browser.get("/users").status_code == 404


def test_a_program_uses_no_pages(browser: Browser) -> None:
    browser.workspace.user_add("crm", "correct horse battery staple", roles=["integration"])
    user = next(u for u in browser.workspace.user_list() if u.name == "crm")
    secret = browser.workspace.begin_session_for(user, method="password", address="tests").secret
    visitor = browser_in(browser.workspace, secret)
    for address in ("/", "/accounts", "/settings/access"):
        assert visitor.get(address).status_code == 403


def test_who_reads_alone_is_offered_no_form_that_changes(browser: Browser) -> None:
    user = next(u for u in browser.workspace.user_list() if u.name == "auditor")
    auditor = browser_in(browser.workspace, browser.workspace.begin_session_for(user, method="password", address="tests").secret)
    for address, offered in (
        ("/scenarios", "/scenarios/new"),
        ("/designs", "/designs/new"),
        ("/zones", "/zones/new"),
        ("/jobs", "/jobs/assign"),
        ("/jobs/schedules", 'method="post" action="/jobs/schedules'),
        ("/import/1", "/import/1/undo"),
        ("/plan/active/territories/puget-sound", 'method="post" action="/plan/'),
    ):
        assert offered in browser.get(address).text, address
        assert offered not in auditor.get(address).text, address
    assert auditor.get("/plan/active/territories/puget-sound/rules/main").status_code == 200


def test_who_has_no_role_is_told_so(browser: Browser) -> None:
    browser.workspace.user_add("zed", "correct horse battery staple", roles=[])
    user = next(u for u in browser.workspace.user_list() if u.name == "zed")
    zed = browser_in(browser.workspace, browser.workspace.begin_session_for(user, method="password", address="tests").secret)
    assert "Ask whoever" in zed.get("/").text
    assert "no role" in zed.get("/settings/access").text
    assert zed.get("/accounts").status_code == 404


def test_a_rep_reads_what_changes_for_them(rep: Browser) -> None:
    page = rep.get("/my/changes")
    assert (page.status_code, "Nothing has changed for you" in page.text) == (200, True)


@pytest.mark.parametrize("address", ["/import", "/zones/new", "/api/v1/imports"])
def test_files_of_whoever_may_send_none_are_not_even_read(rep: Browser, address: str) -> None:
    unread = {"content-type": "multipart/form-data; boundary=x"}
    assert rep.client.post(address, content=b"no form at all", headers=unread).status_code == 404
