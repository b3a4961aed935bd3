"""Whatever is sent to the API, it answers with what its document says, and never with an error of its own."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import response_schema_conformance

from gitcollab.client import Client

IS_LONG = bool(os.environ.get("GITCOLLAB_LONG"))
EXAMPLES = 200 if IS_LONG else 6
"""For each operation; without GITCOLLAB_LONG always the same ones."""

LEFT_OUT = {
    ("GET", "/api/collabs/{id}/events"),  # its answer does not end
    ("DELETE", "/api/collabs/{id}"),  # the rest would meet nothing but 404
    ("PUT", "/api/users/{user}/suspended"),
    ("PUT", "/api/me/password"),  # slow on purpose
}
SETTINGS = hypothesis.settings(
    max_examples=EXAMPLES,
    derandomize=not IS_LONG,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def admin(server: Any) -> Iterator[Client]:
    """The one who runs the server: nothing is refused for want of rights."""
    with closing(Client(server.url, (server.root / "private" / "token").read_text().strip())) as client:
        yield client


@pytest.fixture(scope="module")
def known(admin: Client) -> dict[str, str]:
    """What exists, for the places in paths that name something."""
    collab = admin.create("Rain")["id"]
    me, session = admin.me()["name"], admin.open_session(collab)["session"]
    book: dict[str, Any] = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    admin.save(collab, session, "a.ipynb", json.dumps(book).encode())
    admin.add_group("lab")
    return {"id": collab, "user": me, "name": "default", "path": "a.ipynb", "group": "lab"}


@pytest.mark.slow
@pytest.mark.timeout(7200 if IS_LONG else 600)
def test_no_request_at_all_is_answered_with_an_error_of_the_server(
    admin: Client, known: dict[str, str]
) -> None:
    document = admin.transport.ask("GET", "/api/openapi.json").json()
    wrong: list[str] = []
    met: Counter[int] = Counter()
    asked = 0
    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        operation = found.ok()
        if (operation.method.upper(), operation.path) in LEFT_OUT:
            continue
        asked += 1
        try:
            tried(operation, admin, known, met)
        except AssertionError as error:
            wrong.append(str(error))
    assert asked > 60
    assert "" == "\n".join(wrong)
    assert {200, 201, 204, 400, 403, 404, 422} <= met.keys(), met


def tried(operation: Any, admin: Client, known: dict[str, str], met: Counter[int]) -> None:
    """Sends what hypothesis makes of the document; every other time to what exists."""

    @SETTINGS
    @hypothesis.given(case=operation.as_strategy(), is_known=st.booleans())
    def send(case: Any, is_known: bool) -> None:
        if is_known:
            case.path_parameters.update({name: known[name] for name in case.path_parameters if name in known})
        answer = case.call(base_url=admin.url, headers={"authorization": f"Bearer {admin.transport.token}"})
        met[answer.status_code] += 1
        said = f"{case.method} {case.formatted_path} {case.query} {case.body!r}: {answer.status_code}"
        assert answer.status_code < 500, f"{said} {answer.text[:300]}"
        case.validate_response(answer, checks=(response_schema_conformance,))

    send()
