"""Who asks: a signed cookie, a Bearer token, or Basic with a token as password. Decided at each request."""

from __future__ import annotations

import base64
import binascii
import hashlib
import time
from contextlib import suppress
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Protocol
from urllib.parse import quote, urlsplit

import msgspec
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import Connection
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gitcollab.errors import Forbidden, NoSpace, NotFound, NotSignedIn, Unavailable
from gitcollab.model import Actor
from gitcollab.store import arrivals, clock, links, people, signouts, tokens
from gitcollab.store.arrivals import Arrival
from gitcollab.store.secret import TOKEN
from gitcollab.web.answers import refusal
from gitcollab.web.site import Site

COOKIE_LASTS = 30 * 86400
"""Seconds after which a browser signs in anew."""
GUEST = "guest"
"""Who came by a link to read, without an account; no account has that name. Their credential's token is the link."""
TOUCH = 600.0
"""Seconds between two notes that a token is in use."""


@dataclass(frozen=True)
class Credential:
    """What a request showed: whose it is, and the token behind it (empty: the person signed in themselves).

    ``mark`` stands for the password at that time: a new password ends what the old one opened. ``cookie`` is the digest
    of the cookie that was shown: signing out ends what it opened, in whose hands it may be.
    """

    user: str
    token: str = ""
    via: str = "web"
    mark: str = ""
    cookie: str = ""


def mark_of(connection: Connection, user: str) -> str:
    """What stands for a person's password of now; tells nothing of it."""
    return hashlib.sha256(people.password_of(connection, user).encode()).hexdigest()[:16]


def actor_of(connection: Connection, credential: Credential) -> Actor | None:
    """Who ``credential`` stands for now; None if the account is no more, it is signed out, revoked or expired."""
    if credential.cookie and signouts.is_signed_out(connection, credential.cookie):
        return None
    if credential.via == GUEST:
        collab = links.guest_of(connection, credential.token)
        return Actor(user=GUEST, scopes=("read", f"collab:{collab}"), via=GUEST) if collab else None
    try:
        person = people.person(connection, credential.user)
    except NotFound:
        return None
    if credential.via == "web" and credential.mark != mark_of(connection, person.name):
        return None
    if not credential.token:
        return Actor(user=person.name, is_admin=person.is_admin, via=credential.via)
    for token in tokens.tokens(connection, person.name):
        if token.id == credential.token:
            return Actor(user=person.name, scopes=token.scopes, is_admin=person.is_admin, via=credential.via)
    return None


def shown(connection: Connection, secret: str) -> tuple[Credential, Actor] | None:
    """What a token's secret is, and whom it stands for; None if it is unknown, revoked or expired."""
    found = tokens.person_of_token(connection, secret)
    if found is None:
        return None
    person, token = found
    actor = Actor(user=person.name, scopes=token.scopes, is_admin=person.is_admin, via="token")
    return Credential(person.name, token.id, via="token"), actor


class Cookie:
    """The browser's signed cookie: whom it signs in, and by which token if by one."""

    def __init__(self, site: Site) -> None:
        self.signer = URLSafeTimedSerializer(site.key, salt="gitcollab sign-in")
        self.is_secure = site.is_secure
        self.path = urlsplit(site.base_url).path.rstrip("/") + "/"
        self.name = f"{self.strictest(site)}gitcollab-{site.port}"

    def strictest(self, site: Site) -> str:
        """What keeps other sites of the same domain from setting it: the whole host's, where it is ours alone."""
        if not site.is_secure:
            return ""
        return "__Host-" if self.path == "/" else "__Secure-"

    def credential(self, connection: HTTPConnection) -> Credential | None:
        """The credential in the request's cookie; None if there is none or it is forged or old."""
        text = connection.cookies.get(self.name, "")
        try:
            user, token, mark, *_ = self.signer.loads(text, max_age=COOKIE_LASTS)
        except (BadSignature, ValueError, TypeError):
            return None
        digest = hashlib.sha256(text.encode()).hexdigest()
        return Credential(str(user), str(token), GUEST if user == GUEST else "web", str(mark), digest)

    def give(self, response: Response, credential: Credential) -> None:
        """Signs the browser in; no two cookies are alike.

        Lax, so that a link in a chat opens the page; ``Guard`` looks at origins.
        """
        response.set_cookie(
            self.name,
            self.signer.dumps([credential.user, credential.token, credential.mark, token_urlsafe(12)]),
            max_age=COOKIE_LASTS,
            httponly=True,
            samesite="lax",
            secure=self.is_secure,
            path=self.path,
        )

    def take(self, response: Response) -> None:
        """Signs the browser out."""
        response.delete_cookie(
            self.name, path=self.path, httponly=True, samesite="lax", secure=self.is_secure
        )


def shown_secret(headers: Headers) -> str | None:
    """The token in the Authorization header: Bearer, ``token`` as Jupyter says it, or Basic's password."""
    kind, _, value = headers.get("authorization", "").partition(" ")
    if kind.lower() in {"bearer", "token"}:
        return value.strip()
    if kind.lower() != "basic":
        return None
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


HUB_SCOPES = ("read", "write")
"""What a hub's token is good for: it lies in every notebook server of its person, where any notebook can use it."""


class Hub(Protocol):
    """A JupyterHub that is asked whose its tokens are."""

    async def who_has(self, token: str) -> Arrival | None:
        """Returns whose token that is, if they may use this service."""


class SignedIn:
    """Lets a request through only with a good credential; its state then has ``actor`` and ``credential``."""

    def __init__(self, app: ASGIApp, site: Site, hub: Hub | None = None) -> None:
        self.app, self.site, self.cookie, self.hub = app, site, Cookie(site), hub
        self.touched: dict[str, float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        found = await self.site.look(self.identify, connection) or await self.of_hub(connection)
        if found is None:
            await stranger(scope)(scope, receive, send)
            return
        credential, actor = found
        actor = msgspec.structs.replace(actor, origin=address_of(scope))
        scope.setdefault("state", {}).update(actor=actor, credential=credential)
        await self.used(credential)
        await self.app(scope, receive, send)

    def identify(self, connection: Connection, request: HTTPConnection) -> tuple[Credential, Actor] | None:
        """The request's credential and whom it stands for; a cookie does not make up for a wrong header."""
        secret = shown_secret(request.headers)
        if secret is not None:
            return shown(connection, secret)
        credential = self.cookie.credential(request)
        if credential and credential.via == GUEST and not self.site.guests:
            return None
        actor = actor_of(connection, credential) if credential else None
        return (credential, actor) if credential and actor else None

    async def of_hub(self, request: HTTPConnection) -> tuple[Credential, Actor] | None:
        """The same for a token of the JupyterHub whose service this server is."""
        secret = shown_secret(request.headers)
        if self.hub is None or not secret or secret.startswith(TOKEN):
            return None
        who = await self.hub.who_has(secret)
        if who is None:
            return None
        try:
            person = await self.site.note(arrivals.arrive, who)
        except Forbidden:
            return None
        credential = Credential(person.name, via="hub")
        return credential, Actor(user=person.name, scopes=HUB_SCOPES, via="hub")

    async def used(self, credential: Credential) -> None:
        """Notes that a token is in use; once in a while, for each time is a write."""
        now = time.monotonic()
        if (
            credential.token
            and credential.via != GUEST
            and now - self.touched.get(credential.token, -TOUCH) >= TOUCH
        ):
            self.touched[credential.token] = now
            with suppress(
                Unavailable, NoSpace
            ):  # no reason to refuse what was asked; the next request notes it
                await self.site.note(tokens.touch, credential.token, clock.now())
                return
            self.touched.pop(credential.token, None)


def address_of(scope: Scope) -> str:
    """The address that a request came from, as far as it can be known; empty over a Unix socket."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def stranger(scope: Scope) -> ASGIApp:
    """The answer to somebody who is not signed in: the same whether what they asked for exists or not."""
    path: str = scope["path"]
    if path.startswith("/git/"):
        return Response(
            "Sign in with a token as password.\n",
            status_code=401,
            headers={"www-authenticate": 'Basic realm="gitcollab"'},
        )
    if path.startswith("/api/") or scope["method"] not in {"GET", "HEAD"}:
        return refusal(NotSignedIn("Sign in first", "send a token as Authorization: Bearer …"))
    query = scope["query_string"].decode("latin-1")
    wanted = path + (f"?{query}" if query else "")
    return RedirectResponse(f"/signin?next={quote(wanted, safe='/')}", status_code=303)


def own_path(text: str) -> str:
    """``text`` if it is a path on this site to go on to after signing in; else the home page."""
    is_own = text.startswith("/") and text[1:2] not in {"/", "\\"} and text.isprintable() and " " not in text
    return text if is_own else "/"
