"""The pages: one module per place, each a router."""

from fastapi import APIRouter

from metes.web.pages import (
    account,
    account_edit,
    accounts,
    audit,
    design_compare,
    design_fairness,
    design_frontier,
    design_new,
    design_to_plan,
    design_workbench,
    designs,
    home,
    imports,
    jobs,
    map,
    more,
    people,
    pin,
    plan,
    plan_areas,
    plan_changes,
    plan_parts,
    plan_seats,
    preview,
    proof,
    rule,
    schedules,
    search,
    settings,
    sign_in,
    territories,
    users,
    why,
    zone_sets,
    zones,
)
from metes.web.visits import CHECKED

router = APIRouter()
router.include_router(sign_in.router)

# Every page below needs somebody signed in, and every form among them its token.
_inside = APIRouter(dependencies=[CHECKED])
for _module in (
    accounts,
    account,
    account_edit,
    why,
    home,
    pin,
    territories,
    people,
    search,
    map,
    more,
    plan,
    plan_changes,
    proof,
    preview,
    plan_parts,
    plan_areas,
    plan_seats,
    rule,
    imports,
    jobs,
    schedules,
    settings,
    users,
    audit,
    zones,
    design_workbench,
    designs,
    design_new,
    design_compare,
    design_fairness,
    design_frontier,
    design_to_plan,
    zone_sets,
):
    _inside.include_router(_module.router)
router.include_router(_inside)
