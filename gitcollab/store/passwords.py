"""Passwords: argon2id, and as slow for a person who does not exist as for one who does."""

from __future__ import annotations

import functools

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gitcollab.errors import BadInput

HASHER = PasswordHasher()  # the low-memory profile of RFC 9106: 64 MiB, three passes
SHORTEST, LONGEST = 8, 1024  # characters


def hashed(password: str) -> str:
    """Returns what is stored of a password; takes a tenth of a second. BadInput if it is too short or long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadInput(
            "that cannot be a password",
            f"use {SHORTEST} to {LONGEST} characters; a sentence is easy to keep in mind",
        )
    return HASHER.hash(_bytes(password))


def is_right(stored: str, password: str) -> bool:
    """Tells whether the password is the stored one. Empty ``stored`` is compared just as slowly, and is wrong."""
    try:
        matches = HASHER.verify(stored or _nobodys(), _bytes(password[: LONGEST + 1]))
    except (VerificationError, InvalidHashError):
        return False
    return matches and bool(stored)


@functools.cache
def _nobodys() -> str:
    return HASHER.hash(b"nobody's password")


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
