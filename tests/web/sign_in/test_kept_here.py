"""No token of the provider's reaches the browser or the database, and nobody is signed in without having asked for it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.connect.conftest import Clock
from tests.connect.providers import LyingProvider
from tests.web.sign_in.conftest import Visitor

SELF_SPEAKING = re.compile(r"eyJ[\w-]+\.eyJ[\w-]+")


@pytest.fixture
def visitor(before: Callable[..., Visitor], liar: LyingProvider, clock: Clock) -> Visitor:
    """A browser before a workspace that makes a user of whoever can prove who they are."""
    return before(liar, clock, METES_OIDC_PROVISION="yes")


def test_no_token_of_the_provider_reaches_the_browser_or_the_database(visitor: Visitor) -> None:
    answers = [visitor.sign_in()]
    answers += [visitor.client.get(address) for address in ("/more", "/settings/security", "/api/v1/users", "/sign-in")]
    given = "\n".join(f"{answer.headers}\n{answer.text}" for answer in answers) + str(list(visitor.client.cookies.jar))
    with visitor.workspace.store.read() as connection:
        tables = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
        kept = "\n".join(str(connection.exec_driver_sql(f'SELECT * FROM "{table}"').all()) for table in tables)
    assert visitor.workspace.user_list()
    for text in (given, kept):
        assert "an access token" not in text
        assert not SELF_SPEAKING.search(text)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_begins_no_sign_in_of_ours(visitor: Visitor, site: str) -> None:
    answer = visitor.client.get("/sign-in/with-provider?next=/accounts", headers={"sec-fetch-site": site})
    assert answer.headers["location"] == "/sign-in?next=/accounts"
    assert "set-cookie" not in answer.headers
    for own in ("same-origin", "none"):
        begun = visitor.client.get("/sign-in/with-provider", headers={"sec-fetch-site": own})
        assert begun.headers["location"].startswith(visitor.provider.issuer)
