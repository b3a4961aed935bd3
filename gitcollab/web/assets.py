"""The stylesheet, scripts and icon: read once at start, addressed by what is in them, kept by browsers for good."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from gitcollab.errors import NotFound

HERE = Path(__file__).parent / "static"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True)
class Asset:
    """One file. ``mark`` changes with its content."""

    data: bytes
    kind: str

    @property
    def mark(self) -> str:
        """A short name of the content."""
        return hashlib.sha256(self.data).hexdigest()[:12]


class Assets:
    """All files of the directory ``static`` beside this file."""

    def __init__(self) -> None:
        self.files = {
            path.name: Asset(path.read_bytes(), TYPES[path.suffix])
            for path in sorted(HERE.iterdir())
            if path.suffix in TYPES
        }

    def address(self, name: str) -> str:
        """The address of the file as it is now."""
        return f"/static/{name}?v={self.files[name].mark}"

    async def serve(self, request: Request) -> Response:
        """Answers with the file; for good if it was asked for as it is now."""
        asset = self.files.get(request.path_params["name"])
        if asset is None:
            raise NotFound("There is no such file", "reload the page")
        is_current = request.query_params.get("v") == asset.mark
        kept = "public, max-age=31536000, immutable" if is_current else "public, no-cache"
        headers = {"etag": f'"{asset.mark}"', "cache-control": kept}
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        return Response(asset.data, media_type=asset.kind, headers=headers)
