"""What the process is told from outside, read once: the database and where caches go."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from metes.app.signing_access import SigningAccess, signing_access
from metes.base.errors import InputError
from metes.connect.mail_server import MailServer, mail_server
from metes.connect.provider_settings import ProviderAccess, provider_access

DEFAULT_DATABASE = "sqlite:///metes.db"


@dataclass(frozen=True, slots=True)
class MailAccess:
    """What was said of the mail server; read when mail is sent, so that a wrong word of it hinders nothing else."""

    url: str = ""
    password: str = field(default="", repr=False)
    password_file: Path | None = None

    @property
    def is_named(self) -> bool:
        """Whether there is a mail server."""
        return bool(self.url)

    def server(self) -> MailServer:
        """The server with its password; InputError says what is missing or wrong."""
        if not self.url:
            raise InputError("there is no mail server; name one in METES_SMTP_URL, then start Metes again")
        return mail_server(self.url, self._password())

    def _password(self) -> str:
        if self.password_file is None:
            return self.password
        try:
            lines = self.password_file.read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            raise InputError(f"METES_SMTP_PASSWORD_FILE: cannot read {self.password_file}: {why}") from None
        return lines[0] if lines else ""


@dataclass(frozen=True, slots=True)
class AppSettings:
    """`database` is a URL; `cache_folder` holds Books, which can be made anew at any time; `mail` is how mail leaves.

    `hosts` are the names by which people open the server.
    """

    database: str = field(default=DEFAULT_DATABASE, repr=False)
    cache_folder: Path | None = None
    mail: MailAccess = MailAccess()
    hosts: tuple[str, ...] = ()
    # Where anchors of the audit trail are kept: a folder that whoever changes the database cannot write anew.
    anchors: Path | None = None
    signing: SigningAccess = field(default_factory=SigningAccess)
    # The company's sign-in; read when somebody signs in.
    provider: ProviderAccess = field(default_factory=ProviderAccess)

    @property
    def books(self) -> Path:
        """The folder of the Books of this database."""
        if self.cache_folder is not None:
            return self.cache_folder.absolute() / hashlib.sha256(self.database.encode()).hexdigest()[:16]
        if self.database.startswith("sqlite:///"):
            return Path(self.database.removeprefix("sqlite:///") + ".cache").absolute()
        return Path.home() / ".cache" / "metes" / hashlib.sha256(self.database.encode()).hexdigest()[:16]


def settings_from_environment(environment: Mapping[str, str], database: str | None = None) -> AppSettings:
    """The settings: what is named on the command line first, then METES_DB, METES_CACHE and METES_SMTP_URL, then the defaults."""
    cache = environment.get("METES_CACHE")
    password_file = environment.get("METES_SMTP_PASSWORD_FILE")
    mail = MailAccess(
        environment.get("METES_SMTP_URL", "").strip(),
        environment.get("METES_SMTP_PASSWORD", ""),
        Path(password_file) if password_file else None,
    )
    hosts = tuple(name.strip() for name in environment.get("METES_HOSTS", "").split(",") if name.strip())
    named = database or _database_of(environment)
    folder = environment.get("METES_ANCHORS", "").strip()
    anchors = Path(folder).absolute() if folder else None
    signing, provider = signing_access(environment), provider_access(environment)
    return AppSettings(named or DEFAULT_DATABASE, Path(cache) if cache else None, mail, hosts, anchors, signing, provider)


def _database_of(environment: Mapping[str, str]) -> str:
    """The URL of METES_DB, else the first line of the file that METES_DB_FILE names: it may hold a password."""
    file = environment.get("METES_DB_FILE")
    if environment.get("METES_DB") or not file:
        return environment.get("METES_DB", "")
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise InputError(f"METES_DB_FILE: cannot read {file}: {why}") from None
    if not lines or not lines[0].strip():
        raise InputError(f"METES_DB_FILE: expected a database in the first line of {file}, found none")
    return lines[0].strip()
