"""Signing in: sessions begun, turned over, idle, ended; names and places that are shut out; tokens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from metes.app import signing as door
from metes.app.settings import AppSettings
from metes.app.sign_in_state import Step
from metes.app.workspace import Workspace, open_workspace
from metes.base.errors import Conflict, InputError, NotFound, Refused, TooMany
from metes.identity import passwords
from metes.store import mails
from metes.store.signing import hash_of
from tests.app.doors import HERE, OTHER, PASSWORD, THERE, Clock, number_of, opened, own, signed
from tests.conftest import NOW


@pytest.fixture
def clock(workspace: Workspace) -> Clock:
    """The clock of the workspace, and ada in it, who runs it."""
    return opened(workspace)


@contextmanager
def hashes_counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many passwords are checked inside."""
    counts = [0]
    present = passwords._present.hasher
    real = present.verify_and_update

    def counted(*arguments: object) -> object:
        counts[0] += 1
        return real(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(present, "verify_and_update", counted)
        yield counts


def test_a_session_says_from_where_it_is_and_by_what(workspace: Workspace, clock: Clock) -> None:
    session = workspace.session(signed(workspace))
    assert session is not None
    assert (session.user.name, session.address, session.agent, session.method) == ("ada", HERE, "agent", "password")


def test_a_session_that_nobody_uses_ends_and_one_in_use_goes_on(workspace: Workspace, clock: Clock) -> None:
    workspace.config_set("session_idle_minutes", "30")
    idle, used = signed(workspace), signed(workspace)
    for _ in range(3):
        clock.forward(minutes=20)
        assert workspace.session(used) is not None
    assert workspace.session(idle) is None
    assert len(own(workspace).own_security().sessions) == 1
    assert len(workspace.user_sessions("ada")) == 1


def test_a_session_ends_for_good_however_much_it_is_used(workspace: Workspace, clock: Clock) -> None:
    secret = signed(workspace)
    for _ in range(28):
        clock.forward(hours=11.9)
        assert workspace.session(secret) is not None
    clock.forward(hours=10)
    assert workspace.session(secret) is None


def test_a_new_password_ends_all_sessions_and_turns_this_one_over(workspace: Workspace, clock: Clock) -> None:
    here, elsewhere = signed(workspace), signed(workspace)
    after = own(workspace).password_change(here, PASSWORD, OTHER)
    assert workspace.session(here) is None
    assert workspace.session(elsewhere) is None
    assert workspace.session(after.secret) is not None
    with pytest.raises(Refused):
        signed(workspace)
    assert signed(workspace, password=OTHER)
    assert "password change" in {entry.action for entry in workspace.audit_list(10)}
    assert "Your password was changed" in {notice.subject for notice in own(workspace).notices()}


def test_a_new_password_takes_the_present_one_and_the_session_of_its_user(workspace: Workspace, clock: Clock) -> None:
    secret = signed(workspace)
    workspace.user_add("bob", PASSWORD, roles=["planner"])
    with pytest.raises(Refused, match="not your present password"):
        own(workspace).password_change(secret, OTHER, OTHER)
    with pytest.raises(Refused, match="ended"):
        own(workspace, "bob").password_change(secret, PASSWORD, OTHER)
    with pytest.raises(Refused, match="ended"):
        own(workspace).password_change("no session", PASSWORD, OTHER)
    assert workspace.session(secret) is not None


def test_a_made_password_opens_nothing_but_the_choice_of_another(workspace: Workspace, clock: Clock) -> None:
    made = workspace.user_add("bob", roles=["planner"])
    secret = signed(workspace, "bob", made)
    state = workspace.sign_in_state(secret)
    assert state is not None
    assert state.step is Step.PASSWORD
    assert workspace.session(secret) is None
    with pytest.raises(InputError, match="made for you"):
        workspace.password_choose(secret, made)
    after = workspace.password_choose(secret, OTHER)
    assert workspace.session(secret) is None
    assert workspace.session(after.secret) is not None
    with pytest.raises(Conflict):
        workspace.password_choose(after.secret, PASSWORD)
    with pytest.raises(Refused):
        signed(workspace, "bob", made)


def test_a_made_password_that_lay_for_a_week_is_wrong(workspace: Workspace, clock: Clock) -> None:
    made = workspace.user_add("bob", roles=["planner"])
    clock.forward(days=7, minutes=1)
    with pytest.raises(Refused, match=door.WRONG_SIGN_IN):
        signed(workspace, "bob", made)
    assert signed(workspace, "bob", workspace.user_password("bob"))


def test_halfway_in_is_out_again_soon(workspace: Workspace, clock: Clock) -> None:
    secret = signed(workspace, "bob", workspace.user_add("bob", roles=["planner"]))
    clock.forward(minutes=16)
    assert workspace.sign_in_state(secret) is None


def test_unknown_shut_out_and_wrong_cost_one_hash_each_and_answer_alike(
    workspace: Workspace, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.user_add("out", PASSWORD, roles=["planner"])
    workspace.user_disable("out")
    old = workspace.user_add("old", roles=["planner"])
    clock.forward(days=8)
    answers = set()
    passwords.is_password("anything at all", None)  # nobody's hash is made once
    for name, password in (("ada", OTHER), ("nobody", PASSWORD), ("out", PASSWORD), ("out", OTHER), ("old", old), ("nobody", "")):
        with hashes_counted(monkeypatch) as counted, pytest.raises(Refused) as refused:
            signed(workspace, name, password)
        answers.add((type(refused.value), str(refused.value), counted[0]))
    assert answers == {(Refused, door.WRONG_SIGN_IN, 1)}


def test_a_stranger_shuts_out_the_strangers_address_and_not_the_user(workspace: Workspace, clock: Clock) -> None:
    for _ in range(10):
        with pytest.raises(Refused):
            signed(workspace, password=OTHER, address=THERE)
    with pytest.raises(TooMany) as refused:
        signed(workspace, address=THERE)
    assert refused.value.seconds == 900
    assert signed(workspace)
    clock.forward(minutes=16)
    assert signed(workspace, address=THERE)


def test_many_addresses_shut_a_name_out_of_unknown_places_alone(
    workspace: Workspace, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "NAME_TRIES", 12)
    known = signed(workspace, address=HERE)
    for name in ("ada", "nobody"):
        for n in range(12):
            with pytest.raises(Refused):
                signed(workspace, name, OTHER, f"203.0.113.{n}")
        with pytest.raises(TooMany):
            signed(workspace, name, PASSWORD, "203.0.113.99")
    assert signed(workspace, address=HERE)
    assert workspace.session(known) is not None
    clock.forward(minutes=61)
    assert signed(workspace, address="203.0.113.99")


def test_an_address_that_tries_many_names_must_wait(workspace: Workspace, clock: Clock) -> None:
    limit = door.SIGN_INS_OF_ADDRESS
    assert all(workspace.shelf.limits.allows(limit, THERE) for _ in range(limit.times))
    with pytest.raises(TooMany, match="too many tries"):
        signed(workspace, address=THERE)
    assert signed(workspace)


def test_a_hash_made_with_less_effort_is_made_anew_at_sign_in(workspace: Workspace, clock: Clock) -> None:
    try:
        passwords.set_effort(passwords.Effort(2, 16))
        signed(workspace)
        with workspace.store.read() as connection:
            assert "t=2" in hash_of(connection, number_of(workspace))
    finally:
        passwords.set_effort(passwords.Effort(1, 8))
    assert signed(workspace)


def test_somebody_vouched_for_by_others_is_in_at_once(workspace: Workspace, clock: Clock) -> None:
    workspace.config_set("second_factor", "everybody")
    (ada,) = workspace.user_list()
    begun = workspace.begin_session_for(ada, method="Acme", address=HERE, agent="agent")
    session = workspace.session(begun.secret)
    assert session is not None
    assert session.method == "Acme"
    workspace.user_add("bob", PASSWORD, roles=["administrator"])
    workspace.user_disable("ada")
    with pytest.raises(Refused):
        workspace.begin_session_for(ada, method="Acme", address=HERE)


def test_sessions_are_ended_one_by_one_all_others_and_by_an_administrator(workspace: Workspace, clock: Clock) -> None:
    here, second, third = signed(workspace), signed(workspace), signed(workspace)
    workspace.user_add("bob", PASSWORD, roles=["planner"])
    bobs = signed(workspace, "bob")
    numbers = {session.number for session in own(workspace).own_security().sessions}
    foreign = own(workspace, "bob").own_security().sessions[0].number
    with pytest.raises(NotFound, match="no such session"):
        own(workspace).session_end(foreign)
    gone = workspace.sign_in_state(second)
    assert gone is not None
    own(workspace).session_end(gone.session.number)
    assert gone.session.number in numbers
    assert workspace.session(second) is None
    assert own(workspace).sessions_end_others(here) == 1
    assert workspace.session(third) is None
    assert workspace.session(here) is not None
    assert workspace.session(bobs) is not None
    assert workspace.user_end_sessions("ada") == 1
    assert workspace.session(here) is None
    with pytest.raises(NotFound):
        own(workspace, "bob").user_end_sessions("ada")
    with pytest.raises(NotFound):
        own(workspace, "bob").user_sessions("ada")


def test_proof_lapses_and_is_given_again_by_the_password(workspace: Workspace, clock: Clock) -> None:
    secret = signed(workspace)
    clock.forward(minutes=16)
    assert workspace.session(secret) is not None
    with pytest.raises(Refused, match="prove first"):
        workspace.factor_begin(secret)
    with pytest.raises(Refused, match="not your present"):
        own(workspace).prove(secret, OTHER)
    own(workspace).prove(secret, PASSWORD)
    assert workspace.factor_begin(secret).picture


def test_proving_by_guessing_ends_soon_and_its_user_hears_of_it(workspace: Workspace, clock: Clock) -> None:
    secret = signed(workspace)
    for n in range(10):
        with pytest.raises(Refused, match="not your present"):
            own(workspace).prove(secret, f"a guess that is wrong {n}")
    with pytest.raises(TooMany):
        own(workspace).prove(secret, PASSWORD)
    assert "proof locked" in {entry.action for entry in workspace.audit_list(10)}
    assert "10 wrong tries" in {notice.subject for notice in own(workspace).notices()}
    clock.forward(minutes=16)
    own(workspace).prove(secret, PASSWORD)


def test_a_token_is_known_until_it_is_revoked_runs_out_or_its_user_is_shut_out(workspace: Workspace, clock: Clock) -> None:
    kept, short = workspace.token_add("kept", "ada", 100), workspace.token_add("short", "ada", 1)
    for secret in (kept, kept, short):
        found = workspace.token_user(secret)
        assert found is not None
        assert found[1].name == "ada"
    clock.forward(days=1)
    assert workspace.token_user(short) is None
    assert workspace.token_user("metes_unknown") is None
    workspace.user_add("bob", PASSWORD, roles=["administrator"])
    workspace.user_disable("ada")
    assert workspace.token_user(kept) is None
    workspace.user_disable("ada", is_disabled=False)
    assert workspace.token_user(kept) is not None
    workspace.token_revoke(next(token.id for token in workspace.token_list() if token.name == "kept"))
    assert workspace.token_user(kept) is None


def test_a_token_revoked_by_another_process_is_so_at_once(workspace: Workspace, clock: Clock) -> None:
    secret = workspace.token_add("kept", "ada", 100)
    assert workspace.token_user(secret) is not None
    url = workspace.store.url.render_as_string(hide_password=False)
    other = open_workspace(AppSettings(url, workspace.shelf.books), clock=clock)
    other.token_revoke(other.token_list()[0].id)
    other.close()
    assert workspace.token_user(secret) is None


def test_the_use_of_a_token_is_noted_once_a_minute(workspace: Workspace, clock: Clock) -> None:
    secret = workspace.token_add("kept", "ada", 100)
    seen = []
    for _ in range(4):
        workspace.token_user(secret)
        seen.append(workspace.token_list()[0].used_at)
        clock.forward(seconds=25)
    assert seen == [NOW, NOW, NOW, NOW + timedelta(seconds=75)]


def test_a_token_that_asks_too_often_must_wait(workspace: Workspace, clock: Clock) -> None:
    workspace.config_set("api_requests_a_minute", "3")
    workspace.token_add("one", "ada", 100)
    workspace.token_add("two", "ada", 100)
    two, one = workspace.token_list()
    for _ in range(3):
        workspace.token_may_ask(one)
    with pytest.raises(TooMany) as refused:
        workspace.token_may_ask(one)
    assert 1 <= refused.value.seconds <= 60
    workspace.token_may_ask(two)
    workspace.config_set("api_requests_a_minute", "0")
    workspace.token_may_ask(one)


def test_everybody_is_told_of_their_sign_in_whatever_they_chose(workspace: Workspace, clock: Clock) -> None:
    ada = own(workspace)
    ada.notice_mail_stop()
    with pytest.raises(InputError, match="nothing to choose"):
        ada.notice_preferences_set("security", in_app=False, by_mail="never")
    assert "security" not in {choice.kind for choice in ada.notice_preferences().choices}
    ada.password_change(signed(workspace), PASSWORD, OTHER)
    assert [notice.subject for notice in ada.notices(kind="security")] == ["Your password was changed"]
    with workspace.store.write() as connection:
        mail = mails.take(connection, 1, clock.now)
    assert mail is not None
    assert mail.to == "ada@example.com"
