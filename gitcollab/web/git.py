"""The door for stock git: smart HTTP below ``/git/ID.git``; a collab's alias, URL-encoded, stands for its id.

It runs ``git upload-pack`` and ``git receive-pack`` directly: one program per request, its arguments and environment
from scratch. No dumb protocol, no other service (facts-git §4). A refusal is plain text, or for a push an answer in
git's own words; git shows both to its user after ``remote:``.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gitcollab import program
from gitcollab.errors import BadInput, Forbidden, GitcollabError, NotFound, NotSignedIn
from gitcollab.model import COLLAB_ID, Actor
from gitcollab.web.gitbody import Body
from gitcollab.web.gitcommands import Incoming, refused
from gitcollab.web.gitpush import Receiver, receiving
from gitcollab.web.gitrun import Limits, Run, Runs
from gitcollab.web.places import Places

FETCH, PUSH = "git-upload-pack", "git-receive-pack"

NEWEST = "version=2"
"""The protocol whose beginning is the same whatever the repository holds."""

ADVERTISED = 100
"""Different settings of repositories for which that beginning is kept; all that are made here have the same."""

ROUTE = re.compile(r"(?:/git)?/([^/]{1,300})\.git/(info/refs|git-upload-pack|git-receive-pack)")

Authorise = Callable[[Scope, str, bool], Awaitable[None]]
"""(scope, collab id, whether it is a push): returns if this may go on, else raises NotFound or Forbidden."""

Find = Callable[[Scope, str], Awaitable[str]]
"""(scope, alias): the id of the collab that a person calls so; NotFound if there is none of theirs."""


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
    and again and again while an answer streams. ``runs`` are the programs under way; ``receiver`` takes pushes.
    """

    def __init__(
        self,
        repository_path_of: Callable[[str], Path],
        authorise: Authorise,
        limits: Limits | None = None,
        places: Places | None = None,
        *,
        receiver: Receiver | None = None,
        find: Find | None = None,
    ) -> None:
        self._repository_path_of = repository_path_of
        self._authorise = authorise
        self._limits = limits or Limits()
        self._places = places or Places()
        self._receiver, self._find = receiver, find
        self._advertised: dict[bytes, bytes] = {}
        self.runs = Runs()
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
        call = await self._named(scope, read_call(scope))
        await self._authorise(scope, call.collab, call.service == PUSH)
        headers = Headers(scope=scope)
        is_push = call.service == PUSH and not call.is_advertisement
        limit = self._limits.pack_size if is_push else self._limits.request_size
        body = Body(receive, headers, call.service, limit)
        async with self._places.taken(user_of(scope), call.collab):
            if is_push:
                await self._take(scope, call, body, send)
                return
            env = program.environment(headers.get("git-protocol", "") if call.service == FETCH else "")
            if call.is_advertisement and env.get("GIT_PROTOCOL") == NEWEST and call.service == FETCH:
                await self._advertise(scope, call, body, env, send)
                return
            run = Run(await self._argv(call), env, self._limits, self._still_allowed(scope, call))
            with self.runs.entered(call.collab, user_of(scope), run):
                await run.serve(body, send, call.type, preamble(call, env))

    async def _advertise(self, scope: Scope, call: Call, body: Body, env: dict[str, str], send: Send) -> None:
        """Answers what protocol 2 begins with: it tells of git and its settings, and nothing of what is there."""
        config = self._repository_path_of(call.collab) / "config"
        key = await asyncio.to_thread(settings_of, config)
        if key not in self._advertised:
            run = Run(await self._argv(call), env, self._limits, self._still_allowed(scope, call))
            heard = Heard()
            await run.serve(body, heard, call.type)
            if not heard.is_whole:
                return  # the client went away before git had said all of it
            if len(self._advertised) >= ADVERTISED:
                self._advertised.clear()
            self._advertised[key] = heard.said
        await answer(send, call, self._advertised[key])

    async def _take(self, scope: Scope, call: Call, body: Body, send: Send) -> None:
        """Receives a push: what may not be is told to git in its own words, before any program is started."""
        if self._receiver is None:
            raise Forbidden("pushing by git is not open here", "save into a workspace: gitcollab join")
        pushed = Incoming(body, self._receiver.caps.objects)
        try:
            commands = await pushed.commands()
            await self._receiver.admit_all(scope, call.collab, commands)
        except GitcollabError as error:
            with suppress(GitcollabError):
                await pushed.heard()
            if not pushed.known.moves:
                raise  # not what git says
            await answer(send, call, refused(pushed.known, error))
            return
        if not commands.moves:  # git asks with an empty push whether a large one will be let in
            await answer(send, call, b"")
            return
        talk = self._receiver.talk(scope, call.collab, self._repository_path_of(call.collab), commands)
        try:
            env = program.environment() | talk.line.environment
            limits = receiving(self._limits)
            run = Run(await self._argv(call), env, limits, self._still_allowed(scope, call), talk)
            with self.runs.entered(call.collab, user_of(scope), run):
                await run.serve(pushed, send, call.type)
        finally:
            talk.line.close()

    async def _argv(self, call: Call) -> list[str]:
        words = ["--stateless-rpc", *(["--http-backend-info-refs"] if call.is_advertisement else [])]
        repository = self._repository_path_of(call.collab)
        if call.service == FETCH:
            return program.service("upload-pack", *words, repository=repository)
        if self._receiver is None:
            raise Forbidden("pushing by git is not open here", "save into a workspace: gitcollab join")
        return await self._receiver.argv(repository, self._limits, *words)

    async def _named(self, scope: Scope, call: Call) -> Call:
        """The call with the collab's id in place of an alias."""
        if COLLAB_ID.fullmatch(call.collab):
            return call
        if self._find is None:
            raise NotFound("there is no such repository", "copy the address from the collab's page")
        return replace(call, collab=await self._find(scope, call.collab))

    def _still_allowed(self, scope: Scope, call: Call) -> Callable[[], Awaitable[None]]:
        return lambda: self._authorise(scope, call.collab, call.service == PUSH)


class Started:
    """``send`` that remembers whether an answer has begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.is_started = False

    async def __call__(self, message: Message) -> None:
        self.is_started = True
        await self._send(message)


class Heard:
    """What would have been sent, and whether that is all of it."""

    def __init__(self) -> None:
        self.said = b""
        self.is_whole = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.body":
            self.said += message.get("body", b"")
            self.is_whole = not message.get("more_body", False)


def settings_of(config: Path) -> bytes:
    """A repository's own settings; NotFound if there is no repository."""
    try:
        return config.read_bytes()
    except FileNotFoundError as error:
        raise NotFound("there is no such repository", "copy the address from the collab's page") from error


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


async def answer(send: Send, call: Call, body: bytes) -> None:
    """Answers without a program."""
    headers = [(b"content-type", call.type.encode()), (b"cache-control", b"no-cache")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


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
