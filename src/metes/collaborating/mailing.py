"""Sends the mails that wait, one after the other, each of them noted before the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection

from metes.base.findings import Finding, Place, Severity
from metes.base.progress import Progress
from metes.connect.mail_message import Letter, Passage, write
from metes.connect.mail_sending import MailRefused, MailUnreachable, PostOffice
from metes.connect.mail_server import MailServer
from metes.identity.secrets import digest, new_secret
from metes.model.notices import AT_ONCE, DAILY, NOTICE_KIND_BY_KEY
from metes.model.workspace import WorkspaceSettings
from metes.store import mails, resets, users
from metes.store.engine import Store
from metes.store.mails import Mail
from metes.store.notices import Notice

PREFERENCES = "/settings/notices"
RESET_PAGE = "/sign-in/reset"
REMEDY = "mend the reader's address or the mail server, then send a test with 'metes notices test-mail ADDRESS'"
# A mail that was sent and could not be noted would be sent again: that is worth a wait behind the longest writer.
NOTE_PATIENCE_SECONDS = 300.0
# Then the job ends and the rest waits for the next, so that other work has its turn in between.
_SPELL = timedelta(seconds=60)
# One mail can make a server hang up; after two in a row it is the server.
_TROUBLES = 2


@dataclass
class Delivery:
    """What a job of mail came to: mails sent, put off, given up, and sent to nobody any more."""

    sent: int = 0
    put_off: int = 0
    failed: int = 0
    dropped: int = 0
    findings: list[Finding] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The delivery as plain values."""
        counts = dict(sent=self.sent, put_off=self.put_off, failed=self.failed, dropped=self.dropped)
        return {**counts, "findings": [finding.as_dict() for finding in self.findings[:200]]}


def send_due(
    store: Store,
    server: MailServer,
    *,
    settings: WorkspaceSettings,
    job_id: int,
    clock: Callable[[], datetime],
    progress: Progress,
) -> Delivery:
    """Send what waits. A job that dies goes on where it was; the one mail it held then goes out again under the same Message-ID."""
    delivery = Delivery()
    with store.write() as connection:
        delivery.dropped = mails.drop_old(connection, clock())
        total = mails.count_due(connection, job_id, clock())
    troubles, ends_at = 0, clock() + _SPELL
    with PostOffice(server) as post:
        while troubles < _TROUBLES:
            if clock() > ends_at:
                return delivery
            progress.report("sending mail", delivery.sent, total)
            with store.write() as connection:
                mail = mails.take(connection, job_id, clock())
                letter = _letter(connection, mail, settings, clock()) if mail is not None else None
                if mail is not None and letter is None:
                    mails.drop(connection, mail, "its reader is shut out, or there is nothing to tell any more", clock())
                    delivery.dropped += 1
                    continue
            if mail is None or letter is None:
                return delivery
            outcome = _send(post, server, mail, letter)
            with store.write(patience_seconds=NOTE_PATIENCE_SECONDS) as connection:
                _settle(connection, mail, outcome, delivery, clock())
            troubles = troubles + 1 if outcome.is_trouble else 0
    put_off_all(store, delivery, delivery.findings[-1].message, clock())
    return delivery


def put_off_all(store: Store, delivery: Delivery, why: str, now: datetime) -> None:
    """Let everything wait longer that waits now, because no server can be reached."""
    with store.write(patience_seconds=NOTE_PATIENCE_SECONDS) as connection:
        waiting, failed = mails.put_off_due(connection, why, now)
    delivery.put_off += waiting
    delivery.failed += failed
    if failed:
        delivery.findings.append(Finding("mail-failed", Severity.ERROR, f"{failed} mails are given up: {why}", Place(), "", REMEDY))


def _letter(connection: Connection, mail: Mail, settings: WorkspaceSettings, now: datetime) -> Letter | None:
    """What a mail says now; None where it has nothing to say, or nobody to say it to."""
    if mail.is_shut_out:
        return None
    if mail.digest == resets.RESET:
        return _reset_letter(connection, mail, settings, now)
    told = mails.content(connection, mail.id)
    return letter_of(mail, told, settings) if told else None


def _reset_letter(connection: Connection, mail: Mail, settings: WorkspaceSettings, now: datetime) -> Letter | None:
    """A link to a new password. Its secret is made now and stands in this letter alone: the database gets the digest."""
    is_late = now - mail.created_at > resets.SENT_WITHIN
    user = users.user_by_number(connection, mail.user_id) if mail.user_id is not None else None
    if user is None or is_late or not settings.base_url:
        return None
    secret = new_secret()
    resets.add_link(connection, user.id, digest(secret), now)
    link = f"{settings.base_url.rstrip('/')}{RESET_PAGE}?link={secret}"
    minutes = int(resets.HOLDS.total_seconds()) // 60
    text = (
        f"Somebody, probably you, asked for another password for the user {user.name}. "
        f"This link lets you choose one. It works once, for {minutes} minutes. If it was not you, do nothing."
    )
    where = f"Metes at {settings.company}" if settings.company else "Metes"
    passage = Passage(
        "Choose another password", text, link, mail.created_at.astimezone(ZoneInfo(settings.time_zone)), "Your sign-in"
    )
    return Letter(
        number=mail.id,
        written_at=mail.created_at,
        to=mail.to or "",
        to_name=mail.name,
        subject="Choose another password",
        passages=[passage],
        reason=f"{where} sends you this because somebody asked for it on its sign-in page.",
    )


def letter_of(mail: Mail, told: tuple[Notice, ...], settings: WorkspaceSettings) -> Letter:
    """A mail in words: one notice as it is, several grouped by kind under a heading."""
    base, zone = settings.base_url.rstrip("/"), ZoneInfo(settings.time_zone)
    passages = [
        Passage(n.subject, n.text, f"{base}{n.link}" if base else "", n.created_at.astimezone(zone), _title(n.kind)) for n in told
    ]
    preferences = f"{base}{PREFERENCES}" if base and mail.user_id is not None else ""
    given: Mapping[str, Any] = dict(
        number=mail.id, written_at=mail.created_at, to=mail.to or "", to_name=mail.name, passages=passages, preferences=preferences
    )
    if mail.digest == AT_ONCE:
        return Letter(subject=told[0].subject, reason=_reason(mail, told, settings), **given)
    day = mail.created_at.astimezone(zone)
    until = f"the day up to {day:%Y-%m-%d %H:%M}" if mail.digest == DAILY else f"the week up to {day:%Y-%m-%d}"
    count = f"{len(told)} notice" if len(told) == 1 else f"{len(told)} notices"
    heading = f"{count} of {until}"
    return Letter(subject=f"{count}: {_in_short(told)}", heading=heading, reason=_reason(mail, told, settings), **given)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of one try: no error, or one that is for ever, or one that any other mail would have met as well."""

    error: str = ""
    is_final: bool = False
    is_trouble: bool = False


def _send(post: PostOffice, server: MailServer, mail: Mail, letter: Letter) -> _Outcome:
    """Try to send one mail."""
    if mail.to is None:
        return _Outcome("its reader has no address any more", is_final=True)
    try:
        post.send(write(letter, server), mail.to)
    except MailUnreachable as error:
        return _Outcome(str(error), is_trouble=True)
    except MailRefused as error:
        # Servers repeat the address; what identifies a person stands in no log.
        return _Outcome(str(error).replace(mail.to, "its reader"), is_final=error.is_final)
    except ValueError:  # of the library of mail: an address that no header can hold
        return _Outcome("its reader's address is none", is_final=True)
    return _Outcome()


def _settle(connection: Connection, mail: Mail, outcome: _Outcome, delivery: Delivery, now: datetime) -> None:
    """Note what came of a try."""
    if not outcome.error:
        mails.note_sent(connection, mail, now)
        delivery.sent += 1
    elif outcome.is_final or not mails.put_off(connection, mail, outcome.error, now):
        if outcome.is_final:
            mails.note_failed(connection, mail, outcome.error, now)
        delivery.failed += 1
        delivery.findings.append(finding_of(mail.id, outcome.error, mail.attempts + 1))
    else:
        delivery.put_off += 1
        place = Place(subject=f"mail {mail.id}")
        delivery.findings.append(Finding("mail-put-off", Severity.WARNING, outcome.error, place, "", "it is tried again by itself"))


def finding_of(mail_id: int, error: str, attempts: int, reader: str = "") -> Finding:
    """What is to be said of a mail that was given up."""
    tries = "one try" if attempts == 1 else f"{attempts} tries"
    subject = f"mail {mail_id} to {reader}" if reader else f"mail {mail_id}"
    return Finding("mail-failed", Severity.ERROR, f"given up after {tries}: {error}", Place(subject=subject), "", REMEDY)


def _title(kind: str) -> str:
    found = NOTICE_KIND_BY_KEY.get(kind)
    return kind if found is None else found.title


def _in_short(told: tuple[Notice, ...]) -> str:
    """`Comment (2), Reminder`, in the order in which they came."""
    counts: dict[str, int] = {}
    for notice in told:
        counts[notice.kind] = counts.get(notice.kind, 0) + 1
    return ", ".join(f"{_title(kind)}{f' ({count})' if count > 1 else ''}" for kind, count in counts.items())


def _reason(mail: Mail, told: tuple[Notice, ...], settings: WorkspaceSettings) -> str:
    where = f"Metes at {settings.company}" if settings.company else "Metes"
    if mail.user_id is None:
        return f"{where} sends you this because it concerns your accounts."
    how = "at once" if mail.digest == AT_ONCE else "once a day" if mail.digest == DAILY else "once a week"
    what = f"notices of the kind “{_title(told[0].kind)}”" if mail.digest == AT_ONCE else "these notices"
    return f"{where} mails you {what} {how}."
