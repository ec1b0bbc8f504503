"""Which capability each verb of the Workspace asks for; what is not in the table is for the command line alone.

The check is made where a door calls a verb, not where one verb calls another: which rows an allowed verb shows is the matter of the
scope that its queries take.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from functools import wraps
from types import FunctionType, GeneratorType, MappingProxyType
from typing import Any, TypeVar

from metes.base.errors import NotFound
from metes.model.access import HIDDEN, Access, Capability, UserRole
from metes.model.scope import Principal

T = TypeVar("T", bound=type)

# For whoever is signed in, whatever their role: what is their own, and what shows nothing of anybody.
ANYBODY = "anybody"
# The same, and hidden from an administrator who looks at the workspace as them, and from tokens of less than all that is theirs.
ONES_OWN = "one's own"
# For the server, the worker and the command line, in nobody's name.
THE_HOUSE = "the house"

_ANYBODY = """
    acting_as as_of active active_revision plan_of plan_base today settings fields custom_fields when check_ready require_active
    provider_name session sign_out sign_in_state token_user token_may_ask preferences_set views view_save view_delete view_as_end what_sees notice_mail_stop may accounts_known
"""
_ONES_OWN = """
    notices notice_read notices_read_all notices_unread notice_preferences notice_preferences_set notice_address_set
    messages_to_me publication_acknowledge token_add token_list token_revoke
    own_security prove password_change factor_off recovery_renew session_end sessions_end_others
"""
_THE_HOUSE = """
    close book book_at_hand compiled_of explainer_of plan_at plan_seen sign_in provider_leave provider_arrive provider_end_address tick clean_up drop_logs audit_anchor_keep has_users
    job_claim job_finish job_give_back job_checkpoint job_report job_say warm_up remind digest_make mail_send
    design_run design_frontier_run import_ assign_waiting
    begin_session_for factor_answer factor_begin factor_confirm password_choose reset_ask reset_is_open reset_use
"""
_BY_CAPABILITY: Mapping[Capability, str] = {
    Capability.LOOK: """
        accounts account account_by_number account_ids account_number account_row owner history total unassigned tree territory
        keys_below seated_on people person sitting_now search zone_fills cells bounds values_of
        explain explain_number explain_page explain_territory last_run is_assigned
        restated restated_person restated_territory rule_text rule_parse
    """,
    Capability.EXPORT: "accounts_export accounts_csv accounts_write explain_csv explain_write",
    Capability.REVIEW: "plan_review review_balances reviews_open",
    Capability.APPROVE: "plan_comment plan_comment_resolve plan_decide",
    Capability.PLAN_READ: """
        plan_find plan_list plan_log plan_show plan_text plan_schema plan_check plan_names plan_export plan_markdown plan_diff
        plan_compare compared_at_hand plan_preview pin_preview preview preview_at_hand preview_csv preview_moves preview_write
        preview_zones plan_prove plan_verdict proof_at_hand draft_or_active rule_count rule_check rule_take list_asked plan_area_accounts
        plan_area_list plan_area_show plan_area_text publication publications publish_preview rights_list rights_idle
        seats_known correct_list place_find
        design_arrays design_bases design_check design_compare design_csv design_export design_fairness design_find design_frontier
        design_frontier_job design_frontier_show design_list design_read design_reasons design_seats design_show design_sides
        design_sketches design_spec design_units
        zone_file_check zone_file_seen zone_links zone_of_account zone_set zone_set_export zone_set_list zone_set_removed
        zone_set_shapes zone_set_tile zone_sketch
        job job_log job_log_end publication_job jobs jobs_running schedule_list next_turn_of import_show imports mail_findings
    """,
    Capability.PLAN_EDIT: """
        plan_init plan_import plan_apply plan_branch plan_rename plan_change plan_discard plan_from_rows plan_merge plan_back
        plan_propose plan_withdraw
        pin unpin unpin_alike pins_change rule_remove rule_set seat_remove seat_set territory_remove territory_set
        list_remove list_set type_remove type_set plan_area_add plan_area_add_each plan_area_name plan_area_remove
        design_frontier_pick design_frontier_queue design_lock design_move design_new design_queue design_recolour design_redo
        design_remove design_rename design_restore design_save_as design_to_plan design_undo design_unlock
        zone_set_add zone_set_measure zone_set_remove zone_set_restore
    """,
    Capability.PUBLISH: "plan_publish plan_cancel plan_revert",
    Capability.DATA_EDIT: "account_edit",
    Capability.DATA_IMPORT: "uploaded uploads_drop import_queue import_undo mapping_write findings_write upload_keep",
    Capability.CORRECT: "correct_back correct_owner correct_seat",
    Capability.RUN: """
        assign assign_accounts assign_queue assign_now job_add job_cancel job_resume schedule_add schedule_pause schedule_remove
        schedule_resume schedule_run mail_retry
    """,
    Capability.ADMIN: """
        config_list config_set config_unset user_add user_link user_list users user_show user_email user_password user_disable
        user_second_factor_off user_sessions user_end_sessions
        role_list role_grant role_revoke role_preview group_list group_add group_remove group_join group_leave view_as_begin mail_test right_grant right_revoke
        provider_check identity_list identity_link identity_unlink
    """,
    Capability.AUDIT_READ: "audit_list audit_count audit_entry audit_actions audit_names audit_export audit_write audit_verify audit_anchor sign_in_list sign_in_count sign_in_export sign_in_write",
    Capability.PRIVACY: """
        privacy_register privacy_find privacy_somebody privacy_export privacy_preview privacy_erase privacy_retention privacy_retain
    """,
}


def _table() -> Mapping[str, Capability | str]:
    found: dict[str, Capability | str] = {}
    for asked, text in ((ANYBODY, _ANYBODY), (ONES_OWN, _ONES_OWN), (THE_HOUSE, _THE_HOUSE), *_BY_CAPABILITY.items()):
        for name in text.split():
            if name in found:
                raise ValueError(f"the verb {name} stands twice in the table of policy")
            found[name] = asked
    return MappingProxyType(found)


POLICY = _table()
# In whose name a verb is at work here: what it calls of the same workspace is not asked again.
_AT_WORK: ContextVar[Principal | None] = ContextVar("metes_at_work", default=None)


def guarded(cls: T) -> T:
    """The class with each public method asking first whether its principal may call it; NotFound says no."""
    for name in dir(cls):
        found = getattr(cls, name)
        if not name.startswith("_") and isinstance(found, FunctionType):
            setattr(cls, name, _guard(name, found))
    return cls


def require(workspace: Any, name: str) -> None:
    """NotFound unless the principal of a workspace may call a verb."""
    asked = POLICY.get(name, THE_HOUSE)
    principal: Principal = workspace.principal
    if asked == ANYBODY or (asked == ONES_OWN and not principal.is_viewed and not is_narrowed(principal)):
        return
    if not isinstance(asked, Capability) or not may(principal, workspace.access, asked):
        raise NotFound(HIDDEN)


# What a token does only where it was made for an administrator's work.
_BY_PERSON = frozenset({Capability.ADMIN, Capability.PRIVACY})


def may(principal: Principal, access: Access, capability: Capability) -> bool:
    """Whether a principal has a capability. A token runs the workspace only where it was made for just that."""
    if principal.user_id is None:
        return True
    if capability in _BY_PERSON and principal.is_token and principal.narrowing.role != UserRole.ADMINISTRATOR:
        return False
    return access.may(capability)


def is_narrowed(principal: Principal) -> bool:
    """Whether a token asks that was made for less than its user: for a place, or for a role that does not run the workspace."""
    narrowing = principal.narrowing
    return bool(narrowing.territory) or narrowing.role not in (None, UserRole.ADMINISTRATOR)


def _guard(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def asked_first(self: Any, *args: Any, **more: Any) -> Any:
        principal: Principal = self.principal
        if principal.user_id is None or _AT_WORK.get() is principal:
            return method(self, *args, **more)
        require(self, name)
        before = _AT_WORK.set(principal)
        try:
            found = method(self, *args, **more)
        finally:
            _AT_WORK.reset(before)
        return _gone_through(found, principal) if isinstance(found, GeneratorType) else found

    return asked_first


def _gone_through(found: Iterator[Any], principal: Principal) -> Iterator[Any]:
    """What a verb that was allowed gives piece by piece, at work while each is made."""
    while True:
        before = _AT_WORK.set(principal)
        try:
            piece = next(found)
        except StopIteration:
            return
        finally:
            _AT_WORK.reset(before)
        yield piece
