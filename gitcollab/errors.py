"""Errors that people see: each has a code, an honest HTTP status, an exit code and a hint."""

from __future__ import annotations


class GitcollabError(Exception):
    """Base of every error that reaches a person.

    ``code`` is stable and machine-readable, ``status`` the HTTP status, ``exit_code`` the command line's
    (0 done, 1 contested or not clean, 2 usage or bad input, 3 no access, 4 server not reachable),
    ``hint`` says what to do next, ``data`` holds what a program needs to go on.
    """

    code = "failed"
    status = 500
    exit_code = 1

    def __init__(self, message: str, hint: str = "", **data: object) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.data = data


class BadInput(GitcollabError):
    """What was asked for cannot be meant: a wrong name, path, number or form."""

    code, status, exit_code = "bad-input", 400, 2


class NotSignedIn(GitcollabError):
    """No credential, or one that is wrong, expired or revoked."""

    code, status, exit_code = "not-signed-in", 401, 3


class Forbidden(GitcollabError):
    """A member whose role does not suffice."""

    code, status, exit_code = "forbidden", 403, 3


class NotFound(GitcollabError):
    """Does not exist, or the asker may not know that it does: the two look alike."""

    code, status, exit_code = "not-found", 404, 3


class Moved(GitcollabError):
    """Somebody was faster: what the request was decided on has changed since. ``data`` holds the new state."""

    code, status, exit_code = "moved", 409, 1


class NotClean(GitcollabError):
    """Contested items, or a state that a person has to clear first. ``data`` says which."""

    code, status, exit_code = "not-clean", 409, 1


class TooLarge(GitcollabError):
    """Over a size limit."""

    code, status, exit_code = "too-large", 413, 2


class Unusable(GitcollabError):
    """Well-formed, but it cannot be done as things are (an invalid notebook to publish, say)."""

    code, status, exit_code = "unusable", 422, 2


class TooMany(GitcollabError):
    """A rate limit or quota."""

    code, status, exit_code = "too-many", 429, 1


class Unavailable(GitcollabError):
    """Cannot be done now and may be tried again: a process is down, a lock is held, the time limit struck."""

    code, status, exit_code = "unavailable", 503, 4


class NoSpace(GitcollabError):
    """The disk or the quota is full; nothing was acknowledged."""

    code, status, exit_code = "no-space", 507, 1


KINDS: dict[str, type[GitcollabError]] = {
    kind.code: kind
    for kind in (
        GitcollabError,
        BadInput,
        NotSignedIn,
        Forbidden,
        NotFound,
        Moved,
        NotClean,
        TooLarge,
        Unusable,
        TooMany,
        Unavailable,
        NoSpace,
    )
}


def revive(code: str, message: str, hint: str = "", data: dict[str, object] | None = None) -> GitcollabError:
    """Returns the error that another process or the server described."""
    return KINDS.get(code, GitcollabError)(message, hint, **(data or {}))
