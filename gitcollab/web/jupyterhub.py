"""JupyterHub as a sign-in provider: this server is one of its services (jupyterhub.readthedocs.io, services)."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import TYPE_CHECKING

import msgspec

from gitcollab.errors import NotSignedIn
from gitcollab.store.arrivals import Arrival
from gitcollab.web.fetching import fetched
from gitcollab.web.provider import Attempt

if TYPE_CHECKING:
    from gitcollab.model import Json

KEPT = 60.0
"""Seconds for which the hub's answer about a token is believed: so long a token that it revoked may still be used."""
MOST = 1000
SOURCE = "jupyterhub"


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """What the hub tells its service: its API, the service's token and client id, and where people find the hub."""

    api: str
    token: str
    client: str
    hub: str

    @property
    def name(self) -> str:
        """The service's name in scopes."""
        return self.client.removeprefix("service-")


class HubProvider:
    """The hub, as one that vouches for people."""

    name = "hub"
    title = "JupyterHub"

    def __init__(self, given: Service) -> None:
        self.given, self.client = given, given.client
        self._asked: OrderedDict[str, tuple[float, Arrival | None]] = OrderedDict()

    async def door(self) -> tuple[str, str]:
        """Where people are sent to; the hub knows the scope of a service."""
        return f"{self.given.hub.rstrip('/')}/api/oauth2/authorize", ""

    def is_theirs(self, issuer: str) -> bool:
        """The hub says nothing of itself."""
        return issuer == ""

    async def arrival(self, code: str, attempt: Attempt, back: str) -> Arrival:
        """Who came back; NotSignedIn if the hub does not know the code."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "client_id": self.client,
            "client_secret": self.given.token,
            "code_verifier": attempt.verifier,
        }
        status, token = await fetched(f"{self.given.api.rstrip('/')}/oauth2/token", form=form)
        if status != 200 or not isinstance(token, dict):
            raise NotSignedIn("The hub does not know this sign-in", "begin again")
        who = await self.asked(str(token.get("access_token", "")))
        if who is None:
            raise NotSignedIn("The hub does not let you use this service", "ask who runs the hub")
        return who

    async def who_has(self, token: str) -> Arrival | None:
        """Whose hub token that is, if they may use this service; asked once a minute."""
        kept = self._asked.get(token)
        if kept is None or time.monotonic() - kept[0] > KEPT:
            self._asked[token] = kept = time.monotonic(), await self.asked(token)
            while len(self._asked) > MOST:
                self._asked.popitem(last=False)
        return kept[1]

    async def asked(self, token: str) -> Arrival | None:
        """The same, asked now."""
        headers = {"authorization": f"Bearer {token}"}
        status, user = await fetched(f"{self.given.api.rstrip('/')}/user", headers=headers)
        if status != 200 or not isinstance(user, dict) or user.get("kind") != "user":
            return None
        return self.person(user) if self.may_use(user) else None

    def may_use(self, user: Json) -> bool:
        """Whether the token was given for this service, or for all."""
        scopes = set(user.get("scopes") or ())
        return bool(scopes & {"access:services", f"access:services!service={self.given.name}"})

    def person(self, user: Json) -> Arrival:
        """Who that is."""
        name = str(user["name"])
        groups = user.get("groups")
        return Arrival(
            kind="hub",
            name=name,
            wanted=name,
            source=SOURCE,
            groups=tuple(map(str, groups)) if isinstance(groups, list) else None,
        )
