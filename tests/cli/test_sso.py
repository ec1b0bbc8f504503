"""Single sign-on by command: whether the provider answers, who is who there, and what the doctor says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.cli.conftest import Command
from tests.connect.providers import Lie, LyingProvider, key_named, lying_provider


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[LyingProvider]:
    """A provider that is named in the environment."""
    with lying_provider(key_named("first"), lambda: datetime.now(UTC)) as running:
        for name, value in running.words().items():
            monkeypatch.setenv(name, value)
        yield running


def test_a_provider_that_answers_is_told_of(metes: Command, provider: LyingProvider) -> None:
    metes("config", "set", "base_url", "https://metes.example.com")
    told = metes("sso", "check", "--json").json
    assert (told["issuer"], told["redirect"]) == (provider.issuer, "https://metes.example.com/sign-in/back")
    shown = metes("sso", "check")
    assert (shown.code, "the provider answers" in shown.err, "a secret: of" in shown.out + shown.err) == (0, True, False)
    well = metes("doctor")
    assert (well.code, "people sign in at single sign-on" in well.err) == (0, True)


def test_what_is_wrong_is_told_with_what_to_do(metes: Command, provider: LyingProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = metes("sso", "check")
    assert (nowhere.code, "metes config set base_url" in nowhere.err) == (2, True)
    metes("config", "set", "base_url", "https://metes.example.com")
    provider.lie = Lie(metadata={"issuer": f"{provider.issuer}/"})
    assert "to the last slash" in metes("sso", "check").err
    assert [f["code"] for f in metes("doctor", "--json").json["findings"]] == ["single-sign-on"]
    monkeypatch.setenv("METES_ALLOW_HOSTS", "*.example")
    monkeypatch.setenv("METES_OIDC_PROVISION", "all")
    monkeypatch.setenv("METES_OIDC_CLIENT_SECRET_FILE", "/nowhere")
    monkeypatch.setenv("METES_OIDC_SESSION_HOURS", "1000")
    monkeypatch.setenv("METES_OIDC_CA_FILE", "/nowhere")
    wrong = metes("doctor", "--json").json["findings"]
    assert {finding["subject"] for finding in wrong} == {
        "METES_ALLOW_HOSTS", "METES_OIDC_PROVISION", "METES_OIDC_CLIENT_SECRET_FILE", "METES_OIDC_SESSION_HOURS", "METES_OIDC_CA_FILE",
    }  # fmt: skip
    monkeypatch.setenv("METES_ALLOW_HOSTS", "")
    for name in ("PROVISION", "CLIENT_SECRET_FILE", "SESSION_HOURS", "CA_FILE"):
        monkeypatch.delenv(f"METES_OIDC_{name}")
    assert f"METES_ALLOW_HOSTS=http://127.0.0.1:{provider.port}" in metes("sso", "check").err


def test_users_are_linked_and_unlinked(metes: Command, provider: LyingProvider) -> None:
    metes("config", "set", "base_url", "https://metes.example.com")
    metes("user", "add", "ann")
    assert "ann is s-1 at the provider" in metes("sso", "link", "ann", "s-1").err
    assert metes("sso", "list", "--json").json[0]["subject"] == "s-1"
    assert provider.issuer in metes("sso", "list").out
    assert metes("sso", "link", "ann", "s-2").code == 2
    assert metes("sso", "link", "bob", "s-2").code == 2
    assert "nobody at the provider" in metes("sso", "unlink", "ann").err
    assert metes("sso", "unlink", "ann").code == 2


def test_without_a_provider_that_is_said(metes: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("METES_OIDC_ISSUER", raising=False)
    assert metes("sso", "check").code == 2
    metes("user", "add", "ann")
    assert "no single sign-on is named" in metes("doctor").err
    metes("config", "set", "local_passwords", "no")
    assert "only administrators can sign in" in metes("doctor").err
