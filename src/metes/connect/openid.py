"""A provider of OpenID Connect: where it lets people sign in, and who somebody is who comes back from there.

The authorization-code flow with PKCE (OpenID Connect Core 1.0, sections 3.1 and 3.1.3.7; RFC 7636; RFC 9207).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from joserfc.jwk import KeySet

from metes.base.errors import MetesError
from metes.connect.openid_tokens import (
    ALGORITHMS,
    FRESH_SECONDS,
    Expected,
    ProviderFault,
    UnknownKey,
    checked_claims,
    keys_of,
    proved_at,
    require_fresh,
    require_strength,
)
from metes.connect.outgoing import Outgoing, understood
from metes.connect.provider_settings import ProviderSettings
from metes.model.notices import is_mail_address

KEPT = timedelta(hours=1)
# For so long a provider that did not answer is not asked again: those who wait for it would wait one after the other.
FAILURE_KEPT = timedelta(seconds=5)
# How soon keys are read again when a token is signed with one that is not among them.
KEYS_AGAIN = timedelta(seconds=10)
LONGEST_CODE = 4096
MOST_GROUPS = 1000
_OF_THE_SIGN_IN = ("auth_time", "acr", "amr")
_CODE = re.compile(r"[\x21-\x7e]+")
_ERROR = re.compile(r"[a-z_]{1,60}")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a provider tells of itself; empty for what it does not offer."""

    authorize: str
    token: str
    keys: str
    user_info: str
    end_session: str
    algorithms: tuple[str, ...]
    auth_method: str
    tells_issuer: bool


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the provider for one sign-in: three secrets, each made for it alone.

    With `is_fresh` people have to prove who they are at the provider even if they are signed in there.
    """

    state: str
    nonce: str
    verifier: str
    is_fresh: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser brings back from the provider."""

    code: str = ""
    error: str = ""
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class ProviderIdentity:
    """Who somebody is at a provider. `email` is only what it has verified; `groups` is None where it was not asked for them.

    `proved_at` is when they proved there who they are, where it says so.
    """

    issuer: str
    subject: str
    username: str = ""
    email: str = ""
    groups: frozenset[str] | None = None
    proved_at: datetime | None = None


class OpenIdProvider:
    """One provider; what it tells of itself is kept for an hour, and its keys until one is missing."""

    def __init__(self, settings: ProviderSettings) -> None:
        self.settings = settings
        self._outgoing = Outgoing(settings.gate, authority=settings.authority)
        self._lock = threading.Lock()
        self._metadata: tuple[Metadata, datetime] | None = None
        self._failed: tuple[str, datetime] | None = None
        self._keys: tuple[KeySet, datetime] | None = None

    def metadata(self, now: datetime) -> Metadata:
        """What the provider tells of itself; ProviderFault, OutgoingRefused or OutgoingFailed where it cannot be had."""
        with self._lock:
            if self._metadata is not None and timedelta(0) <= now - self._metadata[1] < KEPT:
                return self._metadata[0]
            if self._failed is not None and timedelta(0) <= now - self._failed[1] < FAILURE_KEPT:
                raise ProviderFault(self._failed[0])
            try:
                self._metadata = self._read_metadata(), now
            except MetesError as error:
                self._failed = str(error), now
                raise
            return self._metadata[0]

    def keys(self, now: datetime, *, anew: bool = False) -> KeySet:
        """The provider's public keys; with `anew` read again, unless they were just now."""
        address = self.metadata(now).keys
        with self._lock:
            kept = KEYS_AGAIN if anew else KEPT
            if self._keys is None or not timedelta(0) <= now - self._keys[1] < kept:
                self._keys = keys_of(self._document(address)), now
            return self._keys[0]

    def question_address(self, question: Question, now: datetime) -> str:
        """Where a browser goes to be asked who it is."""
        address = self.metadata(now).authorize
        more = {"acr_values": " ".join(self.settings.strengths)} if self.settings.strengths else {}
        if question.is_fresh:  # the second word makes it say when that was
            more |= {"prompt": "login", "max_age": str(FRESH_SECONDS)}
        with self._client("none") as client:
            url, _state = client.create_authorization_url(
                address, state=question.state, code_verifier=question.verifier, nonce=question.nonce, **more
            )
        return str(url)

    def identity(self, answer: Answer, question: Question, now: datetime) -> ProviderIdentity:
        """Who somebody is who came back with an answer to a question; ProviderFault where it cannot be believed.

        TooWeak where they signed in there less strongly than is asked for.
        """
        metadata = self.metadata(now)
        self._require_own(answer, metadata)
        tokens = self._tokens(answer.code, question.verifier, metadata)
        access = str(tokens.get("access_token") or "")
        expected = Expected(self.settings.issuer, self.settings.client_id, question.nonce, access)
        claims = self._claims(str(tokens.get("id_token") or ""), expected, metadata, now)
        require_strength(claims, self.settings.strengths)
        if question.is_fresh:
            require_fresh(claims, now)
        if self._lacks(claims) and metadata.user_info and access:
            claims = _together(claims, self._user_info(metadata.user_info, access, claims["sub"]))
        return identity_of(claims, self.settings)

    def end_session_address(self, now: datetime) -> str:
        """Where a browser ends its session at the provider too, and comes back to the sign-in page; empty where there is no such place."""
        address = self.metadata(now).end_session
        if not address:
            return ""
        back = self.settings.redirect.removesuffix("/back")
        words = {"client_id": self.settings.client_id, "post_logout_redirect_uri": back}
        return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(words)}"

    def _require_own(self, answer: Answer, metadata: Metadata) -> None:
        """ProviderFault unless the answer is this provider's and holds a code."""
        if answer.issuer and answer.issuer != self.settings.issuer:
            raise ProviderFault("the answer comes from another provider")
        if metadata.tells_issuer and not answer.issuer:
            raise ProviderFault("the answer does not say from which provider it comes")
        if answer.error:
            raise ProviderFault(f"the provider says: {_named(answer.error)}")
        if len(answer.code) > LONGEST_CODE or not _CODE.fullmatch(answer.code):
            raise ProviderFault("the answer holds no code")

    def _tokens(self, code: str, verifier: str, metadata: Metadata) -> Mapping[str, Any]:
        """What the provider gives for a code."""
        try:
            with self._client(metadata.auth_method) as client, understood():
                answer = client.fetch_token(metadata.token, grant_type="authorization_code", code=code, code_verifier=verifier)
        except AuthlibBaseError as error:
            raise ProviderFault(f"the provider refused the code: {_named(str(error.error))}") from None
        except ValueError:
            raise ProviderFault("the provider's answer to the code is no JSON object") from None
        return dict(answer)

    def _claims(self, token: str, expected: Expected, metadata: Metadata, now: datetime) -> Mapping[str, Any]:
        if not token:
            raise ProviderFault("the provider gave no token that says who it is; is 'openid' among the scopes?")
        try:
            return checked_claims(token, self.keys(now), expected, now, metadata.algorithms)
        except UnknownKey:
            return checked_claims(token, self.keys(now, anew=True), expected, now, metadata.algorithms)

    def _lacks(self, claims: Mapping[str, Any]) -> bool:
        """Whether the token leaves out something that is of use here."""
        wants_groups = bool(self.settings.groups_claim) and _at(claims, self.settings.groups_claim) is None
        return wants_groups or "email" not in claims or "preferred_username" not in claims

    def _user_info(self, address: str, access: str, subject: str) -> Mapping[str, Any]:
        found = self._document(address, {"authorization": f"Bearer {access}"})
        if not isinstance(found, dict) or found.get("sub") != subject:
            raise ProviderFault("the provider tells of somebody else than it signed for")
        return found

    def _read_metadata(self) -> Metadata:
        issuer = self.settings.issuer
        found = self._document(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if not isinstance(found, dict):
            raise ProviderFault("the provider tells nothing of itself that can be read")
        if found.get("issuer") != issuer:
            said = str(found.get("issuer"))[:200]
            raise ProviderFault(f"the provider calls itself {said!r}; METES_OIDC_ISSUER must be the same, to the last slash")
        offered = found.get("id_token_signing_alg_values_supported")
        algorithms = tuple(name for name in ALGORITHMS if not isinstance(offered, list) or name in offered)
        if not algorithms:
            raise ProviderFault(f"the provider signs with none of {', '.join(ALGORITHMS)}")
        return Metadata(
            authorize=self._address(found, "authorization_endpoint", is_needed=True),
            token=self._address(found, "token_endpoint", is_needed=True),
            keys=self._address(found, "jwks_uri", is_needed=True),
            user_info=self._address(found, "userinfo_endpoint"),
            end_session=self._address(found, "end_session_endpoint"),
            algorithms=algorithms,
            auth_method=self._auth_method(found.get("token_endpoint_auth_methods_supported")),
            tells_issuer=found.get("authorization_response_iss_parameter_supported") is True,
        )

    def _address(self, found: Mapping[str, Any], name: str, *, is_needed: bool = False) -> str:
        """An address of the provider's; one that must not be asked is refused here, also where it is the browser that goes there."""
        value = found.get(name)
        if value is None and not is_needed:
            return ""
        if not isinstance(value, str) or not value.isprintable() or " " in value:
            raise ProviderFault(f"the provider names no {name}")
        self.settings.gate.require_url(value)
        return value

    def _auth_method(self, offered: Any) -> str:
        if not self.settings.client_secret:
            return "none"
        is_posted = isinstance(offered, list) and "client_secret_basic" not in offered and "client_secret_post" in offered
        return "client_secret_post" if is_posted else "client_secret_basic"

    def _document(self, address: str, headers: Mapping[str, str] | None = None) -> Any:
        """A JSON document."""
        with self._outgoing.client() as client, understood():
            answer = client.get(address, headers={"accept": "application/json", **(headers or {})})
        where = urlsplit(address)
        if answer.status_code != 200:
            raise ProviderFault(f"{where.netloc}{where.path} answers with the status {answer.status_code}, not 200")
        try:
            return answer.json()
        except ValueError:
            raise ProviderFault(f"{where.netloc}{where.path} answers with something else than JSON") from None

    def _client(self, auth_method: str) -> Any:
        return OAuth2Client(  # type: ignore[no-untyped-call]
            client_id=self.settings.client_id,
            client_secret=self.settings.client_secret or None,
            token_endpoint_auth_method=auth_method,
            scope=self.settings.scopes,
            redirect_uri=self.settings.redirect,
            code_challenge_method="S256",
            **self._outgoing.client_arguments(),
        )


def _together(signed: Mapping[str, Any], told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Claims of both, those signed first; whether an address is verified counts for the address beside it alone, and only what is signed says
    when and how somebody proved who they are."""
    if "email" not in signed:
        signed = {name: value for name, value in signed.items() if name != "email_verified"}
    left_out = _OF_THE_SIGN_IN if "email" not in signed else (*_OF_THE_SIGN_IN, "email_verified")
    return {**{name: value for name, value in told.items() if name not in left_out}, **signed}


def identity_of(claims: Mapping[str, Any], settings: ProviderSettings) -> ProviderIdentity:
    """Who somebody is by the claims of a provider."""
    email = claims.get("email")
    word = claims.get("email_verified")
    # Some write the word; a number is neither.
    is_verified = (word is True or word == "true") and isinstance(email, str) and is_mail_address(email)
    name = claims.get("preferred_username") or email or ""
    return ProviderIdentity(
        issuer=settings.issuer,
        subject=claims["sub"],
        username=name if isinstance(name, str) else "",
        email=str(email) if is_verified else "",
        groups=_groups(claims, settings.groups_claim),
        proved_at=proved_at(claims),
    )


def _groups(claims: Mapping[str, Any], name: str) -> frozenset[str] | None:
    """The groups of a claim; ProviderFault where the provider left them out for being too many, which would take rights away."""
    if not name:
        return None
    elsewhere = claims.get("_claim_names")
    found = _at(claims, name)
    if found is None and isinstance(elsewhere, dict) and name in elsewhere:
        raise ProviderFault(
            f"the provider leaves out the claim {name}, there being too many groups; let it send those alone that matter"
        )
    names = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    if len(names) > MOST_GROUPS:
        raise ProviderFault(f"the claim {name} holds more than {MOST_GROUPS} groups")
    return frozenset(one for one in names if isinstance(one, str) and one)


def _at(claims: Mapping[str, Any], name: str) -> Any:
    """The value of a claim, or of one inside another (`realm_access.roles`)."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _named(error: str) -> str:
    """The code of an error as the standard has them; anything else could be anybody's text."""
    return error if _ERROR.fullmatch(error) else "an error without a name"
