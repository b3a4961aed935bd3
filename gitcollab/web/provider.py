"""Signing in with a provider: the OAuth 2 authorisation code flow with PKCE, for OIDC and for JupyterHub.

RFC 6749, RFC 7636 (PKCE), RFC 9207 (who answers), RFC 9700 (what to mind): the state is bound to the browser by a
signed cookie of ten minutes, each attempt has a verifier and a nonce of its own, and there is one address to come back.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Protocol
from urllib.parse import urlencode, urlsplit

import msgspec
from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gitcollab.errors import Forbidden, GitcollabError, NotSignedIn
from gitcollab.store import arrivals, audit
from gitcollab.store.arrivals import Arrival
from gitcollab.web.auth import Cookie, Credential, address_of, mark_of, own_path
from gitcollab.web.site import Site
from gitcollab.web.templates import Templates

LASTS = 600
"""Seconds within which a person comes back from the provider."""


class Attempt(msgspec.Struct, frozen=True, array_like=True):
    """One attempt to sign in, as the browser keeps it in a signed cookie."""

    state: str
    nonce: str
    verifier: str
    wanted: str

    @property
    def challenge(self) -> str:
        """What is told of the verifier beforehand."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")


class Provider(Protocol):
    """Whoever vouches for people. ``name`` stands in addresses, ``title`` on the button."""

    name: str
    title: str
    client: str

    async def door(self) -> tuple[str, str]:
        """Returns where people are sent to, and the scope that is asked for."""

    async def arrival(self, code: str, attempt: Attempt, back: str) -> Arrival:
        """Returns who came back with ``code``; NotSignedIn if the provider does not stand to it."""

    def is_theirs(self, issuer: str) -> bool:
        """Whether an answer that says it comes from ``issuer`` comes from this provider."""


class Doorway:
    """The two addresses of one provider: going there, and coming back."""

    def __init__(self, provider: Provider, site: Site, templates: Templates) -> None:
        self.provider, self.site, self.templates = provider, site, templates
        self.cookie = Cookie(site)
        self.signer = URLSafeTimedSerializer(site.key, salt=f"gitcollab sign-in by {provider.name}")
        self.kept = f"{self.cookie.name}-{provider.name}"
        self.back = f"{site.base_url}/signin/{provider.name}/callback"

    def routes(self) -> list[Route]:
        """The routes, which need no sign-in."""
        at = f"/signin/{self.provider.name}"
        return [Route(at, self.go, methods=["GET"]), Route(f"{at}/callback", self.come_back, methods=["GET"])]

    async def go(self, request: Request) -> Response:
        """Sends the browser to the provider."""
        wanted = own_path(request.query_params.get("next", "/"))
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        attempt = Attempt(state, nonce, verifier, wanted)
        address, scope = await self.provider.door()
        asked = {
            "response_type": "code",
            "client_id": self.provider.client,
            "redirect_uri": self.back,
            **({"scope": scope} if scope else {}),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        response = RedirectResponse(
            f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(asked)}", 303
        )
        kept = self.signer.dumps(msgspec.to_builtins(attempt))
        self.keep(response, str(kept), LASTS)
        return response

    async def come_back(self, request: Request) -> Response:
        """Signs in whom the provider sent back, once."""
        try:
            attempt = self.attempt(request)
            who = await self.provider.arrival(request.query_params.get("code", ""), attempt, self.back)
            person = await self.site.note(arrivals.arrive, who)
        except GitcollabError as error:
            if error.status >= 500:
                raise
            await self.told(request, "", error.code)
            values = {"next": "/", "code": "", "problem": f"{error.message}. {error.hint}", "providers": []}
            response = self.templates.page(request, "signin.html", values, status=error.status)
            self.keep(response, "", 0)
            return response
        await self.told(request, person.name, audit.DONE)
        response = RedirectResponse(attempt.wanted, status_code=303)
        mark = await self.site.look(mark_of, person.name)
        self.cookie.give(response, Credential(person.name, mark=mark))
        self.keep(response, "", 0)
        return response

    def attempt(self, request: Request) -> Attempt:
        """The attempt that this browser began and that the provider answers; NotSignedIn for any other."""
        said = request.query_params
        try:
            kept = self.signer.loads(request.cookies.get(self.kept, ""), max_age=LASTS)
            attempt = msgspec.convert(kept, Attempt)
        except (BadSignature, msgspec.ValidationError):
            raise NotSignedIn("This sign-in was not begun here, or too long ago", "begin again") from None
        if not hmac.compare_digest(said.get("state", "").encode(), attempt.state.encode()):
            raise NotSignedIn("This answer is to another sign-in", "begin again")
        if not self.provider.is_theirs(said.get("iss", "")):
            raise NotSignedIn("This answer is another provider's", "begin again")
        if said.get("error") or not said.get("code"):
            raise Forbidden("The provider did not sign you in", "begin again, or sign in another way")
        return attempt

    def keep(self, response: Response, text: str, lasts: int) -> None:
        """Has the browser keep the attempt for so many seconds; Lax, since it comes back from another site."""
        response.set_cookie(
            self.kept,
            text,
            max_age=lasts,
            httponly=True,
            samesite="lax",
            secure=self.cookie.is_secure,
            path=self.cookie.path,
        )

    async def told(self, request: Request, user: str, outcome: str) -> None:
        """Writes the sign-in, or the try, into the audit log."""
        origin, via = address_of(request.scope), self.provider.name
        note = audit.Note(user=user, act="SignIn", outcome=outcome, via=via, origin=origin)
        await self.site.note(audit.note, note)
