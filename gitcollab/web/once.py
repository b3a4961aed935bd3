"""Once: a request that is sent again with its ``Idempotency-Key`` is not done again; it gets the first one's answer.

After draft-ietf-httpapi-idempotency-key-header. The key is written down before anything is done, so that nothing is
done twice even if this process is killed in between; whether it was done then is for the asker to look.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from gitcollab.errors import GitcollabError, Moved, NoSpace
from gitcollab.store import answers
from gitcollab.web.ask import Ask

HEADER = "idempotency-key"
SECRET = b"secret"
"""Kept in the place of an answer that holds a secret, which is shown once and stored nowhere."""


async def once(ask: Ask, do: Callable[[], Awaitable[Response]], *, is_secret: bool = False) -> Response:
    """The answer of ``do``, done once for each key of each person; without a key it is simply done.

    Moved if the key's request is being done, was cut off, or had an answer that is not shown twice; Unusable if the
    key came with another request.
    """
    key = ask.request.headers.get(HEADER)
    if key is None:
        return await do()
    mine = (ask.actor.user, key)
    if mine in ask.site.underway:
        raise Moved("This is being done just now", "send it again in a moment to have the answer")
    ask.site.underway.add(mine)
    try:
        kept = await ask.site.note(answers.begin, *mine, await fingerprint(ask.request))
        return await begun(ask, key, do, is_secret=is_secret) if kept is None else again(kept)
    finally:
        ask.site.underway.discard(mine)


async def begun(ask: Ask, key: str, do: Callable[[], Awaitable[Response]], *, is_secret: bool) -> Response:
    """Does it and keeps the answer; what was refused may be sent again with the same key."""
    try:
        answer = await do()
    except GitcollabError as error:
        if is_undone(error):
            await ask.site.note(answers.release, ask.actor.user, key)
        raise
    body = SECRET if is_secret else b"%d %s" % (answer.status_code, bytes(answer.body))
    await ask.site.note(answers.keep, ask.actor.user, key, body)
    return answer


def is_undone(error: GitcollabError) -> bool:
    """Whether the error says for certain that nothing was done."""
    return error.status < 500 or isinstance(error, NoSpace) or bool(error.data.get("is_undone"))


def again(kept: bytes) -> Response:
    """The answer that was given before."""
    if kept == SECRET:
        raise Moved("This was done, and its secret was shown then", "end what it made and make another one")
    status, _, body = kept.partition(b" ")
    headers = {"content-type": "application/json", "idempotency-replayed": "true"}
    return Response(body, int(status), headers)


async def fingerprint(request: Request) -> bytes:
    """What makes a request this one and no other."""
    said = [request.method, request.url.path, request.url.query, request.headers.get("if-match", "")]
    return "\n".join(said).encode() + b"\n" + await request.body()
