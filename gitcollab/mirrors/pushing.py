"""Pushing: how git is run to bring refs to a mirror, and what came of it. Nothing is run here, nothing ever forced."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Mapping
from pathlib import Path

import msgspec

from gitcollab import program
from gitcollab.mirrors.notes import HOSTS, KEY, Standing, Wish
from gitcollab.mirrors.places import Remote

AT_ONCE = 500
"""Refs of one push."""

FIRST, LONGEST = 5.0, 3600.0
"""Seconds until a push that failed is tried again: so many, then twice as many, up to an hour."""

TOLD = 500
"""Characters of what git has said that people are told."""

APART = ("non-fast-forward", "fetch first", "already exists", "stale info", "needs force", "would clobber")
"""How git says that the remote holds what is not ours."""


class Pushing(msgspec.Struct, frozen=True, kw_only=True):
    """One push: of which repository, to where (its host has ``address``), as whom, and with the files of which room."""

    repository: Path
    remote: Remote
    address: str
    wish: Wish
    room: Path
    refs: dict[str, str]

    @property
    def argv(self) -> list[str]:
        """The command; no secret is in it."""
        remote = self.remote
        settings = [
            "-c",
            "http.followRedirects=false",
            "-c",
            "http.lowSpeedLimit=1",
            "-c",
            "http.lowSpeedTime=120",
        ]
        if remote.scheme in ("http", "https"):
            host = f"[{remote.host}]" if ":" in remote.host else remote.host
            address = f"[{self.address}]" if ":" in self.address else self.address
            settings += ["-c", f"http.curloptResolve={host}:{remote.port}:{address}"]
        wanted = [f"{oid}:{name}" for name, oid in self.refs.items()]
        words = ("push", "--porcelain", "--no-verify", "--no-follow-tags", "--recurse-submodules=no")
        return program.command(*settings, *words, "--", remote.url, *wanted, repository=self.repository)

    @property
    def environment(self) -> dict[str, str]:
        """The whole environment: the secret is here, where other users of the machine do not see it."""
        given = program.environment() | {"GIT_ALLOW_PROTOCOL": self.remote.scheme}
        if self.remote.scheme == "ssh":
            return given | {"GIT_SSH_COMMAND": self._ssh(), "GIT_SSH_VARIANT": "ssh"}
        if not self.wish.secret or self.remote.scheme == "file":
            return given
        port = f":{self.remote.port}" if f":{self.remote.port}/" in self.remote.url else ""
        host = f"[{self.remote.host}]" if ":" in self.remote.host else self.remote.host
        return given | {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{self.remote.scheme}://{host}{port}/.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {self._basic()}",
        }

    def _basic(self) -> str:
        return base64.b64encode(f"{self.wish.user or 'git'}:{self.wish.secret}".encode()).decode()

    def _ssh(self) -> str:
        options = {
            "BatchMode": "yes",
            "IdentitiesOnly": "yes",
            "StrictHostKeyChecking": "accept-new",
            "UserKnownHostsFile": str(self.room / HOSTS),
            "HostName": self.address,
            "HostKeyAlias": self.remote.host,
            "ConnectTimeout": "20",
        }
        words = ["ssh", "-F", "/dev/null", "-i", str(self.room / KEY)]
        return shlex.join(
            [*words, *(word for name, value in options.items() for word in ("-o", f"{name}={value}"))]
        )

    def without_secrets(self, said: str) -> str:
        """Returns what git has said, without the secret in any form."""
        for secret in (self.wish.secret, self._basic()):
            said = said.replace(secret, "…") if len(secret) > 3 else said
        return " ".join(said.split())[-TOLD:]


def judged(pushing: Pushing, before: Standing, now: float, code: int, out: str, said: str) -> Standing:
    """Returns how a mirror stands after a push that ended with ``code``; ``out`` and ``said`` are what git wrote.

    ``now`` is the time in seconds since 1970. What the remote took counts, even where it refused the rest.
    """
    taken = dict(before.refs)
    apart: list[str] = []
    refused: list[str] = []
    for line in out.splitlines():
        flag, _, rest = line.partition("\t")
        name = rest.partition("\t")[0].partition(":")[2]
        if name not in pushing.refs:
            continue
        if flag in (" ", "*", "="):
            taken[name] = pushing.refs[name]
        elif flag == "!":
            (apart if any(word in rest for word in APART) else refused).append(
                f"{name}: {rest.rpartition(chr(9))[2]}"
            )
    if code == 0 and not apart and not refused:
        return msgspec.structs.replace(before, condition="done", told="", refs=taken, tries=0, next_at=0.0)
    tries = before.tries + 1
    told = "; ".join([*apart, *refused]) if apart or refused else f"git ended with {code}: {said}"
    return msgspec.structs.replace(
        before,
        condition="diverged" if apart else "failed",
        told=pushing.without_secrets(told),
        refs=taken,
        tries=tries,
        next_at=now + delay(tries),
    )


def delay(tries: int) -> float:
    """Returns after how many seconds what has failed so often in a row is tried again."""
    return float(min(FIRST * 2 ** min(tries - 1, 20), LONGEST))


def missing(wanted: Mapping[str, str], held: Mapping[str, str]) -> dict[str, str]:
    """Returns the refs that a remote does not hold as they are, as many as go at once."""
    found = [(name, oid) for name, oid in sorted(wanted.items()) if held.get(name) != oid]
    return dict(found[:AT_ONCE])
