"""A second git server, of git's own making: smart HTTP behind a password."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

SECRET = "glpat-only-for-this-test"


class Elsewhere:
    """Bare repositories below one directory, served by ``git http-backend``; ``seen`` are the passwords that came."""

    def __init__(self, root: Path) -> None:
        self.root, self.seen = root, set[str]()
        self.is_up = True
        elsewhere = self

        class Answering(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                elsewhere.answer(self)

            do_POST = do_GET  # noqa: N815  # the library's names

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def made(self, name: str) -> Path:
        """An empty repository to push to."""
        path = self.root / name
        subprocess.run(["git", "init", "-q", "--bare", str(path)], check=True)
        subprocess.run(["git", "config", "http.receivepack", "true"], cwd=path, check=True)
        return path

    def refs(self, name: str) -> dict[str, str]:
        said = subprocess.run(
            ["git", "for-each-ref", "--format=%(refname) %(objectname)"],
            cwd=self.root / name,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        return dict(line.split(" ") for line in said.splitlines())

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answers one request as a CGI server does (RFC 3875)."""
        given = request.headers.get("Authorization", "").removeprefix("Basic ")
        user, _, secret = base64.b64decode(given).decode().partition(":")
        self.seen.add(secret)
        if not self.is_up or secret != SECRET:
            request.send_response(503 if not self.is_up else 401)
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        path, _, query = request.path.partition("?")
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        done = subprocess.run(
            ["git", "http-backend"],
            input=body,
            env=os.environ
            | {
                "GIT_PROJECT_ROOT": str(self.root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "REQUEST_METHOD": request.command,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_TYPE": request.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
                "REMOTE_USER": user,
                "REMOTE_ADDR": "127.0.0.1",
            },
            capture_output=True,
            check=False,
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        request.send_response(int(headers.pop("Status", "200").split(" ")[0]))
        for name, value in (headers | {"Content-Length": str(len(content))}).items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content)


@pytest.fixture
def secret() -> str:
    return SECRET


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Elsewhere]:
    (tmp_path / "elsewhere").mkdir()
    made = Elsewhere(tmp_path / "elsewhere")
    yield made
    made.stop()
