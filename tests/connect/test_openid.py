"""What a provider says is believed only when it is proved: each point of a token and of its document told otherwise, over real sockets."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import ECKey, OKPKey

from metes.base.errors import InputError
from metes.connect.gate import OutgoingRefused
from metes.connect.openid import Answer, OpenIdProvider, ProviderIdentity, Question
from metes.connect.openid_tokens import ProviderFault, keys_of
from metes.connect.outgoing import OutgoingFailed
from metes.connect.provider_settings import ProviderAccess, provider_access
from tests.conftest import NOW
from tests.connect.conftest import Clock
from tests.connect.known import SECRET
from tests.connect.providers import Lie, LyingProvider, key_named

AT = int(NOW.timestamp())
BASE = "https://metes.example.com"
QUESTION = Question("s" * 43, "n" * 43, "v" * 43)


def before(liar: LyingProvider, **words: str) -> OpenIdProvider:
    """Metes before a provider."""
    return OpenIdProvider(provider_access(liar.words(**words)).settings(BASE))


def arrived(liar: LyingProvider, clock: Clock, *, at: OpenIdProvider | None = None) -> ProviderIdentity:
    """Who comes back from a sign-in there."""
    provider = at or before(liar)
    back = parse_qs(urlsplit(liar.signed_in(provider.question_address(QUESTION, clock()))).query)
    return provider.identity(Answer(back["code"][0]), QUESTION, clock())


def test_the_question_holds_what_the_provider_must_know_and_no_secret(liar: LyingProvider, clock: Clock) -> None:
    address = before(liar, METES_OIDC_SCOPES="groups, email").question_address(QUESTION, clock())
    asked = {name: value[0] for name, value in parse_qs(urlsplit(address).query).items()}
    assert asked == {
        "response_type": "code",
        "client_id": "metes",
        "redirect_uri": f"{BASE}/sign-in/back",
        "scope": "openid groups email",
        "state": QUESTION.state,
        "nonce": QUESTION.nonce,
        "code_challenge": base64.urlsafe_b64encode(hashlib.sha256(QUESTION.verifier.encode()).digest()).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }


def test_what_is_known_is_asked_once_an_hour(liar: LyingProvider, clock: Clock) -> None:
    provider = before(liar)
    for _ in range(2):
        assert arrived(liar, clock, at=provider).subject == "s-1"
    assert [liar.asked.count(path) for path in ("/.well-known/openid-configuration", "/jwks", "/token")] == [1, 1, 2]
    clock.move(hours=1)
    arrived(liar, clock, at=provider)
    assert liar.asked.count("/.well-known/openid-configuration") == 2


def test_a_provider_that_does_not_answer_is_not_asked_again_at_once(liar: LyingProvider, clock: Clock) -> None:
    provider = before(liar)
    liar.lie = Lie(redirects={"/.well-known/openid-configuration": "/elsewhere"})
    for _ in range(3):
        with pytest.raises(ProviderFault, match="status 302"):
            provider.metadata(clock())
    assert len(liar.asked) == 1
    liar.lie = Lie()
    clock.move(seconds=5)
    assert provider.metadata(clock()).token == f"{liar.issuer}/token"


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"iss": "https://evil.example"}, "iss"),
        ({"iss": None}, "iss"),
        ({"aud": "another client"}, "aud"),
        ({"aud": []}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": ["metes", "another client"]}, "azp"),
        ({"aud": ["metes", "another client"], "azp": "another client"}, "azp"),
        ({"azp": "another client"}, "azp"),
        ({"exp": AT - 61}, "expired"),
        ({"exp": None}, "exp"),
        ({"exp": "tomorrow"}, "exp"),
        ({"iat": AT - 901, "exp": AT + 300}, "made before this sign-in"),
        ({"iat": AT + 120}, "iat|issued"),
        ({"iat": None}, "iat"),
        ({"nbf": AT + 120}, "nbf|not valid"),
        ({"nonce": "of another sign-in"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "names nobody"),
        ({"sub": 7}, "sub"),
        ({"sub": "x" * 256}, "names nobody"),
        ({"sub": "a\nb"}, "names nobody"),
        ({"at_hash": "of-another-token"}, "at_hash"),
    ],
    ids=str,
)
def test_a_token_that_says_something_else_than_it_must_is_not_believed(
    liar: LyingProvider, clock: Clock, claims: dict[str, Any], said: str
) -> None:
    liar.lie = Lie(claims=claims)
    with pytest.raises(ProviderFault, match=said):
        arrived(liar, clock)


@pytest.mark.parametrize(
    "claims", [{"exp": AT - 59}, {"iat": AT + 59}, {"aud": ["metes"]}, {"aud": ["metes", "x"], "azp": "metes"}], ids=str
)
def test_a_token_within_what_clocks_differ_by_is_believed(liar: LyingProvider, clock: Clock, claims: dict[str, Any]) -> None:
    liar.lie = Lie(claims=claims)
    assert arrived(liar, clock).subject == "s-1"


@pytest.mark.parametrize(
    ("claims", "is_strong"),
    [
        ({"acr": "gold"}, True),
        ({"amr": ["pwd", "mfa"]}, True),
        ({"acr": "0", "amr": ["mfa"]}, True),
        ({"acr": "silver", "amr": ["pwd"]}, False),
        ({"acr": ["gold"]}, False),
        ({"amr": "mfa"}, False),
        ({}, False),
    ],
    ids=str,
)
def test_a_sign_in_counts_only_where_it_was_as_strong_as_is_asked_for(
    liar: LyingProvider, clock: Clock, claims: dict[str, Any], is_strong: bool
) -> None:
    strict = before(liar, METES_OIDC_STRENGTH="gold mfa")
    assert parse_qs(urlsplit(strict.question_address(QUESTION, clock())).query)["acr_values"] == ["gold mfa"]
    # What the user info says of it is not signed, and does not count.
    liar.lie = Lie(claims=claims, user_info={"sub": "s-1", "acr": "gold"})
    if is_strong:
        assert arrived(liar, clock, at=strict).subject == "s-1"
    else:
        with pytest.raises(ProviderFault):
            arrived(liar, clock, at=strict)


@pytest.mark.parametrize(
    ("algorithm", "make"),
    [
        ("RS256", lambda: key_named("k")),
        ("PS384", lambda: key_named("k")),
        ("ES256", lambda: ECKey.generate_key("P-256", parameters={"kid": "k"})),
        ("ES512", lambda: ECKey.generate_key("P-521", parameters={"kid": "k"})),
        ("Ed25519", lambda: OKPKey.generate_key("Ed25519", parameters={"kid": "k"})),
    ],
)
def test_every_method_that_only_the_provider_can_use_is_taken(
    liar: LyingProvider, clock: Clock, algorithm: str, make: Callable[[], Any]
) -> None:
    liar.key = make()
    liar.lie = Lie(header={"alg": algorithm}, metadata={"id_token_signing_alg_values_supported": [algorithm]})
    assert arrived(liar, clock).subject == "s-1"


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _unsigned(token: str) -> str:
    return f"{_text(json.dumps({'alg': 'none', 'kid': 'first'}).encode())}.{token.split('.')[1]}."


def _edited(token: str) -> str:
    head, body, seal = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    return f"{head}.{_text(json.dumps({**claims, 'sub': 'somebody else'}).encode())}.{seal}"


@pytest.mark.parametrize(
    "change",
    [
        _unsigned,
        _edited,
        lambda _: "",
        lambda _: "a.b.c",
        lambda token: token + "x" * 70_000,
        lambda token: token.rsplit(".", 1)[0] + ".",
        lambda token: token.rsplit(".", 1)[0],
        lambda token: token + ".b.c",
    ],
)
def test_a_token_without_the_providers_signature_is_not_believed(
    liar: LyingProvider, clock: Clock, change: Callable[[str], str]
) -> None:
    liar.lie = Lie(change_token=change, metadata={"id_token_signing_alg_values_supported": ["none", "HS256", "RS256"]})
    with pytest.raises(ProviderFault):
        arrived(liar, clock)


@pytest.mark.parametrize("secret", ["the public key", "the client's secret", "nothing"])
def test_a_token_sealed_with_what_others_know_too_is_not_believed(liar: LyingProvider, clock: Clock, secret: str) -> None:
    known = {"the public key": liar.key.as_pem(private=False), "the client's secret": SECRET.encode(), "nothing": b""}[secret]

    def sealed(token: str) -> str:
        content = f"{_text(json.dumps({'alg': 'HS256', 'kid': 'first'}).encode())}.{token.split('.')[1]}"
        return f"{content}.{_text(hmac.digest(known, content.encode(), 'sha256'))}"

    liar.lie = Lie(change_token=sealed, metadata={"id_token_signing_alg_values_supported": ["HS256", "RS256"]})
    with pytest.raises(ProviderFault, match=r"[Aa]lgorithm"):
        arrived(liar, clock)


def test_a_key_that_the_token_brings_along_is_not_used(liar: LyingProvider, clock: Clock) -> None:
    evil = key_named("first")
    for more in ({"jwk": evil.as_dict(private=False)}, {"jku": f"{liar.issuer}/evil"}, {"x5u": f"{liar.issuer}/evil"}, {}):
        liar.lie = Lie(header=more, key=evil)
        with pytest.raises(ProviderFault):
            arrived(liar, clock)
    assert "/evil" not in liar.asked


def test_keys_that_cannot_check_a_signature_are_passed_over() -> None:
    good = key_named("good").as_dict(private=False)
    weak = {"kty": "RSA", "kid": "weak", "e": "AQAB", "n": _text(b"\xc1" * 128)}
    found = keys_of({"keys": [{"kty": "oct", "k": "c2VjcmV0"}, {**good, "use": "enc"}, weak, {"kty": "RSA"}, "no key", {}, good]})
    assert [key.kid for key in found.keys] == ["good"]
    for nothing in ({"keys": [weak]}, {"keys": {}}, {}, [], None):
        with pytest.raises(ProviderFault, match="hold none"):
            keys_of(nothing)


@pytest.mark.parametrize(
    "metadata",
    [
        {"token_endpoint": "http://127.0.0.1:1/token"},
        {"token_endpoint": "https://127.0.0.1:1/token"},
        {"token_endpoint": "https://169.254.169.254/latest/meta-data"},
        {"token_endpoint": "https://name:word@idp.example/token"},
        {"jwks_uri": "http://[::1]:1/jwks"},
        {"jwks_uri": "https://2130706433/jwks"},
        {"userinfo_endpoint": "https://10.0.0.1/userinfo"},
        {"token_endpoint": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "http://evil.example/"},
        {"end_session_endpoint": "javascript:alert(1)"},
        {"issuer": "https://evil.example"},
        {"token_endpoint": None},
        {"jwks_uri": 7},
        {"id_token_signing_alg_values_supported": ["none", "HS256"]},
    ],
    ids=str,
)
def test_a_provider_that_names_what_must_not_be_asked_is_not_used(
    liar: LyingProvider, clock: Clock, metadata: dict[str, Any]
) -> None:
    liar.lie = Lie(metadata=metadata)
    with pytest.raises((ProviderFault, OutgoingRefused, OutgoingFailed)):
        arrived(liar, clock)


@pytest.mark.parametrize(
    ("offered", "method"),
    [
        (None, "client_secret_basic"),
        (["client_secret_post"], "client_secret_post"),
        (["client_secret_post", "client_secret_basic"], "client_secret_basic"),
    ],
)
def test_the_secret_goes_the_way_the_provider_takes_it(liar: LyingProvider, clock: Clock, offered: Any, method: str) -> None:
    liar.lie = Lie(metadata={"token_endpoint_auth_methods_supported": offered})
    assert before(liar).metadata(clock()).auth_method == method
    assert before(liar, METES_OIDC_CLIENT_SECRET="").metadata(clock()).auth_method == "none"


def test_what_the_token_leaves_out_comes_from_the_user_info_of_the_same_subject(liar: LyingProvider, clock: Clock) -> None:
    liar.claims = {"sub": "s-1"}
    more = {"email": "ann@example.com", "email_verified": True, "groups": ["a", "b"], "preferred_username": "ann"}
    liar.lie = Lie(user_info={"sub": "s-1", **more})
    found = arrived(liar, clock, at=before(liar, METES_OIDC_GROUPS_CLAIM="groups"))
    assert found == ProviderIdentity(liar.issuer, "s-1", "ann", "ann@example.com", frozenset({"a", "b"}))
    liar.lie = Lie(user_info={"sub": "s-2", **more})
    with pytest.raises(ProviderFault, match="somebody else than it signed for"):
        arrived(liar, clock)


def test_the_token_is_enough_where_it_says_all(liar: LyingProvider, clock: Clock) -> None:
    liar.claims = {"sub": "s-1", "email": "ann@example.com", "preferred_username": "ann", "roles": {"of": ["a"]}}
    found = arrived(liar, clock, at=before(liar, METES_OIDC_GROUPS_CLAIM="roles.of"))
    assert (found.groups, found.email) == (frozenset({"a"}), "")
    assert "/userinfo" not in liar.asked


@pytest.mark.parametrize("groups", [7, {"a": 1}, [["a"]], [""], None])
def test_a_claim_of_another_form_holds_no_group(liar: LyingProvider, clock: Clock, groups: Any) -> None:
    liar.claims = {"sub": "s-1", "groups": groups}
    assert arrived(liar, clock, at=before(liar, METES_OIDC_GROUPS_CLAIM="groups")).groups == frozenset()


def test_every_wrong_word_is_named_at_once_and_no_secret() -> None:
    words = {
        "METES_OIDC_ISSUER": "sso.example.com",
        "METES_OIDC_PROVISION": "groups",
        "METES_OIDC_LINK": "name",
        "METES_OIDC_CLIENT_SECRET": "hush",
    }
    with pytest.raises(InputError) as wrong:
        provider_access(words).settings("")
    assert {finding.place.subject for finding in wrong.value.findings} == {
        "METES_OIDC_ISSUER", "METES_OIDC_CLIENT_ID", "METES_OIDC_GROUPS_CLAIM", "METES_OIDC_LINK", "base_url",
    }  # fmt: skip
    assert "hush" not in str(wrong.value) + repr(provider_access(words)) + repr(ProviderAccess(words))
