"""What the process is told from outside, read once: the database and where caches go."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from metes.base.errors import InputError
from metes.connect.mail_server import MailServer, mail_server

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
    """`database` is a URL; `cache_folder` holds Books, which can be made anew at any time; `mail` is how mail leaves."""

    database: str = DEFAULT_DATABASE
    cache_folder: Path | None = None
    mail: MailAccess = MailAccess()

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
    return AppSettings(database or environment.get("METES_DB") or DEFAULT_DATABASE, Path(cache) if cache else None, mail)
