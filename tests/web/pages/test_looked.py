"""What is new since somebody looked."""

from __future__ import annotations

import pytest
from starlette.requests import Request
from starlette.responses import Response

from gitcollab.web.pages.looked import COOKIE, MOST, VISIT, Looked

ONE, OTHER = "caaaaaaaaa", "cbbbbbbbbb"


def request(cookie: str) -> Request:
    return Request({"type": "http", "headers": [(b"cookie", cookie.encode())]})


def again(looked: Looked) -> Looked:
    """What the browser says at its next request."""
    answer = looked.keep(Response(), is_secure=True)
    return Looked.of(request(answer.headers["set-cookie"].partition(";")[0]))


def test_what_is_new_stays_new_for_one_visit() -> None:
    looked = Looked({})
    assert looked.look(ONE, 10, now=1000) is None
    looked = again(looked)
    assert 10 == looked.look(ONE, 15, now=1000 + VISIT + 1)
    assert 10 == looked.look(ONE, 17, now=1100 + VISIT + 1)
    assert (17, None) == (again(looked).seen(ONE), looked.seen(OTHER))
    assert 17 == again(looked).look(ONE, 20, now=1200 + 2 * VISIT + 2)


@pytest.mark.parametrize("text", ["", "x", f"{ONE}-1-2", f"{ONE}-a-b-c", "<b>-1-2-3", "-" * 5000])
def test_a_strange_cookie_says_nothing(text: str) -> None:
    assert {} == Looked.of(request(f"{COOKIE}={text}")).marks


def test_the_cookie_does_not_grow_for_ever() -> None:
    looked = Looked({})
    letters = "abcdefghijklmnopqrstuvwxyz"
    names = [f"c{a}{b}aaaaaaa" for a in letters for b in letters[:5]]
    for name in names:
        looked.look(name, 10**6, now=10**9)
    assert names[-MOST:] == list(again(looked).marks)
