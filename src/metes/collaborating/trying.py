"""Tries a mail server with one mail, so that whoever set it up sees what it answers."""

from __future__ import annotations

from datetime import datetime

from metes.collaborating.mailing import PREFERENCES
from metes.connect.mail_message import Letter, Passage, write
from metes.connect.mail_sending import PostOffice
from metes.connect.mail_server import MailServer
from metes.model.workspace import WorkspaceSettings


def try_server(server: MailServer, to: str, settings: WorkspaceSettings, now: datetime) -> None:
    """Send one mail and wait for the answer; MailRefused or MailUnreachable says what went wrong."""
    base = settings.base_url.rstrip("/")
    where = f"Links in mails lead to {base}." if base else "Links are missing from mails: set base_url, where people open Metes."
    text = f"Mail from Metes arrives here, by way of {server}.\n{where}"
    passages = (Passage("Mail works", text, f"{base}{PREFERENCES}" if base else "", now, "Test"),)
    with PostOffice(server) as post:
        post.send(write(Letter(0, now, to, "", "Mail works", passages, "Somebody asked Metes for this test."), server), to)
