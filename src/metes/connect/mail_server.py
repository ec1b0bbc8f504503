"""The mail server that was named: where it is, how one signs in, and in whose name mail goes out."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from metes.base.errors import InputError
from metes.model.notices import is_mail_address

TIMEOUT_SECONDS = 20.0
_PORTS = {"smtp": 587, "smtps": 465}
_OPTIONS = ("from", "name", "tls", "ca", "timeout")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class MailServer:
    """`security` is `starttls`, `tls` (from the first byte) or `none`; `authority` a file of certificates to trust beside the system's."""

    host: str
    port: int
    security: str
    sender: str
    sender_name: str = "Metes"
    user: str = ""
    password: str = field(default="", repr=False)
    authority: Path | None = None
    timeout_seconds: float = TIMEOUT_SECONDS

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def domain(self) -> str:
        """The domain that mail comes from."""
        return self.sender.rpartition("@")[2]


def mail_server(url: str, password: str = "") -> MailServer:
    """The server of an address such as `smtp://user@mail.example.com:587?from=metes@example.com`; InputError says what is wrong with it.

    `smtp` means STARTTLS, which is then required, `smtps` means TLS from the first byte. Never shows what was given as a password.
    """
    parts, port = _split(url)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = sorted(options.keys() - set(_OPTIONS))
    if unknown:
        raise _wrong(f"expected the options {', '.join(_OPTIONS)}, got '{unknown[0]}'")
    if parts.password is not None:
        raise _wrong("the password does not belong into the address; put it into METES_SMTP_PASSWORD_FILE")
    sender = options.get("from", "")
    if not is_mail_address(sender):
        raise _wrong(f"expected ?from=ADDRESS in whose name mail goes out, got {sender!r}")
    user, host = unquote(parts.username or ""), parts.hostname or ""
    if bool(user) != bool(password):
        missing = "METES_SMTP_PASSWORD_FILE names no password" if user else "it names no user, though there is a password"
        raise _wrong(f"expected a user and a password, or neither; {missing}")
    security = _security(parts.scheme, options.get("tls", "yes"))
    if security == "none" and password and host not in _LOOPBACK:
        raise _wrong("a password is not sent without encryption to another machine; leave out tls=no")
    return MailServer(
        host, port, security, sender, options.get("name", "Metes"), user, password,
        authority=_authority(options.get("ca")), timeout_seconds=_timeout(options.get("timeout")),
    )  # fmt: skip


def _split(url: str) -> tuple[SplitResult, int]:
    try:
        parts = urlsplit(url.strip())
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise _wrong("expected smtp://USER@HOST:PORT?from=ADDRESS or smtps://…") from None
    if not parts.hostname or parts.path not in ("", "/") or parts.fragment:
        raise _wrong("expected smtp://USER@HOST:PORT?from=ADDRESS, with a host and without a path")
    return parts, port


def _security(scheme: str, tls: str) -> str:
    if tls not in ("yes", "no"):
        raise _wrong(f"expected tls=yes or tls=no, got {tls!r}")
    if scheme == "smtps":
        return "tls"
    return "starttls" if tls == "yes" else "none"


def _authority(name: str | None) -> Path | None:
    if name is None:
        return None
    if not Path(name).is_file():
        raise _wrong(f"expected a file of certificates behind ca=, but there is no {name!r}")
    return Path(name)


def _timeout(text: str | None) -> float:
    if text is None:
        return TIMEOUT_SECONDS
    if not (text.isdecimal() and 1 <= int(text) <= 300):
        raise _wrong(f"expected timeout= of 1 to 300 seconds, got {text!r}")
    return float(text)


def _wrong(what: str) -> InputError:
    return InputError(f"METES_SMTP_URL: {what}")
