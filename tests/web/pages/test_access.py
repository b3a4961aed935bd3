"""What the pages ask about access, and that one click answers."""

from __future__ import annotations

import httpx2
import pytest
from sqlalchemy import Connection, Engine

from gitcollab import acts
from gitcollab.model import Role
from gitcollab.store import collabs, members, people
from gitcollab.web.app import Application

from ..conftest import DONE, Recorder  # type: ignore[import-not-found]

pytestmark = pytest.mark.anyio
Headers = dict[str, str]


@pytest.fixture
def asked(engine: Engine, monkeypatch: pytest.MonkeyPatch, recorder: Recorder, built: Application) -> str:
    """A collab that Ana has let Cleo into; Cleo's account has no name that people see."""

    def accept(conn: Connection, act: acts.AcceptInvitation) -> object:
        members.accept(conn, act.collab, act.actor.user)
        return collabs.summary(conn, act.collab, act.actor.user)

    monkeypatch.setitem(DONE, acts.AcceptInvitation, accept)
    monkeypatch.setitem(
        DONE, acts.SetDisplay, lambda conn, a: people.set_display(conn, a.actor.user, a.display)
    )
    recorder.prepared |= {acts.ReadItems: (), acts.ListFiles: (), acts.ReadVersions: ()}
    recorder.prepared |= {acts.ReadFile: acts.FileBytes(commit="c", oid="o", data=b'licence = "MIT"')}
    with engine.begin() as conn:
        people.set_display(conn, "cleo", "")
        made = collabs.add_collab(conn, collabs.new_id(), "Tides", "tides", (), "ana")
        members.set_member(conn, made.id, "cleo", Role.EDITOR, by="ana")
        return made.id


async def test_an_invitation_is_on_the_home_page_until_it_is_answered(
    visitor: httpx2.AsyncClient, cleo: Headers, asked: str
) -> None:
    home = (await visitor.get("/", headers=cleo)).text
    assert "has let you into" in home
    assert f'action="/c/{asked}/accept"' in home
    answer = await visitor.post(f"/c/{asked}/accept", headers=cleo)
    assert (303, f"/c/{asked}") == (answer.status_code, answer.headers["location"])
    home = (await visitor.get("/", headers=cleo)).text
    assert ("Tides" in home, "has let you into" in home) == (True, False)


async def test_who_declines_does_not_see_it_any_more(
    visitor: httpx2.AsyncClient, cleo: Headers, asked: str
) -> None:
    assert "/" == (await visitor.post(f"/c/{asked}/decline", headers=cleo)).headers["location"]
    assert "Tides" not in (await visitor.get("/", headers=cleo)).text


async def test_the_name_that_people_see_is_asked_once(
    visitor: httpx2.AsyncClient, cleo: Headers, ana: Headers, asked: str
) -> None:
    question = "What shall people call you?"
    assert question not in (await visitor.get("/", headers=ana)).text
    assert question in (await visitor.get("/", headers=cleo)).text
    await visitor.post("/me/display", data={"display": ""}, headers=cleo)
    assert question not in (await visitor.get("/", headers=cleo)).text


async def test_the_settings_say_who_else_sees_it(
    visitor: httpx2.AsyncClient, ana: Headers, cleo: Headers, asked: str, recorder: Recorder, engine: Engine
) -> None:
    shown = (await visitor.get(f"/c/{asked}/settings", headers=cleo)).text
    assert "MIT" in shown
    assert ("Nobody but the people above" in shown, "Hand it over" in shown) == (True, False)
    assert "Hand it over" in (await visitor.get(f"/c/{asked}/settings", headers=ana)).text
    recorder.prepared |= {acts.SetVisibility: acts.Shown(visibility="everyone"), acts.SetGrant: ()}  # type: ignore[arg-type]
    said = {"visibility": "everyone", "approval": "yes"}
    assert 303 == (await visitor.post(f"/c/{asked}/visibility", data=said, headers=ana)).status_code
    assert ("everyone", True) == (recorder.asked[-1].visibility, recorder.asked[-1].needs_approval)
    await visitor.post(f"/c/{asked}/groups", data={"group": "Lab ", "role": "viewer"}, headers=ana)
    assert ("lab", Role.VIEWER) == (recorder.asked[-1].group, recorder.asked[-1].role)


async def test_a_name_is_changed_on_ones_own_page_and_one_that_is_not_seen_is_refused_there(
    visitor: httpx2.AsyncClient, cleo: Headers, asked: str
) -> None:
    answer = await visitor.post("/me/display", data={"display": "Cleo Maris", "from": "me"}, headers=cleo)
    assert (303, "/me") == (answer.status_code, answer.headers["location"])
    assert 'value="Cleo Maris"' in (await visitor.get("/me", headers=cleo)).text
    refused = await visitor.post("/me/display", data={"display": "\u202esiraM", "from": "me"}, headers=cleo)
    assert 400 == refused.status_code
    assert "that cannot be a display name" in refused.text
    assert 'value="Cleo Maris"' in (await visitor.get("/me", headers=cleo)).text


async def test_maintainers_see_how_the_mirror_stands(
    visitor: httpx2.AsyncClient, ana: Headers, cleo: Headers, asked: str, recorder: Recorder
) -> None:
    standing = acts.Mirror(
        url="https://git.example.org/a.git",
        condition="failed",
        told="no such host",
        at="2026-11-20T10:00:00Z",
    )
    recorder.prepared |= {acts.ReadMirror: standing, acts.PushMirror: standing}
    shown = (await visitor.get(f"/c/{asked}/settings", headers=ana)).text
    assert ("could not be pushed" in shown, "no such host" in shown) == (True, True)
    assert "git.example.org" not in (await visitor.get(f"/c/{asked}/settings", headers=cleo)).text
    assert 303 == (await visitor.post(f"/c/{asked}/mirror/push", headers=ana)).status_code
    assert isinstance(recorder.asked[-1], acts.PushMirror)
