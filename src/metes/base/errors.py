"""The one tree of exceptions: what a caller cannot go on from."""

from __future__ import annotations

from collections.abc import Sequence

from metes.base.findings import Finding


class MetesError(Exception):
    """Base of every error Metes raises on purpose; its text says what was expected, what came and what to do next."""

    code = "error"


class InputError(MetesError):
    """What was handed in cannot be used; `findings` lists every problem of the input, not just the first."""

    code = "input"

    def __init__(self, message: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(message)
        self.findings: tuple[Finding, ...] = tuple(findings)


class NoDatabase(InputError):
    """The database that was named does not open; the text holds its address, which is not for everybody."""


class NotFound(MetesError):
    """The thing named does not exist, or the one who asks may not know that it does."""

    code = "not-found"


class Conflict(MetesError):
    """The thing exists, but not in the state that the request needs."""

    code = "conflict"


class Busy(MetesError):
    """Another writer holds the database for longer than we wait; trying again is safe."""

    code = "busy"


class Refused(MetesError):
    """The one who asks may not do this."""

    code = "refused"


class TooMany(Refused):
    """The one who asks has asked too often; `seconds` later they may ask again."""

    code = "too-many"

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds


class SchemaMismatch(MetesError):
    """The database has another schema than this version of Metes reads."""

    code = "schema"


class Cancelled(MetesError):
    """Somebody asked for the work to stop; nothing was written."""

    code = "cancelled"


class Interrupted(Cancelled):
    """The worker itself must stop; its job waits for the next one and goes on there."""

    code = "interrupted"


class JobLost(Cancelled):
    """Another worker holds the job by now, so that this one must not go on with it."""

    code = "job-lost"
