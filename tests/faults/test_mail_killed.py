"""A worker killed between any two steps of digest and mail loses no notice; at most the one mail it held goes out twice, under one id."""

from __future__ import annotations

import signal
from collections import Counter
from datetime import timedelta
from pathlib import Path

from tests.children import CHILDREN
from tests.collaborating.worlds import as_user, states, tell
from tests.connect.servers import mail_box
from tests.faults.mailing import mail_until_killed, open_with_mail, work_all
from tests.faults.work import NOW

# All of the first steps, which claim and put the digest together, then a sample.
POINTS = {"sqlite": [*range(1, 40, 3), *range(40, 200, 7)], "postgresql": [*range(2, 40, 9), *range(40, 200, 19)]}


def test_a_worker_killed_anywhere_loses_no_mail(database: str, tmp_path: Path) -> None:
    kills = 0
    with mail_box() as (box, port):
        workspace = open_with_mail(database, tmp_path, port, NOW)
        for schedule in ("nightly-assignment", "clean-up", "old-logs", "weekly-digest"):
            workspace.schedule_remove(schedule)
        for name in ("ann", "bob"):
            workspace.user_add(name, "a long enough password", roles=["administrator"])
            as_user(workspace, name).notice_address_set(f"{name}@example.com")
        work_all(workspace)
        for turn, point in enumerate(POINTS["sqlite" if database.startswith("sqlite") else "postgresql"], 1):
            now = NOW + timedelta(days=turn)
            for number in range(2):
                tell(workspace, "ann", kind="comment", subject=f"comment {turn}.{number}", now=now)
                tell(workspace, "ann", "bob", kind="reminder", subject=f"reminder {turn}.{number}", now=now)
            child = CHILDREN.Process(target=mail_until_killed, args=(database, str(tmp_path), port, point, now))
            child.start()
            child.join()
            assert child.exitcode in (0, -signal.SIGKILL)
            kills += child.exitcode != 0
            after = open_with_mail(database, tmp_path, port, now)
            work_all(after)
            after.close()
            if child.exitcode == 0:
                break
        assert {state for state, _ in states(workspace)} == {"sent"}
        workspace.close()
    assert kills > 6
    ids = Counter((mail["Message-ID"], mail["Subject"]) for mail in box.mails)
    assert sum(count - 1 for count in ids.values()) <= kills
    assert max(ids.values()) <= 2
    told = Counter(subject for _, subject in ids)
    for past in range(1, turn + 1):
        assert [told[f"reminder {past}.{number}"] for number in range(2)] == [2, 2]
    digests = [mail.get_body(("plain",)).get_content() for mail in box.mails if mail["Subject"] == "2 notices: Comment (2)"]  # type: ignore[union-attr]
    assert all(any(f"comment {past}.{number}" in text for text in digests) for past in range(1, turn + 1) for number in range(2))
    assert told["2 notices: Comment (2)"] == turn
