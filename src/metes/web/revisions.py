"""Revisions of the plan in words: what people call one, the tone of its state, and which of them are scenarios."""

from __future__ import annotations

from typing import Any

STATE_TONES = {
    "active": "good",
    "draft": "",
    "in review": "accent",
    "approved": "good",
    "scheduled": "warn",
    "superseded": "",
    "discarded": "",
}


def label_of(revision: Any) -> str:
    """What a revision is called at the head of something: its title, else its number."""
    return revision.title or f"{'Draft' if revision.is_open else 'Revision'} {revision.id}"


def called(revision: Any) -> str:
    """What a revision is called within a sentence."""
    return f"'{revision.title}'" if revision.title else f"{'draft' if revision.is_open else 'revision'} {revision.id}"


def step_count(visit: Any, revision: Any) -> int | None:
    """How many steps a revision is away from the one it was made from; None for one that was made from none."""
    return len(visit.workspace.plan_diff(str(revision.parent_id), str(revision.id))) if revision.parent_id else None
