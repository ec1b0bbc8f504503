"""Canaille, a real OpenID Connect provider, on a port of the loopback with its data in memory; run as a process of its own.

Two addresses are for tests alone: one puts a user into groups, the other tells Canaille where Metes is.
"""

from __future__ import annotations

import datetime
import sys
import warnings

# Its own and those of what it brings are not ours to mend.
warnings.simplefilter("ignore")

import flask  # noqa: E402
from canaille import create_app  # noqa: E402
from canaille.app import models  # noqa: E402
from canaille.backends.memory.backend import MemoryBackend, listify  # noqa: E402
from joserfc.jwk import OKPKey, RSAKey  # noqa: E402
from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: E402

from tests.connect.known import CLIENT, PASSWORD, PEOPLE, SECRET  # noqa: E402


class Quiet(WSGIRequestHandler):
    """Says nothing of requests."""

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Keep quiet."""


FOUND_BY_ANY = MemoryBackend.do_query


def found_by_all(self: MemoryBackend, model: type, *args: object, **wanted: object) -> list[object]:
    """The instances that match all conditions, as a database finds them; memory finds what matches any, so another one's code too."""

    def matches(one: object) -> bool:
        return all(set(model.serialize(listify(value))) & set(listify(one._state.get(name))) for name, value in wanted.items())

    return [one for one in FOUND_BY_ANY(self, model, *args, **wanted) if matches(one)]


def _app(port: int) -> flask.Flask:
    keys = [
        RSAKey.generate_key(2048, parameters={"use": "sig", "kid": "rsa", "alg": "RS256"}).as_dict(private=True),
        OKPKey.generate_key("Ed25519", parameters={"use": "sig", "kid": "ed", "alg": "EdDSA"}).as_dict(private=True),
    ]
    return create_app(
        config={
            "SECRET_KEY": "a key of the tests, as long as it must be",
            "SERVER_NAME": f"localhost:{port}",
            "PREFERRED_URL_SCHEME": "http",
            "CANAILLE": {"DATABASE": "memory", "LOGGING": {"version": 1}, "JAVASCRIPT": False},
            "CANAILLE_OIDC": {"ACTIVE_JWKS": keys},
        }
    )


def _fill(backend: object) -> None:
    now = datetime.datetime.now(datetime.UTC)
    for name, email in PEOPLE.items():
        user = models.User(
            user_name=name, formatted_name=name.title(), family_name=name, emails=[email], display_name=name, password=PASSWORD,
            created=now, last_modified=now,
        )  # fmt: skip
        backend.save(user)
    client = models.Client(
        client_id=CLIENT, client_secret=SECRET, client_name="Metes", client_uri="http://metes.localhost", redirect_uris=[],
        grant_types=["authorization_code"], response_types=["code"], token_endpoint_auth_method="client_secret_basic",
        scope=["openid", "profile", "email", "groups"], client_id_issued_at=now,
    )  # fmt: skip
    backend.save(client)
    client.audience = [client]
    backend.save(client)


def _add_controls(app: flask.Flask) -> None:
    backend = app.backend

    @app.put("/test/groups/<name>")
    def groups(name: str) -> str:
        """Put a user into these groups and no others."""
        user = backend.get(models.User, user_name=name)
        wanted = flask.request.json
        for group in backend.query(models.Group):
            group.members = [member for member in group.members if member != user] + [user] * (group.display_name in wanted)
            backend.save(group)
        for missing in set(wanted) - {group.display_name for group in backend.query(models.Group)}:
            backend.save(models.Group(display_name=missing, members=[user]))
        return ""

    @app.put("/test/client")
    def client() -> str:
        """Say where Metes is."""
        found = backend.get(models.Client, client_id=CLIENT)
        found.redirect_uris = [f"{flask.request.json}/sign-in/back"]
        found.post_logout_redirect_uris = [f"{flask.request.json}/sign-in"]
        backend.save(found)
        return ""


def main() -> None:
    """Serve until killed; says so when ready."""
    MemoryBackend.do_query = found_by_all
    # The port is known before the app is made, which must know its own address.
    server = make_server("127.0.0.1", int(sys.argv[1]), lambda _environ, _start: [], threaded=True, request_handler=Quiet)
    app = _app(server.server_port)
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context(), app.backend.session():
        _fill(app.backend)
    _add_controls(app)
    server.app = app
    print(f"ready {server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
