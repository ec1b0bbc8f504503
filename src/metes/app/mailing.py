"""The verbs of mail: send what waits, put digests together, try a server, say what could not be sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from metes.app.notices import NoticeVerbs
from metes.base.errors import InputError
from metes.base.findings import Finding, Place, Severity
from metes.base.progress import SILENT, Progress
from metes.model.notices import checked_mail_address
from metes.store import audit, job_failures, mails

FAILED_DAYS = 14


class MailVerbs(NoticeVerbs):
    """Mail, from the worker's side and from that of whoever runs a workspace."""

    def mail_send(self, job_id: int, progress: Progress = SILENT) -> Mapping[str, Any]:
        """Send the mails that wait, in the name of a job; what came of it. A server that cannot be used puts them off."""
        from metes.collaborating import mailing  # loads Jinja

        try:
            server = self.shelf.mail.server()
        except InputError as error:
            delivery = mailing.Delivery(findings=[Finding("mail-server", Severity.ERROR, str(error))])
            mailing.put_off_all(self.store, delivery, str(error), self.clock())
        else:
            delivery = mailing.send_due(
                self.store, server, settings=self.settings(), job_id=job_id, clock=self.clock, progress=progress
            )
        if delivery.failed:
            with self.store.write() as connection:
                job_failures.tell_mail_failed(connection, delivery.failed, self.today(), self.clock())
        return delivery.as_dict()

    def digest_make(self, by_mail: str) -> Mapping[str, Any]:
        """Make the mails of the daily or the weekly digest; how many. Without a mail server what waits goes on waiting."""
        if not self.shelf.mail.is_named:
            return {"digests": 0}
        with self.store.write() as connection:
            return {"digests": mails.make_digests(connection, by_mail, self.clock())}

    def mail_test(self, address: str) -> str:
        """Send a mail to an address at once, and wait for the server's answer; the server. MetesError says what went wrong."""
        to = checked_mail_address(address)
        server = self.shelf.mail.server()
        from metes.collaborating.trying import try_server  # loads Jinja

        try_server(server, to, self.settings(), self.clock())
        return str(server)

    def mail_retry(self) -> int:
        """Try the mails that were given up of late once more, from the beginning; how many."""
        now = self.clock()
        with self.store.write() as connection:
            count = mails.retry_failed(connection, now - timedelta(days=FAILED_DAYS), now)
            audit.add_entry(connection, self.principal, "mail retry", "mail", {"mails": count}, now)
        return count

    def mail_findings(self) -> list[Finding]:
        """What hinders mail: mails given up of late, and a server that takes none."""
        since = self.clock() - timedelta(days=FAILED_DAYS)
        with self.store.read() as connection:
            failed, trouble = mails.failed_since(connection, since), mails.last_trouble(connection)
        findings = []
        if trouble is not None:
            error, count = trouble
            said = f"{count} mails wait for another try: {error}" if count > 1 else f"a mail waits for another try: {error}"
            remedy = "it goes out by itself when the server takes it; 'metes notices test-mail ADDRESS' tries at once"
            findings.append(Finding("mail-put-off", Severity.WARNING, said, Place(), "", remedy))
        if failed:
            from metes.collaborating.mailing import finding_of

            findings += [finding_of(mail.id, mail.error, mail.attempts, mail.reader) for mail in failed]
        return findings
