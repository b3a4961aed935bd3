"""Rewriting: the addresses in a page of gitcollab's, as they are below Jupyter's own. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

SIGN_OUT = re.compile(rb'<form\b[^>]*\baction="[^"]*/signout".*?</form>', re.DOTALL)
"""Who signs out here signs out of Jupyter, by Jupyter's own button."""

FORM = re.compile(rb'<form\b[^>]*\bmethod="post"[^>]*>')
SENT = re.compile(rb'(\sdata-(?:here|preview)="[^"?]*)"')
"""Where a page's script sends something to, without a form."""

HOST = re.compile(r"[\w.:\[\]-]+")
KEPT_BACK = ("_xsrf", "token")
"""What a query may hold for Jupyter alone."""


@dataclass(frozen=True)
class Place:
    """Where the pages are shown: ``here`` is the path in front of each, ``there`` the one that the server put there,
    ``host`` Jupyter's own name and port as the browser says it.
    """

    here: str
    there: str
    host: str

    def page(self, html: bytes, token: str) -> bytes:
        """A page with its own addresses, and with Jupyter's ``token`` against forgery in what it sends."""
        there = re.escape(self.there.encode())
        own = re.compile(rb'(\s(?:href|action|src|poster|data-[a-z-]+)=")' + there + rb"/(?!/)")
        said = escape(token).encode()
        made = own.sub(lambda found: found[1] + self.here.encode() + b"/", SIGN_OUT.sub(b"", html))
        made = FORM.sub(
            lambda found: found[0] + b'<input type="hidden" name="_xsrf" value="' + said + b'">', made
        )
        return SENT.sub(lambda found: found[1] + b"?_xsrf=" + said + b'"', made)

    def is_inside(self, address: str) -> bool:
        """Whether a redirect leads to a page that is shown here."""
        path = address.removeprefix(self.there)
        is_path = path.startswith("/") and not path.startswith(("//", "/\\"))
        return is_path and not re.match(r"/(signin|signout|git|guest)\b", path)

    def address(self, text: str) -> str:
        """An address in a header (``/…`` or ``</…>; …``) as it is here."""
        mark = "<" if text.startswith("<") else ""
        path = text.removeprefix(mark).removeprefix(self.there)
        return mark + self.here + path if path.startswith("/") and not path.startswith("//") else text

    @property
    def policy(self) -> str:
        """What a page may load, send and frame besides what its own policy says: only what lies below ``here``. Files
        and other pages of Jupyter are of the same origin.
        """
        within = f"{self.host}{self.here}" if HOST.fullmatch(self.host) else "'self'"
        below = f"{within}/" if within != "'self'" else within
        scripts = f"{within}/static/" if within != "'self'" else within
        return (
            f"script-src {scripts}; style-src {scripts}; connect-src {below};"
            f" form-action {below}; frame-src {below}; frame-ancestors 'self'"
        )


def own_query(query: str) -> str:
    """A request's query without what it says to Jupyter."""
    said = "&".join(part for part in query.split("&") if part and part.partition("=")[0] not in KEPT_BACK)
    return f"?{said}" if said else ""


def without_xsrf(body: bytes) -> bytes:
    """A typed form without Jupyter's field."""
    return b"&".join(part for part in body.split(b"&") if part.partition(b"=")[0] != b"_xsrf")
