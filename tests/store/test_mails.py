"""Where a mail goes: notices to the address that was chosen for them, warnings to the user's own."""

from __future__ import annotations

import pytest

from metes.app.settings import MailAccess
from metes.app.workspace import Workspace
from metes.store import mails, notices
from tests.app.doors import number_of, opened, own


def readers_of(workspace: Workspace) -> list[str | None]:
    """Where the mails that wait go, the one that waits longest first."""
    found = []
    with workspace.store.write() as connection:
        while mail := mails.take(connection, 1, workspace.clock()):
            found.append(mail.to)
            mails.drop(connection, mail, "taken by a test", workspace.clock())
    return found


@pytest.mark.parametrize(("address", "goes_to"), [("ada@example.com", "ada@example.com"), (None, "elsewhere@example.com")])
def test_a_warning_goes_to_the_user_s_own_address_wherever_notices_go(
    workspace: Workspace, address: str | None, goes_to: str
) -> None:
    opened(workspace)
    workspace.shelf.mail = MailAccess("smtp://127.0.0.1:9")
    workspace.user_email("ada", address)
    own(workspace).notice_address_set("elsewhere@example.com")
    with workspace.store.write() as connection:
        for kind in ("security", "reminder"):
            notices.add_notices(
                connection, kind=kind, subject="S", text="T", link="/", now=workspace.clock(), user_ids=[number_of(workspace)]
            )
    assert readers_of(workspace) == [goes_to, "elsewhere@example.com"]
