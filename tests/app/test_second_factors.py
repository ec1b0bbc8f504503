"""The second factor: set up, asked for, used once, taken away; and the codes that take its place."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from metes.app.sign_in_state import Step
from metes.app.signing_access import SigningAccess
from metes.app.workspace import Workspace
from metes.base.errors import Conflict, InputError, NotFound, Refused, TooMany
from metes.store.identity_tables import recovery_codes, second_factors
from tests.app.doors import OTHER, PASSWORD, Clock, code_at, opened, own, signed, with_factor


@pytest.fixture
def clock(workspace: Workspace) -> Clock:
    """The clock of the workspace, and ada in it, who runs it."""
    return opened(workspace)


def step(workspace: Workspace, secret: str) -> Step | None:
    state = workspace.sign_in_state(secret)
    assert state is not None
    return state.step


def test_a_factor_counts_once_it_is_confirmed_and_ends_what_began_without_it(workspace: Workspace, clock: Clock) -> None:
    here, elsewhere = signed(workspace), signed(workspace)
    begun = workspace.factor_begin(here)
    assert step(workspace, signed(workspace)) is None
    with pytest.raises(Refused, match="code"):
        workspace.factor_confirm(here, "000000")
    after, codes = workspace.factor_confirm(here, code_at(begun.secret, clock.now))
    assert len(codes) == 10
    assert [workspace.session(one) is None for one in (here, elsewhere, after.secret)] == [True, True, False]
    assert step(workspace, signed(workspace)) is Step.FACTOR
    with pytest.raises(Conflict, match="already"):
        workspace.factor_begin(after.secret)
    assert "second factor on" in {entry.action for entry in workspace.audit_list(10)}


def test_a_session_that_waits_for_the_code_opens_nothing_and_is_turned_over_by_it(workspace: Workspace, clock: Clock) -> None:
    _, factor, _ = with_factor(workspace, clock, signed(workspace))
    clock.forward(seconds=60)
    before = signed(workspace)
    assert workspace.session(before) is None
    for act in (
        lambda: own(workspace).password_change(before, PASSWORD, OTHER),
        lambda: own(workspace).prove(before, PASSWORD),
        lambda: workspace.factor_begin(before),
        lambda: own(workspace).factor_off(before, PASSWORD, code_at(factor, clock.now)),
        lambda: own(workspace).recovery_renew(before),
    ):
        with pytest.raises(Refused):
            act()
    after = workspace.factor_answer(before, code_at(factor, clock.now))
    assert workspace.sign_in_state(before) is None
    assert workspace.session(after.secret) is not None
    with pytest.raises(Conflict):
        workspace.factor_answer(after.secret, code_at(factor, clock.now))


def test_a_code_is_used_once_in_whichever_session(workspace: Workspace, clock: Clock) -> None:
    _, factor, _ = with_factor(workspace, clock, signed(workspace))
    with pytest.raises(Refused):  # the code that confirmed it
        workspace.factor_answer(signed(workspace), code_at(factor, clock.now))
    clock.forward(seconds=30)
    code = code_at(factor, clock.now)
    assert workspace.factor_answer(signed(workspace), code)
    clock.forward(seconds=20)
    with pytest.raises(Refused):
        workspace.factor_answer(signed(workspace), code)


def test_a_recovery_code_is_used_once_and_its_user_hears_of_it(workspace: Workspace, clock: Clock) -> None:
    _, _, codes = with_factor(workspace, clock, signed(workspace))
    after = workspace.factor_answer(signed(workspace), codes[3].upper().replace("-", " "))
    assert workspace.session(after.secret) is not None
    with pytest.raises(Refused):
        workspace.factor_answer(signed(workspace), codes[3])
    assert own(workspace).own_security().recovery_codes_left == 9
    assert "A recovery code was used" in {notice.subject for notice in own(workspace).notices()}
    fresh = own(workspace).recovery_renew(after.secret)
    assert not set(fresh) & set(codes)
    with pytest.raises(Refused):
        workspace.factor_answer(signed(workspace), codes[4])
    assert workspace.factor_answer(signed(workspace), fresh[0])


def test_guessing_codes_ends_soon_from_wherever(workspace: Workspace, clock: Clock) -> None:
    _, factor, codes = with_factor(workspace, clock, signed(workspace))
    clock.forward(seconds=60)
    for n in range(10):
        with pytest.raises(Refused, match="code"):
            workspace.factor_answer(signed(workspace, address=f"203.0.113.{n}"), "000000" if n % 2 else "wrong-wrong-wrong")
    for right in (code_at(factor, clock.now), codes[0]):
        with pytest.raises(TooMany):
            workspace.factor_answer(signed(workspace), right)
    assert "factor locked" in {entry.action for entry in workspace.audit_list(10)}
    assert any("choose another password" in notice.text for notice in own(workspace).notices())
    clock.forward(minutes=16)
    assert workspace.factor_answer(signed(workspace), code_at(factor, clock.now))


def test_it_is_turned_off_with_password_and_code_alone(workspace: Workspace, clock: Clock) -> None:
    secret, factor, codes = with_factor(workspace, clock, signed(workspace))
    clock.forward(seconds=60)
    ada = own(workspace)
    for password, code in ((OTHER, code_at(factor, clock.now)), (PASSWORD, "000000"), (PASSWORD, ""), ("", codes[0])):
        with pytest.raises(Refused):
            ada.factor_off(secret, password, code)
    ada.factor_off(secret, PASSWORD, code_at(factor, clock.now))
    assert step(workspace, signed(workspace)) is None
    with pytest.raises(Conflict):
        ada.recovery_renew(secret)


def test_an_administrator_takes_it_away_and_that_is_recorded(workspace: Workspace, clock: Clock) -> None:
    secret, _, codes = with_factor(workspace, clock, signed(workspace))
    workspace.user_add("bob", PASSWORD, roles=["planner"])
    with pytest.raises(NotFound):
        own(workspace, "bob").user_second_factor_off("ada")
    with pytest.raises(NotFound, match="no second factor"):
        workspace.user_second_factor_off("bob")
    workspace.user_second_factor_off("ada")
    assert workspace.session(secret) is None
    assert step(workspace, signed(workspace)) is None
    assert workspace.audit_list(1)[0].action == "user second factor off"
    after, _, fresh = with_factor(workspace, clock, signed(workspace))
    assert not set(fresh) & set(codes)
    assert after


@pytest.mark.parametrize(
    ("setting", "ada", "bob"),
    [("optional", None, None), ("administrators", Step.SET_UP, None), ("everybody", Step.SET_UP, Step.SET_UP)],
)
def test_whoever_must_have_one_is_led_to_it_before_anything_else(
    workspace: Workspace, clock: Clock, setting: str, ada: Step | None, bob: Step | None
) -> None:
    workspace.user_add("bob", PASSWORD, roles=["planner"])
    before = signed(workspace)
    workspace.config_set("second_factor", setting)
    assert (step(workspace, signed(workspace)), step(workspace, signed(workspace, "bob"))) == (ada, bob)
    assert (workspace.session(before) is None) == (ada is not None)
    if ada is not None:
        secret, factor, _ = with_factor(workspace, clock, signed(workspace))
        assert workspace.session(secret) is not None
        clock.forward(seconds=60)
        with pytest.raises(Refused, match="asks for a second factor"):
            own(workspace).factor_off(secret, PASSWORD, code_at(factor, clock.now))


def test_nothing_lies_open_in_the_database(workspace: Workspace, clock: Clock) -> None:
    _, factor, codes = with_factor(workspace, clock, signed(workspace))
    with workspace.store.read() as connection:
        rows = repr([connection.execute(sa.select(table)).all() for table in (second_factors, recovery_codes)])
    for secret in (factor, factor.replace(" ", ""), *codes):
        assert secret not in rows
    assert not any(secret in repr(workspace.audit_list(50)) for secret in codes)


def test_the_key_lies_beside_the_file_of_sqlite_and_must_be_named_for_postgresql(workspace: Workspace, clock: Clock) -> None:
    workspace.shelf.signing = SigningAccess()
    secret = signed(workspace)
    if not workspace.store.is_sqlite:
        with pytest.raises(InputError, match="METES_SECRET_KEY_FILE"):
            workspace.config_set("second_factor", "everybody")
        workspace.config_set("second_factor", "optional")
        with pytest.raises(InputError, match="METES_SECRET_KEY_FILE"):
            workspace.factor_begin(secret)
        return
    workspace.config_set("second_factor", "administrators")
    with_factor(workspace, clock, secret)
    assert workspace.store.path is not None
    key = Path(f"{workspace.store.path}.key")
    assert key.stat().st_mode & 0o777 == 0o600
    key.unlink()
    clock.forward(seconds=60)
    with pytest.raises(InputError, match="cannot read the secret key"):
        workspace.factor_answer(signed(workspace), "123456")
