"""What was said of the company's sign-in: a provider of OpenID Connect, and whom it lets in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from metes.base.errors import InputError
from metes.base.findings import Finding, Place, Severity
from metes.connect.gate import Gate, gate_of

BACK = "/sign-in/back"
DEFAULT_SCOPES = "openid profile email"
VARIABLES = (
    "METES_OIDC_ISSUER", "METES_OIDC_CLIENT_ID", "METES_OIDC_CLIENT_SECRET", "METES_OIDC_CLIENT_SECRET_FILE", "METES_OIDC_NAME",
    "METES_OIDC_SCOPES", "METES_OIDC_GROUPS_CLAIM", "METES_OIDC_PROVISION", "METES_OIDC_LINK", "METES_OIDC_PERSON",
    "METES_OIDC_SESSION_HOURS", "METES_OIDC_CA_FILE", "METES_OIDC_STRENGTH", "METES_ALLOW_HOSTS",
)  # fmt: skip
SESSION_HOURS = 24
LONGEST_SESSION_HOURS = 14 * 24


class Provision(StrEnum):
    """Who gets a user at the first sign-in: nobody, everybody, or whoever is in a group that is known here."""

    NO = "no"
    YES = "yes"
    GROUPS = "groups"


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """A provider, what it is asked for, and what follows from its answer.

    `links_email` takes who comes with the verified e-mail address of a user for that user, `links_person` for the person of the roster
    with it. A session begun there ends after `session_hours`. Where `strengths` are named, a sign-in counts only if it was of one of them.
    """

    issuer: str
    client_id: str
    redirect: str
    client_secret: str = field(default="", repr=False)
    name: str = "single sign-on"
    scopes: str = DEFAULT_SCOPES
    groups_claim: str = ""
    provision: Provision = Provision.NO
    links_email: bool = False
    links_person: bool = False
    session_hours: int = SESSION_HOURS
    strengths: tuple[str, ...] = ()
    gate: Gate = field(default_factory=Gate)
    authority: Path | None = None


@dataclass(frozen=True, slots=True)
class ProviderAccess:
    """The words of the environment; read when somebody signs in, so that a wrong one hinders nothing else."""

    words: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def is_named(self) -> bool:
        """Whether there is a provider."""
        return bool(self.word("METES_OIDC_ISSUER"))

    @property
    def name(self) -> str:
        """What people call the provider."""
        return self.word("METES_OIDC_NAME")[:60] or "single sign-on"

    def settings(self, base_url: str) -> ProviderSettings:
        """What was said, checked; `base_url` is where people open Metes. InputError names everything that is missing or wrong."""
        if not self.is_named:
            raise InputError("there is no single sign-on; name a provider in METES_OIDC_ISSUER, then start Metes again")
        faults: list[Finding] = []
        read = _Words(self, faults)
        made = ProviderSettings(
            issuer=read.issuer(),
            client_id=read.required("METES_OIDC_CLIENT_ID", "the id under which the provider knows Metes"),
            redirect=f"{read.base(base_url)}{BACK}",
            client_secret=read.secret(),
            name=self.name,
            scopes=read.scopes(),
            groups_claim=self.word("METES_OIDC_GROUPS_CLAIM"),
            provision=Provision(read.one_of("METES_OIDC_PROVISION", tuple(Provision), "no")),
            links_email=read.one_of("METES_OIDC_LINK", ("no", "email"), "no") == "email",
            links_person=read.one_of("METES_OIDC_PERSON", ("no", "yes"), "no") == "yes",
            session_hours=read.hours(),
            strengths=tuple(self.word("METES_OIDC_STRENGTH").split()),
            gate=read.gate(),
            authority=read.authority(),
        )
        if made.provision is Provision.GROUPS and not made.groups_claim:
            read.fault(
                "METES_OIDC_GROUPS_CLAIM", "expected the claim that holds a user's groups, as METES_OIDC_PROVISION=groups asks"
            )
        if faults:
            told = "; ".join(f"{fault.place.subject}: {fault.message}" for fault in faults)
            raise InputError(f"single sign-on: {told}", faults)
        return made

    def word(self, name: str) -> str:
        """One word, empty where nothing was said."""
        return self.words.get(name, "").strip()


def provider_access(environment: Mapping[str, str]) -> ProviderAccess:
    """What an environment says of the provider and of where requests may go."""
    return ProviderAccess({name: environment[name] for name in VARIABLES if name in environment})


class _Words:
    """Reads the words of the environment, gathering what is wrong with them."""

    def __init__(self, access: ProviderAccess, faults: list[Finding]) -> None:
        self._access, self._faults = access, faults

    def fault(self, name: str, text: str) -> None:
        """Note that a word is wrong."""
        self._faults.append(
            Finding("single-sign-on", Severity.ERROR, text, Place(subject=name), "", "mend it, then start Metes again")
        )

    def required(self, name: str, what: str) -> str:
        """A word that must be there."""
        word = self._access.word(name)
        if not word:
            self.fault(name, f"expected {what}, found nothing")
        return word

    def one_of(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        """A word of few."""
        word = self._access.word(name).lower() or default
        if word not in allowed:
            self.fault(name, f"expected {', '.join(allowed[:-1])} or {allowed[-1]}, got {word[:40]!r}")
            return default
        return word

    def issuer(self) -> str:
        """The provider's address, as it names itself."""
        word = self._access.word("METES_OIDC_ISSUER")
        parts = urlsplit(word)
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
            self.fault("METES_OIDC_ISSUER", f"expected an address such as https://sso.example.com, got {word[:100]!r}")
        return word

    def base(self, base_url: str) -> str:
        """Where people open Metes: the provider sends them back there."""
        if not base_url:
            self.fault(
                "base_url", "expected where people open Metes; 'metes config set base_url https://metes.example.com' says it"
            )
        return base_url

    def secret(self) -> str:
        """The secret that Metes shares with the provider; empty for a client that has none."""
        file = self._access.word("METES_OIDC_CLIENT_SECRET_FILE")
        if not file:
            return self._access.word("METES_OIDC_CLIENT_SECRET")
        try:
            lines = Path(file).read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            self.fault("METES_OIDC_CLIENT_SECRET_FILE", f"cannot read {file}: {why}")
            return ""
        return lines[0].strip() if lines else ""

    def scopes(self) -> str:
        """What the provider is asked for; `openid` is what makes it tell who somebody is."""
        words = (self._access.word("METES_OIDC_SCOPES") or DEFAULT_SCOPES).replace(",", " ").split()
        return " ".join(dict.fromkeys(("openid", *words)))

    def hours(self) -> int:
        """For how long a session lasts that began at the provider."""
        word = self._access.word("METES_OIDC_SESSION_HOURS") or str(SESSION_HOURS)
        if not (word.isascii() and word.isdecimal() and len(word) < 4 and 1 <= int(word) <= LONGEST_SESSION_HOURS):
            self.fault(
                "METES_OIDC_SESSION_HOURS", f"expected a number of hours from 1 to {LONGEST_SESSION_HOURS}, got {word[:20]!r}"
            )
            return SESSION_HOURS
        return int(word)

    def gate(self) -> Gate:
        """Where requests may go beside the public network."""
        try:
            return gate_of(self._access.word("METES_ALLOW_HOSTS"))
        except InputError as error:
            self._faults.extend(error.findings)
            return Gate()

    def authority(self) -> Path | None:
        """Certificates to trust beside the system's."""
        word = self._access.word("METES_OIDC_CA_FILE")
        if word and not Path(word).is_file():
            self.fault("METES_OIDC_CA_FILE", f"expected a file of certificates, but there is no {word!r}")
        return Path(word) if word else None
