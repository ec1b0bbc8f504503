"""Notices: who is told, how, and that nobody reads what is somebody else's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from metes.base.errors import InputError, NotFound
from metes.model.notices import DAILY, NEVER, NoticeChoice, checked_choice, checked_mail_address
from metes.store import links, notices, users
from metes.store.engine import Store
from metes.store.notice_tables import mails
from metes.store.notice_tables import notices as table
from metes.store.notices import News, Told
from metes.store.tables import people
from tests.conftest import NOW
from tests.store.rows import row_of

ANNA, BEN, CLEO, DORA = 1, 2, 3, 4


@pytest.fixture
def ann(store: Store) -> int:
    """A user linked to Anna, who has an address; three people more have no user, one of them no address, one is gone."""
    with store.write() as connection:
        for number, email in ((ANNA, "anna@example.com"), (BEN, "ben@example.com"), (CLEO, None), (DORA, "dora@example.com")):
            row = row_of(people, number, name=f"Person {number}", email=email)
            closed = NOW.date() if number == DORA else None
            connection.execute(sa.insert(people).values({**row, "closed_on": closed}))
        made = users.add_user(connection, "ann", "hash", NOW)
        links.link(connection, made, ANNA, "local", NOW)
        return made


def tell(store: Store, kind: str = "your-accounts", **more: Any) -> Told:
    """Tell something."""
    with store.write() as connection:
        return notices.add_notices(
            connection, **{"kind": kind, "subject": "Hello", "text": "You gain 42.", "link": "/plan", "now": NOW, **more}
        )


def mails_of(store: Store) -> list[tuple[int | None, int | None, str]]:
    """User, person and state of every mail."""
    with store.read() as connection:
        return [tuple(r) for r in connection.execute(sa.select(mails.c.user_id, mails.c.person_id, mails.c.state))]


def test_a_user_is_told_once_however_they_are_named_and_people_without_a_user_by_mail_alone(store: Store, ann: int) -> None:
    told = tell(store, user_ids=[ann, 999], person_ids=[ANNA, BEN, CLEO, DORA])
    assert told == Told(notices=2, by_mail=2, unreached=1)
    assert mails_of(store) == [(ann, None, "waiting"), (None, BEN, "waiting")]
    with store.read() as connection:
        assert [n.text for n in notices.notices_of(connection, ann)] == ["You gain 42."]
        assert notices.unread_count(connection, ann) == 1


def test_whoever_was_shut_out_is_told_nothing(store: Store, ann: int) -> None:
    with store.write() as connection:
        users.set_disabled(connection, "ann", NOW)
    assert tell(store, user_ids=[ann]) == Told()


def test_choices_decide_between_the_app_and_mail(store: Store, ann: int) -> None:
    with store.write() as connection:
        notices.set_choice(connection, ann, NoticeChoice("comment", True, NEVER))
        notices.set_choice(connection, ann, NoticeChoice("published", False, DAILY))
        notices.set_choice(connection, ann, NoticeChoice("reminder", False, NEVER))
        chosen = {choice.kind: choice for choice in notices.choices_of(connection, ann)}
    assert (chosen["comment"].by_mail, chosen["published"].in_app, chosen["your-accounts"].by_mail) == (NEVER, False, "at once")
    assert [tell(store, kind, user_ids=[ann]) for kind in ("comment", "published", "reminder")] == [
        Told(1, 0),
        Told(1, 1),
        Told(),
    ]
    assert mails_of(store) == []  # a digest makes its mail when its time comes
    with store.read() as connection:
        assert [n.kind for n in notices.notices_of(connection, ann)] == ["comment"]


def test_taking_a_choice_back_keeps_no_row(store: Store, ann: int) -> None:
    with store.write() as connection:
        notices.set_choice(connection, ann, NoticeChoice("comment", False, NEVER))
        notices.set_choice(connection, ann, NoticeChoice("comment", True, DAILY))
        assert connection.exec_driver_sql("SELECT count(*) FROM notice_choices").scalar() == 0


def test_an_address_of_ones_own_goes_before_that_of_the_person(store: Store, ann: int) -> None:
    with store.write() as connection:
        assert notices.addresses_of(connection, ann, NOW.date()) == (None, "anna@example.com")
        notices.set_address(connection, ann, "me@example.org")
        assert notices.addresses_of(connection, ann, NOW.date()) == ("me@example.org", "anna@example.com")
        notices.set_address(connection, ann, None)
        assert notices.addresses_of(connection, ann, NOW.date())[0] is None
        assert notices.addresses_of(connection, 999, NOW.date()) == (None, None)


def test_what_is_told_once_for_ever_is_not_told_again(store: Store, ann: int) -> None:
    assert tell(store, user_ids=[ann], person_ids=[BEN], once_key="due 7").notices == 2
    assert tell(store, user_ids=[ann], person_ids=[BEN], once_key="due 7") == Told()
    assert tell(store, user_ids=[ann], once_key="due 8").notices == 1


def test_notices_are_read_by_their_user_alone(store: Store, ann: int) -> None:
    with store.write() as connection:
        bob = users.add_user(connection, "bob", "hash", NOW)
    tell(store, user_ids=[ann, bob])
    later = NOW + timedelta(minutes=1)
    with store.write() as connection:
        mine = notices.notices_of(connection, ann)[0]
        with pytest.raises(NotFound, match=f"no notice {mine.id}"):
            notices.mark_read(connection, bob, mine.id, later)
        assert notices.mark_read(connection, ann, mine.id, later).read_at == later
        assert notices.mark_read(connection, ann, mine.id, later + timedelta(1)).read_at == later
        assert [notices.unread_count(connection, who) for who in (ann, bob)] == [0, 1]


def test_all_are_read_up_to_the_one_that_was_seen(store: Store, ann: int) -> None:
    for kind in ("comment", "published", "published"):
        tell(store, kind, user_ids=[ann])
    with store.write() as connection:
        newest, middle, _oldest = notices.notices_of(connection, ann)
        assert notices.mark_all_read(connection, ann, NOW, kind="published", up_to=middle.id) == 1
        assert [n.kind for n in notices.notices_of(connection, ann, unread=True)] == ["published", "comment"]
        assert notices.mark_all_read(connection, ann, NOW) == 2
        assert [n.id for n in notices.notices_of(connection, ann, before=newest.id, limit=1)] == [middle.id]
        assert [n.kind for n in notices.notices_of(connection, ann, kind="comment")] == ["comment"]


def test_what_is_kept_is_one_line_of_subject_and_text_without_control_characters(store: Store, ann: int) -> None:
    tell(store, user_ids=[ann], subject="A\r\nBcc: x@y.z\x00 <b>" + "ü" * 300, text="one\r\ntwo\x00\x1b[31m\tthree\ud800")
    with store.read() as connection:
        found = notices.notices_of(connection, ann)[0]
    assert found.subject.startswith("A Bcc: x@y.z <b>üüü")
    assert (len(found.subject), found.subject[-1]) == (200, "…")
    assert found.text == "one\ntwo[31m\tthree"


def test_many_are_told_at_once_each_in_other_words(store: Store, ann: int) -> None:
    news = [News("your-accounts", f"Person {p}", f"text {p}", "/", person_ids=[p]) for p in (ANNA, BEN, CLEO)]
    with store.write() as connection:
        assert notices.add_all(connection, news, NOW) == Told(2, 2, 1)
        rows = connection.execute(
            sa.select(table.c.subject, mails.c.user_id, mails.c.person_id).join(mails, mails.c.id == table.c.mail_id)
        )
        assert sorted(tuple(row) for row in rows) == [("Person 1", ann, None), ("Person 2", None, BEN)]
        assert notices.add_all(connection, [], NOW) == Told()


def test_old_notices_go_once_they_were_read(store: Store, ann: int) -> None:
    tell(store, "comment", user_ids=[ann])
    tell(store, "published", user_ids=[ann])
    tell(store, "reminder", user_ids=[ann], once_key="due 7")
    with store.write() as connection:
        notices.mark_all_read(connection, ann, NOW, kind="comment")
        notices.mark_all_read(connection, ann, NOW, kind="reminder")
        assert notices.drop_read_before(connection, NOW) == 0
        assert notices.drop_read_before(connection, NOW + timedelta(1)) == 2
        assert [n.kind for n in notices.notices_of(connection, ann)] == ["published"]


@pytest.mark.parametrize("link", ["plan", "//evil.example", "https://evil.example", ""])
def test_a_link_is_a_page_of_the_app(link: str) -> None:
    with pytest.raises(ValueError, match="address of a page"):
        News("comment", "s", "t", link)


def test_choices_and_addresses_are_checked() -> None:
    assert checked_choice("comment", True, "weekly") == NoticeChoice("comment", True, "weekly")
    with pytest.raises(InputError, match="got 'hourly'"):
        checked_choice("comment", True, "hourly")
    with pytest.raises(InputError, match="there are review-asked, "):
        checked_choice("gossip", True, "daily")
    assert checked_mail_address(" a.b+c@example.co.uk ") == "a.b+c@example.co.uk"
    for wrong in ("", "ann", "ann@", "a@b@c", "a b@c.d", "a@c.d\r\nBcc: x@y.z", "Ann <a@b.c>", "a,b@c.d", "ä@b.c", "a@-\n"):
        with pytest.raises(InputError, match="expected an address"):
            checked_mail_address(wrong)


def test_the_users_own_address_stands_in_where_the_person_has_none(store: Store, ann: int) -> None:
    with store.write() as connection:
        bea = users.add_user(connection, "bea", "hash", NOW, email="bea@example.com")
        cleo = users.add_user(connection, "cleo", "hash", NOW, email="cleo@example.com")
        links.link(connection, cleo, CLEO, "local", NOW)
        assert notices.addresses_of(connection, cleo, NOW.date()) == (None, "cleo@example.com")
        assert notices.addresses_of(connection, ann, NOW.date()) == (None, "anna@example.com")
    assert tell(store, user_ids=[bea, cleo]).by_mail == 2
