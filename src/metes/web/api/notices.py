"""Notices of whoever calls, how they want to be told, and a test of the mail server."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from metes.web.api.access import Caller, plain

router = APIRouter(tags=["notices"])


class Choice(BaseModel):
    """How to be told of a kind: in the app or not, and by mail `at once`, `daily`, `weekly` or `never`."""

    in_app: bool
    by_mail: str = Field(max_length=20)


class ReadAll(BaseModel):
    """Which notices were read: all, those of a kind, those up to one."""

    kind: str | None = Field(None, max_length=40)
    up_to: int | None = Field(None, ge=1, lt=2**63)


class MailAddress(BaseModel):
    """An address for mail; none, or an empty one, takes that of the user's person again."""

    address: str | None = Field(None, max_length=320)


class TestMail(BaseModel):
    """Where a test mail goes."""

    address: str = Field(max_length=320)


@router.get("/notices")
def list_notices(
    caller: Caller,
    kind: Annotated[str | None, Query(max_length=40)] = None,
    unread: bool = False,
    before: Annotated[int | None, Query(ge=1, description="Only those older than this one.")] = None,
    rows: Annotated[int, Query(ge=1, le=500)] = 50,
) -> dict[str, Any]:
    """The caller's notices, newest first, and how many in all were not read."""
    found = caller.notices(kind=kind, unread=unread, before=before, limit=rows)
    return {"unread": caller.notices_unread(), "notices": plain(found)}


@router.post("/notices/read")
def read_all_notices(which: ReadAll, caller: Caller) -> dict[str, int]:
    """Note that the caller read all notices, those of a kind, or those up to one; how many were new."""
    return {"read": caller.notices_read_all(kind=which.kind, up_to=which.up_to)}


@router.get("/notices/preferences")
def get_preferences(caller: Caller) -> dict[str, Any]:
    """How the caller is told of each kind, and where mail goes."""
    found: dict[str, Any] = plain(caller.notice_preferences())
    return found


@router.put("/notices/preferences/{kind}")
def set_preference(kind: str, choice: Choice, caller: Caller) -> dict[str, Any]:
    """Choose how to be told of a kind from now on."""
    found: dict[str, Any] = plain(caller.notice_preferences_set(kind, in_app=choice.in_app, by_mail=choice.by_mail))
    return found


@router.put("/notices/address")
def set_address(mail: MailAddress, caller: Caller) -> dict[str, Any]:
    """Choose where mail goes."""
    found: dict[str, Any] = plain(caller.notice_address_set(mail.address))
    return found


@router.post("/notices/test-mail")
def send_test_mail(mail: TestMail, caller: Caller) -> dict[str, str]:
    """Send one mail at once; 400 with the mail server's answer where it did not take it."""
    return {"server": caller.mail_test(mail.address)}


@router.post("/notices/retry-mail")
def retry_mail(caller: Caller) -> dict[str, int]:
    """Try mail that was given up in the last 14 days once more; how many mails."""
    return {"mails": caller.mail_retry()}


@router.post("/notices/{notice}/read")
def read_notice(notice: int, caller: Caller) -> dict[str, Any]:
    """Note that the caller read a notice."""
    found: dict[str, Any] = plain(caller.notice_read(notice))
    return found
