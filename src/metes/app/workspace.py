"""The Workspace: every verb of Metes on one database. The doors hold it and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from metes.app.auditing import AuditVerbs
from metes.app.corrections import CorrectionVerbs
from metes.app.design_sizes import DesignSizeVerbs
from metes.app.desk import Shelf, utc_now
from metes.app.editing import EditingVerbs
from metes.app.policy import guarded
from metes.app.privacy import PrivacyVerbs
from metes.app.proofs import ProofVerbs
from metes.app.provider import ProviderVerbs
from metes.app.reminders import ReminderVerbs
from metes.app.restating import RestatingVerbs
from metes.app.settings import AppSettings
from metes.app.sign_ins import SignInVerbs
from metes.app.texts import TextVerbs
from metes.app.zone_looks import ZoneLookVerbs
from metes.model.scope import Principal
from metes.store import schema
from metes.store.engine import Store

LOCAL = Principal("local")


@guarded
class Workspace(
    EditingVerbs,
    CorrectionVerbs,
    RestatingVerbs,
    TextVerbs,
    ReminderVerbs,
    ProofVerbs,
    ZoneLookVerbs,
    DesignSizeVerbs,
    AuditVerbs,
    PrivacyVerbs,
    SignInVerbs,
    ProviderVerbs,
):
    """All verbs. `acting_as` gives the same workspace in another principal's name."""

    def acting_as(self, principal: Principal) -> Workspace:
        """The same store and shelf, for somebody else."""
        return Workspace(self.store, self.shelf, principal, self.clock, self.moment)

    def close(self) -> None:
        """Close the database and let go of the Book."""
        self.store.dispose()


def open_workspace(
    settings: AppSettings, *, principal: Principal = LOCAL, make: bool = True, clock: Callable[[], datetime] = utc_now
) -> Workspace:
    """Open a database. A new, empty one gets its tables where `make` says so; one with another schema is refused."""
    store = Store(settings.database)
    if make and schema.is_empty(store):
        schema.upgrade(store)
    schema.require_current(store)
    return Workspace(
        store,
        Shelf(settings.books, mail=settings.mail, anchors=settings.anchors, signing=settings.signing, provider=settings.provider),
        principal,
        clock,
    )
