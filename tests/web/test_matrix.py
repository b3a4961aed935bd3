"""Who gets through which door: every route that the application has, by everybody who might knock.

The routes are the application's own, so that a new one fails here until it is listed with who may use it.
"""

from __future__ import annotations

import itertools
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import Connection, Engine, update
from starlette.routing import BaseRoute, Mount, Route, Router

from gitcollab import acts
from gitcollab.model import (
    FileEntry,
    Link,
    Member,
    Person,
    Receipt,
    Role,
    Session,
    Suggestion,
    Summary,
    Thread,
    Token,
    Version,
    Visibility,
)
from gitcollab.store import collabs, links, people, sessions, tokens
from gitcollab.store.schema import LINKS, TOKENS
from gitcollab.web.app import Application

from .conftest import DONE, Recorder  # type: ignore[import-not-found]

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600)]

# Least role in the collab (or what else is needed), the scopes that a token needs (-: any), the route.
RULES = """
anybody     -        GET    /health
anybody     -        GET    /health/live
anybody     -        GET    /health/ready
anybody     -        GET    /metrics
anybody     -        GET    /signin
anybody     -        POST   /signin
anybody     -        POST   /signout
anybody     -        GET    /static/{name}
everyone    -        GET    /guest/{code}
everyone    -        POST   /guest/{code}
anybody     -        GET    /api/public
everyone    -        GET    /api/public/{id}/versions
everyone    -        GET    /api/public/{id}/files
everyone    -        GET    /api/public/{id}/files/{path}
everyone    -        GET    /p/{id}
everyone    -        GET    /p/{id}/n/{path}
everyone    -        GET    /p/{id}/o/{commit}/{spot}/{path}
everyone    -        GET    /public/{id}.git/info/refs
person      -        GET    /api/openapi.json
person      -        GET    /api/me
person      admin    PUT    /api/me
person      admin    PUT    /api/me/password
person      -        GET    /api/invitations
viewer      admin    POST   /api/invitations/{id}/accept
viewer      admin    POST   /api/invitations/{id}/decline
person      -        GET    /api/groups
admin       admin    POST   /api/groups
admin       admin    DELETE /api/groups/{group}
admin       admin    PUT    /api/groups/{group}/people/{user}
admin       admin    DELETE /api/groups/{group}/people/{user}
admin       admin    PUT    /api/users/{user}/suspended
admin       admin    POST   /api/users/{user}/names
admin       admin    DELETE /api/users/{user}/names
admin       admin    GET    /api/users/{user}/names
viewer      read     GET    /api/collabs/{id}/groups
owner       admin    PUT    /api/collabs/{id}/groups/{group}
owner       admin    DELETE /api/collabs/{id}/groups/{group}
viewer      read     GET    /api/collabs/{id}/visibility
owner       admin    PUT    /api/collabs/{id}/visibility
maintainer  publish  POST   /api/collabs/{id}/approvals
owner       admin    POST   /api/collabs/{id}/owner
person      admin    GET    /api/tokens
person      admin    POST   /api/tokens
person      admin    DELETE /api/tokens/{token}
admin       admin    GET    /api/users
admin       admin    POST   /api/users
person      -        GET    /api/collabs
person      admin    POST   /api/collabs
viewer      read     GET    /api/collabs/{id}
owner       admin    DELETE /api/collabs/{id}
viewer      read     GET    /api/collabs/{id}/members
owner       admin    PUT    /api/collabs/{id}/members/{user}
owner       admin    DELETE /api/collabs/{id}/members/{user}
owner       admin    GET    /api/collabs/{id}/links
owner       admin    POST   /api/collabs/{id}/links
owner       admin    DELETE /api/collabs/{id}/links/{link}
link        admin    POST   /api/links/{code}/redeem
viewer      read     GET    /api/collabs/{id}/sessions
editor      write    POST   /api/collabs/{id}/sessions
viewer      read     GET    /api/collabs/{id}/sessions/{user}/{name}
viewer      write    DELETE /api/collabs/{id}/sessions/{user}/{name}
editor      write    POST   /api/collabs/{id}/sessions/{user}/{name}/land
editor      write    POST   /api/collabs/{id}/sessions/{user}/{name}/deliver
editor      write    POST   /api/collabs/{id}/sweep
viewer      read     GET    /api/collabs/{id}/evening
viewer      read     GET    /api/collabs/{id}/files
viewer      read     GET    /api/collabs/{id}/files/{path}
viewer      read     GET    /api/collabs/{id}/sessions/{user}/{name}/files/{path}
editor      write    PUT    /api/collabs/{id}/sessions/{user}/{name}/files/{path}
editor      write    DELETE /api/collabs/{id}/sessions/{user}/{name}/files/{path}
editor      write    POST   /api/collabs/{id}/sessions/{user}/{name}/files/{path}
viewer      write    GET    /api/collabs/{id}/sessions/{user}/{name}/open
editor      write    PUT    /api/collabs/{id}/sessions/{user}/{name}/open/{path}
viewer      write    DELETE /api/collabs/{id}/sessions/{user}/{name}/open/{path}
viewer      read     GET    /api/collabs/{id}/log
viewer      read     GET    /api/collabs/{id}/diff
viewer      read     GET    /api/collabs/{id}/blame/{path}
viewer      read     GET    /api/collabs/{id}/resolve
viewer      read     GET    /api/collabs/{id}/contested
viewer      read     GET    /api/collabs/{id}/comments
editor      write    POST   /api/collabs/{id}/comments
editor      write    POST   /api/collabs/{id}/comments/{thread}
editor      write    PUT    /api/collabs/{id}/comments/{thread}
editor      write    POST   /api/collabs/{id}/contested/{item}
editor      write    POST   /api/collabs/{id}/undo
viewer      write    GET    /api/collabs/{id}/held
viewer      write    GET    /api/collabs/{id}/held/{held}
editor      write    POST   /api/collabs/{id}/held/{held}
owner       admin    POST   /api/collabs/{id}/purge
viewer      read     GET    /api/collabs/{id}/versions
viewer      read     GET    /api/collabs/{id}/contributions
viewer      read     GET    /api/collabs/{id}/publish
viewer      read     GET    /api/collabs/{id}/cite
maintainer  publish  POST   /api/collabs/{id}/publish
viewer      read     GET    /api/collabs/{id}/pending
maintainer  publish  GET    /api/collabs/{id}/mirror
owner       admin    PUT    /api/collabs/{id}/mirror
owner       admin    DELETE /api/collabs/{id}/mirror
maintainer  publish  POST   /api/collabs/{id}/mirror/pushes
maintainer  admin    GET    /api/collabs/{id}/webhooks
maintainer  admin    POST   /api/collabs/{id}/webhooks
maintainer  admin    DELETE /api/collabs/{id}/webhooks/{webhook}
maintainer  admin    POST   /c/{id}/webhooks
maintainer  publish  POST   /c/{id}/mirror/push
maintainer  admin    POST   /c/{id}/webhooks/remove
maintainer  publish  POST   /api/collabs/{id}/pending/{pending}
viewer      read     GET    /api/collabs/{id}/events
viewer      read     GET    /git/{id}.git/info/refs
owner       admin    GET    /api/collabs/{id}/audit
admin       admin    GET    /api/audit
person      -        GET    /
person      admin    POST   /c
person      -        POST   /join
link        -        GET    /join/{code}
link        admin    POST   /join/{code}
person      -        GET    /me
person      admin    POST   /me/tokens
person      admin    POST   /me/tokens/revoke
viewer      read     GET    /c/{id}
viewer      read     GET    /c/{id}/n/{path}
viewer      read     GET    /c/{id}/o/{commit}/{spot}/{path}
viewer      read     GET    /c/{id}/diff/{span}
viewer      read     GET    /c/{id}/compare
viewer      read     GET    /c/{id}/o/{commit}/{spot}/{path}
viewer      read     GET    /c/{id}/contested
viewer      read     POST   /c/{id}/preview
viewer      read     GET    /c/{id}/who/{commit}/{path}
viewer      read     POST   /c/{id}/here
editor      read+write POST   /c/{id}/contested
editor      write    POST   /c/{id}/comments
editor      write    POST   /c/{id}/comments/{thread}
editor      write    POST   /c/{id}/contested/{item}
editor      write    POST   /c/{id}/held/{held}
viewer      read     GET    /c/{id}/versions
maintainer  publish  POST   /c/{id}/publish
maintainer  read+write POST /c/{id}/about
maintainer  publish  POST   /c/{id}/pending/{pending}
editor      read+write POST /c/{id}/restore
viewer      read     GET    /c/{id}/settings
owner       admin    POST   /c/{id}/members
owner       admin    POST   /c/{id}/members/remove
owner       admin    POST   /c/{id}/links
owner       admin    POST   /c/{id}/links/revoke
owner       admin    POST   /c/{id}/end
owner       admin    POST   /c/{id}/visibility
owner       admin    POST   /c/{id}/groups
owner       admin    POST   /c/{id}/owner
viewer      admin    POST   /c/{id}/accept
viewer      admin    POST   /c/{id}/decline
person      admin    POST   /me/display
person      -        GET    /help
person      -        GET    /help/{page}
"""


@dataclass(frozen=True)
class Rule:
    """Who may use a route."""

    who: str
    scope: str
    method: str
    path: str

    def of(self, knocker: Knocker) -> str:
        """What the rule says of somebody: ``answers``, ``stranger``, ``forbidden`` or ``nothing here``."""
        if self.who == "anybody":
            return "answers"
        if self.who == "everyone":  # whose collab says nothing of the kind
            return "nothing here"
        if not knocker.is_known:
            return "stranger"
        is_in_collab = self.who in list(Role)
        if is_in_collab and (knocker.role is None or knocker.is_elsewhere):
            return "nothing here"
        if self.who == "admin" and not knocker.is_admin:
            return "forbidden"
        if is_in_collab and Role(self.who).rank > (knocker.role or Role.VIEWER).rank:
            return "forbidden"
        if knocker.is_elsewhere and self.scope != "-":
            return "forbidden"
        if knocker.scope and not set(self.scope.split("+")) <= {"-", knocker.scope}:
            return "forbidden"
        if self.who == "link" and not knocker.has_link:
            return "nothing here"
        return "answers"


@dataclass(frozen=True)
class Knocker:
    """Somebody at a door."""

    name: str
    role: Role | None = None
    scope: str = ""
    is_known: bool = True
    is_admin: bool = False
    is_elsewhere: bool = False
    has_link: bool = True


KNOCKERS = (
    Knocker("nobody", is_known=False),
    Knocker("outsider"),
    *(Knocker(str(role), role) for role in Role),
    Knocker("removed"),
    Knocker("administrator", is_admin=True),
    Knocker("expired link", has_link=False),
    Knocker("used-up link", has_link=False),
    Knocker("revoked link", has_link=False),
    Knocker("revoked token", is_known=False),
    Knocker("expired token", is_known=False),
    Knocker("suspended", is_known=False),
    Knocker("read-only token", Role.OWNER, "read"),
    Knocker("writing token", Role.OWNER, "write"),
    Knocker("publishing token", Role.OWNER, "publish"),
    Knocker("token of another collab", Role.OWNER, is_elsewhere=True),
)
"""All of them. Those whose link is no good are strangers to the collab, like the outsider, whose link is."""

RULED = {
    (rule.method, rule.path): rule for rule in (Rule(*line.split()) for line in RULES.split("\n") if line)
}


def every_route(application: Application) -> Iterator[tuple[str, str]]:
    """Method and path of every route, those behind the sign-in too; a mounted door by the one path that it has."""
    outer = application.asgi.app.app
    inner = outer.router.default.app
    assert isinstance(inner, Router)
    for route in (*outer.routes, *inner.routes):
        yield from told(route)


def told(route: BaseRoute) -> Iterator[tuple[str, str]]:
    if isinstance(route, Mount):
        assert route.path in {"/git", "/public"}, "another mount: say here which paths it has"
        yield "GET", f"{route.path}/{{id}}.git/info/refs"
        return
    assert isinstance(route, Route)
    for method in sorted((route.methods or {"GET"}) - {"HEAD"}):
        yield method, route.path.replace(":path", "")


def rules(application: Application) -> list[Rule]:
    """The rules of the routes that there are."""
    return [RULED[route] for route in sorted(set(every_route(application)))]


def test_every_route_is_ruled(built: Application) -> None:
    assert set() == set(every_route(built)) - set(RULED)


# --- a place in which everybody has knocked --------------------------------------------------------------------------

COMMIT = "0" * 40
AT = "2026-11-20T10:00:00Z"
SESSION = Session(user="x", name="default", branch="sessions/x/default", head=COMMIT, opened_at=AT)
RECEIPT = Receipt(snapshot=COMMIT, landed=COMMIT, version=COMMIT)
RENDERED = acts.Rendered(start=COMMIT, end=COMMIT, cells=())
VERSION = Version(notebook="a.ipynb", version="1.0.0", tag="a/v1.0.0", commit=COMMIT, at=AT)
LINK = Link(id="lxxxxxxxxx", role=Role.VIEWER, expires_at=AT, code="gcl_x")
SUMMARY = Summary(id="caaaaaaaaa", alias="ana:x", title="x", role=Role.VIEWER, created_at=AT)
THREAD = Thread(id="0" * 16, path="a.ipynb", cell=None, quote="", remarks=())
WEBHOOK = {
    "id": "w",
    "url": "https://a/",
    "kinds": ["landed"],
    "created_by": "x",
    "created_at": "",
    "secret": "s",
}
ANSWERS: dict[type[acts.Act], object] = {
    kind: () for kind, answer in acts.ANSWERS.items() if answer is None
} | {
    acts.SetDisplay: Person(name="x"),
    acts.HandOver: Member(user="x", display="", role=Role.OWNER),
    acts.AcceptInvitation: SUMMARY,
    **dict.fromkeys((acts.SetMirror, acts.ReadMirror, acts.PushMirror), acts.Mirror()),
    acts.SetVisibility: acts.Shown(visibility=Visibility.PRIVATE),
    acts.AddUser: Person(name="x"),
    acts.CreateToken: Token(id="t", label=""),
    acts.CreateCollab: SUMMARY,
    acts.SetMember: Member(user="x", display="", role=Role.VIEWER),
    acts.CreateLink: LINK,
    acts.OpenSession: acts.Opened(session="x/default", branch="sessions/x/default", head=COMMIT),
    acts.CloseSession: SESSION,
    acts.Save: RECEIPT,
    acts.Rename: RECEIPT,
    acts.Land: RECEIPT,
    acts.Deliver: SESSION,
    acts.Sweep: (),
    acts.Settle: RECEIPT,
    acts.Undo: RECEIPT,
    acts.ReadHeld: (),
    acts.ReadOpen: (),
    acts.ReadHeldFile: b"",
    acts.DecideHeld: RECEIPT,
    acts.Purge: acts.PurgeDone(commits=1, blobs=1),
    acts.Publish: VERSION,
    acts.DecidePublish: VERSION,
    acts.ReadPending: (VERSION,),
    acts.AddWebhook: WEBHOOK,
    acts.RemoveWebhook: None,
    acts.ListFiles: (FileEntry(path="a.ipynb", oid=COMMIT, size=1),),
    acts.ReadFile: acts.FileBytes(commit=COMMIT, oid=COMMIT, data=b""),
    acts.ReadLog: (),
    acts.ReadDiff: acts.Difference(start=COMMIT, end=COMMIT, files=()),
    acts.ReadBlame: (),
    acts.ReadItems: (),
    acts.ReadVersions: (VERSION,),
    acts.ReadContributions: (),
    acts.SuggestVersion: Suggestion(bump=None),
    acts.Resolve: COMMIT,
    acts.RenderNotebook: RENDERED,
    acts.RenderDiff: RENDERED,
    acts.Comment: THREAD,
    acts.Reply: THREAD,
    acts.ResolveComment: THREAD,
    acts.ReadThreads: (),
    acts.ReadRestored: acts.FileBytes(commit=COMMIT, oid=COMMIT, data=b"{}"),
    acts.RenderSource: acts.Rendered(start="", end="", cells=({"type": "text", "html": ""},)),
    acts.RenderPiece: acts.PieceBytes(kind="image/png", data=b""),
}
"""What the writer and the workers answer here; nothing that is asked changes anything, so all may ask everything."""


@dataclass(frozen=True)
class Place:
    """The collab that is knocked at, one that never was, and what each knocker shows."""

    collab: str
    missing: str
    secrets: dict[str, str]
    codes: dict[str, str]

    def address(self, path: str, collab: str, knocker: Knocker) -> str:
        """The route's path, with something that exists in the place of each part."""
        parts = {
            "id": collab,
            "user": user_of(knocker),
            "name": "default",
            "path": "a.ipynb",
            "item": "i1",
            "link": "lxxxxxxxxx",
            "token": "txxxxxxxxx",
            "span": "main..main",
            "page": "start",
            "thread": "0" * 16,
            "group": "lab",
            "held": "0123456789abcdef",
            "pending": "0123456789ab",
            "webhook": "wxxxxxxxxx",
            "commit": COMMIT,
            "spot": "0.png",
            "code": self.codes.get(knocker.name, self.codes["outsider"]),
        }
        if path == "/static/{name}":
            return "/static/style.css"
        if any(noun in path for noun in ("/members/{user}", "/people/{user}", "/users/{user}")):
            parts["user"] = "cleo"
        return re.sub(r"\{(\w+)\}", lambda found: parts[found[1]], path) + QUERY


QUERY = "?from=main&to=main&path=a.ipynb&notebook=a.ipynb&kind=git&name=x&service=git-upload-pack"
JSON = {
    "url": "https://ci.example/x",
    "visibility": "private",
    "tag": "a/v1.0.0",
    "user": "cleo",
    "kind": "git",
    "is_suspended": True,
    "display": "D",
    "password": "",
    "title": "Rain",
    "role": "viewer",
    "name": "dan",
    "take": "shared",
    "notebook": "a.ipynb",
    "rename_to": "b.ipynb",
    "text": "x",
    "what": "1",
    "is_resolved": True,
    "path": "a.ipynb",
}
FORM = {
    "seen": COMMIT,
    "url": "https://ci.example/x",
    "visibility": "private",
    "display": "D",
    "title": "Rain in Kenya",
    "user": "cleo",
    "role": "viewer",
    "days": "7",
    "link": "gcl_x",
    "take": "shared",
    "notebook": "a.ipynb",
    "path": "a.ipynb",
    "at": "main",
    "token": "txxxxxxxxx",
    "text": "x",
}


def user_of(knocker: Knocker) -> str:
    """Whose account it is: tokens and links that are no good are the owner's, which would open everything."""
    return "owner" if knocker.name.endswith(("token", "another collab")) else knocker.name.partition(" ")[0]


@pytest.fixture
def place(engine: Engine, collab: str, tmp_path: Path) -> Place:
    """Everybody has an account; a collab of theirs in each role; what each shows at the door."""
    secrets, codes = {}, {}
    with engine.begin() as conn:
        other = collabs.add_collab(conn, collabs.new_id(), "Other", "other", (), "ana").id
        for name in {user_of(knocker) for knocker in KNOCKERS}:
            people.add_person(conn, name, is_admin=name == "administrator")
        for role in Role:
            collabs.set_member(conn, collab, str(role), role)
            sessions.open_session(conn, collab, str(role), "default")
        for name in ("removed", "suspended"):
            collabs.set_member(conn, collab, name, Role.EDITOR)
        collabs.remove_member(conn, collab, "removed", by="ana")
        collabs.set_member(conn, other, "owner", Role.OWNER)
        for knocker in KNOCKERS:
            scopes = (f"collab:{other}",) if knocker.is_elsewhere else tuple(filter(None, (knocker.scope,)))
            token = tokens.add_token(conn, user_of(knocker), scopes=scopes)
            secrets[knocker.name] = token.secret
            if knocker.name == "revoked token":
                tokens.revoke_token(conn, "owner", token.id)
            if knocker.name == "expired token":
                conn.execute(update(TOKENS).where(TOKENS.c.id == token.id).values(expires_at=AT))
        people.suspend(conn, "suspended")
        codes["outsider"] = links.add_link(conn, collab, "ana", Role.VIEWER).code
        codes |= bad_links(conn, collab)
    del secrets["nobody"]
    run = ["git", "init", "--quiet", "--bare", str(tmp_path / "collabs" / f"{collab}.git")]
    subprocess.run(run, check=True, timeout=30)
    return Place(collab, "caaaaaaaaa", secrets, codes)


def bad_links(conn: Connection, collab: str) -> dict[str, str]:
    """The codes of an expired, a used-up and a revoked link."""
    codes = {}
    for name, spoilt in (
        ("expired link", {"expires_at": AT}),
        ("used-up link", {"uses_left": 0}),
        ("revoked link", {"revoked_at": AT}),
    ):
        link = links.add_link(conn, collab, "ana", Role.VIEWER, uses=1)
        conn.execute(update(LINKS).where(LINKS.c.id == link.id).values(spoilt))
        codes[name] = link.code
    return codes


async def knocked(
    visitor: httpx2.AsyncClient, place: Place, rule: Rule, knocker: Knocker, collab: str
) -> httpx2.Response:
    """The answer to one knock."""
    secret = place.secrets.get(knocker.name)
    headers = {"accept": "text/html"} | ({"authorization": f"Bearer {secret}"} if secret else {})
    method = "HEAD" if rule.path.endswith("/events") else rule.method  # whose body would not end
    take = {"take": "release"} if "/held/" in rule.path else {}
    said = {"json": JSON | take} if rule.path.startswith("/api/") else {"data": FORM | take}
    body = {} if method in {"GET", "HEAD", "DELETE"} else said
    return await visitor.request(method, place.address(rule.path, collab, knocker), headers=headers, **body)


def outcome(answer: httpx2.Response) -> str:
    """What the answer says of who knocked, in the words of ``Rule.of``."""
    if answer.status_code == 401 and "/signin" not in str(answer.url):
        return "stranger"
    if answer.headers.get("location", "").startswith("/signin?next="):
        return "stranger"
    if answer.status_code < 400 or "/signin" in str(answer.url):
        return "answers"
    return {403: "forbidden", 404: "nothing here"}.get(
        answer.status_code, f"{answer.status_code} {answer.text}"
    )


@pytest.fixture
def generous(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    """Where the writer and the workers would be: they do nothing, and say that they did; a bad code they refuse."""
    recorder.prepared |= {kind: lambda _, value=value: value for kind, value in ANSWERS.items()}
    monkeypatch.setitem(DONE, acts.RedeemLink, lambda conn, act: links.preview(conn, act.code) and SUMMARY)
    return recorder


READ = (acts.Reading, acts.RedeemLink, acts.ReadMirror)


async def test_exactly_those_who_may_get_through_each_door(
    visitor: httpx2.AsyncClient, built: Application, place: Place, generous: Recorder
) -> None:
    wrong = []
    for rule, knocker in itertools.product(rules(built), KNOCKERS):
        generous.asked.clear()
        expected = rule.of(knocker)
        found = outcome(await knocked(visitor, place, rule, knocker, place.collab))
        if found != expected:
            wrong.append(f"{rule.method} {rule.path} by {knocker.name}: {found}, not {expected}")
        may_read = knocker.role is not None or rule.who == "link"  # whose code the writer looks at
        asked = [act for act in generous.asked if not (may_read and isinstance(act, READ))]
        if expected != "answers" and asked:
            wrong.append(f"{rule.method} {rule.path} by {knocker.name} asks {asked}")
    assert "" == "\n".join(wrong)


async def test_no_access_and_not_existing_look_the_same(
    visitor: httpx2.AsyncClient, built: Application, place: Place, generous: Recorder
) -> None:
    names = {"outsider", "removed", "token of another collab"}
    strangers = [knocker for knocker in KNOCKERS if knocker.name in names]
    for rule, knocker in itertools.product(rules(built), strangers):
        if "{id}" in rule.path and rule.of(knocker) == "nothing here":
            here, nowhere = [
                await knocked(visitor, place, rule, knocker, collab)
                for collab in (place.collab, place.missing)
            ]
            assert (404, here.content) == (nowhere.status_code, nowhere.content), (rule, knocker)
            assert dict(here.headers) == dict(nowhere.headers)
