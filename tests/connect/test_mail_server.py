"""The address of a mail server: what it says, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from metes.base.errors import InputError
from metes.connect.mail_server import MailServer, mail_server


def test_an_address_names_server_user_sender_and_encryption(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text("")
    url = f"smtp://ann%40example.com@mail.example.com?from=metes@example.com&name=Metes+of+Acme&ca={authority}&timeout=5"
    assert mail_server(url, "secret") == MailServer(
        "mail.example.com", 587, "starttls", "metes@example.com", "Metes of Acme", "ann@example.com", "secret", authority, 5.0
    )
    assert mail_server("smtps://mail.example.com?from=a@b.c").port == 465
    assert mail_server("smtps://mail.example.com?from=a@b.c").security == "tls"
    assert mail_server("smtp://127.0.0.1:25?from=a@b.c&tls=no").security == "none"


def test_the_password_is_never_shown() -> None:
    assert "secret" not in repr(mail_server("smtp://ann@mail.example.com?from=a@b.c", "secret"))
    with pytest.raises(InputError) as raised:
        mail_server("smtp://ann:hunter2@mail.example.com?from=a@b.c")
    assert "METES_SMTP_PASSWORD_FILE" in str(raised.value)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "password", "said"),
    [
        ("mail.example.com", "", "expected smtp://USER@HOST"),
        ("http://mail.example.com?from=a@b.c", "", "expected smtp://USER@HOST"),
        ("smtp://mail.example.com:99999?from=a@b.c", "", "expected smtp://USER@HOST"),
        ("smtp://?from=a@b.c", "", "with a host"),
        ("smtp://mail.example.com/path?from=a@b.c", "", "without a path"),
        ("smtp://mail.example.com", "", "expected ?from=ADDRESS"),
        ("smtp://mail.example.com?from=Metes", "", "expected ?from=ADDRESS"),
        ("smtp://mail.example.com?from=a@b.c&form=x", "", "got 'form'"),
        ("smtp://mail.example.com?from=a@b.c&tls=maybe", "", "tls=yes or tls=no"),
        ("smtp://mail.example.com?from=a@b.c&timeout=0", "", "1 to 300 seconds"),
        ("smtp://mail.example.com?from=a@b.c&ca=/nowhere.pem", "", "'/nowhere.pem'"),
        ("smtp://ann@mail.example.com?from=a@b.c", "", "names no password"),
        ("smtp://mail.example.com?from=a@b.c", "secret", "names no user"),
        ("smtp://ann@mail.example.com?from=a@b.c&tls=no", "secret", "not sent without encryption"),
    ],
)
def test_what_is_wrong_with_an_address_is_said(url: str, password: str, said: str) -> None:
    with pytest.raises(InputError) as raised:
        mail_server(url, password)
    assert said in str(raised.value)
