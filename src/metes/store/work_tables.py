"""The tables of long work: jobs, the log of each, and the schedules that queue them. They share the metadata of `tables`."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, Index, Integer, Table, Text

from metes.store.columns import BigId, Instant
from metes.store.tables import metadata

# Two keys keep a trigger from firing twice. `once_key` is unique for ever: a publication. `waiting_key` is unique among jobs
# that wait: what changes before a job begins is that job's work, what changes afterwards queues the next.
jobs = Table(
    "jobs",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("principal", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("done", sa.BigInteger, nullable=False),
    Column("total", sa.BigInteger, nullable=False),
    Column("result", Text),
    Column("error", Text),
    Column("attempts", Integer, nullable=False),
    Column("cancel_requested", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("heartbeat_at", Instant),
    Column("finished_at", Instant),
    Column("worker", Text),
    Column("waiting_key", Text),
    Column("once_key", Text),
    # Counts reports of the worker: others see by it that the worker lives, whatever the clocks of the two machines say.
    Column("beats", sa.BigInteger, nullable=False, server_default="0"),
    # Before this instant nobody takes the job up again after it had to give way.
    Column("run_after", Instant),
    # What the work noted of itself, so that the next attempt goes on from there.
    Column("checkpoint", Text),
    Index(None, "state"),
    Index("uq_jobs_once_key", "once_key", unique=True),
    Index(
        "uq_jobs_waiting_key",
        "waiting_key",
        unique=True,
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    ),
)

job_log = Table(
    "job_log",
    metadata,
    Column("number", BigId, primary_key=True),
    Column("job_id", BigId, nullable=False),
    Column("at", Instant, nullable=False),
    Column("level", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("text", Text, nullable=False),
    Index(None, "job_id", "number"),
)

# `next_at` is the turn that comes; `last_at` the newest turn that was taken, by its own time and not by when a worker came to it.
schedules = Table(
    "schedules",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("cadence", Text, nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    Column("principal", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("last_at", Instant),
    Column("last_job", BigId),
)
