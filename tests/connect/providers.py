"""Providers of OpenID Connect on the loopback: Canaille, which is a real one, and one that lies as it is told to."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
from joserfc import jws
from joserfc.jwk import KeySet, RSAKey

from tests.connect.known import CLIENT, PASSWORD, SECRET


@dataclass(frozen=True)
class Canaille:
    """A running Canaille, and what a browser does in it."""

    port: int

    @property
    def issuer(self) -> str:
        """How it names itself."""
        return f"http://localhost:{self.port}"

    def words(self, **more: str) -> dict[str, str]:
        """What the environment of Metes says of it."""
        return {
            "METES_OIDC_ISSUER": self.issuer,
            "METES_OIDC_CLIENT_ID": CLIENT,
            "METES_OIDC_CLIENT_SECRET": SECRET,
            "METES_OIDC_NAME": "Canaille",
            "METES_ALLOW_HOSTS": f"http://localhost:{self.port}",
            **more,
        }

    def put_groups(self, user: str, groups: Sequence[str]) -> None:
        """Put a user into these groups and no others."""
        assert httpx2.put(f"{self.issuer}/test/groups/{user}", json=list(groups), trust_env=False).status_code == 200

    def put_metes(self, address: str) -> None:
        """Say where Metes is."""
        assert httpx2.put(f"{self.issuer}/test/client", json=address, trust_env=False).status_code == 200

    def signed_in(self, address: str, user: str = "ann") -> str:
        """Where a browser is sent that follows an address of Canaille and signs in there by its forms."""
        with httpx2.Client(trust_env=False) as browser:
            answer = browser.get(address)
            for form in ({"login": user}, {"password": PASSWORD}):
                while answer.is_redirect:
                    answer = browser.get(
                        answer.headers["location"]
                        if "//" in answer.headers["location"]
                        else self.issuer + answer.headers["location"]
                    )
                assert answer.status_code == 200, answer.text[:400]
                answer = browser.post(str(answer.url), data=form)
            while answer.is_redirect and urlsplit(to := answer.headers["location"]).netloc in ("", f"localhost:{self.port}"):
                answer = browser.get(to if "//" in to else self.issuer + to)
            assert answer.is_redirect, answer.text[:2000]
            return str(answer.headers["location"])


@contextmanager
def canaille_running() -> Iterator[Canaille]:
    """Canaille in a process of its own."""
    command = [sys.executable, "-m", "tests.connect.canaille", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            said = process.stdout.readline().split()
            assert said[:1] == ["ready"], said
            yield Canaille(int(said[1]))
        finally:
            process.kill()


def key_named(kid: str) -> RSAKey:
    """A key pair for signing."""
    return RSAKey.generate_key(2048, parameters={"use": "sig", "kid": kid})


@dataclass
class Lie:
    """What is otherwise than it should be: claims put in (None takes one out), another header, key, metadata, user info."""

    claims: Mapping[str, Any] = field(default_factory=dict)
    header: Mapping[str, Any] = field(default_factory=dict)
    key: Any = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    user_info: Mapping[str, Any] | None = None
    token_answer: tuple[int, str] | None = None
    change_token: Callable[[str], str] = str
    redirects: Mapping[str, str] = field(default_factory=dict)


@dataclass
class LyingProvider:
    """A provider that speaks the protocol, checks what Metes sends, and lies where it is told to. Its clock is that of `now`."""

    key: RSAKey
    now: Callable[[], datetime]
    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "s-1", "preferred_username": "ann"})
    lie: Lie = field(default_factory=Lie)
    port: int = 0
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    published: list[RSAKey] = field(default_factory=list)

    @property
    def issuer(self) -> str:
        """How it names itself."""
        return f"http://127.0.0.1:{self.port}"

    def words(self, **more: str) -> dict[str, str]:
        """What the environment of Metes says of it."""
        return {
            "METES_OIDC_ISSUER": self.issuer,
            "METES_OIDC_CLIENT_ID": CLIENT,
            "METES_OIDC_CLIENT_SECRET": SECRET,
            "METES_ALLOW_HOSTS": f"http://127.0.0.1:{self.port}",
            **more,
        }

    def signed_in(self, address: str, **more: str) -> str:
        """Where a browser is sent that follows an address of this provider."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], **more})}"

    def answer(self, path: str, form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, Any]:
        """Status and content of an answer; a content that is text is where one is redirected to."""
        self.asked.append(path)
        if path in self.lie.redirects:
            return 302, self.lie.redirects[path]
        if path == "/.well-known/openid-configuration":
            return 200, self._metadata()
        if path == "/jwks":
            keys = KeySet(list(self.published or [self.key])).as_dict(private=False)
            return 200, keys
        if path == "/token":
            return self._token(form, headers)
        if path == "/userinfo":
            assert headers["authorization"] == "Bearer an access token"
            return 200, self.lie.user_info or {"sub": self.claims["sub"]}
        return 404, {}

    def _metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "end_session_endpoint": f"{self.issuer}/end",
            **self.lie.metadata,
        }

    def _token(self, form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, Any]:
        if self.lie.token_answer is not None:
            return self.lie.token_answer
        name, _, secret = b64decode(headers.get("authorization", "").removeprefix("Basic ")).decode().partition(":")
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        if (name, secret) != (CLIENT, SECRET):
            return 401, {"error": "invalid_client"}
        if asked is None or challenge != asked["code_challenge"] or form.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant", "error_description": "<b>this is not for readers</b>"}
        return 200, {"access_token": "an access token", "token_type": "Bearer", "id_token": self._id_token(asked["nonce"])}

    def _id_token(self, nonce: str) -> str:
        at = int(self.now().timestamp())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": at, "exp": at + 300, "nonce": nonce, **self.claims, **self.lie.claims}
        header = {"alg": "RS256", "kid": self.key.kid, **self.lie.header}
        content = json.dumps({name: value for name, value in claims.items() if value is not None})
        token = jws.serialize_compact(header, content, self.lie.key or self.key, algorithms=[header["alg"]])
        return self.lie.change_token(token)


@contextmanager
def lying_provider(key: RSAKey, now: Callable[[], datetime]) -> Iterator[LyingProvider]:
    """That provider, running."""
    provider = LyingProvider(key, now)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            self._answer({name: values[0] for name, values in parse_qs(body).items()})

        def _answer(self, form: Mapping[str, str]) -> None:
            status, content = provider.answer(urlsplit(self.path).path, form, {k.lower(): v for k, v in self.headers.items()})
            body = content.encode() if isinstance(content, str) else json.dumps(content).encode()
            self.send_response(status)
            if status == 302:
                self.send_header("location", content)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        provider.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
