"""Long listings, a page at a time: ``?limit`` and ``?after``, and the next page's address in the Link header."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from gitcollab.web.answers import JsonAnswer

Each = TypeVar("Each")
Limit = Annotated[int, msgspec.Meta(ge=1, le=1000)]


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """``limit``: how many at most; ``after``: the last page's last id."""

    limit: Limit = 200
    after: str = ""


def paged(request: Request, page: Page, values: Sequence[Each], name: Callable[[Each], str]) -> Response:
    """Answers with one page of ``values``; ``name`` gives a value's id."""
    names = [name(value) for value in values]
    start = names.index(page.after) + 1 if page.after in names else 0
    part = values[start : start + page.limit]
    answer = JsonAnswer(part)
    if start + page.limit < len(values):
        following = request.url.include_query_params(after=names[start + page.limit - 1])
        answer.headers["link"] = f'<{following.path}?{following.query}>; rel="next"'
    return answer
