"""The verbs of the company's sign-in: begin there, come back, leave, look whether it answers, say who is whom."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import Connection

from metes.app.desk import Desk
from metes.app.limiting import Limit
from metes.base.errors import InputError, MetesError, Refused
from metes.identity import secrets
from metes.model.scope import Principal
from metes.store import audit, identities, links, users
from metes.store.identities import Begun, Identity
from metes.store.users import User

# Slow to load: an HTTP client and cryptography, which nothing else asks for.
if TYPE_CHECKING:
    from metes.connect.openid import OpenIdProvider, ProviderIdentity, Question

METHOD = "provider"
FRESH = "fresh."
MINUTES = 10
NOT_WELL = "the sign-in at {name} did not work; try again, and if it goes on like this, tell whoever runs this server"
NOT_KNOWN = "you are signed in at {name}, but nobody here is known by that; ask whoever runs Metes to let you in"
NOT_STRONG = "the sign-in at {name} was not strong enough for Metes; sign in there with your second factor, then try again"
TOO_LATE = "this sign-in has ended or was begun in another browser; begin anew"
LEAVINGS_OF_ADDRESS = Limit("provider", 200, 900)
log = logging.getLogger("metes.app")


@dataclass(frozen=True, slots=True)
class Leaving:
    """Where a browser goes to sign in, and the secret by which it is known again when it comes back."""

    address: str
    secret: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """A session that has just begun at the provider: the secret for the browser's cookie, whose it is, and where to go on."""

    secret: str
    user: User
    target: str


class ProviderVerbs(Desk):
    """What has to do with the company's sign-in."""

    def provider_name(self) -> str:
        """What people call the company's sign-in; empty where there is none."""
        access = self.shelf.provider
        return access.name if access.is_named else ""

    def provider_leave(self, target: str, *, address: str = "", is_fresh: bool = False) -> Leaving:
        """Begin a sign-in at the provider; Refused, with words for anybody, where it does not answer.

        With `is_fresh` people have to prove there who they are even if they are signed in. TooMany where an address begins more than a
        whole office does.
        """
        self.shelf.limits.take(LEAVINGS_OF_ADDRESS, address)
        now = self.clock()
        provider = self._provider_told()
        question, secret = _question(is_fresh), secrets.new_secret()
        try:
            where = provider.question_address(question, now)
        except MetesError as error:
            raise self._not_well(error, address) from None
        with self.store.touch() as connection:
            begun = Begun(question.nonce, question.verifier, target)
            identities.begin(connection, _bound(question.state, secret), begun, now + timedelta(minutes=MINUTES), now)
        return Leaving(where, secret)

    def provider_arrive(
        self,
        state: str,
        secret: str,
        *,
        code: str = "",
        error: str = "",
        issuer: str = "",
        address: str = "",
        agent: str = "",
        request: str = "",
    ) -> Arrived:
        """Begin the session of whoever comes back from the provider with `code` or `error`, in the browser that holds `secret`.

        Refused, with words for anybody, where it cannot be.
        """
        from metes.connect.openid import Answer

        now = self.clock()
        with self.store.touch() as connection:
            begun = identities.take(connection, _bound(state, secret), now) if state and secret else None
        if begun is None:
            log.warning(
                "sign-in at the provider failed: it was not begun in this browser, or too long ago", extra={"address": address}
            )
            raise Refused(TOO_LATE)
        provider = self._provider_told()
        question = _asked(state, begun)
        try:
            who = provider.identity(Answer(code, error, issuer), question, now)
        except MetesError as fault:
            raise self._not_well(fault, address) from None
        principal = Principal("sign-in", address=address, request=request)
        user, session = self._let_in(provider, who, principal, now, agent)
        return Arrived(session, user, begun.target)

    def _let_in(
        self, provider: OpenIdProvider, who: ProviderIdentity, principal: Principal, now: datetime, agent: str
    ) -> tuple[User, str]:
        """The user whom somebody is, with the secret of a new session."""
        from metes.app import provisioning

        settings = provider.settings
        with self.store.read() as connection:
            settled = provisioning.is_settled(connection, who, settings, now)
        with self.store.touch() if settled is not None else self.store.write() as connection:
            try:
                number = settled or provisioning.settle(connection, who, settings, principal, now)
            except Refused:
                log.warning("sign-in at the provider turned away: nobody here is known by it", extra={"address": principal.address})
                raise Refused(NOT_KNOWN.format(name=settings.name)) from None
            user = users.user_by_number(connection, number, links.day_of(connection, now))
            if user is None or user.disabled_at is not None:
                log.warning(
                    "sign-in at the provider turned away", extra={"subject": f"user {number}", "address": principal.address}
                )
                raise Refused(NOT_KNOWN.format(name=settings.name))
            identities.note_seen(connection, who.issuer, who.subject, now)
            session = self._begin_session(connection, user, now, principal.address, agent)
            # Who has left the company cannot sign in there: a short session is what makes that count here. And whoever was signed in there
            # already has proved nothing just now, as a proof before what changes who gets in has to be.
            until = now + timedelta(hours=settings.session_hours)
            proved = None if who.proved_at is None else min(who.proved_at, now)
            users.set_session(connection, secrets.digest(session), expires_at=until, proved_at=proved)
        log.info("signed in at the provider", extra={"subject": f"user {number}", "address": principal.address})
        return user, session

    def _begin_session(self, connection: Connection, user: User, now: datetime, address: str, agent: str) -> str:
        secret = secrets.new_secret()
        users.add_session(
            connection, user.id, secrets.digest(secret), secrets.new_secret(), now,
            address=address, agent=agent, method=METHOD, number=secrets.new_number(),
        )  # fmt: skip
        return secret

    def provider_end_address(self) -> str:
        """Where a browser ends its session at the provider too; empty where that is not offered."""
        if not self.shelf.provider.is_named:
            return ""
        try:
            return self._provider().end_session_address(self.clock())
        except MetesError as error:
            log.warning("the provider does not say where one signs out: %s", error)
            return ""

    def provider_check(self) -> Mapping[str, Any]:
        """What the provider tells of itself, asked anew; MetesError says what is wrong."""
        from metes.connect.openid import OpenIdProvider

        provider = OpenIdProvider(self.shelf.provider.settings(self.settings().base_url))
        now = self.clock()
        metadata = provider.metadata(now)
        settings = provider.settings
        return {
            "issuer": settings.issuer,
            "name": settings.name,
            "client_id": settings.client_id,
            "redirect": settings.redirect,
            "scopes": settings.scopes,
            "signs_with": list(metadata.algorithms),
            "keys": len(provider.keys(now).keys),
            "client_sign_in": metadata.auth_method,
            "sign_out": bool(metadata.end_session),
            "user_info": bool(metadata.user_info),
            "provision": settings.provision.value,
            "groups_claim": settings.groups_claim,
            "strengths": list(settings.strengths),
        }

    def identity_list(self) -> tuple[Identity, ...]:
        """Which users are who at a provider."""
        with self.store.read() as connection:
            return identities.all_identities(connection)

    def identity_link(self, name: str, subject: str) -> None:
        """Say that a user is a subject of the provider that is named."""
        cleaned = subject.strip()
        if not 1 <= len(cleaned) <= 255 or not cleaned.isprintable():
            raise InputError(f"expected the subject by which the provider knows somebody, got {subject[:60]!r}")
        issuer = self.shelf.provider.settings(self.settings().base_url).issuer
        now = self.clock()
        with self.store.write() as connection:
            user_id = users.require_user(connection, name).id
            identities.add_identity(connection, user_id, issuer, cleaned, now)
            named = {"after.subject": cleaned}
            audit.add_entry(
                connection, self.principal, "user identity", f"user {user_id}", {}, now, after={"issuer": issuer}, personal=named
            )

    def identity_unlink(self, name: str) -> None:
        """Let a user be nobody at a provider, and end the user's sessions."""
        now = self.clock()
        with self.store.write() as connection:
            user_id = users.require_user(connection, name).id
            identities.remove_identities(connection, user_id)
            users.end_sessions(connection, user_id, now)
            audit.add_entry(connection, self.principal, "user identity", f"user {user_id}", {"ended": True}, now)

    def _provider(self) -> OpenIdProvider:
        """The provider that is named, with what it told before; InputError says what is missing or wrong of it."""
        from metes.connect.openid import OpenIdProvider

        settings = self.shelf.provider.settings(self.settings().base_url)
        with self.shelf.lock:
            kept = self.shelf.openid
            if kept is None or kept.settings != settings:
                kept = self.shelf.openid = OpenIdProvider(settings)
            return kept

    def _provider_told(self) -> OpenIdProvider:
        """The provider; what is wrong with its settings goes to the log."""
        if not self.shelf.provider.is_named:
            raise Refused("there is no single sign-on here")
        try:
            return self._provider()
        except InputError as error:
            raise self._not_well(error) from None

    def _not_well(self, error: MetesError, address: str = "") -> Refused:
        """What anybody is told; what is the matter goes to the log, since it may name what lies inside the network."""
        from metes.connect.openid_tokens import TooWeak

        log.warning("sign-in at the provider failed: %s", error, extra={"address": address})
        return Refused((NOT_STRONG if isinstance(error, TooWeak) else NOT_WELL).format(name=self.provider_name()))


def _question(is_fresh: bool) -> Question:
    """A new question. That it asks for a fresh proof is written into its nonce, which comes back with the answer and cannot be changed."""
    from metes.connect.openid import Question

    nonce = (FRESH if is_fresh else "") + secrets.new_secret()
    return Question(secrets.new_secret(), nonce, secrets.new_secret(), is_fresh)


def _asked(state: str, begun: Begun) -> Question:
    """The question that was asked before."""
    from metes.connect.openid import Question

    return Question(state, begun.nonce, begun.verifier, begun.nonce.startswith(FRESH))


def _bound(state: str, secret: str) -> str:
    """The digest of an answer's state and of the secret of the browser in which it was asked for: one without the other finds nothing."""
    return secrets.digest(f"{secret}.{state}")
