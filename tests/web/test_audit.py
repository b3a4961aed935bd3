"""Owners see who did what to their collab's access, and from where; administrators see all of it."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

pytestmark = pytest.mark.anyio
Headers = dict[str, str]


async def listed(visitor: httpx2.AsyncClient, where: str, who: Headers) -> list[Any]:
    answer = await visitor.get(where, headers=who)
    assert 200 == answer.status_code, answer.text
    return list(answer.json())


async def test_a_refused_act_on_access_is_written_down_with_where_it_came_from(
    visitor: httpx2.AsyncClient, ana: Headers, ben: Headers, collab: str
) -> None:
    at = f"/api/collabs/{collab}"
    assert 403 == (await visitor.put(f"{at}/members/ben", json={"role": "owner"}, headers=ben)).status_code
    (line,) = await listed(visitor, f"{at}/audit", ana)
    assert {"user": "ben", "act": "SetMember", "collab": collab, "outcome": "forbidden", "via": "token"} == {
        name: line[name] for name in ("user", "act", "collab", "outcome", "via")
    }
    assert ("127.0.0.1", {"user": "ben", "role": "owner"}) == (line["origin"], line["detail"])


async def test_work_is_not_written_down(
    visitor: httpx2.AsyncClient, ana: Headers, ben: Headers, collab: str
) -> None:
    at = f"/api/collabs/{collab}"
    assert 403 == (await visitor.post(f"{at}/publish", json={"notebook": "a.ipynb"}, headers=ben)).status_code
    assert [] == await listed(visitor, f"{at}/audit", ana)


async def test_an_administrator_sees_sign_ins_and_pages_through(
    visitor: httpx2.AsyncClient, ana: Headers
) -> None:
    for user in ("ben", "nobody"):
        await visitor.post("/signin", data={"user": user, "password": "a wrong guess"})
    found = await listed(visitor, "/api/audit", ana)
    assert [("SignIn", "nobody", "not-signed-in"), ("SignIn", "ben", "not-signed-in")] == [
        (line["act"], line["user"], line["outcome"]) for line in found
    ]
    assert found[1:] == await listed(visitor, f"/api/audit?before={found[0]['n']}", ana)
    assert found[:1] == await listed(visitor, "/api/audit?user=nobody&limit=1", ana)
    for query in ("limit=0", "limit=x", "before=-1", f"before={2**63}"):
        assert 400 == (await visitor.get(f"/api/audit?{query}", headers=ana)).status_code
