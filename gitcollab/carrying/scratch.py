"""Scratch: a bare repository of our own in which a transfer is put together; nobody's configuration holds in it."""

from __future__ import annotations

import base64
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from gitcollab import program
from gitcollab.client import Client
from gitcollab.errors import BadInput, Unavailable, Unusable

DEADLINE = 3600.0
"""Seconds that git may take for one step."""

TOLD = 3000
"""Characters of what git has said that a person is told."""

KEPT = ("GIT_SSL_CAINFO", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""What of the surroundings counts: whom the machine trusts."""

FETCH = (
    "fetch",
    "--quiet",
    "--no-tags",
    "--no-write-fetch-head",
    "--no-auto-maintenance",
    "--update-head-ok",  # ours have nothing checked out yet
)

SLOW = ("-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=300")


class Git:
    """The git program on one repository, in an environment from scratch: no hook, no configuration but its own."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def made(cls, path: Path, *words: str) -> Self:
        """Makes a repository at ``path`` (its git directory), without templates."""
        made = cls(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        made.run("init", "--quiet", "--template=", "--initial-branch=main", "--object-format=sha1", *words)
        return made

    def run(
        self, *words: str, given: bytes = b"", also: Mapping[str, str] | None = None, schemes: str = ""
    ) -> bytes:
        """Runs a git command and returns what it prints; ``schemes`` are the transports that it may use.

        :raises Unusable: git refuses, with its words. Unavailable: it takes longer than ``DEADLINE``.
        """
        done = self.attempt(*words, given=given, also=also, schemes=schemes)
        if done.returncode:
            said = (done.stdout + done.stderr).decode("utf-8", "replace").strip()[-TOLD:]
            raise Unusable(f"git {words[0]} failed: {said}", "what it says after `remote:` tells why")
        return done.stdout

    def attempt(
        self, *words: str, given: bytes = b"", also: Mapping[str, str] | None = None, schemes: str = ""
    ) -> subprocess.CompletedProcess[bytes]:
        """Like ``run``, but a command that fails is an answer, too."""
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        allowed = {"GIT_ALLOW_PROTOCOL": schemes}
        try:
            return subprocess.run(
                program.command(*SLOW, *words, repository=self.path),
                env=program.environment() | kept | allowed | dict(also or {}),
                input=given,
                capture_output=True,
                timeout=DEADLINE,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Unavailable(f"git {words[0]} took longer than {DEADLINE:.0f} s", "try again") from error

    def commit(self, revision: str) -> str:
        """Returns the id of a commit; '' if there is none of that name."""
        words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        done = self.attempt(*words)
        return done.stdout.decode().strip() if done.returncode == 0 else ""

    def borrow(self, objects: Path) -> None:
        """Lets this repository read the objects of another, of which nothing else is read."""
        if "\n" in str(objects):
            raise BadInput("a directory with a line break in its name cannot be read", "rename it")
        file = self.path / "objects" / "info" / "alternates"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(os.fsencode(objects.absolute()) + b"\n")


class Far:
    """A collab at its server, as git reaches it: its address, and the token that no argument shows."""

    def __init__(self, server: Client, collab: str) -> None:
        self.url = f"{server.url}/git/{collab}.git"
        self.schemes = "http:https"
        basic = base64.b64encode(f"gitcollab:{server.transport.token}".encode()).decode()
        self.secret = {  # in the environment: arguments are read by every user of the machine
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{server.url}/.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
        }

    def fetch(self, into: Git, *wanted: str) -> None:
        """Fetches refs, each as FROM:TO."""
        given = "".join(f"{one}\n" for one in wanted).encode()
        into.run(*FETCH, "--stdin", "--", self.url, given=given, also=self.secret, schemes=self.schemes)

    def refs(self, by: Git) -> dict[str, str]:
        """Returns the refs that a clone gets, {name: id}."""
        said = by.run("ls-remote", "--refs", "--", self.url, also=self.secret, schemes=self.schemes)
        return {name: oid for oid, name in (line.split("\t") for line in said.decode().splitlines())}

    def push(self, from_: Git, *words: str) -> None:
        """Pushes; what the server says against it is raised as Unusable."""
        options = ("push", "--quiet", "--porcelain", "--no-verify")
        from_.run(*options, *words, also=self.secret, schemes=self.schemes)


@contextmanager
def scratch() -> Iterator[Git]:
    """Makes an empty bare repository for as long as it is needed."""
    with tempfile.TemporaryDirectory(prefix="gitcollab-carrying-") as room:
        yield Git.made(Path(room) / "scratch.git", "--bare")
