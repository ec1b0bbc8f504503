"""The bell, the list of notices and the choice of what one is told of, as a browser without script sees them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from metes.model.notices import CHOSEN_KINDS
from metes.store import links, notices, users
from tests.conftest import NOW
from tests.connect.servers import Box, mail_box
from tests.web.pages.browsing import Browser, browser_on
from tests.web.pages.conftest import SCRIPT


def me(browser: Browser, name: str = "demo") -> int:
    """A user's number."""
    return next(user.id for user in browser.workspace.user_list() if user.name == name)


def tell(browser: Browser, kind: str = "comment", user: int | None = None, **more: Any) -> int:
    """Tell the signed-in user, or another one, something; the newest notice's number."""
    number = user or me(browser)
    given = {"kind": kind, "subject": "Hello", "text": "Something happened.", "link": "/plan", "now": NOW}
    with browser.workspace.store.write() as connection:
        notices.add_notices(connection, **{**given, **more}, user_ids=[number])
        return next((notice.id for notice in notices.notices_of(connection, number)), 0)


def bell(page: str) -> str:
    """What the bell is called."""
    found = re.search(r'<a class="bell" href="/notices" aria-label="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_the_bell_counts_and_opening_a_notice_marks_it_and_leads_on(browser: Browser) -> None:
    assert bell(browser.get("/accounts").text) == "Notices"
    assert "No notices" in browser.get("/notices").text
    first, second = tell(browser, subject="First"), tell(browser, "published", subject="Second", link="/plan/1")
    assert bell(browser.get("/").text) == "Notices, 2 unread"
    page = browser.get("/notices").text
    assert page.index("Second") < page.index("First")
    opened = browser.post(f"/notices/{second}/open")
    assert (opened.status_code, opened.headers["location"]) == (303, "/plan/1")
    assert bell(browser.get("/notices").text) == "Notices, 1 unread"
    unread = browser.get("/notices?unread=1").text
    assert "First" in unread
    assert "Second" not in unread
    back = browser.post(f"/notices/{first}/read", {"back": "/notices?unread=1"})
    assert back.headers["location"] == "/notices?unread=1"
    assert "Nothing unread" in browser.get("/notices?unread=1").text


def test_the_list_is_filtered_by_kind_and_goes_on_to_older_ones(browser: Browser) -> None:
    for number in range(33):
        tell(browser, subject=f"Comment {number:02}")
    tell(browser, "reminder", subject="Due today")
    page = browser.get("/notices").text
    assert "Comment 32" in page
    assert "Comment 02" not in page
    older = re.search(r'href="(/notices\?before=\d+)"', page)
    assert older is not None
    assert "Comment 02" in browser.get(older[1]).text
    only = browser.get("/notices?kind=reminder").text
    assert "Due today" in only
    assert "Comment 32" not in only
    assert browser.get("/notices?kind=gossip&before=none").status_code == 200


def test_all_are_marked_up_to_the_newest_that_was_seen(browser: Browser) -> None:
    tell(browser)
    seen = tell(browser, "published")
    late = tell(browser, "published", subject="Came later")
    told = browser.post("/notices/read", {"up_to": str(seen), "kind": "published", "back": "//evil.example"})
    assert told.headers["location"] == "/"
    assert bell(browser.get("/notices").text) == "Notices, 2 unread"
    browser.post("/notices/read", {"up_to": str(late)})
    assert bell(browser.get("/notices").text) == "Notices"
    assert browser.post("/notices/read", {"up_to": "all"}).status_code == 422


def test_script_in_a_notice_is_shown_and_never_run(browser: Browser) -> None:
    tell(browser, subject=SCRIPT, text=f"{SCRIPT}\n<img src=x onerror=alert(1)>" + "long " * 200)
    page = browser.get("/notices").text
    assert SCRIPT not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;" in page
    assert "Read on" in page


def test_two_users_at_once_see_and_mark_their_own(browser: Browser) -> None:
    browser.workspace.user_add("olga", "a long enough password", roles=["administrator"])
    olga = browser_on(browser.workspace, "olga", "a long enough password")
    mine, hers = tell(browser, subject="For demo"), tell(browser, user=me(browser, "olga"), subject="For olga")
    assert "For olga" not in browser.get("/notices").text
    for verb in ("open", "read"):
        assert browser.post(f"/notices/{hers}/{verb}").status_code == 404
        assert olga.post(f"/notices/{mine}/{verb}").status_code == 404
    olga.post("/notices/read", {"up_to": str(hers)})
    assert (bell(olga.get("/").text), bell(browser.get("/").text)) == ("Notices", "Notices, 1 unread")
    assert browser.client.post(f"/notices/{mine}/read").status_code == 403


def test_each_kind_has_its_choice_and_what_is_chosen_stays(browser: Browser) -> None:
    page = browser.get("/settings/notices").text
    assert all(kind.title in page and f'name="{kind.key}.mail"' in page for kind in CHOSEN_KINDS)
    form = {f"{kind.key}.mail": kind.by_mail for kind in CHOSEN_KINDS} | {f"{kind.key}.app": "on" for kind in CHOSEN_KINDS}
    browser.post("/settings/notices", form)
    assert "Nothing was changed." in browser.get("/settings/notices").text
    del form["comment.app"]
    browser.post("/settings/notices", {**form, "comment.mail": "weekly"})
    page = browser.get("/settings/notices").text
    assert 'name="comment.app" checked' not in page
    assert 'name="published.app" checked' in page
    row = page[page.index('name="comment.mail"') :]
    assert '<option value="weekly" selected>' in row[: row.index("</select>")]
    assert browser.post("/settings/notices", {**form, "comment.mail": "hourly"}).status_code == 422
    tell(browser, "comment")
    assert bell(browser.get("/").text) == "Notices"
    assert "Stop all mail" in page
    browser.post("/settings/notices/stop")
    assert "Stop all mail" not in browser.get("/settings/notices").text


def test_an_address_is_checked_kept_and_taken_back(browser: Browser) -> None:
    assert "No mail server is set up here" in browser.get("/settings/notices").text
    wrong = browser.post("/settings/notices/address", {"address": f"{SCRIPT}@example.com"})
    assert wrong.status_code == 422
    assert 'id="address-error"' in wrong.text
    assert SCRIPT not in wrong.text
    browser.post("/settings/notices/address", {"address": "demo@example.com"})
    assert 'value="demo@example.com"' in browser.get("/settings/notices").text
    person = browser.workspace.people(limit=1)[0][0]
    with browser.workspace.store.write() as connection:
        number = users.require_user(connection, "demo").id
        links.link(connection, number, person["id"], "local", browser.workspace.clock())
        connection.exec_driver_sql(f"UPDATE people SET email = 'of-person@example.com' WHERE id = {person['id']}")
    browser.post("/settings/notices/address", {"address": ""})
    assert "Mail goes to of-person@example.com." in browser.get("/settings/notices").text


def test_a_test_mail_shows_what_the_server_answered(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    from metes.app.settings import MailAccess

    assert browser.post("/settings/notices/test").headers["location"] == "/settings/notices"
    assert "There is no address yet" in browser.get("/settings/notices").text
    browser.post("/settings/notices/address", {"address": "demo@example.com"})
    with mail_box(Box()) as (box, port):
        access = MailAccess(f"smtp://127.0.0.1:{port}?tls=no&from=metes@example.com&timeout=5")
        monkeypatch.setattr(browser.workspace.shelf, "mail", access)
        assert "Send a test" in browser.get("/settings/notices").text
        browser.post("/settings/notices/test")
        assert "took a mail to demo@example.com." in browser.get("/settings/notices").text
        box.answers["demo@example.com"] = "550 <b>no</b> such user"
        browser.post("/settings/notices/test")
        page = browser.get("/settings/notices").text
        assert "It was not sent:" in page
        assert "550 &lt;b&gt;no&lt;/b&gt; such user" in page


def test_mail_that_was_given_up_stands_on_the_page_of_jobs(browser: Browser) -> None:
    assert "Mail that did not go out" not in browser.get("/jobs").text
    notices_of = me(browser)
    with browser.workspace.store.write() as connection:
        notices.set_address(connection, notices_of, "demo@example.com")
    tell(browser, "reminder")
    with browser.workspace.store.write() as connection:
        connection.exec_driver_sql("UPDATE mails SET state = 'failed', attempts = 8, error = '550 gone'")
    page = browser.get("/jobs").text
    assert "Mail that did not go out" in page
    assert "mail 1 to demo" in page
    assert "given up after 8 tries: 550 gone" in page
    browser.post("/jobs/mail/retry")
    assert "1 mail is tried again." in browser.get("/jobs").text
