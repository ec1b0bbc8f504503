"""Mails as they are written: what a mail program reads of them, and what nobody can smuggle in."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from typing import Any

import pytest

from metes.connect.mail_message import Letter, Passage, write
from metes.connect.mail_server import MailServer
from tests.conftest import NOW

SERVER = MailServer("127.0.0.1", 25, "none", "metes@example.com", "Metes")
SCRIPT = "<script>alert('x')</script> & \"more\""


def letter(**more: Any) -> Letter:
    """A letter of one passage."""
    title, text = str(more.pop("title", "Hello")), str(more.pop("text", "You gain 42 accounts."))
    told = Passage(title, text, "https://metes.example.com/plan/7", NOW, "Your accounts")
    given = dict(number=7, written_at=NOW, to="ann@example.com", to_name="Ann", subject=title, passages=(told,), reason="Because.")
    return Letter(**{**given, **more})  # type: ignore[arg-type]


def arrived(of: Letter) -> tuple[EmailMessage, str, str, bytes]:
    """A letter after its way through the wire: the mail, its text, its HTML and the bytes."""
    raw = write(of, SERVER).as_bytes(policy=SMTP)
    mail: Any = message_from_bytes(raw, policy=default)
    text, html = (mail.get_body((kind,)).get_content().replace("\r\n", "\n") for kind in ("plain", "html"))
    return mail, text, html, raw


def test_a_mail_has_the_headers_that_mail_programs_ask_for() -> None:
    mail, text, html, _ = arrived(letter(preferences="https://metes.example.com/settings/notices"))
    assert mail["From"] == "Metes <metes@example.com>"
    assert mail["To"] == "Ann <ann@example.com>"
    assert mail["Message-ID"] == "<metes.7.1773480600000000@example.com>"
    assert mail["Date"].datetime == NOW
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"] == "<https://metes.example.com/settings/notices>"
    assert mail.get_content_type() == "multipart/alternative"
    assert text == (
        "You gain 42 accounts.\n\nhttps://metes.example.com/plan/7\n\n-- \nBecause.\n"
        "Choose what you are told of: https://metes.example.com/settings/notices\n"
    )
    assert 'href="https://metes.example.com/plan/7"' in html


def test_the_same_letter_is_the_same_mail_at_every_attempt_and_another_one_is_not() -> None:
    mail = write(letter(), SERVER)
    assert write(letter(), SERVER)["Message-ID"] == mail["Message-ID"]
    assert write(letter(number=8), SERVER)["Message-ID"] != mail["Message-ID"]
    assert write(letter(written_at=NOW + timedelta(seconds=1)), SERVER)["Message-ID"] != mail["Message-ID"]


@pytest.mark.parametrize(
    "text",
    [
        "A\r\nBcc: evil@example.org",
        "A\nBcc: evil@example.org\n\nbody",
        "A\x0b\x0c\x85\u2028Bcc: e@x.y",
        "A =?utf-8?q?=0D=0ABcc:_e@x.y?=",
    ],
)
def test_no_header_can_be_smuggled_in(text: str) -> None:
    mail, _, _, raw = arrived(letter(title=text, to_name=text))
    assert mail["Bcc"] is None
    assert b"\nbcc:" not in raw.partition(b"\r\n\r\n")[0].lower()
    assert mail["Subject"].startswith(("A Bcc: e", "A = ?utf-8?q?=0D"))
    assert [address.addr_spec for address in mail["To"].addresses] == ["ann@example.com"]


def test_an_address_that_holds_a_line_is_refused() -> None:
    with pytest.raises(ValueError, match="CR or LF"):
        write(letter(to="ann@example.com\r\nBcc: evil@example.org"), SERVER)


@pytest.mark.parametrize(
    "title", ["Grüße aus Łódź — 日本商事 🎉", "ü" * 200, "word " * 60, "x" * 1500, "=?utf-8?q?trick?= <a@b.c>", ""]
)
def test_any_subject_arrives_and_no_line_is_too_long(title: str) -> None:
    body = f"{title} {'long' * 500}\n.\n..\nFrom here\n日本"
    mail, text, html, raw = arrived(letter(title=title, text=body, to_name=title[:100]))
    assert mail["Subject"] == " ".join(title.replace("=?", "= ?").split())
    assert text.startswith(body.lstrip())
    assert "日本" in html
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")


def test_script_in_subject_and_text_stays_text() -> None:
    _, text, html, _ = arrived(letter(title=SCRIPT, text=f"{SCRIPT}\nsecond", heading="What happened"))
    assert SCRIPT in text
    assert "<script" not in html
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &#34;more&#34;<br>second" in html


def test_a_digest_groups_what_it_tells() -> None:
    told = [
        Passage(f"{kind} {n}", f"text {n}", f"https://m.example/{n}" if n else "", NOW, kind)
        for n, kind in enumerate(["Comment", "Reminder", "Comment"])
    ]
    mail, text, html, _ = arrived(letter(passages=told, heading="3 notices of today", subject="3 notices"))
    assert mail["Subject"] == "3 notices"
    assert text == (
        "3 notices of today\n\nComment\n-------\n\n2026-03-14 09:30 UTC  Comment 0\ntext 0\n\n2026-03-14 09:30 UTC  Comment 2\n"
        "text 2\nhttps://m.example/2\n\nReminder\n--------\n\n2026-03-14 09:30 UTC  Reminder 1\ntext 1\nhttps://m.example/1\n\n"
        "-- \nBecause.\n"
    )
    assert html.index("Comment 0") < html.index("Comment 2") < html.index("Reminder 1")
