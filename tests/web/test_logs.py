"""Lines of the log: JSON that no text can break, instants in UTC."""

from __future__ import annotations

import json
import logging
import re
import time
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

import metes
from metes.web.guards import Guards
from metes.web.logs import JsonLines, Metrics, log_config

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


def test_logs_go_to_standard_error_alone() -> None:
    config = log_config()
    assert {name: handler["class"] for name, handler in config["handlers"].items()} == {"stderr": "logging.StreamHandler"}
    assert config["root"]["handlers"] == ["stderr"]
    assert all("handlers" not in logger for logger in config["loggers"].values())
    source = "\n".join(path.read_text(encoding="utf-8") for path in Path(metes.__file__).parent.rglob("*.py"))
    assert not re.findall(r"\b(?:FileHandler|RotatingFileHandler|SysLogHandler|HTTPHandler|SocketHandler|SMTPHandler)\b", source)


def test_a_request_is_logged_with_all_that_finds_it_again(caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("x", 204)(scope, receive, send)

    guarded = Guards(app, Metrics(), lambda _request, _error: PlainTextResponse("", 500))
    with caplog.at_level(logging.INFO, "metes.web"):
        TestClient(guarded).get("/accounts?q=secret-search", headers={"x-request-id": "my-request-19"})
    record = next(record for record in caplog.records if record.getMessage() == "request")
    line = json.loads(JsonLines().format(record))
    assert {"at", "level", "logger", "method", "path", "route", "status", "ms"} <= set(line)
    assert (line["method"], line["path"], line["status"]) == ("GET", "/accounts", 204)
    assert "secret-search" not in str(line)
