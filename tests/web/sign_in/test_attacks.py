"""Attacks on signing in at the company's provider: what comes back from a browser, and what a provider says, is believed only when proved."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from metes.app import provider as provider_verbs
from metes.app.limiting import Limit
from metes.web.pages.sign_in_provider import LEAVING_COOKIE
from tests.conftest import NOW
from tests.connect.providers import Lie, LyingProvider, key_named
from tests.web.sign_in.conftest import Clock, Visitor

AT = int(NOW.timestamp())
YES = {"METES_OIDC_PROVISION": "yes"}


@pytest.fixture
def visitor(before: Callable[..., Visitor], liar: LyingProvider, clock: Clock) -> Visitor:
    """A browser before a workspace that makes a user of whoever can prove who they are."""
    return before(liar, clock, **YES)


def test_without_a_lie_the_visitor_is_let_in(visitor: Visitor) -> None:
    assert visitor.sign_in().status_code == 303
    assert visitor.user.name == "ann"


def test_every_sign_in_asks_with_secrets_of_its_own(visitor: Visitor) -> None:
    asked = [parse_qs(urlsplit(visitor.leave()).query) for _ in range(2)]
    for name in ("state", "nonce", "code_challenge"):
        assert len(asked[0][name][0]) >= 43
        assert asked[0][name] != asked[1][name]
    assert asked[0]["code_challenge_method"] == ["S256"]


def test_an_answer_that_was_used_counts_no_more(visitor: Visitor) -> None:
    address = visitor.provider.signed_in(visitor.leave())
    cookie = visitor.client.cookies[LEAVING_COOKIE]
    assert visitor.back(address).status_code == 303
    visitor.client.cookies.clear()
    visitor.client.cookies.set(LEAVING_COOKIE, cookie, domain="testserver.local", path="/")
    assert "begun in another browser" in visitor.said(visitor.back(address))


def test_an_answer_to_somebody_elses_question_signs_nobody_in(visitor: Visitor) -> None:
    attacker = visitor.other()
    address = attacker.provider.signed_in(attacker.leave())
    assert "begun in another browser" in visitor.said(visitor.back(address))
    visitor.leave()
    assert "begun in another browser" in visitor.said(visitor.back(address))
    assert visitor.workspace.user_list() == ()


@pytest.mark.parametrize("change", ["state=", "state=guessed", "nothing=", "state=%01", "state=%ff"])
def test_a_state_that_was_not_given_out_finds_nothing(visitor: Visitor, change: str) -> None:
    state = parse_qs(urlsplit(visitor.leave()).query)["state"][0]
    assert "begun in another browser" in visitor.said(visitor.client.get(f"/sign-in/back?code=code-0&{change}"))
    assert state not in change


def test_an_answer_that_comes_too_late_counts_no_more(visitor: Visitor, clock: Clock) -> None:
    address = visitor.provider.signed_in(visitor.leave())
    clock.move(minutes=10)
    assert "begun in another browser" in visitor.said(visitor.back(address))


def test_a_code_of_another_browser_is_refused_by_the_verifier(visitor: Visitor) -> None:
    attacker = visitor.other()
    stolen = parse_qs(urlsplit(visitor.provider.signed_in(visitor.leave())).query)["code"][0]
    state = parse_qs(urlsplit(attacker.leave()).query)["state"][0]
    answer = attacker.client.get("/sign-in/back", params={"code": stolen, "state": state})
    assert "did not work" in attacker.said(answer)
    assert "not for readers" not in answer.text
    assert "invalid_grant" not in answer.text


def test_an_answer_of_another_provider_is_refused_before_its_code_is_sent_anywhere(visitor: Visitor) -> None:
    assert "did not work" in visitor.said(visitor.sign_in(iss="https://evil.example"))
    assert "/token" not in visitor.provider.asked


def test_a_provider_that_promises_to_name_itself_must(visitor: Visitor) -> None:
    visitor.provider.lie = Lie(metadata={"authorization_response_iss_parameter_supported": True})
    assert "did not work" in visitor.said(visitor.sign_in())
    assert visitor.sign_in(iss=visitor.provider.issuer).status_code == 303


def test_a_provider_may_change_its_keys(visitor: Visitor, clock: Clock) -> None:
    assert visitor.sign_in().status_code == 303
    second = key_named("second")
    visitor.provider.published = [visitor.provider.key, second]
    clock.move(seconds=11)
    visitor.provider.lie = Lie(header={"kid": "second"}, key=second)
    assert visitor.other().sign_in().status_code == 303
    assert visitor.provider.asked.count("/jwks") == 2
    visitor.provider.lie = Lie(header={"kid": "third"}, key=key_named("third"))
    visitor.other().sign_in()
    assert visitor.provider.asked.count("/jwks") == 2


def test_a_key_that_was_withdrawn_counts_for_an_hour_at_most(visitor: Visitor, clock: Clock) -> None:
    assert visitor.sign_in().status_code == 303
    visitor.provider.published = [key_named("second")]
    clock.move(hours=1)
    other = visitor.other()
    assert "did not work" in other.said(other.sign_in())


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/%0a/evil",
        "\\\\evil.example",
        "evil",
        "/\t/evil.example",
    ],
)
def test_no_sign_in_leads_to_another_site(visitor: Visitor, target: str) -> None:
    answer = visitor.sign_in(target)
    where = answer.headers["location"]
    assert answer.status_code == 303
    assert where.startswith("/")
    assert not where.startswith(("//", "/\\"))
    assert urlsplit(where).netloc == ""


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/jwks", "/userinfo"])
def test_a_provider_that_sends_us_elsewhere_is_not_followed(visitor: Visitor, liar: LyingProvider, path: str) -> None:
    liar.lie = Lie(redirects={path: f"{liar.issuer}/near"})
    answer = visitor.client.get("/sign-in/with-provider")
    if answer.status_code == 303:
        answer = visitor.back(liar.signed_in(answer.headers["location"]))
    assert "did not work" in visitor.said(answer)
    assert "/near" not in liar.asked


def test_a_provider_that_does_not_answer_is_told_without_saying_where_it_is(visitor: Visitor, liar: LyingProvider) -> None:
    liar.lie = Lie(token_answer=(500, "<html>boom at 10.0.0.7</html>"))
    assert "10.0.0.7" not in visitor.said(visitor.sign_in())
    liar.lie = Lie(token_answer=(200, "no JSON"))
    assert "did not work" in visitor.said(visitor.sign_in())


def test_what_the_provider_says_went_wrong_is_not_shown(visitor: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    state = parse_qs(urlsplit(visitor.leave()).query)["state"][0]
    words = {"state": state, "error": "<script>alert(1)</script>", "error_description": "call +1 555 EVIL"}
    said = visitor.said(visitor.client.get("/sign-in/back", params=words))
    assert "did not work" in said
    assert "alert(1)" not in said
    assert "EVIL" not in said + caplog.text
    assert "an error without a name" in caplog.text


def test_secrets_and_codes_stay_out_of_the_log(visitor: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", logger="metes")
    visitor.sign_in()
    visitor.provider.lie = Lie(claims={"aud": "another"})
    visitor.other().sign_in()
    for word in ("code-0", "an access token", "a secret: of", visitor.client.cookies["metes_session"]):
        assert word not in caplog.text


def test_the_user_info_must_be_of_whom_the_token_is(visitor: Visitor) -> None:
    visitor.provider.lie = Lie(user_info={"sub": "somebody else", "preferred_username": "admin"})
    assert "did not work" in visitor.said(visitor.sign_in())


def test_who_begins_too_often_is_told_to_wait(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_verbs, "LEAVINGS_OF_ADDRESS", Limit("provider", 2, 900))
    for _ in range(2):
        visitor.leave()
    answer = visitor.client.get("/sign-in/with-provider")
    assert (answer.status_code, "too many tries" in answer.text.lower(), "retry-after" in answer.headers) == (429, True, True)


def test_a_sign_in_that_was_too_weak_is_turned_away_with_what_to_do(
    before: Callable[..., Visitor], liar: LyingProvider, clock: Clock
) -> None:
    visitor = before(liar, clock, METES_OIDC_STRENGTH="mfa", **YES)
    liar.lie = Lie(claims={"amr": ["pwd"]})
    assert "not strong enough" in visitor.said(visitor.sign_in())
    liar.lie = Lie(claims={"amr": ["pwd", "mfa"]})
    assert visitor.sign_in().status_code == 303


@pytest.mark.parametrize(
    ("at", "is_proved"), [(None, False), (AT - 3600, False), (AT - 60, True), (AT + 10**6, True), (True, False), (-5, False)]
)
def test_a_sign_in_proves_no_more_than_the_provider_says(visitor: Visitor, clock: Clock, at: object, is_proved: bool) -> None:
    visitor.provider.lie = Lie(claims={"auth_time": at})
    assert visitor.sign_in().status_code == 303
    assert visitor.is_proved is is_proved
    clock.move(minutes=15, seconds=1)
    assert not visitor.is_proved


def test_who_was_signed_in_there_already_is_asked_again_before_what_changes_who_gets_in(
    visitor: Visitor, liar: LyingProvider
) -> None:
    liar.lie = Lie(claims={"auth_time": AT - 3600})
    visitor.sign_in()
    page = visitor.client.get("/prove?next=/settings/tokens").text
    assert 'href="/sign-in/with-provider?again=yes&amp;next=/settings/tokens"' in page
    address = visitor.leave("/settings/tokens", again="yes")
    asked = parse_qs(urlsplit(address).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["300"])
    # Neither one that does not say when, nor one that did not ask, counts as having asked.
    for at in (None, AT - 3600):
        liar.lie = Lie(claims={"auth_time": at})
        assert "did not work" in visitor.back(liar.signed_in(visitor.leave(again="yes"))).text
        assert not visitor.is_proved
    liar.lie = Lie(claims={"auth_time": AT})
    assert visitor.back(liar.signed_in(visitor.leave("/settings/tokens", again="yes"))).headers["location"] == "/settings/tokens"
    assert visitor.is_proved


def test_a_provider_that_knows_no_sign_out_is_told(visitor: Visitor, liar: LyingProvider) -> None:
    liar.lie = Lie(metadata={"end_session_endpoint": None})
    assert "does not say where one signs out" in visitor.said(visitor.client.get("/sign-out/at-provider"))


def test_without_a_provider_its_addresses_do_not_exist(before: Callable[..., Visitor], liar: LyingProvider) -> None:
    visitor = before(liar, METES_OIDC_ISSUER="")
    for address in ("/sign-in/with-provider", "/sign-in/back?code=a&state=b", "/sign-out/at-provider"):
        assert visitor.client.get(address).status_code == 404
    assert "with-provider" not in visitor.client.get("/sign-in").text


def test_a_wrong_word_of_the_settings_hinders_nobody_else(before: Callable[..., Visitor], liar: LyingProvider) -> None:
    visitor = before(liar, METES_OIDC_PROVISION="perhaps", METES_OIDC_NAME="<b>Corp</b>")
    assert "&lt;b&gt;Corp" in visitor.client.get("/sign-in").text
    assert "did not work" in visitor.said(visitor.client.get("/sign-in/with-provider"))
    visitor.workspace.user_add("dora", "a long enough password of hers")
    form = {"name": "dora", "password": "a long enough password of hers"}
    assert visitor.client.post("/sign-in", data=form).status_code == 303
