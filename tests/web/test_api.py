"""The API: what is asked of whom, what comes back, and how it refuses."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from gitcollab import acts
from gitcollab.errors import Moved
from gitcollab.model import Item, LogEntry, Receipt, Role, SessionName, Take, Version
from gitcollab.web.api import DOORS
from gitcollab.web.app import Application

from .conftest import BASE, Recorder  # type: ignore[import-not-found]

pytestmark = pytest.mark.anyio

COMMIT = "0123456789abcdef0123456789abcdef01234567"
Headers = dict[str, str]
ITEM = Item(
    id="i1", path="a.ipynb", cell="c1", field="source", base="x", shared="y", session="z", user="ben",
    commit=COMMIT, at="2026-11-20T10:00:00Z", branch="sessions/ben/default",
)  # fmt: skip


async def test_a_collab_is_created_listed_shown_and_ended(visitor: httpx2.AsyncClient, ana: Headers) -> None:
    made = await visitor.post("/api/collabs", json={"title": "Rain", "paths": ["rain.ipynb"]}, headers=ana)
    assert 201 == made.status_code
    collab = made.json()
    assert ("ana:rain", "owner", "Rain", "") == tuple(
        collab[k] for k in ("alias", "role", "title", "tracker")
    )
    assert [collab] == (await visitor.get("/api/collabs", headers=ana)).json()
    shown = (await visitor.get("/api/collabs/ana:rain", headers=ana)).json()
    assert (collab["id"], ["ana"], []) == (
        shown["id"], [each["user"] for each in shown["members"]], shown["sessions"],
    )  # fmt: skip
    assert 204 == (await visitor.delete(f"/api/collabs/{collab['id']}", headers=ana)).status_code
    assert 404 == (await visitor.get(f"/api/collabs/{collab['id']}", headers=ana)).status_code


async def test_a_stranger_to_a_collab_sees_what_they_see_of_none(
    visitor: httpx2.AsyncClient, cleo: Headers, collab: str
) -> None:
    for door in DOORS:
        if "{id}" not in door.path:
            continue
        said = []
        for id in (collab, "caaaaaaaaa"):
            path = door.path.replace("{id}", id).replace("{take}", "").replace("{path:path}", "a.ipynb")
            for part in ("user", "name", "item", "link"):
                path = path.replace(f"{{{part}}}", "cleo")
            body = {
                "role": "editor",
                "notebook": "a",
                "rename_to": "b",
                "visibility": "private",
                "user": "cleo",
            }
            body |= {
                "take": "release" if "/held/" in path else "shared",
                "text": "password",
                "path": "a",
                "tag": "a/v1.0.0",
                "url": "https://ci.example/x",
            }
            answer = await visitor.request(
                door.method, path + "?from=main", headers=cleo, content=json.dumps(body).encode()
            )
            assert 404 == answer.status_code, (door.method, path, answer.text)
            said.append(answer.content)
        assert said[0] == said[1]
    assert 404 == (await visitor.get(f"/api/collabs/{collab}/events", headers=cleo)).status_code


async def test_members_come_and_go(
    visitor: httpx2.AsyncClient, ana: Headers, ben: Headers, collab: str
) -> None:
    put = await visitor.put(f"/api/collabs/{collab}/members/cleo", json={"role": "viewer"}, headers=ana)
    assert ("cleo", "viewer") == (put.json()["user"], put.json()["role"])
    listed = await visitor.get(f"/api/collabs/{collab}/members", headers=ben)
    assert ["ana", "ben", "cleo"] == [each["user"] for each in listed.json()]
    refused = await visitor.put(f"/api/collabs/{collab}/members/cleo", json={"role": "editor"}, headers=ben)
    assert (403, "forbidden") == (refused.status_code, refused.json()["error"])
    assert 204 == (await visitor.delete(f"/api/collabs/{collab}/members/ben", headers=ben)).status_code
    assert 404 == (await visitor.get(f"/api/collabs/{collab}", headers=ben)).status_code
    last = await visitor.delete(f"/api/collabs/{collab}/members/ana", headers=ana)
    assert 422 == last.status_code


async def test_a_link_makes_its_reader_a_member(
    visitor: httpx2.AsyncClient, ana: Headers, cleo: Headers, collab: str
) -> None:
    made = await visitor.post(f"/api/collabs/{collab}/links", json={"role": "viewer", "uses": 1}, headers=ana)
    link = made.json()
    assert (201, f"{BASE}/join/{link['code']}") == (made.status_code, link["link"])
    listed = (await visitor.get(f"/api/collabs/{collab}/links", headers=ana)).json()
    assert [(link["id"], "")] == [(each["id"], each["code"]) for each in listed]
    joined = await visitor.post(f"/api/links/{link['code']}/redeem", headers=cleo)
    assert (collab, "viewer") == (joined.json()["id"], joined.json()["role"])
    assert 404 == (await visitor.post("/api/links/gcl_unknown/redeem", headers=cleo)).status_code


async def test_sessions_are_opened_and_listed(visitor: httpx2.AsyncClient, ben: Headers, collab: str) -> None:
    at = f"/api/collabs/{collab}/sessions"
    opened = (await visitor.post(at, json={"name": "default"}, headers=ben)).json()
    assert {
        "session": "ben/default",
        "branch": "sessions/ben/default",
        "head": "0" * 40,
        "directory": None,
    } == opened
    assert [("ben", "default", True)] == [
        (each["user"], each["name"], each["is_open"]) for each in (await visitor.get(at, headers=ben)).json()
    ]
    assert 200 == (await visitor.get(f"{at}/ben/default", headers=ben)).status_code
    assert 404 == (await visitor.get(f"{at}/ben/other", headers=ben)).status_code


@pytest.mark.parametrize("match", [f'"{COMMIT}"', COMMIT, f'W/"{COMMIT}"'])
async def test_a_save_says_what_the_copy_came_from(
    match: str, visitor: httpx2.AsyncClient, ben: Headers, collab: str, recorder: Recorder
) -> None:
    recorder.prepared[acts.Save] = Receipt(snapshot=COMMIT, landed=None, version=COMMIT)
    answer = await visitor.put(
        f"/api/collabs/{collab}/sessions/ben/default/files/notes/a%20b.ipynb",
        content=b"\x00{}", headers=ben | {"if-match": match, "gitcollab-tool": "vim"},
    )  # fmt: skip
    assert {
        "snapshot": COMMIT, "landed": None, "version": COMMIT,
        "contested": [], "forked": "", "question": "", "held": "",
    } == answer.json()  # fmt: skip
    act = recorder.asked[-1]
    assert isinstance(act, acts.Save)
    assert (SessionName(user="ben", name="default"), "notes/a b.ipynb", b"\x00{}", COMMIT, "vim", False) == (
        act.session, act.path, act.data, act.base, act.tool, act.is_draft,
    )  # fmt: skip


async def test_a_draft_a_delete_and_a_rename_are_saves_of_the_session(
    visitor: httpx2.AsyncClient, ben: Headers, collab: str, recorder: Recorder
) -> None:
    receipt = Receipt(snapshot=COMMIT, landed=None, version=COMMIT)
    recorder.prepared |= {acts.Save: receipt, acts.Rename: receipt}
    at = f"/api/collabs/{collab}/sessions/ben/default/files/a.ipynb"
    for answer in (
        await visitor.put(f"{at}?draft=true", content=b"{}", headers=ben),
        await visitor.delete(at, headers=ben),
        await visitor.post(at, json={"rename_to": "b.ipynb"}, headers=ben),
    ):
        assert 200 == answer.status_code
    draft, deleted, renamed = recorder.asked[-3:]
    assert (True, None) == (draft.is_draft, draft.base)
    assert None is deleted.data
    assert "b.ipynb" == renamed.to


async def test_nobody_saves_into_somebody_elses_session(
    visitor: httpx2.AsyncClient, ben: Headers, collab: str, recorder: Recorder
) -> None:
    answer = await visitor.put(
        f"/api/collabs/{collab}/sessions/ana/default/files/a.ipynb", content=b"{}", headers=ben
    )
    assert 403 == answer.status_code
    assert not [act for act in recorder.asked if isinstance(act, acts.Save)]


@pytest.mark.parametrize(
    "path",
    ["../x", "a/../../x", "%2e%2e/x", "/etc/passwd", "a//b", ".git/config", ".gitcollab/x", "a\\b", "a%00b"],
)
async def test_a_path_that_no_tree_may_hold_is_refused(
    path: str, visitor: httpx2.AsyncClient, ben: Headers, collab: str
) -> None:
    for at in (f"/api/collabs/{collab}/files/", f"/api/collabs/{collab}/sessions/ben/default/files/"):
        answer = await visitor.get(httpx2.URL(BASE + at + path), headers=ben)
        assert answer.status_code in {400, 404}, answer.text


async def test_a_file_is_read_with_an_etag_and_never_shown_as_a_page(
    visitor: httpx2.AsyncClient, ben: Headers, collab: str, recorder: Recorder
) -> None:
    recorder.prepared[acts.ReadFile] = acts.FileBytes(commit=COMMIT, oid="a" * 40, data=b"<script>")
    at = f"/api/collabs/{collab}/files/x.html"
    answer = await visitor.get(f"{at}?at=1.2.0", headers=ben)
    assert (b"<script>", f'"{COMMIT}"') == (answer.content, answer.headers["etag"])
    assert "application/octet-stream" == answer.headers["content-type"]
    assert "default-src 'none'; sandbox" == answer.headers["content-security-policy"]
    assert ("1.2.0", False) == (recorder.asked[-1].at, recorder.asked[-1].is_stamped)
    assert 304 == (await visitor.get(at, headers=ben | {"if-none-match": answer.headers["etag"]})).status_code
    mine = await visitor.get(f"/api/collabs/{collab}/sessions/ben/default/files/x.html", headers=ben)
    assert (f'"{COMMIT}"', COMMIT) == (mine.headers["etag"], mine.headers["gitcollab-version"])
    assert ("sessions/ben/default", True) == (recorder.asked[-1].at, recorder.asked[-1].is_stamped)


async def test_a_contested_item_is_listed_with_what_a_settlement_sends_back(
    visitor: httpx2.AsyncClient, ben: Headers, collab: str, recorder: Recorder
) -> None:
    recorder.prepared |= {
        acts.ReadItems: (ITEM,),
        acts.Settle: Receipt(snapshot=None, landed=COMMIT, version=COMMIT),
    }
    (item,) = (await visitor.get(f"/api/collabs/{collab}/contested", headers=ben)).json()
    assert (ITEM.digest, "x", "y", "z") == (item["seen"], item["base"], item["shared"], item["session"])
    at = f"/api/collabs/{collab}/contested/i1"
    for take, meant in (("mine", Take.SESSION), ("session", Take.SESSION), ("both", Take.BOTH)):
        answer = await visitor.post(at, json={"take": take, "seen": item["seen"]}, headers=ben)
        assert 200 == answer.status_code
        assert (meant, ITEM.digest) == (recorder.asked[-1].take, recorder.asked[-1].seen)
    seen = {"shared": "y", "session": "z"}
    await visitor.post(at, json={"take": "text", "source": "w", "seen": seen}, headers=ben)
    assert ("w", seen) == (recorder.asked[-1].source, recorder.asked[-1].seen)
    for body in ({"take": "text"}, {"take": "none"}, {}, [], {"take": "both", "seen": 3}):
        assert 400 == (await visitor.post(at, json=body, headers=ben)).status_code, body


async def test_values_that_moved_come_back_with_the_refusal(
    visitor: httpx2.AsyncClient, ben: Headers, collab: str, recorder: Recorder
) -> None:
    recorder.prepared[acts.Settle] = Moved("The cell has changed since", "look again", item=ITEM)
    answer = await visitor.post(
        f"/api/collabs/{collab}/contested/i1", json={"take": "both", "seen": "old"}, headers=ben
    )
    said = answer.json()
    assert (409, "moved", "look again") == (answer.status_code, said["error"], said["hint"])
    assert (ITEM.digest, "z") == (said["item"]["seen"], said["item"]["session"])


@pytest.mark.parametrize("bump", ["MAJOR", "minor", "Hotfix", "patch", None])
async def test_publishing_answers_with_the_version(
    bump: str | None, visitor: httpx2.AsyncClient, ana: Headers, ben: Headers, collab: str, recorder: Recorder
) -> None:
    recorder.prepared[acts.Publish] = Version(
        notebook="a.ipynb", version="1.0.0", tag="a/v1.0.0", commit=COMMIT
    )
    at = f"/api/collabs/{collab}/publish"
    answer = await visitor.post(at, json={"notebook": "a.ipynb", "bump": bump, "message": "m"}, headers=ana)
    assert (201, "1.0.0", "a/v1.0.0", COMMIT) == (
        answer.status_code, *(answer.json()[key] for key in ("version", "tag", "commit")),
    )  # fmt: skip
    assert 403 == (await visitor.post(at, json={"notebook": "a.ipynb"}, headers=ben)).status_code


async def test_reading_acts_are_asked_of_the_workers(
    visitor: httpx2.AsyncClient, ben: Headers, collab: str, recorder: Recorder
) -> None:
    entry = LogEntry(commit=COMMIT, parents=(), act="snapshot", user="ben", at="", message="m")
    recorder.prepared |= {
        acts.ReadLog: (entry,), acts.ReadDiff: acts.Difference(start=COMMIT, end=COMMIT, files=()),
        acts.ReadBlame: (), acts.ReadVersions: (), acts.Resolve: COMMIT, acts.ListFiles: (),
    }  # fmt: skip
    at = f"/api/collabs/{collab}"
    log = await visitor.get(f"{at}/log?path=a.ipynb&branch=main&limit=5&before={COMMIT}", headers=ben)
    assert [COMMIT] == [each["commit"] for each in log.json()]
    assert ("a.ipynb", 5, COMMIT) == tuple(
        getattr(recorder.asked[-1], k) for k in ("path", "limit", "before")
    )
    diff = await visitor.get(f"{at}/diff?from=1.0.0&to=main&path=a.ipynb", headers=ben)
    assert {"start": COMMIT, "end": COMMIT, "files": [], "nbdime": None} == diff.json()
    assert ("1.0.0", "main") == (recorder.asked[-1].start, recorder.asked[-1].end)
    assert {"commit": COMMIT} == (await visitor.get(f"{at}/resolve?at=1.0.0", headers=ben)).json()
    for path in ("blame/a.ipynb", "versions", "files?at=blessed"):
        assert [] == (await visitor.get(f"{at}/{path}", headers=ben)).json()
    for path in ("diff", "log?limit=0", "log?limit=x", "log?limit=100000"):
        assert 400 == (await visitor.get(f"{at}/{path}", headers=ben)).status_code


async def test_listings_come_in_pages(visitor: httpx2.AsyncClient, ana: Headers, collab: str) -> None:
    for title in ("Two", "Three"):
        await visitor.post("/api/collabs", json={"title": title}, headers=ana)
    all_of_them = [each["id"] for each in (await visitor.get("/api/collabs", headers=ana)).json()]
    first = await visitor.get("/api/collabs?limit=2", headers=ana)
    following = first.headers["link"].removeprefix("<").partition(">")[0]
    second = await visitor.get(following, headers=ana)
    assert all_of_them == [each["id"] for each in (*first.json(), *second.json())]
    assert "link" not in second.headers


async def test_a_token_bound_to_one_collab_opens_no_other(
    visitor: httpx2.AsyncClient, ana: Headers, collab: str
) -> None:
    other = (await visitor.post("/api/collabs", json={"title": "Other"}, headers=ana)).json()["id"]
    scopes = ["read", f"collab:{collab}"]
    made = await visitor.post("/api/tokens", json={"label": "ci", "scopes": scopes}, headers=ana)
    bound = {"authorization": f"Bearer {made.json()['secret']}"}
    assert [collab] == [each["id"] for each in (await visitor.get("/api/collabs", headers=bound)).json()]
    assert 200 == (await visitor.get(f"/api/collabs/{collab}/members", headers=bound)).status_code
    assert 404 == (await visitor.get(f"/api/collabs/{other}/members", headers=bound)).status_code
    assert 403 == (await visitor.get("/api/tokens", headers=bound)).status_code


async def test_only_an_administrator_adds_accounts(
    visitor: httpx2.AsyncClient, ana: Headers, ben: Headers
) -> None:
    assert 403 == (await visitor.post("/api/users", json={"name": "dan"}, headers=ben)).status_code
    assert 403 == (await visitor.get("/api/users", headers=ben)).status_code
    made = await visitor.post("/api/users", json={"name": "dan", "display": "Dan"}, headers=ana)
    assert (201, "dan") == (made.status_code, made.json()["name"])
    assert 400 == (await visitor.post("/api/users", json={"name": "../x"}, headers=ana)).status_code
    assert ["ana", "ben", "cleo", "dan"] == [
        each["name"] for each in (await visitor.get("/api/users", headers=ana)).json()
    ]


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b'{"title": 3}', b"null", b"{}"])
async def test_a_body_that_cannot_be_meant_is_told_so(
    body: bytes, visitor: httpx2.AsyncClient, ana: Headers
) -> None:
    answer = await visitor.post("/api/collabs", content=body, headers=ana)
    said = answer.json()
    assert (400, "bad-input") == (answer.status_code, said["error"])
    assert {"error", "message", "hint"} <= said.keys()


async def test_what_should_not_have_happened_shows_no_traceback(
    application: Application, ben: Headers, collab: str, recorder: Recorder
) -> None:
    def fail(act: acts.Act) -> Any:
        raise RuntimeError("a secret path")

    recorder.prepared[acts.ReadItems] = fail
    transport = httpx2.ASGITransport(app=application.asgi, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url=BASE) as visitor:
        answer = await visitor.get(f"/api/collabs/{collab}/contested", headers=ben)
    assert (500, "failed") == (answer.status_code, answer.json()["error"])
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


async def test_a_wrong_method_is_refused_with_those_there_are(
    visitor: httpx2.AsyncClient, ana: Headers
) -> None:
    answer = await visitor.patch("/api/collabs", headers=ana)
    assert 405 == answer.status_code
    assert answer.headers["allow"]


async def test_the_document_describes_every_door(visitor: httpx2.AsyncClient, ana: Headers) -> None:
    told = (await visitor.get("/api/openapi.json", headers=ana)).json()
    described = {(method.upper(), path) for path, methods in told["paths"].items() for method in methods}
    assert {(door.method, door.path.replace(":path", "")) for door in DOORS} <= described
    assert ("GET", "/api/collabs/{id}/events") in described
    text = json.dumps(told)
    for name in {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert name in told["components"]["schemas"]
    ids = [method["operationId"] for methods in told["paths"].values() for method in methods.values()]
    assert len(ids) == len(set(ids))


def test_roles_are_those_of_the_design() -> None:
    assert ["owner", "maintainer", "editor", "viewer"] == [role.value for role in Role]
