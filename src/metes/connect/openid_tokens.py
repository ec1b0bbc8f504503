"""Checks what a provider says of somebody: a token that it signed, for us, now, in answer to our question."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jws
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet

from metes.base.errors import MetesError

# Signed with a key that only the provider has. A token "signed" with nothing, or with a secret that others may know (of which the
# provider's public key is one), is no token.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519")
LEEWAY_SECONDS = 60
# Made for this sign-in, not kept from an older one.
OLDEST_SECONDS = 900
# Whoever was asked to prove who they are did so within this time.
FRESH_SECONDS = 300
LONGEST_TOKEN = 64 * 1024
LONGEST_SUBJECT = 255
_SMALLEST_RSA = 2048
# What a provider should never publish; it would be kept in memory for nothing.
_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
_KEY_TYPES = ("RSA", "EC", "OKP")


class ProviderFault(MetesError):
    """The provider does not answer, or answers what cannot be believed; the text is for whoever runs the server."""

    code = "provider"


class UnknownKey(ProviderFault):
    """A token is signed with a key that the provider had not told of when its keys were last read."""


class TooWeak(ProviderFault):
    """Somebody signed in at the provider, but not as strongly as is asked for here."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must say: from whom, for whom, in answer to which question."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str = ""


def keys_of(document: Any) -> KeySet:
    """The public keys of a provider's document that can check a signature; others are passed over. ProviderFault where none is left."""
    entries = document.get("keys") if isinstance(document, dict) else None
    keys: list[Key] = []
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and _is_fit(entry):
            with suppress(JoseError, ValueError, TypeError, KeyError):
                keys.append(JWKRegistry.import_key({name: value for name, value in entry.items() if name not in _PRIVATE}))
    if not keys:
        raise ProviderFault("the provider's keys hold none that can check a signature")
    return KeySet(keys)


def _is_fit(entry: Mapping[str, Any]) -> bool:
    """Whether a key is one for signatures, and not so short that somebody else may have found its other half."""
    if entry.get("kty") not in _KEY_TYPES or entry.get("use", "sig") != "sig":
        return False
    return entry["kty"] != "RSA" or len(str(entry.get("n", ""))) * 6 >= _SMALLEST_RSA


def checked_claims(
    token: str, keys: KeySet, expected: Expected, now: datetime, algorithms: Collection[str] = ALGORITHMS
) -> Mapping[str, Any]:
    """What a token says, after its signature, sender, receiver, age and nonce were checked.

    ProviderFault says what is wrong with it, UnknownKey that its key is not among these.
    """
    if len(token) > LONGEST_TOKEN:
        raise ProviderFault("the provider's token is longer than any")
    try:
        signed = jws.deserialize_compact(token.encode(), keys, algorithms=list(algorithms))
        claims = json.loads(signed.payload or b"")
        if not isinstance(claims, dict):
            raise ProviderFault("the provider's token holds no claims")
        options: dict[str, Any] = {
            "iss": {"essential": True, "value": expected.issuer},
            "aud": {"essential": True, "value": expected.client_id},
        }
        asked = {"nonce": expected.nonce, "client_id": expected.client_id, "access_token": expected.access_token}
        found = CodeIDToken(claims, signed.headers(), options, asked)
        found.validate(now=int(now.timestamp()), leeway=LEEWAY_SECONDS)  # type: ignore[no-untyped-call]
    except InvalidKeyIdError:
        raise UnknownKey("the provider's token is signed with a key that is not among its keys") from None
    except (JoseError, ValueError, TypeError) as error:
        raise ProviderFault(f"the provider's token is not valid: {_said(error)}") from None
    _require_young(claims, now)
    subject = claims["sub"]
    if not 1 <= len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
        raise ProviderFault("the provider's token names nobody")
    return claims


def proved_at(claims: Mapping[str, Any]) -> datetime | None:
    """When somebody proved to the provider who they are, where it says so."""
    at = claims.get("auth_time")
    if isinstance(at, bool) or not isinstance(at, int | float) or not 0 < at < 2**33:
        return None
    return datetime.fromtimestamp(at, UTC)


def require_fresh(claims: Mapping[str, Any], now: datetime) -> None:
    """ProviderFault unless somebody proved a short while ago who they are, and the provider says so."""
    at = proved_at(claims)
    if at is None or (now - at).total_seconds() > FRESH_SECONDS + LEEWAY_SECONDS:
        raise ProviderFault("the provider does not say that somebody has just proved who they are, as it was asked to see to")


def _require_young(claims: Mapping[str, Any], now: datetime) -> None:
    made = claims["iat"]
    if made < now.timestamp() - OLDEST_SECONDS:
        raise ProviderFault("the provider's token is not valid: it was made before this sign-in")


def _said(error: Exception) -> str:
    """What is wrong, in a line; never what the token holds."""
    if isinstance(error, JoseError):
        return " ".join(str(error.description or error.error).split())[:200]
    return type(error).__name__


def require_strength(claims: Mapping[str, Any], strengths: Collection[str]) -> None:
    """TooWeak unless a sign-in was of one of these strengths (`acr`), or by a means of that name (`amr`); none named, any will do."""
    means = claims.get("amr")
    told = [claims.get("acr"), *(means if isinstance(means, list) else ())]
    if strengths and not any(strength in told for strength in strengths):
        raise TooWeak(f"the sign-in was of none of the strengths {', '.join(strengths)}")
