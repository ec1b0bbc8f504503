"""What every resource of the API may answer in place of what was asked for: one form for all that is refused."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, Field


class Problem(BaseModel):
    """One thing that is wrong, by the place where it is."""

    code: str
    severity: str
    subject: str = ""
    message: str


class Refusal(BaseModel):
    """Why nothing came of a request; what is hidden and what does not exist read the same."""

    code: str = Field(description="What kind of refusal it is.")
    message: str = Field(description="What was expected, what came, and what to do.")
    findings: list[Problem] = Field(description="All that is wrong with what was sent.")
    request_id: str = Field(description="By which the server's log knows the request.")


class Refused(BaseModel):
    """The body of every answer of 400 and above."""

    error: Refusal


REFUSALS: MappingProxyType[int | str, dict[str, Any]] = MappingProxyType(
    {
        "4XX": {
            "model": Refused,
            # In plain words where a request does not get as far as the API: an address or a body that is too long, for one.
            "content": {"text/plain": {}},
            "description": "Refused: 401 without a token that is good, 403 without the right form token or where it is not allowed, 404 for what "
            "does not exist or is not to be seen, 409 where something else came first, 413 for too much, 422 for what cannot be read, 429 for "
            "too many at a time.",
        },
        "5XX": {"model": Refused, "description": "A fault of the server (500), or its database is busy or away (503)."},
    }
)
