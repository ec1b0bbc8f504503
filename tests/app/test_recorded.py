"""Whatever changes something leaves an entry in the audit trail; what does not stands here with its reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import metes

SOURCE = Path(metes.__file__).parent
ROOMS = ("app", "planning", "importing", "assigning", "designing", "collaborating")
OWN_TASTE = "what a user likes or has read; it changes nothing for anybody else"
WORK = "how far a job is; its own log tells, and what the job does is recorded by what it calls"
DESIGN = "a step of a design, which stands with who and when in its own log, and changes no plan"
ELSEWHERE = "recorded by what it calls, in the same transaction"
MAIL = "mail that leaves by itself; the outbox tells"
SIGN_IN = "a sign-in or a session, which the table of sign-ins and the log tell; what is refused too often is recorded"
SPARE = "numbers and side tables that nobody sees"
REASONS = {
    OWN_TASTE: "preferences_set view_save view_delete notice_read notices_read_all notice_preferences_set notice_mail_stop",
    WORK: """
        job_add assign_queue job_claim job_report job_say job_checkpoint job_finish job_give_back design_queue design_frontier_queue
        design_frontier_run tick _make_first_schedules _settle
    """,
    DESIGN: "_gesture _step",
    ELSEWHERE: """
        privacy_preview privacy_erase _write _into_ledger _undo_facts _undo_records _keep_text drop_logs
    """,
    MAIL: "mail_send digest_make remind send_due put_off_all",
    SIGN_IN: """
        sign_in begin_session_for session sign_out prove token_user _prove_by_code factor_begin provider_leave provider_arrive _let_in
    """,
    SPARE: "_drop_stages _numbers_of_territories discard reserve_ids _linked",
}
EXCUSED = {name: reason for reason, names in REASONS.items() for name in names.split()}


def writers() -> Iterator[tuple[str, str]]:
    """The functions that open a writing transaction and append no entry in it: their files and names."""
    for room in ROOMS:
        for path in sorted((SOURCE / room).glob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef):
                    text = ast.unparse(node)
                    if ("store.write(" in text or "store.touch(" in text) and "add_entry(" not in text:
                        yield path.name, node.name


def test_what_changes_something_is_recorded_or_excused_with_a_reason() -> None:
    assert [(file, name) for file, name in writers() if name not in EXCUSED] == []


def test_nobody_is_excused_who_writes_nothing() -> None:
    names = {name for _, name in writers()}
    assert {name for name in EXCUSED if name not in names} == set()
