"""The door for stock git: smart HTTP below ``/git/ID.git``, fetching so far.

It runs ``git upload-pack`` directly: one program per request, its arguments and environment from scratch. No dumb
protocol, no other service (facts-git §4). A refusal is plain text, which git shows to its user after ``remote:``.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gitcollab import program
from gitcollab.errors import BadInput, Forbidden, GitcollabError, NotFound, NotSignedIn
from gitcollab.model import Actor
from gitcollab.web.gitbody import Body
from gitcollab.web.gitrun import Limits, Run
from gitcollab.web.places import Places

FETCH, PUSH = "git-upload-pack", "git-receive-pack"

ROUTE = re.compile(r"(?:/git)?/(c[a-z2-7]{9})\.git/(info/refs|git-upload-pack|git-receive-pack)")

Authorise = Callable[[Scope, str, bool], Awaitable[None]]
"""(scope, collab id, whether it is a push): returns if this may go on, else raises NotFound or Forbidden."""


@dataclass(frozen=True)
class Call:
    """What a git client asks for."""

    collab: str
    service: str
    is_advertisement: bool

    @property
    def type(self) -> str:
        """The content type of the answer."""
        return f"application/x-{self.service}-{'advertisement' if self.is_advertisement else 'result'}"


class GitDoor:
    """An ASGI application for the paths below ``/git``, behind the sign-in.

    ``repository_path_of`` gives a collab's repository by its id; ``authorise`` is asked before anything is looked at,
    and again every few seconds while an answer streams.
    """

    def __init__(
        self,
        repository_path_of: Callable[[str], Path],
        authorise: Authorise,
        limits: Limits | None = None,
        places: Places | None = None,
    ) -> None:
        self._repository_path_of = repository_path_of
        self._authorise = authorise
        self._limits = limits or Limits()
        self._places = places or Places()
        program.git_path()  # looked for once, before any request waits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = Started(send)
        try:
            await self._answer(scope, receive, started)
        except GitcollabError as error:
            if started.is_started:
                raise  # the answer is under way: only a broken connection can still say that it is not whole
            await refusal(error)(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Started) -> None:
        call = read_call(scope)
        await self._authorise(scope, call.collab, call.service == PUSH)
        if call.service == PUSH:
            raise Forbidden("pushing by git is not open yet", "save into a workspace: gitcollab join")
        headers = Headers(scope=scope)
        body = Body(receive, headers, call.service, self._limits.request_size)
        words = ["--stateless-rpc", *(["--http-backend-info-refs"] if call.is_advertisement else [])]
        argv = program.service("upload-pack", *words, repository=self._repository_path_of(call.collab))
        env = program.environment(headers.get("git-protocol", ""))
        async with self._places.taken(user_of(scope)):
            run = Run(argv, env, self._limits, lambda: self._authorise(scope, call.collab, False))
            await run.serve(body, send, call.type, preamble(call, env))


class Started:
    """``send`` that remembers whether an answer has begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.is_started = False

    async def __call__(self, message: Message) -> None:
        self.is_started = True
        await self._send(message)


def read_call(scope: Scope) -> Call:
    """Returns what the request asks for.

    Raises NotFound for any other path, Forbidden for the dumb protocol and unknown services, BadInput for a wrong
    method or content type.
    """
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    route = ROUTE.fullmatch(path)
    if scope["type"] != "http" or route is None:
        raise NotFound("there is no such repository", "copy the address from the collab's page")
    collab, asked = route.groups()
    if asked == "info/refs":
        _expect(scope["method"] == "GET", "ask for refs with GET")
        service = parse_qs(scope["query_string"].decode("latin-1")).get("service", [""])
        if service not in ([FETCH], [PUSH]):
            raise Forbidden("only git's smart protocol is spoken here", "use git 1.6.6 or newer")
        return Call(collab, service[0], is_advertisement=True)
    _expect(scope["method"] == "POST", f"send {asked} with POST")
    kind = Headers(scope=scope).get("content-type", "")
    _expect(kind == f"application/x-{asked}-request", f"{kind[:80]!r} is no git request")
    return Call(collab, asked, is_advertisement=False)


def preamble(call: Call, env: dict[str, str]) -> bytes:
    """Returns what precedes an advertisement in the older protocols (gitprotocol-http); version 2 has nothing there."""
    if not call.is_advertisement or env.get("GIT_PROTOCOL") == "version=2":
        return b""
    line = f"# service={call.service}\n".encode()
    return b"%04x%s0000" % (len(line) + 4, line)


def user_of(scope: Scope) -> str:
    """Returns whose request this is; '' before the sign-in."""
    actor: Actor | None = scope.get("state", {}).get("actor")
    return actor.user if actor else ""


def refusal(error: GitcollabError) -> ASGIApp:
    """The answer that git prints line by line after ``remote:``."""
    headers = {"cache-control": "no-cache"}
    if isinstance(error, NotSignedIn):
        headers["www-authenticate"] = 'Basic realm="gitcollab"'
    text = "\n".join(filter(None, (error.message, error.hint)))
    return PlainTextResponse(f"{text}\n", error.status, headers)


def _expect(is_met: bool, message: str) -> None:
    if not is_met:
        raise BadInput(message, "use git itself")
