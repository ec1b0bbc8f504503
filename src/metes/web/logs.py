"""Logs as JSON lines with the id of the request, and the figures that /metrics shows."""

from __future__ import annotations

import json
import logging
import threading
from collections import Counter
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

request_id: ContextVar[str] = ContextVar("request_id", default="")

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "color_message"}


class JsonLines(logging.Formatter):
    """One JSON object a line: instant in UTC, level, logger, message, request id, and what was logged beside it. No secrets are logged."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id.get():
            line["request_id"] = request_id.get()
        line.update({name: value for name, value in record.__dict__.items() if name not in _STANDARD})
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        # Nothing but ASCII: no text can end the line, nor tell a terminal what to do.
        return json.dumps(line, default=str)


def log_config(level: str = "INFO") -> dict[str, Any]:
    """Logging set up for a server or a worker: JSON lines on standard error; the requests are logged by us, not by uvicorn."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonLines}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {"uvicorn.access": {"level": "WARNING"}, "uvicorn.error": {"level": "WARNING"}},
    }


class Metrics:
    """Counts requests and their durations, for Prometheus."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._buckets: Counter[float] = Counter()
        self._seconds = 0.0
        self._count = 0

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request. Methods made up by the client fall together, so that it cannot make us keep ever more counts."""
        method = method if method in METHODS else "other"
        with self._lock:
            self._requests[method, route, status] += 1
            self._seconds += seconds
            self._count += 1
            for bucket in BUCKETS:
                if seconds <= bucket:
                    self._buckets[bucket] += 1

    def text(self) -> str:
        """The counts in Prometheus's text format."""
        with self._lock:
            lines = ["# TYPE metes_requests_total counter"]
            lines += [
                f'metes_requests_total{{method="{method}",route="{route}",status="{status}"}} {count}'
                for (method, route, status), count in sorted(self._requests.items())
            ]
            lines.append("# TYPE metes_request_seconds histogram")
            lines += [f'metes_request_seconds_bucket{{le="{bucket}"}} {self._buckets[bucket]}' for bucket in BUCKETS]
            lines += [
                f'metes_request_seconds_bucket{{le="+Inf"}} {self._count}',
                f"metes_request_seconds_sum {self._seconds:.6f}",
                f"metes_request_seconds_count {self._count}",
            ]
        return "\n".join(lines) + "\n"
