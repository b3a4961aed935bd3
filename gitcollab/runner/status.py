"""Status: what another server, one that tests say, thinks of a commit."""

from __future__ import annotations

from urllib.parse import urlencode

import msgspec

from gitcollab import outside
from gitcollab.errors import GitcollabError
from gitcollab.flow.gating import Job
from gitcollab.model import Shortcoming

GOOD = frozenset({"success", "passed", "ok"})
SHORT = 200


class State(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a good answer: ``state`` is success, ``description`` says why where it is not."""

    state: str
    description: str = ""


def asked(job: Job) -> tuple[Shortcoming, ...]:
    """Asks ``GET URL?commit=…&notebook=…``, which must be answered with 200 and ``{"state": "success"}``."""
    problem = _problem(job)
    return (Shortcoming(gate="status", text=problem),) if problem else ()


def _problem(job: Job) -> str:
    try:
        parts = outside.checked_url(job.url)
        if not outside.is_listed(parts, job.hosts):
            return f"this server may not ask {parts.hostname} for a status (its setting status_hosts)"
        query = urlencode({"commit": job.commit, "notebook": job.path}, errors="surrogateescape")
        url = parts._replace(query="&".join(filter(None, (parts.query, query))), fragment="").geturl()
        reply = outside.send(url, job.hosts, within=job.seconds)
    except GitcollabError as error:
        return f"the status cannot be asked for: {error.message}"
    if reply.status != 200:
        return f"the status was answered with {reply.status}"
    try:
        found = msgspec.json.decode(reply.body, type=State)
    except msgspec.MsgspecError:
        return 'the status has no such answer as {"state": "success"}'
    if found.state.lower() in GOOD:
        return ""
    words = f": {found.description[:SHORT]}" if found.description else ""
    return f"the status of this commit is {found.state[:SHORT]}{words}"
