"""What the provider gives to Metes stays with Metes: no token of it reaches the browser or the database."""

from __future__ import annotations

import re

from tests.web.sign_in.conftest import Visitor

SELF_SPEAKING = re.compile(r"eyJ[\w-]+\.eyJ[\w-]+")


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
