"""Secrets come from the environment or from files, and are found nowhere else: not in output, database, cache, or list of processes."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from metes.app.settings import AppSettings, MailAccess, settings_from_environment
from metes.base.errors import InputError
from metes.store.engine import Store

DATABASE, MAIL = "marker-of-the-database", "marker-of-the-mail-server"
SOURCE = Path(__file__).parents[2] / "src" / "metes"
PATIENCE_SECONDS = 120


def run(environment: Mapping[str, str], *arguments: str) -> tuple[int, str]:
    """A command in a process of its own: its exit code and all it printed."""
    command = [sys.executable, "-m", "metes", *arguments]
    done = subprocess.run(command, env=dict(environment), capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
    return done.returncode, done.stdout + done.stderr


def test_every_secret_can_stand_in_a_file() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py"))
    secret = set(re.findall(r"[\"'](METES_\w*(?:PASSWORD|SECRET|KEY|TOKEN))[\"']", text)) | {"METES_DB"}
    assert {"METES_SMTP_PASSWORD", "METES_DB"} <= secret
    assert [name for name in sorted(secret) if f'"{name}_FILE"' not in text] == []


def test_the_database_may_stand_in_a_file_which_what_is_named_outright_outweighs(tmp_path: Path) -> None:
    file = tmp_path / "database"
    file.write_text("postgresql://metes:secret@host/name\nmore\n")
    environment = {"METES_DB_FILE": str(file)}
    assert settings_from_environment(environment).database == "postgresql://metes:secret@host/name"
    assert settings_from_environment({**environment, "METES_DB": "sqlite:///b.db"}).database == "sqlite:///b.db"
    assert settings_from_environment(environment, "sqlite:///a.db").database == "sqlite:///a.db"
    file.write_text("\n")
    for wrong in (str(file), str(tmp_path / "missing"), str(tmp_path)):
        with pytest.raises(InputError, match="METES_DB_FILE"):
            settings_from_environment({"METES_DB_FILE": wrong})


def test_settings_do_not_show_their_secrets() -> None:
    shown = repr(AppSettings(f"postgresql://metes:{DATABASE}@host/name", mail=MailAccess("smtp://a@b", MAIL)))
    assert DATABASE not in shown
    assert MAIL not in shown


@pytest.mark.parametrize(
    "url",
    ["postgresql://metes:{}@[::1/name", "postgresql://metes:{}@host:port/name", "mysql://metes:{}@host/name", "metes:{}@host"],
)
def test_a_database_that_cannot_be_understood_is_told_without_its_password(url: str) -> None:
    with pytest.raises(InputError) as refusal:
        Store(url.format(DATABASE))
    assert DATABASE not in str(refusal.value)


@pytest.mark.postgresql
def test_no_command_shows_or_keeps_a_secret(postgresql: Callable[..., str], tmp_path: Path) -> None:
    url = make_url(postgresql()).set(password=DATABASE).render_as_string(hide_password=False)
    (tmp_path / "database").write_text(url + "\n")
    (tmp_path / "mail").write_text(MAIL + "\n")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("METES_")},
        "METES_DB_FILE": str(tmp_path / "database"),
        "METES_CACHE": str(tmp_path / "cache"),
        "METES_SMTP_URL": "smtp://metes@127.0.0.1:9?from=metes@example.com&timeout=1",
        "METES_SMTP_PASSWORD_FILE": str(tmp_path / "mail"),
    }
    commands_to_run = (
        ("db", "upgrade"),
        ("user", "add", "ana"),
        ("doctor",),
        ("--json", "doctor"),
        ("config", "list"),
        ("notices", "test-mail", "ana@example.com"),
        ("audit", "list"),
        ("backup", str(tmp_path / "backup.zip")),
        ("restore", str(tmp_path / "backup.zip")),
        ("--db", url.replace("/metes_", "/missing_"), "doctor"),
        ("--db", url + "&nonsense=1", "config", "list"),
    )
    told = [run(environment, *arguments) for arguments in commands_to_run]
    in_environment = {**environment, "METES_DB": url, "METES_SMTP_PASSWORD": MAIL}
    del in_environment["METES_SMTP_PASSWORD_FILE"]
    told += [run(in_environment, "doctor"), run(in_environment, "notices", "test-mail", "ana@example.com")]
    assert [code for code, _ in told[:2]] == [0, 0], told[:2]
    words = "\n".join(text for _, text in told)
    commands, served = _served(environment)
    kept = "\n".join([words, commands, served, _rows(url)])
    for secret in (DATABASE, MAIL):
        assert secret not in kept
        assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
        assert secret.encode() not in (tmp_path / "backup.zip").read_bytes()


def _served(environment: Mapping[str, str]) -> tuple[str, str]:
    """How a server and its worker stand in the list of processes, and what they and their log said."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "metes", "serve", "--port", str(port)]
    server = subprocess.Popen(command, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert server.stdout is not None
        said = server.stdout.readline()
        answers = [_asked(f"http://127.0.0.1:{port}{path}") for path in ("/healthz", "/readyz", "/sign-in", "/metrics")]
        children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
        commands = "\n".join(Path(f"/proc/{pid}/cmdline").read_text() for pid in (server.pid, *children))
    finally:
        server.send_signal(signal.SIGINT)
        rest = server.communicate(timeout=PATIENCE_SECONDS)[0]
    assert "Metes is served" in said
    assert commands.count("metes") >= 2, "the worker beside the server was looked at"
    assert "not found" in answers[-1], "figures are shown only where that was said"
    return commands, said + rest + "\n".join(answers)


def _asked(address: str) -> str:
    """The answer of a server that may still be starting."""
    while True:
        try:
            with urllib.request.urlopen(address, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310  our own server
                return str(answer.read().decode())
        except urllib.error.HTTPError as answered:
            return str(answered.read().decode())
        except urllib.error.URLError:
            continue


def _rows(url: str) -> str:
    """Every row of every table."""
    store = Store(url)
    with store.read() as connection:
        tables = connection.exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").scalars().all()
        found = "\n".join(str(connection.exec_driver_sql(f'SELECT * FROM "{table}"').all()) for table in tables)
    store.dispose()
    assert "ana" in found
    return found
