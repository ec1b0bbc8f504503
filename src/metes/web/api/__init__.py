"""The REST API under /api/v1: the Workspace's verbs as resources, with a token or a signed-in session."""

from fastapi import APIRouter, Depends

from metes.web.api import (
    accounts,
    audit,
    designs,
    editing,
    history,
    imports,
    notices,
    parts,
    plans,
    privacy,
    publications,
    reviews,
    scenarios,
    seats,
    sign_ins,
    signing,
    territories,
    users,
    workspace,
    zones,
)
from metes.web.api.access import caller
from metes.web.api.refusals import REFUSALS

router = APIRouter(dependencies=[Depends(caller)], responses={**REFUSALS})
for _module in (
    accounts,
    territories,
    plans,
    scenarios,
    reviews,
    publications,
    designs,
    editing,
    history,
    parts,
    seats,
    signing,
    imports,
    zones,
    notices,
    users,
    workspace,
    audit,
    sign_ins,
    privacy,
):
    router.include_router(_module.router)
