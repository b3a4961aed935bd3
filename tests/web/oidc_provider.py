"""A small sign-in provider that speaks OpenID Connect, for tests: it signs in whoever the test says, and can lie."""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT, SECRET = "gitcollab", "a secret of the two"


@dataclass
class Told:
    """The provider's state. ``who`` signs in next; ``lie`` changes the claims before they are signed."""

    url: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    signer: RSAKey | None = None
    algorithm: str = "RS256"
    who: dict[str, Any] = field(default_factory=lambda: {"sub": "s1", "preferred_username": "dora"})
    lie: dict[str, Any] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def authorise(self, asked: dict[str, str]) -> str:
        """Signs ``who`` in at once; where the browser goes on to."""
        assert "S256" == asked["code_challenge_method"]
        assert ("code", CLIENT) == (asked["response_type"], asked["client_id"])
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        back = {"code": code, "state": asked["state"], "iss": self.url}
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, Any]:
        """The token that a code is good for, once, to who knows the verifier and the client's secret."""
        asked = self.codes.pop(form.get("code", ""), None)
        pair = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if asked is None or authorization != f"Basic {pair}" or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": asked["nonce"]}
        claims = {name: value for name, value in (claims | self.who | self.lie).items() if value is not None}
        signer = self.signer or self.key
        signed = jwt.encode(
            {"alg": self.algorithm, "kid": "one"}, claims, signer, algorithms=[self.algorithm]
        )
        return 200, {"id_token": signed, "access_token": "x", "token_type": "Bearer"}

    def document(self) -> dict[str, str]:
        """What it says of itself."""
        names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        return {"issuer": self.url} | {name: f"{self.url}/{name}" for name in names}


@contextmanager
def served() -> Iterator[Told]:
    """Serves a provider on a free port."""
    told = Told()

    class Serving(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/authorization_endpoint":
                asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.send_response(303)
                self.send_header("location", told.authorise(asked))
                self.end_headers()
                return
            keys = KeySet([told.key]).as_dict(private=False)
            self.say(200, keys if parts.path == "/jwks_uri" else told.document())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self.say(*told.token(form, self.headers.get("authorization", "")))

        def say(self, status: int, value: Any) -> None:
            data = msgspec.json.encode(value)
            self.send_response(status)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Serving)
    told.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
