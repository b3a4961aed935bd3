"""A provider that speaks OpenID Connect (core 1.0, discovery 1.0); needs the extra ``oidc``."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING, Any

import msgspec

from gitcollab.errors import NotSignedIn, Unavailable
from gitcollab.store.arrivals import Arrival
from gitcollab.web.fetching import fetched
from gitcollab.web.provider import Attempt

if TYPE_CHECKING:
    from gitcollab.model import Json

FRESH = 3600.0
"""Seconds for which what a provider says of itself is believed."""
SIGNED_BY = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by the provider's own key: never ``none``, never a secret that this server could have signed with."""
LEEWAY = 60  # seconds that clocks may differ


class Oidc(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be known of a provider; ``groups`` is the claim that lists a person's groups (empty: none)."""

    issuer: str
    client: str
    secret: str = ""
    title: str = ""
    groups: str = "groups"


class OidcProvider:
    """One provider."""

    name = "oidc"

    def __init__(self, given: Oidc) -> None:
        self.given, self.client = given, given.client
        self.title = given.title or given.issuer
        self._known: tuple[float, Json, Json] | None = None

    async def door(self) -> tuple[str, str]:
        """Where people are sent to, and the scope that is asked for."""
        said, _ = await self.known()
        return str(said["authorization_endpoint"]), "openid profile email"

    def is_theirs(self, issuer: str) -> bool:
        """Whether an answer is this provider's, as far as it says so (RFC 9207)."""
        return issuer in {"", self.given.issuer}

    async def arrival(self, code: str, attempt: Attempt, back: str) -> Arrival:
        """Who came back; NotSignedIn if the code is no good or the token is not this attempt's."""
        said, _ = await self.known()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "client_id": self.client,
            "code_verifier": attempt.verifier,
        }
        headers = {}
        if self.given.secret:
            pair = base64.b64encode(f"{self.client}:{self.given.secret}".encode()).decode()
            headers["authorization"] = f"Basic {pair}"
        status, token = await fetched(str(said["token_endpoint"]), headers=headers, form=form)
        if status != 200 or not isinstance(token, dict) or not isinstance(token.get("id_token"), str):
            raise NotSignedIn("The provider does not know this sign-in", "begin again")
        return self.person(await self.claims(token["id_token"], attempt.nonce))

    async def claims(self, id_token: str, nonce: str) -> dict[str, Any]:
        """What the provider says of the person, if it is signed by it, for us, now, and for this attempt."""
        from joserfc import errors, jwt
        from joserfc.jwk import KeySet

        for is_again in (False, True):
            _, keys = await self.known(is_fresh=is_again)
            try:
                token = jwt.decode(id_token, KeySet.import_key_set(keys), algorithms=list(SIGNED_BY))
                jwt.JWTClaimsRegistry(
                    leeway=LEEWAY,
                    iss={"essential": True, "value": self.given.issuer},
                    aud={"essential": True, "value": self.client},
                    exp={"essential": True},
                    nonce={"essential": True, "value": nonce},
                    sub={"essential": True},
                ).validate(token.claims)
            except (errors.JoseError, ValueError) as error:
                if is_again or not isinstance(error, errors.BadSignatureError | ValueError):
                    raise NotSignedIn(
                        "What the provider says of you is not to be believed", "begin again"
                    ) from error
                continue  # its keys may have changed
            others = token.claims.get("aud")
            if isinstance(others, list) and len(others) > 1 and token.claims.get("azp") != self.client:
                raise NotSignedIn("What the provider says of you is for somebody else", "begin again")
            return dict(token.claims)
        raise AssertionError("the second try returns or raises")

    def person(self, claims: dict[str, Any]) -> Arrival:
        """Who that is; ``sub`` is what never changes of them (core 1.0, 5.7)."""
        said = claims.get(self.given.groups) if self.given.groups else None
        wanted = claims.get("preferred_username") or claims.get("email") or claims["sub"]
        return Arrival(
            kind="oidc",
            name=f"{self.given.issuer} {claims['sub']}",
            wanted=str(wanted),
            display=str(claims.get("name") or ""),
            source=self.given.issuer,
            groups=tuple(map(str, said)) if isinstance(said, list) else None,
        )

    async def known(self, *, is_fresh: bool = False) -> tuple[Json, Json]:
        """What the provider says of itself, and its keys."""
        now = time.monotonic()
        if self._known is None or is_fresh or now - self._known[0] > FRESH:
            at = f"{self.given.issuer.rstrip('/')}/.well-known/openid-configuration"
            status, said = await fetched(at)
            if status != 200 or not isinstance(said, dict) or said.get("issuer") != self.given.issuer:
                raise Unavailable("The sign-in provider is not who it should be", "check oidc_issuer")
            _, keys = await fetched(str(said["jwks_uri"]))
            self._known = now, said, keys
        return self._known[1], self._known[2]
