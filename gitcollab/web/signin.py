"""Signing in by a one-time link, by password or by token, and signing out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gitcollab.errors import NotSignedIn, TooMany
from gitcollab.store import audit, passwords, people, signouts, tokens
from gitcollab.web.auth import COOKIE_LASTS, Cookie, Credential, address_of, mark_of, own_path, shown
from gitcollab.web.pace import Pace
from gitcollab.web.provider import Doorway, Provider
from gitcollab.web.site import Site
from gitcollab.web.templates import Templates

PER_ACCOUNT, PER_ADDRESS = 10, 100
"""Wrong tries within five minutes."""
WRONG = "That did not work. Check it and try again."
USED = "This sign-in link has been used, or is too old. Ask for a new one, or sign in below."


class SignIn:
    """The sign-in page and its forms."""

    def __init__(self, site: Site, templates: Templates, providers: Sequence[Provider] = ()) -> None:
        self.site, self.templates, self.providers = site, templates, providers
        self.cookie, self.pace = Cookie(site), Pace()

    def routes(self) -> list[Route]:
        """The routes that need no sign-in: they are it."""
        return [
            Route("/signin", self.page, methods=["GET"]),
            Route("/signin", self.enter, methods=["POST"]),
            Route("/signout", self.leave, methods=["POST"]),
            *(route for one in self.providers for route in Doorway(one, self.site, self.templates).routes()),
        ]

    async def page(self, request: Request) -> Response:
        """Shows the forms; a one-time code in the address signs in at once, unless another site sent the browser here
        (its page may have made the link for somebody else's account), where it is asked first."""
        code = request.query_params.get("code", "")
        wanted = own_path(request.query_params.get("next", "/"))
        if code and request.headers.get("sec-fetch-site") in {None, "none", "same-origin"}:
            return await self.by_code(request, code, wanted)
        return self.show(request, wanted, code=code)

    def show(
        self, request: Request, wanted: str, *, code: str = "", problem: str = "", status: int = 200
    ) -> Response:
        """The page with its forms."""
        values = {"next": wanted, "code": code, "problem": problem, "providers": self.providers}
        return self.templates.page(request, "signin.html", values, status=status)

    async def enter(self, request: Request) -> Response:
        """Takes what the forms send."""
        async with request.form(max_files=0, max_fields=8) as form:
            said = {name: value for name, value in form.items() if isinstance(value, str)}
        wanted = own_path(said.get("next", "/"))
        try:
            if said.get("code"):
                return await self.by_code(request, said["code"], wanted)
            return await self.by_secret(request, said, wanted)
        except TooMany as error:
            return self.show(request, wanted, problem=f"{error.message}: {error.hint}.", status=429)
        except NotSignedIn:
            return self.show(request, wanted, problem=WRONG, status=401)

    async def by_code(self, request: Request, code: str, wanted: str) -> Response:
        """Signs in whom a one-time code is for."""
        person = await self.site.note(tokens.use_login_code, code)
        await self.told(request, person.name if person else "", "code", is_in=person is not None)
        if person is None:
            return self.show(request, wanted, problem=USED, status=401)
        return await self.welcome(Credential(person.name), wanted)

    async def by_secret(self, request: Request, said: dict[str, str], wanted: str) -> Response:
        """Signs in by token, or by name and password; NotSignedIn if it is wrong, TooMany after many wrong tries."""
        address = address_of(request.scope)
        user = said.get("user", "").strip().lower()
        self.pace.check(f"address {address}", PER_ADDRESS)
        if said.get("token"):
            found = await self.site.look(shown, said["token"].strip())
            credential = found[0] if found else None
        else:
            self.pace.check(f"account {user}", PER_ACCOUNT)
            credential = await self.of_password(user, said.get("password", ""))
        how = "token" if said.get("token") else "password"
        await self.told(request, credential.user if credential else user, how, is_in=credential is not None)
        if credential is None:
            self.pace.note(f"address {address}")
            self.pace.note(f"account {user}")
            raise NotSignedIn(WRONG)
        return await self.welcome(Credential(credential.user, credential.token), wanted)

    async def told(self, request: Request, user: str, how: str, *, is_in: bool) -> None:
        """Writes the sign-in, or the try, into the audit log."""
        outcome = audit.DONE if is_in else NotSignedIn.code
        origin = address_of(request.scope)
        note = audit.Note(user=user, act="SignIn", outcome=outcome, via=how, origin=origin)
        await self.site.note(audit.note, note)

    async def of_password(self, user: str, password: str) -> Credential | None:
        """The credential of ``user`` if the password is right. Takes as long for a name that does not exist."""
        stored = await self.site.look(people.password_of, user)
        is_right = await run_in_threadpool(passwords.is_right, stored, password)
        return Credential(user) if is_right else None

    async def welcome(self, credential: Credential, wanted: str) -> Response:
        """Goes on to the wanted page, signed in."""
        response = RedirectResponse(wanted, status_code=303)
        mark = await self.site.look(mark_of, credential.user)
        self.cookie.give(response, replace(credential, mark=mark))
        return response

    async def leave(self, request: Request) -> Response:
        """Signs out: the cookie is good for nothing any more, whoever has a copy of it."""
        credential = self.cookie.credential(request)
        if credential:
            await self.site.note(signed_out, credential, address_of(request.scope))
        response = RedirectResponse("/signin", status_code=303)
        self.cookie.take(response)
        return response


def signed_out(connection: Connection, credential: Credential, origin: str) -> None:
    """Ends what the credential's cookie opens, and writes it into the audit log."""
    signouts.sign_out(connection, credential.cookie, COOKIE_LASTS)
    audit.note(connection, audit.Note(user=credential.user, act="SignOut", via=credential.via, origin=origin))
