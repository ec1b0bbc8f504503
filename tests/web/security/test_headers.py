"""Every answer: safe headers whatever went wrong, sizes limited, and nothing said of what is inside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import metes
from metes.app.settings import AppSettings
from metes.app.workspace import open_workspace
from metes.base.errors import NoDatabase
from metes.web.application import create_app
from metes.web.protection import Protection
from tests.web.security.attacking import Attacker, api_routes, filled, page_routes
from tests.web.security.serving import asked, connected, served

SAFE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "x-permitted-cross-domain-policies": "none",
}
FORM_BYTES = Protection().form_bytes
WORDS = ("Traceback", "sqlalchemy", "sqlite", "postgresql", "metes.db", "no such table", "secret-host", 'File "')


def is_safe(answer: object) -> None:
    """Fails unless an answer carries what every answer must."""
    headers = answer.headers  # type: ignore[attr-defined]
    assert {name: headers.get(name) for name in SAFE} == SAFE
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["object-src"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert "unsafe" not in headers["content-security-policy"]
    assert re.fullmatch(r"[A-Za-z0-9-]{8,64}", headers["x-request-id"])
    assert "server" not in headers
    assert not [name for name in headers if name.startswith("access-control-")]


def test_every_kind_of_answer_carries_the_safe_headers(attacker: Attacker) -> None:
    static = re.search(r'href="(/static/[^"]+metes\.css)"', attacker.get("/more").text)
    assert static
    for address in ("/", "/accounts", "/nowhere", "/sign-in", "/healthz", "/readyz", "/metrics", "/api/v1/openapi.json", "/api/v1/users", "/api/v1/nowhere",
        "/users", "/accounts/999", "/accounts/x", "/accounts/export.csv", "/accounts/export.xlsx", "/plan/export.zip", "/static/x/none.js", "/jobs/1/events"):  # fmt: skip
        for method in ("GET", "POST", "OPTIONS"):
            answer = attacker.client.request(method, address)
            is_safe(answer)
            assert address.startswith("/static/") or answer.headers["cache-control"] == "no-store", address
    answer = attacker.get(static[1])
    is_safe(answer)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/css")
    is_safe(attacker.other().get("/users"))


def test_a_fault_of_ours_is_answered_with_safe_headers_and_its_id_alone(attacker: Attacker) -> None:
    """The tables go away under the server: nobody expected that."""
    broken = attacker.workspace.store
    with broken.write() as connection:
        for table in ("saved_views", "jobs"):
            connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO gone_{table}")
    for address in ("/jobs", "/api/v1/jobs"):
        answer = attacker.get(address, headers={"x-request-id": "my-request-17"})
        assert answer.status_code == 500
        is_safe(answer)
        assert answer.headers["x-request-id"] == "my-request-17"
        assert "my-request-17" in answer.text
        assert not [word for word in WORDS if word in answer.text]
    with broken.write() as connection:
        connection.exec_driver_sql("ALTER TABLE sessions RENAME TO gone_sessions")
    for address in ("/jobs", "/accounts", "/api/v1/jobs", "/nowhere"):
        answer = attacker.get(address)
        assert answer.status_code in {404, 500}
        is_safe(answer)
        assert not [word for word in WORDS if word in answer.text]


def test_a_database_that_does_not_answer_is_told_to_nobody(attacker: Attacker) -> None:
    """What the store says of a database it cannot open names host and user; none of it leaves the server."""
    workspace = attacker.workspace
    Path(str(workspace.store.url.database)).write_bytes(b"this is no database any more" * 100)
    workspace.store.dispose()
    for suffix in ("-wal", "-shm"):
        Path(f"{workspace.store.url.database}{suffix}").unlink(missing_ok=True)
    for address in ("/readyz", "/sign-in", "/accounts", "/api/v1/users", "/nowhere"):
        answer = attacker.get(address, headers={"authorization": "Bearer metes_x"} if "api" in address else {})
        assert answer.status_code in {404, 500, 503}, address
        is_safe(answer)
        assert not [word for word in WORDS if word in answer.text], answer.text
    assert attacker.get("/healthz").text == "ok"
    with pytest.raises(NoDatabase), workspace.store.read():
        pass


def test_the_figures_name_routes_and_no_data(attacker: Attacker) -> None:
    attacker.get("/accounts?q=very-secret-search")
    attacker.get("/users/mallory/password")
    for number in range(200):
        attacker.client.request(f"MADEUP{number}", "/accounts")
        attacker.get(f"/made-up-{number}")
    text = attacker.other().get("/metrics").text
    assert "very-secret" not in text
    assert "mallory" not in text
    assert "made-up" not in text
    assert "MADEUP" not in text
    assert len(text.splitlines()) < 60
    assert attacker.other().get("/healthz").text == "ok"
    assert attacker.other().get("/readyz").json() == {"ready": True}


@pytest.mark.parametrize(
    "host",
    ["evil.example/x?", "a b", "[", "evil.example#", "a\\b", "evil.example:99999999", "user@evil.example", "[::1", "<script>"],
)
def test_a_host_that_is_none_is_refused(attacker: Attacker, host: str) -> None:
    answer = attacker.get("/accounts", headers={"host": host})
    assert answer.status_code == 400
    is_safe(answer)


def test_no_page_holds_the_host_that_was_named(attacker: Attacker) -> None:
    for address in ("/", "/accounts", "/map", "/users", "/plan", "/nowhere", "/api/v1/openapi.json"):
        headers = {
            "host": "spoofed.example",
            "x-forwarded-host": "spoofed.example",
            "x-original-url": "/users",
            "x-forwarded-proto": "https",
        }
        answer = attacker.get(address, headers=headers)
        assert "spoofed.example" not in answer.text
        assert "spoofed.example" not in answer.headers.get("location", "")
        assert "strict-transport-security" not in answer.headers


def test_an_id_of_a_request_cannot_carry_anything_else(attacker: Attacker) -> None:
    for given in ("short", "x" * 65, "<script>alert(1)</script>", "a b c d e f g h", "é" * 10):
        answer = attacker.get("/nowhere", headers={"x-request-id": given.encode("latin-1", "replace")})
        assert answer.headers["x-request-id"] != given
        assert f"<code>{given}" not in answer.text


class _Endless:
    """A body that says how much of it was taken."""

    def __init__(self, start: bytes, total: int) -> None:
        self.start, self.total, self.taken = start, total, 0

    def __iter__(self) -> Iterator[bytes]:
        yield self.start
        while self.taken < self.total:
            self.taken += 65536
            yield b"x" * 65536


FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"
START = b'--b\r\nContent-Disposition: form-data; name="file"; filename="f.csv"\r\n\r\n'


@pytest.mark.parametrize(
    ("address", "kind", "start"),
    [
        ("/settings", FORM, b"a="),
        ("/settings", MULTIPART, START),
        ("/import", FORM, b"a="),
        ("/import/review/1", FORM, b"a="),
        ("/import/review/1", MULTIPART, START),
        ("/import/1/undo", MULTIPART, START),
        ("/api/v1/imports", "application/json", b"{"),
        ("/api/v1/imports/1/undo", MULTIPART, START),
        ("/api/v1/rules/count", "application/json", b'{"when": "'),
        ("/sign-in", FORM, b"name="),
        ("/sign-in", MULTIPART, START),
    ],
)
def test_more_than_a_form_is_taken_only_where_files_go(attacker: Attacker, address: str, kind: str, start: bytes) -> None:
    headers = {"content-type": kind, "x-csrf-token": attacker.token()}
    told = attacker.client.post(address, content=b"", headers={**headers, "content-length": str(FORM_BYTES + 1)})
    assert told.status_code == 413
    is_safe(told)
    answer = attacker.client.post(address, content=iter(_Endless(start, FORM_BYTES + 65536)), headers=headers)
    # An address that needs no body takes none, so it may answer without having seen how long it is.
    assert answer.status_code in {413} | (
        {404, 409, 422, 200, 303} if address.endswith("undo") or address == "/api/v1/imports" else set()
    )
    is_safe(answer)


def test_a_length_that_is_absurd_is_refused(attacker: Attacker) -> None:
    for length in ("9" * 18, "9" * 5000):
        assert (
            attacker.client.post("/import", content=b"", headers={"content-type": MULTIPART, "content-length": length}).status_code
            == 413
        )


def test_more_than_a_form_goes_up_where_files_go(attacker: Attacker) -> None:
    sent = attacker.post("/import", {"kind": "accounts"}, files={"file": ("f.csv", b"id,name\n" + b"1,x\n" * 2_000_000)})
    assert sent.status_code == 303


@pytest.fixture
def port(stranger: Attacker) -> Iterator[int]:
    """A real server's port."""
    assert stranger.app is not None
    with served(stranger.app, Protection()) as port:
        yield port


def test_a_file_of_nobody_is_not_taken_in_before_the_answer(port: int) -> None:
    """On a real socket: whoever is not signed in gets the answer although nearly all of four gigabytes was never sent."""
    for address, expected in (("/api/v1/imports", b"401"), ("/import", b"303")):
        with connected(port) as connection:
            head = f"POST {address} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {MULTIPART}\r\nContent-Length: 4000000000\r\n\r\n"
            connection.sendall(head.encode() + START)
            answer = connection.recv(65536)
            assert answer.startswith(b"HTTP/1.1 " + expected), answer
            assert b"content-security-policy" in answer


@pytest.mark.parametrize("request_line", [b"GET /%ff%fe HTTP/1.1", b"GET /accounts/%F0%9F HTTP/1.1", b"GET //evil.example/ HTTP/1.1", b"GET /?next=%ed%a0%80 HTTP/1.1",
    b"GET http://evil.example/accounts HTTP/1.1", b"OPTIONS * HTTP/1.1", b"GET /static/x/..%2f..%2fguards.py HTTP/1.1"])  # fmt: skip
def test_raw_addresses_that_no_browser_sends_are_answered(port: int, request_line: bytes) -> None:
    answer = asked(port, request_line + b"\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    status = int(answer.split(b" ", 2)[1])
    assert status in {303, 307, 400, 404, 405}, answer
    assert b"location: //" not in answer.lower()
    assert b"def " not in answer


def test_nothing_in_metes_opens_a_line_but_by_two_modules() -> None:
    """Requests leave by `connect/outgoing.py`, mails by `connect/mail_sending.py`; of sockets others ask names alone."""
    source = Path(metes.__file__).parent
    clients = re.compile(
        r"^\s*(?:import|from)\s+(?:urllib\.request|http\.client|requests|httpx2?|httpcore2?|aiohttp|urllib3|ftplib|smtplib|socket|websockets)\b",
        re.MULTILINE,
    )
    found = {path.relative_to(source).as_posix(): clients.findall(path.read_text()) for path in source.rglob("*.py")}
    named = {name for name, lines in found.items() if lines} - {"connect/outgoing.py"}
    assert named == {"connect/mail_sending.py", "connect/gate.py", "worker/presence.py", "importing/writing.py", "web/patience.py"}
    used = {use for name in named for use in re.findall(r"\bsocket\.(\w+)\(", (source / name).read_text())}
    assert used == {"gethostname", "getfqdn", "getaddrinfo"}
    assert {path.name for path in (source / "connect").glob("*.py") if "import smtplib" in path.read_text()} == {"mail_sending.py"}


def test_duckdb_reads_no_address_and_loads_no_extension_from_outside(attacker: Attacker) -> None:
    for text in ("http://127.0.0.1:9/x.csv", "s3://bucket/x", "/etc/passwd", "read_csv('/etc/passwd')"):
        assert attacker.get("/accounts", params={"q": text}).status_code == 200
        assert attacker.get("/api/v1/accounts", params={"sort": text}).status_code == 422
        assert attacker.get("/api/v1/accounts", params={"columns": text}).status_code == 422


def test_a_server_on_an_empty_database_answers_safely(tmp_path: Path) -> None:
    workspace = open_workspace(AppSettings(f"sqlite:///{tmp_path / 'empty.db'}"))
    stranger = Attacker(workspace, create_app(workspace))
    page = stranger.get("/sign-in")
    assert "Nobody can sign in yet" in page.text
    is_safe(page)
    assert stranger.get("/").status_code == 303
    workspace.close()


def test_every_answer_by_https_asks_for_https_from_then_on(attacker: Attacker) -> None:
    attacker.client.base_url = "https://testserver"
    for address in (
        "/",
        "/sign-in",
        "/nowhere",
        "/healthz",
        "/api/v1/users",
        "/api/v1/nowhere",
        "/static/x/none.js",
        "/accounts?q=%00",
    ):
        for method in ("GET", "POST", "TRACE"):
            answer = attacker.client.request(method, address)
            assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains", address
    misdirected = attacker.get("/", headers={"host": "evil.example"})
    assert misdirected.status_code == 421
    assert misdirected.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


def test_every_answer_says_what_it_is_and_in_which_letters(shared: Attacker) -> None:
    kinds = {
        "text/html; charset=utf-8", "text/plain; charset=utf-8", "text/csv; charset=utf-8", "text/css; charset=utf-8",
        "text/javascript; charset=utf-8", "text/event-stream; charset=utf-8", "text/plain; version=0.0.4; charset=utf-8",
    }  # fmt: skip
    for method, pattern in (
        *page_routes(),
        *api_routes(),
        ("get", "/healthz"),
        ("get", "/metrics"),
        ("get", "/nowhere"),
        ("get", "/api/v1/nowhere"),
    ):
        if method != "get" or pattern.endswith("/events"):
            continue
        answer = shared.get(filled(pattern))
        if not answer.content:
            continue
        kind = answer.headers["content-type"]
        assert not kind.startswith("text/") or kind in kinds, (pattern, kind)
        if pattern.startswith("/api/") and kind == "application/json":
            answer.json()
        assert (kind == "application/json") == (
            answer.content[:1] in b"{[" and not kind.startswith("text/") and "geo" not in kind and "nd" not in kind
        ), (
            pattern,
            kind,
        )


def test_signing_out_clears_what_the_browser_kept(attacker: Attacker) -> None:
    answer = attacker.post("/sign-out")
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    gone = [line for line in answer.headers.get_list("set-cookie") if line.startswith("metes_session=")]
    assert "Max-Age=0" in gone[0]
    for address in ("/", "/accounts", "/sign-in"):
        assert attacker.get(address).headers["cache-control"] == "no-store"


def test_there_is_no_web_socket(port: int) -> None:
    head = b"GET /accounts HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    with connected(port) as connection:
        connection.sendall(head)
        assert connection.recv(65536).startswith(b"HTTP/1.1 303 ")


def test_figures_are_shown_only_where_that_was_said(stranger: Attacker) -> None:
    hidden = Attacker(stranger.workspace, create_app(stranger.workspace, replace(Protection(), has_metrics=False)))
    assert hidden.get("/metrics").status_code == 404
    assert stranger.get("/metrics").status_code == 200


def test_a_fault_of_ours_is_logged_with_its_trace_and_its_id(attacker: Attacker, caplog: pytest.LogCaptureFixture) -> None:
    with attacker.workspace.store.write() as connection:
        connection.exec_driver_sql("ALTER TABLE jobs RENAME TO gone_jobs")
    answer = attacker.get("/jobs", headers={"x-request-id": "my-request-18"})
    assert answer.status_code == 500
    logged = [record for record in caplog.records if record.getMessage() == "unexpected error"]
    assert [(record.levelname, record.exc_info is not None) for record in logged] == [("ERROR", True)]
