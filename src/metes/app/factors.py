"""The verbs of the second factor: set up, confirmed, asked for at sign-in, turned off, and codes for when it is lost."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sqlalchemy.engine import Connection

from metes.app.passwords import NOT_SIGNED_IN, PROVE_FIRST, PasswordVerbs
from metes.app.sign_in_state import SignedIn, SignInState, Step, needs_factor
from metes.base.errors import Conflict, NotFound, Refused
from metes.identity import factors as codes
from metes.identity import secrets
from metes.identity.sealing import SealAccess
from metes.model.workspace import settings_from
from metes.store import audit, factors, signing, users
from metes.store.factors import Factor
from metes.store.settings import read_settings

WRONG_CODE = "this code does not hold: it may be mistyped, used before, or run out; type the next one"


@dataclass(frozen=True, slots=True)
class FactorBegun:
    """A second factor that does not count yet: its secret as it is typed, and as a picture. Shown once."""

    secret: str = field(repr=False)
    picture: str = field(repr=False)


class FactorVerbs(PasswordVerbs):
    """Second factors: a code of a telephone beside the password."""

    def factor_answer(self, secret: str, code: str) -> SignedIn:
        """Complete a session with a code of the second factor, or with a recovery code; it goes on under another secret."""
        state = self._state(secret)
        if state.step is not Step.FACTOR:
            raise Conflict("this session needs no code")
        self._count_try(state.user, "factor")
        fresh = secrets.new_secret()
        now = self.clock()
        with self.store.touch() as connection:
            used = self._use_code(connection, state.user.id, code)
            is_right = bool(used) and signing.rotate_session(
                connection, state.digest, secrets.digest(fresh), secrets.new_secret(), now
            )
        self._note_try(state.user, "factor", is_right, state.session.address)
        if not is_right:
            raise Refused(WRONG_CODE)
        if used == "recovery":
            with self.store.write() as connection:
                left = factors.recovery_codes_left(connection, state.user.id)
                audit.add_entry(connection, self._as(state), "recovery code used", f"user {state.user.id}", {"left": left}, now)
                self._tell_user(connection, state.user.id, "A recovery code was used", f"{left} of them are left.", now)
        return SignedIn(fresh, state.user)

    def factor_begin(self, secret: str) -> FactorBegun:
        """Make a secret for a telephone, which counts once a code of it was typed."""
        state = self._setting_up(secret)
        made = codes.new_factor_secret()
        sealed = self._seal.seal(made)
        with self.store.write() as connection:
            if not factors.begin_factor(connection, state.user.id, sealed, self.clock()):
                raise Conflict("you have a second factor already; turn it off first, or make new recovery codes")
            issuer = settings_from(read_settings(connection)).company
        address = codes.factor_address(made, state.user.name, f"Metes {issuer}" if issuer else "Metes")
        return FactorBegun(codes.spaced(made), codes.picture_of(address))

    def factor_confirm(self, secret: str, code: str) -> tuple[SignedIn, tuple[str, ...]]:
        """Let the second factor count, given a code of it: the session under another secret, and recovery codes, shown this once.

        All other sessions end: they began without it.
        """
        state, now = self._setting_up(secret), self.clock()
        self._count_try(state.user, "factor")
        with self.store.read() as connection:
            begun = factors.factor_of(connection, state.user.id)
        if begun is None or begun.confirmed_at is not None:
            raise Conflict("there is no second factor to confirm; begin anew")
        step = codes.step_of(self._seal.unseal(begun.sealed), code, now, begun.last_step)
        made, fresh = codes.new_recovery_codes(), secrets.new_secret()
        if step is None:
            self._note_try(state.user, "factor", False, state.session.address)
            raise Refused(WRONG_CODE)
        with self.store.write() as connection:
            if not factors.use_step(connection, state.user.id, begun.sealed, step):  # somebody began anew meanwhile
                raise Refused(WRONG_CODE)
            factors.confirm_factor(connection, state.user.id, map(codes.recovery_digest, made), now)
            users.end_sessions(connection, state.user.id, now, but=state.digest)
            signing.rotate_session(connection, state.digest, secrets.digest(fresh), secrets.new_secret(), now)
            audit.add_entry(connection, self._as(state), "second factor on", f"user {state.user.id}", {}, now)
            self._tell_user(
                connection, state.user.id, "Your second factor is on", "From now on signing in takes a code of your telephone.", now
            )
        return SignedIn(fresh, state.user), made

    def factor_off(self, secret: str, password: str, code: str) -> None:
        """Turn one's second factor off, with password and code."""
        state, now = self._state(secret), self.clock()
        if state.user.has_password:
            self._require_password(state, password)
        elif state.step is not None or not state.is_proved(now):
            raise Refused(PROVE_FIRST)
        self._count_try(state.user, "factor")
        with self.store.write() as connection:
            settings = settings_from(read_settings(connection))
            if needs_factor(connection, state.user.id, settings, now):
                raise Refused("this workspace asks for a second factor of you; an administrator can take it away if it is lost")
            used = self._use_code(connection, state.user.id, code)
            if used:
                factors.remove_factor(connection, state.user.id)
                users.end_sessions(connection, state.user.id, now, but=state.digest)
                audit.add_entry(connection, self._as(state), "second factor off", f"user {state.user.id}", {}, now)
                self._tell_user(
                    connection,
                    state.user.id,
                    "Your second factor is off",
                    "From now on the password alone opens your account.",
                    now,
                )
        if not used:
            self._note_try(state.user, "factor", False, state.session.address)
            raise Refused(WRONG_CODE)

    def recovery_renew(self, secret: str) -> tuple[str, ...]:
        """New recovery codes, shown this once; those before hold no more."""
        state, now = self._state(secret), self.clock()
        if state.step is not None:
            raise Refused(NOT_SIGNED_IN)
        if not state.is_proved(now):
            raise Refused(PROVE_FIRST)
        made = codes.new_recovery_codes()
        with self.store.write() as connection:
            if not factors.has_factor(connection, state.user.id):
                raise Conflict("recovery codes take the place of a second factor, and you have none; set one up first")
            factors.put_recovery_codes(connection, state.user.id, map(codes.recovery_digest, made))
            audit.add_entry(connection, self._as(state), "recovery codes made", f"user {state.user.id}", {}, now)
            self._tell_user(connection, state.user.id, "You have new recovery codes", "Those before hold no more.", now)
        return made

    def user_second_factor_off(self, name: str) -> None:
        """Take a user's second factor away, such as when the telephone is lost; all their sessions end."""
        now = self.clock()
        with self.store.write() as connection:
            user = users.require_user(connection, name)
            if not factors.remove_factor(connection, user.id):
                raise NotFound(f"{user.name} has no second factor")
            users.end_sessions(connection, user.id, now)
            audit.add_entry(connection, self.principal, "user second factor off", f"user {user.id}", {}, now)
            self._tell_user(connection, user.id, "Your second factor was taken away", "An administrator did it.", now)

    def _use_code(self, connection: Connection, user_id: int, code: str) -> str:
        """Use up a code: 'code' or 'recovery' says of which kind it was, '' that it does not hold."""
        now = self.clock()
        found = factors.factor_of(connection, user_id)
        if found is None or found.confirmed_at is None:
            return ""
        step = self._step_of(found, code)
        if step is not None:
            return "code" if factors.use_step(connection, user_id, found.sealed, step) else ""
        return "recovery" if factors.use_recovery_code(connection, user_id, codes.recovery_digest(code), now) else ""

    def _step_of(self, found: Factor, code: str) -> int | None:
        if not codes.is_short(code):  # a recovery code, which needs no key
            return None
        return codes.step_of(self._seal.unseal(found.sealed), code, self.clock(), found.last_step)

    def _setting_up(self, secret: str) -> SignInState:
        """The session in which a second factor may be set up: complete and just proved, or waiting for nothing else."""
        state = self._state(secret)
        if state.step not in (None, Step.SET_UP):
            raise Refused(NOT_SIGNED_IN)
        if not state.is_proved(self.clock()):
            raise Refused(PROVE_FIRST)
        return state

    @property
    def _seal(self) -> SealAccess:
        """The key of second factors: said from outside, else a file beside the database where that is a file."""
        path = self.store.path
        return replace(self.shelf.signing.seal, own_file=None if path is None else path.with_name(f"{path.name}.key"))
