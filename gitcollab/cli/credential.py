"""`gitcollab git-credential`: the token for a server, in the words of git's credential helpers (gitcredentials(7))."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from gitcollab.client.finding import token_for
from gitcollab.errors import BadInput

OURS = "gcp_"
"""How our tokens begin: the passwords of other servers are none of ours."""

USER = "gitcollab"
"""Whom git is told when it names nobody: the token alone says whose it is."""

VERBS = ("get", "store", "erase")


def asked(verb: str, lines: Iterable[str]) -> str:
    """Does what git asks and returns what it is to read; nothing where this server is not known.

    :raises BadInput: for another verb than get, store and erase.
    """
    if verb not in VERBS:
        raise BadInput(f"{verb!r} is nothing that git asks", f"use {', '.join(VERBS)}")
    given = dict(each.rstrip("\n").split("=", 1) for each in lines if "=" in each)
    server = server_of(given)
    if not server:
        return ""
    if verb == "get":
        token = token_of(server)
        return f"username={given.get('username') or USER}\npassword={token}\n" if token else ""
    kept, token = read(), given.get("password", "")
    if verb == "store" and token.startswith(OURS) and token != token_of(server):
        write(kept | {server: token})
    if verb == "erase" and server in kept and token in {"", kept[server]}:
        write({name: value for name, value in kept.items() if name != server})
    return ""


def server_of(given: dict[str, str]) -> str:
    """Returns the server that git means, as scheme and host; empty if it is none that is spoken to by http."""
    parts = urlsplit(given.get("url", "")) if "url" in given else None
    scheme, host = (parts.scheme, parts.netloc) if parts else (given.get("protocol"), given.get("host"))
    return f"{scheme}://{host}" if scheme in {"http", "https"} and host else ""


def token_of(server: str) -> str:
    """Returns the token for a server: the environment's if it names that server, this root's own, or one kept."""
    named = os.environ.get("GITCOLLAB_URL", "")
    parts = urlsplit(named)
    if named and f"{parts.scheme}://{parts.netloc}" == server:
        return token_for(named) or read().get(server, "")
    here = "" if os.environ.get("GITCOLLAB_TOKEN") else token_for(server)
    return here or read().get(server, "")


def kept_at() -> Path:
    """Returns where tokens are kept that git was given: for this user's eyes only."""
    said = os.environ.get("XDG_CONFIG_HOME", "")
    home = Path(said) if os.path.isabs(said) else Path.home() / ".config"
    return home / "gitcollab" / "tokens.json"


def read() -> dict[str, str]:
    """Returns the tokens that are kept, by server."""
    try:
        found = json.loads(kept_at().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def write(tokens: dict[str, str]) -> None:
    """Keeps these tokens and no others."""
    path = kept_at()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)  # made for its owner alone
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(tokens, file)
    os.replace(temporary, path)
