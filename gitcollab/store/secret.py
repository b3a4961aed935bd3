"""Secrets: 256 random bits, shown once, kept as SHA-256 (a slow hash is for what people choose themselves)."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import unicodedata

from gitcollab.errors import BadInput

TOKEN, LINK, LOGIN = "gcp_", "gcl_", "gcs_"


def new(prefix: str) -> str:
    """Returns a fresh secret: ``prefix`` and 52 letters of lower-case base32."""
    return prefix + base64.b32encode(secrets.token_bytes(32)).decode().rstrip("=").lower()


def hashed(secret: str) -> str:
    """Returns what is stored of a secret; any text at all can be asked about."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def public_id(letter: str) -> str:
    """Returns a random id that is no secret: ``letter`` and nine of a-z2-7, as collab ids are."""
    return letter + "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz234567") for _ in range(9))


UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
"""What makes one text look like another one; joiners within a word are none of it."""


def checked_line(text: str, what: str, limit: int = 200) -> str:
    """Returns free text for one line, trimmed; BadInput for more than ``limit``, or what is not seen: control
    characters, and those that turn the text around them or have no width."""
    line = unicodedata.normalize("NFC", text.strip())
    if len(line) > limit or UNSEEN.search(line):
        raise BadInput(f"that cannot be a {what}", f"use one line of at most {limit} visible characters")
    return line
