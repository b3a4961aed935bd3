"""Files as bytes: never run or shown by the browser as part of this site, cached by what they are."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from gitcollab.acts import FileBytes

TYPES = {
    ".ipynb": "application/x-ipynb+json",
    ".json": "application/json",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}
"""The few types whose name cannot harm; everything else is plain bytes."""


def file_answer(request: Request, path: str, found: FileBytes, *, tag: str) -> Response:
    """Answers with the file's bytes under the strong ETag ``tag``; 304 without them if the asker has these."""
    headers = {
        "etag": f'"{tag}"',
        "gitcollab-commit": found.commit,
        "content-security-policy": "default-src 'none'; sandbox",
        "content-disposition": f"attachment; filename*=UTF-8''{quote(path.rpartition('/')[2], safe='')}",
    }
    known = [etag_in(each) for each in request.headers.get("if-none-match", "").split(",")]
    if tag in known:
        return Response(status_code=304, headers=headers)
    suffix = path[path.rfind(".") :].lower() if "." in path else ""
    return Response(found.data, media_type=TYPES.get(suffix, "application/octet-stream"), headers=headers)


def etag_in(text: str) -> str:
    """The bare tag of an ETag as a header holds it: quoted, weak or bare."""
    return text.strip().removeprefix("W/").strip('"').strip()
