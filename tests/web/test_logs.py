"""Lines of the log: JSON that no text can break, instants in UTC."""

from __future__ import annotations

import json
import logging
import time

import pytest

from metes.web.logs import JsonLines

HOSTILE = 'a\nlevel=error\r\n{"level": "forged"}\u2028\u2029\x85\x1b[2J\x9b2J\x7f\u202e"\\\ud800 名'


def line_of(message: str, **more: object) -> str:
    """What is logged of a record."""
    record = logging.makeLogRecord({"name": "metes.web", "levelname": "INFO", "msg": "%s", "args": (message,), **more})
    return JsonLines().format(record)


def test_no_text_ends_a_line_or_speaks_to_a_terminal() -> None:
    line = line_of(HOSTILE, path=HOSTILE, **{"a\nb": HOSTILE})
    assert line.isascii()
    assert line.isprintable()
    read = json.loads(line)
    assert read["message"] == read["path"] == HOSTILE
    assert read["level"] == "info"


def test_an_error_with_its_trace_stays_on_one_line() -> None:
    try:
        raise ValueError(HOSTILE)
    except ValueError as error:
        line = line_of("failed", exc_info=(type(error), error, error.__traceback__))
    assert line.isprintable()
    assert "Traceback" in json.loads(line)["error"]


def test_instants_are_in_utc_wherever_the_server_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        assert json.loads(line_of("x", created=1773480600.25))["at"] == "2026-03-14T09:30:00.250+00:00"
    finally:
        monkeypatch.undo()
        time.tzset()
