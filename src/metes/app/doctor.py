"""Looks whether a workspace is well, and brings backups in and out."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from metes.app.desk import Shelf
from metes.app.mailing import MailVerbs
from metes.app.provider import ProviderVerbs
from metes.app.settings import AppSettings
from metes.base.errors import InputError, MetesError
from metes.base.findings import Finding, Place, Severity
from metes.base.private import private_folder
from metes.base.progress import Progress
from metes.model.scope import Principal
from metes.store import audit_verifying, bulk, schema
from metes.store import backup as backups
from metes.store.engine import Store

LOW_DISK_BYTES = 2 * 1024**3


def examine(settings: AppSettings, *, mend: bool = False) -> list[Finding]:
    """What is wrong with a database and its cache; `mend` drops the side tables that killed loads left."""
    store = Store(settings.database)
    subject = Place(subject=str(store.url.database))
    findings: list[Finding] = []
    try:
        schema.require_current(store)
    except MetesError as error:
        return [Finding("schema", Severity.ERROR, str(error), subject)]
    with store.read() as connection:
        broken = audit_verifying.first_broken(connection)
    if broken is not None:
        remedy = "compare with a backup made before; do not trust entries from here on"
        findings.append(
            Finding("audit-broken", Severity.ERROR, f"the audit trail was tampered with at entry {broken}", subject, "", remedy)
        )
    if mend:
        bulk.drop_stages(store)
    else:
        findings += [
            Finding(
                "left-over",
                Severity.NOTE,
                f"a stopped load left the side table {name}",
                subject,
                "",
                "'metes doctor --mend' drops it",
            )
            for name in bulk.stages(store)
        ]
    folder = settings.books
    private_folder(folder)
    free = shutil.disk_usage(folder).free
    if free < LOW_DISK_BYTES:
        message = f"only {free / 1024**3:.1f} GB are free where Books are kept ({folder})"
        findings.append(Finding("low-disk", Severity.WARNING, message, subject, "", "free some space, or set METES_CACHE"))
    findings += _mail_findings(settings, store)
    findings += _provider_findings(settings, store)
    store.dispose()
    return findings


def about_mail(settings: AppSettings) -> str:
    """Whether mail goes out, in a sentence: that it does not is no fault."""
    if not settings.mail.is_named:
        return "no mail server is named (METES_SMTP_URL): notices stay in the app"
    try:
        return f"mail goes out by {settings.mail.server()}"
    except InputError as error:
        return f"no mail goes out: {error}"


def about_provider(settings: AppSettings) -> str:
    """Whether people sign in at a provider, in a sentence: that they do not is no fault."""
    if not settings.provider.is_named:
        return "no single sign-on is named (METES_OIDC_ISSUER): people sign in with name and password"
    return f"people sign in at {settings.provider.name}; 'metes sso check' says what it offers"


def _provider_findings(settings: AppSettings, store: Store) -> list[Finding]:
    """What keeps people from signing in at the provider, which is asked for it."""
    workspace = ProviderVerbs(store, Shelf(settings.books, provider=settings.provider), Principal("doctor"))
    is_open = workspace.settings().local_passwords
    if not settings.provider.is_named:
        remedy = "name a provider in METES_OIDC_ISSUER, or 'metes config set local_passwords yes'"
        said = "passwords are shut off and there is no single sign-on: only administrators can sign in"
        return [] if is_open else [Finding("single-sign-on", Severity.WARNING, said, Place(), "", remedy)]
    try:
        workspace.provider_check()
    except InputError as error:
        return [*error.findings] or [Finding("single-sign-on", Severity.ERROR, str(error), Place(), "", "mend it")]
    except MetesError as error:
        remedy = "see that the provider runs and that METES_OIDC_ISSUER is its address; 'metes sso check' asks again"
        return [Finding("single-sign-on", Severity.ERROR, str(error), Place(subject="METES_OIDC_ISSUER"), "", remedy)]
    return []


def _mail_findings(settings: AppSettings, store: Store) -> list[Finding]:
    """What keeps mail from going out, where a mail server is named."""
    if not settings.mail.is_named:
        return []
    try:
        settings.mail.server()
    except InputError as error:
        return [Finding("mail-server", Severity.ERROR, str(error), Place(), "", "mend it, then start Metes again")]
    workspace = MailVerbs(store, Shelf(settings.books), Principal("doctor"))
    if workspace.settings().base_url:
        return workspace.mail_findings()
    remedy = "'metes config set base_url ADDRESS' says where people open Metes"
    return [Finding("mail-no-links", Severity.WARNING, "mails have no links", Place(), "", remedy), *workspace.mail_findings()]


def back_up(settings: AppSettings, path: Path, now: datetime, progress: Progress) -> Mapping[str, int]:
    """Write a backup of the database; rows per table."""
    store = Store(settings.database)
    schema.require_current(store)
    return backups.backup(store, path, now, progress)


def bring_back(settings: AppSettings, path: Path, progress: Progress) -> Mapping[str, int]:
    """Restore a backup into an empty database; rows per table."""
    return backups.restore(Store(settings.database), path, progress)


def upgrade(settings: AppSettings) -> tuple[str | None, str]:
    """Bring the database to this version's schema; revisions before and after."""
    return schema.upgrade(Store(settings.database))
