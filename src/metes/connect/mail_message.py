"""A mail as it is written: headers nobody can add to, a text and the same as simple HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from metes.connect.mail_server import MailServer

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Passage:
    """One thing that a mail tells; `link` is a whole address, or empty."""

    title: str
    text: str
    link: str
    at: datetime
    kind: str


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to one reader. `number` and `written_at` make its Message-ID and date, the same at every attempt to send it.

    A letter with a `heading` is a digest: its passages stand under their kinds.
    """

    number: int
    written_at: datetime
    to: str
    to_name: str
    subject: str
    passages: Sequence[Passage]
    reason: str
    heading: str = ""
    preferences: str = ""

    @property
    def groups(self) -> list[tuple[str, list[Passage]]]:
        """The passages by kind, in the order in which the kinds first appear."""
        groups: dict[str, list[Passage]] = {}
        for passage in self.passages:
            groups.setdefault(passage.kind, []).append(passage)
        return list(groups.items())


def message_id(letter: Letter, server: MailServer) -> str:
    """The id by which mail servers and readers know a mail again that comes twice."""
    return f"<metes.{letter.number}.{int(letter.written_at.timestamp() * 1_000_000)}@{server.domain}>"


def write(letter: Letter, server: MailServer) -> EmailMessage:
    """The message: plain text first, then HTML, both in UTF-8 with short lines."""
    message = EmailMessage(SMTP)
    message["From"] = Address(_plain(server.sender_name), addr_spec=server.sender)
    message["To"] = Address(_plain(letter.to_name), addr_spec=letter.to)
    message["Subject"] = _plain(letter.subject)
    message["Date"] = letter.written_at
    message["Message-ID"] = message_id(letter, server)
    # Out-of-office answers to a machine help nobody.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if letter.preferences:
        message["List-Unsubscribe"] = f"<{letter.preferences}>"
    message.set_content(_told("mail.txt", letter), charset="utf-8", cte="quoted-printable")
    message.add_alternative(_told("mail.html", letter), subtype="html", charset="utf-8", cte="quoted-printable")
    return message


def _plain(text: str) -> str:
    """A header's text: one line, nothing that a header cannot hold, nothing that reads as an encoded word and would be decoded."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).replace("=?", "= ?").split())


def _told(template: str, letter: Letter) -> str:
    return _environment().get_template(template).render(letter=letter).strip() + "\n"


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
